//! Going on after a loss: a node whose newest data are gone opens the next epoch of its log, so
//! that no number is used twice, and its streams go on where the recipients have them. The parent
//! witnesses it again when an officer there has accepted the loss.

use governance::field;
use governance::policy::Power;
use governance::trust::TrustAct;
use record::{Checkpoint, NodeId, Signed, Subject};
use serde_bytes::ByteBuf;

use crate::acts::{Desk, operator};
use crate::command::{Agent, Once, Receipt, Refused};
use crate::engine::Effect;
use crate::entry::{Acknowledgement, Entry};
use crate::kind;
use crate::note::Note;
use crate::peer::{Streams, Witnessed};
use crate::project::{self, Sent, stream_key};
use crate::sign::{self, Draft, whose};
use crate::staging::{Lookup, compact_row};
use crate::store::{Frame, FrameKind, Table};

/// Most characters of a reason.
const MAX_REASON: usize = 500;
/// A recipient's word is believed so far beyond what is known here, and no further.
const MAX_LOST: u64 = 1 << 32;

impl Desk<'_, '_> {
    /// Opens the next epoch: the first record in it names the last one that is left, and why.
    pub(crate) fn open_epoch(
        &mut self,
        by: &Agent,
        reason: &str,
        least: u32,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        let actor = self.power(by, Power::Federation, "federation")?;
        if let Some(why) = super::revoked(self.setup, self.world) {
            return Err(Refused::Frozen(why));
        }
        if self.is_rotating() {
            return Err(Refused::Frozen("the node's key is being changed".into()));
        }
        let length = reason.trim().chars().count();
        if !(1..=MAX_REASON).contains(&length) || reason.chars().any(char::is_control) {
            let what = format!("takes 1 to {MAX_REASON} characters");
            return Err(Refused::Invalid { field: "reason", what });
        }
        let last = self.staging.log.head.map_or(0, |head| head.epoch);
        let shown = project::highest_epoch(self.staging)?;
        let next = last.max(shown).saturating_add(1).max(least);
        self.staging.log.opening = Some(next);
        let value = record::cbor::encode(&reason).expect("text has an encoding");
        let draft = Draft {
            subject: Subject::random(self.rng),
            kind: kind::EPOCH_OPENED,
            causes: Vec::new(),
            actor: actor.as_ref().map(operator),
            fields: [(field::REASON, value)].into(),
            note: None,
        };
        let (record, _, _) = sign::append(self.setup, self.staging, draft, self.now, self.rng)?;
        self.talk.frozen = None;
        tracing::warn!(epoch = next, "已开启新纪元 a new epoch was opened");
        let receipt = Receipt { record: Some(record.id()), ..Receipt::empty() };
        self.remember(once, &receipt)?;
        Ok(receipt)
    }

    /// Accepts that a node below gave up what was countersigned.
    pub(crate) fn accept_epoch(
        &mut self,
        by: &Agent,
        node: NodeId,
        epoch: u32,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        let actor = self.power(by, Power::Federation, "federation")?;
        let told = self.talk.reopened.get(&node).map(|(epoch, _)| *epoch) == Some(epoch);
        let forked = project::forked(self.staging, node)?;
        let goes_on = forked.is_some_and(|known| known.is_open() && epoch > known.epoch);
        if !told && !goes_on {
            return Err(Refused::NotFound("epoch"));
        }
        let act = TrustAct::AcceptEpoch { node, epoch };
        let receipt = self.put_trust(actor.as_ref(), &act, once, Receipt::empty())?;
        let done = sign::note(self.setup, self.staging, &Note::Accepted { node, epoch })?;
        tracing::warn!(by = ?by, peer = %node.short(), epoch, "接受了下级的新纪元 an epoch was accepted");
        self.note_gone(done.gone)?;
        self.out.extend(done.judged.into_iter().map(Effect::Changed));
        self.talk.reopened.remove(&node);
        Ok(receipt)
    }

