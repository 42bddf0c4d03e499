//! The people of the simulation: who reports what, and what staff do with what they find.

mod detours;

use std::time::Duration;

use engine::blob::Blobs;
use engine::command::{Agent, Command, Receipt, Refused, What};
use engine::project::Order;
use engine::view;
use governance::act::{Act, Media, Moment, Photo, Report, Triage, Whistle};
use governance::case::{Case, Custody, Party};
use governance::change::Phase;
use governance::policy::Version;
use governance::roster::Appointment;
use governance::territory::Place as Ground;
use rand::RngExt;
use record::{Hash, NodeId, Subject};

use super::{Event, Simulator};
use crate::federation::{self, Part};

/// Who works at a node, by role.
#[derive(Clone, Default)]
pub struct Staff {
    /// Everybody: role, person, place.
    pub people: Vec<(String, Subject)>,
    /// The grids.
    pub grids: Vec<Subject>,
    /// Residents' codes by case.
    pub codes: Vec<(Subject, String)>,
}

impl Staff {
    /// Somebody in a role.
    #[must_use]
    pub fn of(&self, role: &str) -> Option<Subject> {
        self.people.iter().find(|(held, _)| held == role).map(|(_, person)| *person)
    }
}

fn roles(part: Part) -> &'static [&'static str] {
    match part {
        Part::County => &["county_dispatcher", "county_head"],
        Part::Township => &["township_dispatcher", "township_head"],
        Part::Community => &[
            "community_dispatcher",
            "community_worker",
            "grid_worker",
            "grid_leader",
            "community_head",
            "mediator",
        ],
        Part::Unit => &["unit_officer"],
    }
}

impl Simulator {
    /// Parents and children know each other's certificates.
    pub(super) fn introduce(&mut self) {
        for node in self.nodes() {
            let setup = self.places[&node].member.setup.clone();
            let Some(parent) = setup.standing.parent() else { continue };
            let (up, down) =
                (self.places[&parent].member.chain(), self.places[&node].member.chain());
            for (at, chain) in [(node, up), (parent, down)] {
                let what = What::PutPeer { chain, addresses: Vec::new() };
                self.console(at, what).expect("a certified neighbour is accepted");
            }
        }
    }

    fn console(&mut self, node: NodeId, what: What) -> Result<Receipt, Refused> {
        self.command(node, Command { by: Agent::Console, once: None, what })
    }

    /// A node's ground and people.
    pub(super) fn hire(&mut self, node: NodeId) {
        let part = self.places[&node].member.part;
        if part == Part::Community {
            self.lay_out_grids(node);
        }
        let policy = self.places[&node].member.setup.configured.policy.clone();
        for role in roles(part).iter().filter(|role| policy.role(role).is_some()) {
            self.appointed(node, role);
        }
    }

    /// Somebody in a role at a node, appointed now where nobody was.
    ///
    /// # Panics
    /// When the node's policy has no such role.
    pub fn appointed(&mut self, node: NodeId, role: &str) -> Subject {
        if let Some(person) = self.places[&node].staff.of(role) {
            return person;
        }
        let name = format!("演示人员 {role}");
        let what = What::Register { person: None, name, phone: None };
        let person = self.console(node, what).expect("the console may register people");
        let person = person.subject.expect("a person has an id");
        let appointment =
            Appointment { role: role.into(), scope: None, from: self.now, until: None };
        self.console(node, What::Appoint { person, appointment }).expect("the console may appoint");
        let staff = &mut self.places.get_mut(&node).expect("it is there").staff;
        staff.people.push((role.into(), person));
        person
    }

    /// People without a role, to make a log longer.
    pub(super) fn register_extras(&mut self, node: NodeId, count: usize) {
        for number in 0..count {
            let name = format!("演示人员 {number}");
            self.console(node, What::Register { person: None, name, phone: None })
                .expect("the console may register people");
        }
    }

    fn lay_out_grids(&mut self, node: NodeId) {
        let area = self.places[&node].member.setup.standing.certificate().area.clone();
        let community = self.ground("community", area.as_str(), None);
        let mut places = vec![community.clone()];
        for number in 1..=3 {
            let code = format!("{}{number:03}", area.as_str());
            places.push(self.ground("grid", &code, Some(community.id)));
        }
        let grids = places[1..].iter().map(|place| place.id).collect();
        self.console(node, What::Establish(places)).expect("the ground is sound");
        self.places.get_mut(&node).expect("it is there").staff.grids = grids;
    }

