//! Revoking a certificate, and taking in a list that came by hand: through the running node, or
//! in its open folder.

use engine::command::What;
use governance::certificate::{LastGood, Reason};
use record::{NodeId, ShortId};
use serde_json::{Value, json};

use crate::config::Config;
use crate::folder::Folder;
use crate::local::{Local, LocalError};
use crate::node::StartError;
use crate::offline::Offline;
use crate::publish::{PublishError, carry_out};

/// Why nothing was revoked.
#[derive(Debug, thiserror::Error)]
pub enum RevokeError {
    /// The node could not be asked, or refused.
    #[error(transparent)]
    Told(#[from] PublishError),
    /// Neither an id nor a short id.
    #[error("{0:?} is no node: write its short id as `wangge peers` has it, or its whole id")]
    Unreadable(String),
    /// Nobody known here has this short id.
    #[error("no node that is known here has the short id {0}: see `wangge peers`")]
    Unknown(ShortId),
}

/// Revokes the certificate of a node, named by its short id or its whole one.
///
/// # Errors
/// [`RevokeError`].
pub async fn revoke(
    config: &Config,
    who: &str,
    reason: Reason,
    last_good: Option<LastGood>,
) -> Result<NodeId, RevokeError> {
    let node = find(config, who).await?;
    let what = What::Revoke { node, reason, last_good };
    let body = json!({ "node": node, "reason": reason, "last_good": last_good });
    carry_out(config, what, "/v1/revocations", &body).await?;
    Ok(node)
}

/// Takes in a list, the root's above all.
///
/// # Errors
/// [`PublishError`].
pub async fn install(config: &Config, list: Vec<u8>) -> Result<(), PublishError> {
    let body = json!({ "list": data_encoding::HEXLOWER.encode(&list) });
    let what = What::TakeList { list, chain: Vec::new() };
    carry_out(config, what, "/v1/revocation-lists", &body).await
}

/// Puts certificates of this node in force that the root has renewed, or that another parent has
/// signed, which is at `addresses`.
///
/// # Errors
/// [`PublishError`].
pub async fn install_certificates(
    config: &Config,
    chain: Vec<Vec<u8>>,
    addresses: Vec<String>,
) -> Result<(), PublishError> {
    let hex: Vec<String> = chain.iter().map(|link| data_encoding::HEXLOWER.encode(link)).collect();
    let body = json!({ "chain": hex, "addresses": addresses });
    let what = What::TakeCertificates { chain, addresses };
    carry_out(config, what, "/v1/certificates", &body).await
}

pub(crate) async fn find(config: &Config, who: &str) -> Result<NodeId, RevokeError> {
    if let Ok(node) = who.parse() {
        return Ok(node);
    }
    let short: ShortId = who.parse().map_err(|_| {
        RevokeError::Unreadable(who.chars().filter(|c| !c.is_control()).take(80).collect())
    })?;
    let known = known(config).await?;
    known.into_iter().find(|node| short.matches(node)).ok_or(RevokeError::Unknown(short))
}

/// Every node that this one knows.
async fn known(config: &Config) -> Result<Vec<NodeId>, PublishError> {
    let settings = config.clone();
    let opened = tokio::task::spawn_blocking(move || -> Result<Vec<NodeId>, StartError> {
        let offline = Offline::open(&settings)?;
        let world = offline.opened.engine.world();
        Ok(world.directory.iter().map(|(node, _)| *node).collect())
    });
    let opened = opened.await;
    let outcome =
        opened.unwrap_or_else(|error| Err(StartError::System(std::io::Error::other(error))));
    match outcome {
        Err(StartError::Store(store::OpenError::Busy { .. })) => Ok(peers(config).await?),
        other => Ok(other?),
    }
}

async fn peers(config: &Config) -> Result<Vec<NodeId>, LocalError> {
    let answer = Local::find(&Folder::new(&config.data))?.get("/v1/peers").await?;
    let items = answer.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
    let id = |peer: &Value| peer.get("id").and_then(Value::as_str)?.parse().ok();
    Ok(items.iter().filter_map(id).collect())
}
