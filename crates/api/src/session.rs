//! Sessions of browsers and tokens of programs. A secret is 32 random bytes; the node keeps its
//! blake3 hash alone, and the cross-site token is derived from the secret.

use std::sync::Arc;

use engine::runtime::Handle;
use engine::store::StoreError;
use engine::view;
use governance::roster::Actor;
use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, COOKIE};
use record::{Subject, Timestamp};

use crate::hex;

/// How long a browser's session lasts.
pub(crate) const SESSION_HOURS: u64 = 12;
/// Longest validity of a program's token.
pub(crate) const MAX_TOKEN_DAYS: u32 = 366;
/// The header that repeats the cross-site token.
pub(crate) const CSRF_HEADER: &str = "x-wangge-csrf";

/// What proves who somebody is. Not printable.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret([u8; 32]);

/// What a request brought to prove who it is from.
pub(crate) enum Credential {
    /// A browser's cookie: sent by the browser whoever made the request.
    Cookie(Secret),
    /// A program's token: sent only by who knows it.
    Bearer(Secret),
}

/// Who a request is from.
#[derive(Clone)]
pub(crate) struct Session {
    /// The account's name.
    pub(crate) account: String,
    /// The person with their appointments in force; none for somebody taken off the roster.
    pub(crate) actor: Actor,
    /// blake3 of the secret.
    pub(crate) hash: [u8; 32],
    /// Until when.
    pub(crate) expires: Timestamp,
    /// Of a browser's session: the token that changing requests have to repeat.
    pub(crate) csrf: Option<String>,
    /// Whether a second factor was shown when it began.
    pub(crate) strong: bool,
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

impl Secret {
    pub(crate) fn new() -> Self {
        Self(random())
    }

