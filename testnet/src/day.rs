//! Playing a day: every errand is walked from report to close over HTTP, while one line is cut
//! and one node killed.

mod beside;
mod climb;
mod home;
mod snapshot;
mod story;
mod trouble;
mod waiting;
mod walk;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::client::{Ask, ClientError};
use crate::enrol::EnrolError;
use crate::errands::{self, Errand, Since};
use crate::federation::{Federation, FederationError};
use crate::ground::Ground;
use crate::ids::Nonce;
use crate::ledger::{Day, Entry, Ledger, LedgerError};
use crate::matters::Matter;
use crate::voice::Voice;

use story::Story;
pub use walk::{CANARY, INVOLVED, RESIDENT};

use walk::Walk;

/// Errands under way at once, beside those that leave their community.
const AT_ONCE: usize = 64;
/// How often progress is told.
const TELL: Duration = Duration::from_secs(3);

/// Why a day could not be played.
#[derive(Debug, thiserror::Error)]
pub enum DayError {
    /// An act was refused or had no answer.
    #[error("errand {errand} ({case}), step {step}")]
    Act {
        /// The errand's number.
        errand: usize,
        /// The case, as far as it is known.
        case: String,
        /// The step.
        step: String,
        /// Why.
        #[source]
        source: Box<ClientError>,
    },
    /// Another request failed.
    #[error("{name} could not be asked")]
    Asked {
        /// The node.
        name: String,
        /// Why.
        #[source]
        source: ClientError,
    },
    /// A node's process.
    #[error(transparent)]
    Federation(#[from] FederationError),
    /// A node could not be started.
    #[error(transparent)]
    Start(#[from] EnrolError),
    /// The ledger can't be written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A part of the demo ended by itself.
    #[error("a part of the demo ended by itself")]
    Broken(#[from] tokio::task::JoinError),
}

/// Everything that the errands of a day share.
pub struct Scene {
    federation: Arc<Federation>,
    ledger: Arc<Ledger>,
    grounds: Vec<Ground>,
    day: Day,
    matters: Vec<Matter>,
    ids: Nonce,
    /// Node ids, by seat.
    nodes: Vec<String>,
    story: Story,
    voice: Voice,
}

impl Scene {
    /// The scene of a day.
    ///
    /// # Errors
    /// [`DayError::Asked`], when a node does not say who it is.
    pub async fn new(
        federation: Arc<Federation>,
        ledger: Arc<Ledger>,
        grounds: Vec<Ground>,
        day: Day,
        mut matters: Vec<Matter>,
        voice: Voice,
    ) -> Result<Self, DayError> {
        let waiting = errands::waiting(&federation.plan, &federation.practice, day.reports);
        matters.extend(waiting.into_iter().map(|(_, matter, _)| matter));
        let ids = federation.state().ids();
        let nodes = node_ids(&federation).await?;
        let story = Story::new(&ledger, day.number);
        Ok(Self { federation, ledger, grounds, day, matters, ids, nodes, story, voice })
    }

    /// Walks every case to where it waits that has waited so long.
    ///
    /// # Errors
    /// The first [`DayError`]; what was acknowledged until then is in the ledger.
    pub async fn leave(self: &Arc<Self>, since: Since) -> Result<(), DayError> {
        let plan = crate::plan::Plan::of(self.day.nodes).map_err(FederationError::from)?;
        let all = errands::waiting(&plan, &self.federation.practice, self.day.reports);
        let mut tasks: JoinSet<Result<(), DayError>> = JoinSet::new();
        for (errand, ..) in all.into_iter().filter(|(_, _, known)| *known == since) {
            let scene = self.clone();
            tasks.spawn(async move { waiting::go(&Walk::new(&scene, &errand)).await });
        }
        finish(&mut tasks).await
    }

    /// Plays the day to its end.
    ///
    /// # Errors
    /// The first [`DayError`]; what was acknowledged until then is in the ledger.
    pub async fn play(self: &Arc<Self>) -> Result<(), DayError> {
        let scene = self.clone();
        let day = &scene.day;
        let plan = crate::plan::Plan::of(day.nodes).map_err(FederationError::from)?;
        let errands = errands::errands(&plan, &scene.federation.practice, day.reports, day.seed);
        let mut tasks: JoinSet<Result<(), DayError>> = JoinSet::new();
        let turns = Arc::new(Semaphore::new(AT_ONCE));
        tasks.spawn(trouble::befall(scene.clone()));
        for errand in errands {
            tasks.spawn(scene.clone().walk(errand, turns.clone()));
        }
        // Ends with this function, however that ends.
        let mut telling = JoinSet::new();
        telling.spawn(scene.clone().tell());
        finish(&mut tasks).await?;
        scene.ledger.add(Entry::Over { day: scene.day.number })?;
        Ok(())
    }

    async fn walk(self: Arc<Self>, errand: Errand, turns: Arc<Semaphore>) -> Result<(), DayError> {
        // Those that wait for others on the way would only take the others' turns.
        let _turn = if errand.climbs() { None } else { turns.acquire().await.ok() };
        let walk = Walk::new(&self, &errand);
        if errand.climbs() {
            climb::go(&walk).await?
        } else {
            home::go(&walk).await?
        }
        self.story.finished();
        Ok(())
    }

    async fn tell(self: Arc<Self>) {
        loop {
            tokio::time::sleep(TELL).await;
            let (reported, finished, acts) = self.story.counts();
            let all = self.day.reports;
            self.voice.progress(
                &format!("上报 {reported}/{all}，走完 {finished}，已确认办理 {acts} 步"),
                &format!(
                    "reported {reported}/{all}, finished {finished}, {acts} acts acknowledged"
                ),
            );
        }
    }
}

async fn finish(tasks: &mut JoinSet<Result<(), DayError>>) -> Result<(), DayError> {
    while let Some(outcome) = tasks.join_next().await {
        outcome??;
    }
    Ok(())
}

/// Every node's id, by seat.
///
/// # Errors
/// [`DayError::Asked`].
pub async fn node_ids(federation: &Federation) -> Result<Vec<String>, DayError> {
    let mut ids = Vec::new();
    for seat in 0..federation.plan.seats().len() {
        let asked = |source| DayError::Asked { name: federation.name(seat).to_owned(), source };
        let answer = federation.client(seat).json(Ask::get("/v1/node")).await.map_err(asked)?;
        let id = answer.get("id").and_then(serde_json::Value::as_str).map(str::to_owned);
        ids.push(id.ok_or_else(|| {
            let what = "it has no id".to_owned();
            asked(ClientError::Answer { path: "/v1/node".to_owned(), what })
        })?);
    }
    Ok(ids)
}
