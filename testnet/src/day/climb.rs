//! Errands that leave their community: the street takes them, whistles for its units (C5) where
//! it has some, and sends them home; one goes on to the county.

use serde_json::{Value, json};

use super::DayError;
use super::home::{self, DISPATCHER};
use super::story::{Mark, Stage};
use super::walk::{Walk, Who};
use crate::errands::{StreetRole, Wait, Way};
use crate::ledger::Done;

const OFFICER: &str = "officer";

/// Walks an errand up and home again.
pub(super) async fn go(walk: &Walk<'_>) -> Result<(), DayError> {
    let report = walk.report().await?;
    home::to_the_community(walk, &report).await?;
    let climb = Climb::new(walk, &report);
    match walk.errand.way {
        Way::County => climb.to_the_county().await?,
        Way::Street(role) => climb.to_the_street(role).await?,
        // Those stay; see `home`.
        Way::OnTheSpot | Way::Community | Way::Refused | Way::Open(_) | Way::Waiting(_) => {}
    }
    home::verify(walk, &report, "verify", false, true).await?;
    home::close(walk, &report, "close", DISPATCHER).await
}

fn street_of(walk: &Walk<'_>) -> usize {
    let plan = &walk.scene.federation.plan;
    plan.seats()[walk.errand.community].parent.unwrap_or(plan.county())
}

/// A case on its way up.
pub(super) struct Climb<'a> {
    walk: &'a Walk<'a>,
    report: &'a Done,
    street: usize,
}

impl<'a> Climb<'a> {
    /// Of a case that the community has sorted.
    pub(super) fn new(walk: &'a Walk<'a>, report: &'a Done) -> Self {
        Self { walk, report, street: street_of(walk) }
    }
}

