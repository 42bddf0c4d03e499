use std::collections::BTreeSet;

use chrono::{Datelike, Days, NaiveDate, Weekday};
use proptest::prelude::*;

use super::*;
use crate::calendar::Calendar;
use crate::clock::WorkingHours;
use crate::territory::{Boundary, Place};

const MINGGUANG: &str = include_str!("../../../../config/policies/mingguang-road.toml");
const XIAPU: &str = include_str!("../../../../config/policies/xiapu.toml");
const YEAR: &str = include_str!("../../../../config/calendars/2026.json");

fn shift(from: &str, to: &str) -> Shift {
    Shift(from.parse().unwrap(), to.parse().unwrap())
}

/// MG: “工作日早八点至晚八点，周末早九点至晚九点”.
fn mingguang() -> OpeningHours {
    let (work, rest) = (vec![shift("08:00", "20:00")], vec![shift("09:00", "21:00")]);
    let week = [0, 1, 2, 3, 4, 5, 6].map(|day| if day < 5 { work.clone() } else { rest.clone() });
    OpeningHours { week, holidays: Some(rest), make_up: Some(work), exceptions: Vec::new() }
}

fn calendar() -> Calendar {
    Calendar::from_year_json(YEAR).unwrap()
}

fn local() -> WorkingHours {
    Policy::from_toml(MINGGUANG).unwrap().hours
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn open(hours: &OpeningHours, text: &str) -> OpenNow {
    hours.open_at(&calendar(), &local(), at(text))
}

#[test]
fn t3_weekdays_eight_to_eight_weekends_nine_to_nine() {
    let hours = mingguang();
    // Monday, 2 March 2026; Saturday is the 7th.
    for (moment, expected) in [
        ("2026-03-02T07:59:59+08:00", false),
        ("2026-03-02T08:00:00+08:00", true),
        ("2026-03-02T19:59:59.999+08:00", true),
        ("2026-03-02T20:00:00+08:00", false),
        ("2026-03-07T08:30:00+08:00", false),
        ("2026-03-07T20:30:00+08:00", true),
    ] {
        assert_eq!(open(&hours, moment).open, expected, "{moment}");
    }
    let until = |text| open(&hours, text).until;
    assert_eq!(until("2026-03-02T12:00:00+08:00"), Some(at("2026-03-02T20:00:00+08:00")));
    assert_eq!(until("2026-03-06T21:00:00+08:00"), Some(at("2026-03-07T09:00:00+08:00")));
}

#[test]
fn t3_holidays_and_make_up_days_are_the_calendars() {
    let mut hours = mingguang();
    // 1 January 2026 is a Thursday and a holiday; 4 January, a Sunday, is worked.
    assert!(!open(&hours, "2026-01-01T08:30:00+08:00").open);
    assert!(open(&hours, "2026-01-01T20:30:00+08:00").open);
    assert!(open(&hours, "2026-01-04T08:30:00+08:00").open);
    hours.holidays = Some(Vec::new());
    assert!(!open(&hours, "2026-01-01T12:00:00+08:00").open);
    assert_eq!(open(&hours, "2026-01-01T12:00:00+08:00").missing, None);
    let unannounced = open(&hours, "2031-03-03T12:00:00+08:00");
    assert_eq!((unannounced.open, unannounced.missing), (true, Some(2031)), "said, not guessed");
}

#[test]
fn t3_an_exception_goes_before_weekday_and_holiday() {
    let date = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
    let shifts = vec![shift("10:00", "11:00"), shift("11:00", "12:00")];
    let hours = OpeningHours { exceptions: vec![Exception { date, shifts }], ..mingguang() };
    let found = open(&hours, "2026-01-01T10:30:00+08:00");
    assert_eq!((found.open, found.until), (true, Some(at("2026-01-01T12:00:00+08:00"))));
    assert!(!open(&hours, "2026-01-01T13:00:00+08:00").open);
}

#[test]
fn t3_a_station_that_never_shuts_has_no_closing_time() {
    let day = vec![shift("00:00", "24:00")];
    let week = [0; 7].map(|_| day.clone());
    let always = OpeningHours { week, holidays: None, make_up: None, exceptions: vec![] };
    let found = open(&always, "2026-03-02T23:59:59+08:00");
    assert_eq!((found.open, found.until, found.missing), (true, None, None));
    let week = [0; 7].map(|_| Vec::new());
    let never = OpeningHours { week, ..always };
    let found = open(&never, "2026-03-02T12:00:00+08:00");
    assert_eq!((found.open, found.until), (false, None));
}

#[test]
fn t3_hours_that_contradict_themselves_are_refused() {
    let with = |shifts: Vec<Shift>| OpeningHours { holidays: Some(shifts), ..mingguang() }.check();
    assert_eq!(with(vec![shift("09:00", "12:00"), shift("12:00", "18:00")]), Ok(()));
    assert_eq!(
        with(vec![shift("09:00", "12:00"), shift("11:00", "18:00")]),
        Err(HoursProblem::Order)
    );
    assert_eq!(with(vec![shift("12:00", "09:00")]), Err(HoursProblem::Order));
    let date = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
    let twice = vec![Exception { date, shifts: vec![] }; 2];
    let hours = OpeningHours { exceptions: twice, ..mingguang() };
    assert_eq!(hours.check(), Err(HoursProblem::Exceptions));
    assert!("8:00".parse::<TimeOfDay>().is_err() && "24:01".parse::<TimeOfDay>().is_err());
}

prop_compose! {
    fn day()(times in prop::collection::btree_set(0u16..=1440, 0..8)) -> Vec<Shift> {
        let times: Vec<_> = times.into_iter().filter_map(TimeOfDay::from_minutes).collect();
        times.chunks_exact(2).map(|pair| Shift(pair[0], pair[1])).collect()
    }
}

/// Whether it is open in a minute, by nothing but looking it up.
fn slow(hours: &OpeningHours, calendar: &Calendar, date: NaiveDate, minute: u16) -> bool {
    let weekend = matches!(date.weekday(), Weekday::Sat | Weekday::Sun);
    let worked = calendar.kind(date).is_working();
    let usual = &hours.week[date.weekday().num_days_from_monday() as usize];
    let shifts = match hours.exceptions.iter().find(|other| other.date == date) {
        Some(exception) => &exception.shifts,
        None if !weekend && !worked => hours.holidays.as_ref().unwrap_or(usual),
        None if weekend && worked => hours.make_up.as_ref().unwrap_or(usual),
        None => usual,
    };
    let now = TimeOfDay::from_minutes(minute).unwrap();
    shifts.iter().any(|shift| shift.0 <= now && now < shift.1)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Open and until agree with a minute-by-minute look at the rules.
    #[test]
    fn t3_open_now_agrees_with_a_slow_look(
        week in prop::array::uniform7(day()), holidays in prop::option::of(day()),
        make_up in prop::option::of(day()), exception in (0u64..300, day()),
        start in 0u64..300, minute in 0u16..1440,
    ) {
        let first = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
        let on = |days| first.checked_add_days(Days::new(days)).unwrap();
        let exceptions = vec![Exception { date: on(exception.0), shifts: exception.1 }];
        let hours = OpeningHours { week, holidays, make_up, exceptions };
        prop_assert_eq!(hours.check(), Ok(()));
        let (calendar, local) = (calendar(), local());
        let moment = |date, minute: u16| {
            local.midnight(date).unwrap().plus(std::time::Duration::from_secs(u64::from(minute) * 60))
        };
        let found = hours.open_at(&calendar, &local, moment(on(start), minute));
        prop_assert_eq!(found.open, slow(&hours, &calendar, on(start), minute));
        let minutes = (start..start + 9).flat_map(|day| (0..1440).map(move |minute| (day, minute)));
        let change = minutes
            .skip(usize::from(minute))
            .find(|(day, minute)| slow(&hours, &calendar, on(*day), *minute) != found.open)
            .map(|(day, minute)| moment(on(day), minute));
        if let Some(change) = change {
            prop_assert_eq!(found.until, Some(change));
        }
    }
}

fn id(number: u8) -> Subject {
    Subject::from_bytes([number; 16])
}

/// Grids some 1.1 km wide, in a row from west to east; the last one not surveyed.
fn ground() -> Territory {
    let place = |number: u8, parent: Option<u8>| Place {
        id: id(number),
        level: if parent.is_some() { "grid" } else { "community" }.into(),
        code: None,
        name: format!("网格{number}"),
        parent: parent.map(id),
        households: None,
        boundary: (2..5).contains(&number).then(|| square(number)),
        valid_from: Timestamp::EPOCH,
        valid_until: None,
    };
    Territory::from_places((1..=5).map(|n| place(n, (n > 1).then_some(1)))).unwrap()
}

fn square(number: u8) -> Boundary {
    let west = 120.0 + f64::from(number) / 100.0;
    let corner = |lon: f64, lat: f64| Point::new(lon, lat).unwrap();
    let (a, b) = (corner(west, 26.88), corner(west + 0.01, 26.88));
    let (c, d) = (corner(west + 0.01, 26.89), corner(west, 26.89));
    Boundary::new(vec![vec![a, b, c, d, a]]).unwrap()
}

fn station() -> Station {
    Station {
        kind: "neighbour_center".into(),
        name: "旺海近邻中心".into(),
        place: id(2),
        point: Some(Point::new(120.03, 26.885).unwrap()),
        address: None,
        rooms: vec![Room { name: "睦邻茶室".into(), seats: Some(12) }],
        hours: mingguang(),
        two_in_one: true,
    }
}

#[test]
fn t3_the_fifteen_minute_circle_lists_what_is_out_of_reach() {
    let (policy, ground) = (Policy::from_toml(XIAPU).unwrap(), ground());
    let radius = policy.stations.circle.expect("“15分钟便民服务圈”");
    let now = Timestamp::from_millis(1);
    let found = circle([&station()], &ground, "grid", radius, now);
    let ids = |places: &[&Place]| places.iter().map(|p| p.id).collect::<BTreeSet<_>>();
    let reached: Vec<_> = found.reached.iter().map(|(place, _)| *place).collect();
    assert_eq!(ids(&reached), [id(2), id(3)].into());
    assert_eq!(ids(&found.gaps), [id(4)].into());
    assert_eq!(ids(&found.unsurveyed), [id(5)].into());
    assert!(found.reached.iter().all(|(_, way)| (450..=550).contains(way)));
    assert_eq!(circle([], &ground, "grid", radius, now).gaps.len(), 3);
}

#[test]
fn t3_a_station_is_of_a_kind_of_its_place() {
    let (xiapu, now) = (Policy::from_toml(XIAPU).unwrap(), Timestamp::from_millis(1));
    let check = |station: &Station| station.check(&xiapu, &ground(), now);
    assert_eq!(check(&station()), Ok(()));
    assert_eq!(check(&Station { kind: "temple".into(), ..station() }), Err(StationError::Kind));
    assert_eq!(check(&Station { place: id(9), ..station() }), Err(StationError::Place));
    let room = Room { name: "室".into(), seats: None };
    let crowded = Station { rooms: vec![room; MAX_ROOMS + 1], ..station() };
    assert_eq!(check(&crowded), Err(StationError::Rooms));
    assert!(matches!(
        check(&Station { name: String::new(), ..station() }),
        Err(StationError::Text(_))
    ));
}

proptest! {
    #[test]
    fn t3_the_way_there_is_the_way_back(a in (-179.0f64..179.0, -89.0f64..89.0), b in (-179.0f64..179.0, -89.0f64..89.0)) {
        let (a, b) = (Point::new(a.0, a.1).unwrap(), Point::new(b.0, b.1).unwrap());
        prop_assert_eq!(metres(a, b), metres(b, a));
        prop_assert_eq!(metres(a, a), 0);
        prop_assert!(metres(a, b) <= 20_016_000);
    }
}
