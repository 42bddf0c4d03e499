//! Changes as they happen (server-sent events): which case, its number and its stage, and nothing
//! else. A listener that was away too long is told to look anew.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream;
use governance::case::CaseId;
use hyper::HeaderMap;
use record::Timestamp;
use serde::Serialize;
use tokio::sync::OwnedSemaphorePermit;

use crate::desk::{Desk, View};
use crate::feed::{Cursor, News};
use crate::problem::{Kind, Problem};
use crate::session::{self, Session};
use crate::shape::names::Named;
use crate::share::Share;
use crate::state::State;

/// How often a silent stream shows that it lives, and asks whether its listener still may listen.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Event streams of one account at once.
const PER_ACCOUNT: usize = 16;
/// How long a listener waits before it connects again.
const RETRY: Duration = Duration::from_secs(3);

#[derive(Serialize)]
struct Changed {
    id: CaseId,
    number: String,
    stage: Named,
}

/// `GET /v1/events`
pub(crate) async fn listen(desk: Desk, headers: HeaderMap) -> Result<Response, Problem> {
    let state = desk.state.clone();
    let session = desk.session()?.clone();
    let permit = state.streams.clone().try_acquire_owned();
    let share = state.listeners.take(session.account.clone(), PER_ACCOUNT);
    let (Ok(permit), Some(share)) = (permit, share) else {
        return Err(Problem::after(Kind::BUSY, HEARTBEAT));
    };
    let after = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let (cursor, missed) = state.feed.listen(&state.handle, after);
    state.metrics.streaming();
    let name = if missed { "resync" } else { "ready" };
    let first = Event::default().event(name).id(cursor.id()).retry(RETRY).data("{}");
    let ready = VecDeque::from([first]);
    let listener = Listener { state, session, cursor, ready, _place: (permit, share) };
    let events = stream::unfold(listener, |mut listener| async move {
        let event = listener.next().await?;
        Some((Ok::<_, Infallible>(event), listener))
    });
    Ok(Sse::new(events).into_response())
}

/// One open stream.
struct Listener {
    state: State,
    session: Session,
    cursor: Cursor,
    ready: VecDeque<Event>,
    _place: (OwnedSemaphorePermit, Share<String>),
}

impl Listener {
    /// The next event; `None` ends the stream.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            match tokio::time::timeout(HEARTBEAT, self.cursor.wait()).await {
                Ok(true) if self.may_listen() => self.fetch().await,
                Ok(_) => return None,
                Err(_) if self.may_listen() => return Some(Event::default().comment("")),
                Err(_) => return None,
            }
        }
    }

    /// Whether the session still stands; its actor's appointments are looked up anew.
    fn may_listen(&mut self) -> bool {
        let now = self.state.handle.now();
        let found = session::still(&self.state.handle, &self.session, now);
        let Ok(Some(session)) = found else { return false };
        self.session = session;
        true
    }

    async fn fetch(&mut self) {
        let cases = match self.cursor.take() {
            News::Changed(cases) => cases,
            News::Lost => {
                self.ready.push_back(self.event("resync").data("{}"));
                return;
            }
        };
        let now: Timestamp = self.state.handle.now();
        let view = View::new(&self.state, self.session.actor.clone(), now);
        let seen = tokio::task::spawn_blocking(move || {
            let seen = cases.into_iter().filter_map(|id| {
                let case = view.case(id).ok()?;
                let stage = view.stage(&case.stage);
                Some(Changed { id, number: case.number, stage })
            });
            seen.collect::<Vec<_>>()
        });
        let seen = seen.await.unwrap_or_default();
        let last = seen.len().saturating_sub(1);
        for (index, changed) in seen.into_iter().enumerate() {
            let data = serde_json::to_string(&changed).unwrap_or_default();
            let event = Event::default().event("case").data(data);
            // Whoever is cut off in the middle of a batch gets all of it again.
            self.ready.push_back(if index == last { event.id(self.cursor.id()) } else { event });
        }
    }

    fn event(&self, name: &str) -> Event {
        Event::default().event(name).id(self.cursor.id())
    }
}
