use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use record::NodeId;

use super::*;
use crate::act::Rate;
use crate::case::{Callback, Counts};
use crate::certificate::sample::NOW;
use crate::change::Phase;
use crate::query::sample::{HOUR, fact, matter};
use crate::query::{Call, LeftOut, Metric, Scored, Turn};

fn me() -> NodeId {
    NodeId::from_bytes([1; 32])
}

fn seat() -> Seat {
    Seat { node: me(), area: "341021100001".parse().unwrap() }
}

fn tally(matter: &Matter, facts: &[Fact]) -> Tally {
    Tally::from_facts(matter, &seat(), facts, NOW)
}

fn counts(tally: &Tally) -> Vec<(String, u64)> {
    tally.iter().map(|(group, cell)| (group.to_string(), cell.count)).collect()
}

fn merged(a: &Tally, b: &Tally) -> Tally {
    let mut sum = a.clone();
    sum.merge(b);
    sum
}

#[test]
fn each_metric_counts_what_it_says() {
    let mine = fact(me());
    let (late, later) = (NOW.minus(HOUR / 2), NOW.plus(HOUR));
    let facts = [
        Fact { due: Some(late), ..mine.clone() },
        Fact { due: Some(later), answered: Some(late), ..mine.clone() },
        Fact { due: Some(late), closed: Some(NOW), answered: Some(NOW), ..mine.clone() },
        Fact { phase: Phase::Refused, due: Some(late), ..mine },
    ];
    let sum = |metric| tally(&matter(metric, Grouping::None), &facts).sum();
    assert_eq!(sum(Metric::Received).count, 4);
    assert_eq!(sum(Metric::Closed).count, 1);
    assert_eq!(sum(Metric::Open).count, 2, "neither closed nor refused");
    assert_eq!(sum(Metric::Overdue).count, 1, "closed cases are not overdue");
    assert_eq!(sum(Metric::TimeToAnswer).count, 2);
    let half = sum(Metric::TimeToAnswer).times.median().unwrap();
    assert!(half.abs_diff(1_800_000) < 18_000, "{half} is about half an hour");
    assert_eq!(sum(Metric::TimeToClose).times.count(), 1);
    assert!(sum(Metric::Received).times.is_empty());
}

#[test]
fn a_case_with_which_nothing_was_done_for_ten_days_is_asleep_unless_it_was_put_off() {
    let day = HOUR * 24;
    let opened = NOW.minus(day * 30);
    let since = |days: u32| Fact { opened, moved: NOW.minus(day * days), ..fact(me()) };
    let facts = [
        since(9),
        since(10),
        Fact { moved: NOW.minus(day * 10 + HOUR), ..since(10) },
        Fact { phase: Phase::Suspended, ..since(20) },
        Fact { closed: Some(NOW.minus(day)), ..since(20) },
    ];
    let wide = Matter { from: opened, ..matter(Metric::Sleeping, Grouping::None) };
    let sum = tally(&wide, &facts).sum();
    assert_eq!((sum.count, sum.yes), (3, 1));
}

#[test]
fn the_range_holds_its_first_moment_and_not_its_last() {
    let opened = fact(me()).opened;
    let in_range = |from, until| {
        let matter = Matter { from, until, ..matter(Metric::Received, Grouping::None) };
        tally(&matter, &[fact(me())]).sum().count
    };
    assert_eq!(in_range(opened, NOW), 1);
    assert_eq!(in_range(opened.plus(HOUR / 3_600_000), NOW), 0);
    assert_eq!(in_range(opened.minus(HOUR), opened), 0);
}

#[test]
fn a_case_is_counted_at_home_and_nowhere_else() {
    let elsewhere = NodeId::from_bytes([2; 32]);
    let facts = [fact(me()), fact(elsewhere)];
    for metric in [Metric::Received, Metric::Open] {
        assert_eq!(tally(&matter(metric, Grouping::None), &facts).sum().count, 1);
    }
}

#[test]
fn grids_outside_the_nodes_area_count_as_none() {
    let grid = |code: &str| Fact { grid: Some(code.parse().unwrap()), ..fact(me()) };
    let facts = [grid("341021100001001"), grid("341021999001001"), fact(me())];
    let by_grid = tally(&matter(Metric::Open, Grouping::Grid), &facts);
    assert_eq!(counts(&by_grid), [("341021100001001".into(), 1), ("-".into(), 2)]);
}

#[test]
fn the_area_asked_for_limits_what_is_counted() {
    let grid = |code: &str| Fact { grid: Some(code.parse().unwrap()), ..fact(me()) };
    let facts = [grid("341021100001001"), grid("341021100001002"), fact(me())];
    let in_area = |area: &str| {
        let area = Some(area.parse().unwrap());
        tally(&Matter { area, ..matter(Metric::Open, Grouping::None) }, &facts).sum().count
    };
    assert_eq!(in_area("341021100001001"), 1);
    assert_eq!(in_area("341021100001"), 3, "a case without a grid lies in the node's area");
    assert_eq!(in_area("341021"), 3);
    assert_eq!(in_area("341022"), 0);
}

