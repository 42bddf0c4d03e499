//! Who a node is: the federation's root key, the node's own certificate chain, and where its
//! parent was reached when it joined.

use data_encoding::BASE64;
use governance::certificate::{
    Certificate, ChainError, MAX_CHAIN, RevocationList, Standing, verify_chain,
};
use record::{FederationId, PublicKey, Signed, Timestamp, Unverified};
use serde::{Deserialize, Serialize};

use crate::file::{self, FileError};
use crate::folder::Folder;

/// Version of the file's form.
const VERSION: u16 = 1;
/// Most addresses of the parent.
const MAX_ADDRESSES: usize = 16;

/// A node's identity, verified.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Identity {
    /// The federation's root key.
    pub root: PublicKey,
    /// The node's certificates.
    pub standing: Standing,
    /// The root's revocation list as it was when the root certified the node; later ones are in
    /// the journal.
    pub lists: Vec<Signed<RevocationList>>,
    /// Where the parent was reached, multiaddr text; empty for a node that the root certified.
    pub parent: Vec<String>,
}

/// Why there is no identity.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The file can't be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// There is none.
    #[error(
        "{folder} belongs to no federation yet: run `wangge join TOKEN`, or `wangge init --found`"
    )]
    Missing {
        /// The data folder.
        folder: std::path::PathBuf,
    },
    /// There was one.
    #[error(
        "{path} is missing, but the folder has a journal: restore it from a backup, or ask the \
         parent for a new invitation"
    )]
    Lost {
        /// The file.
        path: std::path::PathBuf,
    },
    /// The file was written by another version of the program.
    #[error("{path} has version {found}, this program reads {VERSION}: use the newer program")]
    Version {
        /// The file.
        path: std::path::PathBuf,
        /// What it says.
        found: u16,
    },
    /// Its bytes are not what they should be.
    #[error("{path} is damaged ({what}): restore it from a backup")]
    Content {
        /// The file.
        path: std::path::PathBuf,
        /// What.
        what: &'static str,
    },
    /// The certificates do not hold.
    #[error("the certificates in {path} prove nothing: restore the file, or join anew")]
    Chain {
        /// The file.
        path: std::path::PathBuf,
        /// Which and why.
        #[source]
        source: Box<ChainError>,
    },
    /// The certificates are another node's.
    #[error(
        "the certificates in {path} are for node {theirs}, but the key is that of {own}: the \
             folder holds files of two nodes"
    )]
    OtherNode {
        /// The file.
        path: std::path::PathBuf,
        /// The certified node's short id.
        theirs: String,
        /// The key's short id.
        own: String,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    version: u16,
    root: PublicKey,
    /// Signed certificates, base64, the node's own first.
    chain: Vec<String>,
    /// Signed revocation lists of the root, base64.
    #[serde(default)]
    revocations: Vec<String>,
    #[serde(default)]
    parent: Vec<String>,
}

impl Identity {
    /// The federation.
    #[must_use]
    pub fn federation(&self) -> FederationId {
        FederationId::of_root(&self.root)
    }

    /// The parent's certificate chain, its own first; `None` for a node that the root certified.
    #[must_use]
    pub fn parent_chain(&self) -> Option<Vec<Vec<u8>>> {
        self.standing.parent()?;
        Some(self.standing.chain().skip(1).map(|link| link.to_vec()).collect())
    }

    /// Reads and verifies the identity in a data folder, whose node key has the public half `own`.
    ///
    /// # Errors
    /// [`IdentityError`].
    pub fn load(folder: &Folder, own: &PublicKey) -> Result<Self, IdentityError> {
        let identity = Self::read(folder)?;
        if identity.standing.key() == *own {
            return Ok(identity);
        }
        let theirs = identity.standing.node().short().to_string();
        let own = record::NodeId::from_genesis(own).short().to_string();
        Err(IdentityError::OtherNode { path: folder.identity(), theirs, own })
    }

    /// Reads and verifies the identity in a folder, whoever's it is. Certificates that have expired
    /// since are no error here: a node without a valid certificate still serves its own people.
    ///
    /// # Errors
    /// [`IdentityError`].
    pub fn read(folder: &Folder) -> Result<Self, IdentityError> {
        let path = folder.identity();
        let missing = || match folder.journal().exists() {
            true => IdentityError::Lost { path: folder.identity() },
            false => IdentityError::Missing { folder: folder.path().into() },
        };
        let stored: Stored = file::read(&path)?.ok_or_else(missing)?;
        if stored.version != VERSION {
            return Err(IdentityError::Version { path, found: stored.version });
        }
        let damaged = |what| IdentityError::Content { path: path.clone(), what };
        if stored.chain.len() > MAX_CHAIN || stored.parent.len() > MAX_ADDRESSES {
            return Err(damaged("too many certificates or addresses"));
        }
        let decode = |text: &String| BASE64.decode(text.as_bytes()).ok();
        let chain: Option<Vec<Vec<u8>>> = stored.chain.iter().map(decode).collect();
        let chain = chain.ok_or_else(|| damaged("a certificate is not base64"))?;
        let standing = verify(&stored.root, &chain).map_err(|source| IdentityError::Chain {
            path: path.clone(),
            source: Box::new(source),
        })?;
        let lists = stored.revocations.iter().map(|text| list(&stored.root, text));
        let lists: Option<Vec<_>> = lists.collect();
        let lists = lists.ok_or_else(|| damaged("a revocation list is not the root's"))?;
        Ok(Self { root: stored.root, standing, lists, parent: stored.parent })
    }

