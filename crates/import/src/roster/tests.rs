use governance::territory::Place;
use proptest::prelude::*;

use super::*;
use crate::table::{self, read};

const POLICY: &str = include_str!("../../../../config/policies/she-county.toml");

fn now() -> Timestamp {
    "2024-06-01T00:00:00Z".parse().unwrap()
}

fn id(number: u8) -> Subject {
    Subject::from_bytes([number; 16])
}

fn territory() -> Territory {
    let place = |number, level: &str, code: Option<&str>, name: &str, parent| Place {
        id: id(number),
        level: level.into(),
        code: code.map(|code| code.parse().unwrap()),
        name: name.into(),
        parent,
        households: None,
        boundary: None,
        valid_from: Timestamp::EPOCH,
        valid_until: None,
    };
    Territory::from_places([
        place(1, "community", Some("341021100003"), "城东社区", None),
        place(2, "grid", Some("341021100003001"), "一网格", Some(id(1))),
        place(3, "grid", Some("341021100003002"), "二网格", Some(id(1))),
        place(4, "building", None, "3栋", Some(id(2))),
        place(5, "building", None, "3栋", Some(id(3))),
    ])
    .unwrap()
}

fn planned(text: &str, known: &[Known]) -> Plan {
    let policy = Policy::from_toml(POLICY).unwrap();
    let territory = territory();
    let zone = crate::moment::zone("+08:00").unwrap();
    let options = Options { policy: &policy, territory: &territory, known, zone, now: now() };
    plan(&read(text.as_bytes(), &table::Options::default()).unwrap(), &Mapping::new(), &options)
}

/// The roster after a plan was carried out.
fn carried_out(plan: &Plan, mut known: Vec<Known>) -> Vec<Known> {
    for person in &plan.people {
        let number = u8::try_from(known.len() + 10).unwrap();
        match person.known.and_then(|id| known.iter_mut().find(|known| known.person == id)) {
            Some(known) => known.appointments.extend(person.appointments.clone()),
            None => known.push(Known {
                person: id(number),
                name: person.name.clone(),
                phone: person.phone.clone(),
                appointments: person.appointments.clone(),
            }),
        }
    }
    known
}

fn faults(plan: &Plan) -> Vec<(Fault, Option<u32>)> {
    plan.problems.iter().map(|problem| (problem.fault, problem.spot.row)).collect()
}

const FILE: &str = "\
姓名,手机号,岗位,责任网格,任职日期,聘期结束
𠮷祥,13800138000,专职网格员,341021100003001,2024-01-01,2026-12-31
𠮷 祥,138 0013 8000,网格指导员,二网格,2024-01-01,
李四,+86 139-0013-9000,楼栋（街巷）长,341021100003002,,
王五,,grid_worker,二网格,,
";

#[test]
fn rows_become_people_with_their_appointments_and_once_more_change_nothing() {
    let first = planned(FILE, &[]);
    assert_eq!(first.counts, Counts { rows: 4, new: 3, appointments: 4, unchanged: 0, refused: 0 });
    assert_eq!(faults(&first), [(Fault::SamePerson, Some(3))]);
    let person = &first.people[0];
    assert_eq!((person.name.as_str(), person.phone.as_deref()), ("𠮷祥", Some("13800138000")));
    let roles: Vec<_> = person.appointments.iter().map(|a| (a.role.as_str(), a.scope)).collect();
    assert_eq!(roles, [("grid_worker", Some(id(2))), ("grid_leader", Some(id(3)))]);
    assert_eq!(person.appointments[0].until.unwrap().to_string(), "2026-12-31T15:59:59.999Z");
    assert_eq!(first.people[1].phone.as_deref(), Some("13900139000"));

    let again = planned(FILE, &carried_out(&first, vec![]));
    assert_eq!(again.counts, Counts { rows: 4, new: 0, appointments: 0, unchanged: 4, refused: 0 });
    assert!(again.people.is_empty());
}

#[test]
fn every_fault_of_a_row_is_named() {
    let text = "\
姓名,电话,角色,网格,任职日期,截止日期
甲,13800138000,科长,一网格,,
乙,1380013****,专职网格员,一网格,,
丙,,专职网格员,九网格,,
丁,,楼栋长,3栋,,
戊,,专职网格员,,,
己,,专职网格员,一网格,2024-05-01,2024-04-30
,13800138000,,,,
庚,,,,去年,
辛,,社区工作者,,,
";
    let plan = planned(text, &[]);
    assert_eq!(
        faults(&plan),
        [
            (Fault::UnknownRole, Some(2)),
            (Fault::BadPhone, Some(3)),
            (Fault::UnknownPlace, Some(4)),
            (Fault::AmbiguousPlace, Some(5)),
            (Fault::Empty, Some(6)),
            (Fault::EndBeforeStart, Some(7)),
            (Fault::Empty, Some(8)),
            (Fault::NotATime, Some(9)),
        ]
    );
    assert_eq!(plan.counts, Counts { rows: 9, new: 1, appointments: 1, unchanged: 0, refused: 8 });
    assert!(plan.people[0].appointments[0].scope.is_none());
}

