//! Pulling a peer's stream, page by page, and being pulled.

use std::collections::BTreeMap;
use std::time::Duration;

use governance::case::{Case, Party, Rejected, Way};
use governance::certificate::{CLOCK_SLACK, Standing};
use governance::field;
use governance::release::Withhold;
use record::tree;
use record::{Checkpoint, FieldId, Hash, NodeId, Signed, Timestamp, Unverified};
use serde_bytes::ByteBuf;

use crate::acts::Desk;
use crate::arrival::{Arrival, PageError, VerifiedPage};
use crate::command::Refused;
use crate::engine::{About, Effect, Ticket, Wanted};
use crate::entry::{Acknowledgement, VERSION, first_link};
use crate::note::{Came, Note};
use crate::outbox::Bounds;
use crate::peer::{Mark, Relation, Shown, Streams, Witness};
use crate::project::{self, Readable, Sent};
use crate::sign::{self, whose};
use crate::staging::{Lookup, compact_row, row};
use crate::store::{Frame, FrameKind, StoreError, Table};
use crate::wire::{ChainBytes, PAGE_ENTRIES, Page, Pull, Request};

const WITHIN: Duration = Duration::from_secs(30);
/// After a failed exchange, this long until the next try.
const RETRY: Duration = Duration::from_secs(5);
/// Pages of one peer that are being checked or wait for those before them. While one is checked
/// the next is fetched; more would only fill memory.
const WINDOW: usize = 3;

/// A stream being pulled.
#[derive(Default)]
pub(crate) struct Pulling {
    /// Which of this node's pulls it is: see [`Wanted`].
    pull: u64,
    /// The number after which the request on its way asks.
    asked: Option<u64>,
    /// Up to where pages have come.
    reached: u64,
    /// Whether the sender has more behind that.
    more: bool,
    /// The sender's log up to where pages have come: the next one has to go on from there.
    seen: Option<Shown>,
    /// Pages not yet taken in, by the number they come after.
    pages: BTreeMap<u64, Waiting>,
}

/// A page that is not yet taken in.
struct Waiting {
    /// The sender's log as it was seen before.
    seen: Option<Shown>,
    /// The page; `None` while it is checked.
    page: Option<VerifiedPage>,
}

impl Pulling {
    /// Takes out the next page in order, once it is checked.
    fn next(&mut self) -> Option<(Option<Shown>, VerifiedPage)> {
        let first = self.pages.first_entry().filter(|entry| entry.get().page.is_some())?;
        let Waiting { seen, page } = first.remove();
        page.map(|page| (seen, page))
    }

    /// Whether it is time to ask on: for more, or to acknowledge everything.
    fn is_idle(&self) -> bool {
        let room = self.more && self.pages.len() < WINDOW;
        self.asked.is_none() && (room || self.pages.is_empty())
    }
}

impl Desk<'_, '_> {
    /// Asks a greeted neighbour for what it has for this node.
    pub(crate) fn pull(&mut self, node: NodeId) {
        let now = self.now;
        // What comes in may have to be answered, and nothing may be signed now.
        if self.is_rotating() {
            return;
        }
        let Some(session) = self.talk.sessions.get_mut(&node).filter(|session| session.greeted)
        else {
            return;
        };
        if session.pulling.is_some() {
            session.again = true;
            return;
        }
        if session.retry.is_some_and(|at| now < at) {
            return;
        }
        let Ok(inbox) = self.inbox(node) else { return };
        let known = row::<Witness>(self.staging, Table::Witness, node.as_bytes());
        let seen = known.ok().flatten().and_then(|known| known.seen());
        self.talk.pulls += 1;
        let pull = self.talk.pulls;
        if let Some(session) = self.talk.sessions.get_mut(&node) {
            let pulling = Pulling { pull, reached: inbox.number, seen, ..Pulling::default() };
            session.pulling = Some(pulling);
            session.retry = None;
        }
        self.pull_on(node);
    }

    /// Asks for the next page and acknowledges what is durable once this batch is.
    fn pull_on(&mut self, node: NodeId) {
        let Some(key) = self.world.directory.get(node).map(|peer| peer.standing.key()) else {
            return;
        };
        let Ok(inbox) = self.inbox(node) else { return };
        let pulling =
            self.talk.sessions.get_mut(&node).and_then(|session| session.pulling.as_mut());
        let Some(pulling) = pulling.filter(|pulling| pulling.is_idle()) else { return };
        let after = pulling.reached;
        pulling.asked = Some(after);
        let held = pulling.seen.map(|seen| (seen.epoch, seen.size));
        let wanted = Wanted { after, pull: pulling.pull };
        let acknowledgement = (inbox.number > 0).then(|| self.acknowledge(node, inbox));
        let request = Request::Pull(Pull { after, acknowledgement, held });
        self.send(node, key, About::Pull(wanted), request, WITHIN);
    }

