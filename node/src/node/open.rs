//! Opening a data folder: keys, identity, policy and calendar, store, engine. No network yet.

use std::sync::Arc;

use engine::engine::{Engine, OpenError};
use engine::world::Setup;
use record::NodeKey;
use store::keyfile;

use super::StartError;
use crate::config::Config;
use crate::file;
use crate::folder::Folder;
use crate::identity::Identity;
use crate::seed;

/// Program and version, as peers are told.
pub const SOFTWARE: &str = concat!("wangge ", env!("CARGO_PKG_VERSION"));

/// A data folder that is open, and locked until the engine is dropped.
pub struct Opened {
    /// The engine, its index brought up to the journal.
    pub engine: Engine,
    /// Who the node is and how it works.
    pub setup: Arc<Setup>,
    /// Federation and certificates.
    pub identity: Identity,
    /// The signing key.
    pub key: Arc<NodeKey>,
}

/// Opens a node's data folder. Blocks; where the index is gone, for as long as a replay takes.
///
/// # Errors
/// [`StartError`].
pub fn open(config: &Config) -> Result<Opened, StartError> {
    let policy = config.policy.version()?;
    let calendar = config.calendar.load()?;
    if let Some(year) = crate::calendar::gap(&calendar, super::now()) {
        tracing::warn!(year, "{}", crate::calendar::warning(year));
    }
    let folder = Folder::new(&config.data);
    let key = Arc::new(keyfile::load_node_key(&folder.node_key()).map_err(|error| {
        // Without an identity there was no key to be lost.
        let fresh = !folder.node_key().exists() && !folder.identity().exists();
        if fresh { missing(&folder) } else { error.into() }
    })?);
    let (key, next_key) = keys(&folder, key)?;
    let mut identity = Identity::load(&folder, &key.public())?;
    let mut rng = seed::rng()?;
    let (store, report) = store::open(folder.path(), &store::Options::default(), &mut rng)?;
    tell(&report);
    let setup = Arc::new(Setup {
        key,
        next_key,
        root: identity.root,
        federation: identity.federation(),
        standing: identity.standing.clone(),
        lists: identity.lists.clone(),
        configured: Arc::new(policy),
        follow: config.policy.follow,
        calendar,
        software: SOFTWARE.to_owned(),
    });
    let engine =
        Engine::open(setup.clone(), Box::new(store), Box::new(rng)).map_err(
            |error| match error {
                OpenError::Store(source) => {
                    StartError::Replay { folder: folder.path().into(), source }
                }
                rewritten @ OpenError::Rewritten { .. } => StartError::PolicyRewritten(rewritten),
            },
        )?;
    let setup = engine.setup();
    if identity.standing != setup.standing {
        identity = identity.renewed(setup.standing.clone());
        write_down(&folder, &identity)?;
    }
    let key = setup.key.clone();
    if let Err(error) = identity.standing.check(super::now()) {
        let error: &dyn std::error::Error = &error;
        tracing::error!(
            error,
            "本节点的证书现在不成立，别的节点会拒绝它：请核对时钟，或向上级换发 this node's certificates \
             do not hold now, peers will refuse it: check the clock, or ask the parent for new ones"
        );
    }
    Ok(Opened { engine, setup, identity, key })
}

/// The node's key, and the one that is to follow it. Where the certificates name that one already,
/// the change was cut short and is completed.
fn keys(
    folder: &Folder,
    key: Arc<NodeKey>,
) -> Result<(Arc<NodeKey>, Option<Arc<NodeKey>>), StartError> {
    if !folder.next_key().exists() {
        return Ok((key, None));
    }
    let next = Arc::new(keyfile::load_node_key(&folder.next_key())?);
    let named = Identity::read(folder)?.standing.key();
    if named != next.public() {
        return Ok((key, Some(next)));
    }
    follow(folder)?;
    Ok((next, None))
}

/// Puts the next key in the place of the one before it.
fn follow(folder: &Folder) -> Result<(), StartError> {
    Ok(file::rename(&folder.next_key(), &folder.node_key())?)
}

/// Writes down certificates that were renewed, and then the key that they name: in this order a
/// crash in between leaves what [`keys`] completes.
fn write_down(folder: &Folder, identity: &Identity) -> Result<(), StartError> {
    identity.save(folder)?;
    let next = folder.next_key();
    if next.exists() && keyfile::load_node_key(&next)?.public() == identity.standing.key() {
        follow(folder)?;
    }
    Ok(())
}

/// A folder without a key has no identity either, and the way out is the same.
fn missing(folder: &Folder) -> StartError {
    crate::identity::IdentityError::Missing { folder: folder.path().into() }.into()
}

/// What an operator should know of what was found.
fn tell(report: &store::OpenReport) {
    tracing::info!(
        frames = report.frames,
        bytes = report.journal_bytes,
        index = ?report.index,
        "数据目录已打开 the store is open"
    );
    if let Some(torn) = &report.torn {
        tracing::warn!(
            ?torn,
            "上次停机时正在写的一批已截去，其中没有确认过的内容 a batch that was being written at the \
             last stop was cut off; nothing in it had been acknowledged"
        );
    }
    for damage in &report.damage {
        tracing::error!(
            ?damage,
            "账本有损坏：请运行 `wangge verify` 查明，并从备份恢复 the journal is damaged: run `wangge \
             verify`, and restore it from a backup"
        );
    }
    if let Some(why) = &report.watermark_lost {
        tracing::warn!(why, "水位文件丢失，已重建 the watermark was lost and is made anew");
    }
    if !report.strays.is_empty() {
        tracing::warn!(
            strays = ?report.strays,
            "账本目录里有别的文件，请移走 files that don't belong in the journal's folder: move them away"
        );
    }
}
