//! What a permitted act says: its own fields, and the outcome that rules give it. Everybody who
//! reads the record later takes the outcome from it and needs no policy.

use record::{NodeId, Subject, Timestamp};

use super::{Permit, Scene};
use crate::act::{Act, Body, Closing, FieldValues, Report, Triage};
use crate::area::AreaCode;
use crate::case::{Case, Way};
use crate::change::Phase;
use crate::clock::{self, Allowance, Pause};
use crate::field;
use crate::policy::{DEPARTMENT, Policy, Traits};
use crate::roster::{Actor, Standing};
use crate::territory::Located;
use crate::territory::indoor::{self, Attached};

/// The fields of the record for an act that [`super::authorize`] permitted. `ordinal` is this
/// node's running number of cases, which goes into the number of a new one.
#[must_use]
pub fn decide(
    scene: &Scene<'_>,
    case: Option<&Case>,
    act: &Act,
    actor: &Actor,
    ordinal: u64,
) -> FieldValues {
    let mut body = Body(act.fields());
    match (act, case) {
        (Act::Report(report), _) => open(scene, report, actor, ordinal, &mut body),
        (_, Some(case)) => follow(scene, case, act, &mut body),
        (_, None) => {}
    }
    body.0
}

fn open(scene: &Scene<'_>, report: &Report, actor: &Actor, ordinal: u64, body: &mut Body) {
    let grid = grid_of(scene, report);
    body.put(field::NUMBER, &number(scene, ordinal));
    body.put(field::POLICY, &scene.policy.reference());
    body.put_some(field::GRID, grid.as_ref());
    if actor.standing != Standing::Node {
        body.put(field::REPORTER, &actor.id);
    }
    let level = first_level(scene, report, grid.as_ref());
    let stage = scene.policy.rule(crate::act::ActKind::Report).and_then(|rule| rule.to.clone());
    let traits = Traits { category: report.category.as_deref(), ..Traits::default() };
    outcome(scene, &stage.unwrap_or_default(), &level, &traits, body);
}

/// `<area code>-<local date>-<ordinal>`: what is read out over the telephone.
fn number(scene: &Scene<'_>, ordinal: u64) -> String {
    let date = scene.policy.hours.date(scene.now);
    format!("{}-{}-{ordinal:05}", scene.area, date.format("%Y%m%d"))
}

/// The code of the grid that a report's place or point lies in, or that its address names.
pub(super) fn grid_of(scene: &Scene<'_>, report: &Report) -> Option<AreaCode> {
    // The uppermost level where a case begins is the grid, by whose code all places count.
    let level = scene.policy.custody.begins.last()?;
    let by_point = || match scene.territory.locate(report.point?, level, scene.now) {
        Located::One(id) => Some(id),
        Located::None | Located::Several(_) => None,
    };
    let by_address = || {
        let address = indoor::parse(report.address.as_deref()?);
        match scene.territory.attach(&address, level, None, scene.now) {
            Attached::One { place, .. } => Some(place),
            Attached::None | Attached::Several(_) => None,
        }
    };
    grid_at(scene, level, report.place.or_else(by_point).or_else(by_address)?)
}

fn grid_at(scene: &Scene<'_>, level: &str, place: Subject) -> Option<AreaCode> {
    scene.territory.at_level(place, level, scene.now).and_then(|place| place.code.clone())
}

/// A case begins in the grid where it lies in one, else with the jurisdiction itself.
fn first_level(scene: &Scene<'_>, report: &Report, grid: Option<&AreaCode>) -> String {
    let begins = &scene.policy.custody.begins;
    let of_place = report.place.and_then(|place| {
        let lies_in = |level: &&String| scene.territory.at_level(place, level, scene.now).is_some();
        begins.iter().find(lies_in).cloned()
    });
    let of_grid = grid.and(begins.last().cloned());
    of_place.or(of_grid).unwrap_or_else(|| scene.level.to_owned())
}

