//! One frame as bytes: a header, a clear part, a sealed part.
//!
//! ```text
//! header, 32 bytes   marker (8) ‖ position (u64) ‖ index in batch (u16) ‖ frames in batch (u16)
//!                    ‖ length of the clear part (u32) ‖ of the sealed part (u32) ‖ crc32 (u32)
//! clear part         canonical CBOR: [1, kind, subject, envelope, [entry]?, [peer]?, [disclosure…]]
//!                    and, where it is said how the record came, that as one item more
//! sealed part        nothing, or a box (see `vault`) of canonical CBOR: [[disclosure…], note]
//! disclosure         [field, salt, value]
//! ```
//!
//! Integers are big-endian. An absent entry or peer is an empty array. The crc is over the header
//! before it and both parts. The marker is eight random bytes that a journal draws once: after
//! damage the next frame is found by it, and nobody can put a false frame into a record's bytes
//! without knowing it. The position is the frame's own, so that a frame read at a wrong place is
//! never taken for another.

use std::sync::Arc;

use engine::store::{Frame, FrameKind, MAX_FRAME, StoreError};
use rand::CryptoRng;
use record::cbor::{CborError, Reader, Writer};
use record::{Disclosure, FieldId, NodeId, Subject};
use zeroize::Zeroizing;

use crate::vault::{BOX_OVERHEAD, BoxError, Vault};

/// Bytes before a frame's clear part.
pub(crate) const HEADER: usize = 32;
/// The longest frame, in bytes, header and box included.
pub(crate) const LONGEST: usize = HEADER + MAX_FRAME + BOX_OVERHEAD;

const CRC_AT: usize = HEADER - 4;
const VERSION: u64 = 1;

/// What starts every frame of one journal.
pub(crate) type Marker = [u8; 8];

/// A frame's header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Head {
    pub(crate) marker: Marker,
    pub(crate) position: u64,
    /// Which frame of its batch this is, from 0.
    pub(crate) index: u16,
    /// How many frames the batch has.
    pub(crate) count: u16,
    pub(crate) clear: u32,
    pub(crate) sealed: u32,
}

/// Why whole bytes are not a frame.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum FrameError {
    #[error("the frame has version {0}, this node reads {VERSION}: update the node")]
    Version(u64),
    #[error("the frame has the unknown kind {0}: update the node")]
    Kind(u64),
    #[error("the frame's clear part is refused: {0}")]
    Clear(CborError),
    #[error("the frame is whole, but {0}")]
    Box(#[from] BoxError),
    #[error("the frame's sealed part opens, but is refused: {0}")]
    Sealed(CborError),
}

impl Head {
    /// Whole length of the frame in bytes.
    pub(crate) fn length(&self) -> u64 {
        HEADER as u64 + u64::from(self.clear) + u64::from(self.sealed)
    }

    /// Reads a header. Says nothing yet about the crc.
    pub(crate) fn read(bytes: &[u8; HEADER]) -> Self {
        let mut reader = Fixed(bytes);
        Self {
            marker: reader.take(),
            position: u64::from_be_bytes(reader.take()),
            index: u16::from_be_bytes(reader.take()),
            count: u16::from_be_bytes(reader.take()),
            clear: u32::from_be_bytes(reader.take()),
            sealed: u32::from_be_bytes(reader.take()),
        }
    }

    fn write(&self) -> [u8; CRC_AT] {
        let mut bytes = [0; CRC_AT];
        bytes[..8].copy_from_slice(&self.marker);
        bytes[8..16].copy_from_slice(&self.position.to_be_bytes());
        bytes[16..18].copy_from_slice(&self.index.to_be_bytes());
        bytes[18..20].copy_from_slice(&self.count.to_be_bytes());
        bytes[20..24].copy_from_slice(&self.clear.to_be_bytes());
        bytes[24..].copy_from_slice(&self.sealed.to_be_bytes());
        bytes
    }
}

/// Takes fixed-length fields off the front of bytes whose length the types already guarantee.
struct Fixed<'a>(&'a [u8]);

impl Fixed<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (field, rest) = self.0.split_first_chunk().expect("the fields fit the header");
        self.0 = rest;
        *field
    }
}

/// Whether the crc of a whole frame fits.
pub(crate) fn is_whole(frame: &[u8]) -> bool {
    let Some((head, parts)) = frame.split_first_chunk::<HEADER>() else { return false };
    let (covered, crc) = head.split_at(CRC_AT);
    checksum(covered, parts).to_be_bytes() == crc
}

