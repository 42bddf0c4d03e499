//! The operator at work: accounts and sessions, and a new version of the policy.

use fantoccini::Locator;
use serde_json::json;

use crate::driver::{Browser, DESK};
use crate::house::{House, PASSWORD};
use crate::until;

async fn choose(browser: &Browser, css: &str, value: &str) {
    let found = browser.find(css).await;
    found.select_by_value(value).await.unwrap_or_else(|error| panic!("{css} {value}: {error}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_opens_an_account_and_ends_its_session() {
    let house = House::build().await;
    let operator = house.signed_in(DESK, "admin").await;
    operator.open("/operator/accounts/new").await;
    operator.type_in("#name", "演示新人").await;
    choose(&operator, "#role", "community_dispatcher").await;
    operator.type_in("#account", "newone").await;
    // Too short: told so, and what is done stays done.
    operator.script("document.querySelector('#password').minLength = 1", vec![]).await;
    operator.type_in("#password", "short").await;
    operator.click("main button.primary").await;
    operator.find("[role=alert]").await;
    operator.type_in("#password", PASSWORD).await;
    operator.click("main button.primary").await;
    until("the account's page", async || operator.path().await == "/operator/accounts/newone")
        .await;
    let told = operator.text().await;
    assert!(told.contains("演示新人") && told.contains("社区分析处置岗"), "{told}");
    let people = house.community.operator().get("/v1/people?limit=200").await;
    let new = people["items"].as_array().expect("people").iter();
    assert_eq!(new.filter(|person| person["name"] == json!("演示新人")).count(), 1, "once");

    let theirs = house.signed_in(DESK, "newone").await;
    assert_eq!(theirs.path().await, "/desk");
    operator.open("/operator/accounts/newone").await;
    operator.click("main form[action*=sessions] button").await;
    until("the session is over", async || operator.text().await.contains("现在没有登录")).await;
    theirs.open("/desk").await;
    assert!(theirs.path().await.starts_with("/login"), "{}", theirs.path().await);
    theirs.close().await;
    operator.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_sees_in_plain_words_what_a_new_version_changes_and_puts_it_in_force() {
    let house = House::build().await;
    let desk = house.community.operator();
    let text = include_str!("../../../config/policies/she-county.toml")
        .replacen("version = 4", "version = 5", 1)
        .replacen("allowance = \"15m\"", "allowance = \"30m\"", 1);
    desk.post("/v1/policies", "version-4", json!({ "text": text })).await;
    let operator = house.signed_in(DESK, "admin").await;
    operator.open("/operator/policies").await;
    operator.press("she-county/5").await;
    let changes = operator.words("#changes").await;
    assert!(changes.contains("由“15 分钟”改为“30 分钟”"), "{changes}");
    let items = operator.client.find_all(Locator::Css("#changes > ul > li")).await;
    assert_eq!(items.expect("a list").len(), 1, "{changes}");
    operator.press("启用这个版本").await;
    operator.press("启用 she-county/5").await;
    until("it is in force", async || desk.get("/v1/node").await["policy"] == json!("she-county/5"))
        .await;
    operator.open("/operator/policies/she-county/5").await;
    assert!(operator.text().await.contains("现行"));
    operator.close().await;
}
