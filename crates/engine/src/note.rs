//! What a frame says to this node alone, next to its envelope. Encrypted at rest with the frame.

use governance::act::{ActKind, Media};
use governance::roster::Appointment;
use record::{FieldId, Hash, NodeId, PublicKey, RecordId, Subject, Timestamp};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::command::Receipt;
use crate::peer::{Former, Unopened};
use crate::store::{Position, Table};
use crate::wire::{ChainBytes, Place};

/// How a record of another came. Kept in clear: nothing of it is of people.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Came {
    /// When, where it is dated later: its author's clock, or this node's, is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// Its author's log with which it came, for whom it is passed on to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stands: Option<Stands>,
}

impl Came {
    /// As a frame has it: nothing where there is nothing to say.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        if *self == Self::default() {
            return Vec::new();
        }
        record::cbor::encode(self).expect("it is plain data without floats")
    }
}

/// Where a record stands in its author's log, by the author's own signed word.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stands {
    /// The signed checkpoint.
    pub log: ByteBuf,
    /// The record's place in that log; absent where its author has lost it since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

/// Local facts of a frame.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Note {
    /// A command's idempotency key (hashed), the digest of what was asked, and its receipt.
    Done(Done),
    /// A peer's certificate chain and where to reach it.
    Peer {
        /// The chain, the peer's own certificate first.
        chain: ChainBytes,
        /// Addresses, multiaddr text.
        addresses: Vec<String>,
        /// The chain with which it will come next, under a new key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next: Option<ChainBytes>,
        /// What it was to this node before one of the two moved to another parent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        former: Option<Former>,
    },
    /// This node's own certificates, renewed.
    Standing {
        /// The chain, its own certificate first.
        chain: ChainBytes,
    },
    /// This node changes its key.
    Rotation(Rotation),
    /// A node below may go on being witnessed from this epoch on, though records are lost that were
    /// countersigned.
    Accepted {
        /// The node.
        node: NodeId,
        /// The epoch.
        epoch: u32,
    },
    /// A neighbour has given back all records of this node that it has, from before an epoch.
    GivenBack {
        /// The neighbour.
        node: NodeId,
        /// The epoch.
        before: u32,
    },
    /// A neighbour has shown a checkpoint that this node signed in an epoch of which nothing is left
    /// here: the next epoch that it opens is a later one.
    Ahead {
        /// The epoch.
        epoch: u32,
    },
    /// The frame's checkpoint came in a page: the peer's log only grew since it was seen last.
    Shown {},
    /// Whether a peer could open the record that it was asked for.
    Challenged {
        /// The peer.
        node: NodeId,
        /// What it could not open; `None` where it could, after all.
        unopened: Option<Unopened>,
    },
    /// An account of a member of staff.
    Account(Account),
    /// The views of the list of cases that an account keeps, all of them.
    Views {
        /// Login name.
        account: String,
        /// In the order in which they are shown.
        views: Vec<SavedView>,
    },
    /// A session or a program's bearer token; `None` ends it.
    Token {
        /// blake3 of the secret.
        hash: ByteBuf,
        /// What it stands for.
        token: Option<Token>,
    },
    /// An invitation; `None` once used or withdrawn.
    Invitation {
        /// blake3 of the secret.
        hash: ByteBuf,
        /// What it offers.
        invitation: Option<Invitation>,
    },
    /// A photo was uploaded, for an act to show it.
    Uploaded {
        /// blake3 of its bytes.
        hash: Hash,
        /// Their number.
        size: u32,
        /// When.
        at: Timestamp,
    },
    /// A photo's bytes came from a peer.
    Fetched {
        /// blake3 of them.
        hash: Hash,
        /// Their number.
        size: u32,
    },
    /// Photos that were erased from a case. Those that no other case shows are gone.
    Gone {
        /// blake3 of each one's bytes.
        photos: Vec<Hash>,
    },
    /// An issuer's revocation list; its own certificate chain, which the root has none of.
    Revocations {
        /// The signed list.
        list: ByteBuf,
        /// The chain.
        chain: ChainBytes,
    },
    /// Rows that have run out or were ended together, and are removed.
    Swept {
        /// Of what.
        of: Sweep,
        /// Their keys.
        keys: Vec<ByteBuf>,
    },
    /// An account's second factor; `None` takes it away.
    Factor {
        /// The account.
        account: String,
        /// What it is.
        factor: Option<Factor>,
    },
    /// A code of an account's second factor was used.
    FactorUsed {
        /// The account.
        account: String,
        /// The step of the last code used.
        step: u64,
        /// The recovery code that was used up, hashed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        recovery: Option<ByteBuf>,
    },
    /// A person's key, enrolled or revoked.
    Key {
        /// The key.
        key: PublicKey,
        /// What is known of it.
        row: KeyRow,
    },
    /// Something waits for a second person's word.
    Proposed(Proposed),
    /// A proposal was confirmed, refused or taken back.
    Settled {
        /// The record that made it.
        proposal: RecordId,
    },
}

