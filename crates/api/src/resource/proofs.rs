//! The proof of one step of a case: the signed record itself, where it stands in its author's log,
//! and how far the node above has witnessed that log. Enough for any program with COSE and blake3.

use axum::Json;
use engine::access::Look;
use engine::peer;
use engine::view;
use governance::act::ActKind;
use governance::case::{CaseId, Step};
use record::{Hash, NodeId, PublicKey, RecordId, Timestamp};
use serde::Serialize;

use crate::desk::{Desk, View};
use crate::hex;
use crate::looks::Shown;
use crate::params::Path;
use crate::problem::{Kind, Problem};
use crate::shape::fields::Values;
use crate::shape::hand::Hand;
use crate::shape::names::NodeName;

/// A step's proof.
#[derive(Serialize)]
pub(crate) struct Proof {
    record: RecordId,
    act: ActKind,
    author: NodeName,
    /// The key that signed the envelope.
    signer: PublicKey,
    epoch: u32,
    seq: u64,
    time: Timestamp,
    /// The signed record (COSE_Sign1, RFC 9052) in hex. It holds commitments, not values.
    envelope: String,
    /// What the reader may read of the values behind the commitments.
    fields: Values,
    /// By whose hand it was; absent where the record does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    hand: Option<Hand>,
    /// Where it stands in this node's log; for records of this node only.
    #[serde(skip_serializing_if = "Option::is_none")]
    inclusion: Option<Inclusion>,
    /// The last state of this node's log that the node above countersigned.
    #[serde(skip_serializing_if = "Option::is_none")]
    countersigned: Option<Countersigned>,
}

/// An inclusion proof (RFC 6962 §2.1.1) over blake3; the leaf's data are the record's id.
#[derive(Serialize)]
struct Inclusion {
    index: u64,
    tree_size: u64,
    root: Hash,
    path: Vec<Hash>,
}

/// A state of a log with its witness's signature.
#[derive(Serialize)]
pub(super) struct Countersigned {
    witness: NodeId,
    epoch: u32,
    size: u64,
    root: Hash,
    time: Timestamp,
    /// The signed countersignature (COSE_Sign1) in hex.
    seal: String,
}

/// `GET /v1/cases/{id}/proof/{record}`
pub(crate) async fn get(desk: Desk, path: Path) -> Result<Json<Proof>, Problem> {
    let (id, record): (CaseId, RecordId) = (path.id("id")?, path.id("record")?);
    let proof = desk.read(move |view| {
        let case = view.case(id)?;
        let step = case.steps.iter().find(|step| step.record == record);
        let step = step.ok_or_else(Problem::not_found)?;
        let (signed, fields) = view.record(&case, step)?.ok_or(Kind::READ_ONLY)?;
        let own = step.author == view.setup.me();
        Ok(Proof {
            record,
            act: step.act,
            author: view.node(step.author),
            signer: signed.signer(),
            epoch: step.epoch,
            seq: step.seq,
            time: step.time,
            envelope: hex::encode(signed.bytes()),
            fields,
            hand: view.hand(&case, step)?,
            inclusion: if own { view.inclusion(step)? } else { None },
            countersigned: if own { view.countersigned()? } else { None },
        })
    });
    let proof = proof.await?;
    desk.looked(Shown::of(Look::Proof, id).with(proof.fields.keys().copied())).await?;
    Ok(Json(proof))
}

impl View {
    fn inclusion(&self, step: &Step) -> Result<Option<Inclusion>, Problem> {
        let me = self.setup.me();
        let proof = view::prove(&self.reader, me, step.epoch, step.seq)?;
        Ok(proof.map(|view::Proof { index, head, path }| Inclusion {
            index,
            tree_size: head.size,
            root: head.root,
            path,
        }))
    }

    fn countersigned(&self) -> Result<Option<Countersigned>, Problem> {
        let Some(parent) = self.setup.standing.parent() else { return Ok(None) };
        let row = view::peer(&self.reader, parent)?;
        let seen = row.and_then(|row| row.witness.countersigned);
        Ok(seen.map(|seen| Countersigned::by(parent, &seen)))
    }
}

impl Countersigned {
    pub(super) fn by(witness: NodeId, seen: &peer::Witnessed) -> Self {
        Self {
            witness,
            epoch: seen.epoch,
            size: seen.size,
            root: seen.root,
            time: seen.time,
            seal: hex::encode(&seen.seal),
        }
    }
}
