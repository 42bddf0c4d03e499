mod lies;

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use record::{Signed, Statement, Subject};

use super::*;
use crate::certificate::sample::{NOW, Node, federation, top};
use crate::query::sample::{HOUR, fact, matter, question};
use crate::query::{Fact, LogState, MAX_CHILDREN, Matter, Metric, Tally};

/// A county over two townships, the first over two communities.
struct County {
    county: Node,
    north: Node,
    south: Node,
    first: Node,
    second: Node,
}

fn county() -> County {
    let county = top(1, "county", "341021");
    let north = county.child(2, "township", "341021100");
    let south = county.child(3, "township", "341021101");
    let first = north.child(4, "community", "341021100001");
    let second = north.child(5, "community", "341021100002");
    County { county, north, south, first, second }
}

impl County {
    fn question(&self, grouping: Grouping) -> Question {
        question(&self.county, matter(Metric::Open, grouping))
    }

    /// The north township's answer with what it says of its communities.
    fn north_with(&self, question: &Question, children: Vec<ChildAnswer>) -> Signed<Answer> {
        self.north.answer(question, &cases(&self.north, 2), children)
    }

    /// Everybody's honest answer: county 1, north 2, south 4, communities 8 and 16 cases.
    fn honest(&self, question: &Question) -> Signed<Answer> {
        let first = self.first.answer(question, &cases(&self.first, 8), vec![]);
        let second = self.second.answer(question, &cases(&self.second, 16), vec![]);
        let north = self
            .north_with(question, vec![self.first.answered(&first), self.second.answered(&second)]);
        self.county_with(question, vec![self.north.answered(&north), self.answered_south(question)])
    }

    fn answered_south(&self, question: &Question) -> ChildAnswer {
        self.south.answered(&self.south.answer(question, &cases(&self.south, 4), vec![]))
    }

    fn county_with(&self, question: &Question, children: Vec<ChildAnswer>) -> Signed<Answer> {
        self.county.answer(question, &cases(&self.county, 1), children)
    }

    /// The total where `first` stands like this in the north's answer, and all else is honest.
    fn total_with(&self, question: &Question, first: ChildAnswer) -> Total {
        let second = self.second.answer(question, &cases(&self.second, 16), vec![]);
        let north = self.north_with(question, vec![first, self.second.answered(&second)]);
        let children = vec![self.north.answered(&north), self.answered_south(question)];
        self.read(question, &self.county_with(question, children)).unwrap()
    }

    fn read(&self, question: &Question, answer: &Signed<Answer>) -> Result<Total, AnswerError> {
        total(question, answer, &self.county.standing, NOW, |_, _| true)
    }
}

fn cases(node: &Node, count: usize) -> Vec<Fact> {
    vec![fact(node.id()); count]
}

fn count(total: &Total) -> u64 {
    total.so_far().sum().count
}

fn names(lines: &[Line]) -> Vec<&str> {
    lines.iter().map(|line| line.name.as_deref().unwrap_or("?")).collect()
}

/// The one line of `invalid`, when all but the first community's 8 cases were counted.
#[track_caller]
fn only_fault(total: &Total) -> (&str, Option<&str>) {
    assert_eq!(count(total), 23);
    assert_eq!(total.complete(), None);
    let [line] = total.completeness().invalid.as_slice() else { panic!("one line is invalid") };
    (line.fault.unwrap(), line.name.as_deref())
}

#[test]
fn an_honest_tree_gives_a_complete_total_with_names() {
    let c = county();
    let question = c.question(Grouping::None);
    let total = c.read(&question, &c.honest(&question)).unwrap();
    assert_eq!(total.complete().unwrap().get(&Group::All).unwrap().count, 31);
    let answered = &total.completeness().answered;
    let expected = ["county 1", "township 2", "community 4", "community 5", "township 3"];
    let mut expected = expected.to_vec();
    let mut named = names(answered);
    named.sort_unstable();
    expected.sort_unstable();
    assert_eq!(named, expected);
    assert_eq!(answered[0].under, None);
    let community = answered.iter().find(|line| line.node == c.first.id()).unwrap();
    assert_eq!(community.under, Some(c.north.id()));
}

#[test]
fn by_child_is_by_branch_of_the_node_asked_first() {
    let c = county();
    let question = c.question(Grouping::Child);
    let total = c.read(&question, &c.honest(&question)).unwrap();
    let expected = [(&c.county, 1), (&c.north, 26), (&c.south, 4)];
    let expected: BTreeMap<_, _> =
        expected.into_iter().map(|(node, count)| (Group::Node(node.id()), count)).collect();
    let counted = total.complete().unwrap().iter();
    assert_eq!(
        counted.map(|(group, cell)| (group.clone(), cell.count)).collect::<BTreeMap<_, _>>(),
        expected
    );
}

