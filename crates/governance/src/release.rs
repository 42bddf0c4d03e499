//! Who may be given a record, which of its fields, and why. One pure function answers; the engine
//! stages a stream entry for each answer and for nothing else. Default: nothing is shared.

use std::collections::BTreeSet;

use record::{FieldId, NodeId};

use crate::act::ActKind;
use crate::case::{Case, Party, Step};
use crate::certificate::{Right, Standing};
use crate::field;
use crate::policy::Policy;

/// Leave to give one record to one node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Release {
    /// To whom.
    pub to: NodeId,
    /// What for; goes into the signed manifest.
    pub purpose: String,
    /// On what legal basis; goes into the signed manifest.
    pub basis: String,
    /// The fields, out of those this node has.
    pub fields: Vec<FieldId>,
}

/// Who is to be given the record of a step that was just applied: every party of the case for
/// whom policy has a rule, except its author and the peer it came from. `held` are the fields of
/// that record which this node has.
#[must_use]
pub fn audience(
    policy: &Policy,
    case: &Case,
    step: &Step,
    sender: NodeId,
    held: &[FieldId],
) -> Vec<Release> {
    case.parties
        .iter()
        .filter(|(node, _)| **node != step.author && **node != sender)
        .filter(|(node, party)| step.act == ActKind::Erase || concerns(case, **node, **party))
        .filter_map(|(node, party)| release(policy, *node, *party, step.act, held))
        .collect()
}

/// What a node that has just become a party is given of a case's earlier records: pairs of a
/// step's index and the release.
#[must_use]
pub fn backlog(
    policy: &Policy,
    case: &Case,
    to: NodeId,
    held: impl Fn(&Step) -> Vec<FieldId>,
) -> Vec<(usize, Release)> {
    let Some(party) = case.parties.get(&to) else { return Vec::new() };
    // Whoever refused it before was given everything up to then.
    let refused = |step: &Step| step.author == to && step.act == ActKind::RefuseCustody;
    let known = case.steps.iter().rposition(refused).map_or(0, |at| at + 1);
    case.steps
        .iter()
        .enumerate()
        .skip(known)
        .filter(|(_, step)| step.author != to)
        .filter_map(|(index, step)| {
            release(policy, to, *party, step.act, &held(step)).map(|release| (index, release))
        })
        .collect()
}

/// Whether a node is given a policy that `me` published: the jurisdictions whose certificate `me`
/// signed and gave the right to govern, and nobody else.
#[must_use]
pub fn published(me: NodeId, to: &Standing, held: &[FieldId]) -> Option<Release> {
    let below = to.parent() == Some(me) && to.may(Right::Govern);
    below.then(|| Release {
        to: to.node(),
        purpose: "policy".into(),
        basis: "本级发布的规则 / a policy published to the nodes below".into(),
        fields: held.iter().copied().filter(|id| field::is_structural(*id)).collect(),
    })
}

/// An erasure goes to everybody who ever was a party, whatever policy lets them know of the rest.
fn erasure(to: NodeId, held: &[FieldId]) -> Release {
    let fields = held.iter().copied().filter(|id| field::is_structural(*id)).collect();
    let basis = "个人信息保护法第四十七条 / PIPL art. 47".into();
    Release { to, purpose: "erasure".into(), basis, fields }
}

/// A unit is told of a case only as long as it is called to it.
fn concerns(case: &Case, node: NodeId, party: Party) -> bool {
    match party {
        Party::Unit => case.call_of(node).is_some(),
        Party::Above | Party::Below | Party::Child | Party::Caller => true,
    }
}

fn release(
    policy: &Policy,
    to: NodeId,
    party: Party,
    act: ActKind,
    held: &[FieldId],
) -> Option<Release> {
    if act == ActKind::Erase {
        return Some(erasure(to, held));
    }
    let rule = policy.disclosure(party, act)?;
    let named: BTreeSet<FieldId> = rule.field_ids();
    let fields =
        held.iter().copied().filter(|id| field::is_structural(*id) || named.contains(id)).collect();
    Some(Release { to, purpose: rule.purpose.clone(), basis: rule.basis.clone(), fields })
}
