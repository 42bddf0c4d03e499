//! A reporter's telephone number is seen by those with the power over its ground, and appears in
//! nobody else's answer, in no problem and in no line of the log (S23).

use std::io::Write;
use std::sync::{Arc, Mutex};

use hyper::{Method, StatusCode};
use serde_json::{Value, json};
use tracing::subscriber;

use super::house::{BUILDING, CANARY, House, Who, report};
use crate::route::ROUTES;

#[tokio::test(flavor = "multi_thread")]
async fn only_the_power_over_its_ground_shows_a_number() {
    let house = House::build().await;
    let (id, code) = house.reported(BUILDING[0]).await;
    let case = house.get(Who::Bearer("grid1"), &format!("/v1/cases/{id}/timeline")).await;
    let record = case.json()["items"][0]["record"].as_str().unwrap().to_owned();
    let paths = [
        format!("/v1/cases/{id}"),
        format!("/v1/cases/{id}/timeline"),
        format!("/v1/cases/{id}/proof/{record}"),
    ];
    for who in ["grid1", "dispatcher"] {
        for path in &paths {
            let answer = house.get(Who::Bearer(who), path).await;
            assert!(answer.text.contains("138****8000"), "{who} {path}");
            assert!(!answer.text.contains(CANARY), "masked unless revealed: {who} {path}");
        }
    }
    let lists =
        ["/v1/cases", "/v1/people", "/v1/peers", "/v1/quarantine", "/v1/accounts", "/metrics"];
    let others = ["head", "grid2", "worker", "ops", "leaver"];
    for who in others {
        for path in paths.iter().map(String::as_str).chain(lists) {
            let answer = house.get(Who::Bearer(who), path).await;
            assert!(!answer.text.contains(CANARY), "{who} {path}");
            assert!(!answer.text.contains("contact_"), "left out, not blanked: {who} {path}");
        }
    }
    // Lists show no one's number, not even to those who may see it on the case.
    assert!(!house.get(Who::Bearer("grid1"), "/v1/cases").await.text.contains(CANARY));
    let followed = house.get(Who::Nobody, &format!("/v1/reports/{code}")).await;
    assert!(followed.status == StatusCode::OK && !followed.text.contains(CANARY));
}

#[tokio::test(flavor = "multi_thread")]
async fn colleagues_numbers_are_for_those_who_need_them() {
    let house = House::build().await;
    let path = format!("/v1/people/{}", house.person("worker"));
    for (who, sees) in
        [("grid1", true), ("ops", true), ("worker", true), ("head", false), ("grid2", true)]
    {
        let answer = house.get(Who::Bearer(who), &path).await;
        assert_eq!(answer.json()["phone"].is_string(), sees, "{who}");
        let own = who == "worker";
        assert_eq!(answer.text.contains("0559-worker"), own, "masked for others: {who}");
        let why = Some(json!({ "purpose": "contact" }));
        let clear = format!("{path}/reveal");
        let answer = house.call(Method::POST, &clear, Who::Bearer(who), why, &[]).await;
        assert_eq!(answer.text.contains("0559-worker"), sees, "revealed to {who}");
        let answer = house.get(Who::Bearer(who), &path).await;
        assert!(answer.text.contains("员工worker"), "names are for all staff");
    }
}

/// A place for log lines.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Bodies that carry the number where it does not belong.
fn misplaced() -> Vec<Value> {
    let mut wrong_channel = report(BUILDING[0]);
    wrong_channel["channel"] = CANARY.into();
    let mut wrong_category = report(BUILDING[0]);
    wrong_category["category"] = CANARY.into();
    vec![
        Value::from(CANARY),
        json!([CANARY]),
        json!({ CANARY: 1 }),
        json!({ "act": CANARY }),
        json!({ "act": "progress", "note": CANARY, CANARY: CANARY }),
        json!({ "account": CANARY, "password": CANARY }),
        json!({ "role": CANARY, "scope": CANARY }),
        json!({ "role": CANARY }),
        json!({ "name": CANARY, "level": CANARY, "area": CANARY }),
        json!({ "metric": CANARY }),
        json!({ "places": [{ "id": CANARY }] }),
        json!({ "label": CANARY, "days": CANARY }),
        json!({ "person": CANARY }),
        json!({ "current": CANARY, "new": "x" }),
        wrong_channel,
        wrong_category,
    ]
}

/// A single-threaded runtime and only requests that do not get as far as the engine's own thread
/// or a worker, so that every line is written under this test's subscriber.
#[test]
fn no_problem_and_no_line_of_the_log_repeats_what_was_sent() {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    subscriber::with_default(subscriber, || {
        // Other tests may have been asked first whether anybody listens, when nobody did.
        tracing::callsite::rebuild_interest_cache();
        runtime.block_on(misuse());
    });
    let log = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("route=\"/v1/reports/{code}\""), "the log has routes: {log}");
    assert!(!log.contains(CANARY), "{log}");
    assert!(!log.contains("吴秀英") && !log.contains("纸箱"));
}

async fn misuse() {
    let house = House::build().await;
    let (_, code) = house.reported(BUILDING[0]).await;
    house.get(Who::Nobody, &format!("/v1/reports/{code}")).await;
    for route in ROUTES.iter().filter(|route| route.id != "events") {
        let path = route.path.replace("{id}", CANARY).replace("{record}", CANARY);
        let path = path.replace("{code}", CANARY).replace("{name}", CANARY);
        let path = path.replace("{role}", CANARY).replace("{post}", CANARY);
        let misaddressed = format!("{path}?limit={CANARY}&{CANARY}={CANARY}");
        let answer = house.get(Who::Bearer("ops"), &misaddressed).await;
        assert!(!answer.text.contains(CANARY), "{}: {}", route.id, answer.text);
        for body in misplaced() {
            let body = (route.method != Method::GET).then_some(body);
            let headers = [("if-match", CANARY), ("accept-language", CANARY)];
            let method = route.method.clone();
            let answer = house.call(method, &path, Who::Bearer("ops"), body, &headers).await;
            let known = answer.status.is_success();
            assert!(known || !answer.text.contains(CANARY), "{}: {}", route.id, answer.text);
        }
    }
}
