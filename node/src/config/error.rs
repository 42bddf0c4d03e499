//! What is wrong with a configuration: where, which key, which value, and what would be right.

use std::fmt;
use std::path::PathBuf;

use figment::error::Kind;
use figment::value::Value;

use super::layer::{Layer, strongest};

/// A kind of source.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Origin {
    /// Built in.
    Default,
    /// A file.
    File(PathBuf),
    /// Environment variables.
    Environment,
    /// The command line.
    Flags,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("built-in default"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Environment => f.write_str("the environment"),
            Self::Flags => f.write_str("the command line"),
        }
    }
}

/// Why a configuration can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error(
        "configuration file {path} can't be read: name one with --config, or run `wangge init`"
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// The file is over its limit.
    #[error("configuration file {path} is over {limit} bytes: it is probably not one")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit in bytes.
        limit: u64,
    },
    /// The file is not TOML.
    #[error("configuration file {path} is not TOML")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Where it stops being so.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// A key that does not exist.
    #[error("{from}: unknown key {key}; {fix}")]
    UnknownKey {
        /// The file, variable or flag.
        from: String,
        /// The dotted key.
        key: String,
        /// What may be meant.
        fix: String,
        /// The key that may be meant, in full.
        meant: Option<String>,
    },
    /// A value that can't be used.
    #[error("{from}: {key} = {value} can't be used: {fix}")]
    Value {
        /// The file, variable or flag.
        from: String,
        /// The dotted key.
        key: String,
        /// The value as it was given.
        value: String,
        /// What would be right.
        fix: String,
        /// Such a value, where one is known that would be.
        example: Option<&'static str>,
    },
}

impl ConfigError {
    pub(super) fn of_figment(error: figment::Error, layers: &[Layer]) -> Self {
        let key = error.path.join(".");
        match &error.kind {
            Kind::UnknownField(name, known) => {
                let (fix, meant) = known_keys(name, known);
                let within = key.rsplit_once('.').map_or("", |(within, _)| within);
                let whole = |meant| {
                    if within.is_empty() { meant } else { format!("{within}.{meant}") }
                };
                Self::UnknownKey { from: from(layers, &key), fix, meant: meant.map(whole), key }
            }
            Kind::UnknownVariant(_, known) => {
                let fix = format!("write one of {}", quoted(known));
                Self::rule(layers, &key, &fix)
            }
            Kind::InvalidType(_, expected)
            | Kind::InvalidValue(_, expected)
            | Kind::InvalidLength(_, expected) => {
                Self::rule(layers, &key, &format!("write {expected}"))
            }
            Kind::Message(_)
            | Kind::MissingField(_)
            | Kind::DuplicateField(_)
            | Kind::ISizeOutOfRange(_)
            | Kind::USizeOutOfRange(_)
            | Kind::Unsupported(_)
            | Kind::UnsupportedKey(..) => Self::rule(layers, &key, &error.kind.to_string()),
        }
    }

    pub(super) fn of_network(error: network::ConfigError, layers: &[Layer]) -> Self {
        match error {
            network::ConfigError::Address { key, source } => {
                Self::rule(layers, &format!("network.{key}"), &source.to_string())
            }
            network::ConfigError::Range { key, rule } => {
                Self::rule(layers, &format!("network.{key}"), &format!("it must be {rule}"))
            }
        }
    }

    /// A value that breaks a rule.
    pub(super) fn rule(layers: &[Layer], key: &str, fix: &str) -> Self {
        let given = strongest(layers, key).and_then(|layer| layer.get(key));
        let value = given.map_or_else(|| "(built-in default)".to_owned(), shown);
        let example = example(key, fix);
        let fix =
            example.map_or_else(|| fix.to_owned(), |like| format!("{fix}; for example {like}"));
        Self::Value { from: from(layers, key), key: key.to_owned(), value, fix, example }
    }
}

fn from(layers: &[Layer], key: &str) -> String {
    strongest(layers, key).map_or_else(|| Origin::Default.to_string(), |layer| layer.name_of(key))
}

/// Longest value shown in an error, in characters.
const MAX_SHOWN: usize = 120;

/// A value as TOML would write it, cut short.
pub(super) fn shown(value: &Value) -> String {
    let text = serde_json::to_string(value).unwrap_or_else(|_| "?".to_owned());
    if text.chars().count() <= MAX_SHOWN {
        return text;
    }
    text.chars().take(MAX_SHOWN).chain(['…']).collect()
}

/// A value that would be taken, by the key or by what was expected there.
fn example(key: &str, expected: &str) -> Option<&'static str> {
    if key == "http.listen" {
        return Some("\"127.0.0.1:8480\"");
    }
    expected.contains("duration").then_some("\"10s\"")
}

/// What to say of an unknown key, and the known one that it may stand for.
fn known_keys(name: &str, known: &[&str]) -> (String, Option<String>) {
    let nearest = known.iter().map(|key| (distance(name, key), *key)).min();
    match nearest {
        Some((away, key)) if away <= 2 => (format!("did you mean {key:?}?"), Some(key.to_owned())),
        _ => (format!("known here: {}", known.join(", ")), None),
    }
}

fn quoted(known: &[&str]) -> String {
    known.iter().map(|key| format!("{key:?}")).collect::<Vec<_>>().join(", ")
}

/// Edit distance (Levenshtein) in characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let changed = corner + usize::from(from != *to);
            corner = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(corner + 1);
        }
    }
    row[b.len()]
}
