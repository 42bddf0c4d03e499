//! What an act would give to others, before it is done. It goes through the same functions as the
//! act itself ([`governance::authorize`], [`governance::case::apply`],
//! [`release`](governance::release)), signs nothing and stages nothing.

use governance::act::{Act, FieldValues};
use governance::authorize;
use governance::case::{Case, Event};
use governance::policy::Policy;
use governance::release::{Release, Withhold};
use governance::roster::Actor;
use record::{Disclosure, Header, NodeId, RecordId, Timestamp};

use crate::command::Refused;
use crate::open::{self, Around};
use crate::project;
use crate::share::{self, Turn};
use crate::staging::Lookup;
use crate::world::{Setup, World};

/// A record that somebody would be given.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Foreseen {
    /// Which of the case's steps; the act's own where it is the next one.
    pub step: usize,
    /// To whom, what and why.
    pub release: Release,
}

/// Who asks what an act would give, where, and what they keep back.
pub struct Preview<'a> {
    /// This node.
    pub setup: &'a Setup,
    /// Territory, roster, peers and policies.
    pub world: &'a World,
    /// Who would do it.
    pub actor: &'a Actor,
    /// What they would keep back.
    pub withhold: &'a Withhold,
    /// When.
    pub now: Timestamp,
}

impl Preview<'_> {
    /// What an act would give to whom, once it is narrowed, with the policy's reference.
    ///
    /// # Errors
    /// As the act itself; nothing changes either way. [`Refused::Invalid`] when something is
    /// withheld that nobody would be given.
    pub fn of(
        &self,
        view: &(impl Lookup + ?Sized),
        case: &Case,
        act: &Act,
    ) -> Result<(String, Vec<Foreseen>), Refused> {
        let Self { setup, world, actor, withhold, now } = *self;
        let policy = world.policies.of(case, setup.me()).map_err(|reference| {
            authorize::Refusal::PolicyUnknown { reference: reference.to_owned() }
        })?;
        let into = if let Act::Merge { into } = act { Some(*into) } else { None };
        let other = into.map(|into| view.case_row(into)).transpose()?.flatten();
        let (units, children) = (world.directory.units(), world.directory.children());
        let around = Around { units: &units, children: &children, other: other.as_deref() };
        let scene = open::scene(setup, world, policy, around, now);
        authorize::authorize(&scene, Some(case), act, actor)?;
        // The ordinal is for the number of a new case: here there is a case already.
        let fields = authorize::decide(&scene, Some(case), act, actor, 0);
        let foreseen = self.foresee(policy, view, case, act, fields)?;
        let releases = foreseen.iter().map(|foreseen| &foreseen.release);
        withhold
            .check(releases)
            .map_err(|error| Refused::Invalid { field: "withhold", what: error.to_string() })?;
        Ok((policy.reference(), foreseen))
    }

    fn foresee(
        &self,
        policy: &Policy,
        view: &(impl Lookup + ?Sized),
        before: &Case,
        act: &Act,
        fields: FieldValues,
    ) -> Result<Vec<Foreseen>, Refused> {
        let Self { setup, withhold, now, .. } = *self;
        let held: Vec<_> = fields.keys().copied().collect();
        let event = event(setup.me(), before, act, fields, now)?;
        let after = governance::case::apply(Some(before), &event, setup.me());
        let after =
            after.map_err(|error| Refused::Invalid { field: "act", what: error.to_string() })?;
        let turn = Turn {
            before: Some(before),
            case: &after,
            sender: setup.me(),
            foreseen: Some(&held),
            withhold,
            now,
        };
        let mut found = Vec::new();
        for share::Planned { step, release } in share::plan(setup, policy, view, &turn)? {
            // A party that this node never met has no stream: it is told by whoever brought it in.
            if share::has_stream(view, release.to())? {
                found.push(Foreseen { step, release });
            }
        }
        Ok(found)
    }
}

/// The act as it would come out of its record. The record's id is not known before it is signed;
/// no release depends on it.
fn event(
    me: NodeId,
    before: &Case,
    act: &Act,
    fields: FieldValues,
    now: Timestamp,
) -> Result<Event, Refused> {
    let salt = [0; 16];
    let parts: Vec<Disclosure> =
        fields.into_iter().map(|(field, value)| Disclosure { field, salt, value }).collect();
    let header = Header {
        author: me,
        epoch: u32::MAX,
        seq: 0,
        prev: RecordId::ZERO,
        time: now,
        subject: before.id,
        kind: act.kind().kind(),
        causes: Vec::new(),
        actor: None,
        commitments: parts.iter().map(|part| (part.field, part.commitment())).collect(),
    };
    let fields = record::open(&header, &parts)
        .map_err(|error| Refused::Invalid { field: "act", what: error.to_string() })?;
    project::foreseen(&header, &fields, me).ok_or(Refused::NotFound("case"))
}
