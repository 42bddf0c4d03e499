//! Every mechanism of the domain (rows T1–T3, R1–R5, C1–C13) has a test that is named after it,
//! and a line of the README says where it works and which test shows it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const ROWS: [(&str, u32); 3] = [("T", 3), ("R", 5), ("C", 13)];
const README: &str = include_str!("../../README.md");

fn rows() -> impl Iterator<Item = String> {
    ROWS.into_iter().flat_map(|(letter, last)| (1..=last).map(move |n| format!("{letter}{n}")))
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder of the project") {
        let path = entry.expect("an entry").path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

/// Names of tests by row: functions, and what the macros of stories make functions of.
fn tests() -> BTreeMap<String, Vec<String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    for part in ["crates", "node", "testnet", "tests"] {
        sources(&root.join(part), &mut files);
    }
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("readable");
        for line in text.lines().map(str::trim_start) {
            let name = line.trim_start_matches("async ").strip_prefix("fn ").unwrap_or(line);
            let name = name.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next();
            if let Some((row, _)) = name.and_then(|name| name.split_once('_')) {
                let name = name.unwrap_or_default().to_owned();
                found.entry(row.to_uppercase()).or_default().push(name);
            }
        }
    }
    found
}

#[test]
fn every_row_of_the_domain_has_a_test_that_is_named_after_it() {
    let tests = tests();
    let missing: Vec<String> = rows().filter(|row| !tests.contains_key(row)).collect();
    assert!(missing.is_empty(), "no test is named after {missing:?}");
}

#[test]
fn the_readme_says_of_every_row_where_it_works_and_names_a_test_that_exists() {
    let tests = tests();
    for row in rows() {
        let line = README.lines().find(|line| line.starts_with(&format!("| {row} |")));
        let line = line.unwrap_or_else(|| panic!("the README has no line for {row}"));
        let named = tests[&row].iter().any(|name| line.contains(&format!("`{name}`")));
        assert!(named, "the README's line for {row} names none of {:?}", tests[&row]);
    }
}

/// The threats that the node itself answers for.
const THREATS: [u32; 18] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 17, 18, 20, 23, 25];

/// No threat goes missing from the README's table, and so none its proof.
#[test]
fn the_table_of_threats_has_every_row() {
    for number in THREATS {
        let row = format!("| S{number} ");
        assert!(README.lines().any(|line| line.starts_with(&row)), "S{number} has no line");
    }
}

/// Whatever the README's table of threats names as proof is a test.
#[test]
fn every_test_that_the_table_of_threats_names_exists() {
    let tests = tests();
    let (mut lines, mut named) = (0, 0);
    for line in README.lines().filter(|line| line.starts_with("| S")) {
        let row = line.trim_start_matches("| ").split(' ').next().unwrap_or_default();
        let known = tests.get(row).cloned().unwrap_or_default();
        let prefix = format!("{}_", row.to_lowercase());
        let proofs: Vec<&str> = line.split('`').filter(|word| word.starts_with(&prefix)).collect();
        assert!(!proofs.is_empty(), "{row} has no proof");
        for proof in &proofs {
            assert!(known.iter().any(|name| name == proof), "{row}: {proof} is no test");
        }
        (lines, named) = (lines + 1, named + proofs.len());
    }
    assert!(lines > 0 && named >= lines);
}
