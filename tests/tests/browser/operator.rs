//! The operator at work: accounts and sessions, and a new version of the policy.

use std::path::Path;

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
    let (desk, above) = (house.community.operator(), house.street.operator());
    let text = include_str!("../../../config/policies/she-county.toml")
        .replacen("version = 5", "version = 6", 1)
        .replacen("allowance = \"15m\"", "allowance = \"30m\"", 1);
    above.post("/v1/policies", "version-6", json!({ "text": text, "publish": true })).await;
    until("what the street published has come", async || {
        desk.get("/v1/policies").await["items"].as_array().is_some_and(|items| items.len() == 2)
    })
    .await;
    let operator = house.signed_in(DESK, "admin").await;
    operator.open("/operator/policies").await;
    operator.press("she-county/6").await;
    let changes = operator.words("#changes").await;
    assert!(changes.contains("由“15 分钟”改为“30 分钟”"), "{changes}");
    let items = operator.client.find_all(Locator::Css("#changes > ul > li")).await;
    assert_eq!(items.expect("a list").len(), 1, "{changes}");
    operator.press("启用这个版本").await;
    operator.press("启用 she-county/6").await;
    until("it is in force", async || desk.get("/v1/node").await["policy"] == json!("she-county/6"))
        .await;
    operator.open("/operator/policies/she-county/6").await;
    assert!(operator.text().await.contains("现行"));
    operator.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_comes_on_removable_media_is_brought_in_by_the_page() {
    let house = House::build().await;
    let folder = house.folder().join("street");
    let at = |name: &str| folder.join(name).display().to_string();
    let (key, list) = (at("data/root.key"), at("list"));
    let signed = house.street.command(&["root", "list", "--root-key", &key, "--out", &list]).await;
    assert!(signed.status.success(), "{}", String::from_utf8_lossy(&signed.stderr));
    let number = async || {
        let lists = house.street.operator().get("/v1/revocations").await;
        let all = lists["lists"].as_array().cloned().unwrap_or_default();
        let of_root = all.into_iter().find(|list| list.get("issuer").is_none());
        of_root.and_then(|list| list["number"].as_u64())
    };
    let before = number().await;
    let browser = house.driver.browser(DESK, &house.street_url()).await;
    crate::house::sign_in(&browser, "admin").await;
    let bring = async |path: &str| {
        browser.open("/operator/peers").await;
        browser.press("用移动介质导入").await;
        let file = browser.find("#install-file").await;
        file.send_keys(path).await.expect("a file can be chosen");
        browser.click("form[action$=install] button").await;
    };
    // What is no list is refused by name, and changes nothing.
    bring(&at("wangge.toml")).await;
    browser.find("[role=alert]").await;
    assert_eq!(number().await, before);
    crate::look::keep(&browser, "operator-install-1440-light").await;
    bring(&list).await;
    browser.find(".notice.good").await;
    assert!(number().await > before, "the new list is in force");
    assert!(browser.complaints().await.iter().all(|said| said.contains("422")));
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_a_node_that_is_away_is_listed_with_its_reason() {
    let mut house = House::build().await;
    let (id, _) = house.reported("河堤塌陷").await;
    house.street.stop().await;
    until("the street is away", async || {
        house.community.operator().peer("parent").await["connected"] == false
    })
    .await;
    house.dispatcher.act(&id, json!({ "act": "accept" })).await;
    let reason = "需要街道协调";
    house.dispatcher.act(&id, json!({ "act": "escalate", "reason": reason })).await;
    let browser = house.signed_in(DESK, "admin").await;
    browser.open("/operator/streams").await;
    let waiting = browser.words(".outbox-list").await;
    for word in ["上报上级", "由上级处置", "未连接", "341021100001-"] {
        assert!(waiting.contains(word), "{word}: {waiting}");
    }
    assert!(!browser.text().await.contains("河堤"), "no words of the case");
    assert_eq!(crate::reach::faults(&browser, "streams").await, Vec::<String>::new());
    crate::look::keep(&browser, "operator-outbox-1440-light").await;
    house.street.start().await;
    until("everything is signed for", async || {
        browser.open("/operator/streams").await;
        !browser.has(".outbox-list").await
    })
    .await;
    browser.close().await;
}

/// Copies a folder with everything in it.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder can be made");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let there = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &there);
        } else {
            std::fs::copy(&path, &there).expect("a file can be copied");
        }
    }
}

/// Sentences in English that stand in a Chinese page as its own, where code and quotations are none.
const ENGLISH: &str = "const page = document.body.cloneNode(true); \
    page.querySelectorAll('code, [lang=en], script').forEach((one) => one.remove()); \
    return page.textContent.match(/[A-Za-z']+(?:[ ,]+[A-Za-z']+){3,}/g) || []";

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_wrong_is_told_in_the_pages_own_language() {
    let mut house = House::build().await;
    let mut browser = house.signed_in(DESK, "admin").await;
    house.community.stop().await;
    let data = house.folder().join("community/data");
    let older = house.folder().join("older");
    copy(&data, &older);
    house.community.start().await;
    let before = house.street.operator().peer("child").await["witnessed"]["size"].as_u64();
    house.reported("路灯坏了").await;
    until("the street has seen more of its log", async || {
        house.street.operator().peer("child").await["witnessed"]["size"].as_u64() > before
    })
    .await;
    // Somebody puts the folder back as it was.
    house.community.stop().await;
    std::fs::remove_dir_all(&data).expect("it can be removed");
    copy(&older, &data);
    house.community.start().await;
    browser.base = crate::desk::text(&house.community.note(), "url");
    until("it knows that its folder is old", async || {
        browser.open("/operator").await;
        browser.has(".notice.bad").await
    })
    .await;
    let told = browser.words(".notice.bad").await;
    assert!(told.contains("节点停止签名") && told.contains("旧副本"), "{told}");
    browser.open("/operator/doctor").await;
    let told = browser.words("[data-finding=signing]").await;
    assert!(told.contains("旧副本"), "{told}");
    // Whoever is to mend it can sign in.
    let other = house.driver.browser(DESK, &browser.base).await;
    crate::house::sign_in(&other, "admin").await;
    other.open("/operator").await;
    assert!(other.words(".notice.bad").await.contains("节点停止签名"));
    other.close().await;
    let street = house.driver.browser(DESK, &house.street_url()).await;
    crate::house::sign_in(&street, "admin").await;
    for page in ["", "/doctor", "/peers", "/streams", "/witness"] {
        for browser in [&browser, &street] {
            browser.open(&format!("/operator{page}")).await;
            assert_eq!(browser.script(ENGLISH, vec![]).await, json!([]), "{page}");
        }
    }
    browser.close().await;
    street.close().await;
}
