//! A form that is shown again for something wrong has forgotten nothing, and says what was wrong.

use std::path::Path;

use fantoccini::Locator;
use serde_json::{Value, json};

use crate::driver::{Browser, DESK, Kind, PHONE};
use crate::house::{GRID_NAME, House, PASSWORD};
use crate::until;

/// What an input holds, as the form would send it.
async fn value(browser: &Browser, css: &str) -> String {
    browser.find(css).await;
    let read = "return document.querySelector(arguments[0]).value";
    browser.script(read, vec![json!(css)]).await.as_str().unwrap_or_default().to_owned()
}

/// Puts something into an input that the browser itself would not let anybody type.
async fn put(browser: &Browser, css: &str, value: &str) {
    browser.find(css).await;
    let write = "document.querySelector(arguments[0]).value = arguments[1]";
    browser.script(write, vec![json!(css), json!(value)]).await;
}

/// Sends a form past the checks of the browser, and waits for the answer.
async fn send(browser: &Browser, css: &str) {
    browser.find(css).await;
    let send = "window.wasHere = true; document.querySelector(arguments[0]).submit()";
    browser.script(send, vec![json!(css)]).await;
    let there = "return !window.wasHere && document.readyState === 'complete'";
    until("the answer", async || {
        browser.client.execute(there, vec![]).await.is_ok_and(|there| there == true)
    })
    .await;
}

async fn choose(browser: &Browser, css: &str, label: &str) {
    let found = browser.find(css).await;
    found.select_by_label(label).await.unwrap_or_else(|error| panic!("{css} {label}: {error}"));
}

/// The input that is said to be wrong, with the words that it points at.
async fn blamed(browser: &Browser, css: &str) -> String {
    browser.find(&format!("{css}[aria-invalid=true]")).await;
    let words = "return document.querySelector(arguments[0]).getAttribute('aria-describedby') \
        .split(' ').map((id) => document.getElementById(id).textContent).join(' ')";
    browser.script(words, vec![json!(css)]).await.as_str().unwrap_or_default().to_owned()
}

