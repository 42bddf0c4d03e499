//! How a record changes a case. Needs no policy: whoever acted put the outcome into the record, so
//! live, replayed and foreign records all go through here with the same result.

use record::{FieldId, NodeId, RecordId, Subject, Timestamp};

use super::{
    Aside, Callback, Case, CaseId, Counts, Custody, Exclusion, MAX_PAST_CALLS, MAX_STEPS,
    MAX_WEIGHT, Mediation, OpenOffer, Party, Score, Span, Step, UnitCall, Way,
};
use crate::act::{ActKind, Part};
use crate::change::{Change, Opening, Outcome, Phase};

/// A verified record about a case, as far as this node may read it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    /// The case.
    pub case: CaseId,
    /// The record and who signed it.
    pub step: Step,
    /// Which peer passed it on; this node for its own.
    pub sender: NodeId,
    /// What it changes.
    pub change: Change,
    /// Where the case stands after it; absent in contributions and refusals of custody.
    pub outcome: Option<Outcome>,
    /// The fields of words and personal data that came with it.
    pub words: Vec<FieldId>,
}

/// Why a record does not change the case. The record itself is kept, and shown as not applied.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Rejected {
    /// It is applied already.
    #[error("the record is known already")]
    Known,
    /// No report opened this case here.
    #[error("the case is unknown here: its report was not shared")]
    NoCase,
    /// A second report for one case.
    #[error("the case was opened already")]
    Opened,
    /// Its author does not hold the case.
    #[error("{author} does not hold the case: {holder} does")]
    NotHolder {
        /// Who signed.
        author: NodeId,
        /// Who holds it.
        holder: NodeId,
    },
    /// Custody is on offer, so nothing may be done with it.
    #[error("custody is on offer to {to}: nothing can be done until it is answered")]
    OnOffer {
        /// To whom.
        to: NodeId,
    },
    /// It answers an offer that is not open.
    #[error("no open offer {offer} to {author}")]
    NoOffer {
        /// The offer it names.
        offer: RecordId,
        /// Who signed.
        author: NodeId,
    },
    /// A unit that was not called.
    #[error("{0} was not called to this case")]
    NotCalled(NodeId),
    /// Not a node of the case's own line.
    #[error("{0} is not of the case's line: it may not leave the case out of a rate")]
    NotOfLine(NodeId),
    /// An act of a holder without its outcome.
    #[error("the record does not say where the case stands after it")]
    NoOutcome,
    /// Too many steps.
    #[error("the case has {MAX_STEPS} records: close it and report anew")]
    TooLong,
    /// Too much in its records.
    #[error("the case has no room left for what this adds: close it and report anew")]
    TooLarge,
}

/// The case after an event.
///
/// # Errors
/// [`Rejected`] when the event may not change the case as it stands here; the case is then
/// unchanged.
pub fn apply(case: Option<&Case>, event: &Event, me: NodeId) -> Result<Case, Rejected> {
    let Some(case) = case else { return open(event, me) };
    admit(case, event, me)?;
    let mut next = case.clone();
    let index = u32::try_from(next.steps.len()).map_err(|_| Rejected::TooLong)?;
    move_custody(&mut next, event, me)?;
    change(&mut next, event, me);
    settle_outcome(&mut next, event, me);
    next.steps.push(event.step.clone());
    // What comes late to a case that was erased is erased at once.
    let words = event.words.iter().filter(|_| next.erased.is_none());
    next.fields.extend(words.map(|field| (*field, index)));
    // What is too large can still be erased.
    let erases = next.erased.is_some() && case.erased.is_none();
    if next.weight() > MAX_WEIGHT && !erases {
        return Err(Rejected::TooLarge);
    }
    Ok(next)
}

fn open(event: &Event, me: NodeId) -> Result<Case, Rejected> {
    let Change::Opened(opening) = &event.change else { return Err(Rejected::NoCase) };
    let outcome = event.outcome.as_ref().ok_or(Rejected::NoOutcome)?;
    let home = event.step.author;
    let mut case = blank(event, opening, outcome);
    if home != me {
        case.custody = Custody::With { node: home, offer: None };
        case.parties.insert(event.sender, Party::Below);
    }
    case.spans.push(span(home, outcome, event.step.time));
    case.steps.push(event.step.clone());
    case.fields = event.words.iter().map(|field| (*field, 0)).collect();
    Ok(case)
}

