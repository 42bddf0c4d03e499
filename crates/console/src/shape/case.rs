//! Cases, as staff see them.

use std::collections::BTreeSet;

use governance::act::{ActKind, Rate};
use governance::change::Phase;
use record::{NodeId, RecordId, Subject, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::name::{Named, NodeName, PersonName};
use super::public::Clock;

/// A case in a list.
#[derive(Clone, Deserialize)]
pub(crate) struct Summary {
    pub(crate) id: Subject,
    pub(crate) number: String,
    pub(crate) title: Option<String>,
    pub(crate) stage: Named,
    pub(crate) phase: Phase,
    pub(crate) level: Named,
    pub(crate) clock: Clock,
    pub(crate) channel: Named,
    pub(crate) category: Option<Named>,
    pub(crate) grid: Option<String>,
    pub(crate) place: Option<Subject>,
    /// Longitude and latitude, WGS-84.
    pub(crate) point: Option<(f64, f64)>,
    pub(crate) colour: Option<Named>,
    pub(crate) assignee: Option<PersonName>,
    pub(crate) opened: Timestamp,
    pub(crate) closed: Option<Timestamp>,
    pub(crate) custody: Custody,
    /// While this node is called to it and has not done its part: by when it has to report in.
    pub(crate) called: Option<Clock>,
}

impl Summary {
    /// Whether this node was called to it and has reported in.
    pub(crate) fn is_there(&self) -> bool {
        let there = |clock: &Clock| clock.state == "met" || clock.state == "breached";
        self.called.as_ref().is_some_and(there)
    }

    /// Whether it waits for a word of this node's, though another holds it.
    pub(crate) fn awaits_us(&self) -> bool {
        self.called.is_some() || self.custody.offer.as_ref().is_some_and(|offer| offer.to_us)
    }
}

/// Who holds a case.
#[derive(Clone, Deserialize)]
pub(crate) struct Custody {
    pub(crate) holder: NodeName,
    pub(crate) here: bool,
    pub(crate) offer: Option<Offer>,
}

/// An offer of custody that nobody has answered.
#[derive(Clone, Deserialize)]
pub(crate) struct Offer {
    pub(crate) to: NodeName,
    pub(crate) to_us: bool,
}

/// Everything about a case.
#[derive(Deserialize)]
pub(crate) struct Detail {
    #[serde(flatten)]
    pub(crate) summary: Summary,
    pub(crate) grade: Option<String>,
    pub(crate) importance: Option<u8>,
    pub(crate) urgency: Option<u8>,
    pub(crate) settled: Option<Named>,
    pub(crate) solved: Option<bool>,
    pub(crate) satisfaction: Option<u8>,
    pub(crate) returns: u32,
    pub(crate) reopens: u32,
    pub(crate) reminders: u32,
    pub(crate) supervisions: u32,
    pub(crate) objected: bool,
    pub(crate) extension_asked: Option<Timestamp>,
    pub(crate) merged_into: Option<Subject>,
    pub(crate) mediation: Option<Mediation>,
    pub(crate) answerable: Answerable,
    pub(crate) excluded: BTreeSet<Rate>,
    pub(crate) fields: Map<String, Value>,
    pub(crate) units: Vec<Unit>,
    pub(crate) spans: Vec<Span>,
}

/// A dispute that is or was mediated.
#[derive(Deserialize)]
pub(crate) struct Mediation {
    pub(crate) severity: String,
    pub(crate) mediators: Vec<Subject>,
    /// Whether the parties agreed, once it has ended.
    pub(crate) agreed: Option<bool>,
}

/// Who answers for a case now.
#[derive(Deserialize)]
pub(crate) struct Answerable {
    /// `not_received`, `first_receiver`, `taker`, `ended`.
    pub(crate) state: String,
    pub(crate) by: Option<Received>,
}

/// Somebody who answers.
#[derive(Deserialize)]
pub(crate) struct Received {
    pub(crate) node: NodeName,
    pub(crate) person: PersonName,
    pub(crate) since: Timestamp,
}

/// A unit that was called.
#[derive(Deserialize)]
pub(crate) struct Unit {
    pub(crate) node: NodeName,
    /// `lead` or `assist`.
    pub(crate) part: String,
    pub(crate) called: Timestamp,
    pub(crate) report_in: Clock,
    pub(crate) reported_in: Option<Timestamp>,
    pub(crate) done: Option<Timestamp>,
}

/// Who had it when, with their own clock.
#[derive(Deserialize)]
pub(crate) struct Span {
    pub(crate) holder: NodeName,
    pub(crate) level: Named,
    pub(crate) stage: Named,
    pub(crate) from: Timestamp,
    pub(crate) until: Option<Timestamp>,
    pub(crate) clock: Clock,
}

/// A step with its words and its seal.
#[derive(Deserialize)]
pub(crate) struct Step {
    pub(crate) record: RecordId,
    pub(crate) time: Timestamp,
    pub(crate) act: ActKind,
    pub(crate) author: NodeName,
    pub(crate) actor: Option<PersonName>,
    pub(crate) role: Option<Named>,
    pub(crate) seal: Seal,
    pub(crate) hand: Option<Hand>,
    pub(crate) fields: Map<String, Value>,
}

/// By whose hand it was.
#[derive(Deserialize)]
pub(crate) struct Hand {
    /// `person`, `node`, `forged`.
    pub(crate) by: String,
    /// Why the node signed alone.
    pub(crate) why: Option<String>,
    /// The person's key.
    pub(crate) key: Option<String>,
    /// Whether the words were held against the signature, too.
    pub(crate) whole: Option<bool>,
}

/// How far a step is proven.
#[derive(Deserialize)]
pub(crate) struct Seal {
    /// `verified`, `awaiting`, `failed`.
    pub(crate) state: String,
}

/// What one may do, and whom that can name.
#[derive(Deserialize)]
pub(crate) struct OpenActs {
    pub(crate) acts: Vec<OpenAct>,
    pub(crate) units: Vec<NodeName>,
    pub(crate) below: Vec<NodeName>,
    pub(crate) sides: Vec<NodeName>,
    pub(crate) severities: Vec<Named>,
    pub(crate) exclusions: Vec<Named>,
}

/// An act that is open.
#[derive(Clone, Deserialize)]
pub(crate) struct OpenAct {
    pub(crate) act: ActKind,
    pub(crate) needs: Vec<String>,
}

/// The proof of a step.
#[derive(Deserialize)]
pub(crate) struct Proof {
    pub(crate) record: RecordId,
    pub(crate) act: ActKind,
    pub(crate) author: NodeName,
    pub(crate) signer: Value,
    pub(crate) epoch: u32,
    pub(crate) seq: u64,
    pub(crate) time: Timestamp,
    pub(crate) hand: Option<Hand>,
    pub(crate) inclusion: Option<Inclusion>,
    pub(crate) countersigned: Option<Countersigned>,
}

/// Where it stands in its author's log.
#[derive(Deserialize)]
pub(crate) struct Inclusion {
    pub(crate) index: u64,
    pub(crate) tree_size: u64,
    pub(crate) root: String,
}

/// What the node above has countersigned.
#[derive(Deserialize)]
pub(crate) struct Countersigned {
    pub(crate) witness: NodeId,
    pub(crate) size: u64,
    pub(crate) time: Timestamp,
}

impl Detail {
    /// A text among the latest words.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.fields.get(name).and_then(Value::as_str)
    }
}

impl Step {
    /// A text among its words.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.fields.get(name).and_then(Value::as_str)
    }

    /// The photos that it shows, by hash.
    pub(crate) fn photos(&self) -> Vec<&str> {
        super::public::photos(&self.fields)
    }
}
