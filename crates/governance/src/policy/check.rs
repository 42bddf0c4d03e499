//! Whether a policy hangs together: every name it uses is defined, no stage is a dead end, nothing
//! is shared that is not known.

mod clocks;
mod grants;
mod hands;

use std::collections::BTreeSet;
use std::fmt;

use super::{ANYONE, ASSIGNEE, ActRule, DutyKind, Policy, REPORTER};
use crate::act::ActKind;
use crate::case::Party;
use crate::field::{self, Class};

/// One thing that is wrong with a policy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// Where: table and key, such as `act.dispatch.roles`.
    pub at: String,
    /// What is wrong and what would be right.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.what)
    }
}

/// Levels that can hold a case: administrative ones, and those where a case begins.
fn holders(policy: &Policy) -> Vec<&str> {
    let begins = &policy.custody.begins;
    let holds =
        |level: &&crate::territory::Level| level.administrative || begins.contains(&level.key);
    policy.levels.iter().filter(holds).map(|level| level.key.as_str()).collect()
}

/// Everything that is wrong with a policy.
pub(super) fn problems(policy: &Policy) -> Vec<Problem> {
    let mut found = Vec::new();
    keys(policy, &mut found);
    for rule in &policy.acts {
        act(policy, rule, &mut found);
    }
    custody(policy, &mut found);
    disclosures(policy, &mut found);
    sections(policy, &mut found);
    people(policy, &mut found);
    dead_ends(policy, &mut found);
    unreachable(policy, &mut found);
    hands::problems(policy, &mut found);
    clocks::problems(policy, &mut found);
    grants::problems(policy, &mut found);
    found
}

fn report(found: &mut Vec<Problem>, at: impl Into<String>, what: impl Into<String>) {
    found.push(Problem { at: at.into(), what: what.into() });
}

fn keys(policy: &Policy, found: &mut Vec<Problem>) {
    let tables: [(&str, Vec<&str>); 5] = [
        ("level", policy.levels.iter().map(|entry| entry.key.as_str()).collect()),
        ("role", policy.roles.iter().map(|entry| entry.key.as_str()).collect()),
        ("channel", policy.channels.iter().map(|entry| entry.key.as_str()).collect()),
        ("category", policy.categories.iter().map(|entry| entry.key.as_str()).collect()),
        ("stage", policy.stages.iter().map(|entry| entry.key.as_str()).collect()),
    ];
    for (table, keys) in tables {
        if keys.is_empty() {
            report(found, table, "at least one is needed");
        }
        let mut seen = BTreeSet::new();
        for key in keys {
            if !is_key(key) {
                report(found, format!("{table}.{key}"), "a key is 1 to 32 of a-z 0-9 _ -");
            }
            if !seen.insert(key) {
                report(found, format!("{table}.{key}"), "defined twice");
            }
        }
    }
    for role in &policy.roles {
        for level in &role.levels {
            known_level(policy, level, &format!("role.{}.levels", role.key), found);
        }
    }
}

fn is_key(key: &str) -> bool {
    (1..=32).contains(&key.len())
        && key
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-')
}

fn act(policy: &Policy, rule: &ActRule, found: &mut Vec<Problem>) {
    let at = |key: &str| format!("act.{}.{key}", rule.act.key());
    if policy.acts.iter().filter(|other| other.act == rule.act).count() > 1 {
        report(found, format!("act.{}", rule.act.key()), "defined twice");
    }
    for stage in rule.from.iter().chain(&rule.to).chain(&rule.otherwise) {
        known_stage(policy, stage, &at("from/to/otherwise"), found);
    }
    for role in &rule.roles {
        let pseudo = [REPORTER, ANYONE, ASSIGNEE].contains(&role.as_str());
        if !pseudo && policy.role(role).is_none() {
            report(found, at("roles"), format!("role {role} is not defined"));
        }
    }
    for need in &rule.needs {
        if field::by_key(need).is_none() {
            report(found, at("needs"), format!("field {need} is not known"));
        }
        let photos = ["photos", "pages"].contains(&need.as_str());
        if photos && !rule.act.shows_photos() {
            report(found, at("needs"), "this act can't show photos: leave it out");
        }
    }
    shape(rule, found);
}

/// What an act demands of its rule whatever the place.
fn shape(rule: &ActRule, found: &mut Vec<Problem>) {
    let at = |key: &str| format!("act.{}.{key}", rule.act.key());
    let opens = rule.act == ActKind::Report;
    // The stages of a node that offers or calls may be named otherwise.
    let from_elsewhere = answers_offer(rule.act) || rule.act.is_contribution();
    if (opens || from_elsewhere) != rule.from.is_empty() {
        report(
            found,
            at("from"),
            "name the stages it may be done from; none for a report, for \
             answering an offer, or for what a unit contributes",
        );
    }
    if opens && rule.to.is_none() {
        report(found, at("to"), "a report must say in which stage the case begins");
    }
    let moves_baton = matches!(rule.act, ActKind::Escalate | ActKind::HandDown | ActKind::SendHome);
    if (moves_baton || from_elsewhere) && rule.to.is_some() {
        report(found, at("to"), "custody and contributions leave the stage: see [custody]");
    }
    if rule.act == ActKind::Erase && rule.to.is_some() {
        report(found, at("to"), "an erasure leaves the stage");
    }
    if rule.roles.is_empty() {
        report(found, at("roles"), "name at least one role, or leave the act out");
    }
}

