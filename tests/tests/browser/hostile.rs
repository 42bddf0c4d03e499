//! What people write is text on every page, whatever it looks like (S15); and nobody sees what is
//! not theirs (S18).

use serde_json::{Value, json};

use crate::desk::text;
use crate::driver::DESK;
use crate::house::{House, sign_in};
use crate::until;

/// What would run if it were more than text.
const PAYLOADS: [&str; 10] = [
    "<script>window.hit=1</script>",
    "<img src=x onerror=window.hit=1>",
    "\"><svg onload=window.hit=1>",
    "'-window.hit=1-'",
    "javascript:window.hit=1",
    "</textarea><script>window.hit=1</script>",
    "{{7*7}} {% raw %} ${7*7}",
    "<a href=\"javascript:window.hit=1\">看</a>",
    "</title><script src=//evil.example/x.js></script>",
    "𠮷田さん \u{200f}右到左 𡃁仔 龘龘 👩‍👩‍👧",
];

/// The naughty strings, where they are at hand, besides our own.
fn strings() -> Vec<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/vectors/naughty_strings.json");
    let more = std::fs::read(path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let more: Vec<String> = more.unwrap_or_default();
    let ours = PAYLOADS.iter().map(|text| (*text).to_owned());
    let more = more.into_iter().filter(|text| text.contains(['<', '{', '&', '"', '\'']));
    ours.chain(more.take(100)).collect()
}

async fn filed(house: &House, number: usize, text: &str) -> Option<String> {
    let title: String = text.chars().take(150).collect();
    let report = json!({ "title": title, "description": text, "channel": "counter",
                         "category": "facility", "address": title.clone() });
    let key = format!("hostile-{number:04}-{}", text.len());
    let taken = house.dispatcher.try_post("/v1/cases", &key, report).await.ok()?;
    taken["id"].as_str().map(str::to_owned)
}

/// Proof 13.
#[tokio::test(flavor = "multi_thread")]
async fn no_string_that_anybody_writes_runs_on_any_page_here_or_at_another_node() {
    let house = House::build().await;
    let mut cases = Vec::new();
    for (number, text) in strings().iter().enumerate() {
        cases.extend(filed(&house, number, text).await);
    }
    assert!(cases.len() >= PAYLOADS.len(), "{} were taken", cases.len());
    let browser = house.signed_in(DESK, "dispatcher").await;
    let paths = ["/desk?view=all", "/desk?view=all&shape=board", "/done?open=yes"];
    let pages = cases.iter().take(PAYLOADS.len()).map(|id| format!("/cases/{id}"));
    for path in paths.into_iter().map(str::to_owned).chain(pages) {
        browser.open(&path).await;
        assert_eq!(
            browser.script("return window.hit ?? null", vec![]).await,
            Value::Null,
            "{path}"
        );
        let own =
            "return [...document.scripts].every((one) => one.src.startsWith(location.origin))";
        assert_eq!(browser.script(own, vec![]).await, true, "{path}");
        let complaints = browser.complaints().await;
        assert!(complaints.is_empty(), "{path}: {complaints:?}");
    }
    browser
        .open(&format!("/desk?view=all&q={}", "%22%3E%3Cscript%3Ewindow.hit%3D1%3C/script%3E"))
        .await;
    assert_eq!(browser.script("return window.hit ?? null", vec![]).await, Value::Null);
    browser.close().await;

    let desk = &house.dispatcher;
    desk.act(&cases[0], json!({ "act": "accept" })).await;
    desk.act(&cases[0], json!({ "act": "escalate", "reason": PAYLOADS[1] })).await;
    let street = house.at_street(DESK).await;
    until("it has come up", async || {
        street.open(&format!("/cases/{}", cases[0])).await;
        street.has("#timeline").await
    })
    .await;
    assert!(street.text().await.contains(PAYLOADS[1]), "what was said is shown as it was said");
    assert_eq!(street.script("return window.hit ?? null", vec![]).await, Value::Null);
    street.close().await;
}

/// Proof 8.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_sees_nothing_of_another_grid_or_of_another_node() {
    let house = House::build().await;
    let sibling = house.sibling().await;
    let (id, code) = house.reported("三栋二单元王芳家漏水").await;
    let browser = house.signed_in(DESK, "grid2").await;
    browser.open(&format!("/cases/{id}")).await;
    assert!(browser.text().await.contains("没有这个对象"), "{}", browser.text().await);
    assert!(!browser.source().await.contains("王芳"));
    // The case belongs to this community. At its street and at the next community nobody has it.
    let paths = ["", "/order", "/agreement", "/given", "/similar", "/acts/accept"];
    let next_door = text(&sibling.note(), "url");
    for node in [house.street_url(), next_door.clone()] {
        for path in paths {
            let elsewhere = format!("{node}/cases/{id}{path}");
            browser.client.goto(&elsewhere).await.expect("the node answers");
            assert!(browser.path().await.starts_with("/login"), "{elsewhere}");
            assert!(!browser.source().await.contains("王芳"));
        }
    }
    browser.close().await;
    // Signed in next door, with the address and even the resident's code from here.
    let stranger = house.driver.browser(DESK, &next_door).await;
    sign_in(&stranger, "dispatcher").await;
    for path in paths.map(|path| format!("/cases/{id}{path}")).into_iter().chain([
        format!("/r/{code}"),
        format!("/r/{code}/given"),
        format!("/matter/{id}"),
    ]) {
        stranger.open(&path).await;
        let told = stranger.text().await;
        let none = if path.starts_with("/r/") {
            "没有查到这个查询码"
        } else {
            "没有这个对象"
        };
        assert!(told.contains(none), "{path}: {told}");
        let source = stranger.source().await;
        assert!(!source.contains("王芳") && !source.contains("漏水"), "{path}");
    }
    // And with that session at the community that has it: its cookie is none here.
    let own = text(&house.community.note(), "url");
    for path in paths {
        stranger.client.goto(&format!("{own}/cases/{id}{path}")).await.expect("it answers");
        assert!(stranger.path().await.starts_with("/login"), "{path}");
        assert!(!stranger.source().await.contains("王芳"));
    }
    stranger.close().await;
}

/// Proof 6.
#[tokio::test(flavor = "multi_thread")]
async fn a_case_for_a_street_that_is_away_says_that_it_waits_and_arrives_once() {
    let mut house = House::build().await;
    let (id, _) = house.reported("河道护栏断裂").await;
    house.street.kill().await;
    let browser = house.signed_in(DESK, "dispatcher").await;
    browser.open(&format!("/cases/{id}")).await;
    browser.press("受理").await;
    browser.find(".notice.good").await;
    browser.press("上报上级").await;
    browser.type_in("#in-reason", "需要街道协调水利").await;
    browser.click("form.act button.primary").await;
    assert!(browser.words(".case").await.contains("等对方接收"));
    assert!(browser.has("#timeline [data-seal=awaiting]").await);
    house.street.start().await;
    let street = house.at_street(DESK).await;
    until("it has come up", async || {
        street.open(&format!("/cases/{id}")).await;
        street.has(".acts button").await
    })
    .await;
    street.press("接收").await;
    street.find(".notice.good").await;
    until("the community knows", async || {
        browser.open(&format!("/cases/{id}")).await;
        browser.words(".case").await.contains("现在由徽城镇")
    })
    .await;
    for page in [&browser, &street] {
        let items = page.words("#timeline").await;
        assert_eq!(items.matches("需要街道协调水利").count(), 1, "{items}");
    }
    assert!(!browser.has("#timeline [data-seal=awaiting]").await);
    browser.close().await;
    street.close().await;
}
