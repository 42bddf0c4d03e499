//! Polygons from files: WKT in a cell, GeoJSON.

pub mod geojson;
mod wkt;

use governance::territory::{Boundary, BoundaryError, MAX_POINTS, MAX_RINGS, Point};

use crate::coordinates::System;
use crate::problem::{Fault, Problem, Spot};

/// Rings of longitude and latitude in the file's own system.
pub(crate) type Rings = Vec<Vec<(f64, f64)>>;

/// Why something is no boundary.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum ShapeError {
    /// Of another kind, such as a line.
    #[error("it is not a polygon or multipolygon")]
    Kind,
    /// Not written as it should be, at so many bytes from the start.
    #[error("it can't be read from character {0} on")]
    Syntax(usize),
    /// It names a coordinate system other than the declared one.
    #[error("it names the system {0}, which is not the declared one")]
    System(String),
    /// It is well written and no boundary.
    #[error(transparent)]
    Boundary(#[from] BoundaryError),
}

impl ShapeError {
    /// What to tell the person who has the file.
    pub(crate) fn problem(&self, spot: Spot) -> Problem {
        let fault = match self {
            Self::System(_) => Fault::OtherSystem,
            Self::Kind | Self::Syntax(_) | Self::Boundary(_) => Fault::BadGeometry,
        };
        let zh = match self {
            Self::Kind => "应为 POLYGON 或 MULTIPOLYGON（多边形）".into(),
            Self::Syntax(at) => format!("从第 {at} 个字符起不合格式"),
            Self::System(name) => format!("文件写明坐标系为 {name}，与声明的不同"),
            Self::Boundary(error) => in_chinese(error),
        };
        Problem::error(fault, spot, zh, self.to_string())
    }
}

fn in_chinese(error: &BoundaryError) -> String {
    match error {
        BoundaryError::Longitude => "经度应在 -180 到 180 之间；经纬度是否写反了？".into(),
        BoundaryError::Latitude => "纬度应在 -90 到 90 之间；经纬度是否写反了？".into(),
        BoundaryError::Rings(n) => format!("有 {n} 个环；应为 1 到 {MAX_RINGS} 个"),
        BoundaryError::Points(n) => format!("有 {n} 个点；请简化到 {MAX_POINTS} 个以内"),
        BoundaryError::Short(at) => format!("第 {} 个环不足 4 个点（含首尾重复的一点）", at + 1),
        BoundaryError::Open(at) => format!("第 {} 个环首尾不相接", at + 1),
        BoundaryError::Dateline(at) => format!("第 {} 个环跨越 180° 经线；请在那里切开", at + 1),
    }
}

/// What is wrong with a longitude and latitude.
pub(crate) fn bad_point(error: &BoundaryError, spot: Spot) -> Problem {
    Problem::error(Fault::BadGeometry, spot, in_chinese(error), error.to_string())
}

/// The boundary of the rings, in WGS-84.
pub(crate) fn boundary(rings: &Rings, system: System) -> Result<Boundary, ShapeError> {
    let points = rings.iter().map(Vec::len).sum();
    // Counted before they are converted, which takes a while.
    if points > MAX_POINTS {
        return Err(BoundaryError::Points(points).into());
    }
    let convert = |ring: &Vec<(f64, f64)>| {
        ring.iter().map(|(lon, lat)| system.point(*lon, *lat)).collect::<Result<Vec<Point>, _>>()
    };
    let rings = rings.iter().map(convert).collect::<Result<Vec<_>, _>>()?;
    Ok(Boundary::new(rings)?)
}

/// A boundary from WKT.
pub(crate) fn from_wkt(text: &str, system: System) -> Result<Boundary, ShapeError> {
    boundary(&wkt::parse(text, system)?, system)
}
