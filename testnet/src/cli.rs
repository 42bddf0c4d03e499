//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

use crate::demo::{self, Options, Played};
use crate::voice::Voice;
use crate::{bring, catch_up, load, plan, processes, voice};

/// 在一台机器上运行一个县的全部节点。 / A whole county's nodes on one machine.
#[derive(Parser)]
#[command(name = "testnet", version, args_conflicts_with_subcommands = true)]
struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    demo: Demo,
}

#[derive(Subcommand)]
enum Command {
    /// 作为一个节点运行，等同 wangge / runs as one node, the same as `wangge`
    Node {
        /// 节点的参数 / what the node is given
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGS")]
        args: Vec<OsString>,
    },
    /// 测建案速度，与磁盘和 PostgreSQL 相比 / how fast cases are created, beside disk and PostgreSQL
    Load(Load),
    /// 测批量导入的速度，与再导一次有无重复 / how fast files of reports are taken in, and that twice
    /// gives no doubles
    Import(Import),
    /// 测离线街道补齐的速度 / how fast a street that was away catches up
    CatchUp(CatchUp),
}

#[derive(clap::Args)]
struct Load {
    /// 建案件数 / cases to create
    #[arg(long, default_value_t = 20_000, value_name = "N",
        value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    cases: u64,
    /// 同时的连接数 / connections at a time
    #[arg(long, default_value_t = 64, value_name = "N",
        value_parser = clap::value_parser!(u16).range(1..=1_000))]
    connections: u16,
    /// 不与 PostgreSQL 比较 / leaves PostgreSQL out
    #[arg(long)]
    no_postgres: bool,
    /// 在哪个目录里测，测完即删 / the folder in which it is measured; nothing stays in it
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

#[derive(clap::Args)]
struct Import {
    /// 来信 / letters, with the columns of config/imports/taidi2020.toml [default: those in ../shared]
    #[arg(long, value_name = "FILE.csv")]
    letters: Option<PathBuf>,
    /// 工单 / requests, with the columns of config/imports/sf311.toml [default: those in ../shared]
    #[arg(long, value_name = "FILE.csv")]
    requests: Option<PathBuf>,
    /// 改用编造的文件，各若干行 / makes up files of so many rows instead
    #[arg(long, value_name = "N", conflicts_with_all = ["letters", "requests"],
        value_parser = clap::value_parser!(u32).range(1..=50_000))]
    rows: Option<u32>,
    /// 在哪个目录里测，测完即删 / the folder in which it is measured; nothing stays in it
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

#[derive(clap::Args)]
struct CatchUp {
    /// 等待补齐的记录数 / records that wait
    #[arg(long, default_value_t = 100_000, value_name = "N",
        value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    records: u64,
    /// 在哪个目录里测，测完即删 / the folder in which it is measured; nothing stays in it
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

#[derive(clap::Args)]
struct Demo {
    /// 报告之后即退出：数字全对为 0，否则为 1 / ends after the report: 0 when every figure is right
    #[arg(long)]
    exit: bool,
    /// 节点数；多出来的是社区 / nodes; more of them are communities
    #[arg(long, default_value_t = plan::FEWEST, value_name = "N")]
    nodes: usize,
    /// 随机种子 / seed of chance
    #[arg(long, default_value_t = 1, value_name = "S")]
    seed: u64,
    /// 上报件数 / reports [default: 600, or every message of the file]
    #[arg(long, value_name = "N")]
    reports: Option<usize>,
    /// 各节点按谁的规则工作 / whose policy the nodes go by: she-county (default), mingguang-road, weinan,
    /// xiapu, shanyang, beijing-jiesujiban
    #[arg(long, value_name = "NAME")]
    policy: Option<String>,
    /// 上报文字取自 CSV 的“留言主题”“留言详情”两栏 / takes the reports' texts from these columns
    #[arg(long, value_name = "FILE.csv")]
    messages: Option<PathBuf>,
    /// 清空演示目录，从头开始 / empties the demo's folder and starts over
    #[arg(long)]
    reset: bool,
    /// 演示目录 / the demo's folder
    #[arg(long, default_value = "target/wangge-demo", value_name = "DIR")]
    dir: PathBuf,
    /// 节点日志的级别 / least weight that the nodes log: error, warn, info, debug, trace
    #[arg(long, default_value = "info", value_name = "LEVEL")]
    log_level: String,
    /// 从这个端口起寻找空闲端口 / the first port that is tried
    #[arg(long, default_value_t = demo::USUAL_PORT, value_name = "PORT")]
    port: u16,
}

/// Runs the command line and gives the exit code: 0 when everything is right, 1 when a figure is
/// wrong or the demo failed, 2 when the command line was not understood.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args = match Args::try_parse_from(args) {
        Ok(args) => args,
        Err(error) => return misunderstood(&error),
    };
    match args.command {
        Some(Command::Node { args }) => {
            processes::hold_leash();
            processes::keep_time();
            node::cli::run(std::iter::once("wangge".into()).chain(args))
        }
        Some(Command::Load(load)) => in_runtime(measure_load(load)),
        Some(Command::Import(import)) => in_runtime(measure_import(import)),
        Some(Command::CatchUp(catch_up)) => in_runtime(measure_catch_up(catch_up)),
        None => in_runtime(play(args.demo)),
    }
}

