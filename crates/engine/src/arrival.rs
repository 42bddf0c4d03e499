//! What comes in over a share stream, checked: signatures, chain and fields, on worker threads and
//! outside the engine's own. Nothing here changes anything.

use std::collections::BTreeMap;
use std::sync::Arc;

use record::tree::{self, ProofError};
use record::{
    Checkpoint, Disclosure, EnvelopeError, FieldError, FieldId, Fields, Hash, Header, KeyError,
    NodeId, Record, Signed, StatementError, Timestamp, Unverified, Verifier,
};
use serde_bytes::ByteBuf;

use crate::entry::{Entry, StreamHead, next_link};
use crate::note::Stands;
use crate::peer::Directory;
use crate::wire::{ChainBytes, Grown, PAGE_ENTRIES, Page, Parcel, Place};
use crate::world::{self, Setup};
use governance::act::ActKind;
use governance::certificate::{self, ChainError, Right, Standing};

/// One entry with its record, everything about it verified.
pub struct Arrival {
    /// The sender's entry.
    pub entry: Entry,
    /// The same as it arrived.
    pub bytes: Arc<[u8]>,
    /// The author's signed record.
    pub record: Record,
    /// Its released fields with their salts.
    pub disclosures: Vec<Disclosure>,
    /// The same, opened.
    pub fields: Fields,
    /// Where the record stands in its author's log, checked; absent for one of this node's own.
    pub stands: Option<Stands>,
}

/// A page with every signature checked.
pub struct VerifiedPage {
    /// The entries, in order.
    pub arrivals: Vec<Arrival>,
    /// The number before the first of them.
    pub after: u64,
    /// The stream's link there. Whether the stream is there is for the engine to see.
    pub before: Hash,
    /// The sender's word on the stream up to the last of them.
    pub head: Signed<StreamHead>,
    /// The sender's log, where records of its own are in the page: they stand in it.
    pub log: Option<Box<ShownLog>>,
    /// Certificates of authors this node had not met.
    pub authors: Vec<(ChainBytes, Standing)>,
    /// Whether more wait.
    pub more: bool,
}

/// A neighbour's log as it came with a page.
pub struct ShownLog {
    /// Its own word on it.
    pub checkpoint: Signed<Checkpoint>,
    /// That it only grew; see [`Grown::proof`].
    pub proof: Vec<Hash>,
}

