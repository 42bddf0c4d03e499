//! A failure in two languages.

mod data;

pub(super) use data::key;

use std::error::Error;
use std::fmt::Write as _;

use crate::audit::AuditError;
use crate::backup::BackupError;
use crate::config::ConfigError;
use crate::export::ExportError;
use crate::file::FileError;
use crate::found::FoundError;
use crate::import::ParcelError;
use crate::invite::InviteError;
use crate::join::JoinError;
use crate::local::LocalError;
use crate::node::StartError;
use crate::operator::OperatorError;
use crate::prove::ProofError;
use crate::publish::PublishError;
use crate::revoke::RevokeError;
use crate::root::RootError;
use crate::verify::VerifyError;

/// Why a command was not carried out: a sentence in Chinese that says what to do, and the error
/// with all that caused it.
pub struct Failure {
    zh: String,
    error: Box<dyn Error + Send + Sync>,
    code: u8,
}

impl Failure {
    pub(super) fn new(
        zh: impl Into<String>,
        error: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self { zh: zh.into(), error: error.into(), code: 1 }
    }

    /// The sentence in Chinese.
    #[must_use]
    pub fn zh(&self) -> &str {
        &self.zh
    }

    /// The error and its causes, in English.
    #[must_use]
    pub fn en(&self) -> String {
        let mut text = self.error.to_string();
        let mut cause = self.error.source();
        while let Some(error) = cause {
            // A cause that the text above it quotes already says nothing new.
            let words = error.to_string();
            // One of several lines says what the causes behind it say again, one by one.
            let digest = words.contains('\n') && error.source().is_some();
            if !digest && !text.contains(&words) {
                // Writing to a string does not fail.
                let _ = write!(text, ": {}", words.trim_end());
            }
            cause = error.source();
        }
        text
    }

    pub(super) fn code(&self) -> u8 {
        self.code
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let zh = match &error {
            ConfigError::Unreadable { path, .. } => {
                format!(
                    "读不到配置文件 {}：用 --config 指定，或先运行 `wangge init`",
                    path.display()
                )
            }
            ConfigError::TooLarge { path, .. } => {
                format!("{} 过大，不像配置文件：请检查 --config", path.display())
            }
            ConfigError::Syntax { path, .. } => {
                format!("{} 不是合法的 TOML：请按下面指出的行列修改", path.display())
            }
            ConfigError::UnknownKey { from, key, meant, .. } => match meant {
                Some(meant) => format!("{from} 中没有名为 {key} 的配置项：是不是要写 {meant}？"),
                None => format!("{from} 中没有名为 {key} 的配置项：请更正或删除"),
            },
            ConfigError::Value { from, key, value, example, .. } => match example {
                Some(example) => format!("{from} 中 {key} 的值 {value} 不可用：例如应写 {example}"),
                None => format!("{from} 中 {key} 的值 {value} 不可用：请按下面的说明修改"),
            },
        };
        Self { code: 2, ..Self::new(zh, error) }
    }
}

impl From<AuditError> for Failure {
    fn from(error: AuditError) -> Self {
        let zh: String = match &error {
            AuditError::Verify(_) => "目录无法核验：请检查路径，或先运行 `wangge verify`".into(),
            AuditError::Frame(_) => "记录无法复算：请使用最新版本的程序".into(),
            AuditError::OtherNode { .. } => "报告是另一个节点的：请换目录，或用 --node 指明".into(),
            AuditError::Unreadable { path, .. } => format!("读不到 {}：请检查路径", path.display()),
            AuditError::Content { path, .. } => {
                format!("{} 的内容不对：请用接口导出的 JSON 文件", path.display())
            }
            AuditError::Answer(_) => "答复不成立：签名、证书或所答问题不对".into(),
        };
        Self::new(zh, error)
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        let fixed = match &error {
            StartError::Policy(policy) => return Self::new(data::policy(policy), error),
            StartError::Identity(identity) => return Self::new(data::identity(identity), error),
            StartError::Key(key) => return Self::new(data::key(key, "签名密钥"), error),
            StartError::Store(store) => return Self::new(data::store(store), error),
            StartError::Port(port) => return Self::new(data::port(port), error),
            StartError::PolicyRewritten(_) => {
                "规则文件改了内容却没有改版本号：请把 version 加一，或放回原文（旧事件仍按原文办理）"
            }
            StartError::Calendar(_) => "节假日文件不可用：请检查 calendar.files",
            StartError::Seed(_) => "系统不提供随机数，无法安全签名",
            StartError::Replay { .. } => "账本无法重放：请先运行 `wangge verify` 查明损坏处",
            StartError::MetricsToken(_) => {
                "指标口令文件不可用：请检查 http.metrics_token_file（16 至 256 个可见 ASCII 字符）"
            }
            StartError::Tls(_) => {
                "网页证书不可用：请检查 http.certificate 与 http.key（PEM 文件，须是同一对）"
            }
            StartError::Sources(_) => "导入映射不可用：请检查数据目录下的 imports/*.toml",
            StartError::File(_) => "数据目录中的文件读写失败：请检查权限与磁盘空间",
            StartError::Network(_) => "节点间网络启动失败：请检查 [network] 一节",
            StartError::System(_) => "系统拒绝了线程或套接字：请检查资源限制",
            StartError::Parent(_) => "上级节点无法登记：请重新加入，或从备份恢复 identity.json",
        };
        Self::new(fixed, error)
    }
}

