//! Vectors of signed statements.

use coset::{CborSerializable, CoseSign1, TaggedCborSerializable};
use record::{
    Actor, ActorId, Checkpoint, Commitment, Countersignature, FederationId, FieldId, Hash, Header,
    Kind, NodeId, NodeKey, PublicKey, RecordId, Signed, Statement, Subject, Timestamp, commit,
};
use serde::{Deserialize, Serialize};

use super::hex;

/// `records.json`.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Records {
    pub(crate) about: String,
    pub(crate) records: Vec<RecordVector>,
}

/// `checkpoints.json`.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Checkpoints {
    pub(crate) about: String,
    pub(crate) checkpoints: Vec<CheckpointVector>,
    pub(crate) countersignatures: Vec<CountersignatureVector>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordVector {
    pub(crate) name: String,
    pub(crate) header: HeaderFields,
    pub(crate) disclosures: Vec<DisclosureFields>,
    pub(crate) signed: Envelope,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CheckpointVector {
    pub(crate) name: String,
    pub(crate) checkpoint: CheckpointFields,
    pub(crate) signed: Envelope,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CountersignatureVector {
    pub(crate) name: String,
    pub(crate) countersignature: CountersignatureFields,
    pub(crate) signed: Envelope,
}

/// Who signs and where. All else of an [`Envelope`] follows from it and the statement.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Signer {
    pub(crate) seed: [u8; 32],
    pub(crate) root_public_key: PublicKey,
}

/// Everything about a signature, in hex.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Envelope {
    pub(crate) seed: String,
    pub(crate) public_key: PublicKey,
    pub(crate) short_id: String,
    pub(crate) root_public_key: PublicKey,
    pub(crate) federation: FederationId,
    pub(crate) label: String,
    pub(crate) content_type: String,
    pub(crate) payload: String,
    pub(crate) protected: String,
    pub(crate) external_aad: String,
    pub(crate) sig_structure: String,
    pub(crate) signature: String,
    pub(crate) envelope: String,
    pub(crate) id: RecordId,
}

/// A [`Header`], version 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HeaderFields {
    pub(crate) author: NodeId,
    pub(crate) epoch: u32,
    pub(crate) seq: u64,
    pub(crate) prev: RecordId,
    pub(crate) time_ms: i64,
    pub(crate) subject: Subject,
    pub(crate) kind: u16,
    pub(crate) causes: Vec<RecordId>,
    pub(crate) actor: Option<(ActorId, String)>,
    pub(crate) commitments: Vec<(u16, Commitment)>,
}

/// A [`record::Disclosure`] and the commitment that it opens.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DisclosureFields {
    pub(crate) field: u16,
    pub(crate) salt: String,
    pub(crate) value: String,
    pub(crate) commitment: Commitment,
}

/// A [`Checkpoint`], version 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CheckpointFields {
    pub(crate) author: NodeId,
    pub(crate) epoch: u32,
    pub(crate) size: u64,
    pub(crate) root: Hash,
    pub(crate) head: RecordId,
    pub(crate) time_ms: i64,
}

/// A [`Countersignature`], version 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CountersignatureFields {
    pub(crate) witness: NodeId,
    pub(crate) checkpoint: RecordId,
    pub(crate) author: NodeId,
    pub(crate) size: u64,
    pub(crate) root: Hash,
    pub(crate) time_ms: i64,
}

impl HeaderFields {
    pub(crate) fn header(&self) -> Header {
        let actor = |(id, role): &(ActorId, String)| Actor { id: *id, role: role.clone() };
        let commitment = |(field, commitment): &(u16, Commitment)| (FieldId(*field), *commitment);
        Header {
            author: self.author,
            epoch: self.epoch,
            seq: self.seq,
            prev: self.prev,
            time: Timestamp::from_millis(self.time_ms),
            subject: self.subject,
            kind: Kind(self.kind),
            causes: self.causes.clone(),
            actor: self.actor.as_ref().map(actor),
            commitments: self.commitments.iter().map(commitment).collect(),
        }
    }
}

impl CheckpointFields {
    pub(crate) fn checkpoint(&self) -> Checkpoint {
        let Self { author, epoch, size, root, head, time_ms } = *self;
        Checkpoint { author, epoch, size, root, head, time: Timestamp::from_millis(time_ms) }
    }
}

impl CountersignatureFields {
    pub(crate) fn countersignature(&self) -> Countersignature {
        let Self { witness, checkpoint, author, size, root, time_ms } = *self;
        let time = Timestamp::from_millis(time_ms);
        Countersignature { witness, checkpoint, author, size, root, time }
    }
}

impl DisclosureFields {
    /// The commitment is computed, so that of a committed file is checked by comparison.
    pub(crate) fn compute(field: u16, salt: &[u8; 16], value: &[u8]) -> Self {
        let commitment = commit(FieldId(field), salt, value);
        Self { field, salt: hex(salt), value: hex(value), commitment }
    }
}

impl Envelope {
    /// Signs with the crate; takes the result apart with `coset`.
    pub(crate) fn compute<T: Statement>(signer: &Signer, statement: T) -> Self {
        let key = NodeKey::from_seed(&signer.seed);
        let federation = FederationId::of_root(&signer.root_public_key);
        let signed = Signed::sign(statement, &key, &federation);
        let cose = CoseSign1::from_tagged_slice(signed.bytes()).expect("coset reads envelopes");
        let label = T::DOMAIN.label();
        let aad = [label.as_bytes(), &[0], federation.as_bytes()].concat();
        let protected = cose.protected.header.clone();
        Self {
            seed: hex(&signer.seed),
            public_key: key.public(),
            short_id: NodeId::from_genesis(&key.public()).short().to_string(),
            root_public_key: signer.root_public_key,
            federation,
            label: label.to_owned(),
            content_type: T::DOMAIN.content_type().to_owned(),
            payload: hex(cose.payload.as_deref().expect("payloads are attached")),
            protected: hex(&protected.to_vec().expect("coset writes what it has read")),
            external_aad: hex(&aad),
            sig_structure: hex(&cose.tbs_data(&aad)),
            signature: hex(&cose.signature),
            envelope: hex(signed.bytes()),
            id: signed.id(),
        }
    }
}
