//! What a node shows of its log: to whoever is given its records, and to whoever witnesses it.

use engine::arrival::{self, PageError};
use engine::command::{Refused, What};
use engine::engine::About;
use engine::peer::Witnessed;
use engine::store::{FrameKind, Store};
use engine::view;
use engine::wire::{Challenge, Opened, Page, Pull, Request, Response};
use governance::act::Act;
use record::{Checkpoint, Hash, NodeId, Signed, Unverified};

use crate::forks::{last_of, log_with, page, twin};
use crate::town::Town;

fn key(town: &Town, node: NodeId) -> record::PublicKey {
    town.world.places[&node].member.setup.standing.key()
}

/// What a node has for a neighbour, from the start.
fn given(town: &mut Town, by: NodeId, to: NodeId) -> Page {
    let pull = Pull { after: 0, acknowledgement: None, held: None };
    let key = key(town, to);
    match town.world.knock(by, key, Request::Pull(pull)) {
        Some(Response::Page(page)) => page,
        _ => panic!("a neighbour is given a page"),
    }
}

fn verified(town: &Town, at: NodeId, from: NodeId, page: Page) -> Result<(), PageError> {
    let setup = &town.world.places[&at].member.setup;
    let directory = &town.world.world(at).directory;
    arrival::verify_page(setup, directory, from, page, town.world.now).map(|_| ())
}

fn witness_of(town: &Town, at: NodeId, of: NodeId) -> engine::peer::Witness {
    let reader = Store::reader(&town.world.places[&at].store);
    view::peer(&reader, of).expect("readable").expect("a neighbour").witness
}

/// S3: what a node signed for one neighbour is nothing that another takes, whoever brings it.
#[test]
fn s3_a_page_is_for_its_recipient_alone() {
    let mut town = Town::begin(60);
    let (street, community, unit) = (town.street, town.community, town.units[0]);
    let case = town.climbs();
    town.accepts(case);
    let page = given(&mut town, street, community);
    verified(&town, community, street, page.clone()).expect("it is for the community");
    let refused = verified(&town, unit, street, page).expect_err("it is not for the unit");
    assert!(matches!(refused, PageError::Head(None)), "{refused}");
}

/// S2: every record that a node gives of its own comes with the proof that it stands in the log
/// which the node has signed for; without one, or with another's, nothing of the page is taken.
#[test]
fn s2_a_record_is_given_with_the_proof_that_it_stands_in_its_authors_log() {
    let mut town = Town::begin(61);
    let (street, community) = (town.street, town.community);
    let case = town.climbs();
    town.accepts(case);
    let page = given(&mut town, community, street);
    let own = page.parcels.iter().filter(|parcel| parcel.place.is_some()).count();
    assert!(own >= 3, "reported, handed up, escalated");
    verified(&town, street, community, page.clone()).expect("it holds");
    let other = given(&mut town, street, community).log;
    let other = other.expect("the street's own");
    let refused = |change: &dyn Fn(&mut Page)| {
        let mut page = page.clone();
        change(&mut page);
        verified(&town, street, community, page).expect_err("it proves nothing")
    };
    let none = refused(&|page| page.parcels[1].place = None);
    assert!(matches!(none, PageError::NotInLog { number: 2, source: None }));
    let swapped = refused(&|page| page.parcels[1].place = page.parcels[0].place.clone());
    assert!(matches!(swapped, PageError::NotInLog { number: 2, source: Some(_) }));
    assert!(matches!(refused(&|page| page.log = None), PageError::Log(None)));
    let theirs = refused(&|page| page.log = Some(other.clone()));
    assert!(matches!(theirs, PageError::Log(Some(_))), "signed by another");
}

/// S2: so does every record that a node passes on for another: its author's own word on its log goes
/// along, as far as the county, which never met the community.
#[test]
fn s2_a_record_that_is_passed_on_comes_with_the_proof_from_its_author() {
    let mut town = Town::begin(65);
    let Town { county, street, .. } = town;
    let case = town.climbs();
    town.accepts(case);
    let up = Act::Escalate { reason: "需县级协调".into() };
    town.does(street, "township_dispatcher", case, up);
    let page = given(&mut town, street, county);
    let passed = page.parcels.iter().position(|parcel| parcel.log.is_some());
    let passed = passed.expect("records of the community are passed on");
    let proven = page.parcels.iter().filter(|parcel| parcel.place.is_some()).count();
    assert_eq!(proven, page.parcels.len(), "every one is proven");
    verified(&town, county, street, page.clone()).expect("it holds");
    let own = page.log.clone().expect("the street's own log").checkpoint;
    let refused = |change: &dyn Fn(&mut Page)| {
        let mut page = page.clone();
        change(&mut page);
        verified(&town, county, street, page).expect_err("it proves nothing")
    };
    assert!(matches!(refused(&|page| page.logs.clear()), PageError::OtherLog { source: None, .. }));
    let none = refused(&|page| page.parcels[passed].log = None);
    assert!(matches!(none, PageError::OtherLog { source: None, .. }));
    let none = refused(&|page| page.parcels[passed].place = None);
    assert!(matches!(none, PageError::NotInLog { source: None, .. }));
    let theirs = refused(&|page| page.logs.fill(own.clone()));
    assert!(
        matches!(theirs, PageError::OtherLog { .. }),
        "the street's log is not the community's"
    );
    let forged = {
        let said = Unverified::<Checkpoint>::parse(page.logs[0].to_vec()).expect("a checkpoint");
        let said = said.trust_stored(&town.world.setup(street).federation).value().clone();
        let setup = town.world.setup(street);
        Signed::sign(said, &setup.key, &setup.federation).bytes().to_vec()
    };
    let forged = refused(&|page| page.logs.fill(forged.clone().into()));
    assert!(matches!(forged, PageError::OtherLog { .. }), "signed by whoever passes it on");
    let elsewhere = refused(&|page| {
        page.parcels[passed].place.as_mut().expect("proven").path.reverse();
        page.parcels[passed].place.as_mut().expect("proven").index += 1;
    });
    assert!(matches!(elsewhere, PageError::NotInLog { source: Some(_), .. }));
}

