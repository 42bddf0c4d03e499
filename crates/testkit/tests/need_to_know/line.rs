//! A county, a street with two member units, two communities below the street.

use std::time::Duration;

use engine::command::{Agent, Command, Receipt, Refused, What};
use engine::entry::Entry;
use engine::project::Whose;
use engine::store::{FrameKind, Read, Store};
use engine::view;
use governance::act::{Act, Report, Whistle};
use governance::case::{Case, CaseId};
use record::{FieldId, NodeId};
use std::sync::Arc;
use testkit::federation::Part;
use testkit::simulator::{Simulator, Weather};

pub(super) struct Line {
    pub(super) world: Simulator,
    pub(super) county: NodeId,
    pub(super) street: NodeId,
    pub(super) communities: Vec<NodeId>,
    pub(super) units: Vec<NodeId>,
}

impl Line {
    pub(super) fn begin() -> Self {
        Self::under(testkit::federation::POLICY)
    }

    pub(super) fn under(policy: &str) -> Self {
        let weather = Weather { townships: 1, communities: 2, reports: 0, ..Weather::calm() };
        let world = Simulator::under(policy, 5, weather);
        let (county, street) = (world.of(Part::County)[0], world.of(Part::Township)[0]);
        let (communities, units) = (world.of(Part::Community), world.of(Part::Unit));
        let mut line = Self { world, county, street, communities, units };
        line.settle();
        line
    }

    pub(super) fn settle(&mut self) {
        self.wait(Duration::from_secs(150));
    }

    pub(super) fn wait(&mut self, time: Duration) {
        let later = self.world.now.plus(time);
        self.world.run_until(later).expect("every promise holds");
    }

    pub(super) fn staff(&self, node: NodeId, role: &str) -> Agent {
        Agent::Staff(self.world.places[&node].staff.of(role).expect("somebody has the role"))
    }

    pub(super) fn tries(
        &mut self,
        node: NodeId,
        by: Agent,
        what: What,
    ) -> Result<Receipt, Refused> {
        self.world.command(node, Command { by, once: None, what })
    }

    pub(super) fn does(&mut self, node: NodeId, role: &str, case: CaseId, act: Act) {
        let by = self.staff(node, role);
        self.tries(node, by, What::Act { case: Some(case), act }).expect("the act is permitted");
        self.settle();
    }

    pub(super) fn reports(&mut self, at: usize, change: impl FnOnce(&mut Report)) -> CaseId {
        let node = self.communities[at];
        let mut report = testkit::fixture::report(1);
        report.place = Some(self.world.places[&node].staff.grids[0]);
        change(&mut report);
        let what = What::Act { case: None, act: Act::Report(Box::new(report)) };
        let receipt = self.tries(node, Agent::Resident { code: None }, what);
        receipt.expect("anyone may report").subject.expect("a case")
    }

    /// The case, from the first community, escalated to the street and accepted there.
    pub(super) fn at_street(&mut self, change: impl FnOnce(&mut Report)) -> CaseId {
        let (case, home) = (self.reports(0, change), self.communities[0]);
        self.does(home, "grid_worker", case, Act::HandUp { reason: "路面塌陷".into() });
        self.does(home, "community_dispatcher", case, Act::Escalate { reason: "需协调".into() });
        self.does(self.street, "township_dispatcher", case, Act::AcceptCustody {});
        case
    }

    pub(super) fn whistle(&self) -> Act {
        let (lead, assist) = (self.units[0], vec![self.units[1]]);
        Act::Whistle(Whistle { lead, assist, request: "请到场处置".into() })
    }

    pub(super) fn reader(&self, node: NodeId) -> Arc<dyn Read> {
        Store::reader(&self.world.places[&node].store)
    }

    pub(super) fn at(&self, node: NodeId, case: CaseId) -> Case {
        view::case(&self.reader(node), case).expect("readable").expect("the node knows the case")
    }

    /// What a node may still show of a field of a case: the latest that it was given.
    pub(super) fn shows(&self, node: NodeId, case: CaseId, id: FieldId) -> Option<Vec<u8>> {
        let setup = &self.world.places[&node].member.setup;
        let whose = Whose { me: node, federation: setup.federation };
        self.at(node, case).steps.iter().rev().find_map(|step| {
            let read = view::record_of(&self.reader(node), whose, case, step).expect("readable");
            let (_, fields, uses) = read?;
            let raw = fields.raw(id).map(<[u8]>::to_vec);
            raw.filter(|_| uses.may_read(id, self.world.now))
        })
    }

    /// Every entry that a node sent, with its recipient, in order.
    pub(super) fn sent(&self, node: NodeId) -> Vec<(NodeId, Entry)> {
        let frames = self.world.places[&node].store.frames().into_iter();
        let sent = frames.filter(|frame| frame.kind == FrameKind::Sent);
        sent.map(|frame| {
            (frame.peer.expect("a recipient"), Entry::decode(&frame.envelope).expect("readable"))
        })
        .collect()
    }
}
