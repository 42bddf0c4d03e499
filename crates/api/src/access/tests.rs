use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use governance::case::{Custody, UnitCall};
use governance::change::Phase;
use governance::policy::Version;
use governance::roster::Appointment;
use governance::territory::Place;
use record::Subject;
use testkit::federation::POLICY;

use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_780_365_600_000);

fn id(number: u8) -> Subject {
    Subject::from_bytes([number; 16])
}

fn node(number: u8) -> NodeId {
    NodeId::from_bytes([number; 32])
}

const ME: u8 = 1;

/// A township (1) with a community (2) of grids 3 and 4; a building (5) in grid 3.
fn territory() -> Territory {
    let place = |number: u8, level: &str, code: Option<&str>, parent: Option<u8>| Place {
        id: id(number),
        level: level.into(),
        code: code.map(|code| code.parse().unwrap()),
        name: "x".into(),
        parent: parent.map(id),
        households: None,
        boundary: None,
        valid_from: Timestamp::EPOCH,
        valid_until: None,
    };
    let places = [
        place(1, "township", Some("341021100"), None),
        place(2, "community", Some("341021100001"), Some(1)),
        place(3, "grid", Some("341021100001001"), Some(2)),
        place(4, "grid", Some("341021100001002"), Some(2)),
        place(5, "building", None, Some(3)),
    ];
    Territory::from_places(places).unwrap()
}

fn case(place: Option<u8>, grid: Option<&str>) -> Case {
    Case {
        id: id(100),
        number: "1".into(),
        home: node(ME),
        custody: Custody::Here {},
        trail: vec![node(ME)],
        parties: BTreeMap::new(),
        left: BTreeSet::new(),
        stage: "reported".into(),
        phase: Phase::Intake,
        level: "grid".into(),
        due: None,
        policy: "p/1".into(),
        versions: BTreeMap::new(),
        channel: "resident".into(),
        source: None,
        category: None,
        grade: None,
        importance: None,
        urgency: None,
        grid: grid.map(|grid| grid.parse().unwrap()),
        place: place.map(id),
        reporter: Some(id(77)),
        assignee: None,
        handlers: Vec::new(),
        units: Vec::new(),
        past_calls: Vec::new(),
        opened: NOW,
        answered: None,
        handled: None,
        closed: None,
        closing: None,
        settled: None,
        solved: None,
        satisfaction: None,
        counts: governance::case::Counts::default(),
        objection: None,
        extension: None,
        aside: None,
        callback: None,
        written_off: None,
        erased: None,
        exclusions: Vec::new(),
        scores: Vec::new(),
        mediation: None,
        spans: Vec::new(),
        steps: Vec::new(),
        fields: BTreeMap::new(),
    }
}

fn staff(role: &str, scope: Option<u8>) -> Actor {
    let scope = scope.map(id);
    let held = Appointment { role: role.into(), scope, from: Timestamp::EPOCH, until: None };
    Actor { id: id(50), standing: Standing::Staff(vec![held]) }
}

