//! Files from outside: territory, roster and reports. Each is first shown as what it would do
//! (`dry_run`), and then done in commands of the engine, which decides on every one of them.

pub(super) mod apply;
pub(crate) mod people;
pub(crate) mod places;
pub(crate) mod reports;
mod told;
mod upload;