fn follow(scene: &Scene<'_>, case: &Case, act: &Act, body: &mut Body) {
    match act {
        Act::SettleOnSpot { .. } => body.put(field::SETTLED, &case.level),
        Act::Handle { .. } => body.put(field::SETTLED, &settled(case)),
        Act::Agreement { .. } if settles(scene, case, act) => {
            body.put(field::SETTLED, &settled(case));
        }
        Act::Close { special } => body.put(field::CLOSING, &closing(scene, case, *special)),
        Act::Escalate { .. } => body.put_some::<NodeId>(field::TO, scene.parent.as_ref()),
        Act::SendHome { .. } => body.put_some(field::TO, case.below(scene.me).as_ref()),
        Act::AcceptCustody {} | Act::RefuseCustody { .. } => {
            let offer = case.offer_to(scene.me).map(|offer| offer.offer);
            body.put_some(field::OFFER, offer.as_ref());
            if matches!(act, Act::AcceptCustody {}) {
                body.put(field::POLICY, &scene.policy.reference());
            }
        }
        Act::Whistle(_) | Act::Convene(_) => {
            let by = due(scene, scene.policy.whistle.report_in);
            body.put_some(field::REPORT_IN_BY, by.as_ref());
        }
        Act::Triage(Triage { place: Some(place), .. }) => {
            let level = scene.policy.custody.begins.first();
            let grid = level.and_then(|level| grid_at(scene, level, *place));
            body.put_some(field::GRID, grid.as_ref());
        }
        Act::Report(_)
        | Act::Accept {}
        | Act::Refuse { .. }
        | Act::Triage(_)
        | Act::HandUp { .. }
        | Act::HandDown { .. }
        | Act::Dispatch { .. }
        | Act::Take {}
        | Act::Return { .. }
        | Act::Progress { .. }
        | Act::Verify { .. }
        | Act::Reopen { .. }
        | Act::ReportIn {}
        | Act::UnitResult { .. }
        | Act::Check { .. }
        | Act::Transfer { .. }
        | Act::Redispatch { .. }
        | Act::Object { .. }
        | Act::RuleObjection { .. }
        | Act::AskExtension { .. }
        | Act::DecideExtension { .. }
        | Act::Suspend { .. }
        | Act::Resume { .. }
        | Act::Remind { .. }
        | Act::Supervise { .. }
        | Act::CallBack(_)
        | Act::WriteOff { .. }
        | Act::Merge { .. }
        | Act::Split { .. }
        | Act::Erase { .. }
        | Act::Withdraw { .. }
        | Act::Exclude { .. }
        | Act::Score { .. }
        | Act::Mediate { .. }
        | Act::Session { .. }
        | Act::Agreement { .. } => {}
    }
    let contributes = act.kind().is_contribution() || matches!(act, Act::RefuseCustody { .. });
    if !contributes {
        let (stage, level) = next(scene, case, act);
        match due_by(case, act, &stage) {
            Some(due) => put_outcome(scene, &stage, &level, due, body),
            None => keep_clock_or_start(scene, case, act, &stage, &level, body),
        }
    }
}

/// The due time that an act itself gives; `None` where the stage's clock does.
fn due_by(case: &Case, act: &Act, stage: &str) -> Option<Option<Timestamp>> {
    let back = case.aside.as_ref().is_some_and(|aside| aside.stage == stage);
    if let Act::Suspend { review, .. } = act {
        return Some(Some(*review));
    }
    let extended = matches!(act, Act::DecideExtension { granted: true, .. });
    // A merged case's own clock runs on, whatever becomes of the one it is treated with, and is
    // still its own when it is taken out again.
    let merger = matches!(act, Act::Merge { .. }) || (matches!(act, Act::Split { .. }) && back);
    extended.then_some(case.extension).or(merger.then_some(case.due))
}

/// An agreement settles a dispute, unless policy has it carried out first.
fn settles(scene: &Scene<'_>, case: &Case, act: &Act) -> bool {
    let phase = scene.policy.stage(&stage_of(scene, case, act)).map(|stage| stage.phase);
    !is_no(act) && phase.is_some_and(|phase| matches!(phase, Phase::Verifying | Phase::Closing))
}

/// Units that did their part settle it as departments; otherwise the level that had it.
fn settled(case: &Case) -> String {
    if case.units.iter().any(|call| call.done.is_some()) {
        DEPARTMENT.to_owned()
    } else {
        case.level.clone()
    }
}

