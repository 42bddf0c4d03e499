//! Proof that an author signed two histories.

use std::fmt;

use crate::cbor::{CborError, Reader, Writer};
use crate::checkpoint::Checkpoint;
use crate::envelope::{EnvelopeError, Signed, Unverified};
use crate::header::Header;
use crate::ids::{FederationId, NodeId, PublicKey, RecordId};
use crate::statement::Statement;

/// A place in an author's log that only one statement of a kind may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    /// Whose log.
    pub author: NodeId,
    /// The epoch.
    pub epoch: u32,
    /// A record's seq; a checkpoint's size.
    pub number: u64,
}

/// A kind of statement that an author may make only once per place.
pub trait Forkable: Statement {
    /// The place that this takes.
    fn slot(&self) -> Slot;
    /// Whether `self` and `other`, in one place and with different ids, contradict each other.
    fn contradicts(&self, other: &Self) -> bool;
    /// The id that this gives to the statement right before it in the log; `None` where it names
    /// none, or `other` does not stand there.
    fn predecessor(&self, other: &Self) -> Option<RecordId>;
}

/// Two verified statements of one author that contradict each other: two records with one epoch
/// and seq, a record that names another one before it than the one that stands there, or two
/// checkpoints of one epoch and size over different logs. Kept, shown, forwarded.
pub struct ForkProof<T = Header> {
    first: Signed<T>,
    second: Signed<T>,
}

/// A proof as it arrived: whether it proves anything is known once both signatures are checked.
pub struct UnverifiedForkProof<T = Header> {
    first: Unverified<T>,
    second: Unverified<T>,
}

