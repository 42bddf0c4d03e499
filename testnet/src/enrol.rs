//! Founding the federation and joining it, the way operators do: `init --found` for the county,
//! an invitation from the parent and `join` for everybody else.

use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Value, json};

use crate::client::{Ask, ClientError};
use crate::federation::{Federation, FederationError};
use crate::plan::{Part, Seat};
use crate::practice::Practice;
use crate::processes::{Founding, ProcessError, Settings};
use crate::voice::Voice;

pub use crate::processes::OPERATOR;

/// Why a node did not get into the federation.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// Its process, configuration or folder.
    #[error("{name}: {what}")]
    Node {
        /// The node.
        name: String,
        /// What was being done.
        what: &'static str,
        /// Why it failed.
        #[source]
        source: Box<FederationError>,
    },
    /// The parent did not invite it.
    #[error("{name} was not invited")]
    NotInvited {
        /// The node.
        name: String,
        /// Why.
        #[source]
        source: ClientError,
    },
    /// The operator's token is not where it should be.
    #[error("the operator's token of {name} can't be read")]
    Token {
        /// The node.
        name: String,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
}

/// Gets every node into the federation and starts it, parents before their children. What an
/// earlier run has done is not done again.
///
/// # Errors
/// [`EnrolError`].
pub async fn everybody(federation: &Federation, voice: &Voice) -> Result<(), EnrolError> {
    start_known(federation).await?;
    let seats = federation.plan.seats();
    for wave in [Part::County, Part::Street, Part::Community, Part::Unit] {
        let wave = seats.iter().enumerate().filter(|(_, seat)| seat.part == wave);
        // One after the other: newcomers dial from one address, which may knock only so often.
        for (number, seat) in wave {
            enrol(federation, number, seat).await?;
            start(federation, number).await?;
            let (zh, en) = match seat.part {
                Part::County => ("县", "county"),
                Part::Street => ("街镇", "street"),
                Part::Community => ("社区", "community"),
                Part::Unit => ("成员单位", "member unit"),
            };
            let url = federation.client(number).url();
            voice.progress(&format!("{} 已就绪（{zh}）", seat.name), &format!("{en} ready, {url}"));
        }
    }
    Ok(())
}

/// Starts whoever is in the federation already, all at the same time.
async fn start_known(federation: &Federation) -> Result<(), EnrolError> {
    let known = {
        let state = federation.state();
        let seats = 0..state.nodes.len();
        seats.filter(|seat| state.nodes[*seat].enrolled).collect::<Vec<_>>()
    };
    let starting = stream::iter(known).map(|seat| start(federation, seat));
    starting.buffer_unordered(8).try_collect::<()>().await
}

/// Starts a node and learns its network name.
///
/// # Errors
/// [`EnrolError`].
pub async fn start(federation: &Federation, number: usize) -> Result<(), EnrolError> {
    let failed = |source| node_error(federation, number, "it does not start", source);
    federation.start(number).await.map_err(failed)?;
    let peer = peer_of(federation, number);
    let known = federation.state().nodes[number].peer.clone();
    if peer.is_some() && peer != known {
        let change = |state: &mut crate::folder::State| state.nodes[number].peer = peer;
        federation.change(change).map_err(failed)?;
    }
    Ok(())
}

/// The network name at the end of the addresses that the running node has written down.
fn peer_of(federation: &Federation, number: usize) -> Option<String> {
    let written = std::fs::read(federation.data(number).join("running.json")).ok()?;
    let note: Value = serde_json::from_slice(&written).ok()?;
    let address = note.get("addresses")?.get(0)?.as_str()?;
    address.rsplit_once("/p2p/").map(|(_, peer)| peer.to_owned())
}

async fn enrol(federation: &Federation, number: usize, seat: &Seat) -> Result<(), EnrolError> {
    let failed = |what| move |source| node_error(federation, number, what, source);
    if federation.state().nodes[number].enrolled {
        return Ok(());
    }
    // The parent's network name is known by now.
    federation.write_settings(number).map_err(failed("no configuration"))?;
    let outcome = match seat.parent {
        None => found(federation, number, seat).await,
        Some(parent) => {
            let token = invite(federation, parent, seat).await?;
            join(federation, number, &token).await
        }
    };
    outcome.map_err(|error| failed("it did not get into the federation")(error.into()))?;
    federation.change(|state| state.nodes[number].enrolled = true).map_err(failed("its state"))
}

async fn found(federation: &Federation, number: usize, seat: &Seat) -> Result<(), ProcessError> {
    // An earlier run may have been interrupted right after this.
    if federation.data(number).join("operator.token").exists() {
        return Ok(());
    }
    let (config, password) = (federation.config(number), federation.folder().password_file());
    let settings = Settings { config: &config, password: &password };
    let founding = Founding { name: &seat.name, level: "county", area: &seat.area };
    federation.program().found(settings, founding).await
}

async fn invite(federation: &Federation, parent: usize, seat: &Seat) -> Result<String, EnrolError> {
    let body = json!({
        "name": seat.name,
        "level": Practice::level(seat.part),
        "area": seat.area,
        "member": seat.part == Part::Unit,
        "hours": 24,
        // Nobody sits at the other nodes of a demonstration.
        "approval": false,
    });
    let token = operator_token(federation, parent)?;
    let ask = Ask::post("/v1/invitations", body).by(&token);
    let refused = |source| EnrolError::NotInvited { name: seat.name.clone(), source };
    let answer = federation.client(parent).json(ask).await.map_err(refused)?;
    let count = |state: &mut crate::folder::State| state.nodes[parent].invited += 1;
    federation
        .change(count)
        .map_err(|source| node_error(federation, parent, "its state", source))?;
    let invitation = answer.get("token").and_then(Value::as_str).map(str::to_owned);
    invitation.ok_or_else(|| {
        let what = "it has no token".to_owned();
        refused(ClientError::Answer { path: "/v1/invitations".to_owned(), what })
    })
}

async fn join(federation: &Federation, number: usize, token: &str) -> Result<(), ProcessError> {
    let (config, password) = (federation.config(number), federation.folder().password_file());
    let settings = Settings { config: &config, password: &password };
    federation.program().join(settings, token).await
}

/// The bearer token that founding and joining leave for programs on this machine.
///
/// # Errors
/// [`EnrolError::Token`].
pub fn operator_token(federation: &Federation, number: usize) -> Result<String, EnrolError> {
    let path = federation.data(number).join("operator.token");
    let name = || federation.name(number).to_owned();
    let read = std::fs::read_to_string(path);
    let text = read.map_err(|source| EnrolError::Token { name: name(), source })?;
    Ok(text.trim().to_owned())
}

fn node_error(
    federation: &Federation,
    number: usize,
    what: &'static str,
    source: FederationError,
) -> EnrolError {
    let name = federation.name(number).to_owned();
    EnrolError::Node { name, what, source: Box::new(source) }
}
