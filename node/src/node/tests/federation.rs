//! Two nodes and the way they find and know each other.

use super::*;
use crate::found::prepare;
use crate::join::{Asking, bring};

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_enrols_with_a_token_and_both_list_each_other_as_greeted() {
    let (county, town) = (Site::county(), Site::new());
    let above = county.start().await;
    let token = county.invite("徽城镇").await;
    let identity = town.join(&token).await.unwrap();
    assert_eq!(identity.standing.parent(), Some(above.id()));
    assert_eq!(identity.standing.certificate().name, "徽城镇");
    assert_eq!(town.install(), Installed::New);
    let below = town.start().await;
    until_greeted(&above, below.id()).await;
    until_greeted(&below, above.id()).await;
    assert_eq!(relation(&above, below.id()), Some(Relation::Child));
    assert_eq!(relation(&below, above.id()), Some(Relation::Parent));
    below.stop().await;
    until("the parent notices", || async {
        let contacts = above.engine().status().contacts;
        !contacts.get(&identity.standing.node()).is_some_and(|contact| contact.greeted)
    })
    .await;
    above.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_goes_on_knocking_until_the_parent_has_started() {
    let (county, town) = (Site::county(), Site::new());
    let above = county.start().await;
    let token = county.invite("徽城镇").await;
    above.stop().await;
    let joining = tokio::spawn(async move {
        let key = prepare(&town.folder()).unwrap();
        let asking = Asking { invitation: &token, shown: None, knocking: PATIENCE };
        bring(&town.config, &key, &asking, || ()).await.map(|chain| chain.len())
    });
    let above = county.start().await;
    assert_eq!(joining.await.unwrap().unwrap(), 2, "its own certificate and the county's");
    above.stop().await;
}

/// The node that waits at a parent: what its officer is shown.
pub(super) fn newcomer(above: &Running) -> Option<(Hash, Newcomer)> {
    let reader = above.engine().reader();
    let open = engine::view::invitations(reader, None, 10).unwrap();
    let mut came = open.into_iter().filter_map(|(hash, offer)| Some((hash, offer.newcomer?)));
    came.next().map(|(hash, newcomer)| (Hash::from_bytes(hash), newcomer))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_is_let_in_when_an_officer_approves_the_very_node_that_came() {
    let (county, town, thief) = (Site::county(), Site::new(), Site::new());
    let above = county.start().await;
    let offer = Offer { approval: true, ..township("徽城镇") };
    let invited = invite(&county.config, &offer).await.unwrap();
    let token = Token::decode(&invited.token).unwrap_or_else(|error| panic!("{error}"));
    let told = Arc::new(Mutex::new(Vec::new()));
    let joining = {
        let (config, token, told) = (town.config.clone(), token.clone(), told.clone());
        tokio::spawn(
            async move { enrol(&config, &token, |node| told.lock().unwrap().push(node)).await },
        )
    };
    until("it waits", || async { newcomer(&above).is_some() }).await;
    // Whoever else has the token is refused, and is not approved in its stead.
    assert!(matches!(thief.join(&token).await, Err(JoinError::Refused)));
    let (hash, came) = newcomer(&above).unwrap();
    let approve = async |node: NodeId| {
        let what = What::Approve { hash: *hash.as_bytes(), node };
        let command = Command { by: Agent::Console, once: None, what };
        above.engine().command(command).await
    };
    let other = NodeId::from_bytes([7; 32]);
    assert!(matches!(approve(other).await, Err(Refused::Invalid { field: "node", .. })));
    assert!(!joining.is_finished());
    let node = NodeId::from_bytes(*came.key.as_bytes());
    approve(node).await.unwrap();
    let identity = joining.await.unwrap().unwrap();
    assert_eq!(identity.standing.node(), node);
    assert_eq!(*told.lock().unwrap(), [node], "its operator is told its id, once");
    let below = town.start().await;
    until_greeted(&above, below.id()).await;
    assert!(newcomer(&above).is_none(), "the invitation is used up");
    assert!(matches!(
        thief.join(&token).await,
        Err(JoinError::Refused | JoinError::Unreachable { .. } | JoinError::Silent(_))
    ));
    below.stop().await;
    above.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn either_side_restarted_is_found_again() {
    let (county, town) = (Site::county(), Site::new());
    let above = county.start().await;
    town.join(&county.invite("徽城镇").await).await.unwrap();
    let below = town.start().await;
    let (up, down) = (above.id(), below.id());
    until_greeted(&above, down).await;

    let before = below.summary().clone();
    below.stop().await;
    // Without this note the child comes up on another port.
    file::remove(&town.folder().last()).unwrap();
    let below = town.start().await;
    assert_ne!(below.summary().addresses, before.addresses, "on a new port");
    until_greeted(&above, down).await;
    until("its new address is known", || async {
        let world = above.engine().world();
        world.directory.get(down).is_some_and(|peer| peer.addresses == below.summary().addresses)
    })
    .await;

    let before = above.summary().clone();
    above.stop().await;
    let above = county.start().await;
    assert_eq!(above.summary().addresses, before.addresses, "on the ports it had");
    assert_eq!(above.url(), before.url);
    until_greeted(&below, up).await;
    until_greeted(&above, down).await;
    below.stop().await;
    above.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parent_that_moved_is_found_at_the_address_in_the_configuration() {
    let (county, mut town) = (Site::county(), Site::new());
    let above = county.start().await;
    town.join(&county.invite("徽城镇").await).await.unwrap();
    above.stop().await;
    file::remove(&county.folder().last()).unwrap();
    let above = county.start().await;
    town.config.parent.addresses = above.summary().addresses.clone();
    let below = town.start().await;
    until_greeted(&above, below.id()).await;
    below.stop().await;
    above.stop().await;
}

/// Another program takes the port that a node had, so that it comes up at another.
async fn move_house(site: &Site, running: Running) -> Running {
    let before = running.summary().addresses.clone();
    running.stop().await;
    let had = crate::ports::socket(&before[0]).unwrap();
    let _taken = std::net::TcpListener::bind(had).unwrap();
    let running = site.start().await;
    assert_ne!(running.summary().addresses, before);
    running
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parent_that_moved_knocks_at_those_who_know_only_where_it_was() {
    let (county, town) = (Site::county(), Site::new());
    let above = county.start().await;
    town.join(&county.invite("徽城镇").await).await.unwrap();
    let below = town.start().await;
    until_greeted(&above, below.id()).await;
    let above = move_house(&county, above).await;
    until_greeted(&below, above.id()).await;
    until("its new address is known", || async {
        let world = below.engine().world();
        let parent = world.directory.get(above.id());
        parent.is_some_and(|peer| peer.addresses == above.summary().addresses)
    })
    .await;
    // From then on the child finds it by itself, also when nobody knocks any more.
    above.stop().await;
    let last: Last = file::read(&county.folder().last()).unwrap().unwrap();
    assert!(last.moved.is_some());
    file::write(&county.folder().last(), &Last { moved: None, ..last }).unwrap();
    let above = county.start().await;
    until_greeted(&below, above.id()).await;
    below.stop().await;
    above.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_operator_says_how_a_node_is_reached_it_knocks_at_nobody() {
    let (mut county, town) = (Site::county(), Site::new());
    let above = county.start().await;
    town.join(&county.invite("徽城镇").await).await.unwrap();
    let below = town.start().await;
    until_greeted(&above, below.id()).await;
    county.config.network.external = vec!["/ip4/192.0.2.1/tcp/7440".to_owned()];
    let above = move_house(&county, above).await;
    let status = above.network().status().await;
    assert!(status.iter().all(|peer| peer.dialling == network::Dialling::Not), "{status:?}");
    below.stop().await;
    above.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_works_once_and_only_for_whom_it_worked() {
    let (county, town, second) = (Site::county(), Site::new(), Site::new());
    let above = county.start().await;
    let token = county.invite("徽城镇").await;
    // Another invitation keeps the door open, so that the secret alone decides.
    let open = county.invite("富堨镇").await;
    let first = town.join(&token).await.unwrap();
    assert!(matches!(second.join(&token).await, Err(JoinError::Refused)));
    assert!(!second.folder().identity().exists(), "nothing is kept");
    file::remove(&town.folder().identity()).unwrap();
    assert_eq!(town.join(&token).await.unwrap(), first, "asking again after a crash");
    second.join(&open).await.unwrap();
    let late = Site::new();
    assert!(late.join(&token).await.is_err(), "the door is closed again");
    above.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_under_another_root_than_the_invitations_are_not_kept() {
    let (county, town) = (Site::county(), Site::new());
    let above = county.start().await;
    let token = county.invite("徽城镇").await;
    let forged = Token { root: PublicKey::from_bytes([7; 32]), ..token.clone() };
    assert!(matches!(town.join(&forged).await, Err(JoinError::Root { .. })));
    assert!(!town.folder().identity().exists());
    town.join(&token).await.unwrap();
    above.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn joining_says_why_when_nobody_answers_or_it_is_too_late_or_taken() {
    let (county, town) = (Site::county(), Site::new());
    let above = county.start().await;
    let token = county.invite("徽城镇").await;
    let late = Token { expires: now().minus(Duration::from_secs(1)), ..token.clone() };
    assert!(matches!(town.join(&late).await, Err(JoinError::Expired(_))));
    let other = Token { parent: NodeId::from_bytes([9; 32]), ..token.clone() };
    assert!(matches!(county.join(&other).await, Err(JoinError::Taken { .. })));
    above.stop().await;
    let error = town.join(&token).await.unwrap_err();
    assert!(matches!(error, JoinError::Unreachable { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_made_while_the_node_is_stopped_works_when_it_runs() {
    let (county, town) = (Site::county(), Site::new());
    let refused = invite(&county.config, &township("徽城镇")).await;
    assert!(matches!(refused, Err(InviteError::NoAddress)), "it never ran");
    county.start().await.stop().await;
    let token = county.invite("徽城镇").await;
    let above = county.start().await;
    town.join(&token).await.unwrap();
    above.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_outside_the_inviters_area_is_refused_running_or_not() {
    let county = Site::county();
    let elsewhere = Offer { area: "110101".parse().unwrap(), ..township("东城区") };
    let stopped = invite(&county.config, &elsewhere).await;
    assert!(matches!(stopped, Err(InviteError::Area { .. })));
    let above = county.start().await;
    let running = invite(&county.config, &elsewhere).await;
    assert!(matches!(running, Err(InviteError::Local(_))));
    above.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_lists_the_neighbour_with_the_operators_token() {
    let (county, town) = (Site::county(), Site::new());
    let above = county.start().await;
    town.join(&county.invite("徽城镇").await).await.unwrap();
    let below = town.start().await;
    let local = Local::find(&county.folder()).unwrap();
    let wanted = below.id().to_string();
    until("listed as connected", || async {
        let listed = local.get("/v1/peers").await.unwrap().to_string();
        listed.contains(&wanted)
    })
    .await;
    below.stop().await;
    above.stop().await;
}
