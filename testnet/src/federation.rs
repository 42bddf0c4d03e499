//! The federation's nodes on this machine: their ports, configurations, processes and clients.

mod ports;
mod settings;

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::net::TcpListener;
use tokio::sync::Mutex as Gate;

use crate::client::Client;
use crate::folder::{Folder, FolderError, NodeState, State};
use crate::forward::Forwarder;
use crate::plan::{Plan, PlanError};
use crate::practice::{Practice, PracticeError};
use crate::processes::{Process, ProcessError, Program};

pub use ports::PortsError;

/// The whole federation.
pub struct Federation {
    /// Which nodes there are.
    pub plan: Plan,
    /// Whose way of working its nodes have.
    pub practice: Practice,
    folder: Folder,
    state: Mutex<State>,
    program: Program,
    log_level: String,
    forwarder: Forwarder,
    nodes: Vec<Node>,
}

/// How a federation is to be set up.
pub struct Setup {
    /// Nodes, unless an earlier run has made more.
    pub nodes: usize,
    /// First port that is tried for an API.
    pub first_port: u16,
    /// From which weight on nodes log.
    pub log_level: String,
    /// The program that nodes are run with.
    pub program: Program,
}

struct Node {
    client: Client,
    process: Gate<Option<Process>>,
}

/// Why the federation can't be had.
#[derive(Debug, thiserror::Error)]
pub enum FederationError {
    /// No plan.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// No such policy.
    #[error(transparent)]
    Practice(#[from] PracticeError),
    /// The folder can't be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// No ports.
    #[error(transparent)]
    Ports(#[from] PortsError),
    /// A node's process.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// A configuration can't be written.
    #[error("{path} can't be written")]
    Settings {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// The forwarder can't listen.
    #[error("the forwarder can't listen")]
    Forwarder(#[source] std::io::Error),
}

impl Federation {
    /// A federation in a folder: ports are settled and configurations written; nothing runs but
    /// the forwarder.
    ///
    /// # Errors
    /// [`FederationError`].
    pub async fn prepare(
        folder: Folder,
        mut state: State,
        setup: Setup,
    ) -> Result<Self, FederationError> {
        let Setup { nodes, first_port, log_level, program } = setup;
        let plan = Plan::of(nodes.max(state.nodes.len()))?;
        let practice = Practice::named(&state.policy)?;
        program.play_behind(std::time::Duration::from_millis(state.behind));
        state.nodes.resize_with(plan.seats().len(), NodeState::default);
        ports::settle(&mut state, first_port)?;
        folder.save(&state)?;
        let listener = TcpListener::bind(("127.0.0.1", state.forwarder)).await;
        let listener = listener.map_err(FederationError::Forwarder)?;
        let to = ([127, 0, 0, 1], state.nodes[plan.behind_forwarder()].network).into();
        let forwarder = Forwarder::start(listener, to).map_err(FederationError::Forwarder)?;
        let client = |node: &NodeState| Client::new(format!("127.0.0.1:{}", node.http));
        let node = |node| Node { client: client(node), process: Gate::new(None) };
        let nodes = state.nodes.iter().map(node).collect();
        let state = Mutex::new(state);
        let federation =
            Self { plan, practice, folder, state, program, log_level, forwarder, nodes };
        federation.write_password()?;
        for seat in 0..federation.plan.seats().len() {
            federation.write_settings(seat)?;
        }
        Ok(federation)
    }

    fn write_password(&self) -> Result<(), FederationError> {
        let path = self.folder.password_file();
        let written = crate::folder::write_whole(&path, self.state().password.as_bytes());
        written.map_err(|source| FederationError::Settings { path, source })
    }

    /// Writes a node's policy, and its configuration for the ports as they are now.
    ///
    /// # Errors
    /// [`FederationError::Settings`].
    pub fn write_settings(&self, seat: usize) -> Result<(), FederationError> {
        let path = self.config(seat);
        let text = settings::text(&self.plan, &self.state(), seat, &self.log_level);
        let made = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        let policy = self.practice.text_of(self.plan.seats()[seat].part);
        let beside = path.with_file_name(settings::POLICY);
        made.and_then(|()| crate::folder::write_whole(&beside, policy.as_bytes()))
            .and_then(|()| crate::folder::write_whole(&path, text.as_bytes()))
            .map_err(|source| FederationError::Settings { path, source })
    }

    /// What outlives this run. Not to be held for long.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what outlives this run, and writes it down.
    ///
    /// # Errors
    /// [`FederationError::Folder`].
    pub fn change(&self, change: impl FnOnce(&mut State)) -> Result<(), FederationError> {
        let mut state = self.state();
        change(&mut state);
        Ok(self.folder.save(&state)?)
    }

    /// The demo's folder.
    #[must_use]
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// A node's folder.
    #[must_use]
    pub fn node_folder(&self, seat: usize) -> PathBuf {
        self.folder.node(&self.plan.seats()[seat].key)
    }

    /// A node's data folder.
    #[must_use]
    pub fn data(&self, seat: usize) -> PathBuf {
        self.node_folder(seat).join("data")
    }

    /// A node's configuration file.
    #[must_use]
    pub fn config(&self, seat: usize) -> PathBuf {
        self.node_folder(seat).join("wangge.toml")
    }

    /// The client of a node.
    #[must_use]
    pub fn client(&self, seat: usize) -> &Client {
        &self.nodes[seat].client
    }

    /// A node's name.
    #[must_use]
    pub fn name(&self, seat: usize) -> &str {
        &self.plan.seats()[seat].name
    }

    /// The line between the remote street and its communities.
    #[must_use]
    pub fn forwarder(&self) -> &Forwarder {
        &self.forwarder
    }

    /// The program that nodes are run with.
    #[must_use]
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Starts a node, unless it runs, and waits until it is ready.
    ///
    /// # Errors
    /// [`FederationError`].
    pub async fn start(&self, seat: usize) -> Result<(), FederationError> {
        let mut process = self.nodes[seat].process.lock().await;
        if process.is_none() {
            let (folder, config) = (self.node_folder(seat), self.config(seat));
            *process = Some(self.program.serve(&folder, &config).await?);
        }
        Ok(())
    }

    /// Kills a node.
    ///
    /// # Errors
    /// [`FederationError::Process`].
    pub async fn kill(&self, seat: usize) -> Result<(), FederationError> {
        match self.nodes[seat].process.lock().await.take() {
            Some(process) => Ok(process.kill().await?),
            None => Ok(()),
        }
    }

    /// Stops every node in order, all of them even if one does not.
    ///
    /// # Errors
    /// The first one's that did not stop in order.
    pub async fn stop(&self) -> Result<(), FederationError> {
        let mut stopping = tokio::task::JoinSet::new();
        for node in &self.nodes {
            if let Some(process) = node.process.lock().await.take() {
                stopping.spawn(process.stop());
            }
        }
        let mut first = Ok(());
        for outcome in stopping.join_all().await {
            first = first.and(outcome);
        }
        Ok(first?)
    }
}
