//! The release gate's staging side: the only place where something is put into a stream for
//! another node. What may go is decided by [`governance::release`] and by nothing here.

use std::collections::{BTreeMap, BTreeSet};

use governance::act::ActKind;
use governance::case::{Case, CaseId, Party, Step};
use governance::certificate::Standing;
use governance::policy::Policy;
use governance::release::{self, Release, Withhold};
use record::{FieldId, NodeId, Record, RecordId, Subject, Timestamp};

use crate::entry::Entry;
use crate::peer::Streams;
use crate::project;
use crate::sign::whose;
use crate::staging::{Lookup, Staging, compact_row, disclosures};
use crate::store::{Frame, FrameKind, Position, StoreError, Table};
use crate::usable;
use crate::world::{Setup, World};

/// What a record of a case gives to somebody, as policy and staff have it.
pub(crate) struct Planned {
    /// Which of the case's steps.
    pub(crate) step: usize,
    /// To whom, what and why.
    pub(crate) release: Release,
}

/// A case around its last step.
pub(crate) struct Turn<'a> {
    pub(crate) before: Option<&'a Case>,
    pub(crate) case: &'a Case,
    /// Who gave the last step's record: this node for its own.
    pub(crate) sender: NodeId,
    /// The fields of that record, where it is not in the journal: a record that is only foreseen.
    pub(crate) foreseen: Option<&'a [FieldId]>,
    /// What staff keep back of what follows from it.
    pub(crate) withhold: &'a Withhold,
    pub(crate) now: Timestamp,
}

/// What follows from the last step of a case: its record to every party that may have it, and the
/// case's earlier records to the parties that it made. Changes nothing: a preview and the act
/// itself come to the same.
pub(crate) fn plan(
    setup: &Setup,
    policy: &Policy,
    view: &(impl Lookup + ?Sized),
    turn: &Turn<'_>,
) -> Result<Vec<Planned>, StoreError> {
    let Turn { case, sender, foreseen, withhold, now, .. } = *turn;
    let Some(last) = case.steps.last() else { return Ok(Vec::new()) };
    let of = |step: &Step, to: NodeId| match foreseen {
        Some(fields) if step.record == last.record => Ok(fields.to_vec()),
        Some(_) | None => held(view, setup, case.id, step, to, now),
    };
    let (mut planned, mut told) = (Vec::new(), BTreeSet::new());
    for node in newcomers(setup.me(), turn.before, case) {
        let fields: BTreeMap<RecordId, Vec<FieldId>> = case
            .steps
            .iter()
            .map(|step| Ok((step.record, of(step, node)?)))
            .collect::<Result<_, StoreError>>()?;
        let of = |step: &Step| fields.get(&step.record).cloned().unwrap_or_default();
        let backlog = release::backlog(policy, case, node, of, now);
        planned.extend(backlog.into_iter().map(|(step, release)| Planned { step, release }));
        told.insert(node);
    }
    let step = case.steps.len() - 1;
    let rest = release::audience(policy, case, last, sender, &of(last, sender)?, now);
    let rest = rest.into_iter().filter(|release| told.insert(release.to()));
    planned.extend(rest.map(|release| Planned { step, release }));
    let narrowed = |planned: Planned| {
        let Planned { step, release } = planned;
        Planned { step, release: release.without(withhold) }
    };
    Ok(planned.into_iter().map(narrowed).collect())
}

/// Stages what follows from the last step of a case: see [`plan`]. Gives the recipients.
pub(crate) fn share(
    setup: &Setup,
    world: &World,
    staging: &mut Staging<'_>,
    turn: &Turn<'_>,
) -> Result<BTreeSet<NodeId>, StoreError> {
    let case = turn.case;
    // A case under a version that this node does not have is not shared: nothing says with whom. Its
    // erasure goes to everybody, whatever policy says.
    let erases = case.steps.last().is_some_and(|step| step.act == ActKind::Erase);
    let policy = match world.policies.of(case, setup.me()) {
        Ok(policy) => policy,
        Err(_) if erases => &world.policies.in_force().policy,
        Err(_) => return Ok(BTreeSet::new()),
    };
    let by = policy.reference();
    let mut told: BTreeSet<NodeId> =
        newcomers(setup.me(), turn.before, turn.case).into_iter().collect();
    for Planned { step, release } in plan(setup, policy, staging, turn)? {
        let given = Given::step(turn.case, &turn.case.steps[step]);
        stage(setup, staging, &given, &release, &by, turn.now)?;
        told.insert(release.to());
    }
    Ok(told)
}

/// Stages a withdrawal, own or another's, for a node that was given what it withdraws.
pub(crate) fn share_withdrawal(
    setup: &Setup,
    staging: &mut Staging<'_>,
    record: &Record,
    to: NodeId,
    by: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let held: Vec<FieldId> = record.commitments.iter().map(|(id, _)| *id).collect();
    let release = release::withdrawal(to, &held);
    stage(setup, staging, &Given::record(record), &release, by, now)
}