/// Why two statements prove no fork.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ForkError {
    /// Not in one place: different authors, epochs or numbers.
    #[error("the two statements have different places, {first:?} and {second:?}")]
    OtherSlot {
        /// The first one's place.
        first: Slot,
        /// The second one's place.
        second: Slot,
    },
    /// One statement twice, or two that say the same about the log.
    #[error("the two statements do not contradict each other")]
    NoContradiction,
    /// Not two envelopes in the one order that a proof has them.
    #[error("fork proof is not an array of two envelopes, the smaller id first")]
    Form,
    /// Not deterministic CBOR.
    #[error("fork proof is not in its canonical form")]
    Cbor(#[from] CborError),
    /// One of the envelopes is refused.
    #[error("a statement of the fork proof is refused")]
    Envelope(#[from] EnvelopeError),
}

impl Forkable for Header {
    fn slot(&self) -> Slot {
        Slot { author: self.author, epoch: self.epoch, number: self.seq }
    }

    /// Any two records in one place do, even one header signed with two keys: `prev` of the next
    /// record can name only one of them.
    fn contradicts(&self, _other: &Self) -> bool {
        true
    }

    fn predecessor(&self, other: &Self) -> Option<RecordId> {
        let next = (self.author, self.epoch) == (other.author, other.epoch)
            && other.seq.checked_add(1) == Some(self.seq);
        next.then_some(self.prev)
    }
}

impl Forkable for Checkpoint {
    fn slot(&self) -> Slot {
        Slot { author: self.author, epoch: self.epoch, number: self.size }
    }

    /// A checkpoint may be signed again later; the log of that size is still the same.
    fn contradicts(&self, other: &Self) -> bool {
        self.root != other.root || self.head != other.head
    }

    /// How a log grows from one to the next is for a consistency proof to show.
    fn predecessor(&self, _other: &Self) -> Option<RecordId> {
        None
    }
}

impl<T: Forkable> ForkProof<T> {
    /// The proof that `a` and `b` are, in whichever order.
    ///
    /// # Errors
    /// [`ForkError::OtherSlot`], [`ForkError::NoContradiction`].
    pub fn new(a: Signed<T>, b: Signed<T>) -> Result<Self, ForkError> {
        let (first, second) = if a.id() <= b.id() { (a, b) } else { (b, a) };
        contradicts(first.value(), second.value())?;
        let names = |later: &Signed<T>, earlier: &Signed<T>| {
            later.predecessor(earlier.value()) == Some(earlier.id())
        };
        if first.id() == second.id() || names(&first, &second) || names(&second, &first) {
            return Err(ForkError::NoContradiction);
        }
        Ok(Self { first, second })
    }

    /// The place that was taken twice.
    pub fn slot(&self) -> Slot {
        self.first.slot().min(self.second.slot())
    }
}

impl<T> ForkProof<T> {
    /// The statement with the smaller id.
    pub fn first(&self) -> &Signed<T> {
        &self.first
    }

    /// The statement with the larger id.
    pub fn second(&self) -> &Signed<T> {
        &self.second
    }

    /// The proof as it is kept and forwarded: a CBOR array of the two envelopes as byte strings.
    pub fn encode(&self) -> Vec<u8> {
        let (first, second) = (self.first.bytes(), self.second.bytes());
        let mut writer = Writer::with_capacity(16 + first.len() + second.len());
        writer.array(2);
        writer.bytes(first);
        writer.bytes(second);
        writer.finish()
    }
}

impl<T: Forkable> UnverifiedForkProof<T> {
    /// Reads what [`ForkProof::encode`] writes, and checks everything but the signatures.
    ///
    /// # Errors
    /// [`ForkError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ForkError> {
        let (limit, actual) = (2 * (T::LIMITS.bytes + 5) + 1, bytes.len());
        if actual > limit {
            return Err(CborError::TooLong { limit, actual }.into());
        }
        let mut reader = Reader::new(bytes);
        if reader.array()? != 2 {
            return Err(ForkError::Form);
        }
        let (first, second) = (reader.bytes()?, reader.bytes()?);
        reader.end()?;
        let (first, second) = (Unverified::parse(first)?, Unverified::<T>::parse(second)?);
        contradicts(first.peek(), second.peek())?;
        Ok(Self { first, second })
    }

    /// The statement that comes first.
    pub fn first(&self) -> &Unverified<T> {
        &self.first
    }

    /// The statement that comes second.
    pub fn second(&self) -> &Unverified<T> {
        &self.second
    }

    /// Verifies both signatures, under the keys that the caller knows to have been the author's:
    /// two, since the author may have rotated its key in between.
    ///
    /// # Errors
    /// [`ForkError::Envelope`]; [`ForkError::Form`] when the larger id comes first.
    pub fn verify(
        self,
        federation: &FederationId,
        first_key: &PublicKey,
        second_key: &PublicKey,
    ) -> Result<ForkProof<T>, ForkError> {
        let first = self.first.verify(federation, first_key)?;
        let second = self.second.verify(federation, second_key)?;
        if first.id() > second.id() {
            return Err(ForkError::Form);
        }
        ForkProof::new(first, second)
    }
}

impl<T: Clone> Clone for ForkProof<T> {
    fn clone(&self) -> Self {
        Self { first: self.first.clone(), second: self.second.clone() }
    }
}

impl<T> PartialEq for ForkProof<T> {
    fn eq(&self, other: &Self) -> bool {
        self.first == other.first && self.second == other.second
    }
}

impl<T> Eq for ForkProof<T> {}

impl<T> fmt::Debug for ForkProof<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ForkProof({} against {})", self.first.id(), self.second.id())
    }
}

fn contradicts<T: Forkable>(first: &T, second: &T) -> Result<(), ForkError> {
    let slots = (first.slot(), second.slot());
    // Whether the name that one gives to the other is right is known with the ids.
    if first.predecessor(second).or(second.predecessor(first)).is_some() {
        return Ok(());
    }
    if slots.0 != slots.1 {
        return Err(ForkError::OtherSlot { first: slots.0, second: slots.1 });
    }
    if first.contradicts(second) { Ok(()) } else { Err(ForkError::NoContradiction) }
}
