//! What every request's head is held to, whichever route it is for: one host; an address of bounded
//! length whose query has known names, each once; no compression, which could hide any size; and an
//! answer's form that there is (RFC 9110 §12.5.1).

use std::borrow::Cow;

use axum::extract::Request;
use hyper::header::{ACCEPT, CONTENT_ENCODING, HOST};
use hyper::{HeaderMap, Uri, Version};

use crate::problem::{Kind, Problem};
use crate::route::{Guard, Route};
use crate::strict;

/// Longest path with its query, in bytes.
const MAX_ADDRESS: usize = 4_096;
/// Longest value of a parameter, in characters.
const MAX_VALUE: usize = 256;

/// Checks a request's head.
///
/// # Errors
/// [`Kind::MALFORMED`], [`Kind::ADDRESS`], [`Kind::PARAMETER`], [`Kind::ENCODING`], [`Kind::NOT_ACCEPTABLE`].
pub(crate) fn check(route: &Route, request: &Request) -> Result<(), Problem> {
    let (uri, headers) = (request.uri(), request.headers());
    let hosts = headers.get_all(HOST).iter().count();
    if hosts > 1 || (hosts == 0 && request.version() == Version::HTTP_11) {
        // RFC 9112 §3.2: what a proxy in front took for the host is not to be guessed.
        return Err(Problem::at(Kind::MALFORMED, "header.host", "is needed, once"));
    }
    let address = uri.path_and_query().map_or(0, |address| address.as_str().len());
    if address > MAX_ADDRESS {
        return Err(Kind::ADDRESS.into());
    }
    query(route, uri)?;
    if headers.get_all(CONTENT_ENCODING).iter().any(|coding| coding != "identity") {
        let message = "send the body as it is";
        return Err(Problem::at(Kind::ENCODING, "header.content-encoding", message));
    }
    // Whoever scrapes metrics takes the one form that there is, whatever their client says.
    match route.media().filter(|_| route.guard != Guard::Operator) {
        Some(media) if !accepts(headers, media) => {
            let message = format!("this is given as {media}");
            Err(Problem::at(Kind::NOT_ACCEPTABLE, "header.accept", message))
        }
        Some(_) | None => Ok(()),
    }
}

fn query(route: &Route, uri: &Uri) -> Result<(), Problem> {
    let wrong = |path: &str, message: String| Problem::at(Kind::PARAMETER, path, message);
    let mut known: Vec<&str> = route.query_names().collect();
    let query = uri.query().unwrap_or_default();
    // What a name stands for in the query, percent signs and all, is decided here and once.
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = decoded(name).ok_or_else(|| wrong("query", "is not UTF-8".into()))?;
        let Some(at) = known.iter().position(|known| *known == name) else {
            return Err(wrong("query", unknown(route)));
        };
        let path = format!("query.{}", known.swap_remove(at));
        let value = decoded(value).ok_or_else(|| wrong(&path, "is not UTF-8".into()))?;
        if value.chars().count() > MAX_VALUE {
            return Err(wrong(&path, format!("has at most {MAX_VALUE} characters")));
        }
        if let Some(fault) = strict::fault_of(&value) {
            return Err(wrong(&path, fault));
        }
    }
    Ok(())
}

/// What may stand in the query, each once.
fn unknown(route: &Route) -> String {
    let known: Vec<&str> = route.query_names().collect();
    match known.as_slice() {
        [] => "takes no parameters".into(),
        known => format!("takes each of these once at most: {}", known.join(", ")),
    }
}

/// A part of a query as the typed reader will see it; `None` where it is not UTF-8.
fn decoded(part: &str) -> Option<String> {
    let spaced = part.replace('+', " ");
    let bytes: Cow<'_, [u8]> = percent(spaced.as_bytes());
    String::from_utf8(bytes.into_owned()).ok()
}

/// Percent-decoded; a percent sign without two digits stands for itself (URL standard).
fn percent(bytes: &[u8]) -> Cow<'_, [u8]> {
    if !bytes.contains(&b'%') {
        return bytes.into();
    }
    let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let (mut plain, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while at < bytes.len() {
        match (bytes[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                plain.push(u8::try_from(high << 4 | low).unwrap_or(u8::MAX));
                at += 3;
            }
            (byte, _, _) => {
                plain.push(byte);
                at += 1;
            }
        }
    }
    plain.into()
}

/// Whether `Accept` lets an answer be of a media type: the range that fits most closely decides.
/// What can't be read as a range says nothing.
fn accepts(headers: &HeaderMap, media: &str) -> bool {
    let kind = media.split('/').next().unwrap_or_default();
    let ranges = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let ranges = ranges.flat_map(|text| text.split(',')).filter_map(range);
    let (mut asked, mut best) = (false, None);
    for (range, wanted) in ranges {
        asked = true;
        let closeness = match range.split_once('/') {
            Some(("*", "*")) => 1,
            Some((of, "*")) if of == kind => 2,
            Some(_) if range == media => 3,
            Some(_) | None => continue,
        };
        if best.is_none_or(|(best, _)| closeness >= best) {
            best = Some((closeness, wanted));
        }
    }
    !asked || best.is_some_and(|(_, wanted)| wanted)
}

/// A media range and whether it is wanted, which one with a weight of nought is not.
fn range(text: &str) -> Option<(String, bool)> {
    let mut parts = text.split(';').map(str::trim);
    let range = parts.next()?.to_ascii_lowercase();
    let weight = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
    let weight = weight.map_or(Some(1.0), |weight| weight.parse::<f32>().ok())?;
    range.contains('/').then_some((range, weight > 0.0))
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn takes(accept: &'static str, media: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(accept));
        accepts(&headers, media)
    }

    #[test]
    fn an_answer_is_given_in_a_form_that_is_accepted() {
        let json = "application/json";
        assert!(accepts(&HeaderMap::new(), json));
        for accept in [
            "*/*",
            "application/*",
            "Application/JSON",
            "text/html, application/xhtml+xml, */*;q=0.8",
            "application/json; charset=utf-8",
            "text/html;q=0.1, application/json;q=0.001",
            "",
            "nonsense",
        ] {
            assert!(takes(accept, json), "{accept}");
        }
        for accept in
            ["text/html", "application/json;q=0, */*", "*/*, application/json; q=0.0", "text/*"]
        {
            assert!(!takes(accept, json), "{accept}");
        }
        assert!(takes("text/event-stream", "text/event-stream"));
        assert!(takes("text/*", "text/plain"));
    }

    proptest! {
        /// What was checked is what is read.
        #[test]
        fn a_query_is_decoded_as_its_reader_decodes_it(text in "[a-z%+0-9A-F]{0,20}") {
            let theirs = form_urlencoded::parse(text.as_bytes()).next();
            let theirs = theirs.map(|(name, _)| name.into_owned()).unwrap_or_default();
            if let Some(ours) = decoded(&text) {
                prop_assert_eq!(ours, theirs);
            }
        }
    }
}
