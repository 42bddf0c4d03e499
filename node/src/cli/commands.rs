//! Carrying out a command line.

use std::io::{Read as _, Write as _};
use std::process::ExitCode;

use clap::CommandFactory as _;
use engine::invitation::Token;
use zeroize::Zeroizing;

use super::args::{Args, Command, ConfigCommand, Init, Invite, Join, OperatorArgs};
use super::failure::Failure;
use super::{peers, print, verify};
use crate::config::{self, Config, Layer, Loaded};
use crate::folder::Folder;
use crate::found::{self, Founding};
use crate::identity::Identity;
use crate::node::{Node, Running, now};
use crate::offline::Offline;
use crate::operator::{self, Installed, Operator};
use crate::shutdown::Signals;
use crate::{export, file, invite, join, log};

/// Longest password or token that is read, in bytes.
const MAX_INPUT: u64 = 16 * 1024;

pub(super) fn carry_out(args: Args) -> Result<ExitCode, Failure> {
    if let Command::Completions { shell } = args.command {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Args::command(), "wangge", &mut script);
        // A reader that has gone away is no failure.
        let _ = std::io::stdout().lock().write_all(&script);
        return Ok(ExitCode::SUCCESS);
    }
    if let Command::Verify { folder, json } = &args.command {
        return verify::verify(folder, *json);
    }
    let loaded = load(&args)?;
    log::start(&loaded.config.log);
    match args.command {
        Command::Config { what: ConfigCommand::Check } => check(&loaded),
        Command::Config { what: ConfigCommand::Explain } => explain(&loaded),
        Command::Init(init) => self::init(&loaded.config, init),
        Command::Invite(invite) => wait(self::invite(&loaded.config, invite)),
        Command::Join(join) => wait(self::join(&loaded.config, join)),
        Command::Serve(_) => wait(serve(loaded.config)),
        Command::Peers { json } => wait(peers::peers(&loaded.config, json)),
        Command::Export { to } => self::export(&loaded.config, &to),
        Command::Verify { .. } | Command::Completions { .. } => Ok(ExitCode::SUCCESS),
    }
}

fn load(args: &Args) -> Result<Loaded, Failure> {
    let environment = std::env::vars_os().filter_map(|(name, value)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    });
    let environment = Layer::environment(environment);
    let layers = config::locate(args.settings.config.as_deref(), environment, args.layer())?;
    Ok(config::load(layers)?)
}

/// Runs a command that waits for others.
fn wait(task: impl Future<Output = Result<ExitCode, Failure>>) -> Result<ExitCode, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime
        .map_err(|error| Failure::new("系统拒绝了线程：请检查资源限制", error))?;
    let outcome = runtime.block_on(task);
    // Whatever still runs, such as a password being hashed for nobody, is not waited for.
    runtime.shutdown_background();
    outcome
}

fn check(loaded: &Loaded) -> Result<ExitCode, Failure> {
    let config = &loaded.config;
    let policy = config.policy.load().map_err(crate::node::StartError::from)?;
    let calendar = config.calendar.load().map_err(crate::node::StartError::from)?;
    for layer in &loaded.layers {
        if let Some(path) = layer.path() {
            print::line(&format!("配置 configuration: {}", path.display()));
        }
    }
    print::line(&format!("规则 policy: {} ({})", policy.reference(), policy.name));
    let years: Vec<String> = calendar.years().map(|year| year.to_string()).collect();
    print::line(&format!("日历 calendar: {}", years.join(" ")));
    print::line(&format!("数据 data: {}", config.data.display()));
    print::line("配置可用。 The configuration can be used.");
    Ok(ExitCode::SUCCESS)
}

fn explain(loaded: &Loaded) -> Result<ExitCode, Failure> {
    print::line(config::explain(loaded).trim_end());
    Ok(ExitCode::SUCCESS)
}

/// What `init` writes for the operator to edit.
const STARTING_CONFIG: &str = include_str!("starting.toml");

fn init(config: &Config, init: Init) -> Result<ExitCode, Failure> {
    let folder = Folder::new(&config.data);
    let founding = founding(&init);
    let policy = config.policy.load().map_err(crate::node::StartError::from)?;
    let Some(founding) = founding else {
        let key = found::prepare(&folder)?;
        leave_config(&folder)?;
        let node = record::NodeId::from_genesis(&key.public());
        print::line(&format!("数据目录 data folder: {}", folder.path().display()));
        print::line(&format!("节点短号 short id: {}", node.short()));
        print::line("下一步：向上级索取邀请码，然后 `wangge join 邀请码`。");
        print::line("next: ask your parent for an invitation, then `wangge join TOKEN`");
        return Ok(ExitCode::SUCCESS);
    };
    if !policy.levels.iter().any(|level| level.key == founding.level) {
        let known: Vec<&str> = policy.levels.iter().map(|level| level.key.as_str()).collect();
        let error = format!(
            "--level {:?} is not a level of the policy {}; write one of {}",
            founding.level,
            policy.reference(),
            known.join(", ")
        );
        return Err(Failure::new("--level 不是规则中的层级：请更正", error));
    }
    let (operator, made) = operator(&init.operator)?;
    if let Some(operator) = &operator {
        operator.check(&policy)?;
    }
    let identity = found::found(&folder, &founding, now())?;
    leave_config(&folder)?;
    introduce(&folder, &identity);
    let root = folder.root_key();
    print::line(&format!("根密钥 root key: {}", root.display()));
    print::line("  请移到可移动介质离线保管；日常运行不需要它，它能签发任何节点的证书。");
    print::line(
        "  move it to removable media: running needs it never, and whoever has it can certify \
         any node",
    );
    let mut offline = Offline::open(config)?;
    settle_operator(operator, made, &mut offline, &folder)?;
    print::line("下一步 next: wangge serve");
    Ok(ExitCode::SUCCESS)
}

