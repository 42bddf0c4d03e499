//! One errand under way: who does what, at which node, exactly once.

use std::time::Duration;

use governance::act::ActKind;
use hyper::StatusCode;
use rand::RngExt;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::snapshot::Snapshot;
use super::{DayError, Scene};
use crate::client::{Ask, ClientError};
use crate::errands::{Channel, Errand};
use crate::ids;
use crate::ledger::{Done, Entry};
use crate::matters;
use crate::people::{VERIFIER, WORKERS, leader_of};
use crate::practice::Practice;

/// How long an act that waits for another node may be refused.
const PATIENCE: Duration = Duration::from_secs(180);
const FIRST_PAUSE: Duration = Duration::from_millis(60);
const LONGEST_PAUSE: Duration = Duration::from_millis(800);

/// What every canary telephone number begins with; no such numbers are given out.
pub const CANARY: &str = "139-0000-";
/// What the names of residents begin with.
pub const RESIDENT: &str = "演示居民";
/// What the names of people involved begin with.
pub const INVOLVED: &str = "演示涉事人";

/// Who acts.
pub(super) enum Who<'a> {
    /// A member of staff, by login.
    Staff(&'a str),
    /// The resident who reported, by the code on the receipt.
    Resident(&'a str),
}

/// One errand under way.
pub(super) struct Walk<'a> {
    pub(super) scene: &'a Scene,
    pub(super) errand: &'a Errand,
}

impl<'a> Walk<'a> {
    pub(super) fn new(scene: &'a Scene, errand: &'a Errand) -> Self {
        Self { scene, errand }
    }

    /// The login of the errand's grid worker.
    pub(super) fn grid_worker(&self) -> String {
        format!("grid{}", self.errand.grid + 1)
    }

