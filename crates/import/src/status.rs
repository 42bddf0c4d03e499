//! The state of cases back to the source they came from, in its own words (C9: orders are
//! converted both ways).

use chrono::{DateTime, FixedOffset, Utc};
use governance::change::Phase;
use record::Timestamp;

use crate::reports::{OutValue, Source};
use crate::table::write::{WriteError, Written};

/// How a case stands that came from a source. Whoever fills it in decides what the source may be
/// told: there is no telephone number here.
#[derive(Clone)]
pub struct Outcome {
    /// The source's own number.
    pub id: String,
    /// Our number.
    pub number: String,
    /// The phase.
    pub phase: Phase,
    /// Who deals with it.
    pub unit: Option<String>,
    /// What was done.
    pub opinion: Option<String>,
    /// Why it was not accepted, and where to go instead.
    pub reason: Option<String>,
    /// When that last changed.
    pub updated: Timestamp,
    /// When it is due.
    pub due: Option<Timestamp>,
    /// When it was closed.
    pub closed: Option<Timestamp>,
    /// Whether it is solved.
    pub solved: Option<bool>,
    /// How satisfied the reporter is, 1 to 5.
    pub satisfaction: Option<u8>,
}

/// Why no file was made.
#[derive(Debug, thiserror::Error)]
pub enum StatusError {
    /// The mapping does not say how.
    #[error("the mapping {0:?} has no [out]: nothing goes back to this source")]
    OneWay(String),
    /// It could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// The file that goes back.
///
/// # Errors
/// [`StatusError`].
pub fn write(source: &Source, outcomes: &[Outcome]) -> Result<Vec<u8>, StatusError> {
    let out = source.out.as_ref().ok_or_else(|| StatusError::OneWay(source.key.clone()))?;
    let zone = source.offset();
    let time = |time: Option<Timestamp>| time.map(|time| local(time, zone));
    let word = |flag: bool| if flag { out.yes.clone() } else { out.no.clone() };
    let cell = |outcome: &Outcome, value: OutValue| match value {
        OutValue::Id => Some(outcome.id.clone()),
        OutValue::Number => Some(outcome.number.clone()),
        OutValue::Status => out.status.get(outcome.phase.key()).cloned(),
        OutValue::Unit => outcome.unit.clone(),
        OutValue::Opinion => outcome.opinion.clone(),
        OutValue::Reason => outcome.reason.clone(),
        OutValue::Updated => time(Some(outcome.updated)),
        OutValue::Due => time(outcome.due),
        OutValue::Closed => time(outcome.closed),
        OutValue::Solved => outcome.solved.map(word),
        OutValue::Satisfaction => outcome.satisfaction.map(|satisfaction| satisfaction.to_string()),
    };
    let row = |outcome: &Outcome| {
        out.columns.iter().map(|column| cell(outcome, column.value).unwrap_or_default()).collect()
    };
    let header = out.columns.iter().map(|column| column.header.clone()).collect();
    let table = Written { header, rows: outcomes.iter().map(row).collect() };
    Ok(table.to_bytes(out.format)?)
}

/// `2024-06-01 08:00:00` in the source's zone, in which it wrote to us; UTC, marked as such, where
/// it has none.
fn local(time: Timestamp, zone: Option<FixedOffset>) -> String {
    let utc = DateTime::<Utc>::from(time);
    match zone {
        Some(zone) => utc.with_timezone(&zone).format("%Y-%m-%d %H:%M:%S").to_string(),
        None => utc.format("%Y-%m-%d %H:%M:%SZ").to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{Cell, Format, Options, read};

    const HOTLINE: &str = include_str!("../../../config/imports/hotline-12345.toml");

    fn outcome(phase: Phase) -> Outcome {
        Outcome {
            id: "20240601-0007".into(),
            number: "SX-17".into(),
            phase,
            unit: Some("徽城镇城东社区".into()),
            opinion: Some("=已更换路灯".into()),
            reason: None,
            updated: "2024-06-01T00:00:00Z".parse().unwrap(),
            due: None,
            closed: Some("2024-06-02T01:02:03Z".parse().unwrap()),
            solved: Some(true),
            satisfaction: Some(5),
        }
    }

    #[test]
    fn c9_the_state_goes_back_in_the_hotlines_own_words_and_zone() {
        let mut source = Source::from_toml(HOTLINE).unwrap();
        for format in [Format::Xlsx, Format::Csv] {
            source.out.as_mut().unwrap().format = format;
            let bytes =
                write(&source, &[outcome(Phase::Closed), outcome(Phase::Handling)]).unwrap();
            let book = read(&bytes, &Options::default()).unwrap();
            let rows: Vec<Vec<String>> = book.sheets[0]
                .rows
                .iter()
                .map(|row| row.cells.iter().map(Cell::to_text).collect())
                .collect();
            let column = |header: &str| rows[0].iter().position(|h| h == header).unwrap();
            assert_eq!(rows[1][column("工单编号")], "20240601-0007");
            assert_eq!(rows[1][column("办理状态")], "已结案");
            assert_eq!(rows[2][column("办理状态")], "待处置");
            assert_eq!(rows[1][column("办结时间")], "2024-06-02 09:02:03");
            assert_eq!(rows[1][column("是否解决")], "是");
            let opinion = &rows[1][column("办理意见")];
            assert!(
                opinion
                    == if format == Format::Csv { "'=已更换路灯" } else { "=已更换路灯" }
            );
        }
    }

    #[test]
    fn nothing_goes_back_to_a_source_that_takes_nothing() {
        let mut source = Source::from_toml(HOTLINE).unwrap();
        source.out = None;
        assert!(matches!(write(&source, &[]), Err(StatusError::OneWay(_))));
    }
}