/// How many bytes a frame takes in the journal. Known before it is sealed.
///
/// # Errors
/// [`StoreError::TooLarge`].
pub(crate) fn length(frame: &Frame) -> Result<u64, StoreError> {
    let (clear, plain) = (clear_length(frame), plain_length(frame));
    let size = clear + plain;
    if size > MAX_FRAME {
        return Err(StoreError::TooLarge { what: "a frame", size, limit: MAX_FRAME });
    }
    let sealed = if plain == 0 { 0 } else { plain + BOX_OVERHEAD };
    Ok((HEADER + clear + sealed) as u64)
}

/// Appends a frame to `buffer`. `head` says all but the lengths.
///
/// # Errors
/// When there is no key to seal it under.
pub(crate) fn encode<R: CryptoRng + ?Sized>(
    frame: &Frame,
    mut head: Head,
    vault: &Vault,
    buffer: &mut Vec<u8>,
    rng: &mut R,
) -> Result<(), StoreError> {
    let start = buffer.len();
    let clear = start + HEADER;
    buffer.resize(clear, 0);
    buffer.extend_from_slice(&write_clear(frame));
    let sealed = buffer.len();
    if plain_length(frame) > 0 {
        let plain = write_plain(frame);
        vault.seal(&frame.subject, buffer, clear..sealed, &plain, rng)?;
    }
    let fits = "the caller has checked the frame's length";
    head.clear = u32::try_from(sealed - clear).expect(fits);
    head.sealed = u32::try_from(buffer.len() - sealed).expect(fits);
    let covered = head.write();
    let crc = checksum(&covered, &buffer[clear..]);
    buffer[start..start + CRC_AT].copy_from_slice(&covered);
    buffer[start + CRC_AT..clear].copy_from_slice(&crc.to_be_bytes());
    Ok(())
}

