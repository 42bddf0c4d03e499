//! Merged and split again: each reporter has their own case, as it was. Put off and taken up again:
//! what was left of its time is left.

use super::*;

/// What a reporter has of their case.
fn of_reporter(case: &Case) -> impl PartialEq + std::fmt::Debug + use<> {
    (
        (case.id, case.number.clone(), case.reporter, case.opened, case.answered),
        (case.callback, case.solved, case.satisfaction, case.handlers.clone()),
        (case.stage.clone(), case.phase, case.level.clone(), case.due),
        (case.category.clone(), case.grade, case.assignee, case.counts, case.aside.clone()),
    )
}

fn does(
    town: &Town,
    case: &Case,
    act: &Act,
    other: &Case,
    now: Timestamp,
    rng: &mut StdRng,
) -> Option<Case> {
    let scene = town.scene_with(Some(other), now);
    let who = town.people.iter().filter_map(|person| town.roster.actor(*person, now));
    let (permit, actor) = who
        .filter_map(|actor| Some((authorize(&scene, Some(case), act, &actor).ok()?, actor)))
        .next()?;
    let values = decide(&scene, Some(case), act, &actor, 1);
    let (_, fields) = opened(&values, rng);
    let number = 10_000 + case.steps.len() as u64;
    let event = event(case.id, number, act, &permit, &actor, &fields, now);
    Some(apply(Some(case), &event, me()).expect("what is permitted applies"))
}

proptest! {
    #[test]
    fn merge_then_split_is_identity_for_reporters(
        seed: u64,
        policy in 0_usize..6,
        length in 1_u64..80,
        minutes in 1_i64..40_000,
    ) {
        let town = town_of(policy);
        let (case, _) = life(&town, seed, length);
        let other = other(&town);
        let mut rng = StdRng::seed_from_u64(seed);
        let now = Timestamp::from_millis(START + i64::try_from(length).unwrap() * 600_000);
        let merge = Act::Merge { into: other.id };
        if let Some(merged) = does(&town, &case, &merge, &other, now, &mut rng) {
            prop_assert_eq!(merged.due, case.due, "its clock runs on");
            prop_assert_eq!((merged.reporter, merged.callback), (case.reporter, case.callback));
            let later = Timestamp::from_millis(now.millis() + minutes * 60_000);
            let split = Act::Split { reason: "并非同一件事".into() };
            let apart = does(&town, &merged, &split, &other, later, &mut rng);
            let apart = apart.expect("what was merged can be split");
            prop_assert_eq!(of_reporter(&apart), of_reporter(&case));
        }
    }
}

/// A wait of no time changes nothing, a longer one never brings the end nearer, and a clock of plain
/// minutes, unless an act gave another, has exactly as much left as before.
#[test]
fn a_clock_that_waited_goes_on_where_it_stood() {
    let (mut waited, mut exactly) = (0, 0);
    for (policy, seed) in (0..6).flat_map(|policy| (0..80).map(move |seed| (policy, seed))) {
        let town = town_of(policy);
        let steps = 1 + seed * 2;
        let (case, events) = life(&town, seed, steps);
        let given = |event: &Event| {
            matches!(event.act(), ActKind::DecideExtension | ActKind::Mediate | ActKind::Triage)
        };
        let Some(due) = case.due.filter(|_| !events.iter().any(given)) else { continue };
        let start = START + i64::try_from(steps).unwrap() * 600_000;
        let resumed = |wait: i64| {
            let mut rng = StdRng::seed_from_u64(seed);
            let now = Timestamp::from_millis(start);
            let review = Timestamp::from_millis(start + 9_000 * 60_000);
            let suspend = Act::Suspend { review, reason: "待料".into() };
            let off = does(&town, &case, &suspend, &case, now, &mut rng)?;
            let resume = Act::Resume { reason: "料到".into() };
            let now = Timestamp::from_millis(start + wait);
            let on = does(&town, &off, &resume, &case, now, &mut rng)?;
            on.due.filter(|_| on.stage == case.stage)
        };
        let wait = 4_321 * 60_000;
        let (Some(at_once), Some(later)) = (resumed(0), resumed(wait)) else { continue };
        assert_eq!(at_once, due, "{policy} {seed}");
        assert!(later >= due, "{policy} {seed}");
        waited += 1;
        let rule = town.policy.clock(&case.stage, &case.level, &town.policy.traits(&case));
        if rule.is_some_and(|rule| matches!(rule.allowance, clock::Allowance::Minutes(_))) {
            assert_eq!(later.millis(), due.millis() + wait, "{policy} {seed}");
            exactly += 1;
        }
    }
    assert!(waited > 20 && exactly > 2, "{waited}, {exactly}: too few to prove anything");
}
