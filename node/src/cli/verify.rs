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
        if !report.is_sound() {
            print::line("处理办法：停止节点，把上面列出的文件换成备份中的同名文件，再核验一次。");
            print::line(
                "what to do: stop the node, put the files named above back from a backup, and verify \
                 again",
            );
        }
    }
    Ok(if report.is_sound() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
