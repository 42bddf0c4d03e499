//! A place with several levels of grid (T1): a case begins at the lowest that it lies in and
//! climbs them one by one.

use super::*;

/// She County, as if cases began with the building: its roles and clocks bind there, too.
fn town_with_buildings() -> Town {
    let mut town = town_of(0);
    town.policy.custody.begins = vec!["building".into(), "grid".into()];
    for role in town.policy.roles.iter_mut().filter(|role| role.levels.contains("grid")) {
        role.levels.insert("building".into());
    }
    for clock in town.policy.clocks.iter_mut().filter(|clock| clock.levels.contains("grid")) {
        clock.levels.insert("building".into());
    }
    let mut places: Vec<Place> =
        town.territory.places(Timestamp::from_millis(START)).cloned().collect();
    places.sort_by_key(|place| place.id);
    let mut building = place(4, "building", "341021100003001", Some(id(2)));
    building.code = None;
    places.push(building);
    town.territory = Territory::from_places(places).unwrap();
    town
}

#[test]
fn t1_a_case_climbs_the_levels_of_grid_one_by_one_before_it_reaches_the_community() {
    let town = town_with_buildings();
    let now = Timestamp::from_millis(START + 60_000);
    let mut rng = StdRng::seed_from_u64(1);
    let worker = town.roster.iter().find(|(_, person)| {
        person.appointments.iter().any(|held| held.role == "grid_worker" && held.scope.is_none())
    });
    let actor = town.roster.actor(*worker.unwrap().0, now).unwrap();
    let Act::Report(mut report) = town.report(&mut rng) else { unreachable!("it is a report") };
    report.place = Some(id(4));
    report.channel = "patrol".into();
    let mut case: Option<Case> = None;
    let mut acts = vec![Act::Report(report)];
    acts.extend((0..2).map(|_| Act::HandUp { reason: "办不了".into() }));
    let mut levels = Vec::new();
    for (number, act) in acts.iter().enumerate() {
        let scene = town.scene(now);
        let permit = authorize(&scene, case.as_ref(), act, &actor).unwrap();
        let values = decide(&scene, case.as_ref(), act, &actor, 1);
        let (_, fields) = opened(&values, &mut rng);
        let event = event(id(77), number as u64, act, &permit, &actor, &fields, now);
        let after = apply(case.as_ref(), &event, me()).unwrap();
        assert!(after.due.is_some(), "each level has its own clock");
        levels.push(after.level.clone());
        case = Some(after);
    }
    assert_eq!(levels, ["building", "grid", "community"]);
    let case = case.unwrap();
    assert_eq!(case.grid.as_ref().map(AreaCode::as_str), Some("341021100003001"), "by the grid");
    let leader = town.roster.iter().find(|(_, person)| {
        person.appointments.iter().any(|held| held.role == "grid_leader" && held.scope.is_none())
    });
    let leader = town.roster.actor(*leader.unwrap().0, now).unwrap();
    let further = authorize(&town.scene(now), Some(&case), &acts[1], &leader);
    assert_eq!(further, Err(Refusal::TopLevel));
}
