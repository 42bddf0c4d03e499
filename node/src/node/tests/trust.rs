//! Certificates between two real nodes: revoked, overdue, brought by hand.

use governance::certificate::{Issuer, Reason, Status};

use super::*;
use crate::join::relocate;
use crate::prove::{ProofError, Shown, Wanted, prove};
use crate::{revoke, root};

/// What the lists say at a node of another.
fn status(node: &Running, of: NodeId) -> Option<Status> {
    let setup = node.engine().setup();
    node.engine().world().status(&setup, of, now())
}

#[tokio::test(flavor = "multi_thread")]
async fn s11_a_revoked_neighbour_is_cut_off_without_a_restart_and_comes_back_with_an_invitation() {
    let (county, town) = (Site::county(), Site::new());
    let above = county.start().await;
    town.join(&county.invite("徽城镇").await).await.unwrap();
    let below = town.start().await;
    let (up, down) = (above.id(), below.id());
    until_greeted(&above, down).await;
    until("lists are there", || async { status(&below, up) == Some(Status::Good) }).await;
    assert_eq!(status(&above, down), Some(Status::Good));

    let short = down.short().to_string();
    let told = revoke::revoke(&county.config, &short, Reason::Ended, None).await.unwrap();
    assert_eq!(told, down);
    assert_eq!(relation(&above, down), Some(Relation::Other));
    until("the connection is gone", || async {
        let status = above.network().status().await;
        !status.iter().any(|peer| peer.peer == down.genesis_key() && !peer.connections.is_empty())
    })
    .await;
    // What is shown to an operator.
    let local = Local::find(&county.folder()).unwrap();
    let listed = local.get("/v1/revocations").await.unwrap().to_string();
    assert!(listed.contains(&short) && listed.contains("ended"), "{listed}");
    below.stop().await;

    // The same node is wanted again: a new certificate, with a higher serial.
    file::remove(&town.folder().identity()).unwrap();
    let identity = town.join(&county.invite("徽城镇").await).await.unwrap();
    assert_eq!(identity.standing.node(), down);
    let below = town.start().await;
    until_greeted(&above, down).await;
    assert_eq!(relation(&above, down), Some(Relation::Child));
    below.stop().await;
    above.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_signed_by_the_offline_root_is_installed_and_spreads() {
    let (county, town) = (Site::county(), Site::new());
    let above = county.start().await;
    town.join(&county.invite("徽城镇").await).await.unwrap();
    let below = town.start().await;
    until_greeted(&above, below.id()).await;
    let key = root::key(&county.folder().root_key()).unwrap();
    let list = root::list(&key, None, None, now()).unwrap();
    revoke::install(&county.config, list.clone()).await.unwrap();
    until("the child has it, too", || async {
        let lists = below.engine().world().lists.clone();
        lists.of(Issuer::Root).is_some_and(|known| known.bytes().as_ref() == list)
    })
    .await;
    let again = revoke::install(&county.config, list).await;
    assert!(again.is_err(), "it is not newer than itself");
    below.stop().await;
    above.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_county_whose_certificate_the_root_renews_takes_those_below_along() {
    let (county, town) = (Site::county(), Site::new());
    let above = county.start().await;
    town.join(&county.invite("徽城镇").await).await.unwrap();
    let below = town.start().await;
    until_greeted(&above, below.id()).await;
    let key = root::key(&county.folder().root_key()).unwrap();
    let before = above.engine().setup().standing.expires();
    let renewed = root::renew(&key, &above.engine().setup().standing, None, 400, now()).unwrap();
    let chain = renewed.chain().map(|link| link.to_vec()).collect();
    revoke::install_certificates(&county.config, chain, Vec::new()).await.unwrap();
    assert!(above.engine().setup().standing.expires() > before);
    until("the child's certificate lasts as long", || async {
        below.engine().setup().standing.expires() > before
    })
    .await;
    // Both are written down.
    until("written down", || async {
        let written = |site: &Site| Identity::read(&site.folder()).unwrap().standing.expires();
        written(&county) > before && written(&town) > before
    })
    .await;
    below.stop().await;
    above.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s11_a_key_is_changed_and_the_parent_goes_on_with_the_child_under_the_new_one() {
    let (county, town) = (Site::county(), Site::new());
    let above = county.start().await;
    town.join(&county.invite("徽城镇").await).await.unwrap();
    let below = town.start().await;
    let down = below.id();
    until_greeted(&above, down).await;
    below.stop().await;
    {
        let mut offline = Offline::open(&town.config).unwrap();
        let key = record::NodeKey::from_seed(&[7; 32]);
        store::keyfile::create_node_key(&town.folder().next_key(), &key).unwrap();
        offline.command(What::Rotate { key: Arc::new(key) }).unwrap();
    }
    let below = town.start().await;
    until("certified, and to start anew", || async {
        tokio::time::timeout(PATIENCE, below.heir()).await.is_ok()
    })
    .await;
    below.stop().await;
    let below = town.start().await;
    assert_ne!(below.engine().setup().key.public(), down.genesis_key());
    assert_eq!(below.id(), down);
    until_greeted(&above, down).await;
    until("known by the new key alone", || async {
        let world = above.engine().world();
        let peer = world.directory.get(down).unwrap();
        peer.standing.key() != down.genesis_key() && peer.next.is_none()
    })
    .await;
    assert!(!town.folder().next_key().exists(), "it has taken the old one's place");
    below.stop().await;
    above.stop().await;
}

/// S11: the county's key is changed, too: the root certifies the next one through somebody's hands,
/// and those below go on with the county: one that was away, by an invitation.
#[tokio::test(flavor = "multi_thread")]
async fn s11_the_countys_key_is_changed_by_the_hands_of_the_root_and_those_below_follow() {
    let (county, town, away) = (Site::county(), Site::new(), Site::new());
    let above = county.start().await;
    town.join(&county.invite("徽城镇").await).await.unwrap();
    away.join(&county.invite("深渡镇").await).await.unwrap();
    assert_eq!(away.install(), Installed::New);
    let below = town.start().await;
    let up = above.id();
    until_greeted(&above, below.id()).await;
    above.stop().await;
    let folder = county.folder();
    assert!(command(&county, &["rotate"]).await && command(&county, &["rotate"]).await);
    let out = folder.path().join("renewed");
    let (key, identity) = (folder.root_key(), folder.path().to_path_buf());
    let renew = |word: &Path| {
        let flags = [("--root-key", &key), ("--node", &identity), ("--out", &out)];
        let flags = flags.map(|(flag, path)| [flag.to_owned(), path.display().to_string()]);
        let word = ["--endorsement".to_owned(), word.display().to_string()];
        let words = ["root".to_owned(), "renew".to_owned()].into_iter();
        words.chain(flags.concat()).chain(word).collect::<Vec<String>>()
    };
    let foreign = folder.path().join("foreign");
    std::fs::write(&foreign, "AAAA\n").unwrap();
    let refused = renew(&foreign);
    assert!(!command(&county, &refused.iter().map(String::as_str).collect::<Vec<_>>()).await);
    let certified = renew(&folder.endorsement());
    assert!(command(&county, &certified.iter().map(String::as_str).collect::<Vec<_>>()).await);
    let above = county.start().await;
    until_greeted(&above, below.id()).await;
    let told = above.engine().status().frozen.clone();
    assert!(told.is_some_and(|why| why.contains("key is being changed")));
    let installed = ["certificates", "install", &out.display().to_string()].map(str::to_owned);
    assert!(command(&county, &installed.each_ref().map(String::as_str)).await);
    until("certified, and to start anew", || async {
        tokio::time::timeout(PATIENCE, above.heir()).await.is_ok()
    })
    .await;
    above.stop().await;
    let above = county.start().await;
    assert_eq!(above.id(), up);
    assert_ne!(above.engine().setup().key.public(), up.genesis_key());
    until_greeted(&above, below.id()).await;
    until("those below are certified under it", || async {
        let key = below.engine().setup().standing.key_of(up);
        key.is_some_and(|key| key != up.genesis_key())
    })
    .await;
    assert!(above.engine().status().frozen.is_none() && !folder.next_key().exists());
    let late = away.start().await;
    relocate(&away.config, &county.invite("深渡镇").await, |_| ()).await.unwrap();
    until_greeted(&above, late.id()).await;
    late.stop().await;
    below.stop().await;
    above.stop().await;
}

/// Runs a command on a site's data folder, and says whether it went well.
async fn command(site: &Site, words: &[&str]) -> bool {
    let data = site.config.data.display().to_string();
    let words = ["wangge", "--data", &data].into_iter().chain(words.iter().copied());
    let words: Vec<std::ffi::OsString> = words.map(Into::into).collect();
    let ended = tokio::task::spawn_blocking(|| crate::cli::run(words)).await.unwrap();
    format!("{ended:?}") == format!("{:?}", std::process::ExitCode::SUCCESS)
}

/// S4: the way out that a refused start names works, and the parent can prove what happened.
#[tokio::test(flavor = "multi_thread")]
async fn s4_a_journal_put_back_from_a_backup_goes_on_in_a_new_epoch_and_leaves_proof() {
    let (county, town) = (Site::county(), Site::new());
    let above = county.start().await;
    town.join(&county.invite("徽城镇").await).await.unwrap();
    assert_eq!(town.install(), Installed::New);
    let backup = tempfile::tempdir().unwrap();
    copy(&town.folder().journal(), &backup.path().join("journal"));
    {
        let mut offline = Offline::open(&town.config).unwrap();
        for name in ["甲", "乙", "丙"] {
            let what = What::Register { person: None, name: name.into(), phone: None };
            offline.command(what).unwrap();
        }
    }
    let below = town.start().await;
    let down = below.id();
    let size = below.engine().status().log.map_or(0, |log| log.frontier.size());
    until("witnessed", || async { witnessed(&above, down).is_some_and(|seen| seen >= size) }).await;
    below.stop().await;
    std::fs::remove_dir_all(town.folder().journal()).unwrap();
    copy(&backup.path().join("journal"), &town.folder().journal());
    let refused = Offline::open(&town.config).err().map(|error| error.to_string());
    assert!(refused.is_some_and(|why| why.contains("wangge epoch open")));
    assert!(command(&town, &["epoch", "open", "--reason", "磁盘损坏"]).await);
    let below = town.start().await;
    until("the parent is told", || async {
        let contacts = above.engine().status().contacts;
        contacts.get(&down).is_some_and(|contact| contact.reopened == Some(1))
    })
    .await;
    let command = What::AcceptEpoch { node: down, epoch: 1 };
    let command = Command { by: Agent::Console, once: None, what: command };
    above.engine().command(command).await.unwrap();
    until("witnessed again", || async { witnessed(&above, down).is_some_and(|seen| seen < size) })
        .await;
    below.stop().await;
    above.stop().await;
    let found = prove(&county.config, Wanted::Rollbacks).unwrap();
    let shown = found.first().expect("the parent has the proof").check().unwrap();
    assert!(
        matches!(&shown, Shown::Rollback { node, before, .. } if *node == down && before.0 >= size)
    );
    // No byte of it can be changed.
    let text = found[0].text();
    let forged = text.replacen("\"before\": \"", "\"before\": \"AAAA", 1);
    let forged: crate::prove::Evidence = serde_json::from_str(&forged).unwrap();
    assert!(forged.check().is_err());
    let nothing = prove(&county.config, Wanted::Forks).unwrap();
    assert!(nothing.is_empty());
    let unknown = Wanted::Inclusion { record: record::RecordId::from_bytes([1; 32]), words: true };
    assert!(matches!(prove(&town.config, unknown), Err(ProofError::Nothing)));
}

fn witnessed(node: &Running, of: NodeId) -> Option<u64> {
    let row = engine::view::peer(node.engine().reader(), of).unwrap()?;
    row.witness.witnessed.map(|seen| seen.size)
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}
