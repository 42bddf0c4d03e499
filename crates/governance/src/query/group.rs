//! What a number is counted under.

use std::fmt;
use std::str::FromStr;

use record::NodeId;
use serde::{Deserialize, Serialize};

/// Most bytes of a code.
pub const MAX_CODE: usize = 32;

/// What a number is counted under. As text: `*`, `-`, `?`, a node's id in 64 hex digits, or the
/// code itself, which is never one of these.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Group {
    /// Everything: nothing was divided.
    All,
    /// The cases with this code: `[A-Za-z0-9][A-Za-z0-9._-]*`, at most [`MAX_CODE`] bytes.
    Code(String),
    /// A direct child and all below it, or the answering node's own cases. Only in totals.
    Node(NodeId),
    /// Cases that have no such code, as one that is not settled has no level at which it was.
    Unset,
    /// Cases under codes beyond what fits or what the reader knows.
    Other,
}

/// Why a text is not a group.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("group is not *, -, ?, a node id or a code of 1 to {MAX_CODE} of A-Z a-z 0-9 . _ -")]
pub struct GroupError;

impl Group {
    /// The group of a code; [`Group::Unset`] for none, [`Group::Other`] for one of another form.
    #[must_use]
    pub fn of(code: Option<&str>) -> Self {
        match code {
            None => Self::Unset,
            Some(code) if is_code(code) => Self::Code(code.to_owned()),
            Some(_) => Self::Other,
        }
    }
}

fn is_code(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    (1..=MAX_CODE).contains(&text.len())
        && text.as_bytes()[0].is_ascii_alphanumeric()
        && text.bytes().all(inner)
}

impl FromStr for Group {
    type Err = GroupError;

    fn from_str(text: &str) -> Result<Self, GroupError> {
        match text {
            "*" => Ok(Self::All),
            "-" => Ok(Self::Unset),
            "?" => Ok(Self::Other),
            code if is_code(code) => Ok(Self::Code(code.to_owned())),
            id => id.parse().map(Self::Node).map_err(|_| GroupError),
        }
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("*"),
            Self::Unset => f.write_str("-"),
            Self::Other => f.write_str("?"),
            Self::Code(code) => f.write_str(code),
            Self::Node(node) => node.fmt(f),
        }
    }
}

impl TryFrom<String> for Group {
    type Error = GroupError;

    fn try_from(text: String) -> Result<Self, GroupError> {
        text.parse()
    }
}

impl From<Group> for String {
    fn from(group: Group) -> Self {
        group.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_group_reads_back_and_free_text_is_none() {
        let node = Group::Node(NodeId::from_bytes([7; 32]));
        for group in [Group::All, Group::Unset, Group::Other, node, Group::of(Some("06010"))] {
            assert_eq!(group.to_string().parse::<Group>(), Ok(group));
        }
        for text in ["", "张三", "a b", ".a", "<b>", "a\n", &"x".repeat(MAX_CODE + 1)] {
            assert_eq!(text.parse::<Group>(), Err(GroupError), "{text:?}");
            assert_eq!(Group::of(Some(text)), Group::Other, "{text:?}");
        }
        assert_eq!(Group::of(None), Group::Unset);
    }
}