fn blank(event: &Event, opening: &Opening, outcome: &Outcome) -> Case {
    Case {
        id: event.case,
        number: opening.number.clone(),
        home: event.step.author,
        custody: Custody::Here {},
        trail: vec![event.step.author],
        parties: [].into(),
        left: [].into(),
        stage: outcome.stage.clone(),
        phase: outcome.phase,
        level: outcome.level.clone(),
        due: outcome.due,
        policy: opening.policy.clone(),
        versions: [].into(),
        channel: opening.channel.clone(),
        source: opening.source.clone(),
        category: opening.category.clone(),
        grade: None,
        importance: None,
        urgency: None,
        grid: opening.grid.clone(),
        place: opening.place,
        reporter: opening.reporter,
        assignee: None,
        handlers: Vec::new(),
        units: Vec::new(),
        past_calls: Vec::new(),
        opened: event.step.time,
        answered: None,
        handled: None,
        closed: None,
        closing: None,
        settled: None,
        solved: None,
        satisfaction: None,
        counts: Counts::default(),
        objection: None,
        extension: None,
        aside: None,
        callback: None,
        written_off: None,
        erased: None,
        exclusions: Vec::new(),
        scores: Vec::new(),
        mediation: None,
        spans: Vec::new(),
        steps: Vec::new(),
        fields: [].into(),
    }
}

/// Whether the event's author may change the case as it stands here (S1: the author counts, not
/// the sender).
fn admit(case: &Case, event: &Event, me: NodeId) -> Result<(), Rejected> {
    let author = event.step.author;
    if case.steps.iter().any(|step| step.record == event.step.record) {
        return Err(Rejected::Known);
    }
    // What has come to its end in records can still be erased.
    let erases = matches!(event.change, Change::Erased);
    if case.steps.len() >= MAX_STEPS && !(erases && case.erased.is_none()) {
        return Err(Rejected::TooLong);
    }
    match &event.change {
        Change::Erased if author == case.home => Ok(()),
        Change::Erased => Err(Rejected::NotHolder { author, holder: case.home }),
        Change::Opened(_) => Err(Rejected::Opened),
        Change::ReportedIn | Change::UnitDone => {
            case.call_of(author).map(|_| ()).ok_or(Rejected::NotCalled(author))
        }
        // Whoever takes part may press for it, and score the other side.
        Change::Reminded | Change::Supervised | Change::Scored { .. } => {
            if author == me || author == case.holder(me) || takes_part(case, author) {
                Ok(())
            } else {
                Err(Rejected::NotCalled(author))
            }
        }
        // Nodes of the line that follow the case may leave it out of a rate; units may not.
        Change::Excluded { .. } => {
            let follows = author == me || author == case.holder(me) || takes_part(case, author);
            if follows && case.is_of_line(author) {
                Ok(())
            } else {
                Err(Rejected::NotOfLine(author))
            }
        }
        Change::CustodyAccepted { offer, .. } => {
            event.outcome.as_ref().ok_or(Rejected::NoOutcome)?;
            admit_answer(case, *offer, author, me)
        }
        Change::CustodyRefused { offer } => admit_answer(case, *offer, author, me),
        Change::Accepted
        | Change::Refused
        | Change::Sorted { .. }
        | Change::Settled { .. }
        | Change::HandedUp
        | Change::Dispatched { .. }
        | Change::Taken
        | Change::Returned
        | Change::Noted
        | Change::Verified { .. }
        | Change::Closed { .. }
        | Change::Reopened
        | Change::OfferedUp { .. }
        | Change::OfferedHome { .. }
        | Change::OfferedDown { .. }
        | Change::Called { .. }
        | Change::Checked { .. }
        | Change::Transferred { .. }
        | Change::Objected
        | Change::ObjectionRuled { .. }
        | Change::ExtensionAsked { .. }
        | Change::ExtensionDecided { .. }
        | Change::Suspended { .. }
        | Change::Resumed
        | Change::CalledBack { .. }
        | Change::WrittenOff
        | Change::Merged { .. }
        | Change::Split
        | Change::Withdrawn
        | Change::MediationOpened { .. }
        | Change::SessionHeld { .. }
        | Change::MediationEnded { .. } => admit_holder(case, event, me),
    }
}

fn takes_part(case: &Case, node: NodeId) -> bool {
    let acted = case.steps.iter().any(|step| step.author == node);
    let offered = open_offer(case).is_some_and(|open| open.to == node);
    acted || offered || case.parties.contains_key(&node) || case.call_of(node).is_some()
}

