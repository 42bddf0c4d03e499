//! Photos between nodes: they follow the field that shows them, and nothing else.

use std::time::Duration;

use engine::blob::Blobs;
use engine::command::{Agent, Command, What};
use engine::wire::{Fetch, PIECE_BYTES, Piece, Request, Response};
use governance::act::{Act, Media, Moment, Photo, Whistle};
use governance::case::CaseId;
use record::{Hash, NodeId};
use testkit::federation::Part;
use testkit::fixture;
use testkit::simulator::{Simulator, Weather};

/// A street with two units, a community below it, and another street.
struct Scene {
    world: Simulator,
    street: NodeId,
    community: NodeId,
    units: Vec<NodeId>,
    elsewhere: NodeId,
    case: CaseId,
    photo: Hash,
}

impl Scene {
    /// A case with a photo, escalated to the street; one unit is called to it.
    fn begin() -> Self {
        let weather = Weather { townships: 2, communities: 1, reports: 0, ..Weather::calm() };
        let world = Simulator::new(3, weather);
        let community = world.of(Part::Community)[0];
        let above = |node| world.places[&node].member.setup.standing.parent().expect("a parent");
        let street = above(community);
        let units = world.of(Part::Unit).into_iter().filter(|unit| above(*unit) == street);
        let units = units.collect();
        let elsewhere = world.of(Part::Township).into_iter().find(|node| *node != street);
        let elsewhere = elsewhere.expect("there are two");
        let (case, photo) = (CaseId::ZERO, Hash::ZERO);
        let mut scene = Self { world, street, community, units, elsewhere, case, photo };
        scene.settle();
        let shown = scene.uploads(community, b"a broken lamp");
        scene.photo = shown.hash;
        let place = scene.world.places[&community].staff.grids[0];
        let mut report = fixture::report(1);
        (report.place, report.photos) = (Some(place), vec![shown]);
        scene.case = scene.does(community, "grid_worker", Act::Report(Box::new(report)));
        scene.does(community, "grid_worker", Act::HandUp { reason: "办不了".into() });
        scene.does(community, "community_dispatcher", Act::Escalate { reason: "请协调".into() });
        scene
    }

    fn settle(&mut self) {
        let later = self.world.now.plus(Duration::from_secs(300));
        self.world.run_until(later).expect("every promise holds");
    }

    fn staff(&self, node: NodeId, role: &str) -> Agent {
        Agent::Staff(self.world.places[&node].staff.of(role).expect("somebody has the role"))
    }

    fn command(&mut self, node: NodeId, by: Agent, what: What) -> engine::command::Receipt {
        let done = self.world.command(node, Command { by, once: None, what });
        done.expect("it is permitted")
    }

    fn does(&mut self, node: NodeId, role: &str, act: Act) -> CaseId {
        let by = self.staff(node, role);
        let case = (!matches!(act, Act::Report(_))).then_some(self.case);
        let done = self.command(node, by, What::Act { case, act });
        self.settle();
        done.subject.expect("a case")
    }

    fn uploads(&mut self, node: NodeId, bytes: &[u8]) -> Photo {
        let hash = self.world.places[&node].store.photos().put(bytes).expect("memory takes it");
        let size = u32::try_from(bytes.len()).expect("small");
        let role = if node == self.community { "grid_worker" } else { "unit_officer" };
        let by = self.staff(node, role);
        self.command(node, by, What::KeepPhoto { hash, size });
        Photo { hash, size, media: Media::Jpeg, moment: Moment::Before, caption: None }
    }

    fn accepts_and_whistles(&mut self) {
        self.does(self.street, "township_dispatcher", Act::AcceptCustody {});
        let (lead, assist) = (self.units[0], vec![]);
        let act = Act::Whistle(Whistle { lead, assist, request: "请修复".into() });
        self.does(self.street, "township_dispatcher", act);
    }

    fn holds(&self, node: NodeId, photo: &Hash) -> bool {
        self.world.places[&node].store.photos().hashes().contains(photo)
    }

