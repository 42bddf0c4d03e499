//! A JSON body: its type is checked before it is parsed, as its size was before it was read, and
//! what is wrong is named by its path without repeating its value.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use hyper::HeaderMap;
use hyper::header::CONTENT_TYPE;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::problem::{Kind, Problem};
use crate::state::State;
use crate::strict::{self, Fault, Part, What};

/// A body that was read, and the digest of the request it came in.
pub(crate) struct Body<T> {
    pub(crate) value: T,
    pub(crate) digest: [u8; 32],
}

/// No body, as of acts that say everything in their address.
pub(crate) struct Empty {
    pub(crate) digest: [u8; 32],
}

impl<T: DeserializeOwned> FromRequest<State> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &State) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Kind::MEDIA_TYPE.into());
        }
        let (mut hasher, bytes) = read(request, state).await?;
        hasher.update(&bytes);
        let value = parse(&bytes)?;
        Ok(Self { value, digest: *hasher.finalize().as_bytes() })
    }
}

impl FromRequest<State> for Empty {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &State) -> Result<Self, Problem> {
        let (hasher, bytes) = read(request, state).await?;
        if bytes.is_empty() || bytes.trim_ascii() == b"{}" {
            return Ok(Self { digest: *hasher.finalize().as_bytes() });
        }
        Err(Problem::at(Kind::BODY, "body", "must be empty"))
    }
}

/// The bytes, and a hasher that has taken in method and path.
pub(crate) async fn read(
    request: Request,
    state: &State,
) -> Result<(blake3::Hasher, Bytes), Problem> {
    let mut hasher = blake3::Hasher::new_derive_key("wangge api request digest v1");
    for part in [request.method().as_str(), request.uri().path()] {
        hasher.update(&(part.len() as u64).to_be_bytes()).update(part.as_bytes());
    }
    let bytes = Bytes::from_request(request, state).await.map_err(|_| Kind::MALFORMED)?;
    Ok((hasher, bytes))
}

/// Whether the body is said to be JSON, once, and in no other charset than JSON's only one.
fn is_json(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let (Some(only), None) = (types.next(), types.next()) else { return false };
    let mut parts = only.to_str().unwrap_or_default().split(';').map(str::trim);
    let json = parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"));
    let charset = |part: &str| {
        let (name, value) = part.split_once('=')?;
        name.trim_end()
            .eq_ignore_ascii_case("charset")
            .then(|| value.trim().trim_matches('"').to_owned())
    };
    json && parts.filter_map(charset).all(|charset| charset.eq_ignore_ascii_case("utf-8"))
}

pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = path(&error.path().to_string());
        wrong(bytes, &path, error.inner())
    })?;
    json.end().map_err(|error| wrong(bytes, "body", &error))?;
    // Only now, when all names are known ones, may they be repeated.
    strict::check(bytes).map_err(|fault| unlawful(&fault))?;
    Ok(value)
}

fn unlawful(fault: &Fault) -> Problem {
    let step = |part: &Part| match part {
        Part::Name(name) => format!(".{name}"),
        Part::Index(index) => format!("[{index}]"),
    };
    let found: String = fault.path.iter().map(step).collect();
    let path = path(found.trim_start_matches('.'));
    match &fault.what {
        What::Twice => Problem::at(Kind::BODY, path, "stands there twice"),
        What::Text(told) => Problem::at(Kind::FIELD, path, told.as_str()),
    }
}

fn wrong(bytes: &[u8], path: &str, error: &serde_json::Error) -> Problem {
    match error.classify() {
        serde_json::error::Category::Data => Problem::at(Kind::BODY, path, words(error)),
        // An array that is longer than its type, or a number that is, count as bad syntax there.
        _ if serde_json::from_slice::<IgnoredAny>(bytes).is_ok() => {
            Problem::at(Kind::BODY, path, "is longer or larger than it may be")
        }
        serde_json::error::Category::Syntax
        | serde_json::error::Category::Eof
        | serde_json::error::Category::Io => {
            let at = format!("is no JSON at line {} column {}", error.line(), error.column());
            Problem::at(Kind::MALFORMED, "body", at)
        }
    }
}

/// The path inside the body. Keys that are not plain names are the client's own words and are not
/// repeated.
fn path(found: &str) -> String {
    if found == "." || found == "?" {
        return "body".into();
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '[' | ']' | '-');
    let telling = found.split('.').all(|part| part.starts_with(|c: char| c.is_ascii_lowercase()));
    if telling && found.len() <= 128 && found.chars().all(plain) {
        format!("body.{found}")
    } else {
        "body".into()
    }
}

