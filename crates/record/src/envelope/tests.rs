mod spelling;

use coset::iana::Algorithm;
use coset::{CoseSign1, CoseSign1Builder, HeaderBuilder, TaggedCborSerializable};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::cose;
use crate::arbitrary::{bare_header, federation, header, key};
use crate::cbor::{Limits, Writer};
use crate::{
    Checkpoint, Domain, EnvelopeError, FederationId, Hash, Header, KeyError, NodeId, NodeKey,
    Record, RecordId, SerdeStatement, Signed, Statement, StatementError, Timestamp, Unverified,
    UnverifiedRecord,
};

fn signed() -> Record {
    Signed::sign(bare_header(0, 0, RecordId::ZERO), &key(1), &federation())
}

fn accept(bytes: &[u8]) -> Result<Record, EnvelopeError> {
    UnverifiedRecord::parse(bytes)?.verify(&federation(), &key(1).public())
}

fn aad() -> Vec<u8> {
    cose::external_aad(Domain::Record, &federation())
}

/// The envelope as somebody who only knows COSE would build it.
fn foreign(payload: Vec<u8>, key: &NodeKey) -> CoseSign1Builder {
    let protected = HeaderBuilder::new()
        .algorithm(Algorithm::EdDSA)
        .content_type("application/vnd.wangge.record+cbor".to_owned())
        .key_id(key.public().as_bytes().to_vec())
        .build();
    CoseSign1Builder::new().protected(protected).payload(payload)
}

proptest! {
    #[test]
    fn coset_reads_ours_to_the_last_byte(header in header()) {
        let record = Signed::sign(header.clone(), &key(1), &federation());
        let cose = CoseSign1::from_tagged_slice(record.bytes()).unwrap();
        prop_assert_eq!(cose.payload.as_deref(), Some(&header.encode()[..]));
        let verifier = key(1).public().verifier().unwrap();
        cose.verify_signature(&aad(), |signature, signed| {
            verifier.verify(signed, signature.try_into().unwrap())
        }).unwrap();
        let id = *blake3::hash(&cose.tbs_data(&aad())).as_bytes();
        prop_assert_eq!(record.id(), RecordId::from_bytes(id));
        prop_assert_eq!(&cose.to_tagged_vec().unwrap()[..], &record.bytes()[..]);
    }

    #[test]
    fn what_coset_builds_is_accepted_and_is_ours(header in header()) {
        let signer = key(1);
        let cose = foreign(header.encode(), &signer)
            .create_signature(&aad(), |signed| signer.sign(signed).to_vec())
            .build();
        let bytes = cose.to_tagged_vec().unwrap();
        let record = accept(&bytes).unwrap();
        prop_assert_eq!(record.value(), &header);
        prop_assert_eq!(record, Signed::sign(header, &signer, &federation()));
    }

    #[test]
    fn a_signed_record_comes_back_from_its_bytes(header in header()) {
        let record = Signed::sign(header, &key(1), &federation());
        let parsed = UnverifiedRecord::parse(record.bytes().clone()).unwrap();
        prop_assert_eq!(parsed.peek(), record.value());
        prop_assert_eq!(parsed.claimed_signer(), record.signer());
        prop_assert_eq!(parsed.claimed_id(&federation()), record.id());
        let verified = parsed.verify(&federation(), &key(1).public()).unwrap();
        prop_assert_eq!(&verified, &record);
        let stored = UnverifiedRecord::parse(&record.bytes()[..]).unwrap();
        prop_assert_eq!(stored.trust_stored(&federation()), record);
    }

    #[test]
    fn a_flipped_bit_is_refused(header in header(), at: prop::sample::Index, bit in 0_u8..8) {
        let mut bytes = Signed::sign(header, &key(1), &federation()).bytes().to_vec();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert!(accept(&bytes).is_err());
    }

    #[test]
    fn a_cut_or_a_lengthened_envelope_is_refused(header in header(), at: prop::sample::Index) {
        let bytes = Signed::sign(header, &key(1), &federation()).bytes().to_vec();
        prop_assert!(UnverifiedRecord::parse(&bytes[..at.index(bytes.len())]).is_err());
        prop_assert!(UnverifiedRecord::parse([&bytes[..], &[0]].concat()).is_err());
    }

    #[test]
    fn no_bytes_make_the_parser_panic(bytes: Vec<u8>, cut in 0_usize..90) {
        prop_assert!(UnverifiedRecord::parse(&bytes[..]).is_err());
        let begun = [&signed().bytes()[..cut], &bytes].concat();
        prop_assert!(UnverifiedRecord::parse(begun).is_err());
    }
}

