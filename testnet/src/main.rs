//! The demo, and the node that it starts itself as.

use std::process::ExitCode;

fn main() -> ExitCode {
    testnet::cli::run(std::env::args_os())
}
