//! What revocation lists do to records: those that a key signed after its last good record are
//! held back, whether they came before the list or come after it. Cases that had them are told
//! anew from the records that are left, so that the order in which things arrived does not matter.

use std::collections::BTreeSet;

use governance::case::{Case, CaseId, Rejected};
use governance::certificate::{Certificate, Issuer, Reason, RevocationList, Revoked};
use governance::query::Fact;
use record::{Hash, NodeId, PublicKey, Record, Signed, Unverified};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use super::case::{event, fact_key, order_keys};
use super::{Readable, Whose, aside, erase, fork, position_of, read, reclaim, senseless};
use crate::note::Quarantined;
use crate::staging::{Lookup, Staging, row};
use crate::store::{FrameKind, Position, StoreError, Table};
use crate::wire::ChainBytes;

/// Why a record was not applied, in words for the operator.
pub(super) const HELD_BACK: &str = "held back: it was signed after the last good record of a key \
                                    that others may have";

/// An issuer's list as the index keeps it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    /// The signed list.
    pub list: ByteBuf,
    /// The issuer's chain; empty for the root.
    pub chain: ChainBytes,
}

/// What one issuer says of a key that others may have.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compromise {
    /// Whose word it is: see [`issuer_key`].
    pub issuer: NodeId,
    /// The entry of its list.
    pub entry: Revoked,
}

/// The key under which an issuer's list is kept: its node, zero for the root.
#[must_use]
pub fn issuer_key(issuer: Issuer) -> NodeId {
    match issuer {
        Issuer::Root => NodeId::ZERO,
        Issuer::Node(node) => node,
    }
}

