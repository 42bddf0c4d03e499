//! The committed document is the one that is served, and every route is in it.

use std::path::Path;

use serde_json::Value;

use super::house::{House, Who};
use crate::openapi;
use crate::route::{Guard, ROUTES};

#[test]
fn the_committed_document_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let document = openapi::document();
    if std::env::var_os("WANGGE_BLESS").is_some() {
        let text = serde_json::to_string_pretty(document).unwrap();
        std::fs::write(&path, text + "\n").unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    let committed: Value = serde_json::from_str(&committed).unwrap_or_default();
    assert!(
        committed == *document,
        "openapi.json is out of date: run WANGGE_BLESS=1 cargo test -p api"
    );
}

#[test]
fn every_route_is_in_the_document_with_a_success_and_its_guard() {
    let paths = openapi::document()["paths"].as_object().unwrap();
    let operations: usize = paths.values().map(|path| path.as_object().unwrap().len()).sum();
    assert_eq!(operations, ROUTES.len(), "nothing else is");
    for route in ROUTES {
        let operation = &paths[route.path][route.method_name().to_ascii_lowercase()];
        assert_eq!(operation["operationId"], route.id);
        let open = operation["security"] == Value::Array(Vec::new());
        assert_eq!(open, route.guard == Guard::Anyone, "{}", route.id);
        assert_eq!(operation["requestBody"].is_object(), route.body.is_some(), "{}", route.id);
        let summary = operation["summary"].as_str().unwrap();
        assert!(summary.contains(" · ") && !summary.starts_with(' '), "{}", route.id);
    }
}

#[test]
fn no_two_routes_share_an_operation() {
    let mut ids: Vec<_> = ROUTES.iter().map(|route| route.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), ROUTES.len());
}

/// Every reference in the document leads somewhere.
#[test]
fn nothing_is_referred_to_that_is_not_there() {
    fn walk(value: &Value) {
        match value {
            Value::Object(map) => {
                if let Some(Value::String(reference)) = map.get("$ref") {
                    let found = openapi::document().pointer(reference.trim_start_matches('#'));
                    assert!(found.is_some(), "{reference}");
                }
                map.values().for_each(walk);
            }
            Value::Array(values) => values.iter().for_each(walk),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    walk(openapi::document());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_is_served() {
    let house = House::build().await;
    let served = house.get(Who::Nobody, "/openapi.json").await.json();
    assert!(served == *openapi::document());
}
