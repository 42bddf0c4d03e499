//! Acts signed by the person in a real browser (S18): the key is made there and never leaves it,
//! and what lies in the node's journal holds for anybody.

use std::path::PathBuf;

use ed25519_dalek::{Signature, VerifyingKey};
use governance::field;
use governance::hand::PersonSignature;
use record::{Disclosure, FederationId, Header, Unverified};
use serde_json::{Value, json};

use crate::driver::{Browser, DESK};
use crate::house::{House, PASSWORD};
use crate::until;

/// Who signed the last step of a case, as the node says.
async fn hand(house: &House, case: &str) -> Value {
    let timeline = house.dispatcher_now().get(&format!("/v1/cases/{case}/timeline")).await;
    let items = timeline["items"].as_array().expect("a page has items");
    items.last().expect("a step")["hand"].clone()
}

async fn steps(house: &House, case: &str) -> usize {
    let timeline = house.dispatcher_now().get(&format!("/v1/cases/{case}/timeline")).await;
    timeline["items"].as_array().expect("a page has items").len()
}

/// Notes how it goes, by the page.
async fn note(house: &House, browser: &Browser, case: &str, words: &str) {
    let before = steps(house, case).await;
    browser.open(&format!("/cases/{case}/acts/progress")).await;
    browser.type_in("#in-note", words).await;
    browser.click("form.act button.primary").await;
    until("it is done", async || steps(house, case).await > before).await;
}

async fn enrol(browser: &Browser) -> String {
    browser.open("/keys").await;
    until("a key can be made", async || {
        browser.script("return !document.querySelector('#enrol-key').hidden", vec![]).await == true
    })
    .await;
    crate::look::keep(browser, "keys-1440-light").await;
    browser.type_in("#label", "办公室电脑").await;
    browser.type_in("#password", PASSWORD).await;
    browser.click("#enrol-key button").await;
    until("this device has one", async || {
        let mark =
            "const mark = document.querySelector('[data-here]'); return !!mark && !mark.hidden";
        browser.script(mark, vec![]).await == true
    })
    .await;
    let key = browser.find("[data-key]").await.attr("data-key").await;
    key.expect("an attribute").expect("a key")
}

/// The last record of a case with a person's signature, out of the node's folder.
fn stored(folder: PathBuf) -> (Header, FederationId, PersonSignature, Vec<Disclosure>) {
    let mut frames = Vec::new();
    let report = node::verify::verify_each(&folder, &mut |_, frame| frames.push(frame.clone()));
    report.expect("the journal can be verified");
    let identity = node::identity::Identity::read(&node::folder::Folder::new(&folder));
    let federation = identity.expect("an identity").federation();
    let signed = |frame: &&engine::store::Frame| {
        frame.open.iter().any(|open| open.field == field::PERSON_SIGNED)
    };
    let frame = frames.iter().rfind(signed).expect("a signed act").clone();
    let record = Unverified::<Header>::parse(frame.envelope).expect("a record");
    let record = record.trust_stored(&federation);
    let fields = record::open(&record, &frame.open).expect("its fields");
    let signature = fields.get(field::PERSON_SIGNED).expect("readable").expect("there");
    ((*record).clone(), federation, signature, frame.open)
}

