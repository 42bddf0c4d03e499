//! People of the roster.

use record::Subject;
use serde::Deserialize;

use super::me::Held;
use super::public::Listed;
use crate::staff::Staff;
use crate::trouble::Trouble;

/// Most people that a form offers.
const MOST: usize = 200;

/// A member of staff.
#[derive(Clone, Deserialize)]
pub(crate) struct Person {
    pub(crate) id: Subject,
    pub(crate) name: Option<String>,
    pub(crate) appointments: Vec<Held>,
}

/// Whom something can be given to: people with an appointment, those for the whole ground first.
///
/// # Errors
/// What the API says.
pub(crate) async fn appointed(staff: &Staff) -> Result<Vec<Person>, Trouble> {
    let listed: Listed<Person> = staff.read(format!("/v1/people?limit={MOST}")).await?;
    let mut people = listed.items;
    people.retain(|person| !person.appointments.is_empty());
    people.sort_by_key(|person| {
        let office = person.appointments.iter().any(|held| held.scope.is_none());
        (!office, person.name.clone())
    });
    Ok(people)
}

/// A member of staff whom one may have to call.
#[derive(Clone, Deserialize)]
pub(crate) struct Contact {
    pub(crate) name: Option<String>,
    /// There only for those who may read it.
    pub(crate) phone: Option<String>,
    pub(crate) appointments: Vec<Held>,
}
