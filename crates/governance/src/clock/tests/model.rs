//! The clocks against a slow model that looks at every single minute.

use std::collections::BTreeSet;

use chrono::Datelike;
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

use super::*;

/// The slow model: looks at every single minute.
struct Minutes<'a> {
    pauses: &'a [Pause],
    calendar: &'a Calendar,
    hours: &'a WorkingHours,
}

impl Minutes<'_> {
    fn stands(&self, minute: i64) -> bool {
        let holds = |p: &Pause| {
            p.from.millis() <= minute && p.until.is_none_or(|until| minute < until.millis())
        };
        self.pauses.iter().any(holds)
    }

    fn local(&self, minute: i64) -> (NaiveDate, i64) {
        let shifted = minute + i64::from(self.hours.offset().local_minus_utc()) * 1_000;
        let days = shifted.div_euclid(86_400_000);
        let date = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap() + chrono::TimeDelta::days(days);
        (date, shifted.rem_euclid(86_400_000) / MINUTE)
    }

    fn is_worked(&self, minute: i64) -> bool {
        let (date, time) = self.local(minute);
        let open = |(from, until): (u16, u16)| (i64::from(from)..i64::from(until)).contains(&time);
        self.calendar.kind(date).is_working() && self.hours.shifts().any(open)
    }

    fn count(&self, start: i64, wanted: u32, counts: impl Fn(i64) -> bool) -> Option<i64> {
        let mut left = wanted;
        (start..).step_by(MINUTE as usize).take(150_000).find_map(|minute| {
            left -= u32::from(counts(minute) && !self.stands(minute));
            (left == 0).then_some(minute + MINUTE)
        })
    }

    fn next_midnight(&self, start: i64) -> i64 {
        let after = (start + MINUTE..).step_by(MINUTE as usize);
        after.into_iter().find(|minute| self.local(*minute).1 == 0).unwrap()
    }

    fn due(&self, start: i64, allowance: Allowance) -> Option<i64> {
        match allowance {
            Allowance::Minutes(n) => self.count(start, n, |_| true),
            Allowance::WorkingMinutes(n) => self.count(start, n, |minute| self.is_worked(minute)),
            Allowance::WorkingDays(n) => {
                let wanted = n * u32::from(self.hours.daily_minutes());
                self.count(self.next_midnight(start), wanted, |minute| self.is_worked(minute))
            }
            Allowance::SameDay => {
                let mut midnight = self.next_midnight(start);
                for _ in 0..400 {
                    if !self.stands(midnight - MINUTE) {
                        return Some(midnight);
                    }
                    midnight = self.next_midnight(midnight);
                }
                None
            }
        }
    }

    /// The first year found missing on the way.
    fn missing(&self, start: i64, due: i64, allowance: Allowance) -> Option<i32> {
        let first = match allowance {
            Allowance::Minutes(_) | Allowance::SameDay => return None,
            Allowance::WorkingMinutes(_) => start,
            Allowance::WorkingDays(_) => self.next_midnight(start),
        };
        let days = self.local(first).0.iter_days();
        let mut seen = days.take_while(|date| *date <= self.local(due - 1).0);
        seen.find_map(|date| self.calendar.kind(date).missing())
    }
}

const WINDOW: &str = "2024-12-18T00:00:00Z";

fn allowances() -> impl Strategy<Value = Allowance> {
    prop_oneof![
        (1_u32..6_000).prop_map(Allowance::Minutes),
        (1_u32..3_000).prop_map(Allowance::WorkingMinutes),
        (1_u32..10).prop_map(Allowance::WorkingDays),
        Just(Allowance::SameDay),
    ]
}

fn hours() -> impl Strategy<Value = WorkingHours> {
    let times = proptest::sample::subsequence((0_u16..=96).collect::<Vec<_>>(), 4);
    (times, any::<bool>(), -11_i32..=13).prop_map(|(times, lunch, offset)| {
        let times: Vec<_> = times.iter().map(|quarter| quarter * 15).collect();
        let lunch = lunch.then_some((times[1], times[2]));
        WorkingHours::new(times[0], times[3], lunch, east(offset)).unwrap()
    })
}

