//! Numbers across nodes: who may leave a case out of a rate, and what a county is told.

use std::time::Duration;

use engine::command::{Agent, Command, Receipt, Refused, What};
use engine::recount::Recount;
use engine::store::{Position, Store};
use engine::view;
use governance::act::{Act, Rate, Report, Whistle};
use governance::authorize::Refusal;
use governance::case::{Case, CaseId};
use governance::numbers::Scope;
use governance::query::{Grouping, Metric, Seat};
use record::{NodeId, Timestamp};
use testkit::federation::Part;
use testkit::simulator::{Simulator, Weather};

/// A county, a street with two member units, a community below the street.
struct Town {
    world: Simulator,
    county: NodeId,
    street: NodeId,
    community: NodeId,
    units: Vec<NodeId>,
}

impl Town {
    fn begin() -> Self {
        let weather = Weather { townships: 1, communities: 1, reports: 0, ..Weather::calm() };
        let mut world = Simulator::new(1, weather);
        let (county, street) = (world.of(Part::County)[0], world.of(Part::Township)[0]);
        let (community, units) = (world.of(Part::Community)[0], world.of(Part::Unit));
        let soon = world.now.plus(Duration::from_secs(120));
        world.run_until(soon).expect("every promise holds");
        Self { world, county, street, community, units }
    }

    fn wait(&mut self, time: Duration) {
        let later = self.world.now.plus(time);
        self.world.run_until(later).expect("every promise holds");
    }

    fn act(
        &mut self,
        node: NodeId,
        role: &str,
        case: Option<CaseId>,
        act: Act,
    ) -> Result<Receipt, Refused> {
        let by = self.world.places[&node].staff.of(role).expect("somebody has the role");
        let what = What::Act { case, act };
        self.world.command(node, Command { by: Agent::Staff(by), once: None, what })
    }

    fn does(&mut self, node: NodeId, role: &str, case: CaseId, act: Act) {
        self.act(node, role, Some(case), act).expect("the act is permitted");
        self.wait(Duration::from_secs(120));
    }

    fn reported(&mut self) -> CaseId {
        let report = Report {
            title: "老楼漏水".into(),
            description: "三单元楼顶漏水".into(),
            channel: "patrol".into(),
            category: None,
            place: Some(self.world.places[&self.community].staff.grids[0]),
            address: None,
            point: None,
            happened: None,
            contact_name: None,
            contact_phone: None,
            involved: None,
            photos: vec![],
        };
        let report = Act::Report(Box::new(report));
        let receipt = self.act(self.community, "grid_worker", None, report);
        receipt.expect("a worker may report").subject.expect("a case")
    }

    /// A case that the street has.
    fn at_street(&mut self) -> CaseId {
        let (community, street) = (self.community, self.street);
        let case = self.reported();
        self.does(community, "grid_worker", case, Act::HandUp { reason: "难".into() });
        let escalate = Act::Escalate { reason: "需街道协调".into() };
        self.does(community, "community_dispatcher", case, escalate);
        self.does(street, "township_dispatcher", case, Act::AcceptCustody {});
        case
    }

    fn at(&self, node: NodeId, case: CaseId) -> Case {
        let reader = Store::reader(&self.world.places[&node].store);
        view::case(&reader, case).expect("readable").expect("the node knows the case")
    }
}

fn exclude(ground: &str) -> Act {
    let reason = "经核实属企业合同纠纷".into();
    Act::Exclude { rate: Rate::Solved, exclusion: ground.into(), reason }
}

#[test]
fn what_the_level_above_leaves_out_of_a_rate_is_seen_at_home_with_ground_and_author() {
    let mut town = Town::begin();
    let case = town.at_street();
    let (county, street, community) = (town.county, town.street, town.community);
    town.does(street, "township_dispatcher", case, Act::Escalate { reason: "难".into() });
    town.does(county, "county_dispatcher", case, Act::AcceptCustody {});
    town.does(
        county,
        "county_dispatcher",
        case,
        Act::Handle { opinion: "已协调".into(), photos: vec![] },
    );
    let home = Act::SendHome { done: true, opinion: "已办".into() };
    town.does(county, "county_dispatcher", case, home);
    assert!(town.at(community, case).is_here());
    // The case is at home; the county, which had it, makes the exclusion as a contribution.
    town.does(county, "county_head", case, exclude("not_ours"));
    for node in [county, street, community] {
        let seen = town.at(node, case);
        let [made] = seen.exclusions.as_slice() else { panic!("one exclusion at each node") };
        assert_eq!((made.rate, made.ground.as_deref()), (Rate::Solved, Some("not_ours")));
        let step = &seen.steps[made.step as usize];
        assert_eq!((step.author, step.role.as_deref()), (county, Some("county_head")));
        assert_eq!(seen.stage, town.at(community, case).stage, "it moves nothing");
    }
}

#[test]
fn a_case_is_left_out_only_on_a_ground_of_the_policy_and_never_by_a_unit() {
    let mut town = Town::begin();
    let case = town.at_street();
    let (street, unit) = (town.street, town.units[0]);
    let whistle = Whistle { lead: unit, assist: Vec::new(), request: "请到场".into() };
    town.does(street, "township_dispatcher", case, Act::Whistle(whistle));
    let refused = town.act(street, "township_head", Some(case), exclude("inconvenient"));
    let unknown = Refusal::NoSuchExclusion { ground: "inconvenient".into() };
    assert!(matches!(refused, Err(Refused::Rule(why)) if why == unknown));
    let refused = town.act(unit, "unit_officer", Some(case), exclude("not_ours"));
    assert!(matches!(refused, Err(Refused::Rule(why)) if why == Refusal::NotOfLine));
    town.does(street, "township_head", case, exclude("not_ours"));
}

/// What a node's journal gives of another node's numbers: all that it signed or was given.
fn recounted(town: &Town, at: NodeId, of: NodeId, metric: Metric) -> u64 {
    let grouping = if metric == Metric::OnTime { Grouping::Level } else { Grouping::None };
    let place = &town.world.places[&at];
    let mut recount = Recount::new(town.world.whose(at));
    let frames = Store::replay(&place.store, Position::START, usize::MAX).expect("readable").0;
    for (position, frame) in frames {
        recount.take(position, &frame).expect("verified frames make sense");
    }
    let area = town.world.places[&of].member.setup.standing.certificate().area.clone();
    let scope = Scope { from: Timestamp::EPOCH, until: Timestamp::MAX, area: None };
    let sheet = recount.sheet(&scope, &Seat { node: of, area }, town.world.now);
    sheet.tally(metric, grouping).sum().count
}

#[test]
fn a_county_recounts_a_childs_numbers_from_what_it_was_given_and_from_nothing_else() {
    let mut town = Town::begin();
    let (county, street, community) = (town.county, town.street, town.community);
    let stays = town.reported();
    town.does(
        community,
        "grid_worker",
        stays,
        Act::SettleOnSpot { opinion: "已修".into(), photos: vec![] },
    );
    let climbs = town.at_street();
    town.does(street, "township_dispatcher", climbs, Act::Escalate { reason: "难".into() });
    town.does(county, "county_dispatcher", climbs, Act::AcceptCustody {});
    assert_eq!(recounted(&town, community, community, Metric::Received), 2);
    assert_eq!(recounted(&town, county, community, Metric::Received), 1);
    assert_eq!(recounted(&town, county, county, Metric::Received), 0, "counted at home alone");
    // Each had a turn: the street's ended in time, and the county sees that too.
    assert_eq!(recounted(&town, street, street, Metric::OnTime), 1);
    assert_eq!(recounted(&town, county, street, Metric::OnTime), 1);
}
