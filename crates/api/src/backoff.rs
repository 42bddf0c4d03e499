//! Waiting after failed logins: by account, so that one account's password can't be tried from
//! everywhere, and by address, so that one machine can't try every account (S14, S17). Whether the
//! name exists makes no difference.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::rate::Key;

/// Failures that cost nothing.
const FREE: u32 = 5;
/// The first wait; each further failure doubles it.
const FIRST_WAIT: Duration = Duration::from_secs(8);
/// The longest wait for an account: short, since anybody can make somebody else wait.
const ACCOUNT_WAIT: Duration = Duration::from_secs(30);
/// The longest wait for an address.
const ADDRESS_WAIT: Duration = Duration::from_secs(15 * 60);
/// Failures are forgotten after this long without another.
const MEMORY: Duration = Duration::from_secs(30 * 60);
/// Most names and addresses remembered; beyond, the one that failed longest ago is forgotten.
const MOST: usize = 4_096;

/// Failed logins of late.
#[derive(Default)]
pub(crate) struct Backoff {
    failures: Mutex<HashMap<Tried, Failures>>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum Tried {
    /// blake3 of the name, so that what is typed there by mistake is not kept.
    Account([u8; 32]),
    Address(Key),
    /// Codes of an account, hashed as its name is.
    Code([u8; 32]),
}

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    last: Instant,
}

impl Failures {
    fn until(self, most: Duration) -> Option<Instant> {
        let over = self.count.checked_sub(FREE)?;
        let wait = FIRST_WAIT.saturating_mul(1 << over.min(16));
        Some(self.last + wait.min(most))
    }
}

impl Backoff {
    /// Whether the password may be tried now.
    ///
    /// # Errors
    /// How long to wait.
    pub(crate) fn check(&self, name: &str, address: Key, now: Instant) -> Result<(), Duration> {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let until = |tried: &Tried, most| failures.get(tried).and_then(|seen| seen.until(most));
        let account = until(&account(name), ACCOUNT_WAIT);
        let address = until(&Tried::Address(address), ADDRESS_WAIT);
        match account.max(address).map(|until| until.saturating_duration_since(now)) {
            Some(wait) if !wait.is_zero() => Err(wait),
            _ => Ok(()),
        }
    }

    /// Counts an attempt as failed; taken back by [`Backoff::succeeded`]. Counted before the
    /// password is checked, so that many attempts at once are not all free.
    pub(crate) fn attempt(&self, name: &str, address: Key, now: Instant) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        for tried in [account(name), Tried::Address(address)] {
            count(&mut failures, tried, now);
        }
    }

    /// Counts an attempt at an account's codes, if there may be one now. Only whoever has the
    /// password gets so far, so that waiting may take long: nobody else is kept out.
    ///
    /// # Errors
    /// How long to wait.
    pub(crate) fn try_code(&self, name: &str, now: Instant) -> Result<(), Duration> {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let tried = code(name);
        let until = failures.get(&tried).and_then(|seen| seen.until(ADDRESS_WAIT));
        match until.map(|until| until.saturating_duration_since(now)) {
            Some(wait) if !wait.is_zero() => return Err(wait),
            _ => {}
        }
        count(&mut failures, tried, now);
        Ok(())
    }

    /// Forgets failures at an account's codes.
    pub(crate) fn code_succeeded(&self, name: &str) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.remove(&code(name));
    }

    /// Takes one attempt back: it was neither right nor wrong.
    pub(crate) fn taken_back(&self, name: &str, address: Key) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        for tried in [account(name), Tried::Address(address)] {
            if let Some(seen) = failures.get_mut(&tried) {
                seen.count = seen.count.saturating_sub(1);
            }
        }
    }

    /// Forgets an account's failures and takes back the attempt of its address.
    pub(crate) fn succeeded(&self, name: &str, address: Key) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.remove(&account(name));
        if let Some(seen) = failures.get_mut(&Tried::Address(address)) {
            seen.count = seen.count.saturating_sub(1);
        }
    }
}

fn account(name: &str) -> Tried {
    Tried::Account(*blake3::hash(name.as_bytes()).as_bytes())
}

fn code(name: &str) -> Tried {
    Tried::Code(*blake3::hash(name.as_bytes()).as_bytes())
}

fn count(failures: &mut HashMap<Tried, Failures>, tried: Tried, now: Instant) {
    if failures.len() >= MOST && !failures.contains_key(&tried) {
        make_room(failures, now);
    }
    let fresh = Failures { count: 0, last: now };
    let seen = failures.entry(tried).or_insert(fresh);
    if now.saturating_duration_since(seen.last) > MEMORY {
        seen.count = 0;
    }
    *seen = Failures { count: seen.count.saturating_add(1), last: now };
}

fn make_room(failures: &mut HashMap<Tried, Failures>, now: Instant) {
    failures.retain(|_, seen| now.saturating_duration_since(seen.last) <= MEMORY);
    if failures.len() >= MOST {
        let oldest = failures.iter().min_by_key(|(_, seen)| seen.last);
        if let Some(oldest) = oldest.map(|(tried, _)| tried.clone()) {
            failures.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn here(number: u32) -> Key {
        Key::of(Some(number.to_be_bytes().into()))
    }

    #[test]
    fn an_account_waits_longer_with_every_failure_from_wherever_it_comes() {
        let (backoff, now) = (Backoff::default(), Instant::now());
        for number in 0..FREE {
            assert!(backoff.check("li.hua", here(number), now).is_ok());
            backoff.attempt("li.hua", here(number), now);
        }
        let first = backoff.check("li.hua", here(99), now).unwrap_err();
        backoff.attempt("li.hua", here(98), now);
        assert!(backoff.check("li.hua", here(99), now).unwrap_err() > first);
        assert!(backoff.check("wang.fang", here(99), now).is_ok());
        assert!(backoff.check("li.hua", here(99), now + ACCOUNT_WAIT).is_ok());
    }

    #[test]
    fn an_address_waits_whatever_names_it_tries() {
        let (backoff, now) = (Backoff::default(), Instant::now());
        for number in 0..40 {
            backoff.attempt(&format!("name{number}"), here(1), now);
        }
        assert_eq!(backoff.check("new", here(1), now), Err(ADDRESS_WAIT));
        assert!(backoff.check("new", here(2), now).is_ok());
    }

    #[test]
    fn a_success_forgives_the_account_and_costs_the_address_nothing() {
        let (backoff, now) = (Backoff::default(), Instant::now());
        for _ in 0..100 {
            assert!(backoff.check("li.hua", here(1), now).is_ok());
            backoff.attempt("li.hua", here(1), now);
            backoff.succeeded("li.hua", here(1));
        }
    }

    #[test]
    fn memory_is_bounded() {
        let (backoff, now) = (Backoff::default(), Instant::now());
        for number in 0..3 * MOST as u32 {
            backoff.attempt(&format!("name{number}"), here(number), now);
        }
        assert!(backoff.failures.lock().unwrap().len() <= MOST + 1);
    }
}
