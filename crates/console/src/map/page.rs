//! The page of the map, and its layers as GeoJSON for whoever has scripts.

use std::collections::BTreeSet;

use askama::Template;
use axum::response::{IntoResponse, Response};
use governance::certificate::Right;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use serde_json::{Value, json};

use super::layers::{self, Layers};
use crate::ground;
use crate::page::{Page, show};
use crate::shape::case::Summary;
use crate::staff::Staff;
use crate::tiles::Tiles;
use crate::trouble::Trouble;

#[derive(Template)]
#[template(path = "map/map.html")]
struct MapPage {
    p: Page,
    layers: Layers,
    /// The areas that are grids.
    signed: BTreeSet<record::Subject>,
    tiles: Option<Tiles>,
    /// Whether this node is a member unit's, which has no grids.
    member: bool,
}

impl MapPage {
    /// Nobody's area is marked on the desk's map.
    fn is_mine(&self, _: &record::Subject) -> bool {
        false
    }

    /// Whether residents can report by a sign there: at a grid, which a street has none of.
    fn has_sign(&self, id: &record::Subject) -> bool {
        self.signed.contains(id)
    }

    fn state(&self, case: &Summary) -> &'static str {
        layers::state(case, self.p.now.millis())
    }
}

/// `GET /map`
pub(super) async fn map(staff: Staff) -> Result<Response, Trouble> {
    let layers = Layers::read(&staff).await?;
    let tiles = staff.state.settings.tiles.clone();
    let signed = ground::grids(&staff.state.handle).into_iter().map(|grid| grid.id).collect();
    let setup = staff.state.handle.setup();
    let member = !setup.standing.certificate().rights.contains(&Right::Govern);
    Ok(show(MapPage { p: staff.page("map"), layers, signed, tiles, member }))
}

/// `GET /map/layers.geojson` (RFC 7946): areas, cases with a point, stations. What a layer says is
/// in the page's language.
pub(super) async fn geojson(staff: Staff) -> Result<Response, Trouble> {
    let (p, layers) = (staff.page("map"), Layers::read(&staff).await?);
    let mut features = Vec::new();
    for (grid, rings) in ground::areas_rings(&staff.state.handle) {
        let Some(area) = layers.areas.iter().find(|area| area.grid.id == grid.id) else { continue };
        let says = p.told2("map-says", "n", area.cases.len(), "overdue", area.overdue);
        features.push(json!({
            "type": "Feature", "geometry": { "type": "Polygon", "coordinates": rings },
            "properties": { "kind": "area", "name": grid.name, "state": area.state(),
                            "number": area.number, "gap": area.is_gap(), "says": says,
                            "link": format!("/desk?ground={}", grid.id) },
        }));
    }
    for case in layers.cases() {
        let Some(point) = case.point else { continue };
        let state = layers::state(case, p.now.millis());
        let name = case.title.as_deref().unwrap_or(&case.number);
        let colour = case.colour.as_ref();
        features.push(at(point, json!({
            "kind": "case", "name": name, "state": state, "colour": colour.map(|colour| &colour.key),
            "says": p.of("due", state), "link": format!("/cases/{}", case.id),
        })));
    }
    for spot in &layers.stations {
        let Some(point) = spot.point else { continue };
        let says = p.say(if spot.open { "station-open" } else { "station-shut" });
        let says = format!("{says} · {}", spot.hours.join(" · "));
        let kind = json!({ "kind": "station", "name": spot.name, "open": spot.open, "says": says });
        features.push(at(point, kind));
    }
    let body = json!({ "type": "FeatureCollection", "features": features }).to_string();
    let mut response = body.into_response();
    let kind = HeaderValue::from_static("application/geo+json");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    Ok(response)
}

fn at((lon, lat): (f64, f64), properties: Value) -> Value {
    let geometry = json!({ "type": "Point", "coordinates": [lon, lat] });
    json!({ "type": "Feature", "geometry": geometry, "properties": properties })
}
