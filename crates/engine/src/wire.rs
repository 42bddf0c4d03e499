//! What nodes say to each other: one request, one response. On the wire each is a type tag
//! (one byte), a length (four bytes, big-endian) and a body in canonical CBOR. Every type has a
//! cap which is checked before the body is read. Bodies carry signed statements as byte strings;
//! nothing in a request names the peer it speaks for: that is known from the connection.

use record::cbor::{self, CborError, Limits};
use record::{Disclosure, Hash};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

/// The version of these messages; a node refuses a hello with another major version.
pub const PROTOCOL: u16 = 3;
/// A page of a share stream stays below this many bytes of entries (design: pages ≤ 256 KiB)
/// unless a single entry alone is larger.
pub const PAGE_BYTES: usize = 256 * 1024;
/// Most entries in a page.
pub const PAGE_ENTRIES: usize = 512;

/// Most bytes in a piece of a photo.
pub const PIECE_BYTES: usize = 256 * 1024;

const DEPTH: usize = 16;

/// A certificate chain: signed certificates from the node's own up to the one the root signed.
pub type ChainBytes = Vec<ByteBuf>;

/// The first words on a connection: who I am, by which certificates, and how far I have read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hello {
    /// [`PROTOCOL`].
    pub version: u16,
    /// Program and version, for the operator's peer table; at most 64 bytes.
    pub software: String,
    /// The speaker's certificate chain.
    pub chain: ChainBytes,
    /// Addresses (multiaddr text) at which the speaker can be dialled; at most 8.
    pub addresses: Vec<String>,
    /// The revocation lists along the speaker's chain, and its own: at most 8.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revocations: Vec<ByteBuf>,
    /// The last checkpoint of the listener's own log that the speaker holds, signed by the listener
    /// itself, so that a restored backup finds out that it is behind (S4) and nobody can make a
    /// sound node believe that it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<ByteBuf>,
}

/// A newcomer's request for a certificate, made with the secret of an invitation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrol {
    /// The invitation's one-time secret, 32 bytes.
    pub secret: ByteBuf,
    /// Addresses (multiaddr text) at which the newcomer can be dialled; at most 8.
    pub addresses: Vec<String>,
    /// The certificates that it has already, its own first: of a node that moves here from another
    /// parent, or whose code or name becomes another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chain: Option<ChainBytes>,
}

/// Asks for the entries which the listener has for the speaker, and acknowledges earlier ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pull {
    /// Entries numbered above this are wanted; the first entry has number 1.
    pub after: u64,
    /// The speaker's signed acknowledgement of what it has made durable, which is `after` or less
    /// (while earlier pages are still being checked); absent where there is nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledgement: Option<ByteBuf>,
    /// Epoch and size of the listener's log as the speaker has seen it last, by a checkpoint in a
    /// page or one that it countersigned; absent where it has seen none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<(u32, u64)>,
}

/// Asks the listener to check and countersign a checkpoint of the speaker's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Witness {
    /// The signed checkpoint.
    pub checkpoint: ByteBuf,
    /// Size of the speaker's log that the listener countersigned last, as the speaker knows it.
    pub from: u64,
    /// Consistency proof from that size to the checkpoint's (RFC 6962 §2.1.2).
    pub proof: Vec<Hash>,
}

/// Asks the listener, whose checkpoint the speaker countersigned, to open one of its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Challenge {
    /// Records in the log that was countersigned.
    pub size: u64,
    /// Its root.
    pub root: Hash,
    /// The leaf to open, from 0.
    pub index: u64,
}

/// Asks for the speaker's own records that the listener has, because the speaker has lost them: they
/// come in the stream. [`Response::Done`] says that all of them are in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reclaim {
    /// Epoch and number of the last record that the speaker has left; absent where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<(u32, u64)>,
    /// The epoch in which it goes on.
    pub before: u32,
}

/// The record that a [`Challenge`] named, without its fields.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opened {
    /// The signed record.
    pub record: ByteBuf,
    /// Its siblings in the log that was countersigned, from the leaf up.
    pub path: Vec<Hash>,
}

