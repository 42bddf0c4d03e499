//! What somebody may do with a case now, for whoever offers it to them. What they then do is judged
//! anew when it is done.

use std::collections::BTreeSet;

use governance::authorize::{Open, Scene, open_to};
use governance::case::Case;
use governance::policy::Policy;
use governance::roster::Actor;
use record::{NodeId, Timestamp};

use crate::world::{Setup, World};

/// Other nodes and another case, which acts name.
pub(crate) struct Around<'a> {
    pub(crate) units: &'a BTreeSet<NodeId>,
    pub(crate) children: &'a BTreeSet<NodeId>,
    pub(crate) other: Option<&'a Case>,
}

/// Everything outside a case that decisions on it depend on.
pub(crate) fn scene<'a>(
    setup: &'a Setup,
    world: &'a World,
    policy: &'a Policy,
    around: Around<'a>,
    now: Timestamp,
) -> Scene<'a> {
    let certificate = setup.standing.certificate();
    let Around { units, children, other } = around;
    Scene {
        policy,
        territory: &world.territory,
        roster: &world.roster,
        calendar: &setup.calendar,
        me: setup.me(),
        level: &certificate.level,
        area: &certificate.area,
        parent: setup.standing.parent(),
        units,
        children,
        other,
        now,
    }
}

/// The acts that are open to the actor; none where the policy that the case runs under is not here.
#[must_use]
pub fn acts(setup: &Setup, world: &World, case: &Case, actor: &Actor, now: Timestamp) -> Vec<Open> {
    let Ok(policy) = world.policies.of(case, setup.me()) else { return Vec::new() };
    let (units, children) = (world.directory.units(), world.directory.children());
    let around = Around { units: &units, children: &children, other: None };
    open_to(&scene(setup, world, policy, around, now), case, actor)
}
