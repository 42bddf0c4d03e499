//! The day's plan: which report comes in where and how, and which way it goes. The shares are the
//! articles' (C10): about 35 % settled on the spot, 63 % by the community, 2 % through departments.

mod waiting;

use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use crate::ground::GRIDS;
use crate::ids;
use crate::people::WORKERS;
use crate::plan::Plan;
use crate::practice::{self, Practice};

pub use waiting::{Since, Wait, Waiting, most, waiting};

/// Fewest reports with which every turn of the story happens.
pub const FEWEST: usize = 60;
/// Cases besides that the story sends to where no departments are: to the county, and to the street
/// of the community that is cut off.
const BESIDES: usize = 3;
/// Fewest that leave the community: the story's own, and some in between.
const FEWEST_UPWARD: usize = 6;

/// One report and what becomes of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Errand {
    /// Its number in the day, from 0.
    pub number: usize,
    /// The community's seat.
    pub community: usize,
    /// The grid, from 0.
    pub grid: usize,
    /// How it comes in.
    pub channel: Channel,
    /// Which way it goes.
    pub way: Way,
    /// What goes wrong on the way.
    pub turn: Turn,
    /// Which of the community's workers it is given to first, from 0.
    pub worker: usize,
}

/// How a report comes in (C1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// A grid worker on patrol.
    Patrol,
    /// A building head.
    BuildingHead,
    /// A resident, without an account.
    Resident,
    /// Taken down at the reception window.
    Counter,
    /// Taken down from the 12345 hotline.
    Hotline,
    /// Collected at a deliberation meeting.
    Meeting,
}

/// Which way a case goes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Way {
    /// Settled on the spot by a grid worker.
    OnTheSpot,
    /// Handed up, dispatched and dealt with by the community.
    Community,
    /// Up to the street, which deals with it, with its units where it has some.
    Street(StreetRole),
    /// Up to the street and on to the county.
    County,
    /// Not taken on.
    Refused,
    /// Still under way when the day ends.
    Open(LeftAt),
    /// On somebody's desk when the demo is over.
    Waiting(Wait),
}

/// Which part of the story a case at the street plays.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum StreetRole {
    /// None.
    Plain,
    /// The street refuses it once.
    RefusedOnce,
    /// Offered, and not yet accepted when the street is killed.
    OfferedAtKill,
    /// With the units when the street is killed; they finish while it is down.
    CalledAtKill,
    /// At the street when its home is cut off; sent home meanwhile.
    AwayAtCut,
    /// Offered while its home is cut off.
    OfferedInCut,
}

/// Where a case is left when the day ends.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum LeftAt {
    /// Reported.
    Reported,
    /// Accepted.
    Accepted,
    /// Dispatched.
    Dispatched,
    /// Being dealt with.
    Handling,
    /// Dealt with, not yet verified.
    Verifying,
}

/// What goes wrong on the way.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Turn {
    /// Nothing.
    None,
    /// Given back by the first worker.
    Returned,
    /// Found not solved at first.
    Unsolved,
    /// Taken up again after it was closed.
    Reopened,
}

/// How many go which way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Shares {
    on_the_spot: usize,
    upward: usize,
    refused: usize,
    open: usize,
    community: usize,
}

impl Shares {
    /// Refused and open cases, about one and four of a hundred, are beside the articles' shares.
    fn of(reports: usize, shares: practice::Shares) -> Self {
        let refused = (reports / 100).max(1);
        let open = (reports / 25).max(LEFT.len());
        let settled = reports - refused - open;
        let of_hundred = |share: usize| (settled * share + 50) / 100;
        let upward = (of_hundred(shares.upward) + BESIDES).max(FEWEST_UPWARD);
        let on_the_spot = of_hundred(shares.on_the_spot);
        let community = settled - on_the_spot - upward;
        Self { on_the_spot, upward, refused, open, community }
    }
}

