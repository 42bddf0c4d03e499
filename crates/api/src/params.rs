//! What stands in an address: parts of the path and of the query, strictly read.

use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use hyper::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::problem::{Kind, Problem};
use crate::state::State;

/// The query, as a struct that refuses unknown names.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<State> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &State) -> Result<Self, Problem> {
        let query = axum::extract::Query::<T>::try_from_uri(&parts.uri);
        // Its error repeats the value; the names that are known stand in the API's document.
        let wrong = |_| Problem::at(Kind::PARAMETER, "query", "has a name or value not accepted");
        Ok(Self(query.map_err(wrong)?.0))
    }
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

    /// A part as an id. What is no id names nothing.
    ///
    /// # Errors
    /// Not found.
    pub(crate) fn id<T: FromStr>(&self, name: &str) -> Result<T, Problem> {
        self.text(name)?.parse().map_err(|_| Problem::not_found())
    }
}
