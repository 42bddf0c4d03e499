//! The demo's day in small, over real processes, sockets and files: one node is killed in mid-day,
//! one community is cut off, and every figure is held against what the demo itself did. The same
//! day is played by every policy there is.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use testnet::demo::{self, Options};
use testnet::errands;
use testnet::practice::{self, Practice};

fn options(folder: &std::path::Path, reports: usize) -> Options {
    let mut options = Options::new(folder.join("demo"));
    options.reports = Some(reports);
    options.program = Some(env!("CARGO_BIN_EXE_wangge-testnet").into());
    options.quiet = true;
    options.port = first_port(folder);
    options
}

/// Far from other demos on the machine, so that hardly ever two look for free ports in one place.
fn first_port(folder: &std::path::Path) -> u16 {
    let mut hasher = DefaultHasher::new();
    folder.hash(&mut hasher);
    12_000 + u16::try_from(hasher.finish() % 18_000).expect("small")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_day_is_right_to_the_last_figure_and_a_rerun_finds_it_again() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let reports = errands::FEWEST;
    let first = demo::run(options(folder.path(), reports)).await.expect("the day is played");
    assert!(first.is_right(), "{:#?}\n{}", first.wrong(), first.text());
    assert!(first.checked() > 50, "only {} figures were checked", first.checked());
    let again = demo::run(options(folder.path(), reports)).await.expect("the day is there");
    assert!(again.is_right(), "{:#?}\n{}", again.wrong(), again.text());
    assert_eq!(again.checked(), first.checked());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_day_is_right_by_every_policy_without_a_line_of_code() {
    // One after the other: each has eight processes.
    for name in Practice::names().filter(|name| *name != practice::USUAL) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut options = options(folder.path(), errands::FEWEST);
        options.policy = Some(name.to_owned());
        let report = demo::run(options).await.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert!(report.is_right(), "{name}: {:#?}\n{}", report.wrong(), report.text());
    }
}
