//! A grid worker outdoors.

use crate::driver::{Browser, PHONE};
use crate::house::House;
use crate::until;

async fn file(browser: &Browser, words: &str) {
    browser.type_in("#description", words).await;
    browser.click("form[data-outbox] button.primary").await;
}

/// How many wait, in one look: the line is written anew as they go.
async fn waiting(browser: &Browser) -> String {
    let count = "return document.querySelector('#waiting')?.textContent ?? ''";
    browser.script(count, vec![]).await.as_str().unwrap_or_default().to_owned()
}

/// Proof 3.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_grid_worker_files_without_a_signal_arrives_exactly_once() {
    let mut house = House::build().await;
    let browser = house.signed_in(PHONE, "grid1").await;
    assert_eq!(browser.path().await, "/work");
    browser.open("/work/report").await;
    let ready = "return navigator.serviceWorker.ready.then(() => caches.match('/work/report')) \
                 .then((page) => !!page)";
    until("the page is kept", async || browser.script(ready, vec![]).await == true).await;
    // There is no node to be reached: killed, as a signal is lost, without a word.
    house.community.kill().await;
    file(&browser, "下水井盖破损，已设警示").await;
    until("the first waits", async || waiting(&browser).await == "1").await;
    file(&browser, "楼道堆物堵住消防通道").await;
    until("both wait", async || waiting(&browser).await == "2").await;
    browser.client.refresh().await.expect("the page is reloaded from what was kept");
    until("both still wait", async || waiting(&browser).await == "2").await;
    assert!(browser.has("#description").await);
    house.community.start().await;
    until("nothing waits", async || waiting(&browser).await.is_empty()).await;
    let house_desk = house.dispatcher_now();
    let cases = house_desk.cases().await;
    let mut titles: Vec<&str> = cases.iter().filter_map(|case| case["title"].as_str()).collect();
    titles.sort_unstable();
    assert_eq!(titles, ["下水井盖破损，已设警示", "楼道堆物堵住消防通道"]);
    browser.close().await;
}
