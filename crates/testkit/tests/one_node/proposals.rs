//! Roles that two people grant (S18): until another confirms it, a proposal gives nothing.

use std::time::Duration;

use engine::command::{Agent, MAX_PROPOSALS, Receipt, Refused, What};
use engine::kind;
use engine::note::Account;
use engine::view;
use governance::field;
use governance::grant::SecondRefused;
use governance::roster::Appointment;
use record::{ActorId, Header, RecordId, Subject, Unverified};

use crate::node::Node;

/// Somebody on the roster without an office.
fn enlist(node: &mut Node, name: &str) -> Subject {
    let phone = Some(format!("0559-{name}"));
    node.console(What::Register { person: None, name: name.into(), phone }).subject.unwrap()
}

fn operator(node: &mut Node, name: &str) -> Subject {
    let person = enlist(node, name);
    let appointment = appointment(node, "operator");
    node.console(What::Appoint { person, appointment });
    person
}

fn appointment(node: &Node, role: &str) -> Appointment {
    Appointment { role: role.into(), scope: None, from: node.now, until: None }
}

fn propose(node: &mut Node, by: Subject, person: Subject) -> Receipt {
    let appointment = appointment(node, "operator");
    node.attempt(Agent::Staff(by), What::Appoint { person, appointment }).unwrap()
}

fn confirm(node: &mut Node, by: Subject, proposal: RecordId) -> Result<Receipt, Refused> {
    node.attempt(Agent::Staff(by), What::Confirm { proposal })
}

fn holds(node: &Node, person: Subject) -> usize {
    node.engine.world().roster.get(person).unwrap().appointments.len()
}

/// Who signed records of a kind, in order.
fn signers(node: &Node, kind: record::Kind) -> Vec<Option<ActorId>> {
    let federation = node.setup.federation;
    let frames = node.store.frames().into_iter().filter(|frame| !frame.envelope.is_empty());
    let headers = frames.filter_map(|frame| {
        let record = Unverified::<Header>::parse(frame.envelope).ok()?.trust_stored(&federation);
        (record.kind == kind).then(|| record.actor.as_ref().map(|actor| actor.id))
    });
    headers.collect()
}

fn actor(person: Subject) -> Option<ActorId> {
    Some(ActorId::from_bytes(*person.as_bytes()))
}

#[test]
fn s18_a_role_that_two_grant_gives_nothing_until_another_person_confirms_it() {
    let mut node = Node::furnished();
    let (one, two) = (operator(&mut node, "甲"), operator(&mut node, "乙"));
    let new = enlist(&mut node, "丙");
    let proposed = propose(&mut node, one, new);
    let id = proposed.record.unwrap();
    assert!(proposed.pending && holds(&node, new) == 0, "nothing yet");
    let own = confirm(&mut node, one, id);
    assert!(matches!(own, Err(Refused::Second(SecondRefused::Proposer))));
    assert!(matches!(confirm(&mut node, new, id), Err(Refused::Power("roster"))));
    let listed = view::proposals(&node.reader()).unwrap();
    assert!(listed.len() == 1 && listed[0].by == one && listed[0].person == new);
    node.check_replay();
    assert!(!confirm(&mut node, two, id).unwrap().pending);
    assert_eq!(holds(&node, new), 1);
    assert!(matches!(confirm(&mut node, two, id), Err(Refused::NotFound("proposal"))));
    assert_eq!(signers(&node, kind::PROPOSED), [actor(one)], "both are on record");
    assert_eq!(signers(&node, kind::APPOINTED).last().unwrap(), &actor(two));
    let last = node.store.frames().into_iter().rfind(|frame| !frame.open.is_empty()).unwrap();
    let of = last.open.iter().find(|value| value.field == field::PROPOSAL).unwrap();
    let said: RecordId = record::cbor::decode(&of.value, &record::fields::VALUE_LIMITS).unwrap();
    assert_eq!(said, id, "the appointment names its proposal");
    node.check_replay();
}

#[test]
fn s18_other_roles_are_granted_by_one_and_the_machine_itself_needs_nobody() {
    let mut node = Node::furnished();
    let one = operator(&mut node, "甲");
    let new = enlist(&mut node, "丙");
    let appointment = appointment(&node, "grid_worker");
    let receipt = node.attempt(Agent::Staff(one), What::Appoint { person: new, appointment });
    assert!(!receipt.unwrap().pending);
    assert_eq!(holds(&node, new), 1);
}

#[test]
fn s18_one_person_on_the_roster_twice_is_no_second_person() {
    let mut node = Node::furnished();
    let (one, again) = (operator(&mut node, "甲"), operator(&mut node, "甲"));
    let new = enlist(&mut node, "丙");
    let id = propose(&mut node, one, new).record.unwrap();
    let twin = confirm(&mut node, again, id);
    assert!(matches!(twin, Err(Refused::Second(SecondRefused::Twin))));
    let id = propose(&mut node, one, again).record.unwrap();
    let own = confirm(&mut node, again, id);
    assert!(matches!(own, Err(Refused::Second(SecondRefused::Beneficiary))));
}

