//! What has run out is swept out later, a bounded number at a time; and whoever
//! replays the journal comes to the same rows.

use std::time::{Duration, Instant};

use engine::command::{Agent, Command, Once, REMEMBERED, Receipt, Refused, What};
use engine::engine::Engine;
use engine::note::{Invitation, Token};
use engine::store::Table;
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::house::House;

fn hash(of: &str, number: u32) -> [u8; 32] {
    *blake3::hash(format!("{of} {number}").as_bytes()).as_bytes()
}

async fn keyed(house: &House, number: u32) -> Result<Receipt, Refused> {
    let once = Some(Once { key: hash("key", number), digest: hash("digest", number) });
    let what = What::Register { person: None, name: format!("演示 {number}"), phone: None };
    house.handle.command(Command { by: Agent::Console, once, what }).await
}

fn rows(house: &House, table: Table) -> usize {
    house.handle.reader().scan(table, &[], None, 100_000).unwrap().len()
}

/// The same journal, read anew by an engine that has no clock and no index.
fn replayed_to_the_same_rows(house: &House) {
    let setup = house.handle.setup();
    let anew = house.store.without_index();
    let rng = Box::new(StdRng::seed_from_u64(1));
    drop(Engine::open(setup, Box::new(anew.clone()), rng).unwrap());
    assert!(anew.rows() == house.store.rows());
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts_are_kept_for_seven_days_and_not_for_ever() {
    let house = House::build().await;
    const MANY: u32 = 300;
    let mut first = Vec::new();
    for number in 0..MANY {
        first.push(keyed(&house, number).await.unwrap());
    }
    house.pass(REMEMBERED - Duration::from_secs(1));
    for number in MANY..2 * MANY {
        keyed(&house, number).await.unwrap();
    }
    assert_eq!(rows(&house, Table::Idempotency), 2 * MANY as usize, "none before its time");
    for (number, receipt) in (0..MANY).zip(first) {
        assert_eq!(keyed(&house, number).await.unwrap(), receipt);
    }
    house.pass(Duration::from_secs(1));
    for number in 2 * MANY..4 * MANY {
        keyed(&house, number).await.unwrap();
    }
    // The engine sweeps with every tick.
    let deadline = Instant::now() + Duration::from_secs(60);
    while rows(&house, Table::Idempotency) >= 3 * MANY as usize + 30 {
        assert!(Instant::now() < deadline, "they are left");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for number in MANY..4 * MANY {
        let before = house.store.frames().len();
        keyed(&house, number).await.unwrap();
        assert_eq!(house.store.frames().len(), before, "those of late are still known");
    }
    replayed_to_the_same_rows(&house);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_tokens_and_invitations_go_when_they_have_run_out() {
    let house = House::build().await;
    let begin = async |login: &str, number: u32| {
        let expires = house.handle.now().plus(Duration::from_secs(3_600));
        let token = Token { account: login.into(), expires, label: None, strong: false };
        let what = What::SignIn { hash: hash(login, number), token, code: None };
        let by = Agent::Staff(house.person(login));
        house.handle.command(Command { by, once: None, what }).await.unwrap();
        let invitation = Invitation {
            name: "某单位".into(),
            level: "community".into(),
            area: "341021100001".into(),
            member: true,
            expires,
            by: None,
            approval: true,
            newcomer: None,
        };
        let hash = hash(login, number);
        house.console(What::PutInvitation { hash, invitation: Some(invitation) }).await;
    };
    for number in 0..50 {
        for login in ["grid1", "grid2", "worker", "head"] {
            begin(login, number).await;
        }
    }
    assert_eq!((rows(&house, Table::Token), rows(&house, Table::Invitation)), (200, 200));
    house.pass(Duration::from_secs(3_600));
    // One person's sign-ins sweep out the others' sessions, too.
    for number in 50..80 {
        begin("grid1", number).await;
    }
    let (tokens, invitations) = (rows(&house, Table::Token), rows(&house, Table::Invitation));
    assert!(tokens <= 35 && invitations <= 35, "{tokens} {invitations}");
    replayed_to_the_same_rows(&house);
}
