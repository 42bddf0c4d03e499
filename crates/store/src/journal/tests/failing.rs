//! Disks that are full or fail in the middle.

use rustix::io::Errno;

use super::*;

fn on(folder: &Path, quota: Option<u64>) -> (Journal, Arc<Disk>) {
    let disk = Arc::new(Disk::new(folder, 0));
    let setting = Setting { quota, ..setting(folder, None) };
    let opened = recover(setting, Arc::clone(&disk), &mut StdRng::seed_from_u64(3));
    (opened.unwrap().0, disk)
}

/// Every call fails once, in every position: nothing of a refused batch is ever found, and nothing
/// acknowledged is ever missing.
#[test]
fn whichever_call_fails_a_refused_batch_is_not_there() {
    for errno in [Errno::IO, Errno::NOSPC] {
        for (lasting, call) in [false, true].into_iter().flat_map(|l| (0..40).map(move |c| (l, c)))
        {
            let folder = sample::folder();
            let (mut journal, disk) = on(folder.path(), None);
            disk.faults.fail_at(call, errno, lasting);
            let (mut rng, mut acknowledged) = (StdRng::seed_from_u64(4), Vec::new());
            for number in 0..8 {
                let batch = [sample::local(number, &[number; 900]), sample::local(number, b"x")];
                match journal.append(&batch, &vault(), &mut rng) {
                    Ok(()) => acknowledged.extend(batch),
                    Err(error) => {
                        let full = matches!(error, StoreError::Full { .. });
                        assert_eq!(full, errno == Errno::NOSPC);
                        break;
                    }
                }
            }
            disk.faults.heal();
            let seen = all(&journal).unwrap();
            assert!(seen.iter().map(|(_, frame)| frame).eq(acknowledged.iter()));
            drop(journal);
            // A failed cut may leave the batch behind: whole, never half.
            let (journal, _) = open(folder.path(), None).unwrap();
            let found: Vec<Frame> = all(&journal).unwrap().into_iter().map(|(_, f)| f).collect();
            assert!(found.starts_with(&acknowledged));
            assert!(found.len().is_multiple_of(2) && found.len() <= acknowledged.len() + 2);
            assert!(lasting || found.len() == acknowledged.len());
        }
    }
}

#[test]
fn a_full_quota_refuses_the_batch_before_anything_is_written() {
    let folder = sample::folder();
    let (mut journal, _) = on(folder.path(), Some(1000));
    let mut rng = StdRng::seed_from_u64(4);
    journal.append(&[sample::local(1, &[1; 500])], &vault(), &mut rng).unwrap();
    let before = fs::read(&segments(folder.path())[0]).unwrap();
    let refused = journal.append(&[sample::local(1, &[1; 500])], &vault(), &mut rng);
    assert!(matches!(refused, Err(StoreError::Full { .. })));
    assert_eq!(fs::read(&segments(folder.path())[0]).unwrap(), before);
    journal.append(&[sample::local(1, &[1; 50])], &vault(), &mut rng).unwrap();
}

#[test]
fn a_disk_without_its_reserve_is_full() {
    let folder = sample::folder();
    let disk = Arc::new(Disk::new(folder.path(), u64::MAX));
    let setting = setting(folder.path(), None);
    let (mut journal, _) = recover(setting, disk, &mut StdRng::seed_from_u64(3)).unwrap();
    let mut rng = StdRng::seed_from_u64(4);
    let refused = journal.append(&[sample::local(1, b"x")], &vault(), &mut rng);
    assert!(matches!(refused, Err(StoreError::Full { .. })));
}
