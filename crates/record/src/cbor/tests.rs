mod appendix_a;
mod model;

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use self::appendix_a::APPENDIX_A;
use crate::cbor::{CborError, Fault, Limits, MAX_DEPTH, Reader, Writer, decode, encode, validate};
use crate::hex;

const ROOMY: Limits = Limits::of_bytes(1 << 20);

fn fault(bytes: &[u8], limits: &Limits) -> Option<(usize, Fault)> {
    match validate(bytes, limits) {
        Ok(()) => None,
        Err(CborError::At { offset, fault }) => Some((offset, fault)),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn rfc_8949_appendix_a_is_judged_as_expected() {
    for (text, expected) in APPENDIX_A {
        assert_eq!(fault(&hex::decode(text).unwrap(), &ROOMY), expected, "{text}");
    }
}

#[test]
#[cfg_attr(not(outside_vectors), ignore = "shared/vectors is not beside this checkout")]
fn the_committed_appendix_a_is_the_outside_one() {
    #[derive(Deserialize)]
    struct Example {
        hex: String,
        roundtrip: bool,
    }
    let file = concat!(env!("OUTSIDE_VECTORS"), "/cbor_appendix_a.json");
    let text = std::fs::read_to_string(file).unwrap();
    let outside: Vec<Example> = serde_json::from_str(&text).unwrap();
    let listed = |(text, _): &(&'static str, _)| *text;
    assert!(outside.iter().map(|example| &*example.hex).eq(APPENDIX_A.iter().map(listed)));
    for example in outside.iter().filter(|example| !example.roundtrip) {
        let bytes = hex::decode(&example.hex).unwrap();
        assert!(validate(&bytes, &ROOMY).is_err(), "{} has a shorter form", example.hex);
    }
}

#[test]
fn each_loose_form_is_refused_where_it_is() {
    let cases: [(&[u8], usize, Fault); 19] = [
        (&[], 0, Fault::Truncated),
        (&[0x18], 0, Fault::Truncated),
        (&[0x42, 1], 0, Fault::Truncated),
        (&[0x82, 1], 0, Fault::Truncated),
        (&[0xa1, 1], 0, Fault::Truncated),
        (&[0x9b, 255, 255, 255, 255, 255, 255, 255, 255], 0, Fault::Truncated),
        (&[0x18, 23], 0, Fault::NotShortest),
        (&[0x81, 0x19, 0, 255], 1, Fault::NotShortest),
        (&[0x1a, 0, 0, 255, 255], 0, Fault::NotShortest),
        (&[0x3b, 0, 0, 0, 0, 255, 255, 255, 255], 0, Fault::NotShortest),
        (&[0x58, 1, 0], 0, Fault::NotShortest),
        (&[0xa2, 1, 0, 1, 0], 3, Fault::DuplicateKey),
        (&[0xa2, 2, 0, 1, 0], 3, Fault::KeyOrder),
        // Bytewise, not by value: −1 (0x20) comes after 24 (0x18 0x18).
        (&[0xa2, 0x20, 0, 0x18, 24, 0], 3, Fault::KeyOrder),
        (&[0x62, 0xc3, 0x28], 0, Fault::Text),
        (&[0x1c], 0, Fault::Reserved),
        (&[0xff], 0, Fault::Indefinite),
        (&[0xd8, 24, 0], 0, Fault::Tag(24)),
        (&[0, 0], 1, Fault::Trailing),
    ];
    for (bytes, offset, expected) in cases {
        assert_eq!(fault(bytes, &ROOMY), Some((offset, expected)), "{bytes:02x?}");
    }
    assert_eq!(fault(&[0xa2, 0x18, 24, 0, 0x20, 0], &ROOMY), None);
    assert_eq!(fault(&[0xd2, 0x80], &ROOMY), None);
}

#[test]
fn limits_hold_and_name_themselves() {
    let three = [0x83, 1, 2, 3];
    let limits = Limits { bytes: 3, ..ROOMY };
    assert_eq!(validate(&three, &limits), Err(CborError::TooLong { limit: 3, actual: 4 }));
    let limits = Limits { items: 3, ..ROOMY };
    assert_eq!(fault(&three, &limits), Some((3, Fault::TooManyItems { limit: 3 })));
    assert_eq!(fault(&three, &Limits { items: 4, ..ROOMY }), None);
    let limits = Limits { depth: 0, ..ROOMY };
    assert_eq!(fault(&three, &limits), Some((0, Fault::TooDeep { limit: 0 })));
}

#[test]
fn depth_is_bounded_whatever_the_limits_say() {
    let nested = |levels: usize| [vec![0x81; levels], vec![0]].concat();
    let bottomless = Limits { depth: usize::MAX, ..ROOMY };
    assert_eq!(fault(&nested(MAX_DEPTH), &bottomless), None);
    let too_deep = Fault::TooDeep { limit: MAX_DEPTH };
    for levels in [MAX_DEPTH + 1, 1 << 19] {
        assert_eq!(fault(&nested(levels), &bottomless), Some((MAX_DEPTH, too_deep)));
    }
}

/// A type whose declared order is not the canonical one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Sample {
    zeta: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    by_number: BTreeMap<i64, bool>,
    #[serde(with = "crate::cbor::bytes")]
    raw: Vec<u8>,
    a: (u8, ()),
}

fn sample() -> impl Strategy<Value = Sample> {
    let numbers = proptest::collection::btree_map(any::<i64>(), any::<bool>(), 0..6);
    let rest = (any::<i64>(), any::<Option<String>>(), any::<Vec<u8>>(), any::<u8>());
    (numbers, rest).prop_map(|(by_number, (zeta, note, raw, first))| Sample {
        zeta,
        note,
        by_number,
        raw,
        a: (first, ()),
    })
}

#[test]
fn keys_are_sorted_bytewise_however_the_type_declares_them() {
    let numbers = [(-1, true), (24, false), (10, true)];
    let value = Sample {
        zeta: 1,
        note: None,
        by_number: numbers.into_iter().collect(),
        raw: vec![9],
        a: (0, ()),
    };
    let expected = [
        &[0xa4, 0x61, b'a', 0x82, 0, 0xf6, 0x63][..],
        b"raw",
        &[0x41, 9, 0x64],
        b"zeta",
        &[1, 0x69],
        b"by_number",
        &[0xa3, 10, 0xf5, 0x18, 24, 0xf4, 0x20, 0xf5],
    ];
    assert_eq!(encode(&value).unwrap(), expected.concat());
}

#[test]
fn what_a_type_does_not_know_is_refused() {
    #[derive(Serialize, Deserialize, Debug, PartialEq)]
    struct Narrow {
        a: u8,
    }
    let wide = encode(&BTreeMap::from([("a", 1), ("b", 2)])).unwrap();
    let error = decode::<Narrow>(&wide, &ROOMY).unwrap_err();
    assert!(matches!(error, CborError::OtherForm { .. }), "{error}");
    let narrow = encode(&BTreeMap::from([("a", 1)])).unwrap();
    assert_eq!(decode(&narrow, &ROOMY), Ok(Narrow { a: 1 }));
    // A spelled-out default is another form of the same value.
    let spelled = encode(&BTreeMap::from([("note", ())])).unwrap();
    #[derive(Serialize, Deserialize, Debug)]
    struct Noted {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    }
    assert!(matches!(decode::<Noted>(&spelled, &ROOMY), Err(CborError::OtherForm { .. })));
}

#[test]
fn an_error_never_quotes_the_value() {
    let canary = "张三 13800138000";
    let bytes = encode(&canary).unwrap();
    let error = decode::<u32>(&bytes, &ROOMY).unwrap_err();
    let mut told = format!("{error} {error:?}");
    let mut source = std::error::Error::source(&error);
    while let Some(inner) = source {
        told.push_str(&format!("{inner} {inner:?}"));
        source = inner.source();
    }
    assert!(!told.contains("张三") && !told.contains("13800138000"), "{told}");
}

#[test]
fn what_has_no_deterministic_form_is_not_written() {
    let faults = [
        encode(&1.5_f32).unwrap_err(),
        encode(&u128::MAX).unwrap_err(),
        encode(&BTreeMap::from([("x", f64::NAN)])).unwrap_err(),
    ];
    for error in faults {
        assert!(matches!(error, CborError::Unencodable { .. }), "{error}");
    }
    let mut deep = ciborium::Value::Null;
    for _ in 0..=MAX_DEPTH {
        deep = ciborium::Value::Array(vec![deep]);
    }
    let error = encode(&deep).unwrap_err();
    let fault = Fault::TooDeep { limit: MAX_DEPTH };
    assert!(matches!(error, CborError::Unencodable { fault: found, .. } if found == fault));
    let twice = ciborium::Value::Map(vec![(1.into(), 1.into()), (1.into(), 2.into())]);
    assert!(matches!(
        encode(&twice),
        Err(CborError::Unencodable { fault: Fault::DuplicateKey, .. })
    ));
}

#[test]
fn byte_strings_of_a_fixed_length_are_checked_and_hex_in_json() {
    #[derive(Serialize, Deserialize, Debug, PartialEq)]
    struct Token(#[serde(with = "crate::cbor::bytes")] [u8; 2]);
    assert_eq!(encode(&Token([1, 255])).unwrap(), [0x42, 1, 255]);
    assert_eq!(decode(&[0x42, 1, 255], &ROOMY), Ok(Token([1, 255])));
    assert!(decode::<Token>(&[0x41, 1], &ROOMY).is_err());
    assert!(decode::<Token>(&[0x82, 1, 2], &ROOMY).is_err());
    assert_eq!(serde_json::to_string(&Token([1, 255])).unwrap(), "\"01ff\"");
    assert_eq!(serde_json::from_str::<Token>("\"01ff\"").unwrap(), Token([1, 255]));
    for wrong in ["\"01f\"", "\"01FF\"", "\"01ff00\""] {
        assert!(serde_json::from_str::<Token>(wrong).is_err(), "{wrong}");
    }
}

/// Bytes that look like CBOR more often than random ones do.
fn cbor_like() -> impl Strategy<Value = Vec<u8>> {
    let heads = proptest::sample::select(vec![
        0x00_u8, 0x01, 0x17, 0x18, 0x19, 0x1b, 0x20, 0x38, 0x40, 0x41, 0x43, 0x60, 0x61, 0x80,
        0x81, 0x82, 0x9f, 0xa0, 0xa1, 0xa2, 0xc2, 0xd2, 0xd8, 0xf4, 0xf6, 0xf7, 0xf8, 0xf9, 0xfb,
        0xff,
    ]);
    vec(prop_oneof![3 => heads, 1 => any::<u8>()], 0..40)
}

/// A canonical value with up to two bytes changed.
fn nearly_canonical() -> impl Strategy<Value = Vec<u8>> {
    let changes = vec((any::<prop::sample::Index>(), any::<u8>()), 0..=2);
    (model::value(), changes).prop_map(|(value, changes)| {
        let mut bytes = model::canonical(&value).expect("the strategy makes encodable values");
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_validator_agrees_with_the_slow_model(
        bytes in prop_oneof![cbor_like(), nearly_canonical(), any::<Vec<u8>>()],
    ) {
        prop_assert_eq!(validate(&bytes, &ROOMY).is_ok(), model::accepts(&bytes), "{:02x?}", bytes);
    }

    #[test]
    fn accepted_values_re_encode_identically(
        bytes in prop_oneof![cbor_like(), nearly_canonical()],
    ) {
        if let Ok(value) = decode::<ciborium::Value>(&bytes, &ROOMY) {
            prop_assert_eq!(encode(&value).unwrap(), bytes);
        }
    }
}

proptest! {
    #[test]
    fn a_typed_value_comes_back_and_has_the_models_bytes(value in sample()) {
        let bytes = encode(&value).unwrap();
        prop_assert_eq!(validate(&bytes, &ROOMY), Ok(()));
        prop_assert_eq!(&decode::<Sample>(&bytes, &ROOMY).unwrap(), &value);
        let tree = ciborium::Value::serialized(&value).unwrap();
        prop_assert_eq!(model::canonical(&tree).unwrap(), bytes);
    }

    #[test]
    fn any_changed_byte_gives_another_value_or_an_error(
        value in sample(),
        at: prop::sample::Index,
        change in 1_u8..,
    ) {
        let mut bytes = encode(&value).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= change;
        if let Ok(other) = decode::<Sample>(&bytes, &ROOMY) {
            prop_assert_ne!(&other, &value);
            prop_assert_eq!(encode(&other).unwrap(), bytes);
        }
    }

    #[test]
    fn the_reader_reads_back_what_the_writer_wrote(
        unsigned: u64,
        signed: i64,
        bytes: Vec<u8>,
        text: String,
        tag: u64,
    ) {
        let mut writer = Writer::default();
        writer.array(5);
        writer.uint(unsigned);
        writer.int(signed);
        writer.bytes(&bytes);
        writer.text(&text);
        writer.tag(tag);
        writer.map(0);
        let written = writer.finish();
        let mut reader = Reader::new(&written);
        prop_assert_eq!(reader.array_of(5, "five items"), Ok(()));
        prop_assert_eq!(reader.uint(), Ok(unsigned));
        prop_assert_eq!(reader.int(), Ok(signed));
        prop_assert_eq!(reader.bytes(), Ok(&bytes[..]));
        prop_assert_eq!(reader.text(), Ok(&text[..]));
        prop_assert_eq!(reader.tag(), Ok(tag));
        prop_assert!(reader.end().is_err());
        prop_assert_eq!(reader.map(), Ok(0));
        prop_assert_eq!(reader.end(), Ok(()));
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in cbor_like()) {
        let reader = Reader::new(&bytes);
        let _ = reader.clone().uint();
        let _ = reader.clone().int();
        let _ = reader.clone().text();
        let _ = reader.clone().bytes_of::<2>("two bytes");
        let _ = reader.clone().array();
        let _ = reader.clone().map();
        let _ = reader.clone().tag();
        let _ = reader.clone().uint_of::<u16>("16 bits");
    }
}

#[test]
fn the_reader_wants_exactly_what_the_format_has() {
    let at = |offset, fault| CborError::At { offset, fault };
    let mut reader = Reader::new(&[0x41, 7, 0x19, 1, 0]);
    assert_eq!(reader.bytes_of::<1>("one byte"), Ok([7]));
    let expected = at(2, Fault::Expected("8 bits"));
    assert_eq!(reader.clone().uint_of::<u8>("8 bits"), Err(expected));
    assert_eq!(reader.clone().key(1, "key 1"), Err(at(2, Fault::Expected("key 1"))));
    assert_eq!(reader.clone().map(), Err(at(2, Fault::Expected("a map"))));
    assert_eq!(reader.int(), Ok(256));
    let most = [0x3b, 0x7f, 255, 255, 255, 255, 255, 255, 255];
    assert_eq!(Reader::new(&most).int(), Ok(i64::MIN));
    let beyond = [0x3b, 0x80, 0, 0, 0, 0, 0, 0, 0];
    assert!(Reader::new(&beyond).int().is_err());
}
