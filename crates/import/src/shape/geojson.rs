//! GeoJSON (RFC 7946): the features' properties as a table, their polygons beside it.
//!
//! RFC 7946 §4 knows WGS-84 alone, but Chinese maps are often in GCJ-02 without saying so: the
//! system is declared by whoever imports, and a `crs` member that names another is refused.

use std::borrow::Cow;

use governance::territory::Boundary;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::{Rings, ShapeError, boundary};
use crate::coordinates::System;
use crate::problem::{Fault, Problem, Spot};
use crate::table::{Book, Encoding, Format, Limits, objects};

/// Largest file, in bytes.
pub const MAX_BYTES: usize = 16 << 20;
/// Most features.
pub const MAX_FEATURES: usize = 20_000;

/// A file's features.
pub struct Features {
    /// Their properties, a row each; the row's number is the feature's, the first being 1.
    pub book: Book,
    /// Their polygons, in WGS-84, in the same order. `None` where a feature has no geometry.
    pub shapes: Vec<Option<Result<Boundary, Problem>>>,
    /// The declared system, from which they were converted.
    pub system: System,
}

#[derive(Deserialize)]
struct Collection<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    features: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    crs: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Feature<'a> {
    #[serde(default)]
    properties: Option<Value>,
    #[serde(borrow, default)]
    geometry: Option<Geometry<'a>>,
}

#[derive(Deserialize)]
struct Geometry<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    coordinates: Option<&'a RawValue>,
}

/// Reads a feature collection. What is wrong with one feature's geometry is told of that feature
/// alone.
///
/// # Errors
/// When the file as a whole can't be taken, or no system was declared.
pub fn read(bytes: &[u8], system: Option<System>) -> Result<Features, Problem> {
    let whole = |fault, zh: &str, en: &str| Problem::error(fault, Spot::default(), zh, en);
    if bytes.len() > MAX_BYTES {
        let (zh, en) = (
            "文件超过 16 MiB；请简化边界或分成几个文件",
            "the file has more than 16 MiB: simplify or split it",
        );
        return Err(whole(Fault::FileTooLarge, zh, en));
    }
    let system = system.ok_or_else(|| crate::coordinates::undeclared(Spot::default()))?;
    let text = std::str::from_utf8(bytes).map_err(|_| {
        whole(Fault::WrongEncoding, "GeoJSON 应为 UTF-8 编码", "GeoJSON has to be UTF-8")
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let collection: Collection<'_> = serde_json::from_str(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let zh = format!("不是有效的 GeoJSON（第 {line} 行第 {column} 个字符处）");
        whole(
            Fault::Unreadable,
            &zh,
            &format!("it is not valid GeoJSON (line {line}, column {column})"),
        )
    })?;
    if collection.kind != "FeatureCollection" {
        return Err(whole(
            Fault::Unreadable,
            "应为 FeatureCollection",
            "it should be a FeatureCollection",
        ));
    }
    check_system(collection.crs, system)?;
    if collection.features.len() > MAX_FEATURES {
        let (zh, en) =
            ("要素超过 20,000 个；请分成几个文件", "more than 20,000 features: split the file");
        return Err(whole(Fault::TooManyRows, zh, en));
    }
    let mut properties = Vec::with_capacity(collection.features.len());
    let mut shapes = Vec::with_capacity(collection.features.len());
    for (number, raw) in (1..).zip(&collection.features) {
        let spot = Spot::row(number);
        let feature: Feature<'_> = serde_json::from_str(raw.get()).map_err(|_| {
            Problem::error(
                Fault::Unreadable,
                spot.clone(),
                "不是有效的要素（Feature）",
                "it is not a valid feature",
            )
        })?;
        shapes.push(feature.geometry.map(|geometry| {
            polygon(&geometry, system).map_err(|error| error.problem(spot.column("geometry")))
        }));
        properties.push(feature.properties.unwrap_or(Value::Null));
    }
    let sheet = objects(&properties, &Limits::default())?;
    let book = Book {
        sheets: vec![sheet],
        format: Format::Json,
        encoding: Some(Encoding::Utf8),
        problems: vec![],
    };
    Ok(Features { book, shapes, system })
}

/// RFC 7946 has no `crs` member; the GeoJSON before it had.
fn check_system(crs: Option<&RawValue>, declared: System) -> Result<(), Problem> {
    let Some(crs) = crs.filter(|crs| crs.get() != "null") else { return Ok(()) };
    let named: Value = serde_json::from_str(crs.get()).unwrap_or(Value::Null);
    let name = named.pointer("/properties/name").and_then(Value::as_str).unwrap_or("?");
    let wgs84 = ["CRS84", "EPSG:4326", "EPSG::4326", "EPSG::4490", "EPSG:4490"]
        .iter()
        .any(|end| name.ends_with(end));
    // Tools write the default here whatever the data are in, so GCJ-02 may still be declared.
    if wgs84 || (name == "GCJ02" && declared == System::Gcj02) {
        return Ok(());
    }
    let name: String = name.chars().take(60).collect();
    Err(ShapeError::System(name).problem(Spot::default()))
}

