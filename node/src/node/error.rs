//! Why a node does not start.

use std::path::PathBuf;

use engine::command::Refused;
use engine::store::StoreError;

use crate::calendar::CalendarFileError;
use crate::file::FileError;
use crate::http::MetricsTokenError;
use crate::identity::IdentityError;
use crate::policy::PolicyFileError;
use crate::ports::PortError;
use crate::seed::SeedError;
use crate::sources::SourcesError;

/// Why a node does not start. Nothing is left running then.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No policy.
    #[error(transparent)]
    Policy(#[from] PolicyFileError),
    /// The configured policy is not the text that was recorded under its version.
    #[error(transparent)]
    PolicyRewritten(engine::engine::OpenError),
    /// No calendar.
    #[error(transparent)]
    Calendar(#[from] CalendarFileError),
    /// The folder belongs to no federation, or its identity can't be used.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The signing key can't be used.
    #[error(transparent)]
    Key(#[from] store::keyfile::KeyFileError),
    /// No randomness.
    #[error(transparent)]
    Seed(#[from] SeedError),
    /// The store can't be opened; its own words say why and what to do.
    #[error(transparent)]
    Store(#[from] store::OpenError),
    /// The index can't be brought up to the journal.
    #[error("the journal in {folder} can't be replayed: run `wangge verify {folder}`")]
    Replay {
        /// The data folder.
        folder: PathBuf,
        /// Why.
        #[source]
        source: StoreError,
    },
    /// A file of the data folder can't be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The token for `/metrics` can't be used.
    #[error(transparent)]
    MetricsToken(#[from] MetricsTokenError),
    /// The node's own certificate for browsers can't be used.
    #[error(transparent)]
    Tls(#[from] api::TlsError),
    /// A mapping file of the operator's can't be used.
    #[error(transparent)]
    Sources(#[from] SourcesError),
    /// A port can't be listened on.
    #[error(transparent)]
    Port(#[from] PortError),
    /// The network does not start.
    #[error("the network does not start: correct the section [network]")]
    Network(#[from] network::StartError),
    /// A thread or a socket could not be had.
    #[error("the system refused a thread or a socket")]
    System(#[source] std::io::Error),
    /// The parent could not be entered among the peers.
    #[error("the parent can't be entered among the peers")]
    Parent(#[source] Refused),
}
