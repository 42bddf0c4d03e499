//! The words of the command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use governance::area::AreaCode;

use super::audit;
use super::import::{ExportOrders, Import};
use super::{epoch, prove, trust};
use crate::config::Layer;
use crate::invite::Offer;

/// 网格：基层网格治理的一个节点。 / A node of federated grid governance.
#[derive(Parser)]
#[command(name = "wangge", version, arg_required_else_help = true)]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) settings: Settings,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// What overrides the configuration, for every command.
#[derive(ClapArgs)]
pub(super) struct Settings {
    /// 配置文件 / configuration file [default: ./wangge.toml, else DATA/wangge.toml]
    #[arg(long, global = true, value_name = "FILE", env = "WANGGE_CONFIG")]
    pub(super) config: Option<PathBuf>,
    /// 数据目录 / data folder
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<String>,
    /// 覆盖任一配置项 / overrides any key, such as http.listen=127.0.0.1:0
    #[arg(long = "set", global = true, value_name = "KEY=VALUE", value_parser = pair)]
    set: Vec<(String, String)>,
    /// 日志格式 / form of the log
    #[arg(long, global = true, value_name = "FORMAT", value_enum)]
    log_format: Option<LogFormat>,
    /// 日志级别 / least weight that is logged: error, warn, info, debug, trace
    #[arg(long, global = true, value_name = "LEVEL")]
    log_level: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum LogFormat {
    Human,
    Json,
}

/// What is to be done.
#[derive(Subcommand)]
pub(super) enum Command {
    /// 新建数据目录与密钥；--found 创建联盟 / makes a data folder and keys; --found a federation
    Init(Init),
    /// 为下级或成员单位生成一次性邀请码 / makes a one-time invitation for a child or member unit
    Invite(Invite),
    /// 批准凭邀请码来的节点加入 / lets in a node that came with an invitation
    Approve(Approve),
    /// 凭邀请码加入联盟 / joins a federation with an invitation
    Join(Join),
    /// 凭邀请码改隶另一上级，或换用新的代码、名称（节点可在运行）/ moves to another parent with an
    /// invitation, or takes another code or name from the same one; the node may be running
    Move {
        /// 邀请码 / the invitation; - reads it from standard input
        #[arg(value_name = "TOKEN")]
        token: String,
    },
    /// 运行节点 / runs the node
    Serve(Serve),
    /// 列出相邻节点的状态 / lists the neighbours and how they are
    Peers {
        /// 输出 JSON / as JSON
        #[arg(long)]
        json: bool,
    },
    /// 吊销本节点签发的证书 / revokes a certificate that this node issued
    Revoke(trust::Revoke),
    /// 查看或导入吊销名单 / shows or takes in revocation lists
    Revocations {
        #[command(subcommand)]
        what: trust::Revocations,
    },
    /// 用离线根密钥签发名单 / signs lists with the offline root key
    Root {
        #[command(subcommand)]
        what: trust::Root,
    },
    /// 导入换发的证书 / takes in renewed certificates
    Certificates {
        #[command(subcommand)]
        what: trust::Certificates,
    },
    /// 数据丢失后以新纪元继续，或接受下级的新纪元 / goes on in a new epoch after a loss
    Epoch {
        #[command(subcommand)]
        what: epoch::Epoch,
    },
    /// 更换本节点的签名密钥（节点须已停止）/ changes the key with which the node signs; it must be stopped
    Rotate,
    /// 取出可交第三方核验的证据（节点须已停止）/ takes proof for third parties; the node must be stopped
    Prove(prove::Prove),
    /// 离线核验一份证据 / checks a proof, offline
    VerifyProof(prove::VerifyProof),
    /// 体检：证书、吊销名单、见证、待查记录 / how certificates, lists, witnesses and quarantine are
    Doctor {
        /// 输出 JSON / as JSON
        #[arg(long)]
        json: bool,
    },
    /// 在本机增设管理员（节点须已停止）/ a further operator, at the machine itself; it must be stopped
    Operator(OperatorArgs),
    /// 用口令保护密钥文件 / puts the key files under a passphrase
    Protect,
    /// 从文件导入：区划、人员、上报、工单 / imports a file: places, people, reports, work orders
    Import {
        #[command(subcommand)]
        what: Import,
    },
    /// 导出工单办理情况，回传热线 / writes how a hotline's orders stand, to be given back
    ExportOrders(ExportOrders),
    /// 导出账本供他人核验（不含密钥）/ exports the journal for others to verify, without keys
    Export {
        /// 新目录 / a folder to be made
        #[arg(value_name = "DIR")]
        to: PathBuf,
    },
    /// 备份到目录（含密钥，节点可在运行）；已清除的内容随下一次备份从各份备份中消失 / makes a backup, with
    /// keys, of a running or stopped node; what was erased goes from earlier ones with the next
    Backup {
        /// 备份目录，放在另一块磁盘 / a folder, on another disk
        #[arg(value_name = "DIR")]
        to: PathBuf,
        /// 保留最近几份 / how many of the newest are left
        #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=1_000))]
        keep: u16,
    },
    /// 由备份重建数据目录（--data 指定，须为空）/ makes a data folder of a backup: an empty one, --data
    Restore {
        /// 备份目录 / the folder of backups
        #[arg(value_name = "DIR")]
        from: PathBuf,
        /// 哪一份；缺省为最新 / which one [default: the newest]
        #[arg(long, value_name = "NAME")]
        generation: Option<String>,
    },
    /// 离线核验数据目录或导出目录 / verifies a data folder or an export, offline
    Verify {
        /// 目录 / the folder
        #[arg(value_name = "DIR")]
        folder: PathBuf,
        /// 输出 JSON / as JSON
        #[arg(long)]
        json: bool,
    },
    /// 从签名记录离线复算统计数字，并与报告核对 / recounts every number from the signed records, offline
    Audit(audit::Args),
    /// 检查或解释配置 / checks or explains the configuration
    Config {
        #[command(subcommand)]
        what: ConfigCommand,
    },
    /// 检查、发布、启用规则，或画出流程图 / checks, draws, publishes and puts in force policies
    Policy {
        #[command(subcommand)]
        what: PolicyCommand,
    },
    /// 生成命令补全脚本 / prints a completion script
    Completions {
        /// 外壳 / the shell
        #[arg(value_enum)]
        shell: Shell,
    },
}

#[derive(Clone, Copy, Subcommand)]
pub(super) enum ConfigCommand {
    /// 检查配置、规则与日历 / checks configuration, policy and calendar
    Check,
    /// 列出生效的每一项及其来源 / lists every key in force and where it comes from
    Explain,
}

#[derive(Clone, Subcommand)]
pub(super) enum PolicyCommand {
    /// 检查规则：指出每一处问题 / names every problem of a policy
    Check {
        /// 规则文件；不写则为生效的规则 / the policy; the one in force where absent
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// 画出流程图（Mermaid）/ prints a Mermaid state diagram
    Graph {
        /// 规则文件；不写则为生效的规则 / the policy; the one in force where absent
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// 打印规则文件的格式说明 / prints what a policy may hold
    Schema,
    /// 列出规则版本：本节点的，和上级发布的 / lists the versions kept here, and those published above
    List {
        /// 输出 JSON / as JSON
        #[arg(long)]
        json: bool,
    },
    /// 发布给下级 / publishes a policy to the nodes below
    Publish {
        /// 规则文件 / the policy
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// 只保存全文，供按它办理的旧事件使用 / keeps a text for the cases that run under it
    Keep {
        /// 规则文件 / the policy
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// 启用一个版本；在办事件仍按原版本 / puts a version in force for what begins from now on
    Adopt {
        /// 版本 / the version, such as she-county/3
        #[arg(value_name = "KEY/VERSION")]
        reference: String,
    },
}

#[derive(ClapArgs)]
pub(super) struct Init {
    /// 创建联盟并生成离线根密钥 / founds a federation, with its offline root key
    #[arg(long, requires_all = ["name", "level", "area", "operator"])]
    pub(super) found: bool,
    /// 节点名称 / the node's name, such as 歙县
    #[arg(long, requires = "found")]
    pub(super) name: Option<String>,
    /// 层级 / key of a level of the policy, such as county
    #[arg(long, requires = "found")]
    pub(super) level: Option<String>,
    /// 行政区划代码前缀 / area code, such as 341021
    #[arg(long, requires = "found")]
    pub(super) area: Option<AreaCode>,
    /// 证书有效天数 / days for which the node's certificate holds
    #[arg(long, default_value_t = 1826, value_parser = clap::value_parser!(u32).range(1..=7305))]
    pub(super) days: u32,
    #[command(flatten)]
    pub(super) operator: OperatorArgs,
}

#[derive(ClapArgs)]
pub(super) struct Join {
    /// 邀请码 / the invitation; - reads it from standard input
    #[arg(value_name = "TOKEN")]
    pub(super) token: String,
    #[command(flatten)]
    pub(super) operator: OperatorArgs,
}

/// The first operator's account.
#[derive(ClapArgs)]
pub(super) struct OperatorArgs {
    /// 首个管理员的登录名 / login name of the first operator
    #[arg(long, value_name = "LOGIN")]
    pub(super) operator: Option<String>,
    /// 管理员姓名 / the operator's name on the roster [default: the login name]
    #[arg(long, value_name = "NAME", requires = "operator")]
    pub(super) operator_name: Option<String>,
    /// 管理员角色 / the operator's role in the policy
    #[arg(long, default_value = "operator")]
    pub(super) role: String,
    /// 口令文件；- 表示标准输入；缺省则自动生成并只显示一次 / file with the password; - reads
    /// standard input; where absent one is made and shown once
    #[arg(long, value_name = "FILE", requires = "operator")]
    pub(super) password_file: Option<PathBuf>,
}

#[derive(ClapArgs)]
pub(super) struct Invite {
    /// 新节点名称 / name of the node to be
    #[arg(long)]
    name: String,
    /// 层级 / key of its level
    #[arg(long)]
    level: String,
    /// 区划代码，须在本级之内 / its area code, within this node's
    #[arg(long)]
    area: AreaCode,
    /// 成员单位（大工委）/ a member unit, without grids of its own
    #[arg(long)]
    member: bool,
    /// 邀请码有效天数 / days for which the invitation may be used
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=30))]
    days: u32,
    /// 不经批准直接加入（无人值守的安装用）/ lets the node in without an officer's approval, for unattended
    /// set-ups
    #[arg(long)]
    no_approval: bool,
}

#[derive(ClapArgs)]
pub(super) struct Approve {
    /// 来者报来的短号；缺省则列出等待批准的节点 / the short id that the newcomer's operator reads out;
    /// without one, lists who waits
    #[arg(value_name = "NODE")]
    pub(super) node: Option<String>,
}

#[derive(ClapArgs)]
pub(super) struct Serve {
    /// 接口监听地址 / address of the API, such as 127.0.0.1:8480
    #[arg(long, value_name = "ADDRESS")]
    http: Option<SocketAddr>,
    /// 节点间监听地址（可重复）/ address for other nodes, multiaddr; repeatable
    #[arg(long, value_name = "MULTIADDR")]
    listen: Vec<String>,
    /// 端口被占用时改用下一个空闲端口 / takes the next free port where one is taken
    #[arg(long)]
    next_free: bool,
}

impl Invite {
    pub(super) fn offer(self) -> Offer {
        let Self { name, level, area, member, days, no_approval } = self;
        Offer { name, level, area, member, days, approval: !no_approval }
    }
}

impl Args {
    /// The flags that are configuration, as a layer.
    pub(super) fn layer(&self) -> Layer {
        let mut flags: Vec<(String, String, String)> = Vec::new();
        let mut put = |key: &str, value: String, flag: &str| {
            flags.push((key.to_owned(), value, flag.to_owned()));
        };
        for (key, value) in &self.settings.set {
            put(key, value.clone(), &format!("--set {key}"));
        }
        if let Some(data) = &self.settings.data {
            put("data", data.clone(), "--data");
        }
        if let Some(format) = self.settings.log_format {
            let word = match format {
                LogFormat::Human => "human",
                LogFormat::Json => "json",
            };
            put("log.format", word.to_owned(), "--log-format");
        }
        if let Some(level) = &self.settings.log_level {
            put("log.level", level.clone(), "--log-level");
        }
        if let Command::Serve(serve) = &self.command {
            if let Some(http) = serve.http {
                put("http.listen", http.to_string(), "--http");
            }
            if !serve.listen.is_empty() {
                put("network.listen", format!("{:?}", serve.listen), "--listen");
            }
            if serve.next_free {
                put("ports.next_free", "true".to_owned(), "--next-free");
            }
        }
        Layer::flags(flags)
    }
}

pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    let wrong = || "write KEY=VALUE, such as log.level=debug / 请写成 键=值".to_owned();
    let (key, value) = text.split_once('=').ok_or_else(wrong)?;
    if key.is_empty() { Err(wrong()) } else { Ok((key.to_owned(), value.to_owned())) }
}
