//! Pulling a peer's stream, page by page, and being pulled.

use std::time::Duration;

use record::{NodeId, Signed, Unverified};
use serde_bytes::ByteBuf;

use crate::acts::Desk;
use crate::arrival::{Arrival, PageError, VerifiedPage};
use crate::command::Refused;
use crate::engine::{About, Effect, Ticket};
use crate::entry::{Acknowledgement, VERSION};
use crate::peer::{Mark, Streams};
use crate::project;
use crate::sign::{self, whose};
use crate::staging::{Lookup, row};
use crate::store::{Frame, FrameKind, Table};
use crate::wire::{Page, Pull, Request};

const WITHIN: Duration = Duration::from_secs(30);
/// After a failed exchange, this long until the next try.
const RETRY: Duration = Duration::from_secs(5);

impl Desk<'_, '_> {
    /// Asks a greeted neighbour for what it has for this node.
    pub(crate) fn pull(&mut self, node: NodeId) {
        let now = self.now;
        let Some(session) = self.talk.sessions.get_mut(&node).filter(|session| session.greeted)
        else {
            return;
        };
        if session.pulling {
            session.again = true;
            return;
        }
        if session.retry.is_some_and(|at| now < at) {
            return;
        }
        session.pulling = true;
        session.retry = None;
        self.pull_next(node);
    }

    fn pull_next(&mut self, node: NodeId) {
        let Some(key) = self.world.directory.get(node).map(|peer| peer.standing.key()) else {
            return;
        };
        let inbox = match row::<Streams>(self.staging, Table::Stream, node.as_bytes()) {
            Ok(streams) => streams.unwrap_or_default().inbox,
            Err(_) => return,
        };
        let acknowledgement = (inbox.number > 0).then(|| self.acknowledge(node, inbox));
        let request = Request::Pull(Pull { after: inbox.number, acknowledgement });
        self.send(node, key, About::Pull, request, WITHIN);
    }

    fn acknowledge(&self, sender: NodeId, inbox: Mark) -> ByteBuf {
        let recipient = self.setup.me();
        let (number, entry) = (inbox.number, inbox.id);
        let said = Acknowledgement { version: VERSION, sender, recipient, number, entry };
        let signed = Signed::sign(said, &self.setup.key, &self.setup.federation);
        ByteBuf::from(signed.bytes().to_vec())
    }

    /// A page came back: an empty one ends the pull, any other is checked on worker threads.
    pub(crate) fn paged(&mut self, node: NodeId, page: Page) {
        if page.parcels.is_empty() {
            self.pulled(node);
        } else {
            self.out.push(Effect::Verify { from: node, page });
        }
    }

    fn pulled(&mut self, node: NodeId) {
        let Some(session) = self.talk.sessions.get_mut(&node) else { return };
        session.pulling = false;
        session.trouble = None;
        if std::mem::take(&mut session.again) {
            self.pull(node);
        }
    }

    /// An exchange failed: try again after a while.
    pub(crate) fn pull_failed(&mut self, node: NodeId) {
        let now = self.now;
        if let Some(session) = self.talk.sessions.get_mut(&node) {
            session.pulling = false;
            session.again = false;
            session.retry = Some(now.plus(RETRY));
        }
    }

    /// A checked page is taken in, in one batch, or refused.
    pub(crate) fn arrived(
        &mut self,
        from: NodeId,
        page: Result<VerifiedPage, PageError>,
    ) -> Result<(), Refused> {
        let page = match page {
            Ok(page) => page,
            Err(error) => {
                self.bad_page(from, &error.to_string());
                return Ok(());
            }
        };
        for (chain, standing) in page.authors {
            if self.world.directory.get(standing.node()).is_none() {
                self.put_peer(chain, Vec::new())?;
            }
        }
        for arrival in page.arrivals {
            if !self.receive(from, arrival)? {
                self.bad_page(from, "the stream has a gap or a second branch");
                return Ok(());
            }
        }
        // Asking for the next page acknowledges this one; it leaves after the commit.
        if self.talk.sessions.get(&from).is_some_and(|session| session.pulling) {
            self.pull_next(from);
        }
        Ok(())
    }

    fn bad_page(&mut self, from: NodeId, what: &str) {
        tracing::warn!(peer = %from, what, "page refused");
        if let Some(key) = self.world.directory.get(from).map(|peer| peer.standing.key()) {
            self.out.push(Effect::Misbehaved { key, what: what.to_owned() });
        }
        self.pull_failed(from);
        if let Some(session) = self.talk.sessions.get_mut(&from) {
            session.trouble = Some(what.to_owned());
        }
    }

