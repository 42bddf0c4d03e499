//! Photos drawn in code, for the demo and for tests: a plain field with a few discs, so that two
//! numbers give two different pictures.

use crate::jpeg;
use crate::raster::Raster;

/// A small photo as people would send it: a JPEG, no metadata, the same for the same numbers.
/// Sides are 1 to 1,600 pixels.
#[must_use]
pub fn draw(number: u64, width: u16, height: u16) -> Vec<u8> {
    let (width, height) = (u32::from(width.clamp(1, 1_600)), u32::from(height.clamp(1, 1_600)));
    let byte = |shift: u64| u8::try_from(scattered(number) >> shift & 0xff).unwrap_or_default();
    let (wide, high) = (u64::from(width), u64::from(height));
    let discs: Vec<(u64, u64, u64)> = (0..4)
        .map(|disc| scattered(number.wrapping_add(disc * 7_919)))
        .map(|bits| (bits % wide, (bits >> 16) % high, 2 + (bits >> 32) % (wide.min(high) / 4 + 1)))
        .collect();
    let inside = |x: u64, y: u64| {
        discs.iter().any(|(cx, cy, r)| x.abs_diff(*cx).pow(2) + y.abs_diff(*cy).pow(2) <= r * r)
    };
    let (ground, ink) = ([byte(0), byte(8), byte(16)], [byte(24), byte(32), byte(40)]);
    let places = (0..high).flat_map(|y| (0..wide).map(move |x| (x, y)));
    let pixels = places.flat_map(|(x, y)| if inside(x, y) { ink } else { ground }).collect();
    jpeg::encode(&Raster { width, height, pixels }, 80).unwrap_or_default()
}

/// SplitMix64's finisher: neighbours come out far apart.
fn scattered(number: u64) -> u64 {
    let z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
