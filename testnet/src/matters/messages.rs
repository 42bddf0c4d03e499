//! Messages of real people from a CSV file with the columns 留言主题 (title) and 留言详情 (text);
//! 留言时间 (time) where there is one. They come as people typed them: with tabs, line breaks,
//! ideographic and no-break spaces, and up to some seven thousand characters.

use std::path::{Path, PathBuf};

use chrono::{DateTime, FixedOffset, NaiveDateTime, SecondsFormat, Utc};

use super::Matter;
use crate::clocks;

const TITLE: &str = "留言主题";
const TEXT: &str = "留言详情";
const TIME: &str = "留言时间";
/// Longest title that a node takes, in characters.
const MOST_TITLE: usize = 200;
/// Longest description that a node takes, in characters.
const MOST_TEXT: usize = 10_000;
/// Largest file that is read, in bytes.
const MOST_BYTES: u64 = 256 * 1024 * 1024;

/// Why a file of messages can't be used.
#[derive(Debug, thiserror::Error)]
pub enum MessagesError {
    /// It can't be read.
    #[error("--messages {path} can't be read")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// Not CSV, or not UTF-8.
    #[error("--messages {path} is not CSV in UTF-8")]
    NotCsv {
        /// The file.
        path: PathBuf,
        /// Where and why.
        #[source]
        source: csv::Error,
    },
    /// A column is missing.
    #[error("--messages {path} has no column {column}")]
    NoColumn {
        /// The file.
        path: PathBuf,
        /// The column.
        column: &'static str,
    },
    /// A row without any words.
    #[error("--messages {path}: row {row} has neither title nor text")]
    Empty {
        /// The file.
        path: PathBuf,
        /// Its row, the heading being row 1.
        row: usize,
    },
    /// More than is read.
    #[error("--messages {0} is larger than 256 MB")]
    TooLarge(PathBuf),
}

/// Reads every message of a file.
///
/// # Errors
/// [`MessagesError`].
pub fn read(path: &Path) -> Result<Vec<Matter>, MessagesError> {
    let unreadable = |source| MessagesError::Unreadable { path: path.into(), source };
    if std::fs::metadata(path).map_err(unreadable)?.len() > MOST_BYTES {
        return Err(MessagesError::TooLarge(path.into()));
    }
    let bytes = std::fs::read(path).map_err(unreadable)?;
    // The day is yesterday for its nodes: what happened since has not, there.
    parse(path, &bytes, Utc::now() - clocks::YESTERDAY)
}

fn parse(path: &Path, bytes: &[u8], now: DateTime<Utc>) -> Result<Vec<Matter>, MessagesError> {
    let not_csv = |source| MessagesError::NotCsv { path: path.into(), source };
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::Reader::from_reader(bytes);
    let header = reader.headers().map_err(not_csv)?.clone();
    let column = |name: &'static str| {
        let at = header.iter().position(|found| found.trim() == name);
        at.ok_or_else(|| MessagesError::NoColumn { path: path.into(), column: name })
    };
    let (title, text, time) = (column(TITLE)?, column(TEXT)?, column(TIME).ok());
    let mut matters = Vec::new();
    for (index, row) in reader.records().enumerate() {
        let row = row.map_err(not_csv)?;
        let at = |column: usize| row.get(column).unwrap_or_default();
        let matter = matter(at(title), at(text), time.map(at), now);
        let empty = || MessagesError::Empty { path: path.into(), row: index + 2 };
        matters.push(matter.ok_or_else(empty)?);
    }
    Ok(matters)
}

fn matter(title: &str, text: &str, time: Option<&str>, now: DateTime<Utc>) -> Option<Matter> {
    let (title, text) = (line(title), paragraphs(text));
    let title = if title.is_empty() { line(&text) } else { title };
    let description = if text.is_empty() { title.clone() } else { text };
    if title.is_empty() {
        return None;
    }
    let happened = time.and_then(|time| happened(time, now));
    Some(Matter {
        title: cut(&title, MOST_TITLE),
        description: cut(&description, MOST_TEXT),
        happened,
    })
}