/// S2: a node that shows a log in which something earlier is another, or gone, is found out by
/// whoever has seen the earlier one, not only by its witness; its own signed word is kept.
#[test]
fn s2_a_log_that_does_not_continue_what_was_shown_is_refused_and_kept() {
    let mut town = Town::begin(62);
    let (street, community) = (town.street, town.community);
    let case = town.climbs();
    town.pass(60);
    let seen = witness_of(&town, street, community).seen().expect("it came with the records");
    let received = town.received(street, community);
    let record = twin(&town, &last_of(&town, street, community, case));
    let checkpoints = |town: &Town| {
        let frames = town.world.places[&street].store.frames().into_iter();
        frames.filter(|frame| frame.kind == FrameKind::Checkpoint).count()
    };
    let before = checkpoints(&town);
    town.disowned = true;
    for _ in 0..3 {
        let (_, mut page) = page(&town, community, street, &record);
        let (place, log) = log_with(&town, community, (seen.size, true), &record);
        page.parcels[0].place = Some(place);
        page.log = Some(log);
        verified(&town, street, community, page.clone()).expect("every signature holds");
        let knocked = town.world.knock(street, key(&town, community), Request::Poke);
        assert!(matches!(knocked, Some(Response::Done)));
        town.world.answer_pull(street, community, page);
        town.pass(20);
    }
    assert_eq!(town.received(street, community), received, "nothing of it is taken");
    assert_eq!(checkpoints(&town), before + 1, "kept, once");
    assert_eq!(witness_of(&town, street, community).seen(), Some(seen));
}

/// S2: whoever witnessed a log can have any record of it opened, by its index; nobody else can, nor
/// anything that was not witnessed.
#[test]
fn s2_whoever_witnessed_a_log_can_have_any_record_opened_and_nobody_else() {
    let mut town = Town::begin(63);
    let Town { county, street, community, .. } = town;
    let unit = town.units[0];
    town.climbs();
    town.pass(120);
    let Witnessed { size, root, .. } =
        witness_of(&town, street, community).witnessed.expect("it was witnessed");
    assert!(size > 3);
    let mut ask = |by: NodeId, asked: Challenge| {
        let key = key(&town, by);
        town.world.knock(community, key, Request::Challenge(asked))
    };
    for index in 0..size {
        let opened = ask(street, Challenge { size, root, index });
        assert!(matches!(opened, Some(Response::Opened(_))), "{index}");
    }
    let wrong = [
        Challenge { size, root, index: size },
        Challenge { size: size + 1_000, root, index: 0 },
        Challenge { size: size - 1, root, index: 0 },
        Challenge { size, root: Hash::ZERO, index: 0 },
    ];
    for asked in wrong {
        assert!(matches!(ask(street, asked), Some(Response::Refused)));
    }
    for other in [county, unit] {
        let asked = Challenge { size, root, index: 0 };
        assert!(matches!(ask(other, asked), Some(Response::Refused)));
    }
    // Nor does a node open anything for those below it, who countersign its log, too.
    let Witnessed { size, root, .. } =
        witness_of(&town, community, street).witnessed.expect("it was shown");
    let (asked, key) = (Challenge { size, root, index: 0 }, key(&town, community));
    let answer = town.world.knock(street, key, Request::Challenge(asked));
    assert!(matches!(answer, Some(Response::Refused)));
}

/// S2: a record that its author can't open is told of and asked for again until it is there.
#[test]
fn s2_a_record_that_is_gone_from_a_witnessed_log_is_found_and_told_of() {
    let mut town = Town::begin(64);
    let (street, community) = (town.street, town.community);
    town.climbs();
    town.pass(120);
    let ask = |town: &mut Town, node, index| town.console(street, What::Challenge { node, index });
    let county = town.county;
    assert!(matches!(ask(&mut town, county, None), Err(Refused::NotFound("node"))));
    let beyond = ask(&mut town, community, Some(1 << 40));
    assert!(matches!(beyond, Err(Refused::Invalid { field: "index", .. })));
    ask(&mut town, community, Some(1)).expect("it may");
    town.pass(30);
    assert!(matches!(town.world.contacts(street)[&community].opened, Some((1, _))));
    assert_eq!(witness_of(&town, street, community).unopened, None);
    // It gives another record of its own in the place of the one that is asked for.
    let seen = witness_of(&town, street, community).witnessed.expect("it was witnessed");
    let asked = Challenge { size: seen.size, root: seen.root, index: 0 };
    let key = key(&town, street);
    let other = match town.world.knock(community, key, Request::Challenge(asked)) {
        Some(Response::Opened(Opened { record, path })) => Opened { record, path },
        _ => panic!("it opens what it has"),
    };
    ask(&mut town, community, Some(2)).expect("it may");
    town.world.answer_unasked(street, community, About::Challenge, Response::Opened(other));
    let unopened = witness_of(&town, street, community).unopened.expect("it is told of");
    assert_eq!(unopened.index, 2);
    // Known after a restart, and asked for again until it is opened.
    town.world.crash(street);
    town.world.restart(street);
    town.pass(60);
    assert_eq!(witness_of(&town, street, community).unopened, None);
    assert!(matches!(town.world.contacts(street)[&community].opened, Some((2, _))));
}
