use proptest::prelude::*;
use record::RecordId;

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

fn revoked(node: &Node, reason: Reason, last_good: Option<Pin>) -> Revoked {
    let own = node.standing.certificate();
    let (serial, until) = (own.serial, own.not_after);
    Revoked { node: node.id(), serial, since: NOW, reason, last_good, until }
}

/// The lists after an issuer has revoked something.
fn after(issuer: &Node, by: u8, entry: Revoked) -> Lists {
    let mut lists = lists();
    let next = lists.of(Issuer::Node(issuer.id())).unwrap().next(Some(entry), NOW, 7 * DAY);
    assert_eq!(lists.put(signed(next, by), NOW), Ok(true));
    lists
}

fn pin(seq: u64) -> Pin {
    Pin { epoch: 0, seq, id: RecordId::ZERO }
}

#[test]
fn s11_a_node_stands_until_a_list_along_its_chain_revokes_it() {
    let [county, township, community] = line();
    assert_eq!(lists().status(&community.standing, NOW), Status::Good);
    let entry = revoked(&township, Reason::Ended, None);
    let lists = after(&county, 1, entry);
    for gone in [&township, &community] {
        assert_eq!(lists.status(&gone.standing, NOW), Status::Revoked(entry));
    }
    assert_eq!(lists.status(&county.standing, NOW), Status::Good);
}

#[test]
fn a_later_certificate_of_the_same_node_stands_again() {
    let [county, township, _] = line();
    let lists = after(&county, 1, revoked(&township, Reason::Moved, None));
    let renewed = Certificate { serial: 2, ..certificate(2, "township", "341021100") };
    let again = county.standing.issue(&county.key, renewed, NOW).unwrap();
    assert_eq!(lists.status(&again, NOW), Status::Good);
}

#[test]
fn s12_an_overdue_or_missing_list_is_said_and_never_taken_for_good() {
    let [county, _, community] = line();
    let lists = lists();
    let issuer = community.standing.certificate().issuer;
    let due = NOW.plus(7 * DAY);
    let just_before = due.minus(Duration::from_millis(1));
    assert_eq!(lists.status(&community.standing, just_before), Status::Good);
    assert_eq!(lists.status(&community.standing, due), Status::Stale { issuer, since: Some(due) });
    let none = Lists::default().status(&county.standing, NOW);
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
    assert_eq!(take(RevocationList { number: 4, ..first }, 1), Ok(true));
    assert_ne!(lists.of(issuer).unwrap().bytes(), known.bytes());
}

#[test]
fn s11_after_a_compromise_only_records_up_to_the_last_good_one_count() {
    let [county, township, community] = line();
    let entry = revoked(&township, Reason::Compromised, Some(pin(5)));
    let lists = after(&county, 1, entry);
    let counts = |node: &Node, seq| lists.counts(&node.standing, 0, seq, NOW);
    assert!(counts(&township, 5) && !counts(&township, 6));
    assert!(!counts(&community, 0), "whom it certified is not to be believed either");
    let lists = after(&county, 1, revoked(&township, Reason::Ended, None));
    assert!(lists.counts(&township.standing, 0, 6, NOW), "an orderly end leaves what was said");
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

#[test]
fn a_full_list_fits_a_greeting() {
    let [county, township, _] = line();
    let mut list = RevocationList::first(Issuer::Node(county.id()), NOW, DAY);
    for number in 0..MAX_REVOKED {
        let entry = revoked(&township, Reason::Compromised, Some(pin(u64::MAX)));
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
                list.revoked.push(revoked(&township, Reason::Compromised, Some(pin(*number))));
            }
            let _ = known.put(signed(list, 1), NOW);
        }
        prop_assert_eq!(known.of(issuer).unwrap().number, 6);
        prop_assert!(known.counts(&township.standing, 0, 6, NOW));
        prop_assert!(!known.counts(&township.standing, 0, 7, NOW));
    }
}