    fn ground(&mut self, level: &str, code: &str, parent: Option<Subject>) -> Ground {
        Ground {
            id: Subject::random(&mut self.rng),
            level: level.into(),
            code: Some(code.parse().expect("a fixture's code is well formed")),
            name: format!("演示{level}{code}"),
            parent,
            households: Some(320),
            boundary: None,
            valid_from: self.now,
            valid_until: None,
        }
    }

    /// The county puts a new version of the policy in force and publishes it.
    pub(super) fn publish(&mut self, further: u32) {
        let county = self.of(Part::County)[0];
        let policy = &self.places[&county].member.setup.configured.text;
        let text = federation::later_than(policy, further);
        let reference = Version::read(&text).expect("it is sound").reference();
        let published = self.is_up(county)
            && self.console(county, What::PutPolicy { text, publish: true }).is_ok()
            && self.console(county, What::AdoptPolicy { reference }).is_ok();
        if !published {
            // Down, or without room on its disk: they try again later.
            self.at(Duration::from_secs(600), Event::Publish(further));
        }
    }

    /// Somebody reports something.
    pub(super) fn report(&mut self, node: NodeId) {
        if !self.is_up(node) {
            // They come back later.
            self.at(Duration::from_secs(300), Event::Report(node));
            return;
        }
        let staff = self.places[&node].staff.clone();
        let resident = self.rng.random_range(0..2) == 0;
        let phone = format!("139{:08}", self.rng.random_range(0..100_000_000));
        let place = staff.grids[self.rng.random_range(0..staff.grids.len())];
        let by = match staff.of("grid_worker").filter(|_| !resident) {
            Some(worker) => Agent::Staff(worker),
            None => Agent::Resident { code: None },
        };
        let photos = self.photographs(node, &by, Moment::Before);
        let report = Report {
            title: "小区门口路灯不亮".into(),
            description: format!("晚上看不清路，第 {} 次反映", self.sequence),
            channel: if resident { "resident" } else { "patrol" }.into(),
            category: Some("facility".into()),
            place: Some(place),
            address: Some("演示路 1 号".into()),
            point: None,
            happened: None,
            contact_name: Some("演示居民".into()),
            contact_phone: Some(phone.clone()),
            involved: None,
            photos,
        };
        let what = What::Act { case: None, act: Act::Report(Box::new(report)) };
        match self.command(node, Command { by, once: None, what }) {
            Ok(receipt) => {
                self.canaries.push((node, phone));
                let code = receipt.subject.zip(receipt.code);
                let staff = &mut self.places.get_mut(&node).expect("it is there").staff;
                staff.codes.extend(code);
            }
            Err(Refused::Storage(_)) => self.at(Duration::from_secs(900), Event::Report(node)),
            Err(other) => panic!("a sound report was refused: {other} (seed {})", self.seed),
        }
    }

    /// The act, perhaps with photos of what was done.
    fn illustrated(&mut self, node: NodeId, by: &Agent, mut act: Act) -> Act {
        if let Act::Handle { photos, .. }
        | Act::SettleOnSpot { photos, .. }
        | Act::Progress { photos, .. }
        | Act::UnitResult { photos, .. } = &mut act
        {
            *photos = self.photographs(node, by, Moment::After);
        }
        act
    }

    /// None to two photos that somebody just took: some bytes, for nobody looks at them.
    pub(super) fn photographs(&mut self, node: NodeId, by: &Agent, moment: Moment) -> Vec<Photo> {
        let mut photos = Vec::new();
        for _ in 0..self.rng.random_range(0..6_usize).saturating_sub(3) {
            let length = self.rng.random_range(1..=200);
            let bytes: Vec<u8> = (0..length).map(|_| self.rng.random()).collect();
            let hash = Hash::of(&bytes);
            let size = u32::try_from(bytes.len()).expect("it is short");
            let what = What::KeepPhoto { hash, size };
            if self.command(node, Command { by: by.clone(), once: None, what }).is_ok() {
                let store = &self.places[&node].store;
                store.photos().put(&bytes).expect("memory takes it");
                let media = Media::Jpeg;
                photos.push(Photo { hash, size, media, moment, caption: None });
            }
        }
        photos
    }

