//! Who works at each node, by the articles' figures: "3 + 8" in She County (R1) has 62 grid
//! leaders, 77 full-time grid workers and 1,200 building heads for 77 grids. Everybody here is
//! invented, and has 演示 in the name; roles and titles are the policy's.

use crate::ground::{GRIDS, Ground};
use crate::plan::{Part, Plan, Seat};
use crate::practice::Practice;

/// Grid leaders for the grids of a community: 62 of 77; some lead two grids.
pub const LEADERS: usize = 6;
/// Workers of a community's office.
pub const WORKERS: usize = 3;

/// Login of the one who may read whatever a node away from home holds.
pub const AUDITOR: &str = "auditor";
/// Login of the one who verifies where grid leaders may not.
pub const VERIFIER: &str = "verifier";

/// Login of whoever leads a node's work, and looks at numbers rather than cases.
pub const HEAD: &str = "head";

/// A member of staff to be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Person {
    /// Login name; none for those who only stand on the roster.
    pub login: Option<String>,
    /// Name.
    pub name: String,
    /// Office telephone number, plainly invented.
    pub phone: Option<String>,
    /// Role of the policy.
    pub role: String,
    /// Places that the appointments cover; an empty list is one appointment without limits.
    pub scopes: Vec<String>,
}

/// The staff of a seat, without the operator, whom founding and joining make.
#[must_use]
pub fn staff(plan: &Plan, practice: &Practice, number: usize, ground: &Ground) -> Vec<Person> {
    let office = Office { practice, seat: &plan.seats()[number] };
    match office.seat.part {
        Part::County => office.above(["county_dispatcher", "county_head"]),
        Part::Street => office.above(["township_dispatcher", "township_head"]),
        Part::Unit => vec![office.one("officer", "unit_officer"), office.auditor()],
        Part::Community => office.community(ground),
    }
}

struct Office<'a> {
    practice: &'a Practice,
    seat: &'a Seat,
}

impl Office<'_> {
    /// The auditor's role may read personal data, so that what is asked in its name shows
    /// everything that the node holds.
    fn auditor(&self) -> Person {
        let name = format!("演示审计员·{}", self.seat.name);
        Person { name, ..self.one(AUDITOR, "grid_leader") }
    }

    /// Dispatcher and head, where the policy has one, of a street or the county.
    fn above(&self, [dispatcher, head]: [&str; 2]) -> Vec<Person> {
        let mut people = vec![self.one("dispatcher", dispatcher)];
        people.extend(self.head(head));
        people.push(self.auditor());
        people
    }

    fn head(&self, role: &str) -> Option<Person> {
        let known = self.practice.policy_of(self.seat.part).role(role).is_some();
        known.then(|| self.one(HEAD, role))
    }

    fn one(&self, login: &str, role: &str) -> Person {
        let number = login.trim_start_matches(|letter: char| letter.is_ascii_alphabetic());
        let title = self.practice.title(self.seat.part, role);
        Person {
            login: Some(login.to_owned()),
            name: format!("演示{title}{number}·{}", self.seat.name),
            phone: Some("0559-000-0000".to_owned()),
            role: role.to_owned(),
            scopes: Vec::new(),
        }
    }

    fn community(&self, ground: &Ground) -> Vec<Person> {
        let mut people = vec![self.one("dispatcher", "community_dispatcher")];
        people.extend(self.head("community_head"));
        people.extend(self.practice.verifier().map(|role| self.one(VERIFIER, role)));
        people.extend((1..=WORKERS).map(|n| self.one(&format!("worker{n}"), "community_worker")));
        for (index, grid) in ground.grids.iter().enumerate() {
            let worker = self.one(&format!("grid{}", index + 1), "grid_worker");
            people.push(Person { scopes: vec![grid.id.clone()], ..worker });
        }
        for index in 0..LEADERS {
            let grids = ground.grids.iter().skip(index).step_by(LEADERS);
            let leader = self.one(&format!("leader{}", index + 1), "grid_leader");
            people.push(Person { scopes: grids.map(|grid| grid.id.clone()).collect(), ..leader });
        }
        people.extend(self.watchers(ground));
        people
    }

    /// Whoever reports for a building: one each.
    fn watchers(&self, ground: &Ground) -> Vec<Person> {
        let role = self.practice.watcher();
        let title = self.practice.title(self.seat.part, role);
        let grids = ground.grids.iter().enumerate();
        let watchers = grids.flat_map(|(index, grid)| {
            let title = &title;
            grid.buildings.iter().enumerate().map(move |(at, (building, _))| Person {
                // One of each grid acts in the demo.
                login: (at == 0).then(|| format!("head{}", index + 1)),
                name: format!("演示{title}{}-{}·{}", index + 1, at + 1, self.seat.name),
                phone: None,
                role: role.to_owned(),
                scopes: vec![building.clone()],
            })
        });
        watchers.collect()
    }
}

/// The login of the leader of a grid, from 0.
#[must_use]
pub fn leader_of(grid: usize) -> String {
    format!("leader{}", grid % LEADERS + 1)
}

/// The logins of a part's staff, in short, as the table of logins has them.
#[must_use]
pub fn logins(practice: &Practice, part: Part) -> String {
    let head = |role: &str| {
        if practice.policy_of(part).role(role).is_some() { ", head" } else { "" }
    };
    match part {
        Part::County => format!("admin, dispatcher{}, auditor", head("county_head")),
        Part::Street => format!("admin, dispatcher{}, auditor", head("township_head")),
        Part::Unit => "admin, officer, auditor".to_owned(),
        Part::Community => {
            let head = head("community_head");
            let verifier = if practice.verifier().is_some() { ", verifier" } else { "" };
            format!(
                "admin, dispatcher{head}{verifier}, worker1–{WORKERS}, grid1–{GRIDS}, leader1–{LEADERS}, \
                 head1–{GRIDS}"
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::ids::Nonce;

    fn people(practice: &str, number: usize) -> (Vec<Person>, Ground) {
        let (plan, practice) = (Plan::of(8).unwrap(), Practice::named(practice).unwrap());
        let ground = Ground::of(&plan, number, &Nonce::new("test"), 1);
        (staff(&plan, &practice, number, &ground), ground)
    }

    #[test]
    fn a_community_has_the_articles_figures() {
        let (people, _) = people("she-county", 3);
        let of = |role: &str| people.iter().filter(|person| person.role == role).count();
        assert_eq!((of("grid_worker"), of("grid_leader")), (GRIDS, LEADERS));
        assert!((8 * 15..=8 * 16).contains(&of("building_head")));
    }

    #[test]
    fn everybody_has_a_role_of_the_policy_and_a_login_of_their_own() {
        for name in Practice::names() {
            let practice = Practice::named(name).unwrap();
            let plan = Plan::of(8).unwrap();
            for (number, seat) in plan.seats().iter().enumerate() {
                let (people, _) = people(name, number);
                let logins: Vec<_> = people.iter().filter_map(|p| p.login.as_ref()).collect();
                assert_eq!(logins.iter().collect::<BTreeSet<_>>().len(), logins.len());
                assert!(people.iter().all(|person| person.name.contains("演示")));
                let policy = practice.policy_of(seat.part);
                assert!(people.iter().all(|p| policy.role(&p.role).is_some()), "{name}");
            }
        }
    }

    #[test]
    fn every_grid_has_the_leader_that_is_named_for_it() {
        let (people, ground) = people("she-county", 4);
        for (index, grid) in ground.grids.iter().enumerate() {
            let leader = people.iter().find(|p| p.login == Some(leader_of(index))).unwrap();
            assert!(leader.scopes.contains(&grid.id));
        }
    }
}
