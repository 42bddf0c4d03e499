//! Coordinate systems of Chinese maps. What is kept is WGS-84 (CGCS2000 is the same for this
//! purpose); GCJ-02 is 50 to 700 m off, so a file has to name its system.
//!
//! GCJ-02 was never published officially. The formula here is the one that all open
//! implementations share; the tests hold it against their published pairs.

use std::f64::consts::PI;

use governance::territory::{BoundaryError, Point};
use serde::{Deserialize, Serialize};

use crate::problem::{Fault, Problem, Spot};

/// A coordinate system that a file may declare.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum System {
    /// WGS-84, and CGCS2000 which agrees with it to centimetres.
    #[serde(
        rename = "wgs84",
        alias = "WGS84",
        alias = "wgs-84",
        alias = "cgcs2000",
        alias = "CGCS2000"
    )]
    Wgs84,
    /// GCJ-02: AMap (高德), Tencent, and Google's maps of China.
    #[serde(rename = "gcj02", alias = "GCJ02", alias = "gcj-02")]
    Gcj02,
    /// BD-09: Baidu's maps. GCJ-02 distorted once more.
    #[serde(rename = "bd09", alias = "BD09", alias = "bd-09")]
    Bd09,
}

/// Semi-major axis of the Krasovsky 1940 ellipsoid, in metres, as the formula has it.
const AXIS: f64 = 6_378_245.0;
/// Its eccentricity squared.
const ECCENTRICITY: f64 = 0.006_693_421_622_965_943;
/// Good enough: a tenth of the unit in which points are kept (1e-7 degree).
const PRECISE: f64 = 1e-8;
/// The iteration gains two digits a round; more rounds than this mean it does not converge.
const ROUNDS: usize = 30;
/// Baidu's constant.
const BAIDU: f64 = PI * 3_000.0 / 180.0;

impl System {
    /// Every system.
    pub const ALL: [Self; 3] = [Self::Wgs84, Self::Gcj02, Self::Bd09];

    /// Its usual name.
    #[must_use]
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Wgs84 => "WGS-84",
            Self::Gcj02 => "GCJ-02",
            Self::Bd09 => "BD-09",
        }
    }

    /// The point that these degrees mean in this system. Outside China the systems agree.
    ///
    /// # Errors
    /// When a coordinate is not finite or out of range.
    pub fn point(self, lon: f64, lat: f64) -> Result<Point, BoundaryError> {
        Point::new(lon, lat)?;
        let (lon, lat) = match self {
            Self::Wgs84 => (lon, lat),
            Self::Gcj02 => inverse(to_gcj, (lon, lat)),
            Self::Bd09 => inverse(to_gcj, inverse(to_baidu, (lon, lat))),
        };
        Point::new(lon, lat)
    }

    /// Degrees of longitude and latitude of the point in this system.
    #[must_use]
    pub(crate) fn degrees(self, point: Point) -> (f64, f64) {
        let at = (point.lon(), point.lat());
        match self {
            Self::Wgs84 => at,
            Self::Gcj02 => to_gcj(at),
            Self::Bd09 => to_baidu(to_gcj(at)),
        }
    }
}

/// Asks for a declaration, as geometry without one is not taken.
pub(crate) fn undeclared(spot: Spot) -> Problem {
    Problem::error(
        Fault::NoSystem,
        spot,
        "文件含坐标，但没有声明坐标系；请选择 WGS-84（含 CGCS2000）、GCJ-02（高德、腾讯）或 BD-09（百度）",
        "there are coordinates and no declared system: choose WGS-84 (also CGCS2000), GCJ-02 (AMap, Tencent) or BD-09 (Baidu)",
    )
}

/// The rectangle in which the published formula distorts. It takes in some of the neighbours too.
fn in_china((lon, lat): (f64, f64)) -> bool {
    (72.004..=137.834_7).contains(&lon) && (0.829_3..=55.827_1).contains(&lat)
}

fn to_gcj(at: (f64, f64)) -> (f64, f64) {
    if !in_china(at) {
        return at;
    }
    let (lon, lat) = at;
    let (x, y) = (lon - 105.0, lat - 35.0);
    let both = waves(x, &[(20.0, 6.0), (20.0, 2.0)]);
    let north = -100.0
        + 2.0 * x
        + 3.0 * y
        + 0.2 * y * y
        + 0.1 * x * y
        + 0.2 * x.abs().sqrt()
        + both
        + waves(y, &[(20.0, 1.0), (40.0, 1.0 / 3.0), (160.0, 1.0 / 12.0), (320.0, 1.0 / 30.0)]);
    let east = 300.0
        + x
        + 2.0 * y
        + 0.1 * x * x
        + 0.1 * x * y
        + 0.1 * x.abs().sqrt()
        + both
        + waves(x, &[(20.0, 1.0), (40.0, 1.0 / 3.0), (150.0, 1.0 / 12.0), (300.0, 1.0 / 30.0)]);
    let parallel = lat.to_radians();
    let magic = 1.0 - ECCENTRICITY * parallel.sin().powi(2);
    let north = north.to_degrees() / (AXIS * (1.0 - ECCENTRICITY) / (magic * magic.sqrt()));
    let east = east.to_degrees() / (AXIS / magic.sqrt() * parallel.cos());
    (lon + east, lat + north)
}

