//! The proof of one step, in plain words and as a file.

use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use hyper::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderValue};
use record::{RecordId, Subject};

use crate::api::Ask;
use crate::page::{Page, show};
use crate::shape::case::Proof;
use crate::staff::Staff;
use crate::trouble::Trouble;

#[derive(Template)]
#[template(path = "case/proof.html")]
struct Explained {
    p: Page,
    id: Subject,
    proof: Proof,
}

impl Explained {
    /// Whether what the node above has countersigned holds the step.
    fn is_witnessed(&self) -> bool {
        let signed = self.proof.countersigned.as_ref();
        self.proof.inclusion.as_ref().zip(signed).is_some_and(|(at, signed)| at.index < signed.size)
    }

    fn signer(&self) -> String {
        self.proof.signer.as_str().map_or_else(|| self.proof.signer.to_string(), str::to_owned)
    }
}

#[derive(Template)]
#[template(path = "case/proof_failed.html")]
struct Failed {
    p: Page,
    id: Subject,
    record: String,
}

/// `GET /cases/{id}/proof/{record}`
pub(super) async fn explain(
    staff: Staff,
    Path((id, record)): Path<(String, String)>,
) -> Result<Response, Trouble> {
    let (id, path) = address(&id, &record)?;
    match staff.read(path).await {
        Ok(proof) => Ok(show(Explained { p: staff.page("desk"), id, proof })),
        // The node has lost the record, or it is not what it was.
        Err(trouble) if trouble.code == "storage" => {
            Ok(show(Failed { p: staff.page("desk"), id, record }))
        }
        Err(trouble) => Err(trouble),
    }
}

/// `GET /cases/{id}/proof/{record}/download`
pub(super) async fn download(
    staff: Staff,
    Path((id, record)): Path<(String, String)>,
) -> Result<Response, Trouble> {
    let (_, path) = address(&id, &record)?;
    let answer = staff.state.api.ask(&staff.visit, Ask::get(path)).await?;
    let name = format!("attachment; filename=\"proof-{}.json\"", record.get(..12).unwrap_or("x"));
    let mut response = answer.bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let name = HeaderValue::from_str(&name).map_err(|_| Trouble::not_found())?;
    headers.insert(CONTENT_DISPOSITION, name);
    Ok(response)
}

fn address(id: &str, record: &str) -> Result<(Subject, String), Trouble> {
    let id: Subject = id.parse().map_err(|_| Trouble::not_found())?;
    let record: RecordId = record.parse().map_err(|_| Trouble::not_found())?;
    Ok((id, format!("/v1/cases/{id}/proof/{record}")))
}
