//! A resident reports.

use serde_json::json;

use crate::driver::{Kind, PHONE};
use crate::house::{GRID, GRID_NAME, House};

/// A small JPEG, drawn for these tests.
fn photo(folder: &std::path::Path) -> String {
    let path = folder.join("lamp.jpg");
    let picture = photo::sample::draw(1, 640, 480);
    std::fs::write(&path, picture).expect("a file can be written");
    path.display().to_string()
}

/// Proof 1.
#[tokio::test(flavor = "multi_thread")]
async fn without_scripts_a_resident_reports_with_a_photo_and_sees_unit_deadline_and_code() {
    let house = House::build().await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let browser = house.browser(Kind { scripts: false, ..PHONE }).await;
    browser.open("/").await;
    browser.press("我要上报").await;
    browser.press("公共设施").await;
    browser.type_in("#description", "3栋门口的路灯坏了三天。晚上很黑。").await;
    browser.find("#place").await.select_by_label(GRID_NAME).await.expect("the grid is offered");
    browser.type_in("#photo", &photo(folder.path())).await;
    browser.click("form#report button.primary").await;
    let code = browser.words("#code").await;
    assert_eq!(code.len(), 19, "{code}");
    assert!(browser.words("#holder").await.contains("新安社区"));
    assert!(browser.has("#due time").await, "{}", browser.text().await);
    browser.open("/").await;
    browser.type_in("#code", &code.to_lowercase()).await;
    browser.press("查询").await;
    assert!(browser.words("h1").await.contains("3栋门口的路灯坏了三天"));
    let cases = house.dispatcher.cases().await;
    assert_eq!(cases.len(), 1);
    let case = house.dispatcher.case(cases[0]["id"].as_str().unwrap()).await.unwrap();
    assert_eq!(case["fields"]["photos"].as_array().unwrap().len(), 1, "{case}");
    browser.close().await;
}

/// Proof 2.
#[tokio::test(flavor = "multi_thread")]
async fn a_sign_fills_the_grid_in_and_a_refused_position_does_not_stop_anybody() {
    let house = House::build().await;
    let browser = house.browser(PHONE).await;
    browser.open(&format!("/report?grid={GRID}")).await;
    assert!(browser.words("main").await.contains(GRID_NAME));
    browser.press("环境卫生").await;
    assert!(browser.words("form#report").await.contains(GRID_NAME));
    browser.click("#locate").await;
    crate::until("it is told that there is no position", async || {
        browser.words("#located").await.contains("没有取到位置")
    })
    .await;
    browser.type_in("#description", "垃圾桶满了没人收").await;
    browser.click("form#report button.primary").await;
    assert_eq!(browser.words("#code").await.len(), 19);
    let cases = house.dispatcher.cases().await;
    assert_eq!(cases[0]["grid"], GRID, "{cases:?}");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reporter_keeps_a_receipt_and_is_told_who_was_given_what() {
    let house = House::build().await;
    let (id, code) = house.reported("三栋二单元王芳家门口路灯坏了").await;
    let browser = house.browser(Kind { scripts: false, ..PHONE }).await;
    browser.open(&format!("/r/{code}?new=yes")).await;
    assert!(browser.has(".receipt svg.qr path.qr-ink").await);
    browser.press("我的信息给了谁").await;
    assert!(browser.words("main").await.contains("没有给任何其他单位"));
    house.escalated(&id).await;
    crate::until("the street has signed for it", async || {
        browser.open(&format!("/r/{code}/given")).await;
        browser.has(".given .state.verified").await
    })
    .await;
    let given = browser.words(".given").await;
    for word in ["徽城镇", "事情", "经过", "由上级处置", "已签收"] {
        assert!(given.contains(word), "{word}: {given}");
    }
    let all = browser.words("main").await;
    assert!(all.contains("没有给过任何单位： 您的姓名 · 您的电话"), "{all}");
    // The staff's page says the same, one click from the case.
    browser.close().await;
    let desk = house.signed_in(crate::driver::DESK, "dispatcher").await;
    desk.open(&format!("/cases/{id}")).await;
    desk.press("给了谁").await;
    let staff = desk.words(".given").await;
    assert!(staff.contains("徽城镇") && staff.contains("由上级处置"), "{staff}");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_reported_already_is_offered_before_anybody_writes_and_nothing_said_is_shown() {
    let house = House::build().await;
    house.reported("三栋二单元王芳家门口路灯坏了").await;
    let browser = house.browser(Kind { scripts: false, ..PHONE }).await;
    browser.open(&format!("/report?category=facility&grid={GRID}")).await;
    assert!(browser.words("main").await.contains("已经有人反映过"));
    assert!(!browser.source().await.contains("王芳"));
    browser.click("section li a").await;
    assert!(browser.path().await.starts_with("/matter/"));
    assert!(!browser.source().await.contains("王芳"));
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_resident_has_typed_is_there_again_after_the_map() {
    let house = House::build().await;
    let browser = house.browser(PHONE).await;
    browser.open("/report?category=facility").await;
    browser.type_in("#description", "路灯坏了三天").await;
    browser.type_in("#address", "东门").await;
    browser.press("在地图上选").await;
    browser.click(".legend a").await;
    browser.find("form#report").await;
    let typed = "return ['description', 'address'].map((id) => document.getElementById(id).value)";
    assert_eq!(browser.script(typed, vec![]).await, json!(["路灯坏了三天", "东门"]));
    assert!(browser.words("form#report").await.contains(GRID_NAME));
    browser.press("更改").await;
    browser.press("环境卫生").await;
    browser.find("form#report").await;
    assert_eq!(browser.script(typed, vec![]).await, json!(["路灯坏了三天", "东门"]));
    browser.click("form#report button.primary").await;
    browser.find("#code").await;
    browser.open("/report?category=facility").await;
    assert_eq!(browser.script(typed, vec![]).await, json!(["", ""]), "it was sent");
    browser.close().await;
}
