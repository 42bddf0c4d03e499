use proptest::prelude::*;

use crate::arbitrary::{bare_header, federation, key};
use crate::cbor::CborError;
use crate::chain::{
    ChainError, ForkError, ForkProof, Head, Link, Slot, UnverifiedForkProof, follows,
};
use crate::{
    Checkpoint, FederationId, Hash, Header, Kind, NodeId, Record, RecordId, Signed, Timestamp,
    UnverifiedRecord,
};

fn record(header: Header) -> Record {
    Signed::sign(header, &key(1), &federation())
}

/// A log of `length` records in epoch 0.
fn log(length: u64) -> Vec<Record> {
    let mut prev = RecordId::ZERO;
    let record = |seq| {
        let record = record(bare_header(0, seq, prev));
        prev = record.id();
        record
    };
    (0..length).map(record).collect()
}

/// The same place and past, another content.
fn rival(record: &Record) -> Record {
    Signed::sign(Header { kind: Kind(99), ..record.value().clone() }, &key(1), &federation())
}

proptest! {
    #[test]
    fn an_unbroken_log_is_followed_and_every_departure_is_named(
        at in 0_usize..12,
        next in 0_usize..12,
    ) {
        let log = log(12);
        let head = Head::of(&log[at]);
        let link = follows(Some(&head), &log[next]);
        let (expected, found) = (at as u64 + 1, next as u64);
        let wanted = match next {
            next if next == at + 1 => Ok(Link::Next),
            next if next > at => Err(ChainError::Gap { expected, found }),
            _ => Err(ChainError::Replay { head: at as u64, found }),
        };
        prop_assert_eq!(link, wanted);
    }
}

#[test]
fn a_log_starts_at_its_epochs_beginning() {
    let log = log(2);
    assert_eq!(follows(None, &log[0]), Ok(Link::Start));
    assert_eq!(follows(None, &log[1]), Err(ChainError::Gap { expected: 0, found: 1 }));
    let later = record(bare_header(5, 0, RecordId::from_bytes([1; 32])));
    assert_eq!(follows(None, &later), Ok(Link::Start));
}

#[test]
fn a_rival_of_the_head_is_a_fork() {
    let log = log(3);
    let rival = rival(&log[2]);
    let fork = ChainError::Fork { known: log[2].id(), found: rival.id() };
    assert_eq!(follows(Some(&Head::of(&log[2])), &rival), Err(fork));
}

#[test]
fn a_branch_below_the_head_shows_as_a_wrong_prev() {
    let log = log(3);
    let branch = rival(&log[2]);
    let next = record(bare_header(0, 3, branch.id()));
    let wrong = ChainError::WrongPrev { head: log[2].id(), found: branch.id() };
    assert_eq!(follows(Some(&Head::of(&log[2])), &next), Err(wrong));
}

#[test]
fn only_the_next_epoch_may_open_and_what_it_gives_up_shows() {
    let log = log(3);
    let head = Head::of(&log[2]);
    let open = |epoch, seq, prev| follows(Some(&head), &record(bare_header(epoch, seq, prev)));
    assert_eq!(open(1, 0, log[2].id()), Ok(Link::NewEpoch));
    assert_eq!(open(1, 0, log[0].id()), Ok(Link::Rollback { continues: log[0].id() }));
    assert_eq!(open(1, 0, RecordId::ZERO), Ok(Link::Rollback { continues: RecordId::ZERO }));
    let refused = |found, seq| Err(ChainError::EpochNotAllowed { log: 0, found, seq });
    assert_eq!(open(1, 3, log[2].id()), refused(1, 3));
    assert_eq!(open(2, 0, log[2].id()), refused(2, 0));
}

#[test]
fn a_closed_epoch_stays_closed() {
    let log = log(1);
    let head = Head { epoch: 1, ..Head::of(&log[0]) };
    let next = record(bare_header(0, 1, log[0].id()));
    let refused = ChainError::EpochNotAllowed { log: 1, found: 0, seq: 1 };
    assert_eq!(follows(Some(&head), &next), Err(refused));
    let last = Head { epoch: u32::MAX, ..Head::of(&log[0]) };
    assert!(follows(Some(&last), &log[0]).is_err());
}

#[test]
fn anothers_record_never_follows() {
    let log = log(2);
    let other = NodeId::from_bytes([8; 32]);
    let head = Head { author: other, ..Head::of(&log[0]) };
    let refused = ChainError::OtherAuthor { log: other, found: log[1].author };
    assert_eq!(follows(Some(&head), &log[1]), Err(refused));
}

#[test]
fn a_clock_set_back_breaks_no_chain() {
    let log = log(1);
    let earlier = Header { time: Timestamp::EPOCH, ..bare_header(0, 1, log[0].id()) };
    assert_eq!(follows(Some(&Head::of(&log[0])), &record(earlier)), Ok(Link::Next));
}

#[test]
fn two_records_in_one_place_are_a_proof_that_others_can_check() {
    let (a, b) = (log(2).remove(1), rival(&log(2)[1]));
    let proof = ForkProof::new(a.clone(), b.clone()).unwrap();
    assert_eq!(proof, ForkProof::new(b, a).unwrap());
    assert_eq!(proof.slot(), Slot { author: proof.first().author, epoch: 0, number: 1 });
    let signer = key(1).public();
    let parsed = UnverifiedForkProof::<Header>::parse(&proof.encode()).unwrap();
    assert_eq!(parsed.first().claimed_signer(), signer);
    assert_eq!(parsed.verify(&federation(), &signer, &signer).unwrap(), proof);
    assert!(format!("{proof:?}").contains(&proof.second().id().to_string()));
}

