//! A hotline's work orders, in and out.

use super::*;

const ORDERS: &str = "/v1/exports/orders";

fn orders(rows: &[(&str, &str)]) -> String {
    let lines = rows.iter().map(|(id, text)| format!("{id},{text},2026-05-30 08:00:00\n"));
    format!("工单编号,诉求内容,受理时间\n{}", lines.collect::<String>())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_comes_in_is_refused_with_a_reason_and_its_state_goes_back() {
    let house = House::build().await;
    let file = orders(&[("20260530-1", "路灯不亮"), ("20260530-2", "=申请公租房")]);
    let told = reports(&house, &file, json!({ "source": "hotline-12345" })).await;
    assert_eq!(counts(&told), [2, 2, 0, 0], "{told}");
    let list = house.get(Who::Bearer("dispatcher"), "/v1/cases?source=hotline-12345").await.json();
    let items = list["items"].as_array().unwrap();
    let second = items.iter().find(|item| item["title"] == "=申请公租房").unwrap();
    let acts = format!("/v1/cases/{}/acts", second["id"].as_str().unwrap());
    let refuse = json!({ "act": "refuse", "reason": "不属社区职责", "instead": "县住建局" });
    let answer = house.post(Who::Bearer("dispatcher"), &acts, refuse).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let wanted = |format: &str| json!({ "source": "hotline-12345", "format": format });
    let answer = house.post(Who::Bearer("dispatcher"), ORDERS, wanted("json")).await;
    assert_eq!(answer.headers["content-disposition"], "attachment; filename=\"orders.json\"");
    let rows = answer.json();
    let rows = rows.as_array().unwrap();
    let of = |id: &str| rows.iter().find(|row| row["工单编号"] == id).unwrap();
    assert_eq!((rows.len(), of("20260530-1")["办理状态"].as_str()), (2, Some("待受理")));
    assert_eq!(of("20260530-2")["办理状态"], "不予受理");
    assert_eq!(of("20260530-2")["不予受理原因"], "不属社区职责；县住建局");
    let csv = house.post(Who::Bearer("dispatcher"), ORDERS, wanted("csv")).await.text;
    assert!(csv.contains("20260530-2") && csv.contains("不予受理"), "{csv}");
    let later = house.handle.now().plus(Duration::from_secs(1)).to_string();
    for since in ["opened_from", "changed_from"] {
        let mut wanted = wanted("json");
        wanted[since] = later.clone().into();
        let answer = house.post(Who::Bearer("dispatcher"), ORDERS, wanted).await;
        assert_eq!(answer.json(), json!([]), "{since}");
    }
    let one_way = house.post(Who::Bearer("dispatcher"), ORDERS, json!({ "source": TAIDI })).await;
    assert_eq!(one_way.code(), "field");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lies_in_no_grid_waits_in_a_list_and_leaves_it_when_it_is_placed() {
    let house = House::build().await;
    let header = "工单编号,诉求内容,受理时间,经度,纬度";
    // In GCJ-02, as the mapping says: the second one lies in the first grid.
    let file = format!(
        "{header}\n1,不知在哪,2026-05-30 08:00:00,,\n2,在网格里,2026-05-30 08:00:00,118.4305,29.8625\n"
    );
    let told = reports(&house, &file, json!({ "source": "hotline-12345" })).await;
    assert_eq!(counts(&told), [2, 2, 0, 0], "{told}");
    let unplaced = async || {
        let answer = house.get(Who::Bearer("dispatcher"), "/v1/cases?unplaced=true").await.json();
        answer["items"].as_array().unwrap().clone()
    };
    let waiting = unplaced().await;
    assert_eq!((waiting.len(), &waiting[0]["title"]), (1, &json!("不知在哪")));
    let acts = format!("/v1/cases/{}/acts", waiting[0]["id"].as_str().unwrap());
    let place = super::super::house::place(super::super::house::GRID[1]).to_string();
    let answer = house
        .post(Who::Bearer("dispatcher"), &acts, json!({ "act": "triage", "place": place }))
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert!(unplaced().await.is_empty());
    let seen = house.get(Who::Bearer("grid2"), "/v1/cases").await.json();
    assert_eq!(seen["items"][0]["grid"], "341021100001002");
    let nowhere = json!({ "act": "triage", "place": "0".repeat(32) });
    let answer = house.post(Who::Bearer("dispatcher"), &acts, nowhere).await;
    assert_eq!(answer.code(), "unknown-place");
}
