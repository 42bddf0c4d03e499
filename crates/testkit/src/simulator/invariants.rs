//! The promises that hold at every moment, and those that hold when everything is mended.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use engine::engine::Engine;
use engine::entry::Entry;
use engine::note::Note;
use engine::project::{Order, Whose};
use engine::recount::Recount;
use engine::staging::disclosures;
use engine::store::{FrameKind, Position};
use engine::view;
use governance::act::{PHOTO_FIELDS, read_photos};
use governance::case::{Case, CaseId, Custody};
use governance::field::{self, Class};
use governance::numbers::Scope;
use governance::query::{Cell, Grouping, Matter, Metric, Seat, total};
use record::{NodeId, RecordId, Timestamp, Unverified};

use super::Simulator;
use crate::federation::Part;

/// A promise that was broken, with the command that plays it again.
#[derive(Debug)]
pub struct Broken {
    /// The seed.
    pub seed: u64,
    /// What was found.
    pub what: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} — play it again with: SIMULATED_DAY={} cargo test -p testkit --test days",
            self.what, self.seed
        )
    }
}

impl std::error::Error for Broken {}

impl Simulator {
    pub(super) fn broken(&self, what: impl Into<String>) -> Broken {
        Broken { seed: self.seed, what: what.into() }
    }

    /// A message leaves a node: nobody's telephone number may be in it.
    pub(super) fn watch(&self, from: NodeId, bytes: &[u8]) {
        for (home, phone) in &self.canaries {
            let found = bytes.windows(phone.len()).any(|window| window == phone.as_bytes());
            assert!(
                !(found && *home == from),
                "a telephone number left its node (seed {})",
                self.seed
            );
        }
    }

    /// What holds at every moment: each case is held by exactly one node.
    pub(super) fn check_always(&self) -> Result<(), Broken> {
        if let Some(accused) = self.accused.first() {
            return Err(self.broken(accused.clone()));
        }
        for (id, views) in self.cases()? {
            self.check_custody(id, &views)?;
        }
        Ok(())
    }

    /// Every case as every running node sees it.
    fn cases(&self) -> Result<BTreeMap<CaseId, BTreeMap<NodeId, Case>>, Broken> {
        let mut all: BTreeMap<CaseId, BTreeMap<NodeId, Case>> = BTreeMap::new();
        for node in self.nodes() {
            for case in self.cases_of(node)? {
                all.entry(case.id).or_default().insert(node, case);
            }
        }
        Ok(all)
    }

    /// Every case that a node knows, running or not.
    ///
    /// # Errors
    /// When its index can't be read.
    pub fn cases_of(&self, node: NodeId) -> Result<Vec<Case>, Broken> {
        let reader = engine::store::Store::reader(&self.places[&node].store);
        let found = view::cases(&reader, Order::All, None, usize::MAX)
            .map_err(|error| self.broken(error.to_string()))?;
        Ok(found.into_iter().map(|(_, case)| case).collect())
    }

    fn check_custody(&self, id: CaseId, views: &BTreeMap<NodeId, Case>) -> Result<(), Broken> {
        // A node that is down may have an index that is behind its journal.
        if views.keys().any(|node| !self.is_up(*node)) {
            return Ok(());
        }
        let here: Vec<NodeId> =
            views.iter().filter(|(_, case)| case.is_here()).map(|(node, _)| *node).collect();
        let Some(home) = views.values().next().map(|case| case.home) else { return Ok(()) };
        let holder = match follow(home, views) {
            Ok(holder) => holder,
            // Down, with an index that is behind by the whole case.
            Err(last) if !self.is_up(last) => return Ok(()),
            Err(_) => return Err(self.broken(format!("nobody holds case {id}"))),
        };
        match here.as_slice() {
            [] => Ok(()),
            [one] if *one == holder => Ok(()),
            others => Err(self.broken(format!(
                "case {id} is held by {others:?}, but the baton is with {holder}"
            ))),
        }
    }

