//! People of the roster.

use engine::view;
use governance::roster::{Appointment, masked};
use record::{Subject, Timestamp};
use serde::Serialize;

use super::names::Named;
use crate::access;
use crate::desk::View;
use crate::problem::Problem;

/// An appointment with the name of its role and of the place it covers.
#[derive(Serialize)]
pub(crate) struct Held {
    role: Named,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<Scope>,
    from: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
    in_force: bool,
}

#[derive(Serialize)]
struct Scope {
    id: Subject,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

/// A member of staff. The telephone number is there only for those who may read it.
#[derive(Serialize)]
pub(crate) struct Person {
    id: Subject,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    appointments: Vec<Held>,
}

impl View {
    /// An appointment as shown.
    pub(crate) fn held(&self, held: &Appointment) -> Held {
        let scope = held.scope.map(|id| {
            let place = self.world.territory.latest(id);
            Scope { id, name: place.map(|place| place.name.clone()) }
        });
        let Appointment { role, from, until, .. } = held;
        let in_force = held.holds(self.now);
        Held { role: self.role(role), scope, from: *from, until: *until, in_force }
    }

    /// A member of staff as the actor may see them.
    ///
    /// # Errors
    /// Not found, for somebody not on the roster; or when the journal can't be read.
    pub(crate) fn person(&self, id: Subject) -> Result<Person, Problem> {
        let known = self.world.roster.get(id).ok_or_else(Problem::not_found)?;
        let staff = view::staff(&self.reader, self.whose(), id)?;
        let phones = id == self.actor.id || access::reads_phones(&self.actor, self.policy());
        let (name, phone) = staff.map(|staff| (staff.name, staff.phone)).unzip();
        let appointments = known.appointments.iter().map(|held| self.held(held)).collect();
        let own = id == self.actor.id;
        let shown = |phone: String| if own { phone } else { masked(&phone) };
        let phone = phone.flatten().filter(|_| phones).map(shown);
        Ok(Person { id, name, phone, appointments })
    }
}
