//! Who was given what of a report (给了谁), by the code on its receipt.

use askama::Template;
use axum::extract::{Path, State as At};
use axum::response::Response;

use super::follow::tidy;
use super::front::or_unknown;
use crate::api::Ask;
use crate::page::{Page, show};
use crate::shape::ledger::Ledger;
use crate::shape::public::Followed;
use crate::state::State;
use crate::trouble::Trouble;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "resident/given.html")]
struct Given {
    p: Page,
    code: String,
    case: Followed,
    ledger: Ledger,
}

/// `GET /r/{code}/given`
pub(super) async fn given(
    At(state): At<State>,
    visit: Visit,
    Path(code): Path<String>,
) -> Result<Response, Trouble> {
    let code = tidy(&code);
    or_unknown(shown(&state, &visit, &code).await, &state, &visit, &code)
}

async fn shown(state: &State, visit: &Visit, code: &str) -> Result<Response, Trouble> {
    let path = format!("/v1/reports/{code}");
    let case = state.api.read(visit, Ask::get(path.as_str())).await?;
    let ledger = state.api.read(visit, Ask::get(format!("{path}/ledger"))).await?;
    let (p, code) = (Page::new(state, visit, ""), code.to_owned());
    Ok(show(Given { p, code, case, ledger }))
}