/// Two thirds of the sum of sines of `at`, each with its amplitude and its multiple of π.
fn waves(at: f64, parts: &[(f64, f64)]) -> f64 {
    parts.iter().map(|(high, times)| high * (at * times * PI).sin()).sum::<f64>() * 2.0 / 3.0
}

fn to_baidu(at: (f64, f64)) -> (f64, f64) {
    if !in_china(at) {
        return at;
    }
    let (x, y) = at;
    let radius = x.hypot(y) + 0.000_02 * (y * BAIDU).sin();
    let angle = y.atan2(x) + 0.000_003 * (x * BAIDU).cos();
    (radius * angle.cos() + 0.006_5, radius * angle.sin() + 0.006)
}

/// The point that the distortion takes to `target`, to better than 1e-7 degree: the guess is moved
/// by what it misses, which shrinks some hundredfold a round.
fn inverse(distort: fn((f64, f64)) -> (f64, f64), target: (f64, f64)) -> (f64, f64) {
    if !in_china(target) {
        return target;
    }
    let mut guess = target;
    for _ in 0..ROUNDS {
        let found = distort(guess);
        let miss = (target.0 - found.0, target.1 - found.1);
        if miss.0.abs() < PRECISE && miss.1.abs() < PRECISE {
            break;
        }
        guess = (guess.0 + miss.0, guess.1 + miss.1);
    }
    guess
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// WGS-84 and GCJ-02 pairs which the open implementations publish with their tests
    /// (googollee/eviltransform, `go/transform_test.go`): Shanghai, Shenzhen, Beijing.
    const PUBLISHED: [[f64; 4]; 3] = [
        [121.527_210_6, 31.177_427_6, 121.531_541_859_215, 31.175_303_983_645_97],
        [113.912_316, 22.543_847, 113.917_176_480_836_3, 22.540_796_131_694_766],
        [116.377_817, 39.911_954, 116.384_047_224_556_57, 39.913_345_455_360_69],
    ];

    #[test]
    fn published_pairs_agree_to_a_centimetre() {
        for [lon, lat, gcj_lon, gcj_lat] in PUBLISHED {
            let (x, y) = to_gcj((lon, lat));
            assert!((x - gcj_lon).abs() < 1e-5 && (y - gcj_lat).abs() < 1e-5, "{x} {y}");
            let point = System::Gcj02.point(gcj_lon, gcj_lat).unwrap();
            assert!((point.lon() - lon).abs() < 1e-5 && (point.lat() - lat).abs() < 1e-5);
        }
    }

    /// The pair in the documentation of wandergis/coordtransform: Tian'anmen, GCJ-02 to BD-09.
    #[test]
    fn baidu_is_the_second_distortion() {
        let (lon, lat) = to_baidu((116.404, 39.915));
        assert!((lon - 116.410_369_493_710_29).abs() < 1e-9, "{lon}");
        assert!((lat - 39.921_336_993_510_21).abs() < 1e-9, "{lat}");
    }

    #[test]
    fn outside_china_nothing_moves() {
        for (lon, lat) in [(-122.419, 37.775), (2.35, 48.86), (139.69, 35.69), (0.0, 0.0)] {
            for system in System::ALL {
                let point = system.point(lon, lat).unwrap();
                assert!((point.lon(), point.lat()) == (lon, lat));
            }
        }
    }

    #[test]
    fn what_is_no_coordinate_is_refused() {
        for system in System::ALL {
            assert!(system.point(f64::NAN, 30.0).is_err());
            assert!(system.point(118.0, f64::INFINITY).is_err());
            assert!(system.point(29.0, 118.0).is_err(), "latitude and longitude swapped");
        }
    }

    proptest! {
        #[test]
        fn there_and_back_is_the_same_place(lon in 73_500_000..135_000_000_i32, lat in 18_000_000..53_500_000_i32) {
            let point = Point::from_units(lon * 10, lat * 10).unwrap();
            for system in System::ALL {
                let (x, y) = system.degrees(point);
                let back = system.point(x, y).unwrap();
                prop_assert!((back.lon() - point.lon()).abs() < 1e-7);
                prop_assert!((back.lat() - point.lat()).abs() < 1e-7);
            }
        }

        #[test]
        fn gcj_02_is_off_by_some_hundred_metres(lon in 75.0..134.0_f64, lat in 19.0..53.0_f64) {
            let (x, y) = to_gcj((lon, lat));
            let metres = (x - lon).mul_add(lat.to_radians().cos(), 0.0).hypot(y - lat) * 111_320.0;
            prop_assert!((10.0..1_000.0).contains(&metres), "{metres}");
        }
    }
}
