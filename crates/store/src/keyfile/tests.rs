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

#[test]
fn s11_a_key_under_a_passphrase_is_of_no_use_without_it() {
    let folder = sample::folder();
    let mut rng = StdRng::seed_from_u64(1);
    let key = NodeKey::generate(&mut rng);
    create_node_key(&node_key_path(folder.path()), &key).unwrap();
    let storage = StorageKey::generate(&mut rng);
    storage.create(&storage_key_path(folder.path())).unwrap();
    let said = |words: &str| {
        let path = folder.path().join("words");
        fs::write(&path, words).unwrap();
        Passphrase::read(&path)
    };
    assert!(matches!(said("short\n"), Err(PassphraseError::Length { .. })));
    let right = said("一个够长的口令\n").unwrap();
    assert_eq!(protect(folder.path(), &right, &mut rng).unwrap().len(), 2);
    assert_eq!(protect(folder.path(), &right, &mut rng).unwrap().len(), 0, "once is enough");
    let state = protection(folder.path()).unwrap();
    assert!(state.len() == 2 && state.iter().all(|(_, protected)| *protected));
    let open = |path: &Path, title, words: &Passphrase| {
        unlock(path, title, &fs::read(path).unwrap(), words).map(|secret| *secret)
    };
    let (node, disk) = (node_key_path(folder.path()), storage_key_path(folder.path()));
    assert_eq!(open(&node, NODE_TITLE, &right).unwrap(), *key.seed());
    assert_eq!(open(&disk, STORAGE_TITLE, &right).unwrap(), *storage.as_bytes());
    let wrong = said("另一个够长的口令").unwrap();
    for (path, title) in [(&node, NODE_TITLE), (&disk, STORAGE_TITLE)] {
        let bytes = fs::read(path).unwrap();
        let hex = stamped::hex(key.seed());
        assert!(!bytes.windows(hex.len()).any(|part| part == hex.as_bytes()));
        let refused = open(path, title, &wrong);
        assert!(matches!(refused, Err(KeyFileError::WrongPassphrase { .. })));
    }
    let swapped = open(&node, STORAGE_TITLE, &right);
    assert!(matches!(swapped, Err(KeyFileError::WrongPassphrase { .. })), "each for its own use");
    assert!(matches!(load_node_key(&node), Err(KeyFileError::Locked { .. })));
    assert!(protect(folder.path(), &wrong, &mut rng).is_err());
}

#[test]
fn s11_a_key_that_follows_is_under_the_passphrase_of_the_one_before() {
    let folder = sample::folder();
    let mut rng = StdRng::seed_from_u64(1);
    let (first, second) = (NodeKey::generate(&mut rng), NodeKey::generate(&mut rng));
    let (node, next) = (node_key_path(folder.path()), next_key_path(folder.path()));
    create_node_key(&node, &first).unwrap();
    let said = |words: &str| {
        let path = folder.path().join("words");
        fs::write(&path, words).unwrap();
        Passphrase::read(&path)
    };
    let nobody = || -> Result<Passphrase, PassphraseError> { panic!("nobody is asked") };
    create_next_node_key(&next, &node, &second, nobody, &mut rng).unwrap();
    assert_eq!(load_node_key(&next).unwrap().public(), second.public(), "as the one before");
    let right = said("一个够长的口令").unwrap();
    assert_eq!(protect(folder.path(), &right, &mut rng).unwrap(), [node.clone(), next.clone()]);
    fs::remove_file(&next).unwrap();

    let given = |words: &'static str| move || said(words);
    let wrong = create_next_node_key(&next, &node, &second, given("另一个够长的口令"), &mut rng);
    assert!(matches!(wrong, Err(KeyFileError::WrongPassphrase { .. })));
    let none = || Err(PassphraseError::NotGiven);
    let locked = create_next_node_key(&next, &node, &second, none, &mut rng);
    assert!(matches!(locked, Err(KeyFileError::Locked { .. })));
    assert!(!next.exists(), "no key lies there in clear");
    create_next_node_key(&next, &node, &second, given("一个够长的口令"), &mut rng).unwrap();
    let bytes = fs::read(&next).unwrap();
    let hex = stamped::hex(second.seed());
    assert!(!bytes.windows(hex.len()).any(|part| part == hex.as_bytes()));
    assert_eq!(*unlock(&next, NODE_TITLE, &bytes, &right).unwrap(), *second.seed());
    assert!(protection(folder.path()).unwrap().iter().all(|(_, protected)| *protected));
}
