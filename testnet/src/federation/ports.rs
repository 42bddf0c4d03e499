//! Ports: chosen at the first start, kept for every later one, and changed only where another
//! program has taken one meanwhile.

use std::collections::BTreeSet;
use std::net::TcpListener;

use crate::folder::State;

/// How far from the first port of the API the first port for other nodes is.
const APART: u16 = 1_000;
/// How many ports are tried for one that is free.
const TRIES: u16 = 900;

/// No port is free.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("none of the {TRIES} ports from {0} on is free: choose another --port")]
pub struct PortsError(u16);

/// Gives every node and the forwarder ports that are free now, the ones they had where those are.
pub(super) fn settle(state: &mut State, first: u16) -> Result<(), PortsError> {
    let (mut http, mut network) = (Row::new(first), Row::new(first.saturating_add(APART)));
    // Ports that are kept come first, so that nobody is given one that another has.
    let wanted = |ports: &mut dyn Iterator<Item = u16>| ports.filter(|p| *p != 0).collect();
    http.kept = wanted(&mut state.nodes.iter().map(|node| node.http));
    let links = state.nodes.iter().map(|node| node.network);
    network.kept = wanted(&mut links.chain([state.forwarder]));
    for node in &mut state.nodes {
        node.http = http.port(node.http)?;
        node.network = network.port(node.network)?;
    }
    state.forwarder = network.port(state.forwarder)?;
    Ok(())
}

/// Ports being given out, each held until all are.
struct Row {
    first: u16,
    kept: BTreeSet<u16>,
    held: Vec<TcpListener>,
}

impl Row {
    fn new(first: u16) -> Self {
        Self { first, kept: BTreeSet::new(), held: Vec::new() }
    }

    /// The port it had, if that is free, or the next one that is.
    fn port(&mut self, had: u16) -> Result<u16, PortsError> {
        if had != 0 && self.hold(had) {
            return Ok(had);
        }
        let tried = (0..TRIES).filter_map(|step| self.first.checked_add(step));
        let free: Vec<u16> = tried.filter(|port| !self.kept.contains(port)).collect();
        let found = free.into_iter().find(|port| self.hold(*port));
        found.ok_or(PortsError(self.first))
    }

    fn hold(&mut self, port: u16) -> bool {
        TcpListener::bind(("127.0.0.1", port)).map(|held| self.held.push(held)).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folder::{Folder, NodeState};

    fn state(nodes: usize) -> State {
        let temporary = tempfile::tempdir().unwrap();
        let (_, mut state) = Folder::open(temporary.path(), false, 1, None).unwrap();
        state.nodes.resize_with(nodes, NodeState::default);
        state
    }

    /// A port that the system says is free, so that tests that run at once look in other places.
    fn somewhere() -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port().min(60_000)
    }

    fn ports(state: &State) -> BTreeSet<u16> {
        let both = state.nodes.iter().flat_map(|node| [node.http, node.network]);
        both.chain([state.forwarder]).collect()
    }

    #[test]
    fn ports_are_unique_and_kept_and_a_taken_one_is_passed_over() {
        let mut state = state(8);
        settle(&mut state, somewhere()).unwrap();
        assert_eq!(ports(&state).len(), 17);
        assert!(!ports(&state).contains(&0));
        let before = state.clone();
        let Ok(_taken) = TcpListener::bind(("127.0.0.1", before.nodes[3].http)) else { return };
        settle(&mut state, somewhere()).unwrap();
        assert_eq!(ports(&state).len(), 17);
        assert_ne!(state.nodes[3].http, before.nodes[3].http);
    }
}
