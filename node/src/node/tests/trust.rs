//! Certificates between two real nodes: revoked, overdue, brought by hand.

use governance::certificate::{Issuer, Reason, Status};

use super::*;
use crate::{revoke, root};

/// What the lists say at a node of another.
fn status(node: &Running, of: NodeId) -> Option<Status> {
    let setup = node.engine().setup().clone();
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
