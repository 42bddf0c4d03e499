//! What version 1 wrote is read for ever: a data folder made when the format was settled.
//!
//! A failure here means that nodes could no longer read their own disks. Never make the fixture
//! anew: a changed format gets a version and a fixture of its own.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use engine::store::{Frame, FrameKind, Position, Store};
use rand::SeedableRng;
use rand::rngs::StdRng;
use record::{Disclosure, FieldId, NodeId, Subject};
use store::{IndexState, Options};

/// Two batches: a frame with everything, and two small ones.
fn expected() -> Vec<Frame> {
    let local = |subject: u8, note: &[u8]| Frame {
        kind: FrameKind::Local,
        subject: Subject::from_bytes([subject; 16]),
        envelope: Arc::from([]),
        entry: None,
        peer: None,
        open: Vec::new(),
        sealed: Vec::new(),
        note: note.to_vec(),
        came: Vec::new(),
    };
    let disclosure = |field, byte| Disclosure {
        field: FieldId(field),
        salt: [byte; 16],
        value: vec![byte; 300],
    };
    let full = Frame {
        kind: FrameKind::Foreign,
        envelope: Arc::from([0xe0; 700]),
        entry: Some(Arc::from([0xe1; 90])),
        peer: Some(NodeId::from_bytes([0xe2; 32])),
        open: vec![disclosure(1, 1), disclosure(300, 2)],
        sealed: vec![disclosure(70, 3)],
        ..local(7, b"a note")
    };
    vec![full, local(8, b"another note"), local(9, b"")]
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder can be made");
    for entry in fs::read_dir(from).expect("the fixture is there") {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name())).expect("readable");
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else {
            let copied = to.join(name);
            fs::copy(path, &copied).expect("a file can be copied");
            // Git keeps no modes, and a key that others could read is refused.
            fs::set_permissions(copied, fs::Permissions::from_mode(0o600)).expect("it is ours");
        }
    }
}

#[test]
fn a_folder_of_version_1_is_read() {
    let folder = tempfile::tempdir().unwrap();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/v1"), folder.path());
    let options = Options { reserve_bytes: 0, ..Options::default() };
    let mut rng = StdRng::seed_from_u64(1);
    let (store, report) = store::open(folder.path(), &options, &mut rng).unwrap();
    assert!(matches!(report.index, IndexState::Rebuilding { .. }), "the fixture has no index");
    assert!(report.damage.is_empty() && report.torn.is_none() && report.strays.is_empty());
    let watermark = report.watermark.unwrap();
    assert!(watermark.closed && watermark.mark.count == 3);
    let (found, next) = store.replay(Position::START, 10).unwrap();
    let frames: Vec<_> = found.iter().map(|(_, frame)| frame.clone()).collect();
    assert!(frames == expected());
    let positions: Vec<u64> = found.iter().map(|(at, _)| at.0).collect();
    assert_eq!((positions, next.0), (vec![0, 1906, 2021], 2077));
    for (at, frame) in found {
        assert!(store.reader().frame(at).unwrap() == frame);
        assert!(store.following(at, &frame).unwrap() <= next);
    }
}
