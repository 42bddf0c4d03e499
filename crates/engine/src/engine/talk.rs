//! What the engine knows of its neighbours' connections, and of nothing else that lasts.

use std::collections::BTreeMap;
use std::sync::Arc;

use governance::certificate::Issuer;
use record::{NodeId, NodeKey, Timestamp};

use crate::asking::Asking;
use crate::exchange::{self, Acquaintances, Fetches, Sessions};
use crate::world::Setup;

/// What the engine knows of its connections and questions; gone with a restart.
#[derive(Default)]
pub struct Talk {
    pub(crate) sessions: Sessions,
    pub(crate) known: Acquaintances,
    pub(crate) addresses: Vec<String>,
    /// How many pulls were begun.
    pub(crate) pulls: u64,
    pub(crate) frozen: Option<String>,
    /// Whether the parent has countersigned more of this node's log than there is.
    pub(crate) ahead: bool,
    /// Nodes below that have opened an epoch and gave up records that this node countersigned: the
    /// epoch, and the size that their log has now.
    pub(crate) reopened: BTreeMap<NodeId, (u32, u64)>,
    pub(crate) asking: Asking,
    pub(crate) fetches: Fetches,
    /// Whose revocation list is overdue, since when that is known, and whether the operator was told.
    pub(crate) stale: Option<(Issuer, Timestamp, bool)>,
    /// Who this node is once the batch is durable, where its certificates were renewed.
    pub(crate) renewed: Option<Arc<Setup>>,
    /// Who this node is once it starts anew, under the key that follows: its neighbours are told,
    /// and nothing is signed any more. The second is the same before the batch is durable.
    pub(crate) heir: Option<Arc<Setup>>,
    pub(crate) chosen: Option<Arc<Setup>>,
    /// Whether its neighbours are to be shown certificates that are new.
    pub(crate) announce: bool,
    /// The key that follows.
    pub(crate) next_key: Option<Arc<NodeKey>>,
    /// How far neighbours that lost data were given back their own records.
    pub(crate) given_back: BTreeMap<NodeId, exchange::GivenBack>,
    /// Neighbours that showed more of their stream than this node, which lost data, had: in which
    /// epoch it went on from there. Once in each, or they could have it copied over and over.
    pub(crate) resumed: BTreeMap<NodeId, u32>,
}

impl Talk {
    /// Who this node is once it starts anew, if it has to.
    pub(crate) fn successor(&self) -> Option<&Arc<Setup>> {
        self.heir.as_ref().or(self.chosen.as_ref())
    }
}

/// A neighbour's connection, for the operator.
#[derive(Clone, Debug, Default)]
pub struct Contact {
    /// Whether it is connected and its certificates were checked.
    pub greeted: bool,
    /// What was wrong with its last page.
    pub trouble: Option<String>,
    /// Program and version by its own account: at most 64 printable ASCII characters.
    pub software: Option<Arc<str>>,
    /// When it last read on in this node's stream, or this node found nothing more in its.
    pub last_sync: Option<Timestamp>,
    /// The epoch that it has opened, giving up records which this node countersigned: an officer
    /// has to accept that before it is witnessed again.
    pub reopened: Option<u32>,
    /// The leaf of its log that it opened last when this node asked it to, and when.
    pub opened: Option<(u64, Timestamp)>,
}
