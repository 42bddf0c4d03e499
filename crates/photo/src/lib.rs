//! Photos that people send, written anew: what comes out is a JPEG of our own making that holds
//! pixels and nothing else — no EXIF, no position, no colour profile, no second picture behind the
//! first, no script. JPEG, PNG and WebP are told by their content alone; size in bytes and pixels is
//! known and bounded before anything is decoded. No IO, no threads; no input panics.
//!
//! Deliberately absent: colour management, animation, every other format (SVG above all), and
//! keeping what was sent.

mod exif;
mod jpeg;
mod png;
mod raster;
pub mod sample;
mod webp;

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Most bytes of a photo as it is sent.
pub const MAX_SENT: usize = 12 * 1024 * 1024;
/// Most pixels of a photo as it is sent: telephones' cameras stay below it.
pub const MAX_PIXELS: u32 = 40_000_000;
/// Longest side of a photo as it is sent, in pixels.
pub const MAX_SIDE: u32 = 16_000;
/// Longest side of a photo as it is kept, in pixels.
pub const KEPT_SIDE: u32 = 1_600;
/// Most bytes of a photo as it is kept.
pub const MAX_KEPT: usize = 1024 * 1024;

/// Why a photo is not taken. Nothing in it repeats what was sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PhotoError {
    /// More than [`MAX_SENT`] bytes.
    #[error("the photo has {0} bytes; at most {MAX_SENT}")]
    TooLarge(usize),
    /// Not JPEG, PNG or WebP by its content, whatever it is called.
    #[error("the file is no JPEG, PNG or WebP photo by its content")]
    Unknown,
    /// More than [`MAX_PIXELS`], or a side over [`MAX_SIDE`].
    #[error(
        "the photo has {width} × {height} pixels; at most {MAX_PIXELS} and {MAX_SIDE} to a side"
    )]
    TooManyPixels {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// The file breaks off.
    #[error("the file breaks off before the photo ends: send it again")]
    Truncated,
    /// Several pictures, one after another.
    #[error("the file moves: send a still photo")]
    Animated,
    /// It claims to be a photo and is none.
    #[error("the file is damaged: it can't be read as the photo that it says it is")]
    Damaged,
}

impl PhotoError {
    /// The same in Chinese, for people.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::TooLarge(bytes) => format!("照片有 {bytes} 字节，最多 {MAX_SENT} 字节"),
            Self::Unknown => "文件内容不是 JPEG、PNG 或 WebP 照片".into(),
            Self::TooManyPixels { width, height } => format!(
                "照片为 {width} × {height} 像素，总数最多 {MAX_PIXELS}，单边最多 {MAX_SIDE}"
            ),
            Self::Truncated => "照片没有传完整，请重新上传".into(),
            Self::Animated => "不接收动图，请上传静态照片".into(),
            Self::Damaged => "照片已损坏，无法读取".into(),
        }
    }
}

/// What a file is, by its head alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shape {
    /// Its format.
    pub format: Format,
    /// Width in pixels, before it is turned upright.
    pub width: u32,
    /// Height in pixels, before it is turned upright.
    pub height: u32,
}

/// The formats that are taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// ITU-T T.81.
    Jpeg,
    /// W3C PNG.
    Png,
    /// RFC 9649.
    WebP,
}

impl Shape {
    /// Millions of pixels, rounded up: what decoding takes memory by.
    #[must_use]
    pub fn megapixels(&self) -> u32 {
        self.width.saturating_mul(self.height).div_ceil(1_000_000)
    }
}

/// What a file is and how large, without decoding it.
///
/// # Errors
/// [`PhotoError`]: too large, unknown, too many pixels, broken off or damaged.
pub fn probe(bytes: &[u8]) -> Result<Shape, PhotoError> {
    if bytes.len() > MAX_SENT {
        return Err(PhotoError::TooLarge(bytes.len()));
    }
    let format = sniff(bytes).ok_or(PhotoError::Unknown)?;
    let (width, height) = match format {
        Format::Jpeg => jpeg::size(bytes)?,
        Format::Png => png::size(bytes)?,
        Format::WebP => webp::size(bytes)?,
    };
    if width == 0 || height == 0 {
        return Err(PhotoError::Damaged);
    }
    let most = width.max(height);
    if most > MAX_SIDE || u64::from(width) * u64::from(height) > u64::from(MAX_PIXELS) {
        return Err(PhotoError::TooManyPixels { width, height });
    }
    Ok(Shape { format, width, height })
}

/// The photo written anew: upright, at most [`KEPT_SIDE`] to a side, at most [`MAX_KEPT`] bytes of
/// JPEG, on white where it was transparent. Takes about nine bytes of memory for a pixel, and a
/// core for up to a second.
///
/// # Errors
/// [`PhotoError`].
pub fn rewrite(bytes: &[u8]) -> Result<Vec<u8>, PhotoError> {
    let shape = probe(bytes)?;
    // The decoders are other people's: a panic in one of them is one photo's misfortune.
    catch_unwind(AssertUnwindSafe(|| decode(&shape, bytes))).unwrap_or(Err(PhotoError::Damaged))
}

fn decode(shape: &Shape, bytes: &[u8]) -> Result<Vec<u8>, PhotoError> {
    let (raster, orientation) = match shape.format {
        Format::Jpeg => jpeg::decode(bytes)?,
        Format::Png => png::decode(bytes)?,
        Format::WebP => webp::decode(bytes)?,
    };
    if (raster.width, raster.height) != (shape.width, shape.height) {
        return Err(PhotoError::Damaged);
    }
    let upright = raster.fitted(KEPT_SIDE).turned(orientation);
    // Noise does not compress: then less of it is kept.
    let tries = [85, 70, 50, 30, 10].into_iter().map(|quality| jpeg::encode(&upright, quality));
    let kept = tries.flatten().find(|kept| kept.len() <= MAX_KEPT);
    kept.ok_or(PhotoError::Damaged)
}

fn sniff(bytes: &[u8]) -> Option<Format> {
    if bytes.starts_with(b"\xff\xd8\xff") {
        return Some(Format::Jpeg);
    }
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Some(Format::Png);
    }
    let webp = bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP");
    webp.then_some(Format::WebP)
}

#[cfg(test)]
mod tests;
