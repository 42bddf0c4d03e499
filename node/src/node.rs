//! A running node: the store, the engine, the network and the API, joined. The four never see each
//! other; here is where they meet, and the order in which they start and stop.

mod error;
mod events;
mod listen;
mod notes;
mod open;
mod outward;
mod stop;
mod web;

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use engine::command::{Agent, Command, What};
use engine::runtime::{self, Clock, Handle, Outward};
use record::{NodeId, Timestamp};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::config::Config;
use crate::file;
use crate::folder::Folder;
use crate::identity::Identity;
use crate::neighbours::Neighbours;
use crate::summary::{Last, Summary};

pub use error::StartError;
pub use open::{Opened, SOFTWARE, open};

use listen::{Heard, Ports};
use notes::Notes;
use web::Web;

/// One jurisdiction's node.
pub struct Node;

/// A node that runs until [`Running::stop`].
pub struct Running {
    summary: Summary,
    engine: Handle,
    network: network::Handle,
    room: runtime::Running,
    web: Web,
    tasks: Tasks,
    notes: JoinHandle<()>,
    folder: Folder,
    deadline: Duration,
}

/// What carries messages between the engine and the network.
struct Tasks {
    outward: JoinHandle<()>,
    events: JoinHandle<()>,
    /// Turns true when one of them ends.
    ended: watch::Receiver<bool>,
    /// Turns true when the node has to start anew, under another key.
    anew: watch::Receiver<bool>,
    /// Whether the node is being stopped, so that ends are no surprise.
    stopping: Arc<AtomicBool>,
}

impl Node {
    /// Opens the data folder, starts everything, and returns when the node is ready: the journal
    /// is replayed, the ports are open, `running.json` is written.
    ///
    /// # Errors
    /// [`StartError`]; nothing is left running then.
    pub async fn start(config: Config) -> Result<Running, StartError> {
        let folder = Folder::new(&config.data);
        let opened = open_aside(config.clone()).await?;
        let Opened { engine, identity, key, .. } = opened;
        let last: Last = file::read(&folder.last())?.unwrap_or_default();
        // Whatever says that a node runs here is from one that crashed: we hold the lock.
        file::remove(&folder.running())?;
        let (engine, outward, room) =
            runtime::start(engine, clock()).map_err(StartError::System)?;
        let joined = match Ports::open(&config, &last, &key) {
            Ok(ports) => join(&config, &last, &identity, &engine, outward, ports).await,
            Err(error) => Err(error),
        };
        match joined {
            Ok(Joined { summary, network, web, tasks, notes }) => {
                let deadline = config.shutdown.deadline;
                Ok(Running { summary, engine, network, room, web, tasks, notes, folder, deadline })
            }
            Err(error) => {
                room.stop().await;
                Err(error)
            }
        }
    }
}

impl Running {
    /// Where it is reached.
    #[must_use]
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// Base URL of its API.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.summary.url
    }

    /// The node.
    #[must_use]
    pub fn id(&self) -> NodeId {
        self.summary.node
    }

    /// Its engine.
    #[must_use]
    pub fn engine(&self) -> &Handle {
        &self.engine
    }

    /// Its network.
    #[must_use]
    pub fn network(&self) -> &network::Handle {
        &self.network
    }

    /// Waits until the node has to start anew: its key was changed, and its neighbours were told.
    pub async fn heir(&self) {
        let mut anew = self.tasks.anew.clone();
        if anew.wait_for(|anew| *anew).await.is_err() {
            // Nobody can say so any more: it ends otherwise.
            std::future::pending::<()>().await;
        }
    }

    /// Waits until the engine or the network ends by itself, which neither should: what is left
    /// is to stop.
    pub async fn broken(&self) {
        let mut ended = self.tasks.ended.clone();
        // An error means that both tasks are gone.
        let _ = ended.wait_for(|ended| *ended).await;
    }
}

/// What runs around the engine.
struct Joined {
    summary: Summary,
    network: network::Handle,
    web: Web,
    tasks: Tasks,
    notes: JoinHandle<()>,
}

