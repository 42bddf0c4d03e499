//! People without an account: they see what they reported, and nothing else.

use engine::runtime::Handle;
use hyper::StatusCode;
use serde_json::{Value, json};

use super::house::{Answer, BUILDING, House, Who, report};
use crate::state::{Config, Quota, Rate};

async fn by_code(house: &House, code: &str, act: Value) -> Answer {
    house.post(Who::Nobody, &format!("/v1/reports/{code}/acts"), act).await
}

async fn follow(house: &House, code: &str) -> Value {
    house.get(Who::Nobody, &format!("/v1/reports/{code}")).await.json()
}

async fn act(house: &House, who: &str, id: &str, act: Value) {
    let answer = house.post(Who::Bearer(who), &format!("/v1/cases/{id}/acts"), act).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reporter_follows_verifies_and_reopens_by_code() {
    let house = House::build().await;
    let (id, code) = house.reported(BUILDING[0]).await;
    let seen = follow(&house, &code).await;
    assert_eq!((&seen["title"], &seen["may"]), (&json!("楼道堆物"), &json!(["withdraw"])));
    act(&house, "grid1", &id, json!({ "act": "settle_on_spot", "opinion": "已清理" })).await;
    let seen = follow(&house, &code.to_lowercase().replace('-', "%20")).await;
    assert_eq!(seen["may"], json!(["verify"]));
    assert_eq!(seen["steps"][1]["fields"]["opinion"], "已清理");
    let verified = by_code(&house, &code, json!({ "act": "verify", "solved": true })).await;
    assert_eq!(verified.status, StatusCode::OK, "{}", verified.text);
    act(&house, "grid1", &id, json!({ "act": "close" })).await;
    assert_eq!(follow(&house, &code).await["may"], json!(["reopen"]));
    let reopened = by_code(&house, &code, json!({ "act": "reopen", "reason": "又堆满了" })).await;
    assert_eq!(reopened.status, StatusCode::OK, "{}", reopened.text);
    let taken_back = json!({ "act": "withdraw", "reason": "邻居已经搬走了" });
    let taken_back = by_code(&house, &code, taken_back).await;
    assert_eq!(taken_back.status, StatusCode::OK, "{}", taken_back.text);
    assert_eq!(follow(&house, &code).await["stage"]["key"], "withdrawn");
}

#[tokio::test(flavor = "multi_thread")]
async fn words_between_offices_are_not_told() {
    let house = House::build().await;
    let (id, code) = house.reported(BUILDING[0]).await;
    act(&house, "grid1", &id, json!({ "act": "hand_up", "reason": "内部意见甲" })).await;
    act(&house, "dispatcher", &id, json!({ "act": "progress", "note": "内部意见乙" })).await;
    let seen = follow(&house, &code).await.to_string();
    assert!(!seen.contains("内部意见") && !seen.contains("纸箱"), "{seen}");
    assert!(seen.contains("hand_up"), "that it happened is told");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_opens_one_case_and_lets_nothing_else_be_done() {
    let house = House::build().await;
    let (id, code) = house.reported(BUILDING[0]).await;
    let (_, other) = house.reported(BUILDING[0]).await;
    assert_ne!(follow(&house, &code).await["number"], follow(&house, &other).await["number"]);
    for wrong in ["0000-0000-0000-0000", "x", &"0".repeat(2_000), "%00", &id] {
        let answer = house.get(Who::Nobody, &format!("/v1/reports/{wrong}")).await;
        assert_eq!(answer.code(), "not-found", "{wrong}");
    }
    for kind in ["accept", "take", "close", "accept_custody"] {
        let answer = by_code(&house, &code, json!({ "act": kind })).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (403, "role"), "{kind}");
    }
}

fn records(handle: &Handle) -> u64 {
    handle.status().log.map_or(0, |log| log.frontier.size())
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_reports_leave_a_bounded_number_of_cases() {
    let quota = Quota {
        reports: Rate { burst: 5, per_hour: 1 },
        reports_of_all: Rate { burst: 40, per_hour: 1 },
        codes: Rate { burst: 5, per_hour: 1 },
        ..Quota::default()
    };
    let house = House::with(Config { quota, ..Config::default() }).await;
    let before = records(&house.handle);
    let mut taken = 0;
    for number in 0..10_000_u32 {
        use axum::extract::{ConnectInfo, Request};
        let mut request = Request::post("/v1/reports")
            .header("content-type", "application/json")
            .body(report(BUILDING[0]).to_string().into())
            .unwrap();
        // A flood from a thousand addresses.
        let address = std::net::Ipv4Addr::from(0xc000_0200 + number % 1_000);
        request.extensions_mut().insert(ConnectInfo(std::net::SocketAddr::from((address, 9))));
        let answer = house.send(request).await;
        match answer.status {
            StatusCode::CREATED => taken += 1,
            _ => assert_eq!(answer.code(), "too-many"),
        }
    }
    assert_eq!(taken, 40);
    assert_eq!(records(&house.handle) - before, 40);
    let one = house.post(Who::Bearer("grid1"), "/v1/cases", report(BUILDING[0])).await;
    assert_eq!(one.status, StatusCode::CREATED, "staff are not held up");
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_codes_is_slowed_down() {
    let codes = Rate { burst: 5, per_hour: 1 };
    let quota = Quota { codes, ..Quota::default() };
    let house = House::with(Config { quota, ..Config::default() }).await;
    let mut statuses = Vec::new();
    for number in 0..8 {
        use axum::extract::{ConnectInfo, Request};
        let path = format!("/v1/reports/0000-0000-0000-000{number}");
        let mut request = Request::get(path).body(axum::body::Body::empty()).unwrap();
        let address = std::net::SocketAddr::from(([198, 51, 100, 7], 9));
        request.extensions_mut().insert(ConnectInfo(address));
        statuses.push(house.send(request).await.status.as_u16());
    }
    assert_eq!(statuses, [404, 404, 404, 404, 404, 429, 429, 429]);
}
