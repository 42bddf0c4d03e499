//! Talking to peers: greeting, pulling streams, being pulled, enrolling newcomers, witnessing.
//! Every answer that refuses looks the same from outside.

mod challenge;
mod enrol;
mod epoch;
mod fetch;
mod greet;
mod pull;
mod reclaim;
mod renew;
mod revoke;
mod witness;

use std::collections::BTreeMap;
use std::sync::Arc;

use record::{NodeId, Timestamp};

use crate::engine::Contact;

pub(crate) use enrol::{Admission, invitations_open};
pub(crate) use fetch::{Fetches, Given};
pub(crate) use reclaim::GivenBack;
pub(crate) use renew::{ROTATION, STANDING, current, rotating};
pub(crate) use revoke::revoked;

/// What this node knows of a connection to a neighbour. Gone with the connection.
#[derive(Default)]
pub(crate) struct Session {
    /// Whether the neighbour's certificates were verified on this connection.
    pub(crate) greeted: bool,
    /// Whether a hello of ours is on its way.
    pub(crate) greeting: bool,
    /// The pull that is going on.
    pub(crate) pulling: Option<pull::Pulling>,
    /// Whether to pull once more when the present pull is done.
    pub(crate) again: bool,
    /// Whether a poke of ours was lost, so that the neighbour may not know what there is for it.
    pub(crate) poke: bool,
    /// Whether words were kept from the neighbour when it last asked, because a list was missing or
    /// overdue: it is to be poked when it may have them.
    pub(crate) withheld: bool,
    /// When a failed exchange may be tried again.
    pub(crate) retry: Option<Timestamp>,
    /// When a new certificate was last asked for.
    pub(crate) renewed: Option<Timestamp>,
    /// When it was last asked for records that are lost here.
    pub(crate) reclaimed: Option<Timestamp>,
    /// When a witness was last asked.
    pub(crate) witnessed: Option<Timestamp>,
    /// Whether it has shown a log that does not continue what it showed before.
    pub(crate) rewritten: bool,
    /// What was wrong with the last page, in words for the operator.
    pub(crate) trouble: Option<String>,
}

/// Sessions by neighbour.
pub(crate) type Sessions = BTreeMap<NodeId, Session>;

/// What is remembered of a neighbour when its connection is gone, for the operator. Gone with a
/// restart.
#[derive(Clone, Default, Debug)]
pub(crate) struct Acquaintance {
    /// Program and version by its own account.
    pub(crate) software: Option<Arc<str>>,
    /// See [`Contact::last_sync`].
    pub(crate) synced: Option<Timestamp>,
    /// What was wrong with its last page when the connection went.
    pub(crate) trouble: Option<String>,
    /// The size of this node's log up to which it has countersigned by its own account, where it has
    /// lost what it countersigned later.
    pub(crate) lost_after: Option<u64>,
    /// Records that it was asked to open.
    pub(crate) checks: challenge::Checks,
    /// How often it was asked for one by hand, and had one opened itself.
    pub(crate) asks: challenge::Hourly,
    pub(crate) opens: challenge::Hourly,
}

/// Acquaintances by neighbour.
pub(crate) type Acquaintances = BTreeMap<NodeId, Acquaintance>;

/// Every neighbour that is connected or was, for the operator.
pub(crate) fn contacts(sessions: &Sessions, known: &Acquaintances) -> BTreeMap<NodeId, Contact> {
    let contact = |node: &NodeId| {
        let (session, known) = (sessions.get(node), known.get(node));
        let trouble = session.and_then(|session| session.trouble.as_ref());
        Contact {
            greeted: session.is_some_and(|session| session.greeted),
            trouble: trouble.or_else(|| known?.trouble.as_ref()).cloned(),
            software: known.and_then(|known| known.software.clone()),
            last_sync: known.and_then(|known| known.synced),
            reopened: None,
            opened: known.and_then(|known| known.checks.opened),
        }
    };
    sessions.keys().chain(known.keys()).map(|node| (*node, contact(node))).collect()
}
