//! Random lives of a case: whatever somebody tries, what is permitted applies, and what applies was
//! permitted.

mod disputes;
mod levels;
mod merger;
mod rights;

use std::collections::BTreeSet;

use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use record::{Disclosure, Fields, Header, NodeId, RecordId, Subject, Timestamp};

use super::*;
use crate::act::{CallBack, Erasing, Grade, Rate, Whistle};
use crate::calendar::Calendar;
use crate::case::{Case, CaseId, Event, Step, apply};
use crate::change::{Change, Outcome, Phase};
use crate::policy::Policy;
use crate::roster::{Appointment, Person, Roster};
use crate::territory::{Place, Territory};

const POLICIES: [&str; 6] = [
    include_str!("../../../../config/policies/she-county.toml"),
    include_str!("../../../../config/policies/mingguang-road.toml"),
    include_str!("../../../../config/policies/weinan.toml"),
    include_str!("../../../../config/policies/xiapu.toml"),
    include_str!("../../../../config/policies/shanyang.toml"),
    include_str!("../../../../config/policies/beijing-jiesujiban.toml"),
];
const CALENDAR: &str = include_str!("../../../../config/calendars/2026.json");
pub(crate) const START: i64 = 1_772_409_600_000;

/// A community with two grids, somebody in every role in each, and one person without any.
pub(crate) struct Town {
    pub(crate) policy: Policy,
    calendar: Calendar,
    territory: Territory,
    roster: Roster,
    units: BTreeSet<NodeId>,
    children: BTreeSet<NodeId>,
    area: AreaCode,
    grids: [Subject; 2],
    people: Vec<Subject>,
}

fn id(number: u8) -> Subject {
    Subject::from_bytes([number; 16])
}

fn node(number: u8) -> NodeId {
    NodeId::from_bytes([number; 32])
}

pub(crate) fn me() -> NodeId {
    node(1)
}

fn place(number: u8, level: &str, code: &str, parent: Option<Subject>) -> Place {
    Place {
        id: id(number),
        level: level.into(),
        code: Some(code.parse().unwrap()),
        name: format!("地点{number}"),
        parent,
        households: None,
        boundary: None,
        valid_from: Timestamp::from_millis(START - 1),
        valid_until: None,
    }
}

fn town() -> Town {
    town_of(0)
}

/// A community that works by one of the six policies.
pub(crate) fn town_of(policy: usize) -> Town {
    let policy = Policy::from_toml(POLICIES[policy]).unwrap();
    let places = [
        place(1, "community", "341021100003", None),
        place(2, "grid", "341021100003001", Some(id(1))),
        place(3, "grid", "341021100003002", Some(id(1))),
    ];
    let mut roster = Roster::default();
    let mut people = vec![id(200)];
    let mut number = 100;
    for role in &policy.roles {
        for scope in [Some(id(2)), Some(id(3)), None] {
            number += 1;
            let from = Timestamp::from_millis(START - 1);
            let appointment = Appointment { role: role.key.clone(), scope, from, until: None };
            roster.insert(id(number), Person { appointments: vec![appointment] });
            people.push(id(number));
        }
    }
    roster.insert(id(200), Person::default());
    Town {
        policy,
        calendar: Calendar::from_year_json(CALENDAR).unwrap(),
        territory: Territory::from_places(places).unwrap(),
        roster,
        units: [node(50), node(51)].into(),
        children: [node(60)].into(),
        area: "341021100003".parse().unwrap(),
        grids: [id(2), id(3)],
        people,
    }
}

