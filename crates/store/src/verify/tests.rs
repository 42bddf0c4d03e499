mod access;
mod forged;

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use engine::entry::{Acknowledgement, Entry, StreamHead, first_link, next_link};
use engine::store::{Commit, Mark, Store};
use rand::SeedableRng;
use rand::rngs::StdRng;
use record::tree::{Frontier, leaf_hash};
use record::{
    Checkpoint, Commitment, Countersignature, Disclosure, FieldId, Hash, Header, Kind, NodeKey,
    Record, RecordId, Signed, Subject, Timestamp,
};

use super::*;
use crate::keyfile::create_node_key;
use crate::open::{Options, open};
use crate::sample;

pub(super) const FEDERATION: FederationId = FederationId::from_bytes([0xfe; 32]);
const TIME: &str = "2026-03-01T08:00:00Z";

/// A node, its parent, and the journal that it writes.
pub(super) struct House {
    pub(super) folder: tempfile::TempDir,
    pub(super) key: NodeKey,
    pub(super) parent: NodeKey,
    pub(super) rng: StdRng,
    pub(super) head: Option<Record>,
    pub(super) frontier: Frontier,
}

pub(super) fn node(key: &NodeKey) -> NodeId {
    NodeId::from_genesis(&key.public())
}

impl House {
    pub(super) fn new() -> Self {
        let mut rng = StdRng::seed_from_u64(1);
        let (key, parent) = (NodeKey::generate(&mut rng), NodeKey::generate(&mut rng));
        let (folder, frontier) = (sample::folder(), Frontier::new());
        Self { folder, key, parent, rng, head: None, frontier }
    }

    /// The next own record, with an open and a sealed field.
    pub(super) fn own(&mut self) -> Frame {
        let (header, open, sealed) = self.draft();
        let record = Signed::sign(header, &self.key, &FEDERATION);
        self.frontier.append(leaf_hash(record.id().as_bytes()));
        let frame = self.frame(FrameKind::Own, record.bytes());
        let frame =
            Frame { subject: record.subject, open: vec![open], sealed: vec![sealed], ..frame };
        self.head = Some(record);
        frame
    }

    pub(super) fn draft(&mut self) -> (Header, Disclosure, Disclosure) {
        let head = self.head.as_ref();
        let (seq, prev) = head.map_or((0, RecordId::ZERO), |head| (head.seq + 1, head.id()));
        self.header(node(&self.key), seq, prev)
    }

    pub(super) fn header(
        &mut self,
        author: NodeId,
        seq: u64,
        prev: RecordId,
    ) -> (Header, Disclosure, Disclosure) {
        let (open, one) = disclosure(1, "code", &mut self.rng);
        let (sealed, two) = disclosure(2, "the words of a resident", &mut self.rng);
        let header = Header {
            author,
            epoch: 0,
            seq,
            prev,
            time: TIME.parse::<Timestamp>().unwrap(),
            subject: Subject::from_bytes([7; 16]),
            kind: Kind(1),
            causes: Vec::new(),
            actor: None,
            commitments: vec![(FieldId(1), one), (FieldId(2), two)],
        };
        (header, open, sealed)
    }

    /// A record of the parent, as it came over the stream.
    pub(super) fn foreign(&mut self) -> Frame {
        let (header, open, _) = self.header(node(&self.parent), 0, RecordId::ZERO);
        let record = Signed::sign(header, &self.parent, &FEDERATION);
        let entry = entry(&record);
        let frame = self.frame(FrameKind::Foreign, record.bytes());
        let (entry, peer) = (Some(entry.into()), Some(node(&self.parent)));
        Frame { entry, peer, subject: record.subject, open: vec![open], ..frame }
    }

    /// The parent's word on its stream, of which this is the only entry.
    pub(super) fn stream_head(&self, entry: &[u8]) -> Frame {
        let (sender, recipient) = (node(&self.parent), node(&self.key));
        let link = next_link(&first_link(&FEDERATION, sender, recipient), &Hash::of(entry));
        let version = engine::entry::VERSION;
        let head = StreamHead { version, sender, recipient, number: 1, link };
        let head = Signed::sign(head, &self.parent, &FEDERATION);
        let frame = self.frame(FrameKind::StreamHead, head.bytes());
        Frame { peer: Some(sender), ..frame }
    }