    fn inbox(&self, node: NodeId) -> Result<Mark, StoreError> {
        let streams: Option<Streams> = compact_row(self.staging, Table::Stream, node.as_bytes())?;
        Ok(streams.unwrap_or_default().inbox)
    }

    fn acknowledge(&self, sender: NodeId, inbox: Mark) -> ByteBuf {
        let recipient = self.setup.me();
        let Mark { number, link } = inbox;
        let said = Acknowledgement { version: VERSION, sender, recipient, number, link };
        let signed = Signed::sign(said, &self.setup.key, &self.setup.federation);
        ByteBuf::from(signed.bytes().to_vec())
    }

    /// A page came back: an empty one ends the pull, any other is checked on worker threads while
    /// the next is fetched.
    pub(crate) fn paged(&mut self, node: NodeId, wanted: Wanted, page: Page) {
        let Some(pulling) = self.pulling(node, wanted.pull) else { return };
        // Another was asked.
        let after = wanted.after;
        if pulling.asked != Some(after) {
            return;
        }
        pulling.asked = None;
        pulling.more = page.more;
        if !page.parcels.is_empty() {
            pulling.reached = after + page.parcels.len() as u64;
            // Signatures are checked before the page is taken in, and pages in order.
            let log = page.log.as_ref().and_then(|log| shown_by(&log.checkpoint));
            let seen = if log.is_some() { std::mem::replace(&mut pulling.seen, log) } else { None };
            pulling.pages.insert(after, Waiting { seen, page: None });
            self.out.push(Effect::Verify { from: node, wanted, page });
            self.pull_on(node);
        } else if pulling.pages.is_empty() {
            self.pulled(node);
        }
    }

    fn pulled(&mut self, node: NodeId) {
        let Some(session) = self.talk.sessions.get_mut(&node) else { return };
        session.pulling = None;
        session.trouble = None;
        if std::mem::take(&mut session.again) {
            self.pull(node);
        }
    }

    /// A pull came to nothing: try again after a while.
    pub(crate) fn unanswered(&mut self, node: NodeId, wanted: Wanted) {
        let pulling = self.pulling(node, wanted.pull);
        if pulling.is_some_and(|pulling| pulling.asked == Some(wanted.after)) {
            self.pull_failed(node);
        }
    }

    /// An exchange failed: try again after a while.
    pub(crate) fn pull_failed(&mut self, node: NodeId) {
        let now = self.now;
        if let Some(session) = self.talk.sessions.get_mut(&node) {
            session.pulling = None;
            session.again = false;
            session.retry = Some(now.plus(RETRY));
        }
    }

    /// A checked page is taken in, in one batch, once those before it are; or it is refused.
    pub(crate) fn arrived(
        &mut self,
        from: NodeId,
        wanted: Wanted,
        page: Result<VerifiedPage, PageError>,
    ) -> Result<(), Refused> {
        if self.is_rotating() {
            self.pull_failed(from);
            return Ok(());
        }
        let pulling = self.pulling(from, wanted.pull);
        let Some(place) = pulling.and_then(|pulling| pulling.pages.get_mut(&wanted.after)) else {
            // Asked for on an earlier connection, or before an exchange failed.
            return Ok(());
        };
        match page {
            Ok(page) => place.page = Some(page),
            Err(PageError::NotChecked) => {
                self.pull_failed(from);
                return Ok(());
            }
            Err(error) => {
                self.bad_page(from, &error.to_string());
                return Ok(());
            }
        }
        while let Some((seen, page)) = self.pulling(from, wanted.pull).and_then(Pulling::next) {
            if !self.log_only_grew(from, seen, &page)? {
                self.bad_page(
                    from,
                    "the log that it shows does not continue what it showed before",
                );
                return Ok(());
            }
            if !self.take_in(from, page)? {
                self.bad_page(from, "the stream has a gap or a second branch");
                return Ok(());
            }
        }
        // Asking on also acknowledges; it leaves after the commit.
        self.pull_on(from);
        Ok(())
    }

    /// The pull that goes on with a neighbour, if it is this one and no later one.
    fn pulling(&mut self, node: NodeId, pull: u64) -> Option<&mut Pulling> {
        let pulling = self.talk.sessions.get_mut(&node)?.pulling.as_mut();
        pulling.filter(|pulling| pulling.pull == pull)
    }

    /// A page that its sender should not have given: it is told to the network, and tried again later.
    pub(crate) fn bad_page(&mut self, from: NodeId, what: &str) {
        tracing::warn!(peer = %from, what, "page refused");
        if let Some(key) = self.world.directory.get(from).map(|peer| peer.standing.key()) {
            self.out.push(Effect::Misbehaved { key, what: what.to_owned() });
        }
        self.pull_failed(from);
        if let Some(session) = self.talk.sessions.get_mut(&from) {
            session.trouble = Some(what.to_owned());
        }
    }

