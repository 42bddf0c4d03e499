//! The way to the node's own API: its router, called in the same process with what the visitor's
//! browser brought. So a page can do nothing that a program with the same session could not.

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::ConnectInfo;
use hyper::header::{
    CONTENT_TYPE, COOKIE, HOST, HeaderMap, HeaderName, HeaderValue, IF_MATCH, ORIGIN,
};
use hyper::{Method, Request, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tower::ServiceExt;

use crate::trouble::Trouble;
use crate::visit::Visit;

/// Longest answer that a page is made from.
const MOST: usize = 64 * 1024 * 1024;

/// What a browser says that the API judges: who it is, where it stands and where it came from.
const PASSED_ON: [HeaderName; 5] =
    [COOKIE, HOST, ORIGIN, HeaderName::from_static("x-forwarded-for"), SEC_FETCH_SITE];
/// Whether a request comes from another site.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The API's router.
pub(crate) struct Api(Router);

/// A question to the API.
pub(crate) struct Ask {
    method: Method,
    path: String,
    kind: Option<String>,
    body: Bytes,
    headers: Vec<(HeaderName, String)>,
    /// Whether it says from which page the visitor came.
    whence: bool,
}

/// What it answered; only ever a success.
pub(crate) struct Answer {
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Bytes,
}

/// Somebody's words as a part of a path.
pub(crate) fn segment(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

impl Ask {
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self {
            method: Method::GET,
            path: path.into(),
            kind: None,
            body: Bytes::new(),
            headers: Vec::new(),
            whence: true,
        }
    }

    /// A question that changes nothing, for a page that may be opened from anywhere, as a link in a
    /// message: where the visitor comes from is not passed on.
    pub(crate) fn question(path: impl Into<String>, body: &impl Serialize) -> Self {
        Self { whence: false, ..Self::post(path, body) }
    }

    /// Says something in JSON.
    pub(crate) fn post(path: impl Into<String>, body: &impl Serialize) -> Self {
        Self::send(Method::POST, path, body)
    }

    /// As [`Ask::post`], by another method.
    pub(crate) fn send(method: Method, path: impl Into<String>, body: &impl Serialize) -> Self {
        let json = serde_json::to_vec(body).unwrap_or_default();
        Self { method, kind: Some("application/json".into()), body: json.into(), ..Self::get(path) }
    }

    /// Asks by a method that brings nothing.
    pub(crate) fn bare(method: Method, path: impl Into<String>) -> Self {
        Self { method, ..Self::get(path) }
    }

    /// Sends bytes of a kind.
    pub(crate) fn bytes(path: impl Into<String>, kind: impl Into<String>, body: Bytes) -> Self {
        Self { method: Method::POST, kind: Some(kind.into()), body, ..Self::get(path) }
    }

    /// Once, however often it is sent.
    pub(crate) fn once(self, key: &str) -> Self {
        self.with(HeaderName::from_static("idempotency-key"), key)
    }

    /// With the session's token against forgery.
    pub(crate) fn csrf(self, token: &str) -> Self {
        self.with(HeaderName::from_static("x-wangge-csrf"), token)
    }

    /// Only while what it is about is still at that version.
    pub(crate) fn if_match(self, tag: &str) -> Self {
        self.with(IF_MATCH, tag)
    }

    fn with(mut self, name: HeaderName, value: &str) -> Self {
        if !value.is_empty() {
            self.headers.push((name, value.to_owned()));
        }
        self
    }

    fn request(self, visit: &Visit) -> Result<Request<Body>, Trouble> {
        let mut request = Request::builder().method(self.method).uri(&self.path);
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        let kind = self.kind.as_deref();
        if let Some(kind) = kind {
            request = request.header(CONTENT_TYPE, kind);
        }
        let mut request = request.body(Body::from(self.body)).map_err(|_| Trouble::not_found())?;
        let whence = self.whence;
        let told = |name: &HeaderName| whence || (*name != ORIGIN && *name != SEC_FETCH_SITE);
        for name in PASSED_ON.into_iter().filter(told) {
            for value in visit.headers.get_all(&name) {
                request.headers_mut().append(name.clone(), value.clone());
            }
        }
        let language = HeaderValue::from_static(visit.language.code());
        request.headers_mut().insert(hyper::header::ACCEPT_LANGUAGE, language);
        if let Some(address) = visit.address {
            request.extensions_mut().insert(ConnectInfo(address));
        }
        Ok(request)
    }
}

impl Api {
    pub(crate) fn new(router: Router) -> Self {
        Self(router)
    }

    /// The router itself, for requests that are the API's anyway.
    pub(crate) fn router(&self) -> Router {
        self.0.clone()
    }

    /// Asks.
    ///
    /// # Errors
    /// The problem that it answers with, as a page can tell it.
    pub(crate) async fn ask(&self, visit: &Visit, ask: Ask) -> Result<Answer, Trouble> {
        let request = ask.request(visit)?;
        let response = match self.0.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, MOST).await.map_err(|_| Trouble::internal())?;
        if parts.status.is_success() || parts.status == StatusCode::NOT_MODIFIED {
            Ok(Answer { headers: parts.headers, bytes })
        } else {
            Err(Trouble::told(parts.status, &parts.headers, &bytes))
        }
    }

    /// Asks for something in JSON.
    ///
    /// # Errors
    /// As [`Api::ask`].
    pub(crate) async fn read<T: DeserializeOwned>(
        &self,
        visit: &Visit,
        ask: Ask,
    ) -> Result<T, Trouble> {
        self.ask(visit, ask).await?.json()
    }
}

impl Answer {
    /// What it says.
    ///
    /// # Errors
    /// When this console does not understand the API beside it.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Trouble> {
        serde_json::from_slice(&self.bytes).map_err(|error| {
            tracing::error!(%error, "the console does not understand the api");
            Trouble::internal()
        })
    }

    /// A header as text.
    pub(crate) fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}
