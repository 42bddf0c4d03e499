//! The policy that a node loads.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use engine::world::Follow;
use governance::policy::{MAX_TEXT, Policy, PolicyError, Version};
use serde::{Deserialize, Serialize};

/// The policy of She County, which is used where no file is named.
pub const BUILT_IN: &str = include_str!("../../config/policies/she-county.toml");

/// The policy section.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PolicyFile {
    /// A TOML file; the built-in policy of She County where absent.
    pub file: Option<PathBuf>,
    /// Whether a policy that the node above publishes comes into force by an officer's act
    /// (`manual`), or by itself (`automatic`).
    pub follow: Follow,
}

/// Why there is no policy.
#[derive(Debug, thiserror::Error)]
pub enum PolicyFileError {
    /// The file can't be read.
    #[error("policy file {path} can't be read: correct policy.file")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// The policy is refused.
    #[error("policy {path} is refused: correct the keys named, nothing was started")]
    Refused {
        /// The file.
        path: PathBuf,
        /// Every problem with its key.
        #[source]
        source: Box<PolicyError>,
    },
}

impl PolicyFile {
    /// Reads and checks the policy.
    ///
    /// # Errors
    /// [`PolicyFileError`].
    pub fn load(&self) -> Result<Policy, PolicyFileError> {
        self.version().map(|version| version.policy)
    }

    /// Reads and checks the policy; keeps its text.
    ///
    /// # Errors
    /// [`PolicyFileError`].
    pub fn version(&self) -> Result<Version, PolicyFileError> {
        let path = self.file.clone().unwrap_or_else(|| PathBuf::from("(built-in)"));
        let text = match &self.file {
            Some(file) => read(file)
                .map_err(|source| PolicyFileError::Unreadable { path: path.clone(), source })?,
            None => BUILT_IN.to_owned(),
        };
        Version::read(&text)
            .map_err(|source| PolicyFileError::Refused { path, source: Box::new(source) })
    }
}

/// Reads no more than one byte over the limit, which the parser then refuses.
fn read(path: &PathBuf) -> std::io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(MAX_TEXT as u64 + 1).read_to_string(&mut text)?;
    Ok(text)
}
