//! Places by the code or name that a file gives.

use std::collections::{BTreeMap, BTreeSet};

use governance::area::AreaCode;
use governance::territory::Territory;
use record::{Subject, Timestamp};

use crate::problem::{Fault, Problem, Spot};
use crate::text::fold;

/// The places of one time, by code and by name.
pub(crate) struct Lookup {
    codes: BTreeMap<AreaCode, Vec<Subject>>,
    names: BTreeMap<String, Vec<Subject>>,
    ids: BTreeSet<Subject>,
}

/// Why no one place answers to a label.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Miss {
    /// There is none.
    Unknown,
    /// There are several.
    Several,
}

impl Lookup {
    pub(crate) fn new(territory: &Territory, at: Timestamp) -> Self {
        let mut lookup =
            Self { codes: BTreeMap::new(), names: BTreeMap::new(), ids: BTreeSet::new() };
        for place in territory.places(at) {
            lookup.ids.insert(place.id);
            lookup.names.entry(fold(&place.name)).or_default().push(place.id);
            if let Some(code) = &place.code {
                lookup.codes.entry(code.clone()).or_default().push(place.id);
            }
        }
        lookup
    }

    /// The place of this code, name or id.
    pub(crate) fn find(&self, label: &str) -> Result<Subject, Miss> {
        let folded = fold(label);
        // An export names so what has no code and shares its name.
        if let Some(id) = folded.trim().parse().ok().filter(|id| self.ids.contains(id)) {
            return Ok(id);
        }
        let code: Option<AreaCode> = folded.trim().parse().ok();
        let found = match &code {
            Some(code) => self.codes.get(code),
            None => self.names.get(&folded),
        };
        match found.map_or(&[][..], Vec::as_slice) {
            [only] => Ok(*only),
            [] => Err(Miss::Unknown),
            _ => Err(Miss::Several),
        }
    }
}

impl Miss {
    pub(crate) fn problem(self, spot: Spot, label: &str) -> Problem {
        let (fault, zh, en) = match self {
            Self::Unknown => (
                Fault::UnknownPlace,
                "现有区划里没有这个地点；请填它的代码或名称",
                "the territory has no such place: give its code or name",
            ),
            Self::Several => (
                Fault::AmbiguousPlace,
                "有多个地点叫这个名称；请填代码",
                "several places have this name: give the code",
            ),
        };
        Problem::error(fault, spot, zh, en).of(label)
    }
}
