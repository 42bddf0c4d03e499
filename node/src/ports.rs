//! Which ports a node listens on: the ones configured; with port 0 the ones it had the last time,
//! where they are free, so that others find it again; with `next_free` the next free ones.

use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr, TcpListener};

use serde::{Deserialize, Serialize};

/// How many ports are tried after the one that is taken.
const TRIES: u16 = 200;

/// The ports section.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ports {
    /// Whether a taken port is passed over for the next free one.
    pub next_free: bool,
}

/// Why a port can't be listened on.
#[derive(Debug, thiserror::Error)]
#[error("can't listen on {at} ({key}): {}", way_out(source.kind()))]
pub struct PortError {
    /// The address.
    pub at: String,
    /// The configuration key.
    pub key: &'static str,
    /// The system's reason.
    #[source]
    pub source: std::io::Error,
}

fn way_out(why: ErrorKind) -> &'static str {
    let ways = [
        (ErrorKind::AddrInUse, "set another port, or ports.next_free = true"),
        (ErrorKind::AddrNotAvailable, "this machine has no such address"),
        (ErrorKind::PermissionDenied, "set a port from 1024 on"),
    ];
    let fits = ways.into_iter().find(|(kind, _)| *kind == why);
    fits.map_or("set another address or port", |(_, way)| way)
}

impl Ports {
    /// Binds a TCP listener at an address or, where that may be, at the next free port.
    ///
    /// # Errors
    /// [`PortError`].
    pub fn bind(
        self,
        key: &'static str,
        wanted: SocketAddr,
        last: Option<u16>,
    ) -> Result<TcpListener, PortError> {
        let failed = |source| PortError { at: wanted.to_string(), key, source };
        if let (0, Some(port)) = (wanted.port(), last)
            && let Ok(listener) = TcpListener::bind((wanted.ip(), port))
        {
            return Ok(listener);
        }
        match TcpListener::bind(wanted) {
            Ok(listener) => Ok(listener),
            Err(error) if self.next_free && error.kind() == ErrorKind::AddrInUse => {
                later(wanted).ok_or_else(|| failed(error))
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// The addresses to give to the network (multiaddr text), with ports that are free now. An
    /// address that is not `/ip4|ip6/…/tcp/…` stays as it is.
    ///
    /// # Errors
    /// [`PortError`].
    pub fn settle(
        self,
        key: &'static str,
        listen: &[String],
        last: &[u16],
    ) -> Result<Vec<String>, PortError> {
        let mut held = Vec::new();
        let mut settled = Vec::new();
        for (index, address) in listen.iter().enumerate() {
            let Some(wanted) = socket(address) else {
                settled.push(address.clone());
                continue;
            };
            let listener = self.bind(key, wanted, last.get(index).copied())?;
            let at = listener.local_addr().map_err(|source| PortError {
                at: address.clone(),
                key,
                source,
            })?;
            settled.push(multiaddr(at));
            // Held until all are settled, so that no two get the same one.
            held.push(listener);
        }
        Ok(settled)
    }
}

fn later(wanted: SocketAddr) -> Option<TcpListener> {
    (1..=TRIES)
        .filter_map(|step| wanted.port().checked_add(step))
        .find_map(|port| TcpListener::bind((wanted.ip(), port)).ok())
}

/// The address and port of `/ip4/…/tcp/…` or `/ip6/…/tcp/…`.
#[must_use]
pub fn socket(address: &str) -> Option<SocketAddr> {
    let mut parts = address.strip_prefix('/')?.split('/');
    let (kind, ip) = (parts.next()?, parts.next()?.parse::<IpAddr>().ok()?);
    let fits = matches!((kind, ip), ("ip4", IpAddr::V4(_)) | ("ip6", IpAddr::V6(_)));
    let tcp = parts.next()? == "tcp" && fits;
    let port = parts.next()?.parse().ok()?;
    tcp.then(|| SocketAddr::new(ip, port))
}

fn multiaddr(at: SocketAddr) -> String {
    let kind = if at.is_ipv4() { "ip4" } else { "ip6" };
    format!("/{kind}/{}/tcp/{}", at.ip(), at.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        (listener, at)
    }

    #[test]
    fn a_taken_port_is_named_with_its_key_and_the_way_out() {
        let (_held, at) = taken();
        let error = Ports::default().bind("http.listen", at, None).unwrap_err().to_string();
        assert!(error.contains(&at.to_string()) && error.contains("http.listen"));
        assert!(error.contains("ports.next_free"));
    }

    #[test]
    fn the_next_free_port_is_taken_where_that_is_allowed() {
        let (_held, at) = taken();
        let got = Ports { next_free: true }.bind("http.listen", at, None).unwrap();
        assert!(got.local_addr().unwrap().port() > at.port());
        let address = format!("/ip4/127.0.0.1/tcp/{}", at.port());
        let settled = Ports { next_free: true }
            .settle("network.listen", std::slice::from_ref(&address), &[])
            .unwrap();
        assert_ne!(settled, [address]);
    }

    #[test]
    fn port_0_comes_back_to_the_port_it_had() {
        let (held, at) = taken();
        drop(held);
        let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let got = Ports::default().bind("http.listen", anywhere, Some(at.port())).unwrap();
        // Another test may have taken it meanwhile; then any port is right.
        assert!(got.local_addr().unwrap().port() != 0);
    }

    #[test]
    fn only_plain_tcp_addresses_are_looked_at() {
        assert_eq!(socket("/ip4/127.0.0.1/tcp/7440").unwrap().port(), 7440);
        assert_eq!(socket("/ip6/::1/tcp/7440").unwrap().port(), 7440);
        for other in ["/dns/a/tcp/1", "/ip4/::1/tcp/1", "/ip4/1.2.3.4/udp/1", "", "/ip4"] {
            assert!(socket(other).is_none(), "{other}");
        }
        let odd = vec!["/ip4/127.0.0.1/udp/0/quic-v1".to_owned()];
        assert_eq!(Ports::default().settle("network.listen", &odd, &[]).unwrap(), odd);
    }
}
