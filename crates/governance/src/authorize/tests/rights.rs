//! No act by one without the right, no state without an owner and a clock: asked once more, by a
//! slow model that shares no code with the rules, over random lives under all six policies.

use super::*;

/// Whether the right is there, read off the policy and the roster one by one.
fn has_right(town: &Town, case: &Case, act: &Act, person: Subject, now: Timestamp) -> bool {
    let rule = town.policy.acts.iter().find(|rule| rule.act == act.kind()).expect("it is known");
    if rule.roles.contains(REPORTER) && case.reporter == Some(person) {
        return true;
    }
    let given = case.assignee == Some(person);
    if rule.roles.contains(ASSIGNEE) && given {
        return true;
    }
    let held = town.roster.get(person).map(|known| known.appointments.as_slice());
    held.unwrap_or_default().iter().any(|held| {
        let lasts = held.from <= now && held.until.is_none_or(|until| now < until);
        let ground = held.scope.is_none() || held.scope == case.place;
        let role = town.policy.roles.iter().find(|role| role.key == held.role);
        let level = role.is_some_and(|role| role.levels.contains(&case.level));
        lasts && ground && rule.roles.contains(&held.role) && (given || level)
    })
}

/// Whether somebody answers for the case where it stands, by a role that is held there.
fn has_owner(town: &Town, case: &Case) -> bool {
    let traits = town.policy.traits(case);
    let clock = town.policy.clock(&case.stage, &case.level, &traits);
    let owner = clock.and_then(|clock| clock.owner.as_ref());
    owner.and_then(|owner| town.policy.role(owner)).is_some_and(|role| {
        let held = town.roster.iter().flat_map(|(_, person)| &person.appointments);
        role.levels.contains(&case.level) && held.into_iter().any(|held| held.role == role.key)
    })
}

proptest! {
    #[test]
    fn nobody_without_the_right_does_anything_and_every_state_has_an_owner(
        seed: u64,
        policy in 0_usize..6,
    ) {
        let town = town_of(policy);
        let (_, events) = life(&town, seed, 250);
        let mut case = apply(None, &events[0], me()).unwrap();
        let mut rng = StdRng::seed_from_u64(seed);
        for event in &events[1..] {
            // Everybody tries something here: whoever may has the right.
            let now = event.step.time;
            let other = other(&town);
            let act = town.act(&mut rng, now);
            let person = town.anyone(&mut rng);
            let actor = town.roster.actor(person, now).unwrap();
            if authorize(&town.scene_with(Some(&other), now), Some(&case), &act, &actor).is_ok() {
                prop_assert!(has_right(&town, &case, &act, person, now), "{}", act.kind().key());
            }
            case = apply(Some(&case), event, me()).unwrap();
            prop_assert!(
                case.phase.is_end() || has_owner(&town, &case),
                "{} at {} has no owner", case.stage, case.level
            );
        }
    }
}