#[test]
fn more_groups_than_fit_are_counted_together_and_none_is_lost() {
    let category = |number: usize| Some(format!("c{number:05}"));
    let facts: Vec<_> =
        (0..MAX_GROUPS + 500).map(|n| Fact { category: category(n), ..fact(me()) }).collect();
    let matter = matter(Metric::Open, Grouping::Category);
    let tally = tally(&matter, &facts);
    assert_eq!(tally.len(), MAX_GROUPS);
    assert_eq!(tally.sum().count, facts.len() as u64);
    assert_eq!(tally.get(&Group::Other).unwrap().count, 501);
    assert!(tally.check(&matter).is_ok());
}

#[test]
fn free_text_in_a_code_never_gets_into_a_tally() {
    let canary = "张三 13800001111";
    let hostile = Fact {
        stage: canary.into(),
        channel: canary.into(),
        category: Some(canary.into()),
        level_settled: Some(canary.into()),
        ..fact(me())
    };
    for grouping in Grouping::ALL.iter().copied() {
        let tally = tally(&matter(Metric::Open, grouping), std::slice::from_ref(&hostile));
        assert_eq!(tally.sum().count, 1);
        assert!(!serde_json::to_string(&tally).unwrap().contains("138"));
    }
}

#[test]
fn numbers_that_do_not_fit_the_question_are_refused() {
    let open = matter(Metric::Open, Grouping::Stage);
    let cell = |count, times: &[u64]| {
        let mut histogram = Histogram::default();
        times.iter().for_each(|time| histogram.record(*time));
        Cell { count, times: histogram, ..Cell::default() }
    };
    let one = |group: Group, cell| Tally(BTreeMap::from([(group, cell)]));
    let stage = || Group::of(Some("handling"));
    assert!(one(stage(), cell(1, &[])).check(&open).is_ok());
    for bad in [
        one(Group::All, cell(1, &[])),
        one(Group::Node(me()), cell(1, &[])),
        one(stage(), cell(0, &[])),
        one(stage(), cell(MAX_COUNT + 1, &[])),
        one(stage(), cell(1, &[5])),
    ] {
        assert!(bad.check(&open).is_err());
    }
    let timed = matter(Metric::TimeToClose, Grouping::Child);
    assert!(one(Group::All, cell(2, &[5, 6])).check(&timed).is_ok());
    assert!(one(Group::All, cell(2, &[5])).check(&timed).is_err());
    assert!(one(stage(), cell(1, &[5])).check(&timed).is_err());
    let holds = |metric, (count, yes, sum)| {
        let cell = Cell { count, yes, sum, times: Histogram::default() };
        one(Group::All, cell).check(&matter(metric, Grouping::None)).is_ok()
    };
    assert!(holds(Metric::OnTime, (2, 2, 0)) && !holds(Metric::OnTime, (2, 3, 0)));
    assert!(holds(Metric::Returned, (2, 1, 3)) && !holds(Metric::Returned, (2, 2, 1)));
    assert!(!holds(Metric::Returned, (2, 0, 1)) && !holds(Metric::Received, (2, 1, 0)));
    assert!(holds(Metric::ScoredUnits, (2, 0, 10)) && !holds(Metric::ScoredUnits, (2, 0, 11)));
    assert!(!holds(Metric::ScoredUnits, (2, 0, 1)) && !holds(Metric::OnTime, (2, 1, 1)));
    let month = |code| one(Group::of(Some(code)), cell(1, &[]));
    let by_month = matter(Metric::Closed, Grouping::Month);
    assert!(month("2026-03").check(&by_month).is_ok());
    assert!(month("2026-3").check(&by_month).is_err());
}

fn at(by: i64) -> Timestamp {
    Timestamp::from_millis(NOW.millis() + by)
}

