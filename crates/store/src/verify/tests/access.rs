//! S18: the access log can't be rewritten unnoticed.

use engine::access::{AccessEntry, AccessMark, Look, Purpose, VERSION};
use engine::kind;
use governance::field;

use super::*;

/// An access log of three entries, frame by frame.
fn entries(house: &House) -> Vec<(Frame, AccessMark)> {
    let mut mark = AccessMark::start(&FEDERATION, node(&house.key));
    (1..=3)
        .map(|number| {
            let entry = AccessEntry {
                version: VERSION,
                number,
                before: mark.link,
                time: TIME.parse().unwrap(),
                person: Subject::from_bytes([1; 16]),
                role: "grid_worker".into(),
                look: Look::Reveal,
                subject: Some(Subject::from_bytes([7; 16])),
                fields: vec![field::CONTACT_PHONE],
                purpose: Purpose::Contact,
            };
            mark = mark.after(&entry.encode());
            (house.frame(FrameKind::Access, &entry.encode().into()), mark)
        })
        .collect()
}

/// An own record that says how far the log had come.
fn sealed(house: &mut House, mark: AccessMark) -> Frame {
    let (header, ..) = house.draft();
    let count = record::cbor::encode(&mark.number).unwrap();
    let link = record::cbor::encode(&mark.link).unwrap();
    let (count, one) = Disclosure::seal(field::ACCESS_COUNT, count, &mut house.rng);
    let (link, two) = Disclosure::seal(field::ACCESS_HEAD, link, &mut house.rng);
    let commitments = vec![(count.field, one), (link.field, two)];
    let header = Header { kind: kind::ACCESS_SEALED, commitments, ..header };
    let record = Signed::sign(header, &house.key, &FEDERATION);
    house.frontier.append(leaf_hash(record.id().as_bytes()));
    let frame = house.frame(FrameKind::Own, record.bytes());
    let frame = Frame { subject: record.subject, open: vec![count, link], ..frame };
    house.head = Some(record);
    frame
}

fn said_of(change: impl FnOnce(&mut Vec<Frame>)) -> Vec<String> {
    let mut house = House::new();
    let mut frames = vec![house.own()];
    let made = entries(&house);
    let last = made.last().unwrap().1;
    frames.extend(made.into_iter().map(|(frame, _)| frame));
    frames.push(sealed(&mut house, last));
    change(&mut frames);
    house.write(&frames);
    house.verify().problems.into_iter().map(|problem| problem.what).collect()
}

#[test]
fn s18_an_access_log_that_nobody_touched_is_sound() {
    assert_eq!(said_of(|_| {}), Vec::<String>::new());
}

#[test]
fn s18_an_entry_taken_out_of_the_access_log_is_noticed() {
    for at in 1..=3 {
        let said = said_of(|frames| drop(frames.remove(at)));
        let noticed = said.iter().any(|what| what.contains("access log"));
        assert!(noticed, "entry {at}: {said:?}");
    }
}

#[test]
fn s18_an_entry_changed_in_the_access_log_is_noticed() {
    for at in 1..=3 {
        let said = said_of(|frames| {
            let entry = AccessEntry::decode(&frames[at].envelope).unwrap();
            let other = AccessEntry { fields: Vec::new(), ..entry };
            frames[at].envelope = other.encode().into();
        });
        let noticed = said.iter().any(|what| what.contains("access log"));
        assert!(noticed, "entry {at}: {said:?}");
    }
}

/// Also before a signed record says how far the log had come.
#[test]
fn s18_an_entry_that_does_not_go_on_from_the_one_before_is_noticed_though_nothing_binds_it_yet() {
    for at in 1..=2 {
        let said = said_of(|frames| {
            frames.pop();
            frames.remove(at);
        });
        let noticed = said.iter().any(|what| what.contains("of the access log does not continue"));
        assert!(noticed, "entry {at}: {said:?}");
    }
}
