//! Who works at each node, by the articles' figures: "3 + 8" in She County (R1) has 62 grid
//! leaders, 77 full-time grid workers and 1,200 building heads for 77 grids. Everybody here is
//! invented, and has 演示 in the name.

use crate::ground::{GRIDS, Ground};
use crate::plan::{Part, Plan, Seat};

/// Grid leaders for the grids of a community: 62 of 77; some lead two grids.
pub const LEADERS: usize = 6;
/// Workers of a community's office.
pub const WORKERS: usize = 3;

/// Login of the one who may read whatever a node away from home holds.
pub const AUDITOR: &str = "auditor";

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
    pub role: &'static str,
    /// Places that the appointments cover; an empty list is one appointment without limits.
    pub scopes: Vec<String>,
}

/// The staff of a seat, without the operator, whom founding and joining make.
#[must_use]
pub fn staff(plan: &Plan, number: usize, ground: &Ground) -> Vec<Person> {
    let seat = &plan.seats()[number];
    match seat.part {
        Part::County => {
            vec![one(seat, "dispatcher", "县级指挥岗", "county_dispatcher"), auditor(seat)]
        }
        Part::Street => {
            vec![one(seat, "dispatcher", "街镇指挥岗", "township_dispatcher"), auditor(seat)]
        }
        Part::Unit => vec![one(seat, "officer", "经办人", "unit_officer"), auditor(seat)],
        Part::Community => community(seat, ground),
    }
}

/// The auditor's role may read personal data, so that what is asked in its name shows everything
/// that the node holds.
fn auditor(seat: &Seat) -> Person {
    one(seat, AUDITOR, "审计员", "grid_leader")
}

fn one(seat: &Seat, login: &str, title: &str, role: &'static str) -> Person {
    Person {
        login: Some(login.to_owned()),
        name: format!("演示{title}·{}", seat.name),
        phone: Some("0559-000-0000".to_owned()),
        role,
        scopes: Vec::new(),
    }
}

fn community(seat: &Seat, ground: &Ground) -> Vec<Person> {
    let mut people = vec![one(seat, "dispatcher", "分析处置岗", "community_dispatcher")];
    people.extend(
        (1..=WORKERS).map(|n| {
            one(seat, &format!("worker{n}"), &format!("社区工作者{n}"), "community_worker")
        }),
    );
    for (index, grid) in ground.grids.iter().enumerate() {
        let n = index + 1;
        let worker = one(seat, &format!("grid{n}"), &format!("网格员{n}"), "grid_worker");
        people.push(Person { scopes: vec![grid.id.clone()], ..worker });
    }
    for index in 0..LEADERS {
        let n = index + 1;
        let grids = ground.grids.iter().skip(index).step_by(LEADERS);
        let leader = one(seat, &format!("leader{n}"), &format!("网格指导员{n}"), "grid_leader");
        people.push(Person { scopes: grids.map(|grid| grid.id.clone()).collect(), ..leader });
    }
    for (index, grid) in ground.grids.iter().enumerate() {
        let heads = grid.buildings.iter().enumerate().map(|(at, (building, _))| {
            let name = format!("演示楼栋长{}-{}·{}", index + 1, at + 1, seat.name);
            // One of each grid acts in the demo.
            let login = (at == 0).then(|| format!("head{}", index + 1));
            let scopes = vec![building.clone()];
            Person { login, name, phone: None, role: "building_head", scopes }
        });
        people.extend(heads);
    }
    people
}

/// The login of the leader of a grid, from 0.
#[must_use]
pub fn leader_of(grid: usize) -> String {
    format!("leader{}", grid % LEADERS + 1)
}

/// The logins of a part's staff, in short, as the table of logins has them.
#[must_use]
pub fn logins(part: Part) -> String {
    match part {
        Part::County | Part::Street => "admin, dispatcher, auditor".to_owned(),
        Part::Unit => "admin, officer, auditor".to_owned(),
        Part::Community => format!(
            "admin, dispatcher, worker1–{WORKERS}, grid1–{GRIDS}, leader1–{LEADERS}, head1–{GRIDS}"
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::ids::Nonce;

    #[test]
    fn a_community_has_the_articles_figures() {
        let plan = Plan::of(8).unwrap();
        let ground = Ground::of(&plan, 3, &Nonce::new("test"), 1);
        let people = staff(&plan, 3, &ground);
        let of = |role: &str| people.iter().filter(|person| person.role == role).count();
        assert_eq!((of("grid_worker"), of("grid_leader")), (GRIDS, LEADERS));
        assert!((8 * 15..=8 * 16).contains(&of("building_head")));
        let logins: Vec<_> = people.iter().filter_map(|person| person.login.as_ref()).collect();
        let unique: BTreeSet<_> = logins.iter().collect();
        assert_eq!(unique.len(), logins.len());
        assert!(people.iter().all(|person| person.name.contains("演示")));
    }

    #[test]
    fn every_grid_has_the_leader_that_is_named_for_it() {
        let plan = Plan::of(8).unwrap();
        let ground = Ground::of(&plan, 4, &Nonce::new("test"), 1);
        let people = staff(&plan, 4, &ground);
        for (index, grid) in ground.grids.iter().enumerate() {
            let leader = people.iter().find(|p| p.login == Some(leader_of(index))).unwrap();
            assert!(leader.scopes.contains(&grid.id));
        }
    }
}
