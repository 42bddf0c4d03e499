//! What went wrong, as a page tells it: what was wrong, and what to do next. No dead ends.

use askama::Template;
use axum::response::{IntoResponse, Response};
use hyper::StatusCode;
use hyper::header::{HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use serde::Deserialize;

use crate::page::{Page, show_as};
use crate::state::State;
use crate::visit::Visit;

/// Why there is no page.
#[derive(Clone)]
pub(crate) struct Trouble(Box<What>);

/// See [`Trouble`].
#[derive(Clone)]
pub(crate) struct What {
    pub(crate) status: StatusCode,
    /// The last part of the problem's type, such as `not-found`.
    pub(crate) code: String,
    /// What was wrong, in the visitor's language; the words of the code where it is absent.
    title: Option<String>,
    pub(crate) detail: Option<String>,
    pub(crate) faults: Vec<Fault>,
    /// Seconds after which it may be tried again.
    pub(crate) retry: Option<u64>,
    /// Where to sign in, for whoever has to first.
    sign_in: Option<String>,
}

/// One thing that is wrong with what was filled in.
#[derive(Clone, Deserialize)]
pub(crate) struct Fault {
    /// Such as `body.title`.
    pub(crate) path: String,
    pub(crate) message: String,
}

impl Fault {
    /// The name of what is wrong: the last part of its path, or the field that the body lacks.
    pub(crate) fn input(&self) -> &str {
        let lacks = self.message.strip_prefix("missing field `");
        let lacks = lacks.and_then(|rest| rest.strip_suffix('`'));
        lacks.unwrap_or_else(|| self.path.rsplit('.').next().unwrap_or_default())
    }
}

/// An RFC 9457 problem, as the API writes it.
#[derive(Deserialize)]
struct Problem {
    r#type: String,
    title: String,
    detail: Option<String>,
    #[serde(default)]
    errors: Vec<Fault>,
}

impl Trouble {
    fn of(status: StatusCode, code: &str) -> Self {
        Self(Box::new(What {
            status,
            code: code.to_owned(),
            title: None,
            detail: None,
            faults: Vec::new(),
            retry: None,
            sign_in: None,
        }))
    }

    /// There is no such page, or it is not for this visitor.
    pub(crate) fn not_found() -> Self {
        Self::of(StatusCode::NOT_FOUND, "not-found")
    }

    pub(crate) fn internal() -> Self {
        Self::of(StatusCode::INTERNAL_SERVER_ERROR, "internal")
    }

    /// What axum refuses by itself, by its status.
    pub(crate) fn refused(status: StatusCode) -> Self {
        let code = match status {
            StatusCode::NOT_FOUND => "not-found",
            StatusCode::METHOD_NOT_ALLOWED => "method-not-allowed",
            StatusCode::PAYLOAD_TOO_LARGE => "too-large",
            StatusCode::REQUEST_TIMEOUT => "timeout",
            status if status.is_server_error() => "internal",
            _ => "address",
        };
        Self::of(status, code)
    }

    /// A form that no page of ours made, or that is older than the browser's secret.
    pub(crate) fn stale_form() -> Self {
        Self::of(StatusCode::FORBIDDEN, "stale-form")
    }

    /// A form that can't be read.
    pub(crate) fn malformed() -> Self {
        Self::of(StatusCode::BAD_REQUEST, "malformed")
    }

    pub(crate) fn too_large() -> Self {
        Self::of(StatusCode::PAYLOAD_TOO_LARGE, "too-large")
    }

    pub(crate) fn busy() -> Self {
        let mut trouble = Self::of(StatusCode::SERVICE_UNAVAILABLE, "busy");
        trouble.0.retry = Some(10);
        trouble
    }

    pub(crate) fn late() -> Self {
        Self::of(StatusCode::REQUEST_TIMEOUT, "timeout")
    }

    /// What the API answered.
    pub(crate) fn told(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        let problem = serde_json::from_slice::<Problem>(body).ok();
        let kind = problem.as_ref().map_or("internal", |problem| &problem.r#type);
        let mut trouble = Self::of(status, kind.rsplit(':').next().unwrap_or_default());
        let what = &mut trouble.0;
        if what.code == "factor-needed" {
            what.sign_in = Some("/factor".to_owned());
        }
        what.retry = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        if let Some(problem) = problem {
            what.title = Some(problem.title);
            what.detail = problem.detail;
            what.faults = problem.errors;
        }
        trouble
    }

    /// Sends the visitor to sign in where that is what was missing.
    pub(crate) fn or_sign_in(mut self, visit: &Visit) -> Self {
        if self.code == "login-needed" {
            let next: String = form_urlencoded::byte_serialize(visit.here.as_bytes()).collect();
            self.0.sign_in = Some(format!("/login?next={next}"));
        }
        self
    }

    /// What was wrong, in the page's language.
    pub(crate) fn title(&self, page: &Page) -> String {
        self.title.clone().unwrap_or_else(|| page.of("trouble", &self.code))
    }

    /// Whether somebody can mend it by filling a form in otherwise, so that the form is shown again.
    pub(crate) fn is_mendable(&self) -> bool {
        self.sign_in.is_none() && !self.status.is_server_error() && self.code != "not-found"
    }

    /// The page that tells it.
    pub(crate) fn page(self, state: &State, visit: &Visit) -> Response {
        if let Some(to) = &self.sign_in {
            return redirect(to, visit.part);
        }
        let page = Page::new(state, visit, "");
        let (status, retry) = (self.status, self.retry);
        let title = self.title(&page);
        let next = page.words().next_step(&self.code);
        let faults = self.faults.iter().map(|fault| page.fault(fault)).collect();
        let staff = visit.has_session();
        let mut response = if visit.part {
            show_as(status, TroublePart { p: page, title, next, faults, trouble: self })
        } else {
            show_as(status, TroublePage { p: page, title, next, faults, staff, trouble: self })
        };
        if let Some(seconds) = retry {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// Elsewhere: by the browser, or by htmx, which would otherwise show the other page inside this one.
fn redirect(to: &str, part: bool) -> Response {
    let name = if part { HeaderName::from_static("hx-redirect") } else { LOCATION };
    let status = if part { StatusCode::OK } else { StatusCode::SEE_OTHER };
    let mut response = status.into_response();
    if let Ok(value) = HeaderValue::from_str(to) {
        response.headers_mut().insert(name, value);
    }
    response
}

impl std::ops::Deref for Trouble {
    type Target = What;

    fn deref(&self) -> &What {
        &self.0
    }
}

#[derive(Template)]
#[template(path = "trouble.html")]
struct TroublePage {
    p: Page,
    title: String,
    next: String,
    faults: Vec<String>,
    /// Whether the visitor has a start page of their own.
    staff: bool,
    trouble: Trouble,
}

#[derive(Template)]
#[template(path = "trouble_part.html")]
struct TroublePart {
    p: Page,
    title: String,
    next: String,
    faults: Vec<String>,
    trouble: Trouble,
}

/// It travels in the response's extensions; the layer around every page, which knows the visitor,
/// writes it out.
impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
