//! What comes in over a share stream, checked: signatures, chain and fields, on worker threads and
//! outside the engine's own. Nothing here changes anything.

use std::sync::Arc;

use record::{
    Disclosure, EnvelopeError, FieldError, Fields, Header, NodeId, PublicKey, Record, RecordId,
    Signed, Timestamp, Unverified, Verifier,
};

use crate::entry::Entry;
use crate::peer::Directory;
use crate::wire::{ChainBytes, PAGE_ENTRIES, Page, Parcel};
use crate::world::{self, Setup};
use governance::act::ActKind;
use governance::certificate::{ChainError, Right, Standing};

/// One entry with its record, everything about it verified except where it stands in the stream.
pub struct Arrival {
    /// The sender's signed entry.
    pub entry: Signed<Entry>,
    /// The author's signed record.
    pub record: Record,
    /// Its released fields with their salts.
    pub disclosures: Vec<Disclosure>,
    /// The same, opened.
    pub fields: Fields,
}

/// A page with every signature checked.
pub struct VerifiedPage {
    /// The entries, in order.
    pub arrivals: Vec<Arrival>,
    /// Certificates of authors this node had not met.
    pub authors: Vec<(ChainBytes, Standing)>,
    /// Whether more wait.
    pub more: bool,
}

/// Why a page was refused. Nothing of it was taken.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// More entries than a page may have.
    #[error("a page with {0} entries; at most {PAGE_ENTRIES}")]
    TooMany(usize),
    /// The sender is not a peer this node speaks to.
    #[error("the sender is unknown")]
    Stranger,
    /// An author's certificates do not verify.
    #[error("an author's certificates do not verify")]
    Author(#[source] ChainError),
    /// Nobody vouches for the author.
    #[error("the author {0} of a record has no certificate here")]
    UnknownAuthor(NodeId),
    /// An entry's or record's envelope or signature is wrong.
    #[error("entry {number} does not verify")]
    Signature {
        /// Number in the stream, as claimed; zero where it could not be read.
        number: u64,
        /// What is wrong.
        #[source]
        source: EnvelopeError,
    },
    /// The entry is not for this node, or not from this sender.
    #[error("entry {number} is from another stream")]
    OtherStream {
        /// Number in the stream.
        number: u64,
    },
    /// The author may contribute to cases, but not hold any.
    #[error("entry {number}: its author has no right to govern cases")]
    MayNotGovern {
        /// Number in the stream.
        number: u64,
    },
    /// The record is not the one that the entry names.
    #[error("entry {number} names another record")]
    OtherRecord {
        /// Number in the stream.
        number: u64,
    },
    /// The released fields are not the ones the entry names, or do not match the record.
    #[error("entry {number}: the fields are not what was signed")]
    Fields {
        /// Number in the stream.
        number: u64,
        /// What is wrong, where a field itself is.
        #[source]
        source: Option<FieldError>,
    },
}

/// Checks a page from `sender`, on as many threads as there are processors.
///
/// # Errors
/// The first thing that is wrong; a page is taken whole or not at all.
pub fn verify_page(
    setup: &Setup,
    directory: &Directory,
    sender: NodeId,
    page: Page,
    now: Timestamp,
) -> Result<VerifiedPage, PageError> {
    if page.parcels.len() > PAGE_ENTRIES {
        return Err(PageError::TooMany(page.parcels.len()));
    }
    let peer = directory.get(sender).ok_or(PageError::Stranger)?;
    let authors = authors(setup, &page.chains, now)?;
    let desk = Desk {
        setup,
        directory,
        authors: &authors,
        sender,
        sender_key: verifier(peer.standing.key())?,
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let arrivals = if page.parcels.len() < 32 || threads == 1 {
        desk.check_all(page.parcels)?
    } else {
        desk.check_parallel(page.parcels, threads)?
    };
    Ok(VerifiedPage { arrivals, authors, more: page.more })
}

fn authors(
    setup: &Setup,
    chains: &[ChainBytes],
    now: Timestamp,
) -> Result<Vec<(ChainBytes, Standing)>, PageError> {
    chains
        .iter()
        .map(|chain| {
            let standing = world::verify(setup, chain, now).map_err(PageError::Author)?;
            Ok((chain.clone(), standing))
        })
        .collect()
}

fn verifier(key: PublicKey) -> Result<Verifier, PageError> {
    key.verifier().map_err(|error| PageError::Signature { number: 0, source: error.into() })
}

struct Desk<'a> {
    setup: &'a Setup,
    directory: &'a Directory,
    authors: &'a [(ChainBytes, Standing)],
    sender: NodeId,
    sender_key: Verifier,
}