impl Town {
    fn scene(&self, now: Timestamp) -> Scene<'_> {
        self.scene_with(None, now)
    }

    fn scene_with<'a>(&'a self, other: Option<&'a Case>, now: Timestamp) -> Scene<'a> {
        Scene {
            policy: &self.policy,
            territory: &self.territory,
            roster: &self.roster,
            calendar: &self.calendar,
            me: me(),
            level: "community",
            area: &self.area,
            parent: Some(node(9)),
            units: &self.units,
            children: &self.children,
            other,
            now,
        }
    }

    fn act(&self, rng: &mut StdRng, now: Timestamp) -> Act {
        let text = || String::from("说明");
        let ahead = |minutes: i64| Timestamp::from_millis(now.millis() + minutes * 60_000);
        match rng.random_range(0..45) {
            0 => Act::Accept {},
            1 => Act::Refuse { reason: text(), instead: Some(text()) },
            2 => Act::Triage(Triage {
                category: Some(self.policy.categories[0].key.clone()),
                grade: Some(Grade::B),
                importance: Some(1),
                urgency: None,
                place: None,
            }),
            3 => Act::SettleOnSpot { opinion: text(), photos: vec![] },
            4 => Act::HandUp { reason: text() },
            5 | 6 => {
                let assignee = self.people[rng.random_range(0..self.people.len())];
                Act::Dispatch { assignee }
            }
            7 => Act::Take {},
            8 => Act::Return { reason: text() },
            9 => Act::Progress { note: text(), photos: vec![] },
            10 | 11 => Act::Handle { opinion: text(), photos: vec![] },
            12 | 13 => Act::Verify { solved: rng.random(), satisfaction: Some(5), photos: vec![] },
            14 => Act::Close { special: rng.random() },
            15 => Act::Reopen { reason: text() },
            // Nobody answers here: an offer ends the life.
            16 if rng.random_range(0..30) == 0 => Act::Escalate { reason: text() },
            17 => Act::SendHome { done: true, opinion: text() },
            18 => Act::AcceptCustody {},
            19 => Act::Whistle(Whistle { lead: node(50), assist: vec![node(51)], request: text() }),
            20 => Act::Check { found: rng.random(), note: text(), photos: vec![] },
            21 => Act::Transfer { assignee: self.anyone(rng), reason: text() },
            22 => Act::Redispatch { assignee: self.anyone(rng) },
            23 => Act::Object { reason: text() },
            24 | 25 => Act::RuleObjection { upheld: rng.random(), reason: text() },
            26 => Act::AskExtension { until: ahead(100_000), reason: text() },
            27 => Act::DecideExtension { granted: rng.random(), reason: text() },
            28 => Act::Suspend { review: ahead(5_000), reason: text() },
            29 | 30 => Act::Resume { reason: text() },
            31 => Act::Remind { note: text() },
            32 => Act::Supervise { note: text() },
            33 => Act::CallBack(CallBack {
                reached: true,
                solved: Some(rng.random()),
                satisfied: Some(rng.random()),
                note: None,
            }),
            34 => Act::WriteOff { ledger: text() },
            35 => Act::Merge { into: id(88) },
            36 | 37 => Act::Split { reason: text() },
            38 => {
                let mut named = self.policy.rates.iter().flat_map(|rates| rates.exclusions.first());
                let exclusion = named.next().map_or_else(text, |ground| ground.key.clone());
                Act::Exclude { rate: Rate::Solved, exclusion, reason: text() }
            }
            39 => Act::Mediate {
                severity: self.policy.severities.first().map_or_else(text, |s| s.key.clone()),
                mediators: vec![self.anyone(rng)],
            },
            40 => Act::Session { held: now, note: text(), photos: vec![] },
            41 => Act::Agreement { reached: rng.random(), text: text(), photos: vec![] },
            // So does this.
            43 if rng.random_range(0..10) == 0 => Act::Erase { ground: Erasing::Request },
            42 if rng.random_range(0..30) == 0 => Act::HandDown { to: node(60), request: text() },
            _ => Act::UnitResult { opinion: text(), photos: vec![] },
        }
    }

    fn anyone(&self, rng: &mut StdRng) -> Subject {
        self.people[rng.random_range(0..self.people.len())]
    }

    fn report(&self, rng: &mut StdRng) -> Act {
        Act::Report(Box::new(Report {
            title: "路灯不亮".into(),
            description: "晚上看不清".into(),
            channel: self.policy.channels[0].key.clone(),
            category: None,
            place: Some(self.grids[rng.random_range(0..2)]),
            address: None,
            point: None,
            happened: None,
            contact_name: None,
            contact_phone: None,
            involved: None,
            photos: vec![],
        }))
    }
}

