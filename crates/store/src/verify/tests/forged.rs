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
fn an_entry_for_another_record_or_from_nobody() {
    let said = said_of(|house| {
        let other = house.head.clone().unwrap();
        vec![Frame { entry: Some(entry(&other).into()), ..house.foreign() }]
    });
    is_said(&said, "about another record");
    let said = said_of(|house| vec![Frame { peer: None, ..house.foreign() }]);
    is_said(&said, "with nobody");
    let said = said_of(|house| vec![Frame { entry: None, ..house.foreign() }]);
    is_said(&said, "without the entry");
}

#[test]
fn an_entry_that_is_not_the_one_that_was_signed_by_its_sender_or_acknowledged() {
    let said = said_of(|house| {
        let foreign = house.foreign();
        vec![foreign, house.stream_head(b"another entry")]
    });
    is_said(&said, "entries up to 1 are not the ones that were signed");
    let said = said_of(|house| vec![house.sent(), house.acknowledged(b"another entry")]);
    is_said(&said, "entries up to 1 are not the ones that were signed");
    let said = said_of(|house| vec![house.acknowledged(b"an entry that is lost")]);
    is_said(&said, "entries up to 1 are not the ones that were signed");
}

#[test]
fn an_entry_missing_in_a_stream() {
    let said = said_of(|house| vec![house.sent(), house.sent()]);
    is_said(&said, "the stream's entry 1 stands where 2 is next");
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
        FrameKind::Acknowledged,
        FrameKind::StreamHead,
        FrameKind::Checkpoint,
        FrameKind::Countersigned,
    ] {
        let said = said_of(|house| {
            let entry = Some(Arc::from(*b"nor this"));
            vec![Frame { entry, ..house.frame(kind, &Arc::from(*b"no statement")) }]
        });
        is_said(&said, "envelope");
    }
    let said = said_of(|house| vec![house.frame(FrameKind::Sent, &Arc::from(*b"no entry"))]);
    is_said(&said, "an entry is malformed");
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
