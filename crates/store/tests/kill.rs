//! A node's storage is killed, with kill -9, wherever it happens to be: what was acknowledged is
//! there, whole batches only, and the index comes to what the journal says.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use engine::store::{
    Commit, Frame, FrameKind, Mark, Mutation, Position, Read, Store, StoreError, Table,
};
use rand::SeedableRng;
use rand::rngs::StdRng;
use record::{Hash, RecordId, Subject};
use store::{IndexState, JournalStore, OpenReport, Options};

const FOLDER: &str = "WANGGE_KILL_FOLDER";
/// Frames in every batch.
const BATCH: u64 = 3;

/// The frame with this number, and so what it should be when it is found again.
fn frame(number: u64) -> Frame {
    Frame {
        kind: FrameKind::Local,
        subject: Subject::from_bytes([(number % 7) as u8; 16]),
        envelope: Arc::from(number.to_be_bytes()),
        entry: None,
        peer: None,
        open: Vec::new(),
        sealed: Vec::new(),
        note: vec![number as u8; (number * 37 % 900) as usize],
        came: Vec::new(),
    }
}

/// Every frame adds a row, changes one that others change too, and removes an older one.
fn project(number: u64, at: Position) -> Vec<Mutation> {
    let row = |table, key: u64, value: Option<Vec<u8>>| Mutation {
        table,
        key: key.to_be_bytes().to_vec(),
        value,
    };
    let mut mutations = vec![
        row(Table::Log, number, Some(at.to_bytes().to_vec())),
        row(Table::Case, number % 50, Some(number.to_be_bytes().to_vec())),
    ];
    mutations.extend(number.checked_sub(40).map(|old| row(Table::Log, old, None)));
    mutations
}

fn mark(count: u64) -> Mark {
    let head = RecordId::from_bytes(*Hash::of(&count.to_be_bytes()).as_bytes());
    let head = if count == 0 { RecordId::ZERO } else { head };
    Mark { epoch: 0, count, head, root: Hash::ZERO }
}

fn open(folder: &Path) -> (JournalStore, OpenReport) {
    let options = Options {
        cache_bytes: 1 << 20,
        segment_bytes: 50_000,
        reserve_bytes: 0,
        ..Options::default()
    };
    let seed = std::fs::read_dir(folder.join("journal")).map_or(0, Iterator::count) as u64;
    store::open(folder, &options, &mut StdRng::seed_from_u64(seed)).expect("the folder opens")
}

/// Every frame of the journal.
fn everything(store: &JournalStore) -> Result<Vec<(Position, Frame)>, StoreError> {
    let (mut all, mut from) = (Vec::new(), Position::START);
    loop {
        let (frames, next) = store.replay(from, 1000)?;
        if frames.is_empty() {
            return Ok(all);
        }
        all.extend(frames);
        from = next;
    }
}

/// Replays what the index lacks. Returns how many frames there are.
fn catch_up(store: &mut JournalStore) -> Result<u64, StoreError> {
    let indexed = store.indexed_up_to();
    let mut count = everything(store)?.iter().filter(|(at, _)| *at < indexed).count() as u64;
    loop {
        let (frames, next) = store.replay(store.indexed_up_to(), 100)?;
        if frames.is_empty() {
            return Ok(count);
        }
        let numbered = (count..).zip(&frames);
        let mutations = numbered.flat_map(|(number, (at, _))| project(number, *at)).collect();
        count += frames.len() as u64;
        store.index(mutations, vec![(count, Hash::of(b"node"))], mark(count), next)?;
    }
}

/// The process that gets killed: commits for ever, and tells of each batch that is durable.
#[test]
fn worker() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let (mut store, _) = open(Path::new(&folder));
    let mut count = catch_up(&mut store).unwrap();
    let mut out = std::io::stdout();
    loop {
        let (mut at, mut frames, mut mutations) = (store.begin(), Vec::new(), Vec::new());
        for number in count..count + BATCH {
            let frame = frame(number);
            mutations.extend(project(number, at));
            at = store.following(at, &frame).unwrap();
            frames.push(frame);
        }
        count += BATCH;
        let tree = vec![(count, Hash::of(b"node"))];
        store
            .commit(Commit { frames, mutations, tree, mark: mark(count), erasures: Vec::new() })
            .unwrap();
        // The killer may be gone.
        if writeln!(out, "acknowledged {count}").and_then(|()| out.flush()).is_err() {
            return;
        }
    }
}

fn start(folder: &Path) -> Child {
    Command::new(std::env::current_exe().expect("a test knows its own file"))
        .args(["--exact", "worker", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the test's own file can be run")
}

/// Reads acknowledgements until so many came, kills, and reads what was still said.
fn run_and_kill(folder: &Path, acknowledgements: usize) -> u64 {
    let mut child = start(folder);
    let mut said = BufReader::new(child.stdout.take().expect("its output is a pipe")).lines();
    let number = |line: &str| line.split("acknowledged ").nth(1)?.parse::<u64>().ok();
    let mut last = 0;
    let mut came = 0;
    while came < acknowledgements {
        let line = said.next().and_then(Result::ok).expect("the worker goes on until killed");
        if let Some(count) = number(&line) {
            (last, came) = (count, came + 1);
        }
    }
    child.kill().and_then(|()| child.wait()).expect("a child can be killed");
    // The last line may be cut anywhere.
    let rest = said.map_while(Result::ok).filter_map(|line| number(&line));
    rest.filter(|count| count % BATCH == 0).fold(last, u64::max)
}

fn expected_rows(
    count: u64,
    frames: &[(Position, Frame)],
    table: Table,
) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let mut rows = BTreeMap::new();
    for (number, (at, _)) in (0..count).zip(frames) {
        for Mutation { key, value, .. } in
            project(number, *at).into_iter().filter(|m| m.table == table)
        {
            match value {
                Some(value) => rows.insert(key, value),
                None => rows.remove(&key),
            };
        }
    }
    rows
}

#[test]
fn what_was_acknowledged_survives_kill_9() {
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let (mut state, mut behind) = (3_u64, 0);
    for round in 0..12 {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let acknowledged = run_and_kill(folder.path(), 1 + (state >> 33) as usize % 80);
        let (mut store, report) = open(folder.path());
        assert!(report.frames >= acknowledged, "round {round}: {report:?}");
        assert!(report.frames.is_multiple_of(BATCH), "half a batch");
        assert!(report.damage.is_empty());
        // A killed process leaves what the system has: the index never has to be rebuilt.
        let IndexState::Ready { behind: bytes, .. } = report.index else {
            panic!("round {round}: {:?}", report.index);
        };
        behind += usize::from(bytes > 0);
        let count = catch_up(&mut store).unwrap();
        let frames = everything(&store).unwrap();
        assert_eq!(count, report.frames);
        let same = (0..).zip(&frames).all(|(number, (_, found))| *found == frame(number));
        assert!(same, "a frame that was not committed");
        let reader: Arc<dyn Read> = store.reader();
        for table in [Table::Log, Table::Case] {
            let rows: BTreeMap<_, _> =
                reader.scan(table, &[], None, usize::MAX).unwrap().into_iter().collect();
            assert!(rows == expected_rows(count, &frames, table), "{table:?} in round {round}");
        }
    }
    assert!(behind > 0, "sled was never behind: the test tests nothing");
}
