//! A grid worker outdoors.

use serde_json::json;

use crate::driver::{Browser, PHONE};
use crate::house::{House, sign_in};
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

/// Takes the signal of a page away until it is given back; `window.answers` come in place of the
/// node's first answers to what is sent.
const NO_SIGNAL: &str = "const real = window.fetch; window.signal = false; window.answers = []; \
    window.fetch = async (path, options) => { \
      if (!window.signal) throw new TypeError('no signal'); \
      const said = options?.method === 'POST' && window.answers.shift(); \
      return said ? new Response(said[1], { status: said[0] }) : real(path, options); }";

/// The next answer to what is sent is lost: the node has done it.
const LOST: &str = "const real = window.fetch; window.fetch = async (path, options) => { \
      const answer = await real(path, options); \
      if (options?.method !== 'POST') return answer; \
      window.fetch = real; sessionStorage.lost = path; throw new TypeError('lost'); }";

async fn until_kept(browser: &Browser, path: &str) {
    let kept = "return caches.match(arguments[0]).then((page) => !!page)";
    let is_kept = async || browser.script(kept, vec![path.into()]).await == true;
    until(&format!("{path} is kept"), is_kept).await;
}

async fn titles(house: &House) -> Vec<String> {
    let cases = house.dispatcher_now().cases().await;
    let titles = cases.iter().filter_map(|case| Some(case["title"].as_str()?.to_owned()));
    let mut titles: Vec<String> = titles.collect();
    titles.sort_unstable();
    titles
}

