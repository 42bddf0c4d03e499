//! Whatever arrives is bounded, refused by name, and changes nothing.

use axum::body::Body;
use axum::extract::Request;
use hyper::{Method, StatusCode};
use proptest::prelude::*;
use serde_json::json;

use super::house::{Answer, BUILDING, House, Who, report, who_may_come};
use crate::route::{Load, Photos, ROUTES, Route};

async fn raw(house: &House, path: &str, kind: &str, body: impl Into<Body>) -> Answer {
    let request = Request::post(path)
        .header("content-type", kind)
        .header("authorization", house.bearer(who_may_come(path)).await)
        .body(body.into())
        .unwrap();
    house.send(request).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_is_json_of_a_bounded_size() {
    let house = House::build().await;
    let json = "application/json";
    let deep = "[".repeat(100_000);
    for (kind, body, status, code) in [
        ("text/plain", "{}".to_owned(), 415, "media-type"),
        ("application/x-www-form-urlencoded", "a=b".to_owned(), 415, "media-type"),
        ("", "{}".to_owned(), 415, "media-type"),
        (json, String::new(), 400, "malformed"),
        (json, "{".to_owned(), 400, "malformed"),
        (json, "{} {}".to_owned(), 422, "body"),
        (json, "null".to_owned(), 422, "body"),
        (json, "\u{feff}{}".to_owned(), 400, "malformed"),
        (json, deep, 422, "body"),
        (json, format!("\"{}\"", "x".repeat(300 * 1024)), 413, "too-large"),
    ] {
        let answer = raw(&house, "/v1/people", kind, body).await;
        let shown = (answer.status.as_u16(), answer.code());
        assert_eq!(shown, (status, code.to_owned()), "{kind} {}", answer.text);
    }
    let utf16 = raw(&house, "/v1/people", json, vec![0xff, 0xfe, 0x7b, 0x00]).await;
    assert_eq!(utf16.code(), "malformed");
    let charset = "application/json; charset=utf-8";
    let answer = raw(&house, "/v1/people", charset, r#"{"name":"新人"}"#).await;
    assert_eq!(answer.status, StatusCode::CREATED);
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_and_repeated_fields_are_refused_by_their_path() {
    let house = House::build().await;
    let json = "application/json";
    for (path, body, told) in [
        ("/v1/people", r#"{"name":"a","age":3}"#, "known: "),
        ("/v1/people", r#"{"name":"a","name":"b"}"#, "duplicate field `name`"),
        ("/v1/people", r#"{"phone":"1"}"#, "missing field `name`"),
        ("/v1/cases", r#"{"title":["x"]}"#, "body.title"),
        (
            "/v1/cases",
            r#"{"title":"a","description":"b","channel":"c","point":[200,0]}"#,
            "longitude",
        ),
        ("/v1/places", r#"{"places":[{"id":"zz"}]}"#, "body.places[0].id"),
        ("/v1/queries", r#"{"metric":"secrets"}"#, "body.metric"),
    ] {
        let answer = raw(&house, path, json, body).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert!(answer.text.contains(told), "{body}: {}", answer.text);
    }
}

/// Routes whose body is JSON.
fn json_routes() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().filter(|route| route.body.is_some() && route.photos != Photos::Body)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_body_holds_what_its_route_does_not_know() {
    let house = House::build().await;
    for route in json_routes() {
        let path = path(route);
        for body in [r#"{"zz":1}"#, r#"{"act":"accept","zz":1}"#, r#"{"places":[{"zz":1}]}"#] {
            let answer = body_of(&house, route, &path, body).await;
            let code = answer.code();
            let unseen = route.path.contains("{code}") && code == "not-found";
            assert!(code == "body" || unseen, "{} {body}: {}", route.id, answer.text);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_stands_twice_and_a_number_out_of_range_are_refused_wherever_they_are() {
    let house = House::build().await;
    let place = r#""id":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","level":"building","name":"新楼","valid_from":"2026-06-03T00:00:00Z""#;
    let twice = format!(r#"{{"places":[{{{place},"name":"旧楼"}}]}}"#);
    let point =
        |point: &str| format!(r#"{{"title":"a","description":"b","channel":"c","point":{point}}}"#);
    let ask = |budget: &str| {
        format!(
            r#"{{"metric":"open","grouping":"none","from":"2026-01-01T00:00:00Z","until":"2027-01-01T00:00:00Z","budget_ms":{budget}}}"#
        )
    };
    for (path, body, code) in [
        ("/v1/places", twice, "body"),
        (
            "/v1/cases",
            r#"{"title":"a","title":"a","description":"b","channel":"c"}"#.into(),
            "body",
        ),
        ("/v1/tokens", r#"{"label":"a","days":1,"days":1}"#.into(), "body"),
        ("/v1/tokens", r#"{"label":"a","days":4294967296}"#.into(), "body"),
        ("/v1/tokens", r#"{"label":"a","days":-1}"#.into(), "body"),
        ("/v1/tokens", r#"{"label":"a","days":1.5}"#.into(), "body"),
        ("/v1/cases", point("[1e999,0]"), "body"),
        ("/v1/cases", point("[1e308,0]"), "body"),
        ("/v1/cases", point("[0]"), "body"),
        ("/v1/cases", point("[0,0,0]"), "body"),
        ("/v1/cases", point(&format!("[0,{}]", "9".repeat(10_000))), "body"),
        ("/v1/queries", ask("99999999999999999999999999"), "body"),
        ("/v1/queries", ask("1e2"), "body"),
        ("/v1/queries", ask("0"), "field"),
    ] {
        let answer = raw(&house, path, "application/json", body.clone()).await;
        assert_eq!(answer.code(), code, "{body:.80}: {}", answer.text);
        assert!(answer.text.len() < 1_000, "and its own size is bounded");
    }
}

/// A path of a route with what fits its parameters.
fn path(route: &Route) -> String {
    let path = route.path.replace("{id}", &"0".repeat(32)).replace("{name}", "new.one");
    path.replace("{code}", "0000-0000-0000-0000").replace("{role}", "x")
}

async fn body_of(house: &House, route: &Route, path: &str, body: &str) -> Answer {
    let request = Request::builder()
        .method(route.method.clone())
        .uri(path)
        .header("content-type", "application/json")
        .header("authorization", house.bearer(who_may_come(path)).await);
    house.send(request.body(Body::from(body.to_owned())).unwrap()).await
}

/// JSON that is near to what is taken: its names, its words, and anything in between.
fn json_near() -> impl Strategy<Value = serde_json::Value> {
    let words = ["act", "report", "verify", "", "\u{0}", "2026-06-02T00:00:00Z", "0000"];
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        any::<f64>().prop_map(serde_json::Value::from),
        ".{0,12}".prop_map(serde_json::Value::from),
        "[0-9a-f]{32}".prop_map(serde_json::Value::from),
        proptest::sample::select(words.to_vec()).prop_map(serde_json::Value::from),
    ];
    let names = [
        "act",
        "title",
        "description",
        "channel",
        "name",
        "phone",
        "places",
        "id",
        "level",
        "role",
        "scope",
        "label",
        "days",
        "account",
        "password",
        "metric",
        "grouping",
        "from",
        "until",
        "point",
        "reason",
        "assignee",
        "urgency",
        "person",
        "enabled",
        "area",
        "current",
        "new",
    ];
    leaf.prop_recursive(4, 48, 8, move |inner| {
        let name = proptest::sample::select(names.to_vec()).prop_map(str::to_owned);
        let object = proptest::collection::btree_map(name, inner.clone(), 0..8);
        prop_oneof![
            proptest::collection::vec(inner, 0..4).prop_map(serde_json::Value::from),
            object.prop_map(|map| map.into_iter().collect::<serde_json::Value>()),
        ]
    })
}

#[test]
fn no_body_breaks_the_node() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let house = runtime.block_on(House::build());
    let routes: Vec<&Route> = json_routes().collect();
    proptest!(ProptestConfig::with_cases(300), |(body in json_near())| {
        for route in &routes {
            let (path, body) = (path(route), body.to_string());
            let status = runtime.block_on(body_of(&house, route, &path, &body)).status;
            prop_assert!(!status.is_server_error(), "{} {body}", route.id);
        }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn four_mebibytes_are_for_places_and_more_for_files_alone() {
    let house = House::build().await;
    let large = format!(r#"{{"places":[],"x":"{}"}}"#, "x".repeat(1024 * 1024));
    for route in json_routes().filter(|route| route.method == Method::POST) {
        let path = route.path.replace("{id}", &"0".repeat(32)).replace("{code}", "0000");
        let answer = raw(&house, &path, "application/json", large.clone()).await;
        if route.load != Load::One {
            assert_eq!(answer.code(), "body", "{}", route.id);
        } else {
            assert!(["too-large", "not-found"].contains(&answer.code().as_str()), "{}", route.id);
        }
    }
    let too_large = "x".repeat(5 * 1024 * 1024);
    let answer = raw(&house, "/v1/places", "application/json", too_large).await;
    assert_eq!(answer.code(), "too-large");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_was_refused_left_a_trace() {
    let house = House::build().await;
    let frames = |house: &House| house.handle.status().log.map(|log| log.frontier.size());
    let before = frames(&house);
    for text in ["\u{0}", "a\u{7}b", " ", "a\r\nb", "\u{202e}abc", "\u{2068}x", &"长".repeat(201)]
    {
        let mut body = report(BUILDING[0]);
        body["title"] = text.into();
        let answer = house.post(Who::Nobody, "/v1/reports", body).await;
        assert_eq!(answer.code(), "field", "{text:?}");
        let answer = house.post(Who::Bearer("ops"), "/v1/people", json!({ "name": text })).await;
        assert_eq!(answer.code(), "field", "{text:?}");
    }
    let mut future = report(BUILDING[0]);
    future["happened"] = "2099-01-01T00:00:00Z".into();
    assert_eq!(house.post(Who::Nobody, "/v1/reports", future).await.code(), "in-future");
    assert_eq!(frames(&house), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_strings_come_back_as_they_were() {
    let house = House::build().await;
    for text in [
        "<script>alert(1)</script>",
        "'; DROP TABLE 事件; --",
        "=1+1",
        "{{7*7}}",
        "一\n\t二",
        "\u{200f}ئۇيغۇر",
    ] {
        let mut body = report(BUILDING[0]);
        body["title"] = text.into();
        let taken = house.post(Who::Nobody, "/v1/reports", body).await;
        let path = format!("/v1/cases/{}", taken.json()["id"].as_str().unwrap());
        let case = house.get(Who::Bearer("grid1"), &path).await;
        assert_eq!(case.json()["title"], text);
        assert_eq!(case.headers["content-type"], "application/json");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_a_problem_like_any_other() {
    let house = House::build().await;
    for path in ["/", "/v1", "/v1/", "/v1/cases/", "/v2/cases", "/v1/cases/../me", "//", "/%2e%2e"]
    {
        let answer = house.get(Who::Bearer("ops"), path).await;
        assert_eq!(answer.code(), "not-found", "{path}");
    }
    let answer = house.call(Method::PATCH, "/v1/cases", Who::Bearer("ops"), None, &[]).await;
    assert_eq!(answer.code(), "method-not-allowed");
    assert!(answer.headers.contains_key("allow"));
}

#[test]
fn no_path_and_no_query_breaks_the_node() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let house = runtime.block_on(House::build());
    let parts = proptest::collection::vec("[a-z0-9%{}.~-]{0,12}", 0..5);
    let query = "[a-z]{1,6}=[^#]{0,12}(&[a-z]{1,6}=[0-9a-f-]{0,40})?";
    proptest!(ProptestConfig::with_cases(200), |(parts in parts, query in query)| {
        let path = format!("/v1/{}?{query}", parts.join("/"));
        let builds = Request::get(&path).body(Body::empty());
        if let Ok(request) = builds {
            let status = runtime.block_on(async {
                let mut request: Request = request;
                let bearer = house.bearer("ops").await.parse().unwrap();
                request.headers_mut().insert("authorization", bearer);
                if request.uri().path() == "/v1/events" {
                    return StatusCode::OK;
                }
                house.send(request).await.status
            });
            prop_assert!(!status.is_server_error(), "{path}");
        }
    });
}
