//! From the network to the engine.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use engine::runtime::Handle;
use network::Event;
use record::PublicKey;
use tokio::sync::{mpsc, watch};

use super::listen::{self, Heard};

/// Hears the network until it ends; `stopping` turns true before it is meant to. Requests are
/// answered on tasks of their own; the network bounds how many there are.
pub(super) async fn hear(
    mut events: mpsc::Receiver<Event>,
    engine: Handle,
    network: network::Handle,
    listening: watch::Sender<Heard>,
    stopping: Arc<AtomicBool>,
) {
    // Whoever could not be reached and was not since: told once, not at every try.
    let mut away = BTreeSet::new();
    while let Some(event) = events.recv().await {
        match event {
            Event::Listening { address } => {
                tracing::info!(address, "开始监听其他节点 listening for other nodes");
                tell_addresses(&engine, &network, &listening, 1).await;
            }
            Event::StoppedListening { address } => {
                if !stopping.load(Relaxed) {
                    tracing::warn!(
                        address,
                        "不再监听该地址：请查网卡 no longer listening there: check the interface"
                    );
                }
                tell_addresses(&engine, &network, &listening, 0).await;
            }
            // A newcomer that may only enrol is nobody to the engine yet.
            Event::Connected { known: false, .. } => {}
            Event::Connected { peer, known: true } => {
                away.remove(&peer);
                engine.connection(peer, true).await;
            }
            Event::Disconnected { peer } => engine.connection(peer, false).await,
            Event::Inbound { peer, request, reply, .. } => {
                let engine = engine.clone();
                tokio::spawn(async move { reply.send(engine.request(peer, request).await) });
            }
            Event::Misbehaved { peer, what, refused } => {
                let name = name(&engine, peer);
                let what = in_a_line(&what);
                if refused {
                    tracing::warn!(
                        name,
                        what,
                        "对方屡次违反协议，已断开并暂时拒绝：请联系其管理员 a peer that misbehaves was \
                         cut off for a while: call its operator"
                    );
                } else {
                    tracing::warn!(name, what, "对方违反协议 a peer misbehaves");
                }
            }
            Event::DialFailed { peer, address, reason } => {
                let (name, reason) = (name(&engine, peer), in_a_line(&reason));
                if away.insert(peer) {
                    tracing::warn!(
                        name,
                        address,
                        reason,
                        "连不上该节点，会不断重试；期间照常工作 a neighbour is not reached; it is tried \
                         again and again, and work goes on meanwhile"
                    );
                } else {
                    tracing::debug!(name, address, reason, "仍连不上 a neighbour is not reached");
                }
            }
        }
    }
}

/// An error and what it comes from in the end, in one line of bounded length.
fn in_a_line(error: &dyn std::error::Error) -> String {
    const LONGEST: usize = 240;
    let causes = std::iter::successors(error.source(), |error| error.source());
    let whole = match causes.last() {
        Some(last) => format!("{error}: {last}"),
        None => error.to_string(),
    };
    let words: Vec<&str> = whole.split_whitespace().collect();
    words.join(" ").chars().take(LONGEST).collect()
}

/// What people call a peer, else its name in the network.
fn name(engine: &Handle, peer: PublicKey) -> String {
    let world = engine.world();
    let known = world.directory.by_key(peer);
    known.map_or_else(
        || network::peer_id_text(&peer),
        |(_, peer)| peer.standing.certificate().name.clone(),
    )
}

async fn tell_addresses(
    engine: &Handle,
    network: &network::Handle,
    listening: &watch::Sender<Heard>,
    more: usize,
) {
    let addresses = listen::told(network.addresses().await);
    engine.addresses(addresses.clone()).await;
    listening.send_modify(|heard| heard.hear(addresses, more, super::now()));
}
