//! The command line: `wangge COMMAND`. Every failure is told in Chinese and in English, with what
//! to do about it.

mod account;
mod approve;
mod args;
mod audit;
mod commands;
mod doctor;
mod epoch;
mod failure;
mod help;
mod import;
mod init;
mod join;
mod misread;
mod operator;
mod peers;
mod policies;
mod print;
mod protect;
mod prove;
mod serve;
mod trust;
mod verify;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::ErrorKind;

pub use failure::Failure;

/// Runs one command line, the program's name first, and gives the process's exit code: 0 when it
/// was carried out, 1 when it failed or what was verified does not hold, 2 when it was not
/// understood, 3 when an import left rows out. A program that carries this library can start itself as a node by it.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args = match help::parse(args) {
        Ok(args) => args,
        Err(error) => return misunderstood(&error),
    };
    match commands::carry_out(args) {
        Ok(code) => code,
        Err(failure) => {
            print::error(&failure);
            ExitCode::from(failure.code())
        }
    }
}

/// Help and version are asked for; everything else is a mistake.
fn misunderstood(error: &clap::Error) -> ExitCode {
    let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    if !asked {
        print::line_to_stderr(&format!("错误：{}（用法见 `wangge --help`）", misread::zh(error)));
    }
    // When nobody reads it, nothing is lost.
    let _ = error.print();
    ExitCode::from(if asked { 0 } else { 2 })
}

#[cfg(test)]
mod tests;