    /// Staff of a node look for something to do, and do one thing.
    pub(super) fn work(&mut self, node: NodeId) {
        let pause = Duration::from_secs(self.rng.random_range(60..900));
        self.at(pause, Event::Work(node));
        if self.quiet || !self.is_up(node) {
            return;
        }
        for _ in 0..3 {
            self.take_a_detour(node);
            let Some(case) = self.some_case(node) else { return };
            if let Some((by, act)) = self.choose(node, &case) {
                let act = self.illustrated(node, &by, act);
                let what = What::Act { case: Some(case.id), act };
                match self.command(node, Command { by, once: None, what }) {
                    Ok(_) | Err(Refused::Storage(_)) => {}
                    Err(other) => {
                        let stage = &case.stage;
                        panic!("staff were refused: {other} at {stage} (seed {})", self.seed)
                    }
                }
            }
        }
    }

    fn some_case(&mut self, node: NodeId) -> Option<Case> {
        let reader = self.places[&node].engine.as_ref()?.reader();
        let order = if self.rng.random_range(0..2) == 0 { Order::Open } else { Order::Offered };
        let found = view::cases(&reader, order, None, 30).expect("the index can be read");
        let count = found.len();
        let at = if count == 0 { return None } else { self.rng.random_range(0..count) };
        found.into_iter().nth(at).map(|(_, case)| case)
    }

    /// What staff do with a case; `None` when there is nothing for them to do.
    fn choose(&mut self, node: NodeId, case: &Case) -> Option<(Agent, Act)> {
        let place = &self.places[&node];
        let staff = place.staff.clone();
        let dispatcher = staff.people.first().map(|(_, person)| *person)?;
        let by = Agent::Staff(dispatcher);
        let luck = self.rng.random_range(0..100);
        match &case.custody {
            Custody::Offered { .. } => None,
            Custody::With { .. } if case.offer_to(node).is_some() => {
                let refuses = luck < 15;
                let reason = "材料不全，请补充".into();
                let act =
                    if refuses { Act::RefuseCustody { reason } } else { Act::AcceptCustody {} };
                Some((by, act))
            }
            Custody::With { .. } => {
                let call = case.call_of(node)?;
                if call.reported_in.is_none() {
                    Some((by, Act::ReportIn {}))
                } else if call.done.is_none() {
                    Some((by, Act::UnitResult { opinion: "已到场处置".into(), photos: vec![] }))
                } else {
                    None
                }
            }
            Custody::Here {} => self.choose_here(node, case, by, &staff, luck),
        }
    }

    fn choose_here(
        &mut self,
        node: NodeId,
        case: &Case,
        by: Agent,
        staff: &Staff,
        luck: u32,
    ) -> Option<(Agent, Act)> {
        let home = case.home == node;
        let grid_worker = staff.of("grid_worker").map(Agent::Staff);
        let in_grid = case.level == "grid";
        if let Some(next) = detours::on_the_way(case, &by) {
            return Some(next);
        }
        match case.phase {
            Phase::Intake => Some(match (luck, grid_worker) {
                (0..35, Some(worker)) if in_grid => {
                    (worker, Act::SettleOnSpot { opinion: "当场处理完毕".into(), photos: vec![] })
                }
                (35..70, Some(worker)) if in_grid => {
                    (worker, Act::HandUp { reason: "需社区协调".into() })
                }
                (70..73, _) => {
                    let instead = Some("请联系物业公司".into());
                    (by, Act::Refuse { reason: "不属受理范围".into(), instead })
                }
                _ => (by, Act::Accept {}),
            }),
            Phase::Accepted => Some(self.choose_accepted(node, case, by, staff, luck)),
            Phase::Assigned => {
                let assignee = case.assignee.map(Agent::Staff)?;
                if luck < 10 {
                    Some((assignee, Act::Return { reason: "派单有误".into() }))
                } else {
                    Some((assignee, Act::Take {}))
                }
            }
            Phase::Handling => choose_handling(case, by, luck),
            Phase::Verifying if !home => {
                Some((by, Act::SendHome { done: true, opinion: "已办结，请核查".into() }))
            }
            Phase::Verifying => self.verify(case, staff, luck),
            Phase::Closing => Some((by, Act::Close { special: false })),
            Phase::Suspended => Some((by, Act::Resume { reason: "条件已具备".into() })),
            Phase::Merged => Some((by, Act::Split { reason: "并非同一件事".into() })),
            Phase::Closed | Phase::Refused | Phase::Withdrawn => None,
        }
    }

