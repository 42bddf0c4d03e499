//! The second factor: who has to have one can do nothing before (S18), a code counts once, and
//! guessing is bounded (S17).

use std::time::Duration;

use data_encoding::BASE32_NOPAD;
use engine::factor;
use hyper::header::SET_COOKIE;
use hyper::{Method, StatusCode};
use serde_json::{Value, json};

use super::house::{Answer, House, PASSWORD, Who, generous};
use crate::state::Config;

async fn house() -> House {
    House::with(Config { quota: generous(), second_factor: true, ..Config::default() }).await
}

async fn sign_in(house: &House, account: &str, code: Option<&str>) -> Answer {
    let mut body = json!({ "account": account, "password": PASSWORD });
    if let Some(code) = code {
        body["code"] = code.into();
    }
    house.post(Who::Nobody, "/v1/sessions", body).await
}

/// A browser that is signed in.
struct Browser<'h> {
    house: &'h House,
    cookie: String,
    csrf: String,
}

impl<'h> Browser<'h> {
    fn of(house: &'h House, begun: &Answer) -> Self {
        assert_eq!(begun.status, StatusCode::CREATED, "{}", begun.text);
        let cookie = begun.headers[SET_COOKIE].to_str().unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let csrf = begun.json()["csrf"].as_str().unwrap().to_owned();
        Self { house, cookie, csrf }
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let headers = [("cookie", self.cookie.as_str()), ("x-wangge-csrf", self.csrf.as_str())];
        self.house.call(method, path, Who::Nobody, body, &headers).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    /// Takes a new secret and gives it back with its code, or another.
    async fn enrol(&self, code: Option<&str>, current: Option<&str>) -> (Vec<u8>, Answer) {
        let offer = self.call(Method::POST, "/v1/me/factor/offer", None).await.json();
        let text = offer["secret"].as_str().unwrap().to_owned();
        assert!(offer["uri"].as_str().unwrap().contains(&format!("secret={text}")));
        let secret = BASE32_NOPAD.decode(text.as_bytes()).unwrap();
        let code = code.map_or_else(|| now(self.house, &secret), str::to_owned);
        let mut body = json!({ "secret": text, "code": code, "password": PASSWORD });
        if let Some(current) = current {
            body["current"] = current.into();
        }
        (secret, self.call(Method::PUT, "/v1/me/factor", Some(body)).await)
    }
}

fn now(house: &House, secret: &[u8]) -> String {
    factor::now_showing(secret, house.handle.now())
}

const STEP: Duration = Duration::from_secs(factor::PERIOD);

#[tokio::test(flavor = "multi_thread")]
async fn s18_an_officer_without_a_second_factor_can_set_one_up_and_nothing_else() {
    let house = house().await;
    let ops = Browser::of(&house, &sign_in(&house, "ops", None).await);
    let me = ops.get("/v1/me").await.json();
    assert_eq!(me["factor"], json!({ "needed": true, "enrolled": false, "recovery": 0 }));
    for (method, path, body) in [
        (Method::GET, "/v1/accounts", None),
        (Method::GET, "/v1/sessions", None),
        (Method::POST, "/v1/tokens", Some(json!({ "label": "x", "days": 1 }))),
        (Method::PUT, "/v1/me/password", Some(json!({ "current": PASSWORD, "new": "x" }))),
    ] {
        let answer = ops.call(method, path, body).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (403, "factor-needed"));
    }
    let grid = Browser::of(&house, &sign_in(&house, "grid1", None).await);
    assert_eq!(grid.get("/v1/cases").await.status, StatusCode::OK, "policy does not name them");
    let (_, wrong) = ops.enrol(Some("000000"), None).await;
    assert_eq!((wrong.status.as_u16(), wrong.code().as_str()), (401, "wrong-code"));
    assert_eq!(ops.get("/v1/accounts").await.code(), "factor-needed");
    let (_, done) = ops.enrol(None, None).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    assert_eq!(done.json()["recovery"].as_array().unwrap().len(), factor::RECOVERY);
    assert_eq!(ops.get("/v1/accounts").await.status, StatusCode::OK, "the same session");
    let me = ops.get("/v1/me").await.json();
    assert_eq!((&me["factor"]["needed"], &me["factor"]["recovery"]), (&json!(false), &json!(10)));
}

