//! One language's words: Fluent messages of text, values and choices by number or name.

use std::collections::HashMap;

use fluent_syntax::ast::{
    Entry, Expression, InlineExpression, Pattern, PatternElement, VariantKey,
};
use fluent_syntax::parser;

/// Messages by key.
pub(crate) struct Book(HashMap<String, Vec<Piece>>);

enum Piece {
    Text(String),
    Value(String),
    /// By the value of a name: the words for each, and at `usual` those for any other.
    Choice {
        of: String,
        variants: Vec<(String, Vec<Piece>)>,
        usual: usize,
    },
}

impl Book {
    /// Reads files of messages.
    ///
    /// # Errors
    /// Which message is wrong: one that Fluent can't read, that stands there twice, or that uses
    /// what this program has no need of (terms, functions, attributes).
    pub(crate) fn read(texts: &[&str]) -> Result<Self, String> {
        let mut book = HashMap::new();
        for text in texts {
            let resource = parser::parse(*text).map_err(|(_, errors)| format!("{errors:?}"))?;
            for entry in resource.body {
                match entry {
                    Entry::Message(message) => {
                        let key = message.id.name.to_owned();
                        let pattern = message.value.ok_or_else(|| format!("{key}: no words"))?;
                        let pieces = pieces(&pattern).map_err(|what| format!("{key}: {what}"))?;
                        if book.insert(key.clone(), pieces).is_some() {
                            return Err(format!("{key} stands there twice"));
                        }
                    }
                    Entry::Term(term) => return Err(format!("{}: no terms", term.id.name)),
                    Entry::Junk { content } => return Err(format!("can't be read: {content}")),
                    Entry::Comment(_) | Entry::GroupComment(_) | Entry::ResourceComment(_) => {}
                }
            }
        }
        Ok(Self(book))
    }

    pub(crate) fn say(&self, key: &str, values: &[(&str, String)]) -> Option<String> {
        let pieces = self.0.get(key)?;
        let mut text = String::new();
        write(pieces, values, &mut text);
        Some(text)
    }

    #[cfg(test)]
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The names of the values that a message takes.
    #[cfg(test)]
    pub(crate) fn names(&self, key: &str) -> std::collections::BTreeSet<&str> {
        fn gather<'p>(pieces: &'p [Piece], names: &mut std::collections::BTreeSet<&'p str>) {
            for piece in pieces {
                match piece {
                    Piece::Text(_) => {}
                    Piece::Value(name) => {
                        names.insert(name);
                    }
                    Piece::Choice { of, variants, .. } => {
                        names.insert(of);
                        variants.iter().for_each(|(_, pieces)| gather(pieces, names));
                    }
                }
            }
        }
        let mut names = std::collections::BTreeSet::new();
        gather(self.0.get(key).map_or(&[], Vec::as_slice), &mut names);
        names
    }
}

fn pieces(pattern: &Pattern<&str>) -> Result<Vec<Piece>, String> {
    pattern.elements.iter().map(piece).collect()
}

fn piece(element: &PatternElement<&str>) -> Result<Piece, String> {
    match element {
        PatternElement::TextElement { value } => Ok(Piece::Text((*value).to_owned())),
        PatternElement::Placeable { expression: Expression::Inline(inline) } => simple(inline),
        PatternElement::Placeable { expression: Expression::Select { selector, variants } } => {
            let InlineExpression::VariableReference { id } = selector else {
                return Err("chooses by something else than a value".into());
            };
            let usual = variants.iter().position(|variant| variant.default).unwrap_or(0);
            let variants = variants.iter().map(|variant| {
                let key = match &variant.key {
                    VariantKey::Identifier { name } => name,
                    VariantKey::NumberLiteral { value } => value,
                };
                Ok(((*key).to_owned(), pieces(&variant.value)?))
            });
            let variants = variants.collect::<Result<_, String>>()?;
            Ok(Piece::Choice { of: id.name.to_owned(), variants, usual })
        }
    }
}

fn simple(inline: &InlineExpression<&str>) -> Result<Piece, String> {
    match inline {
        InlineExpression::VariableReference { id } => Ok(Piece::Value(id.name.to_owned())),
        InlineExpression::StringLiteral { value } | InlineExpression::NumberLiteral { value } => {
            Ok(Piece::Text((*value).to_owned()))
        }
        InlineExpression::FunctionReference { .. }
        | InlineExpression::MessageReference { .. }
        | InlineExpression::TermReference { .. }
        | InlineExpression::Placeable { .. } => Err("uses more of Fluent than we do".into()),
    }
}

fn write(pieces: &[Piece], values: &[(&str, String)], text: &mut String) {
    let value = |name: &str| {
        values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value.as_str())
    };
    for piece in pieces {
        match piece {
            Piece::Text(words) => text.push_str(words),
            Piece::Value(name) => text.push_str(value(name)),
            Piece::Choice { of, variants, usual } => {
                let of = value(of);
                // English has one and other; Chinese has no plural.
                let plural = if of == "1" { "one" } else { "other" };
                let fits = |(key, _): &&(String, Vec<Piece>)| key == of || key == plural;
                let variant = variants.iter().find(fits).or_else(|| variants.get(*usual));
                if let Some((_, pieces)) = variant {
                    write(pieces, values, text);
                }
            }
        }
    }
}
