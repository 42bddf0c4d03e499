//! What anybody may know of a matter, and what nobody is told.

use serde_json::json;

use super::house::{BUILDING, House, Who, place, report};

#[tokio::test(flavor = "multi_thread")]
async fn anybody_knows_of_a_public_matter_and_of_nothing_that_was_said() {
    let house = House::build().await;
    let mut ids = Vec::new();
    for category in ["facility", "dispute", "welfare"] {
        let mut body = report(BUILDING[0]);
        body["category"] = json!(category);
        body["title"] = json!("王芳家门口的路灯");
        body["description"] = json!("三栋二单元王芳说路灯坏了");
        let answer = house.post(Who::Nobody, "/v1/reports", body).await;
        ids.push(answer.json()["id"].as_str().unwrap().to_owned());
    }
    let listed = house.get(Who::Nobody, "/v1/matters").await;
    assert_eq!(listed.json()["items"].as_array().unwrap().len(), 1, "{}", listed.text);
    assert_eq!(listed.json()["items"][0]["id"], ids[0].as_str());
    let one = house.get(Who::Nobody, &format!("/v1/matters/{}", ids[0])).await;
    for text in [&listed.text, &one.text] {
        assert!(!text.contains("王芳") && !text.contains("number"), "{text}");
        assert!(!text.contains(&place(BUILDING[0]).to_string()), "no place finer than a grid");
    }
    for id in &ids[1..] {
        let hidden = house.get(Who::Nobody, &format!("/v1/matters/{id}")).await;
        assert_eq!(hidden.status, 404);
    }
    let none = house.get(Who::Nobody, "/v1/matters?done=true").await;
    assert_eq!(none.json()["items"], json!([]));
}
