//! Witnessing: a node shows its parent, and whoever else it works with, a checkpoint of its log;
//! they check that it only grew since the last one, keep it, and only then countersign (the
//! tlog-witness rule).

use std::time::Duration;

use record::tree;
use record::{Checkpoint, Countersignature, Hash, NodeId, Signed, Unverified};
use serde_bytes::ByteBuf;

use crate::acts::Desk;
use crate::command::Refused;
use crate::engine::About;
use crate::peer::{self, Peer, Relation, Witnessed};
use crate::project;
use crate::sign::{self, whose};
use crate::staging::row;
use crate::store::{FrameKind, StoreError, Table};
use crate::wire::{Request, Witness};

const WITHIN: Duration = Duration::from_secs(20);
/// At most one checkpoint for the parent in this time.
const EVERY: Duration = Duration::from_secs(10);
/// And for any other neighbour.
const NOW_AND_THEN: Duration = Duration::from_secs(3_600);

impl Desk<'_, '_> {
    /// Shows the neighbours a checkpoint when the log has grown since the last: the parent at
    /// once, whoever else this node works with now and then.
    pub(crate) fn seek_witness(&mut self) {
        let now = self.now;
        let parent = self.setup.standing.parent();
        let greeted = self.talk.sessions.iter_mut().filter(|(_, session)| session.greeted);
        let mut due = Vec::new();
        for (node, session) in greeted {
            let every = if parent == Some(*node) { EVERY } else { NOW_AND_THEN };
            if session.witnessed.is_none_or(|last| now >= last.plus(every)) {
                session.witnessed = Some(now);
                due.push(*node);
            }
        }
        for node in due {
            match self.witness_request(node) {
                Ok(Some(request)) => {
                    if let Some(key) = self.world.directory.get(node).map(|p| p.standing.key()) {
                        self.send(node, key, About::Witness, request, WITHIN);
                    }
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::error!(error = %error, "做不出账本检查点 no checkpoint could be made");
                }
            }
        }
    }

    fn witness_request(&self, witness: NodeId) -> Result<Option<Request>, StoreError> {
        let log = &self.staging.log;
        let Some(head) = log.head else { return Ok(None) };
        let known: Option<peer::Witness> = row(self.staging, Table::Witness, witness.as_bytes())?;
        let size = log.frontier.size();
        let known = known.and_then(|peer| peer.countersigned);
        // What was countersigned beyond this copy of the data can't be gone on from.
        let known = known.filter(|seen| !self.talk.ahead || seen.epoch == head.epoch);
        let lost_after = self.talk.known.get(&witness).and_then(|known| known.lost_after);
        let from = known.map_or(0, |seen| lost_after.unwrap_or(seen.size));
        if from >= size {
            return Ok(None);
        }
        let proof = if from == 0 {
            Vec::new()
        } else {
            tree::consistency_proof(self.staging, from, size)
                .map_err(|error| StoreError::Index { what: error.to_string() })?
        };
        let checkpoint = Checkpoint {
            author: self.setup.me(),
            epoch: head.epoch,
            size,
            root: log.frontier.root(),
            head: head.id,
            time: self.now,
        };
        let signed = Signed::sign(checkpoint, &self.setup.key, &self.setup.federation);
        let checkpoint = ByteBuf::from(signed.bytes().to_vec());
        Ok(Some(Request::Witness(Witness { checkpoint, from, proof })))
    }
}

impl Desk<'_, '_> {
    /// Checks a neighbour's checkpoint, keeps it and countersigns. Where the neighbour has missed an
    /// earlier countersignature it gets that one, and goes on from there next time.
    pub(crate) fn witness(
        &mut self,
        peer: NodeId,
        asked: &Witness,
    ) -> Result<Option<ByteBuf>, Refused> {
        // A checkpoint is for whoever works with the node; shown to others it is a replay (S3).
        let near = |peer: &&Peer| peer.relation != Relation::Other;
        let Some(peer_key) =
            self.world.directory.get(peer).filter(near).map(|peer| peer.standing.key())
        else {
            return Ok(None);
        };
        let checkpoint = Unverified::<Checkpoint>::parse(asked.checkpoint.to_vec())
            .and_then(|checkpoint| checkpoint.verify(&self.setup.federation, &peer_key));
        let Ok(checkpoint) = checkpoint else { return Ok(None) };
        if checkpoint.author != peer {
            return Ok(None);
        }
        let known: Option<peer::Witness> = row(self.staging, Table::Witness, peer.as_bytes())?;
        let accepted = known.as_ref().and_then(|known| known.accepted);
        let last = known.and_then(|known| known.witnessed);
        if let Some(last) = &last
            && asked.from == 0
            && checkpoint.epoch > last.epoch
        {
            return self.goes_on(peer, last, &checkpoint, accepted);
        }
        // The neighbour missed an earlier one, or this node has lost a later one: it goes on from
        // what this node has.
        if let Some(last) = &last
            && asked.from != last.size
        {
            return Ok(Some(last.seal.clone()));
        }
        if !consistent(last.as_ref(), &checkpoint, asked) {
            self.rewritten(peer, &checkpoint)?;
            return Ok(None);
        }
        self.countersign(peer, &checkpoint).map(Some)
    }

