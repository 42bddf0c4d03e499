//! A node is invited, joins, and is revoked, by the consoles of both (proof 12).

use crate::driver::{Browser, DESK, Driver};
use crate::house::sign_in;
use crate::site::{STREET, Site};
use crate::until;

const NAME: &str = "新安社区（演示）";

/// Makes an invitation by the page; gives its text.
pub(crate) async fn invited(street: &Browser, name: &str) -> String {
    street.open("/operator/invitations").await;
    street.type_in("#name", name).await;
    let level = street.find("#level").await;
    level.select_by_value("community").await.expect("a level can be chosen");
    street.script("document.querySelector('#area').value = ''", vec![]).await;
    street.type_in("#area", "341021100001").await;
    street.click("main button.primary").await;
    until("there is a code to be scanned", async || street.has("svg.qr").await).await;
    assert_eq!(crate::reach::faults(street, "invited").await, Vec::<String>::new());
    crate::look::keep(street, "operator-invited-1440-light").await;
    street.words("#token").await
}

/// Lets in the node that came, once the officer has typed its own short id and no other.
async fn approved(street: &Browser, above: &Site) {
    let came = async || {
        let open = above.operator().get("/v1/invitations").await;
        open["items"][0]["newcomer"]["short"].as_str().map(str::to_owned)
    };
    until("it waits", async || came().await.is_some()).await;
    let short = came().await.expect("it waits");
    street.open("/operator/invitations").await;
    assert!(!street.text().await.contains(&short), "it is heard, not copied");
    street.type_in("#short-1", "AAAAA-AAAAA").await;
    street.click("#came-1 button.primary").await;
    let wrong = street.words("[role=alert]").await;
    assert!(wrong.contains("没有批准"), "{wrong}");
    assert_eq!(crate::reach::faults(street, "approve").await, Vec::<String>::new());
    crate::look::keep(street, "operator-approve-1440-light").await;
    street.type_in("#short-1", &short).await;
    street.click("#came-1 button.primary").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_is_invited_approved_joins_and_is_revoked_by_the_consoles_of_both() {
    let root = tempfile::tempdir().expect("a temporary folder");
    let driver = Driver::start().await;
    let mut above = Site::new(root.path(), "street", "");
    let mut below = Site::new(root.path(), "community", "");
    above.found(STREET).await;
    above.start().await;
    let url = |site: &Site| site.note()["url"].as_str().expect("a url").to_owned();
    let street = driver.browser(DESK, &url(&above)).await;
    sign_in(&street, "admin").await;

    // One is made and cancelled again, another is used.
    invited(&street, "不来了").await;
    let token = invited(&street, NAME).await;
    street.open("/operator/invitations").await;
    street.click("#open li button").await;
    until("one is left", async || {
        let open = above.operator().get("/v1/invitations").await;
        open["items"].as_array().is_some_and(|items| items.len() == 1)
    })
    .await;
    let open = above.operator().get("/v1/invitations").await;
    let token = if open["items"][0]["name"] == NAME {
        token
    } else {
        // They stand in the order of their hashes: the other one was cancelled.
        street.open("/operator/invitations").await;
        street.click("#open li button").await;
        invited(&street, NAME).await
    };
    tokio::join!(below.join(&token), approved(&street, &above));
    below.start().await;
    let community = driver.browser(DESK, &url(&below)).await;
    sign_in(&community, "admin").await;
    for (browser, other) in [(&street, NAME), (&community, STREET.name)] {
        until("each sees the other connected", async || {
            browser.open("/operator/peers").await;
            let told = browser.text().await;
            told.contains(other) && told.contains("已连接")
        })
        .await;
    }

    // Revoking asks for the very node.
    let peer = above.operator().peer("child").await;
    street.press("吊销").await;
    street.click("input[value=ended]").await;
    street.type_in("#short", "AAAAA").await;
    street.click("main form button.danger").await;
    let wrong = street.words("[role=alert]").await;
    assert!(wrong.contains("没有吊销"), "{wrong}");
    assert_eq!(crate::reach::faults(&street, "revoke").await, Vec::<String>::new());
    crate::look::keep(&street, "operator-revoke-1440-light").await;
    street.click("input[value=ended]").await;
    street.type_in("#short", peer["short"].as_str().expect("a short id")).await;
    street.click("main form button.danger").await;
    until("the list names it", async || {
        street.path().await == "/operator/peers" && street.text().await.contains("不再参加")
    })
    .await;
    until("the other finds itself alone", async || {
        community.open("/operator/peers").await;
        !community.text().await.contains("已连接")
    })
    .await;

    // Who did it is told from the records.
    street.open("/operator/trust").await;
    let told = street.words("main").await;
    for done in ["发出邀请", "撤回邀请", "批准加入", "吊销证书", "不再参加", "节点管理员"]
    {
        assert!(told.contains(done), "{done}: {told}");
    }
    for (width, name) in [(1_440, "trust-acts-1440-light"), (375, "trust-acts-375-light")] {
        street.sized(width, 812).await;
        assert_eq!(crate::reach::faults(&street, name).await, Vec::<String>::new());
        crate::look::keep(&street, name).await;
    }
    street.close().await;
    community.close().await;
}
