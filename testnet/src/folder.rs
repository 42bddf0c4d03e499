//! The demo's folder: a marker that says that it is one, what has to outlive a run, and a folder
//! for each node.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::clocks::{self, millis};
use crate::ids::{self, Nonce};
use crate::practice;

/// The file that makes a folder a demo's.
const MARKER: &str = "wangge-demo.json";
const VERSION: u32 = 3;

/// An open folder; nobody else's while it is.
pub struct Folder {
    path: PathBuf,
    _lock: File,
}

/// What has to outlive a run.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    version: u32,
    /// Makes the demo's ids its own.
    pub nonce: String,
    /// Seed of ground and people.
    pub seed: u64,
    /// Key of the policy that its nodes go by.
    pub policy: String,
    /// The password of every account of this demo.
    pub password: String,
    /// Port of the forwarder, once chosen.
    pub forwarder: u16,
    /// By how many milliseconds the nodes' clocks are behind: the first days are past days.
    pub behind: u64,
    /// The nodes, by seat.
    pub nodes: Vec<NodeState>,
}

/// What has to outlive a run, of one node.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeState {
    /// Port of the API.
    pub http: u16,
    /// Port for other nodes.
    pub network: u16,
    /// The network's name for it, base58, once it has run.
    pub peer: Option<String>,
    /// Whether it has founded or joined the federation.
    pub enrolled: bool,
    /// How often it has invited others of the federation.
    #[serde(default)]
    pub invited: u64,
    /// Whether its people are there.
    pub settled: bool,
    /// How many of its places are there; a larger federation has more.
    pub places: usize,
    /// People by login.
    pub people: BTreeMap<String, String>,
    /// Bearer tokens by login.
    pub tokens: BTreeMap<String, String>,
}

/// Why a folder can't be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Something else lies in it.
    #[error("{0} is not empty and not a demo's folder (it has no {MARKER}): choose another --dir")]
    NotOurs(PathBuf),
    /// Another demo runs on it.
    #[error("another demo runs on {0}: stop it, or choose another --dir")]
    Busy(PathBuf),
    /// Made by another version of the program.
    #[error("{0} was made by another version of the demo: start over with --reset")]
    Version(PathBuf),
    /// Its nodes go by another policy.
    #[error(
        "the nodes in {path} go by the policy {is}: leave --policy out, start over with --reset, or \
         choose another --dir"
    )]
    Policy {
        /// The folder.
        path: PathBuf,
        /// The policy of its nodes.
        is: String,
    },
    /// The marker can't be read.
    #[error("{path} can't be read: start over with --reset")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// The system refused.
    #[error("{path} can't be used")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
}

impl Folder {
    /// Opens a folder, making it where it is not there, and reads what an earlier run has left.
    /// With `reset` a demo's folder is emptied first; any other is left alone. `policy` is what was
    /// asked for: the usual one, or what is there already, where nothing was.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn open(
        path: &Path,
        reset: bool,
        seed: u64,
        policy: Option<&str>,
    ) -> Result<(Self, State), FolderError> {
        let io = |source| FolderError::Io { path: path.into(), source };
        let marker = path.join(MARKER);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(io)?;
        let ours = marker.exists();
        let strange = |entry: &Result<fs::DirEntry, std::io::Error>| {
            !entry.as_ref().is_ok_and(|entry| entry.file_name() == "lock")
        };
        if !ours && fs::read_dir(path).map_err(io)?.any(|entry| strange(&entry)) {
            return Err(FolderError::NotOurs(path.into()));
        }
        let folder = Self { path: fs::canonicalize(path).map_err(io)?, _lock: lock(path)? };
        if ours && reset {
            folder.empty()?;
        }
        let state = if marker.exists() {
            folder.load()?
        } else {
            State::new(seed, policy.unwrap_or(practice::USUAL)).map_err(io)?
        };
        if policy.is_some_and(|asked| asked != state.policy) {
            return Err(FolderError::Policy { path: folder.path, is: state.policy });
        }
        folder.save(&state)?;
        Ok((folder, state))
    }

    /// Removes what a demo puts there, the marker last, so that an interrupted reset can be done
    /// again.
    fn empty(&self) -> Result<(), FolderError> {
        let remove = |path: PathBuf| {
            let gone =
                if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            match gone {
                Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                    Err(FolderError::Io { path, source })
                }
                Ok(()) | Err(_) => Ok(()),
            }
        };
        remove(self.nodes())?;
        remove(self.ledger())?;
        remove(self.password_file())?;
        remove(self.path.join(MARKER))
    }

    fn load(&self) -> Result<State, FolderError> {
        let path = self.path.join(MARKER);
        let bytes =
            fs::read(&path).map_err(|source| FolderError::Io { path: path.clone(), source })?;
        let state: State = serde_json::from_slice(&bytes)
            .map_err(|source| FolderError::Damaged { path: path.clone(), source })?;
        if state.version == VERSION {
            Ok(state)
        } else {
            Err(FolderError::Version(self.path.clone()))
        }
    }

    /// Writes down what has to outlive this run.
    ///
    /// # Errors
    /// [`FolderError::Io`].
    pub fn save(&self, state: &State) -> Result<(), FolderError> {
        let path = self.path.join(MARKER);
        let written = serde_json::to_vec_pretty(state)
            .map_err(std::io::Error::from)
            .and_then(|bytes| write_whole(&path, &bytes));
        written.map_err(|source| FolderError::Io { path, source })
    }

    /// The folder itself, absolute.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the nodes' folders are.
    #[must_use]
    pub fn nodes(&self) -> PathBuf {
        self.path.join("nodes")
    }

    /// The folder of a seat's node: configuration, log and data.
    #[must_use]
    pub fn node(&self, key: &str) -> PathBuf {
        self.nodes().join(key)
    }

    /// The demo's ledger.
    #[must_use]
    pub fn ledger(&self) -> PathBuf {
        self.path.join("ledger.jsonl")
    }

    /// The password, as `init` and `join` read it.
    #[must_use]
    pub fn password_file(&self) -> PathBuf {
        self.path.join("password")
    }
}

