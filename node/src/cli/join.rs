//! `wangge invite`, `wangge join` and `wangge move`.

use std::path::Path;
use std::process::ExitCode;

use engine::invitation::Token;
use record::NodeId;
use zeroize::Zeroizing;

use super::args::{Invite, Join};
use super::failure::Failure;
use super::{account, init, print};
use crate::config::Config;
use crate::folder::Folder;
use crate::node::StartError;
use crate::offline::Offline;
use crate::{invite, join};

pub(super) async fn invite(config: &Config, offer: Invite) -> Result<ExitCode, Failure> {
    let invited = invite::invite(config, &offer.offer()).await?;
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

pub(super) async fn join(config: &Config, args: Join) -> Result<ExitCode, Failure> {
    let token = read(args.token)?;
    let (operator, made) = account::operator(&args.operator)?;
    if let Some(operator) = &operator {
        let policy = config.policy.load().map_err(StartError::from)?;
        operator.check(&policy)?;
    }
    let identity = join::enrol(config, &token, waits).await?;
    let folder = Folder::new(&config.data);
    init::leave_config(&folder)?;
    init::introduce(&folder, &identity);
    let (config, settled) = (config.clone(), folder);
    let installed = tokio::task::spawn_blocking(move || {
        let mut offline = Offline::open(&config)?;
        account::settle(operator, made, &mut offline, &settled)
    });
    installed.await.map_err(|error| Failure::new("程序内部错误", error))??;
    print::line("下一步 next: wangge serve");
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn relocate(config: &Config, token: String) -> Result<ExitCode, Failure> {
    let standing = join::relocate(config, &read(token)?, waits).await?;
    let (own, above) = (standing.certificate(), standing.ancestors().next());
    let above = above.map_or("-", |above| above.name.as_str());
    print::line(&format!(
        "已改隶：{}（{}），上级 {above}。原上级那里未了的事项照旧往来；下级会自动换发证书。",
        own.name, own.area
    ));
    print::line(&format!(
        "moved: {} ({}), parent {above}; what is unfinished at the former parent goes on, and \
         those below get new certificates by themselves",
        own.name, own.area
    ));
    print::line(
        "若配置里写有 parent.addresses，请改为新上级的。 Where parent.addresses is configured, write \
         the new parent's there.",
    );
    Ok(ExitCode::SUCCESS)
}

fn read(token: String) -> Result<Token, Failure> {
    let text =
        if token == "-" { account::password(Path::new("-"))? } else { Zeroizing::new(token) };
    Token::decode(&text).map_err(|error| Failure::new("邀请码不完整或有误：请完整复制", error))
}

/// What the operator reads out to the officer who approves.
fn waits(node: NodeId) {
    print::line(&format!(
        "等待上级批准。请把本节点短号 {} 告诉发邀请的人，由其运行 `wangge approve {}` 或在控制台批准。",
        node.short(),
        node.short()
    ));
    print::line(&format!(
        "waiting for approval: read this node's short id, {}, to whoever invited you; they run \
         `wangge approve {}` or approve it in the console",
        node.short(),
        node.short()
    ));
}
