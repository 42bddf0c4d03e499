//! The node among others: invitations, peers, numbers.

use std::collections::BTreeSet;
use std::time::Duration;

use engine::invitation::Token;
use hyper::{Method, StatusCode};
use serde_json::{Value, json};

use super::house::{BUILDING, House, Who};

fn ask(metric: &str, grouping: &str) -> Value {
    json!({ "metric": metric, "grouping": grouping,
        "from": "2026-01-01T00:00:00+08:00", "until": "2027-01-01T00:00:00Z" })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_carries_what_the_newcomer_needs() {
    let house = House::build().await;
    let body = json!({ "name": "城管中队", "level": "community", "area": "341021100001",
        "member": true, "hours": 2 });
    let invited = house.post(Who::Bearer("ops"), "/v1/invitations", body).await;
    assert_eq!(invited.status, StatusCode::CREATED, "{}", invited.text);
    let token = Token::decode(invited.json()["token"].as_str().unwrap());
    let Ok(token) = token else { panic!("the token reads back") };
    let setup = house.handle.setup();
    assert!(token.root == setup.root && token.parent == setup.me());
    assert_eq!(token.addresses, ["/ip4/192.0.2.7/tcp/4001"]);
    let hash = *blake3::hash(&token.secret).as_bytes();
    let kept = engine::view::invitation(house.handle.reader(), &hash).unwrap().unwrap();
    assert!(kept.name == "城管中队" && kept.member && kept.expires == token.expires);
}

#[tokio::test(flavor = "multi_thread")]
async fn invitations_are_listed_and_withdrawn_and_their_secrets_are_not_shown_again() {
    let house = House::build().await;
    let mut made = Vec::new();
    for number in 0..5 {
        let body = json!({ "name": format!("单位{number}"), "level": "community",
            "area": "341021100001", "member": true, "hours": 1 + number });
        made.push(house.post(Who::Bearer("ops"), "/v1/invitations", body).await);
    }
    let list = async || {
        let (mut ids, mut after) = (Vec::new(), String::new());
        loop {
            let path = format!("/v1/invitations?limit=2{after}");
            let page = house.get(Who::Bearer("ops"), &path).await;
            for secret in &made {
                assert!(!page.text.contains(secret.json()["token"].as_str().unwrap()));
            }
            let page = page.json();
            for item in page["items"].as_array().unwrap() {
                assert_eq!(item["by"]["name"], "员工ops");
                ids.push(item["id"].as_str().unwrap().to_owned());
            }
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return ids.into_iter().collect::<BTreeSet<_>>(),
            }
        }
    };
    let ids: Vec<String> =
        made.iter().map(|made| made.json()["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(list().await, ids.iter().cloned().collect());
    let at = made[4].headers["location"].to_str().unwrap();
    let who = || Who::Bearer("ops");
    let withdrawn = house.call(Method::DELETE, at, who(), None, &[]).await;
    assert_eq!(withdrawn.status, StatusCode::NO_CONTENT);
    assert_eq!(house.call(Method::DELETE, at, who(), None, &[]).await.code(), "not-found");
    house.pass(Duration::from_secs(3_600));
    assert_eq!(list().await, ids[1..4].iter().cloned().collect(), "one has run out besides");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_invited_whom_is_told_from_the_records_page_by_page() {
    let house = House::build().await;
    let ops = || Who::Bearer("ops");
    let mut due = Vec::new();
    for number in 0..3 {
        let body = json!({ "name": format!("单位{number}"), "level": "community",
            "area": "341021100001", "member": true });
        let made = house.post(ops(), "/v1/invitations", body).await;
        due.push((json!("invite"), made.json()["record"].clone()));
        let at = made.headers["location"].to_str().unwrap().to_owned();
        house.call(Method::DELETE, &at, ops(), None, &[]).await;
    }
    let (mut told, mut before) = (Vec::new(), String::new());
    loop {
        let page = house.get(ops(), &format!("/v1/trust-acts?limit=2{before}")).await.json();
        for item in page["items"].as_array().unwrap() {
            let who = (&item["by"]["name"], &item["role"]["key"]);
            assert_eq!(who, (&json!("员工ops"), &json!("operator")));
            assert_eq!(item["invited"].is_object(), item["act"] == "invite");
            told.push((item["act"].clone(), item["record"].clone()));
        }
        match page["next"].as_str() {
            Some(next) => before = format!("&before={next}"),
            None => break,
        }
    }
    assert_eq!(told.len(), 6);
    told.retain(|(act, _)| act == "invite");
    due.reverse();
    assert_eq!(told, due);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_that_could_not_be_honoured_is_not_made() {
    let house = House::build().await;
    let good = json!({ "name": "某单位", "level": "community", "area": "341021100001" });
    for (key, value) in [
        ("area", json!("341021200")),
        ("area", json!("341021")),
        ("name", json!("")),
        ("name", json!("\u{202e}abc")),
        ("level", json!("Bad Level")),
        ("hours", json!(0)),
        ("hours", json!(10_000)),
    ] {
        let mut body = good.clone();
        body[key] = value.clone();
        let answer = house.post(Who::Bearer("ops"), "/v1/invitations", body).await;
        assert_eq!(answer.code(), "field", "{key} {value}: {}", answer.text);
        assert!(answer.text.contains(&format!("body.{key}")), "{}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn peers_are_shown_with_streams_lag_and_certificate() {
    let house = House::build().await;
    let peers = house.get(Who::Bearer("ops"), "/v1/peers").await.json();
    let parent = &peers["items"][0];
    assert_eq!((&parent["relation"], &parent["connected"]), (&json!("parent"), &json!(false)));
    assert_eq!((&parent["lag"], &parent["sent"]["number"]), (&json!(0), &json!(0)));
    assert!(parent["certificate"]["days_left"].as_i64().unwrap() > 300);
    let node = house.get(Who::Nobody, "/v1/node").await.json();
    assert_eq!(node["parent"]["id"], parent["id"]);
    assert_eq!(node["policy"], "she-county/5");
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_come_with_names_and_a_total_only_when_nothing_is_missing() {
    let house = House::build().await;
    for number in 0..5 {
        house.reported(BUILDING[number % 2]).await;
    }
    let answer = house.post(Who::Bearer("ops"), "/v1/queries", ask("received", "grid")).await;
    let json = answer.json();
    assert_eq!(json["partial"], false, "{}", answer.text);
    assert_eq!((&json["total"]["count"], &json["so_far"]), (&json!(5), &Value::Null));
    assert_eq!(json["rows"][0]["code"]["name"], "地点2");
    assert_eq!((&json["rows"][0]["count"], &json["rows"][1]["count"]), (&json!(3), &json!(2)));
    assert_eq!(json["completeness"]["answered"][0]["name"], "community 341021100001");
    let by_stage = house.post(Who::Bearer("ops"), "/v1/queries", ask("open", "stage")).await;
    assert_eq!(by_stage.json()["rows"][0]["code"]["name"], "待受理");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_is_named_and_no_total_is_given() {
    let house = House::build().await;
    house.reported(BUILDING[0]).await;
    // A child that this node has certified and that never connects.
    let setup = house.handle.setup();
    let key = record::NodeKey::from_seed(&[9; 32]);
    let certificate = governance::certificate::Certificate {
        node: record::NodeId::from_genesis(&key.public()),
        key: key.public(),
        name: "桃源村".into(),
        ..setup.standing.certificate().clone()
    };
    let standing = setup.standing.issue(&setup.key, certificate, house.handle.now()).unwrap();
    let chain = standing.chain().map(|link| link.to_vec()).collect();
    house.console(engine::command::What::PutPeer { chain, addresses: Vec::new() }).await;
    let answer = house.post(Who::Bearer("ops"), "/v1/queries", ask("received", "child")).await;
    let json = answer.json();
    assert_eq!(json["partial"], true, "{}", answer.text);
    assert!(json.get("total").is_none());
    assert_eq!(json["so_far"]["count"], 1);
    assert_eq!(json["completeness"]["pending"][0]["name"], "桃源村");
    // Under this node itself nothing else is lost; under the child there is nothing at all.
    let under = |node: record::NodeId| {
        let mut body = ask("received", "child");
        body["under"] = json!(node);
        house.post(Who::Bearer("ops"), "/v1/queries", body)
    };
    assert_eq!(under(setup.me()).await.json()["so_far"]["count"], 1);
    let child = under(record::NodeId::from_genesis(&key.public())).await.json();
    assert_eq!((&child["rows"], &child["partial"]), (&json!([]), &json!(true)));
    assert_eq!(child["completeness"]["pending"][0]["name"], "桃源村");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_makes_no_sense_is_refused() {
    let house = House::build().await;
    let good = ask("received", "none");
    for (key, value, code) in [
        ("until", json!("2026-01-01T00:00:00+08:00"), "field"),
        ("budget_ms", json!(1), "field"),
        ("budget_ms", json!(60_000), "field"),
        ("area", json!("34x"), "body"),
        ("metric", json!("names"), "body"),
        ("from", json!("yesterday"), "body"),
    ] {
        let mut body = good.clone();
        body[key] = value.clone();
        let answer = house.post(Who::Bearer("ops"), "/v1/queries", body).await;
        assert_eq!(answer.code(), code, "{key} {value}: {}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_point_is_located_and_a_territory_paged() {
    let house = House::build().await;
    let found = house.get(Who::Bearer("grid1"), "/v1/locate?lon=118.425&lat=29.865").await.json();
    assert_eq!(found["places"][0]["name"], "地点2");
    let none = house.get(Who::Bearer("grid1"), "/v1/locate?lon=0&lat=0").await.json();
    assert_eq!(none["places"], json!([]));
    for wrong in ["lon=200&lat=0", "lon=x&lat=0", "lat=0", "lon=0&lat=0&level=x", "lon=NaN&lat=0"] {
        let answer = house.get(Who::Bearer("grid1"), &format!("/v1/locate?{wrong}")).await;
        assert_eq!(answer.code(), "parameter", "{wrong}");
    }
    let mut names = Vec::new();
    let mut path = "/v1/places?limit=2".to_owned();
    loop {
        let page = house.get(Who::Bearer("grid1"), &path).await.json();
        let items = page["items"].as_array().unwrap().clone();
        names.extend(items.iter().map(|item| item["name"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/v1/places?limit=2&after={next}");
    }
    assert_eq!(names, ["地点1", "地点2", "地点3", "地点4", "地点5"]);
    let grids = house.get(Who::Bearer("grid1"), "/v1/places?level=grid").await.json();
    assert_eq!(grids["items"].as_array().unwrap().len(), 2);
}