/// Why a page was refused. Nothing of it was taken.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// This node had no time to check it.
    #[error("the page was not checked: the node is too busy")]
    NotChecked,
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
    /// The page's head is missing, or not for this stream, or its signature is wrong.
    #[error("the page's head does not verify")]
    Head(#[source] Option<EnvelopeError>),
    /// The entries are not the ones that the head was signed over.
    #[error("the page's entries are not the ones that its head was signed over")]
    Links,
    /// An entry has another number than its place gives it.
    #[error("entry {number} stands where {expected} is next")]
    Number {
        /// Its number.
        number: u64,
        /// The number of its place.
        expected: u64,
    },
    /// An entry is not in its canonical form.
    #[error("an entry of the page is malformed")]
    Entry(#[source] StatementError),
    /// A record's envelope or signature is wrong.
    #[error("entry {number} does not verify")]
    Signature {
        /// Number in the stream, as claimed; zero where it could not be read.
        number: u64,
        /// What is wrong.
        #[source]
        source: EnvelopeError,
    },
    /// The sender's checkpoint is missing, or not its own, or its signature is wrong.
    #[error("the checkpoint of the sender's log does not verify")]
    Log(#[source] Option<EnvelopeError>),
    /// The checkpoint of another author's log is not there, or not its own, or its signature is wrong.
    #[error("entry {number}: the checkpoint of its author's log does not verify")]
    OtherLog {
        /// Number in the stream.
        number: u64,
        /// What is wrong with it, where it is there.
        #[source]
        source: Option<EnvelopeError>,
    },
    /// A record is not proven to stand in its author's log.
    #[error("entry {number}: the record is not in the log that is shown of its author")]
    NotInLog {
        /// Number in the stream.
        number: u64,
        /// What is wrong with the proof; `None` where there is none.
        #[source]
        source: Option<ProofError>,
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

/// Checks a page from `sender`. Pages are checked side by side, each on one thread.
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
    let authors = authors(setup, directory, &page.chains, now)?;
    let (before, head) = page.proof.ok_or(PageError::Head(None))?;
    let head = verify_head(setup, &peer.standing, sender, head)?;
    let after = head.number.checked_sub(page.parcels.len() as u64).ok_or(PageError::Head(None))?;
    check_links(&page.parcels, before, head.link)?;
    let log = page.log.map(|log| verify_log(setup, &peer.standing, log)).transpose()?;
    let places: Vec<_> =
        page.parcels.iter().map(|parcel| (parcel.place.clone(), parcel.log)).collect();
    let desk = Desk { setup, directory, authors: &authors };
    let mut arrivals = desk.check_all(page.parcels, after)?;
    let mut others = OtherLogs { desk: &desk, logs: &page.logs, read: BTreeMap::new() };
    for (arrival, (place, at)) in arrivals.iter_mut().zip(places) {
        let author = arrival.record.author;
        // What this node signed itself, and is given back, it need not be told where it stood.
        if author == setup.me() {
            continue;
        }
        let checkpoint = match &log {
            _ if author != sender => others.of(arrival, at)?,
            Some(log) => &log.checkpoint,
            None => return Err(PageError::Log(None)),
        };
        check_place(arrival, place.as_ref(), checkpoint)?;
        let log = ByteBuf::from(checkpoint.bytes().to_vec());
        arrival.stands = Some(Stands { log, place });
    }
    Ok(VerifiedPage { arrivals, after, before, head, log, authors, more: page.more })
}

/// The sender's word on its log. Whether that only grew is for the engine to see.
fn verify_log(setup: &Setup, standing: &Standing, log: Grown) -> Result<Box<ShownLog>, PageError> {
    let checkpoint = Unverified::<Checkpoint>::parse(log.checkpoint.into_vec())
        .and_then(|checkpoint| checkpoint.verify(&setup.federation, &standing.key()))
        .map_err(|error| PageError::Log(Some(error)))?;
    if checkpoint.author == standing.node() {
        Ok(Box::new(ShownLog { checkpoint, proof: log.proof }))
    } else {
        Err(PageError::Log(None))
    }
}

/// The logs of authors whose records the sender passes on, each checked once.
struct OtherLogs<'a> {
    desk: &'a Desk<'a>,
    logs: &'a [ByteBuf],
    read: BTreeMap<(NodeId, u16), Signed<Checkpoint>>,
}

impl OtherLogs<'_> {
    /// The author's own word on its log, with which a record came.
    fn of(&mut self, arrival: &Arrival, at: Option<u16>) -> Result<&Signed<Checkpoint>, PageError> {
        let (number, author) = (arrival.entry.number, arrival.record.author);
        let wrong = |source| PageError::OtherLog { number, source };
        let at = at.ok_or_else(|| wrong(None))?;
        if !self.read.contains_key(&(author, at)) {
            let bytes = self.logs.get(usize::from(at)).ok_or_else(|| wrong(None))?;
            let parsed = Unverified::<Checkpoint>::parse(bytes.to_vec());
            let parsed = parsed.map_err(|error| wrong(Some(error)))?;
            let keys = self.desk.standing_of(author)?.keys().clone();
            // Of whichever of its keys signed: what it said under an earlier one still holds.
            let signer = parsed.claimed_signer();
            let signer = keys.all().find(|key| *key == signer).ok_or_else(|| wrong(None))?;
            let log = parsed.verify(&self.desk.setup.federation, &signer);
            let log = log.map_err(|error| wrong(Some(error)))?;
            if log.author != author {
                return Err(wrong(None));
            }
            self.read.insert((author, at), log);
        }
        Ok(&self.read[&(author, at)])
    }
}

/// Whether a record stands in the log that is shown of its author. One of an earlier epoch may have
/// been lost since, which opening the later one has said.
fn check_place(
    arrival: &Arrival,
    place: Option<&Place>,
    log: &Checkpoint,
) -> Result<(), PageError> {
    let number = arrival.entry.number;
    let Some(Place { index, path }) = place else {
        let lost = arrival.record.epoch < log.epoch;
        return if lost { Ok(()) } else { Err(PageError::NotInLog { number, source: None }) };
    };
    let leaf = tree::leaf_hash(arrival.record.id().as_bytes());
    tree::verify_inclusion(&leaf, *index, log.size, path, &log.root)
        .map_err(|source| PageError::NotInLog { number, source: Some(source) })
}

/// Whether the entries lead from one link to the other, so that the head vouches for all of them.
fn check_links(parcels: &[Parcel], before: Hash, after: Hash) -> Result<(), PageError> {
    let step = |link, parcel: &Parcel| next_link(&link, &Hash::of(&parcel.entry));
    if !parcels.is_empty() && parcels.iter().fold(before, step) == after {
        Ok(())
    } else {
        Err(PageError::Links)
    }
}

fn verify_head(
    setup: &Setup,
    standing: &Standing,
    sender: NodeId,
    bytes: ByteBuf,
) -> Result<Signed<StreamHead>, PageError> {
    let head = Unverified::<StreamHead>::parse(bytes.into_vec())
        .and_then(|head| head.verify(&setup.federation, &standing.key()))
        .map_err(|error| PageError::Head(Some(error)))?;
    if (head.sender, head.recipient) == (sender, setup.me()) {
        Ok(head)
    } else {
        Err(PageError::Head(None))
    }
}

/// Certificates of authors. Those of one who is known here need not hold any more: what it said
/// while they did may arrive late.
fn authors(
    setup: &Setup,
    directory: &Directory,
    chains: &[ChainBytes],
    now: Timestamp,
) -> Result<Vec<(ChainBytes, Standing)>, PageError> {
    let mut authors = Vec::new();
    for chain in chains {
        match world::verify(setup, chain, now) {
            Ok(standing) => authors.push((chain.clone(), standing)),
            Err(error) => {
                let late = world::standing_at_its_time(setup, chain);
                if late.is_none_or(|late| directory.get(late.node()).is_none()) {
                    return Err(PageError::Author(error));
                }
            }
        }
    }
    Ok(authors)
}

struct Desk<'a> {
    setup: &'a Setup,
    directory: &'a Directory,
    authors: &'a [(ChainBytes, Standing)],
}

