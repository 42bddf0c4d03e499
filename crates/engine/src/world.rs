//! What the engine keeps in memory of the index because every decision needs it: territory, roster
//! and peers. Readers get it as one immutable snapshot.

use std::sync::Arc;

use governance::calendar::Calendar;
use governance::certificate::{
    Certificate, Issuer, Lists, RevocationList, Standing, Status, verify_chain,
};
use governance::policy::{Policy, Version, Versions};
use governance::roster::{Person, Roster};
use governance::territory::Territory;
use record::{FederationId, NodeId, NodeKey, PublicKey, Signed, Subject, Timestamp, Unverified};
use serde::{Deserialize, Serialize};

use crate::engine::OpenError;
use crate::peer::{Card, Directory, Known};
use crate::project::{self, Listed, Of};
use crate::staging::{Lookup, decode};
use crate::store::{Pair, StoreError, Table};

/// Who this node is and how it works. It does not change; when the node's certificates do, there
/// is another one.
#[derive(Clone)]
pub struct Setup {
    /// The key it signs with.
    pub key: Arc<NodeKey>,
    /// The key that is to follow, where the node was changing its key when it stopped.
    pub next_key: Option<Arc<NodeKey>>,
    /// The federation's root key.
    pub root: PublicKey,
    /// The federation.
    pub federation: FederationId,
    /// Its own certificates, verified.
    pub standing: Standing,
    /// Revocation lists that it got together with them; later ones are in the journal.
    pub lists: Vec<Signed<RevocationList>>,
    /// The policy that the configuration names. Which one is in force, see [`World::policy`].
    pub configured: Arc<Version>,
    /// Whether a policy that the node above publishes comes into force by itself.
    pub follow: Follow,
    /// Working days.
    pub calendar: Calendar,
    /// Program and version, told to peers.
    pub software: String,
}

/// How a policy that the node above publishes comes into force.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Follow {
    /// By an officer's act.
    #[default]
    Manual,
    /// By itself; it is then passed on to the nodes below, too.
    Automatic,
}

impl Setup {
    /// This node.
    #[must_use]
    pub fn me(&self) -> NodeId {
        self.standing.node()
    }

    /// Five characters that tell this node from others on the same machine: for the names of
    /// cookies, which browsers keep by host and not by port (RFC 6265 §8.5).
    #[must_use]
    pub fn mark(&self) -> String {
        let short = self.me().short().to_string();
        short.chars().take(5).collect::<String>().to_ascii_lowercase()
    }
}

/// Territory, roster, peers and policies at one moment. A change copies the part it concerns, and
/// no other.
#[derive(Clone)]
pub struct World {
    /// The ground.
    pub territory: Arc<Territory>,
    /// The people.
    pub roster: Arc<Roster>,
    /// The peers.
    pub directory: Arc<Directory>,
    /// The revocation lists.
    pub lists: Arc<Lists>,
    /// Every version of the policy.
    pub policies: Arc<Versions>,
    /// Whether the version in force is not recorded yet: it is, before anything else is done.
    pub(crate) unrecorded: bool,
}

const PAGE: usize = 1_000;

impl World {
    /// Reads the world from the index.
    ///
    /// # Errors
    /// When the index can't be read or holds what can't be, or the configured policy is not the
    /// one that was recorded under its version.
    pub fn load(setup: &Setup, view: &dyn Lookup) -> Result<Self, OpenError> {
        let (policies, unrecorded) = crate::policies::load(setup, view)?;
        let mut world = Self {
            territory: Arc::default(),
            roster: Arc::default(),
            directory: Arc::default(),
            lists: Arc::new(lists(setup, view)?),
            policies: Arc::new(policies),
            unrecorded,
        };
        let places = project::places(all(view, Table::Place)?)?;
        let territory =
            Territory::from_places(places).map_err(|error| damaged(&error.to_string()))?;
        world.territory = Arc::new(territory);
        for (key, value) in all(view, Table::Ground)? {
            if key.first() == Some(&(Of::Lineage as u8)) {
                Arc::make_mut(&mut world.territory).descend(decode(&value)?);
            }
        }
        for (key, value) in all(view, Table::Person)? {
            let person: Person = decode(&value)?;
            let id = key.try_into().map_err(|_| damaged("a person's key"))?;
            Arc::make_mut(&mut world.roster).insert(Subject::from_bytes(id), person);
        }
        for (_, value) in all(view, Table::Peer)? {
            world.meet(setup, &decode::<Card>(&value)?);
        }
        Ok(world)
    }

