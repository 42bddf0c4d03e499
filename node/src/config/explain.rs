//! The configuration in force, with where each value comes from.

use std::fmt::Write as _;

use figment::value::{Dict, Value};

use super::Loaded;
use super::error::{Origin, shown};
use super::layer::strongest;

/// One line a key: `key = value  # source`.
#[must_use]
pub fn explain(loaded: &Loaded) -> String {
    let mut text = String::new();
    let value = Value::serialize(&loaded.config);
    if let Ok(Value::Dict(_, dict)) = value {
        lines(loaded, &dict, "", &mut text);
    }
    text
}

fn lines(loaded: &Loaded, dict: &Dict, prefix: &str, text: &mut String) {
    for (name, value) in dict {
        let key = format!("{prefix}{name}");
        match value {
            Value::Dict(_, inner) => lines(loaded, inner, &format!("{key}."), text),
            Value::Empty(..) => {}
            Value::String(..)
            | Value::Char(..)
            | Value::Bool(..)
            | Value::Num(..)
            | Value::Array(..) => {
                let source = strongest(&loaded.layers, &key)
                    .map_or_else(|| Origin::Default.to_string(), |layer| layer.name_of(&key));
                // Writing to a string does not fail.
                let _ = writeln!(text, "{key} = {}  # {source}", shown(value));
            }
        }
    }
}
