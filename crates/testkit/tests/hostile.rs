//! What hostile peers try, and what comes of it: nothing.

use std::time::Duration;

use engine::arrival::verify_page;
use engine::engine::About;
use engine::wire::{
    Ask, Challenge, Enrol, Fetch, Hello, Notice, PROTOCOL, Page, Pull, Reclaim, Renew, Request,
    Response, Witness,
};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use record::{Hash, NodeId, NodeKey};
use testkit::federation::{Federation, Part};
use testkit::simulator::{Captured, Simulator, Weather};

fn a_day() -> (Simulator, Vec<Captured>) {
    let weather = Weather { reports: 8, ..Weather::calm() };
    let mut world = Simulator::new(3, weather);
    world.capture();
    world.play().expect("every promise holds");
    let tape = world.captured();
    (world, tape)
}

/// Everything a node has kept: frames and index.
fn kept(world: &Simulator, node: NodeId) -> (usize, blake3::Hash) {
    let store = &world.places[&node].store;
    let mut digest = blake3::Hasher::new();
    for (table, key, value) in store.rows() {
        digest.update(&[table as u8]).update(&key).update(&[0]).update(&value);
    }
    (store.frames().len(), digest.finalize())
}

fn every_request(world: &Simulator, node: NodeId) -> Vec<Request> {
    let chain = world.places[&node].member.chain();
    let chain = chain.into_iter().map(Into::into).collect();
    vec![
        Request::Hello(Hello {
            version: PROTOCOL,
            software: "stranger".into(),
            chain,
            addresses: Vec::new(),
            revocations: Vec::new(),
            seen: None,
        }),
        Request::Enrol(Enrol { secret: vec![7; 32].into(), addresses: Vec::new(), chain: None }),
        Request::Pull(Pull { after: 0, acknowledgement: None, held: None }),
        Request::Poke,
        Request::Witness(Witness { checkpoint: vec![1].into(), from: 0, proof: Vec::new() }),
        Request::Ask(Ask { question: vec![1].into() }),
        Request::Fetch(Fetch { number: 1, photo: Hash::ZERO, offset: 0 }),
        Request::Notice(Notice { list: vec![1].into(), chain: Vec::new() }),
        Request::Renew(Renew { endorsement: None }),
        Request::Challenge(Challenge { size: 1, root: Hash::ZERO, index: 0 }),
        Request::Reclaim(Reclaim { after: None, before: 1 }),
    ]
}

#[test]
fn a_stranger_is_refused_everything_and_changes_nothing() {
    let (mut world, _) = a_day();
    let stranger = NodeKey::generate(&mut StdRng::seed_from_u64(99)).public();
    for node in world.nodes() {
        let before = kept(&world, node);
        // Also with the certificates of an honest node, which are no secret.
        for other in world.nodes() {
            for request in every_request(&world, other) {
                let response = world.knock(node, stranger, request);
                assert!(matches!(response, Some(Response::Refused)));
            }
        }
        assert_eq!(kept(&world, node), before);
    }
}

#[test]
fn a_node_of_another_federation_is_refused() {
    let (mut world, _) = a_day();
    let mut rng = StdRng::seed_from_u64(5);
    let other = Federation::found(world.now, &mut rng).county("341021", &mut rng);
    let hello = Hello {
        version: PROTOCOL,
        software: "other".into(),
        chain: other.chain().into_iter().map(Into::into).collect(),
        addresses: Vec::new(),
        revocations: Vec::new(),
        seen: None,
    };
    for node in world.nodes() {
        let key = other.setup.standing.key();
        let response = world.knock(node, key, Request::Hello(hello.clone()));
        assert!(matches!(response, Some(Response::Refused)));
    }
}

#[test]
fn a_certified_sibling_is_not_spoken_to() {
    let (mut world, _) = a_day();
    let (one, other) = (world.of(Part::Township)[0], world.of(Part::Township)[1]);
    let key = world.places[&other].member.setup.standing.key();
    for request in every_request(&world, other) {
        assert!(matches!(world.knock(one, key, request), Some(Response::Refused)));
    }
}

#[test]
fn before_its_certificates_were_shown_a_neighbour_is_refused_like_a_stranger() {
    let (mut world, _) = a_day();
    let unit = world.of(Part::Unit)[0];
    let street = world.places[&unit].member.setup.standing.parent().expect("it has a parent");
    let key = world.places[&unit].member.setup.standing.key();
    world.crash(street);
    world.restart(street);
    let response = world.knock(
        street,
        key,
        Request::Pull(Pull { after: 0, acknowledgement: None, held: None }),
    );
    assert!(matches!(response, Some(Response::Refused)));
}

#[test]
fn what_is_not_there_and_what_is_refused_look_the_same() {
    let (mut world, _) = a_day();
    let units = world.of(Part::Unit);
    let street = world.places[&units[0]].member.setup.standing.parent().expect("a parent");
    let key = world.places[&units[0]].member.setup.standing.key();
    // A forged acknowledgement and one for an entry that does not exist: one and the same answer.
    for (after, acknowledgement) in [(1_000_000, vec![0; 64]), (1, vec![1; 64])] {
        let acknowledgement = Some(acknowledgement.into());
        let pull = Request::Pull(Pull { after, acknowledgement, held: None });
        assert!(matches!(world.knock(street, key, pull), Some(Response::Refused)));
    }
}

