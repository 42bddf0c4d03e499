//! What is wrong with a data folder, in Chinese: which file, and what to do.

use std::io::ErrorKind;

use store::OpenError;
use store::keyfile::KeyFileError;

use crate::identity::IdentityError;
use crate::policy::PolicyFileError;
use crate::ports::PortError;

pub(super) fn store(error: &OpenError) -> String {
    match error {
        OpenError::Busy { folder } => {
            format!("数据目录 {folder} 正被另一个进程使用：先停止它，或换一个 --data")
        }
        OpenError::Rewound { folder, end, reached } => format!(
            "{folder} 的账本只到 {end}，而它曾写到 {reached}：账本被截短，或是从旧备份恢复的。\
             请放回最新的账本；若已丢失，用 `wangge epoch open` 以新纪元继续；什么都没有改动"
        ),
        OpenError::Foreign { path } => format!("{path} 不属于这个账本：请放回原来的文件"),
        OpenError::OtherKey { path, key } => {
            format!("{path} 是用另一把存储密钥写的：请把当时的密钥放回 {key}")
        }
        OpenError::KeyMissing { key } => {
            format!("存储密钥 {key} 不见了，没有它账本无法解读：请从备份放回；什么都没有改动")
        }
        OpenError::Key(error) => key(error, "存储密钥"),
        OpenError::Version { path, .. } => format!("{path} 由更新的程序写成：请升级程序"),
        OpenError::Store(_) => "数据目录读写失败：请检查权限与磁盘空间；什么都没有改动".to_owned(),
    }
}

/// `what` is what the key is for.
pub(in crate::cli) fn key(error: &KeyFileError, what: &str) -> String {
    match error {
        KeyFileError::Io { path, source, .. } if source.kind() == ErrorKind::NotFound => {
            format!("{what} {path} 不见了：请从备份放回")
        }
        KeyFileError::Io { path, .. } => format!("{what} {path} 读写失败：请检查权限与磁盘空间"),
        KeyFileError::Exists { path } => {
            format!("{what} {path} 已经存在，不会覆盖：若不要它，请先移走")
        }
        KeyFileError::Exposed { path, mode } => format!(
            "{what} {path} 的权限是 {mode:o}，别人可能读过：请执行 chmod 600 {path}；\
             若可能已经泄露，请换用新的密钥"
        ),
        KeyFileError::Locked { path, .. } => format!(
            "{what} {path} 有口令保护而没有口令：请由 systemd 提供\
             （LoadCredential=wangge.passphrase:文件），或设 CREDENTIALS_DIRECTORY"
        ),
        KeyFileError::WrongPassphrase { path } => {
            format!("口令不是 {what} {path} 的，或者那是另一把密钥的文件")
        }
        KeyFileError::Content { path, .. } => format!("{what} {path} 不可用：请从备份恢复"),
    }
}

pub(super) fn identity(error: &IdentityError) -> String {
    match error {
        IdentityError::Missing { .. } => {
            "数据目录尚未加入任何联盟：请运行 `wangge join 邀请码`，或 `wangge init --found`"
                .to_owned()
        }
        IdentityError::Lost { path } => format!(
            "{} 不见了，而目录里有账本：请从备份放回；没有备份的，请上级重新邀请",
            path.display()
        ),
        IdentityError::Version { path, .. } => {
            format!("{} 由更新的程序写成：请升级程序", path.display())
        }
        IdentityError::OtherNode { .. } => {
            "身份文件与密钥不属于同一个节点：目录里混入了别的节点的文件".to_owned()
        }
        IdentityError::File(_) | IdentityError::Content { .. } | IdentityError::Chain { .. } => {
            "身份文件 identity.json 不可用：请从备份恢复，或重新加入".to_owned()
        }
    }
}

pub(super) fn policy(error: &PolicyFileError) -> String {
    match error {
        PolicyFileError::Unreadable { path, .. } => {
            format!("读不到规则文件 {}：请更正 policy.file", path.display())
        }
        PolicyFileError::Refused { path, .. } => {
            format!("规则文件 {} 不可用：请修改下面指出的键", path.display())
        }
    }
}

pub(super) fn port(error: &PortError) -> String {
    let PortError { at, key, source } = error;
    let kind = source.kind();
    if kind == ErrorKind::AddrInUse {
        return format!("{at}（{key}）已被别的程序占用：换一个端口，或设 ports.next_free = true");
    }
    if kind == ErrorKind::AddrNotAvailable {
        return format!("本机没有 {at} 这个地址：请更正 {key}");
    }
    if kind == ErrorKind::PermissionDenied {
        return format!("系统不允许监听 {at}：请把 {key} 的端口改为 1024 以上");
    }
    format!("无法监听 {at}：请更正 {key}")
}
