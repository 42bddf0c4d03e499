//! A node that signs two histories.

use engine::command::{Agent, Command, Refused, What};
use engine::entry::{Entry, StreamHead, VERSION, first_link, next_link};
use engine::peer::Mark;
use engine::project::{self, Whose};
use engine::staging::row;
use engine::store::{FrameKind, Store, Table};
use engine::view;
use engine::wire::{Grown, Page, Parcel, Place, Request, Response};
use governance::act::{Act, Erasing};
use governance::case::CaseId;
use record::tree::{self, Frontier, leaf_hash};
use record::{
    Checkpoint, Disclosure, Hash, Header, NodeId, Record, RecordId, Signed, Timestamp, Unverified,
};

use crate::town::Town;

/// The author's last record about a case, as a holder has it.
pub(crate) fn last_of(town: &Town, holder: NodeId, author: NodeId, case: CaseId) -> Record {
    let place = &town.world.places[&holder];
    let frames = place.store.frames().into_iter().rev();
    let about = frames.filter(|f| f.kind == FrameKind::Foreign && f.subject == case);
    let records = about.map(|frame| Unverified::<Header>::parse(frame.envelope).expect("stored"));
    let mut own = records.map(|record| record.trust_stored(&place.member.setup.federation));
    own.find(|record| record.author == author).expect("the holder has one of this author")
}

/// Another record in the same place of the same log, signed with the author's key.
pub(crate) fn twin(town: &Town, record: &Record) -> Record {
    let setup = &town.world.places[&record.author].member.setup;
    let time = Timestamp::from_millis(record.time.millis() + 1);
    let header = Header { time, commitments: Vec::new(), ..record.value().clone() };
    Signed::sign(header, &setup.key, &setup.federation)
}

/// A page with one record, as `from` would give it to `to` next.
pub(crate) fn page(town: &Town, from: NodeId, to: NodeId, record: &Record) -> (u64, Page) {
    page_with(town, from, to, record, Vec::new())
}

/// A page with one record and its fields.
pub(crate) fn page_with(
    town: &Town,
    from: NodeId,
    to: NodeId,
    record: &Record,
    disclosures: Vec<Disclosure>,
) -> (u64, Page) {
    let setup = &town.world.places[&from].member.setup;
    let reader = Store::reader(&town.world.places[&to].store);
    let row = view::peer(&reader, from).expect("readable").expect("a neighbour");
    let Mark { number: after, mut link } = row.streams.inbox;
    if after == 0 {
        link = first_link(&setup.federation, from, to);
    }
    let entry = Entry {
        version: VERSION,
        number: after + 1,
        record: record.id(),
        author: record.author,
        epoch: record.epoch,
        seq: record.seq,
        fields: disclosures.iter().map(|disclosure| disclosure.field).collect(),
        purpose: "escalation".into(),
        basis: "C2".into(),
        policy: "she-county/3".into(),
        time: record.time,
        until: None,
        withheld: Vec::new(),
    };
    let entry = entry.encode();
    let next = next_link(&link, &Hash::of(&entry));
    let (number, version) = (after + 1, VERSION);
    let head = StreamHead { version, sender: from, recipient: to, number, link: next };
    let head = Signed::sign(head, &setup.key, &setup.federation);
    let parcel = Parcel {
        entry: entry.into(),
        record: record.bytes().to_vec().into(),
        disclosures,
        erased: false,
        place: None,
        log: None,
    };
    let proof = Some((link, head.bytes().to_vec().into()));
    let mut page = Page { parcels: vec![parcel], proof, ..Page::default() };
    if record.author == from {
        let seen = row.witness.seen().map_or(0, |seen| seen.size);
        let (place, log) = log_with(town, from, (seen, false), record);
        page.parcels[0].place = Some(place);
        page.log = Some(log);
    } else if record.author != to {
        // Whoever passes a record on has where it stands from its author.
        let (place, log) = log_with(town, record.author, (0, false), record);
        page.parcels[0].place = Some(place);
        page.parcels[0].log = Some(0);
        page.logs = vec![log.checkpoint];
    }
    (after, page)
}