/// Puts a signed question; the answer comes in the response, within the question's deadline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// The signed question.
    pub question: ByteBuf,
}

/// Tells of an issuer's revocation list that is new to the speaker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// The signed list.
    pub list: ByteBuf,
    /// The issuer's certificate chain, so that whoever never met it can check the list; empty for
    /// the root's.
    pub chain: ChainBytes,
}

/// Asks the listener, who certified the speaker, for a new certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Renew {
    /// Where the key is to be another one: the present key's signed endorsement of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endorsement: Option<ByteBuf>,
}

/// Asks for a piece of a photo, by the entry of the stream from the listener to the speaker that
/// released it. Only ever put to a peer that released one, and so knows of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fetch {
    /// The entry's number.
    pub number: u64,
    /// The photo.
    pub photo: Hash,
    /// Bytes of it that the speaker has already.
    pub offset: u32,
}

/// Bytes of a photo from the offset that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Piece {
    /// Bytes of the whole photo.
    pub total: u32,
    /// At least one, at most [`PIECE_BYTES`].
    pub bytes: ByteBuf,
}

/// One entry of a share stream with what it releases.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parcel {
    /// The entry (manifest): number, purpose, which fields of which record.
    pub entry: ByteBuf,
    /// The author's signed record.
    pub record: ByteBuf,
    /// The released fields with their salts.
    pub disclosures: Vec<Disclosure>,
    /// Whether people's words that the entry names are erased since: they are not among the fields.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub erased: bool,
    /// Where the record stands in its author's log: the one that [`Page::log`] is of where the sender
    /// is the author, else the one that [`Self::log`] names. Absent for a record that its author has
    /// lost since, as a later epoch says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// Which of [`Page::logs`] is its author's, for a record that the sender passes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<u16>,
}

/// Where a record stands in its author's log, and the proof of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Its leaf, from 0, over all epochs.
    pub index: u64,
    /// The siblings from the leaf up (RFC 9162 §2.1.3.1).
    pub path: Vec<Hash>,
}

/// The sender's log, which only grew since the recipient saw it last.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grown {
    /// The signed checkpoint.
    pub checkpoint: ByteBuf,
    /// Consistency proof from what [`Pull::held`] named to the checkpoint (RFC 9162 §2.1.4.1);
    /// empty where it named nothing, or an epoch that is over.
    pub proof: Vec<Hash>,
}

/// Consecutive entries of the stream from the listener to the speaker of [`Pull`].
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// In order, without a gap, from `after` + 1.
    pub parcels: Vec<Parcel>,
    /// Chains of authors in this page other than the sender.
    pub chains: Vec<ChainBytes>,
    /// The stream's link before the first entry, and the sender's signed word on the stream up to
    /// the last one; absent on an empty page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<(Hash, ByteBuf)>,
    /// The sender's log, where records of its own are in this page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<Grown>,
    /// Signed checkpoints of other authors' logs, as they gave them along with their records.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub logs: Vec<ByteBuf>,
    /// Whether more entries wait behind the last one.
    pub more: bool,
}

/// What a node may ask another.
#[derive(Clone, PartialEq, Eq)]
pub enum Request {
    /// See [`Hello`].
    Hello(Hello),
    /// See [`Enrol`].
    Enrol(Enrol),
    /// See [`Pull`].
    Pull(Pull),
    /// "There is something for you": no content, so nothing can leak by it.
    Poke,
    /// See [`Witness`].
    Witness(Witness),
    /// See [`Ask`].
    Ask(Ask),
    /// See [`Fetch`].
    Fetch(Fetch),
    /// See [`Notice`].
    Notice(Notice),
    /// See [`Renew`].
    Renew(Renew),
    /// See [`Challenge`].
    Challenge(Challenge),
    /// See [`Reclaim`].
    Reclaim(Reclaim),
}

