//! Cases as lists and pages show them.

use std::collections::BTreeSet;

use governance::act::{Closing, Grade, Part, Rate};
use governance::area::AreaCode;
use governance::case::{
    Answerable, Callback, Case, CaseId, Custody, Mediation, Received, Score, Span, UnitCall, Way,
};
use governance::change::Phase;
use governance::field;
use record::{NodeId, RecordId, Subject, Timestamp};
use serde::Serialize;

use super::breach::BreachShown;
use super::exclusion::ExclusionShown;
use super::fields::Values;
use super::names::{Named, NodeName, People, PersonName, named};
use super::timeline::Brief;
use crate::desk::View;
use crate::problem::Problem;

/// What a list shows of a case.
#[derive(Serialize)]
pub(crate) struct Summary {
    id: CaseId,
    number: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<serde_json::Value>,
    stage: Named,
    phase: Phase,
    level: Named,
    clock: Clock,
    channel: Named,
    /// Key of the source that had it first (C9).
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<Named>,
    #[serde(skip_serializing_if = "Option::is_none")]
    grid: Option<AreaCode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<Subject>,
    /// Longitude and latitude, WGS-84, where it was reported with them and one may read that.
    #[serde(skip_serializing_if = "Option::is_none")]
    point: Option<serde_json::Value>,
    /// Its colour by importance and urgency (C3).
    #[serde(skip_serializing_if = "Option::is_none")]
    colour: Option<Named>,
    #[serde(skip_serializing_if = "Option::is_none")]
    assignee: Option<PersonName>,
    opened: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed: Option<Timestamp>,
    home: NodeName,
    custody: CustodyShown,
    /// While this node is called to it and has not done its part: by when it has to report in.
    #[serde(skip_serializing_if = "Option::is_none")]
    called: Option<Clock>,
}

/// Where the clock of a case's stage stands.
#[derive(Serialize, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Clock {
    pub(crate) state: ClockState,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) due: Option<Timestamp>,
}

/// The state of a clock.
#[derive(Serialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ClockState {
    /// The stage has none.
    None,
    /// Time is left.
    Running,
    /// The time is over and the stage is not.
    Overdue,
    /// What it measured ended in time.
    Met,
    /// What it measured ended late.
    Breached,
}

/// Who holds a case, and whether it is on its way.
#[derive(Serialize)]
struct CustodyShown {
    holder: NodeName,
    /// Whether this node may act on it now.
    here: bool,
    /// An offer of custody that nobody has answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    offer: Option<Offer>,
}

#[derive(Serialize)]
struct Offer {
    record: RecordId,
    to: NodeName,
    /// Up to the node above, down to one below, or back towards home.
    way: Way,
    /// Whether it is this node that has to answer.
    to_us: bool,
}

/// That people's words and data were erased.
#[derive(Serialize)]
struct ErasedShown {
    at: Timestamp,
    record: RecordId,
    /// Who was told to erase and has not yet signed that they have it.
    outstanding: Vec<NodeName>,
}

/// Everything about a case.
#[derive(Serialize)]
pub(crate) struct Detail {
    #[serde(flatten)]
    summary: Summary,
    policy: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    grade: Option<Grade>,
    #[serde(skip_serializing_if = "Option::is_none")]
    importance: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    urgency: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answered: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    handled: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    settled: Option<Named>,
    #[serde(skip_serializing_if = "Option::is_none")]
    closing: Option<Closing>,
    #[serde(skip_serializing_if = "Option::is_none")]
    solved: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    satisfaction: Option<u8>,
    returns: u32,
    reopens: u32,
    wrong_dispatches: u32,
    extensions: u32,
    reminders: u32,
    supervisions: u32,
    /// Whether an objection to its dispatch is not decided.
    objected: bool,
    /// The due time asked for and not decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    extension_asked: Option<Timestamp>,
    /// The case that it is treated with.
    #[serde(skip_serializing_if = "Option::is_none")]
    merged_into: Option<CaseId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    written_off: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    erased: Option<ErasedShown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    callback: Option<Callback>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mediation: Option<Mediation>,
    /// Who received it first, and owns the handover (C12).
    #[serde(skip_serializing_if = "Option::is_none")]
    first_receiver: Option<ReceivedShown>,
    /// Who answers for it now: whoever received it first, until somebody takes it.
    answerable: AnswerableShown,
    /// The note it came from, for those who may read that (C13).
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<Subject>,
    /// The rates it is left out of.
    excluded: BTreeSet<Rate>,
    /// Every exclusion: on what ground, by whom and when.
    exclusions: Vec<ExclusionShown>,
    scores: Vec<Score>,
    /// The latest words, by field name: only those that the reader may read.
    fields: Values,
    /// The nodes through which custody climbed, home first.
    trail: Vec<NodeName>,
    units: Vec<Unit>,
    /// Who had it when, with each one's own clock (C8).
    spans: Vec<SpanShown>,
    /// What is due since its clock ran out.
    #[serde(skip_serializing_if = "Option::is_none")]
    breach: Option<BreachShown>,
    /// A year whose holidays this node does not know: the due time is not certain.
    #[serde(skip_serializing_if = "Option::is_none")]
    calendar_missing: Option<i32>,
    timeline: Vec<Brief>,
}

