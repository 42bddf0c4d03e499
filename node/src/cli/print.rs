//! What a command says. A reader that has gone away is no failure.

use std::io::Write as _;

use super::failure::Failure;

/// A line on standard output.
pub(super) fn line(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// A line on standard error.
pub(super) fn line_to_stderr(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// A failure, in both languages.
pub(super) fn error(failure: &Failure) {
    line_to_stderr(&format!("错误：{}", failure.zh()));
    line_to_stderr(&format!("error: {}", failure.en()));
}