    /// The way of working.
    pub(super) fn practice(&self) -> &'a Practice {
        &self.scene.federation.practice
    }

    /// The login of whoever closes what was settled on the spot.
    pub(super) fn closer(&self) -> String {
        if self.practice().may("grid_worker", ActKind::Close) {
            self.grid_worker()
        } else {
            leader_of(self.errand.grid)
        }
    }

    /// The login of a worker of the community, from the first that it is given to.
    pub(super) fn worker(&self, next: usize) -> String {
        format!("worker{}", (self.errand.worker + next) % WORKERS + 1)
    }

    /// The login of a person's id at a node.
    pub(super) fn person(&self, seat: usize, login: &str) -> String {
        let state = self.scene.federation.state();
        state.nodes[seat].people.get(login).cloned().unwrap_or_default()
    }

    /// Reports the matter, however the errand's channel does that.
    pub(super) async fn report(&self) -> Result<Done, DayError> {
        let step = "report";
        let done = match self.known(step) {
            Some(done) => done,
            None => {
                let serial = self.scene.day.before + self.errand.number;
                let snapshot = Snapshot::of(self.errand, serial);
                let ask = match self.reporter() {
                    None => self.report_of_resident(self.matter(), snapshot.as_ref()),
                    Some(login) => {
                        self.report_of_staff(self.matter(), snapshot.as_ref(), &login).await?
                    }
                };
                let (ask, seat) = (ask.once(&self.key(step)), self.errand.community);
                let answer = self.scene.federation.client(seat).json(ask).await;
                let answer = answer.map_err(|source| self.failed(step, "", source))?;
                let mut done = self.receipt(step, seat, "report", None, &answer, "")?;
                done.photo = snapshot.map(|snapshot| snapshot.hash);
                self.keep(done)?
            }
        };
        self.scene.story.reported();
        Ok(done)
    }

    /// The login under which it is reported; a resident has none.
    pub(super) fn reporter(&self) -> Option<String> {
        Some(match self.errand.channel {
            Channel::Patrol => self.grid_worker(),
            Channel::BuildingHead => format!("head{}", self.errand.grid + 1),
            Channel::Resident => return None,
            // Whoever takes it down is never the one it is given to.
            Channel::Counter | Channel::Meeting => self.worker(WORKERS - 1),
            Channel::Hotline => "dispatcher".to_owned(),
        })
    }

    /// Who verifies: whoever reported, unless they dealt with it (C7).
    pub(super) fn verifier(&self, on_the_spot: bool) -> Option<String> {
        match self.errand.channel {
            Channel::Patrol if on_the_spot => Some(match self.practice().verifier() {
                Some(_) => VERIFIER.to_owned(),
                None => leader_of(self.errand.grid),
            }),
            Channel::Patrol
            | Channel::BuildingHead
            | Channel::Resident
            | Channel::Counter
            | Channel::Hotline
            | Channel::Meeting => self.reporter(),
        }
    }

    fn matter(&self) -> Value {
        let Errand { number, community, grid, channel, .. } = *self.errand;
        let (scene, seed) = (self.scene, self.scene.day.seed);
        let mut chance = ids::chance(seed, &format!("matter {number}"));
        let (matter, grid) = (&scene.matters[number], &scene.grounds[community].grids[grid]);
        // The first building is the one whose head acts in the demo.
        let any = chance.random_range(0..grid.buildings.len());
        let at = if channel == Channel::BuildingHead { 0 } else { any };
        let (building, name) = &grid.buildings[at];
        let mut report = json!({
            "title": matter.title,
            "description": matter.description,
            "category": matters::category(matter),
            "channel": channel.key(self.practice()),
            "place": if channel == Channel::Patrol { &grid.id } else { building },
            "address": format!("{}{name}", grid.name),
        });
        let serial = scene.day.before + number;
        let mut put = |name: &str, value: Value| report[name] = value;
        if channel.has_contact() {
            put("contact_name", json!(format!("{RESIDENT}{serial:04}")));
            put("contact_phone", json!(format!("{CANARY}{serial:04}")));
        }
        if chance.random_range(0..10) == 0 {
            put("involved", json!(format!("{INVOLVED}{serial:04}，电话 {CANARY}{serial:04}")));
        }
        if chance.random_range(0..3) == 0 {
            put("point", json!(grid.point(chance.random(), chance.random())));
        }
        if let Some(happened) = &matter.happened {
            put("happened", json!(happened));
        }
        report
    }

    /// Does something that can be done now.
    pub(super) async fn act(
        &self,
        case: &str,
        step: &str,
        seat: usize,
        who: Who<'_>,
        act: Value,
    ) -> Result<Done, DayError> {
        self.act_until(case, step, seat, who, act, Instant::now()).await
    }

    /// Does something as soon as another node's word has come that it waits for. Asking again is
    /// the surest way to find out: what was done already is answered with the same receipt.
    pub(super) async fn act_when_possible(
        &self,
        case: &str,
        step: &str,
        seat: usize,
        who: Who<'_>,
        act: Value,
    ) -> Result<Done, DayError> {
        self.act_until(case, step, seat, who, act, Instant::now() + PATIENCE).await
    }

    async fn act_until(
        &self,
        case: &str,
        step: &str,
        seat: usize,
        who: Who<'_>,
        act: Value,
        until: Instant,
    ) -> Result<Done, DayError> {
        if let Some(done) = self.known(step) {
            return Ok(done);
        }
        let kind = act["act"].as_str().unwrap_or_default().to_owned();
        let solved = act["solved"].as_bool();
        let ask = match who {
            Who::Staff(login) => {
                let ask = Ask::post(format!("/v1/cases/{case}/acts"), act);
                ask.by(&self.token(seat, login))
            }
            Who::Resident(code) => Ask::post(format!("/v1/reports/{code}/acts"), act),
        };
        let ask = ask.once(&self.key(step));
        let mut pause = FIRST_PAUSE;
        loop {
            match self.scene.federation.client(seat).json(ask.clone()).await {
                Ok(answer) => {
                    return self.keep(self.receipt(step, seat, &kind, solved, &answer, case)?);
                }
                Err(source) if is_not_yet(&source) && Instant::now() < until => {
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                Err(source) => return Err(self.failed(step, case, source)),
            }
        }
    }

    /// Waits until a case at a node is as it should be.
    pub(super) async fn until(
        &self,
        case: &str,
        seat: usize,
        login: &str,
        what: &str,
        fits: impl Fn(&Value) -> bool,
    ) -> Result<(), DayError> {
        let ask = Ask::get(format!("/v1/cases/{case}")).by(&self.token(seat, login));
        let (until, mut pause) = (Instant::now() + PATIENCE, FIRST_PAUSE);
        loop {
            let last = match self.scene.federation.client(seat).json(ask.clone()).await {
                Ok(found) if fits(&found) => return Ok(()),
                Ok(_) => ClientError::Answer {
                    path: format!("/v1/cases/{case}"),
                    what: format!("not yet so after {} s: {what}", PATIENCE.as_secs()),
                },
                Err(source) if is_not_yet(&source) => source,
                Err(source) => return Err(self.failed(what, case, source)),
            };
            if Instant::now() > until {
                return Err(self.failed(what, case, last));
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Whether a step was acknowledged in an earlier run.
    pub(super) fn known(&self, step: &str) -> Option<Done> {
        self.scene.ledger.step(self.scene.day.number, self.errand.number, step)
    }

    fn key(&self, step: &str) -> String {
        let (day, errand) = (self.scene.day.number, self.errand.number);
        self.scene.ids.key(&format!("day {day} errand {errand} {step}"))
    }

    pub(super) fn token(&self, seat: usize, login: &str) -> String {
        let state = self.scene.federation.state();
        state.nodes[seat].tokens.get(login).cloned().unwrap_or_default()
    }

    fn receipt(
        &self,
        step: &str,
        seat: usize,
        act: &str,
        solved: Option<bool>,
        answer: &Value,
        case: &str,
    ) -> Result<Done, DayError> {
        let text = |name: &str| answer.get(name).and_then(Value::as_str).map(str::to_owned);
        let missing = |name: &str| {
            let what = format!("the receipt has no {name}");
            let path = format!("{step} of errand {}", self.errand.number);
            self.failed(step, case, ClientError::Answer { path, what })
        };
        Ok(Done {
            day: self.scene.day.number,
            errand: self.errand.number,
            step: step.to_owned(),
            seat,
            act: act.to_owned(),
            solved,
            record: text("record").ok_or_else(|| missing("record"))?,
            // A report's receipt calls it id, an act's subject.
            case: text("id").or_else(|| text("subject")).ok_or_else(|| missing("case"))?,
            number: text("number"),
            code: text("code"),
            photo: None,
        })
    }

    fn keep(&self, done: Done) -> Result<Done, DayError> {
        self.scene.ledger.add(Entry::Done(done.clone()))?;
        self.scene.story.did(done.seat == self.scene.federation.plan.cut_off());
        Ok(done)
    }

    pub(super) fn failed(&self, step: &str, case: &str, source: ClientError) -> DayError {
        let (step, case) = (step.to_owned(), case.to_owned());
        DayError::Act { errand: self.errand.number, case, step, source: Box::new(source) }
    }
}

/// Whether a refusal says that the time for an act has not come: the case is not there yet, or
/// not in the state that the act needs.
fn is_not_yet(error: &ClientError) -> bool {
    match error {
        ClientError::Refused { status, .. } => {
            matches!(*status, StatusCode::NOT_FOUND | StatusCode::CONFLICT)
        }
        ClientError::Unreachable { .. } | ClientError::Answer { .. } => false,
    }
}
