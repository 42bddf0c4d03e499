//! Carrying out a command line.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use super::args::{Args, Command, ConfigCommand};
use super::failure::Failure;
use super::{
    approve, audit, doctor, epoch, help, import, init, join, operator, peers, policies, print,
    protect, prove, serve, trust, verify,
};
use crate::backup::{self, BackedUp};
use crate::calendar;
use crate::config::{self, Config, Layer, Loaded};
use crate::export::{self, Exported};
use crate::log::{self, Level, Log};
use crate::node::{StartError, now};

pub(super) fn carry_out(args: Args) -> Result<ExitCode, Failure> {
    if let Command::Completions { shell } = args.command {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut help::command(), "wangge", &mut script);
        // A reader that has gone away is no failure.
        let _ = std::io::stdout().lock().write_all(&script);
        return Ok(ExitCode::SUCCESS);
    }
    if let Command::Verify { folder, json } = &args.command {
        return verify::verify(folder, *json);
    }
    if let Command::VerifyProof(args) = &args.command {
        return prove::verify(args);
    }
    let loaded = load(&args)?;
    log::start(&to_be_logged(&args, &loaded.config.log));
    match args.command {
        Command::Config { what: ConfigCommand::Check } => check(&loaded),
        Command::Config { what: ConfigCommand::Explain } => explain(&loaded),
        Command::Policy { what } => policies::policy(&loaded.config, what),
        Command::Init(args) => init::init(&loaded.config, args),
        Command::Invite(args) => wait(join::invite(&loaded.config, args)),
        Command::Approve(args) => wait(approve::approve(&loaded.config, args)),
        Command::Join(args) => wait(join::join(&loaded.config, args)),
        Command::Move { token } => wait(join::relocate(&loaded.config, token)),
        Command::Serve(_) => wait(serve::serve(loaded.config)),
        Command::Peers { json } => wait(peers::peers(&loaded.config, json)),
        Command::Revoke(args) => wait(trust::revoke(&loaded.config, args)),
        Command::Revocations { what } => wait(trust::revocations(&loaded.config, what)),
        Command::Root { what } => trust::root(what),
        Command::Certificates { what } => wait(trust::certificates(&loaded.config, what)),
        Command::Epoch { what } => wait(epoch::epoch(&loaded.config, what)),
        Command::Rotate => epoch::rotate(&loaded.config),
        Command::Prove(args) => prove::prove(&loaded.config, &args),
        Command::VerifyProof(_) => Ok(ExitCode::SUCCESS),
        Command::Doctor { json } => wait(doctor::doctor(&loaded.config, json)),
        Command::Operator(args) => operator::operator(&loaded.config, &args),
        Command::Protect => protect::protect(&loaded.config),
        Command::Audit(args) => audit::audit(&loaded.config, args),
        Command::Import { what } => wait(import::import(&loaded.config, what)),
        Command::ExportOrders(args) => wait(import::export(&loaded.config, args)),
        Command::Export { to } => export_to(&loaded.config, &to),
        Command::Backup { to, keep } => back_up(&loaded.config, &to, keep),
        Command::Restore { from, generation } => {
            restore(&loaded.config, &from, generation.as_deref())
        }
        Command::Verify { .. } | Command::Completions { .. } => Ok(ExitCode::SUCCESS),
    }
}

/// A command that ends by itself says what it does: only what went wrong is logged besides, unless
/// more is asked for.
fn to_be_logged(args: &Args, log: &Log) -> Log {
    let quiet = !matches!(args.command, Command::Serve(_)) && log.level == Level::Info;
    let level = if quiet { Level::Warn } else { log.level };
    Log { level, ..*log }
}

fn load(args: &Args) -> Result<Loaded, Failure> {
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let environment = Layer::environment(environment);
    let layers = config::locate(args.settings.config.as_deref(), environment, args.layer())?;
    Ok(config::load(layers)?)
}

/// Runs a command that waits for others.
pub(super) fn wait(
    task: impl Future<Output = Result<ExitCode, Failure>>,
) -> Result<ExitCode, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::new("系统拒绝了线程：请检查资源限制", error))?;
    let outcome = runtime.block_on(task);
    // Whatever still runs, such as a password being hashed for nobody, is not waited for.
    runtime.shutdown_background();
    outcome
}

fn check(loaded: &Loaded) -> Result<ExitCode, Failure> {
    let config = &loaded.config;
    let policy = config.policy.load().map_err(StartError::from)?;
    let calendar = config.calendar.load().map_err(StartError::from)?;
    for layer in &loaded.layers {
        if let Some(path) = layer.path() {
            print::line(&format!("配置 configuration: {}", path.display()));
        }
    }
    print::line(&format!("规则 policy: {} ({})", policy.reference(), policy.name));
    let years: Vec<String> = calendar.years().map(|year| year.to_string()).collect();
    print::line(&format!("日历 calendar: {}", years.join(" ")));
    if let Some(year) = calendar::gap(&calendar, now()) {
        print::line_to_stderr(&calendar::warning(year));
    }
    print::line(&format!("数据 data: {}", config.data.display()));
    print::line("配置可用。 The configuration can be used.");
    Ok(ExitCode::SUCCESS)
}

fn explain(loaded: &Loaded) -> Result<ExitCode, Failure> {
    print::line(config::explain(loaded).trim_end());
    Ok(ExitCode::SUCCESS)
}

fn back_up(config: &Config, to: &Path, keep: u16) -> Result<ExitCode, Failure> {
    let BackedUp { generation, bytes, removed } = backup::backup(config, to, usize::from(keep))?;
    let to = to.display();
    print::line(&format!(
        "已备份 {bytes} 字节：{to}/{generation}（密钥在 {to}/newest，请妥善保管）"
    ));
    print::line(&format!(
        "backed up {bytes} bytes: {to}/{generation}; the keys are in {to}/newest, guard them"
    ));
    for old in removed {
        print::line(&format!("已删除旧备份 removed {old}"));
    }
    Ok(ExitCode::SUCCESS)
}

fn restore(config: &Config, from: &Path, generation: Option<&str>) -> Result<ExitCode, Failure> {
    let found = backup::restore(from, generation, &config.data)?;
    let data = config.data.display();
    print::line(&format!(
        "已由 {found} 重建 {data}。先运行 `wangge operator --operator 登录名` 重新生成本机令牌；启动后若因落后于上级\
         而停止签名，停机后运行 `wangge epoch open`。"
    ));
    print::line(&format!(
        "{data} was made of {found}; first run `wangge operator --operator LOGIN`, which writes this \
         machine's token anew; where the node, once started, does not sign because it is behind \
         what its parent has seen, stop it and run `wangge epoch open`"
    ));
    Ok(ExitCode::SUCCESS)
}

fn export_to(config: &Config, to: &Path) -> Result<ExitCode, Failure> {
    let Exported { bytes, live } = export::export(config, to)?;
    let to = to.display();
    print::line(&format!("已导出 {bytes} 字节到 {to}（不含密钥）；核验：wangge verify {to}"));
    print::line(&format!(
        "exported {bytes} bytes to {to}, without keys; to verify: wangge verify {to}"
    ));
    if live {
        print::line_to_stderr(
            "导出时节点正在运行：若核验指出末尾一批不完整，再导出一次即可。 the node was running: \
             where verification finds the last batch cut off, export once more",
        );
    }
    Ok(ExitCode::SUCCESS)
}
