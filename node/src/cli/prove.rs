//! `wangge prove` and `wangge verify-proof`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use governance::hand::NodeOnly;
use record::{RecordId, ShortId};

use super::failure::Failure;
use super::print;
use crate::config::Config;
use crate::file;
use crate::prove::{self, ByHand, Evidence, Shown, Wanted};

#[derive(Args)]
pub(super) struct Prove {
    /// 证明什么 / what is to be proven
    #[arg(value_enum)]
    what: What,
    /// 记录编号（inclusion）/ id of the record, for an inclusion
    #[arg(value_name = "RECORD", required_if_eq("what", "inclusion"))]
    record: Option<RecordId>,
    /// 附上本人签过的原文（含个人信息），使对方也能核对内容 / with the words that the person
    /// signed, which are personal data, so that they can be checked, too
    #[arg(long)]
    words: bool,
    /// 证明写到哪个目录 / the folder into which the proofs go
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// 一个节点签了两份历史 / a node signed two histories
    Fork,
    /// 一个节点的账本曾经更长 / a node's log was longer once
    Rollback,
    /// 本节点的一条记录在被副署的账本中 / a record of this node stands in its witnessed log
    Inclusion,
}

#[derive(Args)]
pub(super) struct VerifyProof {
    /// 证明文件 / the proof
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// 联盟短号，须与证明所属联盟一致 / the federation's short id, which has to be the proof's
    #[arg(long, value_name = "SHORT")]
    federation: Option<ShortId>,
}

pub(super) fn prove(config: &Config, args: &Prove) -> Result<ExitCode, Failure> {
    let (wanted, name) = match (args.what, args.record) {
        (What::Fork, _) => (Wanted::Forks, "fork"),
        (What::Rollback, _) => (Wanted::Rollbacks, "rollback"),
        (What::Inclusion, Some(record)) => {
            (Wanted::Inclusion { record, words: args.words }, "inclusion")
        }
        (What::Inclusion, None) => {
            return Err(Failure::new(
                "请写明记录编号",
                "name the record whose place is to be proven",
            ));
        }
    };
    let found = prove::prove(config, wanted)?;
    if found.is_empty() {
        print::line("账本里没有这样的证据。 The journal holds no such evidence.");
        return Ok(ExitCode::SUCCESS);
    }
    file::create_folder(&args.out)?;
    for (number, evidence) in found.iter().enumerate() {
        let path = args.out.join(format!("{name}-{}.json", number + 1));
        file::write_bytes(&path, evidence.text().as_bytes())?;
        print::line(&path.display().to_string());
        tell(evidence, &path)?;
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn verify(args: &VerifyProof) -> Result<ExitCode, Failure> {
    let evidence = Evidence::read(&args.file)?;
    let federation = evidence.federation();
    if args.federation.is_some_and(|short| !short.matches_federation(&federation)) {
        return Err(Failure::new(
            "证明属于另一个联盟",
            format!("the proof is of federation {}", federation.short()),
        ));
    }
    tell(&evidence, &args.file)?;
    if args.federation.is_none() {
        print::line(&format!(
            "联盟短号 {0}：请与可信来源核对。 The federation is {0}: compare it with what you know.",
            federation.short()
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// What a proof shows, in plain words.
fn tell(evidence: &Evidence, path: &Path) -> Result<(), Failure> {
    let shown = evidence
        .check()
        .map_err(|error| Failure::new(format!("{} 什么也证明不了", path.display()), error))?;
    let (zh, en) = words(&shown);
    print::line(&zh);
    print::line(&en);
    Ok(())
}

fn words(shown: &Shown) -> (String, String) {
    match shown {
        Shown::Fork { node, name, epoch, number } => (
            format!(
                "成立：{name}（{}）在同一位置 {epoch}/{number} 签了两条不同的记录。",
                node.short()
            ),
            format!(
                "it holds: {name} ({}) signed two different records in one place, {epoch}/{number}",
                node.short()
            ),
        ),
        Shown::Rollback { node, name, before, after } => (
            format!(
                "成立：{name}（{}）在 {} 签认账本有 {} 条记录，后来在 {} 只签认 {} 条。",
                node.short(),
                before.1,
                before.0,
                after.1,
                after.0
            ),
            format!(
                "it holds: {name} ({}) signed at {} that its log had {} records, and at {} that \
                 it had {}",
                node.short(),
                before.1,
                before.0,
                after.1,
                after.0
            ),
        ),
        Shown::Inclusion { node, name, place, witness, at, hand } => {
            let (zh, en) = hand.as_ref().map(by_hand).unwrap_or_default();
            let ((epoch, seq), short) = (place, node.short());
            (
                format!(
                    "成立：{name}（{short}）的记录 {epoch}/{seq} 在其账本中，{witness} 于 {at} \
                     副署。{zh}"
                ),
                format!(
                    "it holds: record {epoch}/{seq} of {name} ({short}) stands in its log, which \
                     {witness} countersigned at {at}{en}"
                ),
            )
        }
    }
}

/// By whose hand, in both languages.
fn by_hand(hand: &ByHand) -> (String, String) {
    match hand {
        ByHand::Person { key, at, words } => {
            let (zh, en) = signed_words(words.as_deref());
            (
                format!("办理人于 {at} 用本人密钥 {key} 签名，对这条记录有效。{zh}"),
                format!(
                    "; whoever did it signed it at {at} with their own key {key}, and that holds \
                     for this record{en}"
                ),
            )
        }
        ByHand::Node(why) => {
            let (zh, en) = match why {
                NodeOnly::NoKey => ("所用设备上没有密钥", "no key on the device"),
                NodeOnly::Device => ("设备不能用密钥签名", "the device could not sign"),
                NodeOnly::Program => ("由程序凭令牌办理", "a program did it with a token"),
                NodeOnly::Form => ("这种办法不要求本人签名", "no signature is asked for there"),
            };
            (format!("仅节点签名：{zh}。"), format!("; signed by the node only: {en}"))
        }
    }
}

/// What was signed, in both languages.
fn signed_words(words: Option<&[(&'static str, String)]>) -> (String, String) {
    let Some(words) = words else {
        return (
            "证明里没有所签的原文，内容未核对。".into(),
            "; the words are not in the proof and were not checked".into(),
        );
    };
    let all: Vec<String> = words.iter().map(|(name, text)| format!("{name} = {text}")).collect();
    let all = if all.is_empty() { "—".to_owned() } else { all.join("; ") };
    (format!("所签内容已核对：{all}。"), format!("; what was signed fits it: {all}"))
}
