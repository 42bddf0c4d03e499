//! What an import is answered: counts in full, and problems up to a bound.

use std::collections::BTreeMap;

use import::problem::{Fault, Problem, Severity};
use serde::Serialize;

/// Most problems that an answer names. The others are counted; once the first are put right, the
/// file is sent again.
const MAX_NAMED: usize = 500;

/// What came of a file, or would.
#[derive(Serialize)]
pub(crate) struct Told<C> {
    /// Whether nothing was done.
    dry_run: bool,
    counts: C,
    /// Errors first, each in the file's order.
    problems: Vec<Problem>,
    /// How many there are of each severity, named or not.
    errors: usize,
    warnings: usize,
    notes: usize,
    /// How many of each kind.
    faults: BTreeMap<Fault, usize>,
}

impl<C> Told<C> {
    pub(super) fn new(dry_run: bool, counts: C, mut problems: Vec<Problem>) -> Self {
        let of = |severity| problems.iter().filter(|p| p.severity == severity).count();
        let (errors, warnings, notes) =
            (of(Severity::Error), of(Severity::Warning), of(Severity::Note));
        let mut faults = BTreeMap::new();
        for problem in &problems {
            *faults.entry(problem.fault).or_default() += 1;
        }
        problems.sort_by_key(|p| (std::cmp::Reverse(p.severity), p.spot.row));
        problems.truncate(MAX_NAMED);
        Self { dry_run, counts, problems, errors, warnings, notes, faults }
    }
}
