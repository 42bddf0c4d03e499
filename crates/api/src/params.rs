//! What stands in an address: parts of the path and of the query, strictly read.

use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use hyper::http::request::Parts;
use record::{Hash, PublicKey, RecordId, Subject};
use serde::de::DeserializeOwned;

use crate::problem::{Kind, Problem};
use crate::state::State;

/// The query, as a struct that refuses unknown names.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<State> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &State) -> Result<Self, Problem> {
        // Its names are known and stand once each: see `form`.
        let query = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
        let query = serde_urlencoded::Deserializer::new(query);
        let read = serde_path_to_error::deserialize(query);
        read.map(Self).map_err(|error| {
            let path = error.path().to_string();
            // Nothing is at fault where something is missing. The error itself repeats the value.
            let (path, message) = match path.as_str() {
                "." => ("query".to_owned(), "lacks a parameter that is needed"),
                name => (format!("query.{name}"), "has a value that is not accepted"),
            };
            Problem::at(Kind::PARAMETER, path, message)
        })
    }
}

/// What names something in a path.
pub(crate) trait Id: FromStr {
    /// Digits of hex.
    const DIGITS: usize;
}

impl Id for Subject {
    const DIGITS: usize = 2 * Self::LEN;
}

impl Id for RecordId {
    const DIGITS: usize = 2 * Self::LEN;
}

impl Id for PublicKey {
    const DIGITS: usize = 2 * Self::LEN;
}

impl Id for Hash {
    const DIGITS: usize = 2 * Self::LEN;
}

/// The parameters of the path, by name.
pub(crate) struct Path(Vec<(String, String)>);

impl FromRequestParts<State> for Path {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Problem> {
        let found = RawPathParams::from_request_parts(parts, state).await;
        let found = found.map_err(|_| Problem::not_found())?;
        Ok(Self(found.iter().map(|(name, value)| (name.into(), value.into())).collect()))
    }
}

impl Path {
    /// A part as text.
    ///
    /// # Errors
    /// Not found, when the route has no such part.
    pub(crate) fn text(&self, name: &str) -> Result<&str, Problem> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).ok_or_else(Problem::not_found)
    }

    /// A part as an id.
    ///
    /// # Errors
    /// [`Kind::PARAMETER`], what it would have to be.
    pub(crate) fn id<T: Id>(&self, name: &str) -> Result<T, Problem> {
        self.text(name)?.parse().map_err(|_| {
            let message = format!("is {} digits of lower-case hex", T::DIGITS);
            Problem::at(Kind::PARAMETER, format!("path.{name}"), message)
        })
    }
}
