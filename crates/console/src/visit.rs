//! Who looks at a page: language, size of type, where from; and the secret behind the tokens of
//! forms. Whether they are signed in is the API's to say.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use hyper::HeaderMap;
use hyper::header::{ACCEPT_LANGUAGE, COOKIE};
use hyper::http::request::Parts;

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
    /// Path and query.
    pub(crate) here: String,
    /// By htmx, which wants a part of a page.
    pub(crate) part: bool,
    /// What the tokens of this browser's forms are made with.
    pub(crate) form: FormKey,
}

/// The secret of a browser's forms: whoever makes a form on another site does not know it.
pub(crate) struct FormKey {
    secret: [u8; 32],
    /// Whether the browser has yet to be given it.
    pub(crate) fresh: bool,
}

/// The name of a cookie. `__Host-` binds it to the origin, but browsers take that over TLS only;
/// on 127.0.0.1, where the demo runs, there is none.
pub(crate) fn cookie_name(name: &str, tls: bool) -> String {
    if tls { format!("__Host-{name}") } else { name.to_owned() }
}

const FORM: &str = "wangge_form";

impl Visit {
    pub(crate) fn of(parts: &Parts, tls: bool) -> Self {
        let headers = parts.headers.clone();
        let language = match cookie(&headers, LANGUAGE) {
            Some("en") => Language::En,
            Some("zh") => Language::Zh,
            Some(_) | None => Language::asked(headers.get(ACCEPT_LANGUAGE)),
        };
        let here = parts.uri.path_and_query().map_or("/", |here| here.as_str()).to_owned();
        Self(Arc::new(Seen {
            address: parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0),
            language,
            large: cookie(&headers, TYPE) == Some("large"),
            here,
            part: headers.contains_key("hx-request") && !headers.contains_key("hx-boosted"),
            form: FormKey::of(&headers, tls),
            headers,
        }))
    }

    /// The token that a form of this browser repeats.
    pub(crate) fn token(&self) -> String {
        let mut hasher = blake3::Hasher::new_keyed(&self.form.secret);
        // A session's forms are no other session's: who signs in gets new ones.
        for name in ["wangge_session", "__Host-wangge_session"] {
            hasher.update(cookie(&self.headers, name).unwrap_or_default().as_bytes());
            hasher.update(&[0]);
        }
        data_encoding::HEXLOWER.encode(&hasher.finalize().as_bytes()[..16])
    }

    /// Whether a form came from a page of ours.
    pub(crate) fn is_ours(&self, token: &str) -> bool {
        // blake3's hashes compare in constant time.
        blake3::hash(token.as_bytes()) == blake3::hash(self.token().as_bytes())
    }
}

impl FormKey {
    fn of(headers: &HeaderMap, tls: bool) -> Self {
        let known = cookie(headers, &cookie_name(FORM, tls));
        let bytes = known.and_then(|text| data_encoding::HEXLOWER.decode(text.as_bytes()).ok());
        match bytes.and_then(|bytes| bytes.try_into().ok()) {
            Some(secret) => Self { secret, fresh: false },
            None => Self { secret: random(), fresh: true },
        }
    }

    /// The cookie that gives it to the browser.
    pub(crate) fn cookie(&self, tls: bool) -> String {
        let (name, secure) = (cookie_name(FORM, tls), if tls { "; Secure" } else { "" });
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
        Ok(known.unwrap_or_else(|| Self::of(parts, true)))
    }
}
