//! What a telephone reads when it is held over a code that the browser shows.

use data_encoding::BASE64;

use crate::driver::{Browser, DESK, PHONE};
use crate::house::{GRID, House};

/// The shades of grey of a picture, row by row, and its width. Codes are black on white: any of the
/// colours tells.
const GREY: &str = "return new Promise((done) => { const image = new Image(); image.onload = () => { \
    const canvas = document.createElement('canvas'); \
    [canvas.width, canvas.height] = [image.width, image.height]; \
    const paper = canvas.getContext('2d'); paper.drawImage(image, 0, 0); \
    const pixels = paper.getImageData(0, 0, image.width, image.height).data; \
    done([image.width, [...pixels].filter((_, at) => at % 4 === 0)]); }; \
    image.src = 'data:image/png;base64,' + arguments[0]; })";

/// What the code says that is shown there.
async fn scanned(browser: &Browser, css: &str) -> String {
    let shown = browser.find(css).await;
    let picture = BASE64.encode(&shown.screenshot().await.expect("a picture can be taken"));
    let grey = browser.script(GREY, vec![picture.into()]).await;
    let (width, shades): (usize, Vec<u8>) = serde_json::from_value(grey).expect("a picture");
    let mut image =
        rqrr::PreparedImage::prepare_from_greyscale(width, shades.len() / width, |x, y| {
            shades[y * width + x]
        });
    let grids = image.detect_grids();
    let [code] = grids.as_slice() else { panic!("{css}: {} codes", grids.len()) };
    code.decode().expect("a code that can be read").1
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_a_receipt_and_an_invitation_are_scanned_as_what_they_lead_to() {
    let house = House::build().await;
    let base = house.community.note()["url"].as_str().expect("a url").to_owned();
    let desk = house.signed_in(DESK, "dispatcher").await;
    for dark in [false, true] {
        desk.dark(dark).await;
        desk.open(&format!("/signs?grid={GRID}")).await;
        let sign = scanned(&desk, ".sign svg.qr").await;
        assert_eq!(sign, format!("{base}/report?grid={GRID}"));
        assert!(desk.words(".sign").await.contains(&sign), "it stands below the code, too");
    }
    desk.close().await;

    let (_, code) = house.reported("路灯不亮").await;
    let resident = house.browser(PHONE).await;
    resident.open(&format!("/r/{code}?new=yes")).await;
    let receipt = scanned(&resident, ".receipt svg.qr").await;
    assert_eq!(receipt, format!("{base}/r/{code}"));
    resident.client.goto(&receipt).await.expect("it leads to a page");
    assert!(resident.words("main").await.contains("路灯不亮"));
    resident.close().await;

    let street = house.driver.browser(DESK, &house.street_url()).await;
    crate::house::sign_in(&street, "admin").await;
    let invited = crate::enrol::invited(&street, "新单位").await;
    assert_eq!(scanned(&street, ".receipt svg.qr").await, invited);
    assert!(engine::invitation::Token::decode(&invited).is_ok());
    street.close().await;
}