#[tokio::test(flavor = "multi_thread")]
async fn s17_a_code_is_asked_for_counts_once_and_guessing_is_bounded() {
    let house = house().await;
    let grid = Browser::of(&house, &sign_in(&house, "grid1", None).await);
    let other = Browser::of(&house, &sign_in(&house, "grid1", None).await);
    let (secret, done) = grid.enrol(None, None).await;
    let recovery = done.json()["recovery"][0].as_str().unwrap().to_owned();
    assert_eq!(other.get("/v1/me").await.status, StatusCode::UNAUTHORIZED, "others end");
    for _ in 0..20 {
        let asked = sign_in(&house, "grid1", None).await;
        assert_eq!((asked.status.as_u16(), asked.code().as_str()), (401, "code-needed"));
    }
    let first = now(&house, &secret);
    assert_eq!(sign_in(&house, "grid1", Some(&first)).await.code(), "wrong-code", "it enrolled");
    house.pass(STEP);
    let code = now(&house, &secret);
    assert_eq!(sign_in(&house, "grid1", Some(&code)).await.status, StatusCode::CREATED);
    assert_eq!(sign_in(&house, "grid1", Some(&code)).await.code(), "wrong-code", "once");
    let house = house.restarted().await;
    assert_eq!(sign_in(&house, "grid1", Some(&code)).await.code(), "wrong-code", "once for good");
    assert_eq!(sign_in(&house, "grid1", Some(&recovery)).await.status, StatusCode::CREATED);
    assert_eq!(sign_in(&house, "grid1", Some(&recovery)).await.code(), "wrong-code", "used up");
    let mut statuses = Vec::new();
    for _ in 0..8 {
        statuses.push(sign_in(&house, "grid1", Some("000000")).await.status);
    }
    assert!(statuses.contains(&StatusCode::TOO_MANY_REQUESTS), "{statuses:?}");
    house.pass(STEP);
    let right = sign_in(&house, "grid1", Some(&now(&house, &secret))).await;
    assert_eq!(right.status, StatusCode::TOO_MANY_REQUESTS, "the right one waits, too");
}

/// Whoever does not know the password makes nobody wait by trying codes.
#[tokio::test(flavor = "multi_thread")]
async fn s17_codes_without_the_password_are_not_looked_at() {
    let house = house().await;
    let grid = Browser::of(&house, &sign_in(&house, "grid1", None).await);
    grid.enrol(None, None).await;
    for _ in 0..5 {
        let body = json!({ "account": "grid1", "password": "not the password", "code": "000000" });
        let refused = house.post(Who::Nobody, "/v1/sessions", body).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{}", refused.text);
    }
    let tried = |name: &str| house.state.backoff.try_code(name, std::time::Instant::now());
    for _ in 0..5 {
        assert!(tried("grid1").is_ok(), "as if nobody had tried");
    }
    assert!(tried("grid1").is_err(), "five are too many");
}

