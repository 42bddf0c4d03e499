//! The share streams, rebuilt from their entries: what a signed head or an acknowledgement says of
//! a stream has to be what the entries in the journal amount to.

use std::collections::BTreeMap;

use engine::entry::{Entry, first_link};
use engine::peer::Mark;
use record::{FederationId, Hash, NodeId};

/// Which way a stream goes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Way {
    /// To this node.
    In,
    /// To the peer.
    Out,
}

/// Why a stream is not what somebody signed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum StreamError {
    /// Entries are missing before this one.
    #[error("the stream's entry {found} stands where {expected} is next")]
    Gap {
        /// The number found.
        found: u64,
        /// The number that was next.
        expected: u64,
    },
    /// What was signed is not what the entries give.
    #[error("the stream's entries up to {number} are not the ones that were signed")]
    Other {
        /// The number up to which it was signed.
        number: u64,
    },
}

/// Every stream of a journal.
#[derive(Default)]
pub(super) struct Streams(BTreeMap<(Way, NodeId), Stream>);

/// A stream: verified up to a mark, and the entries since.
#[derive(Default)]
struct Stream {
    mark: Mark,
    since: Vec<Hash>,
    /// Entries are missing: its links can't be told any more.
    incomplete: bool,
}

impl Streams {
    /// Takes the next entry of a stream.
    ///
    /// # Errors
    /// [`StreamError::Gap`], once; then nothing more is said of this stream.
    pub(super) fn append(
        &mut self,
        way: Way,
        peer: NodeId,
        entry: &Entry,
        bytes: &[u8],
    ) -> Result<(), StreamError> {
        let stream = self.0.entry((way, peer)).or_default();
        let expected = stream.mark.number + stream.since.len() as u64 + 1;
        if entry.number != expected && !stream.incomplete {
            stream.incomplete = true;
            return Err(StreamError::Gap { found: entry.number, expected });
        }
        stream.since.push(Hash::of(bytes));
        Ok(())
    }

    /// Entries may have been lost anywhere.
    pub(super) fn damage(&mut self) {
        for stream in self.0.values_mut() {
            stream.incomplete = true;
        }
    }

    /// Compares a stream with what was signed of it: between whom, up to which number, which link.
    /// `reopened`: this node has opened an epoch after a loss.
    ///
    /// # Errors
    /// [`StreamError::Other`].
    pub(super) fn compare(
        &mut self,
        way: Way,
        peer: NodeId,
        between: (&FederationId, NodeId, NodeId),
        signed: Mark,
        reopened: bool,
    ) -> Result<(), StreamError> {
        let stream = self.0.entry((way, peer)).or_default();
        let Mark { number, link } = signed;
        let new = number.checked_sub(stream.mark.number).and_then(|new| usize::try_from(new).ok());
        // An acknowledgement that is older than the last one was compared then.
        let Some(new) = new.filter(|_| !stream.incomplete) else { return Ok(()) };
        if new > stream.since.len() {
            // A sender that lost data goes on where the recipient has the stream.
            if way == Way::Out && reopened {
                *stream = Stream { mark: signed, ..Stream::default() };
                return Ok(());
            }
            return Err(StreamError::Other { number });
        }
        let (federation, sender, recipient) = between;
        for entry in stream.since.drain(..new) {
            stream.mark = stream.mark.after(&entry, || first_link(federation, sender, recipient));
        }
        if stream.mark.link == link { Ok(()) } else { Err(StreamError::Other { number }) }
    }
}
