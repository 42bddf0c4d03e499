//! Bringing files to the running node: over its own API, with somebody's token.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use data_encoding::BASE64;
use serde_json::{Map, Value};

use crate::config::Config;
use crate::folder::Folder;
use crate::local::{Local, LocalError};

/// Largest file that the node takes, in bytes.
const MAX_FILE: u64 = 15 * 1024 * 1024;
/// Largest mapping file, in bytes.
const MAX_MAPPING: u64 = 64 * 1024;

/// A file on its way to the node.
pub struct Parcel {
    /// The resource that takes it.
    pub resource: &'static str,
    /// The file; a query without one has none.
    pub file: Option<PathBuf>,
    /// A mapping file to go with it.
    pub mapping: Option<PathBuf>,
    /// What else is said about it.
    pub more: Map<String, Value>,
    /// A file with the bearer token of who sends it; the operator's where absent.
    pub token: Option<PathBuf>,
}

/// Why a file was not brought.
#[derive(Debug, thiserror::Error)]
pub enum ParcelError {
    /// It can't be read.
    #[error("{path} can't be read")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// It is larger than the node takes.
    #[error("{path} has more than {most} bytes: split it")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The most.
        most: u64,
    },
    /// A mapping is text.
    #[error("{path} is not utf-8: a mapping is toml")]
    NoText {
        /// The file.
        path: PathBuf,
    },
    /// A file to be made is there, or can't be made.
    #[error("{path} can't be made")]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// The node refused or can't be asked.
    #[error(transparent)]
    Local(#[from] LocalError),
}

impl Parcel {
    /// Sends it, and gives what the node told.
    ///
    /// # Errors
    /// [`ParcelError`].
    pub async fn send(&self, config: &Config) -> Result<Value, ParcelError> {
        Ok(self.local(config)?.send(self.resource, &self.body()?).await?)
    }

    /// Sends it, and writes what the node gives to a new file.
    ///
    /// # Errors
    /// [`ParcelError`].
    pub async fn fetch(&self, config: &Config, to: &Path) -> Result<usize, ParcelError> {
        let bytes = self.local(config)?.fetch(self.resource, &self.body()?).await?;
        let unwritable = |source| ParcelError::Unwritable { path: to.into(), source };
        let mut file = File::create_new(to).map_err(unwritable)?;
        std::io::Write::write_all(&mut file, &bytes).map_err(unwritable)?;
        Ok(bytes.len())
    }

    fn local(&self, config: &Config) -> Result<Local, ParcelError> {
        let local = Local::find(&Folder::new(&config.data))?;
        Ok(match &self.token {
            Some(path) => local.with_token(path)?,
            None => local,
        })
    }

    fn body(&self) -> Result<Value, ParcelError> {
        let mut body = self.more.clone();
        if let Some(path) = &self.file {
            body.insert("file".into(), BASE64.encode(&read(path, MAX_FILE)?).into());
        }
        if let Some(path) = &self.mapping {
            let text = String::from_utf8(read(path, MAX_MAPPING)?);
            let text = text.map_err(|_| ParcelError::NoText { path: path.clone() })?;
            body.insert("mapping".into(), text.into());
        }
        Ok(Value::Object(body))
    }
}

fn read(path: &Path, most: u64) -> Result<Vec<u8>, ParcelError> {
    let unreadable = |source| ParcelError::Unreadable { path: path.into(), source };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(most + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > most {
        return Err(ParcelError::TooLarge { path: path.into(), most });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parcel_holds_the_file_and_what_is_said_about_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        std::fs::write(&path, "名称\n").unwrap();
        let parcel = |file: Option<PathBuf>, mapping: Option<PathBuf>| Parcel {
            resource: "/v1/imports/reports",
            file,
            mapping,
            more: Map::from_iter([("dry_run".to_owned(), true.into())]),
            token: None,
        };
        let body = parcel(Some(path.clone()), Some(path.clone())).body().unwrap();
        assert_eq!((&body["dry_run"], &body["mapping"]), (&Value::from(true), &"名称\n".into()));
        assert_eq!(
            BASE64.decode(body["file"].as_str().unwrap().as_bytes()).unwrap(),
            "名称\n".as_bytes()
        );
        let missing = parcel(Some(folder.path().join("no")), None).body();
        assert!(matches!(missing, Err(ParcelError::Unreadable { .. })));
        std::fs::write(&path, [0xff_u8; 70_000]).unwrap();
        let large = parcel(None, Some(path.clone())).body();
        assert!(matches!(large, Err(ParcelError::TooLarge { .. })));
        std::fs::write(&path, [0xff_u8; 9]).unwrap();
        assert!(matches!(parcel(None, Some(path)).body(), Err(ParcelError::NoText { .. })));
    }
}
