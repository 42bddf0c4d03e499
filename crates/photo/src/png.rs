//! PNG: its head, and decoding.

use std::io::Cursor;

use png::{ColorType, Decoder, DecodingError, Limits, Transformations};

use crate::exif::{self, Orientation};
use crate::raster::Raster;
use crate::{MAX_PIXELS, PhotoError};

/// Width and height from the header chunk, which stands first.
pub(crate) fn size(bytes: &[u8]) -> Result<(u32, u32), PhotoError> {
    let head = bytes.get(8..24).ok_or(PhotoError::Truncated)?;
    if &head[4..8] != b"IHDR" {
        return Err(PhotoError::Damaged);
    }
    let side = |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    Ok((side(8), side(12)))
}

pub(crate) fn decode(bytes: &[u8]) -> Result<(Raster, Orientation), PhotoError> {
    // Beside the pixels themselves: chunks of metadata, and what decompressing takes.
    let limits = Limits { bytes: 8 * 1024 * 1024 };
    let mut decoder = Decoder::new_with_limits(Cursor::new(bytes), limits);
    decoder.set_transformations(Transformations::normalize_to_color8());
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let mut reader = decoder.read_info().map_err(refused)?;
    let size = reader.output_buffer_size().ok_or(PhotoError::Damaged)?;
    if size > MAX_PIXELS as usize * 4 {
        return Err(PhotoError::Damaged);
    }
    let mut pixels = vec![0; size];
    let frame = reader.next_frame(&mut pixels).map_err(refused)?;
    // The end too: an eXIf chunk may stand behind the pixels.
    reader.finish().map_err(refused)?;
    let exif = reader.info().exif_metadata.as_deref().map(exif::orientation);
    let channels = match frame.color_type {
        ColorType::Grayscale => 1,
        ColorType::GrayscaleAlpha => 2,
        ColorType::Rgb => 3,
        ColorType::Rgba => 4,
        ColorType::Indexed => return Err(PhotoError::Damaged),
    };
    let (width, height) = (frame.width, frame.height);
    pixels.truncate(frame.buffer_size());
    let raster = if channels == 3 {
        Raster { width, height, pixels }
    } else {
        Raster::on_white(width, height, &pixels, channels)
    };
    Ok((raster, exif.unwrap_or(Orientation::UPRIGHT)))
}

fn refused(error: DecodingError) -> PhotoError {
    match error {
        DecodingError::IoError(_) => PhotoError::Truncated,
        DecodingError::Format(_) | DecodingError::Parameter(_) | DecodingError::LimitsExceeded => {
            PhotoError::Damaged
        }
    }
}
