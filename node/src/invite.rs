//! Inviting a node: through the API of the running node, or on the open data folder where it is
//! not running.

use std::time::Duration;

use engine::command::{Refused, What};
use engine::invitation::Token;
use engine::note::Invitation;
use governance::area::AreaCode;
use rand::Rng as _;
use record::Timestamp;
use serde_json::{Value, json};

use crate::config::Config;
use crate::file::{self, FileError};
use crate::folder::Folder;
use crate::local::{Local, LocalError};
use crate::node::{StartError, now};
use crate::offline::Offline;
use crate::seed::{self, SeedError};
use crate::summary::Last;

/// What an invitation offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Name of the node to be.
    pub name: String,
    /// Key of its level.
    pub level: String,
    /// The area it will serve, within this node's.
    pub area: AreaCode,
    /// A member unit, without grids of its own.
    pub member: bool,
    /// Days for which the invitation may be used.
    pub days: u32,
    /// Whether an officer here approves the node that comes before it is let in.
    pub approval: bool,
}

/// An invitation that was made.
pub struct Invited {
    /// The token for whoever sets up the node.
    pub token: String,
    /// Until when it may be used.
    pub expires: Timestamp,
}

/// Why there is no invitation.
#[derive(Debug, thiserror::Error)]
pub enum InviteError {
    /// The data folder can't be opened.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The running node refused or can't be asked.
    #[error(transparent)]
    Local(#[from] LocalError),
    /// The engine refused.
    #[error("the invitation was refused")]
    Refused(#[from] Refused),
    /// Nobody could reach this node.
    #[error(
        "this node has no address that others could dial: start it once, or set network.external"
    )]
    NoAddress,
    /// The area is not within this node's.
    #[error("area {area} is not within this node's, {within}: correct --area")]
    Area {
        /// The area asked for.
        area: AreaCode,
        /// This node's.
        within: AreaCode,
    },
    /// No such level.
    #[error("--level {level:?} is not a level of the policy; write one of {}", known.join(", "))]
    Level {
        /// The level asked for.
        level: String,
        /// The policy's.
        known: Vec<String>,
    },
    /// This node may not have children.
    #[error("this node's certificate gives it no leave to invite others")]
    MayNotEnrol,
    /// A file can't be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// No randomness.
    #[error(transparent)]
    Seed(#[from] SeedError),
    /// The node's answer has no token.
    #[error("the node's answer has no token: is it another version?")]
    Answer,
}

/// Makes an invitation.
///
/// # Errors
/// [`InviteError`].
pub async fn invite(config: &Config, offer: &Offer) -> Result<Invited, InviteError> {
    check_level(config, &offer.level)?;
    // The folder's lock is the one thing that tells for certain whether the node runs.
    let (settings, wanted) = (config.clone(), offer.clone());
    let outcome = tokio::task::spawn_blocking(move || here(&settings, &wanted))
        .await
        .unwrap_or_else(|error| Err(StartError::System(std::io::Error::other(error)).into()));
    match outcome {
        Err(InviteError::Start(StartError::Store(store::OpenError::Busy { .. }))) => {
            through(config, offer).await
        }
        other => other,
    }
}

fn check_level(config: &Config, level: &str) -> Result<(), InviteError> {
    let policy = config.policy.load().map_err(StartError::from)?;
    let known: Vec<String> = policy.levels.iter().map(|level| level.key.clone()).collect();
    let level = level.to_owned();
    if known.contains(&level) { Ok(()) } else { Err(InviteError::Level { level, known }) }
}

/// Asks the running node.
async fn through(config: &Config, offer: &Offer) -> Result<Invited, InviteError> {
    let local = Local::find(&Folder::new(&config.data))?;
    let body = json!({
        "name": offer.name,
        "level": offer.level,
        "area": offer.area,
        "member": offer.member,
        "hours": offer.days * 24,
        "approval": offer.approval,
    });
    let answer = local.post("/v1/invitations", &body).await?;
    let token = answer.get("token").and_then(Value::as_str).ok_or(InviteError::Answer)?;
    let read = Token::decode(token).map_err(|_| InviteError::Answer)?;
    Ok(Invited { token: token.to_owned(), expires: read.expires })
}

/// Makes it in the open data folder.
fn here(config: &Config, offer: &Offer) -> Result<Invited, InviteError> {
    let mut offline = Offline::open(config)?;
    let setup = offline.opened.setup.clone();
    let own = setup.standing.certificate();
    if !own.may_enrol() {
        return Err(InviteError::MayNotEnrol);
    }
    if !offer.area.is_within(&own.area) {
        let (area, within) = (offer.area.clone(), own.area.clone());
        return Err(InviteError::Area { area, within });
    }
    let addresses = addresses(config, &setup.key.public())?;
    let mut secret = [0; 32];
    seed::rng()?.fill_bytes(&mut secret);
    let expires = now().plus(Duration::from_secs(u64::from(offer.days) * 24 * 3600));
    let invitation = Invitation {
        name: offer.name.clone(),
        level: offer.level.clone(),
        area: offer.area.to_string(),
        member: offer.member,
        expires,
        by: None,
        approval: offer.approval,
        newcomer: None,
    };
    let hash = *blake3::hash(&secret).as_bytes();
    offline.command(What::PutInvitation { hash, invitation: Some(invitation) })?;
    let secret = secret.to_vec().into();
    let token = Token { root: setup.root, parent: setup.me(), addresses, secret, expires };
    Ok(Invited { token: token.encode(), expires })
}

/// Where this node will be: what the operator wrote down, else where it was the last time.
fn addresses(config: &Config, key: &record::PublicKey) -> Result<Vec<String>, InviteError> {
    let last: Last = file::read(&Folder::new(&config.data).last())?.unwrap_or_default();
    let peer = network::peer_id_text(key);
    let named = config.network.external.iter().map(|address| {
        if address.contains("/p2p/") { address.clone() } else { format!("{address}/p2p/{peer}") }
    });
    let mut addresses: Vec<String> = Vec::new();
    for address in named.chain(last.addresses) {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    addresses.truncate(engine::invitation::MAX_ADDRESSES);
    if addresses.is_empty() { Err(InviteError::NoAddress) } else { Ok(addresses) }
}
