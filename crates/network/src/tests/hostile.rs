//! A neighbour that has gone bad. Whatever it does, it is cut off, it is found out, and the others
//! are served.

use std::sync::Arc;

use super::*;
use crate::hostile::{Bytes, Raw, framed};
use crate::{Offence, RequestError};

/// A node, a neighbour of it that sends what it likes, and an honest one.
struct Scene {
    node: Node,
    raw: Raw,
    honest: Node,
    address: String,
}

async fn scene(config: Config) -> Scene {
    let mut node = Node::with(1, config);
    let address = node.address().await;
    let mut honest = Node::start(2);
    node.handle.allow(honest.key, Vec::new(), false).await;
    honest.handle.allow(node.key, vec![address.clone()], true).await;
    honest.connected(node.key).await;
    let mut raw = Raw::new(&key(9));
    node.handle.allow(raw.key, Vec::new(), false).await;
    raw.connect(&address).await;
    node.connected(raw.key).await;
    Scene { node, raw, honest, address }
}

impl Scene {
    /// What the node finds the raw peer guilty of next, and whether that is one too many.
    async fn offence(&mut self) -> (Offence, bool) {
        let raw = self.raw.key;
        self.node
            .hear(|event| match event {
                Event::Misbehaved { peer, what, refused } => {
                    assert_eq!(peer, raw);
                    Some((what, refused))
                }
                _ => None,
            })
            .await
    }

    /// The honest neighbour is served.
    async fn serves(&mut self) {
        let (honest, to) = (self.honest.key, self.node.key);
        let served = async { self.node.asked_by(honest).await.send(Response::Done) };
        let asked = self.honest.handle.request(&to, Request::Poke, PATIENCE);
        let (got, ()) = tokio::join!(within(asked), served);
        assert!(got.unwrap() == Response::Done);
    }
}

#[tokio::test]
async fn s13_every_kind_of_malformed_message_is_cut_off_and_counted() {
    let mut scene = scene(config()).await;
    let deep = [vec![0x81; 3000], vec![0]].concat();
    let attacks =
        [vec![6, 0xff, 0xff, 0xff, 0xff], framed(200, b"\xf6"), framed(0, b""), framed(3, &deep)];
    for bytes in attacks {
        let answer = scene.raw.send(Bytes { bytes, hold: false });
        let (offence, _) = scene.offence().await;
        assert!(matches!(offence, Offence::Malformed(_)), "{offence}");
        let back = within(answer).await.unwrap();
        assert!(back.is_none_or(|bytes| bytes.is_empty()), "nothing is answered");
        scene.serves().await;
    }
}

#[tokio::test]
async fn random_bytes_are_cut_off_and_counted() {
    let mut scene = scene(config()).await;
    let mut seed = 1u32;
    let mut random = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        seed.to_be_bytes()[0]
    };
    for length in [1, 5, 6, 300] {
        let bytes = (0..length).map(|_| random()).collect();
        drop(scene.raw.send(Bytes { bytes, hold: false }));
        let (offence, _) = scene.offence().await;
        assert!(matches!(offence, Offence::Malformed(_) | Offence::Truncated), "{offence}");
        scene.serves().await;
    }
}

#[tokio::test]
async fn s13_an_oversize_announcement_is_cut_off_before_its_body() {
    let mut scene = scene(config()).await;
    // Nothing of the body ever comes.
    let bytes = vec![3, 0, 0x10, 0, 0];
    let answer = scene.raw.send(Bytes { bytes, hold: true });
    let (offence, _) = scene.offence().await;
    assert!(matches!(offence, Offence::Malformed(_)), "{offence}");
    drop(answer);
    scene.serves().await;
}

#[tokio::test]
async fn s13_streams_that_trickle_are_cut_off_while_others_are_served() {
    let mut config = config();
    config.requests.read = Duration::from_millis(800);
    let mut scene = scene(config).await;
    let mut held = Vec::new();
    for _ in 0..10 {
        // The header of a full-size question and one byte of it.
        let bytes = vec![6, 0, 1, 0, 0, 0x41];
        held.push(scene.raw.send(Bytes { bytes, hold: true }));
    }
    scene.serves().await;
    for _ in 0..10 {
        let (offence, refused) = scene.offence().await;
        assert!(matches!(offence, Offence::Slow(_)) && !refused, "{offence}");
    }
    scene.serves().await;
}

#[tokio::test]
async fn a_stream_that_stops_in_the_middle_is_counted() {
    let mut scene = scene(config()).await;
    drop(scene.raw.send(Bytes { bytes: vec![6, 0, 0, 0, 9, 0x41], hold: false }));
    let (offence, _) = scene.offence().await;
    assert!(matches!(offence, Offence::Truncated));
    scene.serves().await;
}

#[tokio::test]
async fn repeated_offences_shut_the_peer_out_until_its_penalty_is_over() {
    let mut config = config();
    config.conduct.penalty = Duration::from_secs(2);
    let mut scene = scene(config).await;
    for number in 1..=5 {
        drop(scene.raw.send(Bytes { bytes: framed(200, b""), hold: false }));
        let (_, refused) = scene.offence().await;
        assert_eq!(refused, number == 5);
    }
    scene.raw.disconnected().await;
    assert!(scene.node.status_of(scene.raw.key).await.unwrap().refused_for.is_some());
    let spoke = scene.raw.try_to_speak(&scene.address).await;
    assert_eq!(spoke, 0, "it is turned away at the gate");
    scene.serves().await;
    scene.node.until(scene.raw.key, |peer| peer.refused_for.is_none()).await;
    scene.raw.connect(&scene.address).await;
    scene.node.connected(scene.raw.key).await;
}