fn photos(folder: &Path, count: u32) -> String {
    let paths = (0..count).map(|number| {
        let path = folder.join(format!("photo-{number}.jpg"));
        std::fs::write(&path, photo::sample::draw(number.into(), 64, 48))
            .expect("a file can be written");
        path.display().to_string()
    });
    paths.collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_asked_for_again_gets_no_wider_range_than_was_chosen() {
    let house = House::build().await;
    let operator = house.signed_in(DESK, "admin").await;
    operator.open("/operator/accounts/new").await;
    put(&operator, "#name", &"长".repeat(300)).await;
    operator.type_in("#phone", "0559-111-1111").await;
    choose(&operator, "#role", "专职网格员").await;
    choose(&operator, "#scope", GRID_NAME).await;
    operator.type_in("#account", "walker").await;
    operator.type_in("#password", PASSWORD).await;
    let grid = value(&operator, "#scope").await;
    send(&operator, "main form").await;
    operator.find("[role=alert]").await;
    assert_eq!(value(&operator, "#phone").await, "0559-111-1111");
    assert_eq!(value(&operator, "#role").await, "grid_worker");
    assert_eq!(value(&operator, "#scope").await, grid);

    // The person is entered, and then the role is refused.
    put(&operator, "#name", "演示巡格员").await;
    let other = "document.querySelector('#role option:checked').value = 'nobody'";
    operator.script(other, vec![]).await;
    send(&operator, "main form").await;
    operator.find("[role=alert]").await;
    assert_eq!(value(&operator, "#person").await.len(), 32, "the person is there");
    assert_eq!(value(&operator, "#scope").await, grid);
    choose(&operator, "#role", "专职网格员").await;
    operator.type_in("#password", PASSWORD).await;
    operator.click("main button.primary").await;
    until("the account", async || operator.path().await == "/operator/accounts/walker").await;
    let people = house.community.operator().get("/v1/people?limit=200").await;
    let mut people = people["items"].as_array().expect("people").iter();
    let walker = people.find(|person| person["name"] == "演示巡格员").expect("entered");
    assert_eq!(walker["appointments"][0]["scope"]["id"], json!(grid), "{walker}");
    operator.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_that_is_refused_keeps_its_hours() {
    let house = House::build().await;
    let street = house.driver.browser(DESK, &house.street_url()).await;
    crate::house::sign_in(&street, "admin").await;
    street.open("/operator/invitations").await;
    street.type_in("#name", "古关社区").await;
    put(&street, "#area", "999").await;
    put(&street, "#hours", "168").await;
    send(&street, "form[action='/operator/invitations']").await;
    street.find("[role=alert]").await;
    assert_eq!(value(&street, "#hours").await, "168");
    street.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_filed_and_could_not_be_settled_is_not_filed_again() {
    let house = House::build().await;
    let browser = house.signed_in(PHONE, "grid1").await;
    browser.open("/work/report").await;
    put(&browser, "#description", "消防通道堆物").await;
    put(&browser, "#settled", &"长".repeat(5_000)).await;
    send(&browser, "form[data-outbox]").await;
    let told = browser.words("[role=alert]").await;
    assert!(told.contains("已上报"), "{told}");
    assert_eq!(house.dispatcher.cases().await.len(), 1);
    assert_eq!(value(&browser, "#settled").await.chars().count(), 5_000);
    put(&browser, "#settled", "当场清走").await;
    send(&browser, "main form").await;
    assert!(browser.path().await.starts_with("/work/report?filed"), "{}", browser.text().await);
    let cases = house.dispatcher.cases().await;
    assert_eq!(cases.len(), 1, "{cases:?}");
    let case = house.dispatcher.case(cases[0]["id"].as_str().unwrap()).await.expect("a case");
    assert_eq!(case["fields"]["opinion"], "当场清走", "{case}");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workers_report_that_is_refused_keeps_every_field() {
    let house = House::build().await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let browser = house.signed_in(PHONE, "grid1").await;
    browser.open("/work/report").await;
    browser.type_in("#photo", &photos(folder.path(), 1)).await;
    for (css, words) in [
        ("#description", " \n "),
        ("#address", "3 栋"),
        ("#contact_name", "演示居民"),
        ("#contact_phone", "139-0000-0001"),
        ("#settled", "已清走"),
        ("#category", "facility"),
        ("#channel", "counter"),
        ("#place", ""),
    ] {
        put(&browser, css, words).await;
    }
    send(&browser, "form[data-outbox]").await;
    let told = blamed(&browser, "#description").await;
    assert!(told.contains("不能空着") && told.contains("照片需要重新选择"), "{told}");
    assert!(!told.contains("返回上一页"), "{told}");
    for (css, words) in [
        ("#address", "3 栋"),
        ("#contact_name", "演示居民"),
        ("#contact_phone", "139-0000-0001"),
        ("#settled", "已清走"),
        ("#category", "facility"),
        ("#channel", "counter"),
        ("#place", ""),
    ] {
        assert_eq!(value(&browser, css).await, words, "{css}");
    }
    assert!(browser.find("#contact_name").await.is_displayed().await.expect("it is there"));
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_residents_report_that_is_refused_says_which_field_in_plain_words() {
    let house = House::build().await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let browser = house.browser(Kind { scripts: false, ..PHONE }).await;
    browser.open("/report?category=facility").await;
    browser.type_in("#description", "路灯坏了").await;
    browser.type_in("#photo", &photos(folder.path(), 10)).await;
    send(&browser, "form#report").await;
    let told = blamed(&browser, "#photo").await;
    for words in ["照片", "最多 9 张", "照片需要重新选择"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert!(!told.contains("返回上一页"), "{told}");
    put(&browser, "#description", " \n ").await;
    choose(&browser, "#place", GRID_NAME).await;
    send(&browser, "form#report").await;
    let told = blamed(&browser, "#description").await;
    assert!(told.contains("发生了什么：不能空着"), "{told}");
    assert!(browser.words("form#report").await.contains(GRID_NAME), "the grid is kept");
    put(&browser, "#description", "路灯坏了").await;
    put(&browser, "#contact_phone", &"1".repeat(2_000)).await;
    send(&browser, "form#report").await;
    let told = blamed(&browser, "#contact_phone").await;
    assert!(told.contains("电话：太长"), "{told}");
    assert!(house.dispatcher.cases().await.is_empty());
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_reporter_says_in_an_act_that_is_refused_stands_there_still() {
    let house = House::build().await;
    let (_, code) = house.reported("路灯坏了").await;
    let browser = house.browser(Kind { scripts: false, ..PHONE }).await;
    browser.open(&format!("/r/{code}")).await;
    let reason = "已经有人来修".repeat(1_000);
    put(&browser, "#withdraw", &reason).await;
    send(&browser, "form[action$=withdraw]").await;
    let told = browser.words("[role=alert]").await;
    assert!(told.contains("太长") && !told.contains("返回上一页"), "{told}");
    assert_eq!(value(&browser, "#withdraw").await, reason);
    assert!(browser.find("#withdraw").await.is_displayed().await.expect("it is there"));
    // The page came as the answer to a form: in the other language it is to be had as well.
    browser.press("English").await;
    until("the page in English", async || browser.path().await == format!("/r/{code}")).await;
    assert_eq!(browser.script("return document.documentElement.lang", vec![]).await, "en");
    browser.close().await;
}

/// What is chosen in the form of an act: inputs with values. Nothing of it is done.
const CHOSEN: [(&str, &[(&str, &str)]); 5] = [
    ("triage", &[("#in-grade", "B"), ("#in-place", GRID)]),
    ("call_back", &[("[name=solved]", "no"), ("[name=satisfied]", "yes")]),
    ("erase", &[("#in-ground", "unlawful")]),
    ("mediate", &[("#in-severity", LAST), ("#in-mediator", LAST)]),
    ("dispatch", &[("#in-assignee", LAST)]),
];
/// The last that is offered, whatever it is.
const LAST: &str = "last";
const GRID: &str = "02020202020202020202020202020202";

/// Chooses among what an input offers; gives what is chosen, and nothing where nothing is offered.
const CHOOSE: &str = "const [css, wanted] = arguments; \
    const inputs = [...document.querySelectorAll(css)]; if (!inputs.length) return null; \
    const options = inputs[0].options ? [...inputs[0].options] : inputs; \
    const found = wanted === 'last' ? options.at(-1) : options.find((one) => one.value === wanted); \
    if (!found || !found.value) return null; \
    found[inputs[0].options ? 'selected' : 'checked'] = true; return found.value";
/// What is chosen.
const HAD: &str = "const inputs = [...document.querySelectorAll(arguments[0])]; \
    const options = inputs[0].options ? [...inputs[0].selectedOptions] : inputs.filter((one) => one.checked); \
    return options.map((one) => one.value)";

#[tokio::test(flavor = "multi_thread")]
async fn the_form_of_an_act_that_is_refused_keeps_every_choice() {
    let house = House::build().await;
    let (id, _) = house.reported("路灯坏了").await;
    let dispute = house.mediated().await;
    let (accepted, _) = house.reported("井盖松动").await;
    house.dispatcher.act(&accepted, json!({ "act": "accept" })).await;
    let (refused, _) = house.reported("占道经营").await;
    let elsewhere = json!({ "act": "refuse", "reason": "不属本社区", "instead": "12345" });
    house.dispatcher.act(&refused, elsewhere).await;
    let of = |act| match act {
        "mediate" | "dispatch" => &accepted,
        "call_back" => &dispute,
        "erase" => &refused,
        _ => &id,
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let browser = house.signed_in(Kind { scripts: false, ..DESK }, "dispatcher").await;
    let stage = house.dispatcher.case(&id).await.expect("it is here")["stage"]["key"].clone();
    let mut offered = 0;
    for (act, inputs) in CHOSEN {
        browser.open(&format!("/cases/{}/acts/{act}", of(act))).await;
        let mut chosen = Vec::new();
        for (css, wanted) in inputs {
            let found = browser.script(CHOOSE, vec![json!(css), json!(wanted)]).await;
            chosen.extend(found.as_str().map(|value| (*css, json!([value]))));
        }
        offered += chosen.len();
        // Whatever is filled in, the case is said to have changed.
        put(&browser, "form.act [name=version]", "\"old\"").await;
        send(&browser, "form.act").await;
        browser.find("form.act [role=alert]").await;
        for (css, value) in chosen {
            assert_eq!(browser.script(HAD, vec![json!(css)]).await, value, "{act} {css}");
        }
    }
    assert_eq!(offered, 8, "inputs that had something to choose");
    browser.open(&format!("/cases/{accepted}/acts/progress")).await;
    browser.type_in("#in-photo", &photos(folder.path(), 1)).await;
    browser.type_in("#in-note", "已联系电力部门").await;
    put(&browser, "form.act [name=version]", "\"old\"").await;
    send(&browser, "form.act").await;
    let told = browser.words("form.act [role=alert]").await;
    assert!(told.contains("照片需要重新选择"), "{told}");
    assert_eq!(value(&browser, "#in-note").await, "已联系电力部门");
    let alerts = browser.client.find_all(Locator::Css("[role=alert]")).await.expect("alerts");
    assert_eq!(alerts.len(), 1);
    let case = house.dispatcher.case(&id).await.unwrap_or(Value::Null);
    assert_eq!(case["stage"]["key"], stage, "nothing was done: {case}");
    browser.close().await;
}
