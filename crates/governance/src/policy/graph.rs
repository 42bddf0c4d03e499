//! The machine of stages and acts that a policy describes, drawn from the policy itself.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{ActRule, Policy};
use crate::act::ActKind;

/// Stages and the acts between them as a Mermaid state diagram, with Chinese names. An arrow's
/// label names the acts and, in brackets, the roles that may do them.
#[must_use]
pub fn mermaid(policy: &Policy) -> String {
    let mut text = String::from("stateDiagram-v2\n");
    for stage in &policy.stages {
        let mark = if stage.pauses { " ⏸" } else { "" };
        let _ = writeln!(text, "    state \"{}{mark}\" as {}", plain(&stage.name), id(&stage.key));
    }
    for ((from, to), rules) in moves(policy) {
        let (from, to) = (end(from), id(to));
        let note = |no| if no { "（否 no）" } else { "" };
        let acts = rules.iter().map(|(rule, no)| format!("{}{}", label(policy, rule), note(*no)));
        let acts: Vec<String> = acts.collect();
        let _ = writeln!(text, "    {from} --> {to} : {}", acts.join("、"));
    }
    for stage in policy.stages.iter().filter(|stage| stage.phase.is_end()) {
        let _ = writeln!(text, "    {} --> [*]", id(&stage.key));
    }
    text
}

/// The rules by which a case comes from a stage, or from nowhere, to another; of each whether it
/// does so where the answer is no.
pub type Moves<'a> = BTreeMap<(Option<&'a str>, &'a str), Vec<(&'a ActRule, bool)>>;

/// Every change of stage with the rules that make it; no stage before a report, nor before what
/// another node hands over.
#[must_use]
pub fn moves(policy: &Policy) -> Moves<'_> {
    let mut moves: Moves<'_> = BTreeMap::new();
    for rule in &policy.acts {
        let targets = [(rule.to.as_deref(), false), (rule.otherwise.as_deref(), true)];
        let targets = || targets.into_iter().filter_map(|(to, no)| Some((to?, no)));
        if rule.act == ActKind::Report {
            targets().for_each(|(to, no)| moves.entry((None, to)).or_default().push((rule, no)));
            continue;
        }
        for from in &rule.from {
            for (to, no) in targets().filter(|(to, _)| to != from) {
                moves.entry((Some(from), to)).or_default().push((rule, no));
            }
        }
        if rule.act == ActKind::AcceptCustody {
            let custody = &policy.custody;
            for to in [&custody.arrived, &custody.returned, &custody.undone] {
                let rules = moves.entry((None, to)).or_default();
                if !rules.iter().any(|(known, _)| known.act == rule.act) {
                    rules.push((rule, false));
                }
            }
        }
    }
    moves
}

fn label(policy: &Policy, rule: &ActRule) -> String {
    let name =
        |role: &String| policy.role(role).map_or_else(|| role.clone(), |known| plain(&known.name));
    let roles: Vec<String> = rule.roles.iter().map(name).collect();
    format!("{}（{}）", rule.act.key(), roles.join("·"))
}

fn end(stage: Option<&str>) -> String {
    stage.map_or_else(|| "[*]".to_owned(), id)
}

/// Mermaid takes letters, digits and underscores as names.
fn id(key: &str) -> String {
    format!("s_{}", key.replace('-', "_"))
}

/// A name without what Mermaid would read as its own.
fn plain(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '"' | ':' | ';' | '\n' | '#')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stage_and_every_act_that_changes_one_is_drawn() {
        let text = include_str!("../../../../config/policies/she-county.toml");
        let policy = Policy::from_toml(text).unwrap();
        let drawn = mermaid(&policy);
        for stage in &policy.stages {
            assert!(drawn.contains(&format!("as {}", id(&stage.key))), "{}", stage.key);
            assert!(drawn.contains(&format!("--> {}", id(&stage.key))), "{}", stage.key);
        }
        let moves = |rule: &&ActRule| rule.to.iter().any(|to| !rule.from.contains(to));
        for rule in policy.acts.iter().filter(moves) {
            assert!(drawn.contains(&format!("{}（", rule.act.key())), "{}", rule.act.key());
        }
    }
}
