//! Finding cases and people by words. People's words are encrypted at rest, and no index holds
//! them in clear, neither on disk nor in memory: cases are read newest first, as far as a bound,
//! and the answer says how far that was. Its `next` goes on from there.

use governance::case::Case;
use governance::field;
use import::text;
use record::Timestamp;
use serde::Serialize;

use crate::desk::View;
use crate::problem::Problem;

/// Most cases whose words are read for one page.
pub(crate) const READ: usize = 5_000;

/// How far a search went.
#[derive(Serialize, Default)]
pub(crate) struct Searched {
    /// Cases whose words were read.
    pub(crate) cases: usize,
    /// It went back to cases opened then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) back_to: Option<Timestamp>,
}

/// Whether a name sounds like or contains what is looked for.
pub(crate) fn is_named(name: &str, query: &str) -> bool {
    text::contains(name, query) || text::sounds_like(name, query)
}

impl View {
    /// Whether a case's number, title, description, address or source's number has what is looked
    /// for, or its title or address sounds like it.
    pub(crate) fn tells(&self, case: &Case, query: &str) -> Result<bool, Problem> {
        if text::contains(&case.number, query) {
            return Ok(true);
        }
        const READ: [record::FieldId; 4] =
            [field::TITLE, field::ADDRESS, field::DESCRIPTION, field::SOURCE_NUMBER];
        let values = self.latest(case, &READ)?;
        let word = |name: &str| values.get(name).and_then(|v| v.as_str()).unwrap_or_default();
        Ok(["title", "address"].into_iter().any(|name| is_named(word(name), query))
            || ["description", "source_number"]
                .into_iter()
                .any(|name| text::contains(word(name), query)))
    }
}
