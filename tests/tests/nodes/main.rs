//! What the nodes promise each other, shown on real processes: killed, away, moved, among
//! strangers, under attack. Every node has a folder and ports of its own; nothing waits for a time,
//! only for something to be so.

mod articles;
mod desk;
mod exhaust;
mod garbage;
mod imports;
mod killed;
mod matter;
mod member;
mod offline;
mod pair;
mod site;
mod stranger;
mod wire;

use std::time::Duration;

/// Longest wait for anything; a test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(180);
/// How often it is looked.
const PACE: Duration = Duration::from_millis(20);

/// Waits until something is so.
async fn until<F: Future<Output = bool>>(what: &str, mut so: impl FnMut() -> F) {
    let mut pace = tokio::time::interval(PACE);
    let waiting = async {
        while !so().await {
            pace.tick().await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, waiting).await.is_ok(), "in time: {what}");
}
