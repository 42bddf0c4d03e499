//! `wangge verify`.

use std::path::Path;
use std::process::ExitCode;

use super::failure::Failure;
use super::print;
use crate::verify::verify as check;

pub(super) fn verify(folder: &Path, json: bool) -> Result<ExitCode, Failure> {
    let report = check(folder)?;
    if json {
        let text = serde_json::to_string(&report)
            .map_err(|error| Failure::new("报告无法写成 JSON", error))?;
        print::line(&text);
    } else {
        print::line(report.to_string().trim_end());
    }
    Ok(if report.is_sound() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
