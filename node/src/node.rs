//! A running node: the store, the engine, the network and the API, joined. The four never see each
//! other; here is where they meet, and the order in which they start and stop.

mod events;
mod open;
mod outward;
mod stop;

use std::net::TcpListener;
use std::sync::Arc;

use engine::command::{Agent, Command, Refused, What};
use engine::runtime::{self, Clock, Handle};
use record::Timestamp;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use crate::calendar::CalendarFileError;
use crate::config::Config;
use crate::file::{self, FileError};
use crate::folder::Folder;
use crate::identity::{Identity, IdentityError};
use crate::neighbours::Neighbours;
use crate::policy::PolicyFileError;
use crate::ports::{PortError, socket};
use crate::seed::SeedError;
use crate::summary::{Last, Summary};

pub use open::{Opened, SOFTWARE, open};
pub use stop::Stopped;

/// Why a node does not start. Nothing is left running then.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No policy.
    #[error(transparent)]
    Policy(#[from] PolicyFileError),
    /// No calendar.
    #[error(transparent)]
    Calendar(#[from] CalendarFileError),
    /// The folder belongs to no federation, or its identity can't be used.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// A key can't be used.
    #[error(transparent)]
    Key(#[from] store::keyfile::KeyFileError),
    /// No randomness.
    #[error(transparent)]
    Seed(#[from] SeedError),
    /// The store can't be opened.
    #[error("the store in {folder} can't be opened")]
    Store {
        /// The data folder.
        folder: std::path::PathBuf,
        /// Why.
        #[source]
        source: store::OpenError,
    },
    /// The index can't be brought up to the journal.
    #[error("the journal in {folder} can't be replayed: run `wangge verify` on it")]
    Replay {
        /// The data folder.
        folder: std::path::PathBuf,
        /// Why.
        #[source]
        source: engine::store::StoreError,
    },
    /// A file of the data folder can't be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A port can't be listened on.
    #[error(transparent)]
    Port(#[from] PortError),
    /// The network does not start.
    #[error("the network does not start")]
    Network(#[from] network::StartError),
    /// A thread or a socket could not be had.
    #[error("the system refused a thread or a socket")]
    System(#[source] std::io::Error),
    /// The parent could not be entered among the peers.
    #[error("the parent can't be entered among the peers")]
    Parent(#[source] Refused),
}

/// A node that runs until [`Running::stop`].
pub struct Running {
    summary: Summary,
    identity: Identity,
    engine: Handle,
    network: network::Handle,
    room: runtime::Running,
    http: Http,
    tasks: Vec<JoinHandle<()>>,
    /// Turns true when the engine or the network ends by itself.
    broken: watch::Receiver<bool>,
    folder: Folder,
}

/// The API's task.
struct Http {
    stop: oneshot::Sender<()>,
    task: JoinHandle<std::io::Result<()>>,
}

/// The node as a whole.
pub struct Node;

impl Node {
    /// Opens the data folder, starts everything, and returns when the node is ready: the journal
    /// is replayed, the ports are open, `running.json` is written.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(config: Config) -> Result<Running, StartError> {
        let opened = open_aside(config.clone()).await?;
        let folder = Folder::new(&config.data);
        let last: Last = file::read(&folder.last())?.unwrap_or_default();
        // Whatever says that a node runs here is from one that crashed: we hold the lock.
        file::remove(&folder.running())?;
        let (engine, outward, room) =
            runtime::start(opened.engine, clock()).map_err(StartError::System)?;
        match Ports::settle(&config, &last, &opened.key) {
            Ok(ports) => {
                let parts = Parts { config, folder, identity: opened.identity, engine, room };
                parts.join(ports, outward).await
            }
            Err(error) => {
                drop(outward);
                room.stop().await;
                Err(error)
            }
        }
    }
}

/// Opening reads the whole journal where the index is gone: not on the runtime's threads.
async fn open_aside(config: Config) -> Result<Opened, StartError> {
    tokio::task::spawn_blocking(move || open(&config))
        .await
        .map_err(|error| StartError::System(std::io::Error::other(error)))?
}

/// The system's time.
fn clock() -> Clock {
    Arc::new(|| Timestamp::from(chrono::Utc::now()))
}

/// What listens.
struct Ports {
    http: TcpListener,
    network: network::Handle,
    events: tokio::sync::mpsc::Receiver<network::Event>,
}

impl Ports {
    fn settle(
        config: &Config,
        last: &Last,
        key: &record::NodeKey,
    ) -> Result<Self, StartError> {
        let before = Some(last.http).filter(|port| *port != 0);
        let http = config.ports.bind("http.listen", config.http.listen, before)?;
        http.set_nonblocking(true).map_err(StartError::System)?;
        let mut settings = config.network.clone();
        settings.listen = config.ports.settle("network.listen", &settings.listen, &last.network)?;
        let (network, events) = network::start(settings, key)?;
        Ok(Self { http, network, events })
    }
}

/// What is there before anything listens.
struct Parts {
    config: Config,
    folder: Folder,
    identity: Identity,
    engine: Handle,
    room: runtime::Running,
}

impl Parts {
    async fn join(
        self,
        ports: Ports,
        outward: tokio::sync::mpsc::Receiver<runtime::Outward>,
    ) -> Result<Running, StartError> {
        let Self { config, folder, identity, engine, room } = self;
        let Ports { http, network, events } = ports;
        let (breaking, broken) = watch::channel(false);
        let breaking = Arc::new(breaking);
        let neighbours = Neighbours::new(
            network.clone(),
            config.parent.addresses.clone(),
            identity.parent.clone(),
        );
        let (listening, mut heard) = watch::channel(Vec::new());
        let tasks = vec![
            tokio::spawn(outward::carry_out(
                outward,
                engine.clone(),
                network.clone(),
                neighbours,
                breaking.clone(),
            )),
            tokio::spawn(events::hear(
                events,
                engine.clone(),
                network.clone(),
                listening,
                breaking,
            )),
        ];
        let started = async {
            meet_parent(&engine, &identity).await?;
            until_listening(&config, &mut heard).await;
            let addresses = network.addresses().await;
            let port = http.local_addr().map_err(StartError::System)?;
            let summary = summary(&identity, port, addresses);
            let state = stop::api_state(&config, &engine, &summary);
            let listener =
                tokio::net::TcpListener::from_std(http).map_err(StartError::System)?;
            file::write(&folder.last(), &last(port.port(), &config, &summary.addresses))?;
            Ok((summary, stop::serve(listener, state, config.shutdown.deadline)))
        };
        match started.await {
            Ok((summary, http)) => {
                file::write(&folder.running(), &summary)?;
                let running = Running {
                    summary, identity, engine, network, room, http, tasks, broken, folder,
                };
                Ok(running)
            }
            Err(error) => {
                network.shutdown(std::time::Duration::ZERO).await;
                room.stop().await;
                Err(error)
            }
        }
    }
}
