//! What waits for a neighbour: everything in its stream that it has not signed for.

use axum::Json;
use engine::view;
use governance::act::ActKind;
use governance::field;
use record::{Hash, NodeId, RecordId, Subject, Timestamp};
use serde::{Deserialize, Serialize};

use super::ledger::words;
use super::limit;
use crate::desk::Desk;
use crate::params::{Path, Query};
use crate::problem::Problem;
use crate::shape::Page;

/// What part of the list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listing {
    limit: Option<usize>,
    /// A number of the stream.
    after: Option<u64>,
}

/// One entry that waits.
#[derive(Serialize)]
pub(crate) struct Waiting {
    /// Its number in the stream.
    number: u64,
    /// Since when it waits.
    since: Timestamp,
    record: RecordId,
    /// The act on a case that it tells of; none for what is no act.
    #[serde(skip_serializing_if = "Option::is_none")]
    act: Option<ActKind>,
    /// The number of the record's kind.
    kind: u16,
    /// The case, place or person that it is about.
    subject: Subject,
    /// The case's number, where it is about one that this node has.
    #[serde(skip_serializing_if = "Option::is_none")]
    case: Option<String>,
    /// Why it goes there, by the policy.
    purpose: String,
    /// On what legal basis.
    basis: String,
    /// The words and personal data that go along.
    fields: Vec<&'static str>,
    /// Whether it goes only while the revocation lists are fresh, for what is in it.
    personal: bool,
}

/// `GET /v1/peers/{id}/outbox`: the oldest first.
pub(crate) async fn waiting(
    desk: Desk,
    path: Path,
    Query(listing): Query<Listing>,
) -> Result<Json<Page<Waiting>>, Problem> {
    let id: Hash = path.id("id")?;
    let peer = NodeId::from_bytes(*id.as_bytes());
    let size = limit(listing.limit, 50, 200)?;
    let page = desk.read(move |view| {
        view.world.directory.get(peer).ok_or_else(Problem::not_found)?;
        let after = listing.after.unwrap_or_default();
        let found = view::waiting(&view.reader, view.whose(), peer, after, size)?;
        let next = found.last().filter(|_| found.len() == size);
        let next = next.map(|last| last.entry.number.to_string());
        let items = found.into_iter().map(|view::Waiting { entry, kind, subject }| {
            let case = view::case(&view.reader, subject)?;
            Ok(Waiting {
                case: case.map(|case| case.number),
                number: entry.number,
                since: entry.time,
                record: entry.record,
                act: ActKind::from_kind(kind),
                kind: kind.0,
                subject,
                personal: !entry.fields.iter().all(|id| field::is_structural(*id)),
                purpose: entry.purpose,
                basis: entry.basis,
                fields: words(entry.fields),
            })
        });
        Ok(Page { items: items.collect::<Result<_, Problem>>()?, next })
    });
    page.await.map(Json)
}
