//! Divisions and grids from a file (T1, T2): a preview of what would be new, changed and ended, and
//! then the same done in batches, parents first.

use std::collections::BTreeMap;

use axum::Json;
use engine::command::What;
use governance::territory::Place;
use import::columns::Mapping;
use import::coordinates::System;
use import::moment::{self, Zone};
use import::places::{self, Change, Drafts, Kind, Options, Plan, Scope};
use import::problem::{Problem as Named, Spot};
use import::shape::geojson;
use import::table;
use record::{Subject, Timestamp};
use serde::{Deserialize, Serialize};

use super::apply::{named, persist};
use super::told::Told;
use super::upload::{Form, Upload};
use crate::body::Body;
use crate::desk::{Desk, View};
use crate::problem::{Kind as Refusal, Problem};
use crate::progress::Brings;

/// Most changes that an answer names.
const MAX_SHOWN: usize = 500;
/// Most places, and most points of boundaries, in one command: each is signed while everybody else
/// waits.
const BATCH: usize = 100;
const BATCH_POINTS: usize = 10_000;

/// A file of places.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    file: Upload,
    /// How it is written; told from itself where absent.
    #[serde(default)]
    format: Option<Form>,
    /// Which sheet of a workbook.
    #[serde(default)]
    sheet: Option<String>,
    /// Headers of the file for columns by their keys.
    #[serde(default)]
    columns: Mapping,
    /// The system of its coordinates.
    #[serde(default)]
    system: Option<System>,
    /// The zone of its dates; China's where absent.
    #[serde(default)]
    zone: Option<String>,
    /// What the file calls levels: word → level key, or nothing to leave those rows out.
    #[serde(default)]
    levels: BTreeMap<String, String>,
    /// Whether places of its levels that it does not have are to end.
    #[serde(default)]
    complete: bool,
    /// When what is new or changed begins, where a row does not say.
    #[serde(default)]
    from: Option<Timestamp>,
    /// Whether it is only shown what would be done.
    #[serde(default)]
    dry_run: bool,
}

/// How many rows came to what, and what happens to each place.
#[derive(Serialize)]
pub(crate) struct PlacesTold {
    #[serde(flatten)]
    told: Told<places::Counts>,
    /// Places that are new, changed or ended, the upper levels first.
    changes: Vec<Change>,
}

/// `POST /v1/imports/places`
pub(crate) async fn take(desk: Desk, body: Body<File>) -> Result<Json<PlacesTold>, Problem> {
    let file = body.value;
    let dry_run = file.dry_run;
    let zone = zone(file.zone.as_deref())?;
    // What is to change follows from what is there.
    let _turn = desk.state.turn.lock().await;
    let mut plan = desk.read(move |view| Ok(view.places_of(&file, zone))).await?;
    if !dry_run {
        let stopped = establish(&desk, &plan).await?;
        plan.problems.extend(stopped);
    }
    let mut changes = plan.changes;
    changes.retain(|change| change.kind != Kind::Unchanged);
    changes.truncate(MAX_SHOWN);
    let told = Told::new(dry_run, plan.counts, plan.problems);
    Ok(Json(PlacesTold { told, changes }))
}

/// The zone of a file's dates.
///
/// # Errors
/// When it can't be read.
pub(in crate::resource) fn zone(text: Option<&str>) -> Result<Zone, Problem> {
    let zone = moment::zone(text.unwrap_or("+08:00"));
    zone.ok_or_else(|| Problem::at(Refusal::FIELD, "body.zone", "write it as +08:00"))
}

/// Does what was planned. What the engine refuses, since the territory has changed under the plan,
/// ends it; what is done stays, and the same file goes on from there.
async fn establish(desk: &Desk, plan: &Plan) -> Result<Option<Named>, Problem> {
    let (handle, by) = (&desk.state.handle, desk.staff()?);
    let progress = desk.import(Brings::Places, plan.places.len() + plan.ends.len())?;
    let batches = batches(&plan.places).into_iter();
    let batches = batches.map(|batch| (batch.len(), What::Establish(batch.to_vec())));
    let ends = plan.ends.iter().map(|place| (1, What::EndPlace(*place)));
    for (rows, what) in batches.chain(ends) {
        if let Err(refused) = persist(handle, &by, what).await {
            return named(refused, Spot::default()).map(Some);
        }
        progress.step(rows);
    }
    Ok(None)
}

/// Places in batches of a bounded number and weight, in their order.
fn batches(places: &[Place]) -> Vec<&[Place]> {
    let points = |place: &Place| {
        place.boundary.as_ref().map_or(0, |boundary| boundary.rings().iter().map(Vec::len).sum())
    };
    let (mut batches, mut begin, mut weight) = (Vec::new(), 0, 0);
    for (at, place) in places.iter().enumerate() {
        let more: usize = points(place);
        if at > begin && (at - begin == BATCH || weight + more > BATCH_POINTS) {
            batches.push(&places[begin..at]);
            (begin, weight) = (at, 0);
        }
        weight += more;
    }
    batches.extend((begin < places.len()).then(|| &places[begin..]));
    batches
}

impl View {
    fn places_of(&self, file: &File, zone: Zone) -> Plan {
        let options = Options {
            levels: &self.policy().levels,
            words: file.levels.clone(),
            area: Some(self.setup.standing.certificate().area.clone()),
            from: file.from,
            now: self.now,
            scope: if file.complete { Scope::Complete } else { Scope::Partial },
        };
        match drafts(file, zone) {
            Ok(drafts) => places::plan(drafts, &self.world.territory, &options, &mut new_ids()),
            Err(problem) => {
                let mut plan = Plan::default();
                plan.problems.push(problem);
                plan
            }
        }
    }
}

fn drafts(file: &File, zone: Zone) -> Result<Drafts, Named> {
    let geojson = file.format == Some(Form::Geojson);
    if geojson || (file.format.is_none() && file.file.is_geojson()) {
        let features = geojson::read(&file.file.0, file.system)?;
        return Ok(places::from_geojson(&features, &file.columns, zone));
    }
    let options = table::Options {
        format: file.format.and_then(Form::table),
        sheet: file.sheet.clone(),
        limits: places::limits(),
        ..table::Options::default()
    };
    let book = table::read(&file.file.0, &options)?;
    Ok(places::from_table(&book, &file.columns, file.system, zone))
}

/// Random ids: a place is known by its own, not by its code, which may change.
fn new_ids() -> impl FnMut() -> Subject {
    || {
        let mut bytes = [0; Subject::LEN];
        getrandom::fill(&mut bytes).expect("the system gives random bytes");
        Subject::from_bytes(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_keep_the_order_and_their_bounds() {
        let place = |number: u16| Place {
            id: Subject::from_bytes([0; 16]),
            level: "grid".into(),
            code: None,
            name: number.to_string(),
            parent: None,
            households: None,
            boundary: None,
            valid_from: Timestamp::from_millis(0),
            valid_until: None,
        };
        let all: Vec<Place> = (0..250).map(place).collect();
        let batches = batches(&all);
        assert!(batches.iter().all(|batch| (1..=BATCH).contains(&batch.len())));
        assert!(batches.concat() == all);
        assert!(super::batches(&[]).is_empty());
    }
}
