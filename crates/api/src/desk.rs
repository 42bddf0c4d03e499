//! What a handler works with: who asks, what they may read, and the way to the engine.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::FromRequestParts;
use engine::command::{Agent, Command, Once, Receipt, Refused, What};
use engine::project::Whose;
use engine::store::Read;
use engine::view::{self, Repeat};
use engine::world::{Setup, World};
use governance::case::{Case, CaseId};
use governance::policy::Policy;
use governance::roster::{Actor, Standing};
use hyper::http::request::Parts;
use record::{Subject, Timestamp};

use crate::access::{self, Viewer};
use crate::password;
use crate::problem::{Kind, Problem};
use crate::rate::{Buckets, Key};
use crate::session::Session;
use crate::state::State;

/// Longest idempotency key, in characters.
const MAX_KEY: usize = 128;
/// Shortest idempotency key of somebody without an account: it alone tells them apart.
const MIN_RESIDENT_KEY: usize = 16;

/// What the gate found out about a request; see [`crate::gate`].
#[derive(Clone)]
pub(crate) struct Entrant {
    pub(crate) session: Option<Arc<Session>>,
    pub(crate) address: Option<IpAddr>,
}

/// One request's desk.
pub(crate) struct Desk {
    pub(crate) state: State,
    pub(crate) now: Timestamp,
    entrant: Entrant,
    key: Option<String>,
}

impl FromRequestParts<State> for Desk {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Problem> {
        // No gate, no entrance: a route outside the list would have none.
        let entrant = parts.extensions.get::<Entrant>().cloned().ok_or(Kind::INTERNAL)?;
        let key = idempotency_key(parts)?;
        Ok(Self { state: state.clone(), now: state.handle.now(), entrant, key })
    }
}

fn idempotency_key(parts: &Parts) -> Result<Option<String>, Problem> {
    let mut values = parts.headers.get_all("idempotency-key").iter();
    let Some(value) = values.next() else { return Ok(None) };
    let only = if values.next().is_none() { value.to_str().ok() } else { None };
    let text = only.filter(|text| (1..=MAX_KEY).contains(&text.len()));
    let wrong = || {
        let message = format!("takes 1 to {MAX_KEY} visible characters, such as a UUID");
        Problem::at(Kind::PARAMETER, "header.idempotency-key", message)
    };
    text.map(|text| Some(text.to_owned())).ok_or_else(wrong)
}

impl Desk {
    /// Who is signed in.
    ///
    /// # Errors
    /// [`Kind::LOGIN`] when nobody is.
    pub(crate) fn session(&self) -> Result<&Session, Problem> {
        self.entrant.session.as_deref().ok_or_else(|| Kind::LOGIN.into())
    }

    /// The key under which the request's address is limited.
    pub(crate) fn address(&self) -> Key {
        Key::of(self.entrant.address)
    }

    /// Takes one from a bucket.
    ///
    /// # Errors
    /// [`Kind::TOO_MANY`] when it is empty.
    pub(crate) fn limited(&self, buckets: &Buckets, key: Key) -> Result<(), Problem> {
        buckets.take(key, Instant::now()).map_err(|wait| {
            self.state.metrics.limited();
            Problem::after(Kind::TOO_MANY, wait)
        })
    }

    /// The signed-in person as the engine's agent.
    ///
    /// # Errors
    /// [`Kind::LOGIN`].
    pub(crate) fn staff(&self) -> Result<Agent, Problem> {
        self.session().map(|session| Agent::Staff(session.actor.id))
    }

    /// Carries out a command of the signed-in person, once per idempotency key.
    ///
    /// # Errors
    /// What the engine refuses.
    pub(crate) async fn command(&self, what: What, digest: [u8; 32]) -> Result<Receipt, Problem> {
        let once = self.once(digest)?;
        self.command_by(self.staff()?, what, once).await
    }

    /// Carries out a command of somebody.
    ///
    /// # Errors
    /// What the engine refuses.
    pub(crate) async fn command_by(
        &self,
        by: Agent,
        what: What,
        once: Option<Once>,
    ) -> Result<Receipt, Problem> {
        Ok(self.state.handle.command(Command { by, once, what }).await?)
    }

    /// By what the engine knows this request again; `None` without a key.
    ///
    /// # Errors
    /// When somebody without an account chose a key that others may choose too.
    pub(crate) fn once(&self, digest: [u8; 32]) -> Result<Option<Once>, Problem> {
        let who = self.entrant.session.as_deref().map_or("", |session| &session.account);
        self.once_of(who, digest)
    }

