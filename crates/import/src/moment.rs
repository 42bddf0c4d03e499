//! Dates and times as files write them.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use record::Timestamp;

/// A zone, as an offset from UTC.
pub use chrono::FixedOffset as Zone;

/// A date, or a date and time, from a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Moment {
    local: NaiveDateTime,
    offset: Option<FixedOffset>,
    /// Whether only the day is known.
    day: bool,
}

impl Moment {
    /// Reads `2019/2/28 11:25:05`, `2019-06-08T17:31:20.5+08:00`, `2019.6.8`, `2019年6月8日 17时31分`,
    /// `20190608`, `20190608173120` and the like, year first; blanks and full-width digits are
    /// forgiven. What could be read two ways, such as `3/4/2019`, is not read.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let folded = crate::text::fold(text);
        let mut scan = Scan(folded.trim());
        let (date, compact) = scan.date()?;
        scan.blank();
        if scan.0.is_empty() {
            return Some(Self { local: date.and_time(NaiveTime::MIN), offset: None, day: true });
        }
        let time = if compact { scan.compact_time() } else { scan.time() }?;
        scan.blank();
        let offset = scan.offset()?;
        scan.0.is_empty().then_some(Self { local: date.and_time(time), offset, day: false })
    }

    /// From a spreadsheet's own time. Midnight is taken for a date without a time.
    #[must_use]
    pub fn from_local(local: NaiveDateTime) -> Self {
        Self { local, offset: None, day: local.time() == NaiveTime::MIN }
    }

    /// The same in the declared zone where it has none of its own; `None` where neither has one.
    #[must_use]
    pub fn in_zone(self, zone: Option<FixedOffset>) -> Option<Self> {
        let offset = Some(self.offset.or(zone)?);
        Some(Self { offset, ..self })
    }

    /// The moment at which it begins: for a date, its midnight. UTC where there is no zone.
    #[must_use]
    pub fn start(self) -> Timestamp {
        timestamp(self.local, self.offset)
    }

    /// The last moment that it may mean: for a date, the end of the day.
    #[must_use]
    pub fn end(self) -> Timestamp {
        let long = if self.day { TimeDelta::milliseconds(86_399_999) } else { TimeDelta::zero() };
        timestamp(self.local.checked_add_signed(long).unwrap_or(self.local), self.offset)
    }
}

fn timestamp(local: NaiveDateTime, offset: Option<FixedOffset>) -> Timestamp {
    let seconds = offset.map_or(0, |offset| offset.local_minus_utc());
    let utc = local.checked_sub_signed(TimeDelta::seconds(seconds.into())).unwrap_or(local);
    Timestamp::from(DateTime::<Utc>::from_naive_utc_and_offset(utc, Utc))
}

/// Reads a zone such as `+08:00` or `Z`.
#[must_use]
pub fn zone(text: &str) -> Option<FixedOffset> {
    let mut scan = Scan(text.trim());
    scan.offset().flatten().filter(|_| scan.0.is_empty())
}

struct Scan<'a>(&'a str);

