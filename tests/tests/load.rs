//! The load program in small, over real processes: it must find every case that it was answered
//! for, and every record that it escalated, or end with a failure.

use std::process::{Command, Output};

fn testnet(args: &[&str]) -> Output {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_wangge-testnet"));
    let output = command.args(args).arg("--dir").arg(folder.path()).output();
    let output = output.expect("the program runs");
    let left = folder.path().read_dir().expect("the folder can be listed").count();
    assert_eq!(left, 0, "it leaves nothing behind");
    output
}

fn said(output: &Output) -> String {
    let both = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    format!("{}\n{}", both[0], both[1])
}

#[test]
fn every_case_that_was_answered_for_is_there_after_a_restart() {
    let args = ["load", "--cases", "50", "--connections", "4", "--no-postgres"];
    let output = testnet(&args);
    let said = said(&output);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("恰好多 50 件") && said.contains("--no-postgres"), "{said}");
    for page in ["居民上报 report", "派单列表 desk", "统计 numbers"] {
        assert!(said.contains(page), "{page} is timed: {said}");
    }
}

#[test]
fn every_row_of_a_file_is_a_case_or_a_named_error_and_twice_gives_no_doubles() {
    let output = testnet(&["import", "--rows", "700"]);
    let said = said(&output);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("再导一次没有重复"), "{said}");
}

#[test]
fn a_street_that_was_away_gets_every_record() {
    let output = testnet(&["catch-up", "--records", "60"]);
    let said = said(&output);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("一条不少"), "{said}");
}
