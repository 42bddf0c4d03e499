//! How much room a case takes: whatever neighbours sign, its row in the index stays bounded (S13).

use super::{Case, Span, Step, UnitCall};

/// Most bytes that a case takes in the index, by [`Case::weight`].
pub const MAX_WEIGHT: usize = 96 * 1024;

/// A number or an instant, at most.
const NUMBER: usize = 10;
/// An id of a node, a record, a person or a place, at most.
const ID: usize = 34;
/// All that there is once: custody, times, counts.
const ONCE: usize = 1024;

fn text(text: &str) -> usize {
    text.len() + NUMBER
}

fn perhaps(known: Option<&String>) -> usize {
    1 + known.map_or(0, |known| text(known))
}

fn step(step: &Step) -> usize {
    4 * ID + 4 * NUMBER + perhaps(step.role.as_ref())
}

fn span(span: &Span) -> usize {
    ID + 4 * NUMBER + text(&span.level) + text(&span.stage)
}

fn calls(calls: &[UnitCall]) -> usize {
    calls.len() * (2 * ID + 6 * NUMBER)
}

impl Case {
    /// How many bytes it takes in the index, at most.
    #[must_use]
    pub fn weight(&self) -> usize {
        let keys = [&self.number, &self.stage, &self.level, &self.policy, &self.channel];
        let maybe = [&self.source, &self.category, &self.settled];
        let aside = self.aside.as_ref().map_or(0, |aside| text(&aside.stage));
        let mediation = self.mediation.as_ref();
        let mediation = mediation.map_or(0, |m| text(&m.severity) + m.mediators.len() * ID);
        let grounds = self.exclusions.iter().map(|made| 2 * NUMBER + perhaps(made.ground.as_ref()));
        let versions = self.versions.values().map(|version| ID + text(version));
        let ids = self.trail.len() + self.left.len() + self.handlers.len();
        ONCE + keys.iter().map(|key| text(key)).sum::<usize>()
            + maybe.iter().map(|key| perhaps(key.as_ref())).sum::<usize>()
            + aside
            + mediation
            + grounds.sum::<usize>()
            + versions.sum::<usize>()
            + ids * ID
            + self.parties.len() * (ID + NUMBER)
            + calls(&self.units)
            + calls(&self.past_calls)
            + self.scores.len() * (2 * ID + 2 * NUMBER)
            + self.spans.iter().map(span).sum::<usize>()
            + self.steps.iter().map(step).sum::<usize>()
            + self.fields.len() * 2 * NUMBER
    }
}