fn admit_holder(case: &Case, event: &Event, me: NodeId) -> Result<(), Rejected> {
    event.outcome.as_ref().ok_or(Rejected::NoOutcome)?;
    let holder = case.holder(me);
    if event.step.author != holder {
        return Err(Rejected::NotHolder { author: event.step.author, holder });
    }
    match open_offer(case) {
        Some(open) => Err(Rejected::OnOffer { to: open.to }),
        None => Ok(()),
    }
}

fn admit_answer(case: &Case, offer: RecordId, by: NodeId, me: NodeId) -> Result<(), Rejected> {
    match open_offer(case) {
        Some(open) if open.offer == offer && open.to == by && case.holder(me) != by => Ok(()),
        _ => Err(Rejected::NoOffer { offer, author: by }),
    }
}

fn leave(case: &mut Case, node: NodeId) {
    case.parties.remove(&node);
    case.left.insert(node);
}

/// The offer that is open on a case, whoever made it.
fn open_offer(case: &Case) -> Option<OpenOffer> {
    match &case.custody {
        Custody::Here {} => None,
        Custody::Offered { offer, to, way, done, .. } => {
            Some(OpenOffer { offer: *offer, to: *to, way: *way, done: *done })
        }
        Custody::With { offer, .. } => offer.clone(),
    }
}

fn move_custody(case: &mut Case, event: &Event, me: NodeId) -> Result<(), Rejected> {
    match &event.change {
        Change::OfferedUp { to } => {
            if event.step.author == me {
                case.parties.insert(*to, Party::Above);
            }
            offer(
                case,
                event,
                OpenOffer { offer: event.step.record, to: *to, way: Way::Up, done: false },
                me,
            );
        }
        Change::OfferedDown { to } => {
            if event.step.author == me {
                case.parties.insert(*to, Party::Child);
            } else if *to == me {
                case.parties.insert(event.sender, Party::Above);
            }
            let open = OpenOffer { offer: event.step.record, to: *to, way: Way::Down, done: false };
            offer(case, event, open, me);
        }
        Change::OfferedHome { to, done } => {
            let open = OpenOffer { offer: event.step.record, to: *to, way: Way::Back, done: *done };
            offer(case, event, open, me);
        }
        Change::CustodyAccepted { offer, policy } => {
            let by = event.step.author;
            accept(case, *offer, by, me)?;
            if by != case.home
                && let Some(policy) = policy
            {
                case.versions.entry(by).or_insert_with(|| policy.clone());
            }
        }
        Change::CustodyRefused { .. } => {
            let holder = case.holder(me);
            // Whoever refuses a case that is not theirs yet is told no more of it.
            let author = event.step.author;
            match case.parties.get(&author) {
                Some(Party::Above) => leave(case, author),
                // What was sent down comes back: it is counted as what it is.
                Some(Party::Child) => {
                    leave(case, author);
                    case.counts.returns += 1;
                }
                Some(Party::Below | Party::Unit | Party::Caller) | None => {}
            }
            case.custody = custody_of(holder, me);
        }
        Change::Opened(_)
        | Change::Accepted
        | Change::Refused
        | Change::Sorted { .. }
        | Change::Settled { .. }
        | Change::HandedUp
        | Change::Dispatched { .. }
        | Change::Taken
        | Change::Returned
        | Change::Noted
        | Change::Verified { .. }
        | Change::Closed { .. }
        | Change::Reopened
        | Change::Called { .. }
        | Change::ReportedIn
        | Change::UnitDone
        | Change::Checked { .. }
        | Change::Transferred { .. }
        | Change::Objected
        | Change::ObjectionRuled { .. }
        | Change::ExtensionAsked { .. }
        | Change::ExtensionDecided { .. }
        | Change::Suspended { .. }
        | Change::Resumed
        | Change::Reminded
        | Change::Supervised
        | Change::CalledBack { .. }
        | Change::WrittenOff
        | Change::Merged { .. }
        | Change::Split
        | Change::Withdrawn
        | Change::Excluded { .. }
        | Change::Scored { .. }
        | Change::MediationOpened { .. }
        | Change::SessionHeld { .. }
        | Change::MediationEnded { .. }
        | Change::Erased => {}
    }
    Ok(())
}

fn offer(case: &mut Case, event: &Event, open: OpenOffer, me: NodeId) {
    case.custody = if event.step.author == me {
        Custody::Offered {
            offer: open.offer,
            to: open.to,
            way: open.way,
            done: open.done,
            at: event.step.time,
        }
    } else {
        Custody::With { node: event.step.author, offer: Some(open) }
    };
}

