//! Odd and hostile rows by name: each is a correct case or a named error.

use super::*;

const SF311: &str = "unique_key,created_date,closed_date,status_notes,agency_name,category,complaint_type,descriptor,incident_address,neighborhood,source,latitude,longitude";

/// The one case that there is, as whoever may read everything of it sees it.
async fn only(house: &House) -> Value {
    let list = house.get(Who::Bearer("dispatcher"), "/v1/cases").await.json();
    let id = list["items"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    house.get(Who::Bearer("dispatcher"), &format!("/v1/cases/{id}")).await.json()
}

/// Sends one letter with this title, time and text.
async fn one(title: &str, at: &str, text: &str) -> (House, Value) {
    let house = House::build().await;
    let quoted = |cell: &str| format!("\"{}\"", cell.replace('"', "\"\""));
    let row = ["1".into(), "U".into(), quoted(title), at.to_owned(), quoted(text)];
    let told = reports(&house, &letters([row]), json!({ "source": TAIDI })).await;
    (house, told)
}

async fn request(line: &str) -> (House, Value) {
    let house = House::build().await;
    let file = format!("{SF311}\n{line}\n");
    let told = reports(&house, &file, json!({ "source": "sf311" })).await;
    (house, told)
}

fn fault(told: &Value) -> (u64, &str) {
    let errors: Vec<&Value> = told["problems"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|problem| problem["severity"] == "error")
        .collect();
    assert_eq!(errors.len(), 1, "{told}");
    (errors[0]["row"].as_u64().unwrap(), errors[0]["fault"].as_str().unwrap())
}

const OPEN: &str = "2016-01-01 08:00:00 UTC";

#[tokio::test(flavor = "multi_thread")]
async fn closed_before_it_was_opened_is_an_error_of_its_row() {
    let line = format!("1,{OPEN},2015-12-31 08:00:00 UTC,,,Noise Report,,,,,Phone,0.0,0.0");
    let (house, told) = request(&line).await;
    assert_eq!((fault(&told), cases(&house)), ((2, "end_before_start"), 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_without_a_zone_is_refused_unless_the_mapping_declares_one() {
    let (house, told) = request("1,2016-01-01 08:00:00,,,,Noise Report,,,,,Phone,0.0,0.0").await;
    assert_eq!((fault(&told), cases(&house)), ((2, "no_zone"), 0));
    let (house, told) = one("题", "2019-06-08 17:31:20", "文").await;
    assert_eq!(counts(&told), [1, 1, 0, 0]);
    let id = only(&house).await["id"].as_str().unwrap().to_owned();
    let timeline = house.get(Who::Bearer("dispatcher"), &format!("/v1/cases/{id}/timeline")).await;
    let happened = timeline.json()["items"][0]["fields"]["happened"].clone();
    assert_eq!(happened, "2019-06-08T09:31:20.000Z");
}

#[tokio::test(flavor = "multi_thread")]
async fn zero_coordinates_are_no_point_where_the_mapping_says_so_and_else_an_error() {
    let line = format!("1,{OPEN},,,,Noise Report,,,,,Phone,0.0,0.0");
    let (house, told) = request(&line).await;
    assert_eq!((counts(&told), &told["notes"]), ([1, 1, 0, 0], &json!(1)), "{told}");
    assert!(only(&house).await["fields"].get("point").is_none());
    let mapping = include_str!("../../../../../config/imports/sf311.toml");
    let mapping = mapping.replace("\"absent\"", "\"error\"");
    let file = format!("{SF311}\n{line}\n");
    let told = reports(&house, &file, json!({ "mapping": mapping })).await;
    assert_eq!(fault(&told), (2, "zero_point"));
}

#[tokio::test(flavor = "multi_thread")]
async fn seven_thousand_characters_are_kept_to_the_last() {
    let text: String = ('一'..).take(7_000).collect();
    let (house, told) = one("长信", "2019-06-08", &text).await;
    assert_eq!(counts(&told), [1, 1, 0, 0]);
    assert_eq!(only(&house).await["fields"]["description"], text.as_str());
    let (_, told) = one("太长", "2019-06-08", &"长".repeat(10_001)).await;
    assert_eq!(fault(&told), (2, "too_long"));
}

/// One letter with that title, in GB18030.
const GB18030: &str = "wfTR1LHgusUswfTR1NPDu6cswfTR1Nb3zOIswfTR1MqxvOQswfTR1M/qx+kKMSxVMDAwMSyVNLI1zO+V\
        Nds1mDXuN5kz+ziplqTOLDIwMTkvMi8yOCAxMToyNTowNSzS0b6tyP3M7MHLCg==";

#[tokio::test(flavor = "multi_thread")]
async fn names_of_extension_b_and_beyond_come_back_as_they_were() {
    let name = "𠮷田𡈽𪚥𬺈〇の";
    let (house, told) = one(name, "2019-06-08", &format!("{name}小区")).await;
    assert_eq!(counts(&told), [1, 1, 0, 0]);
    assert_eq!(only(&house).await["title"], name);
    // GB18030, in which Chinese offices still send files, has them in four bytes.
    let house = House::build().await;
    let file = BASE64.decode(GB18030.as_bytes()).unwrap();
    let path = "/v1/imports/reports";
    let answer = send(&house, "dispatcher", path, &file, json!({ "source": TAIDI })).await;
    assert_eq!(counts(&answer.json()), [1, 1, 0, 0], "{}", answer.text);
    assert_eq!(only(&house).await["title"], name);
}

#[tokio::test(flavor = "multi_thread")]
async fn naughty_strings_are_kept_as_they_are_or_refused_by_name() {
    let known = include_bytes!("../../../../../tests/vectors/naughty_strings.json");
    let known: Vec<String> = serde_json::from_slice(known).unwrap();
    let ours =
        ["<script>alert(1)</script>", "'; DROP TABLE cases;--", "\u{0}", "=1+1", "a\u{202e}b"];
    let strings = known.into_iter().chain(ours.map(str::to_owned));
    let strings: Vec<String> = strings.collect();
    let house = House::build().await;
    let quoted = |cell: &str| format!("\"{}\"", cell.replace('"', "\"\""));
    let rows = strings.iter().enumerate().map(|(number, text)| {
        [number.to_string(), "U".into(), "题".into(), "2019-06-08".into(), quoted(text)]
    });
    let told = reports(&house, &letters(rows), json!({ "source": TAIDI })).await;
    let [rows, opened, _, refused] = counts(&told);
    assert_eq!((rows as usize, opened + refused), (strings.len(), rows), "{told}");
    let control = |text: &String| text.trim().chars().any(governance::act::is_unseen);
    let unseen = strings.iter().filter(|text| control(text)).count() as u64;
    assert!(refused <= unseen && refused >= 2, "{refused} of {unseen}: {}", told["faults"]);
    assert_eq!(told["faults"]["control_character"], refused);
}