/// Stages the record at a position, a policy of this node, for a node below. Gives whether that
/// node may have it.
pub(crate) fn share_policy(
    setup: &Setup,
    staging: &mut Staging<'_>,
    at: Position,
    to: &Standing,
    by: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let frame = staging.frame_at(at)?;
    let record = project::read(whose(setup), at, &frame)?.record;
    let held: Vec<FieldId> = disclosures(&frame).map(|disclosure| disclosure.field).collect();
    let Some(release) = release::published(setup.me(), to, &held) else { return Ok(false) };
    let given = Given::record(&record);
    stage(setup, staging, &given, &release, by, now)?;
    Ok(true)
}

/// Stages a record for its own author, who has lost it.
pub(crate) fn share_back(
    setup: &Setup,
    staging: &mut Staging<'_>,
    record: &Record,
    release: &Release,
    by: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    stage(setup, staging, &Given::record(record), release, by, now)
}

/// A record that is given to somebody.
struct Given {
    subject: Subject,
    record: RecordId,
    author: NodeId,
    epoch: u32,
    seq: u64,
}

impl Given {
    fn record(record: &Record) -> Self {
        Self {
            subject: record.subject,
            record: record.id(),
            author: record.author,
            epoch: record.epoch,
            seq: record.seq,
        }
    }

    fn step(case: &Case, step: &Step) -> Self {
        let Step { record, author, epoch, seq, .. } = *step;
        Self { subject: case.id, record, author, epoch, seq }
    }
}

/// Parties that this node's last step made: a node above or below it was offered to, units that
/// were called. Others' steps bring their parties in themselves.
fn newcomers(me: NodeId, before: Option<&Case>, case: &Case) -> Vec<NodeId> {
    if case.steps.last().is_none_or(|step| step.author != me) {
        return Vec::new();
    }
    let known = |node: &NodeId| before.and_then(|case| case.parties.get(node));
    case.parties
        .iter()
        .filter(|(_, party)| matches!(party, Party::Above | Party::Child | Party::Unit))
        .filter(|(node, party)| known(node) != Some(*party))
        .map(|(node, _)| *node)
        .collect()
}

/// The fields of a step's record that this node has and may give to a node.
fn held(
    view: &(impl Lookup + ?Sized),
    setup: &Setup,
    case: CaseId,
    step: &Step,
    to: NodeId,
    now: Timestamp,
) -> Result<Vec<FieldId>, StoreError> {
    let Some(at) = project::position_of(view, step.author, step.epoch, step.seq)? else {
        return Ok(Vec::new());
    };
    let frame = view.frame_at(at)?;
    let uses = usable::of(view, setup.me(), case, step, &frame)?;
    let fields = disclosures(&frame).map(|disclosure| disclosure.field);
    Ok(fields.filter(|id| uses.may_give(*id, to, now)).collect())
}

/// Whether this node has a stream for another.
pub(crate) fn has_stream(view: &(impl Lookup + ?Sized), node: NodeId) -> Result<bool, StoreError> {
    Ok(view.value(Table::Peer, node.as_bytes())?.is_some())
}

/// Stages one entry.
fn stage(
    setup: &Setup,
    staging: &mut Staging<'_>,
    given: &Given,
    release: &Release,
    by: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    // A party this node never met has no stream: it is told by whoever brought it in.
    if !has_stream(staging, release.to())? {
        return Ok(());
    }
    let key = release.to().as_bytes().to_vec();
    let outbox = compact_row::<Streams>(staging, Table::Stream, &key)?.unwrap_or_default().outbox;
    let (until, withheld) = (release.until(), release.withheld().to_vec());
    let entry = Entry {
        version: Entry::form(until, &withheld),
        number: outbox.number + 1,
        record: given.record,
        author: given.author,
        epoch: given.epoch,
        seq: given.seq,
        fields: release.fields().to_vec(),
        purpose: release.purpose().to_owned(),
        basis: release.basis().to_owned(),
        policy: by.to_owned(),
        time: now,
        until,
        withheld,
    };
    let frame = sent(entry.encode().into(), given.subject, release.to());
    let (at, frame) = staging.push(frame)?;
    project::project(whose(setup), staging, at, &frame).map(|_| ())
}

fn sent(envelope: std::sync::Arc<[u8]>, subject: Subject, to: NodeId) -> Frame {
    Frame {
        kind: FrameKind::Sent,
        subject,
        envelope,
        entry: None,
        peer: Some(to),
        open: Vec::new(),
        sealed: Vec::new(),
        note: Vec::new(),
        came: Vec::new(),
    }
}
