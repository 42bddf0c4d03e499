//! A running node that moves to another parent.

use super::federation::newcomer;
use super::*;
use crate::join::relocate;

fn community(area: &str) -> Offer {
    Offer { level: "community".into(), area: area.parse().unwrap(), ..township("桃源社区") }
}

async fn token(site: &Site, area: &str) -> Token {
    let invited = invite(&site.config, &community(area)).await.unwrap();
    Token::decode(&invited.token).unwrap_or_else(|error| panic!("{error}"))
}

/// A street below the county, with an operator, running.
async fn street(county: &Site) -> (Site, Running) {
    let site = Site::new();
    site.join(&county.invite("徽城镇").await).await.unwrap();
    assert_eq!(site.install(), Installed::New);
    let running = site.start().await;
    (site, running)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_community_moves_to_another_street_and_both_go_on_speaking_with_it() {
    let county = Site::county();
    let above = county.start().await;
    let (old, left) = street(&county).await;
    let (new, right) = street(&county).await;
    let site = Site::new();
    site.join(&token(&old, "341021100001").await).await.unwrap();
    assert_eq!(site.install(), Installed::New);
    let node = site.start().await;
    let me = node.id();
    until_greeted(&left, me).await;

    let to = token(&new, "341021100002").await;
    let standing = relocate(&site.config, &to, |_| ()).await.unwrap();
    assert_eq!((standing.node(), standing.parent()), (me, Some(right.id())));
    until_greeted(&right, me).await;
    let parted = || async { relation(&left, me) == Some(Relation::FormerChild) };
    until("the old street knows", parted).await;
    assert_eq!(relation(&right, me), Some(Relation::Child));
    assert_eq!(relation(&node, left.id()), Some(Relation::FormerParent));
    assert!(relocate(&site.config, &to, |_| ()).await.is_ok(), "asked again, it has moved");
    let written = Identity::read(&site.folder()).unwrap().standing;
    assert_eq!(written.parent(), Some(right.id()));

    // So it is after a start, with both streets reached by where they said they are.
    node.stop().await;
    let node = site.start().await;
    until_greeted(&right, me).await;
    until_greeted(&left, me).await;
    assert_eq!(relation(&node, right.id()), Some(Relation::Parent));
    for running in [node, left, right, above] {
        running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_does_not_move_into_another_federation() {
    let (county, elsewhere) = (Site::county(), Site::county());
    let above = county.start().await;
    let stranger = elsewhere.start().await;
    let site = Site::new();
    site.join(&county.invite("徽城镇").await).await.unwrap();
    let outcome = relocate(&site.config, &elsewhere.invite("徽城镇").await, |_| ()).await;
    assert!(matches!(outcome, Err(JoinError::Elsewhere { .. })));
    stranger.stop().await;
    above.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_changed_its_key_waits_under_the_id_that_its_operator_reads_out() {
    let county = Site::county();
    let above = county.start().await;
    let (new, right) = street(&county).await;
    let (site, node) = street(&county).await;
    let me = node.id();
    until_greeted(&above, me).await;
    node.stop().await;
    {
        let mut offline = Offline::open(&site.config).unwrap();
        let key = record::NodeKey::from_seed(&[8; 32]);
        store::keyfile::create_node_key(&site.folder().next_key(), &key).unwrap();
        offline.command(What::Rotate { key: Arc::new(key) }).unwrap();
    }
    let node = site.start().await;
    assert!(tokio::time::timeout(PATIENCE, node.heir()).await.is_ok(), "certified");
    node.stop().await;
    let node = site.start().await;
    assert_ne!(node.engine().setup().key.public(), me.genesis_key());
    until_greeted(&above, me).await;

    let offer = Offer { approval: true, ..community("341021100002") };
    let invited = invite(&new.config, &offer).await.unwrap();
    let to = Token::decode(&invited.token).unwrap_or_else(|error| panic!("{error}"));
    let told = Arc::new(Mutex::new(Vec::new()));
    let mut moving = {
        let (config, told) = (site.config.clone(), told.clone());
        tokio::spawn(
            async move { relocate(&config, &to, |node| told.lock().unwrap().push(node)).await },
        )
    };
    tokio::select! {
        () = until("it waits", || async { newcomer(&right).is_some() }) => {}
        ended = &mut moving => panic!("it does not wait: {ended:?}"),
    }
    until("its operator knows", || async { !told.lock().unwrap().is_empty() }).await;
    assert_eq!(*told.lock().unwrap(), [me]);
    let shown = Local::find(&new.folder()).unwrap().get("/v1/invitations").await.unwrap();
    let came = &shown["items"][0]["newcomer"];
    assert_eq!(came["short"], me.short().to_string());
    assert_eq!(came["id"], me.to_string());
    let (hash, _) = newcomer(&right).unwrap();
    let what = What::Approve { hash: *hash.as_bytes(), node: me };
    right.engine().command(Command { by: Agent::Console, once: None, what }).await.unwrap();
    let standing = moving.await.unwrap().unwrap();
    assert_eq!((standing.node(), standing.parent()), (me, Some(right.id())));
    until_greeted(&right, me).await;
    for running in [node, right, above] {
        running.stop().await;
    }
}
