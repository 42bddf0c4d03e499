//! Founding: a data folder with its keys, and for the top of a federation the root key and the
//! certificate that it signs.

use std::collections::BTreeSet;
use std::time::Duration;

use governance::area::AreaCode;
use governance::certificate::{
    Certificate, IssueError, Issuer, ROOT_LIST_VALIDITY, RevocationList, Right, VERSION, issue_root,
};
use record::{FederationId, NodeId, NodeKey, PublicKey, Signed, Timestamp};
use store::keyfile::{self, KeyFileError};

use crate::file::{self, FileError};
use crate::folder::Folder;
use crate::identity::{Identity, IdentityError};
use crate::seed::{self, SeedError};

/// What a federation's first node is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Founding {
    /// What people call it.
    pub name: String,
    /// Key of a level of the policy.
    pub level: String,
    /// The area it serves.
    pub area: AreaCode,
    /// Days for which its certificate holds.
    pub days: u32,
}

impl Founding {
    fn describes(&self, identity: &Identity) -> bool {
        let known = identity.standing.certificate();
        identity.standing.parent().is_none()
            && (&known.name, &known.level, &known.area) == (&self.name, &self.level, &self.area)
    }
}

/// Why a folder can't be made.
#[derive(Debug, thiserror::Error)]
pub enum FoundError {
    /// A file can't be written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A key can't be written or read.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// No randomness.
    #[error(transparent)]
    Seed(#[from] SeedError),
    /// The identity can't be written.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The folder belongs to a federation already.
    #[error("{folder} belongs to a federation already: choose another --data folder")]
    Taken {
        /// The folder.
        folder: std::path::PathBuf,
    },
    /// The certificate would not hold.
    #[error("no certificate can be made from --name, --level and --area")]
    Certificate(#[source] Box<IssueError>),
}

/// Makes a data folder with the node's signing key, unless it is there; gives the key. The store
/// makes its own.
///
/// # Errors
/// [`FoundError`].
pub fn prepare(folder: &Folder) -> Result<NodeKey, FoundError> {
    file::create_folder(folder.path())?;
    if !folder.node_key().exists() {
        keyfile::create_node_key(&folder.node_key(), &NodeKey::generate(&mut seed::rng()?))?;
    }
    Ok(keyfile::load_node_key(&folder.node_key())?)
}

/// Founds a federation in a data folder: makes the root key beside it, certifies the node, and
/// writes its identity.
///
/// A folder in which the same node was founded is left as it is, so that an interrupted founding
/// can be repeated.
///
/// # Errors
/// [`FoundError`]; a folder that belongs to another federation is left as it is.
pub fn found(folder: &Folder, founding: &Founding, now: Timestamp) -> Result<Identity, FoundError> {
    let key = prepare(folder)?;
    if folder.identity().exists() {
        let identity = Identity::load(folder, &key.public())?;
        let same = founding.describes(&identity);
        return if same {
            Ok(identity)
        } else {
            Err(FoundError::Taken { folder: folder.path().into() })
        };
    }
    let path = folder.root_key();
    // Founding anew would make another federation of it.
    if folder.journal().exists() && !path.exists() {
        return Err(IdentityError::Lost { path: folder.identity() }.into());
    }
    // A root key without an identity is what an interrupted founding leaves.
    if !path.exists() {
        keyfile::create_node_key(&path, &NodeKey::generate(&mut seed::rng()?))?;
    }
    let root = keyfile::load_node_key(&path)?;
    let identity = self_certified(&root, &key.public(), founding, now)
        .map_err(|error| FoundError::Certificate(Box::new(error)))?;
    identity.save(folder)?;
    Ok(identity)
}

/// The identity of a node that the root certifies.
///
/// # Errors
/// [`IssueError`] where nobody would accept the certificate.
pub fn self_certified(
    root: &NodeKey,
    key: &PublicKey,
    founding: &Founding,
    now: Timestamp,
) -> Result<Identity, IssueError> {
    let rights = [Right::Govern, Right::Enrol, Right::Member, Right::Aggregate];
    let certificate = Certificate {
        version: VERSION,
        node: NodeId::from_genesis(key),
        key: *key,
        endorsements: Vec::new(),
        name: founding.name.clone(),
        level: founding.level.clone(),
        area: founding.area.clone(),
        rights: BTreeSet::from(rights),
        delegate: true,
        serial: 1,
        not_before: now,
        not_after: now.plus(Duration::from_secs(u64::from(founding.days) * 24 * 3600)),
        issuer: Issuer::Root,
    };
    let standing = issue_root(root, certificate, now)?;
    let first = RevocationList::first(Issuer::Root, now, ROOT_LIST_VALIDITY);
    let list = Signed::sign(first, root, &FederationId::of_root(&root.public()));
    Ok(Identity { root: root.public(), standing, lists: vec![list], parent: Vec::new() })
}
