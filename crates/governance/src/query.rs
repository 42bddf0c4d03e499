//! Questions to the nodes below, and their answers: numbers only, from an enumerated list, pushed
//! down hop by hop, signed at each, with what is missing named. The county holds no data of its
//! subordinates; it asks.
//!
//! - [`Question`]: what is asked ([`Matter`]), by whom, and how long it may take.
//! - [`Fact`]: what a case is for counting. Only the node where the case is at home counts it, and
//!   only the node that had it counts its turns, so nothing is counted twice.
//! - [`Tally`]: counts and durations by group; merging is adding up.
//! - [`Answer`]: a node's own tally with its children's signed answers inside.
//! - [`total`]: checks every signature in an answer and adds up what holds; [`total_under`]: the
//!   same of one node further down, from its own answer inside.
//!
//! Nothing in an answer is free text (S8): groups are short codes, which the reader looks up among
//! the codes it knows, and names come from certificates that the reader has verified.

mod answer;
mod coarse;
mod fact;
mod group;
mod histogram;
mod metric;
mod month;
mod question;
mod tally;
mod total;

pub use answer::{Answer, AnswerError, ChildAnswer, ChildState, LogState, MAX_CHILDREN, STEPS};
pub use fact::{ASLEEP_AFTER, Call, Fact, LeftOut, Scored, Seat, TRIVIAL_WITHIN, Turn};
pub use group::{Group, GroupError, MAX_CODE};
pub use histogram::{Histogram, HistogramError, MAX_COUNT};
pub use metric::{Grouping, Measure, Metric};
pub use month::{LAST_DAYS, Month};
pub use question::{MAX_BUDGET, MAX_HOPS, Matter, Question, QuestionError};
pub use tally::{Cell, MAX_GROUPS, Tally};
pub use total::{Completeness, Line, Total, total, total_under};

/// Version of the forms of questions and answers.
pub const VERSION: u16 = 1;

#[cfg(test)]
mod sample;
#[cfg(test)]
pub(crate) use sample::fact as fact_of;
