//! Whoever is signed in, as the API says it.

use axum::extract::FromRequestParts;
use hyper::http::request::Parts;

use crate::api::{Answer, Ask};
use crate::page::Page;
use crate::shape::me::Me;
use crate::state::State;
use crate::trouble::Trouble;
use crate::visit::Visit;

/// A signed-in visitor. Without a session there is none: the browser is sent to sign in. Cheap to
/// clone.
#[derive(Clone)]
pub(crate) struct Staff {
    pub(crate) state: State,
    pub(crate) visit: Visit,
    pub(crate) me: Me,
}

impl FromRequestParts<State> for Staff {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Trouble> {
        let Ok(visit) = Visit::from_request_parts(parts, state).await;
        let me = state.api.read(&visit, Ask::get("/v1/me")).await;
        let me = me.map_err(|trouble| trouble.or_sign_in(&visit))?;
        Ok(Self { state: state.clone(), visit, me })
    }
}

impl Staff {
    /// Reads from the API.
    ///
    /// # Errors
    /// What the API answers.
    pub(crate) async fn read<T: serde::de::DeserializeOwned>(
        &self,
        path: impl Into<String>,
    ) -> Result<T, Trouble> {
        self.state.api.read(&self.visit, Ask::get(path)).await
    }

    /// Does something by the API, in the name of the session.
    ///
    /// # Errors
    /// What the API refuses.
    pub(crate) async fn carry_out(&self, ask: Ask) -> Result<Answer, Trouble> {
        let csrf = self.me.csrf.as_deref().unwrap_or_default();
        self.state.api.ask(&self.visit, ask.csrf(csrf)).await
    }

    /// The frame of a page of theirs; `tab` is the key of the entry of the navigation that it
    /// belongs to.
    pub(crate) fn page(&self, tab: &'static str) -> Page {
        Page::new(&self.state, &self.visit, tab).signed_in(&self.me)
    }
}
