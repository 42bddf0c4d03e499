//! Keeping, publishing and adopting policies: through the running node, or in its open folder.

use engine::command::{Refused, What};
use governance::policy::{Version, split_reference};
use serde_json::{Value, json};

use crate::config::Config;
use crate::folder::Folder;
use crate::local::{Local, LocalError};
use crate::node::StartError;
use crate::offline::Offline;

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The folder can't be opened.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The running node can't be asked, or refused.
    #[error(transparent)]
    Local(#[from] LocalError),
    /// Not `key/version`.
    #[error("{0:?} is not a version of a policy: write its key and number, such as she-county/3")]
    Reference(String),
    /// Refused.
    #[error(transparent)]
    Refused(#[from] Refused),
}

/// Keeps a version's text on the node; publishes it to those below.
///
/// # Errors
/// [`PublishError`].
pub async fn put(config: &Config, version: &Version, publish: bool) -> Result<(), PublishError> {
    let what = What::PutPolicy { text: version.text.clone(), publish };
    let body = json!({ "text": version.text, "publish": publish });
    carry_out(config, what, "/v1/policies", &body).await
}

/// Puts a version in force.
///
/// # Errors
/// [`PublishError`].
pub async fn adopt(config: &Config, reference: &str) -> Result<(), PublishError> {
    if split_reference(reference).is_none() {
        return Err(PublishError::Reference(reference.chars().take(64).collect()));
    }
    let what = What::AdoptPolicy { reference: reference.to_owned() };
    let path = format!("/v1/policies/{reference}/adopt");
    carry_out(config, what, &path, &json!({})).await
}

pub(crate) async fn carry_out(
    config: &Config,
    what: What,
    path: &str,
    body: &Value,
) -> Result<(), PublishError> {
    // The folder's lock is the one thing that tells for certain whether the node runs.
    let settings = config.clone();
    let opened = tokio::task::spawn_blocking(move || {
        let mut offline = Offline::open(&settings)?;
        offline.command(what)?;
        Ok(())
    });
    let opened = opened.await;
    let outcome: Result<(), PublishError> =
        opened.unwrap_or_else(|error| Err(StartError::System(std::io::Error::other(error)).into()));
    match outcome {
        Err(PublishError::Start(StartError::Store(store::OpenError::Busy { .. }))) => {
            Local::find(&Folder::new(&config.data))?.post(path, body).await?;
            Ok(())
        }
        other => other,
    }
}