/// What serde says, without the value that it found.
fn words(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
    let expected = || text.rsplit_once(", expected ").map(|(_, after)| format!("must be {after}"));
    let found_first = ["invalid type: ", "invalid value: ", "invalid length: ", "unknown variant "];
    if found_first.iter().any(|start| text.starts_with(start)) {
        let whole = [
            ", expected u8",
            ", expected u16",
            ", expected u32",
            ", expected u64",
            ", expected usize",
        ];
        if whole.iter().any(|end| text.ends_with(end)) {
            return "must be a whole number, and no larger than it may be".into();
        }
        return expected().unwrap_or_else(|| "is not accepted".into());
    }
    if text.starts_with("unknown field ") {
        let known = text.rsplit_once(", expected ").map(|(_, known)| known);
        return known.map_or("is not known here".into(), |known| {
            format!("has a field that is not known here; known: {}", clipped(known))
        });
    }
    let of_ours = ["missing field `", "duplicate field `"];
    let quotes = text.contains(['"', '`']) && !of_ours.iter().any(|start| text.starts_with(start));
    if quotes { "is not accepted".into() } else { clipped(text).into() }
}

fn clipped(text: &str) -> &str {
    let end = text.char_indices().nth(400).map_or(text.len(), |(at, _)| at);
    &text[..end]
}

#[cfg(test)]
mod tests {
    use governance::act::{Act, Report};
    use governance::territory::Place;
    use proptest::prelude::*;

    use super::*;

    const CANARY: &str = "13812345678";

    fn refused<T: DeserializeOwned>(json: &str) -> String {
        match parse::<T>(json.as_bytes()) {
            Ok(_) => panic!("{json} was taken"),
            Err(problem) => format!("{problem:?}"),
        }
    }

    #[test]
    fn what_is_wrong_is_named_by_its_path() {
        let problem = refused::<Vec<Place>>(r#"[{"id":"x"}]"#);
        assert!(problem.contains("[0]") || problem.contains("body"), "{problem}");
        let problem = refused::<Report>(r#"{"title":1}"#);
        assert!(problem.contains("body.title") && problem.contains("a string"), "{problem}");
        let problem = refused::<Report>(r#"{"title":"a","contact_fone":"b"}"#);
        assert!(problem.contains("not known here"), "{problem}");
        assert!(refused::<Act>(r#"{"act":"take","x":1}"#).contains("not known"));
        assert!(refused::<Act>(r#"{"act":"take"} x"#).contains("column"));
    }

    #[test]
    fn what_was_sent_is_not_repeated() {
        let bodies = [
            format!(r#""{CANARY}""#),
            CANARY.to_owned(),
            format!(r#"{{"{CANARY}":1}}"#),
            format!(r#"{{"act":"{CANARY}"}}"#),
            format!(r#"{{"act":"dispatch","assignee":"{CANARY}"}}"#),
            format!(r#"{{"act":"triage","grade":"{CANARY}"}}"#),
            format!(r#"{{"act":"verify","solved":"{CANARY}"}}"#),
            format!(r#"{{"act":"triage","urgency":{CANARY}}}"#),
            format!(r#"{{"act":"take","{CANARY}":true}}"#),
            format!(r#"{{"act":"report","title":{{"{CANARY}":[]}}}}"#),
        ];
        for body in &bodies {
            let problem = refused::<Act>(body);
            assert!(!problem.contains(CANARY), "{problem}");
        }
        let report =
            format!(r#"{{"title":"a","description":"b","channel":"c","happened":"{CANARY}"}}"#);
        assert!(!refused::<Report>(&report).contains(CANARY));
    }

    /// A type whose own words repeat what it was given.
    #[derive(serde::Deserialize)]
    #[serde(try_from = "String")]
    struct Chatty;

    impl TryFrom<String> for Chatty {
        type Error = String;

        fn try_from(text: String) -> Result<Self, String> {
            Err(format!("{text:?} will not do"))
        }
    }

    #[test]
    fn a_types_own_words_are_not_passed_on_when_they_quote() {
        let problem = refused::<Chatty>(&format!("\"{CANARY}\""));
        assert!(problem.contains("is not accepted") && !problem.contains(CANARY), "{problem}");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused_without_a_panic(bytes: Vec<u8>) {
            let _ = parse::<Act>(&bytes);
        }

        #[test]
        fn any_text_in_any_place_is_never_repeated(text in "[0-9]{7,12}|[a-z \"`,\\\\]{7,12}zq") {
            let quoted = serde_json::to_string(&text).unwrap();
            for body in [
                format!(r#"{{"act":{quoted}}}"#),
                format!(r#"{{"act":"dispatch","assignee":{quoted}}}"#),
                format!(r#"{{"act":"triage","grade":{quoted}}}"#),
            ] {
                prop_assert!(!refused::<Act>(&body).contains(&text));
            }
        }
    }
}
