//! Whoever goes astray in the pages is shown where to go on: no bare answers, and residents are not
//! sent to the staff's pages.

use serde_json::json;

use crate::driver::{Browser, DESK, PHONE};
use crate::house::{House, PASSWORD};
use crate::until;

/// Ends a browser's session behind its back, and sends a form of the page that is open.
async fn send_without_session(browser: &Browser, css: &str) {
    browser.find(css).await;
    browser.client.delete_all_cookies().await.expect("cookies can be deleted");
    browser.script("document.querySelector(arguments[0]).submit()", vec![json!(css)]).await;
    until("it is asked who it is", async || browser.path().await.starts_with("/login?")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_was_sent_after_the_session_leads_back_to_its_page() {
    let house = House::build().await;
    house.reported("路灯坏了").await;
    let browser = house.signed_in(DESK, "dispatcher").await;
    browser.open("/desk?view=all").await;
    send_without_session(&browser, "#bulk-form").await;
    browser.type_in("#account", "dispatcher").await;
    browser.type_in("#password", PASSWORD).await;
    browser.click("main button.primary").await;
    until("back where it was", async || browser.path().await == "/desk?view=all").await;
    assert!(browser.text().await.contains("路灯坏了"));
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_answered_by_a_page_that_leads_on() {
    let house = House::build().await;
    let (_, code) = house.reported("路灯坏了").await;
    let browser = house.browser(PHONE).await;
    for path in [
        "/desk/bulk".to_owned(),
        format!("/r/{code}/withdraw"),
        format!("/r/{code}?done=x"),
        "/report?category=facility&lon=x".to_owned(),
        "/nowhere".to_owned(),
    ] {
        browser.open(&path).await;
        assert!(browser.has("main h1").await, "{path}: {}", browser.source().await);
        assert!(browser.has("main .actions a[href='/']").await, "{path}");
        assert!(!browser.has("a[href='/home']").await, "{path}: residents have no desk");
        assert_eq!(crate::reach::faults(&browser, &path).await, Vec::<String>::new());
    }
    browser.close().await;
    let staff = house.signed_in(DESK, "dispatcher").await;
    for path in ["/desk/bulk", "/nowhere"] {
        staff.open(path).await;
        assert!(staff.has("main .actions a[href='/home']").await, "{path}");
    }
    staff.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_was_mistyped_can_be_mended_where_it_is_said() {
    let house = House::build().await;
    let (_, code) = house.reported("路灯坏了").await;
    let browser = house.browser(PHONE).await;
    browser.open("/").await;
    browser.type_in("#code", "abcd-1234").await;
    browser.press("查询").await;
    let told = browser.words("[role=alert]").await;
    assert!(told.contains("没有查到这个查询码，请核对"), "{told}");
    assert!(!browser.has("a[href='/home']").await);
    let typed = "const code = document.querySelector('#code[aria-invalid=true]'); \
                 const typed = code.value; code.value = ''; return typed";
    assert_eq!(browser.script(typed, vec![]).await, "ABCD-1234");
    assert_eq!(crate::reach::faults(&browser, "mistyped").await, Vec::<String>::new());
    browser.type_in("#code", &code).await;
    browser.press("查询").await;
    assert!(browser.words("h1").await.contains("路灯坏了"));
    browser.open("/r/ABCD-1234/given").await;
    assert!(browser.has("#code[aria-invalid=true]").await);
    browser.close().await;
}