#[test]
fn who_may_be_one_person_is_shown() {
    let known = [Known {
        person: id(9),
        name: "張三".into(),
        phone: Some("13800138000".into()),
        appointments: vec![],
    }];
    let text = "姓名,电话\n张三,138-0013-8000\n李四,13800138000\n张三,\n王五,1\n";
    let plan = planned(text, &known);
    let mut found = faults(&plan);
    found.sort();
    assert_eq!(
        found,
        [
            (Fault::BadPhone, Some(5)),
            (Fault::PhoneShared, Some(2)),
            (Fault::PhoneShared, Some(3)),
            (Fault::NameShared, Some(2)),
            (Fault::NameShared, Some(4)),
        ]
    );
    assert_eq!(plan.counts, Counts { rows: 4, new: 2, appointments: 0, unchanged: 1, refused: 1 });
}

#[test]
fn another_end_of_an_appointment_that_is_held_is_told_and_not_made() {
    let first = planned(FILE, &[]);
    let known = carried_out(&first, vec![]);
    let plan = planned(&FILE.replace("2026-12-31", "2027-12-31"), &known);
    assert!(plan.people.is_empty());
    assert!(faults(&plan).contains(&(Fault::AlreadyHeld, Some(2))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whatever_the_file_says_once_more_it_changes_nothing(
        rows in prop::collection::vec(("[张李 ]{0,2}", "(13800138000|\\+86 13800138000|139|)", "(专职网格员|网格指导员|x|)", "(一网格|341021100003002|3栋|)"), 0..10),
    ) {
        let lines = rows.iter().map(|(a, b, c, d)| format!("{a},{b},{c},{d}\n"));
        let text = format!("姓名,电话,角色,网格\n{}", lines.collect::<String>());
        let first = planned(&text, &[]);
        let again = planned(&text, &carried_out(&first, vec![]));
        prop_assert_eq!((again.counts.new, again.counts.appointments), (0, 0));
        prop_assert_eq!(again.counts.refused, first.counts.refused);
    }
}

/// What an export would do to the roster from which it came.
fn brought_back(known: &[Known], format: table::Format) -> Plan {
    let policy = Policy::from_toml(POLICY).unwrap();
    let territory = territory();
    let zone = crate::moment::zone("+08:00").unwrap();
    let wanted =
        export::Wanted { policy: &policy, territory: &territory, now: now(), zone, format };
    let file = export::export(known, &wanted).unwrap();
    let options = Options { policy: &policy, territory: &territory, known, zone, now: now() };
    plan(&read(&file, &table::Options::default()).unwrap(), &Mapping::new(), &options)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn an_export_of_the_roster_brought_back_changes_nothing_and_elsewhere_makes_the_same_people(
        people in prop::collection::vec((
            "[张李王]{1,2}",
            prop::option::of("(\\+86 )?1380013800[0-9]"),
            prop::collection::vec((0..3_usize, prop::option::of(1..=5_u8), prop::option::of(1..500_i64)), 0..3),
        ), 0..6),
        xlsx: bool,
    ) {
        let mut known: Vec<Known> = Vec::new();
        for (at, (name, phone, held)) in people.into_iter().enumerate() {
            // Two of one name and number would be one person, and an appointment twice be one.
            if known.iter().any(|other| row::key(&other.name, other.phone.as_deref()) == row::key(&name, phone.as_deref())) {
                continue;
            }
            let mut appointments: Vec<Appointment> = Vec::new();
            for (role, scope, days) in held {
                let role = ["grid_worker", "grid_leader", "community_worker"][role];
                let scope = scope.map(id).or((role != "community_worker").then(|| id(2)));
                if appointments.iter().any(|other| (other.role.as_str(), other.scope) == (role, scope)) {
                    continue;
                }
                let day = std::time::Duration::from_secs(86_400);
                let until = days.map(|days| now().plus(day * u32::try_from(days).unwrap()));
                let from = "2024-01-02T03:04:05.678Z".parse().unwrap();
                appointments.push(Appointment { role: role.into(), scope, from, until });
            }
            known.push(Known { person: id(u8::try_from(at).unwrap() + 50), name, phone, appointments });
        }
        let format = if xlsx { table::Format::Xlsx } else { table::Format::Csv };
        let plan = brought_back(&known, format);
        prop_assert_eq!(plan.counts.refused, 0, "{:?}", faults(&plan));
        prop_assert_eq!((plan.counts.new, plan.counts.appointments), (0, 0));
        prop_assert!(!plan.problems.iter().any(|problem| problem.fault == Fault::AlreadyHeld));
    }
}
