//! Opening ports, and what is told of them.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use record::{NodeKey, Timestamp};
use tokio::sync::{mpsc, watch};

use super::StartError;
use crate::config::Config;
use crate::ports::socket;
use crate::summary::Last;

/// Most addresses in a hello; see [`engine::wire::Hello`].
const MOST_TOLD: usize = 8;
/// How long listening may take to be confirmed; after that the node goes on without.
const PATIENCE: Duration = Duration::from_secs(10);

/// What listens.
pub(super) struct Ports {
    pub(super) http: TcpListener,
    /// For the program's own commands, where the other speaks TLS.
    pub(super) local: Option<TcpListener>,
    pub(super) network: network::Handle,
    pub(super) events: mpsc::Receiver<network::Event>,
    /// Ports of the network's listeners, in the order of the configuration; 0 where there is none.
    pub(super) fixed: Vec<u16>,
}

impl Ports {
    pub(super) fn open(config: &Config, last: &Last, key: &NodeKey) -> Result<Self, StartError> {
        let before = Some(last.http).filter(|port| *port != 0);
        let http = config.ports.bind("http.listen", config.http.listen, before)?;
        http.set_nonblocking(true).map_err(StartError::System)?;
        let local = config.http.certificate.is_some().then(|| {
            let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0))?;
            listener.set_nonblocking(true)?;
            Ok(listener)
        });
        let local = local.transpose().map_err(StartError::System)?;
        let mut settings = config.network.clone();
        settings.listen = config.ports.settle("network.listen", &settings.listen, &last.network)?;
        let fixed = settings.listen.iter().map(|at| socket(at).map_or(0, |at| at.port())).collect();
        let (network, events) = network::start(settings, key)?;
        Ok(Self { http, local, network, events, fixed })
    }
}

/// What the network has told of its listeners.
#[derive(Default)]
pub(super) struct Heard {
    /// Addresses that came up since the start.
    pub(super) count: usize,
    /// Addresses for other nodes now.
    pub(super) addresses: Vec<String>,
    /// See [`Last::moved`].
    pub(super) moved: Option<Timestamp>,
    /// Addresses that others may know; none before the first run.
    known: Vec<String>,
}

impl Heard {
    /// Nothing yet, by a node that was there the last time.
    pub(super) fn after(last: &Last) -> Self {
        Self { moved: last.moved, known: last.addresses.clone(), ..Self::default() }
    }

    /// The addresses are these now; `more` is how many of the listeners' have come up.
    pub(super) fn hear(&mut self, addresses: Vec<String>, more: usize, now: Timestamp) {
        let news: Vec<String> =
            addresses.iter().filter(|address| !self.known.contains(address)).cloned().collect();
        if !self.known.is_empty() && !news.is_empty() {
            self.moved = Some(now);
            self.known.extend(news);
        }
        self.count += more;
        self.addresses = addresses;
    }
}

/// Waits until as many listeners have told their first address.
pub(super) async fn until_all(listeners: usize, heard: &mut watch::Receiver<Heard>) {
    let all = heard.wait_for(|heard| heard.count >= listeners);
    if tokio::time::timeout(PATIENCE, all).await.is_err() {
        tracing::warn!(
            "network.listen 中有地址没能监听 not every address of network.listen is listened on"
        );
    }
}

/// The addresses that peers are told: no more than a hello takes, those of this machine alone
/// last.
pub(super) fn told(mut addresses: Vec<String>) -> Vec<String> {
    addresses.sort_by_key(|address| socket(address).is_some_and(|at| at.ip().is_loopback()));
    addresses.truncate(MOST_TOLD);
    addresses
}

/// The URL for somebody on this machine.
pub(super) fn url(at: SocketAddr, tls: bool) -> String {
    let scheme = if tls { "https" } else { "http" };
    if at.ip().is_unspecified() {
        format!("{scheme}://127.0.0.1:{}", at.port())
    } else {
        format!("{scheme}://{at}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peers_are_told_at_most_eight_addresses_and_loopback_last() {
        let mut all: Vec<String> =
            (0..9).map(|n| format!("/ip4/192.0.2.{n}/tcp/7440/p2p/x")).collect();
        all.insert(0, "/ip4/127.0.0.1/tcp/7440/p2p/x".to_owned());
        let told = told(all);
        assert_eq!(told.len(), 8);
        assert!(told.iter().all(|address| !address.contains("127.0.0.1")));
    }

    #[test]
    fn a_node_has_moved_once_it_is_where_it_had_not_been_and_not_before_it_was_anywhere() {
        let at = |n: u8| vec![format!("/ip4/192.0.2.{n}/tcp/7440/p2p/x")];
        let now = |n| Timestamp::from_millis(n);
        let mut first = Heard::after(&Last::default());
        first.hear(at(1), 1, now(1));
        first.hear([at(1), at(2)].concat(), 1, now(2));
        assert_eq!((first.moved, first.count), (None, 2), "it has only just come up");
        let mut later =
            Heard::after(&Last { addresses: [at(1), at(2)].concat(), ..Last::default() });
        later.hear(at(2), 1, now(3));
        later.hear([at(1), at(2)].concat(), 1, now(4));
        assert_eq!(later.moved, None, "addresses come one by one");
        later.hear(at(3), 0, now(5));
        later.hear(at(3), 0, now(6));
        assert_eq!(later.moved, Some(now(5)));
        let moved = Last { addresses: at(3), moved: later.moved, ..Last::default() };
        let mut again = Heard::after(&moved);
        again.hear(at(3), 1, now(7));
        assert_eq!(again.moved, Some(now(5)), "whoever was away may still not know");
    }

    #[test]
    fn a_url_can_be_opened_on_this_machine() {
        assert_eq!(url("0.0.0.0:8480".parse().unwrap(), false), "http://127.0.0.1:8480");
        assert_eq!(url("192.0.2.1:80".parse().unwrap(), true), "https://192.0.2.1:80");
    }
}
