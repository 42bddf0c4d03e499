//! A place: an area, grid, building or household group, as it was over one period of time.

use record::{Subject, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Boundary;
use crate::area::AreaCode;

/// Version of a place's form in CBOR.
const VERSION: u16 = 1;
/// Most characters of a place's name.
pub const MAX_NAME: usize = 64;
/// Most bytes of a level's key.
pub const MAX_KEY: usize = 32;

/// One version of a place. A change of boundary, name or parent is a further version with the
/// same id that begins when the change takes effect; the earlier one stays (T2).
///
/// JSON is the plain object; CBOR is `[version, object]`. Unknown fields are refused in both.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct Place {
    /// Which place; the same over all its versions.
    pub id: Subject,
    /// Key of the policy's level, such as `grid` (T1: levels are data).
    pub level: String,
    /// Official code over this period, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<AreaCode>,
    /// Name over this period, 1 to [`MAX_NAME`] characters.
    pub name: String,
    /// The place it lies in; none for an administrative area at the top of this node's tree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Subject>,
    /// Households in it, where counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub households: Option<u32>,
    /// Where it lies, where surveyed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boundary: Option<Boundary>,
    /// When this version begins.
    pub valid_from: Timestamp,
    /// When it ended: the first moment at which it is no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
}

impl Place {
    /// Whether this version holds at the time.
    #[must_use]
    pub fn is_valid(&self, at: Timestamp) -> bool {
        self.valid_from <= at && self.valid_until.is_none_or(|until| at < until)
    }

    /// Whether this version holds at some moment at or after the time.
    pub(super) fn outlasts(&self, at: Timestamp) -> bool {
        self.valid_until.is_none_or(|until| at < until && self.valid_from < until)
    }
}

struct Form<'a>(&'a Place);

impl Serialize for Form<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Place::serialize(self.0, serializer)
    }
}

struct Read(Place);

impl<'de> Deserialize<'de> for Read {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Place::deserialize(deserializer).map(Self)
    }
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            Self::serialize(self, serializer)
        } else {
            (VERSION, Form(self)).serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            return Self::deserialize(deserializer);
        }
        match <(u16, Read)>::deserialize(deserializer)? {
            (VERSION, Read(place)) => Ok(place),
            (other, _) => Err(serde::de::Error::custom(format_args!(
                "place has version {other}; this program reads version {VERSION}"
            ))),
        }
    }
}
