//! Stations on the map, and what lies too far from any.

use record::{Subject, Timestamp};
use serde::Deserialize;

use super::hours::Week;
use crate::shape::name::Named;
use crate::shape::public::{Line, Listed};
use crate::staff::Staff;
use crate::trouble::Trouble;

/// Most stations that are shown.
const MOST: usize = 200;

/// A station.
#[derive(Deserialize)]
struct Station {
    name: String,
    kind: Named,
    place: Line,
    point: Option<(f64, f64)>,
    address: Option<String>,
    hours: Week,
    open: Open,
}

#[derive(Deserialize)]
struct Open {
    now: bool,
    until: Option<Timestamp>,
    missing: Option<i32>,
}

/// A station as the page shows it.
pub(crate) struct Spot {
    pub(crate) name: String,
    pub(crate) kind: String,
    /// The place on which it stands.
    pub(crate) place: Subject,
    pub(crate) address: Option<String>,
    /// Longitude and latitude, WGS-84.
    pub(crate) point: Option<(f64, f64)>,
    pub(crate) open: bool,
    /// When that changes.
    pub(crate) until: Option<Timestamp>,
    /// The year whose holidays are not known, where that makes it uncertain.
    pub(crate) missing: Option<i32>,
    pub(crate) hours: Vec<String>,
}

/// What is missing on the ground.
#[derive(Default)]
pub(crate) struct Gaps {
    /// Places further from any station than one walks, and how far that is in metres.
    pub(crate) stations: Option<(u32, Vec<Line>)>,
    /// Places without a boundary, of which nobody can say.
    pub(crate) unsurveyed: Vec<Line>,
    /// Of how many places how many have a Party organisation, and which have none.
    pub(crate) party: Option<(usize, usize, Vec<Line>)>,
}

#[derive(Deserialize)]
struct Circle {
    metres: u32,
    gaps: Vec<Line>,
    unsurveyed: Vec<Line>,
}

#[derive(Deserialize)]
struct Covered {
    places: usize,
    covered: usize,
    gaps: Vec<Line>,
}

/// Every station, by name.
pub(super) async fn stations(staff: &Staff) -> Result<Vec<Spot>, Trouble> {
    let p = staff.page("map");
    let listed: Listed<Station> = staff.read(format!("/v1/stations?limit={MOST}")).await?;
    let spots = listed.items.into_iter().map(|station| Spot {
        kind: p.name(&station.kind),
        name: station.name,
        place: station.place.id,
        address: station.address,
        point: station.point,
        open: station.open.now,
        until: station.open.until,
        missing: station.open.missing,
        hours: station.hours.lines(p.words()),
    });
    let mut spots: Vec<Spot> = spots.collect();
    spots.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(spots)
}

/// The gaps, as far as the policy asks after them.
pub(super) async fn gaps(staff: &Staff) -> Result<Gaps, Trouble> {
    let circle = known(staff.read::<Circle>("/v1/station-circle").await)?;
    let party = known(staff.read::<Covered>("/v1/party-coverage").await)?;
    let (stations, unsurveyed) = match circle {
        Some(circle) => (Some((circle.metres, circle.gaps)), circle.unsurveyed),
        None => (None, Vec::new()),
    };
    let party = party.filter(|found| found.places > 0);
    let party = party.map(|found| (found.places, found.covered, found.gaps));
    Ok(Gaps { stations, unsurveyed, party })
}

/// Nothing where the policy does not know of it.
fn known<T>(answer: Result<T, Trouble>) -> Result<Option<T>, Trouble> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(trouble) if ["not-in-policy", "parameter"].contains(&trouble.code.as_str()) => Ok(None),
        Err(trouble) => Err(trouble),
    }
}
