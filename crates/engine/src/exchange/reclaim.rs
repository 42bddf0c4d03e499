//! After a loss: a node that opened an epoch asks its neighbours for those of its own records that
//! only they have, and they give them back over its stream. So what it signed and passed on before
//! the loss is with it again, and no number is used twice.

use std::time::Duration;

use governance::act::ActKind;
use governance::release;
use record::{FieldId, NodeId, Timestamp};

use crate::acts::Desk;
use crate::command::Refused;
use crate::engine::About;
use crate::note::Note;
use crate::project::{self, Lost, log_key_of};
use crate::share;
use crate::sign::{self, whose};
use crate::staging::{Lookup, disclosures};
use crate::store::{FrameKind, Position, StoreError, Table};
use crate::wire::{Reclaim, Request};

const WITHIN: Duration = Duration::from_secs(20);
/// How often a neighbour is asked, until it has given back all that it has.
const EVERY: Duration = Duration::from_secs(10);
/// Records that are given back at one time; the rest waits until it is asked again.
const AT_ONCE: usize = 200;
/// Who was given records back is given others no sooner: each costs room in the stream, for ever.
const AGAIN: Duration = Duration::from_secs(86_400);

/// Epoch and number of a record.
type PlaceInLog = (u32, u64);

/// How far a neighbour was given back what it asks for. Gone with a restart: then it is given the
/// same again, which changes nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GivenBack {
    asked: Reclaim,
    begun: Timestamp,
    /// The last place that was looked at.
    reached: Option<PlaceInLog>,
    /// Whether there was nothing more.
    done: bool,
}

impl Desk<'_, '_> {
    /// Time passes: asks the neighbours that have not given back everything yet.
    pub(crate) fn reclaim_lost(&mut self) -> Result<(), Refused> {
        let Some(lost) = project::lost(self.staging)? else { return Ok(()) };
        let now = self.now;
        let greeted = self.talk.sessions.iter_mut().filter(|(_, session)| session.greeted);
        let due: Vec<NodeId> = greeted
            .filter(|(node, session)| {
                let waited = session.reclaimed.is_none_or(|last| last.plus(EVERY) <= now);
                waited && !lost.given.contains(node)
            })
            .map(|(node, session)| {
                session.reclaimed = Some(now);
                *node
            })
            .collect();
        for node in due {
            if let Some(key) = self.world.directory.get(node).map(|peer| peer.standing.key()) {
                let asked = Reclaim { after: lost.after, before: lost.before };
                self.send(node, key, About::Reclaim, Request::Reclaim(asked), WITHIN);
            }
        }
        Ok(())
    }

    /// A neighbour says that all it has is in the stream.
    pub(crate) fn given_back(&mut self, node: NodeId) -> Result<(), Refused> {
        let lost = project::lost(self.staging)?;
        let Some(lost) = lost.filter(|lost| !lost.given.contains(&node)) else { return Ok(()) };
        let note = Note::GivenBack { node, before: lost.before };
        sign::note(self.setup, self.staging, &note)?;
        Ok(())
    }

    /// A neighbour asks for its own records; whether everything that is here is in its stream now.
    pub(crate) fn give_back(&mut self, peer: NodeId, asked: Reclaim) -> Result<bool, Refused> {
        let begun = match self.talk.given_back.get(&peer).copied() {
            Some(begun) if begun.asked == asked && begun.done => return Ok(true),
            Some(begun) if begun.asked == asked => begun,
            Some(other) if self.now < other.begun.plus(AGAIN) => return Ok(false),
            Some(_) | None => {
                GivenBack { asked, begun: self.now, reached: asked.after, done: false }
            }
        };
        let mut reached = begun.reached;
        let mut given = 0;
        let done = loop {
            let Some((place, at)) = self.next_of(peer, reached, asked.before)? else { break true };
            reached = Some(place);
            given += usize::from(self.give_one_back(peer, at)?);
            if given == AT_ONCE {
                break false;
            }
        };
        self.talk.given_back.insert(peer, GivenBack { reached, done, ..begun });
        if given > 0 {
            tracing::warn!(peer = %peer.short(), records = given,
                "对方丢失过数据，已把它自己的记录还给它 a neighbour has lost data: records of its own are \
                 given back to it");
            self.poke(peer);
        }
        Ok(done)
    }

    /// The next record of an author that is here, after a place and before an epoch.
    fn next_of(
        &self,
        author: NodeId,
        after: Option<PlaceInLog>,
        before: u32,
    ) -> Result<Option<(PlaceInLog, Position)>, StoreError> {
        let start = after.map(|(epoch, seq)| log_key_of(author, epoch, seq));
        let found = self.staging.scan(Table::Log, author.as_bytes(), start.as_deref(), 1)?.pop();
        Ok(found.and_then(|(key, value)| {
            let (epoch, seq) = key.get(NodeId::LEN..)?.split_first_chunk::<4>()?;
            let epoch = u32::from_be_bytes(*epoch);
            let seq = u64::from_be_bytes(seq.try_into().ok()?);
            let at = Position::from_bytes(&value)?;
            (epoch < before).then_some(((epoch, seq), at))
        }))
    }

    /// What concerns cases goes back to whom it came from, and nothing else ever left it but
    /// policies, which it has on file.
    fn give_one_back(&mut self, peer: NodeId, at: Position) -> Result<bool, Refused> {
        let frame = self.staging.frame_at(at)?;
        if frame.kind != FrameKind::Foreign {
            return Ok(false);
        }
        let record = project::read(whose(self.setup), at, &frame)?.record;
        let of_cases = ActKind::from_kind(record.kind).is_some()
            || record.kind == crate::kind::FIELDS_WITHDRAWN;
        let held: Vec<FieldId> = disclosures(&frame).map(|part| part.field).collect();
        let Some(release) = release::returned(peer, record.author, &held).filter(|_| of_cases)
        else {
            return Ok(false);
        };
        let by = self.world.policy().reference();
        share::share_back(self.setup, self.staging, &record, &release, &by, self.now)?;
        Ok(true)
    }
}

impl Lost {
    /// How many of these neighbours have not given back everything yet.
    #[must_use]
    pub fn outstanding(&self, neighbours: impl Iterator<Item = NodeId>) -> usize {
        neighbours.filter(|node| !self.given.contains(node)).count()
    }
}
