//! What is signed, with any byte changed or by anybody else's key, is refused.

use std::time::Duration;

use engine::arrival::verify_page;
use engine::entry::Acknowledgement;
use engine::store::FrameKind;
use engine::wire::{Page, Request, Response};
use governance::act::Act;
use governance::certificate::{Certificate, RevocationList};
use record::{
    Checkpoint, Countersignature, FederationId, Header, NodeId, PublicKey, Signed, Statement,
    Unverified,
};
use testkit::simulator::{Captured, Simulator, Weather};

use crate::forks::{last_of, page};
use crate::town::Town;

/// A calm day, and everything that was said in it.
fn a_day(reports: usize) -> (Simulator, Vec<Captured>) {
    let mut world = Simulator::new(3, Weather { reports, ..Weather::calm() });
    world.capture();
    world.play().expect("every promise holds");
    let tape = world.captured();
    (world, tape)
}

/// Every byte of a signed statement is changed in turn, in its lowest and its highest bit: nothing
/// of it verifies.
fn no_byte_can_change<T: Statement>(bytes: &[u8], federation: &FederationId, key: &PublicKey) {
    let accepts = |bytes: &[u8]| {
        let parsed = Unverified::<T>::parse(bytes.to_vec());
        parsed.and_then(|parsed| parsed.verify(federation, key)).is_ok()
    };
    assert!(accepts(bytes), "what was signed is accepted");
    for at in 0..bytes.len() {
        for bit in [1_u8, 0x80] {
            let mut forged = bytes.to_vec();
            forged[at] ^= bit;
            assert!(!accepts(&forged), "byte {at} of {}", bytes.len());
        }
    }
    assert!(!accepts(&bytes[..bytes.len() - 1]) && !accepts(&[bytes, &[0]].concat()));
}

/// S5: each byte of records, checkpoints and countersignatures.
#[test]
fn s5_no_byte_of_a_record_or_checkpoint_can_be_changed() {
    let (world, _) = a_day(16);
    let (mut records, mut checkpoints, mut seals) = (0, 0, 0);
    for place in world.places.values() {
        let setup = &place.member.setup;
        let key = |node: NodeId| node.genesis_key();
        for frame in place.store.frames() {
            let (bytes, federation) = (&frame.envelope, &setup.federation);
            match frame.kind {
                FrameKind::Own if records < 200 => {
                    records += 1;
                    no_byte_can_change::<Header>(bytes, federation, &setup.key.public());
                }
                FrameKind::Checkpoint if checkpoints < 40 => {
                    checkpoints += 1;
                    let author = key(frame.peer.expect("somebody's"));
                    no_byte_can_change::<Checkpoint>(bytes, federation, &author);
                    // Those that came with a page are not countersigned.
                    if let Some(seal) = frame.entry {
                        let own = &setup.key.public();
                        no_byte_can_change::<Countersignature>(&seal, federation, own);
                    }
                }
                FrameKind::Countersigned if seals < 40 => {
                    seals += 1;
                    let witness = key(frame.peer.expect("somebody's"));
                    no_byte_can_change::<Countersignature>(bytes, federation, &witness);
                }
                FrameKind::Own
                | FrameKind::Checkpoint
                | FrameKind::Countersigned
                | FrameKind::Foreign
                | FrameKind::Sent
                | FrameKind::Acknowledged
                | FrameKind::Certificate
                | FrameKind::Local
                | FrameKind::StreamHead
                | FrameKind::Access => {}
            }
        }
    }
    assert!(records == 200 && checkpoints > 10 && seals > 10, "{records} {checkpoints} {seals}");
}

/// S5, S12: each byte of certificates and revocation lists.
#[test]
fn s5_no_byte_of_a_certificate_or_list_can_be_changed() {
    let (world, _) = a_day(8);
    for place in world.places.values() {
        let setup = &place.member.setup;
        let links: Vec<_> = setup.standing.chain().collect();
        let issuers = setup.standing.certificates().skip(1).map(|above| above.key);
        for (link, issuer) in links.iter().zip(issuers.chain([setup.root])) {
            no_byte_can_change::<Certificate>(link, &setup.federation, &issuer);
        }
        for list in &setup.lists {
            let signer = list.signer();
            no_byte_can_change::<RevocationList>(list.bytes(), &setup.federation, &signer);
        }
    }
}

