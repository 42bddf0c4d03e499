//! For which time: a span that has a name, or from one day to another.

use std::time::Duration;

use chrono::{DateTime, Datelike, FixedOffset, Months, NaiveDate, TimeZone, Utc};
use record::Timestamp;
use serde::{Deserialize, Serialize};

/// Spans that have a name.
pub(super) const SPANS: [&str; 5] = ["month", "last-month", "quarter", "year", "all"];

/// What of the address says for which time.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Wanted {
    /// One of [`SPANS`], or `days`.
    pub(super) span: String,
    /// First day.
    pub(super) from: String,
    /// Last day.
    pub(super) to: String,
}

/// From a moment to just before another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Range {
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
}

impl Wanted {
    /// The range, by the place's own calendar; this month where the address makes no sense.
    pub(super) fn range(&mut self, now: Timestamp, offset: FixedOffset) -> Range {
        let today = DateTime::<Utc>::from(now).with_timezone(&offset).date_naive();
        let day = |text: &str| text.parse::<NaiveDate>().ok();
        if let (Some(first), Some(last)) = (day(&self.from), day(&self.to))
            && let Some(range) = range(first, last.succ_opt(), offset)
        {
            self.span = "days".into();
            return range;
        }
        self.from.clear();
        self.to.clear();
        if !SPANS.contains(&self.span.as_str()) {
            self.span = "month".into();
        }
        let month = |date: NaiveDate| date.with_day(1).unwrap_or(date);
        let this = month(today);
        let (first, end) = match self.span.as_str() {
            "last-month" => (this.checked_sub_months(Months::new(1)).unwrap_or(this), Some(this)),
            "quarter" => {
                (this.checked_sub_months(Months::new(this.month0() % 3)).unwrap_or(this), None)
            }
            "year" => (this.with_month(1).unwrap_or(this), None),
            "all" => {
                // What happened this very moment is in.
                let until = now.plus(Duration::from_millis(1));
                return Range { from: Timestamp::EPOCH, until };
            }
            _ => (this, None),
        };
        let end = end.or_else(|| today.succ_opt());
        let until = now.plus(Duration::from_millis(1));
        range(first, end, offset).unwrap_or(Range { from: Timestamp::EPOCH, until })
    }
}

fn range(first: NaiveDate, end: Option<NaiveDate>, offset: FixedOffset) -> Option<Range> {
    let midnight = |day: NaiveDate| -> Option<Timestamp> {
        let at = offset.from_local_datetime(&day.and_hms_opt(0, 0, 0)?).single()?;
        let millis = at.timestamp_millis();
        (millis >= 0).then(|| Timestamp::from_millis(millis))
    };
    let (from, until) = (midnight(first)?, midnight(end?)?);
    (from < until).then_some(Range { from, until })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(wanted: &[(&str, &str)]) -> (String, String, String) {
        let of = |name: &str| {
            let found = wanted.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned()).unwrap_or_default()
        };
        let mut wanted = Wanted { span: of("span"), from: of("from"), to: of("to") };
        let offset = FixedOffset::east_opt(8 * 3_600).unwrap();
        // In the morning of 2 June there, still 1 June in Greenwich.
        let now = "2026-06-01T17:00:00.000Z".parse().unwrap();
        let Range { from, until } = wanted.range(now, offset);
        (wanted.span, from.to_string(), until.to_string())
    }

    #[test]
    fn spans_are_of_the_places_own_calendar() {
        let span = |span: &str| days(&[("span", span)]);
        let month = ("month".to_owned(), "2026-05-31T16:00:00.000Z".to_owned());
        assert_eq!(
            span("month"),
            (month.0.clone(), month.1.clone(), "2026-06-02T16:00:00.000Z".into())
        );
        assert_eq!(span("no such").0, "month");
        assert_eq!(span("last-month").1, "2026-04-30T16:00:00.000Z");
        assert_eq!(span("last-month").2, "2026-05-31T16:00:00.000Z");
        assert_eq!(span("quarter").1, "2026-03-31T16:00:00.000Z");
        assert_eq!(span("year").1, "2025-12-31T16:00:00.000Z");
        assert_eq!(span("all").1, "1970-01-01T00:00:00.000Z");
    }

    #[test]
    fn days_are_taken_with_the_last_one_and_nonsense_is_this_month() {
        let found = days(&[("from", "2026-03-01"), ("to", "2026-03-01")]);
        assert_eq!(found.0, "days");
        assert_eq!(
            (&*found.1, &*found.2),
            ("2026-02-28T16:00:00.000Z", "2026-03-01T16:00:00.000Z")
        );
        for (from, to) in
            [("2026-03-02", "2026-03-01"), ("x", "2026-03-01"), ("0001-01-01", "0001-01-02")]
        {
            assert_eq!(days(&[("from", from), ("to", to)]).0, "month", "{from} {to}");
        }
    }
}
