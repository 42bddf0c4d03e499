//! `wangge init`.

use std::process::ExitCode;

use super::account;
use super::args::Init;
use super::failure::Failure;
use super::print;
use crate::config::Config;
use crate::file;
use crate::folder::Folder;
use crate::found::{self, Founding};
use crate::identity::Identity;
use crate::node::{StartError, now};
use crate::offline::Offline;
use governance::policy::Policy;

/// What `init` writes for the operator to edit.
const STARTING_CONFIG: &str = include_str!("starting.toml");

pub(super) fn init(config: &Config, init: Init) -> Result<ExitCode, Failure> {
    let folder = Folder::new(&config.data);
    let policy = config.policy.load().map_err(StartError::from)?;
    match founding(&init) {
        Some(founding) => found(config, &folder, &policy, &founding, &init)?,
        None => prepare(&folder)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Keys alone, for a node that is to join.
fn prepare(folder: &Folder) -> Result<(), Failure> {
    let key = found::prepare(folder)?;
    leave_config(folder)?;
    let node = record::NodeId::from_genesis(&key.public());
    print::line(&format!("数据目录 data folder: {}", folder.path().display()));
    print::line(&format!("节点短号 short id: {}", node.short()));
    print::line("下一步：向上级索取邀请码，然后 `wangge join 邀请码`。");
    print::line("next: ask your parent for an invitation, then `wangge join TOKEN`");
    Ok(())
}

/// A federation with its first node and operator.
fn found(
    config: &Config,
    folder: &Folder,
    policy: &Policy,
    founding: &Founding,
    init: &Init,
) -> Result<(), Failure> {
    check_level(policy, &founding.level)?;
    let (operator, made) = account::operator(&init.operator)?;
    if let Some(operator) = &operator {
        operator.check(policy)?;
    }
    let identity = found::found(folder, founding, now())?;
    leave_config(folder)?;
    introduce(folder, &identity);
    print::line(&format!("根密钥 root key: {}", folder.root_key().display()));
    print::line("  请移到可移动介质离线保管；日常运行不需要它，它能签发任何节点的证书。");
    print::line(
        "  move it to removable media: running never needs it, and whoever has it can certify \
         any node",
    );
    let mut offline = Offline::open(config)?;
    account::settle(operator, made, &mut offline, folder)?;
    print::line("下一步 next: wangge serve");
    Ok(())
}

fn check_level(policy: &Policy, level: &str) -> Result<(), Failure> {
    let known: Vec<&str> = policy.levels.iter().map(|level| level.key.as_str()).collect();
    if known.contains(&level) {
        return Ok(());
    }
    let error = format!(
        "--level {level:?} is not a level of the policy {}; write one of {}",
        policy.reference(),
        known.join(", ")
    );
    Err(Failure::new("--level 不是规则中的层级：请更正", error))
}

fn founding(init: &Init) -> Option<Founding> {
    let (name, level, area) = (init.name.clone()?, init.level.clone()?, init.area.clone()?);
    init.found.then_some(Founding { name, level, area, days: init.days })
}

/// A configuration to begin with, unless there is one.
pub(super) fn leave_config(folder: &Folder) -> Result<(), Failure> {
    let path = folder.config();
    if !path.exists() {
        file::write_bytes(&path, STARTING_CONFIG.as_bytes())?;
    }
    Ok(())
}

/// Who the node is now.
pub(super) fn introduce(folder: &Folder, identity: &Identity) {
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
