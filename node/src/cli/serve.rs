//! `wangge serve`.

use std::process::ExitCode;

use super::failure::Failure;
use super::print;
use crate::config::Config;
use crate::node::{Node, Running};
use crate::shutdown::Signals;

pub(super) async fn serve(config: Config) -> Result<ExitCode, Failure> {
    let mut signals =
        Signals::listen().map_err(|error| Failure::new("系统不允许监听信号", error))?;
    let running = tokio::select! {
        started = Node::start(config) => started?,
        () = signals.next() => return Ok(ExitCode::SUCCESS),
    };
    announce(&running);
    let broken = tokio::select! {
        () = signals.next() => false,
        () = running.broken() => true,
    };
    if !broken {
        tracing::info!("正在停止 stopping");
    }
    tokio::select! {
        () = running.stop() => {}
        () = signals.next() => {
            print::line_to_stderr("再次收到信号，立即退出。 second signal: exiting at once");
            return Ok(ExitCode::FAILURE);
        }
    }
    if broken {
        return Err(Failure::new(
            "节点的核心意外停止：请看日志，然后重新启动",
            "the engine or the network ended by itself: see the log, then start the node again",
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// One line, once the node is ready.
fn announce(running: &Running) {
    let summary = running.summary();
    print::line(&format!(
        "就绪 ready: {} ({})  {}  {}",
        summary.name,
        summary.short,
        summary.url,
        summary.addresses.join(" ")
    ));
}
