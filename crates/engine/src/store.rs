//! What the engine asks of storage. The journal of frames is the truth; the tables are an index
//! which is a pure function of the journal and can be thrown away at any time.

use std::fmt;
use std::sync::Arc;

use record::{Disclosure, Hash, NodeId, RecordId, Subject};
use serde::{Deserialize, Serialize};

use crate::blob::Blobs;

/// Largest value a table may hold, in bytes (the index slows down sharply above it).
pub const MAX_VALUE: usize = 100 * 1024;
/// The form of the rows that the engine writes. An index of rows in another form is rebuilt: it
/// must change whenever a type changes that is stored in a row.
pub const ROW_FORMAT: u8 = 28;
/// Largest frame, in bytes, before sealing.
pub const MAX_FRAME: usize = 1024 * 1024;

/// Where a frame starts in the journal: a logical byte offset over all segments, strictly
/// ascending from frame to frame. The first frame is at [`Position::START`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Position(pub u64);

impl Position {
    /// The beginning of the journal.
    pub const START: Self = Self(0);

    /// Big-endian bytes, so that index keys sort as positions do.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 8] {
        self.0.to_be_bytes()
    }

    /// The position in eight big-endian bytes; `None` when the length is not eight.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(|b| Self(u64::from_be_bytes(b)))
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The tables of the index. The numbers are stored: never reuse one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Table {
    /// Single values: the log's head, the tree's frontier, counters.
    Meta = 1,
    /// (author, epoch, seq) → position of the frame that holds the record.
    Log = 2,
    /// Case id → case.
    Case = 3,
    /// Case id → the codes and times that counting needs.
    Fact = 4,
    /// (list, sort key, case id) → nothing: the orders in which cases are listed.
    CaseOrder = 5,
    /// Place id → its last version; place id and a number → an earlier one.
    Place = 6,
    /// Person id → person, without personal values.
    Person = 7,
    /// Account name → account.
    Account = 8,
    /// Hash of a bearer token or session → what it stands for.
    Token = 9,
    /// Idempotency key → digest and receipt.
    Idempotency = 10,
    /// Node id → peer: certificate, addresses, stream heads.
    Peer = 11,
    /// (recipient, number) → position of the stream entry sent, and the stream's link after it.
    Outbox = 12,
    /// (sender, number) → position of the sender's signed stream head at that number.
    Inbox = 13,
    /// Hash of an invitation's secret → invitation.
    Invitation = 14,
    /// Position → why a foreign record was not applied.
    Quarantine = 15,
    /// Query code of a report → case id and digest of the reporter's secret.
    Receipt = 16,
    /// Node id → what it and this node have witnessed of each other's log.
    Witness = 17,
    /// Node id → how far the streams between it and this node have come.
    Stream = 18,
    /// Hash of a source and of its number of a report → case id.
    Origin = 20,
    /// Own version of a policy, or author and version → where its text is, and when it came into
    /// force.
    Policy = 35,
    /// (what, id) → Party organisation, station or lineage of places, with their history.
    Ground = 25,
    /// Place id → positions of the versions of its duty lists.
    DutyBook = 26,
    /// Registration id → registration, without personal values.
    Registration = 27,
    /// (what, …) → appointments on paper and entries of growth files, by position.
    Paper = 28,
    /// (order, …) → notes of notebooks, without their words.
    Notebook = 29,
    /// Hash of a photo → its size and whether an act shows it: its bytes lie here.
    Photo = 40,
    /// (hash of a photo, case) → the acts that show it.
    Shown = 41,
    /// Hash of a photo whose bytes are still to come → from which stream entries.
    Wanted = 42,
    /// (peer, number, hash) → nothing: the photos to come from a peer.
    WantedFrom = 43,
    /// Hash of an uploaded photo that no act shows yet → when it was uploaded.
    Upload = 44,
    /// (subject, recipient) → numbers of the entries of that recipient's stream about it.
    Given = 50,
    /// (case, author) → the author's withdrawals of fields.
    Withdrawn = 51,
    /// Number of an entry of the access log → position of its frame.
    Access = 52,
    /// (case, role) → how often somebody in that role read it.
    Reads = 53,
    /// Issuer (zero for the root) → its revocation list and its chain.
    Revocation = 45,
    /// A key that others may have → which issuers say so, and since where.
    Compromised = 46,
    /// (node, issuer) → nothing: a certificate of this node by this issuer was shown.
    Issued = 47,
    /// Record id of a proposal → what waits for a second person.
    Proposal = 54,
    /// Account name → its second factor, without the secret.
    Factor = 55,
    /// (subject, position) → nothing: what [`Table::Quarantine`] has, by what it is about.
    Aside = 57,
    /// A person's key → what is known of it; (person, key) → nothing.
    PersonKey = 56,
    /// Author → where it signed two histories, and from which epoch on it counts again.
    Forked = 48,
    /// Position of a record of what was done about who belongs to the federation → nothing.
    Trust = 58,
}

