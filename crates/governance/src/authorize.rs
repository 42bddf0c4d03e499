//! Whether an act may be done, and what it then says: two pure steps. `authorize` names every
//! reason for which it may not; `decide` adds the outcome that goes into the signed record.

mod decide;
mod dispute;
mod handover;
mod open;
mod refusal;

use std::collections::BTreeSet;

use record::{NodeId, Timestamp};

pub use decide::decide;
pub use open::{Open, open_to};
pub use refusal::Refusal;

use crate::act::{Act, ActKind, Erasing, Report, Triage, Whistle};
use crate::area::AreaCode;
use crate::calendar::Calendar;
use crate::case::{Case, MAX_STEPS, Party, Way};
use crate::clock;
use crate::policy::{ANYONE, ASSIGNEE, ActRule, Policy, REPORTER};
use crate::roster::{Actor, Appointment, Roster, Standing};
use crate::territory::Territory;

/// Everything outside the case that a decision depends on.
pub struct Scene<'a> {
    /// How this place works.
    pub policy: &'a Policy,
    /// Its ground.
    pub territory: &'a Territory,
    /// Its people.
    pub roster: &'a Roster,
    /// Working days.
    pub calendar: &'a Calendar,
    /// This node.
    pub me: NodeId,
    /// The level this node governs, or works for as a member unit.
    pub level: &'a str,
    /// The area it governs.
    pub area: &'a AreaCode,
    /// The node above, if there is one.
    pub parent: Option<NodeId>,
    /// Member units known to this node.
    pub units: &'a BTreeSet<NodeId>,
    /// Nodes below this one.
    pub children: &'a BTreeSet<NodeId>,
    /// The other case that an act names, if this node has it.
    pub other: Option<&'a Case>,
    /// Now.
    pub now: Timestamp,
}

/// Leave to do an act, and the role in which it is done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Permit {
    /// Role key; absent where the node acts by itself.
    pub role: Option<String>,
}

/// Whether the actor may do the act on the case as it stands. `case` is absent for a report.
///
/// # Errors
/// [`Refusal`] with the reason; nothing is changed.
pub fn authorize(
    scene: &Scene<'_>,
    case: Option<&Case>,
    act: &Act,
    actor: &Actor,
) -> Result<Permit, Refusal> {
    act.check().map_err(Refusal::Field)?;
    let kind = act.kind();
    let rule = scene.policy.rule(kind).ok_or(Refusal::NotInPolicy { act: kind })?;
    needs(rule, act)?;
    match case {
        None => may_open(scene, rule, act, actor),
        Some(case) => {
            goes_on(case, kind)?;
            may_move(scene, case, kind)?;
            stage(rule, case)?;
            let permit = role(scene, rule, case, actor)?;
            particular(scene, case, act, actor)?;
            Ok(permit)
        }
    }
}

/// Whether anything is done with the case at all.
fn goes_on(case: &Case, act: ActKind) -> Result<(), Refusal> {
    asked(case.erased.is_none(), Refusal::Erased)?;
    // However long it has become, it can be erased.
    asked(case.steps.len() < MAX_STEPS || act == ActKind::Erase, Refusal::TooLong)
}

fn needs(rule: &ActRule, act: &Act) -> Result<(), Refusal> {
    if rule.needs.is_empty() {
        return Ok(());
    }
    let fields = act.fields();
    for key in &rule.needs {
        let known = crate::field::by_key(key);
        if known.is_none_or(|entry| !fields.contains_key(&entry.id)) {
            return Err(Refusal::Needs { act: rule.act, field: key.clone() });
        }
    }
    Ok(())
}

fn may_open(
    scene: &Scene<'_>,
    rule: &ActRule,
    act: &Act,
    actor: &Actor,
) -> Result<Permit, Refusal> {
    let Act::Report(report) = act else { return Err(Refusal::NoCase) };
    check_report(scene, report)?;
    if rule.roles.contains(ANYONE) && actor.standing == Standing::Resident {
        return Ok(Permit { role: Some(REPORTER.into()) });
    }
    let grid = decide::grid_of(scene, report);
    let fits = |held: &&Appointment| {
        rule.roles.contains(&held.role)
            && held.covers(scene.territory, report.place, grid.as_ref(), scene.now)
    };
    match actor.appointments().iter().find(fits) {
        Some(held) => Ok(Permit { role: Some(held.role.clone()) }),
        None => Err(Refusal::Role { act: rule.act }),
    }
}

