//! A file inside a JSON body, as base64 (RFC 4648 §4).

use std::fmt;

use data_encoding::BASE64;
use import::table::Format;
use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};

/// A file's bytes.
pub(super) struct Upload(pub(super) Vec<u8>);

impl<'de> Deserialize<'de> for Upload {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_str(Base64)
    }
}

/// How a file of places is written.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::resource) enum Form {
    /// Text with a separator between cells.
    Csv,
    /// An Excel workbook.
    Xlsx,
    /// A JSON array of objects.
    Json,
    /// GeoJSON (RFC 7946).
    Geojson,
}

impl Form {
    /// The form of a table.
    pub(in crate::resource) fn table(self) -> Option<Format> {
        match self {
            Self::Csv => Some(Format::Csv),
            Self::Xlsx => Some(Format::Xlsx),
            Self::Json => Some(Format::Json),
            Self::Geojson => None,
        }
    }
}

impl Upload {
    /// Whether it is GeoJSON, as far as its beginning tells.
    pub(super) fn is_geojson(&self) -> bool {
        const NAME: &[u8] = b"\"FeatureCollection\"";
        let begin = &self.0[..self.0.len().min(4_096)];
        let text = begin.strip_prefix(b"\xef\xbb\xbf").unwrap_or(begin).trim_ascii_start();
        text.starts_with(b"{") && text.windows(NAME.len()).any(|window| window == NAME)
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
