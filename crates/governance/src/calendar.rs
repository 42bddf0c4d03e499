//! Which days are worked: weekdays, less the public holidays, plus the make-up days (调休) that the
//! State Council announces each autumn for the year to come. The data are the yearly files of
//! holiday-cn (MIT licence). A year without a file is never guessed silently: the weekday rule is
//! applied and the answer says which year was missing.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use chrono::{Datelike, Days, NaiveDate, Weekday};
use serde::Deserialize;

/// Largest file of a year, in bytes.
pub const MAX_FILE: usize = 64 * 1024;
/// Most exceptional days of a year.
const MAX_DAYS: usize = 400;
/// Years for which a file is accepted.
const YEARS: RangeInclusive<i32> = 1949..=2199;
/// From this day of December on, next year's announcement may still move days (the one of 2019
/// made 29 December 2018 a working day), so that these days need both years' files.
const NEXT_YEAR_MATTERS: u32 = 25;

/// Holidays and make-up days of some years.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Calendar {
    years: BTreeSet<i32>,
    /// The days that differ from what their file's announcement leaves alone: true when worked.
    exceptions: BTreeMap<NaiveDate, bool>,
}

/// Whether a day is worked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DayKind {
    /// Worked.
    Working,
    /// Not worked.
    Off,
    /// No announcement for this year is loaded; the weekday rule stands in.
    Unknown {
        /// What the weekday rule says.
        working: bool,
        /// The year whose file is missing.
        missing: i32,
    },
}

/// Why a year's file is refused.
#[derive(Debug, thiserror::Error)]
pub enum CalendarError {
    /// Larger than any year's file.
    #[error("calendar file has {0} bytes, more than {MAX_FILE}")]
    TooLarge(usize),
    /// Not the JSON of holiday-cn.
    #[error("calendar file is not in the form of holiday-cn")]
    Malformed(#[source] serde_json::Error),
    /// A year no file can be for.
    #[error("calendar file is for year {0}, outside 1949 to 2199")]
    Year(i32),
    /// A stub: holiday-cn has these for years that are not announced yet.
    #[error("calendar file for {0} has no days: the year is not announced yet, leave it out")]
    Empty(i32),
    /// More days than a year has.
    #[error("calendar file for {0} has more days than a year")]
    TooManyDays(i32),
    /// A day that is not near the file's year.
    #[error("calendar file for {year} has {date}, a day of another year")]
    OtherYear {
        /// The file's year.
        year: i32,
        /// The day.
        date: NaiveDate,
    },
    /// Two statements about one day that differ.
    #[error("calendar says both working and off for {0}")]
    Contradiction(NaiveDate),
}

/// A file of holiday-cn, after its schema.json.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct YearFile {
    #[serde(rename = "$schema", default)]
    _schema: Option<String>,
    #[serde(rename = "$id", default)]
    _id: Option<String>,
    year: i32,
    #[serde(rename = "papers")]
    _papers: Vec<String>,
    days: Vec<Day>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Day {
    #[serde(rename = "name")]
    _name: String,
    date: NaiveDate,
    is_off_day: bool,
}

impl DayKind {
    /// Whether it is worked, as far as anybody knows.
    #[must_use]
    pub fn is_working(self) -> bool {
        match self {
            Self::Working | Self::Unknown { working: true, .. } => true,
            Self::Off | Self::Unknown { working: false, .. } => false,
        }
    }

    /// The year whose announcement is missing, where that makes the answer uncertain.
    #[must_use]
    pub fn missing(self) -> Option<i32> {
        match self {
            Self::Unknown { missing, .. } => Some(missing),
            Self::Working | Self::Off => None,
        }
    }
}

impl Calendar {
    /// Reads one year's file of holiday-cn. A file may hold days of the neighbouring years: 2023's
    /// has 31 December 2022.
    ///
    /// # Errors
    /// See [`CalendarError`].
    pub fn from_year_json(text: &str) -> Result<Self, CalendarError> {
        if text.len() > MAX_FILE {
            return Err(CalendarError::TooLarge(text.len()));
        }
        let file: YearFile = serde_json::from_str(text).map_err(CalendarError::Malformed)?;
        file.check()?;
        let mut calendar = Self { years: BTreeSet::from([file.year]), ..Self::default() };
        file.days.iter().try_for_each(|day| calendar.except(day.date, !day.is_off_day))?;
        Ok(calendar)
    }

