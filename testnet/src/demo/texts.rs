//! The texts of a day's reports: invented ones, or a file's.

use super::{DemoError, Options};
use crate::errands;
use crate::ledger::Day;
use crate::matters::{self, Matter};

/// Reports on a day without a file of messages: some hundred a community, so that two of a hundred
/// are a dozen.
const USUAL_REPORTS: usize = 600;
/// The texts of a day's reports.
pub(super) struct Texts {
    matters: Option<Vec<Matter>>,
    pub(super) count: usize,
    seed: u64,
}

impl Texts {
    pub(super) fn of(options: &Options) -> Result<Self, DemoError> {
        let matters = options.messages.as_deref().map(matters::read).transpose()?;
        let has = matters.as_ref().map(Vec::len);
        let count = options.reports.or(has).unwrap_or(USUAL_REPORTS);
        if count < errands::FEWEST {
            return Err(DemoError::TooFew(count));
        }
        match has {
            Some(has) if has < count => Err(DemoError::TooMany { asked: count, has }),
            Some(_) | None => Ok(Self { matters, count, seed: options.seed }),
        }
    }

    /// The texts of a day that was begun.
    pub(super) fn for_day(day: &Day) -> Result<Self, DemoError> {
        let matters = day.messages.as_deref().map(matters::read).transpose()?;
        Ok(Self { matters, count: day.reports, seed: day.seed })
    }

    pub(super) fn first(self, count: usize) -> Vec<Matter> {
        match self.matters {
            Some(mut matters) => {
                matters.truncate(count);
                matters
            }
            None => matters::invented(count, self.seed),
        }
    }
}