/// Help and version are asked for; everything else is a mistake.
fn misunderstood(error: &clap::Error) -> ExitCode {
    // When nobody reads it, nothing is lost.
    let _ = error.print();
    if error.use_stderr() {
        voice::error("命令行有误，用法见 `testnet --help`。");
        return ExitCode::from(2);
    }
    ExitCode::SUCCESS
}

fn in_runtime(work: impl Future<Output = ExitCode>) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    match runtime {
        Ok(runtime) => runtime.block_on(work),
        Err(error) => failed(&error),
    }
}

async fn measure_load(load: Load) -> ExitCode {
    let Load { cases, connections, no_postgres, dir } = load;
    let options = load::Options {
        cases,
        connections: connections.into(),
        postgres: !no_postgres,
        within: dir,
        program: None,
    };
    let voice = Voice::new(false);
    match load::run(&options, &voice, interrupted()).await {
        Ok(figures) => tell(&voice, &figures.text(), figures.is_whole()),
        Err(error) => failed(&error),
    }
}

async fn measure_catch_up(catch_up: CatchUp) -> ExitCode {
    let CatchUp { records, dir } = catch_up;
    let options = catch_up::Options { records, within: dir, program: None };
    let voice = Voice::new(false);
    match catch_up::run(&options, &voice, interrupted()).await {
        Ok(figures) => tell(&voice, &figures.text(), figures.is_whole()),
        Err(error) => failed(&error),
    }
}

async fn measure_import(import: Import) -> ExitCode {
    let Import { letters, requests, rows, dir } = import;
    let rows = rows.and_then(|rows| usize::try_from(rows).ok());
    let options = bring::Options { letters, requests, rows, within: dir, program: None };
    let voice = Voice::new(false);
    match bring::run(&options, &voice, interrupted()).await {
        Ok(figures) => tell(&voice, &figures.text(), figures.is_whole()),
        Err(error) => failed(&error),
    }
}

/// Prints what was measured; what was lost makes it a failure.
fn tell(voice: &Voice, text: &str, whole: bool) -> ExitCode {
    voice.text(text);
    if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn play(demo: Demo) -> ExitCode {
    let options = Options {
        reset: demo.reset,
        nodes: demo.nodes,
        seed: demo.seed,
        reports: demo.reports,
        policy: demo.policy,
        messages: demo.messages,
        port: demo.port,
        log_level: demo.log_level,
        ..Options::new(demo.dir)
    };
    match demo::play(options, !demo.exit, interrupted()).await {
        Ok(played) => stay(played, demo.exit).await,
        Err(error) => failed(&error),
    }
}

/// Waits for Ctrl-C or SIGTERM; for ever where the system does not tell.
async fn interrupted() {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        heard = tokio::signal::ctrl_c() => if heard.is_err() { std::future::pending().await },
        _ = terminate.recv() => {}
    }
    voice::error("正在停止… stopping");
}

async fn stay(played: Played, exit: bool) -> ExitCode {
    played.tell(!exit);
    let right = played.report().is_right();
    if !exit {
        interrupted().await;
    }
    match played.stop().await {
        Ok(()) if right => ExitCode::SUCCESS,
        Ok(()) => ExitCode::FAILURE,
        Err(error) => failed(&error),
    }
}

fn failed(error: &dyn std::error::Error) -> ExitCode {
    voice::error(&format!("错误 error: {error}"));
    let mut cause = error.source();
    while let Some(error) = cause {
        voice::error(&format!("  因为 because: {error}"));
        cause = error.source();
    }
    ExitCode::FAILURE
}
