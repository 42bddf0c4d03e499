use std::collections::BTreeSet;

use chrono::{Datelike, FixedOffset};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

use super::*;

const YEARS: [(i32, &str); 3] = [
    (2024, include_str!("../../../../config/calendars/2024.json")),
    (2025, include_str!("../../../../config/calendars/2025.json")),
    (2026, include_str!("../../../../config/calendars/2026.json")),
];

fn announced() -> Calendar {
    let mut calendar = Calendar::default();
    for (_, text) in YEARS {
        calendar.merge(&Calendar::from_year_json(text).unwrap()).unwrap();
    }
    calendar
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn allow(text: &str) -> Allowance {
    text.parse().unwrap()
}

fn east(hours: i32) -> FixedOffset {
    FixedOffset::east_opt(hours * 3_600).unwrap()
}

/// 9:00 to 17:30 with lunch from 12:00 to 13:30: seven hours.
fn office() -> WorkingHours {
    WorkingHours::new(9 * 60, 17 * 60 + 30, Some((12 * 60, 13 * 60 + 30)), east(8)).unwrap()
}

fn pause(from: &str, until: Option<&str>) -> Pause {
    Pause { from: at(from), until: until.map(at) }
}

#[track_caller]
fn assert_due(start: &str, allowance: &str, expected: &str) {
    let due = due(at(start), allow(allowance), &[], &announced(), &office()).unwrap();
    assert_eq!((due.at, due.uncertain), (at(expected), None), "{allowance} from {start}");
}

#[test]
fn wall_clock_deadlines_run_through_midnight_and_year_end() {
    assert_due("2024-12-31T23:50:00.500+08:00", "15m", "2025-01-01T00:05:00.500+08:00");
    assert_due("2024-12-31T23:59:59.999+08:00", "24h", "2025-01-01T23:59:59.999+08:00");
    assert_due("2024-02-28T08:00:00+08:00", "2d", "2024-03-01T08:00:00+08:00");
}

#[test]
fn working_hours_skip_lunch_evenings_weekends_and_holidays() {
    assert_due("2025-03-03T11:30:00+08:00", "1wh", "2025-03-03T14:00:00+08:00");
    assert_due("2025-03-03T17:00:00+08:00", "45wm", "2025-03-04T09:15:00+08:00");
    assert_due("2025-03-07T17:00:00+08:00", "1wh", "2025-03-10T09:30:00+08:00");
    // National Day and Mid-Autumn: 1 to 8 October 2025 off, Saturday the 11th made up.
    assert_due("2025-09-30T17:30:00+08:00", "30wm", "2025-10-09T09:30:00+08:00");
    assert_due("2025-10-10T17:00:00+08:00", "1wh", "2025-10-11T09:30:00+08:00");
    assert_due("2025-03-03T03:00:00+08:00", "7wh", "2025-03-03T17:30:00+08:00");
}

#[test]
fn time_used_up_at_the_close_is_due_at_the_close() {
    assert_due("2025-03-03T15:30:00+08:00", "2wh", "2025-03-03T17:30:00+08:00");
    assert_due("2025-03-03T11:00:00+08:00", "1wh", "2025-03-03T12:00:00+08:00");
}

#[test]
fn working_days_do_not_count_the_first_and_end_at_the_close_of_the_last() {
    assert_due("2025-03-03T09:00:00+08:00", "1wd", "2025-03-04T17:30:00+08:00");
    assert_due("2025-03-03T23:59:59.999+08:00", "1wd", "2025-03-04T17:30:00+08:00");
    assert_due("2025-03-04T00:00:00+08:00", "1wd", "2025-03-05T17:30:00+08:00");
    assert_due("2025-09-29T10:00:00+08:00", "3wd", "2025-10-10T17:30:00+08:00");
    assert_due("2024-12-31T10:00:00+08:00", "1wd", "2025-01-02T17:30:00+08:00");
}

#[test]
fn cleared_daily_is_due_at_the_end_of_the_local_day_even_on_a_holiday() {
    assert_due("2025-10-01T00:00:00+08:00", "today", "2025-10-02T00:00:00+08:00");
    assert_due("2024-12-31T23:59:59.999+08:00", "today", "2025-01-01T00:00:00+08:00");
    assert_due("2025-03-03T15:59:59.999Z", "today", "2025-03-03T16:00:00Z");
}

#[test]
fn a_year_without_announcement_is_named() {
    let start = at("2026-12-30T10:00:00+08:00");
    let due = due(start, allow("3wd"), &[], &announced(), &office()).unwrap();
    assert_eq!(due.uncertain, Some(2027));
    assert_eq!(due.at, at("2027-01-04T17:30:00+08:00"), "by weekday alone");
}

#[test]
fn a_pause_gives_back_what_it_covers_and_one_without_end_holds_the_clock() {
    let start = at("2025-03-03T10:00:00+08:00");
    let due = |allowance, pauses: &[Pause]| {
        due(start, allow(allowance), pauses, &announced(), &office()).map(|due| due.at)
    };
    let lunch = pause("2025-03-03T11:00:00+08:00", Some("2025-03-03T15:00:00+08:00"));
    assert_eq!(due("2h", &[lunch]), Some(at("2025-03-03T16:00:00+08:00")));
    assert_eq!(due("2wh", &[lunch, lunch]), Some(at("2025-03-03T16:00:00+08:00")));
    let night = pause("2025-03-03T18:00:00+08:00", Some("2025-03-04T08:00:00+08:00"));
    assert_eq!(due("1wd", &[night]), due("1wd", &[]), "no working time was lost");
    assert_eq!(due("today", &[night]), Some(at("2025-03-05T00:00:00+08:00")));
    assert_eq!(due("today", &[lunch]), Some(at("2025-03-04T00:00:00+08:00")));
    let open = pause("2025-03-03T11:00:00+08:00", None);
    for allowance in ["2h", "2wh", "1wd", "today"] {
        assert_eq!(due(allowance, &[open]), None, "{allowance}");
    }
    assert_eq!(due("1h", &[open]), Some(at("2025-03-03T11:00:00+08:00")), "used up before it");
}

#[test]
fn a_clock_is_running_paused_met_or_breached() {
    let (calendar, hours) = (announced(), office());
    let (start, limit) = (at("2025-03-03T10:00:00+08:00"), at("2025-03-03T10:15:00+08:00"));
    let clock =
        Clock { allowance: allow("15m"), started: start, stopped: None, pauses: Vec::new() };
    let state = |clock: &Clock, now| clock.state(now, &calendar, &hours);
    let just_after = limit.plus(Duration::from_millis(1));
    let due = Due { at: limit, uncertain: None };
    assert_eq!(state(&clock, start), ClockState::Running { due });
    assert_eq!(state(&clock, limit), ClockState::Running { due }, "the last moment is in time");
    assert_eq!(state(&clock, just_after), ClockState::Breached { due, at: None });
    assert_eq!(state(&clock, just_after).lateness(just_after), Duration::from_millis(1));

    let stopped = |at| Clock { stopped: Some(at), ..clock.clone() };
    assert_eq!(state(&stopped(limit), just_after), ClockState::Met { at: limit });
    let breached = ClockState::Breached { due, at: Some(just_after) };
    assert_eq!(state(&stopped(just_after), Timestamp::MAX), breached);
    assert_eq!(breached.lateness(Timestamp::MAX), Duration::from_millis(1));
    assert_eq!(state(&stopped(just_after), start), ClockState::Running { due }, "asked before");

    let since = at("2025-03-03T10:05:00+08:00");
    let held = Clock { pauses: vec![Pause { from: since, until: None }], ..clock.clone() };
    assert_eq!(state(&held, Timestamp::MAX), ClockState::Paused { since, due: None });
    let late = Clock { pauses: vec![Pause { from: just_after, until: None }], ..clock };
    assert_eq!(state(&late, Timestamp::MAX), ClockState::Breached { due, at: None });
}

#[test]
fn allowances_and_hours_read_as_policies_write_them() {
    for (text, value) in [
        ("15m", Allowance::Minutes(15)),
        ("24h", Allowance::Minutes(1_440)),
        ("90wm", Allowance::WorkingMinutes(90)),
        ("8wh", Allowance::WorkingMinutes(480)),
        ("3wd", Allowance::WorkingDays(3)),
        ("today", Allowance::SameDay),
    ] {
        assert_eq!((allow(text), value.to_string().as_str()), (value, text));
    }
    assert_eq!(allow("2d"), Allowance::Minutes(2_880));
    for text in ["", "15", "m", "15 m", "-1m", "1.5h", "3WD", "１５m", "15mm"] {
        assert_eq!(text.parse::<Allowance>(), Err(AllowanceError::Form), "{text:?}");
    }
    for text in ["0m", "0wd", "3661wd", "99999999999999999999m", "4294967295h"] {
        assert_eq!(text.parse::<Allowance>(), Err(AllowanceError::Range), "{text:?}");
    }
}

#[test]
fn working_hours_read_from_toml_and_refuse_nonsense() {
    let text = r#"start = "09:00"
        end = "17:30"
        lunch = ["12:00", "13:30"]
        offset = "+08:00""#;
    assert_eq!(toml::from_str::<WorkingHours>(text).unwrap(), office());
    let again = toml::to_string(&office()).unwrap();
    assert_eq!(toml::from_str::<WorkingHours>(&again).unwrap(), office());
    assert_eq!(office().daily_minutes(), 420);
    let changes = [
        ("09:00", "9:00", "start"),
        ("09:00", "09:60", "start"),
        ("17:30", "24:01", "end"),
        ("17:30", "08:00", "later than start"),
        ("13:30", "11:00", "lunch"),
        ("13:30", "17:30", "lunch"),
        ("+08:00", "08:00", "offset"),
        ("+08:00", "+24:00", "offset"),
        ("+08:00", "中国", "offset"),
        ("offset", "zone", "zone"),
    ];
    for (from, to, named) in changes {
        let error = toml::from_str::<WorkingHours>(&text.replace(from, to)).unwrap_err();
        assert!(error.to_string().contains(named), "{to}: {error}");
    }
}

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

#[test]
fn at_the_end_of_time_there_is_no_deadline() {
    for allowance in ["1m", "8wh", "1wd", "today"] {
        let due = due(Timestamp::MAX, allow(allowance), &[], &announced(), &office());
        assert_eq!(due, None, "{allowance}");
    }
}
