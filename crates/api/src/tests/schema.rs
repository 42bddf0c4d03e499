//! Holds every answer against what the OpenAPI document promises of it: the keywords that the
//! document uses, and no others.

use hyper::Method;
use serde_json::Value;

use super::house::Answer;
use crate::openapi;
use crate::route::ROUTES;

/// Panics when an answer is not as promised.
pub(super) fn check(method: &Method, path: &str, answer: &Answer) {
    let secure = ["x-content-type-options", "content-security-policy", "x-request-id"];
    assert!(secure.iter().all(|name| answer.headers.contains_key(*name)), "{path}: {secure:?}");
    assert_eq!(answer.headers["cache-control"], "no-store", "{path}");
    let status = answer.status.as_u16();
    if status >= 400 {
        let schema = &openapi::document()["components"]["responses"]["Problem"]["content"]["application/problem+json"]
            ["schema"];
        assert_eq!(answer.headers["content-type"], "application/problem+json", "{path}");
        assert!(*method == Method::HEAD || valid(schema, &answer.json(), "problem"));
        return;
    }
    if *method == Method::OPTIONS || *method == Method::HEAD {
        return;
    }
    let Some(template) = template(method, path) else { panic!("{method} {path} is in no list") };
    let operation = &openapi::document()["paths"][template][method.as_str().to_ascii_lowercase()];
    let response = &operation["responses"][status.to_string()];
    assert!(response.is_object(), "{method} {path} gave {status}, which is not promised");
    if let Some(media) = response["content"]["application/json"].as_object() {
        assert!(valid(&media["schema"], &answer.json(), path));
    }
}

/// The route that a path is of; fixed parts count before parameters.
fn template(method: &Method, path: &str) -> Option<&'static str> {
    let fits = |template: &str| {
        let (ours, theirs) = (template.split('/'), path.split('/'));
        ours.clone().count() == theirs.clone().count()
            && ours.zip(theirs).all(|(ours, theirs)| ours.starts_with('{') || ours == theirs)
    };
    let of_method = ROUTES.iter().filter(|route| route.method == *method);
    let fitting = of_method.map(|route| route.path).filter(|template| fits(template));
    fitting.min_by_key(|template| template.matches('{').count())
}

/// Whether a value is of a schema; says where it is not.
pub(super) fn valid(schema: &Value, value: &Value, at: &str) -> bool {
    if let Some(reference) = schema["$ref"].as_str() {
        let pointer = reference.trim_start_matches('#');
        return valid(openapi::document().pointer(pointer).expect(reference), value, at);
    }
    let of_type = match schema["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some(other) => panic!("type {other} in the document"),
        None => true,
    };
    assert!(of_type, "{at}: {value} is no {}", schema["type"]);
    if let Some(values) = schema["enum"].as_array() {
        assert!(values.contains(value), "{at}: {value} is none of {values:?}");
    }
    if schema["pattern"].as_str().is_some_and(|pattern| pattern.starts_with("^[0-9a-f]{")) {
        let pattern = schema["pattern"].as_str().unwrap_or_default();
        let length = pattern.trim_start_matches("^[0-9a-f]{").trim_end_matches("}$");
        let text = value.as_str().unwrap_or_default();
        assert_eq!(text.len().to_string(), length, "{at}: {text}");
    }
    if let (Some(items), Some(values)) = (schema.get("items"), value.as_array()) {
        for (index, value) in values.iter().enumerate() {
            valid(items, value, &format!("{at}[{index}]"));
        }
    }
    object(schema, value, at);
    true
}

fn object(schema: &Value, value: &Value, at: &str) {
    let Some(value) = value.as_object() else { return };
    for name in schema["required"].as_array().into_iter().flatten() {
        let name = name.as_str().unwrap_or_default();
        assert!(value.contains_key(name), "{at}: {name} is missing");
    }
    let Some(properties) = schema["properties"].as_object() else { return };
    for (name, value) in value {
        let schema = properties.get(name);
        let Some(schema) = schema else { panic!("{at}: {name} is not in the document") };
        valid(schema, value, &format!("{at}.{name}"));
    }
}
