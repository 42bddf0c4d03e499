//! Who was given what of a case (给了谁).

use governance::act::ActKind;
use record::Timestamp;
use serde::Deserialize;

use super::name::{Named, NodeName};

/// What a reporter says of themselves.
const OWN: [&str; 2] = ["contact_name", "contact_phone"];

/// Everything that went out, and how often it was read here.
#[derive(Deserialize)]
pub(crate) struct Ledger {
    given: Vec<Given>,
    pub(crate) withdrawn: Vec<Withdrawn>,
    pub(crate) reads: Vec<Reads>,
    pub(crate) others: Vec<NodeName>,
}

/// One thing that went to one node.
#[derive(Deserialize)]
pub(crate) struct Given {
    to: NodeName,
    pub(crate) at: Timestamp,
    /// None for a withdrawal.
    pub(crate) act: Option<ActKind>,
    pub(crate) fields: Vec<String>,
    purpose: String,
    basis: String,
    pub(crate) acknowledged: bool,
}

/// What was taken back.
#[derive(Deserialize)]
pub(crate) struct Withdrawn {
    pub(crate) fields: Vec<String>,
    pub(crate) from: Vec<NodeName>,
}

/// How often people in a role read it here.
#[derive(Deserialize)]
pub(crate) struct Reads {
    pub(crate) role: Named,
    pub(crate) count: u64,
}

/// Everything that one node was given.
pub(crate) struct Recipient<'l> {
    pub(crate) node: &'l NodeName,
    pub(crate) given: Vec<&'l Given>,
}

impl Ledger {
    /// By node, whoever was given something first before the others.
    pub(crate) fn recipients(&self) -> Vec<Recipient<'_>> {
        let mut recipients: Vec<Recipient<'_>> = Vec::new();
        for given in &self.given {
            match recipients.iter_mut().find(|known| known.node.id == given.to.id) {
                Some(known) => known.given.push(given),
                None => recipients.push(Recipient { node: &given.to, given: vec![given] }),
            }
        }
        recipients
    }

    /// What the reporter said of themselves and nobody was given.
    pub(crate) fn kept(&self) -> Vec<&'static str> {
        let gave = |own: &str| self.given.iter().any(|one| one.fields.iter().any(|f| f == own));
        OWN.into_iter().filter(|own| !gave(own)).collect()
    }
}

impl Recipient<'_> {
    /// Words and personal data that it was given, each once.
    pub(crate) fn fields(&self) -> Vec<&str> {
        distinct(self.given.iter().flat_map(|one| one.fields.iter().map(String::as_str)))
    }

    /// What for.
    pub(crate) fn purposes(&self) -> Vec<&str> {
        distinct(self.given.iter().map(|one| one.purpose.as_str()))
    }

    /// By which rules.
    pub(crate) fn bases(&self) -> Vec<&str> {
        distinct(self.given.iter().map(|one| one.basis.as_str()))
    }

    /// When it was given something first.
    pub(crate) fn since(&self) -> Option<&Timestamp> {
        self.given.first().map(|one| &one.at)
    }

    /// Whether it has signed for everything.
    pub(crate) fn acknowledged(&self) -> bool {
        self.given.iter().all(|one| one.acknowledged)
    }
}

fn distinct<'t>(all: impl Iterator<Item = &'t str>) -> Vec<&'t str> {
    let mut known = Vec::new();
    for one in all.filter(|one| !one.is_empty()) {
        if !known.contains(&one) {
            known.push(one);
        }
    }
    known
}
