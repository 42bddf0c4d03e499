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
    for ((from, to), acts) in arrows(policy) {
        let (from, to) = (end(from), end(to));
        let _ = writeln!(text, "    {from} --> {to} : {}", acts.join("、"));
    }
    for stage in policy.stages.iter().filter(|stage| stage.phase.is_end()) {
        let _ = writeln!(text, "    {} --> [*]", id(&stage.key));
    }
    text
}

type Arrows<'a> = BTreeMap<(Option<&'a str>, Option<&'a str>), Vec<String>>;

/// Every change of stage with the acts that make it; no stage before a report.
fn arrows(policy: &Policy) -> Arrows<'_> {
    let mut arrows: Arrows<'_> = BTreeMap::new();
    for rule in &policy.acts {
        let label = label(policy, rule);
        if rule.act == ActKind::Report {
            arrows.entry((None, rule.to.as_deref())).or_default().push(label);
            continue;
        }
        let targets = [(rule.to.as_deref(), ""), (rule.otherwise.as_deref(), "（否 no）")];
        for from in &rule.from {
            for (to, note) in targets {
                if let Some(to) = to.filter(|to| to != from) {
                    let acts = arrows.entry((Some(from), Some(to))).or_default();
                    acts.push(format!("{label}{note}"));
                }
            }
        }
        if matches!(rule.act, ActKind::AcceptCustody) {
            let custody = &policy.custody;
            for to in [&custody.arrived, &custody.returned, &custody.undone] {
                let acts = arrows.entry((None, Some(to))).or_default();
                if !acts.contains(&label) {
                    acts.push(label.clone());
                }
            }
        }
    }
    arrows
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
