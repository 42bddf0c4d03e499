//! By whose hand an act was done: signed by the person with a key of their own, or by the node
//! alone, and why. It stands in the record, in numbered fields.

use record::person::{PersonAct, SALT, values, values_digest};
use record::{FederationId, FieldId, Fields, Header, KeyError, PublicKey, RecordId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::act::{ActKind, Body, Closing, FieldValues};
use crate::field;

/// How long before it is carried out an act may have been signed, and after, in milliseconds: time
/// enough for somebody to read it once more, and for clocks that differ.
pub const LATEST: i64 = 10 * 60_000;

/// What a record says besides its person, whatever the act: what follows from it by policy, and the
/// signature itself. Everything else is the person's word, or it is not theirs at all.
const NODES_WORD: [FieldId; 16] = [
    field::POLICY,
    field::STAGE,
    field::PHASE,
    field::LEVEL,
    field::DUE,
    field::NUMBER,
    field::GRID,
    field::REPORTER,
    field::REPORT_IN_BY,
    field::TO,
    field::OFFER,
    field::SETTLED,
    field::CLOSING,
    field::PERSON_SIGNED,
    field::PERSON_SALT,
    field::NODE_ONLY,
];

/// By whose hand an act is done, as it is asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Hand {
    /// The person signed it.
    Person(Box<Signed>),
    /// They did not.
    Node(NodeOnly),
}

/// Why an act has the node's signature alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeOnly {
    /// The person has no key on the device.
    NoKey,
    /// The device can't make one.
    Device,
    /// A program did it with a token of theirs.
    Program,
    /// Where it was done, no signature is asked for: several cases at once, a report.
    Form,
}

/// What a person signed, with what they made it with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signed {
    /// Their key.
    pub key: PublicKey,
    /// The salt of the digest.
    pub salt: [u8; SALT],
    /// The last record of the case when they signed.
    pub base: RecordId,
    /// When.
    pub time: Timestamp,
    /// The signature.
    pub signature: [u8; 64],
}

/// A person's signature as the record has it. The salt is in a field of its own, which goes with the
/// words when they are erased.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonSignature {
    /// The key; the node's signature on the record says that it is this person's.
    pub key: PublicKey,
    /// The last record of the case when it was signed.
    pub base: RecordId,
    /// When.
    pub time: Timestamp,
    /// The salted digest of the values of `fields`.
    pub digest: ByteBuf,
    /// The signature.
    pub signature: ByteBuf,
    /// Numbers of the fields that were signed, ascending: what the person said; what follows from
    /// it is the node's word.
    pub fields: Vec<u16>,
}

/// Why a person's signature does not hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum HandError {
    /// It is of another act, or forged.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The key is not this person's, or not any more.
    #[error("this key is not enrolled for you, or was revoked")]
    NotEnrolled,
    /// It is not of this form.
    #[error("a person's signature is not of the right form")]
    Form,
    /// The values are not those that were signed.
    #[error("the values are not those that were signed")]
    Values,
    /// The record does not follow the one after which it was signed.
    #[error("it was signed after another record than the one that this follows")]
    Cause,
    /// The record commits to more than was signed, or to less.
    #[error("the record does not say exactly what was signed")]
    Commitments,
    /// It was made too long ago, or is dated ahead.
    #[error("it was signed too long ago, or by a clock that is ahead")]
    Time,
}

impl HandError {
    /// The same in Chinese.
    #[must_use]
    pub fn zh(self) -> &'static str {
        match self {
            Self::Key(_) => "本人签名与所办的事不符",
            Self::NotEnrolled => "这把密钥没有登记在您名下，或已吊销",
            Self::Form => "本人签名的格式不对",
            Self::Values => "内容与签名时的不同",
            Self::Cause => "记录所接的不是本人签名时的上一条记录",
            Self::Commitments => "记录所说的多于或少于本人所签的",
            Self::Time => "签名的时间太早，或设备时钟超前",
        }
    }
}

/// What of a person's signature could be checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Checked {
    /// Signature and values.
    Whole,
    /// The signature; the values, or their salt, are not here.
    Digest,
}

impl Signed {
    /// Checks the signature over an act of a person here and now.
    ///
    /// # Errors
    /// [`HandError`].
    pub fn check(
        &self,
        about: PersonAct,
        said: &FieldValues,
        now: Timestamp,
    ) -> Result<(), HandError> {
        if now.millis().abs_diff(self.time.millis()) > LATEST.unsigned_abs() {
            return Err(HandError::Time);
        }
        let digest = values_digest(&self.salt, &values(said));
        let act = PersonAct { base: self.base, time: self.time, digest, ..about };
        Ok(act.verify(&self.key, &self.signature)?)
    }