    /// What holds when everything is mended and everybody has finished.
    pub(super) fn check_end(&mut self) -> Result<(), Broken> {
        self.check_all_home()?;
        self.check_promised()?;
        self.check_disclosed()?;
        self.check_photos()?;
        self.check_quarantine()?;
        self.check_batons()?;
        self.check_versions()?;
        self.check_replay()?;
        self.check_witnessed()?;
        self.check_counts()?;
        self.check_recount()
    }

    /// Every case is ended and at home, and every node that takes part knows it.
    fn check_all_home(&self) -> Result<(), Broken> {
        for (id, views) in self.cases()? {
            for (node, case) in &views {
                let home = case.home == *node;
                if home && !(case.is_here() && case.is_ended()) {
                    let (stage, custody) = (&case.stage, &case.custody);
                    let what = format!("case {id} did not come home: {stage}, {custody:?}");
                    return Err(self.broken(what));
                }
            }
            if !views.contains_key(&views.values().next().map_or(NodeId::ZERO, |case| case.home)) {
                return Err(self.broken(format!("case {id} is lost at home")));
            }
        }
        Ok(())
    }

    /// Whatever was acknowledged is still there.
    fn check_promised(&self) -> Result<(), Broken> {
        for (node, place) in &self.places {
            let federation = place.member.setup.federation;
            let own = place.store.frames().into_iter().filter(|f| f.kind == FrameKind::Own);
            let found: BTreeSet<RecordId> = own
                .filter_map(|frame| Unverified::<record::Header>::parse(frame.envelope).ok())
                .map(|record| record.claimed_id(&federation))
                .collect();
            if let Some(lost) = place.promised.difference(&found).next() {
                return Err(self.broken(format!("{node} lost the acknowledged record {lost}")));
            }
        }
        Ok(())
    }

    /// Nobody holds a field that was not released to it, and personal ones nobody but home.
    fn check_disclosed(&self) -> Result<(), Broken> {
        for (node, place) in &self.places {
            for frame in place.store.frames() {
                let Some(entry) = frame.entry.clone().filter(|_| frame.kind == FrameKind::Foreign)
                else {
                    continue;
                };
                let entry =
                    Entry::decode(&entry).map_err(|error| self.broken(error.to_string()))?;
                for disclosure in disclosures(&frame) {
                    let id = disclosure.field;
                    let personal =
                        field::by_id(id).is_none_or(|known| known.class == Class::Personal);
                    if personal || !entry.fields.contains(&id) {
                        return Err(self.broken(format!("{node} holds field {id} unreleased")));
                    }
                }
            }
        }
        Ok(())
    }

    /// Every node that was released a list of photos holds them, and no node holds any other but
    /// what its own people uploaded.
    fn check_photos(&self) -> Result<(), Broken> {
        for (node, place) in &self.places {
            let held = place.store.photos().hashes();
            let (mut due, mut own) = (BTreeSet::new(), BTreeSet::new());
            for frame in place.store.frames() {
                let lists = disclosures(&frame).filter(|d| PHOTO_FIELDS.contains(&d.field));
                let shown = lists.filter_map(|d| read_photos(&d.value)).flatten();
                due.extend(shown.map(|photo| photo.hash));
                let note = record::cbor::decode(&frame.note, &engine::staging::NOTE_LIMITS);
                if let Ok(Note::Uploaded { hash, .. }) = note {
                    own.insert(hash);
                }
            }
            if let Some(missing) = due.difference(&held).next() {
                return Err(self.broken(format!("{node} was released {missing} and lacks it")));
            }
            if let Some(other) = held.iter().find(|hash| !due.contains(hash) && !own.contains(hash))
            {
                return Err(self.broken(format!("{node} holds {other}, which is not for it")));
            }
        }
        Ok(())
    }

    /// Honest nodes reject nothing of each other.
    fn check_quarantine(&self) -> Result<(), Broken> {
        for (node, place) in &self.places {
            let held = place.store.rows().into_iter();
            let mut held = held.filter(|(table, ..)| *table == engine::store::Table::Quarantine);
            if let Some((_, _, value)) = held.next() {
                let held: engine::note::Quarantined =
                    engine::staging::decode(&value).map_err(|e| self.broken(e.to_string()))?;
                return Err(self.broken(format!("{node} rejected a record: {}", held.why)));
            }
        }
        Ok(())
    }

