//! People as a table that can be brought back: the columns that [`super::plan`] reads, a row for
//! each appointment that has not ended, and one for whoever has none.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use governance::policy::Policy;
use governance::territory::Territory;
use record::{Subject, Timestamp};

use super::{Known, row};
use crate::moment::Zone;
use crate::table::Format;
use crate::table::write::{WriteError, Written};
use crate::text::fold;

/// How people are written out.
pub struct Wanted<'a> {
    /// The roles.
    pub policy: &'a Policy,
    /// The places.
    pub territory: &'a Territory,
    /// The time at which places are named, and appointments have not ended.
    pub now: Timestamp,
    /// The zone of its times.
    pub zone: Zone,
    /// As what.
    pub format: Format,
}

/// People by name, with their telephone numbers: personal throughout.
///
/// # Errors
/// [`WriteError`].
pub fn export(people: &[Known], wanted: &Wanted<'_>) -> Result<Vec<u8>, WriteError> {
    let labels = labels(wanted.territory, wanted.now);
    let mut people: Vec<&Known> = people.iter().collect();
    people.sort_by(|one, other| (&one.name, one.person).cmp(&(&other.name, other.person)));
    let rows = people.into_iter().flat_map(|person| rows(person, &labels, wanted)).collect();
    let header = super::columns().into_iter().map(|column| column.zh).collect();
    Written { header, rows }.to_bytes(wanted.format)
}

fn rows(
    person: &Known,
    labels: &BTreeMap<Subject, String>,
    wanted: &Wanted<'_>,
) -> Vec<Vec<String>> {
    let time = |at: Timestamp| {
        let local = DateTime::<Utc>::from(at).with_timezone(&wanted.zone);
        local.to_rfc3339_opts(SecondsFormat::Millis, false)
    };
    // As an import keeps it: a plus sign at the beginning of a cell would be guarded.
    let phone = person
        .phone
        .as_deref()
        .map(|phone| row::key(&person.name, Some(phone)).1.unwrap_or_else(|| phone.to_owned()));
    let line = |rest: [String; 4]| {
        let mut line = vec![person.name.clone(), phone.clone().unwrap_or_default()];
        line.extend(rest);
        line
    };
    let lasting =
        person.appointments.iter().filter(|held| held.until.is_none_or(|until| until > wanted.now));
    let mut rows: Vec<Vec<String>> = lasting
        .map(|held| {
            let role = wanted.policy.roles.iter().find(|role| role.key == held.role);
            let scope = held
                .scope
                .map(|scope| labels.get(&scope).cloned().unwrap_or_else(|| scope.to_string()));
            line([
                role.map_or_else(|| held.role.clone(), |role| role.name.clone()),
                scope.unwrap_or_default(),
                time(held.from),
                held.until.map(time).unwrap_or_default(),
            ])
        })
        .collect();
    if rows.is_empty() {
        rows.push(line(Default::default()));
    }
    rows
}

/// How each place is named in a table so that it is found again: by its code, by its name where no
/// other has that, or else by its id.
fn labels(territory: &Territory, now: Timestamp) -> BTreeMap<Subject, String> {
    let (mut codes, mut names) = (BTreeMap::new(), BTreeMap::new());
    for place in territory.places(now) {
        *names.entry(fold(&place.name)).or_insert(0) += 1;
        if let Some(code) = &place.code {
            *codes.entry(code.clone()).or_insert(0) += 1;
        }
    }
    let label = |place: &governance::territory::Place| {
        let code = place.code.as_ref().filter(|code| codes.get(*code) == Some(&1));
        let own = fold(&place.name);
        let is_code = own.trim().parse::<governance::area::AreaCode>().is_ok();
        let name = (!is_code && names.get(&own) == Some(&1)).then(|| place.name.clone());
        code.map(ToString::to_string).or(name).unwrap_or_else(|| place.id.to_string())
    };
    territory.places(now).map(|place| (place.id, label(place))).collect()
}