    pub(super) fn countersign(
        &mut self,
        peer: NodeId,
        checkpoint: &Signed<Checkpoint>,
    ) -> Result<ByteBuf, Refused> {
        let seal = Countersignature {
            witness: self.setup.me(),
            checkpoint: checkpoint.id(),
            author: peer,
            size: checkpoint.size,
            root: checkpoint.root,
            time: self.now,
        };
        let seal = Signed::sign(seal, &self.setup.key, &self.setup.federation);
        let mut frame = sign::local(FrameKind::Checkpoint, Vec::new());
        frame.envelope = checkpoint.bytes().clone();
        frame.entry = Some(seal.bytes().clone());
        frame.peer = Some(peer);
        let (at, frame) = self.staging.push(frame)?;
        project::project(whose(self.setup), self.staging, at, &frame)?;
        Ok(ByteBuf::from(seal.bytes().to_vec()))
    }

    /// A neighbour's log does not continue what it showed before: its signed checkpoint is kept, once
    /// for a connection. With the one before, it proves to anybody what the neighbour did.
    pub(super) fn rewritten(
        &mut self,
        peer: NodeId,
        checkpoint: &Signed<Checkpoint>,
    ) -> Result<(), Refused> {
        let session = self.talk.sessions.entry(peer).or_default();
        if std::mem::replace(&mut session.rewritten, true) {
            return Ok(());
        }
        tracing::error!(peer = %peer, size = checkpoint.size,
            "对方的账本被改写：其检查点与上一次不衔接，不予副署、不再接收，证据已留存，请立即联系 a peer's log was \
             rewritten: its checkpoint does not continue the last one; it is kept as evidence, \
             nothing is countersigned or taken in; call its operator");
        self.keep_evidence(peer, checkpoint)
    }

    /// Whether this node's log had this root when it had so many records.
    fn had_root(&self, size: u64, root: &Hash) -> Result<bool, StoreError> {
        if size > self.staging.log.frontier.size() {
            return Ok(false);
        }
        let found = tree::root_at(self.staging, size)
            .map_err(|error| StoreError::Index { what: error.to_string() })?;
        Ok(found == *root)
    }

    /// Keeps the parent's countersignature of this node's checkpoint.
    pub(crate) fn countersigned(&mut self, witness: NodeId, bytes: &[u8]) -> Result<(), Refused> {
        let Some(key) = self.world.directory.get(witness).map(|peer| peer.standing.key()) else {
            return Ok(());
        };
        let seal = Unverified::<Countersignature>::parse(bytes.to_vec())
            .and_then(|seal| seal.verify(&self.setup.federation, &key));
        let Ok(seal) = seal else { return Ok(()) };
        let known: Option<peer::Witness> = row(self.staging, Table::Witness, witness.as_bytes())?;
        let last = known.and_then(|known| known.countersigned).map_or(0, |seen| seen.size);
        // One over another log is of what this copy of the data has lost.
        if seal.author == self.setup.me() && !self.had_root(seal.size, &seal.root)? {
            self.talk.ahead = true;
            return Ok(());
        }
        // An earlier one is from a witness that has lost the later: the next proof starts there.
        // It is remembered, and nothing is written: a replayed one changes nothing (S3).
        if seal.author == self.setup.me() && seal.witness == witness && seal.size < last {
            self.talk.known.entry(witness).or_default().lost_after = Some(seal.size);
            return Ok(());
        }
        let news = (last + 1..=self.staging.log.frontier.size()).contains(&seal.size);
        if seal.author != self.setup.me() || seal.witness != witness || !news {
            return Ok(());
        }
        self.talk.known.entry(witness).or_default().lost_after = None;
        let mut frame = sign::local(FrameKind::Countersigned, Vec::new());
        frame.envelope = seal.bytes().clone();
        frame.peer = Some(witness);
        let (at, frame) = self.staging.push(frame)?;
        project::project(whose(self.setup), self.staging, at, &frame)?;
        Ok(())
    }
}

fn consistent(last: Option<&Witnessed>, checkpoint: &Checkpoint, asked: &Witness) -> bool {
    match last {
        // Seen for the first time, or again after this node lost what it had seen.
        None => true,
        Some(last) => {
            checkpoint.epoch >= last.epoch
                && asked.from == last.size
                && tree::verify_consistency(
                    last.size,
                    &last.root,
                    checkpoint.size,
                    &checkpoint.root,
                    &asked.proof,
                )
                .is_ok()
        }
    }
}
