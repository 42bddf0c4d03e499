//! A person's signature holds in the one record that it was given for.

use ed25519_dalek::{Signer, SigningKey};
use rand::SeedableRng;
use rand::rngs::StdRng;
use record::{Actor, ActorId, Disclosure, Kind, NodeId, Subject};

use super::*;
use crate::act::{Act, Triage};

const SALT_OF: [u8; SALT] = [5; SALT];

/// A record in the making: what stands in it may be changed before it is looked at.
#[derive(Clone)]
struct Made {
    header: Header,
    values: FieldValues,
    signature: PersonSignature,
}

fn federation() -> FederationId {
    FederationId::from_bytes([1; 32])
}

/// An act as its person signs it, with what the node says of it.
fn made(act: &Act) -> Made {
    let key = SigningKey::from_bytes(&[9; 32]);
    let (base, time) = (RecordId::from_bytes([6; 32]), Timestamp::from_millis(7));
    let said = act.fields();
    let header = Header {
        author: NodeId::from_bytes([2; 32]),
        epoch: 0,
        seq: 3,
        prev: base,
        time,
        subject: Subject::from_bytes([4; 16]),
        kind: act.kind().kind(),
        causes: vec![base],
        actor: Some(Actor { id: ActorId::from_bytes([3; 16]), role: "grid_worker".into() }),
        commitments: Vec::new(),
    };
    let digest = values_digest(&SALT_OF, &values(&said));
    let statement = PersonAct {
        federation: federation(),
        node: header.author,
        person: header.actor.as_ref().expect("set").id,
        case: header.subject,
        kind: header.kind,
        base,
        time,
        digest,
    };
    let signature = key.sign(&statement.message()).to_bytes();
    let key = PublicKey::from_bytes(key.verifying_key().to_bytes());
    let signed = Signed { key, salt: SALT_OF, base, time, signature };
    let hand = Hand::Person(Box::new(signed)).fields(&said);
    let signature =
        record::cbor::decode(&hand[&field::PERSON_SIGNED], &record::fields::VALUE_LIMITS);
    let mut body = Body(said);
    body.0.extend(hand);
    body.put(field::STAGE, &"handling");
    body.put(field::DUE, &time);
    Made { header, values: body.0, signature: signature.expect("it was written just now") }
}

impl Made {
    /// What of it can be checked by whoever is given all fields but those.
    fn check_without(&self, withheld: &[FieldId]) -> Result<Checked, HandError> {
        let mut rng = StdRng::seed_from_u64(1);
        let mut header = self.header.clone();
        let sealed = |(id, value): (&FieldId, &Vec<u8>)| {
            let (disclosure, commitment) = Disclosure::seal(*id, value.clone(), &mut rng);
            header.commitments.push((*id, commitment));
            disclosure
        };
        let mut open: Vec<_> = self.values.iter().map(sealed).collect();
        open.retain(|opened| !withheld.contains(&opened.field));
        let fields = record::open(&header, &open).expect("it was sealed just now");
        self.signature.check(federation(), &header, &fields)
    }

    fn check(&self) -> Result<Checked, HandError> {
        self.check_without(&[])
    }

    fn put<T: Serialize>(mut self, id: FieldId, value: &T) -> Self {
        let mut body = Body(self.values);
        body.put(id, value);
        self.values = body.0;
        self
    }

    fn without(mut self, id: FieldId) -> Self {
        self.values.remove(&id);
        self
    }

    fn after(mut self, causes: Vec<RecordId>) -> Self {
        self.header.causes = causes;
        self
    }
}

fn progress() -> Made {
    made(&Act::Progress { note: "已联系物业".into(), photos: Vec::new() })
}

#[test]
fn s18_a_signature_holds_in_the_record_that_follows_what_its_person_saw() {
    assert_eq!(progress().check(), Ok(Checked::Whole));
    assert_eq!(progress().check_without(&[field::NOTE]), Ok(Checked::Digest));
    let other = RecordId::from_bytes([7; 32]);
    for causes in [vec![], vec![other], vec![RecordId::ZERO]] {
        assert_eq!(progress().after(causes).check(), Err(HandError::Cause));
    }
    let mut first = progress().after(vec![RecordId::ZERO]);
    first.signature.base = RecordId::ZERO;
    assert!(first.check().is_err());
}

#[test]
fn s18_a_signature_holds_where_the_record_says_what_was_signed_and_no_more() {
    let more = Err(HandError::Commitments);
    // Whoever is given nothing but the header notices, too.
    for withheld in [&[][..], &[field::NOTE, field::REASON, field::PERSON_SALT]] {
        let check = |made: Made| made.check_without(withheld);
        assert_eq!(check(progress().put(field::REASON, &"别的话")), more, "more words");
        assert_eq!(check(progress().put(field::SOLVED, &true)), more, "another answer");
        assert_eq!(check(progress().without(field::NOTE)), more, "no words");
        assert_eq!(check(progress().without(field::PERSON_SALT)), more, "never to be opened");
        let mut unlisted = progress();
        unlisted.signature.fields.clear();
        assert_eq!(check(unlisted), more, "words that are not among the signed");
        let mut listed = progress();
        listed.signature.fields.push(field::LEDGER.0);
        assert_eq!(check(listed), more, "signed words that are not there");
    }
    assert_eq!(progress().put(field::NOTE, &"别的话").check(), Err(HandError::Values));
    let mut twice = progress();
    twice.signature.fields.push(field::NOTE.0);
    assert_eq!(twice.check(), Err(HandError::Form));
    let mut another = progress();
    another.header.kind = Kind(another.header.kind.0 + 1);
    assert!(matches!(another.check(), Err(HandError::Key(_))));
}

#[test]
fn s18_where_a_case_goes_and_that_it_is_closed_out_of_turn_is_a_persons_word() {
    let to = NodeId::from_bytes([8; 32]);
    let down = made(&Act::HandDown { to, request: "请处理".into() });
    assert_eq!(down.check(), Ok(Checked::Whole));
    let elsewhere = down.put(field::TO, &NodeId::from_bytes([9; 32]));
    assert_eq!(elsewhere.check(), Err(HandError::Values));
    let up = made(&Act::Escalate { reason: "办不了".into() }).put(field::TO, &to);
    assert_eq!(up.check(), Ok(Checked::Whole), "there is one node above");

    assert_eq!(made(&Act::Close { special: true }).check(), Ok(Checked::Whole));
    let close = || made(&Act::Close { special: false });
    assert_eq!(close().put(field::CLOSING, &Closing::Overtime).check(), Ok(Checked::Whole));
    let special = close().put(field::CLOSING, &Closing::Special);
    assert_eq!(special.check(), Err(HandError::Values));
    let grid = made(&Act::Triage(Triage {
        category: None,
        grade: None,
        importance: Some(2),
        urgency: None,
        place: Some(Subject::ZERO),
    }))
    .put(field::GRID, &"341021100003001");
    assert_eq!(grid.check(), Ok(Checked::Whole), "the grid that a place lies in follows from it");
}
