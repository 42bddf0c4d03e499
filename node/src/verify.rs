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
        key_of: &key_of,
    };
    Ok(store::verify_each(folder, &known, visit)?)
}

/// In this version of the certificates a node signs with the key it was born with, which is its
/// id: so a signature can be checked without its certificate. That it was certified is checked by
/// the node itself, before it takes in what others send.
#[expect(clippy::unnecessary_wraps, reason = "the store asks for what may be unknown")]
fn key_of(node: &NodeId) -> Option<PublicKey> {
    Some(node.genesis_key())
}