#[test]
fn every_single_flipped_bit_is_refused() {
    let bytes = signed().bytes().to_vec();
    assert!(accept(&bytes).is_ok());
    for at in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[at / 8] ^= 1 << (at % 8);
        assert!(accept(&flipped).is_err(), "bit {at}");
    }
}

#[test]
fn every_other_byte_in_every_place_is_refused_by_the_parser_or_the_signature() {
    let bytes = signed().bytes().to_vec();
    let outside_payload = (0..90).chain(bytes.len() - 70..bytes.len() - 60);
    for at in outside_payload {
        for change in 1..=255 {
            let mut changed = bytes.clone();
            changed[at] ^= change;
            assert!(accept(&changed).is_err(), "byte {at} ^ {change}");
        }
    }
}

#[test]
fn only_the_named_signer_counts() {
    let bytes = signed().bytes().clone();
    let parsed = || UnverifiedRecord::parse(bytes.clone()).unwrap();
    let (claimed, expected) = (key(1).public(), key(2).public());
    let other = EnvelopeError::OtherSigner { claimed, expected };
    assert_eq!(parsed().verify(&federation(), &expected), Err(other.clone()));
    let verifier = expected.verifier().unwrap();
    assert_eq!(parsed().verify_with(&federation(), &verifier), Err(other));

    // Key 2 signs, but the envelope says key 1.
    let payload = bare_header(0, 0, RecordId::ZERO).encode();
    let posed = foreign(payload, &key(1))
        .create_signature(&aad(), |signed| key(2).sign(signed).to_vec())
        .build();
    let refused = accept(&posed.to_tagged_vec().unwrap());
    assert_eq!(refused, Err(EnvelopeError::Key(KeyError::BadSignature(claimed))));
}

#[test]
fn a_weak_key_signs_nothing_however_the_signature_fits() {
    // The neutral element as key and R with S = 0 fits every message in lenient libraries.
    let mut identity = [0; 32];
    identity[0] = 1;
    let signer = crate::PublicKey::from_bytes(identity);
    let payload = bare_header(0, 0, RecordId::ZERO).encode();
    let mut signature = [0; 64];
    signature[0] = 1;
    let bytes = cose::write(Domain::Record, &signer, payload, &signature);
    let refused = UnverifiedRecord::parse(bytes).unwrap().verify(&federation(), &signer);
    assert_eq!(refused, Err(EnvelopeError::Key(KeyError::Weak(signer))));
}

#[test]
fn nothing_replays_into_another_federation() {
    let other = FederationId::of_root(&key(254).public());
    let refused =
        UnverifiedRecord::parse(signed().bytes().clone()).unwrap().verify(&other, &key(1).public());
    assert!(matches!(refused, Err(EnvelopeError::Key(KeyError::BadSignature(_)))));
    let elsewhere = Signed::sign(bare_header(0, 0, RecordId::ZERO), &key(1), &other);
    assert_ne!(elsewhere.id(), signed().id());
}

/// Two purposes with one payload.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Question(u8);
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Answer(u8);

impl SerdeStatement for Question {
    const DOMAIN: Domain = Domain::Question;
    const LIMITS: Limits = Limits::of_bytes(256);

    fn check(&self) -> Result<(), StatementError> {
        if self.0 == 0 {
            return Err(StatementError::Rule { field: "budget", rule: "must not be zero" });
        }
        Ok(())
    }
}

impl SerdeStatement for Answer {
    const DOMAIN: Domain = Domain::Answer;
    const LIMITS: Limits = Limits::of_bytes(256);
}

#[test]
fn nothing_replays_for_another_purpose() {
    let question = Signed::sign(Question(1), &key(1), &federation());
    let refused = Unverified::<Answer>::parse(question.bytes().clone()).unwrap_err();
    assert!(matches!(refused, EnvelopeError::Shape { .. }));
    // Even if the content type were the same, the Sig_structure isn't.
    let answer = Signed::sign(Answer(1), &key(1), &federation());
    assert_ne!(answer.id(), question.id());
    let aad = |domain| cose::external_aad(domain, &federation());
    assert_ne!(aad(Domain::Question), aad(Domain::Answer));
}