impl Desk<'_> {
    fn check_parallel(
        &self,
        mut parcels: Vec<Parcel>,
        threads: usize,
    ) -> Result<Vec<Arrival>, PageError> {
        let share = parcels.len().div_ceil(threads);
        let mut shares = Vec::new();
        while parcels.len() > share {
            let rest = parcels.split_off(share);
            shares.push(std::mem::replace(&mut parcels, rest));
        }
        std::thread::scope(|scope| {
            let workers: Vec<_> = shares
                .into_iter()
                .map(|share| scope.spawn(move || self.check_all(share)))
                .collect();
            let last = self.check_all(parcels);
            let mut arrivals = Vec::new();
            for worker in workers {
                arrivals.extend(worker.join().expect("checking a parcel does not panic")?);
            }
            arrivals.extend(last?);
            Ok(arrivals)
        })
    }

    fn check_all(&self, parcels: Vec<Parcel>) -> Result<Vec<Arrival>, PageError> {
        let mut keys = Keys { desk: self, last: None };
        parcels.into_iter().map(|parcel| self.check(parcel, &mut keys)).collect()
    }

    fn check(&self, parcel: Parcel, keys: &mut Keys<'_>) -> Result<Arrival, PageError> {
        let federation = &self.setup.federation;
        let signature = |number| move |source| PageError::Signature { number, source };
        let entry = Unverified::<Entry>::parse(parcel.entry.into_vec())
            .and_then(|entry| entry.verify_with(federation, &self.sender_key))
            .map_err(signature(0))?;
        let number = entry.number;
        if entry.sender != self.sender || entry.recipient != self.setup.me() {
            return Err(PageError::OtherStream { number });
        }
        let record =
            Unverified::<Header>::parse(parcel.record.into_vec()).map_err(signature(number))?;
        let author = keys.of(record.peek().author)?;
        let record = record.verify_with(federation, &author.key).map_err(signature(number))?;
        let contributes = ActKind::from_kind(record.kind).is_some_and(ActKind::is_contribution);
        if !(author.governs || contributes) {
            return Err(PageError::MayNotGovern { number });
        }
        if !names(&entry, &record) {
            return Err(PageError::OtherRecord { number });
        }
        let told = parcel.disclosures.iter().map(|disclosure| disclosure.field);
        if !told.eq(entry.fields.iter().copied()) {
            return Err(PageError::Fields { number, source: None });
        }
        let fields = record::open(&record, &parcel.disclosures)
            .map_err(|source| PageError::Fields { number, source: Some(source) })?;
        Ok(Arrival { entry, record, disclosures: parcel.disclosures, fields })
    }
}

fn names(entry: &Entry, record: &Record) -> bool {
    let by = (record.author, record.epoch, record.seq);
    record.id() == entry.record && by == (entry.author, entry.epoch, entry.seq)
}

/// An author whose records are being checked.
struct Author {
    node: NodeId,
    key: Verifier,
    governs: bool,
}

/// Authors, prepared once per run of records by the same one.
struct Keys<'a> {
    desk: &'a Desk<'a>,
    last: Option<Author>,
}

impl Keys<'_> {
    fn of(&mut self, node: NodeId) -> Result<&Author, PageError> {
        if self.last.as_ref().is_none_or(|author| author.node != node) {
            self.last = Some(self.find(node)?);
        }
        Ok(self.last.as_ref().expect("just put"))
    }

    fn find(&self, node: NodeId) -> Result<Author, PageError> {
        let me = &self.desk.setup.standing;
        let own = (node == me.node()).then_some(me);
        let known = self.desk.directory.get(node).map(|peer| &peer.standing);
        let mut shown = self.desk.authors.iter().map(|(_, standing)| standing);
        let standing = own
            .or(known)
            .or_else(|| shown.find(|standing| standing.node() == node))
            .ok_or(PageError::UnknownAuthor(node))?;
        let governs = standing.may(Right::Govern);
        Ok(Author { node, key: verifier(standing.key())?, governs })
    }
}

/// Bytes of an arrival's frame parts, shared without copying.
pub(crate) fn parts(arrival: &Arrival) -> (Arc<[u8]>, Arc<[u8]>, RecordId) {
    (arrival.record.bytes().clone(), arrival.entry.bytes().clone(), arrival.record.id())
}