impl From<FoundError> for Failure {
    fn from(error: FoundError) -> Self {
        let zh = match &error {
            FoundError::Identity(identity) => return Self::new(data::identity(identity), error),
            FoundError::Key(key) => return Self::new(data::key(key, "密钥"), error),
            FoundError::File(_) => "数据目录写入失败：请检查权限与磁盘空间",
            FoundError::Seed(_) => "系统不提供随机数，无法生成密钥",
            FoundError::Taken { .. } => "该目录已属于一个联盟：请换一个 --data",
            FoundError::Certificate(_) => "证书不成立：请检查 --name、--level、--area",
        };
        Self::new(zh, error)
    }
}

impl From<JoinError> for Failure {
    fn from(error: JoinError) -> Self {
        let zh = match &error {
            JoinError::Identity(identity) => return Self::new(data::identity(identity), error),
            JoinError::Folder(FoundError::Key(key)) => {
                return Self::new(data::key(key, "签名密钥"), error);
            }
            JoinError::Folder(_) => "数据目录无法建立：请检查权限与磁盘空间",
            JoinError::Expired(_) => "邀请码已过期：请向上级索取新的",
            JoinError::Taken { .. } => "该目录已属于别的上级或联盟：请换一个 --data",
            JoinError::Network(_) => "节点间网络启动失败：请检查 [network] 一节",
            JoinError::Unreachable { .. } => {
                "连不上上级节点：确认它在运行、端口可达，且邀请码没有用过"
            }
            JoinError::Silent(_) => {
                "上级节点没有接待：邀请码多半已经用过或已撤回，请向上级索取新的；确定没有用过的，请重试"
            }
            JoinError::Refused => "上级拒绝：邀请码已用过、被撤回或已过期，请索取新的",
            JoinError::Elsewhere { .. } => "邀请码属于别的联盟：只能在本联盟内改隶",
            JoinError::Install(_) => "新证书没能在本节点生效：请按下面的原因处理后重试",
            JoinError::Root { .. } | JoinError::Other => {
                "返回的证书与邀请码不符：不要加入，并告知邀请人"
            }
        };
        Self::new(zh, error)
    }
}

impl From<OperatorError> for Failure {
    fn from(error: OperatorError) -> Self {
        let zh = match &error {
            OperatorError::Login(_) => "登录名只能用 a-z 0-9 . _ -，最长 64 个字符",
            OperatorError::Role { .. } => "该角色没有管理节点所需的权限：请用 --role 换一个",
            OperatorError::Password(_) => "口令不可用：至少 10 个字符",
            OperatorError::Refused(_) => "管理员账号未能建立",
            OperatorError::Store(_) => "账号无法读取：请重新启动，或运行 `wangge verify`",
            OperatorError::File(_) => "令牌文件写入失败：请检查权限与磁盘空间",
            OperatorError::Seed(_) => "系统不提供随机数",
        };
        Self::new(zh, error)
    }
}

impl From<InviteError> for Failure {
    fn from(error: InviteError) -> Self {
        match error {
            InviteError::Start(error) => error.into(),
            InviteError::Local(error) => error.into(),
            InviteError::File(error) => error.into(),
            InviteError::NoAddress => {
                Self::new("本节点还没有可供拨号的地址：先运行一次，或设置 network.external", error)
            }
            InviteError::Area { .. } => Self::new("--area 不在本节点辖区之内：请更正", error),
            InviteError::MayNotEnrol => Self::new("本节点的证书不允许邀请下级", error),
            InviteError::Level { .. } => Self::new("--level 不是规则中的层级：请更正", error),
            InviteError::Refused(_) => Self::new("邀请未能生成", error),
            InviteError::Seed(_) => Self::new("系统不提供随机数", error),
            InviteError::Answer => Self::new("节点的回应里没有邀请码：版本是否一致？", error),
        }
    }
}

impl From<RevokeError> for Failure {
    fn from(error: RevokeError) -> Self {
        match error {
            RevokeError::Told(PublishError::Refused(refused)) => {
                Self::new("没有吊销：请按下面的说明处理", refused)
            }
            RevokeError::Told(error) => error.into(),
            RevokeError::Unreadable(_) => {
                Self::new("这不是节点编号：请写短号（见 `wangge peers`）或完整编号", error)
            }
            RevokeError::Unknown(_) => Self::new("本节点不认识这个短号：请核对", error),
        }
    }
}

