//! By whose hand an act was done: signed by the person with a key of their own, or by the node
//! alone, and why. It stands in the record, in numbered fields.

use record::person::{PersonAct, SALT, values, values_digest};
use record::{FederationId, FieldId, Fields, Header, KeyError, PublicKey, RecordId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::act::{Body, FieldValues};
use crate::field;

/// How long before it is carried out an act may have been signed, and after, in milliseconds: time
/// enough for somebody to read it once more, and for clocks that differ.
pub const LATEST: i64 = 10 * 60_000;

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
    /// alone, which the node signed, and for whoever was given only a part of the fields.
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
}
