//! The access log, link by link; and what the signed log says of it.

use engine::access::{AccessEntry, AccessMark};
use engine::kind;
use governance::field;
use record::{FederationId, Hash, NodeId, Record};

/// The access log as far as it was read.
#[derive(Default)]
pub(super) struct AccessLog {
    mark: Option<AccessMark>,
    /// Entries may be missing: its links can't be told any more.
    incomplete: bool,
}

/// Why the access log is not what it was.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum AccessError {
    /// Not an entry.
    #[error("an entry of the access log is malformed")]
    Malformed,
    /// It does not go on from the one before.
    #[error("entry {found} of the access log does not continue entry {last}")]
    Broken {
        /// Its number.
        found: u64,
        /// The last one's.
        last: u64,
    },
    /// The signed log had it otherwise.
    #[error("the access log at {count} entries is not the one that was signed")]
    Other {
        /// How many entries it had when it was signed.
        count: u64,
    },
}

impl AccessLog {
    /// Takes the next entry of the log of `node`.
    ///
    /// # Errors
    /// [`AccessError`], once; then nothing more is said of its links.
    pub(super) fn append(
        &mut self,
        federation: &FederationId,
        node: Option<NodeId>,
        bytes: &[u8],
    ) -> Result<(), AccessError> {
        let entry = AccessEntry::decode(bytes).map_err(|_| AccessError::Malformed)?;
        let start = node.map(|node| AccessMark::start(federation, node));
        let Some(mark) = self.mark.or(start).filter(|_| !self.incomplete) else { return Ok(()) };
        if !mark.continues(&entry) {
            self.incomplete = true;
            return Err(AccessError::Broken { found: entry.number, last: mark.number });
        }
        self.mark = Some(mark.after(bytes));
        Ok(())
    }

    /// Entries may have been lost anywhere.
    pub(super) fn damage(&mut self) {
        self.incomplete = true;
    }

    /// Compares the log with what an own record says of it.
    ///
    /// # Errors
    /// [`AccessError::Other`].
    pub(super) fn compare(
        &self,
        record: &Record,
        fields: &record::Fields,
    ) -> Result<(), AccessError> {
        if record.kind != kind::ACCESS_SEALED || self.incomplete {
            return Ok(());
        }
        let count: Option<u64> = fields.get(field::ACCESS_COUNT).ok().flatten();
        let link: Option<Hash> = fields.get(field::ACCESS_HEAD).ok().flatten();
        let count = count.unwrap_or(0);
        let is = self.mark.map(|mark| (mark.number, Some(mark.link)));
        if is == Some((count, link)) { Ok(()) } else { Err(AccessError::Other { count }) }
    }
}
