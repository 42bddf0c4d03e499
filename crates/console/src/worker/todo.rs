//! What is to be done, by deadline: what was given to one, then what is open on one's ground.

use std::collections::BTreeSet;

use askama::Template;
use axum::response::Response;

use crate::page::{Page, show};
use crate::shape::case::Summary;
use crate::shape::public::Listed;
use crate::staff::Staff;
use crate::trouble::Trouble;

/// Most cases of one list.
const MOST: usize = 50;

#[derive(Template)]
#[template(path = "worker/todo.html")]
struct Todo {
    p: Page,
    given: Vec<Summary>,
    around: Vec<Summary>,
}

/// `GET /work`
pub(super) async fn list(staff: Staff) -> Result<Response, Trouble> {
    let me = staff.me.person;
    let given: Listed<Summary> =
        staff.read(format!("/v1/cases?limit={MOST}&assignee={me}")).await?;
    let mut given = given.items;
    let mut known: BTreeSet<_> = given.iter().map(|case| case.id).collect();
    let mut around = Vec::new();
    for place in staff.me.appointments.iter().filter_map(|held| held.scope.as_ref()) {
        let path = format!("/v1/cases?limit={MOST}&open=true&ground={}", place.id);
        let listed: Listed<Summary> = staff.read(path).await?;
        around.extend(listed.items.into_iter().filter(|case| known.insert(case.id)));
    }
    for list in [&mut given, &mut around] {
        // Without a deadline last.
        list.sort_by_key(|case| (case.clock.due.is_none(), case.clock.due, case.opened));
    }
    Ok(show(Todo { p: staff.page("work"), given, around }))
}