    pub(super) fn sent(&self) -> Frame {
        let entry = entry(self.head.as_ref().unwrap());
        let frame = self.frame(FrameKind::Sent, &entry.into());
        Frame { peer: Some(node(&self.parent)), ..frame }
    }

    /// The parent's word that it has the one entry sent to it.
    pub(super) fn acknowledged(&self, entry: &[u8]) -> Frame {
        let (sender, recipient) = (node(&self.key), node(&self.parent));
        let link = next_link(&first_link(&FEDERATION, sender, recipient), &Hash::of(entry));
        let version = engine::entry::VERSION;
        let said = Acknowledgement { version, sender, recipient, number: 1, link };
        let said = Signed::sign(said, &self.parent, &FEDERATION);
        let frame = self.frame(FrameKind::Acknowledged, said.bytes());
        Frame { peer: Some(recipient), ..frame }
    }

    /// The parent's word that it holds this node's log, with this root.
    pub(super) fn countersigned(&self, root: Hash) -> Frame {
        let head = self.head.as_ref().unwrap();
        let seal = Countersignature {
            witness: node(&self.parent),
            checkpoint: RecordId::from_bytes([1; 32]),
            author: node(&self.key),
            size: self.frontier.size(),
            root,
            time: head.time,
        };
        let seal = Signed::sign(seal, &self.parent, &FEDERATION);
        self.frame(FrameKind::Countersigned, seal.bytes())
    }

    /// A checkpoint of the parent which this node witnessed.
    pub(super) fn witnessed(&self, root: Hash) -> Frame {
        let (author, time) = (node(&self.parent), TIME.parse::<Timestamp>().unwrap());
        let (size, head) = (1, RecordId::from_bytes([1; 32]));
        let checkpoint = Checkpoint { author, epoch: 0, size, root, head, time };
        let checkpoint = Signed::sign(checkpoint, &self.parent, &FEDERATION);
        let witness = node(&self.key);
        let id = checkpoint.id();
        let root = Hash::of(b"root");
        let seal = Countersignature { witness, checkpoint: id, author, size, root, time };
        let seal = Signed::sign(seal, &self.key, &FEDERATION);
        let frame = self.frame(FrameKind::Checkpoint, checkpoint.bytes());
        Frame { entry: Some(seal.bytes().clone()), peer: Some(author), ..frame }
    }

    pub(super) fn frame(&self, kind: FrameKind, envelope: &Arc<[u8]>) -> Frame {
        Frame { kind, subject: Subject::ZERO, envelope: envelope.clone(), ..sample::local(0, b"") }
    }

    /// Everything there is, once.
    pub(super) fn all(&mut self) -> Vec<Frame> {
        let mut frames = vec![self.own(), self.own(), self.own(), self.foreign(), self.sent()];
        frames.push(self.acknowledged(&frames[4].envelope));
        frames.push(self.stream_head(frames[3].entry.as_ref().unwrap()));
        frames.push(self.countersigned(self.frontier.root()));
        frames.push(self.witnessed(Hash::of(b"root")));
        frames.push(self.own());
        frames.push(sample::local(1, &record::cbor::encode(&"a note").unwrap()));
        frames
    }

    pub(super) fn mark(&self) -> Mark {
        let count = self.head.as_ref().map_or(0, |head| head.seq + 1);
        let head = self.head.as_ref().map_or(RecordId::ZERO, Signed::id);
        Mark { epoch: 0, count, head, root: self.frontier.root() }
    }

    /// Writes the frames, one batch for each pair, and shuts the folder.
    pub(super) fn write(&mut self, frames: &[Frame]) {
        create_node_key(&node_key_path(self.folder.path()), &self.key).unwrap();
        let options = Options { segment_bytes: 3000, reserve_bytes: 0, ..Options::default() };
        let (mut store, _) = open(self.folder.path(), &options, &mut self.rng).unwrap();
        for batch in frames.chunks(2) {
            let (frames, mark) = (batch.to_vec(), self.mark());
            store
                .commit(Commit {
                    frames,
                    mutations: Vec::new(),
                    tree: Vec::new(),
                    mark,
                    erasures: Vec::new(),
                })
                .unwrap();
        }
        store.close().unwrap();
    }

