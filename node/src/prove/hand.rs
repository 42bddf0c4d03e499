//! What a proof says of the hand by which a record was made, and of the words that were signed.

use data_encoding::BASE64;
use engine::store::Frame;
use governance::field;
use governance::hand::{Checked, NodeOnly, PersonSignature};
use record::{
    Disclosure, FederationId, FieldId, Fields, Header, PublicKey, Timestamp, Unverified, cbor,
};
use serde::{Deserialize, Serialize};

use super::{ProofError, decode};

/// A field of a record with what opens the record's commitment to it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OpenedField {
    /// Number of the field.
    pub(super) field: u16,
    /// The salt, base64.
    pub(super) salt: String,
    /// The value, base64.
    pub(super) value: String,
}

/// By whose hand a record says that it was done.
#[derive(Clone, PartialEq, Eq)]
pub enum ByHand {
    /// The person signed, with this key, and the signature holds for this record.
    Person {
        /// The key; the node's signature on the record says whose it is.
        key: PublicKey,
        /// When.
        at: Timestamp,
        /// What they signed, held against the signature: of each field its name and what it says;
        /// `None` where the proof does not hold all of it.
        words: Option<Vec<(&'static str, String)>>,
    },
    /// The node alone, and why.
    Node(NodeOnly),
}

impl OpenedField {
    fn of(opened: &Disclosure) -> Self {
        let (salt, value) = (BASE64.encode(&opened.salt), BASE64.encode(&opened.value));
        Self { field: opened.field.0, salt, value }
    }

    fn read(&self) -> Result<Disclosure, ProofError> {
        let salt = decode("salt", &self.salt)?.try_into().map_err(|_| wrong())?;
        let (field, value) = (FieldId(self.field), decode("value", &self.value)?);
        Ok(Disclosure { field, salt, value })
    }
}

/// The field in which a record says by whose hand it was done.
pub(super) fn opened_hand(frame: &Frame) -> Option<OpenedField> {
    let says = |id: FieldId| id == field::PERSON_SIGNED || id == field::NODE_ONLY;
    frame.open.iter().find(|opened| says(opened.field)).map(OpenedField::of)
}

/// What a person signed of a record, with what else is needed to hold it against the signature:
/// people's words. Empty where nobody signed.
pub(super) fn opened_words(frame: &Frame) -> Vec<OpenedField> {
    let all = || frame.open.iter().chain(&frame.sealed);
    let signed = all().find(|opened| opened.field == field::PERSON_SIGNED);
    let signed = signed.and_then(|opened| {
        cbor::decode::<PersonSignature>(&opened.value, &record::fields::VALUE_LIMITS).ok()
    });
    let Some(signed) = signed else { return Vec::new() };
    let needed = |id: FieldId| {
        signed.fields.contains(&id.0) || id == field::PERSON_SALT || id == field::CLOSING
    };
    all().filter(|opened| needed(opened.field)).map(OpenedField::of).collect()
}

/// What a record says of the hand by which it was done, and whether that holds. That the record is
/// its author's is checked beside it.
pub(super) fn by_hand(
    federation: FederationId,
    record: &[u8],
    hand: &OpenedField,
    words: &[OpenedField],
) -> Result<ByHand, ProofError> {
    let header = Unverified::<Header>::parse(record.to_vec()).map_err(|_| wrong())?;
    let header = header.peek();
    let open: Result<Vec<_>, _> =
        std::iter::once(hand).chain(words).map(OpenedField::read).collect();
    let fields = record::open(header, &open?).map_err(|_| wrong())?;
    let signed: Option<PersonSignature> = fields.get(field::PERSON_SIGNED).map_err(|_| wrong())?;
    if let Some(signed) = signed {
        let checked = signed.check(federation, header, &fields);
        let checked = checked.map_err(|source| ProofError::Hand { source })?;
        let words = (checked == Checked::Whole).then(|| told(&signed, &fields));
        return Ok(ByHand::Person { key: signed.key, at: signed.time, words });
    }
    let why: Option<NodeOnly> = fields.get(field::NODE_ONLY).map_err(|_| wrong())?;
    why.map(ByHand::Node).ok_or_else(wrong)
}

fn wrong() -> ProofError {
    ProofError::Empty("what is said of the person's hand does not hold")
}

/// The signed fields by name; what is no text as the hex of its CBOR.
fn told(signed: &PersonSignature, fields: &Fields) -> Vec<(&'static str, String)> {
    let one = |id: FieldId| {
        let name = field::by_id(id).map_or("?", |known| known.key);
        let text = fields.get::<String>(id).ok().flatten();
        let text = text.or_else(|| fields.raw(id).map(|raw| data_encoding::HEXLOWER.encode(raw)));
        (name, text.unwrap_or_default())
    };
    signed.fields.iter().copied().map(FieldId).map(one).collect()
}
