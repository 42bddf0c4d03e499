//! Files from outside, through the API: every row a case or a named error, and no row twice.

mod ground;
mod hostile;
mod orders;

use std::time::Duration;

use data_encoding::BASE64;
use engine::view;
use governance::act::Origin;
use hyper::StatusCode;
use serde_json::{Value, json};

use super::house::{Answer, BUILDING, House, Who, report};

const TAIDI: &str = "taidi2020";

/// Sends a file as somebody.
async fn send(house: &House, who: &str, path: &str, file: &[u8], more: Value) -> Answer {
    let mut body = json!({ "file": BASE64.encode(file) });
    for (key, value) in more.as_object().unwrap() {
        body[key] = value.clone();
    }
    house.post(Who::Bearer(who), path, body).await
}

async fn reports(house: &House, file: &str, more: Value) -> Value {
    let answer = send(house, "dispatcher", "/v1/imports/reports", file.as_bytes(), more).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer.json()
}

/// Letters as the board writes them: number, pseudonym, title, time, text.
fn letters(rows: impl IntoIterator<Item = [String; 5]>) -> String {
    let lines = rows.into_iter().map(|row| format!("{}\n", row.join(",")));
    format!("留言编号,留言用户,留言主题,留言时间,留言详情\n{}", lines.collect::<String>())
}

fn letter(number: usize) -> [String; 5] {
    let [id, who] = [format!("{number}"), format!("U{number:04}")];
    [id, who, format!("路灯第{number}盏不亮"), "2019/2/28 11:25:05".into(), "已经三天了".into()]
}

fn cases(house: &House) -> usize {
    let all = engine::project::Order::All;
    view::cases(house.handle.reader(), all, None, 100_000).unwrap().len()
}

