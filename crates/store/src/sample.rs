//! Frames and commits for the tests of this crate.

use std::fmt;
use std::sync::Arc;

use engine::store::{Frame, FrameKind};
use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;
use record::{Disclosure, FieldId, NodeId, Subject};

use crate::disk::Disk;
use crate::keyfile::StorageKey;
use crate::vault::slots::Slots;

/// A folder for one test: in memory where there is such a place, for tests sync a lot.
pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// Keys that can be destroyed, in a file that has no name any more: the same ones for the same key.
pub(crate) fn slots(key: &StorageKey) -> Arc<Slots> {
    let folder = folder();
    std::fs::create_dir_all(folder.path().join("keys")).unwrap();
    let disk = Arc::new(Disk::new(&std::env::temp_dir(), 0));
    let rng = StdRng::from_seed(*key.as_bytes());
    let slots = Slots::open(folder.path(), key, disk, rng, true).unwrap();
    slots.of(&Subject::from_bytes([0xff; 16])).unwrap();
    Arc::new(slots)
}

pub(crate) fn kinds() -> impl Strategy<Value = FrameKind> {
    (1..=8_u8).prop_map(|number| FrameKind::from_u8(number).unwrap())
}

pub(crate) fn bytes(longest: usize) -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..=longest)
}

type Parts = Vec<(u16, [u8; 16], Vec<u8>)>;

fn parts() -> impl Strategy<Value = Parts> {
    proptest::collection::vec((any::<u16>(), any::<[u8; 16]>(), bytes(300)), 0..4)
}

fn disclosures(parts: Parts) -> Vec<Disclosure> {
    let one = |(field, salt, value)| Disclosure { field: FieldId(field), salt, value };
    parts.into_iter().map(one).collect()
}

/// A frame that a failing property can name.
#[derive(Clone)]
pub(crate) struct Sample(pub(crate) Frame);

impl fmt::Debug for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Frame { kind, envelope, open, sealed, note, .. } = &self.0;
        let (open, sealed) = (open.len(), sealed.len());
        write!(f, "{kind:?} {} + {open} + {sealed} + {}", envelope.len(), note.len())
    }
}

prop_compose! {
    pub(crate) fn frames()(
        kind in kinds(),
        subject in any::<[u8; 16]>(),
        envelope in bytes(600),
        entry in proptest::option::of(bytes(60)),
        peer in proptest::option::of(any::<[u8; 32]>()),
        open in parts(),
        sealed in parts(),
        note in prop_oneof![Just(Vec::new()), bytes(80)],
        came in prop_oneof![Just(Vec::new()), bytes(80)],
    ) -> Sample {
        Sample(Frame {
            kind,
            subject: Subject::from_bytes(subject),
            envelope: Arc::from(envelope),
            entry: entry.map(Arc::from),
            peer: peer.map(NodeId::from_bytes),
            open: disclosures(open),
            sealed: disclosures(sealed),
            note,
            came,
        })
    }
}

/// A frame that says `text` in its sealed part and otherwise only who it is about.
pub(crate) fn local(subject: u8, text: &[u8]) -> Frame {
    Frame {
        kind: FrameKind::Local,
        subject: Subject::from_bytes([subject; 16]),
        envelope: Arc::from([]),
        entry: None,
        peer: None,
        open: Vec::new(),
        sealed: Vec::new(),
        note: text.to_vec(),
        came: Vec::new(),
    }
}
