//! The slow and obvious count: over the events of one case, from the first to the last.

use std::collections::BTreeMap;

use record::Timestamp;

use crate::act::{ActKind, Rate};
use crate::case::Event;
use crate::change::Change;
use crate::query::{Group, Grouping, Metric};

/// (count, yes, sum).
type Numbers = (u64, u64, u64);

/// What was counted.
#[derive(Default)]
pub(super) struct Slow {
    figures: BTreeMap<(Metric, Grouping, Group), Numbers>,
    known: Vec<Metric>,
}

impl Slow {
    pub(super) fn knows(&self, metric: Metric) -> bool {
        self.known.contains(&metric)
    }

    pub(super) fn get(&self, metric: Metric, grouping: Grouping, group: &Group) -> Option<Numbers> {
        let whole = grouping == Grouping::None || self.is_single(metric, grouping);
        let group = if whole { Group::All } else { group.clone() };
        let grouping = if whole { Grouping::None } else { grouping };
        self.figures.get(&(metric, grouping, group)).copied()
    }

    /// One case has one group of everything but turns and exclusions.
    fn is_single(&self, metric: Metric, grouping: Grouping) -> bool {
        let divided = matches!(
            (metric, grouping),
            (Metric::OnTime, Grouping::Level) | (Metric::Excluded, Grouping::Ground)
        );
        !divided
    }

    pub(super) fn groups(&self, metric: Metric, grouping: Grouping) -> usize {
        let by = if self.is_single(metric, grouping) { Grouping::None } else { grouping };
        self.figures.keys().filter(|(m, g, _)| (*m, *g) == (metric, by)).count()
    }

    fn put(&mut self, metric: Metric, counted: bool, yes: bool, sum: u64) {
        self.known.push(metric);
        if counted {
            self.figures.insert((metric, Grouping::None, Group::All), (1, yes.into(), sum));
        }
    }

    fn add(&mut self, metric: Metric, grouping: Grouping, group: Group, yes: bool) {
        let cell = self.figures.entry((metric, grouping, group)).or_default();
        *cell = (cell.0 + 1, cell.1 + u64::from(yes), 0);
    }
}

pub(super) fn count(events: &[Event], now: Timestamp) -> Slow {
    let mut slow = Slow::default();
    let times = |wanted: &dyn Fn(&Change) -> bool| {
        events.iter().filter(|event| wanted(&event.change)).count() as u64
    };
    let reopened = events.iter().rposition(|event| matches!(event.change, Change::Reopened));
    // What counts since the case was last taken up.
    let lately = &events[reopened.unwrap_or(0)..];
    let closing = lately.iter().find(|event| matches!(event.change, Change::Closed { .. }));
    let over = events.iter().rev().find_map(|event| event.outcome.as_ref());
    let over = over.is_some_and(|outcome| outcome.phase.is_end());
    let due = events.iter().rev().find_map(|event| event.outcome.as_ref()).and_then(|o| o.due);
    let open = closing.is_none() && !over;
    slow.put(Metric::Received, true, false, 0);
    slow.put(Metric::Closed, closing.is_some(), false, 0);
    slow.put(Metric::Open, open, false, 0);
    slow.put(Metric::Overdue, open && due.is_some_and(|due| due < now), false, 0);
    let mut events_of = |metric, number: u64| slow.put(metric, true, number > 0, number);
    events_of(Metric::Returned, times(&|change| matches!(change, Change::Returned)));
    let upheld = |change: &Change| matches!(change, Change::ObjectionRuled { upheld: true });
    events_of(Metric::Misdispatched, times(&upheld));
    events_of(Metric::Reopened, times(&|change| matches!(change, Change::Reopened)));
    let granted = |change: &Change| matches!(change, Change::ExtensionDecided { granted: true });
    events_of(Metric::Extended, times(&granted));
    events_of(Metric::Suspended, times(&|change| matches!(change, Change::Suspended { .. })));
    events_of(Metric::Escalated, 0);
    rates(&mut slow, events, lately);
    closed(&mut slow, events, lately, closing);
    turns(&mut slow, events, now);
    slow
}

/// What the reporter said last; who was not reached says nothing over who was.
fn last_word(events: &[Event]) -> Option<(Timestamp, bool, Option<bool>, Option<bool>)> {
    let said = |event: &Event| {
        let Change::CalledBack { reached, solved, satisfied } = event.change else { return None };
        Some((event.step.time, reached, solved, satisfied))
    };
    let all: Vec<_> = events.iter().filter_map(said).collect();
    all.iter().rev().find(|said| said.1).or(all.last()).copied()
}

