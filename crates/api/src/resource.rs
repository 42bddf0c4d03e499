//! What the API offers, one file per resource. Handlers parse, call and map, and nothing else.

pub(crate) mod access_log;
pub(crate) mod accounts;
pub(crate) mod cases;
pub(crate) mod division;
pub(crate) mod doctor;
pub(crate) mod duties;
pub(crate) mod events;
pub(crate) mod exports;
pub(crate) mod factor;
pub(crate) mod federation;
pub(crate) mod health;
pub(crate) mod imports;
pub(crate) mod invitations;
pub(crate) mod keys;
pub(crate) mod ledger;
pub(crate) mod matters;
pub(crate) mod members;
pub(crate) mod notebook;
pub(crate) mod numbers;
pub(crate) mod open;
pub(crate) mod outbox;
pub(crate) mod papers;
pub(crate) mod party;
pub(crate) mod people;
pub(crate) mod photos;
pub(crate) mod places;
pub(crate) mod policies;
pub(crate) mod previews;
pub(crate) mod proofs;
pub(crate) mod proposals;
pub(crate) mod queries;
pub(crate) mod reports;
pub(crate) mod reshapings;
pub(crate) mod reveal;
pub(crate) mod revocations;
pub(crate) mod sessions;
pub(crate) mod signing;
pub(crate) mod similar;
pub(crate) mod stations;
pub(crate) mod tokens;
pub(crate) mod trust;
pub(crate) mod views;

use axum::Json;
use axum::response::{IntoResponse, Response};
use engine::command::Receipt;
use hyper::StatusCode;
use hyper::header::{HeaderValue, LOCATION};
use serde::Serialize;

use crate::problem::{Kind, Problem};

/// Answers 201 with where the new thing is.
fn created(location: &str, body: &impl Serialize) -> Response {
    let mut response = (StatusCode::CREATED, Json(body)).into_response();
    if let Ok(location) = HeaderValue::from_str(location) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

/// The id of what was made now with this secret's hash. What was made before, by the same request,
/// was shown then and can't be shown again.
fn made(receipt: &Receipt, hash: [u8; 32], at: &str) -> Result<String, Problem> {
    let made = receipt.made.ok_or(Kind::INTERNAL)?;
    if *made.as_bytes() == hash {
        Ok(made.to_string())
    } else {
        Err(Problem::already_made(Some(format!("{at}/{made}"))))
    }
}

/// The size of a page: what was asked for, within bounds.
fn limit(asked: Option<usize>, usual: usize, most: usize) -> Result<usize, Problem> {
    match asked {
        None => Ok(usual),
        Some(asked) if (1..=most).contains(&asked) => Ok(asked),
        Some(_) => {
            let message = format!("takes 1 to {most}");
            Err(Problem::at(Kind::PARAMETER, "query.limit", message))
        }
    }
}

fn cursor_refused() -> Problem {
    Problem::at(Kind::PARAMETER, "query.after", "is not a cursor that this list gave")
}