#[test]
fn a_serde_statement_comes_back_and_its_own_rules_hold() {
    let question = Signed::sign(Question(7), &key(1), &federation());
    let parsed = Unverified::<Question>::parse(question.bytes().clone()).unwrap();
    let verified = parsed.verify(&federation(), &key(1).public()).unwrap();
    assert_eq!(*verified, Question(7));
    assert_eq!(verified.into_value(), Question(7));
    let refused = Signed::try_sign(Question(0), &key(1), &federation());
    assert!(matches!(refused, Err(EnvelopeError::Statement(StatementError::Rule { .. }))));
    let bytes = cose::write(Domain::Question, &key(1).public(), vec![0], &[0; 64]);
    assert!(matches!(
        Unverified::<Question>::parse(bytes),
        Err(EnvelopeError::Statement(StatementError::Rule { .. }))
    ));
}

#[test]
fn what_is_too_long_is_neither_read_nor_signed() {
    #[derive(Serialize, Deserialize)]
    struct Long(String);
    impl SerdeStatement for Long {
        const DOMAIN: Domain = Domain::Answer;
        const LIMITS: Limits = Limits::of_bytes(256);
    }
    let fits = Signed::try_sign(Long("x".repeat(90)), &key(1), &federation()).unwrap();
    assert!(fits.bytes().len() > 200);
    let refused = Signed::try_sign(Long("x".repeat(200)), &key(1), &federation()).unwrap_err();
    assert!(matches!(refused, EnvelopeError::TooLong { limit: 256, .. }), "{refused}");
    let huge = vec![0xd2; 257];
    assert_eq!(
        Unverified::<Long>::parse(huge).unwrap_err(),
        EnvelopeError::TooLong { limit: 256, actual: 257 }
    );
}

#[test]
fn the_sig_structure_is_the_one_of_rfc_9052() {
    let mut expected = Writer::default();
    expected.array(4);
    expected.text("Signature1");
    expected.bytes(&cose::protected(Domain::Record, &key(1).public()));
    expected.bytes(&[b"wangge/record/1\0", &federation().as_bytes()[..]].concat());
    expected.bytes(b"payload");
    let found = cose::sig_structure(Domain::Record, &key(1).public(), &federation(), b"payload");
    assert_eq!(found, expected.finish());
}

#[test]
fn one_reader_serves_every_domain() {
    for domain in Domain::ALL {
        let bytes = cose::write(*domain, &key(3).public(), vec![7], &[9; 64]);
        for other in Domain::ALL {
            let read = cose::read(&bytes, *other);
            assert_eq!(read.is_ok(), domain == other);
        }
        let layout = cose::read(&bytes, *domain).unwrap();
        assert_eq!(layout.signer, key(3).public());
        assert_eq!(bytes[layout.payload], [7]);
        assert_eq!(cose::signature(&bytes), &[9; 64]);
    }
}

#[test]
fn printing_an_envelope_tells_ids_only() {
    let record = signed();
    assert_eq!(format!("{record:?}"), format!("Signed({})", record.id()));
    let parsed = UnverifiedRecord::parse(record.bytes().clone()).unwrap();
    assert_eq!(format!("{parsed:?}"), format!("Unverified(by {}?)", key(1).public()));
}

#[test]
fn a_checkpoint_travels_like_any_statement() {
    let checkpoint = Checkpoint {
        author: NodeId::from_genesis(&key(1).public()),
        epoch: 0,
        size: 0,
        root: Hash::of(&[]),
        head: RecordId::ZERO,
        time: Timestamp::EPOCH,
    };
    let signed = Signed::sign(checkpoint.clone(), &key(1), &federation());
    let parsed = Unverified::<Checkpoint>::parse(signed.bytes().clone()).unwrap();
    assert_eq!(*parsed.verify(&federation(), &key(1).public()).unwrap(), checkpoint);
    assert!(Unverified::<Header>::parse(signed.bytes().clone()).is_err());
    assert_eq!(checkpoint.encode()[..3], [0xa7, 0, 1]);
}
