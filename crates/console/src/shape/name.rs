//! Names for codes and ids.

use record::NodeId;
use serde::Deserialize;

/// A code with its names in both languages.
#[derive(Clone, Deserialize)]
pub(crate) struct Named {
    pub(crate) key: String,
    pub(crate) name: Option<String>,
    pub(crate) name_en: Option<String>,
}

/// A node with its name.
#[derive(Clone, Deserialize)]
pub(crate) struct NodeName {
    pub(crate) id: NodeId,
    pub(crate) short: String,
    pub(crate) name: Option<String>,
}

/// A person of this node's staff.
#[derive(Clone, Deserialize)]
pub(crate) struct PersonName {
    pub(crate) name: Option<String>,
}
