//! The slow, obvious judge of deterministic CBOR: let ciborium decode, write the value anew in the
//! plainest way, compare.

use ciborium::Value;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::cbor::MAX_DEPTH;

pub(super) fn accepts(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    let Ok(value) = ciborium::from_reader::<Value, _>(&mut rest) else { return false };
    rest.is_empty() && depth(&value) <= MAX_DEPTH && canonical(&value).as_deref() == Some(bytes)
}

/// The one encoding, or `None` for what has none here.
pub(super) fn canonical(value: &Value) -> Option<Vec<u8>> {
    match value {
        Value::Integer(integer) => {
            let integer = i128::from(*integer);
            if integer >= 0 { head(0, integer) } else { head(1, -1 - integer) }
        }
        Value::Bytes(bytes) => Some([head(2, bytes.len() as i128)?, bytes.clone()].concat()),
        Value::Text(text) => {
            Some([head(3, text.len() as i128)?, text.clone().into_bytes()].concat())
        }
        Value::Array(items) => {
            let items: Option<Vec<_>> = items.iter().map(canonical).collect();
            let items = items?;
            Some([head(4, items.len() as i128)?, items.concat()].concat())
        }
        Value::Map(pairs) => {
            let pair = |(key, value): &(Value, Value)| Some((canonical(key)?, canonical(value)?));
            let pairs: Option<std::collections::BTreeMap<_, _>> = pairs.iter().map(pair).collect();
            let pairs = pairs?;
            let length = head(5, pairs.len() as i128)?;
            let flat = pairs.into_iter().flat_map(|(key, value)| [key, value]);
            Some([length, flat.collect::<Vec<_>>().concat()].concat())
        }
        Value::Tag(18, content) => Some([vec![0xd2], canonical(content)?].concat()),
        Value::Bool(value) => Some(vec![0xf4 + u8::from(*value)]),
        Value::Null => Some(vec![0xf6]),
        Value::Float(_) | Value::Tag(..) | _ => None,
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Map(pairs) => {
            1 + pairs.iter().map(|(key, value)| depth(key).max(depth(value))).max().unwrap_or(0)
        }
        Value::Tag(_, content) => 1 + depth(content),
        Value::Integer(_)
        | Value::Bytes(_)
        | Value::Float(_)
        | Value::Text(_)
        | Value::Bool(_)
        | Value::Null
        | _ => 0,
    }
}

fn head(major: u8, argument: i128) -> Option<Vec<u8>> {
    let major = major << 5;
    let argument = u64::try_from(argument).ok()?;
    Some(if argument < 24 {
        vec![major | argument as u8]
    } else if let Ok(one) = u8::try_from(argument) {
        vec![major | 24, one]
    } else if let Ok(two) = u16::try_from(argument) {
        [&[major | 25], &two.to_be_bytes()[..]].concat()
    } else if let Ok(four) = u32::try_from(argument) {
        [&[major | 26], &four.to_be_bytes()[..]].concat()
    } else {
        [&[major | 27], &argument.to_be_bytes()[..]].concat()
    })
}

/// Any value that has an encoding here.
pub(super) fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-300_i64..300).prop_map(Value::from),
        any::<Vec<u8>>().prop_map(Value::Bytes),
        any::<String>().prop_map(Value::Text),
        any::<bool>().prop_map(Value::Bool),
        Just(Value::Null),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::Array),
            vec((inner.clone(), inner.clone()), 0..4).prop_map(Value::Map),
            inner.prop_map(|content| Value::Tag(18, Box::new(content))),
        ]
    })
}
