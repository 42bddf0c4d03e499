//! Signs for the street: a grid's QR code, which leads to reporting there, to be printed and posted.

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;

use crate::ground::{self, Grid};
use crate::page::{Page, show};
use crate::qr::Qr;
use crate::staff::Staff;
use crate::state::State;
use crate::trouble::Trouble;

/// Most signs of one page.
const MOST: usize = 200;

#[derive(Template)]
#[template(path = "sign/grids.html")]
struct Signs {
    p: Page,
    signs: Vec<(Grid, Qr)>,
    /// How many grids have no place on this page.
    more: usize,
    /// Whether the codes lead to this very machine, which no telephone can reach.
    local: bool,
}

/// Which grid; every one where absent.
#[derive(Deserialize)]
struct Which {
    grid: Option<String>,
}

pub(crate) fn routes() -> Router<State> {
    Router::new().route("/signs", get(signs))
}

/// `GET /signs`
async fn signs(staff: Staff, Query(which): Query<Which>) -> Result<Response, Trouble> {
    let (state, visit) = (&staff.state, &staff.visit);
    let grids = match which.grid.as_deref() {
        Some(text) => vec![ground::named(&state.handle, text).ok_or_else(Trouble::not_found)?],
        None => ground::grids(&state.handle),
    };
    let more = grids.len().saturating_sub(MOST);
    let signs = grids.into_iter().take(MOST).filter_map(|grid| {
        // The code, which a sign outlives many ids by; the id of a grid that has none.
        let named = if grid.code.is_empty() { grid.id.to_string() } else { grid.code.clone() };
        let qr = Qr::to(state, visit, &format!("/report?grid={named}"))?;
        Some((grid, qr))
    });
    let signs: Vec<(Grid, Qr)> = signs.collect();
    let local = signs.first().is_some_and(|(_, qr)| is_local(&qr.text));
    Ok(std::future::ready(show(Signs { p: staff.page("map"), signs, more, local })).await)
}

/// Whether an address is one of the machine that opens it.
fn is_local(address: &str) -> bool {
    let host = address.split("//").nth(1).unwrap_or_default();
    ["127.", "localhost", "[::1]"].iter().any(|local| host.starts_with(local))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_no_telephone_reaches_is_known() {
        for local in ["http://127.0.0.1:8480/report", "https://localhost/report", "http://[::1]:1/"]
        {
            assert!(is_local(local), "{local}");
        }
        assert!(!is_local("https://grid.example.cn/report?to=127."));
    }
}
