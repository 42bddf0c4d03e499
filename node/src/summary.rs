//! Where a node is reached, written down for other programs on this machine.

use record::{NodeId, Timestamp};
use serde::{Deserialize, Serialize};

/// `running.json`: there while the node runs, written when it is ready, removed when it stops in
/// good order. After a crash it is still there: whoever reads it compares the process id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// Process id.
    pub pid: u32,
    /// The node.
    pub node: NodeId,
    /// Its short id with check digits, as it is read over the phone.
    pub short: String,
    /// Its name.
    pub name: String,
    /// Base URL of the API and console.
    pub url: String,
    /// Where the program's own commands reach it on this machine, if not there: over plain HTTP,
    /// where the URL is for TLS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local: Option<String>,
    /// Addresses for other nodes, multiaddr text ending in `/p2p/…`.
    pub addresses: Vec<String>,
    /// Program and version.
    pub software: String,
    /// Since when.
    pub since: Timestamp,
}

/// `addresses.json`: what the node listened on the last time, so that port 0 gives the same ports
/// again and an invitation made while it is stopped knows where it will be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Last {
    /// Port of the API.
    pub http: u16,
    /// Ports of `network.listen`, in that order; 0 where one has none.
    pub network: Vec<u16>,
    /// Addresses for other nodes.
    pub addresses: Vec<String>,
    /// When it was last at an address at which it had not been before: whoever was away then knows
    /// none of these addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved: Option<Timestamp>,
}
