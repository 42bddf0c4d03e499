//! A report as it comes in: JSON, or a form whose files are photos (RFC 7578), which is what a page
//! sends without any script. Form or JSON, it is the same report under the same rules.

use axum::body::{Body as Stream, Bytes};
use axum::extract::multipart::{Field, Multipart};
use axum::extract::{DefaultBodyLimit, FromRequest, Request};
use engine::command::{Agent, Once};
use engine::runtime::{KeptPhoto, PhotoRefused};
use governance::act::{MAX_PHOTOS, Moment, Photo, Report};
use hyper::header::CONTENT_TYPE;
use serde_json::{Map, Value};

use crate::body::{self, Body};
use crate::desk::Desk;
use crate::problem::{Kind, Problem};
use crate::rate::Key;
use crate::route::is_form;
use crate::state::State;

/// Most parts of a form.
const MAX_PARTS: usize = 64;
/// Longest text of a form's part, in bytes.
const MAX_TEXT: usize = 64 * 1024;
/// The part that is a photo; it may stand there several times.
const PHOTO: &str = "photo";

/// A report, the photos that came with it, and the digest of the request.
pub(crate) struct Parts {
    report: Report,
    photos: Vec<Bytes>,
    pub(crate) digest: [u8; 32],
}

impl FromRequest<State> for Parts {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &State) -> Result<Self, Problem> {
        if !is_form(request.headers()) {
            let Body { value: report, digest } = Body::from_request(request, state).await?;
            return Ok(Self { report, photos: Vec::new(), digest });
        }
        let kind = request.headers().get(CONTENT_TYPE).cloned().ok_or(Kind::MEDIA_TYPE)?;
        let (mut hasher, bytes) = body::read(request, state).await?;
        hasher.update(&bytes);
        let form = Request::builder().header(CONTENT_TYPE, kind).body(Stream::from(bytes));
        let mut form = form.map_err(|_| Kind::MALFORMED)?;
        // What the route takes has been held to already; axum's own limit of 2 MB would refuse
        // what one phone's camera makes.
        DefaultBodyLimit::disable().apply(&mut form);
        let form = Multipart::from_request(form, state).await;
        let (fields, photos) = read(form.map_err(|_| Kind::MALFORMED)?).await?;
        let json = serde_json::to_vec(&Value::Object(fields)).map_err(|_| Kind::INTERNAL)?;
        Ok(Self { report: body::parse(&json)?, photos, digest: *hasher.finalize().as_bytes() })
    }
}

async fn read(mut form: Multipart) -> Result<(Map<String, Value>, Vec<Bytes>), Problem> {
    let (mut fields, mut photos) = (Map::new(), Vec::new());
    for _ in 0..MAX_PARTS {
        let Some(part) = form.next_field().await.map_err(|_| Kind::MALFORMED)? else {
            return Ok((fields, photos));
        };
        if part.name() == Some(PHOTO) {
            let bytes = part.bytes().await.map_err(|_| Kind::MALFORMED)?;
            // Where no file was chosen, a browser sends an empty one.
            if !bytes.is_empty() {
                photos.push(bytes);
            }
        } else if let Some((name, value)) = field(part).await?
            && fields.insert(name, value).is_some()
        {
            return Err(Problem::at(Kind::BODY, "body", "a field stands there twice"));
        }
    }
    Err(Problem::at(Kind::BODY, "body", format!("has more than {MAX_PARTS} parts")))
}

/// A field by its name in JSON; `None` where it was left empty.
async fn field(part: Field<'_>) -> Result<Option<(String, Value)>, Problem> {
    let name = part.name().unwrap_or_default().to_owned();
    let bytes = part.bytes().await.map_err(|_| Kind::MALFORMED)?;
    if bytes.len() > MAX_TEXT {
        return Err(Kind::TOO_LARGE.into());
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| Kind::MALFORMED)?;
    // A form's lines end as a telegram's did; ours end in a line feed.
    let text = text.replace("\r\n", "\n");
    if text.trim().is_empty() {
        return Ok(None);
    }
    let value = match name.as_str() {
        "photos" => return Err(Problem::at(Kind::BODY, "body.photos", "comes as files here")),
        "point" => {
            let sides = text.split(',').map(|side| side.trim().parse::<f64>().map(Value::from));
            let sides: Result<Vec<Value>, _> = sides.take(3).collect();
            let wrong = "is longitude and latitude with a comma between them";
            Value::Array(sides.map_err(|_| Problem::at(Kind::BODY, "body.point", wrong))?)
        }
        _ => Value::String(text),
    };
    Ok(Some((name, value)))
}

impl Desk {
    /// The report with the photos that came beside it, which are kept first.
    ///
    /// # Errors
    /// Which photo is not taken, and why; too many.
    pub(crate) async fn with_photos(
        &self,
        by: &Agent,
        parts: Parts,
        once: Option<&Once>,
    ) -> Result<Report, Problem> {
        let Parts { mut report, photos, .. } = parts;
        if photos.len() > MAX_PHOTOS {
            let message = format!("at most {MAX_PHOTOS} photos");
            return Err(Problem::at(Kind::FIELD, "body.photo", message));
        }
        // A repeat gets its receipt, whatever it brings.
        if photos.is_empty() || self.repeated(once).await? {
            return Ok(report);
        }
        for sent in photos {
            let KeptPhoto { hash, size, media } = self.keep_photo(by.clone(), sent).await?;
            // The same file twice is one photo.
            if report.photos.iter().all(|known| known.hash != hash) {
                let moment = Moment::Before;
                report.photos.push(Photo { hash, size, media, moment, caption: None });
            }
        }
        Ok(report)
    }

    /// Keeps a photo, within what its sender may send.
    ///
    /// # Errors
    /// [`Kind::TOO_MANY`], [`Kind::PHOTO`]; what the engine refuses.
    pub(crate) async fn keep_photo(&self, by: Agent, sent: Bytes) -> Result<KeptPhoto, Problem> {
        match &by {
            Agent::Staff(_) => {
                let account = Key::of_account(&self.session()?.account);
                self.limited(&self.state.photos, account)?;
            }
            Agent::Resident { .. } | Agent::Console => {
                self.limited(&self.state.photos, self.address())?;
                self.limited(&self.state.photos_of_all, Key::All)?;
            }
        }
        self.state.handle.take_photo(by, sent.into()).await.map_err(|refused| match refused {
            PhotoRefused::Photo(error) => {
                Problem::because(Kind::PHOTO, error.words(), error.to_string())
            }
            PhotoRefused::Refused(refused) => refused.into(),
        })
    }
}