/// Minutes from the window's beginning, and how many; about half the pauses are within a day.
fn pauses() -> impl Strategy<Value = Vec<Pause>> {
    let length = prop_oneof![4 => (0_i64..1_500).prop_map(Some), 4 => (0_i64..9_000).prop_map(Some), 1 => Just(None)];
    vec((0_i64..30_000, length), 0..4).prop_map(|spans| {
        let start = at(WINDOW).millis();
        let moment = |minutes: i64| Timestamp::from_millis(start + minutes * MINUTE);
        let pause = |(from, length): (i64, Option<i64>)| Pause {
            from: moment(from),
            until: length.map(|length| moment(from + length)),
        };
        spans.into_iter().map(pause).collect()
    })
}

/// Two months around a year's end with some days turned, and some years not announced.
fn calendars() -> impl Strategy<Value = Calendar> {
    let turned = btree_map(0_u64..60, any::<bool>(), 1..12);
    (turned, any::<[bool; 2]>()).prop_map(|(turned, announced)| {
        let first = NaiveDate::from_ymd_opt(2024, 12, 18).unwrap();
        let mut calendar = Calendar::default();
        let years: BTreeSet<_> =
            [2024, 2025].into_iter().zip(announced).filter(|(_, on)| *on).map(|(y, _)| y).collect();
        for year in years {
            let days: Vec<_> = turned
                .iter()
                .map(|(day, off)| (first + Days::new(*day), off))
                .filter(|(date, _)| date.year() == year)
                .chain([(NaiveDate::from_ymd_opt(year, 6, 1).unwrap(), &true)])
                .map(|(date, off)| serde_json::json!({"name": "", "date": date, "isOffDay": off}))
                .collect();
            let file = serde_json::json!({"year": year, "papers": [], "days": days});
            calendar.merge(&Calendar::from_year_json(&file.to_string()).unwrap()).unwrap();
        }
        calendar
    })
}

proptest! {
    #[test]
    fn due_agrees_with_counting_every_minute(
        minute in 0_i64..20_000,
        allowance in allowances(),
        pauses in pauses(),
        calendar in calendars(),
        hours in hours(),
    ) {
        let start = Timestamp::from_millis(at(WINDOW).millis() + minute * MINUTE);
        let model = Minutes { pauses: &pauses, calendar: &calendar, hours: &hours };
        let slow = model.due(start.millis(), allowance);
        let fast = due(start, allowance, &pauses, &calendar, &hours);
        prop_assert_eq!(fast.map(|due| due.at.millis()), slow);
        let uncertain = slow.and_then(|due| model.missing(start.millis(), due, allowance));
        prop_assert_eq!(fast.and_then(|due| due.uncertain), uncertain);
    }

    #[test]
    fn a_later_start_is_never_due_earlier(
        first in 0_i64..1_200_000_000, later in 0_i64..100_000,
        allowance in allowances(), pauses in pauses(), hours in hours(),
    ) {
        let start = |by| Timestamp::from_millis(at(WINDOW).millis() + by);
        let due = |by| due(start(by), allowance, &pauses, &announced(), &hours).map(|due| due.at);
        let (earlier, later) = (due(first), due(first + later));
        prop_assert!(later.is_none() || earlier.is_some_and(|earlier| Some(earlier) <= later));
    }

    #[test]
    fn any_moments_give_a_state_without_a_panic(
        started in any::<i64>(), now in any::<i64>(), stopped in option::of(any::<i64>()),
        pauses in vec((any::<i64>(), option::of(any::<i64>())), 0..4),
        allowance in allowances(),
    ) {
        let moment = Timestamp::from_millis;
        let pauses = pauses.into_iter();
        let clock = Clock {
            allowance,
            started: moment(started),
            stopped: stopped.map(moment),
            pauses: pauses
                .map(|(from, until)| Pause { from: moment(from), until: until.map(moment) })
                .collect(),
        };
        let _ = clock.state(moment(now), &announced(), &office());
    }

    #[test]
    fn allowances_read_back(allowance in allowances()) {
        prop_assert_eq!(allowance.to_string().parse(), Ok(allowance));
    }
}
