//! Spot checks: whoever countersigned a node's log has it open records of that log, one at random
//! every hour and any that an officer names. A node that has dropped a record, or put another in
//! its place, can't.

use std::time::Duration;

use record::tree;
use record::{Header, NodeId, Signed, Timestamp, Unverified};

use crate::acts::Desk;
use crate::command::{Agent, Once, Receipt, Refused};
use crate::engine::About;
use crate::note::Note;
use crate::peer::{self, Relation, Unopened};
use crate::sign;
use crate::staging::row;
use crate::store::Table;
use crate::wire::{Challenge, Opened, Request, Response};
use governance::policy::Power;

const WITHIN: Duration = Duration::from_secs(20);
/// So many records of its log a node opens for a neighbour in an hour; whoever asks keeps well below.
const MOST_OPENED: u32 = 60;
const MOST_ASKED: u32 = 30;

const EVERY: Duration = Duration::from_secs(3_600);
/// After a refusal or silence, which may mean that the node was busy, it is asked for the same record
/// again so soon.
const AGAIN: Duration = Duration::from_secs(60);
/// So many in a row, and the operator is told. Ending the connection in between starts nothing anew.
const FAILURES: u8 = 5;

/// The spot checks of one neighbour, since this node's start.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Checks {
    /// What was asked last, until it is answered.
    asked: Option<Challenge>,
    /// When to ask next.
    next: Option<Timestamp>,
    /// How often that one was refused or not answered.
    failures: u8,
    /// The last record that it opened, and when.
    pub(crate) opened: Option<(u64, Timestamp)>,
}

/// What is done at most so often in an hour.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Hourly {
    since: Option<Timestamp>,
    count: u32,
}

impl Hourly {
    /// Whether it may be done once more now.
    fn take(&mut self, most: u32, now: Timestamp) -> bool {
        if self.since.is_none_or(|since| since.plus(EVERY) <= now) {
            *self = Self { since: Some(now), count: 0 };
        }
        self.count += 1;
        self.count <= most
    }
}

impl Desk<'_, '_> {
    /// A neighbour that witnesses this node's log wants a record of it opened. Its operator may see
    /// how often; no more than [`MOST_OPENED`] in an hour.
    pub(crate) fn is_to_open(&mut self, peer: NodeId, asked: &Challenge) -> bool {
        let now = self.now;
        let may = self.talk.known.entry(peer).or_default().opens.take(MOST_OPENED, now);
        if may {
            tracing::info!(peer = %peer.short(), index = asked.index,
                "上级抽查了账本中的一条记录 a record of this node's log was opened for a neighbour");
        } else {
            tracing::warn!(peer = %peer.short(),
                "对方抽查账本过于频繁，已拒绝 a neighbour has records of the log opened too often: refused");
        }
        may
    }

    /// An officer has a node below open a record of its log; one at random where none is named.
    /// What came of it stands with the peer.
    pub(crate) fn challenge(
        &mut self,
        by: &Agent,
        node: NodeId,
        index: Option<u64>,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        self.power(by, Power::Federation, "federation")?;
        if !self.is_below(node) {
            return Err(Refused::NotFound("node"));
        }
        let Some(witnessed) = self.witness_of(node)?.witnessed else {
            return Err(Refused::NotFound("checkpoint"));
        };
        if index.is_some_and(|index| index >= witnessed.size) {
            let what = format!("the log has {} records as far as it was witnessed", witnessed.size);
            return Err(Refused::Invalid { field: "index", what });
        }
        if !self.talk.sessions.get(&node).is_some_and(|session| session.greeted) {
            let what = "is not connected: ask again when it is".to_owned();
            return Err(Refused::Invalid { field: "node", what });
        }
        let now = self.now;
        if !self.talk.known.entry(node).or_default().asks.take(MOST_ASKED, now) {
            let what = format!("was asked {MOST_ASKED} times within the hour: wait a little");
            return Err(Refused::Invalid { field: "node", what });
        }
        self.ask_to_open(node, index)?;
        self.remember(once, &Receipt::empty())?;
        Ok(Receipt::empty())
    }

    /// Time passes: asks whoever has to be asked.
    pub(crate) fn check_on_those_below(&mut self) -> Result<(), Refused> {
        let now = self.now;
        let next = |node: &NodeId| self.talk.known.get(node).and_then(|known| known.checks.next);
        let greeted = self.talk.sessions.iter().filter(|(_, session)| session.greeted);
        let due: Vec<NodeId> = greeted
            .map(|(node, _)| *node)
            .filter(|node| next(node).is_none_or(|next| next <= now) && self.is_below(*node))
            .collect();
        due.into_iter().try_for_each(|node| self.ask_to_open(node, None))
    }