fn closing(scene: &Scene<'_>, case: &Case, special: bool) -> Closing {
    let late = case
        .spans
        .iter()
        .any(|span| span.due.is_some_and(|due| due < span.until.unwrap_or(scene.now)));
    match (special, late) {
        (true, _) => Closing::Special,
        (false, true) => Closing::Overtime,
        (false, false) => Closing::Normal,
    }
}

fn due(scene: &Scene<'_>, allowance: Allowance) -> Option<Timestamp> {
    clock::due(scene.now, allowance, &[], scene.calendar, &scene.policy.hours).map(|due| due.at)
}

/// Stage and level after an act.
fn next(scene: &Scene<'_>, case: &Case, act: &Act) -> (String, String) {
    let custody = &scene.policy.custody;
    match act {
        Act::AcceptCustody {} => {
            let stage = match case.offer_to(scene.me) {
                Some(offer) if offer.way == Way::Back && offer.done => &custody.returned,
                Some(offer) if offer.way == Way::Back => &custody.undone,
                _ => &custody.arrived,
            };
            (stage.clone(), scene.level.to_owned())
        }
        Act::HandUp { .. } => (stage_of(scene, case, act), above(scene, case)),
        Act::Report(_)
        | Act::Accept {}
        | Act::Refuse { .. }
        | Act::Triage(_)
        | Act::SettleOnSpot { .. }
        | Act::Dispatch { .. }
        | Act::Take {}
        | Act::Return { .. }
        | Act::Progress { .. }
        | Act::Handle { .. }
        | Act::Verify { .. }
        | Act::Close { .. }
        | Act::Reopen { .. }
        | Act::Escalate { .. }
        | Act::HandDown { .. }
        | Act::SendHome { .. }
        | Act::RefuseCustody { .. }
        | Act::Whistle(_)
        | Act::ReportIn {}
        | Act::UnitResult { .. }
        | Act::Check { .. }
        | Act::Transfer { .. }
        | Act::Redispatch { .. }
        | Act::Object { .. }
        | Act::RuleObjection { .. }
        | Act::AskExtension { .. }
        | Act::DecideExtension { .. }
        | Act::Suspend { .. }
        | Act::Remind { .. }
        | Act::Supervise { .. }
        | Act::CallBack(_)
        | Act::WriteOff { .. }
        | Act::Merge { .. }
        | Act::Erase { .. }
        | Act::Withdraw { .. }
        | Act::Exclude { .. }
        | Act::Score { .. }
        | Act::Convene(_)
        | Act::Mediate { .. }
        | Act::Session { .. }
        | Act::Agreement { .. } => (stage_of(scene, case, act), case.level.clone()),
        // Back to where it stood, unless policy sends it elsewhere.
        Act::Resume { .. } | Act::Split { .. } => {
            let to = scene.policy.rule(act.kind()).and_then(|rule| rule.to.clone());
            let before = case.aside.as_ref().map(|aside| aside.stage.clone());
            (to.or(before).unwrap_or_else(|| case.stage.clone()), case.level.clone())
        }
    }
}

/// The next level up inside the jurisdiction: of those where a case begins, the next one that the
/// place lies in, and after the last of them the jurisdiction itself.
fn above(scene: &Scene<'_>, case: &Case) -> String {
    let begins = &scene.policy.custody.begins;
    let at = begins.iter().position(|level| *level == case.level);
    let higher = at.map_or(&[] as &[String], |at| &begins[at + 1..]);
    let lies_in = |level: &&String| {
        case.place.is_none_or(|place| scene.territory.at_level(place, level, scene.now).is_some())
    };
    higher.iter().find(lies_in).cloned().unwrap_or_else(|| scene.level.to_owned())
}

fn stage_of(scene: &Scene<'_>, case: &Case, act: &Act) -> String {
    // Who could not be reached has said nothing.
    if matches!(act, Act::CallBack(said) if !said.reached) {
        return case.stage.clone();
    }
    let rule = scene.policy.rule(act.kind());
    rule.and_then(|rule| if is_no(act) { rule.otherwise.clone() } else { rule.to.clone() })
        .unwrap_or_else(|| case.stage.clone())
}

