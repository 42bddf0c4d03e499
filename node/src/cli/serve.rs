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
    loop {
        match once(config.clone(), &mut signals).await? {
            End::Over(code) => return Ok(code),
            End::Anew => tracing::info!("密钥已更换，重新启动 the key has changed, starting anew"),
        }
    }
}

/// How a run ended.
enum End {
    /// For good.
    Over(ExitCode),
    /// It has to start again, under its new key.
    Anew,
}

async fn once(config: Config, signals: &mut Signals) -> Result<End, Failure> {
    let running = tokio::select! {
        started = Node::start(config) => started?,
        () = signals.next() => return Ok(End::Over(ExitCode::SUCCESS)),
    };
    announce(&running);
    let mut anew = false;
    let broken = tokio::select! {
        () = signals.next() => false,
        () = running.broken() => true,
        () = running.heir() => {
            anew = true;
            false
        }
    };
    if !broken {
        tracing::info!("正在停止 stopping");
    }
    tokio::select! {
        () = running.stop() => {}
        () = signals.next() => {
            print::line_to_stderr("再次收到信号，立即退出。 second signal: exiting at once");
            return Ok(End::Over(ExitCode::FAILURE));
        }
    }
    if broken {
        return Err(Failure::new(
            "节点的核心意外停止：请看日志，然后重新启动",
            "the engine or the network ended by itself: see the log, then start the node again",
        ));
    }
    Ok(if anew { End::Anew } else { End::Over(ExitCode::SUCCESS) })
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
