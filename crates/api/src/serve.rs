//! Connections: a bounded number, in all and from one address, each with a limit on how long its
//! headers may take, how large they may be, and how long a reader may stall (S14).

mod stall;
mod tls;

use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use hyper::body::Incoming;
use hyper::header::{HeaderValue, STRICT_TRANSPORT_SECURITY};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tower::ServiceExt;

use crate::share::Shares;

pub use tls::{Tls, TlsError};

/// A browser that came over TLS once does not come without it for a year (RFC 6797). Other names
/// below this one are others' to decide.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// What a client may take of a node.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections at once; more wait unaccepted.
    pub connections: usize,
    /// Connections at once from one address other than loopback; more are closed at once.
    pub per_address: usize,
    /// How long a request's head may take to arrive, and how long an idle connection is kept.
    pub head: Duration,
    /// How long a client may take no byte of what is written to it.
    pub stall: Duration,
    /// Largest head of a request in bytes; hyper takes no less than 8,192.
    pub head_bytes: usize,
    /// Most header fields in a request.
    pub header_fields: usize,
    /// How long requests that have begun may take after the signal to shut down.
    pub drain: Duration,
    /// The node's own TLS; without it connections are plain.
    pub tls: Option<Tls>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 2_048,
            per_address: 256,
            head: Duration::from_secs(15),
            stall: Duration::from_secs(30),
            head_bytes: 16 * 1024,
            header_fields: 64,
            drain: Duration::from_secs(5),
            tls: None,
        }
    }
}

/// Serves the router with the default [`Limits`] until `shutdown` completes, then lets what has
/// begun finish and returns.
///
/// # Errors
/// None at present: what goes wrong on one connection ends that connection.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send,
) -> std::io::Result<()> {
    serve_within(listener, router, Limits::default(), shutdown).await
}

/// As [`serve`], with other limits.
///
/// # Errors
/// As [`serve`].
pub async fn serve_within(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    shutdown: impl Future<Output = ()> + Send,
) -> std::io::Result<()> {
    let limits = Arc::new(limits);
    let room = Arc::new(Semaphore::new(limits.connections));
    let visitors = Shares::default();
    let (stop, stopped) = watch::channel(false);
    let mut open = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        while open.try_join_next().is_some() {}
        let permit = tokio::select! {
            () = &mut shutdown => break,
            permit = room.clone().acquire_owned() => permit,
        };
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, from)) = accepted else {
            // Out of files, most likely: others have to end before another can begin.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        // A reverse proxy on the same machine brings everybody from one address.
        let most = if from.ip().is_loopback() { usize::MAX } else { limits.per_address };
        let Some(visit) = visitors.take(from.ip(), most) else { continue };
        let (router, limits, stopped) = (router.clone(), limits.clone(), stopped.clone());
        open.spawn(async move {
            connection(stream, from, router, &limits, stopped).await;
            drop((permit, visit));
        });
    }
    drop(listener);
    let _ = stop.send(true);
    let all = async { while open.join_next().await.is_some() {} };
    // Whoever is not done by then is cut off when the set is dropped.
    let _ = tokio::time::timeout(limits.drain, all).await;
    Ok(())
}

async fn connection(
    stream: TcpStream,
    from: SocketAddr,
    router: Router,
    limits: &Limits,
    stopped: watch::Receiver<bool>,
) {
    let _ = stream.set_nodelay(true);
    let stream = stall::Stall::new(stream, limits.stall);
    let Some(tls) = &limits.tls else {
        return exchange(stream, from, router, limits, stopped).await;
    };
    // Whoever does not shake hands, in time, is no client.
    if let Ok(Ok(stream)) = tokio::time::timeout(limits.head, tls.accept(stream)).await {
        exchange(stream, from, router, limits, stopped).await;
    }
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    from: SocketAddr,
    router: Router,
    limits: &Limits,
    mut stopped: watch::Receiver<bool>,
) {
    let tls = limits.tls.is_some();
    let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(from));
        let answer = router.clone().oneshot(request);
        async move {
            let mut response = answer.await;
            if let (true, Ok(response)) = (tls, &mut response) {
                response.headers_mut().insert(STRICT_TRANSPORT_SECURITY, HSTS);
            }
            response
        }
    });
    let io = TokioIo::new(stream);
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(limits.head_bytes.max(8_192))
        .max_headers(limits.header_fields)
        .serve_connection(io, service);
    let mut serving = pin!(serving);
    tokio::select! {
        _ = serving.as_mut() => return,
        _ = stopped.wait_for(|stop| *stop) => serving.as_mut().graceful_shutdown(),
    }
    let _ = serving.await;
}
