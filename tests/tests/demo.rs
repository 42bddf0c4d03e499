//! The demo's day in small, over real processes, sockets and files: one node is killed in mid-day,
//! one community is cut off, and every figure is held against what the demo itself did.

use testnet::demo::{self, Options};
use testnet::errands;

fn options(folder: &std::path::Path, reports: usize) -> Options {
    let mut options = Options::new(folder.join("demo"));
    options.reports = Some(reports);
    options.program = Some(env!("CARGO_BIN_EXE_wangge-testnet").into());
    options.quiet = true;
    options
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
