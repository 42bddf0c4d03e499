//! The protocols of a node, the gate before all others.

use std::convert::Infallible;

use engine::wire::Response;
use libp2p::identity::Keypair;
use libp2p::request_response::ProtocolSupport;
use libp2p::swarm::NetworkBehaviour;
use libp2p::{identify, ping, request_response};

use crate::admission::Admission;
use crate::admission::gate::Gate;
use crate::codec::{Carried, Codec, PROTOCOL};
use crate::config::Config;

/// Every behaviour is asked in this order about every connection.
#[derive(NetworkBehaviour)]
#[behaviour(to_swarm = "Heard")]
pub(crate) struct Behaviour {
    pub(crate) gate: Gate,
    pub(crate) identify: identify::Behaviour,
    pub(crate) ping: ping::Behaviour,
    pub(crate) exchange: request_response::Behaviour<Codec>,
}

/// What the protocols tell. There is no `Debug`: messages carry personal data.
pub(crate) enum Heard {
    Identify(Box<identify::Event>),
    Ping(ping::Event),
    Exchange(request_response::Event<Carried, Response>),
}

impl From<Infallible> for Heard {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl From<identify::Event> for Heard {
    fn from(event: identify::Event) -> Self {
        Self::Identify(Box::new(event))
    }
}

impl From<ping::Event> for Heard {
    fn from(event: ping::Event) -> Self {
        Self::Ping(event)
    }
}

impl From<request_response::Event<Carried, Response>> for Heard {
    fn from(event: request_response::Event<Carried, Response>) -> Self {
        Self::Exchange(event)
    }
}

impl Behaviour {
    pub(crate) fn new(config: &Config, key: &Keypair) -> Self {
        let admission = Admission::new(config.connections.clone(), config.enrolment.clone());
        Self {
            gate: Gate { admission },
            identify: identify::Behaviour::new(identify_config(config, key)),
            ping: ping::Behaviour::new(
                ping::Config::new()
                    .with_interval(config.ping.interval)
                    .with_timeout(config.ping.timeout),
            ),
            exchange: exchange(config),
        }
    }
}

/// Neighbours learn of each other's new addresses by identify. No version is told: what a peer runs
/// is said in the hello, to those on the allow-list. Nothing is cached, so nothing piles up.
fn identify_config(config: &Config, key: &Keypair) -> identify::Config {
    identify::Config::new(PROTOCOL.to_string(), key.public())
        .with_agent_version("wangge".to_owned())
        .with_push_listen_addr_updates(true)
        .with_hide_listen_addrs(!config.external.is_empty())
        .with_cache_size(0)
}

fn exchange(config: &Config) -> request_response::Behaviour<Codec> {
    let requests = &config.requests;
    // The codec and the reply have their own, shorter deadlines; this one only catches what they
    // would miss.
    let longest = requests.short.max(requests.page).max(requests.ask);
    let settings = request_response::Config::default()
        .with_request_timeout(requests.read + longest + requests.write)
        .with_max_concurrent_streams(config.streams());
    let codec = Codec::new(requests.read, requests.write);
    request_response::Behaviour::with_codec(codec, [(PROTOCOL, ProtocolSupport::Full)], settings)
}
