//! A word of its own in every field, searched for in every byte that each node ever held and that
//! ever was on the wire.

use std::collections::BTreeMap;

use engine::staging::disclosures;
use engine::store::Frame;
use governance::act::Act;
use governance::case::Party;
use governance::field::{self, Class};
use governance::policy::Policy;
use record::{FieldId, NodeId};
use testkit::simulator::Simulator;

use super::line::Line;

const WORDS: [(FieldId, &str); 6] = [
    (field::TITLE, "canary-title-51"),
    (field::DESCRIPTION, "canary-description-52"),
    (field::ADDRESS, "canary-address-53"),
    (field::CONTACT_NAME, "canary-name-54"),
    (field::CONTACT_PHONE, "13987650055"),
    (field::INVOLVED, "canary-involved-56"),
];

fn bytes_of(frame: &Frame) -> Vec<u8> {
    let mut all = frame.envelope.to_vec();
    all.extend(frame.entry.iter().flat_map(|entry| entry.to_vec()));
    all.extend(disclosures(frame).flat_map(|disclosure| disclosure.value.clone()));
    all.extend(&frame.note);
    all
}

/// Every byte that a node has on its disk: journal and index.
fn held(world: &Simulator, node: NodeId) -> Vec<u8> {
    let store = &world.places[&node].store;
    let mut all: Vec<u8> = store.frames().iter().flat_map(bytes_of).collect();
    for (_, key, value) in store.rows() {
        all.extend(key);
        all.extend(value);
    }
    all
}

fn is_in(word: &str, bytes: &[u8]) -> bool {
    bytes.windows(word.len()).any(|window| window == word.as_bytes())
}

#[test]
fn s7_no_node_ever_held_a_byte_of_a_field_that_policy_does_not_name_for_it() {
    let mut line = Line::begin();
    line.world.capture();
    let case = line.at_street(|report| {
        let word = |id: FieldId| WORDS.iter().find(|(of, _)| *of == id).unwrap().1.to_owned();
        report.title = word(field::TITLE);
        report.description = word(field::DESCRIPTION);
        report.address = Some(word(field::ADDRESS));
        report.contact_name = Some(word(field::CONTACT_NAME));
        report.contact_phone = Some(word(field::CONTACT_PHONE));
        report.involved = Some(word(field::INVOLVED));
    });
    let (street, county) = (line.street, line.county);
    let whistle = line.whistle();
    line.does(street, "township_dispatcher", case, whistle);
    let up = Act::Escalate { reason: "需县级专班".into() };
    line.does(street, "township_dispatcher", case, up);
    line.does(county, "county_dispatcher", case, Act::AcceptCustody {});

    let policy = Policy::from_toml(testkit::federation::POLICY).unwrap();
    let parties: BTreeMap<NodeId, Option<Party>> = [
        (street, Some(Party::Above)),
        (county, Some(Party::Above)),
        (line.units[0], Some(Party::Unit)),
        (line.units[1], Some(Party::Unit)),
        (line.communities[1], None),
    ]
    .into();
    let named = |party: Party, id: FieldId| {
        let rule = policy.disclosure(party, governance::act::ActKind::Report);
        rule.is_some_and(|rule| rule.field_ids().contains(&id))
    };
    for (node, party) in parties {
        let bytes = held(&line.world, node);
        for (id, word) in WORDS {
            let may = party.is_some_and(|party| named(party, id));
            assert_eq!(is_in(word, &bytes), may, "{word} at {party:?}");
        }
    }
    // What is personal was not even on the wire.
    let captured = line.world.captured();
    assert!(captured.iter().any(|message| is_in(WORDS[0].1, &message.body)));
    for (id, word) in WORDS {
        let personal = field::by_id(id).unwrap().class == Class::Personal;
        let seen = captured.iter().any(|message| is_in(word, &message.body));
        assert!(!(personal && seen), "{word}");
    }
}