/// A second factor: see [`crate::factor`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Factor {
    /// What node and app share.
    pub secret: ByteBuf,
    /// When it was set up.
    pub since: Timestamp,
    /// The step of the last code used.
    pub step: u64,
    /// Hashes of the recovery codes.
    pub recovery: Vec<ByteBuf>,
}

/// What the index keeps of a second factor: not its secret, which is encrypted in its frame.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactorRow {
    /// The frame with the secret.
    pub frame: Position,
    /// When it was set up.
    pub since: Timestamp,
    /// The step of the last code used.
    pub step: u64,
    /// Hashes of the recovery codes that are left.
    pub recovery: Vec<ByteBuf>,
}

/// A person's key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRow {
    /// Whose.
    pub person: Subject,
    /// Empty: what they call the device stands in the record, under their own key. Journals from
    /// before had it here.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) label: String,
    /// When it was enrolled.
    pub since: Timestamp,
    /// Epoch and place of the record that says so.
    pub epoch: u32,
    /// See `epoch`.
    pub seq: u64,
    /// When it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Timestamp>,
}

/// What one person proposed and another has to confirm.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proposed {
    /// The record that says so.
    pub record: RecordId,
    /// Its epoch in this node's log.
    pub epoch: u32,
    /// Its place in it.
    pub seq: u64,
    /// Whom it is for.
    pub person: Subject,
    /// Who proposed it.
    pub by: Subject,
    /// When.
    pub at: Timestamp,
    /// When it lapses.
    pub expires: Timestamp,
    /// What it is.
    pub what: Proposing,
}

/// What may be proposed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proposing {
    /// An appointment; its agreement stands in the record.
    Role(Appointment),
    /// An account to be opened, or to be used again.
    Account {
        /// Login name.
        name: String,
        /// The new password's hash; as it is where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        password: Option<String>,
        /// Whether it may be used.
        enabled: bool,
    },
}

impl Proposing {
    /// Whether it asks for nothing but what this one does: where no later beginning is named, an
    /// appointment begins when it is confirmed. A new password is always another.
    pub(crate) fn is_like(&self, other: &Self, now: Timestamp) -> bool {
        match (self, other) {
            (Self::Role(one), Self::Role(two)) => {
                let begins = |held: &Appointment| held.from.max(now);
                (&one.role, one.scope, one.until, begins(one))
                    == (&two.role, two.scope, two.until, begins(two))
            }
            (
                Self::Account { name, password: None, enabled },
                Self::Account { name: other, password: None, enabled: wanted },
            ) => (name, enabled) == (other, wanted),
            (Self::Role(_) | Self::Account { .. }, _) => false,
        }
    }
}

/// A change of the node's key that is under way: it signs nothing until the new key is certified.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    /// The new key.
    pub key: PublicKey,
    /// The old key's signed endorsement of it.
    pub endorsement: ByteBuf,
}

/// What is swept.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sweep {
    /// Receipts of finished commands.
    Receipts,
    /// Sessions and programs' tokens.
    Tokens,
    /// Invitations.
    Invitations,
    /// Uploaded photos that no act shows.
    Uploads,
    /// Proposals that lapsed.
    Proposals,
}

impl Sweep {
    /// The table in which the rows are.
    #[must_use]
    pub fn table(self) -> Table {
        match self {
            Self::Receipts => Table::Idempotency,
            Self::Tokens => Table::Token,
            Self::Invitations => Table::Invitation,
            Self::Uploads => Table::Upload,
            Self::Proposals => Table::Proposal,
        }
    }
}

/// A finished command, so that the same request again gives the same receipt.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Done {
    /// blake3 of account and key.
    pub key: ByteBuf,
    /// blake3 of the request.
    pub digest: ByteBuf,
    /// What was answered; of what a record says, everything but the record's id.
    pub receipt: Receipt,
    /// When, so that it can be forgotten in time; notes of the first days have none and are
    /// forgotten first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

