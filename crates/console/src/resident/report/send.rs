//! Sending a report, with its photos, to the API.

use axum::extract::State as At;
use axum::response::Response;

use super::{Filled, UNSURE, Wrong, page, show_as};
use crate::api::Ask;
use crate::form::Form;
use crate::page::{Page, go};
use crate::shape::public::Taken;
use crate::state::State;
use crate::trouble::Trouble;
use crate::visit::Visit;

/// Longest title that is made from a description, in characters.
const TITLE: usize = 40;
/// The way in, by the policies' own key.
const CHANNEL: &str = "resident";

/// `POST /report`
pub(in crate::resident) async fn send(
    At(state): At<State>,
    visit: Visit,
    form: Form,
) -> Result<Response, Trouble> {
    let filled = Filled::of(&form);
    let once = form.raw("once").to_owned();
    let photos = form.files("photo").count();
    match state.api.read::<Taken>(&visit, filled.request(&form, &once)).await {
        Ok(taken) => {
            let code = taken.code.ok_or_else(Trouble::internal)?;
            Ok(go(&format!("/r/{code}?new=yes")))
        }
        Err(trouble) if trouble.is_mendable() => {
            let p = Page::new(&state, &visit, "");
            let fields = trouble.faults.iter();
            let fields = fields.map(|fault| fault.path.trim_start_matches("body.").to_owned());
            let title = trouble.detail.clone().unwrap_or_else(|| trouble.title(&p));
            let next = p.words().next_step(&trouble.code);
            let wrong = Wrong { title, next, fields: fields.collect(), had_photos: photos > 0 };
            let status = trouble.status;
            Ok(show_as(status, page(&state, &visit, filled, Some(wrong)).await?))
        }
        Err(trouble) => Err(trouble),
    }
}

impl Filled {
    fn of(form: &Form) -> Self {
        Self {
            category: form.text("category"),
            place: form.text("place"),
            point: form.text("point"),
            address: form.text("address"),
            description: form.text("description"),
            contact_name: form.text("contact_name"),
            contact_phone: form.text("contact_phone"),
        }
    }

    /// The report as the API takes it: a form, whose files are photos. The same report gives the
    /// same bytes, so that one that is sent twice is one report.
    fn request(&self, form: &Form, once: &str) -> Ask {
        let boundary = format!("wangge-{}", blake3::hash(once.as_bytes()).to_hex());
        let mut body = Vec::new();
        let mut part = |head: &str, content: &[u8]| {
            body.extend_from_slice(format!("--{boundary}\r\n{head}\r\n\r\n").as_bytes());
            body.extend_from_slice(content);
            body.extend_from_slice(b"\r\n");
        };
        let category = if self.category == UNSURE { "" } else { &self.category };
        let title = title(&self.description);
        for (name, value) in [
            ("title", title.as_str()),
            ("description", &self.description),
            ("channel", CHANNEL),
            ("category", category),
            ("place", &self.place),
            ("point", &self.point),
            ("address", &self.address),
            ("contact_name", &self.contact_name),
            ("contact_phone", &self.contact_phone),
        ] {
            part(&format!("Content-Disposition: form-data; name=\"{name}\""), value.as_bytes());
        }
        for photo in form.files("photo") {
            let head = "Content-Disposition: form-data; name=\"photo\"; filename=\"photo\"\r\n\
                        Content-Type: application/octet-stream";
            part(head, photo);
        }
        body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        let kind = format!("multipart/form-data; boundary={boundary}");
        Ask::bytes("/v1/reports", kind, body.into()).once(once)
    }
}

/// A line that names the matter: its first sentence, so that nobody has to think of a title.
pub(crate) fn title(description: &str) -> String {
    let ends = |c: char| matches!(c, '\n' | '。' | '！' | '？' | '；' | '!' | '?' | ';');
    let first = description.split(ends).map(str::trim).find(|part| !part.is_empty());
    let first = first.unwrap_or(description);
    if first.chars().count() <= TITLE {
        first.to_owned()
    } else {
        first.chars().take(TITLE - 1).chain(['…']).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_sentence_is_the_title() {
        assert_eq!(title("路灯坏了。已经三天。"), "路灯坏了");
        assert_eq!(title("\n 灯 \n坏"), "灯");
        assert_eq!(title(&"长".repeat(99)).chars().count(), TITLE);
        assert_eq!(title("。"), "。");
    }
}
