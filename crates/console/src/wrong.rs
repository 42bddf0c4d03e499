//! What was wrong with what somebody filled in, on the form itself, which is shown again.

use crate::form::Form;
use crate::page::Page;
use crate::trouble::Trouble;

/// See the module.
pub(crate) struct Wrong {
    /// What was wrong, field by field.
    pub(crate) title: String,
    pub(crate) next: String,
    /// Names of the fields that were wrong.
    fields: Vec<String>,
    /// Whether there were photos, which no page can fill in again.
    pub(crate) photos: bool,
}

impl Wrong {
    /// Of a form that was refused.
    pub(crate) fn of(p: &Page, trouble: &Trouble, form: &Form) -> Self {
        let mut fields: Vec<String> =
            trouble.faults.iter().map(|fault| fault.input().to_owned()).collect();
        if trouble.code == "photo" {
            fields.push("photo".to_owned());
        }
        let (title, next) = (p.wrong(trouble), p.words().mending(&trouble.code));
        Self { title, next, fields, photos: had_photos(form) }
    }

    /// Whether a field is among those that were wrong. A title is made of the description, and
    /// photos are chosen as one.
    pub(crate) fn is_in(&self, name: &str) -> bool {
        self.fields.iter().any(|field| input_of(field) == name)
    }
}

fn input_of(field: &str) -> &str {
    match field {
        "title" => "description",
        "photos" => "photo",
        _ => field,
    }
}

/// Whether photos came with a form, itself or with what a browser signed before it sent it.
fn had_photos(form: &Form) -> bool {
    let said = serde_json::from_str::<serde_json::Value>(form.raw("said")).ok();
    let kept =
        said.is_some_and(|said| said["photos"].as_array().is_some_and(|all| !all.is_empty()));
    kept || form.files("photo").next().is_some()
}
