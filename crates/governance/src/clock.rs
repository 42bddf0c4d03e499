//! Clocks: by when something is due, and where a clock stands. Computed from what happened and
//! from the time that is asked for; nothing ever ticks into storage (C8).
//!
//! China has one time zone and no summer time, so local time is a fixed offset.

mod allowance;
pub(crate) mod hours;

pub use allowance::{Allowance, AllowanceError};
pub use hours::{HoursError, WorkingHours};

use std::time::Duration;

use chrono::{Days, NaiveDate};
use record::Timestamp;
use serde::{Deserialize, Serialize};

use crate::calendar::Calendar;

/// How far ahead a deadline is looked for, in days; beyond it there is none.
const HORIZON_DAYS: u32 = 40_000;
const MINUTE: i64 = 60_000;

/// A time in which the clock stands still: from `from` until just before `until`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pause {
    /// First moment at which it stands.
    pub from: Timestamp,
    /// First moment at which it runs again; none while nobody has resumed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// When something is due.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Due {
    /// The last moment that is still in time.
    pub at: Timestamp,
    /// The first year whose holiday announcement would be needed and is not loaded: the date
    /// stands by the weekday rule alone.
    pub uncertain: Option<i32>,
}

/// A clock: what it measures, since when, and when it was stopped.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// How long it allows.
    pub allowance: Allowance,
    /// When it began.
    pub started: Timestamp,
    /// When what it measures was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Timestamp>,
    /// When it stood still, in any order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pauses: Vec<Pause>,
}

/// Where a clock stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClockState {
    /// Time is left.
    Running {
        /// When it will be due if nothing pauses it further.
        due: Due,
    },
    /// It stands still.
    Paused {
        /// Since when.
        since: Timestamp,
        /// When it will be due, if the pause has a known end.
        due: Option<Due>,
    },
    /// Done in time.
    Met {
        /// When it was done.
        at: Timestamp,
    },
    /// Not done in time.
    Breached {
        /// When it was due.
        due: Due,
        /// When it was done after all.
        at: Option<Timestamp>,
    },
}

impl Clock {
    /// Where the clock stands at `now`. A moment exactly at the deadline is in time.
    ///
    /// State transition: Running ⇄ Paused → Met or Breached.
    #[must_use]
    pub fn state(&self, now: Timestamp, calendar: &Calendar, hours: &WorkingHours) -> ClockState {
        let due = due(self.started, self.allowance, &self.pauses, calendar, hours);
        let late = |at: Timestamp| due.filter(|due| at > due.at);
        if let Some(at) = self.stopped.filter(|at| *at <= now) {
            return late(at)
                .map_or(ClockState::Met { at }, |due| ClockState::Breached { due, at: Some(at) });
        }
        if let Some(due) = late(now) {
            return ClockState::Breached { due, at: None };
        }
        match (self.paused_since(now), due) {
            (Some(since), due) => ClockState::Paused { since, due },
            (None, Some(due)) => ClockState::Running { due },
            // It runs now but can't run out, since a pause without end lies ahead.
            (None, None) => ClockState::Paused { since: now, due: None },
        }
    }

    fn paused_since(&self, now: Timestamp) -> Option<Timestamp> {
        let spans = merged(&self.pauses);
        spans.iter().find(|s| s.from <= now.millis() && now.millis() < s.until).map(Span::begin)
    }
}

impl ClockState {
    /// By how much it was or is late at `now`; zero when it is not.
    #[must_use]
    pub fn lateness(&self, now: Timestamp) -> Duration {
        match self {
            Self::Breached { due, at } => at.unwrap_or(now).since(due.at),
            Self::Running { .. } | Self::Paused { .. } | Self::Met { .. } => Duration::ZERO,
        }
    }
}

