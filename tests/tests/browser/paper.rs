//! What is printed.

use serde_json::json;

use crate::driver::{Browser, DESK};
use crate::house::House;

/// Sheets of A4 that a page takes.
async fn sheets(browser: &Browser, path: &str, name: &str) -> usize {
    browser.open(path).await;
    let pdf = browser.printed().await;
    if let Some(folder) = std::env::var_os("WANGGE_PICTURES") {
        let path = std::path::Path::new(&folder).join(format!("{name}.pdf"));
        std::fs::write(path, &pdf).expect("a file can be written");
    }
    let text = String::from_utf8_lossy(&pdf);
    text.matches("/Type /Page\n").count() + text.matches("/Type /Page ").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_work_order_is_one_sheet_and_an_agreement_has_all_that_it_needs() {
    let house = House::build().await;
    let (id, _) = house.reported("三号楼门口的路灯坏了三天").await;
    let dispute = house.mediated().await;
    let browser = house.signed_in(DESK, "dispatcher").await;
    assert_eq!(sheets(&browser, &format!("/cases/{id}/order"), "order").await, 1);
    browser.open(&format!("/cases/{dispute}")).await;
    browser.press("调解协议书").await;
    let paper = browser.words("article.paper").await;
    for word in [
        "人民调解协议书",
        "演示居民甲",
        "演示居民乙",
        "三楼卫生间漏水",
        "双方到场，看了漏水点",
        "三楼住户赔偿二楼住户天花板修复费八百元",
        "演示dispatcher",
        "（人民调解委员会印章）",
        "存证：记录",
    ] {
        assert!(paper.contains(word), "{word}: {paper}");
    }
    assert!(browser.has("article.paper .proof-line svg.qr").await);
    let path = browser.path().await;
    assert_eq!(sheets(&browser, &path, "agreement").await, 1);
    // Nothing of the frame is printed.
    browser.devtools("Emulation.setEmulatedMedia", json!({ "media": "print" })).await;
    let shown = "return [...document.querySelectorAll('header.bar, nav, button, .paper-tools')] \
                 .filter((one) => one.checkVisibility()).length";
    assert_eq!(browser.script(shown, vec![]).await, 0);
    browser.open(&format!("/cases/{id}/agreement")).await;
    assert!(!browser.has("article.paper").await, "only a dispute has one");
    assert_eq!(sheets(&browser, "/signs", "signs").await, 2, "a sheet for each grid");
    browser.close().await;
}
