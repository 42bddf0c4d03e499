//! `wangge epoch` and `wangge rotate`: going on after a loss, and under another key.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Subcommand;
use data_encoding::BASE64;
use engine::command::What;
use engine::store::StoreError;
use record::NodeKey;
use serde_json::json;
use store::keyfile;
use store::keyfile::passphrase::Passphrase;

use super::failure::Failure;
use super::print;
use crate::config::Config;
use crate::folder::Folder;
use crate::node::StartError;
use crate::offline::Offline;
use crate::publish::carry_out;
use crate::{revoke, root, seed};

#[derive(Subcommand)]
pub(super) enum Epoch {
    /// 最新数据已丢失时，从现有数据继续（节点须已停止）/ goes on from what is left; the node must be stopped
    Open {
        /// 原因，写入签名记录 / why, for the signed record
        #[arg(long)]
        reason: String,
    },
    /// 接受下级丢失了本节点副署过的记录 / accepts that a node below lost what was countersigned
    Accept {
        /// 节点短号或完整编号 / short id of the node, or its whole one
        #[arg(value_name = "NODE")]
        node: String,
        /// 它开启的纪元（见 `wangge doctor`）/ the epoch that it opened, as `wangge doctor` says
        #[arg(long)]
        epoch: u32,
    },
}

pub(super) async fn epoch(config: &Config, what: Epoch) -> Result<ExitCode, Failure> {
    match what {
        Epoch::Open { reason } => open(config, reason),
        Epoch::Accept { node, epoch } => {
            let node = revoke::find(config, &node).await?;
            let path = format!("/v1/peers/{node}/epoch");
            let what = What::AcceptEpoch { node, epoch };
            carry_out(config, what, &path, &json!({ "epoch": epoch })).await?;
            print::line("已接受；上级会从新纪元起副署。 Accepted: it is witnessed from now on.");
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn open(config: &Config, reason: String) -> Result<ExitCode, Failure> {
    let folder = Folder::new(&config.data);
    let (mut offline, least) = match Offline::open(config) {
        Err(StartError::Store(store::OpenError::Rewound { .. })) => {
            // What the watermark knows of the newer data is kept aside, and its epoch not reused.
            let least = store::set_aside_watermark(folder.path()).map_err(StartError::Store)?;
            (Offline::open(config)?, least.saturating_add(1))
        }
        other => (other?, 0),
    };
    let what = What::OpenEpoch { reason, least };
    offline.command(what).map_err(|error| Failure::new("没有开启新纪元：见下面的说明", error))?;
    print::line("已开启新纪元；请告知上级，由其 `wangge epoch accept`。");
    print::line("a new epoch is open; tell the parent's operator, who accepts it");
    Ok(ExitCode::SUCCESS)
}

pub(super) fn rotate(config: &Config) -> Result<ExitCode, Failure> {
    let folder = Folder::new(&config.data);
    let mut offline = Offline::open(config)?;
    // Once begun, it is only told again what comes next.
    let word = match offline.endorsement().map_err(unreadable)? {
        Some(word) => word,
        None => begin(&folder, &mut offline)?,
    };
    if offline.opened.setup.standing.parent().is_some() {
        print::line("已开始换钥：运行节点，上级签发新证书后节点自动改用新密钥；在此之前不签名。");
        print::line(
            "the key is being changed: run the node; it signs again under the new key as soon as \
             the parent has certified it",
        );
        return Ok(ExitCode::SUCCESS);
    }
    let file = folder.endorsement();
    root::write(&file, (BASE64.encode(&word) + "\n").as_bytes())?;
    print::line(&format!(
        "已开始换钥：把换钥声明 {0} 和 identity.json 带到根密钥处，运行 `wangge root renew \
         --endorsement {0} …`；再在运行着的节点上 `wangge certificates install FILE`。在此之前不签名。",
        file.display()
    ));
    print::line(
        "the key is being changed: take this endorsement and identity.json to the root key and run \
         `wangge root renew --endorsement FILE …`; then `wangge certificates install FILE` on the \
         running node, which signs nothing until then",
    );
    Ok(ExitCode::SUCCESS)
}

/// Makes the key that is to follow, and has the one in use endorse it.
fn begin(folder: &Folder, offline: &mut Offline) -> Result<Vec<u8>, Failure> {
    if !folder.next_key().exists() {
        let mut rng = seed::rng().map_err(StartError::from)?;
        let key = NodeKey::generate(&mut rng);
        let (next, before) = (folder.next_key(), folder.node_key());
        keyfile::create_next_node_key(&next, &before, &key, Passphrase::given, &mut rng)
            .map_err(StartError::from)?;
    }
    let key = keyfile::load_node_key(&folder.next_key()).map_err(StartError::from)?;
    let begun = offline.command(What::Rotate { key: Arc::new(key) });
    begun.map_err(|error| Failure::new("没有开始换钥：见下面的说明", error))?;
    let word = offline.endorsement().map_err(unreadable)?;
    Ok(word.expect("a change of the key has begun"))
}

fn unreadable(error: StoreError) -> Failure {
    Failure::new("数据目录读不出来：请运行 `wangge doctor`", error)
}
