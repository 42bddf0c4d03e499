use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::*;

const BACKOFF: Backoff =
    Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(60) };

fn address(port: u16) -> Multiaddr {
    format!("/ip4/192.0.2.1/tcp/{port}").parse().unwrap()
}

fn rng() -> StdRng {
    StdRng::seed_from_u64(7)
}

fn wanted(ports: &[u16], now: Instant) -> Redial {
    let mut redial = Redial::new();
    redial.tell(ports.iter().map(|port| address(*port)).collect(), Effort::Always, now);
    redial
}

fn waits(redial: &Redial, now: Instant) -> Duration {
    let State::Waiting(at) = redial.state() else {
        panic!("it does not wait: {:?}", redial.state());
    };
    at.saturating_duration_since(now)
}

#[test]
fn a_neighbour_is_dialled_at_once_then_ever_more_rarely_up_to_the_longest_wait() {
    let mut now = Instant::now();
    let mut rng = rng();
    let mut redial = wanted(&[1, 2], now);
    assert_eq!(redial.due(now), [address(1), address(2)]);
    let mut full = BACKOFF.first;
    for _ in 0..20 {
        redial.failed(None, now, &BACKOFF, &mut rng);
        let wait = waits(&redial, now);
        assert!(wait <= full && wait >= full / 2, "{wait:?} of {full:?}");
        assert!(redial.due(now + wait / 2).is_empty());
        now += wait;
        assert_eq!(redial.due(now).len(), 2);
        full = (full * 2).min(BACKOFF.longest);
    }
}

#[test]
fn an_address_that_another_key_answers_does_not_shadow_the_right_one() {
    let now = Instant::now();
    let mut redial = wanted(&[1, 2], now);
    redial.due(now);
    redial.failed(Some(address(1)), now, &BACKOFF, &mut rng());
    assert_eq!(redial.due(now), [address(2)]);
    redial.failed(None, now, &BACKOFF, &mut rng());
    let wait = waits(&redial, now);
    assert!(!wait.is_zero());
    assert_eq!(redial.due(now + wait).len(), 2, "the next round tries all again");
}

#[test]
fn an_impostor_at_every_address_is_no_reason_to_dial_without_pause() {
    let now = Instant::now();
    let mut redial = wanted(&[1, 2], now);
    redial.due(now);
    redial.failed(Some(address(1)), now, &BACKOFF, &mut rng());
    redial.due(now);
    redial.failed(Some(address(2)), now, &BACKOFF, &mut rng());
    assert!(!waits(&redial, now).is_zero());
}

#[test]
fn a_new_address_is_tried_at_once_and_the_same_again_is_not() {
    let now = Instant::now();
    let mut redial = wanted(&[1], now);
    redial.due(now);
    redial.failed(None, now, &BACKOFF, &mut rng());
    let before = redial.state();
    redial.tell(vec![address(1)], Effort::Always, now);
    assert_eq!(redial.state(), before);
    redial.tell(vec![address(2)], Effort::Always, now);
    assert_eq!(redial.due(now), [address(2)]);
    redial.learn(vec![address(3)], now);
    redial.failed(None, now, &BACKOFF, &mut rng());
    assert_eq!(redial.due(now), [address(2), address(3)], "learned while dialling");
}

#[test]
fn a_peer_that_hangs_up_at_once_is_dialled_ever_more_rarely() {
    let now = Instant::now();
    let mut rng = rng();
    let mut redial = wanted(&[1], now);
    for _ in 0..8 {
        redial.connected(now);
        redial.lost(now, &BACKOFF, &mut rng);
    }
    assert!(waits(&redial, now) >= BACKOFF.longest / 2);
    redial.connected(now);
    redial.lost(now + BACKOFF.longest, &BACKOFF, &mut rng);
    assert!(waits(&redial, now + BACKOFF.longest) <= BACKOFF.first);
}

#[test]
fn a_peer_dialled_once_is_not_dialled_again() {
    let now = Instant::now();
    let mut redial = Redial::new();
    redial.tell(vec![address(1)], Effort::Once, now);
    assert_eq!(redial.due(now), [address(1)]);
    redial.failed(None, now, &BACKOFF, &mut rng());
    assert_eq!(redial.state(), State::Idle);
    redial.tell(vec![address(1)], Effort::Once, now);
    redial.due(now);
    redial.connected(now);
    redial.lost(now, &BACKOFF, &mut rng());
    assert_eq!(redial.state(), State::Idle);
}

#[derive(Clone, Debug)]
enum Step {
    Tell(Vec<u16>, bool),
    Learn(Vec<u16>),
    Due,
    Failed(Option<u16>),
    Connected,
    Lost,
    Hold,
}

fn step() -> impl Strategy<Value = Step> {
    let ports = || prop::collection::vec(1u16..20, 0..12);
    prop_oneof![
        (ports(), any::<bool>()).prop_map(|(ports, dial)| Step::Tell(ports, dial)),
        ports().prop_map(Step::Learn),
        Just(Step::Due),
        prop::option::of(1u16..20).prop_map(Step::Failed),
        Just(Step::Connected),
        Just(Step::Lost),
        Just(Step::Hold),
    ]
}

proptest! {
    /// In any order of events: at most as many dials without a pause as there are addresses and
    /// news, no dial to a peer that is not wanted, and never more addresses than are kept.
    #[test]
    fn whatever_happens_dials_are_wanted_bounded_and_paced(
        steps in prop::collection::vec((step(), 0u64..3000), 0..200),
    ) {
        let mut rng = rng();
        let mut now = Instant::now();
        let mut redial = Redial::new();
        for (step, passed) in steps {
            now += Duration::from_millis(passed);
            match step {
                Step::Tell(ports, dial) => {
                    let effort = if dial { Effort::Always } else { Effort::None };
                    redial.tell(ports.into_iter().map(address).collect(), effort, now);
                }
                Step::Learn(ports) => {
                    redial.learn(ports.into_iter().map(address).collect(), now);
                }
                Step::Due => {
                    let dialled = redial.due(now);
                    prop_assert!(dialled.len() <= 2 * MAX_ADDRESSES);
                    prop_assert!(dialled.is_empty() || redial.effort() == Effort::Always);
                    let mut unique = dialled.clone();
                    unique.sort();
                    unique.dedup();
                    prop_assert!(unique.len() <= 2 * MAX_ADDRESSES);
                }
                Step::Failed(port) => {
                    redial.failed(port.map(address), now, &BACKOFF, &mut rng);
                }
                Step::Connected => redial.connected(now),
                Step::Lost => redial.lost(now, &BACKOFF, &mut rng),
                Step::Hold => redial.hold(now + BACKOFF.longest),
            }
            if let State::Waiting(at) = redial.state() {
                prop_assert!(at <= now + BACKOFF.longest);
            }
        }
        // Left alone, failing dials settle into pauses.
        for _ in 0..4 * MAX_ADDRESSES {
            let tried = redial.due(now);
            redial.failed(tried.first().cloned(), now, &BACKOFF, &mut rng);
        }
        let at_once = matches!(redial.state(), State::Waiting(at) if at <= now);
        prop_assert!(!at_once);
    }
}
