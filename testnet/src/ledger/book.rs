//! What the ledger adds up to: where every case must stand, and how many records every node must
//! have. Reckoned from the receipts and the policy's stages alone, without asking any node.

use std::collections::BTreeMap;

use super::{Done, Entry};
use crate::plan::{Part, Plan};

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
    /// Stage of the policy.
    pub stage: &'static str,
    /// Level that is responsible.
    pub level: &'static str,
    /// Level at which it was settled.
    pub settled: Option<&'static str>,
    /// How often it was given back.
    pub returns: u64,
    /// How often it was taken up again.
    pub reopens: u64,
    /// How custody moved.
    pub offers: Offers,
    /// Seats of the units called.
    pub units: Vec<usize>,
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
    /// Records about cases that each seat must have signed, those of the node itself included.
    pub records: BTreeMap<usize, u64>,
    /// Acts by kind.
    pub acts: BTreeMap<String, u64>,
}

impl Book {
    /// Adds the ledger up. An act on a case that was never reported counts for nothing.
    #[must_use]
    pub fn of(entries: &[Entry], plan: &Plan) -> Self {
        let mut book = Self::default();
        for entry in entries {
            match entry {
                Entry::Done(done) => book.take(done, plan),
                Entry::Day(_)
                | Entry::Befell { .. }
                | Entry::Asked(_)
                | Entry::Alone { .. }
                | Entry::Over { .. } => {}
            }
        }
        book
    }

    fn take(&mut self, done: &Done, plan: &Plan) {
        if done.act == "report" {
            self.cases.insert(done.case.clone(), CaseState::reported(done));
        }
        let Some(case) = self.cases.get_mut(&done.case) else { return };
        let alone = case.take(done, plan);
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
    fn reported(done: &Done) -> Self {
        Self {
            id: done.case.clone(),
            number: done.number.clone().unwrap_or_default(),
            errand: (done.day, done.errand),
            home: done.seat,
            holder: done.seat,
            stage: "reported",
            // Every report of the demo names a building or a grid.
            level: "grid",
            settled: None,
            returns: 0,
            reopens: 0,
            offers: Offers::default(),
            units: Vec::new(),
            records: Vec::new(),
            department: false,
        }
    }

    /// Takes an act in; gives the seats whose nodes then act by themselves, once for each record.
    fn take(&mut self, done: &Done, plan: &Plan) -> Vec<usize> {
        self.records.push((done.seat, done.record.clone()));
        match done.act.as_str() {
            "accept" => self.stage = "accepted",
            "refuse" => self.stage = "refused",
            "settle_on_spot" => self.settle(self.level),
            "hand_up" => (self.stage, self.level) = ("accepted", "community"),
            "dispatch" => self.stage = "dispatched",
            "take" => self.stage = "handling",
            "return" => {
                self.stage = "accepted";
                self.returns += 1;
            }
            "handle" => self.settle(if self.department { "department" } else { self.level }),
            "verify" if done.solved == Some(false) => self.stage = "accepted",
            "verify" => self.stage = "verified",
            "close" => self.stage = "closed",
            "reopen" => {
                (self.stage, self.settled) = ("accepted", None);
                self.reopens += 1;
            }
            "whistle" => {
                self.stage = "handling";
                self.units = plan.units_of(done.seat);
            }
            "unit_result" => self.department = true,
            "escalate" => self.offers.up += 1,
            "refuse_custody" => self.offers.refused += 1,
            "accept_custody" => {
                self.offers.accepted += 1;
                (self.holder, self.stage) = (done.seat, "accepted");
                self.level = level(plan, done.seat);
            }
            "send_home" => return self.go_home(done.seat, plan),
            // They say something and move nothing: triage, progress, report_in.
            _ => {}
        }
        Vec::new()
    }

    fn settle(&mut self, level: &'static str) {
        (self.stage, self.settled) = ("verifying", Some(level));
    }

    /// Going home, every node on the way takes the case and passes it on by itself.
    fn go_home(&mut self, from: usize, plan: &Plan) -> Vec<usize> {
        self.offers.home += 1;
        (self.stage, self.level, self.holder) = ("verifying", level(plan, self.home), self.home);
        let mut alone = vec![self.home];
        let mut above = plan.seats()[self.home].parent;
        while let Some(seat) = above.filter(|seat| *seat != from) {
            alone.extend([seat, seat]);
            above = plan.seats()[seat].parent;
        }
        alone
    }
}

fn level(plan: &Plan, seat: usize) -> &'static str {
    match plan.seats()[seat].part {
        Part::County => "county",
        Part::Street | Part::Unit => "township",
        Part::Community => "community",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            })
        };
        acts.iter().enumerate().map(done).collect()
    }

    fn book(acts: &[(usize, &str)]) -> (Book, CaseState) {
        let book = Book::of(&entries(acts), &Plan::of(8).unwrap());
        let case = book.cases["case"].clone();
        (book, case)
    }

    #[test]
    fn a_case_settled_on_the_spot_is_the_grids() {
        let (book, case) =
            book(&[(3, "report"), (3, "settle_on_spot"), (3, "solved"), (3, "close")]);
        assert_eq!((case.stage, case.settled), ("closed", Some("grid")));
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
        assert_eq!(
            (case.stage, case.settled, case.level),
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
        assert_eq!((case.settled, case.holder), (Some("county"), 3));
        assert_eq!(book.records, BTreeMap::from([(0, 3), (1, 4), (3, 3)]));
        assert_eq!(book.offers(), Offers { up: 2, accepted: 2, refused: 0, home: 1 });
    }

    #[test]
    fn what_is_not_solved_or_taken_up_again_is_open() {
        let unsolved = [(3, "report"), (3, "settle_on_spot"), (3, "unsolved")];
        assert_eq!(book(&unsolved).1.stage, "accepted");
        let again =
            [(3, "report"), (3, "settle_on_spot"), (3, "solved"), (3, "close"), (3, "reopen")];
        let case = book(&again).1;
        assert_eq!((case.stage, case.settled, case.reopens), ("accepted", None, 1));
    }
}
