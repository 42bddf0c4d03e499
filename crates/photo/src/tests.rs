use proptest::prelude::*;

use super::*;
use crate::raster::Raster;

/// What must never come out: GPS and a telephone's owner, as they stand in metadata.
const CANARY: &[u8] = b"GPS 29.8683N 118.4314E 13812345678 <script>";

/// A TIFF block with an orientation and the canary behind it.
fn exif(orientation: u16) -> Vec<u8> {
    let entry = [
        &0x0112_u16.to_le_bytes()[..],
        &3_u16.to_le_bytes(),
        &1_u32.to_le_bytes(),
        &orientation.to_le_bytes(),
        &[0, 0],
    ];
    let head = [b"II*\0".as_slice(), &8_u32.to_le_bytes(), &1_u16.to_le_bytes()].concat();
    [head, entry.concat(), vec![0; 4], CANARY.to_vec()].concat()
}

/// Left half dark, right half bright.
fn halves(width: u16, height: u16) -> Vec<u8> {
    let row = (0..width).flat_map(|x| if x < width / 2 { [10; 3] } else { [240; 3] });
    let row: Vec<u8> = row.collect();
    row.repeat(usize::from(height))
}

fn jpeg(width: u16, height: u16, orientation: u16) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut out, 90);
    encoder.add_exif_metadata(&exif(orientation)).unwrap();
    encoder.add_icc_profile(CANARY).unwrap();
    encoder.add_app_segment(13, CANARY.to_vec()).unwrap();
    let pixels = halves(width, height);
    encoder.encode(&pixels, width, height, jpeg_encoder::ColorType::Rgb).unwrap();
    // What telephones and forgers put behind the end.
    out.extend_from_slice(b"PK\x03\x04<html>");
    out.extend_from_slice(CANARY);
    out
}

fn png_file(width: u16, height: u16, orientation: u16) -> Vec<u8> {
    let mut out = Vec::new();
    let mut info = ::png::Info::with_size(width.into(), height.into());
    info.color_type = ::png::ColorType::Rgb;
    info.bit_depth = ::png::BitDepth::Eight;
    info.exif_metadata = Some(exif(orientation).into());
    info.icc_profile = Some(CANARY.to_vec().into());
    let mut encoder = ::png::Encoder::with_info(&mut out, info).unwrap();
    encoder.add_text_chunk("Comment".into(), String::from_utf8(CANARY.to_vec()).unwrap()).unwrap();
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&halves(width, height)).unwrap();
    writer.finish().unwrap();
    out
}

fn webp_file(width: u16, height: u16, orientation: u16) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = image_webp::WebPEncoder::new(&mut out);
    encoder.set_exif_metadata(exif(orientation));
    encoder.set_xmp_metadata(CANARY.to_vec());
    encoder.set_icc_profile(CANARY.to_vec());
    let (pixels, kind) = (halves(width, height), image_webp::ColorType::Rgb8);
    encoder.encode(&pixels, width.into(), height.into(), kind).unwrap();
    out
}

fn every(width: u16, height: u16, orientation: u16) -> [Vec<u8>; 3] {
    [
        jpeg(width, height, orientation),
        png_file(width, height, orientation),
        webp_file(width, height, orientation),
    ]
}

fn kept(bytes: &[u8]) -> Raster {
    jpeg::decode(bytes).unwrap().0
}

fn contains(bytes: &[u8], canary: &[u8]) -> bool {
    bytes.windows(canary.len()).any(|window| window == canary)
}

#[test]
fn what_is_kept_holds_pixels_and_nothing_else() {
    for sent in every(60, 40, 1) {
        let kept = rewrite(&sent).unwrap();
        for canary in [CANARY, b"GPS", b"1381234", b"Exif", b"ICC_PROFILE", b"<html", b"PK\x03"] {
            assert!(!contains(&kept, canary), "{}", String::from_utf8_lossy(canary));
        }
        // SOI, one JFIF segment, then tables, the frame and the scan: no other APPn, no comment.
        let mut at = 2;
        loop {
            let (marker, length) = (kept[at + 1], u16::from_be_bytes([kept[at + 2], kept[at + 3]]));
            assert!(matches!(marker, 0xe0 | 0xdb | 0xc0 | 0xc4 | 0xda | 0xdd), "{marker:x}");
            at += 2 + usize::from(length);
            if marker == 0xda {
                break;
            }
        }
        assert!(kept.ends_with(b"\xff\xd9"));
        assert_eq!(jpeg::size(&kept), Ok((60, 40)));
    }
}

#[test]
fn a_photo_stands_upright_whichever_way_the_telephone_was_held() {
    for sent in every(60, 40, 6) {
        // Turned by a quarter to the right: left half becomes upper half.
        let kept = kept(&rewrite(&sent).unwrap());
        assert_eq!((kept.width, kept.height), (40, 60));
        let bright = |column: usize, row: usize| kept.pixels[(row * 40 + column) * 3] > 128;
        assert!(!bright(5, 5) && !bright(35, 5) && bright(5, 55) && bright(35, 55));
    }
}

