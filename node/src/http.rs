//! Where the API listens.

use std::net::{Ipv4Addr, SocketAddr};

use serde::{Deserialize, Serialize};

/// The HTTP section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Http {
    /// Address and port; port 0 lets the system choose. Anything but a loopback address needs a
    /// reverse proxy with TLS in front.
    pub listen: SocketAddr,
    /// Whether clients reach this node over HTTPS (through a proxy): cookies are then marked
    /// `Secure`. The node itself speaks plain HTTP.
    pub tls: bool,
}

impl Default for Http {
    fn default() -> Self {
        Self { listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8480)), tls: false }
    }
}
