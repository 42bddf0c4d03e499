//! Cases as a list, or as a board.

use std::borrow::Cow;

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::views::{self, Saved};
use crate::ground::{self, Grid};
use crate::page::{Page, show};
use crate::shape::case::Summary;
use crate::shape::person::{self, Person};
use crate::shape::public::Listed;
use crate::staff::Staff;
use crate::trouble::Trouble;
use crate::visit::nonce;

/// Which cases, and how they are shown. Unknown views, phases and shapes are the usual ones.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Wanted {
    /// One of [`VIEWS`].
    view: String,
    /// Words, a number, pinyin.
    q: String,
    /// One of [`PHASES`].
    phase: String,
    /// Id of a place.
    ground: String,
    /// `board`, or a list.
    shape: String,
    after: String,
}

/// The views that everybody has, with what each asks of the API.
const VIEWS: [(&str, &str); 7] = [
    ("open", "open=true"),
    ("overdue", "overdue=true"),
    ("mine", ""),
    ("intake", "phase=intake"),
    ("offered", "offered=true"),
    ("unplaced", "unplaced=true"),
    ("all", ""),
];

/// The phases by which lists are narrowed, which are the columns of a board.
const PHASES: [&str; 8] =
    ["intake", "accepted", "assigned", "handling", "suspended", "verifying", "closing", "closed"];

#[derive(Template)]
#[template(path = "desk/list.html")]
struct List {
    p: Page,
    wanted: Wanted,
    cases: Listed<Summary>,
    /// Of other nodes' cases, those that wait for a word of this one.
    awaiting: Vec<Summary>,
    grids: Vec<Grid>,
    people: Vec<Person>,
    kept: Vec<Saved>,
    once: String,
}

#[derive(Template)]
#[template(path = "desk/rows.html")]
struct Rows {
    p: Page,
    wanted: Wanted,
    cases: Listed<Summary>,
    awaiting: Vec<Summary>,
}

#[derive(Template)]
#[template(path = "desk/board.html")]
struct Board {
    p: Page,
    wanted: Wanted,
    cases: Listed<Summary>,
    awaiting: Vec<Summary>,
}

impl List {
    fn views(&self) -> impl Iterator<Item = &'static str> {
        VIEWS.iter().map(|(view, _)| *view)
    }

    /// Whether this list is a view that everybody has, and no kept one of it.
    fn is_at(&self, view: &str) -> bool {
        self.wanted.view == view && !self.is_kept()
    }

    fn is_kept(&self) -> bool {
        let first = self.wanted.first();
        self.kept.iter().any(|saved| saved.query == first)
    }

    /// Whether this list is none of the views yet.
    fn may_keep(&self) -> bool {
        !self.wanted.is_usual() && !self.is_kept()
    }

    fn phases(&self) -> impl Iterator<Item = &'static &'static str> {
        PHASES.iter()
    }
}

/// `GET /desk`: the page, or for htmx its rows.
pub(super) async fn list(staff: Staff, Query(wanted): Query<Wanted>) -> Result<Response, Trouble> {
    let (p, wanted) = (staff.page("desk"), wanted.tidy());
    let cases = staff.read(wanted.path(&p)).await?;
    let awaiting = if wanted.is_front() { awaiting(&staff).await? } else { Vec::new() };
    if staff.visit.part {
        return Ok(match wanted.shape.as_str() {
            "board" => show(Board { p, wanted, cases, awaiting }),
            _ => show(Rows { p, wanted, cases, awaiting }),
        });
    }
    let grids = ground::grids(&staff.state.handle);
    let people = person::appointed(&staff).await?;
    let kept = views::kept(&staff).await?;
    Ok(show(List { p, wanted, cases, awaiting, grids, people, kept, once: nonce() }))
}

/// Cases that are offered to this node, or to which it is called.
async fn awaiting(staff: &Staff) -> Result<Vec<Summary>, Trouble> {
    let offered: Listed<Summary> = staff.read("/v1/cases?offered=true&limit=50").await?;
    Ok(offered.items.into_iter().filter(Summary::awaits_us).collect())
}

impl<'t> FromIterator<(Cow<'t, str>, Cow<'t, str>)> for Wanted {
    /// What a query asks for; the last of several wins, and what is unknown is left out.
    fn from_iter<I: IntoIterator<Item = (Cow<'t, str>, Cow<'t, str>)>>(pairs: I) -> Self {
        let mut wanted = Self::default();
        for (name, value) in pairs {
            let value = value.into_owned();
            match &*name {
                "view" => wanted.view = value,
                "q" => wanted.q = value,
                "phase" => wanted.phase = value,
                "ground" => wanted.ground = value,
                "shape" => wanted.shape = value,
                _ => {}
            }
        }
        wanted.tidy()
    }
}

impl Wanted {
    fn tidy(mut self) -> Self {
        if !VIEWS.iter().any(|(view, _)| *view == self.view) {
            self.view = "open".into();
        }
        if !PHASES.contains(&self.phase.as_str()) {
            self.phase.clear();
        }
        self
    }

    /// Whether it is what a desk begins with: what is open, and nothing narrowed.
    fn is_front(&self) -> bool {
        self.view == "open" && self.is_usual()
    }

    fn path(&self, p: &Page) -> String {
        let asks = VIEWS.iter().find(|(view, _)| *view == self.view).map_or("", |(_, asks)| asks);
        let size = if self.shape == "board" { 200 } else { 50 };
        let mut path = format!("/v1/cases?limit={size}&{asks}");
        if self.view == "mine"
            && let Some(me) = &p.me
        {
            path.push_str(&format!("assignee={}", me.person));
        }
        let phase = if self.view == "intake" { "" } else { &self.phase };
        let narrowed =
            [("q", &*self.q), ("phase", phase), ("ground", &self.ground), ("after", &self.after)];
        for (name, value) in narrowed.into_iter().filter(|(_, value)| !value.is_empty()) {
            path.push_str(&format!("&{name}={}", p.escaped(value)));
        }
        path
    }

    /// This very list, from its first page on, as it is kept.
    fn first(&self) -> String {
        self.query_after("")
    }

    /// Whether it is one of the views that everybody has.
    fn is_usual(&self) -> bool {
        let usual = Self { view: self.view.clone(), ..Self::default() };
        usual.query() == self.first()
    }

    /// This very list in an address.
    pub(super) fn query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in [
            ("view", &self.view),
            ("q", &self.q),
            ("phase", &self.phase),
            ("ground", &self.ground),
            ("shape", &self.shape),
            ("after", &self.after),
        ] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        query.finish()
    }

    /// Its next page.
    fn query_after(&self, after: &str) -> String {
        Self { after: after.to_owned(), ..self.clone() }.query()
    }

    /// Cases by phase; phases without any are left out.
    fn columns<'c>(&self, cases: &'c Listed<Summary>) -> Vec<(&'static str, Vec<&'c Summary>)> {
        let of = |phase: &'static str| {
            let cases = cases.items.iter().filter(|case| case.phase.key() == phase);
            (phase, cases.collect::<Vec<_>>())
        };
        PHASES.into_iter().map(of).filter(|(_, cases)| !cases.is_empty()).collect()
    }
}
