//! Who did what about who belongs to the federation is on record, with their name, and stays home.

#![expect(clippy::unwrap_used, reason = "what fails here fails its test")]

use engine::command::{Agent, Command, Receipt, Refused, What};
use engine::project::Whose;
use engine::store::Store;
use engine::view::{self, Trusted};
use governance::certificate::Reason;
use governance::roster::Appointment;
use governance::trust::TrustAct;
use record::{NodeId, Subject};

use crate::moving::{chain_of, enters, invitation, knocks, two_streets};
use crate::town::Town;

/// Somebody who runs a node, put on its roster at its own console.
fn officer(town: &mut Town, node: NodeId, name: &str) -> Subject {
    let what = What::Register { person: None, name: name.into(), phone: None };
    let person = town.console(node, what).unwrap().subject.unwrap();
    let (role, from) = ("operator".into(), town.world.now);
    let appointment = Appointment { role, scope: None, from, until: None };
    town.console(node, What::Appoint { person, appointment }).unwrap();
    person
}

fn by(town: &mut Town, node: NodeId, who: Subject, what: What) -> Result<Receipt, Refused> {
    town.world.command(node, Command { by: Agent::Staff(who), once: None, what })
}

/// Newest first.
pub(crate) fn acts(town: &Town, node: NodeId) -> Vec<Trusted> {
    let reader = Store::reader(&town.world.places[&node].store);
    let whose = Whose { me: node, federation: town.world.setup(node).federation };
    view::trust_acts(&reader, whose, None, 100).unwrap()
}

#[test]
fn s12_who_invited_approved_or_revoked_whom_stands_in_a_signed_record() {
    let (mut town, street) = two_streets(81);
    let (county, community) = (town.county, town.community);
    let one = officer(&mut town, street, "甲");
    let other = officer(&mut town, street, "乙");
    let before = town.end(street).seq;

    let (hash, offer) = invitation(&town, "341021101009", true);
    let invite = What::PutInvitation { hash, invitation: Some(offer) };
    let receipt = by(&mut town, street, one, invite).unwrap();
    let shown = Some(chain_of(&town, community));
    knocks(&mut town, street, community, shown);
    by(&mut town, street, other, What::Approve { hash, node: community }).unwrap();
    enters(&mut town, community, street);
    let (_, offer) = invitation(&town, "341021101008", false);
    let unused = What::PutInvitation { hash: [1; 32], invitation: Some(offer) };
    town.console(street, unused).unwrap();
    let withdrawn = What::PutInvitation { hash: [1; 32], invitation: None };
    by(&mut town, street, one, withdrawn).unwrap();
    let revoked = What::Revoke { node: community, reason: Reason::Ended, last_good: None };
    by(&mut town, street, other, revoked).unwrap();
    town.disowned = true;
    town.pass(300);

    let told = |town: &Town| {
        let who = |done: &Trusted| {
            let actor = done.record.actor.as_ref();
            actor.map(|actor| (Subject::from_bytes(*actor.id.as_bytes()), actor.role.clone()))
        };
        acts(town, street).iter().map(|done| (done.act.key(), who(done))).collect::<Vec<_>>()
    };
    let role = || "operator".to_owned();
    let expected = vec![
        ("revoke", Some((other, role()))),
        ("end_invitation", Some((one, role()))),
        ("invite", None),
        ("approve", Some((other, role()))),
        ("invite", Some((one, role()))),
    ];
    assert_eq!(told(&town), expected);
    let found = acts(&town, street);
    assert_eq!(found.last().map(|done| done.record.id()), receipt.record);
    assert!(found.iter().all(|done| done.record.author == street && done.record.seq > before));
    assert!(matches!(&found[0].act, TrustAct::Revoke { node, .. } if *node == community));
    assert!(matches!(&found[3].act, TrustAct::Approve { node, .. } if *node == community));
    // The community put its certificates in force at its own console.
    assert_eq!(acts(&town, community)[0].act.node(), Some(street));
    // Nobody else has them.
    assert!(acts(&town, county).is_empty() && acts(&town, town.street).is_empty());

    town.world.crash(street);
    town.world.restart(street);
    assert_eq!(told(&town), expected);
}