    /// Nobody still waits for the answer to an offer that was answered.
    fn check_batons(&self) -> Result<(), Broken> {
        for node in self.nodes() {
            for case in self.cases_of(node)? {
                if let Custody::Offered { to, .. } = &case.custody {
                    let id = case.id;
                    let what = format!("{node} still offers case {id} to {to}");
                    return Err(self.broken(what));
                }
            }
        }
        Ok(())
    }

    /// Whatever was published in the meantime, each case went through the stages of the version
    /// that it began with at each node; and every node came to know all that were published.
    fn check_versions(&self) -> Result<(), Broken> {
        let last = self.weather.policies;
        for (node, place) in &self.places {
            let Some(world) = place.engine.as_ref().map(Engine::world) else { continue };
            let governs = place.member.part != Part::Unit;
            if governs
                && world.policy().version != place.member.setup.configured.policy.version + last
            {
                let is = world.policy().reference();
                return Err(self.broken(format!("{node} works by {is}, not by the last version")));
            }
            for case in self.cases_of(*node)? {
                let policy = world
                    .policies
                    .of(&case, *node)
                    .map_err(|reference| self.broken(format!("{node} lost {reference}")))?;
                let own = case.spans.iter().filter(|span| span.holder == *node);
                if let Some(span) = own.into_iter().find(|span| policy.stage(&span.stage).is_none())
                {
                    let (stage, reference) = (&span.stage, policy.reference());
                    return Err(self.broken(format!("{stage} is no stage of {reference}")));
                }
            }
        }
        Ok(())
    }

    /// The index is a function of the journal.
    fn check_replay(&self) -> Result<(), Broken> {
        for (node, place) in &self.places {
            let bare = place.store.without_index();
            drop(super::open(&place.member, &bare, 0));
            if bare.rows() != place.store.rows() {
                return Err(self.broken(format!("{node} replays to another index")));
            }
        }
        Ok(())
    }

    /// Parents have countersigned what their children's logs were.
    fn check_witnessed(&self) -> Result<(), Broken> {
        for (node, place) in &self.places {
            let Some(parent) = place.member.setup.standing.parent() else { continue };
            let reader = engine::store::Store::reader(&place.store);
            let row = view::peer(&reader, parent).map_err(|e| self.broken(e.to_string()))?;
            let log = place.engine.as_ref().map(|engine| engine.log().clone());
            let seen = row.and_then(|row| row.witness.countersigned);
            if let Some(log) = log.filter(|log| log.frontier.size() > 0)
                && seen.as_ref().is_none_or(|seen| seen.root != log.frontier.root())
            {
                return Err(self.broken(format!("{node}'s log is not countersigned")));
            }
        }
        Ok(())
    }

    /// The county's answer is the sum of what its nodes hold, complete and by name; of the others'
    /// exactly what the rule for small counts leaves (S9).
    fn check_counts(&mut self) -> Result<(), Broken> {
        let county = self.of(Part::County)[0];
        for (metric, grouping) in [
            (Metric::Received, Grouping::None),
            (Metric::Received, Grouping::Channel),
            (Metric::Closed, Grouping::LevelSettled),
            (Metric::Open, Grouping::Stage),
            (Metric::OnTime, Grouping::Level),
            (Metric::ReportedIn, Grouping::Unit),
            (Metric::ScoredCallers, Grouping::Unit),
            (Metric::Escalated, Grouping::Month),
            (Metric::Excluded, Grouping::Ground),
        ] {
            let matter = Matter {
                metric,
                grouping,
                from: Timestamp::from_millis(0),
                until: self.now.plus(Duration::from_secs(86_400)),
                area: None,
            };
            let budget = Duration::from_secs(100);
            let (question, answer) =
                self.ask(county, matter.clone(), budget).map_err(|error| self.broken(error))?;
            let standing = self.places[&county].member.setup.standing.clone();
            let sum = total(&question, &answer, &standing, self.now, |_, _| true)
                .map_err(|error| self.broken(error.to_string()))?;
            let Some(told) = sum.complete() else {
                let missing = format!("{:?}", sum.completeness());
                return Err(self.broken(format!("the answer is partial: {missing}")));
            };
            let held = self.count_directly(&matter)?;
            if told.sum() != held {
                let (told, held) = (told.sum().count, held.count);
                return Err(self.broken(format!("{metric:?}: told {told}, held {held}")));
            }
        }
        Ok(())
    }

