//! Signing in and out (S16, S17).

use std::net::SocketAddr;
use std::time::Duration;

use axum::extract::ConnectInfo;
use axum::extract::Request;
use engine::command::What;
use engine::note::Account;
use engine::store::Table;
use hyper::header::{RETRY_AFTER, SET_COOKIE};
use hyper::{Method, StatusCode};
use serde_json::json;

use super::house::{Answer, House, PASSWORD, Who};

async fn sign_in(house: &House, account: &str, password: &str) -> Answer {
    let body = json!({ "account": account, "password": password });
    house.post(Who::Nobody, "/v1/sessions", body).await
}

fn cookie(answer: &Answer) -> String {
    let cookie = answer.headers[SET_COOKIE].to_str().unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

async fn me(house: &House, cookie: &str) -> Answer {
    house.call(Method::GET, "/v1/me", Who::Nobody, None, &[("cookie", cookie)]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_begins_is_used_and_ends() {
    let house = House::build().await;
    let begun = sign_in(&house, "grid1", PASSWORD).await;
    assert_eq!(begun.status, StatusCode::CREATED, "{}", begun.text);
    let session = cookie(&begun);
    let shown = me(&house, &session).await;
    assert_eq!(shown.json()["account"], "grid1");
    assert_eq!(shown.json()["powers"], json!(["personal"]));
    assert_eq!(shown.json()["csrf"], begun.json()["csrf"]);
    let csrf = begun.json()["csrf"].as_str().unwrap().to_owned();
    let headers = [("cookie", session.as_str()), ("x-wangge-csrf", csrf.as_str())];
    let path = "/v1/sessions/current";
    let ended = house.call(Method::DELETE, path, Who::Nobody, None, &headers).await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT);
    assert!(ended.headers[SET_COOKIE].to_str().unwrap().contains("Max-Age=0"));
    assert_eq!(me(&house, &session).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_login_has_a_new_secret_and_an_old_one_expires() {
    let house = House::build().await;
    let one = cookie(&sign_in(&house, "grid1", PASSWORD).await);
    let two = cookie(&sign_in(&house, "grid1", PASSWORD).await);
    assert_ne!(one, two);
    house.pass(Duration::from_secs(12 * 3_600));
    assert_eq!(me(&house, &two).await.status, StatusCode::UNAUTHORIZED);
}

/// What a stranger can learn from the answer to a wrong login.
fn told(answer: &Answer) -> (StatusCode, String, Vec<String>) {
    let names = answer.headers.keys().map(ToString::to_string).collect();
    (answer.status, answer.text.clone(), names)
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_disabled_and_wrong_look_the_same() {
    let house = House::build().await;
    let account = house.account("grid2");
    house.console(What::PutAccount(Account { enabled: false, ..account })).await;
    let wrong = told(&sign_in(&house, "grid1", "wrong password").await);
    assert_eq!(wrong.0, StatusCode::UNAUTHORIZED);
    assert_eq!(wrong, told(&sign_in(&house, "nobody", PASSWORD).await));
    assert_eq!(wrong, told(&sign_in(&house, "grid2", PASSWORD).await));
    assert_eq!(wrong, told(&sign_in(&house, "", "").await));
    assert_eq!(wrong, told(&sign_in(&house, &"x".repeat(10_000), &"x".repeat(10_000)).await));
}

#[tokio::test(flavor = "multi_thread")]
async fn tries_are_bounded_for_known_and_unknown_names_alike() {
    let house = House::build().await;
    let mut tried = Vec::new();
    for name in ["grid1", "nobody"] {
        let mut statuses = Vec::new();
        for _ in 0..6 {
            statuses.push(sign_in(&house, name, "wrong password").await.status);
        }
        let waiting = sign_in(&house, name, PASSWORD).await;
        assert_eq!(waiting.status, StatusCode::TOO_MANY_REQUESTS, "the right one waits, too");
        assert!(waiting.headers.contains_key(RETRY_AFTER));
        tried.push(statuses);
    }
    assert_eq!(tried[0], tried[1]);
    assert_eq!(sign_in(&house, "grid2", PASSWORD).await.status, StatusCode::CREATED);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_can_not_try_every_name() {
    let house = House::build().await;
    let mut statuses = Vec::new();
    for number in 0..12 {
        let body = json!({ "account": format!("name{number}"), "password": "wrong password" });
        let mut request = Request::post("/v1/sessions")
            .header("content-type", "application/json")
            .body(body.to_string().into())
            .unwrap();
        let address = SocketAddr::from(([203, 0, 113, 5], 1_000 + number));
        request.extensions_mut().insert(ConnectInfo(address));
        statuses.push(house.send(request).await.status);
    }
    assert!(statuses.contains(&StatusCode::TOO_MANY_REQUESTS), "{statuses:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_ends_every_other_session() {
    let house = House::build().await;
    let (other, own) = (
        cookie(&sign_in(&house, "worker", PASSWORD).await),
        sign_in(&house, "worker", PASSWORD).await,
    );
    let csrf = own.json()["csrf"].as_str().unwrap().to_owned();
    let own = cookie(&own);
    let headers = [("cookie", own.as_str()), ("x-wangge-csrf", csrf.as_str())];
    let change = |new: &str| json!({ "current": PASSWORD, "new": new });
    let path = "/v1/me/password";
    let minted = json!({ "label": "夜间导出", "days": 30 });
    let minted = house.call(Method::POST, "/v1/tokens", Who::Nobody, Some(minted), &headers).await;
    assert_eq!(minted.status, StatusCode::CREATED, "{}", minted.text);
    let short = Some(change("short"));
    let answer = house.call(Method::PUT, path, Who::Nobody, short, &headers).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (422, "field"));
    let new = Some(change("a new and longer one"));
    let answer = house.call(Method::PUT, path, Who::Nobody, new, &headers).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let told = answer.json();
    assert_eq!(told["sessions"], json!(1), "{told}");
    let labels = told["tokens"].as_array().unwrap();
    assert!(labels.contains(&json!("夜间导出")), "whoever runs it is told: {told}");
    let left = house.call(Method::GET, "/v1/tokens", Who::Nobody, None, &headers).await;
    assert_eq!(left.json()["items"], json!([]));
    assert_eq!(me(&house, &own).await.status, StatusCode::OK);
    assert_eq!(me(&house, &other).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(sign_in(&house, "worker", PASSWORD).await.status, StatusCode::UNAUTHORIZED);
    let again = sign_in(&house, "worker", "a new and longer one").await;
    assert_eq!(again.status, StatusCode::CREATED);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_account_and_a_dismissed_person_lose_what_they_had() {
    let house = House::build().await;
    let worker = cookie(&sign_in(&house, "worker", PASSWORD).await);
    let grid = cookie(&sign_in(&house, "grid1", PASSWORD).await);
    let person = house.person("worker").to_string();
    let body = Some(json!({ "person": person, "enabled": false }));
    let path = "/v1/accounts/worker";
    let answer = house.call(Method::PUT, path, Who::Bearer("ops"), body, &[]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert_eq!(me(&house, &worker).await.status, StatusCode::UNAUTHORIZED);
    let path = format!("/v1/people/{}/appointments/grid_worker", house.person("grid1"));
    let answer = house.call(Method::DELETE, &path, Who::Bearer("ops"), None, &[]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert_eq!(me(&house, &grid).await.json()["powers"], json!([]));
    let listed =
        house.call(Method::GET, "/v1/cases", Who::Nobody, None, &[("cookie", &grid)]).await;
    assert_eq!(listed.code(), "no-standing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_programs_token_is_listed_used_and_ended_by_its_owner_alone() {
    let house = House::build().await;
    let new = json!({ "label": "夜间导出", "days": 30 });
    let minted = house.post(Who::Bearer("grid1"), "/v1/tokens", new).await;
    let (id, token) = (minted.json()["id"].clone(), minted.json()["token"].clone());
    let bearer = format!("Bearer {}", token.as_str().unwrap());
    let use_it = || async {
        let headers = [("authorization", bearer.as_str())];
        house.call(Method::GET, "/v1/me", Who::Nobody, None, &headers).await.status
    };
    assert_eq!(use_it().await, StatusCode::OK);
    let listed = house.get(Who::Bearer("grid1"), "/v1/tokens").await;
    assert!(listed.text.contains(id.as_str().unwrap()));
    assert!(!listed.text.contains(token.as_str().unwrap()));
    let path = format!("/v1/tokens/{}", id.as_str().unwrap());
    let foreign = house.call(Method::DELETE, &path, Who::Bearer("grid2"), None, &[]).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
    let own = house.call(Method::DELETE, &path, Who::Bearer("grid1"), None, &[]).await;
    assert_eq!(own.status, StatusCode::NO_CONTENT);
    assert_eq!(use_it().await, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn expired_tokens_do_not_pile_up() {
    let house = House::build().await;
    for _ in 0..40 {
        house.secret("grid1", true).await;
    }
    house.pass(Duration::from_secs(2 * 3_600));
    let count = || house.handle.reader().scan(Table::Token, &[], None, 1_000).unwrap().len();
    let before = count();
    for _ in 0..10 {
        sign_in(&house, "grid1", PASSWORD).await;
    }
    assert!(count() < before, "{} of {before}", count());
}
