mod model;

use chrono::FixedOffset;

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

#[test]
fn at_the_end_of_time_there_is_no_deadline() {
    for allowance in ["1m", "8wh", "1wd", "today"] {
        let due = due(Timestamp::MAX, allow(allowance), &[], &announced(), &office());
        assert_eq!(due, None, "{allowance}");
    }
}
