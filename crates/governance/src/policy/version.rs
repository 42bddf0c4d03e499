//! The versions of a policy: every text that a node works or has worked by, which of them is in
//! force, and which of them rules a case. A case keeps the version it began with at each node.

use std::collections::BTreeMap;
use std::sync::Arc;

use record::{FieldId, Fields, Hash, NodeId};

use super::{Policy, PolicyError};
use crate::act::{Body, FieldValues};
use crate::case::Case;
use crate::field;

/// The fields that a text is spread over, in order.
const PARTS: [FieldId; 5] = [
    field::POLICY_TEXT,
    field::POLICY_TEXT_2,
    field::POLICY_TEXT_3,
    field::POLICY_TEXT_4,
    field::POLICY_TEXT_5,
];
/// Most bytes of text in one field: under [`record::fields::MAX_VALUE_BYTES`], so that five hold
/// [`super::MAX_TEXT`] wherever a character has to stay whole.
const PART: usize = 60_000;

/// A policy with the text that it was read from.
#[derive(Debug)]
pub struct Version {
    /// What the text says.
    pub policy: Policy,
    /// The text, TOML.
    pub text: String,
    /// blake3 of the text: two texts under one `key/version` are told apart by it.
    pub digest: Hash,
}

/// Why a record is not a version of a policy.
#[derive(Debug, thiserror::Error)]
pub enum VersionError {
    /// A part of the text or the reference is missing or has another form.
    #[error("the record holds no whole policy: {0} is missing or malformed")]
    Fields(&'static str),
    /// The text is refused.
    #[error("the text of the policy is refused")]
    Text(#[source] PolicyError),
    /// The text calls itself otherwise than the record does.
    #[error("the text is not the version that the record names")]
    Reference,
}

impl Version {
    /// Reads and checks a policy.
    ///
    /// # Errors
    /// As [`Policy::from_toml`].
    pub fn read(text: &str) -> Result<Self, PolicyError> {
        Ok(Self::of(Policy::from_toml(text)?, text))
    }

    fn of(policy: Policy, text: &str) -> Self {
        Self { policy, text: text.to_owned(), digest: Hash::of(text.as_bytes()) }
    }

    /// `key/version`.
    #[must_use]
    pub fn reference(&self) -> String {
        self.policy.reference()
    }

    /// The fields of the record that keeps or publishes it.
    #[must_use]
    pub fn fields(&self) -> FieldValues {
        let mut body = Body::default();
        body.put(field::POLICY, &self.reference());
        for (id, part) in PARTS.into_iter().zip(parts(&self.text)) {
            body.put(id, &part);
        }
        body.0
    }

    /// The version that a record of this node keeps. It was sound when it came into force and
    /// rules cases ever since: later checks do not undo it.
    ///
    /// # Errors
    /// [`VersionError`].
    pub fn kept(fields: &Fields) -> Result<Self, VersionError> {
        let text = text_of(fields)?;
        let policy = Policy::parse(&text).map_err(VersionError::Text)?;
        Self::named(fields, Self::of(policy, &text))
    }

    /// The version in another node's record, checked as any text from outside.
    ///
    /// # Errors
    /// [`VersionError`].
    pub fn offered(fields: &Fields) -> Result<Self, VersionError> {
        let text = text_of(fields)?;
        let version = Self::read(&text).map_err(VersionError::Text)?;
        Self::named(fields, version)
    }

    fn named(fields: &Fields, version: Self) -> Result<Self, VersionError> {
        if reference_of(fields)? == version.reference() {
            Ok(version)
        } else {
            Err(VersionError::Reference)
        }
    }
}

/// The `key/version` that a record about a policy names.
///
/// # Errors
/// [`VersionError::Fields`].
pub fn reference_of(fields: &Fields) -> Result<String, VersionError> {
    let found: Option<String> =
        fields.get(field::POLICY).map_err(|_| VersionError::Fields("policy"))?;
    found.ok_or(VersionError::Fields("policy"))
}

/// The whole text in a record.
///
/// # Errors
/// [`VersionError::Fields`].
pub fn text_of(fields: &Fields) -> Result<String, VersionError> {
    let mut text = String::new();
    for (number, id) in PARTS.into_iter().enumerate() {
        let part: Option<String> =
            fields.get(id).map_err(|_| VersionError::Fields("policy_text"))?;
        match part {
            Some(part) => text.push_str(&part),
            None if number == 0 => return Err(VersionError::Fields("policy_text")),
            None => break,
        }
    }
    Ok(text)
}

/// The text in pieces of at most [`PART`] bytes, no character cut.
fn parts(text: &str) -> Vec<&str> {
    let (mut parts, mut rest) = (Vec::new(), text);
    while rest.len() > PART {
        let at = (0..=PART).rev().find(|at| rest.is_char_boundary(*at)).unwrap_or(PART);
        let (part, after) = rest.split_at(at);
        parts.push(part);
        rest = after;
    }
    parts.push(rest);
    parts
}

/// Every version that a node works or has worked by, and the one in force.
#[derive(Clone, Debug)]
pub struct Versions {
    known: BTreeMap<String, Arc<Version>>,
    in_force: Arc<Version>,
}

impl Versions {
    /// One version, which is in force.
    #[must_use]
    pub fn new(in_force: Arc<Version>) -> Self {
        Self { known: [(in_force.reference(), in_force.clone())].into(), in_force }
    }

    /// Adds a version. The text of a known one stays.
    pub fn keep(&mut self, version: Arc<Version>) {
        self.known.entry(version.reference()).or_insert(version);
    }

    /// Puts a kept version in force for what begins from now on; `false` when it is not kept.
    pub fn enact(&mut self, reference: &str) -> bool {
        match self.known.get(reference) {
            Some(version) => self.in_force = version.clone(),
            None => return false,
        }
        true
    }

    /// By what begins now.
    #[must_use]
    pub fn in_force(&self) -> &Arc<Version> {
        &self.in_force
    }

    /// A kept version.
    #[must_use]
    pub fn get(&self, reference: &str) -> Option<&Arc<Version>> {
        self.known.get(reference)
    }

    /// Every kept version, by reference.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Version>> {
        self.known.values()
    }

    /// By what a case is dealt with at this node: the version it began with here, whether it was
    /// reported here or its custody accepted; the one in force for a case that this node has never
    /// held (a unit's contributions, the answer to an offer).
    ///
    /// # Errors
    /// The reference of a version whose text this node does not have.
    pub fn of<'v, 'c>(&'v self, case: &'c Case, me: NodeId) -> Result<&'v Policy, &'c str> {
        match case.version_at(me) {
            None => Ok(&self.in_force.policy),
            Some(reference) => self.get(reference).map(|version| &version.policy).ok_or(reference),
        }
    }
}

/// A reference's parts, if it is one: key and version.
#[must_use]
pub fn split_reference(text: &str) -> Option<(&str, u32)> {
    let (key, version) = text.split_once('/')?;
    let version = version.parse().ok().filter(|number: &u32| number.to_string() == version)?;
    Some((key, version))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;
    use record::cbor;
    use record::fields::VALUE_LIMITS;

    use super::*;

    const SHE: &str = include_str!("../../../../config/policies/she-county.toml");

    fn opened(values: &FieldValues) -> Fields {
        let mut rng = StdRng::seed_from_u64(1);
        let (mut commitments, mut disclosures) = (Vec::new(), Vec::new());
        for (id, value) in values {
            assert!(cbor::decode::<String>(value, &VALUE_LIMITS).is_ok(), "{id} fits into a field");
            let (disclosure, commitment) = record::Disclosure::seal(*id, value.clone(), &mut rng);
            commitments.push((*id, commitment));
            disclosures.push(disclosure);
        }
        let header = record::Header {
            author: NodeId::ZERO,
            epoch: 0,
            seq: 0,
            prev: record::RecordId::ZERO,
            time: record::Timestamp::EPOCH,
            subject: record::Subject::ZERO,
            kind: record::Kind(1),
            causes: Vec::new(),
            actor: None,
            commitments,
        };
        record::open(&header, &disclosures).expect("they are the header's")
    }

    /// The policy with a comment that makes its text this long, in characters of three bytes.
    fn long(bytes: usize) -> String {
        let comment = (bytes.saturating_sub(SHE.len() + 2)) / 3;
        format!("{SHE}\n#{}", "网".repeat(comment))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]
        #[test]
        fn a_text_of_any_length_comes_back_from_its_record(bytes in 0..=super::super::MAX_TEXT) {
            let version = Version::read(&long(bytes)).unwrap();
            let fields = opened(&version.fields());
            for again in [Version::kept(&fields).unwrap(), Version::offered(&fields).unwrap()] {
                prop_assert_eq!(&again.text, &version.text);
                prop_assert_eq!(again.digest, version.digest);
            }
        }
    }

    #[test]
    fn a_record_that_names_another_version_than_its_text_is_refused() {
        let mut values = Version::read(SHE).unwrap().fields();
        let mut body = Body::default();
        body.put(field::POLICY, &"weinan/1");
        values.extend(body.0);
        assert!(matches!(Version::offered(&opened(&values)), Err(VersionError::Reference)));
    }

    #[test]
    fn a_version_once_kept_stays_as_it_was() {
        let first = Arc::new(Version::read(SHE).unwrap());
        let other = Arc::new(Version::read(&format!("{SHE}\n# other")).unwrap());
        let mut versions = Versions::new(first.clone());
        versions.keep(other);
        assert_eq!(versions.get(&first.reference()).unwrap().digest, first.digest);
        assert!(!versions.enact("she-county/999"));
    }

    #[test]
    fn a_reference_is_a_key_and_a_number() {
        assert_eq!(split_reference("xiapu/12"), Some(("xiapu", 12)));
        for wrong in ["xiapu", "xiapu/", "xiapu/01", "xiapu/1/2", "xiapu/-1"] {
            assert_eq!(split_reference(wrong), None, "{wrong}");
        }
    }
}
