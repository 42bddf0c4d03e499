//! What somebody filled in: fields and photos, bounded in size and time before they are read, and
//! only from a page of ours.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::multipart::Multipart;
use axum::extract::{DefaultBodyLimit, FromRequest, Request};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE};

use crate::state::State;
use crate::trouble::Trouble;
use crate::visit::Visit;

/// Largest form without photos, in bytes.
const PLAIN: usize = 256 * 1024;
/// Largest form with photos, in bytes: what the API takes.
const WITH_PHOTOS: usize = 40 * 1024 * 1024;
/// Most parts of a form.
const PARTS: usize = 256;
/// The field that repeats the browser's token.
pub(crate) const TOKEN: &str = "token";

/// A form that was sent from one of our pages.
pub(crate) struct Form {
    fields: Vec<(String, String)>,
    files: Vec<(String, Bytes)>,
}

impl Form {
    /// A field without the blanks around it; empty where it is absent. Lines end in a line feed.
    pub(crate) fn text(&self, name: &str) -> String {
        self.raw(name).replace("\r\n", "\n").trim().to_owned()
    }

    /// A field as it was typed.
    pub(crate) fn raw(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    /// A field that is not empty.
    pub(crate) fn some(&self, name: &str) -> Option<String> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    /// Every value of a field.
    pub(crate) fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        self.fields.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A form of these fields.
    #[cfg(test)]
    pub(crate) fn of_fields(fields: &[(&str, &str)]) -> Self {
        let fields = fields.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        Self { fields: fields.collect(), files: Vec::new() }
    }

    /// The files of a field that hold something.
    pub(crate) fn files<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f Bytes> {
        self.files.iter().filter(move |(known, _)| known == name).map(|(_, bytes)| bytes)
    }
}

impl FromRequest<State> for Form {
    type Rejection = Trouble;

    async fn from_request(request: Request, state: &State) -> Result<Self, Trouble> {
        let (parts, body) = request.into_parts();
        let kind = parts.headers.get(CONTENT_TYPE).cloned();
        let essence = kind.as_ref().and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let photos = essence.starts_with("multipart/form-data");
        let _place = match photos.then(|| state.uploads.try_acquire()) {
            Some(place) => Some(place.map_err(|_| Trouble::busy())?),
            None => None,
        };
        let most = if photos { WITH_PHOTOS } else { PLAIN };
        let said =
            parts.headers.get(CONTENT_LENGTH).and_then(|said| said.to_str().ok()?.parse().ok());
        if said.is_some_and(|said: usize| said > most) {
            return Err(Trouble::too_large());
        }
        let arrival = tokio::time::timeout(state.settings.arrival, to_bytes(body, most)).await;
        let bytes = arrival.map_err(|_| Trouble::late())?.map_err(|_| Trouble::too_large())?;
        let form = if photos { with_files(kind, bytes).await? } else { plain(&bytes) };
        let visit = parts.extensions.get::<Visit>().ok_or_else(Trouble::internal)?;
        if visit.is_ours(form.raw(TOKEN)) { Ok(form) } else { Err(Trouble::stale_form()) }
    }
}

fn plain(bytes: &[u8]) -> Form {
    let fields = form_urlencoded::parse(bytes).take(PARTS);
    let fields = fields.map(|(name, value)| (name.into_owned(), value.into_owned()));
    Form { fields: fields.collect(), files: Vec::new() }
}

async fn with_files(
    kind: Option<hyper::header::HeaderValue>,
    bytes: Bytes,
) -> Result<Form, Trouble> {
    let malformed = |_| Trouble::malformed();
    let mut request = Request::new(Body::from(bytes));
    if let Some(kind) = kind {
        request.headers_mut().insert(CONTENT_TYPE, kind);
    }
    // The whole is bounded already.
    DefaultBodyLimit::disable().apply(&mut request);
    let mut parts =
        Multipart::from_request(request, &()).await.map_err(|_| Trouble::malformed())?;
    let mut form = Form { fields: Vec::new(), files: Vec::new() };
    for _ in 0..PARTS {
        let Some(part) = parts.next_field().await.map_err(malformed)? else { return Ok(form) };
        let name = part.name().unwrap_or_default().to_owned();
        let file = part.file_name().is_some();
        let bytes = part.bytes().await.map_err(malformed)?;
        if file {
            // Where no file was chosen, a browser sends an empty one.
            if !bytes.is_empty() {
                form.files.push((name, bytes));
            }
        } else {
            let text = String::from_utf8(bytes.into()).map_err(|_| Trouble::malformed())?;
            form.fields.push((name, text));
        }
    }
    Err(Trouble::malformed())
}