fn counts(told: &Value) -> [u64; 4] {
    ["rows", "opened", "repeated", "refused"].map(|name| told["counts"][name].as_u64().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_file_twice_gives_no_doubles_not_after_a_restart_and_not_after_a_year() {
    let house = House::build().await;
    let file = letters((1..=300).map(letter));
    let source = || json!({ "source": TAIDI });
    let dry = reports(&house, &file, json!({ "source": TAIDI, "dry_run": true })).await;
    assert_eq!((counts(&dry), cases(&house)), ([300, 300, 0, 0], 0));
    assert_eq!(counts(&reports(&house, &file, source()).await), [300, 300, 0, 0]);
    assert_eq!(counts(&reports(&house, &file, source()).await), [300, 0, 300, 0]);
    let house = house.restarted().await;
    house.pass(Duration::from_secs(366 * 86_400));
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let longer = letters((1..=301).map(letter));
    let dry = reports(&house, &longer, json!({ "source": TAIDI, "dry_run": true })).await;
    assert_eq!(counts(&dry), [301, 1, 300, 0]);
    assert_eq!(counts(&reports(&house, &longer, source()).await), [301, 1, 300, 0]);
    assert_eq!(cases(&house), 301);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_bring_the_same_file_at_once_open_each_case_once() {
    let house = House::build().await;
    let file = letters((1..=200).map(letter));
    let source = || json!({ "source": TAIDI });
    let (one, two) =
        tokio::join!(reports(&house, &file, source()), reports(&house, &file, source()));
    let (one, two) = (counts(&one), counts(&two));
    assert_eq!((one[1] + two[1], one[2] + two[2], one[3] + two[3]), (200, 200, 0));
    assert_eq!(cases(&house), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_comes_back_with_other_words_is_an_error_and_the_case_stays() {
    let house = House::build().await;
    reports(&house, &letters([letter(1)]), json!({ "source": TAIDI })).await;
    let [id, who, _, at, text] = letter(1);
    let other = letters([[id, who, "另一件事".into(), at, text]]);
    let told = reports(&house, &other, json!({ "source": TAIDI })).await;
    assert_eq!(counts(&told), [1, 0, 0, 1]);
    let problem = &told["problems"][0];
    assert_eq!((problem["fault"].as_str(), problem["row"].as_u64()), (Some("conflict"), Some(2)));
    assert!(problem["zh"].as_str().unwrap().contains("事件"), "{problem}");
    assert_eq!(cases(&house), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_number_of_two_sources_is_two_cases_and_a_sent_mapping_does_as_well_as_a_named_one() {
    let house = House::build().await;
    let file = letters([letter(1)]);
    reports(&house, &file, json!({ "source": TAIDI })).await;
    let mapping = include_str!("../../../../config/imports/taidi2020.toml");
    let mapping = mapping.replace("\"taidi2020\"", "\"other-board\"");
    let told = reports(&house, &file, json!({ "mapping": mapping })).await;
    assert_eq!(counts(&told), [1, 1, 0, 0]);
    let reader = house.handle.reader();
    let of = |source: &str| Origin { source: source.into(), number: "1".into() };
    let one = view::imported(reader, &of(TAIDI)).unwrap();
    let two = view::imported(reader, &of("other-board")).unwrap();
    assert!(one.is_some() && two.is_some() && one != two);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mapping_that_does_not_fit_is_named_by_what_is_wrong_with_it() {
    let house = House::build().await;
    let mapping = include_str!("../../../../config/imports/taidi2020.toml");
    for (more, part) in [
        (json!({}), "body.source"),
        (json!({ "source": "no-such" }), "body.source"),
        (json!({ "source": TAIDI, "mapping": mapping }), "body.source"),
        (json!({ "mapping": "key = 1" }), "body.mapping"),
        (json!({ "mapping": mapping.replace("\"resident\"", "\"pigeon\"") }), "body.mapping"),
        (json!({ "mapping": mapping.replace("\"+08:00\"", "\"China\"") }), "body.mapping"),
    ] {
        let path = "/v1/imports/reports";
        let answer = send(&house, "dispatcher", path, b"x", more).await;
        assert_eq!(answer.code(), "field", "{}", answer.text);
        assert_eq!(answer.json()["errors"][0]["path"], part, "{}", answer.text);
    }
    let answer =
        house.post(Who::Bearer("dispatcher"), "/v1/imports/reports", json!({ "file": "路灯" }));
    assert_eq!(answer.await.code(), "body");
}

#[tokio::test(flavor = "multi_thread")]
async fn others_find_room_in_the_queue_while_a_file_is_taken_in() {
    let house = House::build().await;
    let file = letters((1..=3_000).map(letter));
    let held = house.hold();
    let import = reports(&house, &file, json!({ "source": TAIDI }));
    let resident = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let reports = (0..40).map(|_| house.post(Who::Nobody, "/v1/reports", report(BUILDING[0])));
        let reports = futures::future::join_all(reports);
        drop(held);
        reports.await
    };
    let (told, answers) = tokio::join!(import, resident);
    assert_eq!(counts(&told), [3_000, 3_000, 0, 0]);
    assert!(answers.iter().all(|answer| answer.status == StatusCode::CREATED));
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_megabytes_pass_and_what_is_told_is_bounded() {
    let house = House::build().await;
    let text = "长".repeat(3_000);
    let row = |number: usize| {
        let [id, who, title, at, _] = letter(number);
        // Every other row has no time that can be read.
        let at = if number.is_multiple_of(2) { at } else { "昨天".into() };
        [id, who, title, at, text.clone()]
    };
    let file = letters((1..=1_200).map(row));
    assert!(file.len() > 10_000_000);
    let told = reports(&house, &file, json!({ "source": TAIDI })).await;
    assert_eq!(counts(&told), [1_200, 600, 0, 600]);
    assert_eq!(told["errors"], 600);
    assert_eq!(told["faults"]["not_a_time"], 600);
    assert_eq!(told["problems"].as_array().unwrap().len(), 500);
}