fn check_report(scene: &Scene<'_>, report: &Report) -> Result<(), Refusal> {
    if !scene.policy.has_channel(&report.channel) {
        return Err(Refusal::UnknownChannel { channel: report.channel.clone() });
    }
    known_category(scene, report.category.as_ref())?;
    if let Some(place) = report.place {
        known_place(scene, place)?;
    }
    if report.happened.is_some_and(|at| at > scene.now) {
        return Err(Refusal::InFuture);
    }
    Ok(())
}

fn known_category(scene: &Scene<'_>, category: Option<&String>) -> Result<(), Refusal> {
    match category {
        Some(key) if !scene.policy.has_category(key) => {
            Err(Refusal::UnknownCategory { category: key.clone() })
        }
        _ => Ok(()),
    }
}

/// Whether this node may act on the case at all, whoever asks.
fn may_move(scene: &Scene<'_>, case: &Case, kind: ActKind) -> Result<(), Refusal> {
    match kind {
        ActKind::Report => Err(Refusal::Opened),
        ActKind::AcceptCustody | ActKind::RefuseCustody => {
            case.offer_to(scene.me).map(|_| ()).ok_or(Refusal::NoOffer)
        }
        ActKind::ReportIn | ActKind::UnitResult => {
            case.call_of(scene.me).map(|_| ()).ok_or(Refusal::NotCalled)
        }
        // Whoever takes part may press for it; which stage it is in matters only to the holder.
        ActKind::Remind | ActKind::Supervise => Ok(()),
        // Whose it is says policy, by role; a unit's it never is.
        ActKind::Exclude => asked(case.is_of_line(scene.me), Refusal::NotOfLine),
        ActKind::Score => {
            let whistled = !case.units.is_empty();
            if whistled { Ok(()) } else { Err(Refusal::NotInWhistle) }
        }
        // Whoever took it in answers for what people said, wherever the case is.
        ActKind::Erase => asked(case.home == scene.me, Refusal::NotAtHome { home: case.home }),
        ActKind::Accept
        | ActKind::Refuse
        | ActKind::Triage
        | ActKind::SettleOnSpot
        | ActKind::HandUp
        | ActKind::Dispatch
        | ActKind::Take
        | ActKind::Return
        | ActKind::Progress
        | ActKind::Handle
        | ActKind::Verify
        | ActKind::Close
        | ActKind::Reopen
        | ActKind::Escalate
        | ActKind::HandDown
        | ActKind::SendHome
        | ActKind::Whistle
        | ActKind::Check
        | ActKind::Transfer
        | ActKind::Redispatch
        | ActKind::Object
        | ActKind::RuleObjection
        | ActKind::AskExtension
        | ActKind::DecideExtension
        | ActKind::Suspend
        | ActKind::Resume
        | ActKind::CallBack
        | ActKind::WriteOff
        | ActKind::Merge
        | ActKind::Split
        | ActKind::Withdraw
        | ActKind::Convene
        | ActKind::Mediate
        | ActKind::Session
        | ActKind::Agreement => {
            if case.is_here() {
                Ok(())
            } else {
                Err(Refusal::NotHolder { holder: case.holder(scene.me) })
            }
        }
    }
}

fn stage(rule: &ActRule, case: &Case) -> Result<(), Refusal> {
    // Offers and calls come from a node whose stages may be named otherwise.
    let elsewhere = rule.act.is_contribution()
        || matches!(rule.act, ActKind::AcceptCustody | ActKind::RefuseCustody);
    if elsewhere || rule.from.contains(&case.stage) {
        Ok(())
    } else {
        Err(Refusal::Stage { act: rule.act, stage: case.stage.clone() })
    }
}

fn role(scene: &Scene<'_>, rule: &ActRule, case: &Case, actor: &Actor) -> Result<Permit, Refusal> {
    if actor.standing == Standing::Node {
        return node_itself(scene, case, rule.act);
    }
    if rule.roles.contains(REPORTER) && case.reporter == Some(actor.id) {
        return Ok(Permit { role: Some(REPORTER.into()) });
    }
    if rule.roles.contains(ASSIGNEE) && case.assignee == Some(actor.id) {
        let held = actor.appointments().first().map(|held| held.role.clone());
        return Ok(Permit { role: held.or_else(|| Some(ASSIGNEE.into())) });
    }
    let mut in_role = false;
    for held in actor.appointments().iter().filter(|held| rule.roles.contains(&held.role)) {
        in_role = true;
        if within(scene, case, actor, held) {
            return Ok(Permit { role: Some(held.role.clone()) });
        }
    }
    Err(if in_role { Refusal::Scope { act: rule.act } } else { Refusal::Role { act: rule.act } })
}

