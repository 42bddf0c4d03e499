//! Nodes whose clocks are wrong.

use std::time::Duration;

use governance::act::Act;
use governance::case::{CaseId, Custody};
use record::NodeId;
use testkit::simulator::Weather;

use crate::town::Town;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const DAY: i64 = 24 * 60 * MINUTE;
/// Clocks may differ by this much and nothing is made of it.
const SLACK: Duration = Duration::from_secs(600);
const YEAR: i64 = 365 * DAY;

/// A town in which nothing runs out of itself for days, one of whose nodes has a wrong clock.
fn town(seed: u64, role: usize, skew: i64) -> (Town, NodeId) {
    let mut town = Town::under(seed, Weather::calm());
    // Certificates are two days old: a clock a day behind is not before their beginning.
    town.pass(2 * 24 * 3600);
    let node = [town.county, town.street, town.community, town.units[0]][role];
    town.world.set_clock(node, skew);
    town.pass(300);
    (town, node)
}

/// A case goes up to the county and home again.
fn round(town: &mut Town) -> CaseId {
    let case = town.climbs();
    town.accepts(case);
    let up = Act::Escalate { reason: "需县级协调".into() };
    town.does(town.street, "township_dispatcher", case, up);
    town.does(town.county, "county_dispatcher", case, Act::AcceptCustody {});
    case
}

/// S6: a clock that is wrong by up to a day stops nothing, whosever it is: order is by chain, every
/// deadline by the clock of whoever set it, and no node takes another's time for its own.
#[test]
fn s6_with_any_clock_wrong_by_up_to_a_day_cases_go_on() {
    for (seed, skew) in
        [SECOND, -SECOND, 5 * MINUTE, -5 * MINUTE, DAY, -DAY].into_iter().enumerate()
    {
        for role in 0..4 {
            let (mut town, node) = town(60 + seed as u64, role, skew);
            let case = round(&mut town);
            let (county, street, community) = (town.county, town.street, town.community);
            let held = town.case(county, case).expect("the county has it");
            assert!(held.is_here(), "role {role}, {skew} ms: {:?}", held.custody);
            for below in [street, community] {
                let seen = town.case(below, case).expect("it is known below");
                let with = Custody::With { node: county, offer: None };
                assert_eq!(seen.custody, with, "role {role}, {skew} ms");
                // The same records in the same order, as far as both were given them.
                let has = |step: &&governance::case::Step| {
                    held.steps.iter().any(|other| other.record == step.record)
                };
                let theirs: Vec<_> = seen.steps.iter().filter(has).map(|s| s.record).collect();
                let ours: Vec<_> = held.steps.iter().map(|s| s.record).collect();
                let ours: Vec<_> = ours.into_iter().filter(|r| theirs.contains(r)).collect();
                assert_eq!(theirs, ours);
            }
            // What a node signs bears its own time and nobody else's; but nobody dates anything into
            // the county's future.
            let county_skew = if node == county { skew } else { 0 };
            for step in &held.steps {
                let off = step.time.millis() - town.world.now.millis();
                let signed = if step.author == node { skew } else { 0 };
                let ahead = signed - county_skew > 10 * MINUTE;
                let counted = if ahead { county_skew } else { signed };
                assert!((off - counted).abs() < 60 * MINUTE, "{off} is not {counted}");
                assert!(step.time <= town.world.clock_of(county).plus(SLACK), "of the future");
            }
            assert!(held.due.is_none_or(|due| due > town.world.clock_of(county)));
        }
    }
}

/// S6: a node whose clock is wrong by years is not spoken to by those who can tell, disturbs
/// nobody, loses nothing, and goes on when its clock is right again.
#[test]
fn s6_a_clock_wrong_by_years_disturbs_nobody_else() {
    for (seed, skew) in [10 * YEAR, -10 * YEAR].into_iter().enumerate() {
        let (mut town, community) = town(80 + seed as u64, 2, skew);
        let (street, unit) = (town.street, town.units[0]);
        town.world.crash(community);
        town.world.restart(community);
        town.pass(600);
        let before = town.received(street, community);
        let contact = town.world.contacts(street).get(&community).cloned().unwrap_or_default();
        assert!(!contact.greeted, "{skew} ms");
        assert!(town.world.contacts(street).get(&unit).is_some_and(|contact| contact.greeted));
        assert_eq!(town.received(street, community), before);
        town.world.set_clock(community, 0);
        town.world.crash(community);
        town.world.restart(community);
        town.pass(600);
        let case = town.climbs();
        town.pass(600);
        assert!(town.case(street, case).is_some(), "{skew} ms");
    }
}
