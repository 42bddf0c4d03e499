//! The sheet against a slow and obvious count over the timeline of random lives under all six
//! policies, and single rules by hand.

mod slow;

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::act::Rate;
use crate::authorize::tests::{START, life, me, town_of};
use crate::case::{Callback, Counts};
use crate::policy::RatesRule;
use crate::query::LogState;
use crate::query::{Call, Fact, LeftOut, Scored, Turn};

const DAY: Duration = Duration::from_secs(86_400);

fn seat() -> Seat {
    Seat { node: me(), area: "341021100003".parse().unwrap() }
}

fn always() -> Scope {
    Scope { from: Timestamp::EPOCH, until: Timestamp::MAX, area: None }
}

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_millis(START + minutes * 60_000)
}

fn sheet_of(facts: &[Fact], scope: Scope, now: Timestamp) -> Sheet {
    let mut sheet = Sheet::new(scope, seat(), now);
    facts.iter().for_each(|fact| sheet.add(fact));
    sheet
}

fn report(sheet: &Sheet) -> Report {
    let log = LogState { epoch: 0, size: 0, root: record::Hash::ZERO };
    Report::new(sheet, 0, true, log)
}

/// (count, yes, sum) of a figure's group.
fn cell(sheet: &Sheet, metric: Metric, grouping: Grouping, group: &str) -> (u64, u64, u64) {
    let tally = sheet.tally(metric, grouping);
    let cell = tally.get(&group.parse().unwrap()).cloned().unwrap_or_default();
    (cell.count, cell.yes, cell.sum)
}

/// A case of this node that was closed at once.
fn closed(closed: Timestamp) -> Fact {
    Fact { closed: Some(closed), opened: closed, ..crate::query::fact_of(me()) }
}

proptest! {
    #[test]
    fn every_number_of_a_random_life_is_what_a_slow_count_over_its_timeline_gives(
        seed: u64, policy in 0_usize..6, steps in 60_u64..400,
    ) {
        let town = town_of(policy);
        let (case, events) = life(&town, seed, steps);
        let now = at(10 * i64::try_from(steps).unwrap() + 7);
        let sheet = sheet_of(&[Fact::of(&case, me())], always(), now);
        let slow = slow::count(&events, now);
        for (metric, grouping, tally) in sheet.figures().filter(|(m, ..)| slow.knows(*m)) {
            for (group, cell) in tally.iter() {
                let found = slow.get(metric, grouping, group);
                prop_assert_eq!(Some((cell.count, cell.yes, cell.sum)), found,
                    "{:?} {:?} {}", metric, grouping, group);
            }
            prop_assert_eq!(tally.len(), slow.groups(metric, grouping), "{:?} {:?}", metric, grouping);
        }
    }
}

#[test]
fn c8_each_level_has_its_own_clock_and_who_was_late_shows() {
    let turn = |level: &str, until, missed, due| {
        let level = level.into();
        Turn { level, until, missed, due, clocked: true }
    };
    let fact = Fact {
        turns: vec![
            turn("grid", Some(at(10)), None, None),
            turn("community", Some(at(90)), Some(at(60)), None),
            // Goes on, and its time is over.
            turn("community", None, None, Some(at(95))),
            // Goes on, and has time.
            turn("grid", None, None, Some(at(200))),
            Turn { clocked: false, ..turn("building", Some(at(5)), None, None) },
        ],
        ..crate::query::fact_of(me())
    };
    let sheet = sheet_of(std::slice::from_ref(&fact), always(), at(100));
    let level = |sheet: &Sheet, key| cell(sheet, Metric::OnTime, Grouping::Level, key);
    assert_eq!(level(&sheet, "grid"), (1, 1, 0));
    assert_eq!(level(&sheet, "community"), (2, 0, 0), "whoever sits on it is late at once");
    assert_eq!(level(&sheet, "building"), (0, 0, 0), "without a clock nobody is late");
    let until_80 = Scope { until: at(80), ..always() };
    let earlier = sheet_of(&[fact], until_80, at(100));
    assert_eq!(level(&earlier, "community"), (1, 0, 0), "late when the time ran out, not later");
}

#[test]
fn c5_both_sides_are_scored_and_a_second_call_does_not_undo_the_first() {
    let unit = record::NodeId::from_bytes([7; 32]);
    let call = |by, reported_in| Call { unit, by: Some(at(by)), reported_in };
    let score = |by_unit, points| Scored { unit, by_unit, points, at: at(50) };
    let fact = Fact {
        calls: vec![call(10, None), call(60, Some(at(40))), call(500, None)],
        scores: vec![score(false, 4), score(true, 5)],
        ..crate::query::fact_of(me())
    };
    let sheet = sheet_of(&[fact], always(), at(100));
    let of = |metric| cell(&sheet, metric, Grouping::Unit, &unit.to_string());
    assert_eq!(of(Metric::ReportedIn), (2, 1, 0), "what is not due yet says nothing");
    assert_eq!(of(Metric::ScoredUnits), (1, 0, 4));
    assert_eq!(of(Metric::ScoredCallers), (1, 0, 5));
}

