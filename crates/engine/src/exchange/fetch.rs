//! Fetching photos from the peers that released them, piece by piece, and giving them out. A photo
//! is asked for by the stream entry that released it; whoever serves it looks into that entry and
//! nowhere else. One at a time from each peer, a few from all together.

use std::collections::BTreeMap;
use std::time::Duration;

use governance::act::MAX_PHOTO_BYTES;
use record::{Hash, NodeId, Timestamp};

use crate::acts::Desk;
use crate::command::Refused;
use crate::engine::{About, Effect, Keeping};
use crate::note::Note;
use crate::project::wanted_key;
use crate::sign;
use crate::staging::Lookup;
use crate::store::{StoreError, Table};
use crate::wire::{Fetch, PIECE_BYTES, Piece, Request};

const WITHIN: Duration = Duration::from_secs(30);
/// Photos on their way from everybody at once: so many may lie in memory.
const AT_ONCE: usize = 8;
/// Photos of one peer that are looked at to find one that may be asked for now.
const LOOKED_AT: usize = 64;
/// Photos that are remembered as put off. When there are more, the first are asked for again early.
const PUT_OFF: usize = 4_096;
/// A photo that a peer did not give is asked for again after this long; each time after twice as
/// long, up to the longest.
const RETRY: Duration = Duration::from_secs(5);
const LONGEST: Duration = Duration::from_secs(600);

/// What is being fetched, and what was put off. Gone with a restart; what is wanted is in the index.
#[derive(Default)]
pub(crate) struct Fetches {
    going: BTreeMap<NodeId, Fetching>,
    put_off: BTreeMap<Wanted, PutOff>,
    /// Where to look on among a peer's photos when the first ones are all put off.
    cursor: BTreeMap<NodeId, Vec<u8>>,
}

/// Peer, number of the entry, photo.
type Wanted = (NodeId, u64, Hash);

/// A photo on its way. It outlives a connection, so that what has come is not asked for twice.
struct Fetching {
    number: u64,
    photo: Hash,
    total: Option<u32>,
    bytes: Vec<u8>,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing is on its way: to be asked for at the next tick.
    Idle,
    /// A piece is on its way.
    Asked,
    /// All of it is here and is being kept.
    Keeping,
}

#[derive(Clone, Copy)]
struct PutOff {
    until: Timestamp,
    tries: u32,
}

impl Fetches {
    /// A batch was not kept: what hung on it is asked for again.
    pub(crate) fn start_over(&mut self) {
        self.going.clear();
    }
}

impl Desk<'_, '_> {
    /// Time passes: asks every neighbour for what it has released and this node does not have.
    pub(crate) fn fetch_all(&mut self) -> Result<(), StoreError> {
        let greeted = self.talk.sessions.iter().filter(|(_, session)| session.greeted);
        let neighbours: Vec<NodeId> = greeted.map(|(node, _)| *node).collect();
        for node in neighbours {
            self.fetch(node)?;
        }
        Ok(())
    }

    /// Asks a neighbour for the next piece, of the photo that is on its way or of another.
    fn fetch(&mut self, node: NodeId) -> Result<(), StoreError> {
        let greeted = self.talk.sessions.get(&node).is_some_and(|session| session.greeted);
        let Some(key) = self.world.directory.get(node).map(|peer| peer.standing.key()) else {
            return Ok(());
        };
        if !greeted || !self.has_next(node)? {
            return Ok(());
        }
        let Some(fetching) = self.talk.fetches.going.get_mut(&node) else { return Ok(()) };
        if fetching.state != State::Idle {
            return Ok(());
        }
        fetching.state = State::Asked;
        let (number, photo, offset) = (fetching.number, fetching.photo, fetching.offset());
        let request = Request::Fetch(Fetch { number, photo, offset });
        self.send(node, key, About::Fetch(photo, offset), request, WITHIN);
        Ok(())
    }

    /// Whether a photo of this neighbour is on its way, after choosing one where none was.
    fn has_next(&mut self, node: NodeId) -> Result<bool, StoreError> {
        if let Some(fetching) = self.talk.fetches.going.get(&node) {
            // It may have come from somebody else meanwhile.
            let key = wanted_key(node, fetching.number, &fetching.photo);
            if fetching.state != State::Idle
                || self.staging.value(Table::WantedFrom, &key)?.is_some()
            {
                return Ok(true);
            }
            self.talk.fetches.going.remove(&node);
        }
        if self.talk.fetches.going.len() >= AT_ONCE {
            // Those that wait for a peer that is away make room.
            let sessions = &self.talk.sessions;
            let here = |node: &NodeId| sessions.get(node).is_some_and(|session| session.greeted);
            self.talk.fetches.going.retain(|node, _| here(node));
            if self.talk.fetches.going.len() >= AT_ONCE {
                return Ok(false);
            }
        }
        let Some((number, photo)) = self.next_wanted(node)? else { return Ok(false) };
        let (total, bytes, state) = (None, Vec::new(), State::Idle);
        self.talk.fetches.going.insert(node, Fetching { number, photo, total, bytes, state });
        Ok(true)
    }

    /// A photo of this neighbour that may be asked for now.
    fn next_wanted(&mut self, node: NodeId) -> Result<Option<(u64, Hash)>, StoreError> {
        let after = self.talk.fetches.cursor.remove(&node);
        let page =
            self.staging.scan(Table::WantedFrom, node.as_bytes(), after.as_deref(), LOOKED_AT)?;
        for (key, _) in &page {
            let Some((number, photo)) = of_key(key) else { continue };
            let taken = self.talk.fetches.going.values().any(|other| other.photo == photo);
            let put_off = self.talk.fetches.put_off.get(&(node, number, photo));
            let later = put_off.is_some_and(|put_off| self.now < put_off.until);
            // What this very batch has settled is still seen by a scan.
            if !taken && !later && self.staging.value(Table::WantedFrom, key)?.is_some() {
                return Ok(Some((number, photo)));
            }
        }
        if let Some((last, _)) = page.last().filter(|_| page.len() == LOOKED_AT) {
            self.talk.fetches.cursor.insert(node, last.clone());
        }
        Ok(None)
    }