/// When something that began at `start` is due, exactly to the millisecond.
///
/// - Minutes: the moment at which so much time outside pauses has passed.
/// - Working minutes: the same, counting only working hours of working days. What is used up at
///   the close of a day is due at that close, not on the next morning.
/// - Working days: the day of the start does not count (民法典 art. 201); due at the close of
///   business of the last day (art. 203). A pause gives back the working time it covers, no more.
/// - Same day: the end of the local day (天天清零, C2), whatever the calendar says of it; if the
///   clock stands still then, the end of the day on which it runs again.
///
/// `None` when a pause without end comes first, or nothing within about a century.
#[must_use]
pub fn due(
    start: Timestamp,
    allowance: Allowance,
    pauses: &[Pause],
    calendar: &Calendar,
    hours: &WorkingHours,
) -> Option<Due> {
    let pauses = merged(pauses);
    let certain = |at| Due { at, uncertain: None };
    match allowance {
        Allowance::Minutes(minutes) => {
            let everything = Span { from: start.millis(), until: i64::MAX };
            let mut left = i64::from(minutes) * MINUTE;
            use_up(everything, &pauses, &mut left).map(certain)
        }
        Allowance::WorkingMinutes(minutes) => {
            working(start, i64::from(minutes) * MINUTE, &pauses, calendar, hours)
        }
        Allowance::WorkingDays(days) => {
            let next_day = hours.midnight(hours.date(start).checked_add_days(Days::new(1))?)?;
            let left = i64::from(days) * i64::from(hours.daily_minutes()) * MINUTE;
            working(next_day, left, &pauses, calendar, hours)
        }
        Allowance::SameDay => end_of_day(start, &pauses, hours).map(certain),
    }
}

/// A half-open stretch of time in milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Span {
    from: i64,
    until: i64,
}

impl Span {
    fn begin(&self) -> Timestamp {
        Timestamp::from_millis(self.from)
    }
}

/// The pauses in order, without overlap; one without end reaches to the end of time.
fn merged(pauses: &[Pause]) -> Vec<Span> {
    let span = |p: &Pause| Span {
        from: p.from.millis(),
        until: p.until.map_or(i64::MAX, Timestamp::millis),
    };
    let mut spans: Vec<_> = pauses.iter().map(span).filter(|s| s.from < s.until).collect();
    spans.sort_unstable();
    spans.dedup_by(|next, kept| {
        let touches = next.from <= kept.until;
        if touches {
            kept.until = kept.until.max(next.until);
        }
        touches
    });
    spans
}

/// Uses up `left` milliseconds of the span outside the pauses; the moment at which none is left.
fn use_up(span: Span, pauses: &[Span], left: &mut i64) -> Option<Timestamp> {
    let mut from = span.from;
    let later = pauses.iter().filter(|p| p.until > span.from && p.from < span.until);
    for pause in later.copied().chain([Span { from: span.until, until: i64::MAX }]) {
        let free = pause.from.saturating_sub(from).max(0);
        if *left <= free {
            return Timestamp::try_from_millis(from + *left).ok();
        }
        *left -= free;
        from = pause.until;
    }
    None
}

fn working(
    start: Timestamp,
    mut left: i64,
    pauses: &[Span],
    calendar: &Calendar,
    hours: &WorkingHours,
) -> Option<Due> {
    let first = hours.date(start);
    let mut uncertain = None;
    for date in first.iter_days().take(HORIZON_DAYS as usize) {
        let kind = calendar.kind(date);
        uncertain = uncertain.or(kind.missing());
        if kind.is_working()
            && let Some(at) = use_up_day(date, start, pauses, hours, &mut left)
        {
            return Some(Due { at, uncertain });
        }
    }
    None
}

fn use_up_day(
    date: NaiveDate,
    start: Timestamp,
    pauses: &[Span],
    hours: &WorkingHours,
    left: &mut i64,
) -> Option<Timestamp> {
    let midnight = hours.midnight(date)?.millis();
    hours.shifts().find_map(|(opens, closes)| {
        let from = (midnight + i64::from(opens) * MINUTE).max(start.millis());
        let until = midnight + i64::from(closes) * MINUTE;
        (from < until).then(|| use_up(Span { from, until }, pauses, left)).flatten()
    })
}

fn end_of_day(start: Timestamp, pauses: &[Span], hours: &WorkingHours) -> Option<Timestamp> {
    let end = |at| hours.midnight(hours.date(at).checked_add_days(Days::new(1))?);
    let first = end(start)?;
    pauses.iter().try_fold(first, |due, pause| {
        let stands = pause.from < due.millis() && due.millis() <= pause.until;
        if stands { end(Timestamp::try_from_millis(pause.until).ok()?) } else { Some(due) }
    })
}

#[cfg(test)]
mod tests;
