//! Deterministic CBOR (RFC 8949 §4.2), and nothing looser.
//!
//! ciborium accepts trailing bytes, non-minimal integers, duplicate keys and unknown fields. So
//! [`validate`] looks at the bytes first, and [`decode`] requires that what was decoded encodes to
//! the very bytes that came. The formats of this crate's own statements are written and read by
//! hand, with [`Writer`] and [`Reader`], which know no other form.

pub mod bytes;
mod canonical;
mod read;
mod validate;
mod write;

pub use canonical::{decode, encode};
pub use read::Reader;
pub use validate::validate;
pub use write::Writer;

/// How deep arrays, maps and tags may nest, whatever the [`Limits`] say.
pub const MAX_DEPTH: usize = 16;

/// The only tag that is ever accepted: COSE_Sign1 (RFC 9052 §2).
pub const ALLOWED_TAG: u64 = 18;

/// What a decoder is willing to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Length of the encoded form in bytes.
    pub bytes: usize,
    /// Nesting of arrays, maps and tags; a bare integer is 0. At most [`MAX_DEPTH`].
    pub depth: usize,
    /// Data items in all, keys and containers included.
    pub items: usize,
}

impl Limits {
    /// No more than `bytes` bytes, with the full depth and one item per byte.
    pub const fn of_bytes(bytes: usize) -> Self {
        Self { bytes, depth: MAX_DEPTH, items: bytes }
    }
}

/// Why bytes are not the one encoding of a value, or a value has none. Says where, never what: the
/// value may be personal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CborError {
    /// Longer than the limit; nothing was parsed.
    #[error("{actual} bytes of cbor where at most {limit} are allowed")]
    TooLong {
        /// The limit in bytes.
        limit: usize,
        /// The length in bytes.
        actual: usize,
    },
    /// Not well-formed deterministic CBOR, or not the item that the format has here.
    #[error("cbor at byte {offset}: {fault}")]
    At {
        /// Offset of the offending item's first byte.
        offset: usize,
        /// What is wrong there.
        fault: Fault,
    },
    /// Deterministic CBOR, but not of this type. The decoder's own message is left out, because it
    /// quotes values.
    #[error("cbor is not a {type_name}{}", at(*offset))]
    Type {
        /// The Rust type that was asked for.
        type_name: &'static str,
        /// Where the decoder gave up, if it knows.
        offset: Option<usize>,
    },
    /// Decodes, but encodes to other bytes: a field that the type doesn't know, or another
    /// spelling of one that it does.
    #[error("cbor has fields or forms that a {type_name} would not be written with")]
    OtherForm {
        /// The Rust type that was asked for.
        type_name: &'static str,
    },
    /// The value has no deterministic form here.
    #[error("a {type_name} can't be written as deterministic cbor: {fault}")]
    Unencodable {
        /// The Rust type that was to be written.
        type_name: &'static str,
        /// What it contains.
        fault: Fault,
    },
}

/// What is wrong with one data item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The bytes end inside the item.
    #[error("ends in the middle of an item")]
    Truncated,
    /// A number or length in more bytes than it needs (RFC 8949 §4.2.1).
    #[error("number or length is not in its shortest form")]
    NotShortest,
    /// An indefinite length, or a break without one.
    #[error("indefinite length")]
    Indefinite,
    /// Additional information 28 to 30 (RFC 8949 §3).
    #[error("reserved head byte")]
    Reserved,
    /// A floating-point number.
    #[error("floating-point number")]
    Float,
    /// `undefined` or a simple value other than false, true and null.
    #[error("simple value other than false, true and null")]
    Simple,
    /// A tag other than [`ALLOWED_TAG`].
    #[error("tag {0} is not allowed")]
    Tag(u64),
    /// A text string that is not UTF-8.
    #[error("text is not utf-8")]
    Text,
    /// A map key that sorts before its predecessor, bytewise.
    #[error("map keys are not in ascending order")]
    KeyOrder,
    /// A map key that occurs twice.
    #[error("map key occurs twice")]
    DuplicateKey,
    /// Nested deeper than the limit.
    #[error("nested deeper than {limit} levels")]
    TooDeep {
        /// The limit in levels.
        limit: usize,
    },
    /// More items than the limit.
    #[error("more than {limit} data items")]
    TooManyItems {
        /// The limit in items.
        limit: usize,
    },
    /// Bytes after the value.
    #[error("bytes after the end")]
    Trailing,
    /// Another item than the format has here.
    #[error("expected {0}")]
    Expected(&'static str),
    /// serde refused to hand the value over.
    #[error("its serialisation fails")]
    Serialisation,
}

impl Fault {
    pub(crate) fn at(self, offset: usize) -> CborError {
        CborError::At { offset, fault: self }
    }
}

fn at(offset: Option<usize>) -> String {
    offset.map(|offset| format!(" (byte {offset})")).unwrap_or_default()
}

#[cfg(test)]
mod tests;