impl State {
    fn new(seed: u64, policy: &str) -> std::io::Result<Self> {
        let password = format!("demo-{}", &ids::random()?[..12]);
        Ok(Self {
            version: VERSION,
            nonce: ids::random()?,
            seed,
            policy: policy.to_owned(),
            password,
            forwarder: 0,
            behind: millis(clocks::LONG_AGO),
            nodes: Vec::new(),
        })
    }

    /// What makes this demo's ids its own.
    #[must_use]
    pub fn ids(&self) -> Nonce {
        Nonce::new(&self.nonce)
    }
}

/// Writes a file that only its owner reads, whole or not at all.
///
/// # Errors
/// The system's.
pub fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let beside = path.with_extension("new");
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(bytes)?;
    fs::rename(beside, path)
}

fn lock(path: &Path) -> Result<File, FolderError> {
    let at = path.join("lock");
    let io = |source| FolderError::Io { path: at.clone(), source };
    let mut options = fs::OpenOptions::new();
    let file =
        options.write(true).create(true).truncate(false).mode(0o600).open(&at).map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(FolderError::Busy(path.into())),
        Err(TryLockError::Error(source)) => Err(io(source)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_demos_folder_is_reset() {
        let temporary = tempfile::tempdir().unwrap();
        fs::write(temporary.path().join("thesis.txt"), "irreplaceable").unwrap();
        let refused = Folder::open(temporary.path(), true, 1, None);
        assert!(matches!(refused, Err(FolderError::NotOurs(_))));
        assert!(temporary.path().join("thesis.txt").exists());
    }

    #[test]
    fn a_rerun_finds_what_the_last_one_left_and_a_reset_does_not() {
        let temporary = tempfile::tempdir().unwrap();
        let path = temporary.path().join("demo");
        let (folder, mut state) = Folder::open(&path, false, 1, None).unwrap();
        state.forwarder = 7;
        folder.save(&state).unwrap();
        fs::create_dir_all(folder.node("county-341021")).unwrap();
        assert!(matches!(Folder::open(&path, false, 1, None), Err(FolderError::Busy(_))));
        drop(folder);
        let (folder, again) = Folder::open(&path, false, 2, None).unwrap();
        assert_eq!((again.forwarder, again.seed), (7, 1));
        assert_eq!((&again.nonce, &again.password), (&state.nonce, &state.password));
        drop(folder);
        let (folder, fresh) = Folder::open(&path, true, 2, None).unwrap();
        assert!(fresh.nonce != state.nonce && fresh.seed == 2 && !folder.nodes().exists());
    }

    #[test]
    fn a_folder_keeps_to_its_policy_until_it_is_reset() {
        let temporary = tempfile::tempdir().unwrap();
        let open = |reset, policy| Folder::open(temporary.path(), reset, 1, policy);
        assert_eq!(open(false, Some("weinan")).unwrap().1.policy, "weinan");
        assert_eq!(open(false, None).unwrap().1.policy, "weinan");
        let Err(refused) = open(false, Some("xiapu")) else { panic!("two policies in one folder") };
        assert!(matches!(refused, FolderError::Policy { is, .. } if is == "weinan"));
        assert_eq!(open(true, Some("xiapu")).unwrap().1.policy, "xiapu");
    }
}