/// Who reported a case, by its title.
async fn reporter(house: &House, title: &str) -> String {
    let desk = house.dispatcher_now();
    let cases = desk.cases().await;
    let case = cases.iter().find(|case| case["title"] == title).expect("it has arrived");
    let id = case["id"].as_str().expect("an id");
    let timeline = desk.get(&format!("/v1/cases/{id}/timeline")).await;
    timeline["items"][0]["actor"]["name"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_worker_wrote_is_never_sent_in_the_name_of_another() {
    let house = House::build().await;
    let browser = house.signed_in(PHONE, "grid1").await;
    browser.open("/work/report").await;
    browser.script(NO_SIGNAL, vec![]).await;
    file(&browser, "甲看到的井盖破损").await;
    until("it waits", async || waiting(&browser).await == "1").await;
    // The session ends, and somebody else signs in with the same phone.
    browser.client.delete_all_cookies().await.expect("a session can end");
    sign_in(&browser, "grid2").await;
    browser.open("/work/report").await;
    until("it is told", async || browser.words("#outbox").await.contains("1 件属于另一账号")).await;
    file(&browser, "乙看到的路灯不亮").await;
    until("the other's own goes", async || titles(&house).await == ["乙看到的路灯不亮"]).await;
    until("the first's stays", async || browser.words("#others").await == "1").await;
    assert_eq!(crate::reach::faults(&browser, "outbox-others").await, Vec::<String>::new());
    crate::look::keep(&browser, "outbox-others-375-light").await;
    browser.client.delete_all_cookies().await.expect("a session can end");
    sign_in(&browser, "grid1").await;
    until("it goes", async || titles(&house).await.len() == 2).await;
    assert_eq!(reporter(&house, "甲看到的井盖破损").await, "演示grid1");
    assert_eq!(reporter(&house, "乙看到的路灯不亮").await, "演示grid2");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_and_a_note_whose_answers_were_lost_are_there_once() {
    let house = House::build().await;
    let browser = house.signed_in(PHONE, "grid1").await;
    let lost = "return sessionStorage.lost || ''";
    browser.open("/work/report").await;
    browser.script(LOST, vec![]).await;
    file(&browser, "河边护栏断裂").await;
    until("the answer is lost", async || browser.script(lost, vec![]).await == "/work/report")
        .await;
    assert_eq!(titles(&house).await, ["河边护栏断裂"]);
    until("it is sent again", async || waiting(&browser).await.is_empty()).await;
    assert_eq!(titles(&house).await, ["河边护栏断裂"]);
    browser.open("/work/notes").await;
    browser.script(LOST, vec![]).await;
    browser.type_in("#text", "张大爷家的暖气修好了").await;
    browser.click("form[data-outbox] button.primary").await;
    until("the answer is lost", async || browser.script(lost, vec![]).await == "/work/notes").await;
    until("the list shows it", async || browser.has(".cards a").await).await;
    let count = "return document.querySelectorAll('main .cards > li').length";
    assert_eq!(browser.script(count, vec![]).await, 1);
    assert!(waiting(&browser).await.is_empty());
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_report_holds_nothing_up_and_is_tried_again_or_changed() {
    let house = House::build().await;
    let browser = house.signed_in(PHONE, "grid1").await;
    browser.open("/work/report").await;
    browser.script(NO_SIGNAL, vec![]).await;
    for (count, words) in [("1", "一号楼漏水"), ("2", "二号楼停电"), ("3", "三号楼堆物")]
    {
        file(&browser, words).await;
        until(words, async || waiting(&browser).await == count).await;
    }
    let refusals = json!([
        [
            403,
            json!({ "code": "scope", "title": "不在您的网格", "next": "请当地办理" }).to_string()
        ],
        [413, "<html>too large</html>"],
    ]);
    let signal = "window.answers = arguments[0]; window.signal = true";
    browser.script(signal, vec![refusals]).await;
    let refused = async || {
        let count = "return document.querySelectorAll('[data-refused]').length";
        browser.script(count, vec![]).await
    };
    until("two are refused", async || refused().await == 2).await;
    until("the third goes", async || titles(&house).await.len() == 1).await;
    let told = browser.words("#outbox").await;
    assert!(told.contains("不在您的网格") && told.contains("不是本系统"), "{told}");
    assert_eq!(crate::reach::faults(&browser, "outbox-refused").await, Vec::<String>::new());
    crate::look::keep(&browser, "outbox-refused-375-light").await;
    browser.press("再试一次").await;
    until("tried again, it goes", async || titles(&house).await.len() == 2).await;
    until("one is left", async || refused().await == 1).await;
    browser.press("改了再发").await;
    let typed = "return document.querySelector('#description').value";
    until("what was written is there", async || {
        browser.script(typed, vec![]).await.as_str().is_some_and(|typed| typed.contains("号楼"))
    })
    .await;
    browser.type_in("#description", "（已改）").await;
    browser.click("form[data-outbox] button.primary").await;
    until("changed, it goes", async || titles(&house).await.len() == 3).await;
    assert_eq!(titles(&house).await.iter().filter(|title| title.contains("已改")).count(), 1);
    until("nothing is left", async || !browser.has("[data-refused], #waiting").await).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_act_that_can_not_be_sent_keeps_what_was_written() {
    let house = House::build().await;
    let (case, _) = house.reported("三号楼门口的路灯坏了").await;
    let browser = house.signed_in(PHONE, "dispatcher").await;
    browser.open(&format!("/cases/{case}")).await;
    browser.press("受理").await;
    let written = format!("/cases/{case}/acts/progress");
    let signal = async |on: bool| {
        let line = json!({ "offline": !on, "latency": 0,
                           "downloadThroughput": -1, "uploadThroughput": -1 });
        browser.devtools("Network.emulateNetworkConditions", line).await;
    };
    until("it is taken on", async || browser.text().await.contains("已受理")).await;
    browser.open(&written).await;
    browser.type_in("#in-note", "老人晚上看不见路").await;
    signal(false).await;
    for _ in 0..2 {
        browser.click("form.act button.primary").await;
        until("it is said", async || browser.text().await.contains("没有信号，没有发出")).await;
    }
    let said = "return document.querySelectorAll('[data-unsent][role=alert]').length";
    assert_eq!(browser.script(said, vec![]).await, 1, "once");
    let typed = "return document.querySelector('#in-note').value";
    assert_eq!(browser.script(typed, vec![]).await, "老人晚上看不见路");
    crate::look::keep(&browser, "act-unsent-375-light").await;
    signal(true).await;
    browser.click("form.act button.primary").await;
    until("it is done", async || browser.path().await != written).await;
    assert!(browser.text().await.contains("老人晚上看不见路"));
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_signal_a_case_gives_way_to_a_page_that_says_so_and_signing_out_leaves_nothing() {
    let mut house = House::build().await;
    house.reported("三号楼门口的路灯坏了").await;
    let browser = house.signed_in(PHONE, "grid1").await;
    assert_eq!(browser.path().await, "/work");
    for path in ["/work", "/work/notes", "/work/offline"] {
        until_kept(&browser, path).await;
    }
    browser.click(".cards a").await;
    until("the case is shown", async || browser.has("article.case").await).await;
    assert!(browser.text().await.contains("求助"), "there is somebody to be called");
    browser.open("/work").await;
    house.community.kill().await;
    browser.click(".cards a").await;
    until("it is said", async || browser.text().await.contains("需要信号")).await;
    assert!(!browser.text().await.contains("路灯"), "no case is kept");
    crate::look::keep(&browser, "work-offline-375-light").await;
    browser.press("回到待办").await;
    until("the way back", async || browser.has(".cards a").await).await;
    // Signed out without a signal, the phone shows nothing any more.
    let line = json!({ "offline": true, "latency": 0,
                       "downloadThroughput": -1, "uploadThroughput": -1 });
    browser.devtools("Network.emulateNetworkConditions", line).await;
    let out = "const out = new Event('submit', { bubbles: true, cancelable: true }); \
               document.querySelector(\"form[action='/logout']\").dispatchEvent(out); \
               return out.defaultPrevented";
    assert_eq!(browser.script(out, vec![]).await, false, "it is not held back");
    let kept = "return caches.has('wangge-pages')";
    until("nothing is kept", async || browser.script(kept, vec![]).await == false).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_note_that_is_written_without_a_signal_waits_for_one() {
    let mut house = House::build().await;
    let browser = house.signed_in(PHONE, "grid1").await;
    until_kept(&browser, "/work/notes").await;
    house.community.kill().await;
    browser.open("/work/notes").await;
    browser.type_in("#text", "没有信号时写的日记").await;
    browser.click("form[data-outbox] button.primary").await;
    until("it waits", async || waiting(&browser).await == "1").await;
    browser.client.refresh().await.expect("the page is reloaded from what was kept");
    until("it waits still", async || waiting(&browser).await == "1").await;
    house.community.start().await;
    until("it has come", async || browser.has(".cards a").await).await;
    browser.open("/work/notes").await;
    let count = "return document.querySelectorAll('main .cards > li').length";
    assert_eq!(browser.script(count, vec![]).await, 1);
    assert!(browser.words("main .cards").await.contains("没有信号时写的日记"));
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_who_needs_help_finds_whom_to_call() {
    let house = House::build().await;
    let browser = house.signed_in(PHONE, "grid1").await;
    browser.press("求助").await;
    let people = browser.words(".people").await;
    assert!(people.contains("演示dispatcher") && !people.contains("演示grid1"), "{people}");
    assert!(!people.contains("0559-000-0000"), "masked until it is looked at: {people}");
    browser.click(".people button").await;
    browser.find("a[href='tel:0559-000-0000']").await;
    assert_eq!(crate::reach::faults(&browser, "work-call").await, Vec::<String>::new());
    browser.close().await;
}
