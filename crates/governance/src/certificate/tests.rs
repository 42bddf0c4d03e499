mod properties;

use record::{EnvelopeError, FederationId, Signed, Statement};

use super::sample::{NOW, Node, certificate, federation, key, root, top};
use super::*;

/// County 1 over township 2 over community 3.
fn line() -> [Node; 3] {
    let county = top(1, "county", "341021");
    let township = county.child(2, "township", "341021100");
    let community = township.child(3, "community", "341021100001");
    [county, township, community]
}

fn chain(node: &Node) -> Vec<Vec<u8>> {
    node.standing.chain().map(|bytes| bytes.to_vec()).collect()
}

fn verify(chain: &[Vec<u8>], now: Timestamp) -> Result<Standing, ChainError> {
    verify_chain(&root().public(), &federation(), chain, now)
}

/// Where the fault is and what.
#[track_caller]
fn fault(result: Result<Standing, ChainError>) -> (usize, Fault) {
    match result.expect_err("the chain has to be refused") {
        ChainError::Certificate { at, fault, .. } => (at, fault),
        other @ (ChainError::Length(_) | ChainError::OtherFederation(_)) => panic!("{other}"),
    }
}

/// A child of `above`, signed without asking whether that is allowed.
fn forged(above: &Node, child: Certificate) -> Vec<u8> {
    let child = Certificate { issuer: Issuer::Node(above.id()), ..child };
    Signed::sign(child, &above.key, &federation()).bytes().to_vec()
}

fn under(above: &Node, certificate: Vec<u8>) -> Vec<Vec<u8>> {
    [vec![certificate], chain(above)].concat()
}

#[test]
fn a_good_chain_gives_the_leafs_standing() {
    let [county, township, community] = line();
    let standing = verify(&chain(&community), NOW).unwrap();
    assert!(standing == community.standing);
    assert_eq!(standing.node(), community.id());
    assert_eq!(standing.key(), community.key.public());
    assert_eq!(standing.parent(), Some(township.id()));
    assert!(standing.is_child_of(&township.id()) && !standing.is_child_of(&county.id()));
    assert!(standing.is_under(&county.id()) && !standing.is_under(&community.id()));
    assert_eq!(county.standing.parent(), None);
    assert!(standing.may(Right::Govern));
    assert_eq!(standing.check(NOW), Ok(()));
    assert!(standing.serves(&"341021100001002".parse().unwrap()));
    assert!(!standing.serves(&"341021100".parse().unwrap()));
}

#[test]
fn length_is_bounded_and_nothing_is_not_a_chain() {
    let mut node = top(1, "county", "34");
    for number in 2..=6 {
        node = node.child(number, "level", "34");
    }
    assert!(verify(&chain(&node), NOW).is_ok());
    let seventh = node.standing.issue(&node.key, certificate(7, "level", "34"), NOW);
    assert_eq!(seventh.err(), Some(IssueError::Refused(ChainError::Length(7))));
    let forged = under(&node, forged(&node, certificate(7, "level", "34")));
    assert_eq!(verify(&forged, NOW).err(), Some(ChainError::Length(7)));
    assert_eq!(verify(&[], NOW).err(), Some(ChainError::Length(0)));
}

#[test]
fn a_leaf_alone_or_out_of_order_proves_nothing() {
    let [_, _, community] = line();
    let whole = chain(&community);
    for part in [
        &whole[..1],
        &whole[..2],
        &[whole[2].clone(), whole[1].clone()],
        &[whole[0].clone(), whole[2].clone()],
    ] {
        assert!(matches!(fault(verify(part, NOW)).1, Fault::Envelope(_)));
    }
    let reversed: Vec<_> = whole.iter().rev().cloned().collect();
    assert!(verify(&reversed, NOW).is_err());
}

#[test]
fn a_node_cannot_pose_as_the_root_nor_the_root_as_a_node() {
    let [county, ..] = line();
    let posing = certificate(2, "township", "341021100");
    let by_county = Signed::sign(posing.clone(), &county.key, &federation()).bytes().to_vec();
    let alone = fault(verify(std::slice::from_ref(&by_county), NOW));
    assert!(matches!(alone, (0, Fault::Envelope(EnvelopeError::OtherSigner { .. }))));
    assert_eq!(fault(verify(&under(&county, by_county), NOW)), (0, Fault::WrongIssuer));
    let by_root = Certificate { issuer: Issuer::Node(county.id()), ..posing };
    let by_root = Signed::sign(by_root, &root(), &federation()).bytes().to_vec();
    assert_eq!(fault(verify(&[by_root], NOW)), (0, Fault::WrongIssuer));
}

