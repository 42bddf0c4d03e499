//! The API's own description (OpenAPI 3.1), made from the list of routes.

pub(crate) fn document() -> serde_json::Value {
    serde_json::Value::Null
}