#[test]
fn under_a_node_only_its_own_answer_counts_by_its_own_children() {
    let c = county();
    let question = c.question(Grouping::Child);
    let honest = c.honest(&question);
    let under = |answer: &Signed<Answer>, node: &Node| {
        let known = |_, _: &str| true;
        total_under(&question, answer, &c.county.standing, node.id(), NOW, known).unwrap()
    };
    let north = under(&honest, &c.north);
    let expected = [(&c.north, 2), (&c.first, 8), (&c.second, 16)];
    let expected: BTreeMap<_, _> =
        expected.into_iter().map(|(node, count)| (Group::Node(node.id()), count)).collect();
    let counted = north.complete().unwrap().iter();
    assert_eq!(
        counted.map(|(group, cell)| (group.clone(), cell.count)).collect::<BTreeMap<_, _>>(),
        expected
    );
    let mut answered = names(&north.completeness().answered);
    answered.sort_unstable();
    assert_eq!(answered, ["community 4", "community 5", "township 2"]);
    let parts: u64 = [&c.north, &c.south].map(|node| count(&under(&honest, node))).iter().sum();
    assert_eq!(parts + 1, count(&c.read(&question, &honest).unwrap()));
    assert_eq!(count(&under(&honest, &c.county)), 31);
    assert_eq!(count(&under(&honest, &c.second)), 16);
    // Who is missing elsewhere does not make this one's numbers partial.
    let north_alone = vec![
        c.north.answered(&c.north_with(&question, vec![])),
        c.south.entry(ChildState::Pending),
    ];
    let partial = c.county_with(&question, north_alone);
    assert!(!under(&partial, &c.north).is_partial());
    // A node that is missing, and one that may be below one that is, have no numbers.
    for node in [&c.south, &c.first] {
        let nothing = under(&partial, node);
        assert!(nothing.is_partial() && count(&nothing) == 0);
        assert_eq!(names(&nothing.completeness().pending), ["township 3"]);
    }
}

#[test]
fn what_is_missing_is_named_and_a_partial_gives_no_total() {
    let c = county();
    let question = c.question(Grouping::None);
    for (state, list) in [
        (ChildState::Pending, "pending"),
        (ChildState::Refused, "refused"),
        (ChildState::Omitted, "omitted"),
    ] {
        let total = c.total_with(&question, c.first.entry(state));
        assert!(total.is_partial() && total.complete().is_none());
        assert_eq!(count(&total), 23);
        let lists = serde_json::to_value(total.completeness()).unwrap();
        for name in ["pending", "refused", "omitted", "stale", "invalid"] {
            let expected = usize::from(name == list);
            assert_eq!(lists[name].as_array().unwrap().len(), expected, "{name} of {list}");
        }
        assert_eq!(lists[list][0]["name"], "community 4");
        assert_eq!(lists[list][0]["under"], c.north.id().to_string());
    }
}

#[test]
fn an_older_answer_counts_as_stale_with_its_age_and_so_do_those_inside_it() {
    let c = county();
    let question = c.question(Grouping::None);
    let older = Question { id: Subject::from_bytes([9; 16]), ..question.clone() };
    let first = c.first.answer(&older, &cases(&c.first, 8), vec![]);
    let tally = Tally::from_facts(&older.matter, &c.north.seat(), cases(&c.north, 2), NOW);
    let log = LogState { epoch: 0, size: 1, root: record::Hash::ZERO };
    let children = vec![c.first.answered(&first), c.second.entry(ChildState::Pending)];
    let north = Answer::new(&older, c.north.id(), log, NOW.minus(HOUR), tally, children);
    let north = north.sign(&c.north.key, &federation()).unwrap();
    let stale = ChildState::Stale { answer: north.bytes().clone() };
    let children = vec![c.north.entry(stale), c.answered_south(&question)];
    let total = c.read(&question, &c.county_with(&question, children)).unwrap();
    assert_eq!(count(&total), 15);
    assert!(total.complete().is_none());
    let stale = &total.completeness().stale;
    assert_eq!(names(stale), ["township 2", "community 4"]);
    assert_eq!(stale[0].age_ms, Some(3_600_000));
    assert_eq!(names(&total.completeness().pending), ["community 5"]);
    // The same bytes passed off as an answer to this question are not.
    let children = vec![c.north.answered(&north), c.answered_south(&question)];
    let total = c.read(&question, &c.county_with(&question, children)).unwrap();
    assert_eq!(count(&total), 5);
    assert_eq!(total.completeness().invalid[0].fault, Some("answers another question"));
}

