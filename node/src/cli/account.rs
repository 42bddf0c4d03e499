//! The first operator's account, as `init` and `join` make it.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::args::OperatorArgs;
use super::failure::Failure;
use super::print;
use crate::folder::Folder;
use crate::offline::Offline;
use crate::operator::{self, Installed, Operator};

/// Longest password or token that is read, in bytes.
const MAX_INPUT: u64 = 16 * 1024;

/// The operator to be, if one is named, and whether the password was made here.
pub(super) fn operator(args: &OperatorArgs) -> Result<(Option<Operator>, bool), Failure> {
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

pub(super) fn password(path: &Path) -> Result<Zeroizing<String>, Failure> {
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
struct PasswordFile(PathBuf, #[source] std::io::Error);

pub(super) fn settle(
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