/// Whether an appointment reaches a case: by its ground, and by the responsible level unless the
/// case was given to this very person.
fn within(scene: &Scene<'_>, case: &Case, actor: &Actor, held: &Appointment) -> bool {
    let ground = held.covers(scene.territory, case.place, case.grid.as_ref(), scene.now);
    let given = case.assignee == Some(actor.id);
    let level = scene.policy.role(&held.role).is_some_and(|role| role.levels.contains(&case.level));
    let guest = !case.is_here();
    ground && (given || level || guest)
}

/// The node acts by itself only to take a case that comes home, and to pass it on down; and to
/// erase what policy keeps no longer.
fn node_itself(scene: &Scene<'_>, case: &Case, act: ActKind) -> Result<Permit, Refusal> {
    if act == ActKind::Erase && scene.policy.is_kept_no_longer(case, scene.now) {
        return Ok(Permit { role: None });
    }
    let takes = act == ActKind::AcceptCustody
        && case.offer_to(scene.me).is_some_and(|offer| offer.way == Way::Back);
    let passes_on = act == ActKind::SendHome && case.below(scene.me).is_some();
    let homecoming = takes || passes_on;
    let automatic = scene.policy.custody.homecoming == crate::policy::Homecoming::Automatic;
    if homecoming && automatic { Ok(Permit { role: None }) } else { Err(Refusal::Role { act }) }
}

/// What an act demands of what it says, besides role, stage and [`open::moment`].
fn particular(scene: &Scene<'_>, case: &Case, act: &Act, actor: &Actor) -> Result<(), Refusal> {
    open::moment(scene, case, act.kind(), actor)?;
    match act {
        Act::Triage(triage) => check_triage(scene, case, triage),
        Act::Dispatch { assignee }
        | Act::Transfer { assignee, .. }
        | Act::Redispatch { assignee } => check_person(scene, *assignee),
        Act::AskExtension { until, .. } => {
            let later = case.due.is_some_and(|due| due < *until);
            asked(later, Refusal::ExtensionTime)
        }
        Act::Suspend { review, .. } => check_review(scene, *review),
        Act::Merge { into } => check_merge(scene, case, *into),
        Act::Exclude { exclusion, .. } => check_exclusion(scene, exclusion),
        Act::Score { node, .. } => check_score(scene, case, *node),
        Act::Convene(force) => check_force(scene, case, force),
        Act::Mediate { severity, mediators } => {
            dispute::may_mediate(scene, case, severity)?;
            mediators.iter().try_for_each(|person| check_person(scene, *person))
        }
        // By a decision a case may be ended as it is.
        Act::Agreement { reached: true, .. } | Act::Close { special: false } => {
            dispute::may_end(scene, case)
        }
        Act::HandDown { to, .. } => handover::hand_down(scene, case, *to),
        Act::SendHome { done, .. } => handover::send_home(scene, case, *done),
        Act::Whistle(whistle) => check_units(scene, whistle),
        Act::Erase { ground: Erasing::Retention } => {
            asked(scene.policy.is_kept_no_longer(case, scene.now), Refusal::StillKept)
        }
        Act::Erase { ground: Erasing::Request | Erasing::Unlawful } => Ok(()),
        Act::Report(_)
        | Act::Accept {}
        | Act::Refuse { .. }
        | Act::SettleOnSpot { .. }
        | Act::HandUp { .. }
        | Act::Take {}
        | Act::Return { .. }
        | Act::Progress { .. }
        | Act::Handle { .. }
        | Act::Verify { .. }
        | Act::Close { special: true }
        | Act::Reopen { .. }
        | Act::Escalate { .. }
        | Act::AcceptCustody {}
        | Act::RefuseCustody { .. }
        | Act::ReportIn {}
        | Act::UnitResult { .. }
        | Act::Check { .. }
        | Act::Object { .. }
        | Act::RuleObjection { .. }
        | Act::DecideExtension { .. }
        | Act::Resume { .. }
        | Act::Remind { .. }
        | Act::Supervise { .. }
        | Act::CallBack(_)
        | Act::WriteOff { .. }
        | Act::Split { .. }
        | Act::Withdraw { .. }
        | Act::Session { .. }
        | Act::Agreement { reached: false, .. } => Ok(()),
    }
}

fn asked(fits: bool, otherwise: Refusal) -> Result<(), Refusal> {
    if fits { Ok(()) } else { Err(otherwise) }
}

fn assigned_to(case: &Case, actor: &Actor) -> Result<(), Refusal> {
    asked(case.assignee == Some(actor.id), Refusal::NotAssigned)
}