#[test]
fn s18_a_proposal_is_refused_taken_back_or_lapses_and_gives_nothing_then() {
    let mut node = Node::furnished();
    let (one, two) = (operator(&mut node, "甲"), operator(&mut node, "乙"));
    let new = enlist(&mut node, "丙");
    for ends in [one, two] {
        let proposal = propose(&mut node, one, new).record.unwrap();
        let other = Agent::Staff(new);
        assert!(node.attempt(other, What::EndProposal { proposal }).is_err(), "not anybody");
        node.attempt(Agent::Staff(ends), What::EndProposal { proposal }).unwrap();
        assert!(confirm(&mut node, two, proposal).is_err());
    }
    assert_eq!(signers(&node, kind::PROPOSAL_ENDED), [actor(one), actor(two)]);
    let proposal = propose(&mut node, one, new).record.unwrap();
    node.now = node.now.plus(Duration::from_secs(7 * 86_400));
    assert!(matches!(confirm(&mut node, two, proposal), Err(Refused::NotFound("proposal"))));
    let proposal = propose(&mut node, one, new).record.unwrap();
    let gone = What::Dismiss { person: one, role: "operator".into() };
    node.attempt(Agent::Staff(two), gone).unwrap();
    let stale = confirm(&mut node, two, proposal);
    assert!(matches!(stale, Err(Refused::Second(SecondRefused::Stale))));
    assert_eq!(holds(&node, new), 0);
    assert_eq!(view::proposals(&node.reader()).unwrap().len(), 1, "what lapsed is swept");
    node.check_replay();
}

#[test]
fn s18_what_waits_for_a_second_person_is_not_proposed_once_more() {
    let mut node = Node::furnished();
    let (one, two) = (operator(&mut node, "甲"), operator(&mut node, "乙"));
    let new = enlist(&mut node, "丙");
    let first = propose(&mut node, one, new);
    node.now = node.now.plus(Duration::from_secs(60));
    for by in [one, two] {
        let again = propose(&mut node, by, new);
        assert!(again.pending && again.record == first.record);
    }
    assert_eq!(signers(&node, kind::PROPOSED), [actor(one)], "and is still the first one's");
    let until = Some(node.now.plus(Duration::from_secs(86_400)));
    let shorter = Appointment { until, ..appointment(&node, "operator") };
    let other = What::Appoint { person: new, appointment: shorter };
    let other = node.attempt(Agent::Staff(one), other).unwrap();
    assert_ne!(other.record, first.record, "another is another");
    confirm(&mut node, two, first.record.unwrap()).unwrap();
    assert_eq!(holds(&node, new), 1);
    node.check_replay();
}

#[test]
fn s18_nobody_takes_over_an_officers_account_alone() {
    let mut node = Node::furnished();
    let (one, two, three) =
        (operator(&mut node, "甲"), operator(&mut node, "乙"), operator(&mut node, "丁"));
    let hash = |letter: char| format!("$argon2id$v=19$m=8,t=1,p=1${letter}");
    let account =
        |letter| Account { name: "yi".into(), person: two, password: hash(letter), enabled: true };
    node.console(What::PutAccount(account('a')));
    let password = |node: &Node| view::account(&node.reader(), "yi").unwrap().unwrap();
    let taken = node.attempt(Agent::Staff(one), What::PutAccount(account('b'))).unwrap();
    assert!(taken.pending && password(&node) == account('a'));
    let id = taken.record.unwrap();
    assert!(confirm(&mut node, one, id).is_err() && confirm(&mut node, two, id).is_err());
    let off = What::EnableAccount { name: "yi".into(), person: two, enabled: false };
    assert!(!node.attempt(Agent::Staff(one), off).unwrap().pending, "taking away is for one");
    let on = What::EnableAccount { name: "yi".into(), person: two, enabled: true };
    assert!(node.attempt(Agent::Staff(one), on).unwrap().pending, "giving back is for two");
    assert!(!password(&node).enabled);
    confirm(&mut node, three, id).unwrap();
    assert!(password(&node) == account('b'));
    assert_eq!(signers(&node, kind::ACCOUNT_CONFIRMED), [actor(three)]);
    node.check_replay();
}

#[test]
fn s13_proposals_that_wait_are_bounded() {
    let mut node = Node::furnished();
    let one = operator(&mut node, "甲");
    let new = enlist(&mut node, "丙");
    for days in 0..MAX_PROPOSALS {
        let until = Some(node.now.plus(Duration::from_secs((days as u64 + 1) * 86_400)));
        let appointment = Appointment { until, ..appointment(&node, "operator") };
        node.attempt(Agent::Staff(one), What::Appoint { person: new, appointment }).unwrap();
    }
    let appointment = appointment(&node, "operator");
    let more = node.attempt(Agent::Staff(one), What::Appoint { person: new, appointment });
    assert!(matches!(more, Err(Refused::Invalid { field: "role", .. })));
}
