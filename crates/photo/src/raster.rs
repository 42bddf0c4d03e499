//! Pixels: eight bits each of red, green and blue, row by row from the top left.

use crate::exif::Orientation;

/// A picture.
pub(crate) struct Raster {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Three bytes a pixel.
    pub(crate) pixels: Vec<u8>,
}

const DEPTH: usize = 3;

impl Raster {
    /// A picture of what `each` gives for every pixel, by column and row.
    fn of(width: u32, height: u32, each: impl Fn(usize, usize) -> [u8; DEPTH]) -> Self {
        let (columns, rows) = (width as usize, height as usize);
        let places = (0..rows).flat_map(|row| (0..columns).map(move |column| (column, row)));
        let pixels = places.flat_map(|(column, row)| each(column, row)).collect();
        Self { width, height, pixels }
    }

    fn at(&self, column: usize, row: usize) -> [u8; DEPTH] {
        let start = (row * self.width as usize + column) * DEPTH;
        [self.pixels[start], self.pixels[start + 1], self.pixels[start + 2]]
    }

    /// The picture scaled down so that no side is longer than `most`; each new pixel is the mean of
    /// the area that it stands for.
    pub(crate) fn fitted(self, most: u32) -> Self {
        let long = self.width.max(self.height);
        if long <= most {
            return self;
        }
        let scaled = |side: u32| {
            let side = u64::from(side) * u64::from(most) / u64::from(long);
            u32::try_from(side).unwrap_or(most).max(1)
        };
        let (width, height) = (scaled(self.width), scaled(self.height));
        let columns = spans(self.width, width);
        let mut pixels = Vec::with_capacity(width as usize * height as usize * DEPTH);
        let mut narrow = vec![0.0_f32; width as usize * DEPTH];
        for span in spans(self.height, height) {
            let mut sums = vec![0.0_f32; width as usize * DEPTH];
            for (row, weight) in span.parts() {
                self.narrowed(row, &columns, &mut narrow);
                for (sum, value) in sums.iter_mut().zip(&narrow) {
                    *sum += value * weight;
                }
            }
            pixels.extend(sums.iter().map(|sum| rounded(*sum)));
        }
        Self { width, height, pixels }
    }

    /// One row, narrowed.
    fn narrowed(&self, row: usize, columns: &[Span], narrow: &mut [f32]) {
        let width = self.width as usize * DEPTH;
        let row = &self.pixels[row * width..(row + 1) * width];
        for (span, out) in columns.iter().zip(narrow.chunks_exact_mut(DEPTH)) {
            out.fill(0.0);
            for (column, weight) in span.parts() {
                for (out, value) in out.iter_mut().zip(&row[column * DEPTH..]) {
                    *out += f32::from(*value) * weight;
                }
            }
        }
    }

    /// The picture turned upright.
    pub(crate) fn turned(self, by: Orientation) -> Self {
        if by == Orientation::UPRIGHT {
            return self;
        }
        let (width, height) =
            if by.transposed { (self.height, self.width) } else { (self.width, self.height) };
        let (last_column, last_row) = (width as usize - 1, height as usize - 1);
        Self::of(width, height, |column, row| {
            let column = if by.mirrored { last_column - column } else { column };
            let row = if by.flipped { last_row - row } else { row };
            if by.transposed { self.at(row, column) } else { self.at(column, row) }
        })
    }

    /// Puts a picture of `channels` bytes a pixel (grey, grey and alpha, red-green-blue, or that and
    /// alpha) on white.
    pub(crate) fn on_white(width: u32, height: u32, bytes: &[u8], channels: usize) -> Self {
        let over = |value: u8, alpha: u8| {
            let (value, alpha) = (u16::from(value), u16::from(alpha));
            u8::try_from((value * alpha + 255 * (255 - alpha) + 127) / 255).unwrap_or(u8::MAX)
        };
        let pixels = bytes.chunks_exact(channels).flat_map(|pixel| match *pixel {
            [grey] => [grey; DEPTH],
            [grey, alpha] => [over(grey, alpha); DEPTH],
            [red, green, blue, alpha] => [over(red, alpha), over(green, alpha), over(blue, alpha)],
            [red, green, blue] => [red, green, blue],
            _ => [u8::MAX; DEPTH],
        });
        Self { width, height, pixels: pixels.collect() }
    }
}