    fn asks(&mut self, of: NodeId, by: NodeId, fetch: Fetch) -> Option<Piece> {
        let key = self.world.places[&by].member.setup.standing.key();
        match self.world.knock(of, key, Request::Fetch(fetch)) {
            Some(Response::Piece(piece)) => Some(piece),
            Some(Response::Refused) => None,
            _ => panic!("a request for a photo is answered by a piece or refused"),
        }
    }
}

#[test]
fn a_photo_goes_to_whoever_was_released_the_field_and_to_nobody_else() {
    let mut scene = Scene::begin();
    let photo = scene.photo;
    assert!(scene.holds(scene.street, &photo), "it went up with the case");
    assert!(!scene.holds(scene.units[0], &photo));
    scene.accepts_and_whistles();
    assert!(scene.holds(scene.units[0], &photo), "the unit that was called sees what is broken");
    assert!(!scene.holds(scene.units[1], &photo), "the one that was not does not");
    assert!(!scene.holds(scene.elsewhere, &photo));
    // And what the unit did comes back, to the street and home.
    scene.does(scene.units[0], "unit_officer", Act::ReportIn {});
    let after = scene.uploads(scene.units[0], b"a lamp that shines");
    let (opinion, photos) = ("已修复".into(), vec![after.clone()]);
    scene.does(scene.units[0], "unit_officer", Act::UnitResult { opinion, photos });
    assert!(scene.holds(scene.street, &after.hash));
    assert!(!scene.holds(scene.units[1], &after.hash));
}

#[test]
fn a_neighbour_is_refused_every_photo_that_no_entry_released_to_it() {
    let mut scene = Scene::begin();
    scene.accepts_and_whistles();
    let (street, photo) = (scene.street, scene.photo);
    let fetch = |number, photo, offset| Fetch { number, photo, offset };
    let given: Vec<u64> = (0..40)
        .filter(|number| scene.asks(street, scene.units[0], fetch(*number, photo, 0)).is_some())
        .collect();
    assert_eq!(given.len(), 1, "one entry released it");
    for number in 0..40 {
        // Another photo that the street has, but did not give; one that nobody has; behind the end.
        for (photo, offset) in
            [(Hash::of(b"other"), 0), (Hash::ZERO, 0), (photo, 13), (photo, u32::MAX)]
        {
            assert!(scene.asks(street, scene.units[0], fetch(number, photo, offset)).is_none());
        }
        // Its number in another's stream means nothing in one's own.
        assert!(scene.asks(street, scene.units[1], fetch(number, photo, 0)).is_none());
        assert!(scene.asks(scene.units[0], street, fetch(number, photo, 0)).is_none());
    }
    let piece = scene.asks(street, scene.units[0], fetch(given[0], photo, 2)).expect("the rest");
    assert_eq!((piece.total, piece.bytes.as_slice()), (13, b"broken lamp".as_slice()));
    assert!(scene.asks(scene.community, scene.units[0], fetch(given[0], photo, 0)).is_none());
}

#[test]
fn a_photo_is_gone_on_with_after_a_cut_and_comes_in_the_end() {
    let mut scene = Scene::begin();
    scene.world.crash(scene.units[0]);
    scene.accepts_and_whistles();
    assert!(!scene.holds(scene.units[0], &scene.photo));
    scene.world.restart(scene.units[0]);
    scene.settle();
    assert!(scene.holds(scene.units[0], &scene.photo));
}

#[test]
fn other_bytes_than_were_signed_are_refused_and_never_kept() {
    let mut scene = Scene::begin();
    let (photo, street, community) = (scene.photo, scene.street, scene.community);
    scene.world.places[&street].store.photos().clear(&[].into(), Duration::ZERO).expect("memory");
    let wanted = engine::engine::About::Fetch(photo, 0);
    for said in [
        Piece { total: 13, bytes: b"a broken LAMP".to_vec().into() },
        Piece { total: u32::MAX, bytes: vec![0; PIECE_BYTES].into() },
        Piece { total: 1, bytes: Vec::new().into() },
    ] {
        scene.world.answer_unasked(street, community, wanted, Response::Piece(said));
    }
    assert!(scene.world.places[&street].store.photos().hashes().is_empty());
}
