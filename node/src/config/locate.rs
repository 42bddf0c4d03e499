//! Which file is the configuration.

use std::path::{Path, PathBuf};

use super::Layer;
use super::error::ConfigError;

/// The usual name of the file.
pub const FILE_NAME: &str = "wangge.toml";

/// Gathers the layers: the file that is named, else `wangge.toml` here, else the one in the data
/// folder, else none; then environment, then flags. `data` is the data folder where one was named.
///
/// # Errors
/// When the file that is named, or found, can't be read.
pub fn locate(
    named: Option<&Path>,
    environment: Layer,
    flags: Layer,
) -> Result<Vec<Layer>, ConfigError> {
    let data = [&flags, &environment].into_iter().find_map(|layer| layer.get("data")?.as_str());
    let data = data.map_or_else(|| PathBuf::from("data"), PathBuf::from);
    let found = named.map(Path::to_path_buf).or_else(|| {
        let beside = PathBuf::from(FILE_NAME);
        [beside, data.join(FILE_NAME)].into_iter().find(|path| path.exists())
    });
    let mut layers = Vec::new();
    if let Some(path) = found {
        layers.push(Layer::file(&path)?);
    }
    layers.extend([environment, flags]);
    Ok(layers)
}
