//! What local staff, residents and programs ask of a node.

use std::time::Duration;

use governance::act::Act;
use governance::authorize;
use governance::case::CaseId;
use governance::roster::Appointment;
use governance::territory::Place;
use record::{RecordId, Subject};
use serde::{Deserialize, Serialize};

use crate::note::{Account, Invitation, Token};
use crate::store::StoreError;

/// Most places in one command.
pub const MAX_PLACES: usize = 5_000;

/// A command with who gives it and, where the client sent one, its idempotency key.
#[derive(Clone)]
pub struct Command {
    /// Who.
    pub by: Agent,
    /// A key by which a repeat is recognised, with the digest of the request it belongs to.
    pub once: Option<Once>,
    /// What.
    pub what: What,
}

/// An idempotency key.
#[derive(Clone, PartialEq, Eq)]
pub struct Once {
    /// blake3 of who asks and of the key they chose.
    pub key: [u8; 32],
    /// blake3 of the request.
    pub digest: [u8; 32],
}

/// Who gives a command, as the API found out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Agent {
    /// A member of staff, by person id.
    Staff(Subject),
    /// Somebody without an account; for acts on a case, with the code from their receipt.
    Resident {
        /// The code, where there is one.
        code: Option<String>,
    },
    /// The operator at the node's own console: initial set-up.
    Console,
}

/// What is asked.
#[derive(Clone)]
pub enum What {
    /// An act on a case; a report opens one.
    Act {
        /// The case; absent for a report.
        case: Option<CaseId>,
        /// The act.
        act: Act,
    },
    /// Adds places, or further versions of places, parents first.
    Establish(Vec<Place>),
    /// Ends a place now.
    EndPlace(Subject),
    /// Puts a person on the roster, or changes name and telephone number.
    Register {
        /// The person; a new id where absent.
        person: Option<Subject>,
        /// Name.
        name: String,
        /// Telephone number.
        phone: Option<String>,
    },
    /// Appoints a person to a role.
    Appoint {
        /// The person.
        person: Subject,
        /// The appointment.
        appointment: Appointment,
    },
    /// Ends a person's appointments to a role.
    Dismiss {
        /// The person.
        person: Subject,
        /// The role.
        role: String,
    },
    /// Opens or changes an account.
    PutAccount(Account),
    /// Begins or ends a session or a program's token.
    PutToken {
        /// blake3 of the secret.
        hash: [u8; 32],
        /// What it stands for; `None` ends it.
        token: Option<Token>,
    },
    /// Makes or withdraws an invitation.
    PutInvitation {
        /// blake3 of the secret.
        hash: [u8; 32],
        /// What it offers; `None` withdraws it.
        invitation: Option<Invitation>,
    },
    /// Keeps a peer's certificate chain and addresses: the parent's, after joining.
    PutPeer {
        /// The chain, the peer's own certificate first.
        chain: Vec<Vec<u8>>,
        /// Addresses, multiaddr text.
        addresses: Vec<String>,
    },
}

/// What came of a command.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// The record that was signed, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<RecordId>,
    /// The case, person or place concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Subject>,
    /// A new case's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// With a resident's report: the code with which they follow, verify and reopen it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// Why a command was not carried out. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// By the rules of the place.
    #[error(transparent)]
    Rule(#[from] authorize::Refusal),
    /// The agent has no power to do that here.
    #[error("your roles do not include the power {0}")]
    Power(&'static str),
    /// Not on the roster, or without any appointment in force.
    #[error("you have no appointment in force on this node")]
    NoStanding,
    /// No such thing, or not for this agent: the two look the same.
    #[error("there is no such {0}, or it is not for you")]
    NotFound(&'static str),
    /// Something in the request is wrong.
    #[error("{field}: {what}")]
    Invalid {
        /// Which part.
        field: &'static str,
        /// What is wrong and what would be right.
        what: String,
    },
    /// The idempotency key was used for another request.
    #[error("this idempotency key was used for a different request: choose a new one")]
    KeyReused,
    /// The queue is full.
    #[error("the node is busy: try again in {} s", .0.as_secs().max(1))]
    Busy(Duration),
    /// The node must not sign.
    #[error("{0}")]
    Frozen(String),
    /// Storage failed.
    #[error("the node could not keep this")]
    Storage(#[source] std::sync::Arc<StoreError>),
    /// The node is shutting down.
    #[error("the node is shutting down")]
    Stopping,
}
