//! The grid worker's notebook (民情日记, C13).

use axum::Json;
use axum::response::Response;
use engine::command::{People, Receipt, What};
use engine::view;
use governance::act::Report;
use governance::case::CaseId;
use governance::diary::{Draft, Note};
use record::{Subject, Timestamp};
use serde::{Deserialize, Serialize};

use super::{created, cursor_refused, limit};
use crate::body::{Body, Empty};
use crate::desk::{Desk, View};
use crate::hex;
use crate::params::{Path, Query};
use crate::problem::{Kind, Problem};
use crate::shape::Page;
use crate::shape::names::{People as Names, PersonName};
use crate::shape::place::Line;

/// Most notes looked at for one page.
const LOOKED_AT: usize = 2_000;
/// Bytes of a day and an id, with which a key of either order ends.
const TAIL: usize = 20;

/// Whose notes, about which ground, and what part of the list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listing {
    /// One's own only.
    #[serde(default)]
    mine: bool,
    parent: Option<Subject>,
    limit: Option<usize>,
    after: Option<String>,
}

/// A note.
#[derive(Serialize)]
pub(crate) struct Shown {
    id: Subject,
    author: PersonName,
    place: Line,
    date: String,
    written: Timestamp,
    text: String,
    /// The case that it became.
    #[serde(skip_serializing_if = "Option::is_none")]
    case: Option<CaseId>,
}

/// The case that a note became.
#[derive(Serialize)]
struct Raised {
    case: CaseId,
    number: String,
}

/// `GET /v1/notes`
pub(crate) async fn list(
    desk: Desk,
    Query(listing): Query<Listing>,
) -> Result<Json<Page<Shown>>, Problem> {
    let size = limit(listing.limit, 50, 200)?;
    desk.read(move |view| view.notes(&listing, size)).await.map(Json)
}

/// `POST /v1/notes`
pub(crate) async fn write(desk: Desk, body: Body<Draft>) -> Result<Response, Problem> {
    let what = What::People(Box::new(People::Note(body.value)));
    let receipt = desk.command(what, body.digest).await?;
    let id = receipt.subject.unwrap_or(Subject::ZERO);
    Ok(created(&format!("/v1/notes/{id}"), &receipt))
}

/// `GET /v1/notes/{id}`
pub(crate) async fn get(desk: Desk, path: Path) -> Result<Json<Shown>, Problem> {
    let id: Subject = path.id("id")?;
    let shown = desk.read(move |view| {
        let mut people = Names::new(view);
        view.note(id, &mut people)?.ok_or_else(Problem::not_found)
    });
    shown.await.map(Json)
}

/// `POST /v1/notes/{id}/case`
pub(crate) async fn raise(desk: Desk, path: Path, body: Body<Report>) -> Result<Response, Problem> {
    let report = Box::new(body.value);
    let what = What::People(Box::new(People::Raise { note: path.id("id")?, report }));
    let receipt = desk.command(what, body.digest).await?;
    let (Some(case), Some(number)) = (receipt.subject, receipt.number) else {
        return Err(Kind::INTERNAL.into());
    };
    Ok(created(&format!("/v1/cases/{case}"), &Raised { case, number }))
}

/// `POST /v1/notes/{id}/erasure`
pub(crate) async fn erase(desk: Desk, path: Path, body: Empty) -> Result<Json<Receipt>, Problem> {
    let what = People::EraseNote { note: path.id("id")? };
    desk.command(What::People(Box::new(what)), body.digest).await.map(Json)
}

impl View {
    /// The note that a case came from, where the actor may read it.
    ///
    /// # Errors
    /// When the index can't be read.
    pub(crate) fn note_behind(&self, case: CaseId) -> Result<Option<Subject>, Problem> {
        let Some(id) = view::note_of(&self.reader, case)? else { return Ok(None) };
        let note = view::note(&self.reader, id)?;
        Ok(note.is_some_and(|note| self.reads_note(&note)).then_some(id))
    }

    fn reads_note(&self, note: &Note) -> bool {
        note.read_by(&self.actor, self.policy(), &self.world.territory, self.now)
    }

    fn note(&self, id: Subject, people: &mut Names<'_>) -> Result<Option<Shown>, Problem> {
        let known = view::note(&self.reader, id)?;
        if !known.is_some_and(|note| self.reads_note(&note)) {
            return Ok(None);
        }
        let Some(found) = view::note_text(&self.reader, self.whose(), id)? else {
            return Ok(None);
        };
        Ok(Some(Shown {
            id,
            author: people.name(found.note.author)?,
            place: self.line(found.note.place),
            date: found.note.date.to_string(),
            written: found.note.written,
            text: found.text,
            case: found.note.case,
        }))
    }

    fn notes(&self, listing: &Listing, size: usize) -> Result<Page<Shown>, Problem> {
        let author = listing.mine.then_some(self.actor.id);
        let prefix = engine::project::notes_prefix(author);
        let fits = |key: &Vec<u8>| key.starts_with(&prefix) && key.len() == prefix.len() + TAIL;
        let after = listing.after.as_deref();
        let mut before = after
            .map(|after| hex::decode(after).filter(fits).ok_or_else(cursor_refused))
            .transpose()?;
        let mut people = Names::new(self);
        let (mut items, mut looked) = (Vec::new(), 0);
        while looked < LOOKED_AT {
            let batch = (size * 2).min(LOOKED_AT - looked);
            let found = view::notes(&self.reader, author, before.as_deref(), batch)?;
            let exhausted = found.len() < batch;
            looked += batch;
            for (key, id) in found {
                if items.len() == size {
                    return Ok(Page { items, next: before.map(|key| hex::encode(&key)) });
                }
                before = Some(key);
                if let Some(shown) = self.note(id, &mut people)?
                    && self.lies_in(listing.parent, shown.place.id)
                {
                    items.push(shown);
                }
            }
            if exhausted {
                return Ok(Page { items, next: None });
            }
        }
        Ok(Page { items, next: before.map(|key| hex::encode(&key)) })
    }

    fn lies_in(&self, outer: Option<Subject>, place: Subject) -> bool {
        let territory = &self.world.territory;
        outer.is_none_or(|outer| territory.holds(outer, Some(place), None, self.now))
    }
}
