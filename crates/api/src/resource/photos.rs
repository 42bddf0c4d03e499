//! Photos: on their way in, before an act shows them, and on their way out, under the rule of the
//! case and the field that show them.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use engine::access::Look;
use engine::command::Agent;
use engine::runtime::KeptPhoto;
use engine::view;
use governance::act::{ActKind, Media, read_photos};
use governance::case::{Case, CaseId};
use hyper::header::{
    CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderValue, IF_NONE_MATCH,
};
use hyper::{HeaderMap, StatusCode};
use record::{FieldId, Hash};
use serde::Serialize;

use super::cases::listed;
use super::reports::reporter;
use crate::access;
use crate::body;
use crate::desk::{Desk, View};
use crate::looks::Shown;
use crate::params::Path;
use crate::problem::{Kind, Problem};
use crate::state::State;

/// A photo as it comes in. What it says of itself is not asked: its content tells.
pub(crate) struct Sent(Bytes);

impl FromRequest<State> for Sent {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &State) -> Result<Self, Problem> {
        let (_, bytes) = body::read(request, state).await?;
        Ok(Self(bytes))
    }
}

#[derive(Serialize)]
struct Kept {
    hash: Hash,
    size: u32,
    media: Media,
}

/// `POST /v1/photos`
pub(crate) async fn keep(desk: Desk, sent: Sent) -> Result<Response, Problem> {
    let kept = desk.keep_photo(desk.staff()?, sent.0).await?;
    Ok(shown(kept))
}

/// `POST /v1/reports/{code}/photos`
pub(crate) async fn keep_by_code(desk: Desk, path: Path, sent: Sent) -> Result<Response, Problem> {
    let reporter = reporter(&desk, &path)?;
    let find = move |view: &View| view.reported(reporter).map(|_| ());
    desk.read_as(Desk::resident(reporter), find).await?;
    let code = Some(path.text("code")?.to_owned());
    let kept = desk.keep_photo(Agent::Resident { code }, sent.0).await?;
    Ok(shown(kept))
}

fn shown(kept: KeptPhoto) -> Response {
    let KeptPhoto { hash, size, media } = kept;
    (StatusCode::CREATED, Json(Kept { hash, size, media })).into_response()
}

/// `GET /v1/cases/{id}/photos/{hash}`
pub(crate) async fn get(desk: Desk, path: Path, headers: HeaderMap) -> Result<Response, Problem> {
    let (id, hash): (CaseId, Hash) = (path.id("id")?, path.id("hash")?);
    let handle = desk.state.handle.clone();
    let found = desk.read(move |view| {
        let case = view.case(id)?;
        view.photo(&case, &hash)?;
        Ok(handle.photo(&hash)?)
    });
    let found = found.await?;
    if found.is_some() {
        desk.looked(Shown::of(Look::Photo, id).with(["photos"])).await?;
    }
    answer(found, &hash, &headers)
}

/// `GET /v1/reports/{code}/photos/{hash}`
pub(crate) async fn get_by_code(
    desk: Desk,
    path: Path,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (reporter, hash): (_, Hash) = (reporter(&desk, &path)?, path.id("hash")?);
    let handle = desk.state.handle.clone();
    let found = desk.read_as(Desk::resident(reporter), move |view| {
        let case = view.reported(reporter)?;
        view.photo(&case, &hash)?;
        Ok(handle.photo(&hash)?)
    });
    answer(found.await?, &hash, &headers)
}

impl View {
    /// Whether some act on the case shows the photo in a field that the actor may read.
    fn photo(&self, case: &Case, hash: &Hash) -> Result<Media, Problem> {
        let shown = view::shown(&self.reader, case.id, hash)?.ok_or_else(Problem::not_found)?;
        let viewer = self.viewer();
        // Of acts of the case whose words are not over or withdrawn.
        let shows = |act: &ActKind, id: &FieldId| -> Result<bool, Problem> {
            if !access::reads(&viewer, case, *act, *id) {
                return Ok(false);
            }
            for step in case.steps.iter().filter(|step| step.act == *act) {
                let found = view::record_of(&self.reader, self.whose(), case.id, step)?;
                let Some((_, fields, uses)) = found else { continue };
                let photos = fields.raw(*id).and_then(read_photos).unwrap_or_default();
                if uses.may_read(*id, self.now) && photos.iter().any(|photo| photo.hash == *hash) {
                    return Ok(true);
                }
            }
            Ok(false)
        };
        for (act, id) in &shown.acts {
            if shows(act, id)? {
                return Ok(shown.media);
            }
        }
        Err(Problem::not_found())
    }
}

/// The bytes, which a browser shows as a picture and as nothing else. A photo that has not come
/// here yet is not there.
fn answer(found: Option<Vec<u8>>, hash: &Hash, headers: &HeaderMap) -> Result<Response, Problem> {
    let bytes = found.ok_or_else(Problem::not_found)?;
    let tag = format!("\"{hash}\"");
    let known = listed(headers, IF_NONE_MATCH.as_str(), |known| known == tag);
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        (StatusCode::OK, bytes).into_response()
    };
    let name = format!("inline; filename=\"{}.jpg\"", &hash.to_string()[..12]);
    let fixed = HeaderValue::from_static;
    let of = |text: &str| HeaderValue::from_str(text).map_err(|_| Kind::INTERNAL);
    let policy = "default-src 'none'; sandbox; frame-ancestors 'none'";
    let to = response.headers_mut();
    to.insert(CONTENT_TYPE, fixed(Media::Jpeg.name()));
    to.insert(CONTENT_DISPOSITION, of(&name)?);
    to.insert(CONTENT_SECURITY_POLICY, fixed(policy));
    to.insert(ETAG, of(&tag)?);
    Ok(response)
}
