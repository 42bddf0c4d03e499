//! Working days: the years that are built in, and files for further ones.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use governance::calendar::{Calendar, CalendarError};
use record::Timestamp;
use serde::{Deserialize, Serialize};

/// Announcements of the State Council's office for 2020 to 2026, as holiday-cn has them.
const BUILT_IN: [&str; 7] = [
    include_str!("../../config/calendars/2020.json"),
    include_str!("../../config/calendars/2021.json"),
    include_str!("../../config/calendars/2022.json"),
    include_str!("../../config/calendars/2023.json"),
    include_str!("../../config/calendars/2024.json"),
    include_str!("../../config/calendars/2025.json"),
    include_str!("../../config/calendars/2026.json"),
];
/// More than a year's file can have, in bytes; the parser has the exact limit.
const MAX_FILE: u64 = 1024 * 1024;

/// The calendar section.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Calendars {
    /// Files in holiday-cn's form, for years that are not built in (2020 to 2026 are).
    pub files: Vec<PathBuf>,
}

/// Why there is no calendar.
#[derive(Debug, thiserror::Error)]
pub enum CalendarFileError {
    /// A file can't be read.
    #[error("calendar file {path} can't be read: correct calendar.files")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// A file is refused.
    #[error("calendar file {path} is refused: take it from holiday-cn, one year a file")]
    Refused {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: Box<CalendarError>,
    },
}

impl Calendars {
    /// Reads the calendar: built-in years and files.
    ///
    /// # Errors
    /// [`CalendarFileError`].
    pub fn load(&self) -> Result<Calendar, CalendarFileError> {
        let mut calendar = Calendar::default();
        for text in BUILT_IN {
            add(&mut calendar, Path::new("(built-in)"), text)?;
        }
        for path in &self.files {
            let text = read(path)
                .map_err(|source| CalendarFileError::Unreadable { path: path.clone(), source })?;
            add(&mut calendar, path, &text)?;
        }
        Ok(calendar)
    }
}

/// The year that will be needed soon and is not there: due times that reach into it stand by the
/// weekday rule alone. `None` while everything up to two months ahead is announced.
#[must_use]
pub fn gap(calendar: &Calendar, now: Timestamp) -> Option<i32> {
    let soon = now.plus(Duration::from_secs(60 * 86_400));
    // A day more or less for the local time does not matter two months ahead.
    let date = |at: Timestamp| chrono::DateTime::from_timestamp_millis(at.millis());
    let (from, to) = (date(now)?.date_naive(), date(soon)?.date_naive());
    calendar.missing_from(from..=to).first().copied()
}

/// What an operator is told of a year that is missing.
#[must_use]
pub fn warning(year: i32) -> String {
    format!(
        "缺 {year} 年节假日安排：跨到该年的工作日时限暂按周末推算，并标为不确定；请把该年的文件写入 \
         calendar.files the holidays of {year} are not known: working-day limits that reach into it \
         go by weekends alone and are marked as uncertain; add that year's file to calendar.files"
    )
}

fn add(calendar: &mut Calendar, path: &Path, text: &str) -> Result<(), CalendarFileError> {
    let refused =
        |source| CalendarFileError::Refused { path: path.to_path_buf(), source: Box::new(source) };
    let year = Calendar::from_year_json(text).map_err(refused)?;
    calendar.merge(&year).map_err(refused)
}

fn read(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(MAX_FILE).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seven_years_are_built_in() {
        let calendar = Calendars::default().load().unwrap();
        assert_eq!(calendar.years().collect::<Vec<_>>(), (2020..=2026).collect::<Vec<_>>());
    }

    #[test]
    fn a_year_that_is_needed_soon_and_missing_is_named_before_it_begins() {
        let calendar = Calendars::default().load().unwrap();
        let at = |text: &str| gap(&calendar, text.parse().unwrap());
        assert_eq!(at("2026-06-01T00:00:00.000Z"), None);
        assert_eq!(at("2026-11-20T00:00:00.000Z"), Some(2027));
        assert_eq!(at("2027-03-01T00:00:00.000Z"), Some(2027));
        assert!(warning(2027).contains("2027 年"));
    }

    #[test]
    fn a_missing_file_is_named() {
        let calendars = Calendars { files: vec!["/nowhere/2027.json".into()] };
        let error = calendars.load().unwrap_err().to_string();
        assert!(error.contains("/nowhere/2027.json") && error.contains("calendar.files"));
    }
}
