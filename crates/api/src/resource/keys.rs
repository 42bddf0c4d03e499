//! Keys of persons: enrolled by their person, revoked by them or an officer, and shown to whoever
//! checks a signature.

use axum::Json;
use axum::response::Response;
use engine::command::{NewKey, Receipt, What};
use engine::note::KeyRow;
use engine::view;
use record::{PublicKey, RecordId, Subject, Timestamp};
use serde::{Deserialize, Serialize};

use super::created;
use super::sessions::{proven, try_again};
use crate::body::{Body, Empty};
use crate::desk::{Desk, View};
use crate::hex;
use crate::params::Path;
use crate::problem::{Kind, Problem};
use crate::shape::Page;

/// A key to be enrolled. Not printable: there is a password with it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Enrol {
    key: PublicKey,
    /// What its person calls the device.
    label: String,
    /// When they signed.
    time: Timestamp,
    /// The key's own signature, in hex: see `record::person::PersonKey`.
    signature: String,
    password: String,
}

/// A key as its person and colleagues see it.
#[derive(Serialize)]
pub(crate) struct Shown {
    key: PublicKey,
    /// Empty once the person is erased.
    label: String,
    since: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked: Option<Timestamp>,
}

/// The node's word that a key is a person's, for whoever checks a signature.
#[derive(Serialize)]
pub(crate) struct Certified {
    key: PublicKey,
    /// The person's opaque id, as in the headers of records.
    person: Subject,
    since: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked: Option<Timestamp>,
    /// The record of the enrolment.
    record: RecordId,
    /// The signed record (COSE_Sign1, RFC 9052) in hex.
    envelope: String,
    /// What opens its commitment to the key, in hex.
    salt: String,
    value: String,
}

/// `GET /v1/people/{id}/keys`
pub(crate) async fn list(desk: Desk, path: Path) -> Result<Json<Page<Shown>>, Problem> {
    let person: Subject = path.id("id")?;
    let items = desk.read(move |view| {
        view.world.roster.get(person).ok_or_else(Problem::not_found)?;
        let found = view::keys_of(&view.reader, person)?;
        found.into_iter().map(|(key, row)| shown(view, key, row)).collect()
    });
    Ok(Json(Page { items: items.await?, next: None }))
}

fn shown(view: &View, key: PublicKey, row: KeyRow) -> Result<Shown, Problem> {
    let label = view::key_label(&view.reader, view.whose(), &row)?.unwrap_or_default();
    Ok(Shown { key, label, since: row.since, revoked: row.revoked })
}

/// `POST /v1/me/keys`: with the password.
pub(crate) async fn enrol(desk: Desk, body: Body<Enrol>) -> Result<Response, Problem> {
    let Enrol { key, label, time, signature, password } = body.value;
    let signature = bytes(&signature, "body.signature")?;
    let account = desk.session()?.account.clone();
    try_again(&desk, &account)?;
    let account = proven(&desk, account, password).await?;
    desk.state.backoff.succeeded(&account.name, desk.address());
    let what = What::EnrolKey(Box::new(NewKey { key, label, time, signature }));
    let receipt = desk.command_by(desk.staff()?, what, None).await?;
    Ok(created(&format!("/v1/keys/{key}"), &receipt))
}

/// `DELETE /v1/keys/{id}`: one's own, or whosever with the power over the roster.
pub(crate) async fn revoke(desk: Desk, path: Path, _: Empty) -> Result<Json<Receipt>, Problem> {
    let what = What::RevokeKey { key: path.id("id")? };
    desk.command_by(desk.staff()?, what, None).await.map(Json)
}

/// `GET /v1/keys/{id}`: for anybody who has a signature under it.
pub(crate) async fn certificate(desk: Desk, path: Path) -> Result<Json<Certified>, Problem> {
    let key: PublicKey = path.id("id")?;
    let found = desk.read_as(Desk::resident(Subject::ZERO), move |view| {
        let known = view::person_key(&view.reader, &key)?.ok_or_else(Problem::not_found)?;
        let found = view::key_record(&view.reader, view.whose(), &known)?;
        let (record, opened) = found.ok_or(Kind::READ_ONLY)?;
        Ok(Certified {
            key,
            person: known.person,
            since: known.since,
            revoked: known.revoked,
            record: record.id(),
            envelope: hex::encode(record.bytes()),
            salt: hex::encode(&opened.salt),
            value: hex::encode(&opened.value),
        })
    });
    found.await.map(Json)
}

/// So many bytes in hex.
pub(super) fn bytes<const N: usize>(text: &str, path: &'static str) -> Result<[u8; N], Problem> {
    let bytes = hex::decode(text).and_then(|bytes| bytes.try_into().ok());
    let message = || format!("takes {N} bytes in lower-case hex");
    bytes.ok_or_else(|| Problem::at(Kind::FIELD, path, message()))
}
