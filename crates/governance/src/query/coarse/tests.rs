use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use record::NodeId;

use super::*;
use crate::certificate::sample::NOW;
use crate::query::sample::{HOUR, fact, matter};
use crate::query::{Fact, Metric, Seat};

const K: u8 = 5;

fn me() -> NodeId {
    NodeId::from_bytes([1; 32])
}

fn seat() -> Seat {
    Seat { node: me(), area: "341021100001".parse().unwrap() }
}

/// Cases over some hundred hours, of some categories and channels, a part of them closed.
fn facts(rng: &mut StdRng, count: usize) -> Vec<Fact> {
    let made = |rng: &mut StdRng| {
        let opened = NOW.minus(HOUR * rng.random_range(1..200));
        let closed = rng.random_bool(0.6).then(|| opened.plus(HOUR * rng.random_range(1..9)));
        Fact {
            opened,
            closed,
            answered: closed,
            category: Some(format!("0{}", rng.random_range(1..6))),
            channel: ["hotline", "resident", "grid_worker"][rng.random_range(0..3)].into(),
            ..fact(me())
        }
    };
    (0..count).map(|_| made(rng)).collect()
}

fn question(rng: &mut StdRng) -> Matter {
    let groupings =
        [Grouping::None, Grouping::Category, Grouping::Channel, Grouping::Stage, Grouping::Month];
    let metric = Metric::ALL[rng.random_range(0..Metric::ALL.len())];
    let grouping = groupings[rng.random_range(0..groupings.len())];
    let from = NOW.minus(HOUR * rng.random_range(2..220));
    let until = from.plus(HOUR * rng.random_range(1..240));
    Matter { from, until, ..matter(metric, grouping) }
}

/// Every number that an answer tells, and zero, which is told by being left out.
fn numbers(tally: &Tally) -> Vec<u64> {
    let mut all = vec![0];
    for (_, cell) in tally.iter() {
        all.extend([cell.count, cell.yes, cell.sum, cell.times.count()]);
        all.extend(cell.times.buckets().map(|(_, count)| count));
    }
    all.push(tally.sum().count);
    all
}

/// S9: whoever asks what they like can't come at fewer than five cases by subtracting.
#[test]
fn s9_no_two_answers_of_ten_thousand_pairs_differ_by_one_to_four() {
    let mut rng = StdRng::seed_from_u64(9);
    let mut told = 0;
    for round in 0..20 {
        let facts = facts(&mut rng, 10 + 7 * round);
        for _ in 0..500 {
            let [one, two] = [question(&mut rng), question(&mut rng)].map(|matter| {
                let exact = Tally::from_facts(&matter, &seat(), &facts, NOW);
                numbers(&exact.in_steps(&matter, K))
            });
            for a in &one {
                for b in &two {
                    assert!(!(1..u64::from(K)).contains(&a.abs_diff(*b)), "{a} and {b}");
                }
            }
            told += usize::from(one.iter().any(|number| *number > 0));
        }
    }
    assert!(told > 2_000, "the answers do tell something: {told}");
}

/// Without steps there are such pairs: the test above can fail.
#[test]
fn s9_exact_answers_do_differ_by_one_to_four() {
    let mut rng = StdRng::seed_from_u64(9);
    let facts = facts(&mut rng, 60);
    let found = (0..500).any(|_| {
        let [one, two] = [question(&mut rng), question(&mut rng)]
            .map(|matter| Tally::from_facts(&matter, &seat(), &facts, NOW).sum().count);
        (1..u64::from(K)).contains(&one.abs_diff(two))
    });
    assert!(found);
}

fn any_matter() -> impl Strategy<Value = Matter> {
    let groupings = vec![Grouping::None, Grouping::Category, Grouping::Child, Grouping::Channel];
    (select(Metric::ALL), select(groupings)).prop_map(|(metric, grouping)| matter(metric, grouping))
}

fn any_cell() -> impl Strategy<Value = (u64, u64, u64, Vec<u64>)> {
    (1_u64..60, any::<u64>(), any::<u64>(), vec(1_u64..10_000_000, 60))
}

