//! The place that a row lies in, by the code or name that the row gives, or by its own code.

use std::collections::BTreeMap;

use governance::area::AreaCode;
use record::Subject;

/// Digits of codes from the nearest rank up.
const PREFIXES: [usize; 5] = [12, 9, 6, 4, 2];

/// What a label comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Found {
    /// This place.
    One(Subject),
    /// None.
    None,
    /// More than one of the nearest level.
    Several,
}

/// The places that others may lie in, existing and new ones.
#[derive(Default)]
pub(super) struct Parents {
    by_code: BTreeMap<AreaCode, Vec<(usize, Subject)>>,
    by_name: BTreeMap<String, Vec<(usize, Subject)>>,
}

impl Parents {
    /// Adds a place of the level with the index.
    pub(super) fn add(&mut self, level: usize, code: Option<&AreaCode>, name: &str, id: Subject) {
        if let Some(code) = code {
            put(self.by_code.entry(code.clone()).or_default(), level, id);
        }
        put(self.by_name.entry(name.to_owned()).or_default(), level, id);
    }

    /// Takes a place out again, under a code and name that it no longer has.
    pub(super) fn remove(&mut self, code: Option<&AreaCode>, name: &str, id: Subject) {
        let by_code = code.and_then(|code| self.by_code.get_mut(code));
        for places in by_code.into_iter().chain(self.by_name.get_mut(name)) {
            places.retain(|(_, other)| *other != id);
        }
    }

    /// The place above `level` that a row calls so.
    pub(super) fn find(&self, label: &str, level: usize) -> Found {
        let code: Option<AreaCode> = label.parse().ok();
        match code {
            Some(code) => nearest(self.by_code.get(&code), level),
            None => nearest(self.by_name.get(label), level),
        }
    }

    /// The place above `level` in which the code lies, by the longest part of it.
    pub(super) fn above(&self, code: &AreaCode, level: usize) -> Option<Subject> {
        let digits = code.as_str();
        PREFIXES.iter().filter(|length| **length < digits.len()).find_map(|length| {
            let prefix = digits[..*length].parse().ok()?;
            match nearest(self.by_code.get(&prefix), level) {
                Found::One(id) => Some(id),
                Found::None | Found::Several => None,
            }
        })
    }
}

fn put(places: &mut Vec<(usize, Subject)>, level: usize, id: Subject) {
    if !places.contains(&(level, id)) {
        places.push((level, id));
    }
}

fn nearest(places: Option<&Vec<(usize, Subject)>>, level: usize) -> Found {
    let above = || places.into_iter().flatten().filter(|(l, _)| *l < level);
    let Some(nearest) = above().map(|(l, _)| *l).max() else { return Found::None };
    let mut of_level = above().filter(|(l, _)| *l == nearest).map(|(_, id)| *id);
    match (of_level.next(), of_level.next()) {
        (Some(id), None) => Found::One(id),
        (None, _) => Found::None,
        (Some(_), Some(_)) => Found::Several,
    }
}