fn founding(init: &Init) -> Option<Founding> {
    let (name, level, area) = (init.name.clone()?, init.level.clone()?, init.area.clone()?);
    init.found.then_some(Founding { name, level, area, days: init.days })
}

/// A configuration to begin with, unless there is one.
fn leave_config(folder: &Folder) -> Result<(), Failure> {
    let path = folder.config();
    if !path.exists() {
        file::write_bytes(&path, STARTING_CONFIG.as_bytes())?;
    }
    Ok(())
}

fn introduce(folder: &Folder, identity: &Identity) {
    let certificate = identity.standing.certificate();
    print::line(&format!("数据目录 data folder: {}", folder.path().display()));
    print::line(&format!(
        "节点 node: {} ({}, {})  短号 short id: {}",
        certificate.name,
        certificate.level,
        certificate.area,
        identity.standing.node().short()
    ));
    print::line(&format!("联盟短号 federation: {}", identity.federation().short()));
}

/// The operator to be, if one is named, and whether the password was made here.
fn operator(args: &OperatorArgs) -> Result<(Option<Operator>, bool), Failure> {
    let Some(login) = args.operator.clone() else { return Ok((None, false)) };
    let (password, made) = match &args.password_file {
        Some(path) => (password(path)?, false),
        None => {
            let made = operator::generate_password()
                .map_err(|error| Failure::new("系统不提供随机数", error))?;
            (made, true)
        }
    };
    let name = args.operator_name.clone().unwrap_or_else(|| login.clone());
    Ok((Some(Operator { login, name, role: args.role.clone(), password }), made))
}

fn password(path: &std::path::Path) -> Result<Zeroizing<String>, Failure> {
    let mut text = Zeroizing::new(String::new());
    let read = if path.as_os_str() == "-" {
        std::io::stdin().lock().take(MAX_INPUT).read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(MAX_INPUT).read_to_string(&mut text))
    };
    read.map_err(|error| {
        Failure::new("读不到口令文件：请检查 --password-file", PasswordFile(path.into(), error))
    })?;
    Ok(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}

/// A password file that can't be read.
#[derive(Debug, thiserror::Error)]
#[error("can't read the password from {0}: correct --password-file")]
struct PasswordFile(std::path::PathBuf, #[source] std::io::Error);

fn settle_operator(
    operator: Option<Operator>,
    made: bool,
    offline: &mut Offline,
    folder: &Folder,
) -> Result<(), Failure> {
    let Some(operator) = operator else {
        print::line("没有建立管理员账号（未给 --operator）。 no operator account was made");
        return Ok(());
    };
    match operator.install(offline, folder)? {
        Installed::New => {
            print::line(&format!("管理员 operator: {}", operator.login));
            if made {
                print::line(&format!("口令 password: {}", *operator.password));
                print::line("  只显示这一次，请立即记下。 shown only this once: write it down");
            }
        }
        Installed::Known => {
            print::line(&format!(
                "管理员 {} 已存在，口令未改。 the operator exists, the password is as it was",
                operator.login
            ));
        }
    }
    Ok(())
}

async fn invite(config: &Config, invite: Invite) -> Result<ExitCode, Failure> {
    let invited = invite::invite(config, &invite.offer()).await?;
    print::line(&invited.token);
    print::line_to_stderr(&format!(
        "邀请码只能用一次，{} 前有效；请当面或经可靠渠道交给对方。",
        invited.expires
    ));
    print::line_to_stderr(&format!(
        "the token works once, until {}; hand it over in person or over a channel you trust",
        invited.expires
    ));
    Ok(ExitCode::SUCCESS)
}

async fn join(config: &Config, join: Join) -> Result<ExitCode, Failure> {
    let text = if join.token == "-" {
        password(std::path::Path::new("-"))?
    } else {
        Zeroizing::new(join.token)
    };
    let token = Token::decode(&text)
        .map_err(|error| Failure::new("邀请码不完整或有误：请完整复制", error))?;
    let (operator, made) = operator(&join.operator)?;
    if let Some(operator) = &operator {
        let policy = config.policy.load().map_err(crate::node::StartError::from)?;
        operator.check(&policy)?;
    }
    let identity = join::enrol(config, &token).await?;
    let folder = Folder::new(&config.data);
    leave_config(&folder)?;
    introduce(&folder, &identity);
    let (config, settled) = (config.clone(), folder);
    let installed = tokio::task::spawn_blocking(move || {
        let mut offline = Offline::open(&config)?;
        settle_operator(operator, made, &mut offline, &settled)
    });
    installed.await.map_err(|error| Failure::new("程序内部错误", error))??;
    print::line("下一步 next: wangge serve");
    Ok(ExitCode::SUCCESS)
}

async fn serve(config: Config) -> Result<ExitCode, Failure> {
    let mut signals = Signals::listen()
        .map_err(|error| Failure::new("系统不允许监听信号", error))?;
    let running = tokio::select! {
        started = Node::start(config) => started?,
        () = signals.next() => return Ok(ExitCode::SUCCESS),
    };
    announce(&running);
    let broken = tokio::select! {
        () = signals.next() => false,
        () = running.broken() => true,
    };
    tracing::info!(broken, "stopping");
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

fn export(config: &Config, to: &std::path::Path) -> Result<ExitCode, Failure> {
    let bytes = export::export(config, to)?;
    print::line(&format!(
        "已导出 {bytes} 字节到 {to}（不含密钥）；核验：wangge verify {to}",
        to = to.display()
    ));
    print::line(&format!(
        "exported {bytes} bytes to {to}, without keys; to verify: wangge verify {to}",
        to = to.display()
    ));
    Ok(ExitCode::SUCCESS)
}
