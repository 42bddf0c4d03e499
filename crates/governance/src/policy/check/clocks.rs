//! Whether every open stage at every level has its clock, and every clock an owner who works
//! there and a case for which it runs.

use std::collections::BTreeSet;

use super::{Problem, holders, known_level, known_stage, report};
use crate::act::Grade;
use crate::policy::{ClockRule, Policy, Traits};

pub(super) fn problems(policy: &Policy, found: &mut Vec<Problem>) {
    for clock in &policy.clocks {
        names(policy, clock, found);
        owner(policy, clock, found);
    }
    coverage(policy, found);
    // Whether one is shadowed can only be told where all that is named is there.
    if found.is_empty() {
        shadowed(policy, found);
    }
}

fn at(clock: &ClockRule) -> String {
    format!("clock.{}", clock.key)
}

fn names(policy: &Policy, clock: &ClockRule, found: &mut Vec<Problem>) {
    for stage in &clock.stages {
        known_stage(policy, stage, &at(clock), found);
    }
    for level in &clock.levels {
        known_level(policy, level, &at(clock), found);
    }
    let colour = |key: &String| policy.colours.iter().any(|colour| colour.key == *key);
    let mut unknown = |what: &str, keys: &BTreeSet<String>, known: &dyn Fn(&String) -> bool| {
        for key in keys.iter().filter(|key| !known(key)) {
            report(found, at(clock), format!("{what} {key} is not defined"));
        }
    };
    unknown("colour", &clock.colours, &colour);
    unknown("category", &clock.categories, &|key| policy.has_category(key));
    unknown("severity", &clock.severities, &|key| policy.severity(key).is_some());
}

fn owner(policy: &Policy, clock: &ClockRule, found: &mut Vec<Problem>) {
    let at = format!("clock.{}.owner", clock.key);
    let Some(owner) = &clock.owner else {
        report(found, at, "name the role that answers for it");
        return;
    };
    let Some(role) = policy.role(owner) else {
        report(found, at, format!("role {owner} is not defined"));
        return;
    };
    for level in levels(policy, clock) {
        if !role.levels.contains(level) {
            report(found, &at, format!("{owner} does not work at the level {level}"));
        }
    }
}

/// The levels that hold cases and that a clock binds.
fn levels<'a>(policy: &'a Policy, clock: &ClockRule) -> Vec<&'a str> {
    let binds = |level: &&str| clock.levels.is_empty() || clock.levels.contains(*level);
    holders(policy).into_iter().filter(binds).collect()
}

/// One clock without conditions for each open stage at each level: none is left without, and none
/// has two of which the order in the file decides.
fn coverage(policy: &Policy, found: &mut Vec<Problem>) {
    for stage in policy.stages.iter().filter(|stage| !stage.phase.is_end()) {
        for level in holders(policy) {
            let general: Vec<&str> = policy
                .clocks
                .iter()
                .filter(|clock| clock.is_general())
                .filter(|clock| clock.fits(policy, &stage.key, level, &Traits::default()))
                .map(|clock| clock.key.as_str())
                .collect();
            let at = format!("stage.{}", stage.key);
            match general.as_slice() {
                [] if stage.pauses => {}
                [] => report(
                    found,
                    at,
                    format!("no clock runs in it at the level {level} for every case"),
                ),
                [_] => {}
                [first, others @ ..] => {
                    let others = others.join(", ");
                    let what = format!("at the level {level} {first} hides {others}: keep one");
                    report(found, at, what);
                }
            }
        }
    }
}

/// A clock that never is the first to fit: whatever it names, one above it takes the case.
fn shadowed(policy: &Policy, found: &mut Vec<Problem>) {
    let matters = matters(policy);
    let mut runs = BTreeSet::new();
    for stage in &policy.stages {
        for level in holders(policy) {
            let first = |traits| policy.clock(&stage.key, level, traits);
            runs.extend(matters.iter().filter_map(first).map(|clock| clock.key.as_str()));
        }
    }
    for clock in &policy.clocks {
        if !runs.contains(clock.key.as_str()) {
            let what = "it never runs: clocks above it fit every case that it fits";
            report(found, at(clock), what);
        }
    }
}

/// Every kind of matter that clocks tell apart.
fn matters(policy: &Policy) -> Vec<Traits<'_>> {
    let named = |of: fn(&ClockRule) -> &BTreeSet<String>| -> Vec<Option<&str>> {
        let keys: BTreeSet<&str> = policy.clocks.iter().flat_map(of).map(String::as_str).collect();
        std::iter::once(None).chain(keys.into_iter().map(Some)).collect()
    };
    let grades: BTreeSet<Grade> =
        policy.clocks.iter().flat_map(|clock| clock.grades.iter().copied()).collect();
    let grades: Vec<Option<Grade>> =
        std::iter::once(None).chain(grades.into_iter().map(Some)).collect();
    let (colours, categories) = (named(|c| &c.colours), named(|c| &c.categories));
    let severities = named(|c| &c.severities);
    let mut all = Vec::new();
    for grade in &grades {
        for colour in &colours {
            for category in &categories {
                for severity in &severities {
                    all.push(Traits {
                        grade: *grade,
                        colour: *colour,
                        category: *category,
                        severity: *severity,
                    });
                }
            }
        }
    }
    all
}
