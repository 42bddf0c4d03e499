//! The same request twice is done once.

use hyper::{Method, StatusCode};
use serde_json::{Value, json};

use super::house::{Answer, BUILDING, House, Who, place, report};

const KEY: &str = "0b8e6a52-5f0c-4f5e-9a3d-6a1f2b7c8d9e";

async fn with_key(house: &House, who: Who<'_>, path: &str, body: Value, key: &str) -> Answer {
    let headers = [("idempotency-key", key)];
    house.call(Method::POST, path, who, Some(body), &headers).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_report_gives_the_same_receipt_and_opens_one_case() {
    let house = House::build().await;
    let send = || with_key(&house, Who::Nobody, "/v1/reports", report(BUILDING[0]), KEY);
    let (first, second) = (send().await, send().await);
    assert_eq!(first.status, StatusCode::CREATED);
    assert_eq!(first.text, second.text);
    let cases = house.get(Who::Bearer("worker"), "/v1/cases").await.json();
    assert_eq!(cases["items"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_for_one_request_of_one_person() {
    let house = House::build().await;
    let send = |who, number| with_key(&house, who, "/v1/cases", report(number), KEY);
    let first = send(Who::Bearer("grid1"), BUILDING[0]).await;
    assert_eq!(first.status, StatusCode::CREATED);
    let other_body = send(Who::Bearer("worker"), BUILDING[1]).await;
    assert_eq!(other_body.status, StatusCode::CREATED, "another's key is another key");
    let reused = send(Who::Bearer("worker"), BUILDING[0]).await;
    assert_eq!((reused.status.as_u16(), reused.code().as_str()), (422, "key-reused"));
    let id = first.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/cases/{id}/acts");
    let take = json!({ "act": "accept" });
    let other_path = with_key(&house, Who::Bearer("grid1"), &path, take.clone(), KEY).await;
    assert_eq!(other_path.code(), "key-reused");
    // The same body on two cases is not the same request.
    let (second, _) = house.reported(BUILDING[0]).await;
    let key = "another-key";
    let on_first = with_key(&house, Who::Bearer("grid1"), &path, take.clone(), key).await;
    assert_eq!(on_first.status, StatusCode::OK, "{}", on_first.text);
    let path = format!("/v1/cases/{second}/acts");
    let on_second = with_key(&house, Who::Bearer("grid1"), &path, take, key).await;
    assert_eq!(on_second.code(), "key-reused");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_act_gives_its_receipt_though_the_case_has_moved_on() {
    let house = House::build().await;
    let (id, _) = house.reported(BUILDING[0]).await;
    let case = house.get(Who::Bearer("grid1"), &format!("/v1/cases/{id}")).await;
    let tag = case.headers["etag"].to_str().unwrap().to_owned();
    let path = format!("/v1/cases/{id}/acts");
    let send = || {
        let headers = [("idempotency-key", KEY), ("if-match", tag.as_str())];
        let body = Some(json!({ "act": "accept" }));
        let (house, path) = (&house, &path);
        async move { house.call(Method::POST, path, Who::Bearer("grid1"), body, &headers).await }
    };
    let first = send().await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.text);
    let moved = house.post(Who::Bearer("grid1"), &path, json!({ "act": "triage" })).await;
    assert_eq!(moved.status, StatusCode::OK);
    let second = send().await;
    assert_eq!(second.status, StatusCode::OK, "{}", second.text);
    assert_eq!(first.text, second.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_resource_that_promises_it_keeps_it() {
    let house = House::build().await;
    let person = house.person("leaver");
    let building = |name: &str| {
        json!({ "places": [{
            "id": "ab".repeat(16), "level": "building", "name": name,
            "parent": place(2).to_string(), "valid_from": "2026-06-02T03:00:00Z",
        }] })
    };
    let invite = |name: &str| json!({ "name": name, "level": "community", "area": "341021100001", "member": true });
    let appointments = format!("/v1/people/{person}/appointments");
    for (number, (path, body, other)) in [
        ("/v1/people", json!({ "name": "新人" }), json!({ "name": "别人" })),
        (&appointments, json!({ "role": "grid_worker" }), json!({ "role": "grid_leader" })),
        ("/v1/places", building("新楼"), building("别的楼")),
        ("/v1/tokens", json!({ "label": "a", "days": 3 }), json!({ "label": "b", "days": 3 })),
        ("/v1/invitations", invite("某单位"), invite("别的单位")),
    ]
    .into_iter()
    .enumerate()
    {
        let key = format!("{KEY}-{number}");
        let first = with_key(&house, Who::Bearer("ops"), path, body.clone(), &key).await;
        assert_eq!(first.status, StatusCode::CREATED, "{path}: {}", first.text);
        let second = with_key(&house, Who::Bearer("ops"), path, body.clone(), &key).await;
        assert_eq!(first.text, second.text, "{path}");
        let reused = with_key(&house, Who::Bearer("ops"), path, other, &key).await;
        assert_eq!(reused.code(), "key-reused", "{path}: {}", reused.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_has_to_be_one() {
    let house = House::build().await;
    let long = "x".repeat(129);
    for key in ["", &long, "短"] {
        let answer =
            with_key(&house, Who::Bearer("grid1"), "/v1/cases", report(BUILDING[0]), key).await;
        assert_eq!(answer.code(), "parameter", "{key:?}");
    }
    let guessable = with_key(&house, Who::Nobody, "/v1/reports", report(BUILDING[0]), "1").await;
    assert_eq!(guessable.code(), "parameter", "others may choose it, too");
}
