//! The facts of a case, out of the case: a pure function, so that whoever has the records comes to
//! the same numbers.

use std::time::Duration;

use record::{NodeId, Timestamp};

use super::{Call, Fact, LeftOut, Scored, Turn};
use crate::act::{ActKind, Closing, Rate};
use crate::case::{Callback, Case, Span, Step, UnitCall};
use crate::policy::REPORTER;

/// Within what time the same hand reports, settles and closes for a case to be looked at as
/// trivial (chosen).
pub const TRIVIAL_WITHIN: Duration = Duration::from_secs(30 * 60);

/// After what time without any step an open case is asleep (chosen).
pub const ASLEEP_AFTER: Duration = Duration::from_secs(10 * 86_400);

impl Fact {
    /// What the case is for the counting of `node`: this node, or another whose numbers are
    /// recounted from what is known of it here.
    #[must_use]
    pub fn of(case: &Case, node: NodeId) -> Self {
        Self {
            home: case.home,
            stage: case.stage.clone(),
            phase: case.phase,
            level: case.level.clone(),
            channel: case.channel.clone(),
            category: case.category.clone(),
            level_settled: case.settled.clone(),
            grid: case.grid.clone(),
            opened: case.opened,
            answered: case.answered,
            answered_in_time: answered_in_time(case),
            closed: case.closed,
            closing: case.closing,
            due: case.due,
            counts: case.counts,
            turns: turns(case, node),
            calls: calls(case, node),
            scores: scores(case, node),
            callback: case.callback,
            exclusions: exclusions(case),
            trivial: is_trivial(case),
            unverified: is_unverified(case),
            moved: case.steps.iter().map(|step| step.time).fold(case.opened, Timestamp::max),
        }
    }
}

/// Whether no span before the answer overran its clock.
fn answered_in_time(case: &Case) -> bool {
    let Some(answered) = case.answered else { return false };
    let overran = |span: &Span| {
        let end = span.until.map_or(answered, |until| until.min(answered));
        span.due.is_some_and(|due| due < end)
    };
    !case.spans.iter().filter(|span| span.from < answered).any(overran)
}

fn turns(case: &Case, node: NodeId) -> Vec<Turn> {
    let mut turns: Vec<Turn> = Vec::new();
    let mut before: Option<&Span> = None;
    for span in &case.spans {
        // A case that was closed and is taken up again begins a new turn.
        let goes_on = before.is_some_and(|last| {
            let same = (last.holder, &last.level) == (span.holder, &span.level);
            same && last.until == Some(span.from)
        });
        before = Some(span);
        if span.holder != node {
            continue;
        }
        match turns.last_mut().filter(|_| goes_on) {
            Some(turn) => turn.extend(span),
            None => turns.push(Turn::begun(span)),
        }
    }
    turns
}

impl Turn {
    fn begun(span: &Span) -> Self {
        let level = span.level.clone();
        let mut turn = Self { level, until: None, missed: None, due: None, clocked: false };
        turn.extend(span);
        turn
    }

    fn extend(&mut self, span: &Span) {
        let overrun = span.due.filter(|due| span.until.is_some_and(|until| *due < until));
        self.missed = self.missed.or(overrun);
        self.until = span.until;
        self.due = span.due.filter(|_| span.until.is_none());
        self.clocked |= span.due.is_some();
    }
}

fn calls(case: &Case, node: NodeId) -> Vec<Call> {
    let own = |call: &&UnitCall| call.by == node;
    let calls = case.past_calls.iter().chain(&case.units).filter(own);
    calls
        .map(|call| Call { unit: call.node, by: call.report_in_by, reported_in: call.reported_in })
        .collect()
}

/// Scores given by the node to units, and by units to the node: it counts both sides (C5).
fn scores(case: &Case, node: NodeId) -> Vec<Scored> {
    let sides = case.scores.iter().filter_map(|score| {
        let (unit, by_unit) = match (score.by == node, score.of == node) {
            (true, false) => (score.of, false),
            (false, true) => (score.by, true),
            (true, true) | (false, false) => return None,
        };
        // Who was called gives and gets scores as a unit; the caller counts them.
        let called = case.units.iter().any(|call| call.node == unit && call.by == node);
        called.then_some(Scored { unit, by_unit, points: score.points, at: score.at })
    });
    sides.collect()
}

fn exclusions(case: &Case) -> Vec<LeftOut> {
    let made = case.exclusions.iter().filter_map(|made| {
        let at = case.steps.get(made.step as usize)?.time;
        let said = case.callback.filter(|said| said.reached && said.at <= at);
        let after_no = said.is_some_and(|said| said_no(&said, made.rate));
        Some(LeftOut { rate: made.rate, ground: made.ground.clone(), at, after_no })
    });
    made.collect()
}

fn said_no(said: &Callback, rate: Rate) -> bool {
    match rate {
        Rate::Response => false,
        Rate::Solved => said.solved == Some(false),
        Rate::Satisfied => said.satisfied == Some(false),
    }
}

fn is_trivial(case: &Case) -> bool {
    let Some(closed) = case.closed else { return false };
    let last = |acts: &[ActKind]| case.steps.iter().rev().find(|step| acts.contains(&step.act));
    let opened = case.steps.first().filter(|step| step.role.as_deref() != Some(REPORTER));
    let settled = last(&[ActKind::SettleOnSpot, ActKind::Handle]);
    let ended = last(&[ActKind::Close]);
    let hands: Option<Vec<_>> = [opened, settled, ended].into_iter().map(hand).collect();
    let one = hands.is_some_and(|hands| hands.iter().all(|hand| *hand == hands[0]));
    one && closed.since(case.opened) <= TRIVIAL_WITHIN
}

/// Who acted, and at which node.
fn hand(step: Option<&Step>) -> Option<(NodeId, record::Subject)> {
    step.and_then(|step| Some((step.author, step.actor?)))
}

/// Whether it was closed without anybody having asked, except by decision.
fn is_unverified(case: &Case) -> bool {
    let Some(closed) = case.closed else { return false };
    let said =
        |closed: Timestamp| case.callback.is_some_and(|said| said.reached && said.at <= closed);
    case.closing != Some(Closing::Special) && case.solved.is_none() && !said(closed)
}