fn check_person(scene: &Scene<'_>, person: record::Subject) -> Result<(), Refusal> {
    match scene.roster.actor(person, scene.now) {
        Some(known) if !known.appointments().is_empty() => Ok(()),
        _ => Err(Refusal::UnknownPerson { person }),
    }
}

fn check_extension(scene: &Scene<'_>, case: &Case) -> Result<(), Refusal> {
    asked(case.extension.is_none(), Refusal::AskedAlready)?;
    asked(case.due.is_some_and(|due| scene.now <= due), Refusal::ExtensionTime)?;
    match &scene.policy.extension {
        Some(rule) if case.counts.extensions >= rule.most => {
            Err(Refusal::NoMoreExtensions { most: rule.most })
        }
        _ => Ok(()),
    }
}

fn check_review(scene: &Scene<'_>, review: Timestamp) -> Result<(), Refusal> {
    asked(review > scene.now, Refusal::ReviewTime)?;
    let Some(rule) = &scene.policy.suspension else { return Ok(()) };
    let last = clock::due(scene.now, rule.longest, &[], scene.calendar, &scene.policy.hours);
    let in_time = last.is_none_or(|last| review <= last.at);
    asked(in_time, Refusal::ReviewTooFar { longest: rule.longest })
}

fn check_merge(scene: &Scene<'_>, case: &Case, into: record::Subject) -> Result<(), Refusal> {
    let fits = scene.other.is_some_and(|other| {
        other.id == into
            && other.id != case.id
            && other.is_here()
            && !other.is_ended()
            && other.aside.as_ref().is_none_or(|aside| aside.into.is_none())
    });
    asked(fits, Refusal::MergeInto { into })
}

fn check_reopen(scene: &Scene<'_>, case: &Case) -> Result<(), Refusal> {
    let Some(rule) = &scene.policy.reopen else { return Ok(()) };
    let closed = case.closed.unwrap_or(scene.now);
    let end = clock::due(closed, rule.within, &[], scene.calendar, &scene.policy.hours);
    let in_time = end.is_none_or(|end| scene.now <= end.at);
    asked(in_time && case.counts.reopens < rule.most, Refusal::NoMoreReopening)
}

fn check_exclusion(scene: &Scene<'_>, ground: &str) -> Result<(), Refusal> {
    let known = scene.policy.exclusion(ground).is_some();
    asked(known, Refusal::NoSuchExclusion { ground: ground.to_owned() })
}

/// The caller scores the units it called, and a unit whoever called it (C5).
fn check_score(scene: &Scene<'_>, case: &Case, node: NodeId) -> Result<(), Refusal> {
    let calls = matches!(case.parties.get(&node), Some(Party::Caller | Party::Above));
    let caller = calls && case.call_of(scene.me).is_some();
    let called = case.is_here() && case.call_of(node).is_some();
    asked(node != scene.me && (caller || called), Refusal::NotInWhistle)
}

/// A task force is made of units and of nodes below (C6).
fn check_force(scene: &Scene<'_>, case: &Case, force: &Whistle) -> Result<(), Refusal> {
    let known = |node: &NodeId| scene.units.contains(node) || scene.children.contains(node);
    let parts = force.parts();
    if let Some((unit, _)) = parts.iter().find(|(node, _)| !known(node)) {
        return Err(Refusal::UnknownUnit { unit: *unit });
    }
    let down = parts.iter().any(|(node, _)| scene.children.contains(node));
    if down { handover::not_taken_back(scene, case) } else { Ok(()) }
}

fn check_triage(scene: &Scene<'_>, case: &Case, triage: &Triage) -> Result<(), Refusal> {
    known_category(scene, triage.category.as_ref())?;
    let Some(place) = triage.place else { return Ok(()) };
    // A case's place is of the territory of its home.
    asked(case.home == scene.me, Refusal::NotAtHome { home: case.home })?;
    known_place(scene, place)
}

fn known_place(scene: &Scene<'_>, place: record::Subject) -> Result<(), Refusal> {
    let known = scene.territory.get(place, scene.now).is_some();
    asked(known, Refusal::UnknownPlace { place })
}

fn check_units(scene: &Scene<'_>, whistle: &Whistle) -> Result<(), Refusal> {
    match whistle.parts().into_iter().find(|(unit, _)| !scene.units.contains(unit)) {
        Some((unit, _)) => Err(Refusal::UnknownUnit { unit }),
        None => Ok(()),
    }
}

#[cfg(test)]
pub(crate) mod tests;
