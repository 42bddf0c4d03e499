use super::*;
use crate::roster::Person;

const SHE: &str = include_str!("../../../../config/policies/she-county.toml");
const WEINAN: &str = include_str!("../../../../config/policies/weinan.toml");

fn id(number: u8) -> Subject {
    Subject::from_bytes([number; 16])
}

fn now() -> Timestamp {
    Timestamp::from_millis(1)
}

fn ground() -> Territory {
    let place = |number: u8, level: &str, parent: Option<u8>| Place {
        id: id(number),
        level: level.into(),
        code: None,
        name: format!("地点{number}"),
        parent: parent.map(id),
        households: None,
        boundary: None,
        valid_from: Timestamp::EPOCH,
        valid_until: None,
    };
    Territory::from_places([
        place(1, "community", None),
        place(2, "grid", Some(1)),
        place(3, "grid", Some(1)),
        place(4, "grid", Some(1)),
        place(5, "building", Some(2)),
        place(6, "doorway", Some(5)),
    ])
    .unwrap()
}

fn organisation(kind: &str, places: &[u8]) -> Organisation {
    let places = places.iter().map(|number| id(*number)).collect();
    Organisation { kind: kind.into(), name: "网格党支部".into(), places, secretary: None }
}

#[test]
fn r2_party_coverage_lists_the_gaps() {
    let (ground, branches) = (ground(), [organisation("branch", &[2, 3])]);
    let found = coverage(&branches, &ground, "grid", None, now());
    assert_eq!((found.places, found.covered, found.percent()), (3, 2, 66));
    assert_eq!(found.gaps.iter().map(|gap| gap.name.as_str()).collect::<Vec<_>>(), ["地点4"]);
    let none = coverage(&[], &ground, "grid", Some(id(2)), now());
    assert_eq!((none.places, none.covered, none.percent()), (1, 0, 0));
    assert_eq!(coverage(&[], &ground, "group", None, now()).percent(), 100, "nothing lacks one");
}

#[test]
fn r2_a_branch_of_the_compound_does_not_stand_in_for_the_buildings_group() {
    let (ground, branches) = (ground(), [organisation("branch", &[2, 3, 4])]);
    assert_eq!(coverage(&branches, &ground, "grid", None, now()).percent(), 100);
    assert_eq!(coverage(&branches, &ground, "building", None, now()).gaps.len(), 1);
}

#[test]
fn r2_an_organisation_stands_on_places_of_its_kind_with_a_secretary_who_is_known() {
    let weinan = Policy::from_toml(WEINAN).unwrap();
    let mut roster = Roster::default();
    roster.insert(id(50), Person::default());
    let check =
        |organisation: &Organisation| organisation.check(&weinan, &ground(), &roster, now());
    for (kind, place) in [("branch", 2), ("group", 5), ("household", 6)] {
        assert_eq!(check(&organisation(kind, &[place])), Ok(()), "{kind}");
    }
    assert_eq!(check(&organisation("group", &[2])), Err(PartyError::Level(id(2))));
    assert_eq!(check(&organisation("soviet", &[2])), Err(PartyError::Kind));
    assert_eq!(check(&organisation("branch", &[])), Err(PartyError::Places));
    assert_eq!(check(&organisation("branch", &[2, 2])), Err(PartyError::Places));
    assert_eq!(check(&organisation("branch", &[9])), Err(PartyError::UnknownPlace(id(9))));
    let with =
        |person| Organisation { secretary: Some(id(person)), ..organisation("branch", &[2]) };
    assert_eq!(check(&with(50)), Ok(()));
    assert_eq!(check(&with(51)), Err(PartyError::Secretary));
    let nameless = Organisation { name: String::new(), ..organisation("branch", &[2]) };
    assert!(matches!(check(&nameless), Err(PartyError::Name(_))));
    let she = Policy::from_toml(SHE).unwrap();
    assert!(she.party_kind("household").is_some(), "“以党员中心户…为重点”");
}