    /// Adds what the other calendar knows.
    ///
    /// # Errors
    /// [`CalendarError::Contradiction`] where both know a day differently; then nothing is added.
    pub fn merge(&mut self, other: &Self) -> Result<(), CalendarError> {
        let differs = |(date, worked): &(&NaiveDate, &bool)| {
            self.exceptions.get(date).is_some_and(|known| known != *worked)
        };
        if let Some((date, _)) = other.exceptions.iter().find(differs) {
            return Err(CalendarError::Contradiction(*date));
        }
        self.years.extend(&other.years);
        self.exceptions.extend(&other.exceptions);
        Ok(())
    }

    /// The years whose announcements are loaded, ascending.
    pub fn years(&self) -> impl Iterator<Item = i32> {
        self.years.iter().copied()
    }

    /// Whether the day is worked.
    #[must_use]
    pub fn kind(&self, date: NaiveDate) -> DayKind {
        let worked = self.exceptions.get(&date).copied();
        match (worked, years_for(date).find(|year| !self.years.contains(year))) {
            (Some(true), _) => DayKind::Working,
            (Some(false), _) => DayKind::Off,
            (None, Some(missing)) => DayKind::Unknown { working: is_weekday(date), missing },
            (None, None) if is_weekday(date) => DayKind::Working,
            (None, None) => DayKind::Off,
        }
    }

    /// The years whose announcements would be needed to be certain of every day in the range and
    /// are not loaded, ascending; empty for an empty range.
    #[must_use]
    pub fn missing_from(&self, range: RangeInclusive<NaiveDate>) -> Vec<i32> {
        if range.is_empty() {
            return Vec::new();
        }
        let last = years_for(*range.end()).last().unwrap_or_else(|| range.end().year());
        (range.start().year()..=last).filter(|year| !self.years.contains(year)).collect()
    }

    fn except(&mut self, date: NaiveDate, worked: bool) -> Result<(), CalendarError> {
        match self.exceptions.insert(date, worked) {
            Some(known) if known != worked => Err(CalendarError::Contradiction(date)),
            Some(_) | None => Ok(()),
        }
    }
}

impl YearFile {
    fn check(&self) -> Result<(), CalendarError> {
        if !YEARS.contains(&self.year) {
            return Err(CalendarError::Year(self.year));
        }
        if self.days.is_empty() {
            return Err(CalendarError::Empty(self.year));
        }
        if self.days.len() > MAX_DAYS {
            return Err(CalendarError::TooManyDays(self.year));
        }
        let near = |date: NaiveDate| {
            let reach = Days::new(31);
            date.year() == self.year
                || date.checked_add_days(reach).is_some_and(|later| later.year() == self.year)
                || date.checked_sub_days(reach).is_some_and(|earlier| earlier.year() == self.year)
        };
        match self.days.iter().find(|day| !near(day.date)) {
            Some(day) => Err(CalendarError::OtherYear { year: self.year, date: day.date }),
            None => Ok(()),
        }
    }
}

/// The years whose announcements can say something about the day.
fn years_for(date: NaiveDate) -> impl Iterator<Item = i32> {
    let next = date.month() == 12 && date.day() >= NEXT_YEAR_MATTERS;
    date.year()..=date.year() + i32::from(next)
}

fn is_weekday(date: NaiveDate) -> bool {
    !matches!(date.weekday(), Weekday::Sat | Weekday::Sun)
}

#[cfg(test)]
mod tests;