    fn fields(&self, said: &FieldValues, body: &mut Body) {
        let signature = PersonSignature {
            key: self.key,
            base: self.base,
            time: self.time,
            digest: values_digest(&self.salt, &values(said)).to_vec().into(),
            signature: self.signature.to_vec().into(),
            fields: said.keys().map(|id| id.0).collect(),
        };
        body.put(field::PERSON_SIGNED, &signature);
        body.put(field::PERSON_SALT, &ByteBuf::from(self.salt.to_vec()));
    }
}

impl Hand {
    /// The fields by which the record says it; `said` are the act's own.
    #[must_use]
    pub fn fields(&self, said: &FieldValues) -> FieldValues {
        let mut body = Body::default();
        match self {
            Self::Person(signed) => signed.fields(said, &mut body),
            Self::Node(why) => body.put(field::NODE_ONLY, why),
        }
        body.0
    }
}

impl PersonSignature {
    /// Checks the signature that a record has, and the values where they are here: by the header
    /// alone, which the node signed, and for whoever was given only a part of the fields. It holds
    /// for this record alone: it follows what the person saw, and commits to what they signed, to
    /// its salt, and to nothing else that a person could have said.
    ///
    /// # Errors
    /// [`HandError`].
    pub fn check(
        &self,
        federation: FederationId,
        header: &Header,
        fields: &Fields,
    ) -> Result<Checked, HandError> {
        let form = |_| HandError::Form;
        let digest = self.digest.as_slice().try_into().map_err(form)?;
        let signature = self.signature.as_slice().try_into().map_err(form)?;
        let actor = header.actor.as_ref().ok_or(HandError::Form)?;
        let act = PersonAct {
            federation,
            node: header.author,
            person: actor.id,
            case: header.subject,
            kind: header.kind,
            base: self.base,
            time: self.time,
            digest,
        };
        act.verify(&self.key, signature)?;
        self.check_bound(header)?;
        let closing: Option<Closing> = fields.get(field::CLOSING).map_err(|_| HandError::Form)?;
        if closing == Some(Closing::Special) && !self.says(field::CLOSING) {
            return Err(HandError::Values);
        }
        let salt: Option<ByteBuf> = fields.get(field::PERSON_SALT).map_err(|_| HandError::Form)?;
        let Some(salt) = salt else { return Ok(Checked::Digest) };
        let salt = salt.as_slice().try_into().map_err(form)?;
        let mut said = FieldValues::new();
        for id in self.fields.iter().copied().map(FieldId) {
            match fields.raw(id) {
                Some(value) => said.insert(id, value.to_vec()),
                None => return Ok(Checked::Digest),
            };
        }
        let same = values_digest(&salt, &values(&said)) == digest;
        if same { Ok(Checked::Whole) } else { Err(HandError::Values) }
    }

    /// Whether the record follows what the person saw, and says what they signed and no more.
    fn check_bound(&self, header: &Header) -> Result<(), HandError> {
        if self.base.is_zero() || !header.causes.contains(&self.base) {
            return Err(HandError::Cause);
        }
        if !self.fields.is_sorted_by(|a, b| a < b) {
            return Err(HandError::Form);
        }
        let committed = |id: FieldId| header.commitment(id).is_some();
        let all_there = self.fields.iter().copied().map(FieldId).all(committed);
        let kind = ActKind::from_kind(header.kind);
        let no_more =
            header.commitments.iter().all(|(id, _)| self.says(*id) || is_nodes_word(kind, *id));
        if all_there && no_more && committed(field::PERSON_SALT) {
            Ok(())
        } else {
            Err(HandError::Commitments)
        }
    }

    fn says(&self, id: FieldId) -> bool {
        self.fields.binary_search(&id.0).is_ok()
    }
}

/// Whether a field of an act is the node's word. To whom a case is handed down its person says;
/// where else it goes follows from where it is.
pub(crate) fn is_nodes_word(kind: Option<ActKind>, id: FieldId) -> bool {
    NODES_WORD.contains(&id) && !(id == field::TO && kind == Some(ActKind::HandDown))
}

#[cfg(test)]
mod tests;