/// Reads both parts of a frame whose crc was checked. Where its key was destroyed, the frame is
/// without its sealed fields and note: they are erased.
pub(crate) fn decode(clear: &[u8], sealed: &[u8], vault: &Vault) -> Result<Frame, FrameError> {
    let mut frame = read_clear(clear)?;
    if !sealed.is_empty() {
        match vault.open(&frame.subject, clear, sealed) {
            Ok(plain) => {
                (frame.sealed, frame.note) = read_plain(&plain).map_err(FrameError::Sealed)?;
            }
            Err(BoxError::Erased) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(frame)
}

/// Reads the clear part alone: the frame without its sealed fields and note.
pub(crate) fn read_clear(clear: &[u8]) -> Result<Frame, FrameError> {
    let mut reader = Reader::new(clear);
    let items = reader.array().map_err(FrameError::Clear)?;
    if !(7..=8).contains(&items) {
        let expected = Reader::new(clear).array_of(7, "an array of 7 or 8");
        expected.map_err(FrameError::Clear)?;
    }
    let version = reader.uint().map_err(FrameError::Clear)?;
    if version != VERSION {
        return Err(FrameError::Version(version));
    }
    let kind = reader.uint().map_err(FrameError::Clear)?;
    let known = u8::try_from(kind).ok().and_then(FrameKind::from_u8);
    let kind = known.ok_or(FrameError::Kind(kind))?;
    read_rest(kind, items == 8, &mut reader).map_err(FrameError::Clear)
}

fn read_rest(kind: FrameKind, came: bool, reader: &mut Reader<'_>) -> Result<Frame, CborError> {
    let subject = Subject::from_bytes(reader.bytes_of("a subject of 16 bytes")?);
    let envelope = Arc::from(reader.bytes()?);
    let entry = optional(reader, |reader| reader.bytes().map(Arc::from))?;
    let peer = optional(reader, |reader| reader.bytes_of("a node id of 32 bytes"))?;
    let open = read_disclosures(reader)?;
    let came = if came { reader.bytes()?.to_vec() } else { Vec::new() };
    reader.end()?;
    let peer = peer.map(NodeId::from_bytes);
    let (sealed, note) = (Vec::new(), Vec::new());
    Ok(Frame { kind, subject, envelope, entry, peer, open, sealed, note, came })
}

fn optional<'a, T>(
    reader: &mut Reader<'a>,
    item: impl FnOnce(&mut Reader<'a>) -> Result<T, CborError>,
) -> Result<Option<T>, CborError> {
    let mut ahead = reader.clone();
    if ahead.array()? == 0 {
        *reader = ahead;
        return Ok(None);
    }
    reader.array_of(1, "an array of 0 or 1")?;
    item(reader).map(Some)
}

fn read_plain(plain: &[u8]) -> Result<(Vec<Disclosure>, Vec<u8>), CborError> {
    let mut reader = Reader::new(plain);
    reader.array_of(2, "an array of 2")?;
    let sealed = read_disclosures(&mut reader)?;
    let note = reader.bytes()?.to_vec();
    reader.end()?;
    Ok((sealed, note))
}

fn read_disclosures(reader: &mut Reader<'_>) -> Result<Vec<Disclosure>, CborError> {
    let count = reader.array()?;
    (0..count).map(|_| read_disclosure(reader)).collect()
}

fn read_disclosure(reader: &mut Reader<'_>) -> Result<Disclosure, CborError> {
    reader.array_of(3, "a disclosure")?;
    let field = FieldId(reader.uint_of("a field of 16 bits")?);
    let salt = reader.bytes_of("a salt of 16 bytes")?;
    let value = reader.bytes()?.to_vec();
    Ok(Disclosure { field, salt, value })
}

fn write_clear(frame: &Frame) -> Vec<u8> {
    let mut writer = Writer::with_capacity(clear_length(frame));
    writer.array(if frame.came.is_empty() { 7 } else { 8 });
    writer.uint(VERSION);
    writer.uint(u64::from(frame.kind as u8));
    writer.bytes(frame.subject.as_bytes());
    writer.bytes(&frame.envelope);
    write_optional(&mut writer, frame.entry.as_deref());
    write_optional(&mut writer, frame.peer.as_ref().map(AsRef::as_ref));
    write_disclosures(&mut writer, &frame.open);
    if !frame.came.is_empty() {
        writer.bytes(&frame.came);
    }
    writer.finish()
}

fn write_plain(frame: &Frame) -> Zeroizing<Vec<u8>> {
    let mut writer = Writer::with_capacity(plain_length(frame));
    writer.array(2);
    write_disclosures(&mut writer, &frame.sealed);
    writer.bytes(&frame.note);
    Zeroizing::new(writer.finish())
}

fn write_optional(writer: &mut Writer, bytes: Option<&[u8]>) {
    writer.array(usize::from(bytes.is_some()));
    if let Some(bytes) = bytes {
        writer.bytes(bytes);
    }
}

fn write_disclosures(writer: &mut Writer, disclosures: &[Disclosure]) {
    writer.array(disclosures.len());
    for disclosure in disclosures {
        writer.array(3);
        writer.uint(disclosure.field.0.into());
        writer.bytes(&disclosure.salt);
        writer.bytes(&disclosure.value);
    }
}

fn clear_length(frame: &Frame) -> usize {
    let optional = |bytes: Option<usize>| 1 + bytes.map_or(0, string_length);
    3 + string_length(Subject::LEN)
        + string_length(frame.envelope.len())
        + optional(frame.entry.as_ref().map(|entry| entry.len()))
        + optional(frame.peer.map(|_| NodeId::LEN))
        + disclosures_length(&frame.open)
        + if frame.came.is_empty() { 0 } else { string_length(frame.came.len()) }
}

/// 0 when there is nothing to seal: such a frame has no box.
fn plain_length(frame: &Frame) -> usize {
    if frame.sealed.is_empty() && frame.note.is_empty() {
        return 0;
    }
    1 + disclosures_length(&frame.sealed) + string_length(frame.note.len())
}

fn disclosures_length(disclosures: &[Disclosure]) -> usize {
    let one = |disclosure: &Disclosure| {
        1 + head_length(usize::from(disclosure.field.0))
            + string_length(disclosure.salt.len())
            + string_length(disclosure.value.len())
    };
    head_length(disclosures.len()) + disclosures.iter().map(one).sum::<usize>()
}

const fn string_length(bytes: usize) -> usize {
    head_length(bytes) + bytes
}

/// Length of a CBOR item's head in its shortest form (RFC 8949 §3).
const fn head_length(argument: usize) -> usize {
    match argument {
        0..=23 => 1,
        24..=0xff => 2,
        0x100..=0xffff => 3,
        0x1_0000..=0xffff_ffff => 5,
        _ => 9,
    }
}

fn checksum(header: &[u8], parts: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(header);
    hasher.update(parts);
    hasher.finalize()
}

#[cfg(test)]
mod tests;
