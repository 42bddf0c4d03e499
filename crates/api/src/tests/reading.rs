//! Reading is on record, masked unless revealed, and the reporter is told of it (S18, S23).

use std::time::Duration;

use engine::store::FrameKind;
use hyper::{Method, StatusCode};
use serde_json::{Value, json};

use super::house::{BUILDING, CANARY, House, Who};

const OPS: Who<'static> = Who::Bearer("ops");

/// What the log says of a case or of lists, oldest first.
async fn log(house: &House) -> Vec<Value> {
    let mut items = Vec::new();
    let mut before = String::new();
    loop {
        let page = house.get(OPS, &format!("/v1/access-log?limit=2{before}")).await.json();
        items.extend(page["items"].as_array().unwrap().clone());
        match page["next"].as_u64() {
            Some(next) => before = format!("&before={next}"),
            None => break,
        }
    }
    items.retain(|entry| entry["look"] != "log");
    items.reverse();
    items
}

fn looks(log: &[Value]) -> Vec<&str> {
    log.iter().map(|entry| entry["look"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn s18_every_look_is_on_record_and_a_list_is_one_entry() {
    let house = House::build().await;
    let (id, _) = house.reported(BUILDING[0]).await;
    house.reported(BUILDING[0]).await;
    let case = format!("/v1/cases/{id}");
    let grid = Who::Bearer;
    house.get(grid("grid1"), "/v1/cases").await;
    house.get(grid("grid1"), "/v1/cases?q=纸箱").await;
    for _ in 0..3 {
        house.get(grid("grid1"), &case).await;
    }
    house.get(grid("dispatcher"), &case).await;
    house.get(grid("grid1"), &format!("{case}/timeline")).await;
    house.get(grid("grid1"), &format!("{case}/ledger")).await;
    // Who is not shown it did not read it.
    house.get(grid("grid2"), &case).await;
    let entries = log(&house).await;
    assert_eq!(
        looks(&entries),
        ["list", "search", "case", "case", "timeline", "ledger"],
        "three looks within minutes are one"
    );
    let first = &entries[2];
    assert_eq!(first["person"]["id"], house.person("grid1").to_string());
    assert_eq!((&first["subject"], &first["purpose"]), (&json!(id), &json!("work")));
    assert_eq!(first["role"]["key"], "grid_worker");
    let fields = first["fields"].as_array().unwrap();
    assert!(fields.contains(&json!("contact_phone")) && fields.contains(&json!("title")));
    // Some minutes later it is another look.
    house.pass(Duration::from_secs(601));
    house.get(grid("grid1"), &case).await;
    assert_eq!(log(&house).await.len(), entries.len() + 1);
    let of_case = house.get(OPS, &format!("/v1/access-log?subject={id}")).await.json();
    assert_eq!(of_case["items"].as_array().unwrap().len(), 5);
    let by = format!("/v1/access-log?person={}", house.person("dispatcher"));
    assert_eq!(house.get(OPS, &by).await.json()["items"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn s23_the_access_log_holds_no_personal_data() {
    let house = House::build().await;
    let (id, _) = house.reported(BUILDING[0]).await;
    let case = format!("/v1/cases/{id}");
    house.get(Who::Bearer("grid1"), &case).await;
    house.get(Who::Bearer("grid1"), &format!("/v1/cases?q={CANARY}")).await;
    let why = json!({ "fields": ["contact_phone", "involved"], "purpose": "contact" });
    house.call(Method::POST, &format!("{case}/reveal"), Who::Bearer("grid1"), Some(why), &[]).await;
    let frames = house.store.frames();
    let access: Vec<_> = frames.iter().filter(|frame| frame.kind == FrameKind::Access).collect();
    assert_eq!(access.len(), 3);
    for frame in access {
        assert!(frame.open.is_empty() && frame.sealed.is_empty() && frame.note.is_empty());
        let text = String::from_utf8_lossy(&frame.envelope);
        for word in [CANARY, "吴秀英", "纸箱", "grid1"] {
            assert!(!text.contains(word), "{word}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s23_a_number_is_revealed_for_a_purpose_on_record_and_for_one_answer() {
    let house = House::build().await;
    let (id, _) = house.reported(BUILDING[0]).await;
    let (case, grid) = (format!("/v1/cases/{id}"), Who::Bearer("grid1"));
    let reveal = async |who: &str, body: Value| {
        let path = format!("{case}/reveal");
        house.call(Method::POST, &path, Who::Bearer(who), Some(body), &[]).await
    };
    let phone = || json!({ "fields": ["contact_phone"], "purpose": "contact" });
    let shown = reveal("grid1", phone()).await;
    assert_eq!(shown.json(), json!({ "fields": { "contact_phone": CANARY } }));
    assert!(!house.get(grid, &case).await.text.contains(CANARY), "for that answer only");
    reveal("grid1", phone()).await;
    let entries = log(&house).await;
    let revealed: Vec<_> = entries.iter().filter(|entry| entry["look"] == "reveal").collect();
    assert_eq!(revealed.len(), 2, "each is on record");
    assert_eq!(revealed[0]["fields"], json!(["contact_phone"]));
    assert_eq!(revealed[0]["purpose"], "contact");
    // Without the power, without a purpose, with words for one, of codes.
    assert_eq!(reveal("head", phone()).await.status, StatusCode::FORBIDDEN);
    for wrong in [
        json!({ "fields": ["contact_phone"] }),
        json!({ "fields": ["contact_phone"], "purpose": "work" }),
        json!({ "fields": ["contact_phone"], "purpose": CANARY }),
        json!({ "fields": ["stage"], "purpose": "contact" }),
        json!({ "fields": [], "purpose": "contact" }),
    ] {
        let refused = reveal("grid1", wrong).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(!refused.text.contains(CANARY));
    }
    assert_eq!(log(&house).await.len(), entries.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn s23_what_can_not_be_put_on_record_is_not_revealed() {
    let house = House::build().await;
    let (id, _) = house.reported(BUILDING[0]).await;
    house.get(Who::Bearer("grid1"), "/v1/me").await;
    house.store.fail_after(0);
    let body = Some(json!({ "fields": ["contact_phone"], "purpose": "contact" }));
    let path = format!("/v1/cases/{id}/reveal");
    let answer = house.call(Method::POST, &path, Who::Bearer("grid1"), body, &[]).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!answer.text.contains(CANARY));
}

#[tokio::test(flavor = "multi_thread")]
async fn s18_the_reporter_is_told_how_often_staff_read_by_role_and_no_name() {
    let house = House::build().await;
    let (id, code) = house.reported(BUILDING[0]).await;
    let case = format!("/v1/cases/{id}");
    for who in ["grid1", "dispatcher"] {
        house.get(Who::Bearer(who), &case).await;
        house.get(Who::Bearer(who), &format!("{case}/timeline")).await;
    }
    let ledger = house.get(Who::Nobody, &format!("/v1/reports/{code}/ledger")).await;
    let reads = ledger.json()["reads"].clone();
    let count = |role: &str| {
        let found = reads.as_array().unwrap().iter().find(|read| read["role"]["key"] == role);
        found.and_then(|read| read["count"].as_u64())
    };
    assert_eq!((count("grid_worker"), count("community_dispatcher")), (Some(2), Some(2)));
    for who in ["grid1", "dispatcher"] {
        let person = house.person(who).to_string();
        assert!(!ledger.text.contains(&person) && !ledger.text.contains("员工"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s7_before_an_escalation_staff_see_what_leaves_and_can_keep_some_back() {
    let house = House::build().await;
    let (id, code) = house.reported(BUILDING[0]).await;
    let (case, grid) = (format!("/v1/cases/{id}"), Who::Bearer("grid1"));
    let up = Some(json!({ "act": "hand_up", "reason": "办不了" }));
    let done = house.call(Method::POST, &format!("{case}/acts"), grid, up, &[]).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    let escalate = |withhold: Value| {
        Some(json!({ "act": "escalate", "reason": "需街道协调", "withhold": withhold }))
    };
    let dispatcher = || Who::Bearer("dispatcher");
    let previews = format!("{case}/previews");
    let seen = house.call(Method::POST, &previews, dispatcher(), escalate(json!({})), &[]).await;
    let recipients = seen.json()["recipients"].clone();
    assert_eq!(recipients.as_array().unwrap().len(), 1, "{}", seen.text);
    let street = recipients[0]["to"]["id"].as_str().unwrap().to_owned();
    let report = &recipients[0]["records"][0];
    assert_eq!((&report["act"], &report["purpose"]), (&json!("report"), &json!("escalation")));
    assert!(report["fields"].as_array().unwrap().contains(&json!("description")));
    assert!(!seen.text.contains("contact_phone"), "it would not leave anyway");
    let keep = escalate(json!({ street.as_str(): ["description"], "*": ["address"] }));
    let seen = house.call(Method::POST, &previews, dispatcher(), keep.clone(), &[]).await.json();
    let report = &seen["recipients"][0]["records"][0];
    assert!(!report["fields"].as_array().unwrap().contains(&json!("description")));
    assert_eq!(report["withheld"], json!(["description", "address"]));
    // A code, a field that nobody is given, somebody who is given nothing, no field, no node.
    for wrong in [
        json!({ "*": ["stage"] }),
        json!({ "*": ["contact_phone"] }),
        json!({ "0".repeat(64): ["title"] }),
        json!({ "*": [CANARY] }),
        json!({ CANARY: ["title"] }),
    ] {
        for path in [previews.clone(), format!("{case}/acts")] {
            let body = escalate(wrong.clone());
            let refused = house.call(Method::POST, &path, dispatcher(), body, &[]).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
            assert!(!refused.text.contains(CANARY));
        }
    }
    let done = house.call(Method::POST, &format!("{case}/acts"), dispatcher(), keep, &[]).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    // The reporter sees to whom it went and what was kept back.
    let ledger = house.get(Who::Nobody, &format!("/v1/reports/{code}/ledger")).await.json();
    let given = ledger["given"].as_array().unwrap();
    let report = given.iter().find(|given| given["act"] == "report").unwrap();
    assert_eq!((&report["to"]["id"], &report["acknowledged"]), (&json!(street), &json!(false)));
    assert_eq!(report["withheld"], json!(["description", "address"]));
    assert!(report["fields"].as_array().unwrap().contains(&json!("title")));
}

#[tokio::test(flavor = "multi_thread")]
async fn s18_sessions_are_listed_and_end_when_their_owner_or_an_officer_says_so() {
    let house = House::build().await;
    let mine = [house.secret("grid1", true).await, house.secret("grid1", true).await];
    let ids = async || {
        let list = house.get(Who::Bearer("grid1"), "/v1/sessions").await.json();
        let items = list["items"].as_array().unwrap().clone();
        items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let id = |at: usize| crate::hex::encode(&mine[at].hash());
    let mut listed = ids().await;
    listed.sort();
    let mut made = [id(0), id(1)];
    made.sort();
    assert_eq!(listed, made, "browsers' sessions, and not the program's token");
    let end = async |who: &str, id: String| {
        let path = format!("/v1/sessions/{id}");
        house.call(Method::DELETE, &path, Who::Bearer(who), None, &[]).await.status
    };
    assert_eq!(end("grid2", id(0)).await, StatusCode::NOT_FOUND, "somebody else's");
    assert_eq!(end("grid1", id(0)).await, StatusCode::NO_CONTENT);
    assert_eq!(ids().await, [id(1)]);
    assert_eq!(end("ops", id(1)).await, StatusCode::NO_CONTENT, "an officer");
    assert!(ids().await.is_empty());
    let ended = engine::view::token(house.handle.reader(), &mine[0].hash()).unwrap();
    assert!(ended.is_none(), "it opens nothing any more");
}
