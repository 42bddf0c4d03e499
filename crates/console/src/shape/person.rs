//! People of the roster.

use record::Subject;
use serde::Deserialize;

use super::me::Held;

/// A member of staff.
#[derive(Clone, Deserialize)]
pub(crate) struct Person {
    pub(crate) id: Subject,
    pub(crate) name: Option<String>,
    pub(crate) appointments: Vec<Held>,
}
