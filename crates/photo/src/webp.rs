//! WebP (RFC 9649): its chunks before it is decoded, and decoding.

use std::io::Cursor;

use image_webp::{DecodingError, WebPDecoder};

use crate::exif::{self, Orientation};
use crate::raster::Raster;
use crate::{MAX_PIXELS, PhotoError};

/// Most chunks: a still photo has six at most.
const MAX_CHUNKS: usize = 64;

/// Width and height. Every chunk that gives a size is asked, and all must say the same: a decoder
/// that believed the first and unpacked the second could be made to fill memory.
pub(crate) fn size(bytes: &[u8]) -> Result<(u32, u32), PhotoError> {
    let length = bytes.get(4..8).and_then(|four| four.try_into().ok()).map(u32::from_le_bytes);
    let end = usize::try_from(length.ok_or(PhotoError::Truncated)?).unwrap_or(usize::MAX);
    let body = bytes.get(12..end.saturating_add(8)).ok_or(PhotoError::Truncated)?;
    let (mut rest, mut size) = (body, None);
    for _ in 0..MAX_CHUNKS {
        let Some((head, after)) = rest.split_first_chunk::<8>() else { break };
        let [a, b, c, d, l0, l1, l2, l3] = *head;
        let length = usize::try_from(u32::from_le_bytes([l0, l1, l2, l3])).unwrap_or(usize::MAX);
        let data = after.get(..length).ok_or(PhotoError::Truncated)?;
        let told = match &[a, b, c, d] {
            b"ANIM" | b"ANMF" => return Err(PhotoError::Animated),
            b"VP8X" => Some(canvas(data)),
            b"VP8L" => Some(lossless(data)),
            b"VP8 " => Some(lossy(data)),
            _ => None,
        };
        if let Some(told) = told {
            let told = told.ok_or(PhotoError::Damaged)?;
            if size.replace(told).is_some_and(|other| other != told) {
                return Err(PhotoError::Damaged);
            }
        }
        rest = after.get(length + length % 2..).unwrap_or_default();
    }
    size.ok_or(PhotoError::Damaged)
}

/// RFC 9649 §2.7.1: two sides less one, of 24 bits each.
fn canvas(data: &[u8]) -> Option<(u32, u32)> {
    let [_, _, _, _, w0, w1, w2, h0, h1, h2, ..] = *data else { return None };
    Some((u32::from_le_bytes([w0, w1, w2, 0]) + 1, u32::from_le_bytes([h0, h1, h2, 0]) + 1))
}

/// RFC 9649 §3.4: a mark, then two sides less one, of 14 bits each.
fn lossless(data: &[u8]) -> Option<(u32, u32)> {
    let [0x2f, a, b, c, d, ..] = *data else { return None };
    let bits = u32::from_le_bytes([a, b, c, d]);
    Some(((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1))
}

/// RFC 6386 §9.1: a frame tag, a start code, two sides of 14 bits with their scale above.
fn lossy(data: &[u8]) -> Option<(u32, u32)> {
    let [_, _, _, 0x9d, 0x01, 0x2a, w0, w1, h0, h1, ..] = *data else { return None };
    let side = |bytes| u32::from(u16::from_le_bytes(bytes) & 0x3fff);
    Some((side([w0, w1]), side([h0, h1])))
}

pub(crate) fn decode(bytes: &[u8]) -> Result<(Raster, Orientation), PhotoError> {
    let mut decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(refused)?;
    decoder.set_memory_limit(8 * 1024 * 1024);
    if decoder.is_animated() {
        return Err(PhotoError::Animated);
    }
    let (width, height) = decoder.dimensions();
    let channels = if decoder.has_alpha() { 4 } else { 3 };
    let size = decoder.output_buffer_size().ok_or(PhotoError::Damaged)?;
    if size > MAX_PIXELS as usize * 4 {
        return Err(PhotoError::Damaged);
    }
    let mut pixels = vec![0; size];
    decoder.read_image(&mut pixels).map_err(refused)?;
    let exif = decoder.exif_metadata().ok().flatten();
    let orientation = exif.map_or(Orientation::UPRIGHT, |exif| exif::orientation(&exif));
    let raster = if channels == 3 {
        Raster { width, height, pixels }
    } else {
        Raster::on_white(width, height, &pixels, channels)
    };
    Ok((raster, orientation))
}

fn refused(error: DecodingError) -> PhotoError {
    if matches!(error, DecodingError::IoError(_)) {
        PhotoError::Truncated
    } else {
        PhotoError::Damaged
    }
}
