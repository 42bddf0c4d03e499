//! Sending a report, with its photos, to the API.

use axum::extract::State as At;
use axum::response::Response;

use super::{Filled, UNSURE, page, show_as};
use crate::api::Ask;
use crate::form::Form;
use crate::page::{Page, go};
use crate::shape::public::Taken;
use crate::state::State;
use crate::trouble::Trouble;
use crate::visit::Visit;
use crate::wrong::Wrong;

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
    match state.api.read::<Taken>(&visit, filled.request(&form, &once)).await {
        Ok(taken) => {
            let code = taken.code.ok_or_else(Trouble::internal)?;
            Ok(go(&format!("/r/{code}?new=yes")))
        }
        Err(trouble) if trouble.is_mendable() => {
            let wrong = Wrong::of(&Page::new(&state, &visit, ""), &trouble, &form);
            let page = page(&state, &visit, filled, Some(wrong)).await?;
            Ok(show_as(trouble.status, page))
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
