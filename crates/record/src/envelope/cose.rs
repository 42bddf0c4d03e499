//! The bytes of an envelope, and of what its signature covers.
//!
//! ```text
//! 18([ << {1: -8, 3: content type, 4: key} >>, {}, payload, signature ])
//! ["Signature1", << {1: -8, 3: content type, 4: key} >>, external_aad, payload]
//! external_aad = domain label ‖ 0x00 ‖ federation id
//! ```
//!
//! `coset` writes the envelopes. They are read by hand, because there is only this one shape:
//! `coset` builds a tree of ciborium values first (1.1 µs, where envelope and header together take
//! 0.3 here: see `examples/cost.rs`) and accepts other spellings. The tests hold reader and
//! Sig_structure against `coset`.

use std::ops::Range;

use coset::iana::Algorithm;
use coset::{CoseSign1Builder, HeaderBuilder, TaggedCborSerializable};

use crate::cbor::{ALLOWED_TAG, Reader, Writer};
use crate::envelope::EnvelopeError;
use crate::ids::{FederationId, PublicKey, RecordId};
use crate::statement::Domain;

/// Bytes of an envelope beside its payload, at most.
const OVERHEAD: usize = 192;
/// Ed25519 signature length in bytes (RFC 8032 §5.1.6).
const SIGNATURE: usize = 64;
/// COSE header parameters (RFC 9052 §3.1).
const ALG: u64 = 1;
const CONTENT_TYPE: u64 = 3;
const KID: u64 = 4;
/// EdDSA (RFC 9053 §2.2).
const EDDSA: i64 = -8;

/// Where things are in an envelope of the right shape.
pub(super) struct Layout {
    pub(super) signer: PublicKey,
    pub(super) payload: Range<usize>,
}

/// Reads an envelope of `domain`.
pub(super) fn read(bytes: &[u8], domain: Domain) -> Result<Layout, EnvelopeError> {
    let mut reader = Reader::new(bytes);
    let start = reader.offset();
    exactly(start, "tag 18", reader.tag()? == ALLOWED_TAG)?;
    let start = reader.offset();
    exactly(start, "an array of four", reader.array()? == 4)?;
    let signer = read_protected(&mut reader, domain)?;
    let start = reader.offset();
    exactly(start, "an empty unprotected header", reader.map()? == 0)?;
    let length = reader.bytes()?.len();
    let payload = reader.offset() - length..reader.offset();
    let start = reader.offset();
    exactly(start, "a signature of 64 bytes", reader.bytes()?.len() == SIGNATURE)?;
    reader.end()?;
    Ok(Layout { signer, payload })
}

/// The signature of an envelope that [`read`] accepted: its last 64 bytes.
pub(super) fn signature(envelope: &[u8]) -> &[u8; SIGNATURE] {
    envelope.last_chunk().expect("an envelope that was read ends with a signature")
}

/// An envelope.
pub(super) fn write(
    domain: Domain,
    signer: &PublicKey,
    payload: Vec<u8>,
    signature: &[u8; SIGNATURE],
) -> Vec<u8> {
    let protected = HeaderBuilder::new()
        .algorithm(Algorithm::EdDSA)
        .content_type(domain.content_type().to_owned())
        .key_id(signer.as_bytes().to_vec())
        .build();
    let builder = CoseSign1Builder::new().protected(protected).payload(payload);
    let envelope = builder.signature(signature.to_vec()).build();
    envelope.to_tagged_vec().expect("coset encodes what it has built")
}

/// What is signed (RFC 9052 §4.4).
pub(super) fn sig_structure(
    domain: Domain,
    signer: &PublicKey,
    federation: &FederationId,
    payload: &[u8],
) -> Vec<u8> {
    let mut writer = Writer::with_capacity(OVERHEAD + payload.len());
    writer.array(4);
    writer.text("Signature1");
    writer.bytes(&protected(domain, signer));
    writer.bytes(&external_aad(domain, federation));
    writer.bytes(payload);
    writer.finish()
}

/// The statement's id.
pub(super) fn id(sig_structure: &[u8]) -> RecordId {
    RecordId::from_bytes(*blake3::hash(sig_structure).as_bytes())
}

/// Binds purpose, format version and federation, so that a signature counts nowhere else.
pub(super) fn external_aad(domain: Domain, federation: &FederationId) -> Vec<u8> {
    [domain.label().as_bytes(), &[0], federation.as_bytes()].concat()
}

/// The protected header.
pub(super) fn protected(domain: Domain, signer: &PublicKey) -> Vec<u8> {
    let mut writer = Writer::with_capacity(OVERHEAD);
    writer.map(3);
    writer.uint(ALG);
    writer.int(EDDSA);
    writer.uint(CONTENT_TYPE);
    writer.text(domain.content_type());
    writer.uint(KID);
    writer.bytes(signer.as_bytes());
    writer.finish()
}

/// There is one protected header per domain and key, so it is compared, not parsed.
fn read_protected(reader: &mut Reader<'_>, domain: Domain) -> Result<PublicKey, EnvelopeError> {
    let start = reader.offset();
    let found = reader.bytes()?;
    let signer = found.last_chunk().copied().map(PublicKey::from_bytes);
    signer
        .filter(|signer| found == protected(domain, signer))
        .ok_or(EnvelopeError::Shape { offset: start, expected: "this domain's protected header" })
}

fn exactly(offset: usize, expected: &'static str, found: bool) -> Result<(), EnvelopeError> {
    if found { Ok(()) } else { Err(EnvelopeError::Shape { offset, expected }) }
}
