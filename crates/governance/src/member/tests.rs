use super::*;
use crate::roster::{Appointment, Standing};
use crate::territory::Place;

const XIAPU: &str = include_str!("../../../../config/policies/xiapu.toml");

fn id(number: u8) -> Subject {
    Subject::from_bytes([number; 16])
}

fn now() -> Timestamp {
    Timestamp::from_millis(1_000)
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
    let places =
        [place(1, "community", None), place(2, "grid", Some(1)), place(3, "grid", Some(1))];
    Territory::from_places(places).unwrap()
}

fn registration() -> Registration {
    let services = ["mediation".to_owned()].into();
    let willingness = Willingness { place: id(2), services, times: [FreeTime::Evenings].into() };
    Registration { willingness, consented: now(), withdrawn: None, posts: Vec::new() }
}

fn actor(role: &str, scope: Option<u8>) -> Actor {
    let scope = scope.map(id);
    let held = Appointment { role: role.into(), scope, from: Timestamp::EPOCH, until: None };
    Actor { id: id(50), standing: Standing::Staff(vec![held]) }
}

#[test]
fn r5_a_registered_member_is_seen_by_the_roster_power_on_that_ground_and_nobody_else() {
    let (policy, ground) = (Policy::from_toml(XIAPU).unwrap(), ground());
    let sees = |actor: &Actor| registration().seen_by(actor, &policy, &ground, now());
    assert!(sees(&actor("operator", None)) && sees(&actor("operator", Some(2))));
    assert!(!sees(&actor("operator", Some(3))), "another grid's");
    for role in &policy.roles {
        let may = role.powers.contains(&Power::Roster);
        assert_eq!(sees(&actor(&role.key, None)), may, "{}", role.key);
    }
    assert!(!sees(&Actor { id: id(50), standing: Standing::Resident }));
}

#[test]
fn r5_withdrawing_ends_it_for_everybody() {
    let (policy, ground) = (Policy::from_toml(XIAPU).unwrap(), ground());
    let later = Timestamp::from_millis(2_000);
    let gone = Registration { withdrawn: Some(later), ..registration() };
    let operator = actor("operator", None);
    assert!(gone.seen_by(&operator, &policy, &ground, now()));
    assert!(!gone.seen_by(&operator, &policy, &ground, later));
    assert_eq!(gone.check_post(later), Err(MemberError::Withdrawn));
    let post = Post { id: id(9), from: now(), until: None };
    let busy = Registration { posts: vec![post; MAX_POSTS], ..registration() };
    assert_eq!(busy.check_post(now()), Err(MemberError::Posts));
}

#[test]
fn r5_willingness_is_of_the_policys_kinds_and_on_ground_that_is_there() {
    let (policy, ground) = (Policy::from_toml(XIAPU).unwrap(), ground());
    let check = |willingness: &Willingness| willingness.check(&policy, &ground, now());
    let good = registration().willingness;
    assert_eq!(check(&good), Ok(()));
    assert_eq!(check(&Willingness { place: id(9), ..good.clone() }), Err(MemberError::Place));
    for services in [vec![], vec!["juggling"], vec!["mediation", "juggling"]] {
        let services = services.into_iter().map(str::to_owned).collect();
        assert_eq!(check(&Willingness { services, ..good.clone() }), Err(MemberError::Services));
    }
}
