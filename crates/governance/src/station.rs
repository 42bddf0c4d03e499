//! Stations (T3): 驿站, 党群服务中心, 近邻中心 … with rooms and opening hours, and the circle of
//! places within a walk of them. Which kinds there are and how far one walks in fifteen minutes is
//! the policy's to say.

mod circle;
mod hours;

use record::{Subject, Timestamp};
use serde::{Deserialize, Serialize};

pub use circle::{Circle, circle, metres};
pub use hours::{Exception, HoursProblem, OpenNow, OpeningHours, Shift, TimeOfDay};

use crate::act::{FieldProblem, MAX_LINE, text};
use crate::field;
use crate::policy::Policy;
use crate::territory::{Point, Territory};

/// Most rooms of a station.
pub const MAX_ROOMS: usize = 50;

/// A station over one period.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Station {
    /// Key of a kind of the policy's `stations`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The place it serves and stands in.
    pub place: Subject,
    /// Where its door is, WGS-84.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point: Option<Point>,
    /// Its address in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Its rooms.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rooms: Vec<Room>,
    /// When it is open.
    pub hours: OpeningHours,
    /// Whether grid point and Party-service point are one here (两点合一, SY).
    #[serde(default)]
    pub two_in_one: bool,
}

/// A room of a station.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Room {
    /// Its name, such as 党群议事厅.
    pub name: String,
    /// How many it seats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seats: Option<u16>,
}

/// Why a station is refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum StationError {
    /// A text is out of bounds.
    #[error(transparent)]
    Text(#[from] FieldProblem),
    /// No such kind.
    #[error("kind: is not among the policy's stations")]
    Kind,
    /// No such place.
    #[error("place: no such place is valid then")]
    Place,
    /// Too many rooms.
    #[error("rooms: at most {MAX_ROOMS}")]
    Rooms,
    /// The hours contradict themselves.
    #[error("hours: {0}")]
    Hours(#[from] HoursProblem),
}

impl Station {
    /// Whether it may be so from `from` on.
    ///
    /// # Errors
    /// See [`StationError`].
    pub fn check(
        &self,
        policy: &Policy,
        territory: &Territory,
        from: Timestamp,
    ) -> Result<(), StationError> {
        let line = |words: &String| text(field::STATION_DATA, words, MAX_LINE);
        line(&self.name)?;
        self.address.as_ref().map_or(Ok(()), line)?;
        if !policy.stations.kinds.iter().any(|kind| kind.key == self.kind) {
            return Err(StationError::Kind);
        }
        if territory.get(self.place, from).is_none() {
            return Err(StationError::Place);
        }
        if self.rooms.len() > MAX_ROOMS {
            return Err(StationError::Rooms);
        }
        self.rooms.iter().try_for_each(|room| line(&room.name))?;
        Ok(self.hours.check()?)
    }
}

#[cfg(test)]
mod tests;
