use proptest::collection::vec;
use proptest::prelude::*;
use record::cbor::{self, Limits};

use super::*;

const LIMITS: Limits = Limits::of_bytes(64 * 1024);

fn at(moment: i64) -> Timestamp {
    Timestamp::from_millis(moment)
}

fn id(number: u8) -> Subject {
    Subject::from_bytes([number; 16])
}

fn level(key: &str, administrative: bool) -> Level {
    let (name, name_en) = (key.to_owned(), key.to_owned());
    Level { key: key.to_owned(), name, name_en, administrative, households: None }
}

fn levels() -> Vec<Level> {
    let administrative = ["county", "township", "community"].map(|key| level(key, true));
    let local = ["grid", "building"].map(|key| level(key, false));
    [administrative.as_slice(), local.as_slice()].concat()
}

fn place(number: u8, level: &str, parent: Option<u8>, code: Option<&str>) -> Place {
    Place {
        id: id(number),
        level: level.to_owned(),
        code: code.map(|code| code.parse().unwrap()),
        name: format!("place {number}"),
        parent: parent.map(id),
        households: None,
        boundary: None,
        valid_from: at(0),
        valid_until: None,
    }
}

fn square(west: i32, south: i32, side: i32) -> Boundary {
    let corners = [(0, 0), (side, 0), (side, side), (0, side), (0, 0)];
    let ring = corners.map(|(x, y)| Point::from_units(west + x, south + y).unwrap());
    Boundary::new(vec![ring.to_vec()]).unwrap()
}

/// County 1, townships 2 and 3, community 4 in 2, grids 5 and 6 in 4, building 7 in 5.
fn county() -> Territory {
    let mut places = vec![
        place(1, "county", None, Some("341021")),
        place(2, "township", Some(1), Some("341021100")),
        place(3, "township", Some(1), Some("341021101")),
        place(4, "community", Some(2), Some("341021100001")),
        place(5, "grid", Some(4), Some("341021100001001")),
        place(6, "grid", Some(4), Some("341021100001002")),
        place(7, "building", Some(5), None),
    ];
    places[4].boundary = Some(square(0, 0, 10));
    places[5].boundary = Some(square(10, 0, 10));
    Territory::from_places(places).unwrap()
}

fn ids<'a>(places: impl Iterator<Item = &'a Place>) -> Vec<Subject> {
    places.map(|place| place.id).collect()
}

#[test]
fn the_tree_is_walked_both_ways() {
    let county = county();
    assert_eq!(ids(county.children(id(4), at(1))), [id(5), id(6)]);
    assert_eq!(ids(county.ancestors(id(7), at(1))), [5, 4, 2, 1].map(id));
    assert!(county.covers(id(2), id(7), at(1)) && county.covers(id(7), id(7), at(1)));
    assert!(!county.covers(id(3), id(7), at(1)) && !county.covers(id(7), id(5), at(1)));
    assert_eq!(county.at_level(id(7), "grid", at(1)).unwrap().id, id(5));
    assert!(county.at_level(id(4), "grid", at(1)).is_none());
    assert_eq!(county.code_of(id(7), at(1)).unwrap().as_str(), "341021100001001");
    assert_eq!(ids(county.of_level("grid", at(1))), [id(5), id(6)]);
    assert_eq!(county.places(at(1)).count(), 7);
    assert_eq!(county.places(at(-1)).count(), 0);
}

#[test]
fn every_place_of_a_good_tree_passes_the_check() {
    let county = county();
    for place in county.places(at(0)) {
        assert_eq!(county.check(place, &levels(), at(5)), Ok(()));
    }
}

#[test]
fn a_point_is_in_one_grid_in_none_or_in_several() {
    let mut county = county();
    let locate = |county: &Territory, lon, lat| {
        county.locate(Point::from_units(lon, lat).unwrap(), "grid", at(1))
    };
    assert_eq!(locate(&county, 3, 3), Located::One(id(5)));
    assert_eq!(locate(&county, 10, 3), Located::One(id(6)), "on the edge that both share");
    assert_eq!(locate(&county, 30, 3), Located::None);
    let mut overlapping = place(8, "grid", Some(4), None);
    overlapping.boundary = Some(square(5, 0, 10));
    county.insert(overlapping).unwrap();
    assert_eq!(locate(&county, 7, 3), Located::Several(vec![id(5), id(8)]));
    assert_eq!(locate(&county, 12, 3), Located::Several(vec![id(6), id(8)]));
}

