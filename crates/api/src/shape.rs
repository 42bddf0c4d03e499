//! How things look in JSON. Nothing here decides who may see them: that was asked before.

mod breach;
pub(crate) mod case;
pub(crate) mod exclusion;
pub(crate) mod fields;
pub(crate) mod group;
pub(crate) mod hand;
pub(crate) mod names;
pub(crate) mod person;
pub(crate) mod place;
pub(crate) mod timeline;

use serde::Serialize;

/// One page of a list.
#[derive(Serialize)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    /// Opaque; gives the next page. Absent at the end. A page may hold fewer items than were
    /// asked for, or none, and still have a next one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<String>,
}