/// The log of a liar, who has put one more record behind what it has; and, where the log is
/// `rewritten`, another one in the place of its first.
pub(crate) fn log_with(
    town: &Town,
    liar: NodeId,
    (seen, rewritten): (u64, bool),
    record: &Record,
) -> (Place, Grown) {
    let setup = &town.world.places[&liar].member.setup;
    let reader = Store::reader(&town.world.places[&liar].store);
    let whose = Whose { me: liar, federation: setup.federation };
    let mut frontier = Frontier::new();
    let mut nodes = Vec::new();
    let size = row::<u64>(&reader, Table::Meta, b"size").expect("readable").unwrap_or(0);
    for leaf in 0..size {
        let (epoch, seq) = project::place_of(&reader, leaf).expect("readable").expect("a record");
        let at = project::position_of(&reader, liar, epoch, seq).expect("readable").expect("here");
        let frame = reader.frame(at).expect("readable");
        let known = project::read(whose, at, &frame).expect("a record");
        let id = if rewritten && leaf == 0 { record.id() } else { known.record.id() };
        nodes.extend(frontier.append(leaf_hash(id.as_bytes())));
    }
    let lies = town.lies.iter().filter(|(by, _)| *by == liar).map(|(_, lie)| *lie);
    for lie in lies.chain([record.id()]) {
        nodes.extend(frontier.append(leaf_hash(lie.as_bytes())));
    }
    let size = frontier.size();
    let nodes: Vec<Hash> = nodes.into_iter().map(|(_, node)| node).collect();
    let checkpoint = Checkpoint {
        author: liar,
        epoch: record.epoch,
        size,
        root: frontier.root(),
        head: record.id(),
        time: record.time,
    };
    let checkpoint = Signed::sign(checkpoint, &setup.key, &setup.federation);
    let path = tree::inclusion_proof(nodes.as_slice(), size - 1, size).expect("in the tree");
    let proof = tree::consistency_proof(nodes.as_slice(), seen, size).expect("it grew");
    (
        Place { index: size - 1, path },
        Grown { checkpoint: checkpoint.bytes().to_vec().into(), proof },
    )
}

/// Gives a record to a node over the stream of one of its neighbours.
fn gives(town: &mut Town, from: NodeId, to: NodeId, record: &Record) {
    gives_with(town, from, to, record, Vec::new());
}

/// Gives a record with its fields to a node over the stream of one of its neighbours.
pub(crate) fn gives_with(
    town: &mut Town,
    from: NodeId,
    to: NodeId,
    record: &Record,
    disclosures: Vec<Disclosure>,
) {
    let (_, page) = page_with(town, from, to, record, disclosures);
    let key = town.world.places[&from].member.setup.standing.key();
    let poked = town.world.knock(to, key, Request::Poke);
    assert!(matches!(poked, Some(Response::Done)));
    town.world.answer_pull(to, from, page);
    if record.author == from {
        town.lies.push((from, record.id()));
    }
    // It is checked beside the engine.
    town.pass(20);
}

fn forked(town: &Town, at: NodeId, author: NodeId) -> Option<project::ForkedRow> {
    let reader = Store::reader(&town.world.places[&at].store);
    project::forked(&reader, author).expect("readable")
}

fn aside(town: &Town, at: NodeId) -> Vec<RecordId> {
    let reader = Store::reader(&town.world.places[&at].store);
    let held = view::quarantined(&reader, None, 100).expect("readable");
    held.into_iter().map(|(_, held)| held.record).collect()
}

/// S2: whoever comes to hold both histories finds that out, whichever came by whom; the second is
/// kept beside the first and changes nothing, and so is whatever its author signs after.
#[test]
fn s2_every_holder_of_both_histories_finds_the_fork_and_merges_none() {
    let mut town = Town::begin(51);
    let Town { county, street, community, .. } = town;
    let case = town.climbs();
    town.accepts(case);
    let up = Act::Escalate { reason: "需县级协调".into() };
    town.does(street, "township_dispatcher", case, up);
    town.pass(600);
    town.disowned = true;
    // One from the author itself, the other by way of the street.
    for (from, to) in [(community, street), (street, county)] {
        let first = last_of(&town, to, community, case);
        let second = twin(&town, &first);
        let before = town.case(to, case);
        gives(&mut town, from, to, &second);
        let found = forked(&town, to, community).expect("the fork is found");
        assert_eq!((found.epoch, found.seq), (first.epoch, first.seq));
        assert!(found.is_open());
        assert!(aside(&town, to).contains(&second.id()), "the second is kept");
        assert_eq!(last_of(&town, to, community, case).id(), second.id(), "in the journal");
        assert_eq!(town.case(to, case), before, "and not applied");
        // Nothing that comes after counts.
        let later = Header { seq: first.seq + 1, prev: second.id(), ..second.value().clone() };
        let setup = &town.world.places[&community].member.setup;
        let later = Signed::sign(later, &setup.key, &setup.federation);
        gives(&mut town, from, to, &later);
        assert!(aside(&town, to).contains(&later.id()));
        assert_eq!(town.case(to, case), before);
        // And it is the same after a restart.
        town.world.crash(to);
        town.world.restart(to);
        assert_eq!(forked(&town, to, community), Some(found));
        town.pass(120);
    }
    assert_eq!(forked(&town, street, county), None, "nobody else is blamed");
    assert_eq!(forked(&town, county, street), None);
}

/// S2: of the second history not even the record in the place that was taken twice is needed: the
/// next one of it names another before it than whoever holds the first one has there.
#[test]
fn s2_a_record_that_names_another_before_it_shows_the_fork_to_whoever_holds_that_place() {
    let mut town = Town::begin(54);
    let Town { street, community, .. } = town;
    let case = town.climbs();
    town.accepts(case);
    town.pass(600);
    town.disowned = true;
    let first = last_of(&town, street, community, case);
    let second = twin(&town, &first);
    let later = Header { seq: first.seq + 1, prev: second.id(), ..second.value().clone() };
    let setup = &town.world.places[&community].member.setup;
    let later = Signed::sign(later, &setup.key, &setup.federation);
    let before = town.case(street, case);
    gives(&mut town, community, street, &later);
    let found = forked(&town, street, community).expect("the fork is found");
    assert_eq!((found.epoch, found.seq), (first.epoch, first.seq));
    assert!(aside(&town, street).contains(&later.id()), "it is kept");
    assert_eq!(town.case(street, case), before, "and not applied");
    town.world.crash(street);
    let place = town.world.places.get_mut(&street).expect("it is there");
    place.store = place.store.without_index();
    town.world.restart(street);
    assert_eq!(forked(&town, street, community), Some(found), "by the journal alone");
}

