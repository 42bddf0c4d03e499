//! A small federation, and what people in it do.

use std::time::Duration;

use engine::command::{Agent, Command, Receipt, Refused, What};
use engine::peer::Relation;
use engine::store::{Store, Table};
use engine::view;
use governance::act::Act;
use governance::case::{Case, CaseId};
use governance::certificate::{LastGood, Reason};
use record::{NodeId, RecordId};
use testkit::federation::Part;
use testkit::fixture;
use testkit::simulator::{Simulator, Weather};

use crate::revocation::held_back;

/// County, street, one community and two units, connected.
pub(crate) struct Town {
    pub(crate) world: Simulator,
    pub(crate) county: NodeId,
    pub(crate) street: NodeId,
    pub(crate) community: NodeId,
    pub(crate) units: Vec<NodeId>,
    /// Whether somebody's word is no longer believed: then the nodes need not agree on who holds
    /// what that one handed over.
    pub(crate) disowned: bool,
    /// What liars have put into the logs that they show, behind what is in them.
    pub(crate) lies: Vec<(NodeId, RecordId)>,
}

impl Town {
    pub(crate) fn begin(seed: u64) -> Self {
        Self::with_lists(seed, Weather::calm().lists)
    }

    pub(crate) fn with_lists(seed: u64, lists: Duration) -> Self {
        Self::under(seed, Weather { lists, ..Weather::calm() })
    }

    pub(crate) fn under(seed: u64, weather: Weather) -> Self {
        Self::of(seed, Weather { townships: 1, ..weather })
    }

    /// With as many streets as the weather says; the community lies under the first.
    pub(crate) fn of(seed: u64, weather: Weather) -> Self {
        let weather = Weather { communities: 1, reports: 0, ..weather };
        let world = Simulator::new(seed, weather);
        let one = |part| world.of(part)[0];
        let (county, community) = (one(Part::County), one(Part::Community));
        let street = world.setup(community).standing.parent().expect("it has a street");
        let units = world.of(Part::Unit);
        let mut town =
            Self { world, county, street, community, units, disowned: false, lies: Vec::new() };
        town.pass(120);
        town
    }

    pub(crate) fn pass(&mut self, seconds: u64) {
        let later = self.world.now.plus(Duration::from_secs(seconds));
        let kept = self.world.run_until(later);
        assert!(self.disowned || kept.is_ok(), "every promise holds: {kept:?}");
    }

    pub(crate) fn console(&mut self, node: NodeId, what: What) -> Result<Receipt, Refused> {
        self.world.command(node, Command { by: Agent::Console, once: None, what })
    }

    pub(crate) fn revokes(
        &mut self,
        by: NodeId,
        node: NodeId,
        reason: Reason,
        last_good: Option<LastGood>,
    ) {
        let what = What::Revoke { node, reason, last_good };
        self.console(by, what).expect("whoever issued may revoke");
        self.disowned = true;
        self.pass(60);
    }

    pub(crate) fn does(&mut self, node: NodeId, role: &str, case: CaseId, act: Act) {
        let by = self.world.places[&node].staff.of(role).expect("somebody has the role");
        let what = What::Act { case: Some(case), act };
        let command = Command { by: Agent::Staff(by), once: None, what };
        self.world.command(node, command).expect("the act is permitted");
        self.pass(60);
    }

    pub(crate) fn reports(&mut self) -> CaseId {
        let mut report = fixture::report(1);
        report.place = self.world.places[&self.community].staff.grids.first().copied();
        let what = What::Act { case: None, act: Act::Report(Box::new(report)) };
        let command = Command { by: Agent::Resident { code: None }, once: None, what };
        let receipt = self.world.command(self.community, command).expect("anyone may report");
        receipt.subject.expect("a case")
    }

    /// A case that the community offers to the street.
    pub(crate) fn climbs(&mut self) -> CaseId {
        let case = self.reports();
        let up = Act::HandUp { reason: "路面塌陷".into() };
        self.does(self.community, "grid_worker", case, up);
        let escalate = Act::Escalate { reason: "需街道协调".into() };
        self.does(self.community, "community_dispatcher", case, escalate);
        case
    }

    pub(crate) fn accepts(&mut self, case: CaseId) {
        self.does(self.street, "township_dispatcher", case, Act::AcceptCustody {});
    }

    pub(crate) fn case(&self, node: NodeId, id: CaseId) -> Option<Case> {
        let reader = Store::reader(&self.world.places[&node].store);
        view::case(&reader, id).expect("readable")
    }

    /// Where the community's log ends.
    pub(crate) fn end(&self, node: NodeId) -> LastGood {
        let reader = Store::reader(&self.world.places[&node].store);
        let last = reader.scan_back(Table::Log, node.as_bytes(), None, 1).expect("readable");
        let (key, _) = last.first().expect("it has records");
        let number = |from: usize, to: usize| {
            key[from..to].iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte))
        };
        LastGood { epoch: number(32, 36) as u32, seq: number(36, 44) }
    }

    pub(crate) fn held_back(&self, node: NodeId) -> Vec<(RecordId, CaseId)> {
        held_back(&self.world.places[&node].store)
    }

    pub(crate) fn relation(&self, node: NodeId, peer: NodeId) -> Option<Relation> {
        self.world.directory(node).get(peer).map(|peer| peer.relation)
    }

    pub(crate) fn received(&self, node: NodeId, from: NodeId) -> u64 {
        let reader = Store::reader(&self.world.places[&node].store);
        let row = view::peer(&reader, from).expect("readable");
        row.map_or(0, |row| row.streams.inbox.number)
    }
}
