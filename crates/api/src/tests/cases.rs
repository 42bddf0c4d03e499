//! Cases: lists, versions, timelines, proofs.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::Request;
use engine::command::{Agent, Command, What};
use governance::act::{Act, Report};
use hyper::header::{ETAG, LOCATION};
use hyper::{Method, StatusCode};
use record::tree::{leaf_hash, verify_inclusion};
use record::{Hash, Header, RecordId, Unverified};
use serde_json::{Value, json};
use tokio::sync::Barrier;

use super::house::{BUILDING, House, Who, report};
use crate::hex;

async fn act(house: &House, who: &str, id: &str, act: Value) -> Value {
    let answer = house.post(Who::Bearer(who), &format!("/v1/cases/{id}/acts"), act).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer.json()
}

async fn all(house: &House, who: &str, query: &str) -> Vec<String> {
    let mut ids = Vec::new();
    let mut after = String::new();
    loop {
        let path = format!("/v1/cases?{query}{after}");
        let page = house.get(Who::Bearer(who), &path).await.json();
        let items = page["items"].as_array().unwrap().iter();
        ids.extend(items.map(|item| item["id"].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return ids,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn paging_shows_every_visible_case_once_newest_first() {
    let house = House::build().await;
    let mut reported = Vec::new();
    for number in 0..23 {
        house.pass(std::time::Duration::from_secs(1));
        reported.push(house.reported(BUILDING[number % 2]).await.0);
    }
    reported.reverse();
    for size in [1, 2, 7, 23, 200] {
        assert_eq!(all(&house, "worker", &format!("limit={size}")).await, reported, "{size}");
    }
    let of_grid: Vec<String> = reported.iter().step_by(2).cloned().collect();
    assert_eq!(all(&house, "grid1", "limit=3").await, of_grid);
    let other: BTreeSet<String> = all(&house, "grid2", "limit=5").await.into_iter().collect();
    assert!(other.is_disjoint(&of_grid.into_iter().collect()));
}

/// Many cases in a building, as fast as the engine takes them.
pub(super) async fn many(house: &House, building: u8, count: usize) {
    let report: Report = serde_json::from_value(report(building)).unwrap();
    let worker = Agent::Staff(house.person("dispatcher"));
    for start in (0..count).step_by(1_000) {
        let reports = (start..count.min(start + 1_000)).map(|_| {
            let act = Act::Report(Box::new(report.clone()));
            let what = What::Act { case: None, act };
            house.handle.command(Command { by: worker.clone(), once: None, what })
        });
        for outcome in futures::future::join_all(reports).await {
            outcome.unwrap();
        }
    }
}

/// Whoever sees few of many cases gets short pages, each after a bounded search, and misses none.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_looks_at_a_bounded_number_of_cases() {
    let house = House::build().await;
    let (first, _) = house.reported(BUILDING[0]).await;
    // Of one moment, cases are ordered by their ids.
    house.pass(std::time::Duration::from_secs(1));
    many(&house, BUILDING[1], 4_100).await;
    house.pass(std::time::Duration::from_secs(1));
    let (last, _) = house.reported(BUILDING[0]).await;
    let page = house.get(Who::Bearer("grid1"), "/v1/cases").await.json();
    assert_eq!(page["items"].as_array().unwrap().len(), 1, "the newest");
    assert!(page["next"].is_string(), "it has not looked at all of them");
    assert_eq!(all(&house, "grid1", "limit=50").await, [last, first]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_narrowed_by_every_condition_at_once() {
    let house = House::build().await;
    let (one, _) = house.reported(BUILDING[0]).await;
    let (two, _) = house.reported(BUILDING[0]).await;
    act(&house, "grid1", &one, json!({ "act": "accept" })).await;
    let person = house.person("worker").to_string();
    let none: Vec<String> = Vec::new();
    for (query, found) in [
        ("phase=intake", vec![two.clone()]),
        ("phase=accepted&stage=accepted", vec![one.clone()]),
        ("phase=accepted&stage=reported", none.clone()),
        ("open=true", vec![two.clone(), one.clone()]),
        ("offered=true", none.clone()),
        (&format!("assignee={person}"), none),
    ] {
        let sorted = |ids: Vec<String>| ids.into_iter().collect::<BTreeSet<_>>();
        assert_eq!(sorted(all(&house, "dispatcher", query).await), sorted(found), "{query}");
    }
    for wrong in ["limit=0", "limit=201", "limit=x", "after=zz", "after=01", "phase=x", "foo=1"] {
        let answer = house.get(Who::Bearer("grid1"), &format!("/v1/cases?{wrong}")).await;
        assert_eq!(answer.code(), "parameter", "{wrong}");
    }
    let page = house.get(Who::Bearer("grid1"), "/v1/cases?limit=1").await.json();
    let of_other_list = format!("/v1/cases?open=true&after={}", page["next"].as_str().unwrap());
    assert_eq!(house.get(Who::Bearer("grid1"), &of_other_list).await.code(), "parameter");
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_open_a_case_and_find_it_where_they_are_told() {
    let house = House::build().await;
    let taken = house.post(Who::Bearer("head"), "/v1/cases", report(BUILDING[0])).await;
    assert_eq!(taken.status, StatusCode::CREATED);
    assert!(taken.json()["code"].is_null(), "staff need no code");
    assert!(taken.json()["due"].is_string());
    let path = taken.headers[LOCATION].to_str().unwrap().to_owned();
    let case = house.get(Who::Bearer("grid1"), &path).await.json();
    assert_eq!(case["number"], taken.json()["number"]);
    assert_eq!(case["title"], "楼道堆物");
    assert_eq!(case["fields"]["point"], json!([118.415, 29.861]));
    assert_eq!(case["clock"]["state"], "running");
    assert_eq!(case["timeline"][0]["actor"]["name"], "员工head");
    assert_eq!(case["custody"]["here"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_read_before_is_not_sent_again_until_it_changes() {
    let house = House::build().await;
    let (id, _) = house.reported(BUILDING[0]).await;
    let path = format!("/v1/cases/{id}");
    let read = |tag: String| {
        let (house, path) = (&house, &path);
        async move {
            let headers = [("if-none-match", tag.as_str())];
            house.call(Method::GET, path, Who::Bearer("grid1"), None, &headers).await
        }
    };
    let first = house.get(Who::Bearer("grid1"), &path).await;
    let tag = first.headers[ETAG].to_str().unwrap().to_owned();
    let again = read(tag.clone()).await;
    assert_eq!((again.status, again.text.as_str()), (StatusCode::NOT_MODIFIED, ""));
    assert_eq!(read(format!("\"x\", {tag}")).await.status, StatusCode::NOT_MODIFIED);
    house.pass(std::time::Duration::from_secs(16 * 60));
    let late = read(tag.clone()).await;
    assert_eq!(late.json()["clock"]["state"], "overdue", "the clock ran out meanwhile");
    act(&house, "grid1", &id, json!({ "act": "accept" })).await;
    assert_eq!(read(tag).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_act_on_an_outdated_view_is_refused() {
    let house = House::build().await;
    let (id, _) = house.reported(BUILDING[0]).await;
    let path = format!("/v1/cases/{id}");
    let acts = format!("{path}/acts");
    let first = house.get(Who::Bearer("grid1"), &path).await;
    let tag = first.headers[ETAG].to_str().unwrap().to_owned();
    let body = || Some(json!({ "act": "triage", "urgency": 1 }));
    let with = |tag: String| {
        let (house, acts) = (&house, &acts);
        async move {
            let headers = [("if-match", tag.as_str())];
            house.call(Method::POST, acts, Who::Bearer("grid1"), body(), &headers).await
        }
    };
    house.pass(std::time::Duration::from_secs(16 * 60));
    let late = with(tag.clone()).await;
    assert_eq!(late.status, StatusCode::OK, "time alone makes nothing stale");
    let stale = with(tag).await;
    assert_eq!((stale.status.as_u16(), stale.code().as_str()), (412, "changed"));
    assert_eq!(with("\"nonsense\"".into()).await.status, StatusCode::PRECONDITION_FAILED);
    assert_eq!(with("*".into()).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_conditional_acts_on_one_view_one_succeeds() {
    let house = Arc::new(House::build().await);
    let (id, _) = house.reported(BUILDING[0]).await;
    let first = house.get(Who::Bearer("grid1"), &format!("/v1/cases/{id}")).await;
    let tag = first.headers[ETAG].to_str().unwrap().to_owned();
    let mut requests = Vec::new();
    for _ in 0..16 {
        let secret = house.secret("grid1", false).await;
        let request = Request::post(format!("/v1/cases/{id}/acts"))
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {}", secret.text()))
            .header("if-match", &tag)
            .body(json!({ "act": "triage", "urgency": 1 }).to_string().into())
            .unwrap();
        requests.push(request);
    }
    // All at once: without a turn of its own each would find the case as it was.
    let start = Arc::new(Barrier::new(requests.len()));
    let tries = requests.into_iter().map(|request| {
        let (house, start) = (house.clone(), start.clone());
        tokio::spawn(async move {
            start.wait().await;
            house.send(request).await.status
        })
    });
    let statuses = futures::future::join_all(tries).await;
    let done = statuses.iter().filter(|status| matches!(status, Ok(StatusCode::OK))).count();
    assert_eq!(done, 1, "{statuses:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_rules_refuse_is_named_by_its_reason() {
    let house = House::build().await;
    let (id, _) = house.reported(BUILDING[0]).await;
    let refused = |act: Value| {
        let (house, path) = (&house, format!("/v1/cases/{id}/acts"));
        async move { house.post(Who::Bearer("grid1"), &path, act).await }
    };
    for (act, status, code) in [
        (json!({ "act": "close" }), 409, "stage"),
        (json!({ "act": "dispatch", "assignee": "00".repeat(16) }), 409, "stage"),
        (json!({ "act": "accept_custody" }), 409, "no-offer"),
        (json!({ "act": "report_in" }), 409, "not-called"),
        (json!({ "act": "triage", "category": "x" }), 422, "unknown-category"),
        (json!({ "act": "triage", "urgency": 9 }), 422, "field"),
        (json!({ "act": "settle_on_spot", "opinion": " " }), 422, "field"),
        (report_act(), 409, "opened-already"),
    ] {
        let answer = refused(act.clone()).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code), "{act}");
    }
    let chinese = refused(json!({ "act": "close" })).await.json();
    let headers = [("accept-language", "en")];
    let path = format!("/v1/cases/{id}/acts");
    let body = Some(json!({ "act": "close" }));
    let english = house.call(Method::POST, &path, Who::Bearer("grid1"), body, &headers).await;
    assert_eq!(chinese["title"], chinese["title_zh"]);
    assert_eq!(english.json()["title"], chinese["title_en"]);
    assert_ne!(english.json()["detail"], chinese["detail"]);
}

fn report_act() -> Value {
    let mut body = report(BUILDING[0]);
    body["act"] = "report".into();
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn every_step_is_proven_by_its_envelope_and_its_place_in_the_log() {
    let house = House::build().await;
    let (id, _) = house.reported(BUILDING[0]).await;
    act(&house, "grid1", &id, json!({ "act": "settle_on_spot", "opinion": "已清理" })).await;
    house.reported(BUILDING[1]).await;
    let setup = house.handle.setup();
    let timeline = house.get(Who::Bearer("grid1"), &format!("/v1/cases/{id}/timeline")).await;
    let steps = timeline.json()["items"].as_array().unwrap().clone();
    assert_eq!(steps.len(), 2);
    assert_eq!(steps[1]["fields"]["opinion"], "已清理");
    for step in steps {
        assert_eq!(step["seal"]["state"], "verified");
        let path = format!("/v1/cases/{id}/proof/{}", step["record"].as_str().unwrap());
        let proof = house.get(Who::Bearer("grid1"), &path).await.json();
        let bytes = hex::decode(proof["envelope"].as_str().unwrap()).unwrap();
        let record = Unverified::<Header>::parse(bytes).unwrap();
        let record = record.verify(&setup.federation, &setup.standing.key()).unwrap();
        let shown: RecordId = proof["record"].as_str().unwrap().parse().unwrap();
        assert_eq!(record.id(), shown);
        let inclusion = &proof["inclusion"];
        let siblings = inclusion["path"].as_array().unwrap().iter();
        let siblings: Vec<Hash> =
            siblings.map(|hash| hash.as_str().unwrap().parse().unwrap()).collect();
        let number = |key: &str| inclusion[key].as_u64().unwrap();
        let root: Hash = inclusion["root"].as_str().unwrap().parse().unwrap();
        let leaf = leaf_hash(record.id().as_bytes());
        verify_inclusion(&leaf, number("index"), number("tree_size"), &siblings, &root).unwrap();
    }
}
