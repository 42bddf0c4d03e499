//! From the engine to the network.

use std::sync::Arc;
use std::time::Duration;

use engine::engine::About;
use engine::runtime::{Handle, Outward};
use engine::wire::Request;
use engine::world::Setup;
use record::{NodeId, PublicKey};
use tokio::sync::{mpsc, watch};

use super::listen::Heard;
use crate::folder::Folder;
use crate::identity::Identity;
use crate::neighbours::Neighbours;

/// After its key was certified a node goes on for so long, to tell its neighbours.
const TOLD: Duration = Duration::from_secs(5);

/// Carries out what the engine asks until the engine ends. It never waits for the engine: each
/// request to a peer runs on a task of its own, which brings the response back.
pub(super) async fn carry_out(
    mut outward: mpsc::Receiver<Outward>,
    engine: Handle,
    network: network::Handle,
    mut neighbours: Neighbours,
    mut heard: watch::Receiver<Heard>,
    folder: Folder,
    anew: Arc<watch::Sender<bool>>,
) {
    neighbours.tell(&engine.world()).await;
    loop {
        let effect = tokio::select! {
            effect = outward.recv() => effect,
            Ok(()) = heard.changed() => {
                let (addresses, moved) = {
                    let heard = heard.borrow_and_update();
                    (heard.addresses.clone(), heard.moved)
                };
                neighbours.here(&addresses, moved, super::now());
                neighbours.tell(&engine.world()).await;
                continue;
            }
        };
        let Some(effect) = effect else { return };
        match effect {
            Outward::Request { to, key, about, request, within } => {
                let asking = Asking { to, key, about, within };
                tokio::spawn(asking.put(request, engine.clone(), network.clone()));
            }
            Outward::Enrolment(open) => network.open_enrolment(open).await,
            Outward::Standing(setup) => write_down(&folder, &setup),
            // The neighbours are told within a second; who is not gets the certificates by hand.
            Outward::Succession(_) => {
                let anew = anew.clone();
                tokio::spawn(async move {
                    tokio::time::sleep(TOLD).await;
                    anew.send_replace(true);
                });
            }
            Outward::World(world) => neighbours.tell(&world).await,
            // It comes back as an event, in which the operator is told of it.
            Outward::Misbehaved { key, what } => network.strike(key, &what).await,
        }
    }
}

/// Certificates that were renewed. The journal has them, too: a file that can't be written now is
/// written at the next start.
fn write_down(folder: &Folder, setup: &Setup) {
    let saved =
        Identity::read(folder).and_then(|known| known.renewed(setup.standing.clone()).save(folder));
    if let Err(error) = saved {
        let error: &dyn std::error::Error = &error;
        tracing::warn!(
            error,
            "新证书没能写入 identity.json，下次启动时再写 renewed certificates are not written down yet"
        );
    }
}

/// A request on its way.
struct Asking {
    to: NodeId,
    key: PublicKey,
    about: About,
    within: Duration,
}

impl Asking {
    async fn put(self, request: Request, engine: Handle, network: network::Handle) {
        let response = network.request(&self.key, request, self.within).await;
        let response = response.inspect_err(|error| {
            let error: &dyn std::error::Error = error;
            tracing::debug!(peer = %self.to, about = ?self.about, error, "no response");
        });
        engine.response(self.to, self.about, response.ok()).await;
    }
}
