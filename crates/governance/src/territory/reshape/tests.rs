use proptest::prelude::*;

use super::*;
use crate::policy::Policy;
use crate::roster::Person;

const SHE: &str = include_str!("../../../../../config/policies/she-county.toml");

fn levels() -> Vec<Level> {
    Policy::from_toml(SHE).unwrap().levels
}

fn id(number: u8) -> Subject {
    Subject::from_bytes([number; 16])
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn place(number: u8, level: &str, code: Option<&str>, parent: Option<u8>) -> Place {
    Place {
        id: id(number),
        level: level.into(),
        code: code.map(|code| code.parse().unwrap()),
        name: format!("地点{number}"),
        parent: parent.map(id),
        households: None,
        boundary: None,
        valid_from: at(0),
        valid_until: None,
    }
}

/// A community with two grids and two buildings in each.
fn ground() -> Territory {
    Territory::from_places([
        place(1, "community", Some("341021100003"), None),
        place(2, "grid", Some("341021100003001"), Some(1)),
        place(3, "grid", Some("341021100003002"), Some(1)),
        place(4, "building", None, Some(2)),
        place(5, "building", None, Some(2)),
        place(6, "building", None, Some(3)),
        place(7, "building", None, Some(3)),
    ])
    .unwrap()
}

fn split() -> Reshape {
    let found = |number, code| place(number, "grid", Some(code), Some(1));
    Reshape {
        at: at(100),
        end: vec![id(2)],
        found: vec![found(12, "341021100003011"), found(13, "341021100003012")],
        moves: [(id(4), id(12)), (id(5), id(13))].into(),
    }
}

fn merge() -> Reshape {
    Reshape {
        at: at(100),
        end: vec![id(2), id(3)],
        found: vec![place(12, "grid", Some("341021100003011"), Some(1))],
        moves: BTreeMap::new(),
    }
}

fn done(plan: &Reshape) -> Territory {
    ground().reshape(plan, &levels(), at(50)).unwrap().territory
}

fn code(text: &str) -> Option<AreaCode> {
    Some(text.parse().unwrap())
}

#[test]
fn t2_a_split_ends_and_founds_at_one_moment_and_the_past_stays() {
    let (before, after) = (ground(), done(&split()));
    for moment in [0, 50, 99] {
        for number in 1..=7 {
            assert!(
                before.get(id(number), at(moment)).map(|p| (&p.name, p.parent))
                    == after.get(id(number), at(moment)).map(|p| (&p.name, p.parent))
            );
        }
        assert!(after.get(id(12), at(moment)).is_none());
    }
    assert!(after.get(id(2), at(100)).is_none());
    let grid = |building, moment| after.at_level(id(building), "grid", at(moment)).unwrap().id;
    assert_eq!((grid(4, 99), grid(4, 100), grid(5, 100)), (id(2), id(12), id(13)));
    assert_eq!(after.successor_of(id(12)), [id(2)]);
    assert_eq!(after.succeeded_by(id(2)), [id(12), id(13)]);
}

#[test]
fn t2_a_case_of_the_old_grid_is_found_from_the_new_ones() {
    let after = done(&split());
    let old = code("341021100003001");
    for new in [12, 13] {
        assert!(after.holds(id(new), Some(id(2)), old.as_ref(), at(100)), "by its place");
        assert!(after.holds(id(new), None, old.as_ref(), at(100)), "by the code alone");
        assert!(!after.holds(id(new), Some(id(2)), old.as_ref(), at(99)), "not before");
        assert!(!after.holds(id(new), Some(id(3)), code("341021100003002").as_ref(), at(100)));
    }
    assert!(after.holds(id(12), Some(id(4)), old.as_ref(), at(100)));
    assert!(!after.holds(id(13), Some(id(4)), old.as_ref(), at(100)), "the building is known");
    assert!(after.holds(id(1), Some(id(2)), old.as_ref(), at(100)), "and from the community");
}

#[test]
fn t2_a_merger_takes_everything_along_and_lines_of_descent_are_followed() {
    let merged = done(&merge());
    for building in 4..=7 {
        assert_eq!(merged.at_level(id(building), "grid", at(100)).unwrap().id, id(12));
    }
    let again = Reshape {
        at: at(200),
        end: vec![id(12)],
        found: vec![place(22, "grid", Some("341021100003021"), Some(1))],
        moves: BTreeMap::new(),
    };
    let later = merged.reshape(&again, &levels(), at(150)).unwrap().territory;
    assert_eq!(later.heirs(id(3), at(100)), [id(12)].into());
    assert_eq!(later.heirs(id(3), at(200)), [id(22)].into());
    assert!(later.holds(id(22), None, code("341021100003002").as_ref(), at(200)));
}

#[test]
fn t2_appointments_that_lose_their_ground_are_named() {
    let mut roster = Roster::default();
    let held = |scope: u8, until: Option<i64>| Appointment {
        role: "grid_worker".into(),
        scope: Some(id(scope)),
        from: at(0),
        until: until.map(at),
    };
    roster.insert(id(51), Person { appointments: vec![held(2, None), held(3, None)] });
    roster.insert(id(52), Person { appointments: vec![held(2, Some(100))] });
    roster.insert(id(53), Person { appointments: vec![held(4, None)] });
    let reshaped = ground().reshape(&split(), &levels(), at(50)).unwrap();
    let lost = bereft(&roster, &reshaped.lineage);
    assert_eq!(lost.len(), 1, "not the one that ends then, nor the building's head");
    assert!(lost[0].0 == id(51) && lost[0].1.scope == Some(id(2)));
}

#[test]
fn t2_what_does_not_add_up_is_refused_by_name() {
    let refused = |plan: &Reshape| match ground().reshape(plan, &levels(), at(50)) {
        Ok(_) => panic!("was taken"),
        Err(error) => error,
    };
    let plan = Reshape { at: at(49), ..split() };
    assert_eq!(refused(&plan), ReshapeError::Past { now: at(50) });
    let mut plan = split();
    plan.moves.remove(&id(5));
    assert_eq!(refused(&plan), ReshapeError::Unplaced(id(5)));
    plan.moves.insert(id(5), id(3));
    assert_eq!(refused(&plan), ReshapeError::Stray(id(5)));
    plan.moves = [(id(4), id(12)), (id(5), id(13)), (id(6), id(12))].into();
    assert_eq!(refused(&plan), ReshapeError::Stray(id(6)));
    let plan = Reshape { end: vec![id(2), id(4)], ..split() };
    assert_eq!(refused(&plan), ReshapeError::OtherLevel(id(4)));
    let plan = Reshape { end: vec![id(99)], ..split() };
    assert_eq!(refused(&plan), ReshapeError::Unknown(id(99)));
    let plan = Reshape { end: vec![], ..split() };
    assert_eq!(refused(&plan), ReshapeError::Count);
    let mut plan = split();
    plan.found[0].code = code("341021100003001");
    assert!(
        matches!(refused(&plan), ReshapeError::Territory(TerritoryError::CodeTaken { .. })),
        "an old code stays with its cases"
    );
    let mut plan = split();
    plan.found[0].id = id(3);
    assert_eq!(refused(&plan), ReshapeError::Exists(id(3)));
}

proptest! {
    /// However buildings are shared out over new grids: every one lies in exactly one of them, no
    /// answer about the past changes, and every matter of an old grid is found from some new one.
    #[test]
    fn t2_no_building_and_no_case_is_lost_in_any_reshaping(
        both: bool, shares in prop::collection::vec(0usize..3, 4), count in 1usize..=3,
    ) {
        let codes = ["341021100003011", "341021100003012", "341021100003013"];
        let found: Vec<_> = (0..count)
            .map(|n| place(12 + u8::try_from(n).unwrap(), "grid", Some(codes[n]), Some(1)))
            .collect();
        let end = if both { vec![id(2), id(3)] } else { vec![id(2)] };
        let buildings: Vec<u8> = if both { vec![4, 5, 6, 7] } else { vec![4, 5] };
        let moves = buildings.iter().zip(&shares)
            .map(|(building, share)| (id(*building), found[share % count].id)).collect();
        let plan = Reshape { at: at(100), end: end.clone(), found, moves };
        let (before, after) = (ground(), done(&plan));
        for building in buildings {
            let grid = after.at_level(id(building), "grid", at(100)).unwrap();
            prop_assert_eq!(grid.id, plan.moves[&id(building)]);
            prop_assert_eq!(
                before.at_level(id(building), "grid", at(99)).map(|p| p.id),
                after.at_level(id(building), "grid", at(99)).map(|p| p.id)
            );
        }
        for old in end {
            let code = before.get(old, at(0)).unwrap().code.clone();
            for place in [Some(old), None] {
                prop_assert!(plan.found.iter().any(|new| after.holds(new.id, place, code.as_ref(), at(100))));
            }
        }
    }
}