#[test]
fn moving_a_boundary_leaves_yesterdays_answers_as_they_were() {
    let mut county = county();
    let mut moved = county.latest(id(5)).unwrap().clone();
    moved.boundary = Some(square(100, 0, 10));
    moved.valid_from = at(1_000);
    assert_eq!(county.check(&moved, &levels(), at(500)), Ok(()));
    county.insert(moved).unwrap();
    let inside_before = Point::from_units(3, 3).unwrap();
    assert_eq!(county.locate(inside_before, "grid", at(999)), Located::One(id(5)));
    assert_eq!(county.locate(inside_before, "grid", at(1_000)), Located::None);
    assert_eq!(county.history(id(5)).len(), 2);
}

#[test]
fn a_split_grid_keeps_its_past_and_its_successors_begin() {
    let mut county = county();
    for (number, west) in [(8, 0), (9, 5)] {
        let mut half = place(number, "grid", Some(4), None);
        (half.boundary, half.valid_from) = (Some(square(west, 0, 5)), at(1_000));
        assert_eq!(county.check(&half, &levels(), at(500)), Ok(()));
        county.insert(half).unwrap();
    }
    assert_eq!(county.end(id(5), at(1_000)), Err(TerritoryError::NotEmpty { id: id(5), count: 1 }));
    let mut building = county.latest(id(7)).unwrap().clone();
    (building.parent, building.valid_from) = (Some(id(8)), at(1_000));
    county.insert(building).unwrap();
    county.end(id(5), at(1_000)).unwrap();
    county.end(id(5), at(1_000)).unwrap();
    let there = Point::from_units(3, 3).unwrap();
    assert_eq!(county.locate(there, "grid", at(999)), Located::One(id(5)));
    assert_eq!(county.locate(there, "grid", at(1_000)), Located::One(id(8)));
    assert!(county.covers(id(5), id(7), at(999)) && !county.covers(id(5), id(7), at(1_000)));
    assert!(county.covers(id(8), id(7), at(1_000)) && county.get(id(5), at(1_000)).is_none());
}

#[test]
fn what_does_not_fit_the_tree_is_refused_by_name() {
    use TerritoryError as E;
    let county = county();
    let check = |place: &Place| county.check(place, &levels(), at(5)).unwrap_err();
    let new = place(9, "grid", Some(4), Some("341021100001009"));
    assert_eq!(county.check(&new, &levels(), at(5)), Ok(()));

    assert_eq!(check(&Place { name: String::new(), ..new.clone() }), E::Name);
    assert_eq!(check(&Place { name: "格".repeat(65), ..new.clone() }), E::Name);
    assert_eq!(check(&Place { name: "a\nb".into(), ..new.clone() }), E::Name);
    let unknown = Place { level: "moon".into(), ..new.clone() };
    assert_eq!(check(&unknown), E::UnknownLevel("moon".into()));
    let empty = Place { valid_until: Some(at(0)), ..new.clone() };
    assert_eq!(check(&empty), E::EmptyPeriod { from: at(0), until: at(0) });
    assert_eq!(check(&Place { parent: None, ..new.clone() }), E::NoParent("grid".into()));
    let orphan = Place { parent: Some(id(99)), ..new.clone() };
    assert_eq!(check(&orphan), E::UnknownParent { parent: id(99), at: at(0) });
    let early = Place { valid_from: at(-1), ..new.clone() };
    assert_eq!(check(&early), E::UnknownParent { parent: id(4), at: at(-1) });
    let (parent, child) = ("grid".to_owned(), "grid".to_owned());
    assert_eq!(
        check(&Place { parent: Some(id(5)), ..new.clone() }),
        E::LevelOrder { parent, child }
    );
    let foreign = Place { code: Some("341022100001009".parse().unwrap()), ..new.clone() };
    assert!(matches!(check(&foreign), E::CodeOutside { .. }));
    let taken = Place { code: Some("341021100001001".parse().unwrap()), ..new.clone() };
    assert!(matches!(check(&taken), E::CodeTaken { holder, .. } if holder == id(5)));
    assert_eq!(check(&place(9, "township", Some(1), None)), E::CodeMissing("township".into()));
}

