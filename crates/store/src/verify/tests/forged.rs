//! Whole frames with fitting checksums whose contents are not what they should be.

use super::*;

/// What a check says of the house's own frames followed by this one.
fn said_of(change: impl FnOnce(&mut House) -> Vec<Frame>) -> Vec<String> {
    let mut house = House::new();
    let mut frames = vec![house.own(), house.own()];
    frames.extend(change(&mut house));
    house.write(&frames);
    house.verify().problems.into_iter().map(|problem| problem.what).collect()
}

fn is_said(said: &[String], what: &str) {
    assert!(said.iter().any(|said| said.contains(what)), "{what:?} is not in {said:?}");
}

#[test]
fn a_record_left_out_of_the_own_log() {
    let said = said_of(|house| {
        house.own();
        vec![house.own()]
    });
    is_said(&said, "has seq 3 where 2 is next");
}

#[test]
fn a_second_history() {
    let said = said_of(|house| {
        let (header, ..) = house.draft();
        let other = Header { seq: 1, prev: house.head.as_ref().unwrap().prev, ..header };
        let record = Signed::sign(other, &house.key, &FEDERATION);
        let subject = record.subject;
        vec![Frame { subject, ..house.frame(FrameKind::Own, record.bytes()) }]
    });
    is_said(&said, "signed two histories");
}

#[test]
fn a_record_signed_by_another() {
    let said = said_of(|house| {
        let (header, ..) = house.draft();
        let record = Signed::sign(header, &house.parent, &FEDERATION);
        vec![house.frame(FrameKind::Own, record.bytes())]
    });
    is_said(&said, "names signer");
}

#[test]
fn a_record_of_another_federation() {
    let said = said_of(|house| {
        let (header, ..) = house.draft();
        let record = Signed::sign(header, &house.key, &FederationId::from_bytes([1; 32]));
        vec![house.frame(FrameKind::Own, record.bytes())]
    });
    is_said(&said, "does not verify");
}

#[test]
fn a_value_that_was_exchanged_in_the_open_or_the_sealed_part() {
    for sealed in [false, true] {
        let said = said_of(|house| {
            let mut frame = house.own();
            let part = if sealed { &mut frame.sealed } else { &mut frame.open };
            part[0].value = record::cbor::encode(&"something else").unwrap();
            vec![frame]
        });
        is_said(&said, "not what the author committed to");
    }
}

#[test]
fn a_record_filed_under_another_case() {
    let said = said_of(|house| vec![Frame { subject: Subject::ZERO, ..house.own() }]);
    is_said(&said, "about something else");
}

#[test]
fn an_entry_for_another_record_or_from_another_peer() {
    let said = said_of(|house| {
        let other = house.head.clone().unwrap();
        let entry = house.entry(&house.parent, &house.key, &other);
        vec![Frame { entry: Some(entry.bytes().clone()), ..house.foreign() }]
    });
    is_said(&said, "about another record");
    let said = said_of(|house| vec![Frame { peer: Some(node(&house.key)), ..house.foreign() }]);
    is_said(&said, "not by the peer");
    let said = said_of(|house| vec![Frame { entry: None, ..house.foreign() }]);
    is_said(&said, "without the entry");
}

#[test]
fn a_log_that_is_not_the_one_that_was_witnessed() {
    let said = said_of(|house| vec![house.countersigned(Hash::of(b"another log"))]);
    is_said(&said, "was not the one that was witnessed");
}

#[test]
fn a_countersignature_of_another_checkpoint() {
    let said = said_of(|house| vec![house.witnessed(Hash::of(b"another root"))]);
    is_said(&said, "another checkpoint");
}

#[test]
fn bytes_that_are_no_statement() {
    for kind in [
        FrameKind::Own,
        FrameKind::Foreign,
        FrameKind::Sent,
        FrameKind::Acknowledged,
        FrameKind::Checkpoint,
        FrameKind::Countersigned,
    ] {
        let said = said_of(|house| {
            let entry = Some(Arc::from(*b"nor this"));
            vec![Frame { entry, ..house.frame(kind, &Arc::from(*b"no statement")) }]
        });
        is_said(&said, "envelope");
    }
}

/// A box that was put into another frame of the same subject opens under its key, but not there.
#[test]
fn a_sealed_part_moved_from_one_frame_to_another() {
    let mut house = House::new();
    let frames = vec![house.own(), house.own()];
    house.write(&frames);
    let (path, mut bytes) = files(&journal_folder(house.folder.path())).remove(0);
    let at = |start: usize| {
        let head = Head::read(bytes[start..].first_chunk().unwrap());
        let sealed = start + frame::HEADER + head.clear as usize;
        (sealed, sealed + head.sealed as usize)
    };
    let first = at(segment::HEADER as usize);
    let second = at(first.1);
    assert_eq!(first.1 - first.0, second.1 - second.0);
    let moved = bytes[second.0..second.1].to_vec();
    bytes[first.0..first.1].copy_from_slice(&moved);
    let start = segment::HEADER as usize;
    let crc_at = start + frame::HEADER - 4;
    let mut crc = crc32fast::Hasher::new();
    crc.update(&bytes[start..crc_at]);
    crc.update(&bytes[crc_at + 4..first.1]);
    bytes[crc_at..crc_at + 4].copy_from_slice(&crc.finalize().to_be_bytes());
    fs::write(path, bytes).unwrap();
    let said: Vec<_> = house.verify().problems.into_iter().map(|p| p.what).collect();
    is_said(&said, "was altered, or sealed under another storage key");
}
