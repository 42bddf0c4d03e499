//! What local staff, residents and programs ask of a node.

mod ground;
mod people;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use governance::act::{Act, Origin, Report};
use governance::authorize;
use governance::case::{Case, CaseId};
use governance::certificate::{LastGood, Reason};
use governance::grant::SecondRefused;
use governance::hand::{Hand, HandError};
use governance::release::Withhold;
use governance::roster::Appointment;
use governance::territory::Place;
use record::{FieldId, Hash, NodeId, NodeKey, PublicKey, RecordId, Subject};
use serde::{Deserialize, Serialize};

pub use crate::acts::{Enrolment, NewKey};
pub use ground::Ground;
pub use people::People;

use crate::access::Reading;
use crate::note::{Account, Invitation, SavedView, Token};
use crate::store::StoreError;

/// Most places in one command.
pub const MAX_PLACES: usize = 5_000;
/// For at least so long, by the node's own time, a request is known again by its idempotency key.
pub const REMEMBERED: Duration = Duration::from_secs(7 * 86_400);
/// For so long an uploaded photo waits for an act that shows it.
pub const UPLOADED: Duration = Duration::from_secs(86_400);
/// Sessions of one account at once; with one more, the one that runs out first ends.
pub const MAX_SESSIONS: usize = 64;
/// Programs' tokens of one account at once; one more is refused.
pub const MAX_TOKENS: usize = 100;
/// Longest validity of a session.
pub const MAX_SESSION: Duration = Duration::from_secs(24 * 3_600);
/// Longest validity of a program's token made by a person.
pub const MAX_TOKEN: Duration = Duration::from_secs(366 * 86_400);
/// Longest label of a program's token, in characters.
pub const MAX_LABEL: usize = 64;
/// Keys of one person that are not revoked; one more is refused.
pub const MAX_KEYS: usize = 16;
/// Most views of the list of cases that an account keeps.
pub const MAX_VIEWS: usize = 20;
/// Longest name of such a view, in characters.
pub const MAX_VIEW_NAME: usize = 40;
/// Longest query of such a view, in bytes.
pub const MAX_VIEW_QUERY: usize = 1_000;
/// Proposals that wait for a second person at once; one more is refused.
pub const MAX_PROPOSALS: usize = 200;
/// Longest validity of an invitation.
pub const MAX_INVITATION: Duration = Duration::from_secs(30 * 86_400);

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
    /// An act on a case, if the case still is as the agent knows it. Asked where it is decided: no
    /// record, not even a peer's, comes between the question and the act.
    ActIf {
        /// The case.
        case: CaseId,
        /// The act.
        act: Act,
        /// The versions of which it has to be one; none of them refuses the act.
        expected: Vec<Version>,
    },
    /// As [`What::Act`] or [`What::ActIf`], with less given to others than policy would let go.
    Narrowed {
        /// The case.
        case: CaseId,
        /// The act.
        act: Act,
        /// The versions of which the case has to be one; any where absent.
        expected: Option<Vec<Version>>,
        /// What is kept back.
        withhold: Withhold,
    },
    /// As [`What::Act`], with what it says of the person's own hand; in the form of
    /// [`What::Narrowed`].
    InPerson {
        /// The case; absent for a report.
        case: Option<CaseId>,
        /// The act.
        act: Act,
        /// The versions of which the case has to be one; any where absent.
        expected: Option<Vec<Version>>,
        /// What is kept back.
        withhold: Withhold,
        /// By whose hand.
        hand: Hand,
    },
    /// Asks those that were given fields of this node's own records of a case to use them no
    /// longer.
    WithdrawFields {
        /// The case.
        case: CaseId,
        /// The fields.
        fields: BTreeSet<FieldId>,
        /// From whom; everybody where empty.
        from: BTreeSet<NodeId>,
    },
    /// Puts on record that the agent looked at something.
    Read(Reading),
    /// Keeps a version of a policy, TOML; and publishes it to the nodes below.
    PutPolicy {
        /// The text.
        text: String,
        /// Whether the nodes below are given it.
        publish: bool,
    },
    /// Puts a version in force for what begins from now on: one that this node keeps, or that the
    /// node above published.
    AdoptPolicy {
        /// `key/version`.
        reference: String,
    },
    /// Keeps a photo whose bytes lie beside the journal already, for an act to show it within
    /// [`UPLOADED`].
    KeepPhoto {
        /// blake3 of its bytes.
        hash: Hash,
        /// Their number.
        size: u32,
    },
    /// A report that another system had first. The same number of the same source once more
    /// opens nothing: the receipt has then no record.
    Import {
        /// Where it came from.
        origin: Origin,
        /// What it says.
        report: Box<Report>,
    },
    /// Adds places, or further versions of places, parents first.
    Establish(Vec<Place>),
    /// Ends a place now.
    EndPlace(Subject),
    /// Puts a person on the roster, or changes name and telephone number.
    Register {
        /// Somebody on the roster; a new person where absent.
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
    /// Something about the ground.
    Ground(Box<Ground>),
    /// Something about people.
    People(Box<People>),
    /// Opens an account, or changes one, which ends its sessions and tokens.
    PutAccount(Account),
    /// Changes whether an account may be used, which ends its sessions and tokens.
    EnableAccount {
        /// Login name.
        name: String,
        /// Whose it is.
        person: Subject,
        /// Whether it may be used.
        enabled: bool,
    },
    /// Changes the password of one's own account, which ends its sessions and tokens.
    ChangePassword {
        /// Login name.
        name: String,
        /// The new password's hash in PHC form (argon2id).
        password: String,
        /// blake3 of the secret of the one session that goes on.
        keep: Option<[u8; 32]>,
    },
    /// Begins a browser's session by password, which the API has found to be right, and by a code
    /// where the account has a second factor.
    SignIn {
        /// blake3 of the secret.
        hash: [u8; 32],
        /// What it stands for.
        token: Token,
        /// What was typed beside the password.
        code: Option<String>,
    },
    /// Sets up the second factor of one's own account.
    EnrolFactor(Box<Enrolment>),
    /// Takes somebody else's second factor away.
    ResetFactor {
        /// Login name.
        name: String,
    },
    /// Enrols a key of one's own.
    EnrolKey(Box<NewKey>),
    /// Revokes a key: one's own, or whosever with power over the roster.
    RevokeKey {
        /// The key.
        key: PublicKey,
    },
    /// Keeps the views of the list of cases of one's own account, in place of those before.
    KeepViews {
        /// Login name.
        account: String,
        /// All of them, in the order in which they are shown.
        views: Vec<SavedView>,
    },
    /// Confirms what another proposed: it takes effect.
    Confirm {
        /// The record that proposed it.
        proposal: RecordId,
    },
    /// Refuses what another proposed, or takes back one's own proposal.
    EndProposal {
        /// The record that proposed it.
        proposal: RecordId,
    },
    /// Begins or ends a session or a program's token: one's own, or whosever with power over the
    /// roster may end it.
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
    /// Lets in a node that came with an invitation and waits.
    Approve {
        /// blake3 of the invitation's secret.
        hash: [u8; 32],
        /// The node, as whoever runs it has told the officer.
        node: NodeId,
    },
    /// Revokes the certificate that this node issued to another.
    Revoke {
        /// The other.
        node: NodeId,
        /// Why.
        reason: Reason,
        /// Of a compromise: the last record that is its own; none where nothing of it is.
        last_good: Option<LastGood>,
    },
    /// Takes in a revocation list, the root's above all, which comes on removable media.
    TakeList {
        /// The signed list.
        list: Vec<u8>,
        /// The issuer's chain; empty for the root's.
        chain: Vec<Vec<u8>>,
    },
    /// Opens the next epoch of this node's log, when what came later is lost: no number is used
    /// twice.
    OpenEpoch {
        /// Why.
        reason: String,
        /// The least epoch to open: where more is known than the data folder has.
        least: u32,
    },
    /// Has a node below open a record of its log: see [`crate::wire::Challenge`].
    Challenge {
        /// The node below.
        node: NodeId,
        /// The leaf of its log, from 0; any where there is none.
        index: Option<u64>,
    },
    /// Accepts that a node below gave up records that this node has countersigned.
    AcceptEpoch {
        /// The node.
        node: NodeId,
        /// The epoch that it opened.
        epoch: u32,
    },
    /// Changes the key with which this node signs: the parent certifies the new one.
    Rotate {
        /// The new one.
        key: Arc<NodeKey>,
    },
    /// Takes in certificates of this node which the root has renewed, or which another parent has
    /// signed to whom the node moves.
    TakeCertificates {
        /// The chain, its own first.
        chain: Vec<Vec<u8>>,
        /// Where another parent can be dialled, multiaddr text; at most 8.
        addresses: Vec<String>,
    },
    /// Keeps a peer's certificate chain and addresses: the parent's, after joining.
    PutPeer {
        /// The chain, the peer's own certificate first.
        chain: Vec<Vec<u8>>,
        /// Addresses, multiaddr text.
        addresses: Vec<String>,
    },
}