    /// A peer pulls: keep its acknowledgement, then let the page be read.
    pub(crate) fn serve_pull(
        &mut self,
        ticket: Ticket,
        peer: NodeId,
        pull: Pull,
    ) -> Result<bool, Refused> {
        if let Some(bytes) = pull.acknowledgement
            && !self.keep_acknowledgement(peer, pull.after, &bytes)?
        {
            return Ok(false);
        }
        self.out.push(Effect::Page { ticket, peer, after: pull.after });
        Ok(true)
    }

    /// Takes in one entry. `false`: it does not continue the stream.
    fn receive(&mut self, from: NodeId, arrival: Arrival) -> Result<bool, Refused> {
        let streams: Option<Streams> = row(self.staging, Table::Stream, from.as_bytes())?;
        let inbox = streams.unwrap_or_default().inbox;
        let entry = &arrival.entry;
        if entry.number <= inbox.number {
            // Sent again after a lost response: it is here already.
            return Ok(true);
        }
        if entry.number != inbox.number + 1 || entry.prev != inbox.id {
            return Ok(false);
        }
        let before = self.case(arrival.record.subject)?;
        let frame = foreign(from, arrival);
        let at = self.staging.push(frame.clone())?;
        let done = project::project(whose(self.setup), self.staging, at, &frame)?;
        if let Some(rejected) = &done.rejected {
            tracing::warn!(peer = %from, position = %at, why = %rejected, "record not applied");
        }
        if let Some(case) = done.case {
            self.after(before.as_ref(), &case, from)?;
            self.homecoming(case)?;
        }
        Ok(true)
    }

    /// A case that comes home is taken at once, and passed on down where home is further down,
    /// if policy says so.
    fn homecoming(&mut self, case: governance::case::Case) -> Result<(), Refused> {
        let me = self.setup.me();
        if case.offer_to(me).is_none_or(|offer| offer.upward) {
            return Ok(());
        }
        let done = case.offer_to(me).is_some_and(|offer| offer.done);
        let id = case.id;
        match self.act_alone(case, &governance::act::Act::AcceptCustody {}) {
            Ok(_) => {}
            // Policy leaves it to a person.
            Err(Refused::Rule(_)) => return Ok(()),
            Err(other) => return Err(other),
        }
        let Some(case) = self.case(id)? else { return Ok(()) };
        if case.below(me).is_none() {
            return Ok(());
        }
        // The words stay with whoever wrote them: their record goes down along with this one.
        let opinion = String::from("转回受理地 / passed on to where it was reported");
        let act = governance::act::Act::SendHome { done, opinion };
        match self.act_alone(case, &act) {
            Ok(_) | Err(Refused::Rule(_)) => Ok(()),
            Err(other) => Err(other),
        }
    }

    fn keep_acknowledgement(
        &mut self,
        peer: NodeId,
        after: u64,
        bytes: &[u8],
    ) -> Result<bool, Refused> {
        let Some(key) = self.world.directory.get(peer).map(|peer| peer.standing.key()) else {
            return Ok(false);
        };
        let said = Unverified::<Acknowledgement>::parse(bytes.to_vec())
            .and_then(|said| said.verify(&self.setup.federation, &key));
        let Ok(said) = said else { return Ok(false) };
        let known: Option<Streams> = row(self.staging, Table::Stream, peer.as_bytes())?;
        let known = known.unwrap_or_default();
        let fits = said.sender == self.setup.me()
            && said.recipient == peer
            && said.number == after
            && said.number <= known.outbox.number
            && self.entry_id(peer, said.number)? == Some(said.entry);
        if !fits {
            return Ok(false);
        }
        if said.number > known.acknowledged {
            let mut frame = sign::local(FrameKind::Acknowledged, Vec::new());
            frame.envelope = said.bytes().clone();
            frame.peer = Some(peer);
            let at = self.staging.push(frame.clone())?;
            project::project(whose(self.setup), self.staging, at, &frame)?;
        }
        Ok(true)
    }

    /// The id of the entry with this number in a peer's stream.
    fn entry_id(&self, peer: NodeId, number: u64) -> Result<Option<record::RecordId>, Refused> {
        let key = project::stream_key(peer, number);
        let at = self.staging.value(Table::Outbox, &key)?;
        let Some(at) = at.as_deref().and_then(crate::store::Position::from_bytes) else {
            return Ok(None);
        };
        let frame = self.staging.frame_at(at)?;
        let entry = Unverified::<crate::entry::Entry>::parse(frame.envelope);
        Ok(entry.ok().map(|entry| entry.claimed_id(&self.setup.federation)))
    }
}

fn foreign(from: NodeId, arrival: Arrival) -> Frame {
    let (envelope, entry, _) = crate::arrival::parts(&arrival);
    let (open, sealed) = arrival
        .disclosures
        .into_iter()
        .partition(|part| governance::field::is_structural(part.field));
    Frame {
        kind: FrameKind::Foreign,
        subject: arrival.record.subject,
        envelope,
        entry: Some(entry),
        peer: Some(from),
        open,
        sealed,
        note: Vec::new(),
    }
}
