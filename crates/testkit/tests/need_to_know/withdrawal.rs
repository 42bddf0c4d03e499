//! What was given can be taken back: on record, hidden wherever it went, acknowledged.

use std::collections::BTreeSet;

use engine::command::{Agent, Refused, What};
use engine::kind;
use engine::store::FrameKind;
use governance::act::Act;
use governance::case::CaseId;
use governance::field;
use record::{FieldId, NodeId};

use super::line::Line;

impl Line {
    fn withdraw(
        &mut self,
        node: NodeId,
        by: Agent,
        case: CaseId,
        fields: &[FieldId],
        from: &[NodeId],
    ) -> Result<(), Refused> {
        let (fields, from) = (fields.iter().copied().collect(), from.iter().copied().collect());
        self.tries(node, by, What::WithdrawFields { case, fields, from })?;
        self.settle();
        Ok(())
    }
}

#[test]
fn s7_what_its_author_takes_back_is_hidden_wherever_it_went_and_acknowledged() {
    let mut line = Line::begin();
    let case = line.at_street(|_| {});
    let (street, home) = (line.street, line.communities[0]);
    let whistle = line.whistle();
    line.does(street, "township_dispatcher", case, whistle);
    let everybody = [street, line.units[0], line.units[1]];
    for node in everybody {
        assert!(line.shows(node, case, field::DESCRIPTION).is_some());
    }
    let by = line.staff(home, "community_dispatcher");
    line.withdraw(home, by, case, &[field::DESCRIPTION], &[]).expect("may be taken back");
    for node in everybody {
        assert!(line.shows(node, case, field::DESCRIPTION).is_none(), "hidden");
        assert!(line.shows(node, case, field::TITLE).is_some(), "nothing else is");
    }
    assert!(line.shows(home, case, field::DESCRIPTION).is_some(), "its own words stay at home");
    // The street asked the units, which it had given them to.
    for (from, to) in [(home, street), (street, line.units[0]), (street, line.units[1])] {
        let given = engine::view::given(&line.reader(from), case).unwrap();
        let asked = given.iter().filter(|g| g.to == to && g.entry.purpose == "withdrawal");
        let asked: Vec<_> = asked.collect();
        assert!(asked.len() == 1 && asked[0].acknowledged);
    }
    // Whoever comes later is not given it any more: not by home, not by whoever has it hidden.
    let (county, up) = (line.county, Act::Escalate { reason: "需县级专班".into() });
    line.does(street, "township_dispatcher", case, up);
    assert!(line.shows(county, case, field::DESCRIPTION).is_none());
    assert!(line.shows(county, case, field::TITLE).is_some());
    // A restart comes to the same.
    line.world.crash(street);
    line.world.restart(street);
    line.settle();
    assert!(line.shows(street, case, field::DESCRIPTION).is_none());
}

/// What waits for a unit that is away has not left: once it is withdrawn, or its time is over, it
/// does not leave any more.
#[test]
fn s7_what_is_withdrawn_while_it_waits_for_its_reader_never_leaves() {
    let mut line = Line::begin();
    let case = line.at_street(|_| {});
    let (street, unit) = (line.street, line.units[0]);
    line.world.crash(unit);
    let whistle = line.whistle();
    line.does(street, "township_dispatcher", case, whistle);
    let words = line.shows(street, case, field::REQUEST).expect("the street's own words");
    let by = line.staff(street, "township_dispatcher");
    line.withdraw(street, by, case, &[field::REQUEST], &[]).expect("may be taken back");
    line.world.capture();
    line.world.restart(unit);
    line.settle();
    assert!(line.shows(unit, case, field::TITLE).is_some(), "the unit was told of the case");
    let tape = line.world.captured();
    let sent: Vec<_> = tape.iter().filter(|said| said.from == street).collect();
    let has = |body: &[u8]| body.windows(words.len()).any(|window| window == words);
    assert!(!sent.is_empty() && !sent.iter().any(|said| has(&said.body)), "nor its words");
    assert_eq!(line.at(unit, case).stage, line.at(street, case).stage);
}

#[test]
fn s7_taking_back_from_one_node_leaves_it_with_the_others() {
    let mut line = Line::begin();
    let case = line.at_street(|_| {});
    let (street, lead, assist) = (line.street, line.units[0], line.units[1]);
    let whistle = line.whistle();
    line.does(street, "township_dispatcher", case, whistle);
    let by = line.staff(street, "township_dispatcher");
    line.withdraw(street, by, case, &[field::REQUEST], &[lead]).expect("may be taken back");
    assert!(line.shows(lead, case, field::REQUEST).is_none());
    assert!(line.shows(assist, case, field::REQUEST).is_some());
    // The one that was asked is not told of the others.
    let frames = line.world.places[&lead].store.frames().into_iter();
    let federation = line.world.places[&lead].member.setup.federation;
    let mut told = frames.filter(|frame| {
        let parsed = record::Unverified::<record::Header>::parse(frame.envelope.clone());
        let kind = parsed.ok().map(|record| record.trust_stored(&federation).kind);
        frame.kind == FrameKind::Foreign && kind == Some(kind::FIELDS_WITHDRAWN)
    });
    let told = told.next().expect("it was asked");
    let fields: BTreeSet<_> = told.open.iter().chain(&told.sealed).map(|d| d.field).collect();
    assert_eq!(fields, [field::WITHDRAWN_FIELDS].into());
}

#[test]
fn s7_nobody_takes_back_what_was_not_given_or_is_not_theirs_to_take() {
    let mut line = Line::begin();
    let case = line.at_street(|_| {});
    let (street, home) = (line.street, line.communities[0]);
    let dispatcher = line.staff(home, "community_dispatcher");
    let own = |refused: Result<(), Refused>| matches!(refused, Err(Refused::Invalid { .. }));
    // Never given; a code; nothing at all; from somebody who has nothing.
    assert!(own(line.withdraw(home, dispatcher.clone(), case, &[field::CONTACT_PHONE], &[])));
    assert!(own(line.withdraw(home, dispatcher.clone(), case, &[field::STAGE], &[])));
    assert!(own(line.withdraw(home, dispatcher.clone(), case, &[], &[])));
    let stranger = [line.units[0]];
    assert!(own(line.withdraw(home, dispatcher, case, &[field::TITLE], &stranger)));
    // The report is the community's.
    let by = line.staff(street, "township_dispatcher");
    assert!(own(line.withdraw(street, by, case, &[field::TITLE], &[])));
    let operator = line.staff(home, "community_worker");
    let refused = line.withdraw(home, operator, case, &[field::TITLE], &[]);
    assert!(matches!(refused, Err(Refused::Power(_))));
}
