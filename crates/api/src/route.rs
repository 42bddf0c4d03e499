//! Every route in one list. The router is made from it and from nothing else, and so are the
//! OpenAPI document, the labels of metrics and the tests of who may come where.

mod list;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use governance::policy::Power;
use hyper::header::CONTENT_TYPE;
use hyper::{HeaderMap, Method, StatusCode};
use tower_http::catch_panic::CatchPanicLayer;

pub use list::ROUTES;

use crate::gate::{self, Gate};
use crate::layers;
use crate::problem::{Kind, Problem};
use crate::state::State;

/// Largest body of a request, in bytes.
const BODY: usize = 256 * 1024;
/// Largest body that brings many places at once, in bytes.
const BULK_BODY: usize = 4 * 1024 * 1024;
/// Largest body with a file in it, in bytes: base64 makes four of three, so that a file may have
/// 15 MiB.
const FILE_BODY: usize = 20 * 1024 * 1024;

/// Largest body with one photo in it, and with a report and its photos, in bytes.
const PHOTO_BODY: usize = 12 * 1024 * 1024;
const PHOTOS_BODY: usize = 40 * 1024 * 1024;

/// How much a request may bring.
pub(crate) struct Room {
    /// Bytes of its body.
    pub(crate) bytes: usize,
    /// What it is.
    pub(crate) load: Load,
}

/// In what form a route takes photos.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Photos {
    /// Not at all.
    None,
    /// The body is one.
    Body,
    /// A form may bring some beside its fields (RFC 7578), instead of JSON.
    Form,
}

/// Who may come to a route at all. What they see and do there is decided further in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Guard {
    /// Anybody.
    Anyone,
    /// The operator of the machine: from loopback, or with the operator's token.
    Operator,
    /// Whoever is signed in.
    Account,
    /// Whoever is signed in and has an appointment in force.
    Staff,
    /// Whoever has this power by an appointment in force.
    Power(Power),
}

/// How much a route's body may bring.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Load {
    /// One thing.
    One,
    /// Many.
    Many,
    /// A file: few of them are taken in at once, and each may take its time.
    File,
    /// Photos, by a route of its own or in a form: telephones send slowly.
    Photos,
}

/// One route.
#[derive(Clone)]
pub struct Route {
    /// Method.
    pub method: Method,
    /// Template of the path.
    pub path: &'static str,
    /// Who may come.
    pub guard: Guard,
    /// The operation's id in the OpenAPI document.
    pub id: &'static str,
    /// What it does, in English and Chinese.
    pub summary: [&'static str; 2],
    /// Schema of the request's body, if it has one.
    pub body: Option<&'static str>,
    /// Status of success, and the schema of its body.
    pub gives: (u16, Option<&'static str>),
    /// Names of its query's parameters, which the document describes.
    pub query: &'static [&'static str],
    /// How much may come at once.
    pub load: Load,
    /// Whether an idempotency key is heeded.
    pub once: bool,
    /// Whether it takes photos.
    pub photos: Photos,
    handler: fn() -> MethodRouter<State>,
}

impl Route {
    const fn new(
        method: Method,
        path: &'static str,
        guard: Guard,
        handler: fn() -> MethodRouter<State>,
    ) -> Self {
        Self {
            method,
            path,
            guard,
            id: "",
            summary: ["", ""],
            body: None,
            gives: (204, None),
            query: &[],
            load: Load::One,
            once: false,
            photos: Photos::None,
            handler,
        }
    }

    const fn named(mut self, id: &'static str, en: &'static str, zh: &'static str) -> Self {
        (self.id, self.summary) = (id, [en, zh]);
        self
    }

    const fn takes(mut self, schema: &'static str) -> Self {
        self.body = Some(schema);
        self
    }

    const fn gives(mut self, status: u16, schema: &'static str) -> Self {
        self.gives = (status, Some(schema));
        self
    }

    const fn query(mut self, names: &'static [&'static str]) -> Self {
        self.query = names;
        self
    }

    const fn bulk(mut self) -> Self {
        self.load = Load::Many;
        self
    }

    const fn file(mut self) -> Self {
        self.load = Load::File;
        self
    }

    const fn photos(mut self, photos: Photos) -> Self {
        self.photos = photos;
        self
    }

    const fn once(mut self) -> Self {
        self.once = true;
        self
    }

    /// Whether it changes something, or costs so much that no other site may cause it.
    #[must_use]
    pub fn changes(&self) -> bool {
        self.method != Method::GET
    }

    /// How much a request with this head may bring.
    pub(crate) fn room(&self, headers: &HeaderMap) -> Room {
        let (load, bytes) = match (self.photos, self.load) {
            (Photos::Body, _) => (Load::Photos, PHOTO_BODY),
            (Photos::Form, _) if is_form(headers) => (Load::Photos, PHOTOS_BODY),
            (_, Load::One) => (Load::One, BODY),
            (_, Load::Many) => (Load::Many, BULK_BODY),
            (_, Load::File) => (Load::File, FILE_BODY),
            (_, Load::Photos) => (Load::Photos, PHOTOS_BODY),
        };
        Room { bytes, load }
    }

    /// Names of its query's parameters, as they stand in an address.
    pub(crate) fn query_names(&self) -> impl Iterator<Item = &'static str> {
        // After what, by what a list is ordered by.
        let plain = |name: &&'static str| if name.starts_with("after") { "after" } else { name };
        self.query.iter().map(plain)
    }

    /// The media type of its answer, if it has one.
    pub(crate) fn media(&self) -> Option<&'static str> {
        self.gives.1.map(|schema| match schema {
            "Text" => "text/plain",
            "Html" => "text/html",
            "File" => "application/octet-stream",
            "EventStream" => "text/event-stream",
            "PhotoBytes" => "image/jpeg",
            _ => "application/json",
        })
    }

    /// The method's name.
    pub(crate) fn method_name(&self) -> &'static str {
        match &self.method {
            m if m == Method::GET => "GET",
            m if m == Method::POST => "POST",
            m if m == Method::PUT => "PUT",
            _ => "DELETE",
        }
    }

    fn mount(&'static self, state: &State) -> MethodRouter<State> {
        let gate = Gate { state: state.clone(), route: self };
        // The gate has let in no more than [`Route::room`].
        let limit = DefaultBodyLimit::disable();
        (self.handler)().layer(limit).layer(middleware::from_fn_with_state(gate, gate::pass))
    }
}

/// Whether a body is said to be a form with files.
pub(crate) fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("multipart/form-data")
}

/// The router over the list.
pub(crate) fn router(state: State) -> Router {
    let router = ROUTES
        .iter()
        .fold(Router::new(), |router, route| router.route(route.path, route.mount(&state)));
    router
        .method_not_allowed_fallback(other_method)
        .fallback(|| async { Problem::not_found() })
        .layer(CatchPanicLayer::custom(layers::panicked))
        .layer(middleware::from_fn_with_state(state.clone(), layers::around))
        .with_state(state)
}

/// A method that an address does not take. What it takes stands in `Allow`, which is all that
/// `OPTIONS` asks; other sites' scripts are allowed nothing.
async fn other_method(method: Method) -> Response {
    if method == Method::OPTIONS {
        StatusCode::NO_CONTENT.into_response()
    } else {
        Problem::from(Kind::METHOD).into_response()
    }
}
