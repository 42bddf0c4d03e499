//! What a browser may be tricked into (S16).

use axum::body::Body;
use axum::extract::Request;
use hyper::header::{CONTENT_TYPE, COOKIE, HOST, ORIGIN};
use hyper::{Method, StatusCode};

use super::house::{House, Who};
use crate::route::{Guard, ROUTES, Route};
use crate::session::{CSRF_HEADER, Secret};

fn path(route: &Route) -> String {
    let fill = |part: &str| match part {
        "{id}" | "{record}" => "0".repeat(32),
        part if part.starts_with('{') => "x".to_owned(),
        part => part.to_owned(),
    };
    route.path.split('/').map(fill).collect::<Vec<_>>().join("/")
}

async fn try_it(
    house: &House,
    route: &Route,
    secret: &Secret,
    headers: &[(&str, &str)],
) -> (StatusCode, String) {
    let mut request = Request::builder()
        .method(route.method.clone())
        .uri(path(route))
        .header(HOST, "node.local")
        .header(CONTENT_TYPE, "application/json")
        .header(
            COOKIE,
            format!("wangge_session_{}={}", house.handle.setup().mark(), secret.text()),
        );
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = house.send(request.body(Body::from("[]")).unwrap()).await;
    (answer.status, answer.code())
}

fn guarded(route: &&Route) -> bool {
    route.changes() && !matches!(route.guard, Guard::Anyone | Guard::Operator)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_changing_route_takes_a_cookie_without_its_token() {
    let house = House::build().await;
    let other = house.secret("ops", true).await.csrf();
    for route in ROUTES.iter().filter(guarded) {
        let secret = house.secret("ops", true).await;
        let csrf = secret.csrf();
        for given in [None, Some(""), Some("x"), Some(other.as_str()), Some(&csrf[1..])] {
            let given = given.map(|given| (CSRF_HEADER, given));
            let headers: Vec<_> = given.into_iter().collect();
            let (status, code) = try_it(&house, route, &secret, &headers).await;
            assert_eq!((status, code.as_str()), (StatusCode::FORBIDDEN, "csrf"), "{}", route.id);
        }
        let (_, code) = try_it(&house, route, &secret, &[(CSRF_HEADER, &csrf)]).await;
        assert_ne!(code, "csrf", "{}", route.id);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_changing_route_takes_a_request_of_another_site() {
    let house = House::build().await;
    for route in ROUTES.iter().filter(|route| route.changes()) {
        let secret = house.secret("ops", true).await;
        let csrf = secret.csrf();
        for foreign in [
            (ORIGIN.as_str(), "https://evil.example"),
            (ORIGIN.as_str(), "null"),
            (ORIGIN.as_str(), "http://node.local.evil.example"),
            ("sec-fetch-site", "cross-site"),
        ] {
            let headers = [(CSRF_HEADER, csrf.as_str()), foreign];
            let (_, code) = try_it(&house, route, &secret, &headers).await;
            assert_eq!(code, "origin", "{} {foreign:?}", route.id);
        }
        let own = [(CSRF_HEADER, csrf.as_str()), (ORIGIN.as_str(), "http://node.local")];
        let (_, code) = try_it(&house, route, &secret, &own).await;
        assert_ne!(code, "origin", "{}", route.id);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_changes_by_get() {
    let house = House::build().await;
    let before = house.handle.reader().health().next;
    for route in ROUTES.iter().filter(|route| route.changes()) {
        let also_get = ROUTES.iter().any(|r| r.path == route.path && r.method == Method::GET);
        let answer = house.get(Who::Nobody, &path(route)).await;
        if !also_get {
            assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{}", route.id);
        }
    }
    assert_eq!(house.handle.reader().health().next, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browsers_secret_is_no_bearer_token_and_a_programs_no_cookie() {
    let house = House::build().await;
    let (browser, program) = (house.secret("ops", true).await, house.secret("ops", false).await);
    let bearer = format!("Bearer {}", browser.text());
    let cookie = format!("wangge_session_{}={}", house.handle.setup().mark(), program.text());
    for header in [("authorization", bearer.as_str()), ("cookie", cookie.as_str())] {
        let answer = house.call(Method::GET, "/v1/me", Who::Nobody, None, &[header]).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{}", header.0);
    }
}
