//! An officer sets up a second factor and signs in with it, without any script (S18).

use std::time::SystemTime;

use data_encoding::BASE32_NOPAD;
use engine::factor;
use record::Timestamp;

use crate::driver::{Browser, DESK, Driver, Kind};
use crate::house::PASSWORD;
use crate::site::{STREET, Site};
use crate::until;

/// The code that an app shows now.
fn showing(secret: &str) -> String {
    let secret = BASE32_NOPAD.decode(secret.as_bytes()).expect("base32");
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    let now = i64::try_from(now.as_millis()).expect("before the end of time");
    factor::now_showing(&secret, Timestamp::from_millis(now))
}

async fn sign_in(browser: &Browser) {
    browser.open("/login").await;
    browser.type_in("#account", "admin").await;
    browser.type_in("#password", PASSWORD).await;
    browser.click("main form button.primary").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s18_an_officer_sets_up_a_second_factor_without_scripts_and_signs_in_with_it() {
    let root = tempfile::tempdir().expect("a temporary folder");
    let mut site = Site::new(root.path(), "street", "");
    let file = root.path().join("street").join("wangge.toml");
    let config = std::fs::read_to_string(&file).expect("a configuration");
    let always = config.replacen("[http]", "[http]\nsecond_factor = \"always\"", 1);
    std::fs::write(&file, always).expect("written");
    site.found(STREET).await;
    site.start().await;
    let driver = Driver::start().await;
    let url = site.note()["url"].as_str().expect("a url").to_owned();
    let plain = Kind { scripts: false, ..DESK };
    let browser = driver.browser(plain, &url).await;
    sign_in(&browser).await;
    until("it is asked for", async || browser.path().await == "/factor").await;
    browser.open("/operator").await;
    assert_eq!(browser.path().await, "/factor", "nothing before it");
    let secret = browser.find("input[name=secret]").await.attr("value").await;
    let secret = secret.expect("an attribute").expect("a secret");
    assert!(browser.has("svg.qr").await);
    crate::look::keep(&browser, "factor-1440-light").await;
    browser.type_in("#code", "000000").await;
    browser.type_in("#password", PASSWORD).await;
    browser.click("main form button.primary").await;
    until("it is refused", async || browser.has("[role=alert]").await).await;
    let same = browser.find("input[name=secret]").await.attr("value").await;
    assert_eq!(same.expect("an attribute"), Some(secret.clone()), "it was scanned already");
    browser.type_in("#code", &showing(&secret)).await;
    browser.type_in("#password", PASSWORD).await;
    browser.click("main form button.primary").await;
    let recovery = browser.words("#recovery li").await;
    crate::look::keep(&browser, "factor-done-1440-light").await;
    browser.press("我已收好").await;
    until("at work", async || browser.path().await == "/operator").await;
    let other = driver.browser(plain, &url).await;
    sign_in(&other).await;
    until("a code is asked for", async || other.has("#code").await).await;
    crate::look::keep(&other, "login-code-1440-light").await;
    other.type_in("#password", PASSWORD).await;
    other.type_in("#code", &recovery).await;
    other.click("main form button.primary").await;
    until("at work", async || other.path().await == "/operator").await;
    other.close().await;
    browser.close().await;
    // The machine's own commands have a token that was made there.
    let peers = site.command(&["peers", "--json"]).await;
    assert!(peers.status.success(), "{}", String::from_utf8_lossy(&peers.stderr));
}
