//! Who may read what: pure functions of who asks, the policy, the ground and the case. Deny by
//! default. What may be *done* is [`governance::authorize`]'s to say.

use governance::act::ActKind;
use governance::case::Case;
use governance::field::{self, Class};
use governance::policy::{Policy, Power, Versions};
use governance::roster::{Actor, Roster, Standing};
use governance::territory::Territory;
use record::{FieldId, NodeId, Subject, Timestamp};

/// Who asks, and by what it is judged.
#[derive(Clone, Copy)]
pub(crate) struct Viewer<'a> {
    /// Who asks.
    pub(crate) actor: &'a Actor,
    /// This node.
    pub(crate) me: NodeId,
    /// How this place works, and by what its cases began.
    pub(crate) policies: &'a Versions,
    /// Its ground.
    pub(crate) territory: &'a Territory,
    /// Now.
    pub(crate) now: Timestamp,
}

impl<'a> Viewer<'a> {
    /// By what a case is looked at: the version it began with; the one in force where the text of
    /// that is not here, so that the case can still be seen.
    fn policy(&self, case: &Case) -> &'a Policy {
        self.policies.of(case, self.me).unwrap_or(&self.policies.in_force().policy)
    }
}

/// Whether the case exists as far as this person is concerned.
///
/// Staff see a case by an appointment in force that covers its ground, to a role that acts on
/// cases at all; a case given to them or
/// reported by them; and, at a member unit, the cases that the unit was called to, whose ground is
/// not its own. A resident sees the one they reported, and only where they reported it.
#[must_use]
pub(crate) fn sees(viewer: &Viewer<'_>, case: &Case) -> bool {
    let Viewer { actor, me, territory, now, .. } = *viewer;
    match &actor.standing {
        Standing::Resident => case.home == me && case.reporter == Some(actor.id),
        Standing::Node => false,
        Standing::Staff(held) if held.is_empty() => false,
        Standing::Staff(held) => {
            let own = [case.assignee, case.reporter].contains(&Some(actor.id));
            let called = case.call_of(me).is_some();
            let (place, grid) = (case.place, case.grid.as_ref());
            // Whoever runs the node, but acts on no case, has no need to read any.
            let policy = viewer.policy(case);
            let acts = |role: &String| policy.acts.iter().any(|rule| rule.roles.contains(role));
            let mut held = held.iter().filter(|held| acts(&held.role));
            own || called || held.any(|held| held.covers(territory, place, grid, now))
        }
    }
}

/// Whether anybody at all may know that there is the case, and how far it is: one of this node's
/// own, in a grid, of a category that policy calls public.
#[must_use]
pub(crate) fn is_public(viewer: &Viewer<'_>, case: &Case) -> bool {
    let own = case.home == viewer.me && case.grid.is_some();
    own && case.category.as_deref().is_some_and(|key| viewer.policy(case).is_public(key))
}

/// Whether they may read who the reporter is and who is involved: by the power for it over the
/// case's ground, and by nothing else. The reporter's own code does not open it either: a code
/// gets around more easily than a person's data should.
#[must_use]
pub(crate) fn reads_personal(viewer: &Viewer<'_>, case: &Case) -> bool {
    let Viewer { actor, territory, now, .. } = *viewer;
    let ground = (case.place, case.grid.as_ref());
    let policy = viewer.policy(case);
    actor.has_power_over(policy, Power::Personal, territory, ground.0, ground.1, now)
}

/// Whether they may read a field of a record of an act on a case which they see. Fields that
/// nobody knows are nobody's to read.
#[must_use]
pub(crate) fn reads(viewer: &Viewer<'_>, case: &Case, act: ActKind, id: FieldId) -> bool {
    let Some(entry) = field::by_id(id) else { return false };
    match &viewer.actor.standing {
        Standing::Resident => told_to_reporter(act, id),
        Standing::Node => false,
        Standing::Staff(_) => match entry.class {
            Class::Structural | Class::Content => true,
            Class::Personal => reads_personal(viewer, case),
        },
    }
}

/// What a reporter is told of their case: the matter's title, why it was refused and where to go
/// instead, and what was done. Words between offices are not theirs.
fn told_to_reporter(act: ActKind, id: FieldId) -> bool {
    match act {
        ActKind::Report => id == field::TITLE,
        ActKind::Refuse => id == field::REASON || id == field::INSTEAD,
        ActKind::Suspend | ActKind::DecideExtension => id == field::REASON,
        ActKind::SettleOnSpot | ActKind::Handle => id == field::OPINION || id == field::PHOTOS,
        ActKind::Accept
        | ActKind::Triage
        | ActKind::HandUp
        | ActKind::Dispatch
        | ActKind::Take
        | ActKind::Return
        | ActKind::Progress
        | ActKind::Verify
        | ActKind::Close
        | ActKind::Reopen
        | ActKind::Escalate
        | ActKind::HandDown
        | ActKind::SendHome
        | ActKind::AcceptCustody
        | ActKind::RefuseCustody
        | ActKind::Whistle
        | ActKind::ReportIn
        | ActKind::UnitResult
        | ActKind::Check
        | ActKind::Transfer
        | ActKind::Redispatch
        | ActKind::Object
        | ActKind::RuleObjection
        | ActKind::AskExtension
        | ActKind::Resume
        | ActKind::Remind
        | ActKind::Supervise
        | ActKind::CallBack
        | ActKind::WriteOff
        | ActKind::Merge
        | ActKind::Split
        | ActKind::Withdraw
        | ActKind::Exclude
        | ActKind::Score
        | ActKind::Convene
        | ActKind::Mediate
        | ActKind::Session
        | ActKind::Agreement
        | ActKind::Erase => false,
    }
}

/// What a resident may do with their code.
#[must_use]
pub(crate) fn resident_may(act: ActKind) -> bool {
    matches!(act, ActKind::Verify | ActKind::Reopen | ActKind::Withdraw)
}

/// Whether they may read a person's papers: the agreement's words and the growth file. The person
/// may, and whoever answers for them by the power over the roster.
#[must_use]
pub(crate) fn reads_papers(viewer: &Viewer<'_>, roster: &Roster, person: Subject) -> bool {
    let Viewer { actor, policies, territory, now, .. } = *viewer;
    let policy = &policies.in_force().policy;
    let staff = !actor.appointments().is_empty();
    let known = roster.get(person);
    let answers = known.is_some_and(|known| known.answered_for_by(actor, policy, territory, now));
    staff && known.is_some() && (actor.id == person || answers)
}

/// Whether they may read colleagues' telephone numbers; names are for all staff.
#[must_use]
pub(crate) fn reads_phones(actor: &Actor, policy: &Policy) -> bool {
    actor.has_power(policy, Power::Roster) || actor.has_power(policy, Power::Personal)
}

#[cfg(test)]
mod tests;
