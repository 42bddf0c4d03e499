//! Months of local time, for numbers that are counted by month. China has one time zone.

use std::fmt;

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveTime, Utc};
use record::Timestamp;

/// The last days of a month that are looked at (chosen).
pub const LAST_DAYS: u32 = 3;
/// Local time, in seconds east of UTC.
const OFFSET: i32 = 8 * 3_600;

/// A month of local time. As text: `2026-03`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Month {
    year: i32,
    month: u32,
}

impl Month {
    /// The month in which a moment lies.
    #[must_use]
    pub fn of(at: Timestamp) -> Self {
        let date = date(at);
        Self { year: date.year(), month: date.month() }
    }

    /// The month of a text such as `2026-03`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('-')?;
        let number = |text: &str, digits: usize| {
            let fits = text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
            fits.then(|| text.parse::<u32>().ok()).flatten()
        };
        let (year, month) = (i32::try_from(number(year, 4)?).ok()?, number(month, 2)?);
        (1..=12).contains(&month).then_some(Self { year, month })
    }

    /// As a code, for the years that have four digits.
    #[must_use]
    pub fn code(self) -> Option<String> {
        let text = self.to_string();
        Self::parse(&text).map(|_| text)
    }

    /// How many days it has.
    #[must_use]
    pub fn days(self) -> u32 {
        let first = NaiveDate::from_ymd_opt(self.year, self.month, 1);
        first.map_or(30, |first| u32::from(first.num_days_in_month()))
    }

    /// Its first moment; none beyond the years that timestamps cover.
    #[must_use]
    pub fn begins(self) -> Option<Timestamp> {
        let first = NaiveDate::from_ymd_opt(self.year, self.month, 1)?;
        let local = first.and_time(NaiveTime::MIN).and_utc().timestamp_millis();
        Timestamp::try_from_millis(local - i64::from(OFFSET) * 1_000).ok()
    }

    /// The first moment after it; none beyond the years that timestamps cover.
    #[must_use]
    pub fn ends(self) -> Option<Timestamp> {
        let (year, month) =
            if self.month == 12 { (self.year + 1, 1) } else { (self.year, self.month + 1) };
        Self { year, month }.begins()
    }

    /// Whether a moment of this month lies in its last [`LAST_DAYS`].
    #[must_use]
    pub fn is_in_last_days(self, at: Timestamp) -> bool {
        date(at).day() > self.days() - LAST_DAYS
    }
}

fn date(at: Timestamp) -> NaiveDate {
    let offset = FixedOffset::east_opt(OFFSET).expect("eight hours are an offset");
    DateTime::<Utc>::from(at).with_timezone(&offset).date_naive()
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_ends_at_local_midnight() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let last = at("2026-02-28T15:59:59.999Z");
        assert_eq!(Month::of(last).to_string(), "2026-02");
        assert!(Month::of(last).is_in_last_days(last));
        let next = at("2026-02-28T16:00:00Z");
        assert_eq!(Month::of(next).to_string(), "2026-03");
        assert!(!Month::of(next).is_in_last_days(next));
        assert_eq!(Month::parse("2024-02").unwrap().days(), 29);
        for wrong in ["2026-13", "26-03", "2026-3", "2026", "+026-03", ""] {
            assert_eq!(Month::parse(wrong), None, "{wrong}");
        }
    }
}
