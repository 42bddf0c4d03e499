//! What the engine keeps in memory of the index because every decision needs it: territory, roster
//! and peers. Readers get it as one immutable snapshot.

use std::sync::Arc;

use governance::calendar::Calendar;
use governance::certificate::{Certificate, Standing, verify_chain};
use governance::policy::{Policy, Version, Versions};
use governance::roster::{Person, Roster};
use governance::territory::Territory;
use record::{FederationId, NodeId, NodeKey, PublicKey, Subject, Unverified};
use serde::{Deserialize, Serialize};

use crate::engine::OpenError;
use crate::peer::{Card, Directory};
use crate::project::{self, Of};
use crate::staging::{Lookup, decode};
use crate::store::{Pair, StoreError, Table};

/// Who this node is and how it works: fixed while it runs.
pub struct Setup {
    /// The key it signs with.
    pub key: Arc<NodeKey>,
    /// The federation's root key.
    pub root: PublicKey,
    /// The federation.
    pub federation: FederationId,
    /// Its own certificates, verified.
    pub standing: Standing,
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
        directory.insert(&setup.standing, standing, row.addresses.clone());
    }
}

fn standing_of(setup: &Setup, row: &Card) -> Option<Standing> {
    let begins = row.chain.iter().filter_map(|link| {
        let parsed = Unverified::<Certificate>::parse(link.to_vec()).ok()?;
        Some(parsed.peek().not_before)
    });
    verify(setup, &row.chain, begins.max()?).ok()
}

/// Verifies a chain that a peer presented.
///
/// # Errors
/// Which certificate is wrong and why.
pub fn verify(
    setup: &Setup,
    chain: &[serde_bytes::ByteBuf],
    now: record::Timestamp,
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
