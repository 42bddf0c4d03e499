//! Finding cases and people by words, and cases that are about one matter.

use hyper::StatusCode;
use serde_json::{Value, json};

use super::house::{BUILDING, CANARY, GRID, House, Who, place, report};

async fn taken(house: &House, title: &str, description: &str, number: u8) -> String {
    let mut body = report(number);
    (body["title"], body["description"]) = (title.into(), description.into());
    let answer = house.post(Who::Nobody, "/v1/reports", body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    answer.json()["id"].as_str().unwrap().to_owned()
}

async fn found(house: &House, login: &str, query: &str) -> Vec<String> {
    let encoded: String = form_urlencoded::byte_serialize(query.as_bytes()).collect();
    let answer = house.get(Who::Bearer(login), &format!("/v1/cases?q={encoded}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let json = answer.json();
    assert!(json["searched"]["cases"].as_u64().is_some(), "{json}");
    let items = json["items"].as_array().unwrap();
    items.iter().map(|item| item["title"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_is_found_by_words_in_either_script_by_sound_and_by_number() {
    let house = House::build().await;
    taken(&house, "樓道堆物", "三樓樓道堆滿紙箱", BUILDING[0]).await;
    taken(&house, "路灯不亮", "𠮷田巷口的路灯不亮", BUILDING[0]).await;
    for query in ["楼道", "樓道", "堆满 纸箱", "ldd", "loudao", "ＬＤＤＷ"] {
        assert_eq!(found(&house, "dispatcher", query).await, ["樓道堆物"], "{query}");
    }
    for query in ["𠮷田", "路燈", "ludeng"] {
        assert_eq!(found(&house, "dispatcher", query).await, ["路灯不亮"], "{query}");
    }
    let list = house.get(Who::Bearer("dispatcher"), "/v1/cases").await.json();
    let number = list["items"][0]["number"].as_str().unwrap().to_owned();
    assert_eq!(found(&house, "dispatcher", &number).await.len(), 1);
    for query in ["没有这句话", "zzz", "%", "，"] {
        assert!(found(&house, "dispatcher", query).await.is_empty(), "{query}");
    }
    assert_eq!(found(&house, "dispatcher", "三楼").await.len(), 2, "the address of both");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_finds_what_they_may_not_see_nor_by_what_they_may_not_read() {
    let house = House::build().await;
    taken(&house, "楼道堆物", "纸箱", BUILDING[0]).await;
    assert_eq!(found(&house, "grid1", "堆物").await.len(), 1);
    assert!(found(&house, "grid2", "堆物").await.is_empty());
    assert!(found(&house, "ops", "堆物").await.is_empty());
    // Personal fields are not searched, whoever asks.
    assert!(found(&house, "dispatcher", CANARY).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_goes_page_by_page_to_the_end() {
    let house = House::build().await;
    for number in 0..7 {
        taken(&house, &format!("路灯{number}"), "不亮", BUILDING[0]).await;
        taken(&house, &format!("占道{number}"), "摆摊", BUILDING[0]).await;
    }
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let path = format!("/v1/cases?q=ludeng&limit=3{after}");
        let page = house.get(Who::Bearer("dispatcher"), &path).await.json();
        let titles = page["items"].as_array().unwrap().iter();
        seen.extend(titles.map(|item| item["title"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(seen.len(), 7);
    // They were opened at one moment: then the order is that of their ids.
    seen.sort();
    assert!(seen.iter().enumerate().all(|(n, title)| *title == format!("路灯{n}")));
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_found_by_name_and_by_sound() {
    let house = House::build().await;
    for name in ["張秀英", "欧阳建国", "𠮷野"] {
        let body = json!({ "name": name });
        let answer = house.post(Who::Bearer("ops"), "/v1/people", body).await;
        assert_eq!(answer.status, StatusCode::CREATED);
    }
    let found = async |query: &str| -> Vec<String> {
        let encoded: String = form_urlencoded::byte_serialize(query.as_bytes()).collect();
        let answer = house.get(Who::Bearer("grid1"), &format!("/v1/people?q={encoded}")).await;
        let json = answer.json();
        let items = json["items"].as_array().unwrap();
        items.iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(found("张秀").await, ["張秀英"]);
    assert_eq!(found("zxy").await, ["張秀英"]);
    assert_eq!(found("oyjg").await, ["欧阳建国"]);
    assert_eq!(found("𠮷").await, ["𠮷野"]);
    assert!(found("王").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_matter_told_twice_is_suggested_with_reasons_to_who_may_see_both() {
    let house = House::build().await;
    let text = "丽发新城小区旁边的搅拌站半夜施工，噪音和灰尘严重，影响睡眠";
    let first = taken(&house, "搅拌站噪音", text, BUILDING[0]).await;
    let second =
        taken(&house, "麗發新城攪拌站擾民", "丽发新城搅拌站每天半夜施工噪音灰尘很大", BUILDING[0])
            .await;
    taken(&house, "路灯不亮", "巷口路灯坏了三天", BUILDING[0]).await;
    let path = format!("/v1/cases/{second}/similar");
    let similar = house.get(Who::Bearer("grid1"), &path).await.json();
    let items = similar["items"].as_array().unwrap();
    assert_eq!(
        items.first().map(|item| &item["case"]["id"]),
        Some(&Value::from(first)),
        "{similar}"
    );
    assert!(items[0]["score"].as_u64().unwrap() >= 50);
    assert!(items[0]["reasons"][0]["zh"].as_str().unwrap().contains("文字相近"), "{similar}");
    assert_eq!(similar["cut"], false);
    assert_eq!(house.get(Who::Bearer("grid2"), &path).await.code(), "not-found");
    let mut draft = report(GRID[0]);
    (draft["place"], draft["description"]) = (place(GRID[0]).to_string().into(), text.into());
    let of = async |login: &str| {
        let answer = house.post(Who::Bearer(login), "/v1/cases/similar", draft.clone()).await;
        answer.json()["items"].as_array().unwrap().len()
    };
    assert!(of("grid1").await >= 2);
    assert_eq!(of("grid2").await, 0, "not theirs to see");
}
