//! Territory and roster from files.

use engine::command::What;
use engine::store::FrameKind;
use governance::roster::Appointment;
use record::Subject;

use super::*;

const PLACES: &str = "/v1/imports/places";
const PEOPLE: &str = "/v1/imports/people";

const GRIDS: &str = "网格编码,网格名称,类型,所属社区,户数\n\
    341021100001003,三网格,网格,341021100001,320\n\
    341021100001004,四网格,网格,341021100001,410\n";
const STAFF: &str = "姓名,电话,角色,网格代码,任职日期\n\
    张三,13800138001,专职网格员,341021100001003,2026-01-01\n\
    李四,13800138002,专职网格员,341021100001004,\n\
    李四,13800138002,专职网格员,341021100001003,\n\
    王五,电话,专职网格员,341021100001003,\n";

async fn ground(house: &House, path: &str, file: &str, dry_run: bool) -> Value {
    let answer = send(house, "ops", path, file.as_bytes(), json!({ "dry_run": dry_run })).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer.json()
}

/// Records that are durable: what the engine shows of itself may lag behind.
fn records(house: &House) -> usize {
    house.store.frames().iter().filter(|frame| frame.kind == FrameKind::Own).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_places_is_previewed_applied_and_twice_changes_nothing() {
    let house = House::build().await;
    let before = records(&house);
    let told = ground(&house, PLACES, GRIDS, true).await;
    assert_eq!((&told["counts"]["new"], &told["errors"]), (&json!(2), &json!(0)), "{told}");
    assert_eq!(told["changes"].as_array().unwrap().len(), 2);
    assert_eq!(records(&house), before, "a preview changes nothing");
    assert_eq!(ground(&house, PLACES, GRIDS, false).await["counts"]["new"], 2);
    assert_eq!(records(&house), before + 2);
    let again = ground(&house, PLACES, GRIDS, false).await;
    assert_eq!((&again["counts"]["new"], &again["counts"]["unchanged"]), (&json!(0), &json!(2)));
    let changed = GRIDS.replace("四网格", "东门网格");
    let told = ground(&house, PLACES, &changed, false).await;
    assert_eq!(told["counts"]["changed"], 1, "{told}");
    assert_eq!(told["changes"][0]["parts"][0]["name"], "四网格");
    let house = house.restarted().await;
    let again = ground(&house, PLACES, &changed, false).await;
    assert_eq!(again["counts"]["unchanged"], 2, "{again}");
    assert_eq!(records(&house), before + 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_places_is_named_by_row_and_column() {
    let house = House::build().await;
    let file = "网格编码,网格名称,类型,所属社区,户数,经度,纬度\n\
        341021100001005,五网格,网格,341021100001,很多,,\n\
        341021100001006,六网格,星系,341021100001,3,,\n\
        341021100001007,七网格,网格,341021100001,3,118.4,29.8\n\
        341021100001008,八网格,网格,没有这个社区,3,,\n";
    let told = ground(&house, PLACES, file, false).await;
    assert_eq!((&told["counts"]["new"], &told["counts"]["refused"]), (&json!(0), &json!(4)));
    let problems = told["problems"].as_array().unwrap();
    let named: Vec<(u64, &str)> = problems
        .iter()
        .filter(|problem| problem["severity"] == "error")
        .map(|problem| (problem["row"].as_u64().unwrap(), problem["fault"].as_str().unwrap()))
        .collect();
    let expected =
        [(2, "not_a_number"), (3, "unknown_level"), (4, "no_system"), (5, "unknown_parent")];
    assert_eq!(named, expected, "{told}");
    assert_eq!(problems[0]["column"], "户数");
}

#[tokio::test(flavor = "multi_thread")]
async fn boundaries_in_another_system_than_declared_are_told() {
    let house = House::build().await;
    // The two grids there are, from 118.42 and 118.43 east and 29.86 north, give the ground.
    let community = json!({ "type": "FeatureCollection", "features": [{ "type": "Feature",
        "properties": { "代码": "341021100001", "名称": "地点1", "层级": "社区" },
        "geometry": { "type": "Polygon", "coordinates": [square(118.40, 29.85, 0.05)] } }] });
    let system = |system: &str| json!({ "system": system });
    let wgs = system("wgs84");
    let answer = send(&house, "ops", PLACES, community.to_string().as_bytes(), wgs).await;
    assert_eq!(answer.json()["counts"]["changed"], 1, "{}", answer.text);
    house.pass(Duration::from_secs(3_600));
    let grid = |west: f64, south: f64| {
        json!({ "type": "FeatureCollection", "features": [{ "type": "Feature",
            "properties": { "代码": "341021100001009", "名称": "九网格", "层级": "网格",
                "上级代码": "341021100001" },
            "geometry": { "type": "Polygon", "coordinates": [square(west, south, 0.0495)] } }] })
    };
    // GCJ-02 is some 500 m to the south-east here: read as WGS-84 the grid sticks out.
    let told = |file: Value, system: Value| {
        let house = &house;
        async move {
            let mut more = system;
            more["dry_run"] = true.into();
            send(house, "ops", PLACES, file.to_string().as_bytes(), more).await.json()
        }
    };
    let shifted = grid(118.4055, 29.8478);
    let wrong = told(shifted.clone(), system("wgs84")).await;
    assert!(wrong["faults"].get("outside_parent").is_some(), "{wrong}");
    let none = told(shifted, json!({})).await;
    assert_eq!(none["faults"]["no_system"], 1, "{none}");
}

fn square(west: f64, south: f64, side: f64) -> Value {
    let (east, north) = (west + side, south + side);
    json!([[west, south], [east, south], [east, north], [west, north], [west, south]])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_roster_is_previewed_applied_and_twice_changes_nothing() {
    let house = House::build().await;
    ground(&house, PLACES, GRIDS, false).await;
    let before = records(&house);
    let counts = |told: &Value| {
        ["new", "appointments", "unchanged", "refused"]
            .map(|name| told["counts"][name].as_u64().unwrap())
    };
    assert_eq!(counts(&ground(&house, PEOPLE, STAFF, true).await), [2, 3, 0, 1]);
    assert_eq!(records(&house), before);
    assert_eq!(counts(&ground(&house, PEOPLE, STAFF, false).await), [2, 3, 0, 1]);
    assert_eq!(records(&house), before + 5);
    let house = house.restarted().await;
    let told = ground(&house, PEOPLE, STAFF, false).await;
    assert_eq!(counts(&told), [0, 0, 3, 1]);
    assert_eq!(told["problems"][0]["column"], "电话");
    assert_eq!(records(&house), before + 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_county_of_three_thousand_four_hundred_divisions_is_taken_in_by_a_rerun_too() {
    let house = House::build().await;
    // The node is a community: buildings stand for what is many.
    let rows = (0..3_400).map(|number| {
        format!("{number:04}栋,楼栋,341021100001{:03}\n", if number % 2 == 0 { 1 } else { 2 })
    });
    let file = format!("名称,层级,上级代码\n{}", rows.collect::<String>());
    let before = records(&house);
    let told = ground(&house, PLACES, &file, false).await;
    assert_eq!((&told["counts"]["new"], &told["errors"]), (&json!(3_400), &json!(0)));
    assert_eq!(records(&house), before + 3_400);
    assert_eq!(ground(&house, PLACES, &file, false).await["counts"]["unchanged"], 3_400);
}

#[tokio::test(flavor = "multi_thread")]
async fn grids_are_measured_against_the_rules_and_nothing_is_barred() {
    let house = House::build().await;
    let answer = house.get(Who::Bearer("grid1"), "/v1/territory/check").await;
    let json = answer.json();
    let report = &json["items"][0]["report"];
    assert_eq!(report["grids"].as_array().unwrap().len(), 2, "{json}");
    assert_eq!(report["groups"].as_array().unwrap().len(), 1, "the squares touch");
    assert!(report["grids"][0]["area"].as_f64().unwrap() > 1e6);
    let one = format!(
        "/v1/territory/check?place={}",
        json["items"][0]["report"]["parent"].as_str().unwrap()
    );
    assert_eq!(
        house.get(Who::Bearer("grid1"), &one).await.json()["items"].as_array().unwrap().len(),
        1
    );
    let none = format!("/v1/territory/check?place={}", "0".repeat(32));
    assert_eq!(house.get(Who::Bearer("grid1"), &none).await.code(), "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_roster_goes_out_on_record_and_comes_back_unchanged() {
    let house = House::build().await;
    ground(&house, PLACES, GRIDS, false).await;
    ground(&house, PEOPLE, STAFF, false).await;
    for format in ["csv", "xlsx"] {
        let wanted = json!({ "format": format, "purpose": "supervision" });
        let answer = house.post(Who::Bearer("ops"), "/v1/exports/people", wanted).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        if format == "csv" {
            assert!(answer.text.contains("张三,13800138001,专职网格员,341021100001003,2026-01-01"));
        }
        let told = send(&house, "ops", PEOPLE, &answer.bytes, json!({})).await.json();
        let counts = &told["counts"];
        assert_eq!((&counts["new"], &counts["appointments"]), (&json!(0), &json!(0)), "{told}");
        // The numbers of the house's own people are none that a file may have.
        assert_eq!(counts["refused"], told["faults"]["bad_phone"], "{told}");
        assert_eq!(counts["unchanged"], 3, "{told}");
    }
    let log = house.get(Who::Bearer("ops"), "/v1/access-log").await.json();
    let export = log["items"].as_array().unwrap().iter().find(|entry| entry["look"] == "export");
    let export = export.unwrap();
    assert_eq!(export["fields"], json!(["person_name", "person_phone"]), "{log}");
    assert_eq!(export["purpose"], "supervision");
    let people = || json!({ "format": "csv", "purpose": "supervision" });
    let refused = house.post(Who::Bearer("dispatcher"), "/v1/exports/people", people()).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    for purpose in [json!("work"), json!("whatever"), Value::Null] {
        let mut vague = people();
        vague["purpose"] = purpose;
        let refused = house.post(Who::Bearer("ops"), "/v1/exports/people", vague).await;
        assert!(refused.status.is_client_error(), "{}", refused.text);
    }
    let silent = json!({ "format": "csv" });
    let refused = house.post(Who::Bearer("ops"), "/v1/exports/people", silent).await;
    assert!(refused.status.is_client_error(), "a purpose is needed");
}

#[tokio::test(flavor = "multi_thread")]
async fn s18_whoever_answers_for_one_ground_exports_its_people_alone() {
    let house = House::build().await;
    ground(&house, PLACES, GRIDS, false).await;
    let of_two_grids = "姓名,电话,角色,网格代码\n\
        张三,13800138001,专职网格员,341021100001003\n\
        赵六,13800138006,专职网格员,341021100001004\n";
    let before: Vec<Subject> = house.handle.world().roster.iter().map(|(id, _)| *id).collect();
    ground(&house, PEOPLE, of_two_grids, false).await;
    let world = house.handle.world();
    let mut new = world.roster.iter().filter(|(id, _)| !before.contains(id));
    let grid = new.next().and_then(|(_, person)| person.appointments[0].scope);
    assert!(grid.is_some());
    let (person, from) = (house.person("ops"), house.handle.now());
    house.console(What::Dismiss { person, role: "operator".into() }).await;
    let appointment = Appointment { role: "operator".into(), scope: grid, from, until: None };
    house.console(What::Appoint { person, appointment }).await;
    let wanted = json!({ "format": "csv", "purpose": "supervision" });
    let answer = house.post(Who::Bearer("ops"), "/v1/exports/people", wanted).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let has = |number: &str| answer.text.contains(number);
    assert!(has("13800138001") != has("13800138006"), "one grid's alone: {}", answer.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn places_go_out_as_geojson_and_come_back_unchanged() {
    let house = House::build().await;
    let wanted = json!({ "format": "geojson" });
    let answer = house.post(Who::Bearer("ops"), "/v1/exports/places", wanted).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let collection = answer.json();
    assert_eq!(collection["type"], "FeatureCollection");
    let drawn = collection["features"].as_array().unwrap();
    assert!(drawn.iter().any(|feature| feature["geometry"]["type"] == "Polygon"), "{collection}");
    let more = json!({ "system": "wgs84" });
    let told = send(&house, "ops", PLACES, answer.text.as_bytes(), more).await.json();
    assert_eq!((&told["counts"]["new"], &told["counts"]["changed"]), (&json!(0), &json!(0)));
    assert_eq!(told["counts"]["refused"], 0, "{told}");
}
