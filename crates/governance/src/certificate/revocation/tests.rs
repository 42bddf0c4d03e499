use proptest::prelude::*;

use super::super::sample::{NOW, Node, certificate, federation, key, root, top};
use super::*;

const DAY: Duration = Duration::from_secs(86_400);

/// County 1 over township 2 over community 3.
fn line() -> [Node; 3] {
    let county = top(1, "county", "341021");
    let township = county.child(2, "township", "341021100");
    let community = township.child(3, "community", "341021100001");
    [county, township, community]
}

fn signed(list: RevocationList, by: u8) -> Signed<RevocationList> {
    Signed::sign(list, &key(by), &federation())
}

/// First lists of the root, the county and the township.
fn lists() -> Lists {
    let [county, township, _] = line();
    let mut lists = Lists::default();
    for (issuer, by) in
        [(Issuer::Root, 0), (Issuer::Node(county.id()), 1), (Issuer::Node(township.id()), 2)]
    {
        let list = RevocationList::first(issuer, NOW, 7 * DAY);
        assert_eq!(lists.put(signed(list, by), NOW), Ok(true));
    }
    lists
}

fn revoked(node: &Node, reason: Reason, last_good: Option<LastGood>) -> Revoked {
    let own = node.standing.certificate();
    let (key, serial, until) = (own.key, own.serial, own.not_after);
    Revoked { node: node.id(), key, serial, since: NOW, reason, last_good, until }
}

/// The lists after an issuer has revoked something.
fn after(issuer: &Node, by: u8, entry: Revoked) -> Lists {
    let mut lists = lists();
    let next = lists.of(Issuer::Node(issuer.id())).unwrap().next(Some(entry), NOW, 7 * DAY);
    assert_eq!(lists.put(signed(next, by), NOW), Ok(true));
    lists
}

fn last_good(seq: u64) -> LastGood {
    LastGood { epoch: 0, seq }
}

/// Somebody who keeps no list along these chains.
fn stranger() -> NodeId {
    NodeId::from_bytes([8; 32])
}

#[test]
fn s11_a_node_stands_until_a_list_along_its_chain_revokes_it() {
    let [county, township, community] = line();
    assert_eq!(lists().status(&community.standing, stranger(), NOW), Status::Good);
    let entry = revoked(&township, Reason::Ended, None);
    let lists = after(&county, 1, entry);
    for gone in [&township, &community] {
        assert_eq!(lists.status(&gone.standing, stranger(), NOW), Status::Revoked(entry));
    }
    assert_eq!(lists.status(&county.standing, stranger(), NOW), Status::Good);
}

#[test]
fn a_later_certificate_of_the_same_node_stands_again() {
    let [county, township, _] = line();
    let lists = after(&county, 1, revoked(&township, Reason::Moved, None));
    let renewed = Certificate { serial: 2, ..certificate(2, "township", "341021100") };
    let again = county.standing.issue(&county.key, renewed, NOW).unwrap();
    assert_eq!(lists.status(&again, stranger(), NOW), Status::Good);
}

#[test]
fn s12_an_overdue_or_missing_list_is_said_and_never_taken_for_good() {
    let [county, _, community] = line();
    let lists = lists();
    let issuer = community.standing.certificate().issuer;
    let due = NOW.plus(7 * DAY);
    let just_before = due.minus(Duration::from_millis(1));
    assert_eq!(lists.status(&community.standing, stranger(), just_before), Status::Good);
    assert_eq!(
        lists.status(&community.standing, stranger(), due),
        Status::Stale { issuer, since: Some(due) }
    );
    let none = Lists::default().status(&county.standing, stranger(), NOW);
    assert_eq!(none, Status::Stale { issuer: Issuer::Root, since: None });
}

#[test]
fn s12_old_contradicting_forged_and_foreign_lists_are_refused_and_change_nothing() {
    let [county, township, community] = line();
    let mut lists = after(&county, 1, revoked(&township, Reason::Ended, None));
    let issuer = Issuer::Node(county.id());
    let first = RevocationList::first(issuer, NOW, 7 * DAY);
    let known = lists.of(issuer).unwrap().clone();
    assert_eq!(
        lists.put(signed(first.clone(), 1), NOW),
        Err(ListError::Old { found: 1, known: 2 })
    );
    let other = RevocationList { number: 2, ..first.clone() };
    assert_eq!(lists.put(signed(other, 1), NOW), Err(ListError::Contradiction(2)));
    let future = RevocationList { number: 3, issued: NOW.plus(DAY), ..first.clone() };
    let future = RevocationList { next_update: NOW.plus(2 * DAY), ..future };
    assert!(matches!(lists.put(signed(future, 1), NOW), Err(ListError::NotYet(_))));
    let mut take = |list: RevocationList, by: u8| {
        let bytes = signed(list, by).bytes().to_vec();
        lists.take(&root().public(), &federation(), &community.standing, &bytes, NOW)
    };
    let forged = RevocationList { number: 9, ..first.clone() };
    assert!(matches!(take(forged.clone(), 2), Err(ListError::Envelope(_))));
    let foreign = RevocationList { issuer: Issuer::Node(NodeId::from_bytes([9; 32])), ..forged };
    assert_eq!(take(foreign, 9), Err(ListError::Stranger));
    let dropping = RevocationList { number: 4, ..first };
    assert_eq!(take(dropping, 1), Err(ListError::Dropped(township.id())));
    let next = RevocationList { number: 4, ..known.value().clone() };
    assert_eq!(take(next, 1), Ok(true));
    assert_ne!(lists.of(issuer).unwrap().bytes(), known.bytes());
}

