//! Before sending, staff see exactly what will leave, and can only narrow it.

use std::collections::BTreeSet;

use engine::command::{Agent, Refused, What};
use engine::entry::{Entry, NARROWED};
use engine::preview::{Foreseen, Preview};
use governance::act::Act;
use governance::case::CaseId;
use governance::field;
use governance::release::Withhold;
use record::NodeId;

use super::line::Line;

impl Line {
    fn foresees(
        &self,
        node: NodeId,
        by: &Agent,
        case: CaseId,
        act: &Act,
        withhold: &Withhold,
    ) -> Result<Vec<Foreseen>, Refused> {
        let world = self.world.world(node);
        let Agent::Staff(person) = by else { panic!("staff previews") };
        let now = self.world.now;
        let actor = world.roster.actor(*person, now).expect("on the roster");
        let setup = &self.world.places[&node].member.setup;
        let preview = Preview { setup, world: &world, actor: &actor, withhold, now };
        preview.of(&self.reader(node), &self.at(node, case), act).map(|(_, foreseen)| foreseen)
    }

    /// Previews an act, does it, and compares what left with what was shown.
    fn does_as_foreseen(
        &mut self,
        node: NodeId,
        role: &str,
        case: CaseId,
        act: Act,
        withhold: &Withhold,
    ) -> Vec<(NodeId, Entry)> {
        let by = self.staff(node, role);
        let before = self.sent(node).len();
        let own = self.at(node, case).steps.len();
        let foreseen = self.foresees(node, &by, case, &act, withhold).expect("may be done");
        assert_eq!(self.sent(node).len(), before, "a preview sends nothing");
        let withhold = withhold.clone();
        let what = What::Narrowed { case, act, expected: None, withhold };
        let receipt = self.tries(node, by, what).expect("may be done");
        let sent: Vec<_> = self.sent(node).split_off(before);
        assert_eq!(sent.len(), foreseen.len());
        let steps = self.at(node, case).steps;
        for ((to, entry), Foreseen { step, release }) in sent.iter().zip(&foreseen) {
            assert_eq!((*to, entry.record), (release.to(), steps[*step].record));
            assert_eq!(
                (entry.fields.as_slice(), entry.withheld.as_slice()),
                (release.fields(), release.withheld())
            );
            assert_eq!(
                (entry.purpose.as_str(), entry.basis.as_str()),
                (release.purpose(), release.basis())
            );
            assert_eq!(entry.until, release.until());
            assert_eq!(*step == own, Some(entry.record) == receipt.record);
        }
        self.settle();
        sent
    }
}

#[test]
fn s7_what_is_shown_before_an_act_is_exactly_what_leaves() {
    let mut line = Line::begin();
    let nothing = Withhold::default();
    let case = line.reports(0, |_| {});
    let (home, street, county) = (line.communities[0], line.street, line.county);
    let up = |reason: &str| Act::Escalate { reason: reason.into() };
    let whistle = line.whistle();
    for (node, role, act, leaves) in [
        (home, "grid_worker", Act::HandUp { reason: "办不了".into() }, false),
        (home, "community_dispatcher", up("需街道协调"), true),
        (street, "township_dispatcher", Act::AcceptCustody {}, true),
        (street, "township_dispatcher", whistle, true),
        (street, "township_dispatcher", up("需县级专班"), true),
        (county, "county_dispatcher", Act::AcceptCustody {}, true),
    ] {
        let sent = line.does_as_foreseen(node, role, case, act, &nothing);
        assert_eq!(!sent.is_empty(), leaves);
        assert!(sent.iter().all(|(_, entry)| entry.withheld.is_empty()));
    }
}

#[test]
fn s7_what_is_withheld_from_a_unit_does_not_reach_it_and_that_is_on_record() {
    let mut line = Line::begin();
    let case = line.at_street(|report| report.description = "只给协办单位看".into());
    let (lead, assist, street) = (line.units[0], line.units[1], line.street);
    let mut withhold = Withhold::default();
    withhold.add(Some(lead), "description").unwrap();
    withhold.add(None, "address").unwrap();
    let whistle = line.whistle();
    let sent = line.does_as_foreseen(street, "township_dispatcher", case, whistle, &withhold);
    assert!(line.shows(lead, case, field::DESCRIPTION).is_none());
    assert!(line.shows(assist, case, field::DESCRIPTION).is_some());
    for unit in [lead, assist] {
        assert!(line.shows(unit, case, field::ADDRESS).is_none());
        assert!(line.shows(unit, case, field::TITLE).is_some());
    }
    let kept: BTreeSet<_> = sent
        .iter()
        .filter(|(to, _)| *to == lead)
        .flat_map(|(_, entry)| entry.withheld.clone())
        .collect();
    assert_eq!(kept, [field::DESCRIPTION, field::ADDRESS].into());
    let narrowed = sent.iter().filter(|(_, entry)| entry.version == NARROWED).count();
    assert_eq!(narrowed, 2, "the report, once for each unit");
    // The street itself was given it, and whoever it goes on to is another decision.
    assert!(line.shows(street, case, field::DESCRIPTION).is_some());
    let report = line.at(lead, case).steps[0].record;
    let reader = line.reader(street);
    let given = engine::view::given(&reader, case).unwrap();
    let on_record = given.iter().find(|given| given.to == lead && given.entry.record == report);
    let on_record = on_record.expect("the ledger has it");
    assert!(on_record.acknowledged && on_record.entry.withheld.contains(&field::DESCRIPTION));
}

#[test]
fn s7_whoever_withholds_what_nobody_would_be_given_is_told_so_and_nothing_is_done() {
    let mut line = Line::begin();
    let case = line.at_street(|_| {});
    let street = line.street;
    let by = line.staff(street, "township_dispatcher");
    let mut phone = Withhold::default();
    phone.add(None, "contact_phone").unwrap();
    let mut stranger = Withhold::default();
    stranger.add(Some(line.communities[1]), "title").unwrap();
    for withhold in [phone, stranger] {
        let (before, act) = (line.at(street, case).steps.len(), line.whistle());
        let shown = line.foresees(street, &by, case, &act, &withhold);
        assert!(matches!(shown, Err(Refused::Invalid { field: "withhold", .. })));
        let what = What::Narrowed { case, act, expected: None, withhold };
        let done = line.tries(street, by.clone(), what);
        assert!(matches!(done, Err(Refused::Invalid { field: "withhold", .. })));
        assert_eq!(line.at(street, case).steps.len(), before);
    }
}

#[test]
fn s7_a_preview_is_for_whoever_may_do_the_act() {
    let mut line = Line::begin();
    let case = line.at_street(|_| {});
    let by = line.staff(line.communities[0], "grid_worker");
    let nothing = Withhold::default();
    let shown = line.foresees(line.communities[0], &by, case, &line.whistle(), &nothing);
    assert!(matches!(shown, Err(Refused::Rule(_))));
}
