//! What leaves as a file: territory and roster, and how the cases of a source of reports stand (C9).

use axum::response::{IntoResponse, Response};
use engine::access::{Look, Purpose};
use engine::project::Order;
use engine::view;
use governance::case::Case;
use governance::change::Phase;
use governance::field;
use hyper::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderValue};
use import::places;
use import::reports::Source;
use import::roster;
use import::status::{self, Outcome};
use import::table::Format;
use record::{Subject, Timestamp};
use serde::Deserialize;

use super::imports::places::zone;
use super::imports::upload::Form;
use super::reveal::purposeful;
use crate::access;
use crate::body::Body;
use crate::desk::{Desk, View};
use crate::looks::Shown;
use crate::problem::{Kind, Problem};
use crate::shape::fields::Values;

/// Most cases in a file.
const MAX_CASES: usize = 50_000;
/// Cases looked at in one go.
const PAGE: usize = 1_000;

/// Which cases, and how the file is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    /// A source that this node knows.
    #[serde(default)]
    source: Option<String>,
    /// Another one: its mapping file's text.
    #[serde(default)]
    mapping: Option<String>,
    /// Otherwise than the mapping says.
    #[serde(default)]
    format: Option<Format>,
    /// Only cases opened at or after this.
    #[serde(default)]
    opened_from: Option<Timestamp>,
    /// Only cases that changed at or after this.
    #[serde(default)]
    changed_from: Option<Timestamp>,
}

/// As what the roster is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PeopleWanted {
    format: Format,
    /// What for.
    purpose: Purpose,
    /// The zone of its times; China's where absent.
    #[serde(default)]
    zone: Option<String>,
}

/// As what the territory is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlacesWanted {
    format: Form,
    /// Whether each place's own id is written.
    #[serde(default)]
    ids: bool,
}

/// `POST /v1/exports/places`: places valid now, in the columns that an import reads.
pub(crate) async fn places(desk: Desk, body: Body<PlacesWanted>) -> Result<Response, Problem> {
    let PlacesWanted { format, ids } = body.value;
    let written = desk.read(move |view| {
        let policy = view.policy();
        let (levels, zone) = (&policy.levels, policy.hours.offset());
        let table = format.table();
        let wanted = places::Wanted { levels, zone, ids, format: table.unwrap_or(Format::Json) };
        let territory = &view.world.territory;
        if table.is_none() {
            return Ok(places::geojson::export(territory, view.now, &wanted));
        }
        places::export(territory, view.now, &wanted)
            .map_err(|error| Problem::at(Kind::FIELD, "body.format", error.to_string()))
    });
    let ending = format.table().map_or("geojson", ending);
    Ok(file(written.await?, "places", ending))
}

/// `POST /v1/exports/people`: those on the roster whom the asker answers for, with their telephone
/// numbers, in the columns that an import reads. For a purpose, and on record first, or not given.
pub(crate) async fn people(desk: Desk, body: Body<PeopleWanted>) -> Result<Response, Problem> {
    let PeopleWanted { format, purpose, zone: named } = body.value;
    purposeful(purpose)?;
    let zone = zone(named.as_deref())?;
    let written = desk.read(move |view| {
        let mut known = view.known_people()?;
        known.retain(|known| view.answers_for(known.person));
        let (policy, territory, now) = (view.policy(), &view.world.territory, view.now);
        let wanted = roster::export::Wanted { policy, territory, now, zone, format };
        roster::export::export(&known, &wanted)
            .map_err(|error| Problem::at(Kind::FIELD, "body.format", error.to_string()))
    });
    let written = written.await?;
    let shown = Shown::list(Look::Export).with(["person_name", "person_phone"]);
    desk.revealed(shown, purpose).await?;
    Ok(file(written, "people", ending(format)))
}

