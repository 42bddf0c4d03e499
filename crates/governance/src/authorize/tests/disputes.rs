//! Disputes stay at the level that their severity gives them, and the graver ones are not ended
//! before the street has whistled or the county has convened its task force (C4, C5, C6).

use super::*;
use crate::case::Mediation;

const WEINAN: usize = 2;

/// A dispute of a severity, being mediated at a level.
fn dispute(town: &Town, severity: &str, level: &str) -> Case {
    let mut case = reported(town).0;
    case.level = level.into();
    case.stage = "mediating".into();
    case.phase = Phase::Handling;
    case.mediation = Some(Mediation {
        severity: severity.into(),
        mediators: Vec::new(),
        sessions: 1,
        agreed: None,
    });
    case
}

fn tries(town: &Town, case: &Case, act: &Act) -> Result<Permit, Refusal> {
    let scene = Scene { level: &case.level, ..town.scene(Timestamp::from_millis(START + 60_000)) };
    let mut outcome = Err(Refusal::NoCase);
    for person in &town.people {
        let actor = town.roster.actor(*person, scene.now).unwrap();
        let tried = authorize(&scene, Some(case), act, &actor);
        // Whoever has the right is told what else is in the way.
        if !matches!(tried, Err(Refusal::Role { .. } | Refusal::Scope { .. })) {
            outcome = tried;
        }
    }
    outcome
}

fn stepped(case: &Case, act: ActKind) -> Case {
    let mut case = case.clone();
    let step = Step { act, ..case.steps[0].clone() };
    case.steps.push(step);
    case
}

#[test]
fn c4_a_dispute_stays_at_its_level_while_it_is_mediated_there() {
    let town = town_of(WEINAN);
    let mut case = dispute(&town, "general", "community");
    case.stage = "handling".into();
    let up = Act::Escalate { reason: "难".into() };
    let level = "community".to_owned();
    assert_eq!(tries(&town, &case, &up), Err(Refusal::SeverityStays { level }));
    case.mediation.as_mut().unwrap().agreed = Some(false);
    assert!(tries(&town, &case, &up).is_ok(), "mediation there has ended");
    let severity = "major".to_owned();
    let mediate = Act::Mediate { severity, mediators: Vec::new() };
    let level = "township".to_owned();
    assert_eq!(tries(&town, &case, &mediate), Err(Refusal::SeverityAbove { level }));
}

#[test]
fn c5_a_major_dispute_is_not_ended_before_the_street_has_whistled() {
    let town = town_of(WEINAN);
    let case = dispute(&town, "major", "township");
    let agreed = Act::Agreement { reached: true, text: "各让一步".into(), photos: Vec::new() };
    let refused = tries(&town, &case, &agreed);
    let act = ActKind::Whistle;
    assert_eq!(refused, Err(Refusal::SeverityRequires { severity: "较大".into(), act }));
    let failed = Act::Agreement { reached: false, text: "未成".into(), photos: Vec::new() };
    assert!(tries(&town, &case, &failed).is_ok(), "what has failed may be said");
    assert!(tries(&town, &stepped(&case, ActKind::Whistle), &agreed).is_ok());
    let handle = Act::Handle { opinion: "已办".into(), photos: Vec::new() };
    let mut handling = case.clone();
    handling.stage = "handling".into();
    assert!(matches!(tries(&town, &handling, &handle), Err(Refusal::SeverityRequires { .. })));
}

#[test]
fn c6_a_grave_dispute_is_not_ended_before_the_county_has_convened_a_task_force() {
    let town = town_of(WEINAN);
    let case = dispute(&town, "grave", "county");
    let mut handling = stepped(&case, ActKind::Whistle);
    handling.stage = "handling".into();
    let handle = Act::Handle { opinion: "已办".into(), photos: Vec::new() };
    let refused = tries(&town, &handling, &handle);
    let act = ActKind::Convene;
    assert_eq!(refused, Err(Refusal::SeverityRequires { severity: "重大".into(), act }));
    assert!(tries(&town, &stepped(&handling, ActKind::Convene), &handle).is_ok());
    // What is less grave needs neither.
    let mut minor = dispute(&town, "minor", "grid");
    minor.stage = "handling".into();
    assert!(tries(&town, &minor, &handle).is_ok());
}

#[test]
fn a_case_is_put_off_no_longer_than_policy_allows() {
    let town = town_of(0);
    let mut case = reported(&town).0;
    case.level = "community".into();
    case.stage = "accepted".into();
    let suspend = |days: i64| {
        let review = Timestamp::from_millis(START + 60_000 + days * 86_400_000);
        tries(&town, &case, &Act::Suspend { review, reason: "待审批".into() })
    };
    assert!(suspend(180).is_ok());
    assert!(matches!(suspend(181), Err(Refusal::ReviewTooFar { .. })));
    assert_eq!(suspend(-1), Err(Refusal::ReviewTime));
}