#[test]
fn a_sibling_cannot_sign_in_anothers_name() {
    let [county, township, _] = line();
    let sibling = county.child(4, "township", "341021101");
    let child = certificate(5, "community", "341021100001");
    let child = Certificate { issuer: Issuer::Node(township.id()), ..child };
    let forged = Signed::sign(child, &sibling.key, &federation()).bytes().to_vec();
    let refused = fault(verify(&under(&township, forged.clone()), NOW));
    assert!(matches!(refused, (0, Fault::Envelope(EnvelopeError::OtherSigner { .. }))));
    assert_eq!(fault(verify(&under(&sibling, forged), NOW)), (0, Fault::WrongIssuer));
}

#[test]
fn a_parent_cannot_put_its_own_key_under_a_childs_name() {
    let [_, township, community] = line();
    let stolen = Certificate { key: key(9).public(), ..community.standing.certificate().clone() };
    let signed = Signed::try_sign(stolen.clone(), &township.key, &federation());
    assert!(matches!(
        signed,
        Err(EnvelopeError::Statement(StatementError::Rule { field: "key", .. }))
    ));
    let issued = township.standing.issue(&township.key, stolen, NOW);
    assert!(matches!(issued, Err(IssueError::Form(_))));
}

#[test]
fn a_chain_of_another_federation_is_refused() {
    let [_, _, community] = line();
    let other = FederationId::of_root(&key(99).public());
    let named = verify_chain(&root().public(), &other, &chain(&community), NOW);
    assert_eq!(named.err(), Some(ChainError::OtherFederation(other)));
    let rooted = verify_chain(&key(99).public(), &other, &chain(&community), NOW);
    assert_eq!(fault(rooted).0, 2);
    // The same root key, but signed for another federation.
    let signed = Signed::sign(certificate(1, "county", "34"), &root(), &other);
    let replayed = fault(verify(&[signed.bytes().to_vec()], NOW));
    assert!(matches!(replayed, (0, Fault::Envelope(EnvelopeError::Key(_)))));
}

#[test]
fn a_node_cannot_stand_above_itself() {
    let [county, township, community] = line();
    let again = forged(
        &community,
        Certificate {
            area: "341021100001".parse().unwrap(),
            ..township.standing.certificate().clone()
        },
    );
    assert_eq!(fault(verify(&under(&community, again), NOW)), (0, Fault::Loop));
    let itself = forged(&county, county.standing.certificate().clone());
    assert_eq!(fault(verify(&under(&county, itself), NOW)), (0, Fault::Loop));
}

#[test]
fn validity_is_asked_of_every_certificate() {
    let [county, township, _] = line();
    let day = Duration::from_secs(86_400);
    let short =
        Certificate { not_after: NOW.plus(day), ..certificate(3, "community", "341021100001") };
    let whole = under(&township, forged(&township, short));
    let expires = verify(&whole, NOW).unwrap().expires();
    assert_eq!(expires, NOW.plus(day));
    assert!(verify(&whole, expires.minus(Duration::from_millis(1))).is_ok());
    assert_eq!(fault(verify(&whole, expires)), (0, Fault::Expired(expires)));
    let [not_before, not_after] = {
        let certificate = county.standing.certificate();
        [certificate.not_before, certificate.not_after]
    };
    assert_eq!(fault(verify(&whole, not_after)), (2, Fault::Expired(not_after)));
    let skewed = not_before.minus(CLOCK_SLACK);
    assert!(verify(&chain(&county), skewed).is_ok(), "clocks may run behind a little");
    let too_early = skewed.minus(Duration::from_millis(1));
    assert_eq!(fault(verify(&chain(&county), too_early)), (0, Fault::NotYet(not_before)));
}

#[test]
fn a_node_whose_own_time_is_over_admits_and_issues_nothing() {
    let [_, township, community] = line();
    let over = township.standing.expires();
    let child =
        Certificate { not_after: Timestamp::MAX, ..certificate(5, "community", "341021100002") };
    assert!(matches!(township.standing.check(over), Err(ChainError::Certificate { at: 0, .. })));
    let issued = township.standing.issue(&township.key, child, over).err().unwrap();
    assert!(matches!(issued, IssueError::Refused(ChainError::Certificate { at: 1, .. })));
    assert_eq!(fault(township.standing.admit(&community.own(), over)).0, 1);
}

