//! The head of a request: its method, its address, what it says it brings and what it accepts.
//! Every route is held to the same.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use hyper::header::{ALLOW, WWW_AUTHENTICATE};
use hyper::{Method, StatusCode};
use serde_json::json;
use tower::ServiceExt;

use super::house::{Answer, BUILDING, House, Who, report, who_may_come};
use crate::route::{Guard, ROUTES, Route};
use crate::state::Config;

/// A path of a route with ids that name nothing.
fn path(route: &Route) -> String {
    let id = if ["endToken", "endInvitation"].contains(&route.id) { 64 } else { 32 };
    let fill = |part: &str| match part {
        "{id}" => "0".repeat(id),
        "{record}" => "0".repeat(64),
        "{code}" => "0000-0000-0000-0000".to_owned(),
        part if part.starts_with('{') => "x".to_owned(),
        part => part.to_owned(),
    };
    route.path.split('/').map(fill).collect::<Vec<_>>().join("/")
}

/// As the operator of the machine, and as who of the staff may come there.
async fn knock(house: &House, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    request = request.header("authorization", house.bearer(who_may_come(path)).await);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut request = request.body(Body::empty()).unwrap();
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 9))));
    house.send(request).await
}

fn told(answer: &Answer) -> (u16, String, String) {
    let path = answer.json()["errors"][0]["path"].as_str().unwrap_or_default().to_owned();
    (answer.status.as_u16(), answer.code(), path)
}

