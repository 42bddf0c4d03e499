//! What can go wrong in a day, and when it does.

use std::time::Duration;

use governance::certificate::ROOT_LIST_VALIDITY;
use rand::RngExt;
use record::NodeId;

use super::{DAY, Event, Simulator};
use crate::federation::Part;

/// How long a certificate holds, where nothing else is said.
const YEAR: Duration = Duration::from_secs(365 * 86_400);

/// What can go wrong, and how much happens.
#[derive(Clone, Debug)]
pub struct Weather {
    /// Townships; each has two member units.
    pub townships: usize,
    /// Communities, spread over the townships.
    pub communities: usize,
    /// Reports in the day.
    pub reports: usize,
    /// Chance that a message is lost, in a thousand.
    pub loss: u32,
    /// Chance that a request arrives twice, in a thousand.
    pub doubling: u32,
    /// Longest delay of a message.
    pub delay: Duration,
    /// Crashes in the day.
    pub crashes: usize,
    /// Times in the day at which a node is cut off for a while.
    pub partitions: usize,
    /// Commits that fail in the day, as on a full disk.
    pub failures: usize,
    /// Member units of the county itself.
    pub county_units: usize,
    /// Times in the day at which the county publishes a new version of the policy, which all nodes
    /// follow.
    pub policies: u32,
    /// How long the nodes' first revocation lists are good for.
    pub lists: Duration,
    /// How long the certificates hold that nodes issue at the beginning.
    pub certificates: Duration,
}

impl Weather {
    /// 25 nodes and a bad day.
    #[must_use]
    pub fn storm() -> Self {
        Self {
            townships: 4,
            communities: 12,
            reports: 40,
            loss: 60,
            doubling: 40,
            delay: Duration::from_secs(20),
            crashes: 8,
            partitions: 6,
            failures: 3,
            county_units: 0,
            policies: 2,
            lists: ROOT_LIST_VALIDITY,
            certificates: YEAR,
        }
    }

    /// A small federation on a calm day.
    #[must_use]
    pub fn calm() -> Self {
        Self {
            townships: 2,
            communities: 3,
            reports: 12,
            loss: 0,
            doubling: 0,
            delay: Duration::from_millis(200),
            crashes: 0,
            partitions: 0,
            failures: 0,
            county_units: 0,
            policies: 0,
            lists: ROOT_LIST_VALIDITY,
            certificates: YEAR,
        }
    }
}

impl Simulator {
    pub(super) fn schedule_day(&mut self) {
        let communities = self.of(Part::Community);
        for _ in 0..self.weather.reports {
            let node = communities[self.rng.random_range(0..communities.len())];
            let at = self.moment();
            self.at(at, Event::Report(node));
        }
        for further in 1..=self.weather.policies {
            let at = DAY * further / (self.weather.policies + 1);
            self.at(at, Event::Publish(further));
        }
        for node in self.nodes() {
            let first = Duration::from_secs(self.rng.random_range(60..1_800));
            self.at(first, Event::Work(node));
        }
        for _ in 0..self.weather.crashes {
            let (node, at, down) = (self.somebody(), self.moment(), self.while_());
            self.at(at, Event::Crash(node));
            self.at(at + down, Event::Restart(node));
        }
        for _ in 0..self.weather.partitions {
            let (node, at, away) = (self.somebody(), self.moment(), self.while_() * 4);
            self.at(at, Event::CutOff(node));
            self.at(at + away, Event::Rejoin(node));
        }
        for _ in 0..self.weather.failures {
            let (node, at) = (self.somebody(), self.moment());
            self.at(at, Event::Fail(node));
        }
    }

    /// Everything is mended: nobody is down or cut off, nothing more is lost.
    pub(super) fn heal(&mut self) {
        self.weather.loss = 0;
        self.weather.doubling = 0;
        for node in self.nodes() {
            self.cut_off.remove(&node);
            self.crash(node);
        }
        for node in self.nodes() {
            self.restart(node);
        }
    }

    fn somebody(&mut self) -> NodeId {
        let nodes = self.nodes();
        nodes[self.rng.random_range(0..nodes.len())]
    }

    fn moment(&mut self) -> Duration {
        Duration::from_secs(self.rng.random_range(0..DAY.as_secs() * 3 / 4))
    }

    fn while_(&mut self) -> Duration {
        Duration::from_secs(self.rng.random_range(30..1_800))
    }
}