impl Desk<'_> {
    /// An author's certificates, the newest that there are.
    fn standing_of(&self, node: NodeId) -> Result<&Standing, PageError> {
        let me = &self.setup.standing;
        let own = (node == me.node()).then_some(me);
        let known = self.directory.get(node).map(|peer| &peer.standing);
        let mut shown = self.authors.iter().map(|(_, standing)| standing);
        let shown = shown.find(|standing| standing.node() == node);
        let newer = shown.filter(|shown| known.is_some_and(|known| known.is_older_than(shown)));
        own.or(newer).or(known).or(shown).ok_or(PageError::UnknownAuthor(node))
    }

    fn check_all(&self, parcels: Vec<Parcel>, after: u64) -> Result<Vec<Arrival>, PageError> {
        let mut keys = Keys { desk: self, last: None };
        let numbered = parcels.into_iter().zip(1..);
        numbered.map(|(parcel, nth)| self.check(after + nth, parcel, &mut keys)).collect()
    }

    fn check(
        &self,
        number: u64,
        parcel: Parcel,
        keys: &mut Keys<'_>,
    ) -> Result<Arrival, PageError> {
        let federation = &self.setup.federation;
        let bytes: Arc<[u8]> = parcel.entry.into_vec().into();
        let entry = Entry::decode(&bytes).map_err(PageError::Entry)?;
        if entry.number != number {
            return Err(PageError::Number { number: entry.number, expected: number });
        }
        let signature = |number| move |source| PageError::Signature { number, source };
        let record =
            Unverified::<Header>::parse(parcel.record.into_vec()).map_err(signature(number))?;
        let header = record.peek();
        let place = (header.epoch, header.seq);
        let author = keys.of(header.author)?;
        let governs = author.governs;
        let key = author.key_at(place).map_err(|error| signature(number)(error.into()))?;
        let record = record.verify_with(federation, key).map_err(signature(number))?;
        // Whoever may say something may also take it back.
        let contributes = ActKind::from_kind(record.kind).is_some_and(ActKind::is_contribution)
            || record.kind == crate::kind::FIELDS_WITHDRAWN;
        if !(governs || contributes) {
            return Err(PageError::MayNotGovern { number });
        }
        if !names(&entry, &record) {
            return Err(PageError::OtherRecord { number });
        }
        if !is_as_told(&entry, &parcel.disclosures, parcel.erased) {
            return Err(PageError::Fields { number, source: None });
        }
        let fields = record::open(&record, &parcel.disclosures)
            .map_err(|source| PageError::Fields { number, source: Some(source) })?;
        let disclosures = parcel.disclosures;
        Ok(Arrival { entry, bytes, record, disclosures, fields, stands: None })
    }
}

/// Whether the fields are those that the entry names: all of them, or, where people's words were
/// erased before this node had them, all others.
fn is_as_told(entry: &Entry, parts: &[Disclosure], erased: bool) -> bool {
    let given = |id: &FieldId| parts.iter().any(|part| part.field == *id);
    let due = entry.fields.iter().copied();
    let told = parts.iter().map(|part| part.field);
    told.eq(due.filter(|id| !erased || given(id) || governance::field::is_structural(*id)))
}

fn names(entry: &Entry, record: &Record) -> bool {
    let by = (record.author, record.epoch, record.seq);
    record.id() == entry.record && by == (entry.author, entry.epoch, entry.seq)
}

/// An author whose records are being checked.
struct Author {
    node: NodeId,
    /// Its keys, each for its part of the log.
    keys: certificate::Keys,
    /// The one used last, prepared.
    ready: Option<Verifier>,
    governs: bool,
}

impl Author {
    /// The key with which the record at this place has to be signed.
    fn key_at(&mut self, (epoch, seq): (u32, u64)) -> Result<&Verifier, KeyError> {
        let key = self.keys.at(epoch, seq);
        if self.ready.as_ref().is_none_or(|ready| ready.key() != key) {
            self.ready = Some(key.verifier()?);
        }
        Ok(self.ready.as_ref().expect("just put"))
    }
}

/// Authors, prepared once per run of records by the same one.
struct Keys<'a> {
    desk: &'a Desk<'a>,
    last: Option<Author>,
}

impl Keys<'_> {
    fn of(&mut self, node: NodeId) -> Result<&mut Author, PageError> {
        if self.last.as_ref().is_none_or(|author| author.node != node) {
            self.last = Some(self.find(node)?);
        }
        Ok(self.last.as_mut().expect("just put"))
    }

    fn find(&self, node: NodeId) -> Result<Author, PageError> {
        let standing = self.desk.standing_of(node)?;
        let governs = standing.may(Right::Govern);
        Ok(Author { node, keys: standing.keys().clone(), ready: None, governs })
    }
}
