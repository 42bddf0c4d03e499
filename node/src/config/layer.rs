//! One source of configuration.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use figment::value::{Dict, Map, Value};
use figment::{Metadata, Profile, Provider};

use super::error::{ConfigError, Origin};

/// Largest configuration file, in bytes.
const MAX_FILE: u64 = 256 * 1024;
/// What the names of environment variables begin with.
const PREFIX: &str = "WANGGE_";
/// Variables that are not configuration.
const OTHER: [&str; 1] = ["WANGGE_CONFIG"];

/// One source of configuration with what it says.
#[derive(Clone, Debug)]
pub struct Layer {
    origin: Origin,
    dict: Dict,
    /// For environment and flags: the spelling of each key at its source.
    names: Vec<(String, String)>,
}

impl Layer {
    /// A TOML file.
    ///
    /// # Errors
    /// When it can't be read, is too large or is not TOML.
    pub fn file(path: &Path) -> Result<Self, ConfigError> {
        let unreadable = |source| ConfigError::Unreadable { path: path.to_path_buf(), source };
        let mut text = String::new();
        let mut file = File::open(path).map_err(unreadable)?.take(MAX_FILE + 1);
        file.read_to_string(&mut text).map_err(unreadable)?;
        if text.len() as u64 > MAX_FILE {
            return Err(ConfigError::TooLarge { path: path.to_path_buf(), limit: MAX_FILE });
        }
        Self::text(path, &text)
    }

    /// The text of a TOML file that would lie at `path`.
    ///
    /// # Errors
    /// When it is not TOML.
    pub fn text(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let dict: Dict = toml::from_str(text).map_err(|source| ConfigError::Syntax {
            path: path.to_path_buf(),
            source: Box::new(source),
        })?;
        Ok(Self { origin: Origin::File(path.to_path_buf()), dict, names: Vec::new() })
    }

    /// Environment variables: `WANGGE_HTTP__LISTEN` is `http.listen`. Lists are written
    /// `["a", "b"]`.
    pub fn environment(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let wanted = variables.into_iter().filter_map(|(name, value)| {
            let key = name.strip_prefix(PREFIX).filter(|_| !OTHER.contains(&name.as_str()))?;
            Some((key.to_ascii_lowercase().replace("__", "."), value, name.clone()))
        });
        Self::pairs(Origin::Environment, wanted)
    }

    /// Flags: dotted key, value, and the flag's spelling.
    pub fn flags(flags: impl IntoIterator<Item = (String, String, String)>) -> Self {
        Self::pairs(Origin::Flags, flags)
    }

    fn pairs(origin: Origin, pairs: impl IntoIterator<Item = (String, String, String)>) -> Self {
        let (mut dict, mut names) = (Dict::new(), Vec::new());
        for (key, text, name) in pairs {
            put(&mut dict, &key, value(&text));
            names.push((key, name));
        }
        Self { origin, dict, names }
    }

    /// Where a key's value comes from, for people: the file, or the variable or flag itself.
    #[must_use]
    pub fn name_of(&self, key: &str) -> String {
        let named = self.names.iter().find(|(known, _)| known == key || key.starts_with(known));
        match (named, &self.origin) {
            (Some((_, name)), _) => name.clone(),
            (None, origin) => origin.to_string(),
        }
    }

    /// What kind of source this is.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// What it says under a dotted key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        super::find(&self.dict, key)
    }

    /// The folder to which its paths are relative; `None` for the working directory.
    pub(super) fn folder(&self) -> Option<&Path> {
        match &self.origin {
            Origin::File(path) => path.parent(),
            Origin::Environment | Origin::Flags | Origin::Default => None,
        }
    }

    /// The file, where it is one.
    #[must_use]
    pub fn path(&self) -> Option<&PathBuf> {
        match &self.origin {
            Origin::File(path) => Some(path),
            Origin::Environment | Origin::Flags | Origin::Default => None,
        }
    }
}

impl Provider for &Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.origin.to_string())
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        Ok(Map::from([(super::PROFILE, self.dict.clone())]))
    }
}

/// The strongest layer that says something under a key.
pub(super) fn strongest<'l>(layers: &'l [Layer], key: &str) -> Option<&'l Layer> {
    layers.iter().rev().find(|layer| layer.get(key).is_some())
}

/// Text from a variable or a flag: a list where it is bracketed, a truth value or a whole number
/// where it reads as one, else the text itself.
fn value(text: &str) -> Value {
    let trimmed = text.trim();
    if let Ok(number) = trimmed.parse::<i64>() {
        return Value::from(number);
    }
    match trimmed {
        "true" => Value::from(true),
        "false" => Value::from(false),
        list if list.starts_with('[') => list_of(list).unwrap_or_else(|| Value::from(text)),
        _ => Value::from(text),
    }
}

fn list_of(text: &str) -> Option<Value> {
    let mut table: Dict = toml::from_str(&format!("list = {text}")).ok()?;
    table.remove("list")
}

fn put(dict: &mut Dict, key: &str, value: Value) {
    let Some((first, rest)) = key.split_once('.') else {
        dict.insert(key.to_owned(), value);
        return;
    };
    let inner = dict.entry(first.to_owned()).or_insert_with(|| Value::from(Dict::new()));
    if !matches!(inner, Value::Dict(..)) {
        *inner = Value::from(Dict::new());
    }
    if let Value::Dict(_, inner) = inner {
        put(inner, rest, value);
    }
}
