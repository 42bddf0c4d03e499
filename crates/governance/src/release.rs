//! Who may be given a record, which of its fields, and why. One pure function answers; the engine
//! stages a stream entry for each answer and for nothing else. Default: nothing is shared.

mod withhold;

use std::collections::BTreeSet;
use std::time::Duration;

use record::{FieldId, NodeId, Timestamp};

pub use withhold::{MAX_WITHHELD, Withhold, WithholdError};

use crate::act::ActKind;
use crate::case::{Case, Party, Step};
use crate::certificate::{Right, Standing};
use crate::field;
use crate::policy::Policy;

/// Seconds of a day.
const DAY: u64 = 86_400;

/// Leave to give one record to one node. Only the functions of this module make one, and what is
/// made can only be narrowed: see [`Release::without`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Release {
    to: NodeId,
    purpose: String,
    basis: String,
    fields: Vec<FieldId>,
    withheld: Vec<FieldId>,
    until: Option<Timestamp>,
}

impl Release {
    /// To whom.
    #[must_use]
    pub fn to(&self) -> NodeId {
        self.to
    }

    /// What for; goes into the signed manifest.
    #[must_use]
    pub fn purpose(&self) -> &str {
        &self.purpose
    }

    /// On what legal basis; goes into the signed manifest.
    #[must_use]
    pub fn basis(&self) -> &str {
        &self.basis
    }

    /// The fields, out of those this node has, ascending.
    #[must_use]
    pub fn fields(&self) -> &[FieldId] {
        &self.fields
    }

    /// The fields that policy would have let go and staff kept back, ascending; goes into the
    /// signed manifest.
    #[must_use]
    pub fn withheld(&self) -> &[FieldId] {
        &self.withheld
    }

    /// Until when the recipient may use words and personal data; goes into the signed manifest.
    #[must_use]
    pub fn until(&self) -> Option<Timestamp> {
        self.until
    }

    /// The same without the fields that are withheld from its recipient. Codes and times stay:
    /// without them the recipient could not follow the case.
    #[must_use]
    pub fn without(mut self, withhold: &Withhold) -> Self {
        let kept_back = |id: &FieldId| !field::is_structural(*id) && withhold.keeps(self.to, *id);
        let (withheld, fields) = self.fields.iter().copied().partition(kept_back);
        (self.fields, self.withheld) = (fields, withheld);
        self
    }
}

/// Who is to be given the record of a step that was just applied: every party of the case for
/// whom policy has a rule, except its author and the peer it came from; of an erasure also those
/// that take part no more. `held` are the fields of
/// that record which this node has.
#[must_use]
pub fn audience(
    policy: &Policy,
    case: &Case,
    step: &Step,
    sender: NodeId,
    held: &[FieldId],
    now: Timestamp,
) -> Vec<Release> {
    let elsewhere = |node: &NodeId| *node != step.author && *node != sender;
    let erases = step.act == ActKind::Erase;
    let left = case.left.iter().filter(|node| erases && !case.parties.contains_key(*node));
    let left = left.filter(|node| elsewhere(node)).map(|node| erasure(*node, held));
    case.parties
        .iter()
        .filter(|(node, _)| elsewhere(node))
        .filter(|(node, party)| step.act == ActKind::Erase || concerns(case, **node, **party))
        .filter(|(node, party)| makes_sense(policy, case, step, **node, **party))
        .filter_map(|(node, party)| release(policy, *node, *party, step.act, held, now))
        .chain(left)
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
    now: Timestamp,
) -> Vec<(usize, Release)> {
    let Some(party) = case.parties.get(&to) else { return Vec::new() };
    // Whoever refused it before was given everything up to then.
    let refused = |step: &Step| step.author == to && step.act == ActKind::RefuseCustody;
    let known = case.steps.iter().rposition(refused).map_or(0, |at| at + 1);
    case.steps
        .iter()
        .enumerate()
        .skip(known)
        .filter(|(_, step)| step.author != to && makes_sense(policy, case, step, to, *party))
        .filter_map(|(index, step)| {
            let release = release(policy, to, *party, step.act, &held(step), now);
            release.map(|release| (index, release))
        })
        .collect()
}

