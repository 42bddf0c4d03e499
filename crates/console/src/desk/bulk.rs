//! Giving several cases to one person. Each is an act of its own, which may be refused by itself.

use askama::Template;
use axum::response::Response;
use record::Subject;
use serde_json::json;

use crate::api::Ask;
use crate::form::Form;
use crate::page::{Page, show};
use crate::shape::case::Summary;
use crate::staff::Staff;
use crate::trouble::Trouble;

/// Most cases at once.
const MOST: usize = 50;

/// What became of one.
struct Outcome {
    id: Subject,
    number: String,
    wrong: Option<String>,
}

#[derive(Template)]
#[template(path = "desk/bulk.html")]
struct Done {
    p: Page,
    done: usize,
    outcomes: Vec<Outcome>,
}

/// `POST /desk/bulk`
pub(super) async fn dispatch(staff: Staff, form: Form) -> Result<Response, Trouble> {
    let p = staff.page("desk");
    let (assignee, once) = (form.text("assignee"), form.raw("once"));
    let mut outcomes = Vec::new();
    for id in form.all("case").filter_map(|id| id.parse::<Subject>().ok()).take(MOST) {
        let act = json!({ "act": "dispatch", "assignee": assignee, "unsigned": "form" });
        let ask = Ask::post(format!("/v1/cases/{id}/acts"), &act).once(&format!("{once}-{id}"));
        let wrong = staff.carry_out(ask).await.err();
        let case = staff.read::<Summary>(format!("/v1/cases/{id}")).await.ok();
        let number = case.map_or_else(|| id.to_string(), |case| case.title.unwrap_or(case.number));
        outcomes.push(Outcome { id, number, wrong: wrong.map(|wrong| wrong.title(&p)) });
    }
    let done = outcomes.iter().filter(|outcome| outcome.wrong.is_none()).count();
    Ok(show(Done { p, done, outcomes }))
}
