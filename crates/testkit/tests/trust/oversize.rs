//! Well-formed, signed, and far too large.

use engine::code::case_id;
use engine::command::What;
use engine::kind;
use engine::store::{FrameKind, Store};
use engine::view;
use governance::act::ActKind;
use governance::change::Phase;
use governance::field;
use record::cbor::{CborError, encode};
use record::{
    Disclosure, FieldId, Header, Kind, NodeId, Record, RecordId, Signed, Subject, Timestamp,
    Unverified,
};

use crate::forks::gives_with;
use crate::town::Town;

/// A field as its author opens it.
fn opened(field: FieldId, value: Result<Vec<u8>, CborError>) -> Disclosure {
    let salt = [field.0 as u8; 16];
    Disclosure { field, salt, value: value.expect("plain data") }
}

/// The author's next record, with these fields, signed with its own key.
fn signs(
    town: &Town,
    author: NodeId,
    (subject, kind): (Option<Subject>, Kind),
    mut fields: Vec<Disclosure>,
) -> (Record, Vec<Disclosure>) {
    fields.sort_by_key(|opened| opened.field);
    let setup = &town.world.places[&author].member.setup;
    let mut last = town.end(author);
    last.seq += 1 + town.lies.iter().filter(|(by, _)| *by == author).count() as u64;
    let header = Header {
        author,
        epoch: last.epoch,
        seq: last.seq,
        prev: last_id(town, author),
        time: Timestamp::from_millis(town.world.now.millis()),
        subject: subject.unwrap_or_else(|| case_id(author, last.epoch, last.seq)),
        kind,
        causes: Vec::new(),
        actor: None,
        commitments: fields.iter().map(|opened| (opened.field, opened.commitment())).collect(),
    };
    (Signed::sign(header, &setup.key, &setup.federation), fields)
}

/// The record behind which the author's next one stands.
fn last_id(town: &Town, author: NodeId) -> RecordId {
    let lied = town.lies.iter().rev().find(|(by, _)| *by == author).map(|(_, lie)| *lie);
    let place = &town.world.places[&author];
    lied.unwrap_or_else(|| {
        let own = place.store.frames().into_iter().rev().find(|frame| frame.kind == FrameKind::Own);
        let own = Unverified::<Header>::parse(own.expect("it has records").envelope);
        own.expect("stored").trust_stored(&place.member.setup.federation).id()
    })
}

fn put_aside(town: &Town, node: NodeId) -> Vec<RecordId> {
    let reader = Store::reader(&town.world.places[&node].store);
    let held = view::quarantined(&reader, None, 10).expect("readable");
    held.into_iter().map(|(_, held)| held.record).collect()
}

/// People at the node go on, and the stream of whoever sent it, too.
fn goes_on(town: &mut Town, node: NodeId, from: NodeId, after: u64) {
    assert!(town.received(node, from) > after, "it was taken in");
    let what = What::Register { person: None, name: "演示".into(), phone: None };
    town.console(node, what).expect("people at the node go on");
}

/// S13: a report whose codes are as long as fields may be does not stop the work of the street that
/// gets it.
#[test]
fn s13_a_report_whose_codes_fill_whole_pages_is_put_aside_alone() {
    let mut town = Town::begin(61);
    let (street, community) = (town.street, town.community);
    town.disowned = true;
    let long = "9".repeat(60_000);
    let fields = vec![
        opened(field::STAGE, encode(&"reported")),
        opened(field::PHASE, encode(&Phase::Intake)),
        opened(field::LEVEL, encode(&"community")),
        opened(field::NUMBER, encode(&long)),
        opened(field::POLICY, encode(&"she-county/5")),
        opened(field::CHANNEL, encode(&long)),
    ];
    let of = (None, ActKind::Report.kind());
    let (record, fields) = signs(&town, community, of, fields);
    let after = town.received(street, community);
    gives_with(&mut town, community, street, &record, fields);
    assert_eq!(put_aside(&town, street), [record.id()]);
    assert!(town.case(street, record.subject).is_none());
    goes_on(&mut town, street, community, after);
}

/// S13: withdrawals that name thousands of nodes do not, either.
#[test]
fn s13_withdrawals_that_name_thousands_of_nodes_are_put_aside_alone() {
    let mut town = Town::begin(62);
    let (street, unit) = (town.street, town.units[0]);
    let case = town.climbs();
    town.accepts(case);
    town.disowned = true;
    let nodes: Vec<NodeId> = (0..1_900_u16)
        .map(|number| {
            let mut bytes = [0; 32];
            bytes[..2].copy_from_slice(&number.to_be_bytes());
            NodeId::from_bytes(bytes)
        })
        .collect();
    let mut given = Vec::new();
    for _ in 0..2 {
        let fields = vec![
            opened(field::WITHDRAWN_FIELDS, encode(&vec![field::OPINION.0])),
            opened(field::WITHDRAWN_FROM, encode(&nodes)),
        ];
        let (record, fields) = signs(&town, unit, (Some(case), kind::FIELDS_WITHDRAWN), fields);
        let after = town.received(street, unit);
        gives_with(&mut town, unit, street, &record, fields);
        goes_on(&mut town, street, unit, after);
        given.push(record.id());
    }
    assert_eq!(put_aside(&town, street), given[1..]);
}
