//! The console in a real browser: Chromium by its driver, against nodes that run as processes. Every
//! node and every driver has ports of the system's choice; nothing waits for a time, only for
//! something to be so.

mod astray;
mod climb;
mod damage;
#[expect(dead_code, reason = "the tests of nodes use all of it, these a part")]
#[path = "../nodes/desk.rs"]
mod desk;
mod dispatcher;
mod driver;
mod enrol;
mod erasure;
mod factor;
mod files;
mod forms;
mod hand;
mod hostile;
mod house;
mod leader;
mod look;
mod map;
mod operator;
mod paper;
mod reach;
mod resident;
mod scan;
#[expect(dead_code, reason = "the tests of nodes use all of it, these a part")]
#[path = "../nodes/site.rs"]
mod site;
mod tls;
mod tour;
mod ways;
mod worker;

use std::time::Duration;

/// Longest wait for anything; a test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(60);
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
