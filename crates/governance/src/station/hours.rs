//! When a station is open: by weekday, on holidays and make-up days by the calendar, and by date.
//! Whether it is open is computed for a moment, and never kept.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, Days, NaiveDate, Timelike, Utc, Weekday};
use record::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::calendar::{Calendar, DayKind};
use crate::clock::WorkingHours;
use crate::clock::hours as hours_text;

/// Most shifts of a day.
const MAX_SHIFTS: usize = 6;
/// Most exceptions.
const MAX_EXCEPTIONS: usize = 100;
/// How many days ahead the next opening is looked for.
const HORIZON: u64 = 60;

/// A time of day in whole minutes, `00:00` to `24:00`, in local time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TimeOfDay(u16);

/// A stretch of a day: opens at the first, shuts at the second.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Shift(pub TimeOfDay, pub TimeOfDay);

/// When a station is open.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpeningHours {
    /// Monday first; a day without shifts is closed.
    pub week: [Vec<Shift>; 7],
    /// On a weekday that the calendar makes a holiday; the weekday's own where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holidays: Option<Vec<Shift>>,
    /// On a Saturday or Sunday that is worked (调休); the weekday's own where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub make_up: Option<Vec<Shift>>,
    /// Days on which it is otherwise; they go before everything else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<Exception>,
}

/// A day on which it is otherwise.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// The day.
    pub date: NaiveDate,
    /// When it is open then; closed where empty.
    #[serde(default)]
    pub shifts: Vec<Shift>,
}

/// Whether a station is open at a moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OpenNow {
    /// Whether it is.
    pub open: bool,
    /// When that changes; absent when it does not within two months.
    pub until: Option<Timestamp>,
    /// The year whose holidays are not announced, where that makes the answer uncertain.
    pub missing: Option<i32>,
}

/// What is wrong with opening hours.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum HoursProblem {
    /// A day's shifts overlap, touch out of order, or end before they begin.
    #[error("a day's shifts follow each other, and each ends after it begins")]
    Order,
    /// Too many shifts.
    #[error("a day has at most {MAX_SHIFTS} shifts")]
    Shifts,
    /// Too many exceptions, or two for a day.
    #[error("at most {MAX_EXCEPTIONS} exceptions, one for a day")]
    Exceptions,
}

impl OpeningHours {
    /// Whether the hours make sense.
    ///
    /// # Errors
    /// See [`HoursProblem`].
    pub fn check(&self) -> Result<(), HoursProblem> {
        let days = self.exceptions.iter().map(|exception| exception.date);
        let distinct: BTreeSet<_> = days.collect();
        let many = self.exceptions.len() > MAX_EXCEPTIONS;
        if many || distinct.len() != self.exceptions.len() {
            return Err(HoursProblem::Exceptions);
        }
        let exceptional = self.exceptions.iter().map(|exception| &exception.shifts);
        let lists = self.week.iter().chain(&self.holidays).chain(&self.make_up);
        lists.chain(exceptional).try_for_each(|shifts| check_day(shifts))
    }

    /// When it is open on a date, and the year whose calendar would be needed to be sure.
    #[must_use]
    pub fn on(&self, calendar: &Calendar, date: NaiveDate) -> (&[Shift], Option<i32>) {
        if let Some(exception) = self.exceptions.iter().find(|other| other.date == date) {
            return (&exception.shifts, None);
        }
        let usual = &self.week[date.weekday().num_days_from_monday() as usize];
        let weekend = matches!(date.weekday(), Weekday::Sat | Weekday::Sun);
        let kind = calendar.kind(date);
        let shifts = match (kind, weekend) {
            (DayKind::Off, false) => self.holidays.as_ref().unwrap_or(usual),
            (DayKind::Working, true) => self.make_up.as_ref().unwrap_or(usual),
            (DayKind::Off, true) | (DayKind::Working, false) | (DayKind::Unknown { .. }, _) => {
                usual
            }
        };
        // Where holidays make no difference to it, their absence makes none.
        let differs = self.holidays.is_some() || self.make_up.is_some();
        (shifts, kind.missing().filter(|_| differs))
    }