/// How far a case has come on this node: as long as no record was added, it is the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Version {
    /// Records of the case that this node has applied.
    pub steps: u32,
    /// The last of them.
    pub last: RecordId,
}

impl Version {
    /// The version of a case.
    #[must_use]
    pub fn of(case: &Case) -> Self {
        // A case has at most 300 steps, and never none.
        let steps = u32::try_from(case.steps.len()).unwrap_or(u32::MAX);
        Self { steps, last: case.steps.last().map_or(RecordId::ZERO, |step| step.record) }
    }
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
    /// The token, session or invitation that was made: blake3 of its secret, which is kept
    /// nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<Hash>,
    /// Whether it waits for a second person and has given nothing yet; `record` is the proposal.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pending: bool,
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
    /// The account has a second factor, of which no code came.
    #[error("a code of your authenticator app is needed")]
    CodeNeeded,
    /// The code is not the right one, or was used before.
    #[error("the code is wrong, or was used before: wait for the next one")]
    CodeWrong,
    /// A person's own signature does not hold.
    #[error(transparent)]
    Hand(#[from] HandError),
    /// Policy has this role sign in person.
    #[error("your role signs its acts with a key of your own: enrol one on this device")]
    MustSign,
    /// It takes another second person.
    #[error(transparent)]
    Second(#[from] SecondRefused),
    /// Not on the roster, or without any appointment in force.
    #[error("you have no appointment in force on this node")]
    NoStanding,
    /// No such thing, or not for this agent: the two look the same.
    #[error("there is no such {0}, or it is not for you")]
    NotFound(&'static str),
    /// The case is not as the agent knew it.
    #[error("the case has changed: it now has {} records", .is.steps)]
    Stale {
        /// What it is now.
        is: Version,
    },
    /// Something in the request is wrong.
    #[error("{field}: {what}")]
    Invalid {
        /// Which part.
        field: &'static str,
        /// What is wrong and what would be right. Never repeats what was sent.
        what: String,
    },
    /// The source's number is that of a case already, whose report says otherwise.
    #[error("the number is that of case {number}, which was reported in other words")]
    OtherReport {
        /// The case's number.
        number: String,
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
    Storage(#[source] Arc<StoreError>),
    /// The node is shutting down.
    #[error("the node is shutting down")]
    Stopping,
}