/// What a frame is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum FrameKind {
    /// A record this node signed.
    Own = 1,
    /// A record received over a peer's stream, with its entry.
    Foreign = 2,
    /// A stream entry of this node for a recipient; the record lies in an earlier frame.
    Sent = 3,
    /// A recipient's signed acknowledgement.
    Acknowledged = 4,
    /// A certificate chain, this node's or a peer's.
    Certificate = 5,
    /// A checkpoint, own or received for witnessing.
    Checkpoint = 6,
    /// A countersignature, received or given.
    Countersigned = 7,
    /// What concerns this node alone: accounts, tokens, invitations, addresses.
    Local = 8,
    /// A sender's signed word on the entries of its stream so far.
    StreamHead = 9,
    /// An entry of the access log: who read what. Holds codes, ids and times only.
    Access = 10,
}

impl FrameKind {
    /// The kind with this number, or `None`.
    #[must_use]
    pub fn from_u8(number: u8) -> Option<Self> {
        [
            Self::Own,
            Self::Foreign,
            Self::Sent,
            Self::Acknowledged,
            Self::Certificate,
            Self::Checkpoint,
            Self::Countersigned,
            Self::Local,
            Self::StreamHead,
            Self::Access,
        ]
        .into_iter()
        .find(|kind| *kind as u8 == number)
    }
}

/// One entry of the journal. `open` lies in clear and holds codes and ids only; `sealed` and
/// `note` are encrypted at rest by the store, under a key that belongs to `subject`.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    /// What this is.
    pub kind: FrameKind,
    /// The case, place or person it is about; [`Subject::ZERO`] for the node itself.
    pub subject: Subject,
    /// The signed bytes as they were received or made; empty for [`FrameKind::Local`].
    pub envelope: Arc<[u8]>,
    /// The stream entry by which a foreign record came.
    pub entry: Option<Arc<[u8]>>,
    /// The peer it came from or went to.
    pub peer: Option<NodeId>,
    /// Field values that are codes, ids or times.
    pub open: Vec<Disclosure>,
    /// Field values that are people's words or data.
    pub sealed: Vec<Disclosure>,
    /// Local facts in canonical CBOR, such as the idempotency key and the receipt.
    pub note: Vec<u8>,
    /// How a foreign record came, in canonical CBOR (see [`crate::note::Came`]); empty where there is
    /// nothing to say. In clear, since it has nothing of people: it stays when words are erased.
    pub came: Vec<u8>,
}

/// One change of the index. `None` removes the key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mutation {
    /// The table.
    pub table: Table,
    /// The key, at most 512 bytes.
    pub key: Vec<u8>,
    /// The value, at most [`MAX_VALUE`] bytes.
    pub value: Option<Vec<u8>>,
}

/// How far a node's own log has come; kept outside the index as the watermark.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Mark {
    /// The current epoch.
    pub epoch: u32,
    /// Own records in this epoch's log.
    pub count: u64,
    /// The last own record; [`RecordId::ZERO`] when there is none.
    pub head: RecordId,
    /// Root of the tree over all own records.
    pub root: Hash,
}

/// What one batch leaves behind, all or nothing.
pub struct Commit {
    /// New frames, in order, at the positions that [`Store::begin`] and
    /// [`Store::following`] foretold.
    pub frames: Vec<Frame>,
    /// The index changes which the frames imply.
    pub mutations: Vec<Mutation>,
    /// New nodes of the log's tree: (post-order position, hash).
    pub tree: Vec<(u64, Hash)>,
    /// The own log after this batch.
    pub mark: Mark,
    /// What this batch erases.
    pub erasures: Vec<Erasure>,
}

/// What is to be erased of a subject, without a trace at rest: the sealed fields and notes of
/// frames, and photos. Frames stay, with everything that their signatures cover.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Erasure {
    /// Of whom or what. What is sealed for it in this batch and later is not erased, unless its
    /// frame is named.
    pub subject: Subject,
    /// The frames.
    pub frames: Vec<Position>,
    /// The photos.
    pub photos: Vec<Hash>,
}

/// How the storage is doing.
#[derive(Clone, Debug, Default, Serialize)]
pub struct StoreHealth {
    /// Bytes of journal.
    pub journal_bytes: u64,
    /// Where the next frame will start.
    pub next: u64,
    /// Bytes of journal that the on-disk index has not taken in yet.
    pub index_lag: u64,
    /// Commits refused since start, and why the node is read-only if it is.
    pub read_only: Option<String>,
    /// Bytes of the disk that are free for this node, where there is a disk that says so.
    pub free_bytes: Option<u64>,
}

/// What came of reading the journal again.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Examined {
    /// Whole frames that were looked at.
    pub frames: u64,
    /// Bytes that were looked at.
    pub bytes: u64,
    /// Where there should be a frame and is none: what was found at the start, and since.
    pub damage: Vec<Harm>,
}