fn answers_offer(act: ActKind) -> bool {
    matches!(act, ActKind::AcceptCustody | ActKind::RefuseCustody)
}

fn custody(policy: &Policy, found: &mut Vec<Problem>) {
    let rule = &policy.custody;
    for stage in [&rule.arrived, &rule.returned, &rule.undone] {
        known_stage(policy, stage, "custody", found);
    }
    for level in &rule.begins {
        known_level(policy, level, "custody.begins", found);
    }
    let rank = |key: &String| policy.levels.iter().position(|level| level.key == *key);
    if !rule.begins.is_sorted_by(|lower, upper| rank(lower) > rank(upper)) {
        report(found, "custody.begins", "name the levels from the lowest up, each once");
    }
}

fn disclosures(policy: &Policy, found: &mut Vec<Problem>) {
    let least = policy.suppression.map(|suppression| suppression.least);
    if least.is_some_and(|least| !crate::query::STEPS.contains(&least)) {
        report(found, "suppression.least", "takes 2 to 100");
    }
    for rule in &policy.disclosures {
        let at = format!("disclosure.{}", rule.purpose);
        if rule.purpose.trim().is_empty() || rule.basis.trim().is_empty() {
            report(found, &at, "purpose and basis must be named");
        }
        if rule.days == Some(0) {
            report(found, &at, "days must be at least 1: leave fields out to give none");
        }
        for key in &rule.fields {
            match field::by_key(key) {
                None => report(found, &at, format!("field {key} is not known")),
                Some(entry) if entry.class == Class::Structural => {
                    report(found, &at, format!("field {key} goes along anyway: leave it out"));
                }
                Some(_) => {}
            }
        }
    }
    for party in [Party::Above, Party::Below, Party::Child, Party::Unit] {
        baton(policy, party, found);
    }
    // Nodes of the line may be in a task force (C6): the county has to hear of what they do.
    let convenes = policy.rule(ActKind::Convene).is_some();
    for act in [ActKind::ReportIn, ActKind::UnitResult] {
        if convenes && policy.rule(act).is_some() && policy.disclosure(Party::Above, act).is_none()
        {
            let what = format!("{} must be shared too, for task forces", act.key());
            report(found, "disclosure to above", what);
        }
    }
    for (index, rule) in policy.disclosures.iter().enumerate() {
        let earlier = &policy.disclosures[..index];
        for act in &rule.acts {
            if earlier.iter().any(|other| other.to == rule.to && other.acts.contains(act)) {
                let at = format!("disclosure.{}", rule.purpose);
                report(found, at, format!("{} is shared with that party already", act.key()));
            }
        }
    }
}

/// Whoever is told of a case must be told who holds it: otherwise it would have to refuse the
/// holder's own records.
fn baton(policy: &Policy, party: Party, found: &mut Vec<Problem>) {
    let custody = [
        ActKind::Escalate,
        ActKind::HandDown,
        ActKind::SendHome,
        ActKind::AcceptCustody,
        ActKind::RefuseCustody,
    ];
    let told = policy.disclosures.iter().any(|rule| rule.to == party);
    for act in custody {
        if told && policy.rule(act).is_some() && policy.disclosure(party, act).is_none() {
            let what = format!("{} must be shared too, so that the holder is known", act.key());
            report(found, format!("disclosure to {}", party.key()), what);
        }
    }
}

/// Colours, severities, duties, rates: that they name what there is.
fn sections(policy: &Policy, found: &mut Vec<Problem>) {
    for severity in &policy.severities {
        known_level(policy, &severity.level, &format!("severity.{}", severity.key), found);
    }
    let weights = policy.colours.iter().map(|colour| colour.at_least);
    if !weights.clone().is_sorted_by(|a, b| a > b) || weights.clone().any(|w| !(1..=9).contains(&w))
    {
        report(found, "colour", "at_least is 1 to 9 and descends: the strongest colour first");
    }
    for duty in &policy.duties {
        let at = format!("duty.{}", duty.number);
        if duty.kind == DutyKind::Cooperative && duty.lead.is_none() {
            report(found, &at, "a cooperative duty names the department that leads");
        }
        for category in &duty.categories {
            if !policy.has_category(category) {
                report(found, &at, format!("category {category} is not defined"));
            }
            let others = policy.duties.iter().filter(|other| other.categories.contains(category));
            if others.count() > 1 {
                report(found, &at, format!("category {category} belongs to another duty, too"));
            }
        }
    }
    for category in &policy.categories {
        let at = format!("category.{}", category.key);
        match &category.parent {
            Some(parent) if *parent == category.key || !policy.has_category(parent) => {
                report(found, at, format!("its parent {parent} is not another category"));
            }
            _ => {}
        }
    }
    if let Some(rates) = &policy.rates
        && u32::from(rates.response) + u32::from(rates.solved) + u32::from(rates.satisfied) != 100
    {
        report(found, "rates", "response, solved and satisfied add up to 100");
    }
    grounds(policy, found);
    if policy.grid.as_ref().and_then(|grid| grid.households).is_some_and(|span| span.min > span.max)
    {
        report(found, "grid.households", "min is above max");
    }
}