#[test]
fn a_large_photo_is_kept_small_enough_and_in_proportion() {
    let shape = probe(&jpeg(4_000, 3_000, 1)).unwrap();
    assert_eq!((shape.format, shape.megapixels()), (Format::Jpeg, 12));
    let small = rewrite(&jpeg(4_000, 3_000, 1)).unwrap();
    assert_eq!(jpeg::size(&small), Ok((1_600, 1_200)));
    // The worst there is: every pixel another.
    let noise: Vec<u8> = (0..1_600_u32 * 1_600 * 3)
        .map(|n| u8::try_from(n.wrapping_mul(2_654_435_761) >> 24).unwrap())
        .collect();
    let noise = jpeg::encode(&Raster { width: 1_600, height: 1_600, pixels: noise }, 95);
    assert!(rewrite(&noise.unwrap()).unwrap().len() <= MAX_KEPT);
}

#[test]
fn giant_dimensions_are_refused_before_anything_is_decoded() {
    let mut large = png_file(4, 4, 1);
    large[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
    large[20..24].copy_from_slice(&60_000_u32.to_be_bytes());
    let giant = PhotoError::TooManyPixels { width: 60_000, height: 60_000 };
    assert_eq!(probe(&large), Err(giant));
    let mut jpeg = jpeg(8, 8, 1);
    let frame = jpeg.windows(2).position(|pair| pair == b"\xff\xc0").unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xff; 4]);
    assert_eq!(probe(&jpeg), Err(PhotoError::TooManyPixels { width: 65_535, height: 65_535 }));
    let mut webp = webp_file(8, 8, 1);
    webp[24..30].copy_from_slice(&[0xff; 6]);
    assert!(probe(&webp).is_err());
    assert_eq!(probe(&vec![0xff; MAX_SENT + 1]), Err(PhotoError::TooLarge(MAX_SENT + 1)));
}

/// A PNG whose few kilobytes unpack to more than its head says is no larger than its head says.
#[test]
fn a_decompression_bomb_takes_no_more_memory_than_its_head_allows() {
    let mut out = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut out, 6_000, 6_000);
    encoder.set_color(::png::ColorType::Grayscale);
    encoder.set_compression(::png::Compression::High);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&vec![0; 36_000_000]).unwrap();
    writer.finish().unwrap();
    assert!(out.len() < 200_000, "{}", out.len());
    assert_eq!(jpeg::size(&rewrite(&out).unwrap()), Ok((1_600, 1_600)));
    // The same data under a head that promises four pixels.
    out[16..24].copy_from_slice(&[0, 0, 0, 2, 0, 0, 0, 2]);
    assert_eq!(rewrite(&out), Err(PhotoError::Damaged));
}

#[test]
fn what_only_calls_itself_a_photo_is_refused() {
    let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";
    let gif = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;";
    for file in [svg.as_slice(), gif, b"", b"\xff\xd8", b"%PDF-1.7", b"RIFF\0\0\0\0WAVE", b"BM"] {
        assert_eq!(probe(file), Err(PhotoError::Unknown));
    }
    // The right magic before the wrong contents.
    for magic in [b"\xff\xd8\xff".as_slice(), b"\x89PNG\r\n\x1a\n", b"RIFF\x80\0\0\0WEBP"] {
        assert!(rewrite(&[magic, svg, &[0; 64]].concat()).is_err());
    }
    let moving = [b"RIFF\x12\0\0\0WEBPANIM".as_slice(), &6_u32.to_le_bytes(), &[0; 6]].concat();
    assert_eq!(probe(&moving), Err(PhotoError::Animated));
}

#[test]
fn a_picture_behind_the_picture_does_not_come_along() {
    for sent in every(30, 30, 1) {
        let two = [sent, jpeg(31, 31, 1)].concat();
        if let Ok(kept) = rewrite(&two) {
            assert_eq!(jpeg::size(&kept), Ok((30, 30)));
            assert!(!contains(&kept, CANARY));
        }
    }
}

#[test]
fn a_file_that_breaks_off_is_refused_and_never_filled_in() {
    for (index, sent) in every(64, 48, 1).into_iter().enumerate() {
        // Behind the JPEG's end there is a tail which is no loss.
        let end = sent.len() - if index == 0 { CANARY.len() + 10 } else { 0 };
        for cut in (12..end).step_by(7) {
            let refused = rewrite(&sent[..cut]).expect_err("it breaks off");
            let named = [PhotoError::Truncated, PhotoError::Damaged].contains(&refused);
            assert!(named, "{index} at {cut}: {refused}");
        }
        assert_eq!(rewrite(&sent[..end * 2 / 3]), Err(PhotoError::Truncated), "{index}");
    }
}

#[test]
fn two_numbers_draw_two_pictures_which_are_taken() {
    let [one, two] = [1, 2].map(|number| rewrite(&sample::draw(number, 320, 240)).unwrap());
    assert!(one != two && one.len() < 20_000);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_bytes_panic_and_what_is_kept_is_within_bounds(
        which in 0..3_usize, changes in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..6)
    ) {
        let mut sent = every(24, 16, 1)[which].clone();
        for (at, byte) in changes {
            let at = at % sent.len();
            sent[at] = byte;
        }
        if let Ok(kept) = rewrite(&sent) {
            prop_assert!(kept.len() <= MAX_KEPT && !contains(&kept, CANARY));
        }
    }

    #[test]
    fn any_bytes_behind_a_photos_magic_are_refused_without_a_panic(
        which in 0..3_usize, rest in proptest::collection::vec(any::<u8>(), 0..200)
    ) {
        let magic = [b"\xff\xd8\xff".as_slice(), b"\x89PNG\r\n\x1a\n", b"RIFF\xc8\0\0\0WEBPVP8X"];
        prop_assert!(rewrite(&[magic[which], &rest].concat()).is_err());
    }
}
