use rand::SeedableRng;
use rand::rngs::StdRng;

use super::*;
use crate::sample;

#[test]
fn a_node_key_comes_back_and_nobody_else_may_read_it() {
    let folder = sample::folder();
    let path = node_key_path(folder.path());
    let key = NodeKey::generate(&mut StdRng::seed_from_u64(1));
    create_node_key(&path, &key).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
    let keys = path.parent().unwrap();
    assert_eq!(fs::metadata(keys).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(load_node_key(&path).unwrap().seed(), key.seed());
    assert_eq!(fs::read_dir(keys).unwrap().count(), 1, "no temporary file is left");
}

#[test]
fn a_key_is_never_overwritten() {
    let folder = sample::folder();
    let path = storage_key_path(folder.path());
    let mut rng = StdRng::seed_from_u64(1);
    let first = StorageKey::generate(&mut rng);
    first.create(&path).unwrap();
    let second = StorageKey::generate(&mut rng).create(&path);
    assert!(matches!(second, Err(KeyFileError::Exists { .. })));
    assert_eq!(StorageKey::load(&path).unwrap().as_bytes(), first.as_bytes());
}

#[test]
fn a_key_that_others_could_read_is_refused() {
    let folder = sample::folder();
    let path = storage_key_path(folder.path());
    StorageKey::generate(&mut StdRng::seed_from_u64(1)).create(&path).unwrap();
    for mode in [0o640, 0o604, 0o620, 0o601, 0o666] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let refused = StorageKey::load(&path).err().unwrap();
        assert!(matches!(refused, KeyFileError::Exposed { mode: m, .. } if m == mode));
    }
}

#[test]
fn a_damaged_cut_or_foreign_key_file_is_refused() {
    let folder = sample::folder();
    let path = storage_key_path(folder.path());
    StorageKey::generate(&mut StdRng::seed_from_u64(1)).create(&path).unwrap();
    assert!(load_node_key(&path).is_err(), "a storage key is no node key");
    let whole = fs::read(&path).unwrap();
    for at in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[at] ^= 1;
        for bytes in [&flipped, &whole[..at]] {
            fs::write(&path, bytes).unwrap();
            assert!(matches!(StorageKey::load(&path), Err(KeyFileError::Content { .. })));
        }
    }
    fs::remove_file(&path).unwrap();
    assert!(matches!(StorageKey::load(&path), Err(KeyFileError::Io { .. })));
}
