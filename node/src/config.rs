//! What the operator may set. Sources, each over the one before: the built-in defaults, one TOML
//! file, environment variables `WANGGE_SECTION__KEY`, flags. Nothing unknown is passed over: an
//! error names the source, the key, the value and what would be right. Every section's type lives
//! beside the code that it configures.

mod error;
mod explain;
mod layer;
mod locate;

use std::path::{Path, PathBuf};

use figment::value::{Dict, Value};
use figment::{Figment, Profile};
use serde::{Deserialize, Serialize};

use crate::calendar::Calendars;
use crate::http::Http;
use crate::log::Log;
use crate::neighbours::Parent;
use crate::policy::PolicyFile;
use crate::ports::Ports;
use crate::shutdown::Shutdown;
use crate::tiles::Map;

pub use error::{ConfigError, Origin};
pub use explain::explain;
pub use layer::Layer;
pub use locate::{FILE_NAME, locate};

/// A node's configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The data folder: keys, journal, index, identity. In a file: relative to the file.
    pub data: PathBuf,
    /// The API for staff, residents and programs.
    pub http: Http,
    /// Connections with other nodes.
    pub network: network::Config,
    /// What happens when a port is taken.
    pub ports: Ports,
    /// The map of the desk.
    pub map: Map,
    /// The node above.
    pub parent: Parent,
    /// How this place works.
    pub policy: PolicyFile,
    /// Working days.
    pub calendar: Calendars,
    /// What is logged, and how.
    pub log: Log,
    /// How the node stops.
    pub shutdown: Shutdown,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data: PathBuf::from("data"),
            http: Http::default(),
            network: network::Config::default(),
            ports: Ports::default(),
            map: Map::default(),
            parent: Parent::default(),
            policy: PolicyFile::default(),
            calendar: Calendars::default(),
            log: Log::default(),
            shutdown: Shutdown::default(),
        }
    }
}

/// A configuration with where each value came from.
pub struct Loaded {
    /// The configuration, checked.
    pub config: Config,
    /// The sources, the strongest last.
    pub layers: Vec<Layer>,
}

/// Puts layers on top of each other, the strongest last, and reads the result.
///
/// # Errors
/// [`ConfigError`] for the first thing that is wrong.
pub fn load(layers: Vec<Layer>) -> Result<Loaded, ConfigError> {
    let figment = layers.iter().fold(Figment::new(), Figment::merge);
    let mut config: Config =
        figment.extract().map_err(|error| ConfigError::of_figment(error, &layers))?;
    place(&mut config, &layers);
    check(&config, &layers)?;
    Ok(Loaded { config, layers })
}

/// Paths that a file names are relative to that file's folder.
fn place(config: &mut Config, layers: &[Layer]) {
    let base = |key: &str| {
        let layer = layer::strongest(layers, key)?;
        layer.folder().map(Path::to_path_buf)
    };
    let settle = |key: &str, path: &mut PathBuf| {
        if let Some(folder) = base(key) {
            *path = folder.join(&*path);
        }
    };
    settle("data", &mut config.data);
    if let Some(file) = &mut config.policy.file {
        settle("policy.file", file);
    }
    for file in &mut config.calendar.files {
        settle("calendar.files", file);
    }
}

fn check(config: &Config, layers: &[Layer]) -> Result<(), ConfigError> {
    config.network.check().map_err(|source| ConfigError::of_network(source, layers))?;
    let deadline = config.shutdown.deadline;
    if deadline.is_zero() || deadline > Shutdown::LONGEST {
        return Err(ConfigError::rule(
            layers,
            "shutdown.deadline",
            "write a time above zero and at most \"5m\"",
        ));
    }
    if let Some((key, fix)) = config.http.problem() {
        return Err(ConfigError::rule(layers, key, fix));
    }
    if let Some((key, fix)) = config.map.problem() {
        return Err(ConfigError::rule(layers, key, fix));
    }
    let addresses = config.parent.addresses.iter().enumerate();
    for (index, address) in addresses {
        if let Err(error) = network::peer_of_address(address) {
            let key = format!("parent.addresses[{index}]");
            return Err(ConfigError::rule(layers, &key, &error.to_string()));
        }
    }
    Ok(())
}

/// The value under a dotted key such as `http.listen`, list indices ignored.
fn find<'d>(dict: &'d Dict, key: &str) -> Option<&'d Value> {
    let mut parts = key.split('.').map(|part| part.split('[').next().unwrap_or(part));
    let first = dict.get(parts.next()?)?;
    parts.try_fold(first, |value, part| value.as_dict()?.get(part))
}

/// The one profile in use.
const PROFILE: Profile = Profile::Default;

#[cfg(test)]
mod tests;
