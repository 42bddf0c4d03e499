//! Unknown peers: outside, at the door, and let in.

use super::*;
use crate::hostile::Raw;
use crate::{DialFailure, RequestError};

/// A newcomer that has dialled a county whose enrolment is open.
async fn at_the_door(config: Config) -> (Node, Node) {
    let mut county = Node::with(1, config);
    let mut newcomer = Node::start(2);
    let address = county.address().await;
    county.handle.open_enrolment(true).await;
    newcomer.handle.dial_once(county.key, vec![address]).await;
    assert!(!newcomer.connected(county.key).await);
    assert!(!county.connected(newcomer.key).await);
    (county, newcomer)
}

#[tokio::test]
async fn a_peer_not_on_the_allow_list_is_shut_out_before_it_can_speak() {
    let mut county = Node::start(1);
    let address = county.address().await;
    let mut stranger = Raw::new(&key(9));
    let heard = stranger.try_to_speak(&address).await;
    assert_eq!(heard, 0, "not even identify or ping answers");
    assert!(county.handle.status().await.is_empty());
    assert!(county.events.try_recv().is_err(), "the node is not told of it");
}

#[tokio::test]
async fn an_unknown_peer_may_only_enrol() {
    let (county, newcomer) = at_the_door(config()).await;
    let to = county.key;
    let county = county.serve(|request| {
        assert!(matches!(request, Request::Enrol(_)));
        Response::Enrolled(vec![ByteBuf::from(vec![1; 300])])
    });
    for request in [Request::Hello(hello()), pull(), Request::Poke, witness(), ask(10)] {
        let got = newcomer.handle.request(&to, request, PATIENCE).await.unwrap();
        assert!(got == Response::Refused);
    }
    let got = newcomer.handle.request(&to, enrol(), PATIENCE).await.unwrap();
    assert!(matches!(got, Response::Enrolled(_)));
    // Nor may the county ask anything of a node that does not know it yet.
    for request in [Request::Hello(hello()), enrol(), pull()] {
        let got = county.request(&newcomer.key, request, PATIENCE).await.unwrap();
        assert!(got == Response::Refused);
    }
}

#[tokio::test]
async fn a_guest_that_is_made_a_neighbour_may_speak() {
    let (mut county, mut newcomer) = at_the_door(config()).await;
    county.handle.allow(newcomer.key, Vec::new(), false).await;
    newcomer.handle.allow(county.key, Vec::new(), true).await;
    assert!(county.connected(newcomer.key).await, "told again, now as known");
    assert!(newcomer.connected(county.key).await);
    county.handle.open_enrolment(false).await;
    let to = county.key;
    let county = county.serve(|_| Response::Hello(hello()));
    let got = newcomer.handle.request(&to, Request::Hello(hello()), PATIENCE).await.unwrap();
    assert!(matches!(got, Response::Hello(_)));
    drop(county);
}

#[tokio::test]
async fn closing_enrolment_shows_guests_out() {
    let (county, mut newcomer) = at_the_door(config()).await;
    county.handle.open_enrolment(false).await;
    newcomer.disconnected(county.key).await;
    let address = county.handle.addresses().await;
    newcomer.handle.dial_once(county.key, address).await;
    let got = newcomer.handle.request(&county.key, enrol(), PATIENCE).await;
    assert!(matches!(got, Err(RequestError::NotConnected | RequestError::Closed)));
}

#[tokio::test]
async fn a_guest_does_not_stay_longer_than_it_may() {
    let mut short = config();
    short.enrolment.session = Duration::from_millis(100);
    let (mut county, mut newcomer) = at_the_door(short).await;
    county.disconnected(newcomer.key).await;
    newcomer.disconnected(county.key).await;
    assert!(county.handle.status().await.is_empty(), "nothing is kept of it");
}

#[tokio::test]
async fn only_a_few_unknown_peers_come_in_and_neighbours_still_do() {
    let mut narrow = config();
    narrow.enrolment.connections = 1;
    let (mut county, _newcomer) = at_the_door(narrow).await;
    let address = county.handle.addresses().await;
    let mut second = Raw::new(&key(8));
    assert_eq!(second.try_to_speak(&address[0]).await, 0);
    let mut neighbour = Node::start(3);
    county.handle.allow(neighbour.key, Vec::new(), false).await;
    neighbour.handle.allow(county.key, address, true).await;
    assert!(neighbour.connected(county.key).await);
    assert!(county.connected(neighbour.key).await);
}

#[tokio::test]
async fn an_address_where_another_key_answers_is_refused() {
    let mut impostor = Node::start(1);
    let address = impostor.address().await;
    let without_key = address.split("/p2p/").next().unwrap().to_owned();
    let mut node = Node::start(2);
    impostor.handle.allow(node.key, Vec::new(), false).await;
    let meant = key(3).public();
    node.handle.allow(meant, vec![without_key], true).await;
    let found = node
        .hear(|event| match event {
            Event::DialFailed { peer, reason: DialFailure::OtherKey { found }, .. } => {
                assert_eq!(peer, meant);
                Some(found)
            }
            Event::Connected { .. } => panic!("it is not whom it was meant to be"),
            _ => None,
        })
        .await;
    assert_eq!(found, Some(impostor.key));
    let got = node.handle.request(&meant, Request::Poke, PATIENCE).await;
    assert!(matches!(got, Err(RequestError::NotConnected)));
}

#[tokio::test]
async fn an_address_that_names_another_peer_is_told_to_be_unusable() {
    let mut node = Node::start(1);
    let other = crate::peer_id_text(&key(2).public());
    let address = format!("/ip4/127.0.0.1/tcp/1/p2p/{other}");
    node.handle.allow(key(3).public(), vec![address], true).await;
    node.hear(|event| match event {
        Event::DialFailed { reason: DialFailure::Address(_), .. } => Some(()),
        _ => None,
    })
    .await;
}

#[tokio::test]
async fn dialling_once_tells_when_nobody_answers() {
    let mut gone = Node::start(1);
    let address = gone.address().await;
    gone.handle.shutdown(Duration::ZERO).await;
    let mut newcomer = Node::start(2);
    newcomer.handle.dial_once(gone.key, vec![address.clone()]).await;
    let failed = newcomer
        .hear(|event| match event {
            Event::DialFailed { address, reason: DialFailure::Unreachable(_), .. } => address,
            _ => None,
        })
        .await;
    assert_eq!(failed, address);
    assert!(newcomer.handle.status().await.is_empty(), "nothing is kept of it");
}
