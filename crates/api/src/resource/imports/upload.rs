//! A file inside a JSON body, as base64 (RFC 4648 §4).

use std::fmt;

use data_encoding::BASE64;
use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// A file's bytes.
pub(super) struct Upload(pub(super) Vec<u8>);

impl<'de> Deserialize<'de> for Upload {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_str(Base64)
    }
}

struct Base64;

impl Visitor<'_> for Base64 {
    type Value = Upload;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a file in base64 (RFC 4648 §4, with padding)")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Upload, E> {
        // What the library says repeats nothing but a position; ours says what would be right.
        let bytes = BASE64.decode(text.as_bytes());
        bytes.map(Upload).map_err(|_| E::invalid_value(serde::de::Unexpected::Other("text"), &self))
    }
}
