//! What policy keeps no longer is erased by the node itself (PIPL art. 19), a few cases with every
//! tick, those that rested longest first.

use governance::act::{Act, Erasing};
use governance::case::CaseId;

use super::Desk;
use crate::command::Refused;
use crate::project::Order;
use crate::staging::Lookup;
use crate::store::Table;

/// Most cases that are looked at with one tick.
const AT_ONCE: usize = 32;

impl Desk<'_, '_> {
    /// Erases cases whose time is over; with every tick.
    pub(crate) fn sweep_cases(&mut self) -> Result<(), Refused> {
        let rested = self.staging.scan(Table::CaseOrder, &Order::Ended.prefix(), None, AT_ONCE)?;
        let ids = rested.iter().filter_map(|(key, _)| key.last_chunk().copied());
        for id in ids.map(CaseId::from_bytes) {
            match self.act_alone(id, &Act::Erase { ground: Erasing::Retention }) {
                // Kept still, by the version of the policy with which it began.
                Ok(_) | Err(Refused::Rule(_) | Refused::NotFound(_)) => {}
                Err(other) => return Err(other),
            }
        }
        Ok(())
    }
}
