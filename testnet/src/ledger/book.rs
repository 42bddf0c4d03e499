//! What the ledger adds up to: where every case must stand, and how many records every node must
//! have. Reckoned from the receipts and the policy's stages alone, without asking any node.

use std::collections::{BTreeMap, BTreeSet};

use governance::act::ActKind;
use governance::policy::DEPARTMENT;

use super::{Done, Entry};
use crate::plan::Plan;
use crate::practice::Practice;

/// Where a case must stand.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CaseState {
    /// The case's id.
    pub id: String,
    /// The number people use.
    pub number: String,
    /// The day and the errand in it.
    pub errand: (usize, usize),
    /// The seat where it was reported.
    pub home: usize,
    /// The seat that holds it.
    pub holder: usize,
    /// The seat that it is offered to, while that has not answered.
    pub offered: Option<usize>,
    /// Stage of the policy.
    pub stage: String,
    /// Level that is responsible.
    pub level: String,
    /// Level at which it was settled.
    pub settled: Option<String>,
    /// How often it was given back.
    pub returns: u64,
    /// How often it was taken up again.
    pub reopens: u64,
    /// How custody moved.
    pub offers: Offers,
    /// blake3 of the photo that its report shows.
    pub photo: Option<String>,
    /// Seats of the units called.
    pub units: Vec<usize>,
    /// Of these, the seats of those that have done their part.
    pub results: BTreeSet<usize>,
    /// Every acknowledged record with its author's seat.
    pub records: Vec<(usize, String)>,
    /// Whether a unit has done its part.
    department: bool,
}

/// How custody moved.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Offers {
    /// Offers to the node above.
    pub up: u64,
    /// Of these, accepted.
    pub accepted: u64,
    /// Of these, refused.
    pub refused: u64,
    /// Cases sent home.
    pub home: u64,
}

/// What the ledger adds up to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Book {
    /// Cases by id.
    pub cases: BTreeMap<String, CaseState>,
    /// Records that each seat must have signed after settling in, those of the node itself included.
    pub records: BTreeMap<usize, u64>,
    /// Acts by kind.
    pub acts: BTreeMap<String, u64>,
}

impl Book {
    /// Adds the ledger up. An act on a case that was never reported counts for nothing.
    #[must_use]
    pub fn of(entries: &[Entry], plan: &Plan, practice: &Practice) -> Self {
        let mut book = Self::default();
        let mut clocks = BTreeSet::new();
        for entry in entries {
            match entry {
                Entry::Done(done) => book.take(done, plan, practice),
                Entry::Beside(beside) => {
                    *book.records.entry(beside.seat).or_default() +=
                        u64::from(beside.record.is_some());
                }
                // Every clock that went on, once, however often it was tried.
                Entry::Clocks { behind, nodes } if clocks.insert(*behind) => {
                    for seat in 0..*nodes {
                        *book.records.entry(seat).or_default() += 1;
                    }
                }
                Entry::Clocks { .. }
                | Entry::Day(_)
                | Entry::Befell { .. }
                | Entry::Asked(_)
                | Entry::Alone { .. }
                | Entry::Over { .. } => {}
            }
        }
        book
    }

    fn take(&mut self, done: &Done, plan: &Plan, practice: &Practice) {
        if done.act == "report" {
            self.cases.insert(done.case.clone(), CaseState::reported(done));
        }
        let Some(case) = self.cases.get_mut(&done.case) else { return };
        let alone = case.take(done, plan, practice);
        *self.acts.entry(done.act.clone()).or_default() += 1;
        for seat in std::iter::once(done.seat).chain(alone) {
            *self.records.entry(seat).or_default() += 1;
        }
    }

    /// Cases by a key.
    pub fn by<K: Ord>(&self, key: impl Fn(&CaseState) -> Option<K>) -> BTreeMap<K, u64> {
        let mut counts = BTreeMap::new();
        for key in self.cases.values().filter_map(key) {
            *counts.entry(key).or_default() += 1;
        }
        counts
    }

    /// What every home must have told the node above it of so many cases in groups, and the county
    /// of its own, added up (S9): the county counts exactly; elsewhere every number is a multiple of
    /// `step`, and what is over of the groups together is under `?`. A step of 0 or 1 leaves all.
    pub fn told(
        &self,
        county: usize,
        step: u64,
        key: impl Fn(&CaseState) -> String,
    ) -> BTreeMap<String, u64> {
        let exact = self.by(|case| Some((case.home, key(case))));
        let (mut told, mut over) = (BTreeMap::new(), BTreeMap::<usize, u64>::new());
        for ((home, group), count) in exact {
            let rest = if home == county || step <= 1 { 0 } else { count % step };
            *told.entry(group).or_default() += count - rest;
            *over.entry(home).or_default() += rest;
        }
        let other: u64 = over.values().map(|rest| rest / step.max(1) * step).sum();
        told.insert("?".to_owned(), other);
        told.retain(|_, count| *count > 0);
        told
    }

