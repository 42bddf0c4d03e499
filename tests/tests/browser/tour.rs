//! A street's dispatcher at the desk, by its pages and keys alone: what a day there asks for.

use fantoccini::key::Key;
use serde_json::json;

use crate::desk::text;
use crate::dispatcher::strike;
use crate::driver::{Browser, DESK};
use crate::house::House;
use crate::until;

/// Cases of the street's own, accepted; gives their ids.
async fn filed(house: &House, titles: &[&str]) -> Vec<String> {
    let desk = &house.street_desk;
    let mut ids = Vec::new();
    for (at, title) in titles.iter().enumerate() {
        let report = json!({ "title": title, "description": format!("{title}，请尽快处理。"),
                             "channel": "hotline", "category": "facility" });
        let filed = desk.post("/v1/cases", &format!("tour-0123456789-{at}"), report).await;
        let id = text(&filed, "id");
        desk.act(&id, json!({ "act": "accept" })).await;
        ids.push(id);
    }
    ids
}

/// Opens the form of an act on the case's page, folded away or not.
async fn choose(browser: &Browser, case: &str, act: &str) {
    browser.open(&format!("/cases/{case}")).await;
    let unfold =
        "document.querySelectorAll('.acts details').forEach((one) => { one.open = true; })";
    browser.script(unfold, vec![]).await;
    browser.click(&format!(".acts a[href$='/acts/{act}']")).await;
    browser.find("form.act").await;
}

/// Sends the form, and waits until it is said that it is done.
async fn send(browser: &Browser, done: &str) {
    browser.click("form.act button.primary").await;
    let said = browser.words(".notice.good").await;
    assert!(said.contains(done), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispatcher_goes_through_a_day_by_pages_and_keys_alone() {
    let house = House::build().await;
    let _unit = house.unit().await;
    let ids = filed(&house, &["河边路灯不亮", "河边路灯不亮了", "变压器冒烟"]).await;
    let browser = house.at_street(DESK).await;

    // Two at once.
    browser.open("/desk?q=%E8%B7%AF%E7%81%AF").await;
    strike(&browser, &['j', 'x', 'j', 'x']).await;
    until("two are chosen", async || browser.words("#bulk [data-count]").await == "2").await;
    let people = browser.find("#bulk-assignee").await;
    people.select_by_index(1).await.expect("somebody to give them to");
    browser.press("批量派遣").await;
    until("both are given", async || browser.text().await.contains("2 件中派遣了 2 件")).await;
    assert_eq!(crate::reach::faults(&browser, "bulk").await, Vec::<String>::new());
    browser.press("回到列表").await;

    // One comes back, and is treated with the other.
    choose(&browser, &ids[0], "return").await;
    browser.type_in("#in-reason", "与另一件重复").await;
    send(&browser, "退回").await;
    browser.press("相似事件").await;
    let other = house.street_desk.case(&ids[1]).await.expect("it is here");
    browser.press(&format!("把本件并入 {}", text(&other, "number"))).await;
    until("it is merged", async || browser.text().await.contains("已并入另一件事")).await;
    let case = house.street_desk.case(&ids[0]).await.expect("it is here");
    assert_eq!(case["merged_into"], json!(ids[1]));

    // A unit is called, and the case pressed for.
    choose(&browser, &ids[2], "whistle").await;
    let lead = browser.find("#in-lead").await;
    lead.select_by_index(1).await.expect("a unit to be called");
    browser.type_in("#in-request", "请到场断电检修").await;
    send(&browser, "吹哨").await;
    choose(&browser, &ids[2], "supervise").await;
    browser.type_in("#in-note", "今天内处置").await;
    send(&browser, "督办").await;

    // The board, keys and their list.
    browser.open("/desk?shape=board").await;
    assert!(browser.words(".board").await.contains("变压器冒烟"));
    let chosen = "return [...document.querySelectorAll('[data-row]')] \
                  .findIndex((row) => row.classList.contains('chosen'))";
    strike(&browser, &['j', 'j']).await;
    until("the second", async || browser.script(chosen, vec![]).await == 1).await;
    strike(&browser, &['k']).await;
    until("the first again", async || browser.script(chosen, vec![]).await == 0).await;
    strike(&browser, &['?']).await;
    until("the keys are told", async || browser.has("#keys[open]").await).await;
    assert_eq!(crate::reach::faults(&browser, "keys").await, Vec::<String>::new());
    strike(&browser, &[Key::Escape.into()]).await;
    until("and put away", async || !browser.has("#keys[open]").await).await;

    // The drawer.
    browser.open("/desk").await;
    strike(&browser, &['j', 'o']).await;
    browser.find("#drawer .drawer-head").await;
    assert_eq!(crate::reach::faults(&browser, "drawer").await, Vec::<String>::new());
    crate::look::keep(&browser, "desk-drawer-1440-light").await;
    let complaints = browser.complaints().await;
    assert!(complaints.is_empty(), "{complaints:?}");
    browser.close().await;
}