const LEFT: [LeftAt; 5] =
    [LeftAt::Reported, LeftAt::Accepted, LeftAt::Dispatched, LeftAt::Handling, LeftAt::Verifying];

/// The day's errands, in the order in which they begin; the ones that leave the community first,
/// since their way is the longest.
///
/// # Panics
/// With fewer reports than [`FEWEST`].
#[must_use]
pub fn errands(plan: &Plan, practice: &Practice, reports: usize, seed: u64) -> Vec<Errand> {
    assert!(reports >= FEWEST, "a day has at least {FEWEST} reports");
    let shares = Shares::of(reports, practice.shares());
    let mut chance = ids::chance(seed, "errands");
    let mut ways: Vec<Way> = Vec::with_capacity(reports);
    ways.extend([Way::OnTheSpot].repeat(shares.on_the_spot));
    ways.extend([Way::Community].repeat(shares.community));
    ways.extend([Way::Refused].repeat(shares.refused));
    ways.extend((0..shares.open).map(|index| Way::Open(LEFT[index % LEFT.len()])));
    ways.shuffle(&mut chance);
    let communities = plan.communities();
    let mut errands: Vec<Errand> = upward(plan, practice, shares.upward, &mut chance);
    let mut left = communities.iter().cycle();
    for way in ways {
        let mut community = communities[chance.random_range(0..communities.len())];
        // Every desk has some of what is left over.
        if matches!(way, Way::Open(_)) {
            community = left.next().copied().unwrap_or(community);
        }
        errands.push(errand(errands.len(), community, way, &mut chance));
    }
    errands
}

/// The cases that leave their community: the story's own, then others anywhere.
fn upward(plan: &Plan, practice: &Practice, count: usize, chance: &mut StdRng) -> Vec<Errand> {
    let near: Vec<usize> = plan
        .communities()
        .into_iter()
        .filter(|community| plan.seats()[*community].parent == Some(plan.killed()))
        .collect();
    let near = |index: usize| near[index % near.len()];
    let street = Way::Street;
    let county = if practice.has_county() { Way::County } else { street(StreetRole::Plain) };
    let story = [
        (near(0), county),
        (near(1), street(StreetRole::OfferedAtKill)),
        (near(0), street(StreetRole::CalledAtKill)),
        (near(1), street(StreetRole::RefusedOnce)),
        (plan.cut_off(), street(StreetRole::AwayAtCut)),
        (plan.cut_off(), street(StreetRole::OfferedInCut)),
    ];
    // All to the street that has units: it is through these that the articles' share is settled.
    let others = (0..).map(|index: usize| (near(index), street(StreetRole::Plain)));
    let all = story.into_iter().chain(others).take(count);
    all.enumerate().map(|(number, (at, way))| errand(number, at, way, chance)).collect()
}

fn errand(number: usize, community: usize, way: Way, chance: &mut StdRng) -> Errand {
    let channel = match chance.random_range(0..100) {
        0..25 => Channel::Patrol,
        25..50 => Channel::BuildingHead,
        50..80 => Channel::Resident,
        80..88 => Channel::Counter,
        88..95 => Channel::Hotline,
        _ => Channel::Meeting,
    };
    Errand {
        number,
        community,
        grid: chance.random_range(0..GRIDS),
        channel,
        way,
        turn: turn(way, chance.random_range(0..100)),
        worker: chance.random_range(0..WORKERS),
    }
}

fn turn(way: Way, luck: u32) -> Turn {
    match (way, luck) {
        (Way::Community, 0..4) => Turn::Returned,
        (Way::Community | Way::OnTheSpot, 4..7) => Turn::Unsolved,
        (Way::Community | Way::OnTheSpot, 7..9) => Turn::Reopened,
        _ => Turn::None,
    }
}

