//! A node's own numbers.

use governance::numbers::Report;
use governance::query::{Answer, Grouping, Metric};
use record::{FederationId, Unverified};
use serde_json::json;

use super::house::{BUILDING, House, Who};
use crate::hex;

#[tokio::test(flavor = "multi_thread")]
async fn a_nodes_numbers_are_a_report_that_can_be_recounted_with_every_exclusion_named() {
    let house = House::build().await;
    let (one, _) = house.reported(BUILDING[0]).await;
    house.reported(BUILDING[1]).await;
    let appoint = format!("/v1/people/{}/appointments", house.person("worker"));
    let role = json!({ "role": "community_head" });
    let appointed = house.post(Who::Bearer("ops"), &appoint, role).await;
    assert_eq!(appointed.status, 201, "{}", appointed.text);
    let act = json!({ "act": "exclude", "rate": "solved", "exclusion": "not_ours",
        "reason": "属合同纠纷" });
    let path = format!("/v1/cases/{one}/acts");
    let done = house.post(Who::Bearer("worker"), &path, act).await;
    assert_eq!(done.status, 200, "{}", done.text);
    let answer = house.get(Who::Bearer("ops"), "/v1/numbers").await;
    let report: Report = serde_json::from_str(&answer.text).unwrap();
    assert!(report.still);
    let received = |grouping| {
        let wanted = (Metric::Received, grouping);
        let figure = report.figures.iter().find(|one| (one.metric, one.grouping) == wanted);
        figure.unwrap().rows.iter().map(|row| row.count).collect::<Vec<_>>()
    };
    assert_eq!(received(Grouping::None), [2]);
    assert_eq!(received(Grouping::Grid), [1, 1]);
    let json = answer.json();
    let excluded = &json["exclusions"][0];
    assert_eq!(excluded["case"], json!(one));
    let made = &excluded["exclusions"][0];
    assert_eq!((&made["ground"]["key"], &made["rate"]), (&json!("not_ours"), &json!("solved")));
    assert_eq!(made["role"]["key"], "community_head");
    // Whoever may not read the case is told the ground and not the words.
    assert!(excluded.get("reasons").is_none());
    // Nothing was closed and called back: there is no rate, which is not a rate of nought.
    assert_eq!(json["rates"]["lines"][1]["all"], json!({ "yes": 0, "of": 0 }));
    assert!(json["rates"].get("score_all").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_or_an_area_that_makes_no_sense_is_refused() {
    let house = House::build().await;
    for query in ["from=2027-01-01T00:00:00Z", "area=34x", "until=soon", "by=person"] {
        let answer = house.get(Who::Bearer("ops"), &format!("/v1/numbers?{query}")).await;
        assert_eq!(answer.code(), "parameter", "{query}: {}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_comes_with_its_signature_where_asked_for() {
    let house = House::build().await;
    house.reported(BUILDING[0]).await;
    let ask = json!({ "metric": "on_time", "grouping": "level", "signed": true,
        "from": "2026-01-01T00:00:00Z", "until": "2028-01-01T00:00:00Z" });
    let answer = house.post(Who::Bearer("ops"), "/v1/queries", ask).await.json();
    let setup = house.handle.setup();
    let bytes = hex::decode(answer["signed"]["answer"].as_str().unwrap()).unwrap();
    let federation = FederationId::of_root(&setup.root);
    let signed = Unverified::<Answer>::parse(bytes).unwrap();
    let signed = signed.verify(&federation, &setup.standing.key()).unwrap();
    assert_eq!(json!(signed.id()), answer["answer"]);
    assert_eq!(json!(signed.question), answer["question"]);
    assert_eq!(answer["signed"]["root"], json!(setup.root));
}