/// Whether a node is given a policy that `me` published: the jurisdictions whose certificate `me`
/// signed and gave the right to govern, and nobody else.
#[must_use]
pub fn published(me: NodeId, to: &Standing, held: &[FieldId]) -> Option<Release> {
    let below = to.parent() == Some(me) && to.may(Right::Govern);
    below.then(|| {
        codes(to.node(), "policy", "本级发布的规则 / a policy published to the nodes below", held)
    })
}

/// What a node that was given fields is told when they are withdrawn: which fields, and nothing of
/// who else was given them.
#[must_use]
pub fn withdrawal(to: NodeId, held: &[FieldId]) -> Release {
    codes(to, "withdrawal", "撤回已给出的内容 / withdrawal of what was given", held)
}

/// What a node that has lost data is given back of a record: all that is here of it, if it is its
/// own author, who knew it before anybody else.
#[must_use]
pub fn returned(to: NodeId, author: NodeId, held: &[FieldId]) -> Option<Release> {
    let mut fields = held.to_vec();
    fields.sort_unstable();
    let (purpose, basis) = ("return", "归还其本单位签发的记录 / records of its own that it lost");
    let (purpose, basis) = (purpose.to_owned(), basis.to_owned());
    (to == author).then_some(Release { to, purpose, basis, fields, withheld: vec![], until: None })
}

fn codes(to: NodeId, purpose: &str, basis: &str, held: &[FieldId]) -> Release {
    let mut fields: Vec<_> = held.iter().copied().filter(|id| field::is_structural(*id)).collect();
    fields.sort_unstable();
    let (purpose, basis) = (purpose.to_owned(), basis.to_owned());
    Release { to, purpose, basis, fields, withheld: Vec::new(), until: None }
}

/// An erasure goes to everybody who ever was a party, whatever policy lets them know of the rest.
fn erasure(to: NodeId, held: &[FieldId]) -> Release {
    codes(to, "erasure", "个人信息保护法第四十七条 / PIPL art. 47", held)
}

/// A unit is told of a case only as long as it is called to it.
fn concerns(case: &Case, node: NodeId, party: Party) -> bool {
    match party {
        Party::Unit => case.call_of(node).is_some(),
        Party::Above | Party::Below | Party::Child | Party::Caller => true,
    }
}

/// What a called unit does rests on its call (C5): whoever did not call it, and is not told of calls,
/// would have to refuse the unit's record, and is not given it.
fn makes_sense(policy: &Policy, case: &Case, step: &Step, to: NodeId, party: Party) -> bool {
    let unit = step.author;
    let of_line = case.home == unit || case.trail.contains(&unit);
    let calls = || case.units.iter().chain(&case.past_calls).filter(|call| call.node == unit);
    let of_unit = matches!(step.act, ActKind::ReportIn | ActKind::UnitResult);
    let about_it = matches!(step.act, ActKind::Remind | ActKind::Supervise | ActKind::Score);
    let rests = of_unit || about_it && !of_line && calls().next().is_some();
    !rests || calls().any(|call| call.by == to) || told_of_calls(policy, party)
}

/// Whether policy tells a party of every kind of call that there is.
fn told_of_calls(policy: &Policy, party: Party) -> bool {
    let calls = [ActKind::Whistle, ActKind::Convene];
    let mut made = calls.into_iter().filter(|act| policy.rule(*act).is_some());
    made.all(|act| policy.disclosure(party, act).is_some())
}

fn release(
    policy: &Policy,
    to: NodeId,
    party: Party,
    act: ActKind,
    held: &[FieldId],
    now: Timestamp,
) -> Option<Release> {
    if act == ActKind::Erase {
        return Some(erasure(to, held));
    }
    let rule = policy.disclosure(party, act)?;
    let named: BTreeSet<FieldId> = rule.field_ids();
    let goes = |id: &FieldId| field::is_structural(*id) || named.contains(id);
    let mut fields: Vec<FieldId> = held.iter().copied().filter(goes).collect();
    fields.sort_unstable();
    // A limit is for words; codes and times are needed as long as the case is.
    let words = fields.iter().any(|id| !field::is_structural(*id));
    let until = rule
        .days
        .filter(|_| words)
        .map(|days| now.plus(Duration::from_secs(DAY * u64::from(days))));
    let (purpose, basis) = (rule.purpose.clone(), rule.basis.clone());
    Some(Release { to, purpose, basis, fields, withheld: Vec::new(), until })
}

#[cfg(test)]
mod tests;