    /// As [`Self::told`], of one number of each home without groups.
    pub fn told_of(
        &self,
        county: usize,
        step: u64,
        wanted: impl Fn(&CaseState) -> bool,
    ) -> BTreeMap<usize, u64> {
        let exact = self.by(|case| wanted(case).then_some(case.home));
        let floor = |home, count| {
            if home == county || step <= 1 { count } else { count / step * step }
        };
        exact.into_iter().map(|(home, count)| (home, floor(home, count))).collect()
    }

    /// How custody moved, all cases together.
    #[must_use]
    pub fn offers(&self) -> Offers {
        self.cases.values().fold(Offers::default(), |sum, case| Offers {
            up: sum.up + case.offers.up,
            accepted: sum.accepted + case.offers.accepted,
            refused: sum.refused + case.offers.refused,
            home: sum.home + case.offers.home,
        })
    }
}

impl CaseState {
    /// Whether a node knows the case: it acted on it, was called to it, or is offered it.
    #[must_use]
    pub fn is_known_to(&self, seat: usize) -> bool {
        let acted = self.records.iter().any(|(author, _)| *author == seat);
        acted || self.units.contains(&seat) || self.offered == Some(seat)
    }

    /// Whether it waits for a word of a node that does not hold it: to accept it, or to help.
    #[must_use]
    pub fn awaits(&self, seat: usize) -> bool {
        let called = self.units.contains(&seat) && !self.results.contains(&seat);
        called || self.offered == Some(seat)
    }

    /// Whether a node answers for the case now; nobody does while it is offered.
    #[must_use]
    pub fn is_held_by(&self, seat: usize) -> bool {
        self.holder == seat && self.offered.is_none()
    }

    fn reported(done: &Done) -> Self {
        Self {
            id: done.case.clone(),
            number: done.number.clone().unwrap_or_default(),
            errand: (done.day, done.errand),
            home: done.seat,
            holder: done.seat,
            offered: None,
            stage: String::new(),
            // Every report of the demo names a building or a grid.
            level: "grid".to_owned(),
            settled: None,
            returns: 0,
            reopens: 0,
            offers: Offers::default(),
            photo: done.photo.clone(),
            units: Vec::new(),
            results: BTreeSet::new(),
            records: Vec::new(),
            department: false,
        }
    }

    /// Takes an act in; gives the seats whose nodes then act by themselves, once for each record.
    fn take(&mut self, done: &Done, plan: &Plan, practice: &Practice) -> Vec<usize> {
        self.records.push((done.seat, done.record.clone()));
        self.move_on(done, plan, practice);
        match done.act.as_str() {
            "settle_on_spot" => self.settled = Some(self.level.clone()),
            "hand_up" => self.level = practice.level_above(&self.level),
            "return" => self.returns += 1,
            "handle" if self.department => self.settled = Some(DEPARTMENT.to_owned()),
            "handle" => self.settled = Some(self.level.clone()),
            "reopen" => {
                self.settled = None;
                self.reopens += 1;
            }
            "whistle" => {
                self.units = plan.units_of(done.seat);
                self.results.clear();
            }
            "unit_result" => {
                self.department = true;
                self.results.insert(done.seat);
            }
            "escalate" => {
                self.offers.up += 1;
                self.offered = plan.seats()[done.seat].parent;
            }
            "refuse_custody" => {
                self.offers.refused += 1;
                self.offered = None;
            }
            "accept_custody" => self.arrive(done.seat, plan, practice),
            "send_home" => return self.go_home(done.seat, plan, practice),
            // They say something and move no more than the stage.
            _ => {}
        }
        Vec::new()
    }

    /// To the stage that the policy of the acting node names.
    fn move_on(&mut self, done: &Done, plan: &Plan, practice: &Practice) {
        let policy = practice.policy_of(plan.seats()[done.seat].part);
        let act = ActKind::ALL.iter().find(|act| act.key() == done.act);
        let Some(rule) = act.and_then(|act| policy.rule(*act)) else { return };
        let no = done.solved == Some(false);
        let to = if no { rule.otherwise.as_ref() } else { rule.to.as_ref() };
        if let Some(to) = to {
            self.stage.clone_from(to);
        }
    }

    fn arrive(&mut self, seat: usize, plan: &Plan, practice: &Practice) {
        let part = plan.seats()[seat].part;
        self.offers.accepted += 1;
        (self.holder, self.offered) = (seat, None);
        self.stage.clone_from(&practice.policy_of(part).custody.arrived);
        self.level = Practice::level(part).to_owned();
    }

