//! The engine: inputs in, one commit, effects out. It has no clock, no network and no threads of
//! its own; whoever runs it brings time and carries the effects out.

use std::collections::BTreeMap;
use std::sync::Arc;

use rand::CryptoRng;
use record::{NodeId, Timestamp};

use crate::acts::Desk;
use crate::blob::Blobs;
use crate::command::Refused;
use crate::exchange;
use crate::staging::{Log, Staging, Tips};
use crate::store::{Read, Store, StoreError};
use crate::wire::Response;
use crate::world::{Setup, World};

mod dispatch;
mod effect;
mod input;
mod replay;
mod talk;
mod tick;

pub use effect::Effect;
pub use input::{About, Input, Keeping, Ticket, Wanted};
pub use talk::{Contact, Talk};

use dispatch::storage;

/// The engine of one node.
pub struct Engine {
    setup: Arc<Setup>,
    store: Box<dyn Store>,
    reader: Arc<dyn Read>,
    world: Arc<World>,
    log: Log,
    tips: Tips,
    rng: Box<dyn CryptoRng + Send>,
    talk: Talk,
    enrolment: Option<bool>,
}

/// Why a node can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The store can't be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The configured policy has another text than the one recorded under its version.
    #[error(
        "the configured policy calls itself {reference}, but is not the text that this node \
         recorded under it: raise its version, or put the recorded text back"
    )]
    Rewritten {
        /// `key/version`.
        reference: String,
    },
}

impl Engine {
    /// Opens a node on its store: whatever the index lacks is replayed from the journal.
    ///
    /// # Errors
    /// When the store can't be read, or the configured policy is another one than was recorded
    /// under its version.
    pub fn open(
        setup: Arc<Setup>,
        mut store: Box<dyn Store>,
        rng: Box<dyn CryptoRng + Send>,
    ) -> Result<Self, OpenError> {
        let mut tips = Tips::default();
        let log = replay::replay(&setup, store.as_mut(), &mut tips)?;
        let reader = store.reader();
        let next_key = setup.next_key.clone();
        let setup = exchange::current(setup, &reader)?;
        let world = Arc::new(World::load(&setup, &reader)?);
        let talk = Talk { next_key, ..Talk::default() };
        Ok(Self { setup, store, reader, world, log, tips, rng, talk, enrolment: None })
    }

    /// Handles for reading.
    #[must_use]
    pub fn reader(&self) -> Arc<dyn Read> {
        self.reader.clone()
    }

    /// The photos beside the journal.
    #[must_use]
    pub fn blobs(&self) -> Arc<dyn Blobs> {
        self.store.blobs()
    }

    /// Territory, roster and peers now.
    #[must_use]
    pub fn world(&self) -> Arc<World> {
        self.world.clone()
    }

    /// Who this node is now.
    #[must_use]
    pub fn setup(&self) -> Arc<Setup> {
        self.setup.clone()
    }

    /// This node's log now.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Whether questions are open, so that ticks must come often.
    #[must_use]
    pub fn is_asking(&self) -> bool {
        !self.talk.asking.is_empty()
    }

    /// Every neighbour's connection, and what is remembered of those that are gone.
    #[must_use]
    pub fn contacts(&self) -> BTreeMap<NodeId, Contact> {
        let mut contacts = exchange::contacts(&self.talk.sessions, &self.talk.known);
        for (node, (epoch, _)) in &self.talk.reopened {
            contacts.entry(*node).or_default().reopened = Some(*epoch);
        }
        contacts
    }

    /// Why the node does not sign, if it does not.
    #[must_use]
    pub fn frozen(&self) -> Option<String> {
        let why = self.talk.frozen.clone();
        let why = why.or_else(|| exchange::revoked(&self.setup, &self.world));
        why.or_else(|| exchange::rotating(&self.talk, &self.reader))
    }