    /// How this place works: by what begins now. A case keeps the version it began with:
    /// [`Versions::of`].
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policies.in_force().policy
    }

    /// Takes in a peer; a chain that no longer verifies leaves it unknown.
    pub fn meet(&mut self, setup: &Setup, row: &Card) {
        // Validity in time is asked where the peer is spoken to; here the chain alone counts.
        let Some(standing) = standing_of(setup, row) else { return };
        let directory = Arc::make_mut(&mut self.directory);
        let next = row.next.as_ref().and_then(|next| standing_at_its_time(setup, next));
        let next = next.map(|next| next.key());
        let (addresses, former) = (row.addresses.clone(), row.former);
        let known = Known { standing, next, addresses, former };
        directory.insert(&setup.standing, &self.lists, known);
    }

    /// What the revocation lists say of a peer; nobody knows anything of a stranger.
    #[must_use]
    pub fn status(&self, setup: &Setup, node: NodeId, now: Timestamp) -> Option<Status> {
        let peer = self.directory.get(node)?;
        Some(self.lists.status(&peer.standing, setup.me(), now))
    }

    /// Whether personal data may be released to a peer now: nothing is known against it, and the
    /// lists that would say so are no older than they may be.
    #[must_use]
    pub fn may_have_personal(&self, setup: &Setup, node: NodeId, now: Timestamp) -> bool {
        self.status(setup, node, now) == Some(Status::Good)
            && self.lists.status(&setup.standing, setup.me(), now) == Status::Good
    }
}

/// The lists that came with the node's certificates, and those since. Each was verified before it
/// was kept.
fn lists(setup: &Setup, view: &dyn Lookup) -> Result<Lists, StoreError> {
    let mut lists = Lists::default();
    let mut put = |list: Signed<RevocationList>| {
        let at = list.issued;
        // An older one than is known already says nothing new.
        let _ = lists.put(list, at);
    };
    for (_, value) in all(view, Table::Revocation)? {
        let Listed { list, .. } = decode(&value)?;
        let list = Unverified::<RevocationList>::parse(list.into_vec())
            .map_err(|error| damaged(&format!("a revocation list: {error}")))?;
        put(list.trust_stored(&setup.federation));
    }
    setup.lists.iter().cloned().for_each(put);
    Ok(lists)
}

/// Verifies a revocation list by its issuer's chain, which is empty for the root.
///
/// # Errors
/// What is wrong, in words.
pub fn verify_list(
    setup: &Setup,
    list: &[u8],
    chain: &[serde_bytes::ByteBuf],
) -> Result<Signed<RevocationList>, String> {
    let parsed = Unverified::<RevocationList>::parse(list.to_vec()).map_err(|e| e.to_string())?;
    let (issuer, issued) = (parsed.peek().issuer, parsed.peek().issued);
    let key = match issuer {
        Issuer::Root => setup.root,
        Issuer::Node(node) => {
            // Its certificates, or those above, may have been renewed since it was made.
            let at = begins(chain).map_or(issued, |begins| begins.max(issued));
            let standing = verify(setup, chain, at).map_err(|error| error.to_string())?;
            if standing.node() != node {
                return Err("the chain that came with the revocation list is another node's".into());
            }
            standing.key()
        }
    };
    parsed.verify(&setup.federation, &key).map_err(|error| error.to_string())
}

fn standing_of(setup: &Setup, row: &Card) -> Option<Standing> {
    standing_at_its_time(setup, &row.chain)
}

/// What a chain proves at the moment at which its youngest certificate began.
pub(crate) fn standing_at_its_time(
    setup: &Setup,
    chain: &[serde_bytes::ByteBuf],
) -> Option<Standing> {
    verify(setup, chain, begins(chain)?).ok()
}

/// When the youngest certificate of a chain begins, as it says.
fn begins(chain: &[serde_bytes::ByteBuf]) -> Option<Timestamp> {
    let begins = chain.iter().filter_map(|link| {
        let parsed = Unverified::<Certificate>::parse(link.to_vec()).ok()?;
        Some(parsed.peek().not_before)
    });
    begins.max()
}

/// Verifies a chain that a peer presented.
///
/// # Errors
/// Which certificate is wrong and why.
pub fn verify(
    setup: &Setup,
    chain: &[serde_bytes::ByteBuf],
    now: Timestamp,
) -> Result<Standing, governance::certificate::ChainError> {
    let chain: Vec<&[u8]> = chain.iter().map(|link| link.as_slice()).collect();
    verify_chain(&setup.root, &setup.federation, &chain, now)
}

fn all(view: &dyn Lookup, table: Table) -> Result<Vec<Pair>, StoreError> {
    let mut found = Vec::new();
    loop {
        let after = found.last().map(|(key, _): &Pair| key.clone());
        let page = view.scan(table, &[], after.as_deref(), PAGE)?;
        let done = page.len() < PAGE;
        found.extend(page);
        if done {
            return Ok(found);
        }
    }
}

fn damaged(what: &str) -> StoreError {
    StoreError::Index { what: what.to_owned() }
}
