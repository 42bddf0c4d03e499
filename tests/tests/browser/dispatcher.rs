//! A dispatcher at the desk.

use std::time::{Duration, Instant};

use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use fantoccini::key::Key;
use serde_json::json;

use crate::driver::{Browser, DESK, Kind};
use crate::house::House;
use crate::until;

/// Strikes keys, wherever the page has its focus.
pub(crate) async fn strike(browser: &Browser, keys: &[char]) {
    let mut actions = KeyActions::new("keys".into());
    for key in keys {
        actions = actions.then(KeyAction::Down { value: *key }).then(KeyAction::Up { value: *key });
    }
    browser.client.perform_actions(actions).await.expect("keys can be struck");
}

/// Proof 11.
#[tokio::test(flavor = "multi_thread")]
async fn rare_characters_and_first_letters_of_pinyin_find_their_case() {
    let house = House::build().await;
    for title in ["路灯不亮", "𠮷野家门口油烟", "龘龘小区污水外溢", "車位被佔"]
    {
        house.reported(title).await;
    }
    let browser = house.signed_in(DESK, "dispatcher").await;
    for (sought, title) in
        [("ldbl", "路灯不亮"), ("𠮷", "𠮷野家"), ("龘龘", "龘龘小区"), ("车位被占", "車位被佔")]
    {
        browser.open("/desk").await;
        until("the key leads to the search", async || {
            strike(&browser, &['/']).await;
            browser.script("return document.activeElement.id", vec![]).await == "q"
        })
        .await;
        let typed =
            "document.activeElement.value = arguments[0]; document.activeElement.form.submit()";
        browser.script(typed, vec![serde_json::json!(sought)]).await;
        until("the list is narrowed", async || {
            browser.path().await.contains("q=") && browser.has("#rows").await
        })
        .await;
        let rows = browser.words("#rows").await;
        assert!(rows.contains(title), "{sought}: {rows}");
        let count = browser.script("return document.querySelectorAll('[data-row]').length", vec![]);
        assert_eq!(count.await, 1, "{sought}: {rows}");
    }
    browser.close().await;
}

/// Proof 4.
#[tokio::test(flavor = "multi_thread")]
async fn a_dispatcher_assigns_by_keys_alone_and_a_second_browser_sees_it_within_two_seconds() {
    let house = House::build().await;
    let (id, _) = house.reported("三号楼门口的路灯坏了").await;
    let desk = &house.dispatcher;
    desk.act(&id, serde_json::json!({ "act": "accept" })).await;
    let first = house.signed_in(DESK, "dispatcher").await;
    let second = house.signed_in(DESK, "dispatcher").await;
    for browser in [&first, &second] {
        assert_eq!(browser.path().await, "/desk");
        browser.find("#live:not(.off)").await;
    }
    strike(&first, &['j', 'a']).await;
    first.find("#drawer select[name=assignee]").await;
    until("the list of people has the focus", async || {
        first.script("return document.activeElement.name", vec![]).await == "assignee"
    })
    .await;
    // By the beginning of a name, as any list is searched; then the form is sent.
    strike(&first, &[Key::Down.into()]).await;
    strike(&first, &[Key::Tab.into(), Key::Enter.into()]).await;
    first.find("#drawer .notice.good").await;
    let done = Instant::now();
    until("the second browser shows it", async || second.words("#rows").await.contains("已派遣"))
        .await;
    assert!(done.elapsed() < Duration::from_secs(2), "{:?}", done.elapsed());
    let case = desk.case(&id).await.expect("it is here");
    assert_eq!(case["stage"]["key"], "dispatched");
    for browser in [first, second] {
        let complaints = browser.complaints().await;
        assert!(complaints.is_empty(), "{complaints:?}");
        browser.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_that_is_kept_at_one_device_is_there_at_another_and_is_dropped_without_scripts() {
    let house = House::build().await;
    house.reported("路灯不亮").await;
    house.reported("垃圾没有人收").await;
    let first = house.signed_in(DESK, "dispatcher").await;
    first.open("/desk").await;
    assert!(!first.has("#view-name").await, "a view that everybody has needs no keeping");
    first.open("/desk?view=intake&q=%E8%B7%AF%E7%81%AF").await;
    first.type_in("#view-name", "路灯 <未接>").await;
    first.press("保存视图").await;
    let kept = ".kept a[aria-current]";
    assert_eq!(first.words(kept).await, "路灯 <未接>");
    assert_eq!(crate::reach::faults(&first, "kept view").await, Vec::<String>::new());
    crate::look::keep(&first, "desk-kept-1440-light").await;

    let second = house.signed_in(Kind { scripts: false, ..DESK }, "dispatcher").await;
    second.open("/desk").await;
    second.press("路灯 <未接>").await;
    let rows = second.words("#rows").await;
    assert!(rows.contains("路灯不亮") && !rows.contains("垃圾"), "{rows}");
    second.click(".kept button").await;
    until("it is dropped", async || !second.has(".kept").await).await;
    first.open("/desk").await;
    assert!(!first.has(".kept").await, "everywhere");
    for browser in [first, second] {
        browser.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_offered_stands_first_on_the_desk_until_it_is_answered() {
    let house = House::build().await;
    let (id, _) = house.reported("沿河护栏断裂").await;
    house.escalated(&id).await;
    let street = house.at_street(DESK).await;
    street.open("/desk").await;
    let first = street.words(".awaiting").await;
    assert!(first.contains("沿河护栏断裂") && first.contains("请接收或退回"), "{first}");
    house.street_desk.act(&id, json!({ "act": "accept_custody" })).await;
    street.open("/desk").await;
    assert!(!street.source().await.contains("请接收或退回"), "it is answered");
    assert!(street.words("#rows").await.contains("沿河护栏断裂"));
    street.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keys_stay_on_their_row_when_the_list_changes_and_say_what_can_not_be_done() {
    let house = House::build().await;
    house.reported("三号楼门口的路灯坏了").await;
    let browser = house.signed_in(DESK, "dispatcher").await;
    let focus = async || {
        let focus = browser.script("return document.activeElement.id", vec![]).await;
        focus.as_str().unwrap_or_default().to_owned()
    };
    for shape in ["", "&shape=board"] {
        browser.open(&format!("/desk?view=open{shape}")).await;
        browser.find("#live:not(.off)").await;
        strike(&browser, &['j']).await;
        until("a row has the focus", async || focus().await.starts_with("matter-")).await;
        let own = focus().await;
        let title = format!("新来的一件{shape}");
        house.reported(&title).await;
        until("the list changes", async || browser.words("#rows").await.contains(&title)).await;
        until("the row has it still", async || focus().await == own).await;
    }
    // It is not accepted yet.
    strike(&browser, &['a']).await;
    until("it is said", async || browser.words("#drawer").await.contains("“派遣”现在不能办")).await;
    assert!(browser.words("#drawer").await.contains("受理"), "what can be done stands there");
    browser.open("/desk?view=overdue&shape=board").await;
    assert!(browser.words("#rows").await.contains("没有超期的事件"));
    browser.close().await;
}