#[test]
fn a_node_without_leave_or_right_to_enrol_has_no_children() {
    let [county, ..] = line();
    let without_leave = Certificate { delegate: false, ..certificate(2, "township", "341021100") };
    let without_right = Certificate {
        rights: BTreeSet::from([Right::Govern]),
        ..certificate(2, "township", "341021100")
    };
    for barren in [without_leave, without_right] {
        let standing = county.standing.issue(&county.key, barren, NOW).unwrap();
        let barren = Node { key: key(2), standing };
        let child =
            Certificate { rights: BTreeSet::new(), ..certificate(3, "community", "341021100001") };
        let issued = barren.standing.issue(&barren.key, child.clone(), NOW).err().unwrap();
        assert!(matches!(issued, IssueError::Refused(_)));
        let chain = under(&barren, forged(&barren, child));
        assert_eq!(fault(verify(&chain, NOW)), (0, Fault::MayNotEnrol));
    }
}

#[test]
fn a_child_has_no_right_and_no_area_beyond_its_parents() {
    let [county, ..] = line();
    let member = Certificate {
        rights: BTreeSet::from([Right::Enrol, Right::Member]),
        ..certificate(2, "unit", "341021100")
    };
    let unit = county.standing.issue(&county.key, member, NOW).unwrap();
    let unit = Node { key: key(2), standing: unit };
    let child = |rights: &[Right], area| Certificate {
        rights: rights.iter().copied().collect(),
        ..certificate(3, "unit", area)
    };
    let chain = |child| under(&unit, forged(&unit, child));
    assert!(verify(&chain(child(&[Right::Member], "341021100")), NOW).is_ok());
    let governs = fault(verify(&chain(child(&[Right::Govern], "341021100")), NOW));
    assert_eq!(governs, (0, Fault::RightExceeds(Right::Govern)));
    let wider = fault(verify(&chain(child(&[Right::Member], "341021")), NOW));
    assert!(matches!(wider, (0, Fault::AreaOutside { .. })));
}

#[test]
fn only_the_nodes_own_key_issues() {
    let [_, township, _] = line();
    let child = certificate(5, "community", "341021100002");
    let issued = township.standing.issue(&key(9), child, NOW);
    assert_eq!(issued.err(), Some(IssueError::OtherKey));
}

#[test]
fn a_certificate_of_bad_form_is_neither_signed_nor_read() {
    let good = certificate(1, "county", "341021");
    let bad = [
        Certificate { version: 2, ..good.clone() },
        Certificate { name: String::new(), ..good.clone() },
        Certificate { name: " 歙县".into(), ..good.clone() },
        Certificate { name: "x".repeat(MAX_NAME + 1), ..good.clone() },
        Certificate { name: "county\u{202e}1".into(), ..good.clone() },
        Certificate { name: "a\u{200b}b".into(), ..good.clone() },
        Certificate { level: "County".into(), ..good.clone() },
        Certificate { level: "x".repeat(MAX_LEVEL + 1), ..good.clone() },
        Certificate { not_after: good.not_before, ..good.clone() },
    ];
    for bad in bad {
        assert!(Certificate::decode(&bad.encode()).is_err());
        assert!(matches!(issue_root(&root(), bad, NOW), Err(IssueError::Form(_))));
    }
    assert_eq!(Certificate::decode(&good.encode()), Ok(good));
}

#[test]
fn an_error_names_the_certificate_and_the_reason() {
    let [county, ..] = line();
    let outside = forged(&county, certificate(2, "township", "341022100"));
    let error = verify(&under(&county, outside), NOW).err().unwrap();
    let short = NodeId::from_genesis(&key(2).public()).short();
    let expected = format!("certificate 0 of the chain (node {short}) is refused");
    assert_eq!(error.to_string(), expected);
    let reason = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(reason, "its area 341022100 is not within the issuer's, 341021");
}

#[test]
fn only_a_higher_serial_of_the_same_node_supersedes() {
    let known = certificate(1, "county", "341021");
    let renewed = Certificate { serial: 2, ..known.clone() };
    assert!(renewed.supersedes(&known));
    assert!(!known.supersedes(&renewed) && !known.supersedes(&known));
    assert!(!Certificate { serial: 9, ..certificate(2, "county", "341021") }.supersedes(&known));
}
