//! The `wangge` binary: see [`node::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    node::cli::run(std::env::args_os())
}
