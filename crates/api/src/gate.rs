//! The gate before every route: where the request comes from, who it is from, whether a browser
//! was tricked into sending it, and whether such a caller may come here at all. What they may see
//! and do inside is decided below the handlers.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{ConnectInfo, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use hyper::HeaderMap;
use hyper::header::{HOST, HeaderValue, ORIGIN};
use hyper::http::uri::Authority;

use crate::arrival;
use crate::desk::Entrant;
use crate::form;
use crate::problem::{Kind, Problem};
use crate::route::{Guard, Load, Route};
use crate::session::{self, CSRF_HEADER, Credential, Session};
use crate::state::{Config, State};

/// How long a request waits for a place before it is refused.
const PATIENCE: Duration = Duration::from_secs(2);

/// After how long somebody may try again when others' files are being taken in.
const FILE_PATIENCE: Duration = Duration::from_secs(30);

/// Fewest bytes of a token for metrics; a shorter one opens nothing.
const MIN_METRICS_TOKEN: usize = 16;

/// What may be done before a second factor is set up where one is needed: setting it up, and leaving.
const ENROLLING: [&str; 4] = ["me", "endSession", "offerFactor", "enrolFactor"];

/// A route's gate.
#[derive(Clone)]
pub(crate) struct Gate {
    pub(crate) state: State,
    pub(crate) route: &'static Route,
}

/// Lets a request through to its handler, or not.
pub(crate) async fn pass(
    axum::extract::State(gate): axum::extract::State<Gate>,
    mut request: Request,
    next: Next,
) -> Response {
    match gate.let_in(&mut request) {
        Ok(address) => gate.work(request, address, next).await,
        Err(problem) => Err(problem),
    }
    .unwrap_or_else(IntoResponse::into_response)
}

impl Gate {
    fn let_in(&self, request: &mut Request) -> Result<Option<IpAddr>, Problem> {
        let entrant = self.admit(request)?;
        let address = entrant.address;
        form::check(self.route, request)?;
        request.extensions_mut().insert(entrant);
        Ok(address)
    }

    /// Waits for the body, then for a place among the requests being worked on, and then for the
    /// work: each for a bounded time.
    async fn work(
        &self,
        mut request: Request,
        address: Option<IpAddr>,
        next: Next,
    ) -> Result<Response, Problem> {
        let state = &self.state;
        let room = self.route.room(request.headers());
        let (mut within, mut _file) = (state.config.within, None);
        if room.load == Load::File {
            within = state.config.within_for_files;
            _file = match tokio::time::timeout(PATIENCE, state.files.acquire()).await {
                Ok(Ok(place)) => Some(place),
                Ok(Err(_)) | Err(_) => return Err(Problem::after(Kind::BUSY, FILE_PATIENCE)),
            };
        }
        let mut _photos = None;
        if self.route.changes() {
            _photos = arrival::photos(state, &room, address)?;
            request = arrival::complete(state, request, address, &room).await?;
        }
        let place = tokio::time::timeout(PATIENCE, state.requests.acquire()).await;
        let Ok(Ok(_place)) = place else { return Err(Problem::after(Kind::BUSY, PATIENCE)) };
        let done = tokio::time::timeout(within, next.run(request)).await;
        done.map_err(|_| Kind::LATE.into())
    }

    fn admit(&self, request: &Request) -> Result<Entrant, Problem> {
        let (config, headers) = (&self.state.config, request.headers());
        let address = address(request, config);
        if self.route.changes() {
            from_here(headers, config)?;
        }
        let session = match self.route.guard {
            // Staff are shown more of some of it.
            Guard::Anyone if !self.route.changes() => self.known(headers).map(Arc::new),
            Guard::Anyone => None,
            Guard::Operator => {
                operator(headers, address, config)?;
                None
            }
            Guard::Account | Guard::Staff | Guard::Power(_) => {
                let session = self.session(headers)?;
                self.allowed(&session)?;
                Some(Arc::new(session))
            }
        };
        Ok(Entrant { session, address })
    }

    /// Whoever reads what anybody may read, where they are signed in with all that it takes.
    fn known(&self, headers: &HeaderMap) -> Option<Session> {
        self.session(headers).ok().filter(|session| !self.state.lacks_factor(session))
    }

    fn session(&self, headers: &HeaderMap) -> Result<Session, Problem> {
        let state = &self.state;
        let credential = session::credential(headers, &state.cookie).ok_or(Kind::LOGIN)?;
        let found = session::look_up(&state.handle, &credential, state.handle.now())?;
        let session = found.ok_or(Kind::LOGIN)?;
        match &credential {
            Credential::Cookie(secret) if self.route.changes() => {
                let given = headers.get(CSRF_HEADER).and_then(|value| value.to_str().ok());
                let fits = given.is_some_and(|given| session::same(given, &secret.csrf()));
                if fits { Ok(session) } else { Err(Kind::CSRF.into()) }
            }
            Credential::Cookie(_) | Credential::Bearer(_) => Ok(session),
        }
    }