/// A person of a node, since a moment.
#[derive(Serialize)]
struct ReceivedShown {
    node: NodeName,
    person: PersonName,
    since: Timestamp,
}

/// Who answers for a case now.
#[derive(Serialize)]
struct AnswerableShown {
    state: AnswerableState,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<ReceivedShown>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum AnswerableState {
    /// No member of staff has touched it yet.
    NotReceived,
    FirstReceiver,
    Taker,
    Ended,
}

#[derive(Serialize)]
struct Unit {
    node: NodeName,
    part: Part,
    called: Timestamp,
    report_in: Clock,
    #[serde(skip_serializing_if = "Option::is_none")]
    reported_in: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    done: Option<Timestamp>,
}

#[derive(Serialize)]
struct SpanShown {
    holder: NodeName,
    level: Named,
    stage: Named,
    from: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
    clock: Clock,
}

impl Clock {
    /// A clock that runs out at `due`, was stopped at `stopped` if it was, and is read at `now`.
    /// A moment exactly at the deadline is in time.
    pub(crate) fn read(due: Option<Timestamp>, stopped: Option<Timestamp>, now: Timestamp) -> Self {
        let state = match (due, stopped) {
            (None, _) => ClockState::None,
            (Some(due), Some(at)) if at > due => ClockState::Breached,
            (Some(_), Some(_)) => ClockState::Met,
            (Some(due), None) if now > due => ClockState::Overdue,
            (Some(_), None) => ClockState::Running,
        };
        Self { state, due }
    }

    /// The clock of the stage that a case is in.
    pub(crate) fn of(case: &Case, now: Timestamp) -> Self {
        Self::read(case.due, case.is_ended().then_some(case.closed).flatten(), now)
    }
}

impl Detail {
    /// Names of the fields that it shows.
    pub(crate) fn shown(&self) -> impl Iterator<Item = &'static str> {
        self.fields.keys().copied()
    }
}

impl View {
    /// A case as lists show it.
    ///
    /// # Errors
    /// When index or journal can't be read.
    pub(crate) fn summary(&self, case: &Case, people: &mut People<'_>) -> Result<Summary, Problem> {
        let mut words = self.latest(case, &[field::TITLE, field::POINT])?;
        Ok(Summary {
            id: case.id,
            number: case.number.clone(),
            title: words.remove("title"),
            stage: self.stage(&case.stage),
            phase: case.phase,
            level: self.level(&case.level),
            clock: Clock::of(case, self.now),
            channel: self.channel(&case.channel),
            source: case.source.clone(),
            category: case.category.as_deref().map(|key| self.category(key)),
            grid: case.grid.clone(),
            place: case.place,
            point: words.remove("point"),
            colour: self.colour(case),
            assignee: case.assignee.map(|id| people.name(id)).transpose()?,
            opened: case.opened,
            closed: case.closed,
            home: self.node(case.home),
            custody: self.custody(case),
            called: self.called_to(case),
        })
    }

    /// By when this node has to report in, or that it has, while its part is not done.
    fn called_to(&self, case: &Case) -> Option<Clock> {
        let call = case.call_of(self.setup.me()).filter(|call| call.done.is_none())?;
        Some(Clock::read(call.report_in_by, call.reported_in, self.now))
    }

