//! What a telephone reads when it is held over a code that the browser shows.

use crate::driver::{Browser, DESK, PHONE};
use crate::house::{GRID, House};

/// Shades of grey of a picture, row by row, and its width.
fn grey(png: &[u8]) -> (Vec<u8>, usize) {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(png));
    decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::STRIP_16);
    let mut reader = decoder.read_info().expect("a picture");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a picture of some size")];
    let frame = reader.next_frame(&mut pixels).expect("a picture");
    let samples = frame.color_type.samples();
    // Codes are black on white: any of the colours tells.
    let shades = pixels[..frame.buffer_size()].chunks(samples).map(|pixel| pixel[0]).collect();
    (shades, usize::try_from(frame.width).expect("a width"))
}

/// What the code says that is shown there.
async fn scanned(browser: &Browser, css: &str) -> String {
    let shown = browser.find(css).await;
    let (shades, width) = grey(&shown.screenshot().await.expect("a picture can be taken"));
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
