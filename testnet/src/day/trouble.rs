//! What befalls the federation in mid-day: one community is cut off, and while it is, one street
//! is killed without warning and started again.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::story::{Mark, Stage};
use super::{DayError, Scene};
use crate::client::Ask;
use crate::enrol;
use crate::ledger::{Asked, Befallen, Entry};

/// Share of the reports that are in before the line is cut.
const BEFORE_CUT: (usize, usize) = (1, 5);
/// How long the killed street stays down at least, with its people and neighbours at work.
const DOWN: Duration = Duration::from_millis(1_500);
/// How long the cut lasts at least.
const CUT: Duration = Duration::from_secs(3);
const LOOK: Duration = Duration::from_millis(50);

/// Lets it all happen, in turn.
pub(super) async fn befall(scene: Arc<Scene>) -> Result<(), DayError> {
    let story = &scene.story;
    if story.is_cut() == Stage::Before {
        story.marked(Mark::AwayAtCut).await;
        scene.some_are_reported().await;
        scene.cut()?;
        let began = tokio::time::Instant::now();
        story.marked(Mark::OfferedInCut).await;
        scene.ask_while_cut().await?;
        scene.kill_and_restart().await?;
        tokio::time::sleep_until(began + CUT).await;
        scene.look_at_the_lonely().await?;
        scene.heal()
    } else {
        scene.kill_and_restart().await
    }
}

impl Scene {
    async fn some_are_reported(&self) {
        let enough = self.day.reports * BEFORE_CUT.0 / BEFORE_CUT.1;
        while self.story.counts().0 < enough {
            tokio::time::sleep(LOOK).await;
        }
    }

    fn cut(&self) -> Result<(), DayError> {
        let federation = &self.federation;
        federation.forwarder().cut();
        self.story.cut(Stage::During);
        self.befell(Befallen::Cut)?;
        let cut_off = federation.plan.all_cut_off();
        let names: Vec<&str> = cut_off.into_iter().map(|seat| federation.name(seat)).collect();
        self.voice.progress(
            &format!("✂ 掐断线路：{} 与上级失去联系，照常办公", names.join("、")),
            "the line is cut: what is behind it works on alone",
        );
        Ok(())
    }

    fn heal(&self) -> Result<(), DayError> {
        self.federation.forwarder().heal();
        self.story.cut(Stage::After);
        self.befell(Befallen::Healed)?;
        let acts = self.story.in_cut();
        self.voice.progress(
            &format!("✚ 线路恢复；断线期间该社区确认办理 {acts} 步"),
            &format!("the line is mended; {acts} acts were done behind it meanwhile"),
        );
        Ok(())
    }

    /// The county asks while a community is out of reach: the answer has to say who is missing.
    async fn ask_while_cut(&self) -> Result<(), DayError> {
        let county = self.federation.plan.county();
        let token = self.federation.state().nodes[county].tokens.get("dispatcher").cloned();
        let body = json!({
            "metric": "received",
            "grouping": "child",
            "from": "2020-01-01T00:00:00Z",
            "until": "2099-01-01T00:00:00Z",
            "budget_ms": 3_000,
        });
        let ask = Ask::post("/v1/queries", body).by(&token.unwrap_or_default());
        let answer = self.federation.client(county).json(ask).await;
        let name = self.federation.name(county).to_owned();
        let answer = answer.map_err(|source| DayError::Asked { name, source })?;
        let missing = missing(&answer);
        let partial = answer["partial"].as_bool().unwrap_or(false);
        let whole = if partial { "不完整" } else { "完整" };
        self.voice.progress(
            &format!("县级查询：{whole}，缺 {}", missing.join("、")),
            "the county's answer says who is missing",
        );
        let so_far = answer["so_far"]["count"].as_u64().unwrap_or(0);
        let total = !answer["total"].is_null();
        let asked = Asked { day: self.day.number, partial, total, so_far, missing };
        Ok(self.ledger.add(Entry::Asked(asked))?)
    }

    /// A cut that is none would prove nothing.
    async fn look_at_the_lonely(&self) -> Result<(), DayError> {
        let seat = self.federation.plan.cut_off();
        let token = enrol::operator_token(&self.federation, seat)?;
        let ask = Ask::get("/v1/peers").by(&token);
        let name = self.federation.name(seat).to_owned();
        let answer = self.federation.client(seat).json(ask).await;
        let answer = answer.map_err(|source| DayError::Asked { name, source })?;
        let parent = answer["items"].as_array().into_iter().flatten();
        let parent = parent.into_iter().find(|peer| peer["relation"] == "parent");
        let connected = parent.is_none_or(|peer| peer["connected"] != false);
        let waiting = parent.and_then(|peer| peer["lag"].as_u64()).unwrap_or(0);
        Ok(self.ledger.add(Entry::Alone { day: self.day.number, connected, waiting })?)
    }

    async fn kill_and_restart(&self) -> Result<(), DayError> {
        if self.story.is_killed() == Stage::After {
            return Ok(());
        }
        self.story.marked(Mark::OfferedAtKill).await;
        self.story.marked(Mark::CalledAtKill).await;
        let seat = self.federation.plan.killed();
        let name = self.federation.name(seat);
        self.federation.kill(seat).await?;
        self.story.kill(Stage::During);
        self.befell(Befallen::Killed)?;
        self.voice.progress(&format!("✖ kill -9 {name}"), "a street is killed in mid-escalation");
        self.story.marked(Mark::UnitsDone).await;
        tokio::time::sleep(DOWN).await;
        enrol::start(&self.federation, seat).await?;
        self.story.kill(Stage::After);
        self.befell(Befallen::Restarted)?;
        let repeated = self.federation.client(seat).repeated();
        self.voice.progress(
            &format!("✚ {name} 重新启动；其间 {repeated} 次请求未得到答复，按原幂等键重发"),
            "it runs again; what had no answer was asked again under the same keys",
        );
        Ok(())
    }

    fn befell(&self, what: Befallen) -> Result<(), DayError> {
        Ok(self.ledger.add(Entry::Befell { day: self.day.number, what })?)
    }
}

/// Names of the nodes that an answer says are missing.
fn missing(answer: &Value) -> Vec<String> {
    let lists = ["stale", "pending", "refused", "omitted", "invalid"];
    let lines = lists.iter().filter_map(|list| answer["completeness"][list].as_array()).flatten();
    lines.map(|line| line["name"].as_str().unwrap_or("?").to_owned()).collect()
}