/// What it may be told. `Refused` carries nothing: what is refused and what does not exist look
/// the same from outside.
#[derive(Clone, PartialEq, Eq)]
pub enum Response {
    /// The listener's own hello.
    Hello(Hello),
    /// The new certificate chain, the newcomer's own certificate first.
    Enrolled(ChainBytes),
    /// See [`Page`].
    Page(Page),
    /// Understood. To [`Enrol`]: an officer has to approve the newcomer, which is to ask again.
    Done,
    /// The signed countersignature.
    Witnessed(ByteBuf),
    /// The signed answer, with subordinates' signed answers inside.
    Answer(ByteBuf),
    /// Not for you, not now, or not there.
    Refused,
    /// See [`Piece`].
    Piece(Piece),
    /// See [`Opened`].
    Opened(Opened),
}

/// Why a message could not be read.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// The tag is not one of this protocol's.
    #[error("message type {0} is unknown: the peer runs another protocol version")]
    UnknownType(u8),
    /// The body is longer than its type may be.
    #[error("message type {tag} of {size} bytes is over its cap of {cap}")]
    TooLarge {
        /// The type tag.
        tag: u8,
        /// The announced size in bytes.
        size: usize,
        /// The cap in bytes.
        cap: usize,
    },
    /// The body is not canonical CBOR of the type's shape.
    #[error("message type {tag} is malformed")]
    Malformed {
        /// The type tag.
        tag: u8,
        /// What was wrong.
        #[source]
        source: CborError,
    },
}

const KIB: usize = 1024;
/// A hello carries up to six certificates and as many revocation lists, and its speaker's own list.
const HELLO: usize = 320 * KIB;

impl Request {
    /// Largest body in bytes of a request with this tag; `None` for an unknown tag.
    #[must_use]
    pub fn cap(tag: u8) -> Option<usize> {
        Some(match tag {
            1 => HELLO,
            2 => 64 * KIB,
            3 => 4 * KIB,
            4 => 16,
            5 => 16 * KIB,
            6 => 64 * KIB,
            7 => 256,
            8 => 96 * KIB,
            9 => 2 * KIB,
            10 | 11 => 256,
            _ => return None,
        })
    }

    /// The type tag.
    #[must_use]
    pub fn tag(&self) -> u8 {
        match self {
            Self::Hello(_) => 1,
            Self::Enrol(_) => 2,
            Self::Pull(_) => 3,
            Self::Poke => 4,
            Self::Witness(_) => 5,
            Self::Ask(_) => 6,
            Self::Fetch(_) => 7,
            Self::Notice(_) => 8,
            Self::Renew(_) => 9,
            Self::Challenge(_) => 10,
            Self::Reclaim(_) => 11,
        }
    }

    /// The body in canonical CBOR.
    ///
    /// # Errors
    /// When the message is over its cap.
    pub fn encode(&self) -> Result<Vec<u8>, WireError> {
        let tag = self.tag();
        let body = match self {
            Self::Hello(m) => cbor::encode(m),
            Self::Enrol(m) => cbor::encode(m),
            Self::Pull(m) => cbor::encode(m),
            Self::Poke => cbor::encode(&()),
            Self::Witness(m) => cbor::encode(m),
            Self::Ask(m) => cbor::encode(m),
            Self::Fetch(m) => cbor::encode(m),
            Self::Notice(m) => cbor::encode(m),
            Self::Renew(m) => cbor::encode(m),
            Self::Challenge(m) => cbor::encode(m),
            Self::Reclaim(m) => cbor::encode(m),
        };
        capped(tag, body, Self::cap(tag))
    }

    /// Reads a body.
    ///
    /// # Errors
    /// [`WireError`] for an unknown tag, a body over the cap or a malformed body.
    pub fn decode(tag: u8, body: &[u8]) -> Result<Self, WireError> {
        let limits = limits(tag, body, Self::cap(tag))?;
        let read = match tag {
            1 => cbor::decode(body, &limits).map(Self::Hello),
            2 => cbor::decode(body, &limits).map(Self::Enrol),
            3 => cbor::decode(body, &limits).map(Self::Pull),
            4 => cbor::decode::<()>(body, &limits).map(|()| Self::Poke),
            5 => cbor::decode(body, &limits).map(Self::Witness),
            6 => cbor::decode(body, &limits).map(Self::Ask),
            7 => cbor::decode(body, &limits).map(Self::Fetch),
            8 => cbor::decode(body, &limits).map(Self::Notice),
            9 => cbor::decode(body, &limits).map(Self::Renew),
            10 => cbor::decode(body, &limits).map(Self::Challenge),
            11 => cbor::decode(body, &limits).map(Self::Reclaim),
            _ => return Err(WireError::UnknownType(tag)),
        };
        read.map_err(|source| WireError::Malformed { tag, source })
    }
}