impl Channel {
    /// The policy's key.
    #[must_use]
    pub fn key(self, practice: &Practice) -> &'static str {
        match self {
            Self::Patrol => "patrol",
            Self::BuildingHead => practice.watchers_channel(),
            Self::Resident => "resident",
            Self::Counter => "counter",
            Self::Hotline => "hotline",
            Self::Meeting => "meeting",
        }
    }

    /// Whether somebody outside the staff stands behind it, with a telephone number.
    #[must_use]
    pub fn has_contact(self) -> bool {
        match self {
            Self::Resident | Self::Counter | Self::Hotline | Self::Meeting => true,
            Self::Patrol | Self::BuildingHead => false,
        }
    }
}

impl Errand {
    /// Whether it leaves its community.
    #[must_use]
    pub fn climbs(&self) -> bool {
        match self.way {
            Way::Street(_) | Way::County => true,
            Way::Waiting(wait) => wait.climbs(),
            Way::OnTheSpot | Way::Community | Way::Refused | Way::Open(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn plan() -> Plan {
        Plan::of(8).unwrap()
    }

    fn usual() -> Practice {
        Practice::named(practice::USUAL).unwrap()
    }

    #[test]
    fn shares_are_the_articles_and_nobody_is_lost() {
        for reports in [FEWEST, 61, 400, 600, 4_326, 50_000] {
            let errands = errands(&plan(), &usual(), reports, 1);
            assert_eq!(errands.len(), reports);
            assert!(errands.iter().enumerate().all(|(at, errand)| errand.number == at));
            let of = |fits: fn(&Errand) -> bool| errands.iter().filter(|e| fits(e)).count();
            let spot = of(|e| e.way == Way::OnTheSpot);
            let community = of(|e| e.way == Way::Community);
            let up = of(Errand::climbs);
            let settled = spot + community + up;
            assert!((34..=36).contains(&((spot * 100 + settled / 2) / settled)), "{reports}");
            if reports >= 400 {
                assert!((1..=3).contains(&(up * 100 / settled)), "{reports}: {up}");
                assert!((61..=63).contains(&(community * 100 / settled)), "{reports}");
            }
        }
    }

    #[test]
    fn the_story_is_told_whatever_the_seed() {
        for seed in 0..50 {
            let errands = errands(&plan(), &usual(), FEWEST, seed);
            let mut ways: BTreeMap<Way, usize> = BTreeMap::new();
            for errand in &errands {
                *ways.entry(errand.way).or_default() += 1;
            }
            assert_eq!(ways[&Way::County], 1);
            for role in [
                StreetRole::RefusedOnce,
                StreetRole::OfferedAtKill,
                StreetRole::CalledAtKill,
                StreetRole::AwayAtCut,
                StreetRole::OfferedInCut,
            ] {
                assert_eq!(ways[&Way::Street(role)], 1, "{role:?}");
            }
            assert!(LEFT.iter().all(|left| ways.contains_key(&Way::Open(*left))));
            assert!(ways.contains_key(&Way::Refused));
        }
    }

    #[test]
    fn the_same_seed_makes_the_same_day() {
        assert_eq!(errands(&plan(), &usual(), 300, 5), errands(&plan(), &usual(), 300, 5));
        assert_ne!(errands(&plan(), &usual(), 300, 5), errands(&plan(), &usual(), 300, 6));
    }

    #[test]
    fn what_is_cut_off_and_what_is_killed_have_cases_of_their_own() {
        let plan = plan();
        for errand in errands(&plan, &usual(), FEWEST, 3) {
            let parent = plan.seats()[errand.community].parent;
            match errand.way {
                Way::Street(StreetRole::AwayAtCut | StreetRole::OfferedInCut) => {
                    assert_eq!(errand.community, plan.cut_off());
                }
                Way::County
                | Way::Street(
                    StreetRole::OfferedAtKill | StreetRole::CalledAtKill | StreetRole::RefusedOnce,
                ) => assert_eq!(parent, Some(plan.killed())),
                Way::Street(StreetRole::Plain)
                | Way::OnTheSpot
                | Way::Community
                | Way::Refused
                | Way::Open(_)
                | Way::Waiting(_) => {}
            }
        }
    }
}
