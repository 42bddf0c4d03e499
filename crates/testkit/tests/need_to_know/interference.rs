//! Two worlds that differ in one record which a peer may not see give that peer identical bytes.

use engine::entry::Entry;
use engine::staging::disclosures;
use engine::store::{Frame, FrameKind};
use governance::act::Act;
use record::{Header, NodeId, Unverified};

use super::line::Line;

/// What a unit comes to hold of a case it is called to, when another matter is told in other
/// words: at another community, or at the very one that the case is from.
fn world(secret: &str, elsewhere: usize) -> (Line, NodeId) {
    let mut line = Line::begin();
    let other = line.reports(elsewhere, |report| {
        report.title = secret.into();
        report.description = secret.into();
        report.contact_phone = Some("13900000001".into());
    });
    let node = line.communities[elsewhere];
    let opinion = "当场办结".into();
    line.does(node, "grid_worker", other, Act::SettleOnSpot { opinion, photos: vec![] });
    let case = line.at_street(|_| {});
    let (street, unit) = (line.street, line.units[0]);
    let whistle = line.whistle();
    line.does(street, "township_dispatcher", case, whistle);
    (line, unit)
}

fn frames(line: &Line, node: NodeId) -> Vec<Frame> {
    line.world.places[&node].store.frames()
}

#[test]
fn s7_a_record_of_another_node_that_a_peer_may_not_see_changes_no_byte_for_it() {
    let ((one, unit), (two, same)) = (world("邻居家的事甲", 1), world("邻居家的事乙", 1));
    assert_eq!(unit, same);
    assert!(frames(&one, unit) == frames(&two, unit), "its journal");
    assert!(one.world.places[&unit].store.rows() == two.world.places[&unit].store.rows());
    let street = one.street;
    let of = |line: &Line| {
        line.sent(street).into_iter().filter(|(to, _)| *to == unit).collect::<Vec<_>>()
    };
    assert!(of(&one) == of(&two) && !of(&one).is_empty(), "what was sent to it");
    assert!(frames(&one, one.communities[1]) != frames(&two, two.communities[1]), "they differ");
}

/// A record as far as it is not its place in its author's log: hash chains tell that there was
/// something before, and nothing of what.
fn told(line: &Line, node: NodeId) -> Vec<String> {
    let federation = line.world.places[&node].member.setup.federation;
    let foreign = frames(line, node).into_iter().filter(|frame| frame.kind == FrameKind::Foreign);
    foreign
        .map(|frame| {
            let record = Unverified::<Header>::parse(frame.envelope.clone()).expect("a record");
            let record = record.trust_stored(&federation);
            let entry = Entry::decode(frame.entry.as_ref().expect("an entry")).expect("readable");
            let fields: Vec<_> = record.commitments.iter().map(|(id, _)| *id).collect();
            // Values that name a record name it by its hash.
            let of_records = [governance::field::OFFER];
            let values: Vec<_> = disclosures(&frame)
                .filter(|part| !of_records.contains(&part.field))
                .map(|part| (part.field, part.value.clone()))
                .collect();
            format!(
                "{:?}",
                (
                    (record.author, record.epoch, record.seq, record.time),
                    (record.subject, record.kind, record.causes.len(), fields, values),
                    (entry.number, entry.fields, entry.withheld, entry.purpose, entry.time),
                )
            )
        })
        .collect()
}

#[test]
fn s7_a_record_of_the_same_author_shows_in_nothing_but_the_hash_chain() {
    let ((one, unit), (two, _)) = (world("邻居家的事甲", 0), world("邻居家的事乙", 0));
    assert!(told(&one, unit) == told(&two, unit) && !told(&one, unit).is_empty());
    let (one, two) = (frames(&one, unit), frames(&two, unit));
    assert_eq!(one.len(), two.len());
    let sizes =
        |frames: &[Frame]| frames.iter().map(|frame| frame.envelope.len()).collect::<Vec<_>>();
    assert_eq!(sizes(&one), sizes(&two), "nor in sizes");
}