fn is(status: u16, code: &str, path: &str) -> (u16, String, String) {
    (status, code.into(), path.into())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_route_takes_a_parameter_that_it_does_not_know_or_one_twice() {
    let house = House::build().await;
    for route in ROUTES {
        let path = path(route);
        for query in ["x=1", "x", "%00=1", "%ff=1", "limit%3d1=1"] {
            let answer = knock(&house, route.method.clone(), &format!("{path}?{query}"), &[]).await;
            assert_eq!(told(&answer), is(400, "parameter", "query"), "{} {query}", route.id);
        }
        let known: Vec<&str> = route.query_names().collect();
        for name in known {
            let twice = format!("{path}?{name}=1&{name}=1");
            let answer = knock(&house, route.method.clone(), &twice, &[]).await;
            assert_eq!(told(&answer), is(400, "parameter", "query"), "{} {name}", route.id);
            for value in ["%ff", "%00", "a%0db", "%e2%80%ae", &"x".repeat(257)] {
                let wrong = format!("{path}?{name}={value}");
                let answer = knock(&house, route.method.clone(), &wrong, &[]).await;
                let at = format!("query.{name}");
                assert_eq!(told(&answer), is(400, "parameter", &at), "{} {value}", route.id);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_value_is_named_by_its_parameter() {
    let house = House::build().await;
    for (path, at) in [
        ("/v1/cases?limit=x", "query.limit"),
        ("/v1/cases?limit=", "query.limit"),
        ("/v1/cases?limit=-1", "query.limit"),
        ("/v1/cases?limit=99999999999999999999999", "query.limit"),
        ("/v1/cases?limit=201", "query.limit"),
        ("/v1/cases?limit=1e2", "query.limit"),
        ("/v1/cases?phase=x", "query.phase"),
        ("/v1/cases?open=1", "query.open"),
        ("/v1/cases?assignee=1", "query.assignee"),
        ("/v1/cases?after=x", "query.after"),
        ("/v1/people?after=x", "query.after"),
        ("/v1/accounts?after=%2F", "query.after"),
        ("/v1/invitations?after=00", "query.after"),
        ("/v1/quarantine?after=-1", "query.after"),
        ("/v1/locate?lon=1", "query"),
        ("/v1/locate?lon=1e999&lat=0", "query.lon"),
        ("/v1/locate?lon=0&lat=-inf", "query.lat"),
        ("/v1/locate?lon=NaN&lat=0", "query"),
        ("/v1/locate?lon=180.00000000000003&lat=0", "query.lon"),
        ("/v1/locate?lon=x&lat=0", "query.lon"),
    ] {
        let answer = knock(&house, Method::GET, path, &[]).await;
        assert_eq!(told(&answer), is(400, "parameter", at), "{path}: {}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_id_is_told_what_one_is() {
    let house = House::build().await;
    for route in ROUTES.iter().filter(|route| route.path.contains("{id}")) {
        for wrong in ["x", "0", &"0".repeat(33), &"G".repeat(32), &"A".repeat(32), "%00", "网格"]
        {
            let path = path(route).replacen(&"0".repeat(32), wrong, 1);
            let path = path.replace("网格", "%E7%BD%91%E6%A0%BC");
            let answer = knock(&house, route.method.clone(), &path, &[]).await;
            // What is in the body may be found wrong first.
            let body = route.body.is_some() && answer.code() == "media-type";
            assert!(body || told(&answer) == is(400, "parameter", "path.id"), "{}", answer.text);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_names_one_host() {
    let house = House::build().await;
    for hosts in [&[][..], &["a", "a"], &["a", "b"]] {
        let mut request = Request::get("/livez").body(Body::empty()).unwrap();
        for host in hosts {
            request.headers_mut().append("host", host.parse().unwrap());
        }
        let answer = house.router.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{hosts:?}");
    }
    let mut old = Request::get("/livez").body(Body::empty()).unwrap();
    *old.version_mut() = hyper::Version::HTTP_10;
    assert_eq!(house.router.clone().oneshot(old).await.unwrap().status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_bounded() {
    let house = House::build().await;
    for route in ROUTES {
        let long = format!("{}?{}", path(route), "a=1&".repeat(1_100));
        let answer = knock(&house, route.method.clone(), &long, &[]).await;
        assert_eq!(told(&answer), is(414, "address-too-long", ""), "{}", route.id);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_accepted_is_not_done() {
    let house = House::build().await;
    let before = house.store.frames().len();
    for route in ROUTES.iter().filter(|route| {
        route.media().is_some_and(|media| !["text/plain", "text/html"].contains(&media))
    }) {
        let headers = [("accept", "image/png, text/html;q=0.9")];
        let answer = knock(&house, route.method.clone(), &path(route), &headers).await;
        let expected = is(406, "not-acceptable", "header.accept");
        assert_eq!(told(&answer), expected, "{}", route.id);
        assert_eq!(answer.headers["content-type"], "application/problem+json");
    }
    let headers = [("accept", "text/html")];
    let body = Some(report(BUILDING[0]));
    let answer = house.call(Method::POST, "/v1/cases", Who::Bearer("grid1"), body, &headers).await;
    assert_eq!(answer.status, StatusCode::NOT_ACCEPTABLE);
    // But for the tokens with which they came.
    assert!(house.store.frames().len() <= before + 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_is_sent_as_it_is() {
    let house = House::build().await;
    for coding in ["gzip", "br", "deflate, gzip", "identity, gzip", "x"] {
        for route in ROUTES {
            let headers = [("content-encoding", coding)];
            let answer = knock(&house, route.method.clone(), &path(route), &headers).await;
            let expected = is(415, "content-encoding", "header.content-encoding");
            assert_eq!(told(&answer), expected, "{} {coding}", route.id);
        }
    }
    let plain = [("content-encoding", "identity")];
    let body = Some(json!({ "name": "新人" }));
    let answer = house.call(Method::POST, "/v1/people", Who::Bearer("ops"), body, &plain).await;
    assert_eq!(answer.status, StatusCode::CREATED);
}

#[tokio::test(flavor = "multi_thread")]
async fn json_is_named_once_and_has_one_charset() {
    let house = House::build().await;
    let send = async |types: &[&str]| {
        let mut request = Request::post("/v1/people");
        request = request.header("authorization", house.bearer("ops").await);
        for kind in types {
            request = request.header("content-type", *kind);
        }
        house.send(request.body(Body::from(r#"{"name":"新人"}"#)).unwrap()).await
    };
    for kind in [
        "application/json",
        "Application/JSON",
        "application/json ; Charset=\"UTF-8\"",
        "application/json; charset=utf-8",
        "application/json;profile=x",
    ] {
        assert_eq!(send(&[kind]).await.status, StatusCode::CREATED, "{kind}");
    }
    for types in [
        &["application/json; charset=gbk"][..],
        &["application/json; charset=utf-16"],
        &["application/json", "application/json"],
        &["application/json", "text/plain"],
        &["application/problem+json"],
        &["application/jsonx"],
        &[],
    ] {
        let answer = send(types).await;
        assert_eq!(told(&answer), is(415, "media-type", ""), "{types:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ends_something_has_no_body() {
    let house = House::build().await;
    for route in ROUTES.iter().filter(|route| route.changes() && route.body.is_none()) {
        let body = Some(json!({ "force": true }));
        let who = Who::Bearer("ops");
        let answer = house.call(route.method.clone(), &path(route), who, body, &[]).await;
        assert_eq!(told(&answer), is(422, "body", "body"), "{}", route.id);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_is_what_getting_would_begin_with() {
    let house = House::build().await;
    for route in ROUTES.iter().filter(|route| route.method == Method::GET) {
        if route.id == "events" {
            continue;
        }
        let path = path(route);
        let got = knock(&house, Method::GET, &path, &[]).await;
        let head = knock(&house, Method::HEAD, &path, &[]).await;
        assert_eq!(head.status, got.status, "{}", route.id);
        assert_eq!(head.headers["content-type"], got.headers["content-type"], "{}", route.id);
    }
    let metrics = knock(&house, Method::GET, "/metrics", &[]).await;
    assert!(!metrics.text.contains("unmatched"), "and is counted as its route");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_says_which_methods_it_takes_and_other_sites_are_let_in_nowhere() {
    let house = House::build().await;
    for route in ROUTES {
        let asked = [("origin", "https://evil.example"), ("access-control-request-method", "PUT")];
        let answer = knock(&house, Method::OPTIONS, &path(route), &asked).await;
        assert_eq!((answer.status, answer.text.as_str()), (StatusCode::NO_CONTENT, ""));
        let allowed = answer.headers[ALLOW].to_str().unwrap().to_owned();
        assert!(allowed.contains(route.method.as_str()), "{}: {allowed}", route.id);
        assert!(answer.headers.keys().all(|name| !name.as_str().starts_with("access-control")));
        for method in [Method::PATCH, Method::TRACE] {
            let answer = knock(&house, method, &path(route), &[]).await;
            assert_eq!(told(&answer), is(405, "method-not-allowed", ""), "{}", route.id);
            assert_eq!(answer.headers[ALLOW].to_str().unwrap(), allowed);
        }
    }
    assert_eq!(knock(&house, Method::OPTIONS, "/v1/nothing", &[]).await.code(), "not-found");
    assert_eq!(knock(&house, Method::OPTIONS, "*", &[]).await.code(), "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_not_signed_in_is_told_how_programs_do() {
    let house = House::build().await;
    for route in ROUTES {
        if matches!(route.guard, Guard::Anyone | Guard::Operator) {
            continue;
        }
        let (method, path) = (route.method.clone(), path(route));
        let answer = house.call(method, &path, Who::Nobody, None, &[]).await;
        assert_eq!(answer.code(), "login-needed", "{}", route.id);
        assert_eq!(answer.headers[WWW_AUTHENTICATE], "Bearer realm=\"wangge\"");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_for_loopback_or_for_the_operators_token() {
    const TOKEN: &str = "operators-token-0123456789";
    let ask = async |house: &House, address: [u8; 4], headers: &[(&str, &str)]| {
        let mut request = Request::get("/metrics");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::empty()).unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from((address, 9))));
        house.send(request).await.status.as_u16()
    };
    let (near, far) = ([127, 0, 0, 1], [192, 0, 2, 1]);
    let bearer = format!("Bearer {TOKEN}");
    let good = [("authorization", bearer.as_str())];
    let bad = [("authorization", "Bearer x")];
    let forged = [("x-forwarded-for", "127.0.0.1")];
    let with_token = |token: Option<&str>, behind_proxy: bool| {
        let metrics_token = token.map(str::to_owned);
        House::with(Config { metrics_token, behind_proxy, ..Config::default() })
    };
    let with = |token: bool, behind_proxy| with_token(token.then_some(TOKEN), behind_proxy);
    for short in ["", "short"] {
        let house = with_token(Some(short), true).await;
        let given = format!("Bearer {short}");
        assert_eq!(ask(&house, near, &[("authorization", &given)]).await, 404, "{short:?}");
    }
    let open = with(false, false).await;
    assert_eq!(ask(&open, near, &[]).await, 200);
    for headers in [&[][..], &good, &bad, &forged, &[("authorization", "Bearer ")]] {
        assert_eq!(ask(&open, far, headers).await, 404, "{headers:?}");
    }
    let guarded = with(true, false).await;
    assert_eq!(ask(&guarded, far, &good).await, 200);
    let lower = bearer.replace("Bearer", "bearer");
    assert_eq!(ask(&guarded, far, &[("authorization", &lower)]).await, 200);
    for headers in [&[][..], &bad, &forged] {
        assert_eq!(ask(&guarded, far, headers).await, 404, "{headers:?}");
    }
    // Behind a proxy everybody comes from loopback.
    let proxied = with(false, true).await;
    for headers in [&[][..], &bad, &forged] {
        assert_eq!(ask(&proxied, near, headers).await, 404, "{headers:?}");
    }
    let proxied = with(true, true).await;
    assert_eq!(ask(&proxied, near, &good).await, 200);
    assert_eq!(ask(&proxied, near, &forged).await, 404);
}

/// S20: whatever stands in a path in place of an id, it names nothing: no route takes a name for a
/// file's, and none breaks on one.
#[tokio::test(flavor = "multi_thread")]
async fn s20_no_name_in_a_path_leads_anywhere() {
    let house = House::build().await;
    let hostile = [
        "..",
        "%2e%2e",
        "..%2f..%2f..%2fetc%2fpasswd",
        "%2fetc%2fpasswd",
        "..%5c..%5cwindows%5cwin.ini",
        "C:%5Cboot.ini",
        "%00",
        "journal%00.wgj",
        "~root",
        "....%2f%2f....%2f%2f",
        "%ef%bc%8e%ef%bc%8e%ef%bc%8f",
        "-rf",
        "con",
        "%F0%A0%AE%B7%E2%80%AE",
    ];
    let long = "a".repeat(4_000);
    for route in ROUTES.iter().filter(|route| route.path.contains('{')) {
        for name in hostile.into_iter().chain([long.as_str()]) {
            let fill = |part: &str| if part.starts_with('{') { name } else { part }.to_owned();
            let path = route.path.split('/').map(fill).collect::<Vec<_>>().join("/");
            let answer = knock(&house, route.method.clone(), &path, &[]).await;
            let status = answer.status;
            assert!(status.is_client_error(), "{} {path}: {status} {}", route.id, answer.text);
            assert!(!answer.text.contains("root:"), "{path}");
        }
    }
}