    fn count_directly(&self, matter: &Matter) -> Result<Cell, Broken> {
        let (mut sum, county) = (Cell::default(), self.of(Part::County)[0]);
        for (node, place) in &self.places {
            let reader = engine::store::Store::reader(&place.store);
            let area = place.member.setup.standing.certificate().area.clone();
            let seat = Seat { node: *node, area };
            let (tally, _) = view::count(&reader, matter, &seat, self.now)
                .map_err(|error| self.broken(error.to_string()))?;
            let rule = place.engine.as_ref().and_then(|engine| engine.world().policy().suppression);
            let step = rule.filter(|_| *node != county).map_or(0, |rule| rule.least);
            sum.merge(&tally.in_steps(matter, step).sum());
        }
        Ok(sum)
    }

    /// Every number of every node is what its journal's records give by themselves.
    fn check_recount(&self) -> Result<(), Broken> {
        let scope = Scope { from: Timestamp::EPOCH, until: Timestamp::MAX, area: None };
        for (node, place) in &self.places {
            let failed = |error: engine::store::StoreError| self.broken(error.to_string());
            let mut recount = Recount::new(self.whose(*node));
            let whole = engine::store::Store::replay(&place.store, Position::START, usize::MAX);
            for (at, frame) in whole.map_err(failed)?.0 {
                recount.take(at, &frame).map_err(failed)?;
            }
            let area = place.member.setup.standing.certificate().area.clone();
            let seat = Seat { node: *node, area };
            let reader = engine::store::Store::reader(&place.store);
            let view::Counted { sheet, state, .. } =
                view::sheet(&reader, &scope, &seat, self.now).map_err(failed)?;
            if sheet != recount.sheet(&scope, &seat, self.now) {
                return Err(self.broken(format!("{node}'s numbers are not what it signed")));
            }
            if (state.last, state.log) != (recount.last(), recount.log()) {
                return Err(self.broken(format!("{node} does not know what it counted from")));
            }
        }
        Ok(())
    }

    /// Who this node is, for reading its frames.
    #[must_use]
    pub fn whose(&self, node: NodeId) -> Whose {
        let setup = &self.places[&node].member.setup;
        Whose { me: node, federation: setup.federation }
    }
}

/// Follows the baton from home to whoever has it; fails with the node where its trail ends.
fn follow(home: NodeId, views: &BTreeMap<NodeId, Case>) -> Result<NodeId, NodeId> {
    let mut at = home;
    for _ in 0..views.len() + 1 {
        let next = match &views.get(&at).ok_or(at)?.custody {
            Custody::Here {} => return Ok(at),
            Custody::With { node, .. } => *node,
            Custody::Offered { offer, to, .. } => {
                let taken = views.get(to).is_some_and(|there| answered(there, *offer));
                if !taken {
                    return Ok(at);
                }
                *to
            }
        };
        at = next;
    }
    Err(at)
}

/// Whether a node has accepted an offer, as its own view shows.
fn answered(there: &Case, offer: RecordId) -> bool {
    let seen = there.steps.iter().any(|step| step.record == offer);
    let open = match &there.custody {
        Custody::With { offer: Some(open), .. } => open.offer == offer,
        Custody::With { offer: None, .. } | Custody::Here {} | Custody::Offered { .. } => false,
    };
    let refused =
        there.steps.last().is_some_and(|step| step.act == governance::act::ActKind::RefuseCustody);
    seen && !open && !refused
}