fn opened(values: &crate::act::FieldValues, rng: &mut StdRng) -> (Header, Fields) {
    let (mut commitments, mut disclosures) = (Vec::new(), Vec::new());
    for (field, value) in values {
        let (disclosure, commitment) = Disclosure::seal(*field, value.clone(), rng);
        commitments.push((*field, commitment));
        disclosures.push(disclosure);
    }
    let header = Header {
        author: me(),
        epoch: 0,
        seq: 0,
        prev: RecordId::ZERO,
        time: Timestamp::from_millis(START),
        subject: id(0),
        kind: record::Kind(1),
        causes: Vec::new(),
        actor: None,
        commitments,
    };
    let fields = record::open(&header, &disclosures).unwrap();
    (header, fields)
}

fn event(
    case: CaseId,
    number: u64,
    act: &Act,
    permit: &Permit,
    actor: &Actor,
    fields: &Fields,
    time: Timestamp,
) -> Event {
    let kind = act.kind();
    let mut record = [0; 32];
    record[..8].copy_from_slice(&(number + 1).to_be_bytes());
    let silent = kind.is_contribution() || kind == ActKind::RefuseCustody;
    Event {
        case,
        step: Step {
            record: RecordId::from_bytes(record),
            author: me(),
            epoch: 0,
            seq: number,
            time,
            act: kind,
            actor: Some(actor.id),
            role: permit.role.clone(),
        },
        sender: me(),
        change: Change::read(kind, fields).unwrap(),
        outcome: (!silent).then(|| Outcome::read(fields).unwrap()),
        words: Vec::new(),
    }
}

/// Another case in the same community.
fn other(town: &Town) -> Case {
    let mut rng = StdRng::seed_from_u64(5);
    let now = Timestamp::from_millis(START);
    let act = town.report(&mut rng);
    let actor = Actor { id: id(250), standing: Standing::Resident };
    let actor = town
        .people
        .iter()
        .filter_map(|person| town.roster.actor(*person, now))
        .find(|actor| authorize(&town.scene(now), None, &act, actor).is_ok())
        .unwrap_or(actor);
    let permit = authorize(&town.scene(now), None, &act, &actor).unwrap();
    let (_, fields) = opened(&decide(&town.scene(now), None, &act, &actor, 1), &mut rng);
    apply(None, &event(id(88), 9_999, &act, &permit, &actor, &fields, now), me()).unwrap()
}

/// Plays a random life; gives the case and its events.
pub(crate) fn life(town: &Town, seed: u64, steps: u64) -> (Case, Vec<Event>) {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut events: Vec<Event> = Vec::new();
    let mut case: Option<Case> = None;
    let other = other(town);
    // A report is permitted to most people, not to all: it is tried until it is.
    for number in 0..10_000 {
        if number >= steps && case.is_some() {
            break;
        }
        let now = Timestamp::from_millis(START + i64::try_from(number).unwrap() * 600_000);
        let scene = town.scene_with(Some(&other), now);
        let act = if case.is_none() { town.report(&mut rng) } else { town.act(&mut rng, now) };
        let given = case.as_ref().and_then(|case| case.assignee).filter(|_| rng.random());
        let person = given.unwrap_or_else(|| town.anyone(&mut rng));
        let actor = town.roster.actor(person, now).unwrap();
        let Ok(permit) = authorize(&scene, case.as_ref(), &act, &actor) else { continue };
        if let Some(case) = &case {
            let open = open_to(&scene, case, &actor);
            assert!(open.iter().any(|open| open.act == act.kind()), "permitted and not offered");
        }
        let values = decide(&scene, case.as_ref(), &act, &actor, number);
        if case.is_some() {
            let said = act.fields();
            for (id, value) in &values {
                let of_node =
                    !said.contains_key(id) && crate::hand::is_nodes_word(Some(act.kind()), *id);
                assert!(of_node || said.get(id) == Some(value), "{id} of {:?}", act.kind());
            }
        }
        let (_, fields) = opened(&values, &mut rng);
        let event = event(id(77), number, &act, &permit, &actor, &fields, now);
        let before = case.clone();
        let after = apply(case.as_ref(), &event, me()).expect("what is permitted applies");
        hold(town, before.as_ref(), &after, &act, &permit, person);
        events.push(event);
        case = Some(after);
    }
    (case.expect("a report is always permitted to somebody"), events)
}