    pub(crate) fn hash(&self) -> [u8; 32] {
        *blake3::hash(&self.0).as_bytes()
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(crate) fn text(&self) -> String {
        hex::encode(&self.0)
    }

    /// The token that a page of this session knows and another site does not.
    pub(crate) fn csrf(&self) -> String {
        hex::encode(&blake3::derive_key("wangge csrf token v1", &self.0))
    }

    fn read(text: &str) -> Option<Self> {
        hex::decode(text)?.try_into().ok().map(Self)
    }
}

/// The session cookie's name at a node with this mark. `__Host-` binds it to the host, but browsers
/// take it over TLS only.
pub(crate) fn cookie_name(tls: bool, mark: &str) -> String {
    format!("{}wangge_session_{mark}", if tls { "__Host-" } else { "" })
}

/// The cookie that begins a session, or ends it where there is none.
pub(crate) fn set_cookie(secret: Option<&Secret>, name: &str, tls: bool) -> String {
    let secure = if tls { "; Secure" } else { "" };
    let (value, age) =
        secret.map_or((String::new(), 0), |secret| (secret.text(), SESSION_HOURS * 3_600));
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={age}{secure}")
}

/// What the request brought; a bearer token counts before a cookie of the name. Two cookies of the
/// name are none: one of them may have been planted.
pub(crate) fn credential(headers: &HeaderMap, name: &str) -> Option<Credential> {
    if let Some(value) = headers.get(AUTHORIZATION) {
        let text = value.to_str().ok()?;
        let (scheme, token) = text.split_once(' ')?;
        let bearer = scheme.eq_ignore_ascii_case("bearer");
        return bearer.then(|| Secret::read(token.trim())).flatten().map(Credential::Bearer);
    }
    let mut found = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(known, _)| *known == name)
        .map(|(_, value)| value);
    let only = found.next()?;
    if found.next().is_some() {
        return None;
    }
    Secret::read(only).map(Credential::Cookie)
}

/// Who the credential stands for, if it holds: known, not expired, of the right kind, and its
/// account still enabled. Appointments are looked up anew each time.
///
/// # Errors
/// When the index can't be read.
pub(crate) fn look_up(
    handle: &Handle,
    credential: &Credential,
    now: Timestamp,
) -> Result<Option<Session>, StoreError> {
    let (secret, browser) = match credential {
        Credential::Cookie(secret) => (secret, true),
        Credential::Bearer(secret) => (secret, false),
    };
    let csrf = browser.then(|| secret.csrf());
    of_token(handle, secret.hash(), csrf, now)
}

/// A session as it is now, if it still holds.
///
/// # Errors
/// When the index can't be read.
pub(crate) fn still(
    handle: &Handle,
    session: &Session,
    now: Timestamp,
) -> Result<Option<Session>, StoreError> {
    of_token(handle, session.hash, session.csrf.clone(), now)
}

/// A browser's session has a cross-site token, a program's has none; neither passes for the other.
fn of_token(
    handle: &Handle,
    hash: [u8; 32],
    csrf: Option<String>,
    now: Timestamp,
) -> Result<Option<Session>, StoreError> {
    let reader: &Arc<_> = handle.reader();
    let Some(token) = view::token(reader, &hash)? else { return Ok(None) };
    if now >= token.expires || token.label.is_none() != csrf.is_some() {
        return Ok(None);
    }
    let Some(account) = view::account(reader, &token.account)?.filter(|found| found.enabled) else {
        return Ok(None);
    };
    Ok(Some(Session {
        account: account.name,
        actor: actor(handle, account.person, now),
        hash,
        expires: token.expires,
        csrf,
        strong: token.strong,
    }))
}

/// The actor that a person is now.
pub(crate) fn actor(handle: &Handle, person: Subject, now: Timestamp) -> Actor {
    let nobody = || Actor { id: person, standing: governance::roster::Standing::Staff(Vec::new()) };
    handle.world().roster.actor(person, now).unwrap_or_else(nobody)
}

/// Whether two texts are the same, without telling by the time it takes where they differ.
pub(crate) fn same(one: &str, other: &str) -> bool {
    // blake3's hashes compare in constant time.
    blake3::hash(one.as_bytes()) == blake3::hash(other.as_bytes())
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    const NAME: &str = "wangge_session_abcde";

    fn cookies(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(COOKIE, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn a_cookie_is_found_among_others_and_a_second_one_of_the_name_spoils_it() {
        let text = Secret::new().text();
        let own = format!("{NAME}={text}");
        let found = |headers: &HeaderMap| credential(headers, NAME).is_some();
        assert!(found(&cookies(&[&format!("a=b; {own}; c=d")])));
        assert!(!found(&cookies(&[&own, &own])));
        assert!(!found(&cookies(&[&format!("{own}; {own}")])));
        assert!(!found(&cookies(&["wangge_session_abcde=xyz"])));
        let tls = cookie_name(true, "abcde");
        assert!(credential(&cookies(&[&own]), &tls).is_none(), "over TLS only __Host- counts");
        let other = cookie_name(false, "fghjk");
        assert!(credential(&cookies(&[&own]), &other).is_none(), "nor another node's");
    }

    #[test]
    fn a_bearer_token_counts_before_a_cookie_and_a_broken_one_is_not_overlooked() {
        let mut headers = cookies(&[&format!("{NAME}={}", Secret::new().text())]);
        headers.insert(AUTHORIZATION, HeaderValue::from_static("Bearer nonsense"));
        assert!(credential(&headers, NAME).is_none());
        let bearer = format!("bearer {}", Secret::new().text());
        headers.insert(AUTHORIZATION, HeaderValue::from_str(&bearer).unwrap());
        assert!(matches!(credential(&headers, NAME), Some(Credential::Bearer(_))));
    }

    #[test]
    fn a_cookie_is_out_of_reach_of_scripts_and_other_sites() {
        let plain = set_cookie(Some(&Secret::new()), NAME, false);
        assert!(plain.contains("HttpOnly") && plain.contains("SameSite=Strict"));
        let tls = set_cookie(Some(&Secret::new()), &cookie_name(true, "abcde"), true);
        assert!(tls.starts_with("__Host-") && tls.contains("Secure") && tls.contains("Path=/;"));
        assert!(!tls.contains("Domain"));
        assert!(set_cookie(None, NAME, true).contains("Max-Age=0"));
    }

    #[test]
    fn the_secret_can_not_be_told_from_what_is_kept_or_shown() {
        let secret = Secret::new();
        assert_ne!(hex::encode(&secret.hash()), secret.csrf());
        assert!(!secret.csrf().contains(&secret.text()));
        assert!(same(&secret.csrf(), &secret.csrf()) && !same(&secret.csrf(), &secret.text()));
    }
}
