//! The engine asks who gives a command, whatever the handlers above it let through: deny by
//! default (S18).

use std::time::Duration;

use engine::command::{Agent, Command, MAX_SESSIONS, Receipt, Refused, What};
use engine::note::{Account, Invitation, Token};
use engine::view;
use governance::roster::Appointment;
use governance::territory::Place;
use record::{Subject, Timestamp};

use super::house::{House, place};
use crate::password;

async fn by(house: &House, by: &Agent, what: What) -> Result<Receipt, Refused> {
    house.handle.command(Command { by: by.clone(), once: None, what }).await
}

fn staff(house: &House, login: &str) -> Agent {
    Agent::Staff(house.person(login))
}

fn soon(house: &House) -> Timestamp {
    house.handle.now().plus(Duration::from_secs(3_600))
}

fn token(house: &House, account: &str, label: Option<&str>) -> Token {
    Token {
        account: account.into(),
        expires: soon(house),
        label: label.map(str::to_owned),
        strong: false,
    }
}

fn put_token(number: u8, token: Token) -> What {
    let hash = [number; 32];
    match token.label {
        Some(_) => What::PutToken { hash, token: Some(token) },
        // A browser's session begins by signing in.
        None => What::SignIn { hash, token, code: None },
    }
}

fn invitation(house: &House) -> Invitation {
    Invitation {
        name: "某单位".into(),
        level: "community".into(),
        area: "341021100001".into(),
        member: true,
        expires: soon(house),
        by: None,
        approval: true,
        newcomer: None,
    }
}