    /// A piece came back, or a refusal, or nothing.
    pub(crate) fn fetched(
        &mut self,
        node: NodeId,
        photo: Hash,
        offset: u32,
        given: Given,
    ) -> Result<(), Refused> {
        let fetching = self.talk.fetches.going.get_mut(&node);
        let asked = |fetching: &&mut Fetching| {
            let piece = (fetching.photo, fetching.offset());
            piece == (photo, offset) && fetching.state == State::Asked
        };
        // Another was asked for: a late response to an earlier request.
        let Some(fetching) = fetching.filter(asked) else { return Ok(()) };
        fetching.state = State::Idle;
        match given {
            Given::Piece(piece) => match fetching.take(piece) {
                Ok(false) => self.fetch(node)?,
                Ok(true) => {
                    fetching.state = State::Keeping;
                    let bytes = std::mem::take(&mut fetching.bytes);
                    self.out.push(Effect::KeepPhoto { from: node, photo, bytes });
                }
                Err(what) => self.foul(node, what),
            },
            Given::Refused => self.put_off(node, false),
            // Cut off or out of time: what has come stays, and is gone on with.
            Given::Nothing => {}
        }
        Ok(())
    }

    /// A photo's bytes were kept, or were not.
    pub(crate) fn photo_kept(
        &mut self,
        from: NodeId,
        photo: Hash,
        kept: Keeping,
    ) -> Result<(), Refused> {
        let going = self.talk.fetches.going.get(&from);
        let waited_for = |going: &&Fetching| going.photo == photo && going.state == State::Keeping;
        let waits = going.filter(waited_for).is_some();
        match kept {
            Keeping::Done { size } => {
                sign::note(self.setup, self.staging, &Note::Fetched { hash: photo, size })?;
                if let Some(done) = self.talk.fetches.going.get(&from).filter(|_| waits) {
                    let done = (from, done.number, photo);
                    self.talk.fetches.put_off.remove(&done);
                    self.talk.fetches.going.remove(&from);
                    self.fetch(from)?;
                }
            }
            Keeping::OtherBytes if waits => {
                self.foul(from, "a photo whose bytes are not those of its hash");
            }
            Keeping::Failed if waits => self.put_off(from, false),
            Keeping::OtherBytes | Keeping::Failed => {}
        }
        Ok(())
    }

    fn foul(&mut self, node: NodeId, what: &'static str) {
        tracing::warn!(peer = %node, what, "photo refused");
        if let Some(key) = self.world.directory.get(node).map(|peer| peer.standing.key()) {
            self.out.push(Effect::Misbehaved { key, what: what.to_owned() });
        }
        self.put_off(node, true);
    }

    /// The photo on its way is asked for again later; meanwhile others are. A peer that has not got
    /// it yet itself looks the same from here as one that refuses.
    fn put_off(&mut self, node: NodeId, long: bool) {
        let Some(Fetching { number, photo, .. }) = self.talk.fetches.going.remove(&node) else {
            return;
        };
        let wanted = (node, number, photo);
        let fetches = &mut self.talk.fetches;
        let tries = fetches.put_off.get(&wanted).map_or(0, |put_off| put_off.tries);
        let wait = RETRY.saturating_mul(1_u32.checked_shl(tries).unwrap_or(u32::MAX));
        let wait = if long { LONGEST } else { wait.min(LONGEST) };
        if fetches.put_off.len() >= PUT_OFF {
            fetches.put_off.pop_first();
        }
        let put_off = PutOff { until: self.now.plus(wait), tries: tries.saturating_add(1) };
        fetches.put_off.insert(wanted, put_off);
    }
}

/// What came back for a photo.
pub(crate) enum Given {
    /// A piece.
    Piece(Piece),
    /// The peer does not give it, or not now.
    Refused,
    /// No answer.
    Nothing,
}

impl Fetching {
    /// Bytes that are here already.
    fn offset(&self) -> u32 {
        u32::try_from(self.bytes.len()).unwrap_or(u32::MAX)
    }

    /// Takes a piece; says whether that was the last one.
    fn take(&mut self, piece: Piece) -> Result<bool, &'static str> {
        let Piece { total, bytes } = piece;
        if !(1..=MAX_PHOTO_BYTES).contains(&total) || self.total.is_some_and(|told| told != total) {
            return Err("a photo of another size than may be, or than was said before");
        }
        let whole = self.bytes.len() + bytes.len();
        let total_bytes = usize::try_from(total).unwrap_or(usize::MAX);
        if bytes.is_empty() || bytes.len() > PIECE_BYTES || whole > total_bytes {
            return Err("a piece of a photo that is empty or too long");
        }
        self.total = Some(total);
        self.bytes.extend_from_slice(&bytes);
        Ok(whole == total_bytes)
    }
}

/// Number and photo of a key of [`Table::WantedFrom`].
fn of_key(key: &[u8]) -> Option<(u64, Hash)> {
    let (_peer, rest) = key.split_first_chunk::<32>()?;
    let (number, photo) = rest.split_first_chunk::<8>()?;
    Some((u64::from_be_bytes(*number), Hash::from_bytes(photo.try_into().ok()?)))
}
