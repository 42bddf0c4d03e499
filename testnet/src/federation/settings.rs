//! Nodes' configurations, as the demo writes them.

use std::fmt::Write as _;

use crate::folder::State;
use crate::plan::Plan;

/// The file with the node's policy, beside its configuration.
pub(super) const POLICY: &str = "policy.toml";

/// The configuration of a seat's node.
pub(super) fn text(plan: &Plan, state: &State, seat: usize, log_level: &str) -> String {
    let node = &state.nodes[seat];
    let (http, network) = (node.http, node.network);
    let mut text = format!(
        "# {name}：演示节点，由 testnet 写成，每次启动时重写。\n\
         # A node of the demo, written by testnet anew at each start.\n\
         data = \"data\"\n\n\
         [policy]\n\
         file = \"{POLICY}\"\n\n\
         [http]\n\
         listen = \"127.0.0.1:{http}\"\n\n\
         # 演示中的全部居民都来自本机一个地址。 All residents of the demo come from one address.\n\
         [http.quota]\n\
         reports = {{ burst = 100000, per_hour = 1000000 }}\n\
         reports_of_all = {{ burst = 100000, per_hour = 1000000 }}\n\
         codes = {{ burst = 100000, per_hour = 1000000 }}\n\n",
        name = plan.seats()[seat].name
    );
    let _ = writeln!(text, "[network]\nlisten = [\"/ip4/127.0.0.1/tcp/{network}\"]");
    if seat == plan.behind_forwarder() {
        let _ = writeln!(
            text,
            "# 下级只经由演示的转发器找到本节点，线路由它掐断。\n\
             # Others find this node through the demo's forwarder alone, which cuts the line.\n\
             external = [\"/ip4/127.0.0.1/tcp/{}\"]",
            state.forwarder
        );
    }
    // A line that is mended is found out soon enough for somebody who watches.
    let _ = writeln!(text, "\n[network.backoff]\nfirst = \"300ms\"\nlongest = \"2s\"");
    if let Some(address) = parent_address(plan, state, seat) {
        let _ = writeln!(text, "\n[parent]\naddresses = [\"{address}\"]");
    }
    let _ = writeln!(text, "\n[log]\nformat = \"human\"\nlevel = {log_level:?}");
    text
}

/// Where the parent is now, once it is known by its network name: ports may have changed since
/// this node was told.
fn parent_address(plan: &Plan, state: &State, seat: usize) -> Option<String> {
    let parent = plan.seats()[seat].parent?;
    let above = state.nodes.get(parent)?;
    let peer = above.peer.as_ref()?;
    let port = if parent == plan.behind_forwarder() { state.forwarder } else { above.network };
    Some(format!("/ip4/127.0.0.1/tcp/{port}/p2p/{peer}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folder::{Folder, NodeState};

    #[test]
    fn every_configuration_is_one_that_a_node_takes() {
        let plan = Plan::of(9).unwrap();
        let temporary = tempfile::tempdir().unwrap();
        let (_, mut state) = Folder::open(temporary.path(), false, 1, None).unwrap();
        state.forwarder = 9_999;
        let peer = "12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp";
        let node = |port| NodeState {
            http: port,
            network: port + 1_000,
            peer: Some(peer.to_owned()),
            ..NodeState::default()
        };
        state.nodes = (0..9).map(|seat| node(8_000 + seat)).collect();
        for seat in 0..9 {
            let text = text(&plan, &state, seat, "info");
            let layer = node::config::Layer::text("wangge.toml".as_ref(), &text).unwrap();
            let config = node::config::load(vec![layer]).unwrap().config;
            let through = config.parent.addresses.iter().any(|a| a.contains("/tcp/9999/"));
            let remote = plan.seats()[seat].parent == Some(plan.behind_forwarder());
            assert_eq!(through, remote, "{text}");
        }
    }
}