#[test]
fn what_does_not_fit_into_a_message_is_left_out_by_name() {
    let c = county();
    let question = c.question(Grouping::None);
    let large = ChildState::Answered { answer: vec![0; 1_500_000].into() };
    let small = c.second.answer(&question, &cases(&c.second, 16), vec![]);
    let children = vec![c.first.entry(large), c.second.answered(&small)];
    let north = c.north_with(&question, children);
    assert!(north.bytes().len() > 1_500_000, "it fits, so it stays");
    let south = ChildState::Answered { answer: vec![0; 1_000_000].into() };
    let county = c.county_with(&question, vec![c.north.answered(&north), c.south.entry(south)]);
    assert!(county.bytes().len() < Answer::LIMITS.bytes);
    let total = c.read(&question, &county).unwrap();
    assert_eq!(names(&total.completeness().omitted), ["township 2"]);
}

#[test]
fn a_tally_merged_from_parts_still_fits_into_an_answer() {
    let c = county();
    let question = c.question(Grouping::Category);
    let part = |from: usize| -> Vec<_> {
        let category = |number| Some(format!("c{number}"));
        (from..from + 900).map(|n| Fact { category: category(n), ..fact(c.first.id()) }).collect()
    };
    let count = |facts| Tally::from_facts(&question.matter, &c.first.seat(), facts, NOW);
    let mut tally = count(part(0));
    tally.merge(&count(part(900)));
    let log = LogState { epoch: 0, size: 1, root: record::Hash::ZERO };
    let answer = Answer::new(&question, c.first.id(), log, NOW, tally, vec![]);
    assert_eq!(answer.tally.sum().count, 1_800);
    assert!(answer.sign(&c.first.key, &federation()).is_ok());
}

#[test]
fn an_answer_of_bad_form_is_not_signed() {
    let c = county();
    let question = c.question(Grouping::None);
    let good = c.first.answer(&question, &cases(&c.first, 8), vec![]).into_value();
    let entry = |number: usize| ChildAnswer {
        node: NodeId::from_bytes(
            [(number / 256) as u8 + 1, (number % 256) as u8].repeat(16).try_into().unwrap(),
        ),
        certificate: Arc::from([0; 8]),
        state: ChildState::Pending,
    };
    let many: Vec<_> = (0..=MAX_CHILDREN).map(entry).collect();
    for children in [
        vec![entry(1), entry(1)],
        vec![entry(2), entry(1)],
        vec![c.first.entry(ChildState::Pending)],
        many.clone(),
    ] {
        let bad = Answer { children, ..good.clone() };
        assert!(bad.sign(&c.first.key, &federation()).is_err());
    }
    let most = Answer { children: many[..MAX_CHILDREN].to_vec(), ..good.clone() };
    assert!(most.sign(&c.first.key, &federation()).is_ok());
    let later = Answer { version: 2, ..good };
    assert!(later.sign(&c.first.key, &federation()).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// However cases are spread, and whoever else holds a copy, each is counted once: at home.
    #[test]
    fn the_total_is_the_number_of_cases_whoever_holds_them(
        homes in proptest::collection::vec((0_usize..5, any::<[bool; 5]>()), 0..60),
    ) {
        let c = county();
        let nodes = [&c.county, &c.north, &c.south, &c.first, &c.second];
        let question = c.question(Grouping::Child);
        let held = |at: usize| -> Vec<Fact> {
            let here = homes.iter().filter(|(home, copies)| *home == at || copies[at]);
            here.map(|(home, _)| fact(nodes[*home].id())).collect()
        };
        let first = c.first.answer(&question, &held(3), vec![]);
        let second = c.second.answer(&question, &held(4), vec![]);
        let children = vec![c.first.answered(&first), c.second.answered(&second)];
        let north = c.north.answer(&question, &held(1), children);
        let south = c.south.answer(&question, &held(2), vec![]);
        let children = vec![c.north.answered(&north), c.south.answered(&south)];
        let answer = c.county.answer(&question, &held(0), children);
        let total = c.read(&question, &answer).unwrap();
        prop_assert_eq!(total.complete().unwrap().sum().count, homes.len() as u64);
    }
}
