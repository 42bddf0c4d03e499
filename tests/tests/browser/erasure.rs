//! Erasing what is said of somebody who left, and a note: told what goes and what stays, and done
//! only when the words are typed (S25). And one's own account: where one is signed in, and what a
//! new password ends (S17).

use serde_json::json;

use crate::driver::{DESK, PHONE};
use crate::house::{House, PASSWORD};
use crate::until;

#[tokio::test(flavor = "multi_thread")]
async fn s25_somebody_who_left_and_a_note_are_erased_when_the_words_are_typed() {
    let house = House::build().await;
    let desk = house.community.operator();
    let person = json!({ "name": "离任的演示人", "phone": "0559-000-0001" });
    let person = desk.post("/v1/people", "leaver-0123456789", person).await;
    let person = person["subject"].as_str().expect("an id").to_owned();
    let operator = house.signed_in(DESK, "admin").await;
    operator.open(&format!("/operator/people/{person}/erasure")).await;
    let told = operator.text().await;
    assert!(
        told.contains("清除什么") && told.contains("保留什么") && told.contains("不需要谁回执")
    );
    crate::look::keep(&operator, "person-erase-1440-light").await;
    operator.type_in("#name", "别人").await;
    operator.click("main button.danger").await;
    until("told", async || operator.has("[role=alert]").await).await;
    let name = desk.get(&format!("/v1/people/{person}")).await["name"].clone();
    assert_eq!(name, json!("离任的演示人"), "nothing was erased");
    operator.type_in("#name", "离任的演示人").await;
    operator.click("main button.danger").await;
    until("erased", async || operator.has("#erased").await).await;
    assert_eq!(crate::reach::faults(&operator, "person-erased").await, Vec::<String>::new());
    let left = desk.get(&format!("/v1/people/{person}")).await;
    assert!(left["name"].as_str().unwrap_or_default().is_empty(), "{left}");
    operator.close().await;

    let worker = house.signed_in(PHONE, "grid1").await;
    worker.open("/work/notes").await;
    worker.type_in("#text", "走访时听到的话").await;
    worker.click("main form button.primary").await;
    until("written", async || worker.has(".cards a").await).await;
    worker.click(".cards a").await;
    until("shown", async || worker.has("details summary").await).await;
    worker.script("document.querySelector('main details').open = true", vec![]).await;
    crate::look::keep(&worker, "note-erase-375-light").await;
    worker.type_in("#confirm", "不").await;
    worker.click("main details button.danger").await;
    until("told", async || worker.has("[role=alert]").await).await;
    worker.type_in("#confirm", "清除").await;
    worker.click("main details button.danger").await;
    until("erased", async || worker.has("[role=status]").await).await;
    worker.open("/work/notes").await;
    assert!(!worker.text().await.contains("走访时听到的话"));
    worker.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s17_whoever_changes_their_password_is_told_what_ends_with_it() {
    let house = House::build().await;
    let other = house.signed_in(DESK, "admin").await;
    let own = house.signed_in(DESK, "admin").await;
    own.open("/account").await;
    let text = own.text().await;
    assert!(text.contains("operator.token"), "the machine's token is there, and named: {text}");
    crate::look::keep(&own, "account-1440-light").await;
    assert_eq!(crate::reach::faults(&own, "account").await, Vec::<String>::new());
    own.click("main form[action*=sessions] button").await;
    other.open("/operator").await;
    until("signed out there", async || {
        other.open("/operator").await;
        other.path().await.starts_with("/login")
    })
    .await;
    other.close().await;
    own.type_in("#current", PASSWORD).await;
    own.type_in("#new", "eine andere lange 口令").await;
    own.click("main form[action$=password] button").await;
    until("changed", async || own.has("#ended").await).await;
    let told = own.words("#ended").await;
    assert!(told.contains("operator.token") && told.contains("wangge operator --operator admin"));
    crate::look::keep(&own, "account-changed-1440-light").await;
    own.close().await;
}
