//! A matter on its way up from a community and home again.

use serde_json::{Value, json};

use crate::desk::{Desk, text};

/// What a resident entrusts to the community and nobody else is to have.
pub(crate) const SECRETS: [&str; 3] = ["演示居民甲", "139-0000-0001", "演示涉事人乙"];

/// Reports, accepts and escalates a matter; gives the case once all three are acknowledged. Doing
/// it again under the same key does nothing twice.
pub(crate) async fn escalated(community: &Desk, key: &str) -> String {
    let case = accepted(community, key).await;
    community.act(&case, json!({ "act": "escalate", "reason": "超出社区职权，需街镇协调" })).await;
    case
}

/// Reports and accepts a matter.
pub(crate) async fn accepted(community: &Desk, key: &str) -> String {
    let report = json!({
        "title": format!("路灯不亮 {key}"),
        "description": "小区东门路灯不亮，夜间出行不便",
        "channel": "hotline",
        "address": "东门",
        "contact_name": SECRETS[0],
        "contact_phone": SECRETS[1],
        "involved": SECRETS[2],
    });
    let case = text(&community.post("/v1/cases", key, report).await, "id");
    community.act(&case, json!({ "act": "accept" })).await;
    case
}

/// The street takes it on.
pub(crate) fn take() -> Value {
    json!({ "act": "accept_custody" })
}

/// The street deals with it.
pub(crate) fn handle() -> Value {
    json!({ "act": "handle", "opinion": "已协调处置完毕" })
}

/// The street sends it home.
pub(crate) fn send_home() -> Value {
    json!({ "act": "send_home", "done": true, "opinion": "已办结，请核查" })
}

/// The community verifies and closes what came home.
pub(crate) async fn finish(community: &Desk, case: &str) {
    let verify = json!({ "act": "verify", "solved": true, "satisfaction": 5 });
    community.act_when_possible(case, verify).await;
    community.act(case, json!({ "act": "close" })).await;
}

/// The acts of a case as a node has them.
pub(crate) fn acts(case: &Value) -> Vec<String> {
    let timeline = case["timeline"].as_array().expect("a timeline").iter();
    timeline.map(|step| text(step, "act")).collect()
}