impl From<ProofError> for Failure {
    fn from(error: ProofError) -> Self {
        match error {
            ProofError::Start(error) => error.into(),
            ProofError::Verify(error) => error.into(),
            ProofError::File { ref path, .. } => {
                Self::new(format!("{} 不是可读的证明", path.display()), error)
            }
            ProofError::Nothing => Self::new("账本里没有这样的证据", error),
            ProofError::Hand { source } => Self::new(format!("证明不成立：{}", source.zh()), error),
            other @ (ProofError::NoCertificates(_)
            | ProofError::Version(_)
            | ProofError::Base64(_)
            | ProofError::Chain(_)
            | ProofError::Statement { .. }
            | ProofError::Fork(_)
            | ProofError::Empty(_)) => Self::new("证明不成立", other),
        }
    }
}

impl From<RootError> for Failure {
    fn from(error: RootError) -> Self {
        match error {
            RootError::Key(error) => Self::new(key(&error, "根密钥"), error),
            RootError::File(error) => error.into(),
            RootError::Unreadable { ref path, .. } => {
                Self::new(format!("读不到 {}：请检查路径", path.display()), error)
            }
            RootError::Previous { .. } => Self::new("上一份名单不是这把根密钥签发的", error),
            RootError::List(_) => Self::new("名单不成立", error),
            RootError::NotMine { .. } => Self::new("该节点不是根密钥签发的：请由其上级吊销", error),
            RootError::Endorsement(_) => {
                Self::new("换钥声明不是这张证书的密钥签的：请核对 --node 与 --endorsement", error)
            }
            RootError::Certificate(_) => Self::new("证书不成立", error),
        }
    }
}

impl From<PublishError> for Failure {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::Start(error) => error.into(),
            PublishError::Local(error) => error.into(),
            PublishError::Reference(_) => {
                Self::new("规则版本写法不对：应为 代号/版本号，如 she-county/3", error)
            }
            PublishError::Refused(_) => Self::new("规则没有保存或启用：请按下面的说明处理", error),
        }
    }
}

impl From<LocalError> for Failure {
    fn from(error: LocalError) -> Self {
        let zh = match &error {
            LocalError::NotRunning { .. } => "该数据目录上没有运行中的节点：先运行 `wangge serve`",
            LocalError::File(_) => "running.json 不可读：请检查权限",
            LocalError::Token { .. } => {
                "读不到管理员令牌：请用建立数据目录的用户运行；令牌不在了（如从备份恢复之后），停机后运行 `wangge operator --operator 登录名` 重新生成"
            }
            LocalError::Connection { .. } => "节点没有回应：它还在运行吗？请看日志",
            LocalError::Refused { title, .. } => {
                return Self::new(format!("节点拒绝了请求：{title}"), error);
            }
            LocalError::Answer(_) => "回应不是 JSON：该端口上是否是别的程序？",
        };
        Self::new(zh, error)
    }
}

impl From<ParcelError> for Failure {
    fn from(error: ParcelError) -> Self {
        let zh = match error {
            ParcelError::Local(LocalError::Token { .. }) => "读不到令牌文件：请检查 --token-file",
            ParcelError::Local(error) => return error.into(),
            ParcelError::Unreadable { .. } => "文件读不出来：请检查路径与权限",
            ParcelError::TooLarge { .. } => "文件过大：请分成几个",
            ParcelError::NoText { .. } => "映射文件应为 UTF-8 编码的 TOML",
            ParcelError::Unwritable { .. } => "文件写不了：它须是一个还不存在的文件",
        };
        Self::new(zh, error)
    }
}

impl From<VerifyError> for Failure {
    fn from(error: VerifyError) -> Self {
        let zh = match &error {
            VerifyError::Identity(identity) => return Self::new(data::identity(identity), error),
            VerifyError::NoFolder { .. } => "没有这个目录：请检查路径",
            VerifyError::Store(store::VerifyError::Busy { .. }) => {
                "节点正在运行：先停止它，或先 `wangge export` 再核验副本"
            }
            VerifyError::Store(store::VerifyError::NoJournal { .. }) => {
                "目录里没有账本：请指定数据目录或导出目录"
            }
            VerifyError::Store(store::VerifyError::Store(_)) => "目录读取失败：请检查权限与磁盘",
        };
        Self::new(zh, error)
    }
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        Self::new("文件读写失败：请检查权限与磁盘空间", error)
    }
}

impl From<BackupError> for Failure {
    fn from(error: BackupError) -> Self {
        match error {
            BackupError::Start(error) => error.into(),
            BackupError::Copy(error) => error.into(),
            BackupError::File(error) => error.into(),
            BackupError::Identity(_) => Self::new("读不到本节点的身份文件：先完成入网", error),
            BackupError::Other { .. } => Self::new("该目录是别的节点的备份：请换一个目录", error),
            BackupError::Within { .. } => {
                Self::new("备份不能放在数据目录之内：请放到另一块磁盘", error)
            }
            BackupError::Nothing { .. } => Self::new("没有这份备份：请核对目录与名称", error),
            BackupError::Exists { .. } => Self::new("目标数据目录不是空的：请换一个", error),
        }
    }
}

impl From<ExportError> for Failure {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Start(error) => error.into(),
            ExportError::Exists { .. } => Self::new("目标已存在：请换一个新目录", error),
            ExportError::Copy { .. } => Self::new("复制失败：请检查权限与磁盘空间", error),
        }
    }
}