    /// The identity under certificates that came since. Where another parent signed them, the
    /// addresses of the one before it are of no use any more.
    #[must_use]
    pub fn renewed(self, standing: Standing) -> Self {
        let same = self.standing.parent() == standing.parent();
        let parent = if same { self.parent } else { Vec::new() };
        Self { standing, parent, ..self }
    }

    /// Writes the identity into a data folder.
    ///
    /// # Errors
    /// [`IdentityError::File`].
    pub fn save(&self, folder: &Folder) -> Result<(), IdentityError> {
        let chain = self.standing.chain().map(|link| BASE64.encode(link)).collect();
        let parent = self.parent.iter().take(MAX_ADDRESSES).cloned().collect();
        let lists = self.lists.iter().map(|list| BASE64.encode(list.bytes()));
        let revocations = lists.collect();
        let stored = Stored { version: VERSION, root: self.root, chain, revocations, parent };
        Ok(file::write(&folder.identity(), &stored)?)
    }
}

/// A list that the root signed.
fn list(root: &PublicKey, text: &str) -> Option<Signed<RevocationList>> {
    let bytes = BASE64.decode(text.as_bytes()).ok()?;
    let parsed = Unverified::<RevocationList>::parse(bytes).ok()?;
    parsed.verify(&FederationId::of_root(root), root).ok()
}

/// Verifies a chain at the moment at which its youngest certificate began.
fn verify(root: &PublicKey, chain: &[Vec<u8>]) -> Result<Standing, ChainError> {
    let begins = chain.iter().filter_map(|link| {
        let certificate = Unverified::<Certificate>::parse(link.clone()).ok()?;
        Some(certificate.peek().not_before)
    });
    let at = begins.max().unwrap_or(Timestamp::EPOCH);
    verify_chain(root, &FederationId::of_root(root), chain, at)
}

#[cfg(test)]
mod tests {
    use record::NodeKey;

    use super::*;
    use crate::found::{Founding, self_certified};

    const NOW: Timestamp = Timestamp::from_millis(1_764_000_000_000);

    fn key(seed: u8) -> NodeKey {
        NodeKey::from_seed(&[seed; 32])
    }

    fn county() -> Identity {
        let founding = Founding {
            name: "歙县".into(),
            level: "county".into(),
            area: "341021".parse().unwrap(),
            days: 30,
        };
        self_certified(&key(1), &key(2).public(), &founding, NOW).unwrap()
    }

    #[test]
    fn an_identity_comes_back_as_it_was_also_when_it_has_expired() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder::new(temporary.path());
        county().save(&folder).unwrap();
        assert_eq!(Identity::load(&folder, &key(2).public()).unwrap(), county());
    }

    #[test]
    fn a_folder_without_one_says_what_to_do() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder::new(temporary.path());
        let error = Identity::load(&folder, &key(2).public()).unwrap_err().to_string();
        assert!(error.contains("wangge join TOKEN") && error.contains("wangge init --found"));
    }

    #[test]
    fn a_folder_that_lost_its_identity_is_not_taken_for_a_new_one() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder::new(temporary.path());
        std::fs::create_dir(folder.journal()).unwrap();
        let error = Identity::load(&folder, &key(2).public()).unwrap_err();
        assert!(matches!(error, IdentityError::Lost { .. }));
        assert!(error.to_string().contains("identity.json"));
    }

    #[test]
    fn another_nodes_certificates_are_refused() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder::new(temporary.path());
        county().save(&folder).unwrap();
        let error = Identity::load(&folder, &key(3).public()).unwrap_err();
        assert!(matches!(error, IdentityError::OtherNode { .. }));
    }

    #[test]
    fn certificates_under_another_root_are_refused() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder::new(temporary.path());
        Identity { root: key(9).public(), ..county() }.save(&folder).unwrap();
        let error = Identity::load(&folder, &key(2).public()).unwrap_err();
        assert!(matches!(error, IdentityError::Chain { .. }));
    }

    #[test]
    fn unknown_versions_and_damage_are_named() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder::new(temporary.path());
        let write = |version: u16, chain: &[&str]| {
            let root = key(1).public();
            let stored = serde_json::json!({"version": version, "root": root, "chain": chain});
            file::write(&folder.identity(), &stored).unwrap();
            Identity::load(&folder, &key(2).public()).unwrap_err()
        };
        assert!(matches!(write(2, &[]), IdentityError::Version { found: 2, .. }));
        assert!(matches!(write(1, &["*"]), IdentityError::Content { .. }));
        assert!(matches!(write(1, &["AAAA"; 9]), IdentityError::Content { .. }));
        assert!(matches!(write(1, &["AAAA"]), IdentityError::Chain { .. }));
    }
}
