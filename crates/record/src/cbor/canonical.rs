//! serde values to deterministic CBOR and back.

use std::any::type_name;

use ciborium::Value;
use ciborium::de::Error as DecodeError;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::cbor::{ALLOWED_TAG, CborError, Fault, Limits, MAX_DEPTH, Writer, validate};

const ANY_SIZE: Limits = Limits { bytes: usize::MAX, depth: MAX_DEPTH, items: usize::MAX };

/// The deterministic encoding of `value`; map keys and struct fields are sorted bytewise by their
/// encoded form. Quickest for types whose natural order is that one already: tuples, arrays, and
/// structs whose fields are declared shorter names first, then alphabetically.
///
/// # Errors
/// [`CborError::Unencodable`] for floats, integers beyond 64 bits, equal map keys, foreign tags and
/// nesting beyond [`MAX_DEPTH`].
pub fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, CborError> {
    let bytes = encode_as_declared(value)?;
    if validate(&bytes, &ANY_SIZE).is_ok() {
        return Ok(bytes);
    }
    let unencodable = |fault| CborError::Unencodable { type_name: type_name::<T>(), fault };
    let value = Value::serialized(value).map_err(|_| unencodable(Fault::Serialisation))?;
    let mut writer = Writer::with_capacity(bytes.len());
    write(&mut writer, &value, 0).map_err(unencodable)?;
    Ok(writer.finish())
}

/// The value that `bytes` are the one encoding of.
///
/// # Errors
/// Those of [`validate`]; [`CborError::Type`] when it isn't a `T`; [`CborError::OtherForm`] when a
/// `T` would not be written like this, as with fields that `T` doesn't have.
pub fn decode<T: DeserializeOwned + Serialize>(
    bytes: &[u8],
    limits: &Limits,
) -> Result<T, CborError> {
    validate(bytes, limits)?;
    let value: T = ciborium::from_reader(bytes).map_err(|error| not_a::<T>(&error))?;
    // Valid bytes that equal any encoding of the value are its deterministic encoding.
    if encode_as_declared(&value)? == bytes || encode(&value)? == bytes {
        Ok(value)
    } else {
        Err(CborError::OtherForm { type_name: type_name::<T>() })
    }
}

fn encode_as_declared<T: Serialize>(value: &T) -> Result<Vec<u8>, CborError> {
    let mut bytes = Vec::with_capacity(256);
    ciborium::into_writer(value, &mut bytes).map_err(|_| CborError::Unencodable {
        type_name: type_name::<T>(),
        fault: Fault::Serialisation,
    })?;
    Ok(bytes)
}

fn not_a<T>(error: &DecodeError<std::io::Error>) -> CborError {
    let offset = match error {
        DecodeError::Syntax(offset) => Some(*offset),
        DecodeError::Semantic(offset, _) => *offset,
        DecodeError::Io(_) | DecodeError::RecursionLimitExceeded => None,
    };
    CborError::Type { type_name: type_name::<T>(), offset }
}

fn write(writer: &mut Writer, value: &Value, level: usize) -> Result<(), Fault> {
    match value {
        Value::Integer(integer) => write_integer(writer, (*integer).into())?,
        Value::Bytes(bytes) => writer.bytes(bytes),
        Value::Text(text) => writer.text(text),
        Value::Bool(boolean) => writer.boolean(*boolean),
        Value::Null => writer.null(),
        Value::Array(items) => write_array(writer, items, deeper(level)?)?,
        Value::Map(pairs) => write_map(writer, pairs, deeper(level)?)?,
        Value::Tag(ALLOWED_TAG, content) => {
            writer.tag(ALLOWED_TAG);
            write(writer, content, deeper(level)?)?;
        }
        Value::Tag(tag, _) => return Err(Fault::Tag(*tag)),
        Value::Float(_) => return Err(Fault::Float),
        // `Value` may grow variants; none that exists today gets here.
        _ => return Err(Fault::Simple),
    }
    Ok(())
}

fn write_integer(writer: &mut Writer, integer: i128) -> Result<(), Fault> {
    let too_wide = |_| Fault::Expected("an integer of 64 bits and a sign");
    if integer >= 0 {
        writer.uint(u64::try_from(integer).map_err(too_wide)?);
    } else {
        writer.negative(u64::try_from(-1 - integer).map_err(too_wide)?);
    }
    Ok(())
}

fn write_array(writer: &mut Writer, items: &[Value], level: usize) -> Result<(), Fault> {
    writer.array(items.len());
    items.iter().try_for_each(|item| write(writer, item, level))
}

fn write_map(writer: &mut Writer, pairs: &[(Value, Value)], level: usize) -> Result<(), Fault> {
    let mut encoded = Vec::with_capacity(pairs.len());
    for (key, value) in pairs {
        let mut key_writer = Writer::default();
        write(&mut key_writer, key, level)?;
        encoded.push((key_writer.finish(), value));
    }
    encoded.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    if encoded.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        return Err(Fault::DuplicateKey);
    }
    writer.map(encoded.len());
    for (key, value) in encoded {
        writer.encoded(&key);
        write(writer, value, level)?;
    }
    Ok(())
}

const fn deeper(level: usize) -> Result<usize, Fault> {
    if level < MAX_DEPTH { Ok(level + 1) } else { Err(Fault::TooDeep { limit: MAX_DEPTH }) }
}
