//! An HTTP client of one node, as anybody could write one: plain HTTP/1.1, connections kept open.
//! What fails because the node is away or busy is tried again; a changing request carries an
//! idempotency key, so that trying again never does a thing twice.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{HeaderMap, Method, Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::Instant;

/// Largest answer, in bytes.
const MAX_ANSWER: usize = 16 * 1024 * 1024;
/// How long one try may take.
const TRY: Duration = Duration::from_secs(40);
/// How long a node may be away until a request is given up.
const PATIENCE: Duration = Duration::from_secs(90);
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// A client of one node.
pub struct Client {
    host: String,
    idle: Mutex<Vec<SendRequest<Full<Bytes>>>>,
    repeated: AtomicU64,
}

/// A request.
#[derive(Clone)]
pub struct Ask {
    method: Method,
    path: String,
    token: Option<String>,
    cookie: Option<(String, String)>,
    key: Option<String>,
    body: Option<Sent>,
}

/// What a request brings.
#[derive(Clone)]
enum Sent {
    Json(Value),
    /// Anything else, with its media type.
    Other(String, Bytes),
}

/// An answer of success.
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body as it came.
    pub bytes: Bytes,
}

/// Why a request was not answered with success.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The node refused it.
    #[error("{method} {path} was refused with status {status}: {why}")]
    Refused {
        /// Method.
        method: Method,
        /// Path.
        path: String,
        /// Status.
        status: StatusCode,
        /// The problem's type, title and what is wrong where (RFC 9457).
        why: String,
    },
    /// The node did not answer for as long as we wait.
    #[error("{method} {path} had no answer")]
    Unreachable {
        /// Method.
        method: Method,
        /// Path.
        path: String,
        /// Why the last try failed.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The answer is not the JSON that was expected.
    #[error("the answer to {path} is not the json that was expected: {what}")]
    Answer {
        /// Path.
        path: String,
        /// What is wrong.
        what: String,
    },
}

/// A try that failed.
struct Failed {
    error: ClientError,
    again: Again,
}

/// Whether another try may do better.
enum Again {
    Never,
    /// After the time that the node asked for, if it did.
    Later(Option<Duration>),
}

type Broken = Box<dyn std::error::Error + Send + Sync>;

impl Ask {
    /// Reads.
    #[must_use]
    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path, None)
    }

    /// Adds or acts.
    #[must_use]
    pub fn post(path: impl Into<String>, body: Value) -> Self {
        Self::new(Method::POST, path, Some(Sent::Json(body)))
    }

    /// Adds something that is no JSON, such as a photo or a page's form.
    #[must_use]
    pub fn send(path: impl Into<String>, media: &str, bytes: Vec<u8>) -> Self {
        Self::new(Method::POST, path, Some(Sent::Other(media.to_owned(), bytes.into())))
    }

    /// Sets.
    #[must_use]
    pub fn put(path: impl Into<String>, body: Value) -> Self {
        Self::new(Method::PUT, path, Some(Sent::Json(body)))
    }

    fn new(method: Method, path: impl Into<String>, body: Option<Sent>) -> Self {
        Self { method, path: path.into(), token: None, cookie: None, key: None, body }
    }

    /// As whoever this bearer token stands for.
    #[must_use]
    pub fn by(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    /// As whoever this browser's cookie stands for, with the token that pages repeat.
    #[must_use]
    pub fn in_session(mut self, cookie: &str, csrf: &str) -> Self {
        self.cookie = Some((cookie.to_owned(), csrf.to_owned()));
        self
    }

    /// Once only, whatever happens on the way.
    #[must_use]
    pub fn once(mut self, key: &str) -> Self {
        self.key = Some(key.to_owned());
        self
    }

    fn build(&self, host: &str) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
        let (media, body) = match &self.body {
            None => (None, Bytes::new()),
            Some(Sent::Json(value)) => (Some("application/json"), value.to_string().into()),
            Some(Sent::Other(media, bytes)) => (Some(media.as_str()), bytes.clone()),
        };
        let mut request = Request::builder()
            .method(&self.method)
            .uri(&self.path)
            .header(header::HOST, host)
            .header(header::ACCEPT, "application/json, image/jpeg");
        if let Some(media) = media {
            request = request.header(header::CONTENT_TYPE, media);
        }
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some((cookie, csrf)) = &self.cookie {
            request = request.header(header::COOKIE, cookie).header("x-wangge-csrf", csrf);
        }
        if let Some(key) = &self.key {
            request = request.header("idempotency-key", key);
        }
        request.body(Full::new(body))
    }
}

