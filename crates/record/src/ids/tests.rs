use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::arbitrary::key;
use crate::ids::short::{ShortId, ShortIdError};
use crate::ids::{ActorId, FederationId, FieldId, IdError, NodeId, RecordId, Subject};

proptest! {
    #[test]
    fn an_id_has_one_text_and_comes_back_from_it(bytes: [u8; 32]) {
        let id = RecordId::from_bytes(bytes);
        let text = id.to_string();
        prop_assert_eq!(text.len(), 64);
        prop_assert_eq!(text.parse(), Ok(id));
        let upper = text.to_uppercase();
        prop_assert_eq!(upper.parse::<RecordId>().is_ok(), upper == text);
    }

    #[test]
    fn no_text_makes_an_id_parser_panic(text in ".{0,40}") {
        let accepted = text.parse::<Subject>();
        if let Ok(id) = accepted {
            prop_assert_eq!(id.to_string(), text);
        }
    }

    #[test]
    fn an_id_is_hex_in_json_and_a_byte_string_in_cbor(bytes: [u8; 16]) {
        let id = ActorId::from_bytes(bytes);
        let json = serde_json::to_string(&id).unwrap();
        prop_assert_eq!(&json, &format!("\"{id}\""));
        prop_assert_eq!(serde_json::from_str::<ActorId>(&json).unwrap(), id);
        let cbor = crate::cbor::encode(&id).unwrap();
        prop_assert_eq!(&cbor, &[&[0x50], &bytes[..]].concat());
        let limits = crate::cbor::Limits::of_bytes(17);
        prop_assert_eq!(crate::cbor::decode::<ActorId>(&cbor, &limits), Ok(id));
    }

    #[test]
    fn a_short_id_is_read_back_however_it_is_typed(bytes: [u8; 32]) {
        let node = NodeId::from_bytes(bytes);
        let text = node.short().to_string();
        prop_assert_eq!(text.len(), 23);
        let typed = text.to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l");
        for spelling in [&text, &typed, &text.replace('-', "")] {
            let read: ShortId = spelling.parse().unwrap();
            prop_assert!(read.matches(&node));
        }
    }

    #[test]
    fn one_misheard_character_is_caught(bytes: [u8; 32], at in 0_usize..23, other in 0_usize..32) {
        let text = NodeId::from_bytes(bytes).short().to_string();
        let heard = char::from(b"0123456789ABCDEFGHJKMNPQRSTVWXYZ"[other]);
        let mut changed: Vec<char> = text.chars().collect();
        prop_assume!(changed[at] != '-' && changed[at] != heard);
        changed[at] = heard;
        let changed: String = changed.into_iter().collect();
        let group = at / 6 + 1;
        prop_assert_eq!(changed.parse::<ShortId>(), Err(ShortIdError::Check { group }));
    }

    #[test]
    fn swapped_neighbours_are_caught_but_for_0_and_z(bytes: [u8; 32], at in 0_usize..22) {
        let text = NodeId::from_bytes(bytes).short().to_string();
        let mut changed: Vec<char> = text.chars().collect();
        let pair = [changed[at], changed[at + 1]];
        prop_assume!(pair[0] != pair[1] && !pair.contains(&'-'));
        prop_assume!(!(pair.contains(&'0') && pair.contains(&'Z')));
        changed.swap(at, at + 1);
        let changed: String = changed.into_iter().collect();
        let group = at / 6 + 1;
        prop_assert_eq!(changed.parse::<ShortId>(), Err(ShortIdError::Check { group }));
    }

    #[test]
    fn swapped_groups_are_caught(bytes: [u8; 32], a in 0_usize..4, b in 0_usize..4) {
        prop_assume!(a != b);
        let text = NodeId::from_bytes(bytes).short().to_string();
        let mut groups: Vec<&str> = text.split('-').collect();
        groups.swap(a, b);
        let group = a.min(b) + 1;
        prop_assert_eq!(groups.join("-").parse::<ShortId>(), Err(ShortIdError::Check { group }));
    }

    #[test]
    fn no_text_makes_the_short_id_parser_panic(text in ".{0,30}") {
        if let Ok(short) = text.parse::<ShortId>() {
            prop_assert_eq!(short.to_string().parse(), Ok(short));
        }
    }
}

#[test]
fn an_id_of_the_wrong_length_says_which_id_and_how_long() {
    let error = "00ff".parse::<NodeId>().unwrap_err();
    assert_eq!(error, IdError::Digits { id: "NodeId", expected: 64, actual: 4 });
    assert_eq!(error.to_string(), "NodeId takes 64 hex digits, not 4 characters");
    let error = Subject::try_from(&[1, 2][..]).unwrap_err();
    assert_eq!(error, IdError::Bytes { id: "Subject", expected: 16, actual: 2 });
    let cbor = crate::cbor::encode(&ActorId::ZERO).unwrap();
    assert!(ciborium::from_reader::<RecordId, _>(&cbor[..]).is_err());
}

#[test]
fn every_luhn_digit_of_a_group_is_what_syncthings_rule_gives() {
    // Group 0 of the zero id: nothing to add up. The others carry only their number.
    assert_eq!(NodeId::ZERO.short().to_string(), "00000-0000Z-0000Y-0000X");
    // 0x08421084210842108421: every data character is "1", weighed 1, 2, 1, 2: 32 − 6 − group.
    let mut ones = [0; 32];
    ones[..10].copy_from_slice(&[0x08, 0x42, 0x10, 0x84, 0x21, 0x08, 0x42, 0x10, 0x84, 0x21]);
    assert_eq!(NodeId::from_bytes(ones).short().to_string(), "1111T-1111S-1111R-1111Q");
}

#[test]
fn a_short_id_of_another_length_is_refused_without_reading_it_all() {
    for (text, actual) in [("", 0), ("0000", 4), ("00000-0000Z-0000Y-0000X0", 21)] {
        assert_eq!(text.parse::<ShortId>(), Err(ShortIdError::Length { actual }));
    }
    let endless = "0".repeat(100_000);
    assert_eq!(endless.parse::<ShortId>(), Err(ShortIdError::Length { actual: 21 }));
    let foreign = "网网网网网-0000Z-0000Y-0000X";
    assert_eq!(foreign.parse::<ShortId>(), Err(ShortIdError::Character { group: 1 }));
}

#[test]
fn random_subjects_differ_and_a_seed_repeats_them() {
    let draw = |seed| Subject::random(&mut StdRng::seed_from_u64(seed));
    assert_ne!(draw(1), draw(2));
    assert_eq!(draw(1), draw(1));
}

#[test]
fn a_federation_is_named_by_its_root_key_but_is_not_that_key() {
    let root = key(9).public();
    let federation = FederationId::of_root(&root);
    assert_ne!(federation.as_bytes(), root.as_bytes());
    assert_ne!(federation, FederationId::of_root(&key(10).public()));
    assert!(federation.short().matches_federation(&federation));
}

#[test]
fn a_node_keeps_its_genesis_key_as_its_name() {
    let key = key(4).public();
    let node = NodeId::from_genesis(&key);
    assert_eq!(node.genesis_key(), key);
    assert_eq!(node.to_string(), key.to_string());
}

#[test]
fn numbers_stay_numbers() {
    assert_eq!(serde_json::to_string(&FieldId(7)).unwrap(), "7");
    assert_eq!(crate::cbor::encode(&FieldId(7)).unwrap(), [7]);
}
