//! From a configuration and a key to a running network.

use std::error::Error;
use std::time::Duration;

use libp2p::core::transport::ListenerId;
use libp2p::core::upgrade::Version;
use libp2p::identity::Keypair;
use libp2p::{Swarm, swarm};
use record::NodeKey;
use tokio::sync::mpsc;

use crate::address;
use crate::behaviour::Behaviour;
use crate::config::{Config, ConfigError};
use crate::event::Event;
use crate::handle::Handle;
use crate::service::Service;
use crate::transport;

/// Neighbours stay connected; pings, not idleness, tell whether a connection is still good.
const NEVER_IDLE: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// Why the network cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration cannot be used.
    #[error("unusable network configuration")]
    Config(#[from] ConfigError),
    /// The key cannot be used.
    #[error("the node's key cannot be used for connections")]
    Key(#[source] Box<dyn Error + Send + Sync>),
    /// An address cannot be listened on.
    #[error("cannot listen on {address}: is the port taken, and the address this machine's?")]
    Listen {
        /// The address as configured.
        address: String,
        /// What the system says.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// Called outside a tokio runtime.
    #[error("the network has to be started inside a tokio runtime")]
    NoRuntime(#[from] tokio::runtime::TryCurrentError),
}

/// Starts the network's task on the current tokio runtime. It runs until [`Handle::shutdown`], or
/// until every handle or the receiver of events is dropped.
///
/// # Errors
/// [`StartError`]; nothing is left running then.
pub fn start(config: Config, key: &NodeKey) -> Result<(Handle, mpsc::Receiver<Event>), StartError> {
    config.check()?;
    let runtime = tokio::runtime::Handle::try_current()?;
    let (swarm, listeners) = swarm(&config, key)?;
    let (commands, received) = mpsc::channel(config.commands);
    let (sender, events) = mpsc::channel(config.events);
    let handle = Handle::new(commands, config.requests.clone());
    let service = Service::new(config, swarm, listeners, received, sender);
    runtime.spawn(service.run());
    Ok((handle, events))
}

fn swarm(
    config: &Config,
    key: &NodeKey,
) -> Result<(Swarm<Behaviour>, Vec<ListenerId>), StartError> {
    let mut seed = *key.seed();
    // Reads the seed and wipes this copy of it.
    let pair = Keypair::ed25519_from_bytes(&mut seed).map_err(|e| StartError::Key(Box::new(e)))?;
    let transport =
        transport::transport(config, &pair).map_err(|e| StartError::Key(Box::new(e)))?;
    let settings = swarm::Config::with_tokio_executor()
        .with_idle_connection_timeout(NEVER_IDLE)
        // The request goes out together with the name of its protocol: one round trip saved.
        .with_substream_upgrade_protocol_override(Version::V1Lazy)
        .with_max_negotiating_inbound_streams(config.streams());
    let behaviour = Behaviour::new(config, &pair);
    let mut swarm = Swarm::new(transport, behaviour, pair.public().to_peer_id(), settings);
    let listeners = listen(config, &mut swarm)?;
    for text in &config.external {
        swarm.add_external_address(
            address::parse(text)
                .map_err(|source| ConfigError::Address { key: "external".to_owned(), source })?,
        );
    }
    Ok((swarm, listeners))
}

fn listen(config: &Config, swarm: &mut Swarm<Behaviour>) -> Result<Vec<ListenerId>, StartError> {
    let mut listeners = Vec::new();
    for text in &config.listen {
        let address = address::parse(text)
            .map_err(|source| ConfigError::Address { key: "listen".to_owned(), source })?;
        let listener = swarm.listen_on(address).map_err(|source| StartError::Listen {
            address: text.clone(),
            source: Box::new(source),
        })?;
        listeners.push(listener);
    }
    Ok(listeners)
}