/// A place in the journal that was altered or lost.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Harm {
    /// The file's name.
    pub file: String,
    /// Where in the file it begins, in bytes.
    pub offset: u64,
    /// How many bytes are affected.
    pub bytes: u64,
    /// What was found.
    pub what: String,
}

/// Reading. Handles are shared by threads and see every commit as soon as it is durable.
pub trait Read: Send + Sync {
    /// The value under a key.
    ///
    /// # Errors
    /// When the index can't be read; it is then being rebuilt or the disk is failing.
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// Up to `limit` pairs whose key begins with `prefix`, ascending, strictly after `after`
    /// (a whole key) where given.
    ///
    /// # Errors
    /// As [`Read::get`].
    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Pair>, StoreError>;

    /// As [`Read::scan`], descending, strictly before `before` where given.
    ///
    /// # Errors
    /// As [`Read::get`].
    fn scan_back(
        &self,
        table: Table,
        prefix: &[u8],
        before: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Pair>, StoreError>;

    /// The frame that starts at a position; its checksum is checked.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when the position or the bytes are wrong.
    fn frame(&self, at: Position) -> Result<Frame, StoreError>;

    /// A node of the log's tree.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when there is no such node.
    fn tree_node(&self, position: u64) -> Result<Hash, StoreError>;

    /// How the storage is doing.
    fn health(&self) -> StoreHealth;

    /// Reads the journal again: checksums, and that what is sealed opens. Of a very long one the
    /// newest part, besides what is known of the rest since the start. Blocks while it reads.
    ///
    /// # Errors
    /// When its files can't be read at all.
    fn examine(&self) -> Result<Examined, StoreError>;
}

/// A stretch of the journal: frames with their positions, and where to go on.
pub type Replay = (Vec<(Position, Frame)>, Position);

/// A key and its value.
pub type Pair = (Vec<u8>, Vec<u8>);

/// Writing: one owner, the engine.
pub trait Store: Send {
    /// The photos beside the journal.
    fn blobs(&self) -> Arc<dyn Blobs>;

    /// A handle for reading.
    fn reader(&self) -> Arc<dyn Read>;

    /// Where the first frame of the next commit will start. A batch lies
    /// wholly in one segment, so that positions are foreseeable.
    fn begin(&self) -> Position;

    /// Where the next frame of the same commit starts, after a frame that starts at `at`.
    /// Depends on nothing but the sizes of the frame's parts; cheap, called once per frame.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] for a frame over [`MAX_FRAME`].
    fn following(&self, at: Position, frame: &Frame) -> Result<Position, StoreError>;

    /// Makes a batch durable with one sync, then carries out its erasures, then shows it to readers.
    /// Returns after all of that.
    ///
    /// # Errors
    /// [`StoreError::Full`] and others: nothing of the batch is then kept.
    fn commit(&mut self, commit: Commit) -> Result<(), StoreError>;

    /// Carries out erasures that replay comes upon, durably; those that were carried out before
    /// change nothing.
    ///
    /// # Errors
    /// When the disk refuses.
    fn erase(&mut self, erasures: &[Erasure]) -> Result<(), StoreError>;

    /// Up to where the index already reflects the journal: replay starts here.
    fn indexed_up_to(&self) -> Position;

    /// Frames from a position on, in order, at most about `limit`, and where to go on after them;
    /// no frames at the end.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where the journal can't be read.
    fn replay(&self, from: Position, limit: usize) -> Result<Replay, StoreError>;

    /// The end of the journal: one past its last frame.
    fn end(&self) -> Position;

    /// Takes in what replay implied: everything before `up_to` is then indexed.
    ///
    /// # Errors
    /// When the index can't be written.
    fn index(
        &mut self,
        mutations: Vec<Mutation>,
        tree: Vec<(u64, Hash)>,
        mark: Mark,
        up_to: Position,
    ) -> Result<(), StoreError>;
}

/// Why storage refused.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No room left beyond the reserve: the node reads on but takes nothing new.
    #[error("the disk under {path} is full: free some space, then restart the node")]
    Full {
        /// The data folder.
        path: String,
    },
    /// A file could not be read or written.
    #[error("can't {doing} {path}")]
    Io {
        /// What was being done: "read", "write", "sync" …
        doing: &'static str,
        /// The file.
        path: String,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// Stored bytes are not what was written.
    #[error("{path} is damaged at byte {offset}: {what}")]
    Damaged {
        /// The file.
        path: String,
        /// The byte offset in it.
        offset: u64,
        /// What was found.
        what: String,
    },
    /// A frame or value is over its limit.
    #[error("{what} of {size} bytes is over the limit of {limit}")]
    TooLarge {
        /// What was too large.
        what: &'static str,
        /// Its size in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// The index failed and has to be rebuilt.
    #[error("the index failed ({what}): restart the node and it will be rebuilt from the journal")]
    Index {
        /// What failed.
        what: String,
    },
    /// Storage is shut or read-only after an earlier failure.
    #[error("the node is read-only: {why}")]
    ReadOnly {
        /// The earlier failure.
        why: String,
    },
}