    /// Going home, every node on the way takes the case and passes it on by itself.
    fn go_home(&mut self, from: usize, plan: &Plan, practice: &Practice) -> Vec<usize> {
        let part = plan.seats()[self.home].part;
        self.offers.home += 1;
        self.stage.clone_from(&practice.policy_of(part).custody.returned);
        (self.level, self.holder) = (Practice::level(part).to_owned(), self.home);
        let mut alone = vec![self.home];
        let mut above = plan.seats()[self.home].parent;
        while let Some(seat) = above.filter(|seat| *seat != from) {
            alone.extend([seat, seat]);
            above = plan.seats()[seat].parent;
        }
        alone
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::practice::USUAL;

    fn entries(acts: &[(usize, &str)]) -> Vec<Entry> {
        let done = |(index, (seat, act)): (usize, &(usize, &str))| {
            let (act, solved) = match *act {
                "solved" => ("verify", Some(true)),
                "unsolved" => ("verify", Some(false)),
                other => (other, None),
            };
            Entry::Done(Done {
                day: 0,
                errand: 0,
                step: index.to_string(),
                seat: *seat,
                act: act.to_owned(),
                solved,
                record: index.to_string(),
                case: "case".to_owned(),
                number: None,
                code: None,
                photo: None,
            })
        };
        acts.iter().enumerate().map(done).collect()
    }

    fn book(acts: &[(usize, &str)]) -> (Book, CaseState) {
        let book =
            Book::of(&entries(acts), &Plan::of(8).unwrap(), &Practice::named(USUAL).unwrap());
        let case = book.cases["case"].clone();
        (book, case)
    }

    #[test]
    fn a_case_settled_on_the_spot_is_the_grids() {
        let (book, case) =
            book(&[(3, "report"), (3, "settle_on_spot"), (3, "solved"), (3, "close")]);
        assert_eq!((case.stage.as_str(), case.settled.as_deref()), ("closed", Some("grid")));
        assert_eq!(book.records, BTreeMap::from([(3, 4)]));
    }

    #[test]
    fn a_case_that_units_dealt_with_is_the_departments_and_comes_home_by_itself() {
        let (book, case) = book(&[
            (3, "report"),
            (3, "hand_up"),
            (3, "escalate"),
            (1, "refuse_custody"),
            (3, "escalate"),
            (1, "accept_custody"),
            (1, "whistle"),
            (6, "report_in"),
            (6, "unit_result"),
            (1, "handle"),
            (1, "send_home"),
        ]);
        assert!(case.is_held_by(3) && !case.is_held_by(1));
        assert!(!case.awaits(6) && case.awaits(7), "one unit has done its part");
        assert_eq!(
            (case.stage.as_str(), case.settled.as_deref(), case.level.as_str()),
            ("verifying", Some("department"), "community")
        );
        assert_eq!(case.offers, Offers { up: 2, accepted: 1, refused: 1, home: 1 });
        assert_eq!((case.holder, case.units), (3, vec![6, 7]));
        // Four of its own and the node's own taking it home.
        assert_eq!(book.records, BTreeMap::from([(1, 5), (3, 5), (6, 2)]));
    }

    #[test]
    fn from_the_county_it_passes_through_the_street_both_ways() {
        let (book, case) = book(&[
            (3, "report"),
            (3, "escalate"),
            (1, "accept_custody"),
            (1, "escalate"),
            (0, "accept_custody"),
            (0, "handle"),
            (0, "send_home"),
        ]);
        assert_eq!((case.settled.as_deref(), case.holder), (Some("county"), 3));
        assert_eq!(book.records, BTreeMap::from([(0, 3), (1, 4), (3, 3)]));
        assert_eq!(book.offers(), Offers { up: 2, accepted: 2, refused: 0, home: 1 });
    }

    #[test]
    fn while_it_is_offered_nobody_holds_it_and_whoever_is_asked_knows_it() {
        let offered = [(3, "report"), (3, "hand_up"), (3, "escalate")];
        let case = book(&offered).1;
        assert!(!case.is_held_by(3) && !case.is_held_by(1) && case.is_known_to(1));
        let refused = [offered.as_slice(), &[(1, "refuse_custody")]].concat();
        assert!(book(&refused).1.is_held_by(3));
    }

    #[test]
    fn what_is_not_solved_or_taken_up_again_is_open() {
        let unsolved = [(3, "report"), (3, "settle_on_spot"), (3, "unsolved")];
        assert_eq!(book(&unsolved).1.stage, "accepted");
        let again =
            [(3, "report"), (3, "settle_on_spot"), (3, "solved"), (3, "close"), (3, "reopen")];
        let case = book(&again).1;
        assert_eq!((case.stage.as_str(), case.settled, case.reopens), ("accepted", None, 1));
    }
}
