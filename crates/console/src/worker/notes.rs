//! The notebook (民情日记, C13): what was seen and heard, and the case that it becomes.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use chrono::{DateTime, NaiveDate, Utc};
use hyper::{Method, StatusCode};
use record::Subject;
use serde::Deserialize;
use serde_json::json;

use super::outbox;
use crate::api::Ask;
use crate::form::Form;
use crate::page::{Page, go, show, show_as};
use crate::resident::title;
use crate::shape::public::{Line, Listed};
use crate::staff::Staff;
use crate::trouble::Trouble;
use crate::visit::nonce;

#[derive(Template)]
#[template(path = "worker/notes.html")]
struct Notes {
    p: Page,
    notes: Vec<Note>,
    once: String,
    wrong: Option<(String, String)>,
    words: String,
    /// Whether one was erased just now.
    erased: bool,
}

#[derive(Template)]
#[template(path = "worker/note.html")]
struct NotePage {
    p: Page,
    note: Note,
    categories: Vec<(String, String)>,
    channels: Vec<(String, String)>,
    once: String,
    wrong: Option<(String, String)>,
    /// Whether its erasure was asked for, and the word was not typed.
    erasing: bool,
}

/// A note.
#[derive(Deserialize)]
struct Note {
    id: Subject,
    place: Line,
    date: NaiveDate,
    text: String,
    case: Option<Subject>,
}

/// The case that a note became.
#[derive(Deserialize)]
struct Raised {
    case: Subject,
}

/// A note that was kept.
#[derive(Deserialize)]
struct Kept {
    subject: Subject,
}

/// `GET /work/notes`
pub(super) async fn list(staff: Staff) -> Result<Response, Trouble> {
    Ok(show(notes(&staff, None, String::new()).await?))
}

async fn notes(
    staff: &Staff,
    wrong: Option<(String, String)>,
    words: String,
) -> Result<Notes, Trouble> {
    let listed: Listed<Note> = staff.read("/v1/notes?mine=true&limit=50").await?;
    let p = staff.page("notes");
    Ok(Notes { p, notes: listed.items, once: nonce(), wrong, words, erased: false })
}

/// `POST /work/notes`: by a browser, or by its outbox, which wants to know in JSON.
pub(super) async fn write(staff: Staff, form: Form) -> Result<Response, Trouble> {
    let by_outbox = staff.visit.by_outbox();
    let p = staff.page("notes");
    let words = form.text("text");
    let note = json!({ "place": form.raw("place"), "date": day(&p, &form), "text": words });
    match staff.carry_out(Ask::post("/v1/notes", &note).once(form.raw("once"))).await {
        Ok(answer) if by_outbox => {
            let Kept { subject } = answer.json()?;
            Ok(outbox::done(&subject.to_string(), None))
        }
        Ok(_) => Ok(go("/work/notes")),
        Err(trouble) if trouble.is_mendable() && !by_outbox => {
            let wrong = (trouble.title(&p), p.words().next_step(&trouble.code));
            Ok(show_as(trouble.status, notes(&staff, Some(wrong), words).await?))
        }
        Err(trouble) => Err(trouble),
    }
}

/// The day of a note: when it was written, which the outbox says, and at the latest today.
fn day(p: &Page, form: &Form) -> NaiveDate {
    let day = |at: DateTime<Utc>| at.with_timezone(&p.offset).date_naive();
    let today = day(p.now.into());
    let written = form.some("written").and_then(|at| at.parse().ok());
    written.map_or(today, day).min(today)
}

/// `GET /work/notes/{id}`
pub(super) async fn show_one(staff: Staff, Path(id): Path<String>) -> Result<Response, Trouble> {
    let id: Subject = id.parse().map_err(|_| Trouble::not_found())?;
    Ok(show(one(&staff, id, None).await?))
}

async fn one(
    staff: &Staff,
    id: Subject,
    wrong: Option<(String, String)>,
) -> Result<NotePage, Trouble> {
    let note = staff.read(format!("/v1/notes/{id}")).await?;
    let p = staff.page("notes");
    let world = staff.state.handle.world();
    let policy = world.policy();
    let named = |zh: &str, en: &str| if p.is_english() { en.to_owned() } else { zh.to_owned() };
    let categories = policy.categories.iter();
    let categories =
        categories.map(|known| (known.key.clone(), named(&known.name, &known.name_en)));
    let channels = policy.channels.iter();
    let channels = channels.map(|known| (known.key.clone(), named(&known.name, &known.name_en)));
    let (categories, channels) = (categories.collect(), channels.collect());
    Ok(NotePage { p, note, categories, channels, once: nonce(), wrong, erasing: false })
}

/// `POST /work/notes/{id}/erasure`: where the word that says so was typed.
pub(super) async fn erase(
    staff: Staff,
    Path(id): Path<String>,
    form: Form,
) -> Result<Response, Trouble> {
    let id: Subject = id.parse().map_err(|_| Trouble::not_found())?;
    let p = staff.page("notes");
    if form.text("confirm").trim() != p.say("note-erase-word") {
        let wrong = (p.say("note-erase-other"), String::new());
        let page = NotePage { erasing: true, ..one(&staff, id, Some(wrong)).await? };
        return Ok(show_as(StatusCode::UNPROCESSABLE_ENTITY, page));
    }
    let ask = Ask::bare(Method::POST, format!("/v1/notes/{id}/erasure"));
    staff.carry_out(ask).await?;
    Ok(show(Notes { erased: true, ..notes(&staff, None, String::new()).await? }))
}

/// `POST /work/notes/{id}/case`
pub(super) async fn raise(
    staff: Staff,
    Path(id): Path<String>,
    form: Form,
) -> Result<Response, Trouble> {
    let id: Subject = id.parse().map_err(|_| Trouble::not_found())?;
    let note: Note = staff.read(format!("/v1/notes/{id}")).await?;
    let mut report = json!({ "title": title(&note.text), "description": note.text,
                             "channel": form.raw("channel"), "place": note.place.id });
    if let Some(category) = form.some("category") {
        report["category"] = json!(category);
    }
    let ask = Ask::post(format!("/v1/notes/{id}/case"), &report).once(form.raw("once"));
    match staff.carry_out(ask).await {
        Ok(answer) => Ok(go(&format!("/cases/{}", answer.json::<Raised>()?.case))),
        Err(trouble) if trouble.is_mendable() => {
            let p = staff.page("notes");
            let wrong = (trouble.title(&p), p.words().next_step(&trouble.code));
            Ok(show_as(trouble.status, one(&staff, id, Some(wrong)).await?))
        }
        Err(trouble) => Err(trouble),
    }
}
