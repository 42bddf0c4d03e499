//! The body of a record: fields that are committed in the header and shown one by one.
//!
//! A commitment is a keyed blake3 hash over salt, field and value. Without the salt a commitment
//! tells nothing, so a recipient learns only the fields it is given, and once the salt is destroyed
//! the value can't even be guessed at.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use rand::CryptoRng;
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::cbor::{self, CborError, Limits};
use crate::header::Header;
use crate::ids::{Commitment, FieldId};

/// Length of a field's encoded value in bytes.
pub const MAX_VALUE_BYTES: usize = 64 * 1024;
/// Length of a salt in bytes.
pub const SALT_BYTES: usize = 16;
/// What a field's value may be.
pub const VALUE_LIMITS: Limits =
    Limits { bytes: MAX_VALUE_BYTES, depth: cbor::MAX_DEPTH, items: 8192 };

static COMMITMENT_KEY: LazyLock<[u8; 32]> =
    LazyLock::new(|| blake3::derive_key("wangge field commitment v1", &[]));

/// A field in clear, with the salt that opens its commitment. May be personal: not printable.
/// In serde an array of field, salt and value.
#[derive(Clone, PartialEq, Eq)]
pub struct Disclosure {
    /// Which field.
    pub field: FieldId,
    /// What keeps the commitment from being guessed open.
    pub salt: [u8; SALT_BYTES],
    /// The value in canonical CBOR, up to [`MAX_VALUE_BYTES`].
    pub value: Vec<u8>,
}

/// The fields of a body that were shown and fit the header. May be personal: not printable.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Fields(BTreeMap<FieldId, Vec<u8>>);

/// Why a field is refused. Names the field, never its value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// The header commits to no such field.
    #[error("field {0} is not part of the record")]
    Uncommitted(FieldId),
    /// Salt and value don't give the commitment.
    #[error("field {0} is not what the author committed to")]
    Mismatch(FieldId),
    /// Shown twice.
    #[error("field {0} is disclosed twice")]
    Duplicate(FieldId),
    /// The value is not canonical CBOR, too long, or not of the type that was asked for.
    #[error("field {field} has a value that is refused")]
    Value {
        /// Which field.
        field: FieldId,
        /// What is wrong.
        source: CborError,
    },
}

/// Commits to a field: blake3 keyed with `derive_key("wangge field commitment v1")`, over the 16
/// bytes of salt, the field id in two bytes big-endian, and the value's canonical CBOR.
pub fn commit(field: FieldId, salt: &[u8; SALT_BYTES], value: &[u8]) -> Commitment {
    let mut hasher = blake3::Hasher::new_keyed(&COMMITMENT_KEY);
    hasher.update(salt).update(&field.0.to_be_bytes()).update(value);
    Commitment::from_bytes(*hasher.finalize().as_bytes())
}

/// Checks what was disclosed against the header. Fields that the header commits to and nobody
/// disclosed are simply not there.
///
/// # Errors
/// [`FieldError`] for the first disclosure that is unknown, repeated, altered or not canonical.
pub fn open(header: &Header, disclosures: &[Disclosure]) -> Result<Fields, FieldError> {
    let mut fields = BTreeMap::new();
    for disclosure in disclosures {
        disclosure.check(header)?;
        let field = disclosure.field;
        if fields.insert(field, disclosure.value.clone()).is_some() {
            return Err(FieldError::Duplicate(field));
        }
    }
    Ok(Fields(fields))
}

impl Disclosure {
    /// Draws a salt and commits to `value`, which has to be canonical CBOR of at most
    /// [`MAX_VALUE_BYTES`]: [`open`] refuses anything else. See [`Self::seal_value`].
    pub fn seal<R: CryptoRng + ?Sized>(
        field: FieldId,
        value: Vec<u8>,
        rng: &mut R,
    ) -> (Self, Commitment) {
        let mut salt = [0; SALT_BYTES];
        rng.fill_bytes(&mut salt);
        let commitment = commit(field, &salt, &value);
        (Self { field, salt, value }, commitment)
    }

    /// Encodes `value` and seals it.
    ///
    /// # Errors
    /// [`FieldError::Value`] when it has no canonical form or goes beyond [`VALUE_LIMITS`].
    pub fn seal_value<T: Serialize, R: CryptoRng + ?Sized>(
        field: FieldId,
        value: &T,
        rng: &mut R,
    ) -> Result<(Self, Commitment), FieldError> {
        let refused = |source| FieldError::Value { field, source };
        let value = cbor::encode(value).map_err(refused)?;
        cbor::validate(&value, &VALUE_LIMITS).map_err(refused)?;
        Ok(Self::seal(field, value, rng))
    }

    /// The commitment that this opens.
    pub fn commitment(&self) -> Commitment {
        commit(self.field, &self.salt, &self.value)
    }

    fn check(&self, header: &Header) -> Result<(), FieldError> {
        let field = self.field;
        let committed = header.commitment(field).ok_or(FieldError::Uncommitted(field))?;
        cbor::validate(&self.value, &VALUE_LIMITS)
            .map_err(|source| FieldError::Value { field, source })?;
        if *committed == self.commitment() { Ok(()) } else { Err(FieldError::Mismatch(field)) }
    }
}

impl Fields {
    /// The value of `field`, if it was disclosed.
    ///
    /// # Errors
    /// [`FieldError::Value`] when it is not a `T`.
    pub fn get<T: DeserializeOwned + Serialize>(
        &self,
        field: FieldId,
    ) -> Result<Option<T>, FieldError> {
        let decode = |value: &[u8]| cbor::decode(value, &VALUE_LIMITS);
        let refused = |source| FieldError::Value { field, source };
        self.raw(field).map(decode).transpose().map_err(refused)
    }

    /// The canonical CBOR of `field`, if it was disclosed.
    pub fn raw(&self, field: FieldId) -> Option<&[u8]> {
        self.0.get(&field).map(Vec::as_slice)
    }

    /// The disclosed fields in ascending order, with their canonical CBOR.
    pub fn iter(&self) -> impl Iterator<Item = (FieldId, &[u8])> {
        self.0.iter().map(|(field, value)| (*field, value.as_slice()))
    }

    /// How many fields were disclosed.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing was disclosed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// One byte string of a [`Disclosure`]'s array.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Bytes<T: AsRef<[u8]> + TryFrom<Vec<u8>>>(#[serde(with = "cbor::bytes")] T);

impl Serialize for Disclosure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.field, Bytes(self.salt), BorrowedBytes(&self.value)).serialize(serializer)
    }
}

struct BorrowedBytes<'a>(&'a [u8]);

impl Serialize for BorrowedBytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        cbor::bytes::serialize(self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for Disclosure {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (field, Bytes(salt), Bytes(value)) =
            <(FieldId, Bytes<[u8; SALT_BYTES]>, Bytes<Vec<u8>>)>::deserialize(deserializer)?;
        if value.len() > MAX_VALUE_BYTES {
            return Err(D::Error::custom("a field's value is longer than 64 KiB"));
        }
        Ok(Self { field, salt, value })
    }
}

#[cfg(test)]
mod tests;