/// Whether an act answers a question with no, so that it leads elsewhere.
fn is_no(act: &Act) -> bool {
    matches!(
        act,
        Act::Verify { solved: false, .. }
            | Act::Check { found: false, .. }
            | Act::RuleObjection { upheld: false, .. }
            | Act::Agreement { reached: false, .. }
    ) || matches!(act, Act::CallBack(said) if said.solved == Some(false))
}

/// A stage's clock starts when the stage, the level or the holder changes, and otherwise runs on.
/// Where sorting gives the matter another clock, that one has run since the stage began.
fn keep_clock_or_start(
    scene: &Scene<'_>,
    case: &Case,
    act: &Act,
    stage: &str,
    level: &str,
    body: &mut Body,
) {
    let traits = traits_after(scene, case, act);
    let stays = case.is_here() && case.stage == stage && case.level == level;
    let rule = |traits| scene.policy.clock(stage, level, traits).map(|rule| &rule.key);
    if stays && rule(&traits) == rule(&scene.policy.traits(case)) {
        put_outcome(scene, stage, level, case.due, body);
        return;
    }
    let began = if stays || scene.policy.pauses(&case.stage) {
        since(scene, case, stage, level)
    } else {
        None
    };
    let Some((start, pauses)) = began else {
        outcome(scene, stage, level, &traits, body);
        return;
    };
    let due = scene.policy.clock(stage, level, &traits).and_then(|rule| {
        clock::due(start, rule.allowance, &pauses, scene.calendar, &scene.policy.hours)
    });
    put_outcome(scene, stage, level, due.map(|due| due.at), body);
}

/// What the clock depends on once the act is done.
fn traits_after<'a>(scene: &Scene<'a>, case: &'a Case, act: &'a Act) -> Traits<'a> {
    let policy: &'a Policy = scene.policy;
    let before = policy.traits(case);
    if let Act::Mediate { severity, .. } = act {
        return Traits { severity: Some(severity), ..before };
    }
    let Act::Triage(triage) = act else { return before };
    let importance = triage.importance.or(case.importance);
    let urgency = triage.urgency.or(case.urgency);
    Traits {
        grade: triage.grade.or(case.grade),
        colour: policy.colour(importance, urgency).map(|colour| colour.key.as_str()),
        category: triage.category.as_deref().or(case.category.as_deref()),
        severity: before.severity,
    }
}

/// Since when the clock of a stage runs that the case is in or comes back to, and when it stood
/// still: a clock that waited goes on, it does not begin anew.
fn since(
    scene: &Scene<'_>,
    case: &Case,
    stage: &str,
    level: &str,
) -> Option<(Timestamp, Vec<Pause>)> {
    let (mut start, mut pauses) = (None, Vec::new());
    for span in case.spans.iter().rev() {
        if scene.policy.pauses(&span.stage) {
            let until = Some(span.until.unwrap_or(scene.now));
            pauses.push(Pause { from: span.from, until });
        } else if span.stage == stage && span.level == level && span.holder == scene.me {
            start = Some(span.from);
        } else {
            break;
        }
    }
    start.map(|start| (start, pauses))
}

fn outcome(scene: &Scene<'_>, stage: &str, level: &str, traits: &Traits<'_>, body: &mut Body) {
    let rule = scene.policy.clock(stage, level, traits);
    let due = rule.and_then(|rule| due(scene, rule.allowance));
    put_outcome(scene, stage, level, due, body);
}

fn put_outcome(
    scene: &Scene<'_>,
    stage: &str,
    level: &str,
    due: Option<Timestamp>,
    body: &mut Body,
) {
    let phase = scene.policy.stage(stage).map_or(Phase::Accepted, |stage| stage.phase);
    body.put(field::STAGE, &stage);
    body.put(field::PHASE, &phase);
    body.put(field::LEVEL, &level);
    body.put_some(field::DUE, due.as_ref());
}

impl Permit {
    /// The actor of the record's header.
    #[must_use]
    pub fn signer(&self, actor: &Actor) -> Option<record::Actor> {
        self.role.as_ref().map(|role| record::Actor {
            id: record::ActorId::from_bytes(*actor.id.as_bytes()),
            role: role.clone(),
        })
    }
}
