use std::path::PathBuf;

use super::*;

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// The calendars that the project ships.
fn shipped() -> Calendar {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../config/calendars");
    let mut calendar = Calendar::default();
    for year in 2020..=2026 {
        let text = std::fs::read_to_string(folder.join(format!("{year}.json"))).unwrap();
        calendar.merge(&Calendar::from_year_json(&text).unwrap()).unwrap();
    }
    calendar
}

fn year(year: i32, days: &[(&str, bool)]) -> Result<Calendar, CalendarError> {
    let days: Vec<_> = days
        .iter()
        .map(|(date, off)| serde_json::json!({"name": "元旦", "date": date, "isOffDay": off}))
        .collect();
    let file = serde_json::json!({"year": year, "papers": [], "days": days});
    Calendar::from_year_json(&file.to_string())
}

#[test]
fn announced_holidays_and_make_up_days_are_as_announced() {
    let calendar = shipped();
    assert_eq!(calendar.years().collect::<Vec<_>>(), (2020..=2026).collect::<Vec<_>>());
    for (day, expected) in [
        ("2024-02-04", DayKind::Working), // a Sunday made up for the Spring Festival
        ("2024-02-10", DayKind::Off),
        ("2024-02-12", DayKind::Off), // a Monday
        ("2024-03-04", DayKind::Working),
        ("2024-03-09", DayKind::Off), // an ordinary Saturday
        ("2022-12-31", DayKind::Off), // stands in the file of 2023
        ("2025-10-01", DayKind::Off),
        ("2025-10-11", DayKind::Working), // a Saturday made up
        ("2020-01-31", DayKind::Off),     // the prolonged Spring Festival
    ] {
        assert_eq!(calendar.kind(date(day)), expected, "{day}");
    }
}

#[test]
fn every_shipped_year_has_the_days_that_its_source_counts() {
    let calendar = shipped();
    let made_up = |year| {
        let worked =
            calendar.exceptions.iter().filter(|(day, worked)| day.year() == year && **worked);
        worked.count()
    };
    // Make-up days as SOURCES.md of the data counts them.
    assert_eq!((2020..=2026).map(made_up).collect::<Vec<_>>(), [7, 7, 7, 7, 8, 5, 6]);
}

#[test]
fn a_missing_year_is_guessed_by_weekday_and_said_to_be() {
    let calendar = shipped();
    let unknown = |working, missing| DayKind::Unknown { working, missing };
    assert_eq!(calendar.kind(date("2027-10-01")), unknown(true, 2027));
    assert_eq!(calendar.kind(date("2027-10-02")), unknown(false, 2027));
    assert_eq!(calendar.kind(date("2019-06-03")), unknown(true, 2019));
    assert_eq!(Calendar::default().kind(date("2025-10-01")), unknown(true, 2025));
    assert!(unknown(true, 2027).is_working() && !unknown(false, 2027).is_working());
}

#[test]
fn the_last_week_of_december_waits_for_next_years_announcement() {
    let calendar = shipped();
    assert_eq!(calendar.kind(date("2026-12-24")), DayKind::Working);
    let waits = DayKind::Unknown { working: true, missing: 2027 };
    assert_eq!(calendar.kind(date("2026-12-25")), waits);
    assert_eq!(calendar.kind(date("2025-12-25")), DayKind::Working);
}

#[test]
fn missing_years_of_a_range_are_listed() {
    let calendar = shipped();
    let missing = |from, to| calendar.missing_from(date(from)..=date(to));
    assert!(missing("2020-01-01", "2026-12-24").is_empty());
    assert_eq!(missing("2026-12-01", "2026-12-31"), [2027]);
    assert_eq!(missing("2018-05-01", "2028-01-01"), [2018, 2019, 2027, 2028]);
    assert!(missing("2030-01-02", "2030-01-01").is_empty());
}

#[test]
fn a_stub_for_a_year_not_announced_is_refused() {
    assert!(matches!(year(2027, &[]), Err(CalendarError::Empty(2027))));
}

#[test]
fn a_bad_file_is_refused_by_name() {
    assert!(matches!(Calendar::from_year_json("{}"), Err(CalendarError::Malformed(_))));
    let surplus = r#"{"year":2025,"papers":[],"days":[],"x":1}"#;
    assert!(matches!(Calendar::from_year_json(surplus), Err(CalendarError::Malformed(_))));
    let huge = " ".repeat(MAX_FILE + 1);
    assert!(matches!(Calendar::from_year_json(&huge), Err(CalendarError::TooLarge(_))));
    assert!(matches!(year(99, &[("0099-01-01", true)]), Err(CalendarError::Year(99))));
    let far = year(2025, &[("2026-07-01", true)]);
    assert!(matches!(far, Err(CalendarError::OtherYear { year: 2025, .. })));
    let both = year(2025, &[("2025-01-01", true), ("2025-01-01", false)]);
    assert!(matches!(both, Err(CalendarError::Contradiction(_))));
    let many = vec![("2025-01-01", true); MAX_DAYS + 1];
    assert!(matches!(year(2025, &many), Err(CalendarError::TooManyDays(2025))));
    assert!(year(2025, &[("2024-12-31", true), ("2026-01-01", true)]).is_ok());
}

#[test]
fn a_contradicting_year_adds_nothing() {
    let mut calendar = year(2024, &[("2024-12-31", true)]).unwrap();
    let before = calendar.clone();
    let other = year(2025, &[("2024-12-31", false), ("2025-01-01", true)]).unwrap();
    assert!(matches!(calendar.merge(&other), Err(CalendarError::Contradiction(_))));
    assert_eq!(calendar, before);
    calendar.merge(&before).unwrap();
    assert_eq!(calendar, before, "merging the same again changes nothing");
}
