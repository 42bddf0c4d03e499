//! Real nodes: libp2p, HTTP and the store, on loopback and in temporary folders.

use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use engine::command::{Agent, Command, Refused, What};
use engine::invitation::Token;
use engine::note::Newcomer;
use engine::peer::Relation;
use record::{Hash, PublicKey};
use tempfile::TempDir;
use zeroize::Zeroizing;

use super::*;
use crate::file;
use crate::found::{Founding, found};
use crate::identity::IdentityError;
use crate::invite::{InviteError, Offer, invite};
use crate::join::{JoinError, enrol};
use crate::local::Local;
use crate::offline::Offline;
use crate::operator::{Installed, Operator};

mod backups;
mod federation;
mod folder;
mod misconduct;
mod moving;
mod trust;

/// Longest wait for anything; a test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(60);
const PASSWORD: &str = "correct horse battery";

/// A folder with a configuration that loses no time.
struct Site {
    _folder: TempDir,
    config: Config,
}

impl Site {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config { data: folder.path().join("data"), ..Config::default() };
        config.http.listen = "127.0.0.1:0".parse().unwrap();
        config.network.listen = vec!["/ip4/127.0.0.1/tcp/0".to_owned()];
        config.network.backoff.first = Duration::from_millis(10);
        config.network.backoff.longest = Duration::from_millis(200);
        config.shutdown.deadline = Duration::from_secs(5);
        Self { _folder: folder, config }
    }

    /// A county, founded and with an operator, not yet running.
    fn county() -> Self {
        let site = Self::new();
        let founding = Founding {
            name: "歙县".into(),
            level: "county".into(),
            area: "341021".parse().unwrap(),
            days: 30,
        };
        found(&site.folder(), &founding, now()).unwrap();
        assert_eq!(site.install(), Installed::New);
        site
    }

    fn folder(&self) -> Folder {
        Folder::new(&self.config.data)
    }

    fn install(&self) -> Installed {
        let mut offline = Offline::open(&self.config).unwrap();
        operator("operator").install(&mut offline, &self.folder()).unwrap()
    }

    async fn start(&self) -> Running {
        Node::start(self.config.clone()).await.unwrap()
    }

    async fn invite(&self, name: &str) -> Token {
        let invited = invite(&self.config, &township(name)).await.unwrap();
        Token::decode(&invited.token).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Joins with an invitation, without an account.
    async fn join(&self, token: &Token) -> Result<Identity, JoinError> {
        enrol(&self.config, token, |_| ()).await
    }
}

fn operator(role: &str) -> Operator {
    Operator {
        login: "admin".into(),
        name: "管理员".into(),
        role: role.into(),
        password: Zeroizing::new(PASSWORD.into()),
    }
}

fn township(name: &str) -> Offer {
    Offer {
        name: name.into(),
        level: "township".into(),
        area: "341021100".parse().unwrap(),
        member: false,
        days: 1,
        approval: false,
    }
}

/// Waits until something is so.
async fn until<F: Future<Output = bool>>(what: &str, mut so: impl FnMut() -> F) {
    let mut pace = tokio::time::interval(Duration::from_millis(10));
    let waiting = async {
        while !so().await {
            pace.tick().await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, waiting).await.is_ok(), "in time: {what}");
}

/// Waits until a node has checked another's certificates on a live connection.
async fn until_greeted(node: &Running, other: NodeId) {
    until("greeted", || async {
        node.engine().status().contacts.get(&other).is_some_and(|contact| contact.greeted)
    })
    .await;
}

fn relation(node: &Running, other: NodeId) -> Option<Relation> {
    node.engine().world().directory.get(other).map(|peer| peer.relation)
}
