//! The demo's time. Deadlines are of days, and a demo takes minutes: so its nodes begin twelve days
//! ago, play a day that is yesterday's, and go on in the present, each time started anew with
//! clocks that are less behind. Nobody's clock runs backwards, and none is ahead.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use crate::client::Ask;
use crate::day::DayError;
use crate::enrol;
use crate::federation::Federation;
use crate::ledger::{Entry, Ledger};
use crate::voice::Voice;

const HOUR: u64 = 3_600;
/// Since when some cases wait: a street's three working days are over, a county's ten are not,
/// and the lists of nodes, good for fourteen days, still are.
pub const LONG_AGO: Duration = Duration::from_secs((12 * 24 + 2) * HOUR);
/// When the day is played: what is cleared daily is overdue by the end.
pub const YESTERDAY: Duration = Duration::from_secs(26 * HOUR);
/// How long nodes may take to find each other again after they were started.
const FOUND: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(100);
/// The present.
pub const NOW: Duration = Duration::ZERO;

/// In milliseconds, as it is written down.
#[must_use]
pub fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Starts every node anew with a clock that is behind by less; nothing where that is so already.
///
/// # Errors
/// [`DayError`].
pub async fn go_on(
    federation: &Arc<Federation>,
    ledger: &Ledger,
    to: Duration,
    voice: &Voice,
) -> Result<(), DayError> {
    let (from, to) = (federation.state().behind, millis(to));
    if from <= to {
        return Ok(());
    }
    let nodes = federation.plan.seats().len();
    for seat in 0..nodes {
        look(federation, seat).await?;
    }
    federation.stop().await?;
    ledger.add(Entry::Clocks { behind: to, nodes })?;
    federation.change(|state| state.behind = to)?;
    federation.program().play_behind(Duration::from_millis(to));
    enrol::everybody(federation, &Voice::new(true)).await?;
    for seat in 0..nodes {
        until_connected(federation, seat).await?;
    }
    if to == 0 {
        voice.progress("今天早上", "this morning: every clock is the machine's own from here on");
    } else {
        voice.progress("过了十天，到昨天", "ten days later, and still a day ago");
    }
    Ok(())
}

/// Waits until a node has found its neighbours again; what is in the way shows in the report.
async fn until_connected(federation: &Federation, seat: usize) -> Result<(), DayError> {
    let until = Instant::now() + FOUND;
    loop {
        let peers = ask(federation, seat, "/v1/peers").await?;
        let mut peers = peers["items"].as_array().into_iter().flatten();
        let well = peers.all(|peer| peer["relation"] == "other" || peer["connected"] == true);
        if well || Instant::now() > until {
            return Ok(());
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Looks at a node's access log, which is on record like any look: so every node has one that it
/// binds by a record of its own, once an hour has passed on its clock.
async fn look(federation: &Federation, seat: usize) -> Result<(), DayError> {
    ask(federation, seat, "/v1/access-log?limit=1").await.map(|_| ())
}

async fn ask(federation: &Federation, seat: usize, path: &str) -> Result<Value, DayError> {
    let ask = Ask::get(path).by(&enrol::operator_token(federation, seat)?);
    let asked = federation.client(seat).json(ask).await;
    let name = federation.name(seat).to_owned();
    asked.map_err(|source| DayError::Asked { name, source })
}
