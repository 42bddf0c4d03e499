//! Verifying a data folder or an export: the certificates up to the root, then every frame of the
//! journal. Nothing is written, and no key is needed.

use std::path::Path;

use engine::store::{Frame, Position};
use record::{NodeId, PublicKey};
use store::{Known, VerifyReport};

use crate::folder::Folder;
use crate::identity::{Identity, IdentityError};

/// Why nothing could be verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// No such folder.
    #[error("{folder} is not there: check the path")]
    NoFolder {
        /// The folder.
        folder: std::path::PathBuf,
    },
    /// Whose journal it is can't be told.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The journal can't be read.
    #[error(transparent)]
    Store(#[from] store::VerifyError),
}

/// Verifies what lies in a folder: the node's certificates against the root that its identity
/// names, and the journal against the node's key.
///
/// # Errors
/// [`VerifyError`] when there is nothing to check; what is wrong with what there is, is reported.
pub fn verify(folder: &Path) -> Result<VerifyReport, VerifyError> {
    verify_each(folder, &mut |_, _| {})
}

/// As [`verify`], and shows every frame that holds.
///
/// # Errors
/// As [`verify`].
pub fn verify_each(
    folder: &Path,
    visit: &mut dyn FnMut(Position, &Frame),
) -> Result<VerifyReport, VerifyError> {
    if !folder.is_dir() {
        return Err(VerifyError::NoFolder { folder: folder.into() });
    }
    let identity = Identity::read(&Folder::new(folder))?;
    let known = Known {
        federation: identity.federation(),
        own: Some(identity.standing.key()),
        is_key_of: &|node, key| is_key_of(&identity, node, key),
    };
    Ok(store::verify_each(folder, &known, visit)?)
}

/// A node is named by the key it was born with; later ones of this node, and those in use above
/// it, are in its certificates. That others were certified is checked by the node itself, before
/// it takes in what they send.
fn is_key_of(identity: &Identity, node: &NodeId, key: &PublicKey) -> bool {
    let standing = &identity.standing;
    let own = *node == standing.node() && standing.keys().all().any(|own| own == *key);
    own || *key == node.genesis_key() || standing.key_of(*node) == Some(*key)
}