/// S5: each byte of a manifest changes the stream's link, which its sender has signed.
#[test]
fn s5_no_byte_of_a_manifest_or_acknowledgement_can_be_changed() {
    let (world, tape) = a_day(8);
    let tag = Response::Page(Page::default()).tag();
    let (mut pages, mut acknowledgements) = (0, 0);
    for message in &tape {
        if message.asks {
            let request = Request::decode(message.tag, &message.body).expect("honest bytes");
            let Request::Pull(pull) = request else { continue };
            let Some(said) = pull.acknowledgement.filter(|_| acknowledgements < 20) else {
                continue;
            };
            acknowledgements += 1;
            let setup = &world.places[&message.from].member.setup;
            no_byte_can_change::<Acknowledgement>(&said, &setup.federation, &setup.key.public());
        } else if message.tag == tag && pages < 6 {
            let read = Response::decode(tag, &message.body).expect("honest bytes");
            let Response::Page(page) = read else { continue };
            if page.parcels.is_empty() {
                continue;
            }
            pages += 1;
            no_manifest_can_change(&world, message.from, &page);
        }
    }
    assert!(pages == 6 && acknowledgements == 20, "{pages} {acknowledgements}");
}

fn no_manifest_can_change(world: &Simulator, from: NodeId, page: &Page) {
    for node in world.nodes() {
        let setup = &world.places[&node].member.setup;
        let directory = world.directory(node);
        let accepts = |page: Page| verify_page(setup, &directory, from, page, world.now).is_ok();
        if !accepts(page.clone()) {
            continue;
        }
        for at in 0..page.parcels[0].entry.len() {
            let mut forged = page.clone();
            forged.parcels[0].entry[at] ^= 1;
            assert!(!accepts(forged), "byte {at} of a manifest");
        }
    }
}

/// S1: every signer with every author: only a node's own signature makes a record its own.
#[test]
fn s1_only_the_author_itself_signs_in_its_name() {
    let mut world = Simulator::new(4, Weather { reports: 0, ..Weather::calm() });
    let later = world.now.plus(Duration::from_secs(60));
    world.run_until(later).expect("every promise holds");
    let nodes = world.nodes();
    for author in &nodes {
        let own = &world.places[author];
        let frame = own.store.frames().into_iter().find(|frame| frame.kind == FrameKind::Own);
        let frame = frame.expect("it has said something");
        let federation = own.member.setup.federation;
        let header = Unverified::<Header>::parse(frame.envelope).expect("it was stored");
        for signer in &nodes {
            let key = &world.places[signer].member.setup.key;
            let signed = Signed::sign(header.peek().clone(), key, &federation);
            let arrives =
                Unverified::<Header>::parse(signed.bytes().to_vec()).expect("well formed");
            let standing = &own.member.setup.standing;
            let place = (header.peek().epoch, header.peek().seq);
            let expected = standing.keys().at(place.0, place.1);
            let accepted = arrives.verify(&federation, &expected).is_ok();
            assert_eq!(accepted, signer == author, "{} for {}", signer.short(), author.short());
        }
    }
}

/// S1: what comes with a page counts under its author's own signature alone, whoever passes it on.
#[test]
fn s1_a_page_with_a_record_that_another_signed_is_refused() {
    let mut town = Town::begin(65);
    let Town { county, street, community, .. } = town;
    let case = town.climbs();
    town.accepts(case);
    let up = Act::Escalate { reason: "需县级协调".into() };
    town.does(street, "township_dispatcher", case, up);
    town.pass(600);
    let record = last_of(&town, county, community, case);
    let setup = &town.world.places[&county].member.setup;
    let directory = &town.world.world(county).directory;
    for signer in town.world.nodes() {
        let key = &town.world.places[&signer].member.setup.key;
        let signed = Signed::sign(record.value().clone(), key, &setup.federation);
        let (_, page) = page(&town, street, county, &signed);
        let taken = verify_page(setup, directory, street, page, town.world.now);
        assert_eq!(taken.is_ok(), signer == community, "{}", signer.short());
    }
}