#[tokio::test(flavor = "multi_thread")]
async fn s18_an_act_is_signed_in_a_browser_and_the_stored_signature_holds_for_anybody() {
    let mut house = House::build().await;
    let (case, _) = house.reported("楼道灯坏了").await;
    let browser = house.signed_in(DESK, "dispatcher").await;
    browser.open(&format!("/cases/{case}")).await;
    browser.press("受理").await;
    until("it is taken on", async || steps(&house, &case).await == 2).await;
    assert_eq!(hand(&house, &case).await, json!({ "by": "node", "why": "no_key" }));
    let key = enrol(&browser).await;
    note(&house, &browser, &case, "已联系物业，明天修。").await;
    let told = hand(&house, &case).await;
    assert_eq!((&told["by"], &told["whole"]), (&json!("person"), &json!(true)), "{told}");
    assert_eq!(told["key"], json!(key));
    browser.open(&format!("/cases/{case}")).await;
    assert!(browser.text().await.contains("本人签名"));
    crate::look::keep(&browser, "case-signed-1440-light").await;
    browser.click("#timeline li:last-child a.seal").await;
    until("it is explained", async || browser.has("#hand").await).await;
    assert!(browser.words("#hand").await.contains("自己的密钥"));
    assert_eq!(crate::reach::faults(&browser, "proof").await, Vec::<String>::new());
    crate::look::keep(&browser, "proof-signed-1440-light").await;
    // What the key is never leaves the browser, not even to its own page.
    let secret = "return new Promise((done) => { const open = indexedDB.open('wangge-keys', 1);
        open.onsuccess = () => { const all = open.result.transaction('keys').objectStore('keys').getAll();
        all.onsuccess = () => done(crypto.subtle.exportKey('pkcs8', all.result[0].pair.privateKey)
            .then(() => 'out', (error) => error.name)); }; })";
    assert_eq!(browser.script(secret, vec![]).await, "InvalidAccessError");
    // Another browser of the same person has no key.
    let other = house.signed_in(DESK, "dispatcher").await;
    note(&house, &other, &case, "物业已到场。").await;
    assert_eq!(hand(&house, &case).await, json!({ "by": "node", "why": "no_key" }));
    other.open(&format!("/cases/{case}")).await;
    assert!(other.text().await.contains("仅节点签名"));
    other.close().await;
    browser.close().await;

    house.community.stop().await;
    let (header, federation, signature, open) =
        stored(house.folder().join("community").join("data"));
    let mut message = b"wangge person act v1\0".to_vec();
    message.extend(federation.as_bytes());
    message.extend(header.author.as_bytes());
    message.extend(header.actor.as_ref().expect("a person").id.as_bytes());
    message.extend(header.subject.as_bytes());
    message.extend(header.kind.0.to_be_bytes());
    message.extend(signature.base.as_bytes());
    message.extend(signature.time.millis().to_be_bytes());
    message.extend(signature.digest.iter());
    let bytes: [u8; 64] = signature.signature.as_slice().try_into().expect("64 bytes");
    let bytes = Signature::from_bytes(&bytes);
    let public = VerifyingKey::from_bytes(signature.key.as_bytes()).expect("a key");
    assert_eq!(signature.key.to_string(), key);
    public.verify_strict(&message, &bytes).expect("the browser's signature holds");
    for at in 0..message.len() {
        message[at] ^= 1;
        assert!(public.verify_strict(&message, &bytes).is_err(), "byte {at}");
        message[at] ^= 1;
    }
    let other = ed25519_dalek::SigningKey::from_bytes(&[7; 32]).verifying_key();
    assert!(other.verify_strict(&message, &bytes).is_err());
    // The words and their salt do not lie in clear beside it.
    assert!(open.iter().all(|open| ![field::NOTE, field::PERSON_SALT].contains(&open.field)));
}

#[tokio::test(flavor = "multi_thread")]
async fn s18_a_signature_that_can_not_be_prepared_sends_nothing_and_is_offered_again() {
    let house = House::build().await;
    let (case, _) = house.reported("楼道灯坏了").await;
    let browser = house.signed_in(DESK, "dispatcher").await;
    browser.open(&format!("/cases/{case}")).await;
    browser.press("受理").await;
    until("it is taken on", async || steps(&house, &case).await == 2).await;
    enrol(&browser).await;
    browser.open(&format!("/cases/{case}/acts/progress")).await;
    browser.type_in("#in-note", "先写的话").await;
    // The network is gone once; and something of an earlier attempt lies in the form.
    let once = "const real = window.fetch;
        window.fetch = () => { window.fetch = real; return Promise.reject(new TypeError('gone')); };
        for (const name of ['said', 'signed', 'unsigned']) {
            const old = Object.assign(document.createElement('input'), { type: 'hidden', name, value: '{\"act\":\"progress\",\"note\":\"旧的话\"}' });
            document.querySelector('form.act').append(old);
        }";
    browser.script(once, vec![]).await;
    browser.click("form.act button.primary").await;
    until("it is told", async || browser.has("form.act [data-told]").await).await;
    assert!(browser.words("form.act [data-told]").await.contains("没有提交"));
    assert_eq!(steps(&house, &case).await, 2, "nothing was sent");
    for name in ["said", "signed", "unsigned"] {
        assert!(!browser.has(&format!("form.act input[name={name}]")).await, "{name}");
    }
    assert_eq!(crate::reach::faults(&browser, "hand-failed").await, Vec::<String>::new());
    crate::look::keep(&browser, "act-not-signed-1440-light").await;
    browser.script("document.querySelector('#in-note').value = ''", vec![]).await;
    browser.type_in("#in-note", "后写的话").await;
    browser.click("form.act [data-told] button").await;
    until("it is done", async || steps(&house, &case).await == 3).await;
    let told = hand(&house, &case).await;
    assert_eq!((&told["by"], &told["whole"]), (&json!("person"), &json!(true)), "{told}");
    browser.open(&format!("/cases/{case}")).await;
    let text = browser.text().await;
    assert!(text.contains("后写的话") && !text.contains("先写的话") && !text.contains("旧的话"));
    browser.close().await;
}
