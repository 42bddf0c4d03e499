//! Places in a line.

use governance::territory::Place;
use record::Subject;
use serde::Serialize;

use crate::desk::View;

/// A place by id and name.
#[derive(Clone, Serialize)]
pub(crate) struct Line {
    pub(crate) id: Subject,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
}

impl Line {
    pub(crate) fn of(place: &Place) -> Self {
        Self { id: place.id, name: Some(place.name.clone()) }
    }
}

impl View {
    /// A place by id, with its last name where it is known.
    pub(crate) fn line(&self, id: Subject) -> Line {
        let place = self.world.territory.latest(id);
        Line { id, name: place.map(|place| place.name.clone()) }
    }
}
