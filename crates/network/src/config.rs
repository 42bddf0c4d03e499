//! What the operator may set: addresses, limits, deadlines, back-off. Unknown keys are refused,
//! durations are human-readable (`"10s"`, `"250ms"`).

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use check::ConfigError;

mod check;

/// The network section of a node's configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Addresses to listen on, multiaddr text such as `/ip4/0.0.0.0/tcp/7440`; port 0 lets the
    /// system choose. Empty for a node that only dials.
    pub listen: Vec<String>,
    /// Addresses under which others reach this node where they differ from those it listens on
    /// (port forwarding, a name in DNS). Where there are any, the addresses of the interfaces are
    /// told to nobody: neither by [`crate::Handle::addresses`] nor by identify.
    pub external: Vec<String>,
    /// How many connections, and how fast they may arrive.
    pub connections: Connections,
    /// Deadlines and quotas of requests and responses.
    pub requests: Requests,
    /// What unknown peers may use while enrolment is open.
    pub enrolment: Enrolment,
    /// What misbehaviour costs.
    pub conduct: Conduct,
    /// When a lost neighbour is dialled again.
    pub backoff: Backoff,
    /// How a dead connection is found out.
    pub ping: Ping,
    /// Events that may wait for the node; further requests are refused, never queued.
    pub events: usize,
    /// Commands of the node that may wait for the network.
    pub commands: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: vec!["/ip4/0.0.0.0/tcp/7440".to_owned()],
            external: Vec::new(),
            connections: Connections::default(),
            requests: Requests::default(),
            enrolment: Enrolment::default(),
            conduct: Conduct::default(),
            backoff: Backoff::default(),
            ping: Ping::default(),
            events: 256,
            commands: 256,
        }
    }
}

/// Limits on connections.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Connections {
    /// Established connections with one peer, either direction.
    pub per_peer: usize,
    /// Established connections in all.
    pub total: usize,
    /// Inbound connections whose handshake is not over.
    pub pending_in: usize,
    /// Dials under way.
    pub pending_out: usize,
    /// Inbound handshakes under way from one IPv4 address or one IPv6 /64.
    pub pending_per_source: usize,
    /// Inbound connections a second from one such source, in the long run.
    pub arrivals_per_second: u32,
    /// Inbound connections from one source that may come at once.
    pub arrivals_burst: u32,
    /// Time for TCP, Noise and Yamux to be agreed on.
    #[serde(with = "humantime_serde")]
    pub handshake: Duration,
    /// Time for a connection to close in good order before it is dropped.
    #[serde(with = "humantime_serde")]
    pub closing: Duration,
}

impl Default for Connections {
    fn default() -> Self {
        Self {
            per_peer: 2,
            total: 512,
            pending_in: 64,
            pending_out: 32,
            pending_per_source: 16,
            arrivals_per_second: 16,
            arrivals_burst: 64,
            handshake: Duration::from_secs(10),
            closing: Duration::from_secs(5),
        }
    }
}

/// Deadlines and quotas of requests and responses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Requests {
    /// Requests of one peer being read, answered or written to at the same time.
    pub inbound_per_peer: usize,
    /// Requests of all peers being answered at the same time.
    pub inbound_total: usize,
    /// Requests of this node to one peer at the same time; one more is
    /// [`crate::RequestError::Busy`].
    pub outbound_per_peer: usize,
    /// Requests a second from one peer, in the long run; those over it are refused.
    pub per_second: u32,
    /// Requests from one peer that may come at once.
    pub burst: u32,
    /// Time for a whole request to arrive once its stream is open.
    #[serde(with = "humantime_serde")]
    pub read: Duration,
    /// Time for a whole response to be taken by the peer.
    #[serde(with = "humantime_serde")]
    pub write: Duration,
    /// Time until a hello, an enrolment or a poke has to be answered.
    #[serde(with = "humantime_serde")]
    pub short: Duration,
    /// Time until a pull or a checkpoint has to be answered.
    #[serde(with = "humantime_serde")]
    pub page: Duration,
    /// Longest time until a question has to be answered.
    #[serde(with = "humantime_serde")]
    pub ask: Duration,
}

