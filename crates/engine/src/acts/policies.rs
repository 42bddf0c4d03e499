//! Policies: keeping a version, publishing it to the nodes below, putting one in force.

use std::sync::Arc;

use governance::act::{Body, FieldValues};
use governance::certificate::Right;
use governance::field;
use governance::policy::{PolicyError, Power, Version};
use governance::roster::Actor;
use record::{Kind, NodeId, RecordId, Subject};

use super::{Desk, offices};
use crate::command::{Agent, Once, Receipt, Refused};
use crate::kind;
use crate::project::{self, PolicyRow, Source, given_key, kept_key};
use crate::share;
use crate::sign::{self, Draft, whose};
use crate::staging::{Lookup, row};
use crate::store::Table;
use crate::world::Follow;

impl Desk<'_, '_> {
    /// Keeps a version, and publishes it to the nodes below where asked.
    pub(super) fn put_policy(
        &mut self,
        by: &Agent,
        text: &str,
        publish: bool,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        let actor = self.power(by, Power::Policy, "policy")?;
        let version = Arc::new(Version::read(text).map_err(|error| refused(text, &error))?);
        self.keep(&version, Vec::new(), actor.as_ref())?;
        if publish {
            self.publish(&version, actor.as_ref())?;
        }
        self.remember(once, &Receipt::empty())?;
        Ok(Receipt::empty())
    }

    /// Puts a version in force for what begins from now on: one that this node keeps, or one that
    /// the node above published.
    pub(super) fn adopt_policy(
        &mut self,
        by: &Agent,
        reference: &str,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        let actor = self.power(by, Power::Policy, "policy")?;
        self.adopt(reference, Source::Officer, actor.as_ref())?;
        self.remember(once, &Receipt::empty())?;
        Ok(Receipt::empty())
    }

    fn adopt(
        &mut self,
        reference: &str,
        source: Source,
        actor: Option<&Actor>,
    ) -> Result<(), Refused> {
        // What the parent says under a known reference is compared below, not passed over.
        let (version, causes) = match self.offered(reference)? {
            Some((version, record)) => (Arc::new(version), vec![record]),
            None => {
                let kept = self.world.policies.get(reference).cloned();
                (kept.ok_or(Refused::NotFound("policy"))?, Vec::new())
            }
        };
        self.check_fits(&version)?;
        self.keep(&version, causes, actor)?;
        let current = project::in_force(self.staging)?;
        if current.as_deref() != Some(reference) {
            self.enact(reference, source, actor)?;
        }
        Ok(())
    }

    /// What the node above published under a reference, with its record.
    fn offered(&self, reference: &str) -> Result<Option<(Version, RecordId)>, Refused> {
        let Some(parent) = self.setup.standing.parent() else { return Ok(None) };
        let key = given_key(parent, reference);
        let Some(given): Option<PolicyRow> = row(self.staging, Table::Policy, &key)? else {
            return Ok(None);
        };
        let frame = self.staging.frame_at(given.at)?;
        let readable = project::read(whose(self.setup), given.at, &frame)?;
        let version = Version::offered(&readable.fields)
            .map_err(|error| Refused::Invalid { field: "policy", what: words(&error) })?;
        Ok(Some((version, readable.record.id())))
    }

    /// A policy under which this node has no level, or nobody could change its roster any more,
    /// would leave it stuck.
    fn check_fits(&self, version: &Version) -> Result<(), Refused> {
        let invalid = |what: String| Err(Refused::Invalid { field: "policy", what });
        let level = &self.setup.standing.certificate().level;
        if !version.policy.levels.iter().any(|known| known.key == *level) {
            return invalid(format!("it has no level {level}, which is this node's"));
        }
        let rules = |policy: &governance::policy::Policy| {
            let mut people = self.world.roster.iter();
            people.any(|(id, _)| {
                let actor = self.world.roster.actor(*id, self.now);
                actor.is_some_and(|actor| actor.has_power(policy, Power::Roster))
            })
        };
        if rules(self.world.policy()) && !rules(&version.policy) {
            return invalid(
                "nobody appointed here would have the power roster under it: appoint somebody to \
                 a role of both policies first"
                    .into(),
            );
        }
        Ok(())
    }

    /// Keeps a version's text, signed, unless it is kept already.
    fn keep(
        &mut self,
        version: &Arc<Version>,
        causes: Vec<RecordId>,
        actor: Option<&Actor>,
    ) -> Result<(), Refused> {
        let reference = version.reference();
        let known: Option<PolicyRow> = row(self.staging, Table::Policy, &kept_key(&reference))?;
        match known {
            Some(known) if known.digest != version.digest => {
                let what = format!("{reference} is kept here with another text: raise its version");
                return Err(Refused::Invalid { field: "version", what });
            }
            Some(_) => {}
            None => {
                self.sign_policy(kind::POLICY, version.fields(), causes, actor)?;
            }
        }
        let version = version.clone();
        self.change_world(|world| Arc::make_mut(&mut world.policies).keep(version));
        Ok(())
    }