#[tokio::test]
async fn what_the_node_finds_untrue_counts_as_much_as_garbage() {
    let mut scene = scene(config()).await;
    let raw = scene.raw.key;
    let words = "an entry's signature does not hold".repeat(20);
    for number in 1..=5 {
        scene.node.handle.strike(raw, &words).await;
        let (offence, refused) = scene.offence().await;
        assert!(matches!(&offence, Offence::Untrue(what)
            if what.chars().count() == crate::MAX_WORDS && words.starts_with(what.as_str())));
        assert_eq!(refused, number == 5);
    }
    scene.raw.disconnected().await;
    assert_eq!(scene.raw.try_to_speak(&scene.address).await, 0, "it is turned away at the gate");
    scene.serves().await;
    // Whoever is not there, is not counted, and nothing is kept of it.
    let stranger = key(7).public();
    scene.node.handle.strike(stranger, "x").await;
    assert!(scene.node.status_of(stranger).await.is_none());
}

#[tokio::test]
async fn a_guest_has_no_second_chance() {
    let mut node = Node::start(1);
    let address = node.address().await;
    node.handle.open_enrolment(true).await;
    let mut raw = Raw::new(&key(9));
    raw.connect(&address).await;
    node.connected(raw.key).await;
    drop(raw.send(Bytes { bytes: framed(200, b""), hold: false }));
    raw.disconnected().await;
    node.disconnected(raw.key).await;
    assert!(node.handle.status().await.is_empty());
}

#[tokio::test]
async fn connections_that_come_too_fast_are_not_even_shaken_hands_with() {
    let mut config = config();
    config.connections.arrivals_burst = 2;
    config.connections.arrivals_per_second = 0;
    let mut scene = scene(config).await;
    let mut third = Raw::new(&key(8));
    scene.node.handle.allow(third.key, Vec::new(), false).await;
    third.fail_to_connect(&scene.address).await;
    scene.serves().await;
}

#[tokio::test]
async fn s13_a_thousand_streams_at_once_lose_the_connection_and_harm_nobody_else() {
    let mut config = config();
    config.requests.read = 2 * PATIENCE; // no stream ends before the connection does
    let mut scene = scene(config).await;
    let mut held = Vec::new();
    for _ in 0..1000 {
        held.push(scene.raw.send(Bytes { bytes: vec![6, 0, 1, 0, 0], hold: true }));
    }
    scene.node.disconnected(scene.raw.key).await;
    scene.serves().await;
}

#[tokio::test]
async fn s13_a_peer_that_does_not_read_holds_no_more_than_its_quota_and_not_for_long() {
    let mut config = config();
    config.requests.write = Duration::from_secs(2);
    config.requests.inbound_per_peer = 3;
    let mut scene = scene(config).await;
    let question = framed(6, &ask(10).encode().unwrap());
    let mut held = Vec::new();
    for _ in 0..6 {
        held.push(scene.raw.send(Bytes { bytes: question.clone(), hold: true }));
    }
    let raw = scene.raw.key;
    for _ in 0..3 {
        let huge = Response::Answer(ByteBuf::from(vec![0; 1_500_000]));
        scene.node.asked_by(raw).await.send(huge);
    }
    scene.serves().await;
    assert_eq!(scene.node.status_of(raw).await.unwrap().inbound, 3);
    scene.node.until(raw, |peer| peer.inbound == 0).await;
}

#[tokio::test]
async fn hanging_up_makes_no_room_for_more_requests() {
    let mut config = config();
    config.requests.inbound_per_peer = 2;
    let mut scene = scene(config).await;
    let raw = scene.raw.key;
    let question = framed(6, &ask(10).encode().unwrap());
    let mut replies = Vec::new();
    for _ in 0..2 {
        drop(scene.raw.send(Bytes { bytes: question.clone(), hold: false }));
        replies.push(scene.node.asked_by(raw).await);
    }
    // It comes back on a new connection, which supersedes the old one.
    let mut again = Raw::new(&key(9));
    again.connect(&scene.address).await;
    scene.raw.disconnected().await;
    let refused = framed(71, &Response::Refused.encode().unwrap());
    let answer = within(again.send(Bytes { bytes: question, hold: false })).await.unwrap();
    assert_eq!(answer, Some(refused));
    drop(replies);
    scene.node.until(raw, |peer| peer.inbound == 0).await;
}

#[tokio::test]
async fn answers_no_honest_node_gives_are_found_out() {
    let poke = |answer: Vec<u8>| async move {
        let mut node = Node::start(1);
        let address = node.address().await;
        let mut raw = Raw::answering(&key(9), Arc::new(move |_| Some(answer.clone())));
        node.handle.allow(raw.key, Vec::new(), false).await;
        raw.connect(&address).await;
        node.connected(raw.key).await;
        within(node.handle.request(&raw.key, Request::Poke, Duration::from_secs(5))).await
    };
    for answer in [
        framed(200, b""),
        framed(68, b"\x00"),
        framed(68, b"\xf6\xf6"),
        vec![71, 0xff, 0xff, 0xff, 0xff],
        framed(70, &[0x40]),
        vec![68, 0, 0, 0, 1],
    ] {
        let got = poke(answer.clone()).await;
        assert!(matches!(got, Err(RequestError::Malformed(_))), "{answer:?}");
    }
    assert!(matches!(poke(Vec::new()).await, Err(RequestError::Closed)));
    assert!(poke(framed(68, b"\xf6")).await.unwrap() == Response::Done);
}