#[test]
fn a_place_cannot_outlive_its_parent() {
    let mut county = county();
    county.insert(place(9, "township", Some(1), Some("341021109"))).unwrap();
    county.end(id(9), at(1_000)).unwrap();
    let child = place(10, "community", Some(9), Some("341021109001"));
    let refused = TerritoryError::ParentEnds { parent: id(9), ends: at(1_000) };
    assert_eq!(county.check(&child, &levels(), at(5)), Err(refused));
    let timely = Place { valid_until: Some(at(1_000)), ..child };
    assert_eq!(county.check(&timely, &levels(), at(5)), Ok(()));
}

#[test]
fn a_change_cannot_begin_in_the_past_nor_take_another_level() {
    let mut county = county();
    let change = |from, level: &str| Place {
        valid_from: at(from),
        level: level.to_owned(),
        ..place(6, level, Some(4), None)
    };
    assert!(county.check(&change(100, "grid"), &levels(), at(100)).is_ok());
    let backdated = county.check(&change(99, "grid"), &levels(), at(100));
    assert!(matches!(backdated, Err(TerritoryError::RewritesHistory { .. })));
    county.insert(change(100, "grid")).unwrap();
    let earlier = county.insert(change(50, "grid"));
    assert!(matches!(earlier, Err(TerritoryError::RewritesHistory { .. })));
    let other_level = county.insert(change(200, "building"));
    assert_eq!(other_level, Err(TerritoryError::LevelChanged(id(6))));
    assert_eq!(county.history(id(6)).len(), 2);
}

#[test]
fn ending_what_is_unknown_ended_or_not_begun_is_refused() {
    let mut county = county();
    assert_eq!(county.end(id(99), at(1)), Err(TerritoryError::Unknown(id(99))));
    let never = TerritoryError::EmptyPeriod { from: at(0), until: at(0) };
    assert_eq!(county.end(id(7), at(0)), Err(never));
    county.end(id(7), at(10)).unwrap();
    let again = TerritoryError::Ended { id: id(7), at: at(10) };
    assert_eq!(county.end(id(7), at(20)), Err(again));
}

#[test]
fn a_loop_of_parents_ends_the_walk() {
    let places = [place(1, "grid", Some(2), None), place(2, "grid", Some(1), None)];
    let territory = Territory::from_places(places).unwrap();
    assert_eq!(territory.ancestors(id(1), at(1)).count(), MAX_DEPTH);
    assert!(!territory.covers(id(3), id(1), at(1)));
}

#[test]
fn a_place_reads_back_and_unknown_fields_and_versions_are_refused() {
    let county = county();
    for place in county.places(at(0)) {
        let text = serde_json::to_string(place).unwrap();
        assert!(serde_json::from_str::<Place>(&text).unwrap() == *place);
        let bytes = cbor::encode(place).unwrap();
        assert_eq!(bytes[..2], [0x82, 1], "an array of version and object");
        assert!(cbor::decode::<Place>(&bytes, &LIMITS).unwrap() == *place);
        let mut later = bytes.clone();
        later[1] = 2;
        assert!(cbor::decode::<Place>(&later, &LIMITS).is_err());
    }
    let extra = r#"{"id":"00000000000000000000000000000000","level":"grid","name":"x",
        "valid_from":"2025-01-01T00:00:00Z","owner":"me"}"#;
    assert!(serde_json::from_str::<Place>(extra).is_err());
    assert!(serde_json::from_str::<Place>(&extra.replace(r#","owner":"me""#, "")).is_ok());
}

proptest! {
    #[test]
    fn adding_versions_never_changes_an_earlier_moment(
        steps in vec((1_i64..20, 0_u32..1_000, any::<bool>()), 1..12),
    ) {
        let mut territory = Territory::default();
        let mut now = 0;
        let mut seen: Vec<(i64, Option<u32>)> = Vec::new();
        for (pause, households, ends) in steps {
            now += pause;
            let open = territory.get(id(1), at(now)).is_some();
            if ends && open {
                territory.end(id(1), at(now)).unwrap();
            } else {
                let version =
                    Place { valid_from: at(now), households: Some(households), ..place(1, "county", None, None) };
                territory.insert(version).unwrap();
            }
            for (moment, known) in &seen {
                let then = territory.get(id(1), at(*moment)).map(|p| p.households.unwrap());
                prop_assert_eq!(then, *known);
            }
            let known = territory.get(id(1), at(now)).map(|p| p.households.unwrap());
            prop_assert_eq!(known, (!(ends && open)).then_some(households));
            seen.push((now, known));
        }
    }
}
