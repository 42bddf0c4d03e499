use proptest::collection::btree_map;
use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::arbitrary::bare_header;
use crate::cbor::{self, CborError, Limits};
use crate::fields::{Disclosure, FieldError, MAX_VALUE_BYTES, commit, open};
use crate::{FieldId, Header, RecordId};

fn rng() -> StdRng {
    StdRng::seed_from_u64(7)
}

/// A header that commits to these texts, and their disclosures.
fn body(texts: impl IntoIterator<Item = (u16, String)>) -> (Header, Vec<Disclosure>) {
    let mut rng = rng();
    let mut header = bare_header(0, 0, RecordId::ZERO);
    let mut shown = Vec::new();
    for (field, text) in texts {
        let (disclosure, commitment) =
            Disclosure::seal_value(FieldId(field), &text, &mut rng).unwrap();
        header.commitments.push((disclosure.field, commitment));
        shown.push(disclosure);
    }
    (header, shown)
}

fn two() -> (Header, Vec<Disclosure>) {
    body([(1, "张三".to_owned()), (2, "东街 5 号".to_owned())])
}

/// `Fields` can't be printed, so `unwrap_err` can't be used.
fn refusal(header: &Header, shown: &[Disclosure]) -> FieldError {
    open(header, shown).err().expect("the disclosures are not to be accepted")
}

proptest! {
    #[test]
    fn any_subset_in_any_order_opens_to_what_was_sealed(
        texts in btree_map(any::<u16>(), any::<String>(), 0..12),
        subset: u16,
        reverse: bool,
    ) {
        let (header, shown) = body(texts.clone());
        prop_assert_eq!(header.check(), Ok(()));
        let mut given: Vec<_> = shown.into_iter().enumerate()
            .filter(|(index, _)| subset >> index & 1 == 1)
            .map(|(_, disclosure)| disclosure)
            .collect();
        if reverse {
            given.reverse();
        }
        let fields = open(&header, &given).ok().unwrap();
        prop_assert_eq!(fields.len(), given.len());
        prop_assert_eq!(fields.is_empty(), given.is_empty());
        for disclosure in &given {
            let text = fields.get::<String>(disclosure.field).unwrap();
            prop_assert_eq!(text.as_ref(), texts.get(&disclosure.field.0));
            prop_assert_eq!(fields.raw(disclosure.field), Some(&disclosure.value[..]));
        }
        prop_assert!(fields.iter().is_sorted_by_key(|(field, _)| field));
    }

    #[test]
    fn a_changed_bit_of_salt_field_or_value_is_refused(
        text: String,
        field: u16,
        bit: prop::sample::Index,
    ) {
        let (header, mut shown) = body([(field, text)]);
        let disclosure = &mut shown[0];
        let bit = bit.index((2 + 16 + disclosure.value.len()) * 8);
        let (byte, mask) = (bit / 8, 1_u8 << (bit % 8));
        match byte {
            0..2 => disclosure.field.0 ^= u16::from(mask) << (8 * byte),
            2..18 => disclosure.salt[byte - 2] ^= mask,
            _ => disclosure.value[byte - 18] ^= mask,
        }
        prop_assert!(open(&header, &shown).is_err());
    }

    #[test]
    fn a_disclosure_is_an_array_of_three_and_comes_back(field: u16, value: Vec<u8>) {
        let (disclosure, _) = Disclosure::seal(FieldId(field), value, &mut rng());
        let bytes = cbor::encode(&disclosure).unwrap();
        prop_assert_eq!(bytes[0], 0x83);
        let back: Disclosure = cbor::decode(&bytes, &Limits::of_bytes(1 << 17)).unwrap();
        prop_assert!(back == disclosure);
        let json = serde_json::to_string(&disclosure).unwrap();
        prop_assert!(serde_json::from_str::<Disclosure>(&json).unwrap() == disclosure);
    }
}

#[test]
fn an_undisclosed_field_is_simply_not_there() {
    let (header, shown) = two();
    let fields = open(&header, &shown[..1]).ok().unwrap();
    assert_eq!(fields.get::<String>(FieldId(2)), Ok(None));
    assert_eq!(fields.get::<String>(FieldId(1)), Ok(Some("张三".to_owned())));
}

#[test]
fn a_value_does_not_pass_for_another_field() {
    let (header, mut shown) = two();
    shown[0].field = FieldId(2);
    assert_eq!(refusal(&header, &shown[..1]), FieldError::Mismatch(FieldId(2)));
}

#[test]
fn unknown_and_repeated_fields_are_refused() {
    let (header, shown) = two();
    let (stranger, _) = Disclosure::seal_value(FieldId(3), &1, &mut rng()).unwrap();
    assert_eq!(refusal(&header, &[stranger]), FieldError::Uncommitted(FieldId(3)));
    let twice = [shown[0].clone(), shown[1].clone(), shown[0].clone()];
    assert_eq!(refusal(&header, &twice), FieldError::Duplicate(FieldId(1)));
}

#[test]
fn a_value_that_is_not_canonical_is_refused_though_committed() {
    let long_form_of_one = vec![0x18, 1];
    let too_long = cbor::encode(&"x".repeat(MAX_VALUE_BYTES)).unwrap();
    for value in [long_form_of_one, too_long, vec![]] {
        let (disclosure, commitment) = Disclosure::seal(FieldId(1), value, &mut rng());
        let header = Header { commitments: vec![(FieldId(1), commitment)], ..two().0 };
        let refused = refusal(&header, &[disclosure]);
        assert!(matches!(refused, FieldError::Value { field: FieldId(1), .. }), "{refused}");
    }
    assert!(matches!(
        Disclosure::seal_value(FieldId(1), &"x".repeat(MAX_VALUE_BYTES), &mut rng()).err(),
        Some(FieldError::Value { source: CborError::TooLong { .. }, .. })
    ));
    assert!(Disclosure::seal_value(FieldId(1), &0.5, &mut rng()).is_err());
}

#[test]
fn a_field_of_another_type_is_an_error_that_tells_no_value() {
    let (header, shown) = two();
    let error = open(&header, &shown).ok().unwrap().get::<u32>(FieldId(1)).unwrap_err();
    assert_eq!(error.to_string(), "field 1 has a value that is refused");
    assert!(!format!("{error:?}").contains("张三"));
}

#[test]
fn equal_values_have_unequal_commitments() {
    let mut rng = rng();
    let mut seal = || Disclosure::seal_value(FieldId(1), &"男", &mut rng).unwrap().1;
    assert_ne!(seal(), seal());
}

#[test]
fn the_commitment_is_the_keyed_hash_that_the_format_says() {
    let key = blake3::derive_key("wangge field commitment v1", b"");
    let input = [&[9; 16][..], &[1, 2], b"\x63abc"].concat();
    let expected = *blake3::keyed_hash(&key, &input).as_bytes();
    assert_eq!(commit(FieldId(0x0102), &[9; 16], b"\x63abc").as_bytes(), &expected);
}

#[test]
fn a_disclosure_on_the_wire_is_bounded_and_exact() {
    let (disclosure, _) = Disclosure::seal(FieldId(1), vec![0; MAX_VALUE_BYTES + 1], &mut rng());
    let bytes = cbor::encode(&disclosure).unwrap();
    let limits = Limits::of_bytes(1 << 17);
    assert!(cbor::decode::<Disclosure>(&bytes, &limits).is_err());
    let short_salt = cbor::encode(&(1, (), ())).unwrap();
    assert!(cbor::decode::<Disclosure>(&short_salt, &limits).is_err());
}