fn ask<T>(actor: &Actor, ask: impl FnOnce(&Viewer<'_>) -> T) -> T {
    let policies = Versions::new(Arc::new(Version::read(POLICY).unwrap()));
    let territory = territory();
    let viewer =
        Viewer { actor, me: node(ME), policies: &policies, territory: &territory, now: NOW };
    ask(&viewer)
}

/// Scope of the appointment × ground of the case: own, sibling, parent, child, foreign, unknown.
#[test]
fn an_appointment_reaches_its_own_ground_and_what_lies_in_it() {
    let own_grid = case(Some(3), Some("341021100001001"));
    let building = case(Some(5), Some("341021100001001"));
    let sibling = case(Some(4), Some("341021100001002"));
    let community = case(Some(2), None);
    // Places of another node are known by the code of their grid alone.
    let by_code = case(Some(200), Some("341021100001001"));
    let foreign = case(Some(200), Some("341021200001001"));
    let nowhere = case(None, None);
    let cases = [own_grid, building, sibling, community, by_code, foreign, nowhere];
    for (scope, seen) in [
        (Some(3), [true, true, false, false, true, false, false]),
        (Some(4), [false, false, true, false, false, false, false]),
        // A building has no code of its own, and reaches nothing by its grid's.
        (Some(5), [false, true, false, false, false, false, false]),
        (Some(2), [true, true, true, true, true, false, false]),
        (Some(1), [true, true, true, true, true, false, false]),
        (Some(99), [false; 7]),
        (None, [true; 7]),
    ] {
        let actor = staff("grid_worker", scope);
        let found = cases.each_ref().map(|case| ask(&actor, |viewer| sees(viewer, case)));
        assert_eq!(found, seen, "scope {scope:?}");
    }
}

#[test]
fn a_case_given_to_or_reported_by_somebody_is_seen_wherever_it_lies() {
    let actor = staff("grid_worker", Some(4));
    let elsewhere = case(Some(3), None);
    let given = Case { assignee: Some(actor.id), ..elsewhere.clone() };
    let reported = Case { reporter: Some(actor.id), ..elsewhere.clone() };
    assert!(!ask(&actor, |viewer| sees(viewer, &elsewhere)));
    assert!(ask(&actor, |viewer| sees(viewer, &given)));
    assert!(ask(&actor, |viewer| sees(viewer, &reported)));
    assert!(!ask(&actor, |viewer| reads_personal(viewer, &given)), "ground decides on persons");
}

#[test]
fn a_role_that_acts_on_no_case_sees_none() {
    let operator = staff("operator", None);
    assert!(!ask(&operator, |viewer| sees(viewer, &case(Some(3), None))));
}

#[test]
fn nobody_without_an_appointment_sees_anything() {
    let nobody = Actor { id: id(50), standing: Standing::Staff(Vec::new()) };
    let given = Case { assignee: Some(id(50)), reporter: Some(id(50)), ..case(Some(3), None) };
    assert!(!ask(&nobody, |viewer| sees(viewer, &given)));
    let node_itself = Actor { id: id(50), standing: Standing::Node };
    assert!(!ask(&node_itself, |viewer| sees(viewer, &given)));
}

#[test]
fn a_called_units_staff_see_the_case_they_were_called_to() {
    let officer = staff("unit_officer", Some(4));
    let part = governance::act::Part::Lead;
    let call = |unit| UnitCall {
        by: node(9),
        node: node(unit),
        part,
        called: NOW,
        report_in_by: None,
        reported_in: None,
        done: None,
    };
    let away = case(Some(200), Some("341021200001001"));
    let called = Case { units: vec![call(ME)], ..away.clone() };
    let other = Case { units: vec![call(9)], ..away };
    assert!(ask(&officer, |viewer| sees(viewer, &called)));
    assert!(!ask(&officer, |viewer| sees(viewer, &other)));
}

#[test]
fn a_resident_sees_what_they_reported_here_and_little_of_it() {
    let resident = Actor { id: id(77), standing: Standing::Resident };
    let other = Actor { id: id(78), standing: Standing::Resident };
    let own = case(Some(3), None);
    let elsewhere = Case { home: node(9), ..own.clone() };
    assert!(ask(&resident, |viewer| sees(viewer, &own)));
    assert!(!ask(&resident, |viewer| sees(viewer, &elsewhere)));
    assert!(!ask(&other, |viewer| sees(viewer, &own)));
    let told: Vec<&str> = ActKind::ALL
        .iter()
        .flat_map(|act| field::ALL.iter().map(move |entry| (*act, entry)))
        .filter(|(act, entry)| ask(&resident, |viewer| reads(viewer, &own, *act, entry.id)))
        .map(|(_, entry)| entry.key)
        .collect();
    let told: BTreeSet<_> = told.into_iter().collect();
    assert_eq!(told, ["instead", "opinion", "photos", "reason", "title"].into());
}

/// Role × ground × class of field.
#[test]
fn who_people_are_is_read_by_the_power_over_the_ground_alone() {
    let here = case(Some(3), Some("341021100001001"));
    for (role, scope, personal) in [
        ("grid_worker", Some(3), true),
        ("grid_worker", None, true),
        ("grid_worker", Some(4), false),
        ("grid_leader", Some(2), true),
        ("community_dispatcher", None, true),
        ("community_worker", None, false),
        ("building_head", Some(5), false),
        ("township_dispatcher", None, false),
        ("unit_officer", None, false),
        ("operator", None, false),
        ("no_such_role", None, false),
    ] {
        let actor = staff(role, scope);
        let reads_it = |id| ask(&actor, |viewer| reads(viewer, &here, ActKind::Report, id));
        for id in [field::CONTACT_NAME, field::CONTACT_PHONE, field::INVOLVED] {
            assert_eq!(reads_it(id), personal, "{role} {scope:?}");
        }
        assert!(reads_it(field::TITLE) && reads_it(field::STAGE));
        assert!(!reads_it(FieldId(9_999)), "an unknown field is nobody's to read");
    }
}
