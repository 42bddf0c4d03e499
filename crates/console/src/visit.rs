//! Who looks at a page: language, size of type, where from; and the secret behind the tokens of
//! forms. Whether they are signed in is the API's to say.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use hyper::header::{ACCEPT_LANGUAGE, COOKIE, HOST, REFERER};
use hyper::http::request::Parts;
use hyper::http::uri::Authority;
use hyper::{HeaderMap, Uri};

use crate::page::own_path;
use crate::words::Language;

/// The cookie of the chosen language.
pub(crate) const LANGUAGE: &str = "wangge_language";
/// The cookie of the chosen size of type.
pub(crate) const TYPE: &str = "wangge_type";

/// One request's visitor. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Visit(Arc<Seen>);

/// See [`Visit`].
pub(crate) struct Seen {
    pub(crate) headers: HeaderMap,
    pub(crate) address: Option<SocketAddr>,
    pub(crate) language: Language,
    /// Large type, for the eyes of the old (长辈版).
    pub(crate) large: bool,
    /// Path and query of a page that a browser can open: this one, or the one whose form was sent.
    pub(crate) here: String,
    /// By htmx, which wants a part of a page.
    pub(crate) part: bool,
    /// What the tokens of this browser's forms are made with.
    pub(crate) form: FormKey,
    /// The session that the browser is in, if it is in one.
    session: String,
}

/// The secret of a browser's forms: whoever makes a form on another site does not know it.
pub(crate) struct FormKey {
    secret: [u8; 32],
    /// Whether the browser has yet to be given it.
    pub(crate) fresh: bool,
}

/// How this node's cookies are called.
#[derive(Clone)]
pub(crate) struct Cookies {
    /// Of the session, which is the API's.
    session: String,
    /// Of the secret behind the tokens of forms.
    form: String,
    tls: bool,
}

impl Cookies {
    /// `__Host-` binds a cookie to the host, but browsers take that over TLS only; on 127.0.0.1,
    /// where the demo runs, there is none. A node's mark tells its cookies from those of another
    /// node at the same host, since cookies know no ports.
    pub(crate) fn new(tls: bool, mark: &str) -> Self {
        let prefix = if tls { "__Host-" } else { "" };
        let named = |name| format!("{prefix}wangge_{name}_{mark}");
        Self { session: named("session"), form: named("form"), tls }
    }
}

impl Visit {
    pub(crate) fn of(parts: &Parts, cookies: &Cookies) -> Self {
        let headers = parts.headers.clone();
        let language = match cookie(&headers, LANGUAGE) {
            Some("en") => Language::En,
            Some("zh") => Language::Zh,
            Some(_) | None => Language::asked(headers.get(ACCEPT_LANGUAGE)),
        };
        Self(Arc::new(Seen {
            address: parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0),
            language,
            large: cookie(&headers, TYPE) == Some("large"),
            here: here(parts),
            part: headers.contains_key("hx-request") && !headers.contains_key("hx-boosted"),
            form: FormKey::of(&headers, cookies),
            session: cookie(&headers, &cookies.session).unwrap_or_default().to_owned(),
            headers,
        }))
    }

    /// Whether it is the phone's outbox that asks, and no page.
    pub(crate) fn by_outbox(&self) -> bool {
        self.headers.contains_key("x-outbox")
    }

    /// Whether the browser is in a session, or was until lately: the API knows whether it holds.
    pub(crate) fn has_session(&self) -> bool {
        !self.session.is_empty()
    }

    /// The token that a form of this browser repeats.
    pub(crate) fn token(&self) -> String {
        let mut hasher = blake3::Hasher::new_keyed(&self.form.secret);
        // A session's forms are no other session's: who signs in gets new ones.
        hasher.update(self.session.as_bytes());
        data_encoding::HEXLOWER.encode(&hasher.finalize().as_bytes()[..16])
    }

    /// Whether a form came from a page of ours.
    pub(crate) fn is_ours(&self, token: &str) -> bool {
        // blake3's hashes compare in constant time.
        blake3::hash(token.as_bytes()) == blake3::hash(self.token().as_bytes())
    }
}

/// Where a visitor can come back to. What answers a form is at an address that may answer nothing
/// else: then it is the page with the form.
fn here(parts: &Parts) -> String {
    let own = parts.uri.path_and_query().map_or("/", |here| here.as_str());
    if parts.method.is_safe() {
        own.to_owned()
    } else {
        page_of_form(parts).unwrap_or("/home".into())
    }
}

/// The page of ours that a form was sent from.
fn page_of_form(parts: &Parts) -> Option<String> {
    let from: Uri = parts.headers.get(REFERER)?.to_str().ok()?.parse().ok()?;
    let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok());
    let host = host.or_else(|| parts.uri.authority().map(Authority::as_str));
    let ours = from.authority().map(Authority::as_str) == host;
    let path = from.path_and_query().filter(|_| ours)?.as_str();
    Some(own_path(Some(path)).to_owned())
}

impl FormKey {
    fn of(headers: &HeaderMap, cookies: &Cookies) -> Self {
        let known = cookie(headers, &cookies.form);
        let bytes = known.and_then(|text| data_encoding::HEXLOWER.decode(text.as_bytes()).ok());
        match bytes.and_then(|bytes| bytes.try_into().ok()) {
            Some(secret) => Self { secret, fresh: false },
            None => Self { secret: random(), fresh: true },
        }
    }

    /// The cookie that gives it to the browser.
    pub(crate) fn cookie(&self, cookies: &Cookies) -> String {
        let (name, secure) = (&cookies.form, if cookies.tls { "; Secure" } else { "" });
        let value = data_encoding::HEXLOWER.encode(&self.secret);
        format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}")
    }
}

/// 32 bytes from the system.
///
/// # Panics
/// When it has none, without which nothing here is safe.
pub(crate) fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    bytes
}

/// A key under which something is done once, however often it is sent.
pub(crate) fn nonce() -> String {
    data_encoding::HEXLOWER.encode(&random()[..16])
}

/// The one cookie of a name; two of them are none.
pub(crate) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut found = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(known, _)| *known == name)
        .map(|(_, value)| value);
    let only = found.next()?;
    if found.next().is_some() { None } else { Some(only) }
}

impl std::ops::Deref for Visit {
    type Target = Seen;

    fn deref(&self) -> &Seen {
        &self.0
    }
}

impl<S: Sync> FromRequestParts<S> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        // The layer around every page has put it there; without it nothing is known of anybody.
        let known = parts.extensions.get::<Self>().cloned();
        Ok(known.unwrap_or_else(|| Self::of(parts, &Cookies::new(true, ""))))
    }
}
