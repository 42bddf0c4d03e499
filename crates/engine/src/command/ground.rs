//! What is asked about the ground: Party organisations, stations, duty lists, and new shapes of
//! grids. Nothing of it leaves the node.

use governance::duty::DutyLists;
use governance::party::Organisation;
use governance::station::Station;
use governance::territory::reshape::Reshape;
use record::{Subject, Timestamp};

/// What is asked about the ground.
#[derive(Clone)]
pub enum Ground {
    /// Puts a Party organisation on places, or changes one (R2).
    PutOrganisation {
        /// Which; a new one where absent.
        id: Option<Subject>,
        /// What it is.
        organisation: Organisation,
        /// Since when; now where absent.
        from: Option<Timestamp>,
        /// Until when, where that is known.
        until: Option<Timestamp>,
    },
    /// Ends a Party organisation now.
    EndOrganisation(Subject),
    /// Puts a station on the map, or changes one (T3).
    PutStation {
        /// Which; a new one where absent.
        id: Option<Subject>,
        /// What it is.
        station: Box<Station>,
        /// Since when; now where absent.
        from: Option<Timestamp>,
        /// Until when, where that is known.
        until: Option<Timestamp>,
    },
    /// Ends a station now.
    EndStation(Subject),
    /// Writes a further version of a place's two lists (R3).
    PutDutyLists {
        /// The place.
        place: Subject,
        /// Both lists, whole.
        lists: DutyLists,
    },
    /// Splits or merges grids in one act (T2).
    Reshape(Reshape),
}
