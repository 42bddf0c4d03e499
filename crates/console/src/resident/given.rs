//! Who was given what of a report (给了谁), by the code on its receipt.

use askama::Template;
use axum::extract::{Path, State as At};
use axum::response::Response;

use super::follow::tidy;
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
    let path = format!("/v1/reports/{code}");
    let case = state.api.read(&visit, Ask::get(path.as_str())).await?;
    let ledger = state.api.read(&visit, Ask::get(format!("{path}/ledger"))).await?;
    Ok(show(Given { p: Page::new(&state, &visit, ""), code, case, ledger }))
}