/// `POST /v1/exports/orders`
pub(crate) async fn orders(desk: Desk, body: Body<Wanted>) -> Result<Response, Problem> {
    let wanted = body.value;
    let source = desk.source(wanted.source.as_deref(), wanted.mapping.as_deref())?;
    let format = wanted.format.or(source.out.as_ref().map(|out| out.format));
    let mut source = source.as_ref().clone();
    if let (Some(out), Some(format)) = (&mut source.out, format) {
        out.format = format;
    }
    let written = desk.read(move |view| {
        let outcomes = view.outcomes(&source, &wanted)?;
        status::write(&source, &outcomes)
            .map_err(|error| Problem::at(Kind::FIELD, "body.mapping", error.to_string()))
    });
    let written = written.await?;
    desk.looked(Shown::list(Look::Export).with(["opinion", "reason", "instead"])).await?;
    Ok(file(written, "orders", ending(format.unwrap_or(Format::Xlsx))))
}

fn ending(format: Format) -> &'static str {
    match format {
        Format::Csv => "csv",
        Format::Json => "json",
        Format::Xlsx => "xlsx",
    }
}

fn file(bytes: Vec<u8>, name: &str, ending: &str) -> Response {
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}.{ending}\""));
    let disposition = disposition.expect("a plain name is a header's value");
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(CONTENT_DISPOSITION, disposition);
    response
}

impl View {
    /// Whether the asker's power over the roster reaches a person.
    fn answers_for(&self, person: Subject) -> bool {
        let known = self.world.roster.get(person);
        let (policy, ground) = (self.policy(), &self.world.territory);
        known.is_some_and(|known| known.answered_for_by(&self.actor, policy, ground, self.now))
    }

    /// The cases of a source that the actor may see, newest first.
    fn outcomes(&self, source: &Source, wanted: &Wanted) -> Result<Vec<Outcome>, Problem> {
        let order = Order::of_source(&source.key);
        let (mut outcomes, mut before) = (Vec::new(), None::<Vec<u8>>);
        loop {
            let found = view::cases(&self.reader, order, before.as_deref(), PAGE)?;
            let last = found.len() < PAGE;
            before = found.last().map(|(key, _)| key.clone());
            for (_, case) in found {
                if wanted.opened_from.is_some_and(|from| case.opened < from) {
                    return Ok(outcomes);
                }
                let changed = changed(&case);
                let old = wanted.changed_from.is_some_and(|from| changed < from);
                if old || case.home != self.setup.me() || !access::sees(&self.viewer(), &case) {
                    continue;
                }
                if outcomes.len() == MAX_CASES {
                    let message = format!("more than {MAX_CASES} cases: ask for later ones");
                    return Err(Problem::at(Kind::FIELD, "body.opened_from", message));
                }
                outcomes.extend(self.outcome(&case)?);
            }
            if last {
                return Ok(outcomes);
            }
        }
    }

    /// How a case stands, for the source that had it first. No name and no telephone number is
    /// among it.
    fn outcome(&self, case: &Case) -> Result<Option<Outcome>, Problem> {
        const TOLD: [record::FieldId; 4] =
            [field::SOURCE_NUMBER, field::OPINION, field::REASON, field::INSTEAD];
        let mut values = self.latest(case, &TOLD)?;
        let Some(id) = taken(&mut values, "source_number") else { return Ok(None) };
        let refused = case.phase == Phase::Refused;
        let parts = [taken(&mut values, "reason"), taken(&mut values, "instead")];
        let reason = parts.into_iter().flatten().collect::<Vec<_>>().join("；");
        Ok(Some(Outcome {
            id,
            number: case.number.clone(),
            phase: case.phase,
            unit: self.node(case.holder(self.setup.me())).name,
            opinion: taken(&mut values, "opinion"),
            reason: (refused && !reason.is_empty()).then_some(reason),
            updated: changed(case),
            due: case.due,
            closed: case.closed,
            solved: case.callback.and_then(|callback| callback.solved).or(case.solved),
            satisfaction: case.satisfaction,
        }))
    }
}

fn changed(case: &Case) -> Timestamp {
    case.steps.last().map_or(case.opened, |step| step.time)
}

fn taken(values: &mut Values, name: &str) -> Option<String> {
    values.remove(name).and_then(|value| value.as_str().map(str::to_owned))
}
