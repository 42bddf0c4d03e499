//! Moments as people say them, in the time of the node's place.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, Utc};
use record::Timestamp;

use crate::words::{Language, Words};

fn local(at: Timestamp, offset: FixedOffset) -> DateTime<FixedOffset> {
    DateTime::<Utc>::from(at).with_timezone(&offset)
}

/// Day and time: today's and its neighbours' by name, the year only where it is another one.
pub(crate) fn when(at: Timestamp, now: Timestamp, offset: FixedOffset, words: Words) -> String {
    let (at, now) = (local(at, offset), local(now, offset));
    let time = at.format("%H:%M").to_string();
    let day = match at.date_naive().signed_duration_since(now.date_naive()).num_days() {
        0 => words.say("today", &[]),
        -1 => words.say("yesterday", &[]),
        1 => words.say("tomorrow", &[]),
        _ if at.year() == now.year() => date(&at, false, words.0),
        _ => date(&at, true, words.0),
    };
    format!("{day} {time}")
}

/// The day, with its year.
pub(crate) fn day(at: Timestamp, offset: FixedOffset, words: Words) -> String {
    date(&local(at, offset), true, words.0)
}

/// Day and time in full, as on paper.
pub(crate) fn exact(at: Timestamp, offset: FixedOffset, words: Words) -> String {
    let at = local(at, offset);
    format!("{} {}", date(&at, true, words.0), at.format("%H:%M"))
}

fn date(at: &DateTime<FixedOffset>, year: bool, language: Language) -> String {
    at.format(form_of(year, language)).to_string()
}

/// A date without a time, with its year.
pub(crate) fn date_of(date: NaiveDate, words: Words) -> String {
    date.format(form_of(true, words.0)).to_string()
}

/// The month of a date, with its year.
pub(crate) fn month_of(date: NaiveDate, words: Words) -> String {
    let form = match words.0 {
        Language::Zh => "%Y年%-m月",
        Language::En => "%b %Y",
    };
    date.format(form).to_string()
}

fn form_of(year: bool, language: Language) -> &'static str {
    match (language, year) {
        (Language::Zh, true) => "%Y年%-m月%-d日",
        (Language::Zh, false) => "%-m月%-d日",
        (Language::En, true) => "%-d %b %Y",
        (Language::En, false) => "%-d %b",
    }
}

/// A count in groups of three, as both languages write long ones; four digits are read without.
pub(crate) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    if digits.len() < 5 {
        return digits;
    }
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// How long ago, or from now, in the largest unit that fits.
pub(crate) fn from_now(at: Timestamp, now: Timestamp, words: Words) -> String {
    let minutes = (at.millis() - now.millis()) / 60_000;
    if minutes == 0 {
        return words.say("just-now", &[]);
    }
    let (count, unit) = largest(minutes.unsigned_abs());
    let values = [("n", count.to_string()), ("unit", unit.to_owned())];
    if minutes < 0 { words.say("ago", &values) } else { words.say("in", &values) }
}

/// How long something took, in the largest unit that fits.
pub(crate) fn lasting(millis: u64, words: Words) -> String {
    let (count, unit) = largest(millis.div_ceil(60_000));
    words.say("lasting", &[("n", count.to_string()), ("unit", unit.to_owned())])
}

fn largest(minutes: u64) -> (u64, &'static str) {
    match minutes {
        count @ 0..=59 => (count, "minute"),
        count @ 60..=2_879 => (count / 60, "hour"),
        count => (count / 1_440, "day"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_counts_are_grouped_and_dates_said_in_the_pages_language() {
        let said = [0, 999, 1_000, 9_999, 10_000, 123_456, 1_234_567].map(grouped);
        assert_eq!(said, ["0", "999", "1000", "9999", "10,000", "123,456", "1,234,567"]);
        let date: NaiveDate = "2026-03-01".parse().unwrap();
        assert_eq!(date_of(date, Words(Language::Zh)), "2026年3月1日");
        assert_eq!(date_of(date, Words(Language::En)), "1 Mar 2026");
        assert_eq!(month_of(date, Words(Language::Zh)), "2026年3月");
        assert_eq!(month_of(date, Words(Language::En)), "Mar 2026");
    }

    #[test]
    fn moments_are_said_as_people_say_them() {
        let offset = FixedOffset::east_opt(8 * 3_600).unwrap();
        let at = |text: &str| -> Timestamp { text.parse().unwrap() };
        let now = at("2026-06-02T02:00:00.000Z");
        let zh = |text| when(at(text), now, offset, Words(Language::Zh));
        assert_eq!(zh("2026-06-02T01:05:00.000Z"), "今天 09:05");
        assert_eq!(zh("2026-06-01T15:59:00.000Z"), "昨天 23:59");
        assert_eq!(zh("2026-06-01T16:00:00.000Z"), "今天 00:00");
        assert_eq!(zh("2026-03-01T02:00:00.000Z"), "3月1日 10:00");
        assert_eq!(zh("2025-03-01T02:00:00.000Z"), "2025年3月1日 10:00");
        let en = Words(Language::En);
        assert_eq!(day(now, offset, en), "2 Jun 2026");
        assert_eq!(exact(now, offset, en), "2 Jun 2026 10:00");
        assert_eq!(from_now(at("2026-06-02T00:00:00.000Z"), now, en), "2 hours ago");
        assert_eq!(from_now(at("2026-06-02T03:00:00.000Z"), now, en), "in 1 hour");
        assert_eq!(from_now(now, now, en), "just now");
        assert_eq!(lasting(61_000, en), "2 min");
        assert_eq!(lasting(3 * 86_400_000, en), "3 d");
    }
}
