use std::ffi::OsString;
use std::path::Path;

use super::*;

fn wangge(words: &[&str]) -> bool {
    let words = std::iter::once(&"wangge").chain(words).map(OsString::from);
    run(words) == ExitCode::SUCCESS
}

fn told(failure: Failure) -> (String, String) {
    (failure.zh().to_owned(), failure.en())
}

#[test]
fn the_words_are_consistent() {
    help::command().debug_assert();
}

#[test]
fn a_county_is_founded_exported_and_verified_from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (data, export, secret) = (path("data"), path("export"), path("password"));
    std::fs::write(&secret, "correct horse battery\n").unwrap();
    let found = [
        "--data",
        &data,
        "--log-level",
        "error",
        "init",
        "--found",
        "--name",
        "歙县",
        "--level",
        "county",
        "--area",
        "341021",
        "--operator",
        "admin",
        "--password-file",
        &secret,
    ];
    assert!(wangge(&found));
    assert!(wangge(&found), "again, as after an interruption");
    for file in ["root.key", "identity.json", "operator.token", "wangge.toml"] {
        assert!(Path::new(&data).join(file).exists(), "{file}");
    }
    assert!(wangge(&["--data", &data, "config", "check"]));
    assert!(wangge(&["--data", &data, "config", "explain"]));
    assert!(wangge(&["--data", &data, "--log-level", "error", "export", &export]));
    assert!(wangge(&["verify", &export]) && wangge(&["verify", "--json", &data]));
    let other: Vec<&str> =
        found.iter().map(|word| if *word == "歙县" { "黟县" } else { word }).collect();
    assert!(!wangge(&other), "the folder is another county's");
}

#[test]
fn what_was_not_understood_is_no_success() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let data = data.to_str().unwrap();
    assert!(wangge(&["--help"]) && wangge(&["completions", "bash"]));
    assert!(wangge(&["help"]) && wangge(&["help", "invite"]) && wangge(&["--version"]));
    assert!(!wangge(&["fly"]) && !wangge(&[]));
    assert!(!wangge(&["--data", data, "--set", "http.listn=x", "config", "check"]));
    assert!(!wangge(&["--data", data, "join", "WANGGE1TOKEN"]));
    assert!(!wangge(&["--data", data, "peers"]) && !wangge(&["verify", data]));
    assert!(!wangge(&["--data", data, "init", "--found", "--name", "歙县"]));
    let level = ["init", "--found", "--name", "x", "--level", "moon", "--area", "341021"];
    let level: Vec<&str> =
        ["--data", data].into_iter().chain(level).chain(["--operator", "admin"]).collect();
    assert!(!wangge(&level));
    assert!(!Path::new(data).join("keys").exists(), "nothing was made");
}

#[test]
fn a_failure_is_told_in_both_languages_with_all_its_causes() {
    let error = crate::node::StartError::Replay {
        folder: "/data".into(),
        source: engine::store::StoreError::Index { what: "a row".into() },
    };
    let (zh, en) = told(error.into());
    assert!(zh.contains("wangge verify"));
    assert!(en.starts_with("the journal in /data can't be replayed"), "{en}");
    assert!(en.contains(": the index failed (a row)"), "{en}");
}
