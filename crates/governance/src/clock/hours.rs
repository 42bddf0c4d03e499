//! When work is done on a working day, and where local midnight lies.

use std::iter;

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime, Utc};
use record::Timestamp;
use serde::{Deserialize, Serialize};

const DAY: u16 = 24 * 60;

/// The hours of a working day in minutes since local midnight, and the local offset from UTC. In
/// text:
///
/// ```toml
/// start = "08:30"
/// end = "17:30"
/// lunch = ["12:00", "13:30"]   # may be left out
/// offset = "+08:00"
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "HoursText", into = "HoursText")]
pub struct WorkingHours {
    start: u16,
    end: u16,
    lunch: Option<(u16, u16)>,
    offset: FixedOffset,
}

/// Why working hours are refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum HoursError {
    /// Not a time of day.
    #[error("working hours: {0} is not a time of day of the form 08:30 (24:00 is the latest)")]
    Time(&'static str),
    /// Not an offset.
    #[error("working hours: offset is not of the form +08:00, within a day")]
    Offset,
    /// Ends before it begins.
    #[error("working hours: end must be later than start")]
    Order,
    /// Lunch outside the day's work, or all of it.
    #[error("working hours: lunch must lie within start and end, and end after it begins")]
    Lunch,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HoursText {
    start: String,
    end: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lunch: Option<(String, String)>,
    offset: String,
}

impl WorkingHours {
    /// Working hours from minutes since midnight.
    ///
    /// # Errors
    /// See [`HoursError`].
    pub fn new(
        start: u16,
        end: u16,
        lunch: Option<(u16, u16)>,
        offset: FixedOffset,
    ) -> Result<Self, HoursError> {
        if end > DAY {
            return Err(HoursError::Time("end"));
        }
        if start >= end {
            return Err(HoursError::Order);
        }
        // A minute before and after it at least, so that there is work on both sides.
        let fits = |(from, to): (u16, u16)| start < from && from < to && to < end;
        if lunch.is_some_and(|lunch| !fits(lunch)) {
            return Err(HoursError::Lunch);
        }
        Ok(Self { start, end, lunch, offset })
    }

    /// The local offset from UTC.
    #[must_use]
    pub fn offset(&self) -> FixedOffset {
        self.offset
    }

    /// Minutes worked on a working day.
    #[must_use]
    pub fn daily_minutes(&self) -> u16 {
        self.shifts().map(|(opens, closes)| closes - opens).sum()
    }

    /// The stretches of work in a day, (open, close) in minutes since midnight.
    pub fn shifts(&self) -> impl Iterator<Item = (u16, u16)> {
        let before = (self.start, self.lunch.map_or(self.end, |(from, _)| from));
        let after = self.lunch.map(|(_, to)| (to, self.end));
        iter::once(before).chain(after)
    }

    /// The local date at a moment.
    #[must_use]
    pub fn date(&self, at: Timestamp) -> NaiveDate {
        DateTime::<Utc>::from(at).with_timezone(&self.offset).date_naive()
    }

    /// The moment at which a local date begins; none beyond the years that timestamps cover.
    #[must_use]
    pub fn midnight(&self, date: NaiveDate) -> Option<Timestamp> {
        let local = date.and_time(NaiveTime::MIN).and_utc().timestamp_millis();
        let shift = i64::from(self.offset.local_minus_utc()) * 1_000;
        Timestamp::try_from_millis(local - shift).ok()
    }
}

impl TryFrom<HoursText> for WorkingHours {
    type Error = HoursError;

    fn try_from(text: HoursText) -> Result<Self, HoursError> {
        let time = |of: &str, name| minutes(of).ok_or(HoursError::Time(name));
        let lunch = match &text.lunch {
            Some((from, to)) => Some((time(from, "lunch")?, time(to, "lunch")?)),
            None => None,
        };
        let offset = offset(&text.offset).ok_or(HoursError::Offset)?;
        Self::new(time(&text.start, "start")?, time(&text.end, "end")?, lunch, offset)
    }
}

impl From<WorkingHours> for HoursText {
    fn from(hours: WorkingHours) -> Self {
        Self {
            start: time_text(hours.start),
            end: time_text(hours.end),
            lunch: hours.lunch.map(|(from, to)| (time_text(from), time_text(to))),
            offset: hours.offset.to_string(),
        }
    }
}

/// Minutes since midnight as `HH:MM`.
pub(crate) fn time_text(minutes: u16) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// `HH:MM` in minutes since midnight, 24:00 at the latest.
pub(crate) fn minutes(text: &str) -> Option<u16> {
    let two = |digits: &str| {
        let plain = digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| digits.parse::<u16>().ok()).flatten()
    };
    let (hour, minute) = text.split_once(':')?;
    let (hour, minute) = (two(hour)?, two(minute)?);
    (minute < 60).then_some(hour * 60 + minute).filter(|total| *total <= DAY)
}

/// `+HH:MM` or `-HH:MM`.
fn offset(text: &str) -> Option<FixedOffset> {
    let (sign, rest) = match text.as_bytes().first()? {
        b'+' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        _ => return None,
    };
    FixedOffset::east_opt(sign * i32::from(minutes(rest)?) * 60)
}
