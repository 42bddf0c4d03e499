use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;
use record::cbor::{Limits, validate};

use super::*;
use crate::keyfile::StorageKey;
use crate::sample::{self, Sample};

const HEAD: Head = Head { marker: [7; 8], position: 11, index: 1, count: 3, clear: 0, sealed: 0 };

fn vault() -> Vault {
    let key = StorageKey::generate(&mut StdRng::seed_from_u64(1));
    Vault::new(&key, sample::slots(&key))
}

fn encoded(frame: &Frame) -> Vec<u8> {
    let mut buffer = Vec::new();
    encode(frame, HEAD, &vault(), &mut buffer, &mut StdRng::seed_from_u64(2)).unwrap();
    buffer
}

fn parts(bytes: &[u8]) -> (Head, &[u8], &[u8]) {
    let (head, rest) = bytes.split_first_chunk().unwrap();
    let head = Head::read(head);
    let (clear, sealed) = rest.split_at(head.clear as usize);
    (head, clear, sealed)
}

proptest! {
    #[test]
    fn a_frame_comes_back_and_is_as_long_as_foretold(Sample(frame) in sample::frames()) {
        let bytes = encoded(&frame);
        prop_assert_eq!(bytes.len() as u64, length(&frame).unwrap());
        prop_assert!(is_whole(&bytes));
        let (head, clear, sealed) = parts(&bytes);
        prop_assert_eq!(head.length(), bytes.len() as u64);
        prop_assert_eq!((head.position, head.index, head.count), (11, 1, 3));
        prop_assert!(decode(clear, sealed, &vault()).is_ok_and(|back| back == frame));
        prop_assert!(validate(clear, &Limits::of_bytes(clear.len())).is_ok());
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_seen(Sample(frame) in sample::frames(), at: usize, bit in 0..8_u32) {
        let mut bytes = encoded(&frame);
        let at = at % bytes.len();
        prop_assert!(!is_whole(&bytes[..at]));
        bytes[at] ^= 1 << bit;
        prop_assert!(!is_whole(&bytes));
    }

    #[test]
    fn altered_parts_are_refused_even_under_a_fitting_crc(Sample(frame) in sample::frames(), at: usize, bit in 0..8_u32) {
        let mut bytes = encoded(&frame);
        let at = HEADER + at % (bytes.len() - HEADER);
        bytes[at] ^= 1 << bit;
        let (_, clear, sealed) = parts(&bytes);
        // Without a box the clear part is protected by the record's signature, not by the store.
        if !sealed.is_empty() {
            prop_assert!(decode(clear, sealed, &vault()).is_err());
        }
    }

    #[test]
    fn no_bytes_make_it_panic(clear in sample::bytes(200), sealed in sample::bytes(100)) {
        let _ = decode(&clear, &sealed, &vault());
    }
}

#[test]
fn a_frame_over_the_limit_is_refused_by_name() {
    let mut frame = sample::local(1, &vec![0; MAX_FRAME]);
    assert!(matches!(length(&frame), Err(StoreError::TooLarge { what: "a frame", .. })));
    frame.note.truncate(MAX_FRAME - 64);
    assert!(length(&frame).unwrap() <= LONGEST as u64);
}

#[test]
fn an_unknown_version_or_kind_asks_for_an_update() {
    let bytes = encoded(&sample::local(1, b""));
    let clear = &bytes[HEADER..];
    let with = |at: usize, byte: u8| {
        let mut clear = clear.to_vec();
        clear[at] = byte;
        read_clear(&clear).err()
    };
    assert_eq!(with(1, 2), Some(FrameError::Version(2)));
    assert_eq!(with(2, 23), Some(FrameError::Kind(23)));
}
