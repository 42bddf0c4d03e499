//! Verifying a data folder or an export.

use std::path::Path;
use std::process::ExitCode;

use super::failure::Failure;

pub(super) fn verify(folder: &Path, json: bool) -> Result<ExitCode, Failure> {
    let _ = (folder, json);
    Ok(ExitCode::SUCCESS)
}
