//! People's papers, registrations and notes, as staff and residents meet them: R4, R5, C12, C13.

use std::time::Duration;

use hyper::{Method, StatusCode};
use serde_json::{Value, json};

use super::house::{BUILDING, CANARY, GRID, House, Who, place, report};

const OPS: Who<'static> = Who::Bearer("ops");

/// Somebody with a number, appointed under an agreement; their id and the record.
async fn appointed(house: &House) -> (String, String) {
    let person = json!({ "name": "<b>吴秀英</b>", "phone": CANARY });
    let person = house.post(OPS, "/v1/people", person).await.json();
    let person = person["subject"].as_str().unwrap().to_owned();
    let appointment = json!({
        "role": "grid_worker", "scope": place(GRID[0]).to_string(),
        "from": "2026-06-01T00:00:00Z", "until": "2027-06-01T00:00:00Z",
        "agreement": { "number": "聘2026-7", "text": "月补贴若干" },
    });
    let made = house.post(OPS, &format!("/v1/people/{person}/appointments"), appointment).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    (person, made.json()["record"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn r4_a_certificate_is_printed_and_checked_by_whoever_is_shown_it() {
    let house = House::build().await;
    let (person, record) = appointed(&house).await;
    let path = format!("/v1/people/{person}/appointments");
    let listed = house.get(Who::Bearer("grid2"), &path).await.json();
    let shown = &listed["items"][0];
    let number = shown["number"].as_str().unwrap().to_owned();
    assert!(shown["record"] == record.as_str() && shown["agreement"]["number"] == "聘2026-7");
    assert!(shown["agreement"].get("text").is_none(), "what was agreed is between the two");
    let own = house.get(OPS, &path).await;
    assert_eq!(own.json()["items"][0]["agreement"]["text"], "月补贴若干");
    let sheet = house.get(Who::Bearer("worker"), &format!("/v1/certificates/{record}")).await;
    assert_eq!(sheet.headers["content-type"], "text/html; charset=utf-8");
    let policy = sheet.headers["content-security-policy"].to_str().unwrap();
    let nonce = policy.split("nonce-").nth(1).unwrap().split('\'').next().unwrap();
    assert!(policy.starts_with("default-src 'none'") && sheet.text.contains(nonce));
    assert!(sheet.text.contains(&number) && sheet.text.contains(&record));
    assert!(sheet.text.contains("&lt;b&gt;吴秀英") && !sheet.text.contains("<b>"));
    assert!(!sheet.text.contains(CANARY), "no number on it at all");
    let checked = house.get(Who::Nobody, &format!("/v1/certificates/{record}/check")).await;
    assert!(checked.json()["in_force"] == true && checked.json()["number"] == number.as_str());
    assert!(!checked.text.contains("吴秀英"), "whoever checks has the name before them");
    house.call(Method::DELETE, &format!("{path}/grid_worker"), OPS, None, &[]).await;
    house.pass(Duration::from_secs(1));
    let over = house.get(Who::Nobody, &format!("/v1/certificates/{record}/check")).await;
    assert_eq!(over.json()["in_force"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn r4_the_notice_in_the_compound_shows_who_serves_there_with_a_masked_number() {
    let house = House::build().await;
    let (_, record) = appointed(&house).await;
    let path = format!("/v1/places/{}/notice", place(GRID[0]));
    let sheet = house.get(Who::Bearer("worker"), &path).await;
    assert!(sheet.text.contains("138****8000") && !sheet.text.contains(CANARY));
    assert!(sheet.text.contains(&record) && sheet.text.contains("员工head"));
    assert!(!sheet.text.contains("员工grid2"), "who serves elsewhere");
}

#[tokio::test(flavor = "multi_thread")]
async fn r4_a_growth_file_is_read_by_the_person_and_those_with_the_roster() {
    let house = House::build().await;
    let path = format!("/v1/people/{}/growth", house.person("grid1"));
    let entry =
        json!({ "entry": "training", "title": "集中培训", "date": "2026-06-01", "hours": 8 });
    let made = house.post(OPS, &path, entry).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let ahead = json!({ "entry": "contest", "title": "竞赛", "date": "2026-06-03" });
    assert_eq!(house.post(OPS, &path, ahead).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    for (who, sees) in [("grid1", true), ("ops", true), ("grid2", false), ("dispatcher", false)] {
        let answer = house.get(Who::Bearer(who), &path).await;
        assert_eq!(answer.status.is_success(), sees, "{who}");
        assert_eq!(answer.text.contains("集中培训"), sees, "{who}");
    }
}

fn card() -> Value {
    json!({
        "place": place(GRID[0]).to_string(), "services": ["mediation", "mutual_help"],
        "times": ["evenings"], "name": "郑在职", "phone": CANARY, "unit": "县农业农村局",
        "consent": true,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn r5_a_member_registers_takes_a_post_and_withdraws_and_the_number_stays_sealed() {
    let house = House::build().await;
    let mut without = card();
    without["consent"] = false.into();
    let refused = house.post(Who::Nobody, "/v1/registrations", without).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
    let made = house.post(Who::Nobody, "/v1/registrations", card()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let (id, code) = (made.json()["subject"].clone(), made.json()["code"].clone());
    let own = format!("/v1/registrations/{}", code.as_str().unwrap());
    let post =
        house.post(Who::Nobody, &format!("{own}/posts"), json!({ "name": "周末值班" })).await;
    let post = post.json()["subject"].as_str().unwrap().to_owned();
    let mine = house.get(Who::Nobody, &own).await;
    assert!(mine.json()["posts"][0]["name"] == "周末值班" && !mine.text.contains("郑在职"));
    let list = house.get(OPS, "/v1/members").await;
    assert!(list.json()["items"][0]["name"] == "郑在职" && !list.text.contains(CANARY));
    let detail = format!("/v1/members/{}", id.as_str().unwrap());
    assert_eq!(house.get(OPS, &detail).await.json()["phone"], "138****8000");
    let clear = format!("{detail}/reveal");
    let why = Some(json!({ "purpose": "contact" }));
    let revealed = house.call(Method::POST, &clear, OPS, why, &[]).await;
    assert_eq!(revealed.json()["fields"]["member_phone"], CANARY);
    let hidden = json!({ "name": "某人", "phone": "138****8000" });
    let refused = house.call(Method::POST, "/v1/people", OPS, Some(hidden), &[]).await;
    assert_eq!(refused.status.as_u16(), 422, "a masked number is no number");
    for who in ["grid1", "dispatcher", "worker", "head"] {
        assert_eq!(house.get(Who::Bearer(who), &detail).await.status, StatusCode::FORBIDDEN);
    }
    let path = format!("{own}/posts/{post}");
    let left = house.call(Method::DELETE, &path, Who::Nobody, None, &[]);
    assert_eq!(left.await.status, StatusCode::OK);
    let gone = house.call(Method::DELETE, &own, Who::Nobody, None, &[]).await;
    assert_eq!(gone.status, StatusCode::OK, "{}", gone.text);
    assert_eq!(house.get(OPS, "/v1/members").await.json()["items"], json!([]));
    assert_eq!(house.get(OPS, &detail).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn r5_lists_are_paged_and_a_card_taken_down_has_a_code_too() {
    let house = House::build().await;
    for _ in 0..3 {
        let made = house.post(OPS, "/v1/members", card()).await;
        assert!(made.status == StatusCode::CREATED && made.json()["code"].is_string());
    }
    let first = house.get(OPS, "/v1/members?limit=2").await.json();
    let next = first["next"].as_str().unwrap();
    let second = house.get(OPS, &format!("/v1/members?limit=2&after={next}")).await.json();
    let count = |page: &Value| page["items"].as_array().unwrap().len();
    assert_eq!((count(&first), count(&second)), (2, 1));
    assert!(second.get("next").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn c13_a_note_is_for_its_author_and_those_over_the_grid_and_becomes_one_case() {
    let house = House::build().await;
    let note = json!({ "place": place(BUILDING[0]).to_string(), "date": "2026-06-01",
        "text": format!("201的老人病了，电话 {CANARY}") });
    let made = house.post(Who::Bearer("grid1"), "/v1/notes", note).await;
    let path = format!("/v1/notes/{}", made.json()["subject"].as_str().unwrap());
    for (who, reads) in
        [("grid1", true), ("dispatcher", true), ("grid2", false), ("worker", false), ("ops", false)]
    {
        let answer = house.get(Who::Bearer(who), &path).await;
        assert_eq!(answer.status.is_success(), reads, "{who}");
        for list in ["/v1/notes".to_owned(), format!("/v1/notes?parent={}", place(GRID[0]))] {
            let listed = house.get(Who::Bearer(who), &list).await;
            assert_eq!(listed.text.contains(CANARY), reads, "{who} {list}");
        }
    }
    assert_eq!(
        house.get(Who::Bearer("dispatcher"), "/v1/notes?mine=true").await.json()["items"],
        json!([])
    );
    let mut said = report(BUILDING[0]);
    said["channel"] = "patrol".into();
    let case = format!("{path}/case");
    let first = house.post(Who::Bearer("grid1"), &case, said.clone()).await;
    let again = house.post(Who::Bearer("grid1"), &case, said.clone()).await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.text);
    assert_eq!(first.json(), again.json(), "however often it is asked");
    let id = first.json()["case"].as_str().unwrap().to_owned();
    let shown = house.get(Who::Bearer("grid1"), &format!("/v1/cases/{id}")).await.json();
    assert!(path.ends_with(shown["note"].as_str().unwrap()), "and back");
    let others = house.get(Who::Bearer("worker"), &format!("/v1/cases/{id}")).await.json();
    assert!(others.get("note").is_none(), "a case is theirs to see, the notebook is not");
    assert_eq!(house.get(Who::Bearer("grid1"), &path).await.json()["case"], id.as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn c12_a_case_shows_who_received_it_first_and_who_answers_for_it() {
    let house = House::build().await;
    let (id, _) = house.reported(BUILDING[0]).await;
    let path = format!("/v1/cases/{id}");
    let shown = house.get(Who::Bearer("grid1"), &path).await.json();
    assert!(
        shown["answerable"]["state"] == "not_received" && shown.get("first_receiver").is_none()
    );
    let accept = json!({ "act": "accept" });
    let done = house.post(Who::Bearer("grid1"), &format!("{path}/acts"), accept).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    let shown = house.get(Who::Bearer("grid1"), &path).await.json();
    assert_eq!(shown["first_receiver"]["person"]["name"], "员工grid1");
    assert_eq!(shown["answerable"]["state"], "taker");
    let give = json!({ "act": "dispatch", "assignee": house.person("worker").to_string() });
    let given = house.post(Who::Bearer("dispatcher"), &format!("{path}/acts"), give).await;
    if given.status == StatusCode::OK {
        let shown = house.get(Who::Bearer("grid1"), &path).await.json();
        assert_eq!(shown["answerable"]["state"], "first_receiver", "given, but not taken");
    }
}
