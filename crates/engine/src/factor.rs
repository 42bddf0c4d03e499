//! The second factor: codes by time (TOTP, RFC 6238) as every authenticator app makes them, with
//! SHA-1, six digits and thirty seconds; and recovery codes for whoever has lost the app.

use hmac::Hmac;
use record::Timestamp;
use sha1::Sha1;

/// Length of a secret, in bytes: as long as the hash (RFC 4226 §4, R6).
pub const SECRET: usize = 20;
/// How long a code holds, in seconds.
pub const PERIOD: u64 = 30;
/// Digits of a code.
pub const DIGITS: u32 = 6;
/// How many steps a device's clock may be behind or ahead.
const SKEW: u64 = 1;
/// Recovery codes that are given at once.
pub const RECOVERY: usize = 10;
/// Characters of a recovery code, without those that look alike: 16 of 31 are 79 bits.
pub const ALPHABET: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
/// Length of a recovery code, without separators.
pub const RECOVERY_CHARS: usize = 16;

/// What somebody shows beside the password.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// A code by time.
    Code(u32),
    /// The hash of a recovery code.
    Recovery([u8; 32]),
}

/// Reads what was typed for an account: six digits, or a recovery code; spaces and dashes are
/// passed over. Neither is kept.
#[must_use]
pub fn read(account: &str, typed: &str) -> Option<Shown> {
    if typed.len() > 64 {
        return None;
    }
    let plain: String = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    if plain.len() == DIGITS as usize && plain.bytes().all(|b| b.is_ascii_digit()) {
        return plain.parse().ok().map(Shown::Code);
    }
    let plain = plain.to_ascii_lowercase();
    let fits = plain.len() == RECOVERY_CHARS && plain.bytes().all(|b| ALPHABET.contains(&b));
    fits.then(|| Shown::Recovery(recovery_hash(account, &plain)))
}

/// What is kept of a recovery code, which is random enough that a fast hash can't be searched.
#[must_use]
pub fn recovery_hash(account: &str, plain: &str) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key("wangge recovery code v1");
    hasher.update(&(account.len() as u64).to_be_bytes()).update(account.as_bytes());
    *hasher.update(plain.as_bytes()).finalize().as_bytes()
}

/// The step of the clock at a time; none before 1970.
fn step(at: Timestamp) -> u64 {
    u64::try_from(at.millis()).unwrap_or(0) / 1_000 / PERIOD
}

/// The code of a step (RFC 4226 §5.3).
fn code(secret: &[u8], step: u64) -> u32 {
    // In here alone: they would take the place of blake3's own methods.
    use hmac::{KeyInit, Mac};
    let mut mac = Hmac::<Sha1>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.update(&step.to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let offset = usize::from(hash[hash.len() - 1] & 0xf);
    let four = [hash[offset], hash[offset + 1], hash[offset + 2], hash[offset + 3]];
    (u32::from_be_bytes(four) & 0x7fff_ffff) % 10_u32.pow(DIGITS)
}

/// The step whose code this is, of those that hold now and come after the last one used: no code
/// counts twice (RFC 6238 §5.2).
#[must_use]
pub fn matching(secret: &[u8], typed: u32, now: Timestamp, last: Option<u64>) -> Option<u64> {
    let now = step(now);
    let steps = now.saturating_sub(SKEW)..=now.saturating_add(SKEW);
    steps.filter(|step| last.is_none_or(|last| *step > last)).find(|s| code(secret, *s) == typed)
}

/// The code that an app shows at a time.
#[must_use]
pub fn now_showing(secret: &[u8], at: Timestamp) -> String {
    format!("{:06}", code(secret, step(at)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &[u8] = b"12345678901234567890";

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000)
    }

    /// RFC 4226 appendix D.
    #[test]
    fn s17_codes_are_those_of_rfc_4226() {
        let known = [
            755_224, 287_082, 359_152, 969_429, 338_314, 254_676, 287_922, 162_583, 399_871,
            520_489,
        ];
        for (count, expected) in (0..).zip(known) {
            assert_eq!(code(KEY, count), expected);
        }
    }

    /// RFC 6238 appendix B, the last six of its eight digits.
    #[test]
    fn s17_codes_by_time_are_those_of_rfc_6238() {
        for (seconds, expected) in [
            (59, 287_082),
            (1_111_111_109, 81_804),
            (1_111_111_111, 50_471),
            (1_234_567_890, 5_924),
            (2_000_000_000, 279_037),
            (20_000_000_000, 353_130),
        ] {
            assert_eq!(code(KEY, step(at(seconds))), expected);
            assert_eq!(now_showing(KEY, at(seconds)), format!("{expected:06}"));
        }
    }

    #[test]
    fn s17_a_code_holds_for_a_step_either_side_and_counts_once() {
        let (now, typed) = (at(1_234_567_890), 5_924);
        let own = step(now);
        for (seconds, fits) in [(0, true), (30, true), (-30, true), (61, false), (-61, false)] {
            let found = matching(KEY, typed, at(1_234_567_890 + seconds), None);
            assert_eq!(found, fits.then_some(own), "{seconds}");
        }
        assert_eq!(matching(KEY, typed, now, Some(own)), None, "used");
        assert_eq!(matching(KEY, typed, now, Some(own - 1)), Some(own));
    }

    #[test]
    fn what_is_typed_is_six_digits_or_a_recovery_code_of_that_account() {
        assert!(read("a", " 123 456 ") == Some(Shown::Code(123_456)));
        let recovery = "ABCD-efgh jkmn-pqrs";
        let hash = recovery_hash("a", "abcdefghjkmnpqrs");
        assert!(read("a", recovery) == Some(Shown::Recovery(hash)));
        assert!(read("b", recovery) != Some(Shown::Recovery(hash)));
        for wrong in ["", "12345", "1234567", "abcd-efgh-jkmn-pqr0", &"1".repeat(65)] {
            assert!(read("a", wrong).is_none(), "{wrong}");
        }
    }
}
