//! What lies where in a data folder. The store has its own files in it, besides these.

use std::path::{Path, PathBuf};

/// A data folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder(PathBuf);

impl Folder {
    /// The folder at a path.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The node's signing key.
    #[must_use]
    pub fn node_key(&self) -> PathBuf {
        store::keyfile::node_key_path(&self.0)
    }

    /// The key that is to follow it, while the node changes its key.
    #[must_use]
    pub fn next_key(&self) -> PathBuf {
        store::keyfile::next_key_path(&self.0)
    }

    /// The old key's word for the next one, which somebody carries to the root key: of a node that
    /// the root certified.
    #[must_use]
    pub fn endorsement(&self) -> PathBuf {
        self.0.join("endorsement")
    }

    /// The federation's root key, where this folder founded one. It belongs on removable media.
    #[must_use]
    pub fn root_key(&self) -> PathBuf {
        self.0.join("root.key")
    }

    /// Federation and certificates: see [`crate::identity::Identity`].
    #[must_use]
    pub fn identity(&self) -> PathBuf {
        self.0.join("identity.json")
    }

    /// The store's journal: there from the first time that the node was opened.
    #[must_use]
    pub fn journal(&self) -> PathBuf {
        self.0.join("journal")
    }

    /// The configuration that `init` writes.
    #[must_use]
    pub fn config(&self) -> PathBuf {
        self.0.join(crate::config::FILE_NAME)
    }

    /// The first operator's bearer token, for programs on this machine.
    #[must_use]
    pub fn operator_token(&self) -> PathBuf {
        self.0.join("operator.token")
    }

    /// The operator's own mapping files: see [`crate::sources`].
    #[must_use]
    pub fn imports(&self) -> PathBuf {
        self.0.join("imports")
    }

    /// Where the node is reached while it runs: see [`crate::summary::Summary`].
    #[must_use]
    pub fn running(&self) -> PathBuf {
        self.0.join("running.json")
    }

    /// Where it was reached the last time: see [`crate::summary::Last`].
    #[must_use]
    pub fn last(&self) -> PathBuf {
        self.0.join("addresses.json")
    }
}
