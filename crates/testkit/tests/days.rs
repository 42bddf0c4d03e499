//! Days in a federation, each drawn from one number. `SIMULATED_DAYS` sets how many (500 in CI),
//! `SIMULATED_DAY` plays one again.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use testkit::simulator::{Simulator, Weather};

fn seeds() -> std::ops::Range<u64> {
    let number = |name| std::env::var(name).ok().and_then(|text: String| text.parse().ok());
    match number("SIMULATED_DAY") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SIMULATED_DAYS").unwrap_or(60),
    }
}

fn play_all(weather: &Weather, seeds: std::ops::Range<u64>) {
    let next = AtomicU64::new(seeds.start);
    let broken = Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    let mut day = Simulator::new(seed, weather.clone());
                    if let Err(found) = day.play() {
                        broken
                            .lock()
                            .expect("no thread panics with the lock")
                            .push(found.to_string());
                    }
                }
            });
        }
    });
    let broken = broken.into_inner().expect("no thread panicked");
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn on_a_calm_day_every_promise_holds() {
    play_all(&Weather::calm(), 0..4);
}

#[test]
fn on_a_stormy_day_of_25_nodes_every_promise_holds() {
    play_all(&Weather::storm(), seeds());
}

#[test]
fn one_seed_is_one_day() {
    let day = |seed| {
        let mut day = Simulator::new(seed, Weather::storm());
        day.play().expect("every promise holds");
        day.digest()
    };
    assert_eq!(day(7), day(7));
    assert_ne!(day(7), day(8));
}
