//! The demo's program under another name, so that tests can start nodes as processes.

use std::process::ExitCode;

fn main() -> ExitCode {
    testnet::cli::run(std::env::args_os())
}
