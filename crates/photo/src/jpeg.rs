//! JPEG (ITU-T T.81): what its markers say before it is decoded, decoding, and writing.

use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use crate::exif::{self, Orientation};
use crate::raster::Raster;
use crate::{MAX_SIDE, PhotoError};

/// Most scans: a progressive photo has ten; each goes over every pixel.
const MAX_SCANS: usize = 32;

const SOI: u8 = 0xd8;
const EOI: u8 = 0xd9;
const SOS: u8 = 0xda;

/// Width and height from the one frame header, once the end of the image was seen: what decoders
/// fill in for missing data is not what was photographed.
pub(crate) fn size(bytes: &[u8]) -> Result<(u32, u32), PhotoError> {
    let (mut at, mut size, mut scans) = (2, None, 0);
    loop {
        let marker = next_marker(bytes, &mut at)?;
        match marker {
            EOI if scans > 0 => return size.ok_or(PhotoError::Damaged),
            // Without a length: restarts, and TEM.
            0xd0..=0xd7 | 0x01 => continue,
            SOI | EOI | 0x00 => return Err(PhotoError::Damaged),
            _ => {}
        }
        let segment = segment(bytes, at)?;
        at += 2 + segment.len();
        match marker {
            // Frame headers (table B.1), of which C4, C8 and CC are none.
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                let [_, h1, h0, w1, w0, ..] = *segment else { return Err(PhotoError::Damaged) };
                let frame =
                    (u32::from(u16::from_be_bytes([w1, w0])), u16::from_be_bytes([h1, h0]).into());
                if size.replace(frame).is_some() {
                    return Err(PhotoError::Damaged);
                }
            }
            SOS => {
                scans += 1;
                if scans > MAX_SCANS {
                    return Err(PhotoError::Damaged);
                }
            }
            _ => {}
        }
    }
}

/// The next marker at or after `at`, which then lies behind it: fill bytes and entropy-coded data
/// are passed over.
fn next_marker(bytes: &[u8], at: &mut usize) -> Result<u8, PhotoError> {
    loop {
        let rest = bytes.get(*at..).ok_or(PhotoError::Truncated)?;
        let found = rest.iter().position(|byte| *byte == 0xff).ok_or(PhotoError::Truncated)?;
        *at += found + 1;
        match bytes.get(*at) {
            None => return Err(PhotoError::Truncated),
            // Stuffed, or a fill byte before the marker.
            Some(0x00 | 0xff) => {}
            Some(marker) => {
                *at += 1;
                return Ok(*marker);
            }
        }
    }
}

/// A marker segment without its length.
fn segment(bytes: &[u8], at: usize) -> Result<&[u8], PhotoError> {
    let rest = bytes.get(at..).ok_or(PhotoError::Truncated)?;
    let (length, rest) = rest.split_first_chunk::<2>().ok_or(PhotoError::Truncated)?;
    let length = usize::from(u16::from_be_bytes(*length)).checked_sub(2);
    rest.get(..length.ok_or(PhotoError::Damaged)?).ok_or(PhotoError::Truncated)
}

pub(crate) fn decode(bytes: &[u8]) -> Result<(Raster, Orientation), PhotoError> {
    let side = MAX_SIDE as usize;
    let options = DecoderOptions::default()
        .set_max_width(side)
        .set_max_height(side)
        .jpeg_set_max_scans(MAX_SCANS)
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    let pixels = decoder.decode().map_err(|_| PhotoError::Damaged)?;
    let info = decoder.info().ok_or(PhotoError::Damaged)?;
    let orientation = decoder.exif().map_or(Orientation::UPRIGHT, |exif| exif::orientation(exif));
    let (width, height) = (u32::from(info.width), u32::from(info.height));
    if pixels.len() != width as usize * height as usize * 3 {
        return Err(PhotoError::Damaged);
    }
    Ok((Raster { width, height, pixels }, orientation))
}

/// The picture as a baseline JPEG without metadata; `None` where a side is too long for the format.
pub(crate) fn encode(raster: &Raster, quality: u8) -> Option<Vec<u8>> {
    let (width, height) = (u16::try_from(raster.width).ok()?, u16::try_from(raster.height).ok()?);
    let mut out = Vec::new();
    jpeg_encoder::Encoder::new(&mut out, quality)
        .encode(&raster.pixels, width, height, jpeg_encoder::ColorType::Rgb)
        .ok()?;
    Some(out)
}
