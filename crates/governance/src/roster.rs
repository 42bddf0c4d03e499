//! Who works here and in which role: appointments with scope and validity (R1, R4). Names and
//! telephone numbers stay in the records; here are opaque ids only.

mod agreement;

use std::collections::BTreeMap;

use record::{Subject, Timestamp};
use serde::{Deserialize, Serialize};

pub use agreement::{Agreement, certificate_number, masked};

use crate::area::AreaCode;
use crate::policy::{Policy, Power};
use crate::territory::Territory;

/// Most appointments one person can hold.
pub const MAX_APPOINTMENTS: usize = 64;

/// A person's appointment to a role.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Appointment {
    /// Role key of the policy.
    pub role: String,
    /// The place it covers with everything below; the whole jurisdiction where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Subject>,
    /// Since when.
    pub from: Timestamp,
    /// Until when, if it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// A member of staff: the appointments, by the record that made each.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// Every appointment ever made, ended ones too.
    pub appointments: Vec<Appointment>,
}

/// Everybody on the roster.
#[derive(Clone, Default)]
pub struct Roster {
    people: BTreeMap<Subject, Person>,
}

/// Who acts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Actor {
    /// Opaque id: a person's, or a resident's for one report.
    pub id: Subject,
    /// What they are to this node.
    pub standing: Standing,
}

/// What an actor is to this node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Standing {
    /// Staff with the appointments in force.
    Staff(Vec<Appointment>),
    /// Someone without an account.
    Resident,
    /// The node itself, where policy lets it act.
    Node,
}

impl Appointment {
    /// Whether it is in force.
    #[must_use]
    pub fn holds(&self, at: Timestamp) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }

    /// Whether it covers a matter's ground: see [`Territory::holds`].
    #[must_use]
    pub fn covers(
        &self,
        territory: &Territory,
        place: Option<Subject>,
        grid: Option<&AreaCode>,
        at: Timestamp,
    ) -> bool {
        self.scope.is_none_or(|scope| territory.holds(scope, place, grid, at))
    }
}

impl Person {
    /// Whether somebody has the power over the roster on this person's ground: everywhere, or
    /// where an appointment of theirs in force lies.
    #[must_use]
    pub fn answered_for_by(
        &self,
        actor: &Actor,
        policy: &Policy,
        territory: &Territory,
        at: Timestamp,
    ) -> bool {
        let power = |held: &&Appointment| {
            policy.role(&held.role).is_some_and(|role| role.powers.contains(&Power::Roster))
        };
        let mut over = actor.appointments().iter().filter(power);
        over.any(|held| {
            let lies = |own: &Appointment| {
                own.holds(at)
                    && own.scope.is_some_and(|place| held.covers(territory, Some(place), None, at))
            };
            held.scope.is_none() || self.appointments.iter().any(lies)
        })
    }
}

impl Roster {
    /// The roster of these people.
    #[must_use]
    pub fn new(people: impl IntoIterator<Item = (Subject, Person)>) -> Self {
        Self { people: people.into_iter().collect() }
    }

    /// Puts a person.
    pub fn insert(&mut self, id: Subject, person: Person) {
        self.people.insert(id, person);
    }

    /// A person.
    #[must_use]
    pub fn get(&self, id: Subject) -> Option<&Person> {
        self.people.get(&id)
    }

    /// Everybody.
    pub fn iter(&self) -> impl Iterator<Item = (&Subject, &Person)> {
        self.people.iter()
    }

    /// The actor that a person is at a time; `None` for someone not on the roster.
    #[must_use]
    pub fn actor(&self, id: Subject, at: Timestamp) -> Option<Actor> {
        let person = self.people.get(&id)?;
        let in_force = person.appointments.iter().filter(|held| held.holds(at)).cloned().collect();
        Some(Actor { id, standing: Standing::Staff(in_force) })
    }
}

impl Actor {
    /// Appointments in force; none for residents and the node.
    #[must_use]
    pub fn appointments(&self) -> &[Appointment] {
        match &self.standing {
            Standing::Staff(held) => held,
            Standing::Resident | Standing::Node => &[],
        }
    }

    /// Whether a role in force asks for a second factor.
    #[must_use]
    pub fn needs_second_factor(&self, policy: &Policy) -> bool {
        self.appointments().iter().any(|held| policy.second_factor.contains(&held.role))
    }

    /// Whether a role in force gives this power, anywhere.
    #[must_use]
    pub fn has_power(&self, policy: &Policy, power: Power) -> bool {
        self.appointments()
            .iter()
            .filter_map(|held| policy.role(&held.role))
            .any(|role| role.powers.contains(&power))
    }

    /// Whether a role in force gives this power over a place or grid.
    #[must_use]
    pub fn has_power_over(
        &self,
        policy: &Policy,
        power: Power,
        territory: &Territory,
        place: Option<Subject>,
        grid: Option<&AreaCode>,
        at: Timestamp,
    ) -> bool {
        self.appointments().iter().any(|held| {
            policy.role(&held.role).is_some_and(|role| role.powers.contains(&power))
                && held.covers(territory, place, grid, at)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::territory::Place;

    fn id(number: u8) -> Subject {
        Subject::from_bytes([number; 16])
    }

    fn place(number: u8, level: &str, code: Option<&str>, parent: Option<u8>) -> Place {
        Place {
            id: id(number),
            level: level.into(),
            code: code.map(|code| code.parse().unwrap()),
            name: format!("地点{number}"),
            parent: parent.map(id),
            households: None,
            boundary: None,
            valid_from: Timestamp::from_millis(0),
            valid_until: None,
        }
    }

    fn ground() -> Territory {
        Territory::from_places([
            place(1, "community", Some("341021100003"), None),
            place(2, "grid", Some("341021100003001"), Some(1)),
            place(3, "grid", Some("341021100003002"), Some(1)),
            place(4, "building", None, Some(2)),
            place(5, "building", None, Some(2)),
        ])
        .unwrap()
    }

    fn covers(scope: u8, matter: Option<u8>, grid: &str) -> bool {
        let at = Timestamp::from_millis(1);
        let held = Appointment { role: "r".into(), scope: Some(id(scope)), from: at, until: None };
        held.covers(&ground(), matter.map(id), Some(&grid.parse().unwrap()), at)
    }

    #[test]
    fn a_building_head_covers_the_building_and_neither_its_grid_nor_the_next_door() {
        let grid = "341021100003001";
        assert!(covers(4, Some(4), grid));
        assert!(!covers(4, Some(2), grid) && !covers(4, Some(5), grid));
        assert!(!covers(4, None, grid) && !covers(4, Some(99), grid));
    }

    #[test]
    fn another_nodes_case_is_covered_by_its_grids_code() {
        assert!(covers(1, Some(99), "341021100003002"));
        assert!(covers(2, None, "341021100003001"));
        assert!(!covers(2, None, "341021100003002"));
        assert!(covers(2, Some(4), "341021100003001"));
    }
}
