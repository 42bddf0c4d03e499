//! There is one spelling of an envelope: what any other library would read as the same is refused.

use coset::iana::Algorithm;
use coset::{CborSerializable, CoseSign1, CoseSign1Builder, HeaderBuilder, TaggedCborSerializable};

use super::{aad, accept, foreign, signed};
use crate::arbitrary::{bare_header, key};
use crate::envelope::cose;
use crate::{Domain, EnvelopeError, RecordId, Statement, StatementError, UnverifiedRecord};

/// `bytes` with `from` replaced once by `to`.
fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = bytes.windows(from.len()).position(|window| window == from).unwrap();
    [&bytes[..at], to, &bytes[at + from.len()..]].concat()
}

/// Spellings that coset reads, with a signature that it finds good: none is ours.
#[test]
fn other_spellings_of_a_good_signature_are_refused() {
    let bytes = signed().bytes().to_vec();
    let protected = cose::protected(Domain::Record, &key(1).public());
    let payload = bare_header(0, 0, RecordId::ZERO).encode();
    let (long, short) = (protected.len() as u8, payload.len() as u8);
    let spellings = [
        // Longer forms of: tag, array, protected's, payload's and signature's lengths, the map.
        replace(&bytes, &[0xd2, 0x84], &[0xd8, 18, 0x84]),
        replace(&bytes, &[0xd2, 0x84], &[0xd2, 0x98, 4]),
        replace(&bytes, &[0x58, long, 0xa3], &[0x59, 0, long, 0xa3]),
        replace(&bytes, &[0xa0, 0x58, short], &[0xa0, 0x59, 0, short]),
        replace(&bytes, &[0xa0, 0x58, short], &[0xb8, 0, 0x58, short]),
        [&bytes[..bytes.len() - 66], &[0x59, 0, 64], &bytes[bytes.len() - 64..]].concat(),
        // Indefinite lengths.
        [&replace(&bytes, &[0xd2, 0x84], &[0xd2, 0x9f])[..], &[0xff]].concat(),
        replace(&bytes, &[0xa0, 0x58, short], &[0xbf, 0xff, 0x58, short]),
        // Something unprotected: {4: h'00'}.
        replace(&bytes, &[0xa0, 0x58, short], &[0xa1, 4, 0x41, 0, 0x58, short]),
    ];
    let verifier = key(1).public().verifier().unwrap();
    for spelling in spellings {
        let cose = CoseSign1::from_tagged_slice(&spelling).unwrap();
        let fits = |signature: &[u8], signed: &[u8]| {
            verifier.verify(signed, signature.try_into().unwrap())
        };
        assert_eq!(cose.verify_signature(&aad(), fits), Ok(()));
        assert!(UnverifiedRecord::parse(&spelling[..]).is_err(), "{spelling:02x?}");
    }
    let untagged = &bytes[1..];
    assert!(CoseSign1::from_slice(untagged).is_ok());
    assert!(UnverifiedRecord::parse(untagged).is_err());
    let tagged_twice = [&[0xd2], &bytes[..]].concat();
    assert!(UnverifiedRecord::parse(tagged_twice).is_err());
}

#[test]
fn other_protected_headers_are_refused_even_when_well_signed() {
    let signer = key(1);
    let payload = bare_header(0, 0, RecordId::ZERO).encode();
    let kid = signer.public().as_bytes().to_vec();
    let eddsa = || HeaderBuilder::new().algorithm(Algorithm::EdDSA);
    let ours = "application/vnd.wangge.record+cbor".to_owned();
    let others = [
        eddsa().key_id(kid.clone()).build(),
        eddsa().content_type(ours.clone()).build(),
        eddsa().content_type("application/cbor".to_owned()).key_id(kid.clone()).build(),
        eddsa().content_type(ours.clone()).key_id(kid.clone()).value(-70000, true.into()).build(),
        HeaderBuilder::new()
            .algorithm(Algorithm::ES256)
            .content_type(ours.clone())
            .key_id(kid.clone())
            .build(),
        eddsa().content_type(ours.clone()).key_id(kid[..31].to_vec()).build(),
    ];
    for protected in others {
        let cose = CoseSign1Builder::new()
            .protected(protected)
            .payload(payload.clone())
            .create_signature(&aad(), |signed| signer.sign(signed).to_vec())
            .build();
        let refused = UnverifiedRecord::parse(cose.to_tagged_vec().unwrap()).unwrap_err();
        let expected = "this domain's protected header";
        assert_eq!(refused, EnvelopeError::Shape { offset: 2, expected });
    }
}

#[test]
fn a_detached_payload_or_a_signature_of_another_length_is_refused() {
    let cose = CoseSign1::from_tagged_slice(signed().bytes()).unwrap();
    let detached = CoseSign1 { payload: None, ..cose.clone() };
    assert!(UnverifiedRecord::parse(detached.to_tagged_vec().unwrap()).is_err());
    for length in [0, 63, 65] {
        let other = CoseSign1 { signature: vec![0; length], ..cose.clone() };
        let refused = UnverifiedRecord::parse(other.to_tagged_vec().unwrap()).unwrap_err();
        let named = matches!(refused, EnvelopeError::Shape { expected, .. }
            if expected == "a signature of 64 bytes");
        assert!(named, "{refused}");
    }
}

#[test]
fn a_non_canonical_payload_is_refused_though_well_signed() {
    let signer = key(1);
    let payload = bare_header(0, 0, RecordId::ZERO).encode();
    // Version 1 in two bytes.
    let payload = replace(&payload, &[0xaa, 0, 1], &[0xaa, 0, 0x18, 1]);
    let cose = foreign(payload, &signer)
        .create_signature(&aad(), |signed| signer.sign(signed).to_vec())
        .build();
    let refused = accept(&cose.to_tagged_vec().unwrap());
    assert!(matches!(refused, Err(EnvelopeError::Statement(StatementError::Cbor(_)))));
}
