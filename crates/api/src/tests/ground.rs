//! What stands on the ground, as staff and residents meet it: T1–T3, R2, R3.

use hyper::{Method, StatusCode};
use serde_json::{Value, json};

use super::house::{BUILDING, COMMUNITY, GRID, House, Who, place};

const OPS: Who<'static> = Who::Bearer("ops");

/// MG: weekdays 8 to 20, weekends 9 to 21.
fn station(name: &str) -> Value {
    let (work, rest) = (json!([["08:00", "20:00"]]), json!([["09:00", "21:00"]]));
    json!({
        "kind": "post", "name": name, "place": place(GRID[0]).to_string(),
        "point": [118.425, 29.865], "rooms": [{ "name": "议事厅", "seats": 20 }],
        "two_in_one": true,
        "hours": { "week": [work, work, work, work, work, rest, rest], "holidays": rest },
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn t3_anybody_sees_whether_a_station_is_open_now() {
    let house = House::build().await;
    let made = house.post(OPS, "/v1/stations", station("驿站")).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let id = made.json()["subject"].as_str().unwrap().to_owned();
    // Tuesday, ten in the morning.
    let shown = house.get(Who::Nobody, &format!("/v1/stations/{id}")).await.json();
    assert_eq!(shown["open"]["now"], true);
    assert_eq!(shown["open"]["until"], "2026-06-02T12:00:00.000Z", "eight in the evening there");
    assert!(shown["two_in_one"] == true && shown["rooms"][0]["seats"] == 20);
    house.pass(std::time::Duration::from_secs(11 * 3_600));
    let shown = house.get(Who::Nobody, "/v1/stations").await.json();
    assert_eq!(shown["items"][0]["open"]["now"], false);
    house.call(Method::POST, &format!("/v1/stations/{id}/end"), OPS, None, &[]).await;
    let gone = house.get(Who::Nobody, &format!("/v1/stations/{id}")).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn t3_hours_that_make_no_sense_are_refused_by_name() {
    let house = House::build().await;
    let mut wrong = station("驿站");
    wrong["hours"]["holidays"] = json!([["20:00", "08:00"]]);
    let answer = house.post(OPS, "/v1/stations", wrong).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text);
    let mut wrong = station("驿站");
    wrong["hours"]["holidays"] = json!([["8 o'clock", "20:00"]]);
    let answer = house.post(OPS, "/v1/stations", wrong).await;
    assert!(answer.status.is_client_error() && !answer.text.contains("clock\""), "{}", answer.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn r2_party_coverage_names_the_grid_without_an_organisation() {
    let house = House::build().await;
    let branch = |grids: &[u8]| {
        let places: Vec<_> = grids.iter().map(|grid| place(*grid).to_string()).collect();
        json!({ "kind": "branch", "name": "联合支部", "places": places,
            "secretary": house.person("grid1").to_string() })
    };
    let made = house.post(OPS, "/v1/party-organisations", branch(&GRID[..1])).await;
    let id = made.json()["subject"].as_str().unwrap().to_owned();
    let covered = house.get(Who::Bearer("worker"), "/v1/party-coverage").await.json();
    assert_eq!((&covered["percent"], &covered["covered"]), (&json!(50), &json!(1)));
    assert_eq!(covered["gaps"][0]["name"], "地点3");
    house.pass(std::time::Duration::from_secs(1));
    let path = format!("/v1/party-organisations/{id}");
    let changed = house.call(Method::PUT, &path, OPS, Some(branch(&GRID)), &[]).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
    let covered = house.get(Who::Bearer("worker"), "/v1/party-coverage").await.json();
    assert!(covered["percent"] == 100 && covered["gaps"] == json!([]));
    let listed = house.get(Who::Bearer("worker"), "/v1/party-organisations").await.json();
    let shown = &listed["items"][0];
    assert!(shown["versions"] == 2 && shown["secretary"]["name"] == "员工grid1");
}

#[tokio::test(flavor = "multi_thread")]
async fn r3_the_duty_book_is_composed_of_catalogue_lists_and_people_and_keeps_versions() {
    let house = House::build().await;
    let path = format!("/v1/places/{}/duty-book", place(GRID[0]));
    let empty = house.get(Who::Bearer("grid1"), &path).await.json();
    assert!(empty["version"] == 0 && empty["management"] == json!([]));
    let item = |number: &str, what: &str| json!({ "number": number, "what": what, "role": "grid_worker", "hours": "每周二、四" });
    let first = json!({ "management": [item("管1", "巡查楼道")] });
    let second =
        json!({ "management": [item("管1", "巡查楼道")], "service": [item("服1", "量血压")] });
    for lists in [first, second] {
        let put = house.call(Method::PUT, &path, OPS, Some(lists), &[]).await;
        assert_eq!(put.status, StatusCode::OK, "{}", put.text);
    }
    house.post(OPS, "/v1/stations", station("网格驿站")).await;
    let book = house.get(Who::Bearer("grid1"), &path).await.json();
    assert!(book["version"] == 2 && book["versions"].as_array().unwrap().len() == 2);
    assert_eq!(book["service"][0]["role"]["name"], "专职网格员");
    assert_eq!(book["stations"][0]["name"], "网格驿站");
    let people: Vec<_> = book["people"].as_array().unwrap().iter().collect();
    let names: Vec<_> = people.iter().map(|who| who["person"]["name"].as_str().unwrap()).collect();
    assert!(
        names.contains(&"员工grid1")
            && names.contains(&"员工head")
            && !names.contains(&"员工grid2")
    );
    let old = house.get(Who::Bearer("grid1"), &format!("{path}?version=1")).await.json();
    assert!(old["service"] == json!([]) && old["version"] == 1);
    let none = house.get(Who::Bearer("grid1"), &format!("{path}?version=3")).await;
    assert_eq!(none.status, StatusCode::BAD_REQUEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn t2_a_split_names_what_loses_its_ground_and_old_cases_are_found_from_the_new_grid() {
    let house = House::build().await;
    let (case, _) = house.reported(GRID[0]).await;
    let grid = |id: &str, code: &str| {
        json!({ "id": id.repeat(16), "level": "grid", "name": format!("新网格{id}"),
            "code": code, "parent": place(COMMUNITY).to_string(),
            "valid_from": "2026-06-02T02:00:00Z" })
    };
    let mut plan = json!({
        "at": "2026-06-02T02:00:00Z", "end": [place(GRID[0]).to_string()],
        "found": [grid("ca", "341021100001011"), grid("cb", "341021100001012")],
    });
    let unplaced = house.post(OPS, "/v1/reshapings", plan.clone()).await;
    assert_eq!(unplaced.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", unplaced.text);
    assert!(unplaced.text.contains("moves"), "{}", unplaced.text);
    plan["moves"] = json!({ place(BUILDING[0]).to_string(): "ca".repeat(16) });
    let done = house.post(OPS, "/v1/reshapings", plan).await;
    assert_eq!(done.status, StatusCode::CREATED, "{}", done.text);
    let bereft = &done.json()["bereft"];
    assert_eq!(bereft.as_array().unwrap().len(), 1);
    assert_eq!(bereft[0]["person"]["name"], "员工grid1", "the building's head keeps the building");
    let new = house.get(Who::Bearer("worker"), &format!("/v1/places/{}", "ca".repeat(16))).await;
    assert_eq!(new.json()["successor_of"][0]["id"], place(GRID[0]).to_string());
    for ground in ["ca".repeat(16), "cb".repeat(16), place(COMMUNITY).to_string()] {
        let path = format!("/v1/cases?ground={ground}");
        let found = house.get(Who::Bearer("dispatcher"), &path).await.json();
        assert_eq!(found["items"][0]["id"], case.as_str(), "{ground}");
        assert_eq!(found["items"][0]["grid"], "341021100001001", "as it was reported");
    }
    let path = format!("/v1/cases?ground={}", place(GRID[1]));
    assert_eq!(house.get(Who::Bearer("dispatcher"), &path).await.json()["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn t1_an_indoor_address_is_attached_to_its_building_and_grid() {
    let house = House::build().await;
    let building = json!({ "places": [{
        "id": "dd".repeat(16), "level": "building", "name": "3栋",
        "parent": place(GRID[1]).to_string(), "valid_from": "2026-06-02T02:00:00Z",
    }] });
    assert_eq!(house.post(OPS, "/v1/places", building).await.status, StatusCode::CREATED);
    let address: String = form_urlencoded::byte_serialize("3栋2单元501室".as_bytes()).collect();
    let found = house.get(Who::Bearer("worker"), &format!("/v1/attach?address={address}")).await;
    let found = found.json();
    assert_eq!(
        found["address"],
        json!({ "building": "3", "unit": "2", "floor": 5, "room": "501" })
    );
    assert_eq!(found["places"][0]["id"], "dd".repeat(16));
    assert_eq!(found["grid"]["id"], place(GRID[1]).to_string());
}
