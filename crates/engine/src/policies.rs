//! The versions of a policy as a node finds them at start: what it kept, and what its
//! configuration names now.

use std::sync::Arc;

use governance::policy::{Version, Versions};

use crate::engine::OpenError;
use crate::project::{self, PolicyRow};
use crate::sign::whose;
use crate::staging::{Lookup, decode};
use crate::store::{StoreError, Table};
use crate::world::Setup;

/// Most versions that are read in one go.
const PAGE: usize = 1_000;

/// Every version of this node, and whether the one in force has to be recorded: the configuration
/// names another one than when the node last ran.
///
/// # Errors
/// When the configuration's text is not the one that was recorded under the same version, or the
/// index can't be read.
pub(crate) fn load(setup: &Setup, view: &dyn Lookup) -> Result<(Versions, bool), OpenError> {
    let configured = &setup.configured;
    let mut versions = Versions::new(configured.clone());
    let mut after: Option<Vec<u8>> = None;
    loop {
        let page = view.scan(Table::Policy, b"o", after.as_deref(), PAGE)?;
        for (key, value) in &page {
            let row: PolicyRow = decode(value)?;
            let reference = String::from_utf8_lossy(key.get(1..).unwrap_or_default());
            if *reference == configured.reference() {
                if row.digest != configured.digest {
                    return Err(OpenError::Rewritten { reference: reference.into_owned() });
                }
            } else if let Some(version) = read(setup, view, &row, &reference) {
                versions.keep(Arc::new(version));
            }
        }
        match page.last() {
            Some((key, _)) if page.len() == PAGE => after = Some(key.clone()),
            _ => break,
        }
    }
    let unchanged = project::of_file(view)?.as_deref() == Some(&configured.reference());
    let in_force = project::in_force(view)?.filter(|_| unchanged);
    let found = in_force.is_some_and(|reference| versions.enact(&reference));
    Ok((versions, !found))
}

/// A kept version; what can't be read is left out and said: cases under it wait, all others go on.
fn read(setup: &Setup, view: &dyn Lookup, row: &PolicyRow, reference: &str) -> Option<Version> {
    let found = text(setup, view, row).map_err(|error| error.to_string());
    let version = found.and_then(|fields| Version::kept(&fields).map_err(|e| e.to_string()));
    version
        .inspect_err(|why| {
            tracing::error!(policy = reference, why,
                "一个规则版本读不出来，按它办理的事件暂不能办：请用 `wangge policy keep` 补上全文 a kept \
                 policy can't be read, cases under it wait: add its text with `wangge policy keep`");
        })
        .ok()
}

fn text(setup: &Setup, view: &dyn Lookup, row: &PolicyRow) -> Result<record::Fields, StoreError> {
    let frame = view.frame_at(row.at)?;
    Ok(project::read(whose(setup), row.at, &frame)?.fields)
}