/// One line: every run of white space and control characters is one space.
fn line(text: &str) -> String {
    text.split(is_space).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Lines without white space around them and without empty ones between.
fn paragraphs(text: &str) -> String {
    let lines = text.split(['\n', '\r']).map(line).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

/// U+3000 and U+00A0 are white space to Unicode; the zero-width ones and the BOM are not.
fn is_space(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{feff}')
}

fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect::<String>().trim_end().to_owned()
}

/// A time without a zone is China's; one in the future or before 2000 is a slip.
fn happened(text: &str, now: DateTime<Utc>) -> Option<String> {
    let text = text.trim();
    let forms = ["%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M:%S"];
    let read = |form: &&str| NaiveDateTime::parse_from_str(text, form).ok();
    let local = forms.iter().find_map(read)?;
    let zone = FixedOffset::east_opt(8 * 3_600)?;
    let at = local.and_local_timezone(zone).single()?;
    let plausible = at < now && local.format("%Y").to_string().as_str() >= "2000";
    plausible.then(|| at.to_rfc3339_opts(SecondsFormat::Secs, false))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-11-22T00:00:00Z".parse().unwrap()
    }

    fn parsed(csv: &str) -> Result<Vec<Matter>, MessagesError> {
        parse(Path::new("m.csv"), csv.as_bytes(), now())
    }

    #[test]
    fn a_message_is_cleaned_of_what_people_type_around_it() {
        let csv = "\u{feff}编号,留言主题,留言时间,留言详情\n\
            1,\" 路灯\t不亮\u{3000}\",2019/2/28 11:25:05,\"\n\t\t\t\u{3000}\u{a0}晚上看不清\u{a0}路\n\n\t谢谢\n\t\"\n";
        let matters = parsed(csv).unwrap();
        assert_eq!(matters[0].title, "路灯 不亮");
        assert_eq!(matters[0].description, "晚上看不清 路\n谢谢");
        assert_eq!(matters[0].happened.as_deref(), Some("2019-02-28T11:25:05+08:00"));
    }

    #[test]
    fn a_missing_half_is_made_from_the_other_and_an_empty_row_is_named() {
        let matters = parsed("留言主题,留言详情\n,只有详情\n只有主题,\n").unwrap();
        assert_eq!(matters[0].title, "只有详情");
        assert_eq!(matters[1].description, "只有主题");
        let error = parsed("留言主题,留言详情\na,b\n\u{3000},\t\n").unwrap_err();
        assert!(error.to_string().contains("row 3"), "{error}");
        assert!(parsed("主题,留言详情\n").unwrap_err().to_string().contains(TITLE));
    }

    #[test]
    fn titles_and_texts_are_cut_to_what_a_node_takes() {
        let csv = format!("留言主题,留言详情\n{},{}\n", "题".repeat(300), "文".repeat(12_000));
        let matter = parsed(&csv).unwrap().remove(0);
        assert_eq!(matter.title.chars().count(), MOST_TITLE);
        assert_eq!(matter.description.chars().count(), MOST_TEXT);
    }

    #[test]
    fn only_plausible_times_are_kept() {
        assert!(happened("2019-06-08 17:31:20", now()).is_some());
        for wrong in ["2030/1/1 00:00:00", "1899/1/1 00:00:00", "2019/2/30 00:00:00", "", "昨天"]
        {
            assert_eq!(happened(wrong, now()), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_typed_becomes_what_a_node_takes(title in ".*", text in "\\PC*|.*\\s.*") {
            let Some(matter) = matter(&title, &text, None, now()) else { return Ok(()) };
            for (text, most) in [(&matter.title, MOST_TITLE), (&matter.description, MOST_TEXT)] {
                prop_assert!(!text.trim().is_empty() && text.chars().count() <= most);
                prop_assert!(!text.chars().any(|c| c.is_control() && c != '\n'));
            }
            prop_assert!(!matter.title.contains('\n'));
        }
    }
}
