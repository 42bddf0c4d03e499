use proptest::prelude::*;

use crate::arbitrary::{bare_header, federation, header, key};
use crate::cbor::{self, CborError, Fault};
use crate::{
    Actor, ActorId, Commitment, EnvelopeError, FieldId, Header, RecordId, Signed, Statement,
    StatementError, Timestamp, tree,
};

proptest! {
    #[test]
    fn every_valid_header_comes_back_from_its_bytes(header in header()) {
        let bytes = header.encode();
        prop_assert_eq!(Header::decode(&bytes), Ok(header));
        prop_assert_eq!(cbor::validate(&bytes, &Header::LIMITS), Ok(()));
    }

    #[test]
    fn accepted_bytes_re_encode_identically(
        header in header(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = header.encode();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(accepted) = Header::decode(&bytes) {
            prop_assert_eq!(accepted.encode(), bytes);
        }
    }

    #[test]
    fn an_added_or_missing_byte_is_refused(header in header(), at: prop::sample::Index, extra: u8) {
        let bytes = header.encode();
        let cut = at.index(bytes.len());
        prop_assert!(Header::decode(&bytes[..cut]).is_err());
        prop_assert!(Header::decode(&[&bytes[..], &[extra]].concat()).is_err());
    }

    #[test]
    fn no_bytes_make_the_decoder_panic(bytes: Vec<u8>) {
        prop_assert!(Header::decode(&bytes).is_err());
    }

    #[test]
    fn commitments_are_found_by_their_field(header in header(), field: u16) {
        for (field, commitment) in &header.commitments {
            prop_assert_eq!(header.commitment(*field), Some(commitment));
        }
        let committed = header.commitments.iter().any(|(known, _)| known.0 == field);
        prop_assert_eq!(header.commitment(FieldId(field)).is_some(), committed);
    }
}

fn bare() -> Header {
    bare_header(0, 1, RecordId::from_bytes([1; 32]))
}

fn with_role(role: &str) -> Header {
    let actor = Actor { id: ActorId::from_bytes([5; 16]), role: role.to_owned() };
    Header { actor: Some(actor), ..bare() }
}

fn with_commitments(fields: impl IntoIterator<Item = u16>) -> Header {
    let commitment = Commitment::from_bytes([6; 32]);
    let commitments = fields.into_iter().map(|field| (FieldId(field), commitment)).collect();
    Header { commitments, ..bare() }
}

fn with_causes(causes: impl IntoIterator<Item = u8>) -> Header {
    let causes = causes.into_iter().map(|byte| RecordId::from_bytes([byte; 32])).collect();
    Header { causes, ..bare() }
}

#[test]
fn a_broken_rule_is_refused_by_reader_and_signer_and_names_the_field() {
    let cases = [
        (Header { seq: tree::MAX_SIZE, ..bare() }, "seq"),
        (Header { prev: RecordId::ZERO, ..bare() }, "prev"),
        (Header { epoch: 0, seq: 0, ..bare() }, "prev"),
        (with_causes([4, 5, 4]), "causes"),
        (with_role(""), "actor"),
        (with_role("Grid"), "actor"),
        (with_role("网格员"), "actor"),
        (with_role(&"x".repeat(33)), "actor"),
        (with_commitments([2, 1]), "commitments"),
        (with_commitments([1, 1]), "commitments"),
    ];
    for (header, named) in cases {
        let refused = Header::decode(&header.encode());
        let Err(StatementError::Rule { field, .. }) = refused else { panic!("{refused:?}") };
        assert_eq!(field, named);
        let signed = Signed::try_sign(header, &key(1), &federation());
        let refused = matches!(signed, Err(EnvelopeError::Statement(StatementError::Rule { .. })));
        assert!(refused, "{named}");
    }
}

#[test]
fn too_many_causes_or_commitments_are_refused_before_they_are_read() {
    for header in [with_causes(0..17), with_commitments(0..65)] {
        let refused = Header::decode(&header.encode());
        let counted = matches!(
            refused,
            Err(StatementError::Cbor(CborError::At { fault: Fault::Expected(_), .. }))
        );
        assert!(counted, "{refused:?}");
        assert!(header.check().is_err());
    }
    assert_eq!(with_causes(0..16).check(), Ok(()));
    assert_eq!(with_commitments(0..64).check(), Ok(()));
}

#[test]
fn the_largest_header_fits_the_limits_signed() {
    let largest = Header {
        epoch: u32::MAX,
        seq: tree::MAX_SIZE - 1,
        time: Timestamp::MAX,
        causes: with_causes(0..16).causes,
        actor: with_role(&"x".repeat(32)).actor,
        commitments: with_commitments(u16::MAX - 63..=u16::MAX).commitments,
        ..bare()
    };
    let signed = Signed::try_sign(largest, &key(1), &federation()).unwrap();
    assert!(signed.bytes().len() > 3000, "{}", signed.bytes().len());
}

#[test]
fn a_later_version_is_told_from_damage() {
    let mut bytes = bare().encode();
    assert_eq!(bytes[..3], [0xaa, 0, 1]);
    bytes[2] = 2;
    let later = StatementError::Version { found: 2, known: 1 };
    assert_eq!(Header::decode(&bytes), Err(later.clone()));
    // Whatever else it may have: here three pairs.
    assert_eq!(Header::decode(&[0xa3, 0, 2, 1, 0, 77, 0]), Err(later));
}

#[test]
fn a_map_that_announces_other_pairs_than_it_has_is_refused() {
    for header in [bare(), with_role("warden")] {
        let bytes = header.encode();
        assert!(Header::decode(&bytes).is_ok());
        for head in (0xa0..=0xb7).filter(|head| *head != bytes[0]) {
            let other = [&[head], &bytes[1..]].concat();
            assert!(Header::decode(&other).is_err(), "{head:02x}");
        }
    }
}

#[test]
fn an_epoch_may_start_without_a_past_but_a_log_may_not_lose_one() {
    assert_eq!(bare_header(0, 0, RecordId::ZERO).check(), Ok(()));
    assert_eq!(bare_header(1, 0, RecordId::ZERO).check(), Ok(()));
    assert_eq!(bare_header(1, 0, RecordId::from_bytes([1; 32])).check(), Ok(()));
    assert!(bare_header(1, 1, RecordId::ZERO).check().is_err());
}
