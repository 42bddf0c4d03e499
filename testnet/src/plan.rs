//! Which nodes there are: one county, two streets, two member units, and communities from three up,
//! with their real codes and names. The units' names are plausible, the units are not.

use std::collections::BTreeSet;

use crate::divisions::{self, Division};

/// Fewest nodes: the ones that the demo's story needs.
pub const FEWEST: usize = 8;

const COUNTY: &str = "341021";
/// 徽城镇, whose two member units come when it whistles.
const WHISTLER: &str = "341021100";
/// 深渡镇, whose community is cut off for a while.
const REMOTE: &str = "341021101";
/// 新安社区, 斗山社区 and 深渡社区.
const FIRST: [&str; 3] = ["341021100003", "341021100007", "341021101001"];

/// What a node is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Part {
    /// 县.
    County,
    /// 街道, 镇.
    Street,
    /// 社区, 村.
    Community,
    /// A member unit of a street's big work committee (大工委).
    Unit,
}

/// A node to be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seat {
    /// Folder name, unique: letters, digits and dashes.
    pub key: String,
    /// What people call it.
    pub name: String,
    /// What it is.
    pub part: Part,
    /// Area code without padding.
    pub area: String,
    /// Which seat enrols it; none for the county.
    pub parent: Option<usize>,
}

/// The nodes of the federation; parents come before their children.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plan {
    seats: Vec<Seat>,
}

/// Why there is no plan.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PlanError {
    /// Fewer than the story needs.
    #[error("--nodes {0}: the demo needs at least {FEWEST}")]
    TooFew(usize),
    /// More communities than the two streets have.
    #[error("--nodes {asked}: the two streets have communities for at most {most}")]
    TooMany {
        /// What was asked for.
        asked: usize,
        /// What there is.
        most: usize,
    },
}

impl Plan {
    /// A federation of so many nodes. A larger one begins with the seats of a smaller one.
    ///
    /// # Errors
    /// [`PlanError`].
    pub fn of(nodes: usize) -> Result<Self, PlanError> {
        if nodes < FEWEST {
            return Err(PlanError::TooFew(nodes));
        }
        let mut seats = founding_seats();
        let further: Vec<_> = further_communities().collect();
        let most = FEWEST + further.len();
        if nodes > most {
            return Err(PlanError::TooMany { asked: nodes, most });
        }
        seats.extend(further.into_iter().take(nodes - FEWEST));
        Ok(Self { seats })
    }

    /// Every seat; a seat's number is its place here.
    #[must_use]
    pub fn seats(&self) -> &[Seat] {
        &self.seats
    }

    /// The seats of a part, with their numbers.
    pub fn of_part(&self, part: Part) -> impl Iterator<Item = (usize, &Seat)> {
        self.seats.iter().enumerate().filter(move |(_, seat)| seat.part == part)
    }

    /// The numbers of the communities.
    #[must_use]
    pub fn communities(&self) -> Vec<usize> {
        self.of_part(Part::Community).map(|(number, _)| number).collect()
    }

    /// The numbers of the units that a street calls, the lead first.
    #[must_use]
    pub fn units_of(&self, street: usize) -> Vec<usize> {
        let mine = |(_, seat): &(usize, &Seat)| seat.parent == Some(street);
        self.of_part(Part::Unit).filter(mine).map(|(number, _)| number).collect()
    }

    /// The county.
    #[must_use]
    pub fn county(&self) -> usize {
        0
    }

    /// The street that is killed in mid-day: the one with member units.
    #[must_use]
    pub fn killed(&self) -> usize {
        1
    }

    /// The street that its communities reach only through the forwarder.
    #[must_use]
    pub fn behind_forwarder(&self) -> usize {
        2
    }

    /// The community that is cut off for a while, with its neighbours below the same street.
    #[must_use]
    pub fn cut_off(&self) -> usize {
        5
    }

    /// Everybody whom the cut concerns.
    #[must_use]
    pub fn all_cut_off(&self) -> Vec<usize> {
        let below = |(_, seat): &(usize, &Seat)| seat.parent == Some(self.behind_forwarder());
        self.of_part(Part::Community).filter(below).map(|(number, _)| number).collect()
    }
}

