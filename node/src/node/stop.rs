//! Stopping in order: no new HTTP, then the network, then the engine, which closes the store.

use std::time::Duration;

use tokio::time::Instant;

use super::Running;
use crate::file;

/// The least time that the network gets to close its connections.
const LEAST: Duration = Duration::from_millis(500);

impl Running {
    /// Stops: accepts nothing new, lets what has begun finish within the configured deadline,
    /// closes the connections, then the engine and the store. The engine is not cut short: what
    /// was acknowledged is on the disk anyway, and an index that is closed in order saves a
    /// rebuild.
    pub async fn stop(self) {
        let Self { engine, network, room, web, tasks, notes, folder, deadline, .. } = self;
        let by = Instant::now() + deadline;
        drop(engine);
        tasks.stopping.store(true, std::sync::atomic::Ordering::Relaxed);
        web.stop().await;
        network.shutdown(by.saturating_duration_since(Instant::now()).max(LEAST)).await;
        drop(network);
        // Both end with the network's last event.
        let _ = tasks.events.await;
        let _ = notes.await;
        room.stop().await;
        // It ends with the engine's last word.
        let _ = tasks.outward.await;
        if let Err(error) = file::remove(&folder.running()) {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(
                error,
                "running.json 没能删除，可手工删除 the note that this node runs is left behind"
            );
        }
        tracing::info!("已停止 stopped");
    }
}
