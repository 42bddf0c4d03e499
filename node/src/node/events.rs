//! From the network to the engine.

use engine::runtime::Handle;
use network::Event;
use tokio::sync::{mpsc, watch};

use super::listen::{self, Heard};

/// Hears the network until it ends. Requests are answered on tasks of their own; the network
/// bounds how many there are.
pub(super) async fn hear(
    mut events: mpsc::Receiver<Event>,
    engine: Handle,
    network: network::Handle,
    listening: watch::Sender<Heard>,
) {
    while let Some(event) = events.recv().await {
        match event {
            Event::Listening { address } => {
                tracing::info!(address, "listening for other nodes");
                tell_addresses(&engine, &network, &listening, 1).await;
            }
            Event::StoppedListening { address } => {
                tracing::warn!(address, "no longer listening");
                tell_addresses(&engine, &network, &listening, 0).await;
            }
            // A newcomer that may only enrol is nobody to the engine yet.
            Event::Connected { known: false, .. } => {}
            Event::Connected { peer, known: true } => engine.connection(peer, true).await,
            Event::Disconnected { peer } => engine.connection(peer, false).await,
            Event::Inbound { peer, request, reply, .. } => {
                let engine = engine.clone();
                tokio::spawn(async move { reply.send(engine.request(peer, request).await) });
            }
            Event::Misbehaved { peer, what, refused } => {
                tracing::warn!(%peer, %what, refused, "a peer misbehaves");
            }
            Event::DialFailed { peer, address, reason } => {
                let reason: &dyn std::error::Error = &reason;
                tracing::debug!(%peer, address, reason, "a peer was not reached");
            }
        }
    }
}

async fn tell_addresses(
    engine: &Handle,
    network: &network::Handle,
    listening: &watch::Sender<Heard>,
    more: usize,
) {
    let addresses = listen::told(network.addresses().await);
    engine.addresses(addresses.clone()).await;
    listening.send_modify(|heard| {
        heard.count += more;
        heard.addresses = addresses;
    });
}