    /// Takes in a page. `false`: it does not continue the stream; nothing of it was taken.
    fn take_in(&mut self, from: NodeId, page: VerifiedPage) -> Result<bool, Refused> {
        let mut inbox = self.inbox(from)?;
        if inbox.number == 0 {
            inbox.link = first_link(&self.setup.federation, from, self.setup.me());
        }
        if (inbox.number, inbox.link) != (page.after, page.before) {
            return Ok(false);
        }
        for (chain, standing) in page.authors {
            self.meet_author(chain, &standing)?;
        }
        for arrival in page.arrivals {
            self.receive(from, arrival)?;
        }
        let mut proof = sign::local(FrameKind::StreamHead, Vec::new());
        proof.envelope = page.head.bytes().clone();
        proof.peer = Some(from);
        let (at, proof) = self.staging.push(proof)?;
        project::project(whose(self.setup), self.staging, at, &proof)?;
        Ok(true)
    }

    /// Whether the sender's log goes on from where it was seen last; keeps where it is now. Where
    /// it does not, its signed checkpoint is kept: with the one before, it proves what the sender
    /// did. A log in a later epoch may have lost records: opening that epoch has said so, and its
    /// parent's officer accepts it or not.
    fn log_only_grew(
        &mut self,
        from: NodeId,
        seen: Option<Shown>,
        page: &VerifiedPage,
    ) -> Result<bool, Refused> {
        let Some(shown) = &page.log else { return Ok(true) };
        let (log, proof) = (&shown.checkpoint, &shown.proof);
        let now = Shown { epoch: log.epoch, size: log.size, root: log.root };
        if seen == Some(now) {
            return Ok(true);
        }
        if seen.is_some_and(|seen| !continues(&seen, &now, proof)) {
            let anew = seen.is_some_and(|seen| now.epoch > seen.epoch);
            if !anew {
                self.rewritten(from, log)?;
                return Ok(false);
            }
            tracing::warn!(peer = %from, epoch = now.epoch, size = now.size,
                "对方丢失过数据，以新纪元继续 a peer has lost data and goes on in a new epoch");
        }
        let mut frame = sign::local(FrameKind::Checkpoint, sign::encode(&Note::Shown {}));
        frame.envelope = log.bytes().clone();
        frame.peer = Some(from);
        let (at, frame) = self.staging.push(frame)?;
        project::project(whose(self.setup), self.staging, at, &frame)?;
        Ok(true)
    }

    /// Keeps an author's certificates where they are new. A neighbour shows its own itself.
    fn meet_author(&mut self, chain: ChainBytes, standing: &Standing) -> Result<(), Refused> {
        let known = self.world.directory.get(standing.node());
        let newer = known.is_some_and(|known| {
            known.relation == Relation::Other
                && known.leads_to(standing)
                && known.standing.is_older_than(standing)
                && !standing.is_older_than(&known.standing)
        });
        if known.is_none() || newer {
            let addresses = known.map(|known| known.addresses.clone()).unwrap_or_default();
            self.put_peer(chain, addresses)?;
        }
        Ok(())
    }

    /// Takes in one entry with its record.
    fn receive(&mut self, from: NodeId, arrival: Arrival) -> Result<(), Refused> {
        let (frame, readable) = foreign(from, arrival, self.now);
        let named = governance::policy::reference_of(&readable.fields);
        let (at, frame) = self.staging.push(frame)?;
        let mut done =
            project::project_read(whose(self.setup), self.staging, at, &frame, &readable)?;
        self.note_gone(std::mem::take(&mut done.gone))?;
        self.out.extend(std::mem::take(&mut done.judged).into_iter().map(Effect::Changed));
        match &done.rejected {
            // It came before, by another way or with an earlier offer.
            None | Some(Rejected::Known) => {}
            Some(rejected) => tracing::warn!(peer = %from, position = %at, why = %rejected,
                "对方的一条记录不能应用，已另存待查 a record was not applied, it is kept in quarantine"),
        }
        if let Ok(reference) = named
            && done.policy
        {
            self.policy_arrived(from, &reference)?;
        }
        if done.withdrawn {
            let named: Vec<u16> =
                readable.fields.get(field::WITHDRAWN_FIELDS).ok().flatten().unwrap_or_default();
            let fields = named.into_iter().map(FieldId).collect();
            self.pass_withdrawal_on(from, &readable.record, &fields)?;
        }
        if let Some(case) = done.case {
            self.after(done.before.as_deref(), &case, from, &Withhold::default())?;
            self.homecoming(&case)?;
        }
        Ok(())
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
        let personal = self.may_have_personal(peer)?;
        if let Some(session) = self.talk.sessions.get_mut(&peer) {
            session.withheld = !personal;
        }
        let held = pull.held;
        let bounds = Bounds { entries: PAGE_ENTRIES, personal, held, now: self.now };
        self.out.push(Effect::Page { ticket, peer, after: pull.after, bounds });
        Ok(true)
    }

