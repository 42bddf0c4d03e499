//! The operator's own mapping files: `imports/*.toml` in the data folder.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::folder::Folder;

/// Largest mapping file, in bytes.
const MAX_BYTES: u64 = 64 * 1024;

/// Why a mapping file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum SourcesError {
    /// It can't be read.
    #[error("mapping file {path} can't be read")]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// It is no mapping.
    #[error("mapping file {path} can't be used: {what}; correct it or take it away")]
    Unsound {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
}

/// The program's own sources and the operator's, which go before.
///
/// # Errors
/// [`SourcesError`].
pub fn load(folder: &Folder) -> Result<api::Sources, SourcesError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |source| SourcesError::Unreadable { path, source }
    };
    let (mut sources, path) = (api::Sources::default(), folder.imports());
    let entries = match std::fs::read_dir(&path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(sources),
        Err(source) => return Err(SourcesError::Unreadable { path, source }),
    };
    let mut files = Vec::new();
    for entry in entries {
        files.push(entry.map_err(unreadable(&path))?.path());
    }
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    for file in files {
        let mut text = String::new();
        File::open(&file)
            .and_then(|open| open.take(MAX_BYTES + 1).read_to_string(&mut text))
            .map_err(unreadable(&file))?;
        let unsound = |what| SourcesError::Unsound { path: file.clone(), what };
        sources = sources.with(&text).map_err(|error| unsound(error.told()))?;
    }
    Ok(sources)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mappings_in_the_data_folder_are_known_by_name_and_an_unsound_one_stops_the_start() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Folder::new(folder.path());
        assert!(load(&folder).is_ok(), "there need be none");
        std::fs::create_dir(folder.imports()).unwrap();
        let own = include_str!("../../config/imports/hotline-12345.toml");
        let own = own.replace("\"hotline-12345\"", "\"our-hotline\"");
        std::fs::write(folder.imports().join("ours.toml"), own).unwrap();
        std::fs::write(folder.imports().join("notes.txt"), "x").unwrap();
        assert!(format!("{:?}", load(&folder).unwrap()).contains("our-hotline"));
        std::fs::write(folder.imports().join("bad.toml"), "key = 1").unwrap();
        let error = load(&folder).err().unwrap().to_string();
        assert!(error.contains("bad.toml"), "{error}");
    }
}
