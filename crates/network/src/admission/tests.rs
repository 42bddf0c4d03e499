use std::time::Duration;

use proptest::prelude::*;
use record::PublicKey;

use super::*;

fn peer(number: u8) -> PeerId {
    address::peer_id(&PublicKey::from_bytes([number; 32]))
}

fn connection(number: usize) -> ConnectionId {
    ConnectionId::new_unchecked(number)
}

fn ip(last: u8) -> Option<IpAddr> {
    Some(IpAddr::from([192, 0, 2, last]))
}

fn admission() -> Admission {
    let limits = Connections {
        total: 6,
        pending_in: 4,
        pending_out: 2,
        pending_per_source: 3,
        arrivals_burst: 1000,
        ..Connections::default()
    };
    Admission::new(limits, Enrolment { connections: 2, ..Enrolment::default() })
}

/// Carries an inbound connection through, as libp2p does.
fn connect(admission: &mut Admission, number: usize, peer: PeerId) -> Result<(), Denial> {
    let now = Instant::now();
    admission.arrive(connection(number), ip(1), now)?;
    let admitted = admission.admit(connection(number), &peer, true, now);
    match admitted {
        Ok(()) => admission.established(connection(number), peer),
        Err(_) => admission.settle(connection(number)),
    }
    admitted
}

#[test]
fn only_peers_on_the_allow_list_come_in() {
    let mut admission = admission();
    assert_eq!(connect(&mut admission, 1, peer(1)), Err(Denial::Unknown));
    admission.allow(peer(1));
    assert_eq!(connect(&mut admission, 2, peer(1)), Ok(()));
    admission.forbid(&peer(1));
    assert_eq!(connect(&mut admission, 3, peer(1)), Err(Denial::Unknown));
}

#[test]
fn a_few_unknown_peers_come_in_while_enrolment_is_open() {
    let mut admission = admission();
    admission.open_enrolment(true);
    assert_eq!(connect(&mut admission, 1, peer(1)), Ok(()));
    assert_eq!(connect(&mut admission, 2, peer(2)), Ok(()));
    assert_eq!(connect(&mut admission, 3, peer(3)), Err(Denial::EnrolmentFull));
    admission.allow(peer(3));
    assert_eq!(connect(&mut admission, 4, peer(3)), Ok(()), "neighbours have room of their own");
    admission.closed(connection(1));
    assert_eq!(connect(&mut admission, 5, peer(4)), Ok(()));
    admission.open_enrolment(false);
    assert_eq!(connect(&mut admission, 6, peer(5)), Err(Denial::Unknown));
}

#[test]
fn a_peer_has_two_connections_at_most_and_all_have_six() {
    let mut admission = admission();
    (1..=4).for_each(|number| admission.allow(peer(number)));
    assert_eq!(connect(&mut admission, 1, peer(1)), Ok(()));
    assert_eq!(connect(&mut admission, 2, peer(1)), Ok(()));
    assert_eq!(connect(&mut admission, 3, peer(1)), Err(Denial::PeerFull));
    for (number, of) in [(4, 2), (5, 2), (6, 3), (7, 3)] {
        assert_eq!(connect(&mut admission, number, peer(of)), Ok(()));
    }
    assert_eq!(connect(&mut admission, 8, peer(4)), Err(Denial::Full));
}

#[test]
fn only_peers_that_were_named_are_dialled() {
    let now = Instant::now();
    let mut admission = admission();
    assert_eq!(admission.dial(connection(1), None, now), Err(Denial::Unknown));
    assert_eq!(admission.dial(connection(1), Some(peer(1)), now), Err(Denial::Unknown));
    admission.expect(peer(1));
    assert_eq!(admission.dial(connection(1), Some(peer(1)), now), Ok(()));
    assert_eq!(admission.dial(connection(2), Some(peer(1)), now), Ok(()));
    assert_eq!(admission.dial(connection(3), Some(peer(1)), now), Err(Denial::PendingFull));
    // Whoever answers instead does not come in, even while enrolment is open.
    admission.open_enrolment(true);
    assert_eq!(admission.admit(connection(1), &peer(2), false, now), Err(Denial::Unknown));
}

#[test]
fn a_peer_under_a_penalty_stays_out_until_it_is_over() {
    let now = Instant::now();
    let mut admission = admission();
    admission.allow(peer(1));
    admission.refuse(peer(1), now + Duration::from_secs(30));
    let number = connection(1);
    let at = |admission: &mut Admission, now| admission.admit(number, &peer(1), true, now);
    assert_eq!(at(&mut admission, now), Err(Denial::Refused));
    admission.open_enrolment(true);
    assert_eq!(at(&mut admission, now), Err(Denial::Refused), "not as an unknown peer either");
    assert_eq!(at(&mut admission, now + Duration::from_secs(30)), Ok(()));
}

#[test]
fn a_key_that_is_not_ed25519_stays_out() {
    let mut admission = admission();
    admission.open_enrolment(true);
    let rsa: PeerId = "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N".parse().unwrap();
    assert_eq!(connect(&mut admission, 1, rsa), Err(Denial::NotEd25519));
}

#[test]
fn handshakes_that_never_end_take_no_more_than_their_room() {
    let now = Instant::now();
    let mut admission = admission();
    for number in 0..3 {
        assert_eq!(admission.arrive(connection(number), ip(1), now), Ok(()));
    }
    assert_eq!(admission.arrive(connection(3), ip(1), now), Err(Denial::SourceFull));
    assert_eq!(admission.arrive(connection(4), ip(2), now), Ok(()));
    assert_eq!(admission.arrive(connection(5), ip(3), now), Err(Denial::PendingFull));
    admission.settle(connection(0));
    assert_eq!(admission.arrive(connection(6), ip(1), now), Ok(()));
}

proptest! {
    /// Connections that came and went leave nothing behind that would grow or block.
    #[test]
    fn nothing_is_left_of_connections_that_are_gone(
        steps in prop::collection::vec((0usize..12, 1u8..6, 0u8..4), 0..300),
    ) {
        let now = Instant::now();
        let mut admission = admission();
        admission.open_enrolment(true);
        (1..4).for_each(|number| admission.allow(peer(number)));
        for (number, of, step) in steps {
            let id = connection(number);
            match step {
                // libp2p gives no number twice.
                0 if admission.pending_in.contains_key(&id) => {}
                0 => drop(admission.arrive(id, ip(of), now)),
                1 => {
                    let free = !admission.established.contains_key(&id);
                    if free && admission.admit(id, &peer(of), true, now).is_ok() {
                        admission.established(id, peer(of));
                    }
                }
                2 => admission.settle(id),
                _ => admission.closed(id),
            }
            prop_assert!(admission.established.len() <= 6);
            prop_assert!(admission.pending_in.len() <= 4);
        }
        for number in 0..12 {
            admission.settle(connection(number));
            admission.closed(connection(number));
        }
        prop_assert!(admission.established.is_empty());
        prop_assert!(admission.pending_in.is_empty() && admission.pending_out.is_empty());
        for number in 0..3 {
            prop_assert_eq!(admission.arrive(connection(number), ip(1), now), Ok(()));
        }
    }
}