fn rates(slow: &mut Slow, events: &[Event], lately: &[Event]) {
    let word = last_word(lately);
    slow.put(Metric::CalledBack, word.is_some(), word.is_some_and(|said| said.1), 0);
    let valid = word.filter(|said| said.1);
    let excluded: Vec<(Rate, Timestamp, Option<String>)> = events
        .iter()
        .filter_map(|event| {
            let Change::Excluded { rate, ground } = &event.change else { return None };
            Some((*rate, event.step.time, ground.clone()))
        })
        .collect();
    let answers = |event: &&Event| {
        matches!(
            event.act(),
            ActKind::Accept
                | ActKind::Refuse
                | ActKind::SettleOnSpot
                | ActKind::Handle
                | ActKind::Dispatch
        )
    };
    let answered = events.iter().find(answers);
    // Every stretch before the answer, with the clock that ran in it at its end.
    let in_time = answered.is_some_and(|answer| {
        stretches(events).iter().filter(|s| s.from < answer.step.time).all(|stretch| {
            let end = stretch.until.unwrap_or(answer.step.time).min(answer.step.time);
            stretch.due.is_none_or(|due| end <= due)
        })
    });
    let lines = [
        (Rate::Response, Metric::Response, Metric::ResponseKept, valid.map(|_| in_time)),
        (Rate::Solved, Metric::Solved, Metric::SolvedKept, valid.and_then(|said| said.2)),
        (Rate::Satisfied, Metric::Satisfied, Metric::SatisfiedKept, valid.and_then(|said| said.3)),
    ];
    for (rate, all, kept, yes) in lines {
        slow.put(all, yes.is_some(), yes == Some(true), 0);
        let out = excluded.iter().any(|made| made.0 == rate);
        slow.put(kept, yes.is_some() && !out, yes == Some(true), 0);
    }
    slow.known.push(Metric::Excluded);
    for (rate, at, ground) in excluded {
        let said = valid.filter(|said| said.0 <= at);
        let no = said.and_then(|said| match rate {
            Rate::Response => None,
            Rate::Solved => said.2,
            Rate::Satisfied => said.3,
        });
        let group = Group::of(ground.as_deref());
        slow.add(Metric::Excluded, Grouping::Ground, group, no == Some(false));
    }
}

fn closed(slow: &mut Slow, events: &[Event], lately: &[Event], closing: Option<&Event>) {
    let is_closed = closing.is_some();
    let special = closing.is_some_and(|event| {
        matches!(event.change, Change::Closed { closing: crate::act::Closing::Special })
    });
    let end = closing.map(|event| event.step.time);
    let verified = lately.iter().any(|event| matches!(event.change, Change::Verified { .. }));
    let reached = last_word(lately).is_some_and(|said| said.1 && Some(said.0) <= end);
    slow.put(Metric::Unverified, is_closed && !special, !verified && !reached, 0);
    let settle = events.iter().rev().find(|event| matches!(event.change, Change::Settled { .. }));
    let hands = [events.first(), settle, closing].map(|event| event.and_then(|e| e.step.actor));
    let soon = end.is_some_and(|end| end.since(events[0].step.time).as_secs() <= 30 * 60);
    let one = hands[0].is_some() && hands[0] == hands[1] && hands[1] == hands[2];
    slow.put(Metric::Trivial, is_closed, one && soon, 0);
}

/// A stretch in one stage at one level, with the last clock that ran in it.
struct Stretch {
    level: String,
    stage: String,
    from: Timestamp,
    until: Option<Timestamp>,
    due: Option<Timestamp>,
}

fn stretches(events: &[Event]) -> Vec<Stretch> {
    let mut all: Vec<Stretch> = Vec::new();
    for event in events {
        let (Some(outcome), at) = (&event.outcome, event.step.time) else { continue };
        match all.last_mut().filter(|last| last.until.is_none()) {
            Some(last) if (&last.level, &last.stage) == (&outcome.level, &outcome.stage) => {
                last.due = outcome.due;
                continue;
            }
            Some(last) => last.until = Some(at),
            None => {}
        }
        if !outcome.phase.is_end() {
            let (level, stage) = (outcome.level.clone(), outcome.stage.clone());
            all.push(Stretch { level, stage, from: at, until: None, due: outcome.due });
        }
    }
    all
}

fn turns(slow: &mut Slow, events: &[Event], now: Timestamp) {
    slow.known.push(Metric::OnTime);
    let all = stretches(events);
    let mut turns: Vec<Vec<&Stretch>> = Vec::new();
    for stretch in &all {
        match turns.last_mut() {
            Some(turn)
                if turn[0].level == stretch.level
                    && turn.last().is_some_and(|last| last.until == Some(stretch.from)) =>
            {
                turn.push(stretch);
            }
            _ => turns.push(vec![stretch]),
        }
    }
    for turn in turns {
        let late = |s: &&&Stretch| s.due.is_some_and(|due| due < s.until.unwrap_or(now));
        let late = turn.iter().any(|s| late(&s));
        let ended = turn.last().is_some_and(|last| last.until.is_some());
        let clocked = turn.iter().any(|s| s.due.is_some());
        if late || (ended && clocked) {
            let group = Group::of(Some(&turn[0].level));
            slow.add(Metric::OnTime, Grouping::Level, group, !late);
        }
    }
}
