use std::time::Duration;

use chrono::{DateTime, Utc};
use proptest::prelude::*;

use crate::time::{Timestamp, TimestampError};

proptest! {
    #[test]
    fn every_timestamp_has_a_text_and_comes_back_from_it(millis: i64) {
        let moment = Timestamp::from_millis(millis);
        let text = moment.to_string();
        prop_assert_eq!(text.len(), "2025-03-01T08:30:00.000Z".len());
        prop_assert_eq!(text.parse(), Ok(moment));
        prop_assert_eq!(Timestamp::from(DateTime::<Utc>::from(moment)), moment);
    }

    #[test]
    fn adding_and_taking_away_never_leaves_the_range(millis: i64, by: u64) {
        let (moment, by) = (Timestamp::from_millis(millis), Duration::from_millis(by));
        for moved in [moment.plus(by), moment.minus(by)] {
            prop_assert!((Timestamp::MIN..=Timestamp::MAX).contains(&moved));
        }
        prop_assert!(moment.plus(by) >= moment && moment.minus(by) <= moment);
        prop_assert_eq!(moment.plus(moment.plus(by).since(moment)), moment.plus(by));
    }

    #[test]
    fn numbers_from_outside_are_refused_rather_than_moved(millis: i64) {
        let moved = Timestamp::from_millis(millis);
        let expected = if moved.millis() == millis {
            Ok(moved)
        } else {
            Err(TimestampError::OutOfRange)
        };
        prop_assert_eq!(Timestamp::try_from_millis(millis), expected);
    }
}

#[test]
fn the_range_is_what_rfc_3339_can_say() {
    assert_eq!(Timestamp::MIN.to_string(), "0000-01-01T00:00:00.000Z");
    assert_eq!(Timestamp::MAX.to_string(), "9999-12-31T23:59:59.999Z");
    assert_eq!(Timestamp::EPOCH.to_string(), "1970-01-01T00:00:00.000Z");
}

#[test]
fn local_time_is_understood() {
    let beijing: Timestamp = "2025-03-01T16:30:00+08:00".parse().unwrap();
    assert_eq!(beijing.to_string(), "2025-03-01T08:30:00.000Z");
    assert_eq!("yesterday".parse::<Timestamp>(), Err(TimestampError::NotRfc3339));
}

#[test]
fn text_in_json_and_an_integer_in_cbor() {
    let moment = Timestamp::from_millis(-1);
    assert_eq!(serde_json::to_string(&moment).unwrap(), "\"1969-12-31T23:59:59.999Z\"");
    assert_eq!(crate::cbor::encode(&moment).unwrap(), [0x20]);
    let limits = crate::cbor::Limits::of_bytes(9);
    assert_eq!(crate::cbor::decode(&[0x20], &limits), Ok(moment));
    let beyond = crate::cbor::encode(&u64::MAX).unwrap();
    assert!(crate::cbor::decode::<Timestamp>(&beyond, &limits).is_err());
}

#[test]
fn the_time_since_something_later_is_zero() {
    let (early, late) = (Timestamp::from_millis(5), Timestamp::from_millis(9));
    assert_eq!(late.since(early), Duration::from_millis(4));
    assert_eq!(early.since(late), Duration::ZERO);
    assert_eq!(Timestamp::MAX.since(Timestamp::MIN).as_millis(), 315_569_519_999_999);
}
