//! What a proof says of the hand by which a record was made.

use ed25519_dalek::{Signer, SigningKey};
use governance::act::ActKind;
use record::person::{PersonAct, values, values_digest};
use record::{Actor, ActorId, NodeKey, Record, Subject};

use super::*;

const SALT: [u8; 32] = [5; 32];

/// A record that its person signed, and another that the node signed alone; each with what opens
/// what it says of that. `person` is who the header says it was.
fn records(root: &PublicKey, person: u8) -> [(Record, OpenedField); 2] {
    let (node, key) = (NodeKey::from_seed(&[1; 32]), SigningKey::from_bytes(&[2; 32]));
    let federation = FederationId::of_root(root);
    let author = NodeId::from_genesis(&node.public());
    let act = PersonAct {
        federation,
        node: author,
        person: ActorId::from_bytes([3; 16]),
        case: Subject::from_bytes([4; 16]),
        kind: ActKind::Take.kind(),
        base: RecordId::ZERO,
        time: Timestamp::from_millis(6),
        digest: values_digest(&SALT, &values(&Default::default())),
    };
    let signature = PersonSignature {
        key: PublicKey::from_bytes(key.verifying_key().to_bytes()),
        base: act.base,
        time: act.time,
        digest: act.digest.to_vec().into(),
        signature: key.sign(&act.message()).to_bytes().to_vec().into(),
        fields: Vec::new(),
    };
    let mut rng = crate::seed::rng().expect("randomness");
    let signed = Disclosure::seal_value(field::PERSON_SIGNED, &signature, &mut rng);
    let alone = Disclosure::seal_value(field::NODE_ONLY, &NodeOnly::Device, &mut rng);
    [signed, alone].map(|sealed| {
        let (opened, commitment) = sealed.expect("a value");
        let header = Header {
            author,
            epoch: 0,
            seq: 0,
            prev: RecordId::ZERO,
            time: act.time,
            subject: act.case,
            kind: act.kind,
            causes: Vec::new(),
            actor: Some(Actor { id: ActorId::from_bytes([person; 16]), role: "r".into() }),
            commitments: vec![(opened.field, commitment)],
        };
        let (salt, value) = (BASE64.encode(&opened.salt), BASE64.encode(&opened.value));
        let opened = OpenedField { field: opened.field.0, salt, value };
        (Signed::sign(header, &node, &federation), opened)
    })
}

#[test]
fn s18_a_proof_tells_by_whose_hand_a_record_is_and_nothing_that_does_not_hold() {
    let root = NodeKey::from_seed(&[9; 32]).public();
    let what = What::Rollback { before: String::new(), after: String::new() };
    let evidence = Evidence { version: VERSION, root, chain: Vec::new(), what };
    let [(signed, of_person), (alone, of_node)] = records(&root, 3);
    let told = evidence.by_hand(signed.bytes(), &of_person).expect("it holds");
    assert!(matches!(told, ByHand::Person { .. }));
    let told = evidence.by_hand(alone.bytes(), &of_node).expect("it holds");
    assert_eq!(told, ByHand::Node(NodeOnly::Device));
    // What another record says, what was changed, and another's signature.
    assert!(evidence.by_hand(alone.bytes(), &of_person).is_err());
    let changed = OpenedField { value: of_node.value.clone(), ..of_person };
    assert!(evidence.by_hand(signed.bytes(), &changed).is_err());
    let [(other, of_other), _] = records(&root, 4);
    assert!(evidence.by_hand(other.bytes(), &of_other).is_err());
    let elsewhere = Evidence { root: NodeKey::from_seed(&[8; 32]).public(), ..evidence };
    let [(signed, of_person), _] = records(&root, 3);
    assert!(elsewhere.by_hand(signed.bytes(), &of_person).is_err());
}
