//! Cases as a list.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use crate::page::{Page, show};
use crate::shape::case::Summary;
use crate::shape::public::Listed;
use crate::staff::Staff;
use crate::trouble::Trouble;

/// Which cases.
#[derive(Clone, Default, Deserialize, Serialize)]
pub(super) struct Wanted {
    /// One of [`VIEWS`].
    #[serde(default)]
    pub(super) view: String,
    #[serde(default)]
    pub(super) q: String,
    #[serde(default)]
    pub(super) after: String,
}

/// The views that everybody has, with what each asks of the API.
const VIEWS: [(&str, &str); 6] = [
    ("open", "open=true"),
    ("mine", ""),
    ("intake", "phase=intake"),
    ("offered", "offered=true"),
    ("unplaced", "unplaced=true"),
    ("all", ""),
];

#[derive(Template)]
#[template(path = "desk/list.html")]
struct List {
    p: Page,
    wanted: Wanted,
    cases: Listed<Summary>,
}

#[derive(Template)]
#[template(path = "desk/rows.html")]
struct Rows {
    p: Page,
    wanted: Wanted,
    cases: Listed<Summary>,
}

impl List {
    fn views(&self) -> impl Iterator<Item = &'static str> {
        VIEWS.iter().map(|(view, _)| *view)
    }
}

/// `GET /desk`: the page, or for htmx its rows.
pub(super) async fn list(
    staff: Staff,
    Query(mut wanted): Query<Wanted>,
) -> Result<Response, Trouble> {
    if !VIEWS.iter().any(|(view, _)| *view == wanted.view) {
        wanted.view = "open".into();
    }
    let p = staff.page("desk");
    let cases = staff.read(wanted.path(&p)).await?;
    Ok(if staff.visit.part {
        show(Rows { p, wanted, cases })
    } else {
        show(List { p, wanted, cases })
    })
}

impl Wanted {
    fn path(&self, p: &Page) -> String {
        let asks = VIEWS.iter().find(|(view, _)| *view == self.view).map_or("", |(_, asks)| asks);
        let mut path = format!("/v1/cases?limit=50&{asks}");
        if self.view == "mine"
            && let Some(me) = &p.me
        {
            path.push_str(&format!("assignee={}", me.person));
        }
        for (name, value) in [("q", &self.q), ("after", &self.after)] {
            if !value.is_empty() {
                path.push_str(&format!("&{name}={}", p.escaped(value)));
            }
        }
        path
    }
}
