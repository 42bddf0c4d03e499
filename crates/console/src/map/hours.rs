//! Opening hours in words: days of the week that are alike stand together.

use serde::Deserialize;

use crate::words::Words;

/// From one time of day to another, as `08:30`.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Shift(String, String);

/// When a station is open in an ordinary week.
#[derive(Clone, Deserialize)]
pub(super) struct Week {
    /// Monday first; a day without shifts is closed.
    week: [Vec<Shift>; 7],
}

impl Week {
    /// A line for each run of days that are alike.
    pub(super) fn lines(&self, words: Words) -> Vec<String> {
        let mut lines = Vec::new();
        let mut from = 0;
        for run in self.week.chunk_by(|one, other| one == other) {
            let days = days(from, from + run.len() - 1, words);
            let shifts = run.first().map(Vec::as_slice).unwrap_or_default();
            let open: Vec<String> =
                shifts.iter().map(|Shift(from, to)| format!("{from}–{to}")).collect();
            let open = if open.is_empty() { words.say("hours-shut", &[]) } else { open.join(" ") };
            lines.push(format!("{days} {open}"));
            from += run.len();
        }
        lines
    }
}

fn days(first: usize, last: usize, words: Words) -> String {
    let day = |number: usize| words.member("weekday", &(number + 1).to_string());
    match last - first {
        0 => day(first),
        6 => words.say("hours-daily", &[]),
        _ => words.say("hours-days", &[("from", day(first)), ("to", day(last))]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Language;

    #[test]
    fn days_that_are_alike_stand_together() {
        let day = serde_json::json!([["08:30", "12:00"], ["14:00", "17:30"]]);
        let week =
            serde_json::json!({ "week": [day, day, day, day, day, [["09:00", "12:00"]], []] });
        let week: Week = serde_json::from_value(week).unwrap();
        let lines = week.lines(Words(Language::Zh));
        assert_eq!(
            lines,
            ["周一至周五 08:30–12:00 14:00–17:30", "周六 09:00–12:00", "周日 不开放"]
        );
        let week = serde_json::json!({ "week": vec![serde_json::json!([["00:00", "24:00"]]); 7] });
        let week: Week = serde_json::from_value(week).unwrap();
        assert_eq!(week.lines(Words(Language::En)), ["Every day 00:00–24:00"]);
    }
}
