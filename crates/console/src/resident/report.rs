//! Reporting: what it is about, then the form. What was reported already is offered in between.

mod send;

use askama::Template;
use axum::extract::{Query, State as At};
use axum::response::Response;
use serde::Deserialize;

use crate::api::Ask;
use crate::ground::{self, Grid};
use crate::page::{Page, show, show_as};
use crate::shape::public::{Listed, Matter};
use crate::state::State;
use crate::trouble::Trouble;
use crate::visit::{Visit, nonce};
use crate::wrong::Wrong;

pub(super) use send::send;
pub(crate) use send::title;

/// The category of whoever does not know.
const UNSURE: &str = "-";
/// Most matters that are offered to be followed instead.
const OFFERED: usize = 5;

/// What is known already: from a sign's QR code, the map or the page before.
#[derive(Deserialize)]
pub(super) struct Known {
    category: Option<String>,
    grid: Option<String>,
    lon: Option<f64>,
    lat: Option<f64>,
}

/// A choice of what it is about.
struct Choice {
    key: String,
    name: String,
}

#[derive(Template)]
#[template(path = "resident/about.html")]
struct About {
    p: Page,
    grid: Option<Grid>,
    unknown: bool,
    choices: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "resident/report.html")]
struct Report {
    p: Page,
    form: Filled,
    category: Option<String>,
    grid: Option<Grid>,
    grids: Vec<Grid>,
    has_map: bool,
    matters: Vec<Matter>,
    once: String,
    wrong: Option<Wrong>,
}

/// What was filled in.
#[derive(Default)]
struct Filled {
    category: String,
    place: String,
    point: String,
    address: String,
    description: String,
    contact_name: String,
    contact_phone: String,
}

impl Report {
    /// Whether a field is among those that were wrong.
    fn is_wrong(&self, name: &str) -> bool {
        self.wrong.as_ref().is_some_and(|wrong| wrong.is_in(name))
    }
}

/// `GET /report`
pub(super) async fn ask(
    At(state): At<State>,
    visit: Visit,
    Query(known): Query<Known>,
) -> Result<Response, Trouble> {
    let grid = known.grid.as_deref().and_then(|text| ground::named(&state.handle, text));
    let Some(category) = known.category else {
        let p = Page::new(&state, &visit, "");
        let unknown = known.grid.is_some() && grid.is_none();
        let choices = choices(&state, &p);
        return Ok(show(About { p, grid, unknown, choices }));
    };
    let point = known.lon.zip(known.lat).map(|(lon, lat)| format!("{lon:.6},{lat:.6}"));
    let place = grid.map(|grid| grid.id.to_string()).unwrap_or_default();
    let form = Filled { category, place, point: point.unwrap_or_default(), ..Filled::default() };
    let page = page(&state, &visit, form, None).await?;
    Ok(show(page))
}

/// The form, as it was filled in.
async fn page(
    state: &State,
    visit: &Visit,
    form: Filled,
    wrong: Option<Wrong>,
) -> Result<Report, Trouble> {
    let p = Page::new(state, visit, "");
    let choices = choices(state, &p);
    let category = choices.into_iter().find(|choice| choice.key == form.category);
    let grid = ground::named(&state.handle, &form.place);
    let matters = match &category {
        Some(choice) => reported_already(state, visit, choice, grid.as_ref()).await?,
        None => Vec::new(),
    };
    let grids = ground::grids(&state.handle);
    let has_map = ground::map(&state.handle).is_some();
    let once = nonce();
    let category = category.map(|choice| choice.name);
    Ok(Report { p, form, category, grid, grids, has_map, matters, once, wrong })
}

async fn reported_already(
    state: &State,
    visit: &Visit,
    category: &Choice,
    grid: Option<&Grid>,
) -> Result<Vec<Matter>, Trouble> {
    let ground = grid.map(|grid| format!("&ground={}", grid.id)).unwrap_or_default();
    let path = format!("/v1/matters?category={}{ground}&limit={OFFERED}", category.key);
    let found: Listed<Matter> = state.api.read(visit, Ask::get(path)).await?;
    Ok(found.items)
}

/// What a matter can be about: the policy's categories.
fn choices(state: &State, p: &Page) -> Vec<Choice> {
    let world = state.handle.world();
    let categories = world.policy().categories.iter().map(|category| {
        let name = if p.is_english() { &category.name_en } else { &category.name };
        Choice { key: category.key.clone(), name: name.clone() }
    });
    categories.collect()
}
