//! Chains of any kind, and chains with a byte changed.

use proptest::prelude::*;
use proptest::sample::subsequence;

use super::super::sample::ALL;
use super::*;

#[test]
fn every_mutated_byte_of_a_chain_is_refused() {
    let [_, _, community] = line();
    let whole = chain(&community);
    for (at, certificate) in whole.iter().enumerate() {
        for position in 0..certificate.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut mutated = whole.clone();
                mutated[at][position] ^= flip;
                assert!(verify(&mutated, NOW).is_err(), "certificate {at}, byte {position}");
            }
        }
        for changed in [[certificate.as_slice(), &[0]].concat(), certificate[1..].to_vec()] {
            let mut mutated = whole.clone();
            mutated[at] = changed;
            assert!(verify(&mutated, NOW).is_err());
        }
    }
}

/// Mostly what a good certificate for the level of `number` has, so that whole chains hold often.
fn some_certificate(number: u8, area: &'static str) -> impl Strategy<Value = Certificate> {
    let rights = prop_oneof![5 => Just(ALL.to_vec()), 1 => subsequence(ALL.to_vec(), 0..=4)];
    let areas = prop_oneof!["34", "3410", "341021", "341022", "341021100", "341021101"];
    let area = prop_oneof![8 => Just(area.to_owned()), 1 => areas];
    let window = prop_oneof![9 => Just((-100, 300)), 1 => (-300_i64..300, 1_i64..600)];
    let delegate = prop::bool::weighted(0.85);
    (rights, area, delegate, window).prop_map(move |(rights, area, delegate, (begins, days))| {
        let day = 86_400_000;
        let not_before = Timestamp::from_millis(NOW.millis() + begins * day);
        let not_after = Timestamp::from_millis(not_before.millis() + days * day);
        let rights = rights.into_iter().collect();
        let plain = certificate(number, "level", &area);
        Certificate { rights, delegate, not_before, not_after, ..plain }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// The rules once more, as one expression, against what the code does with three certificates
    /// of any kind; and issuing refuses exactly what verification refuses.
    #[test]
    fn a_chain_holds_if_and_only_if_every_rule_does(
        certificates in (
            some_certificate(1, "341021"),
            some_certificate(2, "341021100"),
            some_certificate(3, "341021100001"),
        ),
    ) {
        let valid = |c: &Certificate| c.not_before <= NOW && NOW < c.not_after;
        let follows = |child: &Certificate, parent: &Certificate| {
            parent.delegate
                && parent.rights.contains(&Right::Enrol)
                && child.area.as_str().starts_with(parent.area.as_str())
                && child.rights.is_subset(&parent.rights)
        };
        let (a, b, c) = certificates;
        let expected = [&a, &b, &c].into_iter().all(valid) && follows(&b, &a) && follows(&c, &b);

        let sign = |certificate: &Certificate, issuer, by| {
            let certificate = Certificate { issuer, ..certificate.clone() };
            Signed::sign(certificate, by, &federation()).bytes().to_vec()
        };
        let (first, second) = (Issuer::Node(a.node), Issuer::Node(b.node));
        let chain = [sign(&c, second, &key(2)), sign(&b, first, &key(1)), sign(&a, Issuer::Root, &root())];
        prop_assert_eq!(verify(&chain, NOW).is_ok(), expected);

        let issued = issue_root(&root(), a, NOW)
            .and_then(|county| county.issue(&key(1), b, NOW))
            .and_then(|township| township.issue(&key(2), c, NOW));
        prop_assert_eq!(issued.is_ok(), expected);
    }

    #[test]
    fn garbage_is_refused_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        prop_assert!(verify(&[bytes], NOW).is_err());
    }
}