    pub(super) fn verify(&self) -> VerifyReport {
        let is_key_of = |id: &NodeId, key: &PublicKey| {
            *id == node(&self.parent) && *key == self.parent.public()
        };
        let known = Known { federation: FEDERATION, own: None, is_key_of: &is_key_of };
        verify(self.folder.path(), &known).unwrap()
    }
}

/// The first entry of a stream, for a record.
pub(super) fn entry(record: &Record) -> Vec<u8> {
    let entry = Entry {
        version: engine::entry::VERSION,
        number: 1,
        record: record.id(),
        author: record.author,
        epoch: record.epoch,
        seq: record.seq,
        fields: vec![FieldId(1)],
        purpose: "supervision".to_owned(),
        basis: "rule 1".to_owned(),
        policy: "place/1".to_owned(),
        time: record.time,
        until: None,
        withheld: Vec::new(),
    };
    entry.encode()
}

fn disclosure(field: u16, value: &str, rng: &mut StdRng) -> (Disclosure, Commitment) {
    Disclosure::seal(FieldId(field), record::cbor::encode(&value).unwrap(), rng)
}

fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let bytes = fs::read(&path).unwrap();
            found.push((path, bytes));
        }
    }
    found.sort();
    found
}

#[test]
fn a_sound_folder_is_sound_and_is_left_as_it_was() {
    let mut house = House::new();
    let frames = house.all();
    house.write(&frames);
    let before = files(house.folder.path());
    let report = house.verify();
    assert!(report.is_sound(), "{report}");
    assert_eq!((report.frames, report.verified, report.unverified), (11, 10, 0));
    let log = report.log.clone().unwrap();
    assert_eq!((log.node, log.count), (node(&house.key), 4));
    assert_eq!((log.head, log.root), (house.mark().head, Some(house.mark().root)));
    assert!(files(house.folder.path()) == before);
    assert!(report.to_string().starts_with("核验通过"), "{report}");
}

#[test]
fn each_flipped_byte_of_the_journal_and_the_watermark_is_found() {
    let mut house = House::new();
    let frames = vec![house.own(), house.own(), house.foreign()];
    house.write(&frames);
    let path = watermark::path(house.folder.path());
    let journal = files(&journal_folder(house.folder.path()));
    let harmed = journal.into_iter().chain([(path.clone(), fs::read(path).unwrap())]);
    for (path, bytes) in harmed {
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (at % 8);
            fs::write(&path, &flipped).unwrap();
            let report = house.verify();
            assert!(!report.is_sound(), "byte {at} of {}", path.display());
            let named = report.problems.iter().any(|p| p.file == path.display().to_string());
            assert!(named, "byte {at} of {}: {report}", path.display());
        }
        fs::write(&path, &bytes).unwrap();
    }
    assert!(house.verify().is_sound());
}

#[test]
fn a_cut_journal_is_found_wherever_it_is_cut() {
    let mut house = House::new();
    let frames = vec![house.own(), house.own(), house.own()];
    house.write(&frames);
    let (path, bytes) = files(&journal_folder(house.folder.path())).pop().unwrap();
    for length in (0..bytes.len()).step_by(7) {
        fs::write(&path, &bytes[..length]).unwrap();
        assert!(!house.verify().is_sound(), "cut to {length}");
    }
    fs::remove_file(path).unwrap();
    assert!(!house.verify().is_sound());
}

#[test]
fn without_keys_it_says_what_it_could_not_check() {
    let mut house = House::new();
    let frames = house.all();
    house.write(&frames);
    fs::remove_file(storage_key_path(house.folder.path())).unwrap();
    let report = house.verify();
    assert!(report.is_sound() && report.sealed_unchecked.is_some());
    assert!(report.to_string().contains("sealed values not checked"));
}

#[test]
fn a_running_node_and_an_empty_folder_are_named() {
    let house = House::new();
    let known = Known { federation: FEDERATION, own: None, is_key_of: &|_, _| false };
    let nothing = verify(house.folder.path(), &known);
    assert!(matches!(nothing, Err(VerifyError::NoJournal { .. })));
    let mut rng = StdRng::seed_from_u64(1);
    let _running = open(house.folder.path(), &Options::default(), &mut rng).unwrap();
    assert!(matches!(verify(house.folder.path(), &known), Err(VerifyError::Busy { .. })));
}