/// S3: every captured message, replayed to every node by every neighbour.
#[test]
fn s3_replayed_messages_change_nothing() {
    let (mut world, tape) = a_day();
    let nodes = world.nodes();
    let before: Vec<_> = nodes.iter().map(|node| kept(&world, *node)).collect();
    for message in &tape {
        for node in &nodes {
            let key = world.places[&message.from].member.setup.standing.key();
            if message.asks {
                let request = Request::decode(message.tag, &message.body).expect("honest bytes");
                let _ = world.knock(*node, key, request);
            } else {
                let said = Response::decode(message.tag, &message.body).expect("honest bytes");
                let wanted = world.wanted(*node, message.from).map(About::Pull);
                let abouts = [Some(About::Hello), wanted, Some(About::Witness)];
                for about in abouts.into_iter().flatten() {
                    world.answer_unasked(*node, message.from, about, said.clone());
                }
            }
        }
    }
    let after: Vec<_> = nodes.iter().map(|node| kept(&world, *node)).collect();
    assert!(before == after, "a replayed message left a trace");
}

fn pages(tape: &[Captured]) -> Vec<(NodeId, Vec<u8>)> {
    let page = Response::Page(Page::default()).tag();
    let pages = tape.iter().filter(|message| !message.asks && message.tag == page);
    pages.map(|message| (message.from, message.body.clone())).collect()
}

fn recipients(world: &Simulator, from: NodeId) -> Vec<NodeId> {
    let parent = |node: NodeId| world.places[&node].member.setup.standing.parent();
    let nodes = world.nodes().into_iter();
    nodes.filter(|node| parent(*node) == Some(from) || parent(from) == Some(*node)).collect()
}

/// S5: any flipped bit in a page is refused by everybody, unless it says the same.
#[test]
fn a_page_with_any_bit_flipped_is_refused() {
    let (world, tape) = a_day();
    let mut rng = StdRng::seed_from_u64(11);
    let pages: Vec<_> = pages(&tape).into_iter().filter(|(_, body)| body.len() > 200).collect();
    assert!(!pages.is_empty());
    let mut tried = 0;
    for round in 0..3_000 {
        let (from, body) = &pages[round % pages.len()];
        let mut forged = body.clone();
        let at = rng.random_range(0..forged.len());
        forged[at] ^= 1 << rng.random_range(0..8);
        let tag = Response::Page(Page::default()).tag();
        let Ok(Response::Page(page)) = Response::decode(tag, &forged) else { continue };
        let Ok(Response::Page(honest)) = Response::decode(tag, body) else { continue };
        if page.parcels == honest.parcels {
            // The flag "more" or an author's chain; a chain is verified like any other.
            continue;
        }
        tried += 1;
        for node in recipients(&world, *from) {
            let place = &world.places[&node];
            let engine = place.member.setup.clone();
            let peers = world.directory(node);
            let verified = verify_page(&engine, &peers, *from, page.clone(), world.now);
            assert!(verified.is_err(), "byte {at} of a page of {}", body.len());
        }
    }
    assert!(tried > 1_000, "only {tried} forgeries survived decoding");
}

/// A page for one node is refused by every other.
#[test]
fn a_page_for_somebody_else_is_refused() {
    let (world, tape) = a_day();
    for (from, body) in pages(&tape) {
        let tag = Response::Page(Page::default()).tag();
        let Ok(Response::Page(page)) = Response::decode(tag, &body) else { continue };
        if page.parcels.is_empty() {
            continue;
        }
        let accepting = world
            .nodes()
            .into_iter()
            .filter(|node| {
                let setup = &world.places[node].member.setup;
                let peers = world.directory(*node);
                verify_page(setup, &peers, from, page.clone(), world.now).is_ok()
            })
            .count();
        assert_eq!(accepting, 1, "one recipient and nobody else");
    }
}

#[test]
fn garbage_in_place_of_any_message_is_an_error_and_never_a_panic() {
    let mut rng = StdRng::seed_from_u64(1);
    for _ in 0..20_000 {
        let length = rng.random_range(0..200);
        let body: Vec<u8> = (0..length).map(|_| rng.random()).collect();
        let tag = rng.random();
        let _ = (Request::decode(tag, &body), Response::decode(tag, &body));
    }
}

/// A parent that meets a rewritten log does not countersign it.
#[test]
fn a_rewritten_log_gets_no_countersignature() {
    let weather = Weather { townships: 1, communities: 1, reports: 0, ..Weather::calm() };
    let mut world = Simulator::new(2, weather);
    let later = world.now.plus(Duration::from_secs(600));
    world.run_until(later).expect("every promise holds");
    let community = world.of(Part::Community)[0];
    let street = world.places[&community].member.setup.standing.parent().expect("a parent");
    let sealed = world.witnessed(street, community).expect("the log was witnessed");
    // The same node with the same key, but another history.
    world.rewrite(community);
    let later = world.now.plus(Duration::from_secs(3_600));
    world.run_until(later).expect("every promise holds");
    assert_eq!(world.witnessed(street, community), Some(sealed));
}
