//! Backups: made of a running node, restored, and rid of what was erased.

use engine::project::{Order, Whose};
use governance::act::{Act, Erasing, Report};
use governance::case::CaseId;
use governance::field;
use governance::roster::Appointment;
use record::Subject;

use super::*;
use crate::backup::{BackupError, backup, restore};

const WORDS: [&str; 2] = ["井盖丢失：金丝雀甲", "路灯不亮：金丝雀乙"];

/// A county with somebody who may take in, refuse and erase.
fn staffed() -> (Site, Subject) {
    let county = Site::county();
    let mut offline = Offline::open(&county.config).unwrap();
    let what = What::Register { person: None, name: "演示".into(), phone: None };
    let person = offline.command(what).unwrap().subject.unwrap();
    let role = "county_dispatcher".into();
    let appointment = Appointment { role, scope: None, from: now(), until: None };
    offline.command(What::Appoint { person, appointment }).unwrap();
    (county, person)
}

async fn does(node: &Running, person: Subject, case: Option<CaseId>, act: Act) -> CaseId {
    let what = What::Act { case, act };
    let command = Command { by: Agent::Staff(person), once: None, what };
    let receipt = node.engine().command(command).await.unwrap();
    receipt.subject.or(case).unwrap()
}

async fn reports(node: &Running, person: Subject, title: &str) -> CaseId {
    let report = Report {
        title: title.into(),
        description: title.into(),
        channel: "counter".into(),
        category: Some("facility".into()),
        place: None,
        address: Some("演示路 1 号".into()),
        point: None,
        happened: None,
        contact_name: None,
        contact_phone: None,
        involved: None,
        photos: vec![],
    };
    does(node, person, None, Act::Report(Box::new(report))).await
}

/// What a data folder's node can still read of its cases.
fn titles(config: &Config) -> Vec<String> {
    let offline = Offline::open(config).unwrap();
    let reader = offline.opened.engine.reader();
    let whose =
        Whose { me: offline.opened.setup.me(), federation: offline.opened.setup.federation };
    let cases = engine::view::cases(&reader, Order::All, None, 10).unwrap();
    let mut found: Vec<String> = cases
        .iter()
        .flat_map(|(_, case)| {
            let step = &case.steps[0];
            let (_, fields, _) =
                engine::view::record_of(&reader, whose, case.id, step).unwrap().unwrap();
            fields.get::<String>(field::TITLE).unwrap()
        })
        .collect();
    found.sort_unstable();
    found
}

fn restored(from: &Path, generation: Option<&str>) -> Site {
    let site = Site::new();
    restore(from, generation, &site.config.data).unwrap();
    site
}

/// S25: what is erased can be read from no generation of the backups after the next one is made,
/// and everything else from all of them.
#[tokio::test(flavor = "multi_thread")]
async fn s25_an_erasure_reaches_earlier_backups_with_the_next_one() {
    let (county, person) = staffed();
    let disk = tempfile::tempdir().unwrap();
    let to = disk.path().join("backups");
    let above = county.start().await;
    let first = reports(&above, person, WORDS[0]).await;
    reports(&above, person, WORDS[1]).await;
    let before = backup(&county.config, &to, 7).unwrap().generation;
    assert_eq!(titles(&restored(&to, None).config), {
        let mut all = WORDS;
        all.sort_unstable();
        all
    });
    let refuse = Act::Refuse { reason: "不属实".into(), instead: Some("12345".into()) };
    does(&above, person, Some(first), refuse).await;
    does(&above, person, Some(first), Act::Erase { ground: Erasing::Request }).await;
    let after = backup(&county.config, &to, 7).unwrap().generation;
    for generation in [&before, &after] {
        assert_eq!(titles(&restored(&to, Some(generation)).config), [WORDS[1]], "{generation}");
    }
    above.stop().await;
}

/// A restored node starts, is who it was, and stands where it stood; older generations go when
/// there are more than are to be kept.
#[tokio::test(flavor = "multi_thread")]
async fn a_restored_node_is_who_it_was_and_old_generations_go() {
    let (county, person) = staffed();
    let disk = tempfile::tempdir().unwrap();
    let to = disk.path().join("backups");
    let above = county.start().await;
    let me = above.id();
    let mut made = Vec::new();
    for title in WORDS {
        reports(&above, person, title).await;
        made.push(backup(&county.config, &to, 2).unwrap());
    }
    let third = backup(&county.config, &to, 2).unwrap();
    assert_eq!(third.removed, [made[0].generation.clone()]);
    above.stop().await;
    let copy = restored(&to, Some(&made[1].generation));
    let again = copy.start().await;
    assert_eq!(again.id(), me);
    again.stop().await;
    assert_eq!(titles(&copy.config).len(), 2);
}

/// A medium that is pulled out while the keys are replaced still has some.
#[test]
fn a_backup_that_is_cut_off_while_it_replaces_the_keys_leaves_those_before() {
    let county = Site::county();
    let disk = tempfile::tempdir().unwrap();
    let to = disk.path().join("backups");
    backup(&county.config, &to, 2).unwrap();
    std::fs::rename(to.join("newest"), to.join("earlier")).unwrap();
    let first = restored(&to, None);
    assert_eq!(titles(&first.config), [""; 0]);
    backup(&county.config, &to, 2).unwrap();
    assert!(to.join("newest").exists() && !to.join("earlier").exists());
    restored(&to, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_put_in_nobodys_way() {
    let (county, other) = (Site::county(), Site::county());
    let disk = tempfile::tempdir().unwrap();
    let to = disk.path().join("backups");
    backup(&county.config, &to, 1).unwrap();
    assert!(matches!(backup(&other.config, &to, 1), Err(BackupError::Other { .. })));
    let within = county.config.data.join("backups");
    assert!(matches!(backup(&county.config, &within, 1), Err(BackupError::Within { .. })));
    let nothing = restore(disk.path(), None, &disk.path().join("new"));
    assert!(matches!(nothing, Err(BackupError::Nothing { .. })));
    let taken = restore(&to, None, &other.config.data);
    assert!(matches!(taken, Err(BackupError::Exists { .. })));
    let named = restore(&to, Some("2026-01-01T000000.000Z"), &disk.path().join("new"));
    assert!(matches!(named, Err(BackupError::Nothing { .. })));
    assert!(!disk.path().join("new").exists());
}
