//! A disk that fails when a test says so, in the middle of what it was doing.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::{Mutex, PoisonError};

use super::Disk;

/// Which call fails, and whether all later ones do too.
#[derive(Default)]
pub(crate) struct Faults(Mutex<Plan>);

#[derive(Default)]
struct Plan {
    calls: u64,
    fail_at: Option<u64>,
    errno: i32,
    lasting: bool,
}

impl Faults {
    /// The call with this number, counted from 0 from now on, fails with `errno`; if `lasting`,
    /// so do all after it.
    pub(crate) fn fail_at(&self, call: u64, errno: rustix::io::Errno, lasting: bool) {
        let errno = errno.raw_os_error();
        *self.plan() = Plan { calls: 0, fail_at: Some(call), errno, lasting };
    }

    /// No more faults. How many calls there were since the plan was made.
    pub(crate) fn heal(&self) -> u64 {
        std::mem::take(&mut *self.plan()).calls
    }

    fn strike(&self) -> io::Result<()> {
        let mut plan = self.plan();
        let call = plan.calls;
        plan.calls += 1;
        let Some(fail_at) = plan.fail_at else { return Ok(()) };
        if call == fail_at || plan.lasting && call > fail_at {
            return Err(io::Error::from_raw_os_error(plan.errno));
        }
        Ok(())
    }

    fn plan(&self) -> std::sync::MutexGuard<'_, Plan> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Disk {
    pub(super) fn before(&self) -> io::Result<()> {
        self.faults.strike()
    }

    /// A write that fails has often written a part.
    pub(super) fn before_write(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.faults.strike().inspect_err(|_| {
            let _ = file.write_all_at(&bytes[..bytes.len() / 2], offset);
        })
    }
}