/// An author that signed two histories is given no words any more, and counts again from the epoch
/// that an officer accepts; what came of it meanwhile is applied then.
#[test]
fn s2_a_frozen_author_counts_again_from_the_epoch_that_an_officer_accepts() {
    let mut town = Town::begin(52);
    let Town { street, community, .. } = town;
    let case = town.climbs();
    town.pass(600);
    town.disowned = true;
    let first = last_of(&town, street, community, case);
    let second = twin(&town, &first);
    gives(&mut town, community, street, &second);
    let accept = |epoch| What::AcceptEpoch { node: community, epoch };
    let refused = town.console(street, accept(first.epoch));
    assert!(matches!(refused, Err(Refused::NotFound("epoch"))), "the forked one never counts");
    let what = What::OpenEpoch { reason: "克隆盘上的副本已停用".into(), least: 0 };
    town.console(community, what).expect("an operator may");
    let after = town.climbs();
    town.pass(600);
    assert_eq!(town.case(street, after), None, "it is kept and does not count yet");
    assert!(!aside(&town, street).is_empty());
    town.console(street, accept(1)).expect("an officer may");
    assert!(town.case(street, after).is_some(), "what came meanwhile counts now");
    assert!(forked(&town, street, community).is_some_and(|known| !known.is_open()));
    town.accepts(after);
    assert!(town.case(street, after).is_some_and(|case| case.is_here()));
    let before = town.case(street, after);
    town.world.crash(street);
    town.world.restart(street);
    assert_eq!(town.case(street, after), before);
}

/// S25: an erasure that was put aside with everything of an author that signed two histories is
/// carried out when an officer lets that author count again, and not merely shown.
#[test]
fn s25_an_erasure_that_was_held_back_is_carried_out_once_its_author_counts_again() {
    let mut town = Town::begin(55);
    let Town { street, community, .. } = town;
    let case = town.climbs();
    town.accepts(case);
    let home = Act::SendHome { done: true, opinion: "已修复".into() };
    town.does(street, "township_dispatcher", case, home);
    let solved = Act::Verify { solved: true, satisfaction: Some(5), photos: vec![] };
    town.does(community, "grid_leader", case, solved);
    town.does(community, "community_dispatcher", case, Act::Close { special: false });
    town.pass(600);
    let words = |town: &Town| {
        let frames = town.world.places[&street].store.frames().into_iter();
        frames.filter(|frame| frame.subject == case && !frame.sealed.is_empty()).count()
    };
    assert!(words(&town) > 0);
    town.disowned = true;
    let first = last_of(&town, street, community, case);
    let second = twin(&town, &first);
    gives(&mut town, community, street, &second);
    let what = What::OpenEpoch { reason: "克隆盘上的副本已停用".into(), least: 0 };
    town.console(community, what).expect("an operator may");
    town.pass(600);
    let erase = Act::Erase { ground: Erasing::Request };
    town.does(community, "community_dispatcher", case, erase);
    town.pass(600);
    assert!(words(&town) > 0, "it does not count yet");
    let accepted = What::AcceptEpoch { node: community, epoch: 1 };
    town.console(street, accepted).expect("an officer may");
    assert!(town.case(street, case).is_some_and(|case| case.erased.is_some()));
    assert_eq!(words(&town), 0);
}

/// Words of the street do not go to a community that signed two histories.
#[test]
fn s2_a_frozen_author_is_given_no_words() {
    let mut town = Town::begin(53);
    let Town { street, community, .. } = town;
    let case = town.climbs();
    town.accepts(case);
    town.pass(600);
    town.disowned = true;
    let first = last_of(&town, street, community, case);
    let second = twin(&town, &first);
    gives(&mut town, community, street, &second);
    let received = town.received(community, street);
    let by = town.world.places[&street].staff.of("township_dispatcher").expect("staffed");
    let act = Act::Progress { note: "已联系市政".into(), photos: Vec::new() };
    let what = What::Act { case: Some(case), act };
    town.world.command(street, Command { by: Agent::Staff(by), once: None, what }).expect("may");
    town.pass(600);
    assert_eq!(town.received(community, street), received, "it waits at the street");
    // And is not called for it over and over.
    town.world.capture();
    town.pass(1_200);
    let tape = town.world.captured();
    let poke = Request::Poke.tag();
    let pokes = tape.iter().filter(|said| said.from == street && said.asks && said.tag == poke);
    assert!(pokes.count() <= 2);
}
