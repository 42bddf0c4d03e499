//! Changes as they happen.

use axum::body::{Body, BodyDataStream};
use axum::extract::Request;
use futures::StreamExt;
use hyper::header::AUTHORIZATION;
use serde_json::{Value, json};

use super::house::{BUILDING, House, Who};
use tower::ServiceExt;

/// The status with which a stream begins, or does not.
pub(super) async fn status(house: &House, who: Who<'_>) -> u16 {
    let mut request = Request::get("/v1/events").header("host", "node.local");
    if let Who::Bearer(login) = who {
        request = request.header(AUTHORIZATION, house.bearer(login).await);
    }
    let request = request.body(Body::empty()).unwrap();
    house.router.clone().oneshot(request).await.unwrap().status().as_u16()
}

struct Stream(BodyDataStream, String);

/// One event: its name, id and data.
#[derive(Debug)]
struct Event {
    name: String,
    id: Option<String>,
    data: Value,
}

impl Stream {
    async fn open(house: &House, login: &str, after: Option<&str>) -> Self {
        let bearer = house.bearer(login).await;
        let mut request =
            Request::get("/v1/events").header("host", "node.local").header(AUTHORIZATION, bearer);
        if let Some(after) = after {
            request = request.header("last-event-id", after);
        }
        let request = request.body(Body::empty()).unwrap();
        let response = house.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self(response.into_body().into_data_stream(), String::new())
    }

    async fn next(&mut self) -> Event {
        loop {
            if let Some((event, rest)) = self.1.split_once("\n\n") {
                let (event, rest) = (parse(event), rest.to_owned());
                self.1 = rest;
                return event;
            }
            let bytes = self.0.next().await.expect("the stream goes on").unwrap();
            self.1.push_str(std::str::from_utf8(&bytes).unwrap());
        }
    }
}

fn parse(text: &str) -> Event {
    let field = |name: &str| {
        let found = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        found.map(str::to_owned)
    };
    let data = field("data").and_then(|data| serde_json::from_str(&data).ok());
    Event {
        name: field("event").unwrap_or_default(),
        id: field("id"),
        data: data.unwrap_or_default(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_hears_of_the_cases_they_may_see_and_of_no_others() {
    let house = House::build().await;
    let mut grid1 = Stream::open(&house, "grid1", None).await;
    assert_eq!(grid1.next().await.name, "ready");
    house.reported(BUILDING[1]).await;
    let (id, _) = house.reported(BUILDING[0]).await;
    let event = grid1.next().await;
    assert_eq!((event.name.as_str(), &event.data["id"]), ("case", &json!(id)));
    let mut keys: Vec<_> = event.data.as_object().unwrap().keys().cloned().collect();
    keys.sort();
    assert_eq!(keys, ["id", "number", "stage"], "and nothing else");
    assert!(event.id.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_goes_on_where_it_stopped_or_is_told_to_look_anew() {
    let house = House::build().await;
    let mut first = Stream::open(&house, "worker", None).await;
    first.next().await;
    house.reported(BUILDING[0]).await;
    let last = first.next().await.id.unwrap();
    drop(first);
    let (missed, _) = house.reported(BUILDING[1]).await;
    let mut again = Stream::open(&house, "worker", Some(&last)).await;
    assert_eq!(again.next().await.name, "ready");
    assert_eq!(again.next().await.data["id"], json!(missed));
    for unknown in ["1-1", "x", "", "99999999999-1"] {
        let mut lost = Stream::open(&house, "worker", Some(unknown)).await;
        assert_eq!(lost.next().await.name, "resync", "{unknown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_with_its_session() {
    let house = House::build().await;
    let mut stream = Stream::open(&house, "worker", None).await;
    stream.next().await;
    let (_, account) = (stream.1.clone(), house.account("worker"));
    let disabled = engine::note::Account { enabled: false, ..account };
    house.console(engine::command::What::PutAccount(disabled)).await;
    house.reported(BUILDING[0]).await;
    assert!(stream.0.next().await.is_none(), "nothing more is told");
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_are_bounded() {
    let config = crate::state::Config { streams: 2, ..crate::state::Config::default() };
    let house = House::with(config).await;
    let one = Stream::open(&house, "worker", None).await;
    let _two = Stream::open(&house, "worker", None).await;
    assert_eq!(status(&house, Who::Bearer("worker")).await, 503);
    drop(one);
    assert_eq!(status(&house, Who::Bearer("worker")).await, 200);
}

/// Nothing is kept for a listener but where it is: what it does not read, it is told to look up.
#[tokio::test(flavor = "multi_thread")]
async fn listeners_who_read_nothing_hold_nothing_up_and_are_told_to_look_anew() {
    let house = House::build().await;
    let mut slow = Vec::new();
    for login in ["grid1", "grid2", "dispatcher", "worker", "head"] {
        for _ in 0..16 {
            slow.push(Stream::open(&house, login, None).await);
        }
    }
    assert_eq!(status(&house, Who::Bearer("worker")).await, 503, "one has so many at most");
    super::cases::many(&house, BUILDING[1], 5_200).await;
    for stream in &mut slow {
        assert_eq!(stream.next().await.name, "ready");
        assert_eq!(stream.next().await.name, "resync");
    }
}
