//! Whether somebody can do what a case needs wherever it is: no stage is a trap at a level, no
//! role is idle, custody finds hands.

use std::collections::BTreeSet;

use super::{Problem, holders, report};
use crate::act::ActKind;
use crate::policy::{ASSIGNEE, ActRule, Policy};

pub(super) fn problems(policy: &Policy, found: &mut Vec<Problem>) {
    traps(policy, found);
    custody(policy, found);
    handed_down(policy, found);
    idle(policy, found);
}

/// Whether somebody appointed at the level may do it.
fn staffed(policy: &Policy, rule: &ActRule, level: &str) -> bool {
    let works = |key: &String| policy.role(key).is_some_and(|role| role.levels.contains(level));
    rule.roles.iter().any(works)
}

/// Out of every open stage somebody of that level can lead.
fn traps(policy: &Policy, found: &mut Vec<Problem>) {
    for stage in policy.stages.iter().filter(|stage| !stage.phase.is_end()) {
        let leaves = |rule: &&ActRule| {
            let back = matches!(rule.act, ActKind::Resume | ActKind::Split);
            let on = rule.to.as_ref().is_some_and(|to| *to != stage.key);
            rule.from.contains(&stage.key) && (on || back)
        };
        let mut ways = policy.acts.iter().filter(leaves).peekable();
        // Without any way out it is a dead end, which is said elsewhere.
        if ways.peek().is_none() {
            continue;
        }
        let ways: Vec<&ActRule> = ways.collect();
        for level in holders(policy) {
            if !ways.iter().any(|rule| staffed(policy, rule, level)) {
                let what = format!("at the level {level} nobody may lead out of it");
                report(found, format!("stage.{}", stage.key), what);
            }
        }
    }
}

/// Custody can be taken and refused at every level that has nodes.
fn custody(policy: &Policy, found: &mut Vec<Problem>) {
    for level in policy.levels.iter().filter(|level| level.administrative) {
        for act in [ActKind::AcceptCustody, ActKind::RefuseCustody] {
            let at = format!("act.{}.roles", act.key());
            match policy.rule(act) {
                Some(rule) if staffed(policy, rule, &level.key) => {}
                Some(_) => {
                    report(found, at, format!("nobody at the level {} may do it", level.key));
                }
                None => report(found, at, "custody can't be answered without it"),
            }
        }
    }
}

/// What was handed down can be given back by whoever got it.
fn handed_down(policy: &Policy, found: &mut Vec<Problem>) {
    if policy.rule(ActKind::HandDown).is_none() {
        return;
    }
    let below = policy.levels.iter().filter(|level| level.administrative).skip(1);
    for level in below {
        let back = policy.rule(ActKind::SendHome);
        if !back.is_some_and(|rule| staffed(policy, rule, &level.key)) {
            let what = format!(
                "what is handed down to the level {} finds nobody to give it back",
                level.key
            );
            report(found, "act.send_home.roles", what);
        }
    }
}

/// Roles that nobody can use: named for an act and working at no level, or named for nothing.
fn idle(policy: &Policy, found: &mut Vec<Problem>) {
    let mut used = BTreeSet::new();
    for rule in &policy.acts {
        used.extend(rule.roles.iter().map(String::as_str));
        // What is reported or contributed from outside asks for no level.
        let outside = rule.act == ActKind::Report || rule.act.is_contribution();
        // An assignee acts on what was given to them, whatever their level.
        let given = rule.roles.contains(ASSIGNEE);
        let nowhere = |key: &&String| policy.role(key).is_some_and(|role| role.levels.is_empty());
        for key in rule.roles.iter().filter(nowhere).filter(|_| !outside && !given) {
            let at = format!("act.{}.roles", rule.act.key());
            report(found, at, format!("{key} works at no level and can't do it"));
        }
    }
    for role in policy.roles.iter().filter(|role| role.powers.is_empty()) {
        if !used.contains(role.key.as_str()) {
            report(found, format!("role.{}", role.key), "it may do nothing: no act names it");
        }
    }
}
