//! `#[serde(with = "record::cbor::bytes")]`: a CBOR byte string, lower-case hex where people read.
//!
//! Without it serde writes a `Vec<u8>` as an array of numbers. Works for `Vec<u8>`, `Arc<[u8]>`,
//! `Box<[u8]>` and `[u8; N]`.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Deserializer, Visitor};
use serde::{Serializer, ser};

use crate::hex;

/// Writes the bytes.
///
/// # Errors
/// The serializer's own.
pub fn serialize<T: AsRef<[u8]> + ?Sized, S: Serializer>(
    bytes: &T,
    serializer: S,
) -> Result<S::Ok, S::Error>
where
    S::Error: ser::Error,
{
    if serializer.is_human_readable() {
        serializer.serialize_str(&hex::encode(bytes.as_ref()))
    } else {
        serializer.serialize_bytes(bytes.as_ref())
    }
}

/// Reads the bytes.
///
/// # Errors
/// The deserializer's own, and when the target has another length.
pub fn deserialize<'de, T: TryFrom<Vec<u8>>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    if deserializer.is_human_readable() {
        deserializer.deserialize_str(BytesVisitor(PhantomData))
    } else {
        deserializer.deserialize_byte_buf(BytesVisitor(PhantomData))
    }
}

struct BytesVisitor<T>(PhantomData<T>);

impl<T: TryFrom<Vec<u8>>> Visitor<'_> for BytesVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a byte string of the right length")
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<T, E> {
        self.visit_byte_buf(bytes.to_vec())
    }

    fn visit_byte_buf<E: de::Error>(self, bytes: Vec<u8>) -> Result<T, E> {
        let length = bytes.len();
        T::try_from(bytes).map_err(|_| E::invalid_length(length, &self))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        let bytes = hex::decode(text).map_err(|at| {
            E::custom(format_args!("character {at} is not lower-case hex of whole bytes"))
        })?;
        self.visit_byte_buf(bytes)
    }
}