/// A cell that the metric could have counted.
fn cell(matter: &Matter, (count, yes, sum, durations): &(u64, u64, u64, Vec<u64>)) -> Cell {
    let mut cell = Cell { count: *count, ..Cell::default() };
    match matter.metric.measure() {
        Measure::Count => {}
        Measure::Times => {
            let some = usize::try_from(*count).unwrap();
            durations.iter().take(some).for_each(|millis| cell.times.record(*millis));
        }
        Measure::Share => cell.yes = yes % (count + 1),
        Measure::Events => {
            cell.yes = yes % (count + 1);
            cell.sum = if cell.yes == 0 { 0 } else { cell.yes + sum % 9 };
        }
        Measure::Points => cell.sum = count + sum % (4 * count + 1),
    }
    cell
}

proptest! {
    /// An answer in steps is one that could have been counted, in multiples alone, and lacks fewer
    /// than five cases.
    #[test]
    fn s9_steps_keep_the_form_and_lose_less_than_one_step(
        matter in any_matter(),
        cells in vec(any_cell(), 1..12),
        k in 2_u8..12,
    ) {
        let single = matches!(matter.grouping, Grouping::None | Grouping::Child);
        let mut exact = Tally::default();
        for (at, made) in cells.iter().enumerate().take(if single { 1 } else { 12 }) {
            let code = if single { Group::All } else { Group::of(Some(&format!("c{at}"))) };
            exact.put(code, cell(&matter, made));
        }
        prop_assert!(exact.check(&matter).is_ok());
        let coarse = exact.in_steps(&matter, k);
        prop_assert!(coarse.check(&matter).is_ok(), "{:?}", coarse);
        let step = u64::from(k);
        prop_assert!(numbers(&coarse).iter().all(|number| number % step == 0), "{:?}", coarse);
        let (all, told) = (exact.sum().count, coarse.sum().count);
        prop_assert!(told <= all && all - told < step);
        prop_assert_eq!(exact.in_steps(&matter, 0), exact.clone());
        let again = coarse.in_steps(&matter, k);
        prop_assert_eq!(again.sum().count, told);
    }
}

#[test]
fn an_answer_of_fewer_than_a_step_tells_nothing() {
    let facts: Vec<Fact> = (0..4).map(|_| fact(me())).collect();
    let matter = matter(Metric::Received, Grouping::Channel);
    let exact = Tally::from_facts(&matter, &seat(), &facts, NOW);
    assert!(!exact.is_empty() && exact.in_steps(&matter, K).is_empty());
}

/// S8: every text in an answer is one out of a list, a code of a form that holds no words, or an id.
#[test]
fn s8_nothing_in_an_answer_can_hold_free_text() {
    for words in ["张三 13900001234", "住户反映", "a b", "a\nb", "<b>", "", &"x".repeat(33)] {
        assert!(words.parse::<Group>().is_err(), "{words:?}");
        assert_ne!(Group::of(Some(words)).to_string(), words);
    }
    // What an answer is made of: changing it means saying here why that holds no words either.
    let question = crate::query::sample::question(
        &crate::certificate::sample::top(1, "county", "341021"),
        matter(Metric::Received, Grouping::Channel),
    );
    let exact = Tally::from_facts(&question.matter, &seat(), &[fact(me())], NOW);
    let log = crate::query::LogState { epoch: 0, size: 1, root: record::Hash::ZERO };
    let answer = crate::query::Answer::new(&question, me(), log, NOW, exact, Vec::new());
    let crate::query::Answer {
        version: _,
        question: _,
        matter: Matter { metric: _, grouping: _, from: _, until: _, area: _ },
        node: _,
        log: _,
        answered_at: _,
        tally,
        children: _,
        step: _,
    } = answer;
    for (group, cell) in tally.iter() {
        assert!(group.to_string().parse::<Group>().is_ok());
        let Cell { count: _, yes: _, sum: _, times: _ } = cell;
    }
}