impl Reply {
    /// The body as JSON.
    ///
    /// # Errors
    /// [`ClientError::Answer`].
    pub fn json(&self, path: &str) -> Result<Value, ClientError> {
        if self.bytes.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&self.bytes)
            .map_err(|error| ClientError::Answer { path: path.to_owned(), what: error.to_string() })
    }
}

impl Client {
    /// A client of the node at `host:port`.
    #[must_use]
    pub fn new(host: impl Into<String>) -> Self {
        Self { host: host.into(), idle: Mutex::new(Vec::new()), repeated: AtomicU64::new(0) }
    }

    /// How many requests had to be put again, because the node was away or busy.
    #[must_use]
    pub fn repeated(&self) -> u64 {
        self.repeated.load(Relaxed)
    }

    /// Base URL of the node.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.host)
    }

    /// Asks until there is an answer, and gives its JSON.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn json(&self, ask: Ask) -> Result<Value, ClientError> {
        self.send(&ask).await?.json(&ask.path)
    }

    /// Asks until there is an answer.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn send(&self, ask: &Ask) -> Result<Reply, ClientError> {
        let until = Instant::now() + PATIENCE;
        let mut pause = FIRST_PAUSE;
        loop {
            let Failed { error, again } = match self.attempt(ask).await {
                Ok(reply) => return Ok(reply),
                Err(failed) => failed,
            };
            let wait = match again {
                Again::Never => return Err(error),
                Again::Later(wait) => wait.unwrap_or(pause),
            };
            if Instant::now() + wait > until {
                return Err(error);
            }
            self.repeated.fetch_add(1, Relaxed);
            tokio::time::sleep(wait).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Asks a single time: being away or busy is a failure too.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn send_once(&self, ask: &Ask) -> Result<Reply, ClientError> {
        self.attempt(ask).await.map_err(|failed| failed.error)
    }

    async fn attempt(&self, ask: &Ask) -> Result<Reply, Failed> {
        let outcome = match tokio::time::timeout(TRY, self.once(ask)).await {
            Ok(outcome) => outcome,
            Err(elapsed) => Err(elapsed.into()),
        };
        let (status, headers, bytes) = outcome.map_err(|source| Failed {
            error: self.unreachable(ask, source),
            again: Again::Later(None),
        })?;
        if status.is_success() {
            return Ok(Reply { status, headers, bytes });
        }
        let again = match is_passing(status) {
            true => Again::Later(retry_after(&headers)),
            false => Again::Never,
        };
        Err(Failed { error: self.refused(ask, status, &bytes), again })
    }

    async fn once(&self, ask: &Ask) -> Result<(StatusCode, HeaderMap, Bytes), Broken> {
        let mut connection = self.connection().await?;
        let response = connection.send_request(ask.build(&self.host)?).await?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, MAX_ANSWER).collect().await?;
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        Ok((head.status, head.headers, body.to_bytes()))
    }

    async fn connection(&self) -> Result<SendRequest<Full<Bytes>>, Broken> {
        while let Some(mut idle) = self.take_idle() {
            if idle.ready().await.is_ok() {
                return Ok(idle);
            }
        }
        let stream = TcpStream::connect(&self.host).await?;
        stream.set_nodelay(true)?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // Its errors come out at the requests.
        tokio::spawn(connection);
        sender.ready().await?;
        Ok(sender)
    }

    fn take_idle(&self) -> Option<SendRequest<Full<Bytes>>> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|sender| !sender.is_closed());
        idle.pop()
    }

    fn refused(&self, ask: &Ask, status: StatusCode, bytes: &Bytes) -> ClientError {
        let (method, path) = (ask.method.clone(), format!("{}{}", self.url(), ask.path));
        ClientError::Refused { method, path, status, why: problem(bytes) }
    }

    fn unreachable(&self, ask: &Ask, source: Broken) -> ClientError {
        let (method, path) = (ask.method.clone(), format!("{}{}", self.url(), ask.path));
        ClientError::Unreachable { method, path, source }
    }
}

/// Whether trying again later may help.
fn is_passing(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::REQUEST_TIMEOUT
            | StatusCode::TOO_MANY_REQUESTS
            | StatusCode::SERVICE_UNAVAILABLE
    )
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// What a problem document says.
fn problem(bytes: &[u8]) -> String {
    let document: Value = serde_json::from_slice(bytes).unwrap_or_default();
    let part = |name: &str| document.get(name).and_then(Value::as_str).map(str::to_owned);
    let mut said: Vec<String> = ["type", "title", "detail"].into_iter().filter_map(part).collect();
    for error in document.get("errors").and_then(Value::as_array).into_iter().flatten() {
        said.push(error.to_string());
    }
    if said.is_empty() { "no reason given".to_owned() } else { said.join("; ") }
}

#[cfg(test)]
mod tests;