    /// As [`Desk::once`], for an account that is known otherwise than by a session.
    ///
    /// # Errors
    /// As [`Desk::once`].
    pub(crate) fn once_of(&self, who: &str, digest: [u8; 32]) -> Result<Option<Once>, Problem> {
        let Some(key) = &self.key else { return Ok(None) };
        if who.is_empty() && key.len() < MIN_RESIDENT_KEY {
            let message = format!("takes {MIN_RESIDENT_KEY} or more random characters here");
            return Err(Problem::at(Kind::PARAMETER, "header.idempotency-key", message));
        }
        let bound = |context| {
            let mut hasher = blake3::Hasher::new_derive_key(context);
            hasher.update(&(who.len() as u64).to_be_bytes()).update(who.as_bytes());
            hasher.update(&(key.len() as u64).to_be_bytes()).update(key.as_bytes());
            hasher
        };
        // The digest hangs on the key, which is not kept: whoever has the index can't try out what
        // was asked, such as a telephone number.
        let digest =
            *bound("wangge api digest under a key v2").update(&digest).finalize().as_bytes();
        let key = *bound("wangge api idempotency key v2").finalize().as_bytes();
        Ok(Some(Once { key, digest }))
    }

    /// As [`Desk::once`], for a request with a password in it: a key may be easily guessed, and so
    /// may a password be.
    ///
    /// # Errors
    /// As [`Desk::once`]; and when too many passwords are being hashed.
    pub(crate) async fn once_with_password(
        &self,
        digest: [u8; 32],
    ) -> Result<Option<Once>, Problem> {
        let Some(Once { key, digest }) = self.once(digest)? else { return Ok(None) };
        let stretching = move || password::stretched(&digest, &key);
        let digest = self.state.hash(stretching).await?.map_err(|_| Kind::INTERNAL)?;
        Ok(Some(Once { key, digest }))
    }

    /// Whether this very request was carried out before.
    ///
    /// # Errors
    /// [`Kind::KEY_REUSED`] when another one was under the same key.
    pub(crate) async fn repeated(&self, once: Option<&Once>) -> Result<bool, Problem> {
        let Some(once) = once.cloned() else { return Ok(false) };
        let view = View::new(&self.state, Self::resident(Subject::ZERO), self.now);
        let look = move || view::repeat(&view.reader, view.whose(), &once);
        let found = tokio::task::spawn_blocking(look).await.map_err(|_| Kind::INTERNAL)?;
        match found? {
            Repeat::New => Ok(false),
            Repeat::Same(_) => Ok(true),
            Repeat::Other => Err(Refused::KeyReused.into()),
        }
    }

    /// Reads on a thread that may wait for the disk, as the signed-in person.
    ///
    /// # Errors
    /// What `read` says.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&View) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let actor = self.session()?.actor.clone();
        self.read_as(actor, read).await
    }

    /// Reads as somebody who is known otherwise than by signing in.
    ///
    /// # Errors
    /// What `read` says.
    pub(crate) async fn read_as<T: Send + 'static>(
        &self,
        actor: Actor,
        read: impl FnOnce(&View) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let view = View::new(&self.state, actor, self.now);
        let done = tokio::task::spawn_blocking(move || read(&view)).await;
        done.unwrap_or_else(|_| Err(Kind::INTERNAL.into()))
    }

    /// Somebody without an account who brings a code.
    pub(crate) fn resident(reporter: Subject) -> Actor {
        Actor { id: reporter, standing: Standing::Resident }
    }
}

/// What one actor can read of the node at one moment.
pub(crate) struct View {
    pub(crate) setup: Arc<Setup>,
    pub(crate) reader: Arc<dyn Read>,
    pub(crate) world: Arc<World>,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

impl View {
    pub(crate) fn new(state: &State, actor: Actor, now: Timestamp) -> Self {
        let handle = &state.handle;
        Self {
            setup: handle.setup(),
            reader: handle.reader().clone(),
            world: handle.world(),
            actor,
            now,
        }
    }

    pub(crate) fn whose(&self) -> Whose {
        Whose { me: self.setup.me(), federation: self.setup.federation }
    }

    /// How this place works: by what begins now.
    pub(crate) fn policy(&self) -> &Policy {
        self.world.policy()
    }

    pub(crate) fn viewer(&self) -> Viewer<'_> {
        Viewer {
            actor: &self.actor,
            me: self.setup.me(),
            policies: &self.world.policies,
            territory: &self.world.territory,
            now: self.now,
        }
    }

    /// A case that the actor may see.
    ///
    /// # Errors
    /// Not found, whether it is not there or not for them.
    pub(crate) fn case(&self, id: CaseId) -> Result<Case, Problem> {
        let case = view::case(&self.reader, id)?;
        case.filter(|case| access::sees(&self.viewer(), case)).ok_or_else(Problem::not_found)
    }
}