    /// Whether it is open at a moment, and until when that stays so. A station shuts at the very
    /// moment that its shift ends.
    #[must_use]
    pub fn open_at(&self, calendar: &Calendar, local: &WorkingHours, at: Timestamp) -> OpenNow {
        let time = DateTime::<Utc>::from(at).with_timezone(&local.offset());
        let minute = u16::try_from(time.hour() * 60 + time.minute()).unwrap_or(u16::MAX);
        let today = local.date(at);
        let (shifts, missing) = self.on(calendar, today);
        let now = TimeOfDay(minute);
        if let Some(shift) = shifts.iter().find(|Shift(from, to)| *from <= now && now < *to) {
            let until = self.shuts(calendar, local, today, *shift);
            return OpenNow { open: true, until, missing };
        }
        let later = shifts.iter().find(|Shift(from, _)| *from > now);
        let until = match later {
            Some(Shift(from, _)) => moment(local, today, *from),
            None => self.opens_after(calendar, local, today),
        };
        OpenNow { open: false, until, missing }
    }

    /// When a shift comes to its end, which may be past midnight where the next day goes on.
    fn shuts(
        &self,
        calendar: &Calendar,
        local: &WorkingHours,
        mut date: NaiveDate,
        mut shift: Shift,
    ) -> Option<Timestamp> {
        for _ in 0..HORIZON {
            let (shifts, _) = self.on(calendar, date);
            while let Some(next) = shifts.iter().find(|next| next.0 == shift.1) {
                shift = *next;
            }
            if shift.1 != TimeOfDay::MIDNIGHT {
                return moment(local, date, shift.1);
            }
            let tomorrow = date.checked_add_days(Days::new(1))?;
            let (shifts, _) = self.on(calendar, tomorrow);
            match shifts.first().filter(|first| first.0 == TimeOfDay(0)) {
                Some(first) => (date, shift) = (tomorrow, *first),
                None => return moment(local, date, shift.1),
            }
        }
        None
    }

    fn opens_after(
        &self,
        calendar: &Calendar,
        local: &WorkingHours,
        today: NaiveDate,
    ) -> Option<Timestamp> {
        (1..=HORIZON).find_map(|days| {
            let date = today.checked_add_days(Days::new(days))?;
            let first = self.on(calendar, date).0.first()?;
            moment(local, date, first.0)
        })
    }
}

/// A local time of a date as a moment.
fn moment(local: &WorkingHours, date: NaiveDate, time: TimeOfDay) -> Option<Timestamp> {
    let minutes = std::time::Duration::from_secs(u64::from(time.0) * 60);
    local.midnight(date).map(|midnight| midnight.plus(minutes))
}

fn check_day(shifts: &[Shift]) -> Result<(), HoursProblem> {
    if shifts.len() > MAX_SHIFTS {
        return Err(HoursProblem::Shifts);
    }
    let each = shifts.iter().all(|Shift(from, to)| from < to);
    let ordered = shifts.windows(2).all(|pair| pair[0].1 <= pair[1].0);
    if each && ordered { Ok(()) } else { Err(HoursProblem::Order) }
}

impl TimeOfDay {
    /// The end of a day.
    pub const MIDNIGHT: Self = Self(24 * 60);

    /// Minutes since the day began, at most 1,440.
    #[must_use]
    pub fn from_minutes(minutes: u16) -> Option<Self> {
        (minutes <= Self::MIDNIGHT.0).then_some(Self(minutes))
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hours_text::time_text(self.0))
    }
}

/// Not a time of day of the form `08:30`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a time of day has the form 08:30, and 24:00 is the latest")]
pub struct NotATime;

impl FromStr for TimeOfDay {
    type Err = NotATime;

    fn from_str(text: &str) -> Result<Self, NotATime> {
        hours_text::minutes(text).map(Self).ok_or(NotATime)
    }
}

impl Serialize for TimeOfDay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TimeOfDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
