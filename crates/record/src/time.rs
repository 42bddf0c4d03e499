//! Moments, in milliseconds.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::{Serialize, Serializer};

/// A moment: milliseconds since the Unix epoch, UTC, no leap seconds. Always within the years
/// 0000 to 9999, so that RFC 3339 can say it. An integer in CBOR, RFC 3339 text where people read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// Why a number or a text is no timestamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TimestampError {
    /// Outside the years 0000 to 9999.
    #[error("a time must lie in the years 0000 to 9999")]
    OutOfRange,
    /// Not RFC 3339.
    #[error("a time is written as in RFC 3339, such as 2025-03-01T08:30:00.000Z")]
    NotRfc3339,
}

impl Timestamp {
    /// 0000-01-01T00:00:00.000Z.
    pub const MIN: Self = Self(-62_167_219_200_000);
    /// 9999-12-31T23:59:59.999Z.
    pub const MAX: Self = Self(253_402_300_799_999);
    /// 1970-01-01T00:00:00.000Z.
    pub const EPOCH: Self = Self(0);

    /// The moment `millis` milliseconds after the Unix epoch, or the nearest one in range.
    pub const fn from_millis(millis: i64) -> Self {
        if millis < Self::MIN.0 {
            Self::MIN
        } else if millis > Self::MAX.0 {
            Self::MAX
        } else {
            Self(millis)
        }
    }

    /// The same, for numbers from outside: out of range is refused, not moved.
    ///
    /// # Errors
    /// [`TimestampError::OutOfRange`].
    pub const fn try_from_millis(millis: i64) -> Result<Self, TimestampError> {
        let moment = Self::from_millis(millis);
        if moment.0 == millis { Ok(moment) } else { Err(TimestampError::OutOfRange) }
    }

    /// Milliseconds since the Unix epoch; negative before it.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// The moment `duration` later, at most [`Self::MAX`]. Parts of a millisecond are dropped.
    pub fn plus(self, duration: Duration) -> Self {
        Self::from_millis(self.0.saturating_add(whole_millis(duration)))
    }

    /// The moment `duration` earlier, at least [`Self::MIN`]. Parts of a millisecond are dropped.
    pub fn minus(self, duration: Duration) -> Self {
        Self::from_millis(self.0.saturating_sub(whole_millis(duration)))
    }

    /// How long after `earlier` this is; zero if it is not after.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0 - earlier.0).unwrap_or(0))
    }
}

fn whole_millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Parts of a millisecond are dropped; years outside 0000 to 9999 become the nearest moment.
impl From<DateTime<Utc>> for Timestamp {
    fn from(moment: DateTime<Utc>) -> Self {
        Self::from_millis(moment.timestamp_millis())
    }
}

impl From<Timestamp> for DateTime<Utc> {
    fn from(moment: Timestamp) -> Self {
        Self::from_timestamp_millis(moment.0).expect("chrono covers the years 0000 to 9999")
    }
}

/// RFC 3339 in UTC with milliseconds: `2025-03-01T08:30:00.000Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&DateTime::<Utc>::from(*self).to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

/// Any RFC 3339 time with any offset; parts of a millisecond are dropped.
impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, TimestampError> {
        let moment = DateTime::parse_from_rfc3339(text).map_err(|_| TimestampError::NotRfc3339)?;
        Self::try_from_millis(moment.timestamp_millis())
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_i64(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_str(TimestampVisitor)
        } else {
            deserializer.deserialize_i64(TimestampVisitor)
        }
    }
}

struct TimestampVisitor;

impl Visitor<'_> for TimestampVisitor {
    type Value = Timestamp;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time in the years 0000 to 9999")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, millis: i64) -> Result<Timestamp, E> {
        Timestamp::try_from_millis(millis).map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, millis: u64) -> Result<Timestamp, E> {
        let millis = i64::try_from(millis).map_err(|_| E::custom(TimestampError::OutOfRange))?;
        self.visit_i64(millis)
    }
}

#[cfg(test)]
mod tests;
