//! What a proof says of the hand by which a record was made.

use ed25519_dalek::{Signer, SigningKey};
use engine::store::Frame;
use governance::act::Act;
use governance::field;
use governance::hand::{Hand, NodeOnly, Signed as BySigned};
use record::person::{PersonAct, values, values_digest};
use record::{Actor, ActorId, Disclosure, NodeKey, Record, Subject};

use super::*;

const SALT: [u8; 32] = [5; 32];

/// What a record is told to be: whose hand, and what of it is not as it should be.
#[derive(Clone, Copy)]
struct Told {
    person: u8,
    cause: u8,
    note: &'static str,
}

const HONEST: Told = Told { person: 3, cause: 6, note: "已联系物业" };

fn federation() -> FederationId {
    FederationId::of_root(&root())
}

fn root() -> PublicKey {
    NodeKey::from_seed(&[9; 32]).public()
}

/// A frame with a record of an act, with what its author has of its fields.
fn frame(act: &Act, hand: &Hand, told: Told) -> (Record, Frame) {
    let node = NodeKey::from_seed(&[1; 32]);
    let mut values = act.fields();
    values.extend(hand.fields(&values));
    if let Act::Progress { .. } = act {
        let note = Act::Progress { note: told.note.into(), photos: Vec::new() }.fields();
        values.extend(note);
    }
    let mut rng = crate::seed::rng().expect("randomness");
    let sealed: Vec<_> =
        values.into_iter().map(|(id, value)| Disclosure::seal(id, value, &mut rng)).collect();
    let header = Header {
        author: NodeId::from_genesis(&node.public()),
        epoch: 0,
        seq: 4,
        prev: RecordId::from_bytes([1; 32]),
        time: Timestamp::from_millis(6),
        subject: Subject::from_bytes([4; 16]),
        kind: act.kind().kind(),
        causes: vec![RecordId::from_bytes([told.cause; 32])],
        actor: Some(Actor { id: ActorId::from_bytes([told.person; 16]), role: "r".into() }),
        commitments: sealed.iter().map(|(open, commitment)| (open.field, *commitment)).collect(),
    };
    let record = Signed::sign(header, &node, &federation());
    let (open, sealed) = sealed
        .into_iter()
        .map(|(opened, _)| opened)
        .partition(|opened| field::is_structural(opened.field));
    let (kind, subject) = (FrameKind::Own, record.subject);
    let envelope = record.bytes().clone();
    let frame = Frame {
        kind,
        subject,
        envelope,
        entry: None,
        peer: None,
        open,
        sealed,
        note: vec![],
        came: vec![],
    };
    (record, frame)
}

fn progress(note: &str) -> Act {
    Act::Progress { note: note.into(), photos: Vec::new() }
}

/// As the person in 3 signs it, after the record 6.
fn signed(act: &Act) -> Hand {
    let (node, key) = (NodeKey::from_seed(&[1; 32]), SigningKey::from_bytes(&[2; 32]));
    let (base, time) = (RecordId::from_bytes([6; 32]), Timestamp::from_millis(6));
    let message = PersonAct {
        federation: federation(),
        node: NodeId::from_genesis(&node.public()),
        person: ActorId::from_bytes([3; 16]),
        case: Subject::from_bytes([4; 16]),
        kind: act.kind().kind(),
        base,
        time,
        digest: values_digest(&SALT, &values(&act.fields())),
    };
    let signature = key.sign(&message.message()).to_bytes();
    let key = PublicKey::from_bytes(key.verifying_key().to_bytes());
    Hand::Person(Box::new(BySigned { key, salt: SALT, base, time, signature }))
}

/// What somebody offline makes of a frame's proof, with the words or without.
fn checked(record: &Record, frame: &Frame, with: bool) -> Result<ByHand, ProofError> {
    let words = if with { opened_words(frame) } else { Vec::new() };
    let hand = opened_hand(frame).expect("it says by whose hand");
    by_hand(federation(), record.bytes(), &hand, &words)
}

#[test]
fn s18_a_proof_tells_by_whose_hand_a_record_is_and_holds_its_words_against_the_signature() {
    let act = progress(HONEST.note);
    let (record, of_person) = frame(&act, &signed(&act), HONEST);
    let Ok(ByHand::Person { words: Some(words), .. }) = checked(&record, &of_person, true) else {
        panic!("it holds, words and all");
    };
    assert!(words == [("note", HONEST.note.to_owned())]);
    let without = checked(&record, &of_person, false);
    assert!(
        matches!(without, Ok(ByHand::Person { words: None, .. })),
        "and says they are not there"
    );
    let (alone, of_node) = frame(&act, &Hand::Node(NodeOnly::Device), HONEST);
    let told = checked(&alone, &of_node, true);
    assert!(matches!(told, Ok(ByHand::Node(NodeOnly::Device))));

    // What another record says, what was changed, and another federation.
    assert!(checked(&alone, &of_person, true).is_err());
    let hand = opened_hand(&of_person).expect("it says by whose hand");
    let mut words = opened_words(&of_person);
    let elsewhere = FederationId::of_root(&NodeKey::from_seed(&[8; 32]).public());
    assert!(by_hand(elsewhere, record.bytes(), &hand, &words).is_err());
    for word in &mut words {
        word.value = BASE64.encode(b"\x61x");
        assert!(by_hand(federation(), record.bytes(), &hand, std::slice::from_ref(word)).is_err());
    }
}

#[test]
fn s18_a_node_can_not_put_a_persons_signature_on_another_record_or_other_words() {
    let act = progress(HONEST.note);
    for with in [true, false] {
        for told in [Told { person: 4, ..HONEST }, Told { cause: 7, ..HONEST }] {
            let (record, frame) = frame(&act, &signed(&act), told);
            assert!(matches!(checked(&record, &frame, with), Err(ProofError::Hand { .. })));
        }
    }
    let (record, other) = frame(&act, &signed(&act), Told { note: "没有人来过", ..HONEST });
    let found = checked(&record, &other, true);
    assert!(matches!(found, Err(ProofError::Hand { source: HandError::Values })));
}
