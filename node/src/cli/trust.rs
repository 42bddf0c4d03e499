//! `wangge revoke`, `wangge revocations` and `wangge root`: the end of certificates.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use data_encoding::BASE64;
use governance::certificate::{LastGood, Reason, Standing};
use serde_json::Value;

use super::failure::Failure;
use super::print;
use crate::config::Config;
use crate::folder::Folder;
use crate::identity::Identity;
use crate::local::Local;
use crate::node::{StartError, now};
use crate::{revoke, root};

#[derive(Args)]
pub(super) struct Revoke {
    /// 节点短号或完整编号 / short id of the node, as `wangge peers` has it, or its whole one
    #[arg(value_name = "NODE")]
    node: String,
    #[command(flatten)]
    ending: Ending,
}

/// Why, and since where.
#[derive(Args)]
pub(super) struct Ending {
    /// 原因 / why
    #[arg(long, value_enum)]
    reason: Why,
    /// 密钥泄露时：最后一条可信记录 / of a compromise: the last record that is the node's own
    #[arg(long, value_name = "EPOCH/SEQ", value_parser = last_good)]
    last_good: Option<LastGood>,
    /// 密钥泄露时：没有一条记录可信 / of a compromise: no record is the node's own
    #[arg(long, conflicts_with = "last_good")]
    none_good: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Why {
    Ended,
    Moved,
    Compromised,
}

#[derive(Subcommand)]
pub(super) enum Revocations {
    /// 列出各签发者的吊销名单及其时效 / lists what issuers have revoked, and how fresh that is
    List {
        /// 输出 JSON / as JSON
        #[arg(long)]
        json: bool,
    },
    /// 导入根密钥签发的名单 / takes in a list that the root key signed
    Install {
        /// 名单文件 / the list
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

#[derive(Subcommand)]
pub(super) enum Certificates {
    /// 导入根密钥换发的证书 / takes in certificates that the root renewed
    Install {
        /// 证书文件 / the certificates
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

#[derive(Subcommand)]
pub(super) enum Root {
    /// 签发新的吊销名单（有效 400 天）/ signs the next revocation list, good for 400 days
    List(NextList),
    /// 为由根密钥签发的节点换发证书 / renews the certificate of a node that the root certified
    Renew {
        /// 根密钥文件 / the root key
        #[arg(long, value_name = "FILE")]
        root_key: PathBuf,
        /// 该节点的 identity.json 所在目录 / the folder with the node's identity.json
        #[arg(long, value_name = "DIR")]
        node: PathBuf,
        /// 换钥时：该节点 `wangge rotate` 写出的换钥声明 / of a change of its key: what `wangge rotate` wrote there
        #[arg(long, value_name = "FILE")]
        endorsement: Option<PathBuf>,
        /// 有效天数 / days for which it holds
        #[arg(long, default_value_t = 1826, value_parser = clap::value_parser!(u32).range(1..=7305))]
        days: u32,
        /// 新证书写到哪里 / where the new certificate goes
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// 吊销由根密钥签发的节点 / revokes a node that the root certified
    Revoke {
        /// 该节点的 identity.json 所在目录 / the folder with the node's identity.json
        #[arg(long, value_name = "DIR")]
        node: PathBuf,
        #[command(flatten)]
        ending: Ending,
        #[command(flatten)]
        list: NextList,
    },
}

/// The list to be signed.
#[derive(Args)]
pub(super) struct NextList {
    /// 根密钥文件 / the root key
    #[arg(long, value_name = "FILE")]
    root_key: PathBuf,
    /// 上一份名单；其中仍有效的内容会保留 / the list before it, of which everything is kept
    #[arg(long, value_name = "FILE")]
    previous: Option<PathBuf>,
    /// 新名单写到哪里 / where the new one goes
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

impl Ending {
    fn read(&self) -> Result<(Reason, Option<LastGood>), Failure> {
        let told = self.last_good.is_some() || self.none_good;
        match (self.reason, told) {
            (Why::Compromised, true) => Ok((Reason::Compromised, self.last_good)),
            (Why::Compromised, false) => Err(Failure::new(
                "密钥泄露须写明最后一条可信记录：--last-good 纪元/序号，或 --none-good",
                "a compromise names the last good record: --last-good EPOCH/SEQ, or --none-good",
            )),
            (Why::Ended | Why::Moved, true) => Err(Failure::new(
                "--last-good 和 --none-good 只用于密钥泄露：请去掉",
                "--last-good and --none-good belong to a compromise: leave them out",
            )),
            (Why::Ended, false) => Ok((Reason::Ended, None)),
            (Why::Moved, false) => Ok((Reason::Moved, None)),
        }
    }
}

pub(super) async fn revoke(config: &Config, args: Revoke) -> Result<ExitCode, Failure> {
    let (reason, last_good) = args.ending.read()?;
    let node = revoke::revoke(config, &args.node, reason, last_good).await?;
    print::line(&format!("已吊销 {0}；名单随握手和通知传开。 {0} is revoked.", node.short()));
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn revocations(config: &Config, what: Revocations) -> Result<ExitCode, Failure> {
    match what {
        Revocations::List { json } => {
            let answer = Local::find(&Folder::new(&config.data))?.get("/v1/revocations").await?;
            if json {
                print::line(&answer.to_string());
            } else {
                lines(&answer).iter().for_each(|line| print::line(line));
            }
        }
        Revocations::Install { file } => {
            let list = std::fs::read(&file).map_err(|error| {
                Failure::new(format!("读不到 {}：请检查路径", file.display()), error)
            })?;
            revoke::install(config, list).await?;
            print::line("已采用新的吊销名单。 The revocation list was taken.");
        }
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn root(what: Root) -> Result<ExitCode, Failure> {
    let (list, revoked) = match what {
        Root::Renew { root_key, node, endorsement, days, out } => {
            let endorsement = endorsement.as_deref().map(endorsed).transpose()?;
            let identity = Identity::read(&Folder::new(&node)).map_err(StartError::from)?;
            let (key, word) = (root::key(&root_key)?, endorsement.as_deref());
            return renewed(&root::renew(&key, &identity.standing, word, days, now())?, &out);
        }
        Root::List(list) => (list, None),
        Root::Revoke { node, ending, list } => (list, Some((node, ending.read()?))),
    };
    let key = root::key(&list.root_key)?;
    let ending = revoked.map(|(folder, (reason, last_good))| {
        let identity = Identity::read(&Folder::new(&folder)).map_err(StartError::from)?;
        Ok::<_, Failure>((identity.standing, root::Ending { reason, last_good }))
    });
    let ending = ending.transpose()?;
    let entry = ending.as_ref().map(|(standing, ending)| (standing, *ending));
    let bytes = root::list(&key, list.previous.as_deref(), entry, now())?;
    root::write(&list.out, &bytes)?;
    print::line(&format!(
        "名单在 {0}；在县节点上运行 `wangge revocations install {0}`，并留存作为下一份的 --previous。",
        list.out.display()
    ));
    print::line(
        "the list is to be installed on the top node, and kept as --previous of the next one",
    );
    Ok(ExitCode::SUCCESS)
}

/// The old key's word for the next one, out of a file.
fn endorsed(file: &Path) -> Result<Vec<u8>, Failure> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::new(format!("读不到 {}：请检查路径", file.display()), error))?;
    BASE64
        .decode(text.trim().as_bytes())
        .map_err(|error| Failure::new(format!("{} 不是换钥声明", file.display()), error))
}

fn renewed(standing: &Standing, out: &Path) -> Result<ExitCode, Failure> {
    let chain: Vec<String> = standing.chain().map(|link| BASE64.encode(link)).collect();
    root::write(out, (chain.join("\n") + "\n").as_bytes())?;
    print::line(&format!(
        "新证书在 {0}；在该节点上运行 `wangge certificates install {0}`。",
        out.display()
    ));
    print::line(
        "the new certificate is to be installed on the node; those below it follow by themselves",
    );
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn certificates(config: &Config, what: Certificates) -> Result<ExitCode, Failure> {
    let Certificates::Install { file } = what;
    let text = std::fs::read_to_string(&file)
        .map_err(|error| Failure::new(format!("读不到 {}：请检查路径", file.display()), error))?;
    let chain: Result<Vec<Vec<u8>>, _> =
        text.lines().map(|line| BASE64.decode(line.trim().as_bytes())).collect();
    let chain =
        chain.map_err(|error| Failure::new(format!("{} 不是证书文件", file.display()), error))?;
    revoke::install_certificates(config, chain, Vec::new()).await?;
    print::line(
        "新证书已生效；下级会自动换发。 The certificates are in force; those below follow.",
    );
    Ok(ExitCode::SUCCESS)
}

fn last_good(text: &str) -> Result<LastGood, String> {
    let wrong = || "write EPOCH/SEQ, such as 0/1284 / 请写成 纪元/序号".to_owned();
    let (epoch, seq) = text.split_once('/').ok_or_else(wrong)?;
    let (epoch, seq) = (epoch.parse().ok(), seq.parse().ok());
    epoch.zip(seq).map(|(epoch, seq)| LastGood { epoch, seq }).ok_or_else(wrong)
}

/// A line for each list, and one below it for each entry.
fn lines(answer: &Value) -> Vec<String> {
    let text = |value: &Value, at: &str| {
        value.pointer(at).and_then(Value::as_str).unwrap_or("-").to_owned()
    };
    let all = |value: &Value, name: &str| {
        value.get(name).and_then(Value::as_array).cloned().unwrap_or_default()
    };
    let mut lines = vec![format!("本节点 this node: {}", text(answer, "/status"))];
    for list in all(answer, "lists") {
        let issuer = match list.get("issuer") {
            None => "根 root".to_owned(),
            Some(_) => text(&list, "/issuer/name"),
        };
        let number = list.get("number").and_then(Value::as_u64).unwrap_or_default();
        let overdue = list.get("overdue").and_then(Value::as_bool).unwrap_or(false);
        let due = if overdue { "已过期 overdue" } else { "有效至 good until" };
        lines.push(format!("{issuer}  #{number}  {due} {}", text(&list, "/next_update")));
        for entry in all(&list, "revoked") {
            let name = text(&entry, "/node/name");
            let (short, reason) = (text(&entry, "/node/short"), text(&entry, "/reason"));
            lines.push(format!("  {short} {name}  {reason}  {}", text(&entry, "/since")));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_last_good_record_is_written_as_epoch_and_number() {
        assert_eq!(last_good("2/17"), Ok(LastGood { epoch: 2, seq: 17 }));
        for wrong in ["", "17", "2/", "/17", "-1/2", "2/17/3", "2/x"] {
            assert!(last_good(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_list_that_is_overdue_is_told_as_such() {
        let entry = json!({ "node": { "short": "7ZZZG", "name": "某社区" },
            "reason": "ended", "since": "2026-11-21T08:30:00.000Z" });
        let list = json!({ "number": 3, "overdue": true, "next_update": "2026-11-20T00:00:00.000Z",
            "revoked": [entry] });
        let told = lines(&json!({ "status": "stale", "lists": [list] }));
        assert!(told[0].contains("stale") && told[1].contains("overdue"));
        assert!(told[2].contains("某社区") && told[2].contains("ended"));
    }
}
