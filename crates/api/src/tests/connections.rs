//! Connections on loopback sockets, with limits so short that no test has to wait (S14).

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::house::House;
use crate::serve::{Limits, Tls, TlsError, serve_within};

struct Served {
    at: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<std::io::Result<()>>,
}

async fn serve(house: &House, limits: Limits) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let until = async {
        let _ = stopped.await;
    };
    let task = tokio::spawn(serve_within(listener, house.router.clone(), limits, until));
    Served { at, stop, task }
}

fn short() -> Limits {
    Limits { head: Duration::from_millis(200), ..Limits::default() }
}

async fn exchange(at: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(at).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = String::new();
    let _ = stream.read_to_string(&mut text).await;
    text
}

const LIVE: &str = "GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_request_over_a_socket_is_answered_and_metrics_are_for_loopback() {
    let house = House::build().await;
    let served = serve(&house, Limits::default()).await;
    assert!(exchange(served.at, LIVE).await.starts_with("HTTP/1.1 200"));
    let metrics = exchange(served.at, &LIVE.replace("livez", "metrics")).await;
    assert!(metrics.contains("wangge_http_requests_total{method=\"GET\",route=\"/livez\""));
    served.stop.send(()).unwrap();
    served.task.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_slow_sockets_do_not_keep_others_out() {
    let house = House::build().await;
    let served = serve(&house, Limits::default()).await;
    let mut slow = Vec::new();
    for _ in 0..500 {
        let mut stream = TcpStream::connect(served.at).await.unwrap();
        stream.write_all(b"GET /livez HTTP/1.1\r\nhos").await.unwrap();
        slow.push(stream);
    }
    let body = r#"{"account":"grid1","password":"correct horse battery"}"#;
    let request = format!(
        "POST /v1/sessions HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = exchange(served.at, &request).await;
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_takes_too_long_and_an_idle_connection_are_closed() {
    let house = House::build().await;
    let served = serve(&house, short()).await;
    for begin in ["GET /livez HTTP/1.1\r\nhos", ""] {
        assert!(!exchange(served.at, begin).await.contains("200"), "{begin:?}");
    }
    let kept = LIVE.replace("connection: close\r\n", "");
    assert!(exchange(served.at, &kept).await.starts_with("HTTP/1.1 200"), "then closed as idle");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_is_bounded() {
    let house = House::build().await;
    let served = serve(&house, Limits::default()).await;
    let large = LIVE.replace("host: x", &format!("host: x\r\nx: {}", "y".repeat(100_000)));
    assert!(!exchange(served.at, &large).await.starts_with("HTTP/1.1 200"));
    let many: String = (0..200).map(|number| format!("\r\nx{number}: y")).collect();
    let many = LIVE.replace("host: x", &format!("host: x{many}"));
    assert!(!exchange(served.at, &many).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let config = crate::state::Config {
        within: Duration::from_millis(200),
        ..crate::state::Config::default()
    };
    let house = House::with(config).await;
    let served = serve(&house, Limits::default()).await;
    let request = "POST /v1/reports HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
                   content-type: application/json\r\ncontent-length: 1000\r\n\r\n{";
    assert!(exchange(served.at, request).await.starts_with("HTTP/1.1 408"));
}

/// A report whose body never comes.
fn slow(address: [u8; 4]) -> axum::extract::Request {
    let body =
        axum::body::Body::from_stream(futures::stream::pending::<std::io::Result<Vec<u8>>>());
    let mut request = axum::extract::Request::post("/v1/reports")
        .header("content-type", "application/json")
        .body(body)
        .unwrap();
    let address = axum::extract::ConnectInfo(SocketAddr::from((address, 9)));
    request.extensions_mut().insert(address);
    request
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_on_their_way_keep_nobody_else_waiting() {
    let config = crate::state::Config { requests: 1, ..crate::state::Config::default() };
    let house = Arc::new(House::with(config).await);
    let waiting: Vec<_> = (0..32)
        .map(|_| {
            let house = house.clone();
            tokio::spawn(async move { house.send(slow([198, 51, 100, 1])).await })
        })
        .collect();
    // Once the address has its share, one more is refused; the share is taken on other threads.
    while house.state.arrivals.out(&crate::rate::Key::V4([198, 51, 100, 1])) < 32 {
        tokio::task::yield_now().await;
    }
    assert_eq!(house.send(slow([198, 51, 100, 1])).await.code(), "busy");
    let body = super::house::report(super::house::BUILDING[0]);
    let other = house.post(super::house::Who::Nobody, "/v1/reports", body).await;
    assert_eq!(other.status.as_u16(), 201, "{}", other.text);
    waiting.iter().for_each(JoinHandle::abort);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_are_worked_on_than_there_is_room_for() {
    let config = crate::state::Config { requests: 1, ..crate::state::Config::default() };
    let house = House::with(config).await;
    let _taken = house.state.requests.acquire().await.unwrap();
    let answer = house.get(super::house::Who::Nobody, "/livez").await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (503, "busy"));
}

#[tokio::test(flavor = "multi_thread")]
async fn shutting_down_closes_the_door_and_lets_what_has_begun_finish() {
    let house = Arc::new(House::build().await);
    let limits = Limits { drain: Duration::from_millis(300), ..Limits::default() };
    let served = serve(&house, limits).await;
    let mut idle = TcpStream::connect(served.at).await.unwrap();
    let mut begun = TcpStream::connect(served.at).await.unwrap();
    begun.write_all(b"GET /livez HTTP/1.1\r\nhost: x\r\n").await.unwrap();
    idle.write_all(b"").await.unwrap();
    // Both were accepted once a third, later one has been answered.
    assert!(exchange(served.at, LIVE).await.starts_with("HTTP/1.1 200"));
    served.stop.send(()).unwrap();
    served.task.await.unwrap().unwrap();
    assert!(TcpStream::connect(served.at).await.is_err());
    let mut rest = Vec::new();
    let _ = idle.read_to_end(&mut rest).await;
    assert!(rest.is_empty());
}

/// A key that belongs to no certificate, for tests alone.
const OTHER_KEY: &str = "-----BEGIN PRIVATE KEY-----\n\
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg4QnDgZJKxEUVDKTT\n\
    Z1Eys04qj4AxbAfr7fo/QQe9CUyhRANCAAQe32YFOFLjH8vhbJDZGQ/EqOl47TsI\n\
    NBEr44znkoRDB6eOM71omRWRsoW/xJI0aQkfx5jiuUlmsEv2teckRlNt\n\
    -----END PRIVATE KEY-----\n";

/// Certificate and key of nobody's, for tests alone.
fn own_tls() -> Tls {
    let at = |name: &str| vector().join(name);
    Tls::load(&at("certificate.pem"), &at("key.pem")).unwrap()
}

fn vector() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/tls")
}

#[tokio::test(flavor = "multi_thread")]
async fn s14_who_does_not_shake_hands_in_time_or_speaks_in_clear_is_cut_off_and_told_nothing() {
    let house = House::build().await;
    let served = serve(&house, Limits { tls: Some(own_tls()), ..short() }).await;
    let mut silent = TcpStream::connect(served.at).await.unwrap();
    let mut told = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(20), silent.read_to_end(&mut told)).await;
    assert!(ended.is_ok() && told.is_empty(), "{told:?}");
    let answer = exchange(served.at, LIVE).await;
    assert!(!answer.contains("HTTP") && !answer.contains("alive"), "{answer}");
    served.stop.send(()).unwrap();
    served.task.await.unwrap().unwrap();
}

#[test]
fn a_certificate_that_can_not_be_used_is_named_with_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (vector().join("certificate.pem"), vector().join("key.pem"));
    let absent = folder.path().join("absent.pem");
    let nonsense = folder.path().join("nonsense.pem");
    std::fs::write(&nonsense, "no certificate").unwrap();
    for (certificate, key, named) in [
        (&absent, &key, "http.certificate: "),
        (&nonsense, &key, "nonsense.pem"),
        (&key, &key, "http.certificate: "),
        (&certificate, &absent, "http.key: "),
        (&certificate, &certificate, "http.key: "),
    ] {
        let error = Tls::load(certificate, key).unwrap_err().to_string();
        assert!(error.contains(named), "{error}");
    }
    // A key of another certificate.
    let other = folder.path().join("other.pem");
    std::fs::write(&other, OTHER_KEY).unwrap();
    let error = Tls::load(&certificate, &other).unwrap_err();
    assert!(matches!(error, TlsError::Unfit(_)), "{error}");
}
