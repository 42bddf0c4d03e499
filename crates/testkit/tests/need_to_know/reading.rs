//! The access log is bound to the signed log, which others witness; and a replay comes to the same.

use std::time::Duration;

use engine::access::{Look, Purpose, Reading};
use engine::command::What;
use engine::project::{self, Whose};
use engine::store::FrameKind;
use engine::{kind, view};
use governance::field;

use super::line::Line;

#[test]
fn s18_within_an_hour_the_access_log_is_bound_by_a_signed_record_that_the_parent_witnesses() {
    let mut line = Line::begin();
    let case = line.reports(0, |_| {});
    let node = line.communities[0];
    let look = |look, purpose| {
        let fields = vec![field::TITLE, field::CONTACT_PHONE];
        let role = "grid_worker".to_owned();
        What::Read(Reading { role, look, subject: Some(case), fields, purpose })
    };
    let setup = line.world.places[&node].member.setup.clone();
    let whose = Whose { me: node, federation: setup.federation };
    let by = line.staff(node, "grid_worker");
    for _ in 0..3 {
        line.tries(node, by.clone(), look(Look::Reveal, Purpose::Contact)).expect("on record");
    }
    let reader = line.reader(node);
    let mark = project::access_mark(&reader, whose).unwrap();
    assert_eq!((mark.number, project::access_sealed(&reader).unwrap()), (3, 0));
    line.wait(Duration::from_secs(3_900));
    assert_eq!(project::access_sealed(&reader).unwrap(), 3);
    let frames = line.world.places[&node].store.frames();
    let sealed = frames.iter().rev().filter(|frame| frame.kind == FrameKind::Own).find_map(|f| {
        let record = record::Unverified::<record::Header>::parse(f.envelope.clone()).ok()?;
        let record = record.trust_stored(&setup.federation);
        (record.kind == kind::ACCESS_SEALED).then(|| record::open(&record, &f.open).unwrap())
    });
    let link: Option<record::Hash> = sealed.expect("a record").get(field::ACCESS_HEAD).unwrap();
    assert_eq!(link, Some(mark.link));
    let log = line.world.witnessed(line.street, node).expect("the street witnesses it");
    assert!(log.0 > 0);
    // Nothing more is signed as long as nobody reads.
    let count = frames.len();
    line.wait(Duration::from_secs(8_000));
    let later = line.world.places[&node].store.frames();
    let own = |frames: &[engine::store::Frame]| {
        frames.iter().filter(|frame| frame.kind == FrameKind::Own).count()
    };
    assert_eq!(own(&frames[..count]), own(&later));
    let reads = view::reads(&reader, case).unwrap();
    assert_eq!(reads.get("grid_worker"), Some(&3));
    // After a crash the log goes on where it was.
    line.world.crash(node);
    line.world.restart(node);
    line.tries(node, by, look(Look::Case, Purpose::Work)).expect("on record");
    let mark = project::access_mark(&line.reader(node), whose).unwrap();
    assert_eq!(mark.number, 4);
    let newest = view::access_log(&line.reader(node), None, 10).unwrap();
    assert_eq!(newest.iter().map(|entry| entry.number).collect::<Vec<_>>(), [4, 3, 2, 1]);
}