    /// Asks for a record: the one that is named, the one that was refused, the one that could not
    /// be opened before, or any.
    fn ask_to_open(&mut self, node: NodeId, index: Option<u64>) -> Result<(), Refused> {
        let known = self.witness_of(node)?;
        let Some(key) = self.world.directory.get(node).map(|peer| peer.standing.key()) else {
            return Ok(());
        };
        let checks = &mut self.talk.known.entry(node).or_default().checks;
        checks.next = Some(self.now.plus(EVERY));
        let Some(log) = known.witnessed.filter(|log| log.size > 0) else { return Ok(()) };
        // What was asked and not answered is asked again, until it is.
        let before = checks.asked.map(|asked| asked.index);
        let again = before.or(known.unopened.map(|unopened| unopened.index));
        let index = index.or(again.filter(|index| *index < log.size));
        let index = index.unwrap_or_else(|| self.rng.next_u64() % log.size);
        let asked = Challenge { size: log.size, root: log.root, index };
        if before != Some(index) {
            checks.failures = 0;
        }
        checks.asked = Some(asked);
        self.send(node, key, About::Challenge, Request::Challenge(asked), WITHIN);
        Ok(())
    }

    /// A node below has answered, or not.
    pub(crate) fn challenged(
        &mut self,
        node: NodeId,
        answer: Option<Response>,
    ) -> Result<(), Refused> {
        let checks = self.talk.known.get(&node).map(|known| known.checks).unwrap_or_default();
        let Some(asked) = checks.asked else { return Ok(()) };
        let opened = match answer {
            Some(Response::Opened(opened)) => self.is_opened(node, &asked, opened),
            // It did not hear, or was busy, or can't.
            _ if checks.failures + 1 < FAILURES => {
                let next = Some(self.now.plus(AGAIN));
                let checks = Checks { failures: checks.failures + 1, next, ..checks };
                self.talk.known.entry(node).or_default().checks = checks;
                return Ok(());
            }
            _ => false,
        };
        let checks = &mut self.talk.known.entry(node).or_default().checks;
        checks.asked = None;
        checks.failures = 0;
        if opened {
            checks.opened = Some((asked.index, self.now));
        }
        self.keep_outcome(node, asked.index, opened)
    }

    /// Whether it is the record that the log which was countersigned has in that place, by its
    /// author's own signature.
    fn is_opened(&self, node: NodeId, asked: &Challenge, opened: Opened) -> bool {
        let Some(peer) = self.world.directory.get(node) else { return false };
        let keys = peer.standing.keys();
        let verify = |record: Unverified<Header>| {
            let place = (record.peek().epoch, record.peek().seq);
            record.verify(&self.setup.federation, &keys.at(place.0, place.1))
        };
        let parsed = Unverified::<Header>::parse(opened.record.into_vec());
        let Ok(record): Result<Signed<Header>, _> = parsed.and_then(verify) else { return false };
        let leaf = tree::leaf_hash(record.id().as_bytes());
        let (index, size, root) = (asked.index, asked.size, &asked.root);
        record.author == node
            && tree::verify_inclusion(&leaf, index, size, &opened.path, root).is_ok()
    }

    /// What could not be opened is kept until it is, and told to the operator.
    fn keep_outcome(&mut self, node: NodeId, index: u64, opened: bool) -> Result<(), Refused> {
        let known = self.witness_of(node)?.unopened;
        let unopened = match (opened, known) {
            (true, Some(known)) if known.index == index => None,
            (false, None) => {
                tracing::error!(peer = %node, index,
                    "下级打不开自己账本中经本节点副署的一条记录，或一再不答：可能丢失或被撤换，请联系其管理员 a node \
                     below can't open a record of its log that this node countersigned, or does not \
                     answer for it: it may be lost or replaced; call its operator");
                Some(Unopened { index, since: self.now })
            }
            _ => return Ok(()),
        };
        sign::note(self.setup, self.staging, &Note::Challenged { node, unopened })?;
        Ok(())
    }

    pub(super) fn is_below(&self, node: NodeId) -> bool {
        let relation = self.world.directory.get(node).map(|peer| peer.relation);
        matches!(relation, Some(Relation::Child | Relation::Unit))
    }

    fn witness_of(&self, node: NodeId) -> Result<peer::Witness, Refused> {
        Ok(row(self.staging, Table::Witness, node.as_bytes())?.unwrap_or_default())
    }
}
