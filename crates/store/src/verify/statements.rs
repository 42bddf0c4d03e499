//! What is signed inside the frames.

use std::fmt;

use engine::entry::{Acknowledgement, Entry, StreamHead};
use engine::peer::Mark;
use engine::store::{Frame, FrameKind};
use record::{
    Checkpoint, Countersignature, EnvelopeError, Header, NodeId, PublicKey, Record, Signed,
    Statement, Unverified,
};

use super::streams::Way;
use super::{ASK, Pass, RESTORE, disclosures};

const REWRITTEN: &str = "find out who rewrote the access log; an older copy of the folder has it";

/// A statement whose signature holds, or whose signer's key is not known.
enum Checked<T> {
    Verified(Signed<T>),
    /// Well formed. Its id is what it claims.
    Unknown(Signed<T>),
}

impl<T> Checked<T> {
    fn statement(&self) -> &Signed<T> {
        match self {
            Self::Verified(signed) | Self::Unknown(signed) => signed,
        }
    }
}

impl Pass<'_> {
    /// Looks into one frame.
    pub(super) fn statement(&mut self, frame: &Frame) {
        match frame.kind {
            FrameKind::Own => self.own(frame),
            FrameKind::Foreign => self.foreign(frame),
            FrameKind::Sent => self.sent(frame),
            FrameKind::Acknowledged => self.acknowledged(frame),
            FrameKind::StreamHead => self.stream_head(frame),
            FrameKind::Checkpoint => self.checkpoint(frame),
            FrameKind::Countersigned => self.countersigned(frame),
            FrameKind::Access => self.access(frame),
            // Nothing in these is signed in a way that storage knows.
            FrameKind::Certificate | FrameKind::Local => {}
        }
    }

    fn own(&mut self, frame: &Frame) {
        let Some(record) = self.signed::<Header>(&frame.envelope, |header| header.author, true)
        else {
            return self.log.lost();
        };
        let record = record.statement();
        let seq = Some(record.seq);
        if let Err(error) = self.log.append(record) {
            self.problem(seq, error.to_string(), ASK);
        }
        if record.subject != frame.subject {
            self.problem(seq, "the record is about something else than its frame", RESTORE);
        }
        self.fields(record, frame, seq);
        let fields = record::open(record, &disclosures(frame)).unwrap_or_default();
        if let Err(error) = self.access.compare(record, &fields) {
            self.problem(seq, error.to_string(), REWRITTEN);
        }
    }

    /// An entry of the access log. A node's first key names it, and with it its log.
    fn access(&mut self, frame: &Frame) {
        let node = self.log.author().or_else(|| self.own.as_ref().map(NodeId::from_genesis));
        let taken = self.access.append(&self.known.federation, node, &frame.envelope);
        if let Err(error) = taken {
            self.problem(None, error.to_string(), REWRITTEN);
        }
    }

    fn foreign(&mut self, frame: &Frame) {
        let record = self.signed::<Header>(&frame.envelope, |header| header.author, false);
        let Some(entry) = &frame.entry else {
            return self.problem(None, "a foreign record without the entry it came by", RESTORE);
        };
        let entry = self.entry(Way::In, frame.peer, entry);
        let (Some(record), Some(entry)) = (record, entry) else { return };
        let record = record.statement();
        if entry.record != record.id() {
            self.problem(None, "the entry is about another record", RESTORE);
        }
        self.fields(record, frame, None);
    }

    fn sent(&mut self, frame: &Frame) {
        self.entry(Way::Out, frame.peer, &frame.envelope);
    }

    /// An entry of the stream with a peer; signed by the next head or acknowledgement.
    fn entry(&mut self, way: Way, peer: Option<NodeId>, bytes: &[u8]) -> Option<Entry> {
        let entry = match Entry::decode(bytes) {
            Ok(entry) => entry,
            Err(error) => {
                let what = format!("an entry is malformed: {}", Reason(&error));
                self.problem(None, what, RESTORE);
                return None;
            }
        };
        let Some(peer) = peer else {
            self.problem(None, "an entry of a stream with nobody", RESTORE);
            return Some(entry);
        };
        if let Err(error) = self.streams.append(way, peer, &entry, bytes) {
            self.problem(None, error.to_string(), RESTORE);
        }
        Some(entry)
    }

    /// A sender's word on what it gave up to here.
    fn stream_head(&mut self, frame: &Frame) {
        let by = |head: &StreamHead| head.sender;
        let Some(head) = self.signed::<StreamHead>(&frame.envelope, by, false) else { return };
        let head = head.statement();
        if frame.peer != Some(head.sender) {
            self.problem(None, "the stream's head is by another peer", RESTORE);
        }
        let signed = Mark { number: head.number, link: head.link };
        self.compare(Way::In, head.sender, (head.sender, head.recipient), signed);
    }

    fn acknowledged(&mut self, frame: &Frame) {
        let by = |said: &Acknowledgement| said.recipient;
        let Some(said) = self.signed::<Acknowledgement>(&frame.envelope, by, false) else {
            return;
        };
        let said = said.statement();
        if frame.peer != Some(said.recipient) {
            self.problem(None, "the acknowledgement is by another peer", RESTORE);
        }
        let signed = Mark { number: said.number, link: said.link };
        self.compare(Way::Out, said.recipient, (said.sender, said.recipient), signed);
    }

    fn compare(&mut self, way: Way, peer: NodeId, between: (NodeId, NodeId), signed: Mark) {
        let between = (&self.known.federation, between.0, between.1);
        if let Err(error) = self.streams.compare(way, peer, between, signed, self.log.epoch() > 0) {
            self.problem(None, error.to_string(), RESTORE);
        }
    }

    /// A checkpoint, with this node's countersignature where it witnessed it.
    fn checkpoint(&mut self, frame: &Frame) {
        let by = |checkpoint: &Checkpoint| checkpoint.author;
        let Some(found) = self.signed::<Checkpoint>(&frame.envelope, by, false) else { return };
        let checkpoint = found.statement();
        self.root(checkpoint.author, checkpoint.size, &checkpoint.root);
        let Some(seal) = &frame.entry else { return };
        let by = |seal: &Countersignature| seal.witness;
        let Some(seal) = self.signed::<Countersignature>(seal, by, true) else { return };
        let seal = seal.statement();
        if (seal.checkpoint, seal.size, seal.root)
            != (checkpoint.id(), checkpoint.size, checkpoint.root)
        {
            self.problem(None, "the countersignature is of another checkpoint", RESTORE);
        }
    }

    fn countersigned(&mut self, frame: &Frame) {
        let by = |seal: &Countersignature| seal.witness;
        let Some(seal) = self.signed::<Countersignature>(&frame.envelope, by, false) else {
            return;
        };
        let seal = seal.statement();
        self.root(seal.author, seal.size, &seal.root);
    }

    /// What somebody holds of this node's own log has to be what the log was.
    fn root(&mut self, author: NodeId, size: u64, root: &record::Hash) {
        if self.log.author() == Some(author) && self.log.had_root(size, root) == Some(false) {
            let what = format!("the log at {size} records was not the one that was witnessed");
            self.problem(None, what, "find out who rewrote the log; peers hold the witnessed one");
        }
    }

    fn fields(&mut self, record: &Record, frame: &Frame, seq: Option<u64>) {
        if let Err(error) = record::open(record, &disclosures(frame)) {
            self.problem(seq, error.to_string(), RESTORE);
        }
    }

    /// Parses a statement and verifies it, under this node's key if it is `own`.
    fn signed<T: Statement>(
        &mut self,
        bytes: &[u8],
        signer: impl FnOnce(&T) -> NodeId,
        own: bool,
    ) -> Option<Checked<T>> {
        let parsed = match Unverified::<T>::parse(bytes) {
            Ok(parsed) => parsed,
            Err(error) => return self.refused(&error),
        };
        let node = signer(parsed.peek());
        let Some(key) = self.key(&node, &parsed.claimed_signer(), own) else {
            self.report.unverified += 1;
            return Some(Checked::Unknown(parsed.trust_stored(&self.known.federation)));
        };
        match parsed.verify(&self.known.federation, &key) {
            Ok(signed) => {
                self.report.verified += 1;
                Some(Checked::Verified(signed))
            }
            Err(error) => self.refused(&error),
        }
    }

    /// The key that has to have signed. A node's first key is its name, so it is always known; of
    /// later ones the caller knows the one in use.
    fn key(&self, node: &NodeId, claimed: &PublicKey, own: bool) -> Option<PublicKey> {
        if node.genesis_key() == *claimed || (self.known.is_key_of)(node, claimed) {
            return Some(*claimed);
        }
        if own { self.own } else { None }
    }

    fn refused<T>(&mut self, error: &EnvelopeError) -> Option<T> {
        self.problem(None, Reason(error).to_string(), RESTORE);
        None
    }
}

/// An error with all that it comes from.
struct Reason<'a>(&'a dyn std::error::Error);

impl fmt::Display for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(error) = source {
            write!(f, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}