fn polygon(geometry: &Geometry<'_>, system: System) -> Result<Boundary, ShapeError> {
    let coordinates = geometry.coordinates.map_or("[]", RawValue::get);
    let syntax = |error: serde_json::Error| ShapeError::Syntax(error.column());
    let rings: Rings = match &*geometry.kind {
        "Polygon" => {
            plain(serde_json::from_str::<Vec<Vec<Position>>>(coordinates).map_err(syntax)?)
        }
        "MultiPolygon" => {
            let polygons: Vec<Vec<Vec<Position>>> =
                serde_json::from_str(coordinates).map_err(syntax)?;
            plain(polygons.into_iter().flatten().collect())
        }
        _ => return Err(ShapeError::Kind),
    };
    boundary(&rings, system)
}

fn plain(rings: Vec<Vec<Position>>) -> Rings {
    rings.into_iter().map(|ring| ring.into_iter().map(|p| (p.0, p.1)).collect()).collect()
}

/// Longitude, latitude; further numbers are dropped (§3.1.1).
struct Position(f64, f64);

impl<'de> Deserialize<'de> for Position {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Numbers;

        impl<'de> Visitor<'de> for Numbers {
            type Value = Position;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("longitude and latitude")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Position, A::Error> {
                let mut next = |at| {
                    seq.next_element::<f64>()?
                        .ok_or_else(|| serde::de::Error::invalid_length(at, &self))
                };
                let position = Position(next(0)?, next(1)?);
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(position)
            }
        }

        deserializer.deserialize_seq(Numbers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQUARE: &str = "[[118,29],[119,29,7.5],[119,30],[118,30],[118,29]]";

    fn collection(geometry: &str) -> String {
        format!(
            r#"{{"type":"FeatureCollection","features":[{{"type":"Feature","properties":{{"name":"一","parent":{{"adcode":34}}}},"geometry":{geometry}}}]}}"#
        )
    }

    fn shape(geometry: &str) -> Option<Result<Boundary, Problem>> {
        read(collection(geometry).as_bytes(), Some(System::Wgs84)).unwrap().shapes.remove(0)
    }

    fn refused(text: &str, system: Option<System>) -> Fault {
        read(text.as_bytes(), system).err().unwrap().fault
    }

    #[test]
    fn polygons_and_their_properties_read() {
        let polygon =
            shape(&format!(r#"{{"type":"Polygon","coordinates":[{SQUARE}]}}"#)).unwrap().unwrap();
        assert_eq!(polygon.rings()[0].len(), 5);
        let many = format!(r#"{{"type":"MultiPolygon","coordinates":[[{SQUARE}],[{SQUARE}]]}}"#);
        assert_eq!(shape(&many).unwrap().unwrap().rings().len(), 2);
        assert!(shape("null").is_none());
        let features = read(collection("null").as_bytes(), Some(System::Wgs84)).unwrap();
        let header: Vec<_> =
            features.book.sheets[0].rows[0].cells.iter().map(crate::table::Cell::to_text).collect();
        assert_eq!(header, ["name", "parent.adcode"]);
    }

    #[test]
    fn one_bad_geometry_is_told_of_its_feature() {
        for geometry in [
            r#"{"type":"Point","coordinates":[1,2]}"#,
            r#"{"type":"Polygon","coordinates":[[[29,118],[29,119],[30,119],[29,118]]]}"#,
            r#"{"type":"Polygon","coordinates":[[[1],[2],[3]]]}"#,
            r#"{"type":"Polygon"}"#,
            r#"{"type":"Polygon","coordinates":[[[118,29],[119,29],[119,30],[118,30]]]}"#,
        ] {
            let problem = shape(geometry).unwrap().err().unwrap();
            assert_eq!(
                (problem.fault, problem.spot.row),
                (Fault::BadGeometry, Some(1)),
                "{geometry}"
            );
        }
    }

    #[test]
    fn a_file_without_a_declared_system_or_with_another_is_refused() {
        let text = collection("null");
        assert_eq!(refused(&text, None), Fault::NoSystem);
        let named = |name: &str| {
            text.replacen(
                '{',
                &format!(r#"{{"crs":{{"type":"name","properties":{{"name":"{name}"}}}},"#),
                1,
            )
        };
        assert_eq!(
            refused(&named("urn:ogc:def:crs:EPSG::3857"), Some(System::Gcj02)),
            Fault::OtherSystem
        );
        assert!(
            read(named("urn:ogc:def:crs:OGC:1.3:CRS84").as_bytes(), Some(System::Wgs84)).is_ok()
        );
    }

    #[test]
    fn what_is_no_feature_collection_is_refused() {
        for text in [
            "",
            "[]",
            "{}",
            r#"{"type":"Feature"}"#,
            r#"{"type":"FeatureCollection","features":[1]}"#,
        ] {
            assert_eq!(refused(text, Some(System::Wgs84)), Fault::Unreadable, "{text}");
        }
        let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
        assert_eq!(refused(&deep, Some(System::Wgs84)), Fault::Unreadable);
        let deep = shape(&format!(r#"{{"type":"Polygon","coordinates":{deep}}}"#));
        assert_eq!(deep.unwrap().err().unwrap().fault, Fault::BadGeometry);
    }
}