impl Climb<'_> {
    /// Goes up as far as the case is to wait.
    pub(super) async fn wait(&self, wait: Wait) -> Result<(), DayError> {
        self.escalate("escalate", self.report.seat, "超出社区职权，需街镇协调").await?;
        if wait == Wait::Offered {
            return Ok(());
        }
        self.accept_custody("accept-custody", self.street).await?;
        match wait {
            Wait::Called => self.call().await,
            Wait::OfferedToCounty | Wait::AtCounty => {
                let county = self.walk.scene.federation.plan.county();
                self.escalate("escalate-on", self.street, "超出街镇权限，提请县级处置").await?;
                if wait == Wait::AtCounty {
                    self.accept_custody("accept-custody-county", county).await?;
                }
                Ok(())
            }
            Wait::Offered
            | Wait::AtStreet
            | Wait::Reported
            | Wait::Accepted
            | Wait::HandedUp
            | Wait::Dispatched
            | Wait::Objected
            | Wait::Suspended
            | Wait::Unverified
            | Wait::Verified
            | Wait::Mediating => Ok(()),
        }
    }

    /// Whistles for the units, of whom only the lead has reported in yet.
    async fn call(&self) -> Result<(), DayError> {
        let units = self.walk.scene.federation.plan.units_of(self.street);
        self.blow(&units).await?;
        for unit in &units {
            self.until_called(*unit).await?;
        }
        let report_in = json!({ "act": "report_in" });
        let lead = units[0];
        self.when_possible(&format!("report-in-{lead}"), lead, OFFICER, report_in).await
    }

    async fn to_the_street(&self, role: StreetRole) -> Result<(), DayError> {
        let story = &self.walk.scene.story;
        if role == StreetRole::OfferedInCut {
            story.until_cut(Stage::During).await;
        }
        self.escalate("escalate", self.report.seat, "超出社区职权，需街镇协调").await?;
        match role {
            StreetRole::OfferedInCut => story.mark(Mark::OfferedInCut),
            StreetRole::OfferedAtKill => {
                story.mark(Mark::OfferedAtKill);
                story.until_killed(Stage::After).await;
            }
            StreetRole::RefusedOnce => self.refuse_once().await?,
            StreetRole::Plain | StreetRole::CalledAtKill | StreetRole::AwayAtCut => {}
        }
        self.accept_custody("accept-custody", self.street).await?;
        let units = self.walk.scene.federation.plan.units_of(self.street);
        if !units.is_empty() {
            self.whistle(&units, role).await?;
        }
        self.handle(self.street).await?;
        if role == StreetRole::AwayAtCut {
            story.mark(Mark::AwayAtCut);
            story.until_cut(Stage::During).await;
        }
        self.send_home(self.street).await
    }

    async fn to_the_county(&self) -> Result<(), DayError> {
        let county = self.walk.scene.federation.plan.county();
        self.escalate("escalate", self.report.seat, "涉及多部门，需上级协调").await?;
        self.accept_custody("accept-custody", self.street).await?;
        self.escalate("escalate-on", self.street, "超出街镇权限，提请县级处置").await?;
        self.accept_custody("accept-custody-county", county).await?;
        self.handle(county).await?;
        self.send_home(county).await
    }

    async fn refuse_once(&self) -> Result<(), DayError> {
        let act = json!({ "act": "refuse_custody", "reason": "材料不全，请补充现场情况" });
        self.when_possible("refuse-custody", self.street, DISPATCHER, act).await?;
        let reason = "已补充现场照片和住户意见，再次上报";
        let act = json!({ "act": "escalate", "reason": reason });
        // Once the refusal has come home.
        self.when_possible("escalate-again", self.report.seat, DISPATCHER, act).await
    }

    async fn whistle(&self, units: &[usize], role: StreetRole) -> Result<(), DayError> {
        let story = &self.walk.scene.story;
        self.blow(units).await?;
        if role == StreetRole::CalledAtKill {
            for unit in units {
                self.until_called(*unit).await?;
            }
            story.mark(Mark::CalledAtKill);
            story.until_killed(Stage::During).await;
        }
        for unit in units {
            self.answer_whistle(*unit).await?;
        }
        if role == StreetRole::CalledAtKill {
            story.mark(Mark::UnitsDone);
        }
        Ok(())
    }

    async fn blow(&self, units: &[usize]) -> Result<(), DayError> {
        let nodes = &self.walk.scene.nodes;
        let assist: Vec<&String> = units[1..].iter().map(|unit| &nodes[*unit]).collect();
        let act = json!({
            "act": "whistle",
            "lead": nodes[units[0]],
            "assist": assist,
            "request": "请派员到现场联合处置，四个工作小时内报到",
        });
        self.act("whistle", self.street, DISPATCHER, act).await
    }

    async fn until_called(&self, unit: usize) -> Result<(), DayError> {
        let case = &self.report.case;
        let called = |case: &Value| case["units"].as_array().is_some_and(|units| !units.is_empty());
        self.walk.until(case, unit, OFFICER, "the unit is called", called).await
    }

    async fn answer_whistle(&self, unit: usize) -> Result<(), DayError> {
        let report_in = json!({ "act": "report_in" });
        self.when_possible(&format!("report-in-{unit}"), unit, OFFICER, report_in).await?;
        let name = self.walk.scene.federation.name(unit);
        let act = json!({ "act": "unit_result", "opinion": format!("{name}已到场处置完毕") });
        self.when_possible(&format!("unit-result-{unit}"), unit, OFFICER, act).await
    }

    /// Once every unit that was called has said what it did.
    async fn handle(&self, seat: usize) -> Result<(), DayError> {
        let step = "handle";
        if self.walk.known(step).is_none() {
            let done = |case: &Value| {
                let units = case["units"].as_array();
                units.is_none_or(|units| units.iter().all(|unit| !unit["done"].is_null()))
            };
            let what = "the units' results are there";
            self.walk.until(&self.report.case, seat, DISPATCHER, what, done).await?;
        }
        let act = json!({ "act": "handle", "opinion": "已协调处置完毕，请社区回访核查" });
        self.act(step, seat, DISPATCHER, act).await
    }

    async fn escalate(&self, step: &str, seat: usize, reason: &str) -> Result<(), DayError> {
        let act = json!({ "act": "escalate", "reason": reason });
        self.act(step, seat, DISPATCHER, act).await
    }

    async fn accept_custody(&self, step: &str, seat: usize) -> Result<(), DayError> {
        self.when_possible(step, seat, DISPATCHER, json!({ "act": "accept_custody" })).await
    }

    async fn send_home(&self, seat: usize) -> Result<(), DayError> {
        let act = json!({ "act": "send_home", "done": true, "opinion": "已办结，请核查" });
        self.act("send-home", seat, DISPATCHER, act).await
    }

    async fn act(&self, step: &str, seat: usize, by: &str, act: Value) -> Result<(), DayError> {
        self.walk.act(&self.report.case, step, seat, Who::Staff(by), act).await.map(|_| ())
    }

    async fn when_possible(
        &self,
        step: &str,
        seat: usize,
        by: &str,
        act: Value,
    ) -> Result<(), DayError> {
        let who = Who::Staff(by);
        self.walk.act_when_possible(&self.report.case, step, seat, who, act).await.map(|_| ())
    }
}
