//! Telephone and document numbers are masked in answers: a person asks for one and says why
//! ([`crate::resource::reveal`]). In fields that hold such a number everything but its ends is
//! hidden; in people's words, what looks like a mobile number, a document's or an account's.

use governance::{field, roster};
use record::FieldId;
use serde_json::Value;

const HIDDEN: char = '*';

/// How a field's words are masked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Manner {
    /// It is a number, whatever it looks like.
    Number,
    /// Numbers may be among the words.
    Words,
    /// Codes of other systems, which look like numbers of people and are none.
    Not,
}

fn manner(id: FieldId) -> Manner {
    match id {
        field::CONTACT_PHONE | field::PERSON_PHONE | field::MEMBER_PHONE => Manner::Number,
        _ if field::is_structural(id) || id == field::SOURCE_NUMBER => Manner::Not,
        _ => Manner::Words,
    }
}

/// A field's value as it is shown unless it is revealed.
pub(crate) fn masked(id: FieldId, value: Value) -> Value {
    let mask: fn(&str) -> String = match manner(id) {
        Manner::Number => roster::masked,
        Manner::Words => words,
        Manner::Not => return value,
    };
    each(value, mask)
}

fn each(value: Value, mask: fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(mask(&text)),
        Value::Array(items) => items.into_iter().map(|item| each(item, mask)).collect(),
        // Of a photo, the caption; hash and media type have no such numbers.
        Value::Object(entries) => {
            let masked = |(name, value)| match name {
                name if name == "caption" => (name, each(value, mask)),
                name => (name, value),
            };
            entries.into_iter().map(masked).collect()
        }
        other @ (Value::Null | Value::Bool(_) | Value::Number(_)) => other,
    }
}

fn hide(text: &str, first: usize, last: usize) -> String {
    let count = text.chars().count();
    let shown = |at: usize| at < first || at + last >= count;
    text.chars().enumerate().map(|(at, c)| if shown(at) { c } else { HIDDEN }).collect()
}

/// Words, with the numbers in them masked that look like a mobile number (11 digits from 1, or 86
/// before them), a document's (15 digits; 17 and a digit or X) or an account's (16 to 19 digits),
/// also where single spaces or hyphens divide them and where the digits are full-width.
pub(crate) fn words(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < characters.len() {
        if digit(characters[at]).is_none() {
            out.push(characters[at]);
            at += 1;
            continue;
        }
        let end = run(&characters, at);
        out.push_str(&of_run(&characters[at..end]));
        at = end;
    }
    out
}

/// Where a run of digits ends that begins here: single spaces and hyphens between them belong to
/// it, and an X right behind 17 digits.
fn run(characters: &[char], from: usize) -> usize {
    let mut end = from;
    while end < characters.len() {
        let next = characters.get(end + 1).copied();
        let divides = matches!(characters[end], ' ' | '-' | '\u{2013}' | '\u{3000}');
        if digit(characters[end]).is_some() || (divides && next.and_then(digit).is_some()) {
            end += 1;
        } else {
            break;
        }
    }
    let digits = characters[from..end].iter().filter(|c| digit(**c).is_some()).count();
    let x = characters.get(end).is_some_and(|c| matches!(c, 'x' | 'X' | 'ｘ' | 'Ｘ'));
    if x && digits % 18 == 17 { end + 1 } else { end }
}

fn of_run(run: &[char]) -> String {
    if is_personal(run) {
        return of_number(run);
    }
    // Not one number in groups: then each group by itself.
    let mut out = String::new();
    for part in run.split_inclusive(|c| digit(*c).is_none() && !c.is_alphabetic()) {
        let divider = part.last().filter(|c| digit(**c).is_none() && !c.is_alphabetic());
        let group = &part[..part.len() - usize::from(divider.is_some())];
        if is_personal(group) {
            out.push_str(&of_number(group));
        } else {
            out.extend(group);
        }
        out.extend(divider);
    }
    out
}

fn of_number(run: &[char]) -> String {
    let text: String = run.iter().collect();
    let digits = run.iter().filter(|c| digit(**c).is_some()).count();
    hide(&text, 3, if digits > 14 { 2 } else { 4 })
}

fn is_personal(run: &[char]) -> bool {
    let digits: Vec<u32> = run.iter().filter_map(|c| digit(*c)).collect();
    let mobile = |digits: &[u32]| matches!(digits, [1, 3..=9, ..]) && digits.len() == 11;
    match digits.len() {
        11 => mobile(&digits),
        13 => digits.starts_with(&[8, 6]) && mobile(&digits[2..]),
        15..=19 => true,
        _ => false,
    }
}

/// The value of a digit, ASCII or full-width.
fn digit(c: char) -> Option<u32> {
    match c {
        '0'..='9' => Some(c as u32 - '0' as u32),
        '０'..='９' => Some(c as u32 - '０' as u32),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