/// Party organisations, stations, ladder, willingness: that keys are keys and name what there is.
fn people(policy: &Policy, found: &mut Vec<Problem>) {
    let tables: [(&str, Vec<&String>); 4] = [
        ("party_organisation", policy.party_kinds.iter().map(|kind| &kind.key).collect()),
        ("stations.kinds", policy.stations.kinds.iter().map(|kind| &kind.key).collect()),
        ("ladder", policy.ladder.iter().map(|post| &post.key).collect()),
        ("willingness", policy.willingness.iter().map(|kind| &kind.key).collect()),
    ];
    for (table, keys) in tables {
        let mut seen = BTreeSet::new();
        for key in keys {
            if !is_key(key) || !seen.insert(key) {
                let what = "a key is 1 to 32 of a-z 0-9 _ -, and stands there once";
                report(found, format!("{table}.{key}"), what);
            }
        }
    }
    for kind in &policy.party_kinds {
        for level in &kind.levels {
            known_level(policy, level, &format!("party_organisation.{}", kind.key), found);
        }
    }
    for post in policy.ladder.iter().filter(|post| post.grades.min > post.grades.max) {
        report(found, format!("ladder.{}.grades", post.key), "min is above max");
    }
    if policy.stations.circle.is_some_and(|metres| !(1..=100_000).contains(&metres)) {
        report(found, "stations.circle", "takes 1 to 100000 metres");
    }
}

/// Whoever may leave cases out of a rate needs grounds to choose from.
fn grounds(policy: &Policy, found: &mut Vec<Problem>) {
    let grounds = policy.rates.iter().flat_map(|rates| &rates.exclusions);
    let mut seen = BTreeSet::new();
    for ground in grounds {
        let at = format!("rates.exclusion.{}", ground.key);
        if !is_key(&ground.key) {
            report(found, &at, "a key is 1 to 32 of a-z 0-9 _ -");
        }
        if !seen.insert(ground.key.as_str()) {
            report(found, at, "defined twice");
        }
    }
    if policy.rule(ActKind::Exclude).is_some() && seen.is_empty() {
        report(found, "act.exclude", "name grounds in [[rates.exclusion]], or leave the act out");
    }
}

fn dead_ends(policy: &Policy, found: &mut Vec<Problem>) {
    for stage in policy.stages.iter().filter(|stage| !stage.phase.is_end()) {
        let leaves = policy.acts.iter().any(|rule| {
            let elsewhere = rule.to.as_ref().is_some_and(|to| *to != stage.key);
            let back = matches!(rule.act, ActKind::Resume | ActKind::Split);
            rule.from.contains(&stage.key) && (elsewhere || back)
        });
        if !leaves {
            report(found, format!("stage.{}", stage.key), "no act leads out of it");
        }
    }
}

fn unreachable(policy: &Policy, found: &mut Vec<Problem>) {
    let rule = &policy.custody;
    let mut reached: BTreeSet<&str> =
        [&rule.arrived, &rule.returned, &rule.undone].map(String::as_str).into();
    loop {
        let before = reached.len();
        for rule in &policy.acts {
            let opens = rule.act == ActKind::Report;
            if opens || rule.from.iter().any(|from| reached.contains(from.as_str())) {
                reached.extend(rule.to.iter().chain(&rule.otherwise).map(String::as_str));
            }
        }
        if reached.len() == before {
            break;
        }
    }
    for stage in &policy.stages {
        if !reached.contains(stage.key.as_str()) {
            report(found, format!("stage.{}", stage.key), "no act leads to it");
        }
    }
}

fn known_stage(policy: &Policy, key: &str, at: &str, found: &mut Vec<Problem>) {
    if policy.stage(key).is_none() {
        report(found, at, format!("stage {key} is not defined"));
    }
}

fn known_level(policy: &Policy, key: &str, at: &str, found: &mut Vec<Problem>) {
    if !policy.levels.iter().any(|level| level.key == key) {
        report(found, at, format!("level {key} is not defined"));
    }
}