impl Default for Requests {
    fn default() -> Self {
        Self {
            inbound_per_peer: 8,
            inbound_total: 256,
            outbound_per_peer: 8,
            per_second: 100,
            burst: 200,
            read: Duration::from_secs(10),
            write: Duration::from_secs(30),
            short: Duration::from_secs(10),
            page: Duration::from_secs(30),
            ask: Duration::from_secs(60),
        }
    }
}

/// What peers which are not neighbours may use, while enrolment is open or after
/// [`crate::Handle::dial_once`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Enrolment {
    /// Unknown peers connected at the same time.
    pub connections: usize,
    /// How long each may stay.
    #[serde(with = "humantime_serde")]
    pub session: Duration,
    /// Requests each may have in flight.
    pub in_flight: usize,
    /// Requests a second from each, in the long run.
    pub per_second: u32,
    /// Requests from each that may come at once.
    pub burst: u32,
}

impl Default for Enrolment {
    fn default() -> Self {
        Self {
            connections: 4,
            session: Duration::from_secs(120),
            in_flight: 2,
            per_second: 1,
            burst: 8,
        }
    }
}

/// What misbehaviour costs: strikes add up, time forgives them, too many of them are a penalty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Conduct {
    /// Strikes that are put up with; a peer with more is disconnected and refused for a while.
    /// See [`crate::Offence::strikes`] for what costs how much.
    pub strikes: u32,
    /// Time that forgives one strike.
    #[serde(with = "humantime_serde")]
    pub forgiveness: Duration,
    /// The first penalty; each further one is twice as long.
    #[serde(with = "humantime_serde")]
    pub penalty: Duration,
    /// The longest penalty; after as long again without one the count starts afresh.
    #[serde(with = "humantime_serde")]
    pub longest: Duration,
}

impl Default for Conduct {
    fn default() -> Self {
        Self {
            strikes: 4,
            forgiveness: Duration::from_secs(60),
            penalty: Duration::from_secs(30),
            longest: Duration::from_secs(3600),
        }
    }
}

/// When a lost neighbour is dialled again: after `first`, then twice that and so on up to
/// `longest`, each shortened by up to a half at random so that a district does not dial its
/// county in step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Backoff {
    /// The first wait.
    #[serde(with = "humantime_serde")]
    pub first: Duration,
    /// The longest wait.
    #[serde(with = "humantime_serde")]
    pub longest: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { first: Duration::from_secs(1), longest: Duration::from_secs(60) }
    }
}

/// How a dead connection is found out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ping {
    /// Time between two pings on a connection.
    #[serde(with = "humantime_serde")]
    pub interval: Duration,
    /// Time for a ping to come back.
    #[serde(with = "humantime_serde")]
    pub timeout: Duration,
    /// Failures in a row at which the connection is closed, not counting the first, which libp2p
    /// keeps to itself.
    pub failures: u32,
}

impl Default for Ping {
    fn default() -> Self {
        Self { interval: Duration::from_secs(15), timeout: Duration::from_secs(20), failures: 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_can_be_used_and_survives_toml() {
        let default = Config::default();
        default.check().unwrap();
        let text = toml::to_string(&default).unwrap();
        assert_eq!(toml::from_str::<Config>(&text).unwrap(), default);
    }

    #[test]
    fn durations_are_written_for_people() {
        let config: Config = toml::from_str("[backoff]\nfirst = \"250ms\"\n").unwrap();
        assert_eq!(config.backoff.first, Duration::from_millis(250));
        assert_eq!(config.backoff.longest, Backoff::default().longest);
    }

    #[test]
    fn an_unknown_key_is_refused_in_every_section() {
        for text in ["lisen = []", "[backoff]\nfrist = \"1s\"", "[requests]\nbust = 1"] {
            assert!(toml::from_str::<Config>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_unusable_value_is_named_by_its_key() {
        let of = |text: &str| toml::from_str::<Config>(text).unwrap().check().unwrap_err();
        assert!(of("listen = [\"localhost:80\"]").to_string().contains("network.listen[0]"));
        assert!(of("[connections]\ntotal = 0").to_string().contains("connections.total"));
        assert!(of("[requests]\nread = \"0s\"").to_string().contains("requests.read"));
        assert!(of("[requests]\ninbound_per_peer = 9999").to_string().contains("requests.inbound"));
    }
}
