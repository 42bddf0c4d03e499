//! The map: areas over no tiles, what is open in each by colour, gaps, and stations with their hours;
//! beside it a list that says the same in words.

mod hours;
mod layers;
mod page;
mod stations;

pub(crate) use layers::{Area, Layers};
pub(crate) use stations::Spot;

use axum::Router;
use axum::routing::get;

use crate::state::State;

pub(crate) fn routes() -> Router<State> {
    Router::new().route("/map", get(page::map)).route("/map/layers.geojson", get(page::geojson))
}