    /// A case with everything about it.
    ///
    /// # Errors
    /// When index or journal can't be read.
    pub(crate) fn detail(&self, case: &Case) -> Result<Detail, Problem> {
        let mut people = People::new(self);
        Ok(Detail {
            summary: self.summary(case, &mut people)?,
            policy: case.policy.clone(),
            grade: case.grade,
            importance: case.importance,
            urgency: case.urgency,
            answered: case.answered,
            handled: case.handled,
            settled: case.settled.as_deref().map(|key| self.level(key)),
            closing: case.closing,
            solved: case.solved,
            satisfaction: case.satisfaction,
            returns: case.counts.returns,
            reopens: case.counts.reopens,
            wrong_dispatches: case.counts.wrong_dispatches,
            extensions: case.counts.extensions,
            reminders: case.counts.reminders,
            supervisions: case.counts.supervisions,
            objected: case.objection.is_some(),
            extension_asked: case.extension,
            merged_into: case.aside.as_ref().and_then(|aside| aside.into),
            written_off: case.written_off,
            erased: self.erased(case)?,
            callback: case.callback,
            mediation: case.mediation.clone(),
            first_receiver: case
                .first_receiver()
                .map(|by| self.received(by, &mut people))
                .transpose()?,
            answerable: self.answerable(case, &mut people)?,
            note: self.note_behind(case.id)?,
            excluded: case.excluded(),
            exclusions: self.exclusions(case, &mut people)?,
            scores: case.scores.clone(),
            fields: self.latest(case, &[])?,
            trail: case.trail.iter().map(|node| self.node(*node)).collect(),
            units: case.units.iter().map(|call| self.unit(call)).collect(),
            spans: case.spans.iter().map(|span| self.span(span)).collect(),
            breach: self.breach(case),
            calendar_missing: self.calendar_missing(case),
            timeline: self.timeline(case, &mut people)?,
        })
    }

    fn received(&self, by: Received, people: &mut People<'_>) -> Result<ReceivedShown, Problem> {
        let person = people.name(by.person)?;
        Ok(ReceivedShown { node: self.node(by.node), person, since: by.at })
    }

    fn answerable(&self, case: &Case, people: &mut People<'_>) -> Result<AnswerableShown, Problem> {
        let (state, by) = match case.answerable() {
            Answerable::NotReceived => (AnswerableState::NotReceived, None),
            Answerable::FirstReceiver(by) => (AnswerableState::FirstReceiver, Some(by)),
            Answerable::Taker(by) => (AnswerableState::Taker, Some(by)),
            Answerable::Ended => (AnswerableState::Ended, None),
        };
        let by = by.map(|by| self.received(by, people)).transpose()?;
        Ok(AnswerableShown { state, by })
    }

    fn colour(&self, case: &Case) -> Option<Named> {
        let policy = self.world.policies.of(case, self.setup.me()).ok()?;
        let colour = policy.colour(case.importance, case.urgency)?;
        Some(named(&colour.key, Some((&colour.name, &colour.name_en))))
    }

    fn erased(&self, case: &Case) -> Result<Option<ErasedShown>, Problem> {
        let Some((at, record)) = case.erased else { return Ok(None) };
        let late = engine::view::outstanding(&self.reader, case)?;
        let outstanding = late.into_iter().map(|node| self.node(node)).collect();
        Ok(Some(ErasedShown { at, record, outstanding }))
    }

    fn custody(&self, case: &Case) -> CustodyShown {
        let me = self.setup.me();
        let offer = |record: RecordId, to: NodeId, way: Way| Offer {
            record,
            to: self.node(to),
            way,
            to_us: to == me,
        };
        let offer = match &case.custody {
            Custody::Here {} | Custody::With { offer: None, .. } => None,
            Custody::Offered { offer: record, to, way, .. } => Some(offer(*record, *to, *way)),
            Custody::With { offer: Some(open), .. } => Some(offer(open.offer, open.to, open.way)),
        };
        CustodyShown { holder: self.node(case.holder(me)), here: case.is_here(), offer }
    }

    fn unit(&self, call: &UnitCall) -> Unit {
        Unit {
            node: self.node(call.node),
            part: call.part,
            called: call.called,
            report_in: Clock::read(call.report_in_by, call.reported_in, self.now),
            reported_in: call.reported_in,
            done: call.done,
        }
    }

    fn span(&self, span: &Span) -> SpanShown {
        SpanShown {
            holder: self.node(span.holder),
            level: self.level(&span.level),
            stage: self.stage(&span.stage),
            from: span.from,
            until: span.until,
            clock: Clock::read(span.due, span.until, self.now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_exactly_at_the_deadline_is_in_time() {
        let at = |millis| Timestamp::from_millis(millis);
        let state = |due, stopped, now| Clock::read(due, stopped, at(now)).state;
        assert_eq!(state(None, None, 5), ClockState::None);
        assert_eq!(state(Some(at(5)), None, 5), ClockState::Running);
        assert_eq!(state(Some(at(5)), None, 6), ClockState::Overdue);
        assert_eq!(state(Some(at(5)), Some(at(5)), 9), ClockState::Met);
        assert_eq!(state(Some(at(5)), Some(at(6)), 9), ClockState::Breached);
    }
}