#[test]
fn s11_after_a_compromise_only_records_up_to_the_last_good_one_count() {
    let [_, township, community] = line();
    let entry = revoked(&township, Reason::Compromised, Some(last_good(5)));
    let held = |entry: &Revoked, node: &Node, seq| entry.holds_back(&node.key.public(), 0, seq);
    assert!(!held(&entry, &township, 5) && held(&entry, &township, 6));
    assert!(entry.holds_back(&township.key.public(), 1, 0), "a new epoch is no way around it");
    assert!(!held(&entry, &community, 9), "whom it certified has a key of its own");
    assert!(!entry.holds_back(&key(9).public(), 0, 9), "nor is its next key held back");
    let nothing = revoked(&township, Reason::Compromised, None);
    assert!(held(&nothing, &township, 0));
    let ended = revoked(&township, Reason::Ended, None);
    assert!(!held(&ended, &township, 6), "an orderly end leaves what was said");
}

#[test]
fn whoever_issued_needs_no_list_of_its_own() {
    let [county, township, community] = line();
    let mut lists = Lists::default();
    for (issuer, by) in [(Issuer::Root, 0), (Issuer::Node(county.id()), 1)] {
        lists.put(signed(RevocationList::first(issuer, NOW, DAY), by), NOW).unwrap();
    }
    assert_eq!(lists.status(&community.standing, township.id(), NOW), Status::Good);
    assert!(matches!(
        lists.status(&community.standing, stranger(), NOW),
        Status::Stale { since: None, .. }
    ));
}

#[test]
fn entries_of_certificates_that_ran_out_leave_the_list() {
    let [county, township, _] = line();
    let entry = revoked(&township, Reason::Ended, None);
    let list = RevocationList::first(Issuer::Node(county.id()), NOW, DAY);
    let with = list.next(Some(entry), NOW, DAY);
    assert_eq!(with.revoked, [entry]);
    assert_eq!(with.next(None, entry.until.minus(DAY), DAY).revoked, [entry]);
    let later = with.next(None, entry.until, DAY);
    assert_eq!((later.revoked.len(), later.number), (0, 3));
}

/// S4, S11: an issuer that forgot what it revoked is not followed in that, and finds its way back.
#[test]
fn s11_what_was_revoked_is_not_forgotten_with_an_older_copy_of_its_issuer() {
    let [county, township, community] = line();
    let entry = revoked(&township, Reason::Compromised, None);
    let issuer = Issuer::Node(county.id());
    let old = RevocationList::first(issuer, NOW, DAY);
    let lost = old.next(Some(entry), NOW, DAY);
    let other = Revoked { node: community.id(), ..entry };
    let again = old.next(None, NOW, DAY).next(Some(other), NOW, DAY);
    let mut known = Lists::default();
    known.put(signed(lost.clone(), 1), NOW).unwrap();
    let refused = known.put(signed(again.clone(), 1), NOW);
    assert_eq!(refused, Err(ListError::Dropped(township.id())));
    let joined = again.recall(&lost, NOW, DAY).expect("it says something new");
    assert_eq!((joined.number, joined.revoked.len()), (again.number + 1, 2));
    assert_eq!(known.put(signed(joined.clone(), 1), NOW), Ok(true));
    assert_eq!(joined.recall(&lost, NOW, DAY), None, "it is all there");
    assert_eq!(old.recall(&lost, NOW, DAY).map(|next| next.number), Some(lost.number + 1));
    // What has run out may go.
    assert_eq!(again.recall(&lost, entry.until, DAY), None);
}

#[test]
fn a_full_list_fits_a_greeting() {
    let [county, township, _] = line();
    let mut list = RevocationList::first(Issuer::Node(county.id()), NOW, DAY);
    for number in 0..MAX_REVOKED {
        let entry = revoked(&township, Reason::Compromised, Some(last_good(u64::MAX)));
        let node = NodeId::from_bytes([u8::try_from(number).unwrap(); 32]);
        list.revoked.push(Revoked { node, serial: u64::MAX, ..entry });
    }
    let bytes = signed(list, 1).bytes().len();
    assert!(bytes <= RevocationList::LIMITS.bytes, "{bytes}");
}

proptest! {
    /// S11, S12: whatever the order in which lists arrive, the highest number is what is known.
    #[test]
    fn lists_in_any_order_lead_to_the_same(order in Just((1..=6_u64).collect::<Vec<_>>()).prop_shuffle()) {
        let [county, township, _] = line();
        let issuer = Issuer::Node(county.id());
        let mut known = Lists::default();
        for number in &order {
            let mut list = RevocationList::first(issuer, NOW, DAY);
            list.number = *number;
            if *number >= 4 {
                list.revoked.push(revoked(&township, Reason::Compromised, Some(last_good(*number))));
            }
            let _ = known.put(signed(list, 1), NOW);
        }
        prop_assert_eq!(known.of(issuer).unwrap().number, 6);
        let entry = *known.revoked(&township.standing).unwrap();
        let held = |seq| entry.holds_back(&township.key.public(), 0, seq);
        prop_assert!(!held(6) && held(7));
    }
}