#[test]
fn c10_where_it_was_settled_is_counted_in_shares() {
    let settled = |level: &str| Fact { level_settled: Some(level.into()), ..closed(at(1)) };
    let mut facts = vec![settled("grid"); 35];
    facts.extend(vec![settled("community"); 63]);
    facts.extend([settled("department"), settled("department"), closed(at(2))]);
    let sheet = sheet_of(&facts, always(), at(100));
    let level = |key| cell(&sheet, Metric::Closed, Grouping::LevelSettled, key).0;
    assert_eq!([level("grid"), level("community"), level("department")], [35, 63, 2]);
    assert_eq!(level("-"), 1, "closed without being settled is said, not left out");
}

#[test]
fn the_three_rates_rest_on_valid_call_backs_and_are_shown_with_and_without_exclusions() {
    let said = |reached, solved, satisfied| Fact {
        callback: Some(Callback { at: at(1), reached, solved, satisfied }),
        answered: Some(at(0)),
        answered_in_time: true,
        ..closed(at(0))
    };
    let left_out =
        LeftOut { rate: Rate::Solved, ground: Some("not_ours".into()), at: at(2), after_no: true };
    let facts = [
        said(true, Some(true), Some(true)),
        said(true, Some(false), None),
        Fact { exclusions: vec![left_out], ..said(true, Some(false), Some(false)) },
        said(false, None, None),
    ];
    let sheet = sheet_of(&facts, always(), at(100));
    let rule = RatesRule { response: 10, solved: 45, satisfied: 45, exclusions: Vec::new() };
    let rates = rates(&sheet, &rule);
    let parts: Vec<_> = rates.lines.iter().map(|line| (line.all, line.kept)).collect();
    let part = |yes, of| Part { yes, of };
    assert_eq!(
        parts,
        [(part(3, 3), part(3, 3)), (part(1, 3), part(1, 2)), (part(1, 2), part(1, 2)),]
    );
    assert_eq!(rates.score_all, Some(1000 + 1500 + 2250));
    assert_eq!(rates.score_kept, Some(1000 + 2250 + 2250));
    let found = findings(&sheet);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].kind, found[0].part), (FindingKind::ExcludedAfterNo, part(1, 1)));
    let nothing = super::rates(&sheet_of(&[], always(), at(100)), &rule);
    assert_eq!((nothing.score_all, nothing.score_kept), (None, None), "nothing is not nought");
}

#[test]
fn closings_bunched_at_a_whole_months_end_are_flagged_and_even_ones_are_not() {
    // START is 2 March 2026; day 29 is the 31st.
    let on = |day: u32| START.checked_add(i64::from(day) * 86_400_000).map(Timestamp::from_millis);
    let closings = |last: usize, rest: usize| {
        let mut facts = vec![closed(on(28).unwrap()); last];
        facts.extend(vec![closed(on(10).unwrap()); rest]);
        facts
    };
    let march = |until: Timestamp| Scope {
        from: Timestamp::from_millis(START).minus(3 * DAY),
        until,
        area: None,
    };
    let after = on(40).unwrap();
    let kinds = |facts: &[Fact], until, now| {
        let found = findings(&sheet_of(facts, march(until), now));
        found.iter().filter(|one| one.kind == FindingKind::MonthEndBurst).count()
    };
    assert_eq!(kinds(&closings(20, 50), after, after), 1);
    assert_eq!(kinds(&closings(9, 0), after, after), 0, "few say nothing");
    assert_eq!(kinds(&closings(12, 112), after, after), 0, "as many as on other days");
    assert_eq!(kinds(&closings(20, 50), after, on(29).unwrap()), 0, "the month goes on");
    assert_eq!(kinds(&closings(20, 50), on(29).unwrap(), after), 0, "not the whole month");
}

#[test]
fn a_report_read_back_differs_only_where_it_was_changed() {
    let counts = Counts { returns: 2, ..Counts::default() };
    let facts = [closed(at(1)), Fact { counts, ..crate::query::fact_of(me()) }];
    let told = report(&sheet_of(&facts, always(), at(100)));
    let text = serde_json::to_string(&told).unwrap();
    let mut read: Report = serde_json::from_str(&text).unwrap();
    assert!(read.differences(&told).is_empty());
    assert_eq!(read, told);
    let returned = read.figures.iter_mut().find(|figure| figure.metric == Metric::Returned);
    returned.unwrap().rows[0].sum = Some(1);
    let found = read.differences(&told);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].metric, found[0].grouping), (Metric::Returned, Grouping::None));
    assert_eq!(found[0].recounted.as_ref().and_then(|row| row.sum), Some(2));
}