/// Joins engine, network and API. On an error the network is shut down again.
async fn join(
    config: &Config,
    last: &Last,
    identity: &Identity,
    engine: &Handle,
    outward: mpsc::Receiver<Outward>,
    ports: Ports,
) -> Result<Joined, StartError> {
    let Ports { http, local, network, events, fixed } = ports;
    let neighbours = Neighbours::new(network.clone(), config, identity.parent.clone());
    let (listening, mut heard) = watch::channel(Heard::after(last));
    let folder = Folder::new(&config.data);
    let tasks = Tasks::start(engine, &network, neighbours, outward, events, listening, folder);
    let ready = async {
        meet_parent(engine, identity).await?;
        listen::until_all(config.network.listen.len(), &mut heard).await;
        let at = http.local_addr().map_err(StartError::System)?;
        let (addresses, moved) = (heard.borrow().addresses.clone(), heard.borrow().moved);
        let mut summary = summary(identity, listen::url(at, local.is_some()), addresses.clone());
        if let Some(local) = &local {
            let at = local.local_addr().map_err(StartError::System)?;
            summary.local = Some(listen::url(at, false));
        }
        let last = Last { http: at.port(), network: fixed, addresses, moved };
        let folder = Folder::new(&config.data);
        let notes = Notes { folder, summary: summary.clone(), last };
        let web = Web::start(config, engine, heard.clone(), (http, local))?;
        notes.write()?;
        Ok((summary, web, tokio::spawn(notes.keep(heard))))
    };
    match ready.await {
        Ok((summary, web, notes)) => Ok(Joined { summary, network, web, tasks, notes }),
        Err(error) => {
            network.shutdown(Duration::ZERO).await;
            Err(error)
        }
    }
}

impl Tasks {
    fn start(
        engine: &Handle,
        network: &network::Handle,
        neighbours: Neighbours,
        outward: mpsc::Receiver<Outward>,
        events: mpsc::Receiver<network::Event>,
        listening: watch::Sender<Heard>,
        folder: Folder,
    ) -> Self {
        let (restart, anew) = watch::channel(false);
        let (ending, ended) = watch::channel(false);
        let ending = Arc::new(ending);
        let (engine, network) = (engine.clone(), network.clone());
        let heard = listening.subscribe();
        let first = outward::carry_out(
            outward,
            engine.clone(),
            network.clone(),
            neighbours,
            heard,
            folder,
            Arc::new(restart),
        );
        let stopping = Arc::new(AtomicBool::new(false));
        let second = events::hear(events, engine, network, listening, stopping.clone());
        Self {
            outward: tokio::spawn(until_ended(first, ending.clone())),
            events: tokio::spawn(until_ended(second, ending)),
            ended,
            anew,
            stopping,
        }
    }
}

async fn until_ended(task: impl Future<Output = ()>, ending: Arc<watch::Sender<bool>>) {
    task.await;
    ending.send_replace(true);
}

/// Opening reads the whole journal where the index is gone: not on the runtime's threads.
async fn open_aside(config: Config) -> Result<Opened, StartError> {
    tokio::task::spawn_blocking(move || open(&config))
        .await
        .map_err(|error| StartError::System(std::io::Error::other(error)))?
}

/// Enters the parent among the peers, if a joining that was cut short has not.
async fn meet_parent(engine: &Handle, identity: &Identity) -> Result<(), StartError> {
    let (Some(parent), Some(chain)) = (identity.standing.parent(), identity.parent_chain()) else {
        return Ok(());
    };
    if engine.world().directory.get(parent).is_some() {
        return Ok(());
    }
    let what = What::PutPeer { chain, addresses: identity.parent.clone() };
    let command = Command { by: Agent::Console, once: None, what };
    engine.command(command).await.map(|_| ()).map_err(StartError::Parent)
}

/// The system's time.
fn clock() -> Clock {
    Arc::new(now)
}

/// How far this process plays behind the system's time.
static BEHIND: OnceLock<Duration> = OnceLock::new();

/// Has this process play a time that is past, from its start on. No setting, flag or variable of a
/// node leads here: it is for programs that hold a node and tell of earlier days, as the demo does.
pub fn play_behind(by: Duration) {
    // Who was told once stays with it: a clock that jumps while a node runs is no past day.
    let _ = BEHIND.set(by);
}

/// The system's time now.
#[must_use]
pub fn now() -> Timestamp {
    let system = Timestamp::from(chrono::Utc::now());
    BEHIND.get().map_or(system, |by| system.minus(*by))
}

fn summary(identity: &Identity, url: String, addresses: Vec<String>) -> Summary {
    let node = identity.standing.node();
    Summary {
        pid: std::process::id(),
        node,
        short: node.short().to_string(),
        name: identity.standing.certificate().name.clone(),
        url,
        local: None,
        addresses,
        software: SOFTWARE.to_owned(),
        since: now(),
    }
}

#[cfg(test)]
mod tests;