/// What only the operator may do, of those who are there; each with its name.
fn guarded(house: &House) -> Vec<(&'static str, What)> {
    let person = house.person("leaver");
    let account = house.account("leaver");
    let building = Place {
        id: Subject::from_bytes([0xaa; 16]),
        level: "building".into(),
        code: None,
        name: "新楼".into(),
        parent: Some(place(2)),
        households: None,
        boundary: None,
        valid_from: Timestamp::from_millis(house.handle.now().millis() - 500),
        valid_until: None,
    };
    let is = house.handle.world().policy().version;
    let next = testkit::federation::later(1);
    let role = "grid_worker".to_owned();
    let from = house.handle.now();
    let appointment = Appointment { role: role.clone(), scope: None, from, until: None };
    let withdrawn = What::PutInvitation { hash: [7; 32], invitation: None };
    vec![
        ("establish", What::Establish(vec![building])),
        ("end a place", What::EndPlace(Subject::from_bytes([0xaa; 16]))),
        ("register", What::Register { person: None, name: "新人".into(), phone: None }),
        ("rename", What::Register { person: Some(person), name: "改名".into(), phone: None }),
        ("appoint", What::Appoint { person, appointment }),
        ("dismiss", What::Dismiss { person, role }),
        ("account", What::PutAccount(Account { enabled: false, ..account.clone() })),
        ("second account", What::PutAccount(Account { name: "second".into(), ..account })),
        ("enable", What::EnableAccount { name: "leaver".into(), person, enabled: true }),
        ("invite", What::PutInvitation { hash: [7; 32], invitation: Some(invitation(house)) }),
        ("uninvite", withdrawn),
        ("keep a policy", What::PutPolicy { text: next.clone(), publish: false }),
        ("publish a policy", What::PutPolicy { text: next, publish: true }),
        ("adopt a policy", What::AdoptPolicy { reference: format!("she-county/{}", is + 1) }),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_without_the_power_gives_a_command_that_needs_it() {
    let house = House::build().await;
    let code = house.reported(4).await.1;
    let mut others: Vec<Agent> = ["leaver", "head", "grid1", "dispatcher", "worker"]
        .iter()
        .map(|login| staff(&house, login))
        .collect();
    others.push(Agent::Resident { code: None });
    others.push(Agent::Resident { code: Some(code) });
    others.push(Agent::Staff(Subject::from_bytes([9; 16])));
    for (name, what) in guarded(&house) {
        let before = house.store.frames().len();
        for agent in &others {
            let refused = by(&house, agent, what.clone()).await;
            assert!(refused.is_err(), "{name} by {agent:?}");
        }
        assert_eq!(house.store.frames().len(), before, "{name}");
        let allowed = by(&house, &staff(&house, "ops"), what).await;
        assert!(allowed.is_ok(), "{name}: {allowed:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_made_for_ones_own_account_alone() {
    let house = House::build().await;
    for (agent, label) in [
        (staff(&house, "grid2"), None),
        (staff(&house, "ops"), None),
        (staff(&house, "ops"), Some("x")),
        (Agent::Resident { code: None }, None),
    ] {
        let what = put_token(1, token(&house, "grid1", label));
        assert!(matches!(by(&house, &agent, what).await, Err(Refused::NotFound("account"))));
    }
    let own = staff(&house, "grid1");
    by(&house, &own, put_token(1, token(&house, "grid1", Some("x")))).await.unwrap();
    let taken = put_token(1, token(&house, "grid2", None));
    let taken = by(&house, &staff(&house, "grid2"), taken).await;
    assert!(matches!(taken, Err(Refused::Invalid { field: "secret", .. })), "it is another's");
    let kept = view::token(house.handle.reader(), &[1; 32]).unwrap().unwrap();
    assert_eq!(kept.account, "grid1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_lasts_no_longer_and_says_no_more_than_it_may() {
    let house = House::build().await;
    let own = staff(&house, "grid1");
    let plus = |seconds| house.handle.now().plus(Duration::from_secs(seconds));
    let day = 86_400;
    for wrong in [
        Token { expires: house.handle.now(), ..token(&house, "grid1", None) },
        Token { expires: plus(day + 1), ..token(&house, "grid1", None) },
        Token { expires: plus(367 * day), ..token(&house, "grid1", Some("x")) },
        token(&house, "grid1", Some("")),
        token(&house, "grid1", Some("a\nb")),
        token(&house, "grid1", Some(&"长".repeat(65))),
    ] {
        let refused = by(&house, &own, put_token(1, wrong)).await;
        assert!(matches!(refused, Err(Refused::Invalid { .. })));
    }
    let leaver = staff(&house, "leaver");
    let program = by(&house, &leaver, put_token(1, token(&house, "leaver", Some("x")))).await;
    assert!(matches!(program, Err(Refused::NoStanding)));
    by(&house, &leaver, put_token(1, token(&house, "leaver", None))).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_ended_by_its_owner_or_by_power_over_the_roster() {
    let house = House::build().await;
    let end = || What::PutToken { hash: [1; 32], token: None };
    for (who, ends) in [("grid2", false), ("dispatcher", false), ("grid1", true), ("ops", true)] {
        let own = staff(&house, "grid1");
        let begun = put_token(1, token(&house, "grid1", None));
        let _ = by(&house, &own, begun).await;
        let ended = by(&house, &staff(&house, who), end()).await;
        assert_eq!(ended.is_ok(), ends, "{who}");
        if !ends {
            let absent = What::PutToken { hash: [2; 32], token: None };
            let absent = by(&house, &staff(&house, who), absent).await;
            assert_eq!(format!("{ended:?}"), format!("{absent:?}"), "as if it were not there");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_changed_by_its_owner_and_only_where_the_account_is_in_use() {
    let house = House::build().await;
    let phc = house.account("grid2").password;
    let change = |password: &str| What::ChangePassword {
        name: "grid1".into(),
        password: password.into(),
        keep: None,
    };
    for who in ["grid2", "ops"] {
        let refused = by(&house, &staff(&house, who), change(&phc)).await;
        assert!(matches!(refused, Err(Refused::NotFound("account"))), "{who}");
    }
    let own = staff(&house, "grid1");
    let plain = by(&house, &own, change("correct horse battery")).await;
    assert!(matches!(plain, Err(Refused::Invalid { field: "password", .. })), "never in clear");
    by(&house, &own, change(&phc)).await.unwrap();
    let disabled = Account { enabled: false, ..house.account("grid1") };
    house.console(What::PutAccount(disabled)).await;
    assert!(by(&house, &own, change(&phc)).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_made_an_invitation_is_for_the_engine_to_say() {
    let house = House::build().await;
    let claimed = Invitation { by: Some(house.person("grid1")), ..invitation(&house) };
    let what = What::PutInvitation { hash: [1; 32], invitation: Some(claimed) };
    by(&house, &staff(&house, "ops"), what).await.unwrap();
    let kept = view::invitation(house.handle.reader(), &[1; 32]).unwrap().unwrap();
    assert_eq!(kept.by, Some(house.person("ops")));
    for wrong in [
        Invitation { area: "341021200".into(), ..invitation(&house) },
        Invitation { area: "x".into(), ..invitation(&house) },
        Invitation { expires: house.handle.now(), ..invitation(&house) },
        Invitation {
            expires: soon(&house).plus(Duration::from_secs(31 * 86_400)),
            ..invitation(&house)
        },
    ] {
        let what = What::PutInvitation { hash: [2; 32], invitation: Some(wrong) };
        assert!(by(&house, &staff(&house, "ops"), what).await.is_err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_of_one_account_are_bounded_and_the_one_that_ends_first_gives_way() {
    let house = House::build().await;
    let own = staff(&house, "grid1");
    let last = u8::try_from(MAX_SESSIONS).unwrap() + 1;
    for number in 1..=last {
        let expires = house.handle.now().plus(Duration::from_secs(3_600 + u64::from(number)));
        let session = Token { expires, ..token(&house, "grid1", None) };
        by(&house, &own, put_token(number, session)).await.unwrap();
    }
    let held = view::tokens_of(house.handle.reader(), "grid1").unwrap();
    assert_eq!(held.len(), MAX_SESSIONS);
    assert!(view::token(house.handle.reader(), &[1; 32]).unwrap().is_none());
    assert!(view::token(house.handle.reader(), &[last; 32]).unwrap().is_some());
    // A new password ends all of them at once but the one it was changed in.
    let keep = Some([last; 32]);
    let (name, password) = ("grid1".to_owned(), password::hash("another long one").unwrap());
    by(&house, &own, What::ChangePassword { name, password, keep }).await.unwrap();
    let held = view::tokens_of(house.handle.reader(), "grid1").unwrap();
    assert_eq!(held.iter().map(|(hash, _)| *hash).collect::<Vec<_>>(), [[last; 32]]);
}