#[test]
fn t1_a_report_that_gives_an_address_alone_goes_to_the_grid_that_the_address_names() {
    let town = town();
    let now = Timestamp::from_millis(START);
    let grid_of = |address: &str| {
        let Act::Report(mut report) = town.report(&mut StdRng::seed_from_u64(5)) else {
            unreachable!("it is a report")
        };
        (report.place, report.address) = (None, Some(address.into()));
        decide::grid_of(&town.scene(now), &report).map(|code| code.to_string())
    };
    assert_eq!(grid_of("地点2东门").as_deref(), Some("341021100003001"));
    assert_eq!(grid_of(" 地 点 3 东侧").as_deref(), Some("341021100003002"));
    assert_eq!(grid_of("地点2与地点3之间"), None, "two would do: a person decides");
    assert_eq!(grid_of("别处2号楼"), None);
}

/// What must hold after every permitted act.
fn hold(
    town: &Town,
    before: Option<&Case>,
    after: &Case,
    act: &Act,
    permit: &Permit,
    person: Subject,
) {
    let rule = town.policy.rule(act.kind()).expect("permitted acts are in the policy");
    let role = permit.role.as_deref().expect("a person acts in a role");
    let assignee = rule.roles.contains(ASSIGNEE) && before.and_then(|b| b.assignee) == Some(person);
    assert!(rule.roles.contains(role) || assignee, "{} as {role}", act.kind().key());
    assert!(town.policy.stage(&after.stage).is_some_and(|stage| stage.phase == after.phase));
    if let Some(before) = before {
        if act.kind().is_contribution() {
            assert_eq!((&before.stage, before.due), (&after.stage, after.due), "it moves nothing");
        } else {
            assert!(before.is_here(), "only the holder moves a case");
            assert!(rule.from.contains(&before.stage));
        }
        let resumed = matches!(act, Act::Resume { .. } | Act::Split { .. });
        assert!(!resumed || after.aside.is_none(), "nothing is left aside");
        if matches!(act, Act::Verify { .. }) {
            assert!(!before.handlers.contains(&person), "a handler verified its own work");
        }
    }
    let running = after.spans.iter().filter(|span| span.until.is_none()).count();
    assert_eq!(running, usize::from(!after.phase.is_end()), "one clock runs until the end");
    if !after.phase.is_end() && after.phase != Phase::Closing {
        assert!(after.due.is_some(), "no clock in stage {} at {}", after.stage, after.level);
    }
}

