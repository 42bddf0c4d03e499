//! Who read what, for whoever answers for the staff. Reading it is on record, too.

use axum::Json;
use engine::access::{AccessEntry, AccessMark, Look, Purpose};
use engine::{project, view};
use record::{Hash, Subject, Timestamp};
use serde::{Deserialize, Serialize};

use super::ledger::words;
use super::limit;
use crate::desk::{Desk, View};
use crate::looks::Shown;
use crate::params::Query;
use crate::problem::Problem;
use crate::shape::names::{Named, People, PersonName};

/// Most entries looked at for one page.
const LOOKED_AT: usize = 5_000;

/// Which entries, and what part of the list.
#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listing {
    subject: Option<Subject>,
    person: Option<Subject>,
    limit: Option<usize>,
    before: Option<u64>,
}

/// A page of the log, newest first.
#[derive(Serialize)]
pub(crate) struct Log {
    items: Vec<Entry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u64>,
    /// How many entries it has, the link after the last, and up to which entry a signed record
    /// binds it.
    count: u64,
    link: Hash,
    sealed: u64,
}

#[derive(Serialize)]
struct Entry {
    number: u64,
    time: Timestamp,
    person: PersonName,
    role: Named,
    look: Look,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<Subject>,
    /// The case's number, where that is what was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    case: Option<String>,
    fields: Vec<&'static str>,
    purpose: Purpose,
    /// The log's link before it.
    before: Hash,
}

/// `GET /v1/access-log`
pub(crate) async fn list(desk: Desk, Query(listing): Query<Listing>) -> Result<Json<Log>, Problem> {
    let size = limit(listing.limit, 50, 200)?;
    let log = desk.read(move |view| view.access_log(&listing, size)).await?;
    desk.looked(Shown::list(Look::Log)).await?;
    Ok(Json(log))
}

impl View {
    fn access_log(&self, listing: &Listing, size: usize) -> Result<Log, Problem> {
        let AccessMark { number: count, link } = project::access_mark(&self.reader, self.whose())?;
        let sealed = project::access_sealed(&self.reader)?;
        let (mut items, mut before, mut looked) = (Vec::new(), listing.before, 0);
        let mut people = People::new(self);
        let mut next = None;
        while looked < LOOKED_AT && items.len() < size {
            let found = view::access_log(&self.reader, before, size)?;
            looked += found.len();
            let exhausted = found.len() < size;
            for entry in found {
                if items.len() == size {
                    break;
                }
                before = Some(entry.number);
                if listing.wants(&entry) {
                    items.push(self.logged(entry, &mut people)?);
                }
            }
            next = before.filter(|number| !exhausted && *number > 1);
            if next.is_none() {
                break;
            }
        }
        let next = next.or(before.filter(|number| items.len() == size && *number > 1));
        Ok(Log { items, next, count, link, sealed })
    }

    fn logged(&self, entry: AccessEntry, people: &mut People<'_>) -> Result<Entry, Problem> {
        let case = entry.subject.map(|id| view::case(&self.reader, id)).transpose()?.flatten();
        Ok(Entry {
            number: entry.number,
            time: entry.time,
            person: people.name(entry.person)?,
            role: self.role(&entry.role),
            look: entry.look,
            subject: entry.subject,
            case: case.map(|case| case.number),
            fields: words(entry.fields),
            purpose: entry.purpose,
            before: entry.before,
        })
    }
}

impl Listing {
    fn wants(&self, entry: &AccessEntry) -> bool {
        self.subject.is_none_or(|subject| entry.subject == Some(subject))
            && self.person.is_none_or(|person| entry.person == person)
    }
}
