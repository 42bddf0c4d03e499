//! TLS ended by the node itself, and two nodes on one host in one browser.

use std::path::Path;

use crate::driver::{Browser, DESK, Driver};
use crate::house::PASSWORD;
use crate::site::{COMMUNITY, STREET, Seat, Site};
use crate::until;

/// For these tests alone: a certificate of nobody's, and its key.
const CERTIFICATE: &str = include_str!("../../vectors/tls/certificate.pem");
const KEY: &str = include_str!("../../vectors/tls/key.pem");

/// A node that founds a federation of its own, with a certificate for browsers.
pub(crate) async fn node(root: &Path, name: &str, seat: Seat) -> Site {
    let mut site = Site::new(root, name, "");
    let at = |file: &str| root.join(name).join(file);
    std::fs::write(at("certificate.pem"), CERTIFICATE).expect("written");
    std::fs::write(at("key.pem"), KEY).expect("written");
    let config = std::fs::read_to_string(at("wangge.toml")).expect("a configuration");
    let files = format!(
        "[http]\nsecond_factor = \"never\"\ncertificate = {:?}\nkey = {:?}",
        at("certificate.pem").display().to_string(),
        at("key.pem").display().to_string()
    );
    std::fs::write(at("wangge.toml"), config.replace("[http]", &files)).expect("written");
    site.found(seat).await;
    site.start().await;
    site
}

async fn sign_in(browser: &Browser, url: &str) {
    browser.client.goto(&format!("{url}/login")).await.expect("a page");
    browser.type_in("#account", "admin").await;
    browser.type_in("#password", PASSWORD).await;
    browser.click("main button.primary").await;
    until("signed in", async || browser.path().await == "/operator").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_with_tls_of_their_own_on_one_host_do_not_end_each_others_sessions() {
    let root = tempfile::tempdir().expect("a temporary folder");
    let (one, other) = tokio::join!(
        node(root.path(), "street", STREET),
        node(root.path(), "community", COMMUNITY)
    );
    let url = |site: &Site| site.note()["url"].as_str().expect("a url").to_owned();
    let (first, second) = (url(&one), url(&other));
    assert!(first.starts_with("https://") && second.starts_with("https://"), "{first} {second}");
    let driver = Driver::start().await;
    let browser = driver.browser(DESK, &first).await;
    sign_in(&browser, &first).await;
    let cookies = browser.client.get_all_cookies().await.expect("cookies");
    for cookie in &cookies {
        assert!(cookie.name().starts_with("__Host-"), "{}", cookie.name());
        assert_eq!((cookie.secure(), cookie.http_only()), (Some(true), Some(true)));
    }
    assert_eq!(cookies.len(), 2, "a session and the secret of forms");
    // A browser that came over TLS is told to come so again.
    let told =
        "return fetch('/login').then((page) => page.headers.get('strict-transport-security'))";
    let told = browser.script(told, vec![]).await;
    assert!(told.as_str().is_some_and(|told| told.starts_with("max-age=")), "{told}");
    sign_in(&browser, &second).await;
    // Back at the first, a form still works: its tokens hang on its own session alone.
    browser.client.goto(&format!("{first}/operator/accounts/admin")).await.expect("a page");
    assert_eq!(browser.path().await, "/operator/accounts/admin", "still signed in");
    browser.click("main form[action*=sessions] button").await;
    until("signed out at the first", async || browser.path().await.starts_with("/login")).await;
    browser.client.goto(&format!("{second}/operator")).await.expect("a page");
    assert_eq!(browser.path().await, "/operator", "still signed in at the second");
    browser.close().await;
    // The program's own commands reach it all the same, and nobody does without TLS.
    let peers = one.command(&["peers", "--json"]).await;
    assert!(peers.status.success(), "{}", String::from_utf8_lossy(&peers.stderr));
    let plain = first.replacen("https://", "http://", 1);
    let host = plain.trim_start_matches("http://");
    let client = testnet::client::Client::new(host);
    let ask = testnet::client::Ask::get("/livez");
    assert!(client.send_once(&ask).await.is_err(), "plain HTTP is no answer");
}