impl Response {
    /// Largest body in bytes of a response with this tag; `None` for an unknown tag.
    #[must_use]
    pub fn cap(tag: u8) -> Option<usize> {
        Some(match tag {
            65 => HELLO,
            66 => 48 * KIB,
            67 => 1024 * KIB,
            68 | 71 => 16,
            69 => 4 * KIB,
            70 => 2048 * KIB,
            72 => PIECE_BYTES + KIB,
            73 => 96 * KIB,
            _ => return None,
        })
    }

    /// The type tag.
    #[must_use]
    pub fn tag(&self) -> u8 {
        match self {
            Self::Hello(_) => 65,
            Self::Enrolled(_) => 66,
            Self::Page(_) => 67,
            Self::Done => 68,
            Self::Witnessed(_) => 69,
            Self::Answer(_) => 70,
            Self::Refused => 71,
            Self::Piece(_) => 72,
            Self::Opened(_) => 73,
        }
    }

    /// The body in canonical CBOR.
    ///
    /// # Errors
    /// When the message is over its cap.
    pub fn encode(&self) -> Result<Vec<u8>, WireError> {
        let tag = self.tag();
        let body = match self {
            Self::Hello(m) => cbor::encode(m),
            Self::Enrolled(m) => cbor::encode(m),
            Self::Page(m) => cbor::encode(m),
            Self::Done | Self::Refused => cbor::encode(&()),
            Self::Witnessed(m) | Self::Answer(m) => cbor::encode(m),
            Self::Piece(m) => cbor::encode(m),
            Self::Opened(m) => cbor::encode(m),
        };
        capped(tag, body, Self::cap(tag))
    }

    /// Reads a body.
    ///
    /// # Errors
    /// [`WireError`] for an unknown tag, a body over the cap or a malformed body.
    pub fn decode(tag: u8, body: &[u8]) -> Result<Self, WireError> {
        let limits = limits(tag, body, Self::cap(tag))?;
        let read = match tag {
            65 => cbor::decode(body, &limits).map(Self::Hello),
            66 => cbor::decode(body, &limits).map(Self::Enrolled),
            67 => cbor::decode(body, &limits).map(Self::Page),
            68 => cbor::decode::<()>(body, &limits).map(|()| Self::Done),
            69 => cbor::decode(body, &limits).map(Self::Witnessed),
            70 => cbor::decode(body, &limits).map(Self::Answer),
            71 => cbor::decode::<()>(body, &limits).map(|()| Self::Refused),
            72 => cbor::decode(body, &limits).map(Self::Piece),
            73 => cbor::decode(body, &limits).map(Self::Opened),
            _ => return Err(WireError::UnknownType(tag)),
        };
        read.map_err(|source| WireError::Malformed { tag, source })
    }
}

fn limits(tag: u8, body: &[u8], cap: Option<usize>) -> Result<Limits, WireError> {
    let cap = cap.ok_or(WireError::UnknownType(tag))?;
    if body.len() > cap {
        return Err(WireError::TooLarge { tag, size: body.len(), cap });
    }
    Ok(Limits { bytes: cap, depth: DEPTH, items: cap })
}

fn capped(
    tag: u8,
    body: Result<Vec<u8>, CborError>,
    cap: Option<usize>,
) -> Result<Vec<u8>, WireError> {
    let body = body.map_err(|source| WireError::Malformed { tag, source })?;
    limits(tag, &body, cap)?;
    Ok(body)
}