    /// A node below goes on in a new epoch and can't show that its log only grew: it is
    /// countersigned where an officer has accepted that, and told of otherwise.
    pub(super) fn goes_on(
        &mut self,
        peer: NodeId,
        last: &Witnessed,
        checkpoint: &Signed<Checkpoint>,
        accepted: Option<u32>,
    ) -> Result<Option<ByteBuf>, Refused> {
        // Whether a neighbour above or beside has reason to is for whoever certified it.
        if accepted == Some(checkpoint.epoch) || !self.is_below(peer) {
            tracing::warn!(peer = %peer, epoch = checkpoint.epoch, size = checkpoint.size,
                lost_after = last.size,
                "对方以新纪元继续 a neighbour goes on in a new epoch of its log");
            return self.countersign(peer, checkpoint).map(Some);
        }
        let news = (checkpoint.epoch, checkpoint.size);
        let before = self.talk.reopened.insert(peer, news);
        if before.is_none_or(|(epoch, _)| epoch != checkpoint.epoch) {
            self.keep_evidence(peer, checkpoint)?;
            tracing::error!(peer = %peer, epoch = checkpoint.epoch, size = checkpoint.size,
                lost_after = last.size,
                "下级丢失了本节点副署过的记录，开启了新纪元：核实后用 `wangge epoch accept` 接受 a node below \
                 lost records that this node countersigned, and opened an epoch: accept it with \
                 `wangge epoch accept` when its operator has explained");
        }
        Ok(None)
    }

    /// Keeps a signed checkpoint that was not countersigned: with the one before it, it proves to
    /// anybody what its author did.
    pub(super) fn keep_evidence(
        &mut self,
        peer: NodeId,
        checkpoint: &Signed<Checkpoint>,
    ) -> Result<(), Refused> {
        let mut frame = sign::local(FrameKind::Checkpoint, Vec::new());
        frame.envelope = checkpoint.bytes().clone();
        frame.peer = Some(peer);
        let (at, frame) = self.staging.push(frame)?;
        project::project(whose(self.setup), self.staging, at, &frame)?;
        Ok(())
    }

    /// Whether a recipient has more of its stream than this node, which has lost data, knows.
    pub(super) fn is_behind(&self, peer: NodeId, known: &Streams, number: u64) -> bool {
        let epoch = self.staging.log.head.map_or(0, |head| head.epoch);
        let before = self.talk.resumed.get(&peer).copied().unwrap_or(0);
        let lost = number.saturating_sub(known.outbox.number);
        epoch > before && (1..=MAX_LOST).contains(&lost)
    }

    /// Goes on with a stream where its recipient has it; what was put into it meanwhile, under
    /// numbers that are taken, is put behind that.
    pub(super) fn resume_stream(
        &mut self,
        peer: NodeId,
        said: Signed<Acknowledgement>,
        known: Streams,
    ) -> Result<(), Refused> {
        let mut again: Vec<Frame> = Vec::new();
        for number in known.acknowledged + 1..=known.outbox.number {
            let row = self.staging.value(Table::Outbox, &stream_key(peer, number))?;
            let Some(sent) = row.as_deref().and_then(Sent::from_bytes) else { continue };
            let frame = self.staging.frame_at(sent.at)?;
            if frame.kind == FrameKind::Sent {
                again.push(frame.as_ref().clone());
            }
        }
        let mut frame = sign::local(FrameKind::Acknowledged, Vec::new());
        frame.envelope = said.bytes().clone();
        frame.peer = Some(peer);
        let (at, frame) = self.staging.push(frame)?;
        project::project(whose(self.setup), self.staging, at, &frame)?;
        tracing::warn!(peer = %peer.short(), number = said.number,
            "共享流从对方已有之处继续 a stream goes on where its recipient has it");
        let epoch = self.staging.log.head.map_or(0, |head| head.epoch);
        self.talk.resumed.insert(peer, epoch);
        for frame in again {
            self.send_again(peer, frame)?;
        }
        Ok(())
    }

    fn send_again(&mut self, peer: NodeId, frame: Frame) -> Result<(), Refused> {
        let Ok(entry) = Entry::decode(&frame.envelope) else { return Ok(()) };
        let streams: Option<Streams> = compact_row(self.staging, Table::Stream, peer.as_bytes())?;
        let number = streams.unwrap_or_default().outbox.number + 1;
        let entry = Entry { number, ..entry };
        let (at, frame) = self.staging.push(Frame { envelope: entry.encode().into(), ..frame })?;
        project::project(whose(self.setup), self.staging, at, &frame)?;
        Ok(())
    }
}