    fn enact(
        &mut self,
        reference: &str,
        source: Source,
        actor: Option<&Actor>,
    ) -> Result<(), Refused> {
        let mut body = Body::default();
        body.put(field::POLICY, &reference);
        body.put(field::POLICY_SOURCE, &source);
        self.sign_policy(kind::POLICY_IN_FORCE, body.0, Vec::new(), actor)?;
        self.change_world(|world| {
            Arc::make_mut(&mut world.policies).enact(reference);
            world.unrecorded = false;
        });
        Ok(())
    }

    fn publish(&mut self, version: &Version, actor: Option<&Actor>) -> Result<(), Refused> {
        let reference = version.reference();
        if !self.setup.standing.may(Right::Govern) {
            let what = "a member unit has no nodes below it".into();
            return Err(Refused::Invalid { field: "publish", what });
        }
        if project::published(self.staging)?.as_deref() == Some(&reference) {
            return Ok(());
        }
        let mut body = Body::default();
        body.put(field::POLICY, &reference);
        self.sign_policy(kind::POLICY_PUBLISHED, body.0, Vec::new(), actor)?;
        for child in self.world.directory.children() {
            self.give_policy(child)?;
        }
        Ok(())
    }

    /// Gives the policy that was last published to a node below: at once to all there are, and to
    /// each that joins later.
    pub(crate) fn give_policy(&mut self, to: NodeId) -> Result<(), Refused> {
        let Some(reference) = project::published(self.staging)? else { return Ok(()) };
        let kept: Option<PolicyRow> = row(self.staging, Table::Policy, &kept_key(&reference))?;
        let world = self.world.clone();
        let (Some(kept), Some(peer)) = (kept, world.directory.get(to)) else { return Ok(()) };
        let by = world.policy().reference();
        let standing = &peer.standing;
        if share::share_policy(self.setup, self.staging, kept.at, standing, &by, self.now)? {
            self.poke(to);
        }
        Ok(())
    }

    /// A policy came from the node above: it waits for an officer, or comes into force by itself,
    /// as the configuration says. Where it does, it is passed on down.
    pub(crate) fn policy_arrived(&mut self, from: NodeId, reference: &str) -> Result<(), Refused> {
        if self.setup.standing.parent() != Some(from) || self.talk.frozen.is_some() {
            return Ok(());
        }
        if self.setup.follow == Follow::Manual {
            tracing::info!(
                policy = reference,
                "上级发布了新规则，待启用：`wangge policy adopt` the node above published a policy; to \
                 put it in force: `wangge policy adopt`"
            );
            return Ok(());
        }
        let followed = self.adopt(reference, Source::Parent, None).and_then(|()| {
            let version = self.world.policies.get(reference).cloned();
            let version = version.ok_or(Refused::NotFound("policy"))?;
            self.publish(&version, None)
        });
        match followed {
            Err(Refused::Storage(error)) => Err(Refused::Storage(error)),
            Err(why) => {
                tracing::error!(policy = reference, why = %why,
                    "上级发布的规则不能启用 the policy that the node above published can't be put in \
                     force here");
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    /// The first thing after a start: what the configuration names anew is recorded and in force.
    pub(crate) fn settle_policy(&mut self) -> Result<(), Refused> {
        if !self.world.unrecorded || self.talk.frozen.is_some() {
            return Ok(());
        }
        let configured = self.setup.configured.clone();
        self.keep(&configured, Vec::new(), None)?;
        self.enact(&configured.reference(), Source::File, None)
    }

    fn sign_policy(
        &mut self,
        kind: Kind,
        fields: FieldValues,
        causes: Vec<RecordId>,
        actor: Option<&Actor>,
    ) -> Result<(), Refused> {
        let actor = actor.map(offices::operator);
        let draft = Draft { subject: Subject::ZERO, kind, causes, actor, fields, note: None };
        sign::append(self.setup, self.staging, draft, self.now, self.rng)?;
        Ok(())
    }
}

fn refused(text: &str, error: &PolicyError) -> Refused {
    // The parser repeats the line that it could not read.
    let what = match error {
        PolicyError::Syntax(source) => {
            let at = source.span().map_or(0, |span| span.start);
            let line = text.get(..at).map_or(1, |before| before.matches('\n').count() + 1);
            format!("does not parse at line {line}: `wangge policy check` says what is wrong there")
        }
        PolicyError::TooLarge(_) | PolicyError::Unsound(_) => error.to_string(),
    };
    Refused::Invalid { field: "text", what }
}

/// An error with its causes. What a policy says is nobody's secret.
fn words(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text.trim_end().to_owned()
}
