//! How long the node takes for each page of the console, when it holds every case of the run: one
//! request after the other, beside the smallest answer that it gives, `/livez`.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::alone::{Home, Running};
use crate::client::{Ask, Client, ClientError};

use super::LoadError;

/// Requests for each page; half of them took no longer than what is told.
const TIMES: usize = 40;
/// The account that signs in.
const LOGIN: &str = "pages";

/// A page with how long it took and what it weighs.
pub(super) struct Timed {
    pub(super) name: &'static str,
    pub(super) half: Duration,
    pub(super) bytes: usize,
}

/// What is measured.
#[derive(Default)]
pub(super) struct Pages {
    /// The smallest answer.
    pub(super) least: Duration,
    pub(super) pages: Vec<Timed>,
}

/// Measures every page, for a resident with `code` and for a dispatcher.
pub(super) async fn measure(
    home: &Home,
    node: &Running,
    code: Option<&String>,
) -> Result<Pages, LoadError> {
    let pages = time(home, node, code).await;
    Ok(pages.map_err(|source| home.asked(source))?)
}

async fn time(home: &Home, node: &Running, code: Option<&String>) -> Result<Pages, ClientError> {
    let client = node.client();
    let session = sign_in(home, client).await?;
    let mine = |path: &str| Ask::get(path).in_session(&session.0, &session.1);
    let listed = client.json(mine("/v1/cases?limit=1")).await?;
    let case = listed["items"][0]["id"].as_str().unwrap_or_default().to_owned();
    let (least, _) = half(client, &Ask::get("/livez")).await?;
    let mut pages = Vec::new();
    let code = code.map(|code| format!("/r/{code}")).unwrap_or_else(|| "/".to_owned());
    for (name, ask) in [
        ("居民首页 front page", Ask::get("/")),
        ("居民上报 report", Ask::get("/report?category=facility")),
        ("居民查询 follow", Ask::get(code)),
        ("公开事项 public list", Ask::get("/done?open=yes")),
        ("派单列表 desk", mine("/desk")),
        ("查找 search", mine("/desk?view=all&q=%E8%B7%AF%E7%81%AF")),
        ("事件 case", mine(&format!("/cases/{case}"))),
        ("地图 map", mine("/map")),
        ("统计 numbers", mine("/numbers?span=all")),
    ] {
        let (half, bytes) = half(client, &ask).await?;
        pages.push(Timed { name, half, bytes });
    }
    Ok(Pages { least, pages })
}

/// Half of the requests were answered within this time; and the bytes of an answer.
async fn half(client: &Client, ask: &Ask) -> Result<(Duration, usize), ClientError> {
    let (mut took, mut bytes) = (Vec::new(), 0);
    for _ in 0..TIMES {
        let began = Instant::now();
        bytes = client.send(ask).await?.bytes.len();
        took.push(began.elapsed());
    }
    took.sort_unstable();
    Ok((took[TIMES / 2], bytes))
}

/// A dispatcher of the node, who signs in as people do; gives cookie and token.
async fn sign_in(home: &Home, client: &Client) -> Result<(String, String), ClientError> {
    let token = home.token().map_err(|error| ClientError::Answer {
        path: "operator.token".to_owned(),
        what: error.to_string(),
    })?;
    let by = |ask: Ask| ask.by(&token);
    let person = json!({ "name": "演示派单员", "phone": "0559-000-0000" });
    let person = client.json(by(Ask::post("/v1/people", person)).once("pages-person-0001")).await?;
    let person = person["subject"].as_str().unwrap_or_default().to_owned();
    let role = json!({ "role": "community_dispatcher", "scope": null });
    let path = format!("/v1/people/{person}/appointments");
    client.json(by(Ask::post(path, role)).once("pages-role-000001")).await?;
    let account = json!({ "person": person, "password": home.password() });
    client.json(by(Ask::put(format!("/v1/accounts/{LOGIN}"), account))).await?;
    let login = json!({ "account": LOGIN, "password": home.password() });
    let reply = client.send(&Ask::post("/v1/sessions", login)).await?;
    let csrf = reply.json("/v1/sessions")?["csrf"].as_str().unwrap_or_default().to_owned();
    let cookie = reply.headers.get("set-cookie").and_then(|cookie| cookie.to_str().ok());
    let cookie = cookie.and_then(|cookie| cookie.split(';').next()).unwrap_or_default();
    Ok((cookie.to_owned(), csrf))
}