fn accept(case: &mut Case, offer: RecordId, by: NodeId, me: NodeId) -> Result<(), Rejected> {
    let open = open_offer(case).ok_or(Rejected::NoOffer { offer, author: by })?;
    if open.way != Way::Back {
        case.counts.escalations += u32::from(open.way == Way::Up);
        case.trail.push(by);
    } else {
        let end = case.trail.iter().position(|node| *node == by).map_or(0, |at| at + 1);
        case.trail.truncate(end);
        if case.trail.is_empty() {
            case.trail.push(by);
        }
        if !open.done {
            case.counts.returns += 1;
        }
    }
    case.assignee = None;
    case.custody = custody_of(by, me);
    Ok(())
}

fn custody_of(holder: NodeId, me: NodeId) -> Custody {
    if holder == me { Custody::Here {} } else { Custody::With { node: holder, offer: None } }
}

fn change(case: &mut Case, event: &Event, me: NodeId) {
    let at = event.step.time;
    match &event.change {
        Change::Sorted { category, grade, importance, urgency, place, grid } => {
            replace(&mut case.category, category.clone());
            replace(&mut case.grade, *grade);
            replace(&mut case.importance, *importance);
            replace(&mut case.urgency, *urgency);
            if place.is_some() {
                (case.place, case.grid) = (*place, grid.clone());
            }
        }
        Change::Accepted | Change::Refused => answer(case, at),
        Change::Settled { level } => {
            settle(case, level, at);
            add_handler(case, event.step.actor);
        }
        Change::Dispatched { assignee } => {
            answer(case, at);
            case.assignee = Some(*assignee);
        }
        Change::Returned => {
            case.counts.returns += 1;
            case.assignee = None;
        }
        Change::Verified { solved, satisfaction } => {
            case.solved = Some(*solved);
            case.satisfaction = *satisfaction;
        }
        Change::Closed { closing } => {
            case.closed = Some(at);
            case.closing = Some(*closing);
        }
        Change::Reopened => reopen(case),
        Change::Called { units, report_in_by } => call(case, units, *report_in_by, event, me),
        Change::ReportedIn => mark_unit(case, event.step.author, |unit| {
            unit.reported_in.get_or_insert(at);
        }),
        Change::UnitDone => {
            mark_unit(case, event.step.author, |unit| unit.done = Some(at));
            add_handler(case, event.step.actor);
        }
        Change::Transferred { assignee } => {
            case.assignee = Some(*assignee);
            case.objection = None;
        }
        Change::Objected => case.objection = Some(event.step.record),
        Change::ObjectionRuled { upheld } => {
            case.objection = None;
            if *upheld {
                case.counts.wrong_dispatches += 1;
                case.assignee = None;
            }
        }
        Change::ExtensionAsked { until } => case.extension = Some(*until),
        Change::ExtensionDecided { granted } => {
            case.extension = None;
            case.counts.extensions += u32::from(*granted);
        }
        Change::Suspended { .. } => {
            case.counts.suspensions += 1;
            set_aside(case, at, None);
        }
        Change::Merged { into } => set_aside(case, at, Some(*into)),
        Change::Resumed | Change::Split => case.aside = None,
        Change::Reminded => case.counts.reminders += 1,
        Change::Supervised => case.counts.supervisions += 1,
        Change::CalledBack { reached, solved, satisfied } => {
            let (reached, solved, satisfied) = (*reached, *solved, *satisfied);
            let earlier = case.callback.is_some_and(|earlier| earlier.reached);
            if reached || !earlier {
                case.callback = Some(Callback { at, reached, solved, satisfied });
            }
        }
        Change::WrittenOff => case.written_off = Some(at),
        Change::Erased => {
            case.erased.get_or_insert((at, event.step.record));
            case.fields.clear();
        }
        Change::Withdrawn => case.aside = None,
        Change::Excluded { rate, ground } => {
            let step = u32::try_from(case.steps.len()).unwrap_or(u32::MAX);
            case.exclusions.push(Exclusion { rate: *rate, ground: ground.clone(), step });
        }
        Change::Scored { node, points } => {
            let score = Score { by: event.step.author, of: *node, points: *points, at };
            case.scores.retain(|known| (known.by, known.of) != (score.by, score.of));
            case.scores.push(score);
        }
        Change::MediationOpened { severity, mediators } => {
            case.mediation = Some(Mediation {
                severity: severity.clone(),
                mediators: mediators.clone(),
                sessions: 0,
                agreed: None,
            });
        }
        Change::SessionHeld { .. } => {
            if let Some(mediation) = &mut case.mediation {
                mediation.sessions += 1;
            }
            add_handler(case, event.step.actor);
        }
        Change::MediationEnded { agreed, settled } => {
            if let Some(mediation) = &mut case.mediation {
                mediation.agreed = Some(*agreed);
            }
            if let Some(level) = settled {
                settle(case, level, at);
            }
            add_handler(case, event.step.actor);
        }
        Change::Opened(_)
        | Change::Checked { .. }
        | Change::HandedUp
        | Change::Taken
        | Change::Noted
        | Change::OfferedUp { .. }
        | Change::OfferedHome { .. }
        | Change::OfferedDown { .. }
        | Change::CustodyAccepted { .. }
        | Change::CustodyRefused { .. } => {}
    }
}

