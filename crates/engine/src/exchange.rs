//! Talking to peers: greeting, pulling streams, being pulled, enrolling newcomers, witnessing.
//! Every answer that refuses looks the same from outside.

mod enrol;
mod greet;
mod pull;
mod witness;

use std::collections::BTreeMap;

use record::{NodeId, Timestamp};

pub(crate) use enrol::invitations_open;

/// What this node knows of a connection to a neighbour. Gone with the connection.
#[derive(Clone, Default, Debug)]
pub(crate) struct Session {
    /// Whether the neighbour's certificates were verified on this connection.
    pub(crate) greeted: bool,
    /// Whether a hello of ours is on its way.
    pub(crate) greeting: bool,
    /// Whether a pull is on its way or its page is being checked.
    pub(crate) pulling: bool,
    /// Whether to pull once more when the present pull is done.
    pub(crate) again: bool,
    /// Whether a poke of ours was lost, so that the neighbour may not know what there is for it.
    pub(crate) poke: bool,
    /// When a failed exchange may be tried again.
    pub(crate) retry: Option<Timestamp>,
    /// When a witness was last asked.
    pub(crate) witnessed: Option<Timestamp>,
    /// What was wrong with the last page, in words for the operator.
    pub(crate) trouble: Option<String>,
}

/// Sessions by neighbour.
pub(crate) type Sessions = BTreeMap<NodeId, Session>;
