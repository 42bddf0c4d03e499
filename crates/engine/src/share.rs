//! The release gate's staging side: the only place where something is put into a stream for
//! another node. What may go is decided by [`governance::release`] and by nothing here.

use governance::act::ActKind;
use governance::case::{Case, Party, Step};
use governance::certificate::Standing;
use governance::policy::Policy;
use governance::release::{self, Release};
use record::{FieldId, NodeId, RecordId, Subject, Timestamp};

use crate::entry::{Entry, VERSION};
use crate::peer::Streams;
use crate::project;
use crate::sign::whose;
use crate::staging::{Lookup, Staging, compact_row, disclosures};
use crate::store::{Frame, FrameKind, Position, StoreError, Table};
use crate::world::{Setup, World};

/// Stages what follows from the last step of a case: its record to every party that may have it,
/// and the case's earlier records to the parties that it made. Gives the recipients.
pub(crate) fn share(
    setup: &Setup,
    world: &World,
    staging: &mut Staging<'_>,
    before: Option<&Case>,
    case: &Case,
    sender: NodeId,
    now: Timestamp,
) -> Result<Vec<NodeId>, StoreError> {
    // A case under a version that this node does not have is not shared: nothing says with whom. Its
    // erasure goes to everybody, whatever policy says.
    let erases = case.steps.last().is_some_and(|step| step.act == ActKind::Erase);
    let policy = match world.policies.of(case, setup.me()) {
        Ok(policy) => policy,
        Err(_) if erases => &world.policies.in_force().policy,
        Err(_) => return Ok(Vec::new()),
    };
    let by = policy.reference();
    let mut told = Vec::new();
    for node in newcomers(setup.me(), before, case) {
        for (index, release) in backlog(policy, staging, case, node)? {
            let given = Given::step(case, &case.steps[index]);
            stage(setup, staging, &given, &release, &by, now)?;
        }
        told.push(node);
    }
    let Some(last) = case.steps.last() else { return Ok(told) };
    let held = held(staging, last)?;
    for release in release::audience(policy, case, last, sender, &held) {
        if !told.contains(&release.to) {
            stage(setup, staging, &Given::step(case, last), &release, &by, now)?;
            told.push(release.to);
        }
    }
    Ok(told)
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
    let given = Given {
        subject: record.subject,
        record: record.id(),
        author: record.author,
        epoch: record.epoch,
        seq: record.seq,
    };
    stage(setup, staging, &given, &release, by, now)?;
    Ok(true)
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

fn backlog(
    policy: &Policy,
    staging: &Staging<'_>,
    case: &Case,
    node: NodeId,
) -> Result<Vec<(usize, Release)>, StoreError> {
    let held: Vec<Vec<FieldId>> =
        case.steps.iter().map(|step| held(staging, step)).collect::<Result<_, _>>()?;
    let of = |step: &Step| {
        let at = case.steps.iter().position(|known| known.record == step.record);
        at.map(|at| held[at].clone()).unwrap_or_default()
    };
    Ok(release::backlog(policy, case, node, of))
}

/// The fields of a step's record that this node has.
fn held(staging: &Staging<'_>, step: &Step) -> Result<Vec<FieldId>, StoreError> {
    let Some(at) = project::position_of(staging, step.author, step.epoch, step.seq)? else {
        return Ok(Vec::new());
    };
    let frame = staging.frame_at(at)?;
    Ok(disclosures(&frame).map(|disclosure| disclosure.field).collect())
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
    let key = release.to.as_bytes().to_vec();
    // A party this node never met has no stream: it is told by whoever brought it in.
    if staging.value(Table::Peer, &key)?.is_none() {
        return Ok(());
    }
    let outbox = compact_row::<Streams>(staging, Table::Stream, &key)?.unwrap_or_default().outbox;
    let mut fields = release.fields.clone();
    fields.sort_unstable();
    let entry = Entry {
        version: VERSION,
        number: outbox.number + 1,
        record: given.record,
        author: given.author,
        epoch: given.epoch,
        seq: given.seq,
        fields,
        purpose: release.purpose.clone(),
        basis: release.basis.clone(),
        policy: by.to_owned(),
        time: now,
    };
    let frame = sent(entry.encode().into(), given.subject, release.to);
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
    }
}