/// Whoever tries codes does not get a fresh start by asking without one.
#[tokio::test(flavor = "multi_thread")]
async fn s17_a_right_password_alone_forgives_no_wrong_code() {
    let house = house().await;
    let grid = Browser::of(&house, &sign_in(&house, "grid1", None).await);
    grid.enrol(None, None).await;
    let mut tries = 0;
    loop {
        sign_in(&house, "grid1", None).await;
        let answer = sign_in(&house, "grid1", Some("000000")).await;
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            break;
        }
        tries += 1;
        assert!(tries < 10);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s17_another_factor_takes_a_code_of_the_one_there_is() {
    let house = house().await;
    let grid = Browser::of(&house, &sign_in(&house, "grid1", None).await);
    let (secret, _) = grid.enrol(None, None).await;
    house.pass(STEP);
    assert_eq!(grid.enrol(None, None).await.1.code(), "code-needed");
    let current = now(&house, &secret);
    let (next, done) = grid.enrol(None, Some(&current)).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    house.pass(STEP);
    let old = sign_in(&house, "grid1", Some(&now(&house, &secret))).await;
    assert_eq!(old.code(), "wrong-code");
    let new = sign_in(&house, "grid1", Some(&now(&house, &next))).await;
    assert_eq!(new.status, StatusCode::CREATED);
}

#[tokio::test(flavor = "multi_thread")]
async fn s17_a_change_that_is_refused_uses_no_code_up() {
    let house = house().await;
    let grid = Browser::of(&house, &sign_in(&house, "grid1", None).await);
    let (secret, done) = grid.enrol(None, None).await;
    let recovery = done.json()["recovery"][0].as_str().unwrap().to_owned();
    house.pass(STEP);
    let current = now(&house, &secret);
    for shown in [&current, &recovery] {
        let (_, refused) = grid.enrol(Some("000000"), Some(shown)).await;
        assert_eq!(refused.code(), "wrong-code", "the new one does not fit");
    }
    let with_code = sign_in(&house, "grid1", Some(&current)).await;
    assert_eq!(with_code.status, StatusCode::CREATED, "{}", with_code.text);
    assert_eq!(sign_in(&house, "grid1", Some(&current)).await.code(), "wrong-code", "once");
    let with_recovery = sign_in(&house, "grid1", Some(&recovery)).await;
    assert_eq!(with_recovery.status, StatusCode::CREATED, "{}", with_recovery.text);
    assert_eq!(sign_in(&house, "grid1", Some(&recovery)).await.code(), "wrong-code", "once");
}

#[tokio::test(flavor = "multi_thread")]
async fn s18_a_lost_factor_is_taken_away_by_another_officer_on_record() {
    let house = house().await;
    let grid = Browser::of(&house, &sign_in(&house, "grid1", None).await);
    let (secret, _) = grid.enrol(None, None).await;
    let ops = Browser::of(&house, &sign_in(&house, "ops", None).await);
    ops.enrol(None, None).await;
    let reset = |name: &str| format!("/v1/accounts/{name}/factor");
    let own = ops.call(Method::DELETE, &reset("ops"), None).await;
    assert_eq!((own.status.as_u16(), own.code().as_str()), (422, "field"), "not one's own");
    let log = |house: &House| house.store.frames().len();
    let before = log(&house);
    let done = ops.call(Method::DELETE, &reset("grid1"), None).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    assert!(done.json()["record"].is_string() && log(&house) > before);
    assert_eq!(grid.get("/v1/me").await.status, StatusCode::UNAUTHORIZED, "sessions end");
    let again = ops.call(Method::DELETE, &reset("grid1"), None).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
    assert_eq!(sign_in(&house, "grid1", None).await.status, StatusCode::CREATED);
    assert!(!holds(&house, &secret));
}

/// Whether bytes lie in a row of the index, which is not encrypted.
fn holds(house: &House, bytes: &[u8]) -> bool {
    let has = |row: &[u8]| row.windows(bytes.len()).any(|window| window == bytes);
    house.store.rows().iter().any(|(_, key, value)| has(key) || has(value))
}

#[tokio::test(flavor = "multi_thread")]
async fn s23_neither_secret_nor_recovery_codes_lie_in_the_index() {
    let house = house().await;
    let grid = Browser::of(&house, &sign_in(&house, "grid1", None).await);
    let (secret, done) = grid.enrol(None, None).await;
    assert!(!holds(&house, &secret), "the secret is in its frame, encrypted");
    for code in done.json()["recovery"].as_array().unwrap() {
        let code = code.as_str().unwrap().replace('-', "");
        assert!(!holds(&house, code.as_bytes()));
        assert!(holds(&house, &factor::recovery_hash("grid1", &code)), "its hash is");
    }
}
