//! What people write is text on every page, whatever it looks like (S15); and nobody sees what is
//! not theirs (S18).

use serde_json::{Value, json};

use crate::desk::text;
use crate::driver::{Browser, DESK, PHONE};
use crate::house::{House, PASSWORD, sign_in};
use crate::until;

const NAUGHTY: &[u8] = include_bytes!("../../vectors/naughty_strings.json");

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

/// Our own, and the naughty strings that have anything to do with markup.
fn strings() -> Vec<String> {
    let more: Vec<String> = serde_json::from_slice(NAUGHTY).expect("a list of strings");
    let ours = PAYLOADS.iter().map(|text| (*text).to_owned());
    let more = more.into_iter().filter(|text| text.contains(['<', '{', '&', '"', '\'']));
    ours.chain(more).collect()
}

/// Opens a page: nothing on it ran, nothing comes from elsewhere, nobody complains.
async fn harmless(browser: &Browser, path: &str) {
    browser.open(path).await;
    let ran = browser.script("return window.hit ?? null", vec![]).await;
    assert_eq!(ran, Value::Null, "{path}");
    let own = "return [...document.scripts].every((one) => one.src.startsWith(location.origin))";
    assert_eq!(browser.script(own, vec![]).await, true, "{path}");
    let complaints = browser.complaints().await;
    assert!(complaints.is_empty(), "{path}: {complaints:?}");
}

/// Writes into an input, also what the driver can't type, and leaves it as a person would.
async fn write(browser: &Browser, css: &str, words: &str) {
    browser.find(css).await;
    let write = "const input = document.querySelector(arguments[0]); input.value = arguments[1]; \
        input.dispatchEvent(new Event('input', { bubbles: true }))";
    browser.script(write, vec![json!(css), json!(words)]).await;
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
    let search = "%22%3E%3Cscript%3Ewindow.hit%3D1%3C/script%3E";
    let lists = ["/desk?view=all", "/desk?view=all&shape=board", "/done?open=yes", "/map"];
    for path in lists.map(str::to_owned).into_iter().chain([format!("/desk?view=all&q={search}")]) {
        harmless(&browser, &path).await;
    }
    // Ours each on its own page, and every eighth of the others.
    let (ours, others) = cases.split_at(PAYLOADS.len());
    for id in ours.iter().chain(others.iter().step_by(8)) {
        harmless(&browser, &format!("/cases/{id}")).await;
    }
    for (id, page) in ours.iter().zip(["order", "given", "similar", "acts/triage"]) {
        harmless(&browser, &format!("/cases/{id}/{page}")).await;
    }
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

/// Proof 13, by the forms that people have: what is typed is text wherever it is shown.
#[tokio::test(flavor = "multi_thread")]
async fn no_string_that_is_typed_into_a_form_runs_where_it_is_shown() {
    let house = House::build().await;
    let resident = house.browser(PHONE).await;
    let mut codes = Vec::new();
    for payload in [PAYLOADS[0], PAYLOADS[5], PAYLOADS[9]] {
        resident.open("/report?category=facility").await;
        write(&resident, "#description", payload).await;
        write(&resident, "#address", payload).await;
        resident.click("form#report button.primary").await;
        codes.push(resident.words("#code").await);
    }
    for code in &codes {
        harmless(&resident, &format!("/r/{code}")).await;
        harmless(&resident, &format!("/r/{code}/given")).await;
    }
    harmless(&resident, "/done?open=yes").await;
    resident.close().await;

    let worker = house.signed_in(PHONE, "grid1").await;
    worker.open("/work/notes").await;
    write(&worker, "#text", PAYLOADS[1]).await;
    worker.click("form[data-outbox] button.primary").await;
    until("the note", async || worker.has(".cards a").await).await;
    for path in ["/work/notes", "/work", "/work/grid"] {
        harmless(&worker, path).await;
    }
    worker.close().await;

    let operator = house.signed_in(DESK, "admin").await;
    operator.open("/operator/accounts/new").await;
    write(&operator, "#name", PAYLOADS[2]).await;
    write(&operator, "#account", "naughty").await;
    write(&operator, "#password", PASSWORD).await;
    operator.click("main button.primary").await;
    until("the account", async || operator.path().await == "/operator/accounts/naughty").await;
    for path in ["/operator/accounts/naughty", "/operator/accounts/new", "/operator/accounts"] {
        harmless(&operator, path).await;
    }
    assert!(operator.text().await.contains(PAYLOADS[2]), "the name is shown as it was given");
    operator.close().await;

    let desk = house.signed_in(DESK, "dispatcher").await;
    let cases = house.dispatcher.cases().await;
    let id = text(&cases[0], "id");
    house.dispatcher.act(&id, json!({ "act": "accept" })).await;
    desk.open(&format!("/cases/{id}/acts/escalate")).await;
    write(&desk, "[name=reason]", PAYLOADS[6]).await;
    desk.click("main button.primary").await;
    until("it is said", async || {
        desk.open(&format!("/cases/{id}")).await;
        desk.text().await.contains(PAYLOADS[6])
    })
    .await;
    harmless(&desk, &format!("/cases/{id}")).await;
    desk.close().await;
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