/// Whether a record is held back by somebody who certified its author.
pub(super) fn is_held_back(staging: &Staging<'_>, record: &Record) -> Result<bool, StoreError> {
    let signer = record.signer();
    let said: Option<Vec<Compromise>> = row(staging, Table::Compromised, signer.as_bytes())?;
    for Compromise { issuer, entry } in said.into_iter().flatten() {
        let holds = entry.node == record.author
            && entry.holds_back(&signer, record.epoch, record.seq)
            && staging.value(Table::Issued, &issued_key(entry.node, issuer))?.is_some();
        if holds {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether somebody who certified a node says that others may have this key of it. `by` certified
/// it, as it shows; without that, of a node that is not known here, everybody's word counts.
pub(crate) fn is_compromised(
    view: &(impl Lookup + ?Sized),
    node: NodeId,
    key: &PublicKey,
    by: Option<Issuer>,
) -> Result<bool, StoreError> {
    let said: Option<Vec<Compromise>> = row(view, Table::Compromised, key.as_bytes())?;
    for Compromise { issuer, entry } in said.into_iter().flatten() {
        let concerns = entry.node == node && entry.reason == Reason::Compromised;
        let certified = by.is_none_or(|by| issuer_key(by) == issuer)
            || view.value(Table::Issued, &issued_key(node, issuer))?.is_some();
        if concerns && certified {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What came of telling cases anew.
#[derive(Default)]
pub(super) struct Told {
    /// Those that came out otherwise.
    pub(super) cases: Vec<CaseId>,
    /// The photos of those that are erased by it: a note has to say that they are gone.
    pub(super) gone: Vec<Hash>,
}

/// Takes in a list; gives the cases that are others by it.
pub(super) fn listed(
    whose: Whose,
    staging: &mut Staging<'_>,
    at: Position,
    list: ByteBuf,
    chain: ChainBytes,
) -> Result<Told, StoreError> {
    let signed: Signed<RevocationList> = Unverified::parse(list.to_vec())
        .map_err(|error| senseless(at, &error.to_string()))?
        .trust_stored(&whose.federation);
    let issuer = issuer_key(signed.issuer);
    staging.put(Table::Revocation, issuer.as_bytes().to_vec(), &Listed { list, chain })?;
    let mut touched = BTreeSet::new();
    for entry in &signed.revoked {
        if say(staging, Compromise { issuer, entry: *entry })? {
            touched.extend(cases_of(whose, staging, entry)?);
        }
    }
    tell_anew(whose, staging, touched)
}

/// Keeps what an issuer says of a key; whether that is new. An entry that a later list leaves out
/// because the certificate ran out goes on holding back.
fn say(staging: &mut Staging<'_>, said: Compromise) -> Result<bool, StoreError> {
    let key = said.entry.key.as_bytes().to_vec();
    let mut known: Vec<Compromise> = row(staging, Table::Compromised, &key)?.unwrap_or_default();
    let before = known.iter().find(|other| other.issuer == said.issuer).copied();
    if before == Some(said) {
        return Ok(false);
    }
    known.retain(|other| other.issuer != said.issuer);
    known.push(said);
    staging.put(Table::Compromised, key, &known)?;
    let holds = |said: &Compromise| said.entry.holds_back(&said.entry.key, u32::MAX, u64::MAX);
    Ok(holds(&said) || before.as_ref().is_some_and(holds))
}

/// Remembers who certified the node of a chain; gives the cases that are others by it, where that
/// issuer's list came first.
pub(super) fn issued(
    whose: Whose,
    staging: &mut Staging<'_>,
    chain: &ChainBytes,
) -> Result<Told, StoreError> {
    let own = chain.first().map(|own| Unverified::<Certificate>::parse(own.to_vec()));
    // What was kept was verified before; whatever this version can't read issued nothing.
    let Some(Ok(own)) = own else { return Ok(Told::default()) };
    let (node, key) = (own.peek().node, own.peek().key);
    let issuer = issuer_key(own.peek().issuer);
    let pair = issued_key(node, issuer);
    if staging.value(Table::Issued, &pair)?.is_some() {
        return Ok(Told::default());
    }
    staging.put_bytes(Table::Issued, pair, Vec::new())?;
    let said: Option<Vec<Compromise>> = row(staging, Table::Compromised, key.as_bytes())?;
    let said = said.into_iter().flatten().find(|said| said.issuer == issuer);
    let Some(said) = said else { return Ok(Told::default()) };
    let touched = cases_of(whose, staging, &said.entry)?;
    tell_anew(whose, staging, touched)
}

fn issued_key(node: NodeId, issuer: NodeId) -> Vec<u8> {
    [node.as_bytes().as_slice(), issuer.as_bytes()].concat()
}

/// The cases with records that a revoked key signed. This node's own records are its own affair:
/// it stops signing.
fn cases_of(
    whose: Whose,
    staging: &Staging<'_>,
    entry: &Revoked,
) -> Result<BTreeSet<CaseId>, StoreError> {
    let mut cases = BTreeSet::new();
    if entry.node == whose.me {
        return Ok(cases);
    }
    // All of them: a correction may move the last good record either way, and a case without a
    // late record comes out as it was.
    for (_, value) in staging.all(Table::Log, entry.node.as_bytes())? {
        let Some(at) = Position::from_bytes(&value) else { continue };
        let record = read(whose, at, staging.frame_at(at)?.as_ref())?.record;
        if record.signer() == entry.key {
            cases.insert(record.subject);
        }
    }
    Ok(cases)
}

/// Tells a case anew, with what was put aside of it, in the order of causes; gives it where it came
/// out otherwise.
pub(super) fn tell_in_order(
    whose: Whose,
    staging: &mut Staging<'_>,
    id: CaseId,
) -> Result<Vec<CaseId>, StoreError> {
    let before = staging.case(id)?;
    let known = order_of(whose, staging, before.as_deref(), id)?;
    let order = reclaim::in_order(whose, staging, &known)?;
    let after = retell(whose, staging, order)?;
    if before.as_deref() == after.as_ref() {
        return Ok(Vec::new());
    }
    replace(whose, staging, before.as_deref(), after, id)?;
    Ok(vec![id])
}

/// Where a case's records lie: those that were applied, and then those put aside.
fn order_of(
    whose: Whose,
    staging: &Staging<'_>,
    before: Option<&Case>,
    id: CaseId,
) -> Result<Vec<Position>, StoreError> {
    let mut order = Vec::new();
    for step in before.iter().flat_map(|case| &case.steps) {
        order.extend(position_of(staging, step.author, step.epoch, step.seq)?);
    }
    // What was applied before its author was found to sign two histories stays.
    for at in aside::about(staging, id)? {
        let record = read(whose, at, staging.frame_at(at)?.as_ref())?.record;
        if !fork::is_frozen(whose, staging, &record)? {
            order.push(at);
        }
    }
    Ok(order)
}

/// Tells cases anew; gives those that came out otherwise. An erasure that was put aside until now is
/// carried out with what it says, and so is one that found less than is here now.
pub(super) fn tell_anew(
    whose: Whose,
    staging: &mut Staging<'_>,
    cases: BTreeSet<CaseId>,
) -> Result<Told, StoreError> {
    let mut told = Told::default();
    for id in cases {
        let before = staging.case(id)?;
        let order = order_of(whose, staging, before.as_deref(), id)?;
        let after = retell(whose, staging, order)?;
        if before.as_deref() == after.as_ref() {
            continue;
        }
        if let Some(erased) = after.as_ref().filter(|case| case.erased.is_some()) {
            told.gone.extend(erase::erased(whose, staging, erased)?);
        }
        replace(whose, staging, before.as_deref(), after, id)?;
        told.cases.push(id);
    }
    Ok(told)
}

/// A case from its records in this order; what does not apply is put aside.
fn retell(
    whose: Whose,
    staging: &mut Staging<'_>,
    order: Vec<Position>,
) -> Result<Option<Case>, StoreError> {
    let mut case = None;
    for at in order {
        let frame = staging.frame_at(at)?;
        if !matches!(frame.kind, FrameKind::Own | FrameKind::Foreign) {
            continue;
        }
        let readable = read(whose, at, &frame)?;
        let record = &readable.record;
        // The other branch of a fork, or an earlier delivery with fewer fields.
        if position_of(staging, record.author, record.epoch, record.seq)? != Some(at) {
            continue;
        }
        // Its own came from nobody, even where a neighbour has given it back.
        let own = record.author == whose.me;
        let from = frame.peer.filter(|_| !own).unwrap_or(whose.me);
        match try_apply(whose, staging, case.as_ref(), &readable, from)? {
            Ok(next) => {
                case = Some(next);
                aside::take_up(staging, at, record.subject);
            }
            Err(None) => {}
            Err(Some(why)) => {
                let (record, subject) = (record.id(), record.subject);
                let held = Quarantined { from, record, subject, why };
                aside::put(staging, at, &held)?;
            }
        }
    }
    Ok(case)
}

/// A case after a record, or why it is as it was: nothing where the record is known already.
type Tried = Result<Case, Option<String>>;

fn try_apply(
    whose: Whose,
    staging: &Staging<'_>,
    case: Option<&Case>,
    readable: &Readable,
    from: NodeId,
) -> Result<Tried, StoreError> {
    if is_held_back(staging, &readable.record)? {
        return Ok(Err(Some(HELD_BACK.to_owned())));
    }
    let event = match event(readable, from) {
        Ok(event) => event,
        Err(problem) => return Ok(Err(Some(problem.words()))),
    };
    Ok(match governance::case::apply(case, &event, whose.me) {
        Ok(next) => Ok(next),
        Err(Rejected::Known) => Err(None),
        Err(rejected) => Err(Some(rejected.to_string())),
    })
}

fn replace(
    whose: Whose,
    staging: &mut Staging<'_>,
    before: Option<&Case>,
    after: Option<Case>,
    id: CaseId,
) -> Result<(), StoreError> {
    for key in before.map(order_keys).unwrap_or_default() {
        staging.remove(Table::CaseOrder, key);
    }
    let Some(after) = after else {
        staging.remove(Table::Fact, fact_key(id));
        staging.remove_case(id);
        return Ok(());
    };
    for key in order_keys(&after) {
        staging.put_bytes(Table::CaseOrder, key, Vec::new())?;
    }
    staging.put_compact(Table::Fact, fact_key(id), &Fact::of(&after, whose.me))?;
    staging.put_case(after.into());
    Ok(())
}