impl Scan<'_> {
    fn digits(&mut self, least: usize, most: usize) -> Option<u32> {
        let found = self.0.bytes().take(most).take_while(u8::is_ascii_digit).count();
        if found < least {
            return None;
        }
        let (number, rest) = self.0.split_at(found);
        self.0 = rest;
        number.parse().ok()
    }

    fn eat(&mut self, any: &[char]) -> Option<char> {
        let first = self.0.chars().next().filter(|c| any.contains(c))?;
        self.0 = &self.0[first.len_utf8()..];
        Some(first)
    }

    fn blank(&mut self) {
        self.0 = self.0.trim_start();
    }

    /// A date, and whether it was written without separators.
    fn date(&mut self) -> Option<(NaiveDate, bool)> {
        let year = self.digits(4, 4)?;
        let separator = self.eat(&['-', '/', '.', '年']);
        let month = match separator {
            Some(_) => self.digits(1, 2)?,
            None => self.digits(2, 2)?,
        };
        match separator {
            Some('年') => self.eat(&['月'])?,
            Some(same) => self.eat(&[same])?,
            None => ' ',
        };
        let day = if separator.is_some() { self.digits(1, 2)? } else { self.digits(2, 2)? };
        if separator == Some('年') {
            self.eat(&['日', '号']);
        }
        let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
        Some((date, separator.is_none()))
    }

    fn time(&mut self) -> Option<NaiveTime> {
        if self.eat(&['t']).is_some() {
            self.blank();
        }
        let hour = self.digits(1, 2)?;
        self.eat(&[':', '时', '点'])?;
        let minute = self.digits(1, 2)?;
        let mut second = 0;
        let mut milli = 0;
        if self.eat(&[':', '分']).is_some() && self.0.starts_with(|c: char| c.is_ascii_digit()) {
            second = self.digits(1, 2)?;
            if self.eat(&['.', ',']).is_some() {
                milli = self.fraction()?;
            }
            self.eat(&['秒']);
        }
        NaiveTime::from_hms_milli_opt(hour, minute, second, milli)
    }

    fn compact_time(&mut self) -> Option<NaiveTime> {
        self.eat(&['t']);
        let (hour, minute) = (self.digits(2, 2)?, self.digits(2, 2)?);
        NaiveTime::from_hms_opt(hour, minute, self.digits(2, 2).unwrap_or(0))
    }

    /// Milliseconds from the digits after the point; further digits are dropped.
    fn fraction(&mut self) -> Option<u32> {
        let found = self.0.bytes().take_while(u8::is_ascii_digit).count();
        let digits: String = self.0[..found].chars().chain("000".chars()).take(3).collect();
        self.0 = &self.0[found..];
        if found == 0 { None } else { digits.parse().ok() }
    }

    /// `None` for what is no zone; `Some(None)` for none at all.
    fn offset(&mut self) -> Option<Option<FixedOffset>> {
        if self.0.is_empty() {
            return Some(None);
        }
        for name in ["utc", "UTC", "gmt", "z", "Z"] {
            if let Some(rest) = self.0.strip_prefix(name) {
                self.0 = rest;
                return Some(FixedOffset::east_opt(0));
            }
        }
        let sign = if self.eat(&['+', '-'])? == '+' { 1 } else { -1 };
        let hours = self.digits(2, 2)?;
        self.eat(&[':']);
        let minutes = if self.0.is_empty() { 0 } else { self.digits(2, 2)? };
        let seconds = i32::try_from(hours * 3_600 + minutes * 60).ok()?;
        (minutes < 60 && hours <= 14).then(|| FixedOffset::east_opt(sign * seconds))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn china() -> Option<FixedOffset> {
        zone("+08:00")
    }

    fn at(text: &str) -> Option<String> {
        let moment = Moment::parse(text)?.in_zone(china())?;
        Some(moment.start().to_string().replace(".000Z", "Z"))
    }

    #[test]
    fn the_ways_in_which_files_write_times_all_read() {
        for text in [
            "2019/2/28 11:25:05",
            "2019-02-28 11:25:05",
            "2019-02-28T11:25:05+08:00",
            "2019-02-28 03:25:05+00:00",
            "2019-02-28T03:25:05Z",
            "2019-02-28 03:25:05.000 UTC",
            "2019年2月28日 11时25分05秒",
            "2019.2.28　11：25：05",
            "２０１９/2/28 11:25:05",
            "20190228112505",
        ] {
            assert_eq!(at(text).as_deref(), Some("2019-02-28T03:25:05Z"), "{text}");
        }
        assert_eq!(at("2019-02-28 11:25").as_deref(), Some("2019-02-28T03:25:00Z"));
        assert_eq!(at("2019年2月28日 11时25分").as_deref(), Some("2019-02-28T03:25:00Z"));
        assert_eq!(at("20190228").as_deref(), Some("2019-02-27T16:00:00Z"));
    }

    #[test]
    fn what_is_no_time_or_could_be_two_is_not_read() {
        for text in [
            "",
            "3/4/2019",
            "2019-13-01",
            "2019-02-30",
            "2019-02-28 25:00",
            "2019-02/28",
            "2019-02-28 11:25 下午",
            "19-02-28",
            "2019",
            "11:25",
            "2019-02-28 11:25+15:00",
            "昨天",
        ] {
            assert_eq!(at(text), None, "{text}");
        }
    }

    #[test]
    fn a_date_lasts_until_its_end() {
        let day = Moment::parse("2019-06-08").unwrap().in_zone(china()).unwrap();
        let noon = Moment::parse("2019-06-08 12:00").unwrap().in_zone(china()).unwrap();
        assert!(day.end() > noon.start() && day.start() < noon.start());
        assert_eq!(noon.end(), noon.start());
    }

    #[test]
    fn without_any_zone_there_is_no_moment() {
        assert!(Moment::parse("2019-06-08 12:00").unwrap().in_zone(None).is_none());
        assert!(Moment::parse("2019-06-08 12:00Z").unwrap().in_zone(None).is_some());
    }

    proptest! {
        #[test]
        fn any_text_reads_or_is_refused(text in ".{0,30}") {
            let _ = Moment::parse(&text);
            let _ = zone(&text);
        }

        #[test]
        fn rfc_3339_reads_as_it_is_meant(millis in 0..4_102_444_800_000_i64) {
            let time = Timestamp::from_millis(millis);
            let read = Moment::parse(&time.to_string()).unwrap();
            prop_assert_eq!(read.in_zone(None).unwrap().start(), time);
        }
    }
}
