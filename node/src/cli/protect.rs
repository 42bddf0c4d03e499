//! `wangge protect`: the node's key files under a passphrase.

use std::process::ExitCode;

use store::keyfile::passphrase::{Passphrase, PassphraseError};
use store::keyfile::{self, KeyFileError};

use super::failure::Failure;
use super::print;
use crate::config::Config;
use crate::seed;

pub(super) fn protect(config: &Config) -> Result<ExitCode, Failure> {
    let passphrase = Passphrase::given()?;
    let mut rng = seed::rng().map_err(|error| Failure::new("系统没有给出随机数", error))?;
    let done = keyfile::protect(&config.data, &passphrase, &mut rng)?;
    for path in &done {
        let path = path.display();
        print::line(&format!("{path} 已加口令保护 is under the passphrase now"));
    }
    if done.is_empty() {
        print::line("密钥文件都已在这个口令之下 every key file is under this passphrase");
    }
    print::line("请把口令另存一份：没有它，节点不能启动，数据不能读。");
    print::line("keep the passphrase somewhere else, too: without it nothing can be read.");
    Ok(ExitCode::SUCCESS)
}

impl From<PassphraseError> for Failure {
    fn from(error: PassphraseError) -> Self {
        let zh = match &error {
            PassphraseError::NotGiven => {
                "没有口令：请由 systemd 提供（LoadCredential=wangge.passphrase:文件），\
                 或让 CREDENTIALS_DIRECTORY 指向一个放有 wangge.passphrase 的目录"
                    .to_owned()
            }
            PassphraseError::Io { path, .. } => format!("读不到口令文件 {path}"),
            PassphraseError::Length { path } => {
                format!("{path} 中的口令应为 12 至 1,024 字节")
            }
        };
        Self::new(zh, error)
    }
}

impl From<KeyFileError> for Failure {
    fn from(error: KeyFileError) -> Self {
        let zh = super::failure::key(&error, "密钥文件");
        Self::new(zh, error)
    }
}
