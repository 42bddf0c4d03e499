//! What every body is held to besides its type, and every parameter: no name stands twice in an
//! object, and no text has characters that are not seen and change how others are. So one client
//! never reads another thing than the next, and nobody is shown what was not written.

use std::collections::HashSet;
use std::fmt;

use governance::act::is_unseen;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// What is wrong with a text, if anything is. Line feeds and tabs may be in it; other control
/// characters may not, nor the characters that turn the direction of writing (Unicode UAX #9: the
/// embeddings, overrides and isolates). Marks of direction may.
pub(crate) fn fault_of(text: &str) -> Option<String> {
    let at = text.chars().position(is_unseen)?;
    Some(format!("has a control character at position {at}"))
}

/// The same as an expression of the OpenAPI document (ECMA-262).
pub(crate) const PATTERN: &str =
    "^[^\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u202a-\\u202e\\u2066-\\u2069]*$";

/// What is wrong, and where: names and indices from the outermost in.
pub(crate) struct Fault {
    pub(crate) path: Vec<Part>,
    pub(crate) what: What,
}

/// A step of a path.
pub(crate) enum Part {
    Name(String),
    Index(usize),
}

/// What is wrong.
pub(crate) enum What {
    /// A name stands twice.
    Twice,
    /// A text that is not taken.
    Text(String),
}

/// Checks JSON that is known to be well formed.
///
/// # Errors
/// The first fault.
pub(crate) fn check(json: &[u8]) -> Result<(), Fault> {
    let mut walk = Walk { path: Vec::new(), found: None };
    // Its own error only ends the walk; what was found lies beside it.
    let _ = (&mut walk).deserialize(&mut serde_json::Deserializer::from_slice(json));
    match walk.found {
        Some(what) => Err(Fault { path: walk.path, what }),
        None => Ok(()),
    }
}

/// Where the walk is.
struct Walk {
    path: Vec<Part>,
    found: Option<What>,
}

impl Walk {
    fn text<E: Error>(&mut self, text: &str) -> Result<(), E> {
        match fault_of(text) {
            Some(fault) => self.fail(What::Text(fault)),
            None => Ok(()),
        }
    }

    fn fail<T, E: Error>(&mut self, what: What) -> Result<T, E> {
        self.found = Some(what);
        Err(E::custom(""))
    }
}

impl<'de> DeserializeSeed<'de> for &mut Walk {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Walk {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.text(text)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let mut index = 0;
        loop {
            self.path.push(Part::Index(index));
            if items.next_element_seed(&mut *self)?.is_none() {
                self.path.pop();
                return Ok(());
            }
            self.path.pop();
            index += 1;
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let mut names = HashSet::new();
        while let Some(name) = entries.next_key::<String>()? {
            self.path.push(Part::Name(name.clone()));
            if !names.insert(name) {
                return self.fail(What::Twice);
            }
            entries.next_value_seed(&mut *self)?;
            self.path.pop();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(json: &str) -> Option<String> {
        let fault = check(json.as_bytes()).err()?;
        let step = |part: &Part| match part {
            Part::Name(name) => format!(".{name}"),
            Part::Index(index) => format!("[{index}]"),
        };
        let path: String = fault.path.iter().map(step).collect();
        Some(match fault.what {
            What::Twice => format!("{path} twice"),
            What::Text(told) => format!("{path} {told}"),
        })
    }

    #[test]
    fn a_name_stands_once_at_every_depth() {
        assert_eq!(fault(r#"{"a":1,"b":[{"a":1}],"c":{"a":null}}"#), None);
        assert_eq!(fault(r#"{"a":1,"a":1}"#).unwrap(), ".a twice");
        assert_eq!(fault(r#"{"b":[0,{"a":1,"\u0061":2}]}"#).unwrap(), ".b[1].a twice");
    }

    #[test]
    fn a_text_has_nothing_unseen_that_changes_the_seen() {
        assert_eq!(fault("[\"一行\\n\\t另一行 🙂 \u{200f}\u{61c}\"]"), None);
        for unseen in ["\\u0000", "\\r", "\\u0007", "\\u007f", "\\u0085", "\u{202e}", "\u{2066}"] {
            let told = fault(&format!("{{\"a\":[\"x\",\"网{unseen}格\"]}}")).unwrap();
            assert_eq!(told, ".a[1] has a control character at position 1", "{unseen}");
        }
    }

    #[test]
    fn whatever_depth_and_number_there_are_the_walk_ends() {
        assert_eq!(fault(&format!("{}1{}", "[".repeat(100), "]".repeat(100))), None);
        assert_eq!(fault("[1e3, -5, 18446744073709551615, true]"), None);
        assert_eq!(fault("[1e999]"), None, "that is for the reader to say");
    }
}