    /// Whether people's words and data may go to a peer now: it is in good standing, and was not
    /// found to sign two histories.
    pub(crate) fn may_have_personal(&self, peer: NodeId) -> Result<bool, StoreError> {
        let forked = project::forked(self.staging, peer)?;
        let frozen = forked.is_some_and(|known| known.is_open());
        Ok(!frozen && self.world.may_have_personal(self.setup, peer, self.now))
    }

    /// A case that comes home is taken at once, and passed on down where home is further down,
    /// if policy says so.
    fn homecoming(&mut self, case: &Case) -> Result<(), Refused> {
        let me = self.setup.me();
        if case.offer_to(me).is_none_or(|offer| offer.way != Way::Back) {
            return Ok(());
        }
        let done = case.offer_to(me).is_some_and(|offer| offer.done);
        let id = case.id;
        match self.act_alone(id, &governance::act::Act::AcceptCustody {}) {
            Ok(_) => {}
            // Policy leaves it to a person.
            Err(Refused::Rule(_)) => return Ok(()),
            Err(other) => return Err(other),
        }
        // What a node below could not do stays here: whoever sent it down decides what then.
        let sent_down = case.parties.get(&case.holder(me)) == Some(&Party::Child);
        let Some(case) = self.staging.case(id)? else { return Ok(()) };
        if case.below(me).is_none() || (sent_down && !done) {
            return Ok(());
        }
        // The words stay with whoever wrote them: their record goes down along with this one.
        let opinion = String::from("转回受理地 / passed on to where it was reported");
        let act = governance::act::Act::SendHome { done, opinion };
        match self.act_alone(id, &act) {
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
        let known: Option<Streams> = compact_row(self.staging, Table::Stream, peer.as_bytes())?;
        let known = known.unwrap_or_default();
        let between = said.sender == self.setup.me() && said.recipient == peer;
        if between && said.number == after && self.is_behind(peer, &known, said.number) {
            return self.resume_stream(peer, said, known).map(|()| true);
        }
        let fits = between
            && said.number <= after
            && said.number <= known.outbox.number
            && self.link(peer, said.number)? == Some(said.link);
        if !fits {
            return Ok(false);
        }
        if said.number > known.acknowledged {
            let mut frame = sign::local(FrameKind::Acknowledged, Vec::new());
            frame.envelope = said.bytes().clone();
            frame.peer = Some(peer);
            let (at, frame) = self.staging.push(frame)?;
            project::project(whose(self.setup), self.staging, at, &frame)?;
        }
        Ok(true)
    }

    /// The link after the entry with this number in a peer's stream.
    fn link(&self, peer: NodeId, number: u64) -> Result<Option<Hash>, Refused> {
        let key = project::stream_key(peer, number);
        let row = self.staging.value(Table::Outbox, &key)?;
        Ok(row.as_deref().and_then(Sent::from_bytes).map(|sent| sent.link))
    }
}

/// What a checkpoint says, by its own account.
fn shown_by(checkpoint: &ByteBuf) -> Option<Shown> {
    let log = Unverified::<Checkpoint>::parse(checkpoint.to_vec()).ok()?;
    let log = log.peek();
    Some(Shown { epoch: log.epoch, size: log.size, root: log.root })
}

fn continues(seen: &Shown, now: &Shown, proof: &[Hash]) -> bool {
    now.epoch >= seen.epoch
        && tree::verify_consistency(seen.size, &seen.root, now.size, &now.root, proof).is_ok()
}

/// An arrival as a frame, and its record as it can be read. Nobody dates anything into this node's
/// future (S6): what is dated later than it comes counts as said when it came.
fn foreign(from: NodeId, arrival: Arrival, now: Timestamp) -> (Frame, Readable) {
    let Arrival { bytes, record, disclosures, fields, stands, .. } = arrival;
    let (open, sealed) = disclosures.into_iter().partition(|part| field::is_structural(part.field));
    let came = (record.time > now.plus(CLOCK_SLACK)).then_some(now);
    let said = Came { at: came, stands };
    let frame = Frame {
        kind: FrameKind::Foreign,
        subject: record.subject,
        envelope: record.bytes().clone(),
        entry: Some(bytes),
        peer: Some(from),
        open,
        sealed,
        note: Vec::new(),
        came: said.encode(),
    };
    (frame, Readable { record, fields, came })
}