fn rounded(value: f32) -> u8 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to what a byte holds"
    )]
    let byte = value.round().clamp(0.0, 255.0) as u8;
    byte
}

/// The stretch of old pixels that one new pixel stands for.
#[derive(Clone, Copy)]
struct Span {
    /// In new pixels times old pixels: `from / new` to `until / new`.
    from: u64,
    until: u64,
    new: u64,
}

impl Span {
    /// Old pixels with their share of the new one; the shares add up to one.
    fn parts(self) -> impl Iterator<Item = (usize, f32)> {
        let Self { from, until, new } = self;
        let whole = until - from;
        (from / new..until.div_ceil(new)).map(move |old| {
            let covered = until.min((old + 1) * new) - from.max(old * new);
            (usize::try_from(old).unwrap_or(usize::MAX), share(covered, whole))
        })
    }
}

fn share(part: u64, whole: u64) -> f32 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "both are below 16,000; a share needs no more than eight bits"
    )]
    let share = part as f32 / whole as f32;
    share
}

fn spans(old: u32, new: u32) -> Vec<Span> {
    let (old, new) = (u64::from(old), u64::from(new));
    (0..new).map(|index| Span { from: index * old, until: (index + 1) * old, new }).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_plain_picture_stays_plain_at_any_size(
            width in 1..300_u32, height in 1..300_u32, most in 1..200_u32, colour: [u8; 3]
        ) {
            let raster = Raster::of(width, height, |_, _| colour).fitted(most);
            prop_assert!(raster.width.max(raster.height) <= most.max(1).max(width.max(height).min(most)));
            prop_assert!(raster.pixels.chunks_exact(3).all(|pixel| pixel == colour));
            prop_assert_eq!(raster.pixels.len(), (raster.width * raster.height * 3) as usize);
        }

        #[test]
        fn turning_moves_pixels_and_loses_none(width in 1..12_u32, height in 1..12_u32, tag in 1..9_u16) {
            let number = |column: usize, row: usize| {
                [u8::try_from(column).unwrap(), u8::try_from(row).unwrap(), 7]
            };
            let block = [b"II*\0".as_slice(), &8_u32.to_le_bytes(), &1_u16.to_le_bytes(),
                &0x0112_u16.to_le_bytes(), &3_u16.to_le_bytes(), &1_u32.to_le_bytes(),
                &tag.to_le_bytes(), &[0, 0]].concat();
            let by = crate::exif::orientation(&block);
            let turned = Raster::of(width, height, number).turned(by);
            let mut seen: Vec<&[u8]> = turned.pixels.chunks_exact(3).collect();
            seen.sort_unstable();
            seen.dedup();
            prop_assert_eq!(seen.len(), (width * height) as usize);
            prop_assert_eq!((turned.width, turned.height),
                if tag >= 5 { (height, width) } else { (width, height) });
        }
    }

    #[test]
    fn each_orientation_brings_the_top_left_corner_to_its_place() {
        // Where EXIF's row 0, column 0 is to be seen (TIFF 6.0, tag 274).
        let places = [
            (1, (0, 0)),
            (2, (1, 0)),
            (3, (1, 2)),
            (4, (0, 2)),
            (5, (0, 0)),
            (6, (2, 0)),
            (7, (2, 1)),
            (8, (0, 1)),
        ];
        for (tag, place) in places {
            let block = [
                b"MM\0*".as_slice(),
                &8_u32.to_be_bytes(),
                &1_u16.to_be_bytes(),
                &0x0112_u16.to_be_bytes(),
                &3_u16.to_be_bytes(),
                &1_u32.to_be_bytes(),
                &u16::to_be_bytes(tag),
                &[0, 0],
            ]
            .concat();
            let by = crate::exif::orientation(&block);
            let corner = |column, row| if (column, row) == (0, 0) { [9; 3] } else { [0; 3] };
            let turned = Raster::of(2, 3, corner).turned(by);
            assert_eq!(turned.at(place.0, place.1), [9; 3], "{tag}");
        }
    }

    #[test]
    fn what_is_transparent_becomes_white() {
        let raster = Raster::on_white(3, 1, &[0, 0, 0, 0, 10, 20, 30, 255, 0, 0, 0, 128], 4);
        assert_eq!(raster.pixels, [255, 255, 255, 10, 20, 30, 127, 127, 127]);
        assert_eq!(Raster::on_white(1, 1, &[5, 0], 2).pixels, [255; 3]);
    }
}