    fn choose_accepted(
        &mut self,
        node: NodeId,
        case: &Case,
        by: Agent,
        staff: &Staff,
        luck: u32,
    ) -> (Agent, Act) {
        let setup = self.places[&node].member.setup.clone();
        let top = setup.standing.parent().is_none();
        // A dispute stays where it is until its mediation has ended (C4), and what was sent down goes
        // back instead of up.
        let stays = case.mediation.as_ref().is_some_and(|known| known.agreed.is_none());
        let sent_down = setup.standing.parent().is_some_and(|above| case.trail.contains(&above));
        let may_climb = !top && case.steps.len() < 40 && !stays && !sent_down;
        let child = self.child_without(node, case).filter(|_| case.steps.len() < 40);
        let units = self.units_of(node);
        match luck {
            0..10 => {
                let triage = Triage {
                    category: None,
                    grade: Some(governance::act::Grade::B),
                    importance: Some(2),
                    urgency: Some(3),
                    place: None,
                };
                (by, Act::Triage(triage))
            }
            10..30 if may_climb => (by, Act::Escalate { reason: "超出本级职权".into() }),
            30..55 if units.len() == 2 && case.units.is_empty() => {
                let request = "请到现场处置".into();
                (by, Act::Whistle(Whistle { lead: units[0], assist: vec![units[1]], request }))
            }
            55..58 if child.is_some() => {
                let to = child.expect("there is one");
                (by, Act::HandDown { to, request: "请到现场处置".into() })
            }
            55..60 if case.home != node => {
                (by, Act::SendHome { done: false, opinion: "不属本级事项，退回".into() })
            }
            60..80 => {
                let person = staff.of("community_worker").or_else(|| self.first(node));
                match person {
                    Some(assignee) => (by, Act::Dispatch { assignee }),
                    None => (by, Act::Handle { opinion: "已处置".into(), photos: vec![] }),
                }
            }
            _ => (by, Act::Handle { opinion: "已处置".into(), photos: vec![] }),
        }
    }

    /// A node below that has not had the case.
    fn child_without(&self, node: NodeId, case: &Case) -> Option<NodeId> {
        let mut below = self.places.iter().filter(|(_, place)| {
            place.member.part != Part::Unit && place.member.setup.standing.parent() == Some(node)
        });
        below.find(|(child, _)| !case.trail.contains(child)).map(|(child, _)| *child)
    }

    fn verify(&mut self, case: &Case, staff: &Staff, luck: u32) -> Option<(Agent, Act)> {
        let solved = luck >= 10 || case.steps.len() > 60;
        let act = Act::Verify { solved, satisfaction: Some(4), photos: vec![] };
        if let Some((_, code)) = staff.codes.iter().find(|(id, _)| *id == case.id) {
            return Some((Agent::Resident { code: Some(code.clone()) }, act));
        }
        let others = ["grid_leader", "community_dispatcher", "grid_worker"];
        let verifier = others
            .iter()
            .filter_map(|role| staff.of(role))
            .find(|person| !case.handlers.contains(person) && may_verify(case, staff, *person))?;
        Some((Agent::Staff(verifier), act))
    }

    fn first(&self, node: NodeId) -> Option<Subject> {
        self.places[&node].staff.people.first().map(|(_, person)| *person)
    }

    fn units_of(&self, node: NodeId) -> Vec<NodeId> {
        let is_unit = |(_, place): &(&NodeId, &super::Place)| {
            place.member.part == Part::Unit && place.member.setup.standing.parent() == Some(node)
        };
        self.places.iter().filter(is_unit).map(|(unit, _)| *unit).collect()
    }

    /// Nothing more to do anywhere.
    pub(super) fn is_finished(&self) -> bool {
        self.places.values().all(|place| {
            let Some(engine) = place.engine.as_ref() else { return false };
            let reader = engine.reader();
            [Order::Open, Order::Offered].into_iter().all(|order| {
                view::cases(&reader, order, None, 1).is_ok_and(|found| found.is_empty())
            })
        })
    }
}

fn choose_handling(case: &Case, by: Agent, luck: u32) -> Option<(Agent, Act)> {
    let called = |node: &NodeId| case.parties.get(node) == Some(&Party::Unit);
    if case.units.iter().any(|call| called(&call.node) && call.done.is_none()) {
        return None;
    }
    if luck < 20 {
        return Some((by, Act::Progress { note: "正在协调".into(), photos: vec![] }));
    }
    let handler = case.assignee.map_or(by, Agent::Staff);
    Some((handler, Act::Handle { opinion: "已处置完毕".into(), photos: vec![] }))
}

fn may_verify(case: &Case, staff: &Staff, person: Subject) -> bool {
    let leads = staff.of("grid_leader") == Some(person);
    let dispatches = staff.of("community_dispatcher") == Some(person);
    leads || dispatches || case.reporter == Some(person)
}
