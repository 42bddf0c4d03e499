//! Disks that are full or fail under a running node.

use rustix::io::Errno;

use super::*;

/// Whichever call fails: the refused batch is not seen, not then and not later, and the node is
/// read-only with a reason.
#[test]
fn after_a_failed_write_or_sync_the_node_reads_on_and_takes_nothing_new() {
    let trials = [Errno::IO, Errno::NOSPC].into_iter().flat_map(|e| (0..3).map(move |c| (e, c)));
    for (errno, call) in trials {
        let folder = sample::folder();
        let (mut store, _) = open_at(folder.path()).unwrap();
        commit(&mut store, &[sample::local(1, b"before")], 0).unwrap();
        store.journal.disk().faults.fail_at(call, errno, false);
        let refused = commit(&mut store, &[sample::local(2, b"during")], 1);
        store.journal.disk().faults.heal();
        let full = matches!(refused, Err(StoreError::Full { .. }));
        assert!(refused.is_err() && full == (errno == Errno::NOSPC));
        // Nothing is wrong with the disk any more, but nobody knows what it holds.
        let again = commit(&mut store, &[sample::local(3, b"after")], 1);
        assert_eq!(matches!(again, Err(StoreError::Full { .. })), full);
        assert_eq!(matches!(again, Err(StoreError::ReadOnly { .. })), !full);
        let reader = store.reader();
        assert!(reader.health().read_only.is_some());
        assert_eq!(rows(&*reader, Table::Log).len(), 1);
        assert_eq!(all(&store).len(), 1);
        store.close().unwrap();
        let (mut store, report) = open_at(folder.path()).unwrap();
        assert!(report.frames == 1 && report.torn.is_none());
        commit(&mut store, &[sample::local(2, b"during")], 1).unwrap();
    }
}

#[test]
fn a_full_quota_makes_the_node_read_only_and_a_restart_with_room_goes_on() {
    let folder = sample::folder();
    let small = Options { journal_quota: Some(5000), ..options() };
    let mut rng = StdRng::seed_from_u64(1);
    let (mut store, _) = open(folder.path(), &small, &mut rng).unwrap();
    let mut count = 0;
    let refused = loop {
        match commit(&mut store, &[sample::local(1, &[1; 500])], count) {
            Ok(_) => count += 1,
            Err(refused) => break refused,
        }
    };
    let named = folder.path().display().to_string();
    assert!(matches!(&refused, StoreError::Full { path } if *path == named));
    assert!(count > 5 && store.reader().health().journal_bytes <= 5000);
    let again = commit(&mut store, &[sample::local(1, b"")], count);
    assert!(matches!(again, Err(StoreError::Full { .. })));
    store.close().unwrap();
    let (mut store, report) = open_at(folder.path()).unwrap();
    assert_eq!(report.frames, count);
    commit(&mut store, &[sample::local(1, &[1; 500])], count).unwrap();
}

#[test]
fn a_failed_index_refuses_commits_before_they_are_written() {
    let folder = sample::folder();
    let (mut store, _) = open_at(folder.path()).unwrap();
    commit(&mut store, &[sample::local(1, b"a")], 0).unwrap();
    let end = store.end();
    store.shared.index.break_down();
    let refused = commit(&mut store, &[sample::local(1, b"b")], 1);
    assert!(matches!(refused, Err(StoreError::Index { .. })));
    assert_eq!(store.end(), end);
    assert!(store.reader().health().read_only.is_some());
    assert!(matches!(store.close(), Err(StoreError::Index { .. })));
    let (mut store, report) = open_at(folder.path()).unwrap();
    assert_eq!(report.frames, 1);
    let behind = u64::from(store.indexed_up_to() == store.end());
    catch_up(&mut store, behind).unwrap();
    commit(&mut store, &[sample::local(1, b"b")], 1).unwrap();
    assert_eq!(rows(&*store.reader(), Table::Log).len(), 2);
}
