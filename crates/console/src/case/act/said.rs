//! A filled form as the API's act.

use axum::body::Bytes;
use chrono::{NaiveDateTime, TimeZone};
use governance::act::ActKind;
use record::{Subject, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::super::input::{Input, inputs};
use crate::api::Ask;
use crate::form::Form;
use crate::shape::case::Summary;
use crate::shape::public::Listed;
use crate::staff::Staff;
use crate::trouble::Trouble;

/// The act, with the photos that came with it kept first.
///
/// # Errors
/// What the API says of a photo.
pub(super) async fn said(staff: &Staff, act: ActKind, form: &Form) -> Result<Value, Trouble> {
    let offset = staff.page("").offset;
    let mut said = words(act, form, |text| moment(text, offset));
    for input in inputs(act) {
        if let Input::Photos(when) = input {
            let mut photos = Vec::new();
            for photo in form.files("photo") {
                photos.push(keep(staff, photo.clone(), when).await?);
            }
            if !photos.is_empty() {
                said.insert("photos".into(), Value::Array(photos));
            }
        } else if *input == Input::Case {
            let into = other(staff, &form.text("into")).await?;
            said.insert("into".into(), json!(into));
        }
    }
    Ok(Value::Object(said))
}

#[derive(Deserialize)]
struct Kept {
    hash: String,
    size: u32,
    media: String,
}

async fn keep(staff: &Staff, photo: Bytes, when: &str) -> Result<Value, Trouble> {
    let ask = Ask::bytes("/v1/photos", "application/octet-stream", photo);
    let Kept { hash, size, media } = staff.carry_out(ask).await?.json()?;
    Ok(json!({ "hash": hash, "size": size, "media": media, "moment": when }))
}

/// A case by what people copy: its address, its id, or its number.
async fn other(staff: &Staff, text: &str) -> Result<String, Trouble> {
    let last = text.rsplit('/').next().unwrap_or_default();
    if let Ok(id) = last.parse::<Subject>() {
        return Ok(id.to_string());
    }
    let query: String = form_urlencoded::byte_serialize(last.as_bytes()).collect();
    let found: Listed<Summary> = staff.read(format!("/v1/cases?limit=2&q={query}")).await?;
    let found = found.items.iter().find(|case| case.number == last);
    Ok(found.map_or_else(|| last.to_owned(), |case| case.id.to_string()))
}

/// A local moment of a `datetime-local` input, as the API writes it.
fn moment(text: &str, offset: chrono::FixedOffset) -> Option<String> {
    let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").ok()?;
    let at = offset.from_local_datetime(&local).single()?;
    Some(Timestamp::from(at.to_utc()).to_string())
}

/// What the fields say, photos and other cases aside.
fn words(act: ActKind, form: &Form, moment: impl Fn(&str) -> Option<String>) -> Map<String, Value> {
    let mut said = Map::new();
    said.insert("act".into(), json!(act));
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            said.insert(name.to_owned(), value);
        }
    };
    let text = |name: &str| form.some(name).map(Value::String);
    let number = |name: &str| form.raw(name).parse::<u8>().ok().map(Value::from);
    let all = |name: &str| json!(form.all(name).filter(|one| !one.is_empty()).collect::<Vec<_>>());
    for input in inputs(act) {
        match input {
            Input::Words(name, _) => put(name, Some(json!(form.text(name)))),
            Input::Line(name) => put(name, text(name)),
            Input::Choice(name) => put(name, Some(json!(form.raw(name) == "yes"))),
            Input::Maybe(name) => {
                let said = match form.raw(name) {
                    "yes" => Some(json!(true)),
                    "no" => Some(json!(false)),
                    _ => None,
                };
                put(name, said);
            }
            Input::Moment(name) => put(name, Some(json!(moment(form.raw(name))))),
            Input::Scale(name, _) => put(name, number(name)),
            Input::Person => put("assignee", Some(json!(form.raw("assignee")))),
            Input::Mediators => put("mediators", Some(all("mediator"))),
            Input::Category => put("category", text("category")),
            Input::Grade => put("grade", text("grade")),
            Input::Place => put("place", text("place")),
            Input::Units | Input::Force => {
                let lead = form.raw("lead");
                put("lead", Some(json!(lead)));
                let assist: Vec<&str> = form.all("assist").filter(|unit| *unit != lead).collect();
                put("assist", Some(json!(assist)));
            }
            Input::Severity => put("severity", text("severity")),
            Input::Rate => put("rate", text("rate")),
            Input::Exclusion => put("exclusion", text("exclusion")),
            Input::Ground => put("ground", text("ground")),
            Input::Below => put("to", text("to")),
            Input::Side => put("node", text("node")),
            Input::Photos(_) | Input::Case => {}
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use governance::act::Act;

    use super::*;

    fn filled() -> Form {
        let id = "00112233445566778899aabbccddeeff";
        let node = "aa".repeat(32);
        let fields = [
            ("reason", "缘由"),
            ("opinion", "已处置"),
            ("note", "记录"),
            ("ledger", "台账 3"),
            ("request", "请到场"),
            ("text", "协议"),
            ("assignee", id),
            ("mediator", id),
            ("severity", "ordinary"),
            ("rate", "response"),
            ("ground", "request"),
            ("exclusion", "duplicate"),
            ("node", &node),
            ("to", &node),
            ("lead", &node),
            ("points", "3"),
            ("reached", "yes"),
            ("until", "2026-06-02T10:00"),
            ("review", "2026-06-02T10:00"),
            ("held", "2026-06-02T10:00"),
        ];
        Form::of_fields(&fields)
    }

    #[test]
    fn a_filled_form_of_every_act_is_an_act() {
        let offset = chrono::FixedOffset::east_opt(8 * 3_600).unwrap();
        for act in ActKind::ALL.iter().filter(|act| **act != ActKind::Report) {
            let mut said = words(*act, &filled(), |text| moment(text, offset));
            if inputs(*act).contains(&Input::Case) {
                said.insert("into".into(), json!("00112233445566778899aabbccddeeff"));
            }
            let read = serde_json::from_value::<Act>(Value::Object(said.clone()));
            let read = read.map_err(|error| error.to_string());
            assert!(
                read.as_ref().is_ok_and(|read| read.kind() == *act),
                "{said:?}: {:?}",
                read.err()
            );
        }
    }

    #[test]
    fn a_local_moment_is_told_in_universal_time() {
        let offset = chrono::FixedOffset::east_opt(8 * 3_600).unwrap();
        assert_eq!(moment("2026-06-02T10:00", offset).unwrap(), "2026-06-02T02:00:00.000Z");
        assert_eq!(moment("", offset), None);
    }
}