/// What happened on the way, at random.
fn some_course() -> impl Strategy<Value = Fact> {
    let when = || -7_200_000_i64..7_200_000;
    let maybe = move || option::of(when().prop_map(at));
    let flag = any::<bool>;
    let turn = (select(vec!["grid", "community"]), maybe(), maybe(), maybe(), flag()).prop_map(
        |(level, until, missed, due, clocked)| Turn {
            level: level.into(),
            until,
            missed,
            due,
            clocked,
        },
    );
    let unit = || (1_u8..4).prop_map(|unit| NodeId::from_bytes([unit; 32]));
    let call = (unit(), maybe(), maybe()).prop_map(|(unit, by, reported_in)| Call {
        unit,
        by,
        reported_in,
    });
    let score = (unit(), flag(), 1_u8..6, when())
        .prop_map(|(unit, by_unit, points, when)| Scored { unit, by_unit, points, at: at(when) });
    let rate = select(vec![Rate::Response, Rate::Solved, Rate::Satisfied]);
    let left_out = (rate, option::of(select(vec!["a", "张三"])), when(), flag()).prop_map(
        |(rate, ground, when, after_no)| LeftOut {
            rate,
            ground: ground.map(Into::into),
            at: at(when),
            after_no,
        },
    );
    let said = (when(), flag(), option::of(flag()), option::of(flag())).prop_map(
        |(when, reached, solved, satisfied)| Callback { at: at(when), reached, solved, satisfied },
    );
    let flags = (flag(), flag(), flag(), 0_u32..3, 0_u32..3);
    let lists = (vec(turn, 0..3), vec(call, 0..3), vec(score, 0..3), vec(left_out, 0..3));
    (lists, option::of(said), flags).prop_map(
        |((turns, calls, scores, exclusions), callback, flags)| {
            let (answered_in_time, trivial, unverified, returns, reopens) = flags;
            let counts = Counts { returns, reopens, ..Counts::default() };
            Fact {
                turns,
                calls,
                scores,
                exclusions,
                callback,
                answered_in_time,
                trivial,
                unverified,
                counts,
                ..fact(me())
            }
        },
    )
}

fn some_fact() -> impl Strategy<Value = Fact> {
    let code = || select(vec!["a", "b", "c", "张三"]);
    let moment = || {
        option::of(
            (-7_200_000_i64..7_200_000).prop_map(|by| Timestamp::from_millis(NOW.millis() + by)),
        )
    };
    let phases = vec![Phase::Intake, Phase::Handling, Phase::Closed, Phase::Refused];
    let grid = option::of(select(vec!["341021100001001", "341021100001002", "341022100001001"]));
    let codes = (code(), code(), option::of(code()), option::of(code()), select(phases), grid);
    (codes, 1_u8..3, moment(), moment(), moment(), some_course()).prop_map(
        |(codes, home, answered, closed, due, course)| {
            let (stage, channel, category, level_settled, phase, grid) = codes;
            Fact {
                stage: stage.into(),
                channel: channel.into(),
                category: category.map(Into::into),
                level_settled: level_settled.map(Into::into),
                phase,
                grid: grid.map(|grid| grid.parse().unwrap()),
                answered,
                closed,
                due,
                home: NodeId::from_bytes([home; 32]),
                ..course
            }
        },
    )
}

fn some_matter() -> impl Strategy<Value = Matter> {
    let areas = option::of(select(vec!["341021", "341021100001001", "341022"]));
    let range = (-7_200_000_i64..7_200_000, 1_i64..7_200_000);
    (select(Metric::ALL.to_vec()), select(Grouping::ALL.to_vec()), areas, range).prop_map(
        |(metric, grouping, area, (from, length))| Matter {
            from: Timestamp::from_millis(NOW.millis() + from),
            until: Timestamp::from_millis(NOW.millis() + from + length),
            area: area.map(|area| area.parse().unwrap()),
            ..matter(metric, grouping)
        },
    )
}

proptest! {
    #[test]
    fn counting_apart_and_merging_is_counting_together(
        matter in some_matter(), a in vec(some_fact(), 0..20), b in vec(some_fact(), 0..20),
        c in vec(some_fact(), 0..20),
    ) {
        let (ta, tb, tc) = (tally(&matter, &a), tally(&matter, &b), tally(&matter, &c));
        let together = tally(&matter, &[a, b, c].concat());
        prop_assert_eq!(&merged(&merged(&ta, &tb), &tc), &together);
        prop_assert_eq!(&merged(&ta, &merged(&tb, &tc)), &together);
        prop_assert_eq!(&merged(&tc, &merged(&tb, &ta)), &together);
    }

    #[test]
    fn every_grouping_divides_the_same_number(
        matter in some_matter(), facts in vec(some_fact(), 0..30),
    ) {
        let whole = tally(&Matter { grouping: Grouping::None, ..matter.clone() }, &facts);
        let parts = tally(&matter, &facts);
        prop_assert_eq!(parts.sum(), whole.sum());
        prop_assert!(parts.check(&matter).is_ok());
        let grids = matter.grouping == Grouping::Grid;
        prop_assert!(!grids || parts.is_within(&seat().area));
    }

    #[test]
    fn a_tally_reads_back_from_its_canonical_form(
        matter in some_matter(), facts in vec(some_fact(), 0..30),
    ) {
        let tally = tally(&matter, &facts);
        let bytes = record::cbor::encode(&tally).unwrap();
        let limits = record::cbor::Limits::of_bytes(1 << 20);
        prop_assert_eq!(record::cbor::decode::<Tally>(&bytes, &limits).unwrap(), tally);
    }
}
