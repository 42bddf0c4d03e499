//! What is masked, in clear: for one answer, for a purpose, and on record.

use std::collections::BTreeSet;

use axum::Json;
use engine::access::{Look, Purpose};
use engine::view;
use governance::case::CaseId;
use governance::field::{self, Class};
use record::{FieldId, Subject};
use serde::{Deserialize, Serialize};

use crate::access;
use crate::body::Body;
use crate::desk::Desk;
use crate::looks::Shown;
use crate::params::Path;
use crate::problem::{Kind, Problem};
use crate::shape::fields::Values;

/// Most fields revealed at once.
const MAX_FIELDS: usize = 16;

/// Which fields of a case, and what for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reveal {
    fields: Vec<String>,
    purpose: Purpose,
}

/// What a person's number is wanted for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Why {
    purpose: Purpose,
}

/// The values, for this answer only.
#[derive(Serialize)]
pub(crate) struct Revealed {
    fields: Values,
}

/// `POST /v1/cases/{id}/reveal`
pub(crate) async fn case(
    desk: Desk,
    path: Path,
    body: Body<Reveal>,
) -> Result<Json<Revealed>, Problem> {
    let id: CaseId = path.id("id")?;
    let Reveal { fields, purpose } = body.value;
    let wanted = wanted(&fields)?;
    purposeful(purpose)?;
    let shown = desk.read(move |view| {
        let case = view.case(id)?;
        if !access::reads_personal(&view.viewer(), &case) {
            return Err(Kind::POWER.into());
        }
        view.in_clear(&case, &wanted)
    });
    let fields = shown.await?;
    desk.revealed(Shown::of(Look::Reveal, id).with(fields.keys().copied()), purpose).await?;
    Ok(Json(Revealed { fields }))
}

/// `POST /v1/people/{id}/reveal`
pub(crate) async fn person(
    desk: Desk,
    path: Path,
    body: Body<Why>,
) -> Result<Json<Revealed>, Problem> {
    let id: Subject = path.id("id")?;
    purposeful(body.value.purpose)?;
    let phone = desk.read(move |view| {
        view.world.roster.get(id).ok_or_else(Problem::not_found)?;
        if id != view.actor.id && !access::reads_phones(&view.actor, view.policy()) {
            return Err(Kind::POWER.into());
        }
        Ok(view::staff(&view.reader, view.whose(), id)?.and_then(|staff| staff.phone))
    });
    one(&desk, id, field::PERSON_PHONE, phone.await?, body.value.purpose).await
}

/// `POST /v1/members/{id}/reveal`
pub(crate) async fn member(
    desk: Desk,
    path: Path,
    body: Body<Why>,
) -> Result<Json<Revealed>, Problem> {
    let id: Subject = path.id("id")?;
    purposeful(body.value.purpose)?;
    let phone = desk.read(move |view| {
        let found = view::member(&view.reader, view.whose(), id)?;
        let found = found.filter(|found| view.sees_member(&found.registration));
        Ok(Some(found.ok_or_else(Problem::not_found)?.member.phone))
    });
    one(&desk, id, field::MEMBER_PHONE, phone.await?, body.value.purpose).await
}

async fn one(
    desk: &Desk,
    subject: Subject,
    id: FieldId,
    value: Option<String>,
    purpose: Purpose,
) -> Result<Json<Revealed>, Problem> {
    let key = field::by_id(id).map(|field| field.key).ok_or(Kind::INTERNAL)?;
    let fields: Values = value.map(|value| (key, value.into())).into_iter().collect();
    desk.revealed(Shown::of(Look::Reveal, subject).with([key]), purpose).await?;
    Ok(Json(Revealed { fields }))
}

/// "The work" is what everybody looks for: to see more takes a reason.
pub(super) fn purposeful(purpose: Purpose) -> Result<(), Problem> {
    if purpose == Purpose::Work {
        return Err(Problem::at(Kind::FIELD, "body.purpose", "must say what for"));
    }
    Ok(())
}

fn wanted(keys: &[String]) -> Result<BTreeSet<FieldId>, Problem> {
    let known = |key: &String| field::by_key(key).filter(|field| field.class != Class::Structural);
    let ids: Option<BTreeSet<FieldId>> =
        keys.iter().map(|key| known(key).map(|field| field.id)).collect();
    let ids = ids.filter(|ids| (1..=MAX_FIELDS).contains(&ids.len()));
    ids.ok_or_else(|| Problem::at(Kind::FIELD, "body.fields", "takes 1 to 16 names of fields"))
}
