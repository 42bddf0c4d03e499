//! What staff keep back of what policy would let go.

use std::collections::{BTreeMap, BTreeSet};

use record::{FieldId, NodeId};

use super::Release;
use crate::field::{self, Class};

/// Most fields that one act can withhold, over all recipients.
pub const MAX_WITHHELD: usize = 256;

/// Fields that are not to be given to anybody, or to certain nodes, when an act is done. It has no
/// say in who is given what beyond taking away: there is no way to put a field in.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Withhold {
    from_all: BTreeSet<FieldId>,
    from: BTreeMap<NodeId, BTreeSet<FieldId>>,
}

/// Why something can't be withheld.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum WithholdError {
    /// No such field.
    #[error("there is no field {0}")]
    Unknown(String),
    /// A code, id or time, without which nobody could follow the case.
    #[error("{0} is a code or a time and goes with every record: it can't be withheld")]
    Structural(&'static str),
    /// Too many.
    #[error("at most {MAX_WITHHELD} fields can be withheld at once")]
    TooMany,
    /// The node is given nothing by this act: a mistaken id would withhold nothing.
    #[error("the act gives nothing to {0}: look at its preview")]
    NoRecipient(NodeId),
    /// Nobody is given the field by this act.
    #[error("the act gives {field} to nobody from whom it is withheld: look at its preview")]
    NotGiven {
        /// The field.
        field: &'static str,
    },
}

impl Withhold {
    /// Whether nothing is withheld.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.from_all.is_empty() && self.from.is_empty()
    }

    /// Withholds the field with this key: from a node, or from everybody.
    ///
    /// # Errors
    /// [`WithholdError`] for a field that nobody knows or that can't be withheld.
    pub fn add(&mut self, from: Option<NodeId>, key: &str) -> Result<(), WithholdError> {
        let known = field::by_key(key);
        let known = known.ok_or_else(|| WithholdError::Unknown(key.chars().take(64).collect()))?;
        if known.class == Class::Structural {
            return Err(WithholdError::Structural(known.key));
        }
        match from {
            None => self.from_all.insert(known.id),
            Some(node) => self.from.entry(node).or_default().insert(known.id),
        };
        let count = self.from_all.len() + self.from.values().map(BTreeSet::len).sum::<usize>();
        if count > MAX_WITHHELD { Err(WithholdError::TooMany) } else { Ok(()) }
    }

    /// Whether the field is withheld from the node.
    #[must_use]
    pub fn keeps(&self, from: NodeId, id: FieldId) -> bool {
        self.from_all.contains(&id) || self.from.get(&from).is_some_and(|of| of.contains(&id))
    }

    /// Whether everything that is to be withheld really is among `releases`, narrowed by this:
    /// whoever mistypes a node or a field must not believe that something was kept back.
    ///
    /// # Errors
    /// [`WithholdError`] for the first node or field that none of them concerns.
    pub fn check<'r>(
        &self,
        releases: impl Iterator<Item = &'r Release> + Clone,
    ) -> Result<(), WithholdError> {
        for (node, fields) in &self.from {
            let to = releases.clone().filter(|release| release.to() == *node);
            to.clone().next().ok_or(WithholdError::NoRecipient(*node))?;
            missing(fields, to)?;
        }
        missing(&self.from_all, releases)
    }
}

fn missing<'r>(
    fields: &BTreeSet<FieldId>,
    releases: impl Iterator<Item = &'r Release> + Clone,
) -> Result<(), WithholdError> {
    let given = |id: &FieldId| releases.clone().any(|release| release.withheld().contains(id));
    let lost = fields.iter().find(|id| !given(id)).and_then(|id| field::by_id(*id));
    lost.map_or(Ok(()), |lost| Err(WithholdError::NotGiven { field: lost.key }))
}
