//! An act on an outdated view is refused by the engine itself, in one step with carrying it out.

use engine::command::{Agent, Command, Receipt, Refused, Version, What};
use engine::view;
use governance::act::Act;
use governance::case::CaseId;
use hyper::header::{ETAG, IF_MATCH};
use hyper::{Method, StatusCode};
use serde_json::json;

use super::house::{BUILDING, House, Who};

/// What a peer's record does: it changes a case without passing the API.
async fn change(house: &House, id: CaseId) -> Result<Receipt, Refused> {
    let act: Act = serde_json::from_value(json!({ "act": "triage", "urgency": 1 })).unwrap();
    let (by, what) = (Agent::Staff(house.person("grid1")), What::Act { case: Some(id), act });
    house.handle.command(Command { by, once: None, what }).await
}

async fn change_if(house: &House, id: CaseId, expected: Vec<Version>) -> Result<Receipt, Refused> {
    let act: Act = serde_json::from_value(json!({ "act": "triage", "urgency": 2 })).unwrap();
    let (by, what) = (Agent::Staff(house.person("grid1")), What::ActIf { case: id, act, expected });
    house.handle.command(Command { by, once: None, what }).await
}

fn version(house: &House, id: CaseId) -> Version {
    Version::of(&view::case(house.handle.reader(), id).unwrap().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_comes_between_the_check_and_the_act() {
    let house = House::build().await;
    let (id, _) = house.reported(BUILDING[0]).await;
    let path = format!("/v1/cases/{id}");
    let tag = house.get(Who::Bearer("grid1"), &path).await.headers[ETAG].clone();
    let held = house.hold();
    // It waits in the queue, and so nobody who looks before it is done sees it.
    let slips_in = change(&house, id.parse().unwrap());
    let acts = format!("{path}/acts");
    let headers = [(IF_MATCH.as_str(), tag.to_str().unwrap())];
    let body = Some(json!({ "act": "triage", "urgency": 3 }));
    let call = house.call(Method::POST, &acts, Who::Bearer("grid1"), body, &headers);
    let release = async { drop(held) };
    let (slipped, answer, ()) = tokio::join!(biased; slips_in, call, release);
    slipped.unwrap();
    assert_eq!((answer.status, answer.code()), (StatusCode::PRECONDITION_FAILED, "changed".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn within_one_batch_the_second_finds_what_the_first_has_done() {
    let house = House::build().await;
    let (id, _) = house.reported(BUILDING[0]).await;
    let id: CaseId = id.parse().unwrap();
    let seen = version(&house, id);
    let held = house.hold();
    let release = async { drop(held) };
    let first = change_if(&house, id, vec![seen]);
    let second = change_if(&house, id, vec![seen]);
    let (first, second, ()) = tokio::join!(biased; first, second, release);
    first.unwrap();
    let Err(Refused::Stale { is }) = second else { panic!("{second:?}") };
    assert_eq!(is, version(&house, id), "what it is now is told");
    assert_eq!(is.steps, seen.steps + 1);
    change_if(&house, id, vec![seen, is]).await.unwrap();
    assert!(matches!(change_if(&house, id, Vec::new()).await, Err(Refused::Stale { .. })));
}