/// An account with which a member of staff signs in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// Login name, `[a-z0-9._-]{1,64}`.
    pub name: String,
    /// The person on the roster.
    pub person: Subject,
    /// Password hash in PHC form (argon2id).
    pub password: String,
    /// Whether it may be used.
    pub enabled: bool,
}

/// A list of cases, narrowed as somebody often wants it. It may hold words that they look for, so
/// it is kept in its frame alone, where it is encrypted at rest.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedView {
    /// What they call it: 1 to [`crate::command::MAX_VIEW_NAME`] printable characters.
    pub name: String,
    /// The list's query, percent-encoded: at most [`crate::command::MAX_VIEW_QUERY`] bytes.
    pub query: String,
}

/// What a session or bearer token stands for.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// The account.
    pub account: String,
    /// Until when.
    pub expires: Timestamp,
    /// A program's token has a label; a browser's session has none.
    pub label: Option<String>,
    /// Whether a second factor was shown when it began, or it was made at the machine itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub strong: bool,
}

/// What an invitation offers to whoever brings its secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invitation {
    /// Name of the node to be.
    pub name: String,
    /// Level key.
    pub level: String,
    /// Area code.
    pub area: String,
    /// A member unit, or a jurisdiction with its own grids.
    pub member: bool,
    /// Until when it may be used.
    pub expires: Timestamp,
    /// Who made it.
    pub by: Option<Subject>,
    /// Whether an officer here approves the node that comes with it before it is let in.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub approval: bool,
    /// The node that came with it and waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newcomer: Option<Newcomer>,
}

/// A node that came with an invitation which takes an officer's approval.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Newcomer {
    /// The key with which it connects.
    pub key: PublicKey,
    /// The node that it is certified as, where that is not the one which was born with the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<NodeId>,
    /// When it came.
    pub asked: Timestamp,
    /// The officer's word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved: Option<Approval>,
}

impl Newcomer {
    /// The node: what whoever runs it reads out, and an officer approves.
    #[must_use]
    pub fn node(&self) -> NodeId {
        self.node.unwrap_or_else(|| NodeId::from_genesis(&self.key))
    }
}

/// An officer's word on a newcomer.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// Who; nobody where it was at the node's own console.
    pub by: Option<Subject>,
    /// When.
    pub at: Timestamp,
}

/// What the index keeps of a finished command. The receipt may hold a code by which a resident is
/// known: it stays in its frame, where it is encrypted at rest.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DoneRow {
    /// blake3 of the request.
    pub digest: ByteBuf,
    /// The frame with the receipt.
    pub frame: Position,
    /// When.
    pub at: Timestamp,
}

/// What the index keeps of a session or token beside the account that has it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Held {
    /// blake3 of the secret.
    pub hash: ByteBuf,
    /// Until when.
    pub expires: Timestamp,
    /// A browser's session, or a program's token.
    pub session: bool,
}

/// What the index keeps of a stream entry received but not applied.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quarantined {
    /// The peer it came from.
    pub from: NodeId,
    /// The record.
    pub record: RecordId,
    /// The case.
    pub subject: Subject,
    /// Why it was not applied.
    pub why: String,
}

/// What the index keeps of a photo whose bytes lie here.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PhotoRow {
    /// Number of its bytes.
    pub size: u32,
    /// Whether an act shows it; otherwise it goes when its upload runs out.
    pub shown: bool,
}

/// What the index keeps of a photo that acts on a case show.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ShownRow {
    /// What it is.
    pub media: Media,
    /// The acts, with the field in which each shows it.
    pub acts: Vec<(ActKind, FieldId)>,
}

/// What the index keeps of a photo whose bytes are still to come.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct WantedRow {
    /// The entries that released it: peer and number in its stream.
    pub from: Vec<(NodeId, u64)>,
}

/// What the index keeps of a withdrawal of fields, by case and author.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Withdrawn {
    /// The author's epoch at the withdrawal.
    pub epoch: u32,
    /// Its place in the author's log: it concerns the author's records before it.
    pub seq: u64,
    /// Numbers of the fields.
    pub fields: Vec<u16>,
    /// From whom, at the node that withdraws; empty for everybody.
    pub from: Vec<NodeId>,
}

impl Withdrawn {
    /// Whether it is withdrawn from the node.
    #[must_use]
    pub fn concerns(&self, node: NodeId) -> bool {
        self.from.is_empty() || self.from.contains(&node)
    }
}
