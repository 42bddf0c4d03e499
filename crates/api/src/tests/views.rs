//! The views of the list of cases that an account keeps.

use hyper::{Method, StatusCode};
use serde_json::{Value, json};

use super::house::{Answer, House, Who};

const PATH: &str = "/v1/me/views";

async fn keep(house: &House, who: &str, views: Value) -> Answer {
    let body = json!({ "views": views });
    house.call(Method::PUT, PATH, Who::Bearer(who), Some(body), &[]).await
}

async fn kept(house: &House, who: &str) -> Value {
    house.get(Who::Bearer(who), PATH).await.json()["views"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn views_are_ones_own_and_outlast_the_node() {
    let house = House::build().await;
    assert_eq!(kept(&house, "dispatcher").await, json!([]));
    let views = json!([{ "name": "一网格 未接", "query": "view=intake&q=%E8%B7%AF%E7%81%AF" }]);
    assert_eq!(keep(&house, "dispatcher", views.clone()).await.status, StatusCode::NO_CONTENT);
    assert_eq!(kept(&house, "grid1").await, json!([]), "nobody sees another's");
    let house = house.restarted().await;
    assert_eq!(kept(&house, "dispatcher").await, views);
    assert_eq!(keep(&house, "dispatcher", json!([])).await.status, StatusCode::NO_CONTENT);
    assert_eq!(kept(&house, "dispatcher").await, json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_views_and_what_is_no_view_are_refused_and_change_nothing() {
    let house = House::build().await;
    let view = |name: &str, query: &str| json!({ "name": name, "query": query });
    assert_eq!(keep(&house, "grid1", json!([view("我的", "view=mine")])).await.status, 204);
    let many: Vec<Value> = (0..21).map(|_| view("一", "view=all")).collect();
    for wrong in [
        json!(many),
        json!([view("", "view=all")]),
        json!([view(" ", "view=all")]),
        json!([view(&"一".repeat(41), "view=all")]),
        json!([view("一\u{7}", "view=all")]),
        json!([view("一", "q=路灯")]),
        json!([view("一", "a b")]),
        json!([view("一", &"a".repeat(1_001))]),
    ] {
        let answer = keep(&house, "grid1", wrong.clone()).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}: {}", answer.text);
    }
    assert_eq!(kept(&house, "grid1").await, json!([view("我的", "view=mine")]));
}