proptest! {
    #[test]
    fn whatever_is_permitted_applies_and_keeps_the_rules(seed: u64, policy in 0_usize..6) {
        let town = town_of(policy);
        let _ = life(&town, seed, 400);
    }

    #[test]
    fn replaying_the_events_gives_the_same_case(seed: u64, policy in 0_usize..6) {
        let town = town_of(policy);
        let (case, events) = life(&town, seed, 300);
        let mut replayed = None;
        for event in &events {
            replayed = Some(apply(replayed.as_ref(), event, me()).unwrap());
        }
        prop_assert_eq!(replayed, Some(case));
    }

    #[test]
    fn an_event_applies_once(seed: u64) {
        let town = town();
        let (case, events) = life(&town, seed, 100);
        for event in &events {
            prop_assert!(apply(Some(&case), event, me()).is_err());
        }
    }

    #[test]
    fn nobody_but_the_holder_moves_a_case(seed: u64, stranger in 2_u8..=255) {
        let town = town();
        let (case, events) = life(&town, seed, 60);
        for event in &events {
            let mut forged = event.clone();
            forged.step.author = node(stranger);
            forged.step.record = RecordId::from_bytes([9; 32]);
            prop_assert!(apply(Some(&case), &forged, me()).is_err());
        }
    }

    #[test]
    fn people_without_any_appointment_may_do_nothing(seed: u64) {
        let town = town();
        let (case, _) = life(&town, seed, 60);
        let mut rng = StdRng::seed_from_u64(seed);
        let scene = town.scene(Timestamp::from_millis(START + 86_400_000));
        let nobody = town.roster.actor(id(200), scene.now).unwrap();
        for _ in 0..60 {
            prop_assert!(authorize(&scene, Some(&case), &town.act(&mut rng, scene.now), &nobody).is_err());
        }
        prop_assert!(authorize(&scene, None, &town.report(&mut rng), &nobody).is_err());
        prop_assert!(open_to(&scene, &case, &nobody).is_empty());
    }
}

/// A case that was just reported in one of the grids.
fn reported(town: &Town) -> (Case, Subject) {
    let (_, events) = life(town, 1, 60);
    let case = apply(None, &events[0], me()).unwrap();
    let ground = case.place.expect("it was reported in a grid");
    (case, ground)
}

#[test]
fn a_grid_worker_acts_in_their_own_grid_and_not_in_the_next() {
    let town = town();
    let (case, ground) = reported(&town);
    let scene = town.scene(Timestamp::from_millis(START + 60_000));
    let worker = |grid: Subject| {
        let found = town.roster.iter().find(|(_, person)| {
            let held = &person.appointments;
            held.iter().any(|held| held.role == "grid_worker" && held.scope == Some(grid))
        });
        town.roster.actor(*found.unwrap().0, scene.now).unwrap()
    };
    let other = if ground == id(2) { id(3) } else { id(2) };
    let act = Act::Accept {};
    assert!(authorize(&scene, Some(&case), &act, &worker(ground)).is_ok());
    let refused = authorize(&scene, Some(&case), &act, &worker(other));
    assert_eq!(refused, Err(Refusal::Scope { act: ActKind::Accept }));
}

#[test]
fn a_case_that_is_full_takes_no_further_act() {
    let town = town();
    let (mut case, _) = reported(&town);
    let step = case.steps[0].clone();
    case.steps = vec![step; MAX_STEPS];
    let scene = town.scene(Timestamp::from_millis(START + 60_000));
    let actor = town.roster.actor(town.people[1], scene.now).unwrap();
    let refused = authorize(&scene, Some(&case), &Act::Accept {}, &actor);
    assert_eq!(refused, Err(Refusal::TooLong));
}

/// What is not tried proves nothing: every act of every policy happens in some life, but for those
/// that need another node or the reporter's own code.
#[test]
fn random_lives_come_to_every_act_of_every_policy() {
    let elsewhere = [
        ActKind::AcceptCustody,
        ActKind::RefuseCustody,
        ActKind::SendHome,
        ActKind::ReportIn,
        ActKind::UnitResult,
        ActKind::Score,
        ActKind::Convene,
        ActKind::Withdraw,
        ActKind::Whistle,
        ActKind::Escalate,
        ActKind::HandDown,
    ];
    for policy in 0..POLICIES.len() {
        let town = town_of(policy);
        let wanted = town.policy.acts.iter().map(|rule| rule.act);
        let mut wanted: BTreeSet<ActKind> = wanted.filter(|act| !elsewhere.contains(act)).collect();
        for seed in 0..5_000 {
            for event in life(&town, seed, 400).1 {
                wanted.remove(&event.act());
            }
            if wanted.is_empty() {
                break;
            }
        }
        assert!(wanted.is_empty(), "{}: nobody came to {wanted:?}", town.policy.key);
    }
}