    fn allowed(&self, session: &Session) -> Result<(), Problem> {
        if !ENROLLING.contains(&self.route.id) && self.state.lacks_factor(session) {
            return Err(Kind::FACTOR_NEEDED.into());
        }
        let world = self.state.handle.world();
        let policy = world.policy();
        match self.route.guard {
            Guard::Anyone | Guard::Operator | Guard::Account => Ok(()),
            Guard::Staff if session.actor.appointments().is_empty() => {
                Err(Kind::NO_STANDING.into())
            }
            Guard::Staff => Ok(()),
            Guard::Power(power) if session.actor.has_power(policy, power) => Ok(()),
            Guard::Power(_) if session.actor.appointments().is_empty() => {
                Err(Kind::NO_STANDING.into())
            }
            Guard::Power(_) => Err(Kind::POWER.into()),
        }
    }
}

/// A changing request that a browser says comes from another site is refused (S16). Programs send
/// no `Origin`.
fn from_here(headers: &HeaderMap, config: &Config) -> Result<(), Problem> {
    if headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site") {
        return Err(Kind::ORIGIN.into());
    }
    let mut origins = headers.get_all(ORIGIN).iter();
    let Some(origin) = origins.next() else { return Ok(()) };
    let own = match &config.origin {
        Some(own) => origin.as_bytes() == own.as_bytes(),
        None => headers.get(HOST).is_some_and(|host| is_of(origin, host)),
    };
    if own && origins.next().is_none() { Ok(()) } else { Err(Kind::ORIGIN.into()) }
}

fn is_of(origin: &HeaderValue, host: &HeaderValue) -> bool {
    let (Ok(origin), Ok(host)) = (origin.to_str(), host.to_str()) else { return false };
    let of = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    let (Some(Ok(of)), Ok(host)) = (of.map(str::parse::<Authority>), host.parse::<Authority>())
    else {
        return false;
    };
    of == host
}

/// Loopback or the operator's token; behind a proxy everybody comes from loopback.
fn operator(headers: &HeaderMap, address: Option<IpAddr>, config: &Config) -> Result<(), Problem> {
    let near = address.is_some_and(|address| address.to_canonical().is_loopback());
    if near && !config.behind_proxy {
        return Ok(());
    }
    let given = headers
        .get(hyper::header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim());
    let token = config.metrics_token.as_deref().filter(|token| token.len() >= MIN_METRICS_TOKEN);
    let fits = given.zip(token);
    if fits.is_some_and(|(given, token)| session::same(given, token)) {
        Ok(())
    } else {
        Err(Problem::not_found())
    }
}

/// Where the request comes from: the connection, or what the proxy in front says of it.
fn address(request: &Request, config: &Config) -> Option<IpAddr> {
    let connected = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    if !config.behind_proxy {
        return connected;
    }
    let forwarded = request.headers().get_all("x-forwarded-for").iter().next_back();
    let last = forwarded.and_then(|value| value.to_str().ok()?.rsplit(',').next());
    last.and_then(|text| text.trim().parse().ok()).or(connected)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(k, v)| (k.parse().unwrap(), HeaderValue::from_static(v))).collect()
    }

    #[test]
    fn a_request_of_another_site_is_told_from_our_own() {
        let config = Config::default();
        let ours = |pairs: &[(&'static str, &'static str)]| from_here(&headers(pairs), &config);
        let host = ("host", "grid.example.cn:8080");
        assert!(ours(&[host]).is_ok());
        assert!(ours(&[host, ("origin", "https://grid.example.cn:8080")]).is_ok());
        assert!(ours(&[host, ("origin", "https://GRID.example.cn:8080")]).is_ok());
        for origin in [
            "null",
            "",
            "https://grid.example.cn",
            "https://grid.example.cn:8080.evil.cn",
            "https://evil.cn/grid.example.cn:8080",
            "ftp://grid.example.cn:8080",
            "https://grid.example.cn:8080@evil.cn",
        ] {
            assert!(ours(&[host, ("origin", origin)]).is_err(), "{origin}");
        }
        assert!(ours(&[host, ("sec-fetch-site", "cross-site")]).is_err());
        assert!(ours(&[("origin", "https://grid.example.cn:8080")]).is_err(), "no host");
    }

    #[test]
    fn a_configured_origin_is_the_only_one() {
        let config = Config { origin: Some("https://a.cn".into()), ..Config::default() };
        let own = headers(&[("host", "b.cn"), ("origin", "https://a.cn")]);
        let other = headers(&[("host", "b.cn"), ("origin", "https://b.cn")]);
        assert!(from_here(&own, &config).is_ok());
        assert!(from_here(&other, &config).is_err());
    }

    #[test]
    fn an_address_is_taken_from_the_header_only_behind_a_proxy() {
        let mut request = Request::new(axum::body::Body::empty());
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 9))));
        let forwarded = HeaderValue::from_static("10.0.0.9, 203.0.113.7");
        request.headers_mut().insert("x-forwarded-for", forwarded);
        let of = |behind_proxy| {
            address(&request, &Config { behind_proxy, ..Config::default() }).unwrap().to_string()
        };
        assert_eq!(of(false), "127.0.0.1");
        assert_eq!(of(true), "203.0.113.7", "the last one is the proxy's own word");
    }
}