fn founding_seats() -> Vec<Seat> {
    let unit = |key: &str, name: &str| Seat {
        key: key.to_owned(),
        name: name.to_owned(),
        part: Part::Unit,
        area: WHISTLER.to_owned(),
        parent: Some(1),
    };
    vec![
        seat(COUNTY, Part::County, None),
        seat(WHISTLER, Part::Street, Some(0)),
        seat(REMOTE, Part::Street, Some(0)),
        seat(FIRST[0], Part::Community, Some(1)),
        seat(FIRST[1], Part::Community, Some(1)),
        seat(FIRST[2], Part::Community, Some(2)),
        unit("unit-chengguan", "徽城镇城管执法中队"),
        unit("unit-gongdian", "徽城供电所"),
    ]
}

fn seat(area: &str, part: Part, parent: Option<usize>) -> Seat {
    let division = divisions::by_code(area).expect("the table has the demo's divisions");
    named(division, part, parent)
}

fn named(division: &Division, part: Part, parent: Option<usize>) -> Seat {
    let area = match part {
        Part::County => &division.code[..6],
        Part::Street | Part::Unit => &division.code[..9],
        Part::Community => &division.code[..],
    };
    let word = match part {
        Part::County => "county",
        Part::Street => "street",
        Part::Community => "community",
        Part::Unit => "unit",
    };
    Seat {
        key: format!("{word}-{area}"),
        name: division.usual_name(),
        part,
        area: area.to_owned(),
        parent,
    }
}

/// Communities beyond the first three, from the two streets in turn as long as both have some.
fn further_communities() -> impl Iterator<Item = Seat> {
    let first: BTreeSet<&str> = FIRST.into();
    let of = |street: &str, parent: usize| {
        let seats = divisions::villages_of(street)
            .filter(|village| !first.contains(village.code.as_str()))
            .map(|village| named(village, Part::Community, Some(parent)));
        seats.collect::<Vec<_>>()
    };
    let (mut one, mut other) = (of(WHISTLER, 1).into_iter(), of(REMOTE, 2).into_iter());
    let mut turn = false;
    std::iter::from_fn(move || {
        turn = !turn;
        if turn { one.next().or_else(|| other.next()) } else { other.next().or_else(|| one.next()) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_nodes_are_the_ones_of_the_story() {
        let plan = Plan::of(8).unwrap();
        let names: Vec<_> = plan.seats().iter().map(|seat| seat.name.as_str()).collect();
        assert_eq!(names[..6], ["歙县", "徽城镇", "深渡镇", "新安社区", "斗山社区", "深渡社区"]);
        assert_eq!(plan.communities(), [3, 4, 5]);
        assert_eq!(plan.units_of(plan.killed()), [6, 7]);
        assert!(plan.units_of(plan.behind_forwarder()).is_empty());
        assert_eq!(plan.all_cut_off(), [plan.cut_off()]);
    }

    #[test]
    fn a_larger_federation_begins_with_the_smaller_one() {
        let mut last = Plan::of(FEWEST).unwrap();
        let Err(PlanError::TooMany { most, .. }) = Plan::of(1_000) else { panic!("no end") };
        for nodes in FEWEST..=most {
            let plan = Plan::of(nodes).unwrap();
            assert_eq!(plan.seats().len(), nodes);
            assert!(plan.seats().starts_with(last.seats()));
            last = plan;
        }
        let keys: BTreeSet<_> = last.seats().iter().map(|seat| &seat.key).collect();
        let areas: BTreeSet<_> = last.of_part(Part::Community).map(|(_, s)| &s.area).collect();
        assert_eq!((keys.len(), areas.len()), (most, most - 5));
        assert_eq!(Plan::of(7), Err(PlanError::TooFew(7)));
    }

    #[test]
    fn a_child_lies_within_its_parent_and_comes_after_it() {
        let plan = Plan::of(30).unwrap();
        for (number, seat) in plan.seats().iter().enumerate() {
            let Some(parent) = seat.parent else { continue };
            assert!(parent < number);
            assert!(seat.area.starts_with(&plan.seats()[parent].area));
        }
    }
}
