//! What happens to a case besides its straight way: it is looked into, objected to, put off, pressed
//! for, merged, mediated. Chosen at random; what the rules don't allow there is no detour.

use std::time::Duration;

use engine::command::{Agent, Command, Refused, What};
use engine::project::Order;
use engine::view;
use governance::act::{Act, CallBack, Rate, Whistle};
use governance::case::{Case, Party};
use governance::change::Phase;
use rand::RngExt;
use record::{NodeId, Subject};

use super::super::Simulator;
use super::Staff;
use crate::federation::Part;

fn reason() -> String {
    "情况有变，按规定处理".into()
}

/// What a case that has left the straight way needs before it can go on.
pub(super) fn on_the_way(case: &Case, by: &Agent) -> Option<(Agent, Act)> {
    if case.objection.is_some() {
        return Some((by.clone(), Act::RuleObjection { upheld: true, reason: reason() }));
    }
    let mediation = case.mediation.as_ref().filter(|known| known.agreed.is_none())?;
    if case.stage != "mediating" {
        return None;
    }
    let act = if mediation.sessions == 0 {
        Act::Session { held: case.opened, note: "双方陈述".into(), photos: vec![] }
    } else {
        Act::Agreement { reached: true, text: "双方和解".into(), photos: vec![] }
    };
    Some((by.clone(), act))
}

impl Simulator {
    /// Now and then, something out of the ordinary with any case of a node.
    pub(super) fn take_a_detour(&mut self, node: NodeId) {
        if self.rng.random_range(0..6) > 0 {
            return;
        }
        let Some(case) = self.any_case(node) else { return };
        // A case with many records is to come to its end.
        if case.steps.len() > 60 {
            return;
        }
        let Some((by, act)) = self.detour(node, &case) else { return };
        let what = What::Act { case: Some(case.id), act };
        match self.command(node, Command { by, once: None, what }) {
            Ok(_) | Err(Refused::Rule(_) | Refused::Storage(_) | Refused::NoStanding) => {}
            Err(other) => panic!("a detour was refused: {other} (seed {})", self.seed),
        }
    }

    fn any_case(&mut self, node: NodeId) -> Option<Case> {
        let reader = self.places[&node].engine.as_ref()?.reader();
        let found = view::cases(&reader, Order::All, None, 30).expect("the index can be read");
        let count = found.len();
        let at = if count == 0 { return None } else { self.rng.random_range(0..count) };
        found.into_iter().nth(at).map(|(_, case)| case)
    }

    fn detour(&mut self, node: NodeId, case: &Case) -> Option<(Agent, Act)> {
        let staff = self.places[&node].staff.clone();
        let desk = Agent::Staff(staff.people.first()?.1);
        match self.rng.random_range(0..100) {
            0..8 => Some((desk, Act::Remind { note: "请尽快办理".into() })),
            8..12 => Some((desk, Act::Supervise { note: "限期办结".into() })),
            12..30 => {
                let node = other_side(node, case)?;
                Some((desk, Act::Score { node, points: 4, note: None }))
            }
            30..34 => {
                let code = staff.codes.iter().find(|(id, _)| *id == case.id)?.1.clone();
                let reporter = Agent::Resident { code: Some(code) };
                Some((reporter, Act::Withdraw { reason: reason() }))
            }
            34..44 => Some((desk, Act::Merge { into: self.any_case(node)?.id })),
            luck => self.detour_at(node, case, &staff, luck),
        }
    }

    /// A detour that belongs to the stage a case is in.
    fn detour_at(
        &self,
        node: NodeId,
        case: &Case,
        staff: &Staff,
        luck: u32,
    ) -> Option<(Agent, Act)> {
        let desk = Agent::Staff(staff.people.first()?.1);
        let head = head(staff).map_or(desk.clone(), Agent::Staff);
        let assignee = case.assignee.map_or(desk.clone(), Agent::Staff);
        let other = staff.people.last()?.1;
        Some(match case.phase {
            Phase::Intake => {
                (desk, Act::Check { found: true, note: "情况属实".into(), photos: vec![] })
            }
            Phase::Accepted | Phase::Handling => return self.put_off(node, case, staff, luck),
            Phase::Assigned => match luck % 3 {
                0 => (assignee, Act::Object { reason: reason() }),
                1 => (desk, Act::Transfer { assignee: other, reason: reason() }),
                _ => (assignee, Act::Redispatch { assignee: other }),
            },
            Phase::Verifying => (desk, Act::CallBack(satisfied())),
            Phase::Closing => (desk, Act::WriteOff { ledger: "民生实事账本第 3 项".into() }),
            Phase::Closed => (head, exclude()),
            Phase::Refused | Phase::Suspended | Phase::Merged | Phase::Withdrawn => return None,
        })
    }

    fn put_off(&self, node: NodeId, case: &Case, staff: &Staff, luck: u32) -> Option<(Agent, Act)> {
        let desk = Agent::Staff(staff.people.first()?.1);
        let head = head(staff).map_or(desk.clone(), Agent::Staff);
        let member = &self.places[&node].member;
        Some(match luck % 4 {
            0 => {
                let review = self.now.plus(Duration::from_secs(3_600));
                (head, Act::Suspend { review, reason: reason() })
            }
            1 => {
                let severity = member.setup.configured.policy.severities.first()?.key.clone();
                (desk, Act::Mediate { severity, mediators: vec![staff.people.last()?.1] })
            }
            // The county calls a street into a task force (C6).
            2 | 3 if member.part == Part::County => {
                let lead = *self.of(Part::Township).first()?;
                let request = "请派人参加专班".into();
                (desk, Act::Convene(Whistle { lead, assist: Vec::new(), request }))
            }
            _ if case.extension.is_some() => {
                (head, Act::DecideExtension { granted: true, reason: reason() })
            }
            _ => {
                let until = case.due?.plus(Duration::from_secs(86_400));
                (desk, Act::AskExtension { until, reason: reason() })
            }
        })
    }
}

fn head(staff: &Staff) -> Option<Subject> {
    staff.people.iter().find(|(role, _)| role.ends_with("_head")).map(|(_, person)| *person)
}

fn exclude() -> Act {
    Act::Exclude { rate: Rate::Solved, exclusion: "not_ours".into(), reason: reason() }
}

fn satisfied() -> CallBack {
    CallBack { reached: true, solved: Some(true), satisfied: Some(true), note: None }
}

/// Who whistled, for a unit; the first unit that did its part, for who whistled.
fn other_side(node: NodeId, case: &Case) -> Option<NodeId> {
    let caller = case.parties.iter().find(|(_, party)| **party == Party::Caller);
    let done = case.units.iter().find(|call| call.done.is_some() && call.node != node);
    caller.map(|(caller, _)| *caller).or(done.map(|call| call.node))
}