    /// Takes in a batch, commits once, and gives what is to be done then. When the commit fails,
    /// nothing of the batch has happened and every command in it is refused.
    pub fn step(&mut self, inputs: Vec<Input>, now: Timestamp) -> Vec<Effect> {
        let mut out = Vec::new();
        let mut world = self.world.clone();
        let given_back = self.talk.given_back.clone();
        let frozen = self.talk.frozen.clone();
        let tickets: Vec<Asked> = inputs.iter().filter_map(asked).collect();
        let mut staging = Staging::new(self.store.as_ref(), self.log.clone(), &mut self.tips);
        let mut desk = Desk {
            setup: &self.setup,
            world: &mut world,
            staging: &mut staging,
            rng: self.rng.as_mut(),
            now,
            talk: &mut self.talk,
            out: &mut out,
        };
        let settled = storage(desk.settle_policy()).map(|_| ());
        let handled =
            settled.and_then(|()| inputs.into_iter().try_for_each(|input| desk.handle(input)));
        let staged = handled.and_then(|()| staging.finish().map_err(Arc::new));
        let committed = staged.and_then(|(commit, log)| {
            if !commit.frames.is_empty() {
                self.store.commit(commit).map_err(Arc::new)?;
            }
            Ok(log)
        });
        match committed {
            Ok(log) => {
                self.log = log;
                if let Some(setup) = self.talk.renewed.take() {
                    self.setup = setup;
                    out.insert(0, Effect::Standing(self.setup.clone()));
                }
                if let Some(heir) = self.talk.chosen.take() {
                    self.talk.heir = Some(heir.clone());
                    out.push(Effect::Succession(heir));
                }
                self.tell_world(world, &mut out);
                // Asked after the commit: a scan does not see what is only staged.
                let open = exchange::invitations_open(&self.reader, now);
                self.tell_enrolment(open, &mut out);
                out
            }
            Err(error) => {
                self.talk.given_back = given_back;
                // An epoch that could not be kept frees nobody.
                self.talk.frozen = self.talk.frozen.take().or(frozen);
                self.talk.resumed.clear();
                self.failed(&error, tickets)
            }
        }
    }

    fn tell_world(&mut self, world: Arc<World>, out: &mut Vec<Effect>) {
        if !Arc::ptr_eq(&world, &self.world) {
            self.world = world;
            // Before the replies: whoever is told that something is done must find it done.
            out.insert(0, Effect::World(self.world.clone()));
        }
    }

    fn tell_enrolment(&mut self, open: Result<bool, StoreError>, out: &mut Vec<Effect>) {
        let open = open.unwrap_or(false);
        if self.enrolment != Some(open) {
            self.enrolment = Some(open);
            // Opened before the replies, as whoever is told of an invitation may come with it at
            // once; closed after them, as they may be for whoever came with the last one.
            let at = if open { 0 } else { out.len() };
            out.insert(at, Effect::Enrolment(open));
        }
    }

    /// A batch that could not be kept: everybody who asked is told so, and exchanges start anew.
    fn failed(&mut self, error: &Arc<StoreError>, tickets: Vec<Asked>) -> Vec<Effect> {
        tracing::error!(error = %error,
            "一批更改没能写入，其中一项也没有确认：请查磁盘 a batch could not be kept, nothing in it was \
             acknowledged: check the disk");
        for session in self.talk.sessions.values_mut() {
            session.pulling = None;
            session.greeting = false;
        }
        self.talk.fetches.start_over();
        self.talk.renewed = None;
        self.talk.chosen = None;
        self.talk.announce = false;
        tickets.into_iter().map(|asked| asked.refused(error)).collect()
    }
}

/// Who waits for an outcome.
enum Asked {
    Command(Ticket),
    Question(Ticket),
    Peer(Ticket),
}

fn asked(input: &Input) -> Option<Asked> {
    match input {
        Input::Command { ticket, .. } => Some(Asked::Command(*ticket)),
        Input::Ask { ticket, .. } => Some(Asked::Question(*ticket)),
        Input::Request { ticket, .. } => Some(Asked::Peer(*ticket)),
        Input::Response { .. }
        | Input::Arrived { .. }
        | Input::Counted { .. }
        | Input::PhotoKept { .. }
        | Input::Connected(_)
        | Input::Disconnected(_)
        | Input::Addresses(_)
        | Input::Tick => None,
    }
}

impl Asked {
    fn refused(self, error: &Arc<StoreError>) -> Effect {
        let refused = Refused::Storage(error.clone());
        match self {
            Self::Command(ticket) => Effect::Reply { ticket, outcome: Err(refused) },
            Self::Question(ticket) => Effect::Answered { ticket, outcome: Err(refused) },
            Self::Peer(ticket) => Effect::Respond { ticket, response: Response::Refused },
        }
    }
}
