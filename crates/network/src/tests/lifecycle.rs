//! Starting and ending.

use super::*;
use crate::{RequestError, StartError};

#[tokio::test]
async fn a_shut_down_answers_what_is_under_way_and_closes_everything() {
    let (mut first, mut second) = pair(Node::start(1), Node::start(2)).await;
    let to = second.key;
    let asking = first.handle.clone();
    let asked = tokio::spawn(async move { asking.request(&to, pull(), PATIENCE).await });
    let reply = second.asked_by(first.key).await;
    let handle = second.handle.clone();
    let ending = tokio::spawn(async move { handle.shutdown(PATIENCE).await });
    // It takes no more connections, but the request under way is still answered.
    second.hear(|event| matches!(event, Event::StoppedListening { .. }).then_some(())).await;
    reply.send(Response::Done);
    assert!(asked.await.unwrap().unwrap() == Response::Done);
    within(ending).await.unwrap();
    first.disconnected(second.key).await;
    let got = second.handle.request(&first.key, Request::Poke, PATIENCE).await;
    assert!(matches!(got, Err(RequestError::ShutDown)));
    assert!(second.handle.status().await.is_empty());
    while second.events.recv().await.is_some() {}
}

#[tokio::test]
async fn a_shut_down_does_not_wait_longer_than_it_is_told() {
    let (first, mut second) = pair(Node::start(1), Node::start(2)).await;
    let to = second.key;
    let asking = first.handle.clone();
    let asked = tokio::spawn(async move { asking.request(&to, ask(10), PATIENCE).await });
    let _held = second.asked_by(first.key).await;
    within(second.handle.shutdown(Duration::from_millis(10))).await;
    assert!(matches!(within(asked).await.unwrap(), Err(RequestError::Closed)));
}

#[tokio::test]
async fn the_network_ends_when_the_node_lets_go_of_it() {
    let Node { handle, mut events, .. } = Node::start(1);
    drop(handle);
    within(async { while events.recv().await.is_some() {} }).await;

    let Node { handle, events, .. } = Node::start(2);
    drop(events);
    within(async { while !handle.addresses().await.is_empty() {} }).await;
}

#[tokio::test]
async fn addresses_name_the_node_and_are_the_operators_where_there_are_any() {
    let mut plain = Node::with(1, config());
    let listening = plain.address().await;
    assert_eq!(plain.handle.addresses().await, [listening]);
    let mut told = config();
    told.external = vec!["/dns/county.example/tcp/7440".to_owned()];
    let mut node = Node::with(2, told);
    node.address().await;
    let addresses = node.handle.addresses().await;
    assert_eq!(addresses.len(), 1);
    assert!(addresses[0].starts_with("/dns/county.example/tcp/7440/p2p/"));
    assert_eq!(crate::peer_of_address(&addresses[0]).unwrap(), node.key);
}

#[tokio::test]
async fn a_port_that_is_taken_is_told_at_the_start() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("/ip4/127.0.0.1/tcp/{}", taken.local_addr().unwrap().port());
    let config = Config { listen: vec![address.clone()], ..config() };
    let error = start(config, &key(1)).err().unwrap();
    assert!(matches!(&error, StartError::Listen { address: named, .. } if *named == address));
}

#[test]
fn outside_a_runtime_it_does_not_start() {
    assert!(matches!(start(config(), &key(1)), Err(StartError::NoRuntime(_))));
}

#[tokio::test]
async fn an_unusable_configuration_does_not_start() {
    let config = Config { listen: vec!["localhost:80".to_owned()], ..config() };
    assert!(matches!(start(config, &key(1)), Err(StartError::Config(_))));
}
