//! What the offline root key is fetched from its safe for: a revocation list, a new certificate.

use std::path::{Path, PathBuf};
use std::time::Duration;

use governance::certificate::{
    Certificate, Endorsement, IssueError, Issuer, KeysError, LastGood, ROOT_LIST_VALIDITY, Reason,
    RevocationList, Revoked, Standing, issue_root,
};
use record::{EnvelopeError, FederationId, NodeKey, Signed, Timestamp, Unverified};
use store::keyfile::{self, KeyFileError};

use crate::file::{self, FileError};

/// Why the root said nothing.
#[derive(Debug, thiserror::Error)]
pub enum RootError {
    /// The root key can't be used.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// A file can't be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file can't be read.
    #[error("{path} can't be read")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The earlier list is not this root's.
    #[error("{path} is not a revocation list of this root")]
    Previous {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: EnvelopeError,
    },
    /// The list would not be accepted.
    #[error("the revocation list would not be accepted")]
    List(#[from] EnvelopeError),
    /// The node was not certified by the root.
    #[error("the root did not certify this node: ask {issuer} to revoke it")]
    NotMine {
        /// Who did.
        issuer: String,
    },
    /// The old key's word for the next one does not hold.
    #[error("the endorsement is not by the key of this certificate")]
    Endorsement(#[from] KeysError),
    /// The certificate would not hold.
    #[error("the certificate would not hold")]
    Certificate(#[source] Box<IssueError>),
}

/// What the root revokes, and how.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ending {
    /// Why.
    pub reason: Reason,
    /// Of a compromise: the last record that is the node's own.
    pub last_good: Option<LastGood>,
}

/// Reads the root key.
///
/// # Errors
/// [`RootError::Key`].
pub fn key(path: &Path) -> Result<NodeKey, RootError> {
    Ok(keyfile::load_node_key(path)?)
}

/// The root's next list: what the earlier one has that is still in force, and one entry more where
/// given. Its number is the time in seconds, so that the root needs no memory of its own.
///
/// # Errors
/// [`RootError`].
pub fn list(
    root: &NodeKey,
    previous: Option<&Path>,
    revoke: Option<(&Standing, Ending)>,
    now: Timestamp,
) -> Result<Vec<u8>, RootError> {
    let federation = FederationId::of_root(&root.public());
    let first = RevocationList::first(Issuer::Root, now, ROOT_LIST_VALIDITY);
    let last = match previous {
        None => RevocationList { number: 0, ..first },
        Some(path) => read_list(root, &federation, path)?.into_value(),
    };
    let entry = revoke.map(|(standing, ending)| entry(standing, ending, now)).transpose()?;
    let next = last.next(entry, now, ROOT_LIST_VALIDITY);
    let seconds = u64::try_from(now.millis() / 1_000).unwrap_or(0);
    let next = RevocationList { number: next.number.max(seconds), ..next };
    Ok(Signed::try_sign(next, root, &federation)?.bytes().to_vec())
}

fn read_list(
    root: &NodeKey,
    federation: &FederationId,
    path: &Path,
) -> Result<Signed<RevocationList>, RootError> {
    let bytes = std::fs::read(path)
        .map_err(|source| RootError::Unreadable { path: path.into(), source })?;
    let parsed = Unverified::<RevocationList>::parse(bytes);
    parsed
        .and_then(|list| list.verify(federation, &root.public()))
        .map_err(|source| RootError::Previous { path: path.into(), source })
}

fn entry(standing: &Standing, ending: Ending, now: Timestamp) -> Result<Revoked, RootError> {
    let own = standing.certificate();
    if let Issuer::Node(node) = own.issuer {
        return Err(RootError::NotMine { issuer: node.short().to_string() });
    }
    let Ending { reason, last_good } = ending;
    let (node, key, serial, until) = (own.node, own.key, own.serial, own.not_after);
    Ok(Revoked { node, key, serial, since: now, reason, last_good, until })
}

/// A new certificate for a node that the root certified before: the same node, name, level, area
/// and rights, from now on for so many days; under the next key where the one before endorses it.
///
/// # Errors
/// [`RootError`].
pub fn renew(
    root: &NodeKey,
    standing: &Standing,
    endorsement: Option<&[u8]>,
    days: u32,
    now: Timestamp,
) -> Result<Standing, RootError> {
    let own = standing.certificate();
    let (mut key, mut endorsements) = (own.key, own.endorsements.clone());
    if let Some(word) = endorsement {
        let federation = FederationId::of_root(&root.public());
        key = Endorsement::of(&federation, own, word)?.key;
        endorsements.push(word.to_vec().into());
    }
    let next = Certificate {
        key,
        endorsements,
        serial: own.serial + 1,
        not_before: now,
        not_after: now.plus(Duration::from_secs(u64::from(days) * 86_400)),
        ..own.clone()
    };
    issue_root(root, next, now).map_err(|error| RootError::Certificate(Box::new(error)))
}

/// Writes a file that is not there yet.
///
/// # Errors
/// [`RootError::File`].
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), RootError> {
    Ok(file::write_bytes(path, bytes)?)
}
