//! What only this program can look at for `wangge doctor` and its page: key files and calendar.

use engine::doctor::{Finding, State};
use governance::calendar::Calendar;
use store::keyfile;

use crate::calendar;
use crate::config::Config;
use crate::node::now;

/// Everything of the machine.
#[must_use]
pub fn of_machine(config: &Config, known: &Calendar) -> Vec<Finding> {
    let mut found = vec![keys(config)];
    found.push(holidays(known));
    found
}

/// Whether a copy of the disk is enough to be this node.
fn keys(config: &Config) -> Finding {
    match keyfile::protection(&config.data) {
        Ok(files) if files.iter().all(|(_, protected)| *protected) => Finding::new(
            State::Good,
            "keys",
            "密钥文件有口令保护。",
            "the key files are under a passphrase",
        ),
        Ok(_) => Finding::new(
            State::Watch,
            "keys",
            "密钥文件没有口令保护，谁拿到磁盘或备份谁就能冒充本节点：见 `wangge protect`。",
            "the key files are under no passphrase, so whoever has the disk or a backup can be \
             this node: see `wangge protect`",
        ),
        Err(error) => Finding::new(State::Wrong, "keys", "读不到密钥文件。", error.to_string()),
    }
}

fn holidays(known: &Calendar) -> Finding {
    match calendar::gap(known, now()) {
        None => Finding::new(
            State::Good,
            "holidays",
            "未来两个月的节假日安排已知。",
            "the holidays of the next two months are known",
        ),
        Some(year) => Finding::new(
            State::Watch,
            "holidays",
            format!(
                "缺 {year} 年节假日安排：跨到该年的工作日时限暂按周末推算；请把该年的文件写入 \
                 calendar.files。"
            ),
            format!(
                "the holidays of {year} are not known: working-day limits that reach into it go \
                 by weekends alone; add that year's file to calendar.files"
            ),
        ),
    }
}