#[test]
fn one_record_or_two_places_are_no_proof() {
    let log = log(3);
    let twice = ForkProof::new(log[1].clone(), log[1].clone());
    assert_eq!(twice, Err(ForkError::NoContradiction));
    let refused = ForkProof::new(log[0].clone(), log[2].clone()).unwrap_err();
    assert!(matches!(refused, ForkError::OtherSlot { .. }));
    let honest = ForkProof::new(log[0].clone(), log[1].clone());
    assert_eq!(honest, Err(ForkError::NoContradiction), "it names the one before it");
}

#[test]
fn a_record_that_names_another_before_it_than_stands_there_is_a_proof_of_a_fork() {
    let log = log(2);
    let other = record(bare_header(0, 2, rival(&log[1]).id()));
    let proof = ForkProof::new(log[1].clone(), other.clone()).unwrap();
    assert_eq!(proof, ForkProof::new(other, log[1].clone()).unwrap());
    assert_eq!((proof.slot().epoch, proof.slot().number), (0, 1), "the place that was taken twice");
    let signer = key(1).public();
    let parsed = UnverifiedForkProof::<Header>::parse(&proof.encode()).unwrap();
    assert_eq!(parsed.verify(&federation(), &signer, &signer).unwrap(), proof);
    // Two honest records in a proof's form prove nothing once their ids are known.
    let (a, b) = (&log[0], &log[1]);
    let (first, second) = if a.id() <= b.id() { (a, b) } else { (b, a) };
    let parsed =
        UnverifiedForkProof::<Header>::parse(&pair(first.bytes(), second.bytes())).unwrap();
    let refused = parsed.verify(&federation(), &signer, &signer);
    assert_eq!(refused, Err(ForkError::NoContradiction));
}

#[test]
fn one_header_under_two_keys_of_the_author_is_a_fork() {
    let header = bare_header(0, 1, RecordId::from_bytes([1; 32]));
    let (a, b) = (record(header.clone()), Signed::sign(header, &key(2), &federation()));
    let proof = ForkProof::new(a.clone(), b).unwrap();
    let (first, second) = (proof.first().signer(), proof.second().signer());
    let parsed = || UnverifiedForkProof::<Header>::parse(&proof.encode()).unwrap();
    assert!(parsed().verify(&federation(), &first, &second).is_ok());
    assert!(parsed().verify(&federation(), &second, &first).is_err());
}

/// Two envelopes as a proof would have them.
fn pair(first: &[u8], second: &[u8]) -> Vec<u8> {
    let mut writer = crate::cbor::Writer::default();
    writer.array(2);
    writer.bytes(first);
    writer.bytes(second);
    writer.finish()
}

#[test]
fn a_forged_proof_accuses_nobody() {
    let log = log(2);
    let proof = ForkProof::new(log[1].clone(), rival(&log[1])).unwrap();
    let signer = key(1).public();
    let check = |bytes: &[u8]| {
        UnverifiedForkProof::<Header>::parse(bytes)?.verify(&federation(), &signer, &signer)
    };
    let bytes = proof.encode();
    assert!(check(&bytes).is_ok());
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert!(check(&changed).is_err(), "byte {at}");
        assert!(check(&bytes[..at]).is_err(), "{at} bytes");
    }
    assert!(check(&[&bytes[..], &[0]].concat()).is_err());
    assert_eq!(check(&pair(log[1].bytes(), log[1].bytes())), Err(ForkError::NoContradiction));
    let (smaller, larger) = (proof.first().bytes(), proof.second().bytes());
    assert_eq!(check(&pair(larger, smaller)), Err(ForkError::Form));
    let too_long = CborError::TooLong { limit: 8203, actual: 8204 };
    assert_eq!(check(&[0; 8204]), Err(ForkError::Cbor(too_long)));
    let elsewhere = FederationId::of_root(&key(9).public());
    let parsed = UnverifiedForkProof::<Header>::parse(&bytes).unwrap();
    assert!(parsed.verify(&elsewhere, &signer, &signer).is_err());
}

fn checkpoint(root: u8, head: u8, millis: i64) -> Signed<Checkpoint> {
    let checkpoint = Checkpoint {
        author: NodeId::from_genesis(&key(1).public()),
        epoch: 2,
        size: 40,
        root: Hash::from_bytes([root; 32]),
        head: RecordId::from_bytes([head; 32]),
        time: Timestamp::from_millis(millis),
    };
    Signed::sign(checkpoint, &key(1), &federation())
}

#[test]
fn checkpoints_of_one_size_and_different_logs_are_a_proof() {
    let signer = key(1).public();
    for rival in [checkpoint(2, 1, 0), checkpoint(1, 2, 0)] {
        let proof = ForkProof::new(checkpoint(1, 1, 0), rival).unwrap();
        assert_eq!(proof.slot().number, 40);
        let parsed = UnverifiedForkProof::<Checkpoint>::parse(&proof.encode()).unwrap();
        assert_eq!(parsed.verify(&federation(), &signer, &signer).unwrap(), proof);
    }
}

#[test]
fn a_checkpoint_signed_again_later_is_no_proof() {
    let again = ForkProof::new(checkpoint(1, 1, 0), checkpoint(1, 1, 5));
    assert_eq!(again, Err(ForkError::NoContradiction));
}

#[test]
fn a_proof_of_records_is_none_of_checkpoints() {
    let record = log(1).remove(0);
    let rival = rival(&record);
    let proof = ForkProof::new(record, rival).unwrap();
    assert!(UnverifiedForkProof::<Checkpoint>::parse(&proof.encode()).is_err());
    assert!(UnverifiedRecord::parse(proof.encode()).is_err());
}