fn settle(case: &mut Case, level: &str, at: Timestamp) {
    answer(case, at);
    case.settled = Some(level.to_owned());
    case.handled = Some(at);
}

fn set_aside(case: &mut Case, since: Timestamp, into: Option<CaseId>) {
    let stage = case.stage.clone();
    case.aside = Some(Aside { since, stage, into });
}

fn replace<T>(slot: &mut Option<T>, value: Option<T>) {
    if value.is_some() {
        *slot = value;
    }
}

fn answer(case: &mut Case, at: Timestamp) {
    case.answered.get_or_insert(at);
}

fn add_handler(case: &mut Case, actor: Option<Subject>) {
    if let Some(actor) = actor.filter(|actor| !case.handlers.contains(actor)) {
        case.handlers.push(actor);
    }
}

fn reopen(case: &mut Case) {
    case.counts.reopens += 1;
    case.closed = None;
    case.closing = None;
    case.settled = None;
    case.handled = None;
    case.solved = None;
    case.satisfaction = None;
    case.assignee = None;
    case.objection = None;
    case.extension = None;
    case.aside = None;
    case.callback = None;
    case.written_off = None;
}

fn call(
    case: &mut Case,
    units: &[(NodeId, Part)],
    report_in_by: Option<Timestamp>,
    event: &Event,
    me: NodeId,
) {
    for (node, part) in units {
        case.past_calls.extend(case.units.extract_if(.., |call| call.node == *node));
        case.units.push(UnitCall {
            node: *node,
            by: event.step.author,
            part: *part,
            called: event.step.time,
            report_in_by,
            reported_in: None,
            done: None,
        });
        // Whoever takes part already, as nodes of the line do in a task force (C6), goes on being
        // told what they were told.
        if event.step.author == me {
            case.parties.entry(*node).or_insert(Party::Unit);
        } else if *node == me && case.parties.get(&event.sender) != Some(&Party::Above) {
            case.parties.insert(event.sender, Party::Caller);
        }
    }
    let beyond = case.past_calls.len().saturating_sub(MAX_PAST_CALLS);
    case.past_calls.drain(..beyond);
}

fn mark_unit(case: &mut Case, unit: NodeId, mark: impl FnOnce(&mut UnitCall)) {
    if let Some(call) = case.units.iter_mut().find(|call| call.node == unit) {
        mark(call);
    }
}

fn settle_outcome(case: &mut Case, event: &Event, me: NodeId) {
    let Some(outcome) = &event.outcome else { return };
    case.stage.clone_from(&outcome.stage);
    case.phase = outcome.phase;
    case.level.clone_from(&outcome.level);
    case.due = outcome.due;
    // Whichever way it leaves a waiting stage, it is not aside any more.
    if !matches!(outcome.phase, Phase::Suspended | Phase::Merged) {
        case.aside = None;
    }
    turn_span(case, outcome, event.step.time, me);
}

/// Ends the running span and begins the next when the holder, level or stage has changed.
fn turn_span(case: &mut Case, outcome: &Outcome, at: Timestamp, me: NodeId) {
    let holder = case.holder(me);
    if let Some(last) = case.spans.last_mut() {
        let same = last.holder == holder
            && last.level == outcome.level
            && last.stage == outcome.stage
            && last.until.is_none();
        if same {
            last.due = outcome.due;
            return;
        }
        last.until.get_or_insert(at);
    }
    if !outcome.phase.is_end() {
        case.spans.push(span(holder, outcome, at));
    }
}

fn span(holder: NodeId, outcome: &Outcome, from: Timestamp) -> Span {
    Span {
        holder,
        level: outcome.level.clone(),
        stage: outcome.stage.clone(),
        from,
        due: outcome.due,
        until: None,
    }
}

impl Event {
    /// Whether it is this node's own.
    #[must_use]
    pub fn is_own(&self, me: NodeId) -> bool {
        self.step.author == me
    }

    /// The kind of act.
    #[must_use]
    pub fn act(&self) -> ActKind {
        self.step.act
    }
}
