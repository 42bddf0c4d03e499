//! Passwords: argon2id (RFC 9106) with the crate's default cost, 19 MiB and two passes (OWASP's
//! recommendation), in PHC form.

use std::sync::LazyLock;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};

/// Fewest characters of a password.
pub const MIN_CHARS: usize = 10;
/// Most bytes of a password.
pub const MAX_BYTES: usize = 512;

/// Why a password is not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PasswordError {
    /// Too short.
    #[error("password has {0} characters; at least {MIN_CHARS}")]
    Short(usize),
    /// Too long.
    #[error("password has {0} bytes; at most {MAX_BYTES}")]
    Long(usize),
    /// The system gave no random salt.
    #[error("password could not be hashed")]
    System,
}

/// Hashes a password for [`engine::note::Account::password`]. Takes some 20 ms of a core: not for
/// an async task.
///
/// # Errors
/// [`PasswordError`].
pub fn hash(password: &str) -> Result<String, PasswordError> {
    let (chars, bytes) = (password.chars().count(), password.len());
    if chars < MIN_CHARS {
        return Err(PasswordError::Short(chars));
    }
    if bytes > MAX_BYTES {
        return Err(PasswordError::Long(bytes));
    }
    hash_any(password)
}

fn hash_any(password: &str) -> Result<String, PasswordError> {
    let hashed: Result<PasswordHash, _> = Argon2::default().hash_password(password.as_bytes());
    hashed.map(|phc| phc.to_string()).map_err(|_| PasswordError::System)
}

/// What is checked against where there is no account, so that as much work is done for an unknown
/// name as for a wrong password.
static NOBODY: LazyLock<Option<String>> = LazyLock::new(|| hash_any("nobody's password").ok());

/// Whether the password is the account's; without an account never, after the same work.
pub(crate) fn verify(password: &str, stored: Option<&str>) -> bool {
    let against = stored.or(NOBODY.as_deref());
    let matches = against.and_then(|phc| PasswordHash::new(phc).ok()).is_some_and(|phc| {
        password.len() <= MAX_BYTES
            && Argon2::default().verify_password(password.as_bytes(), &phc).is_ok()
    });
    matches && stored.is_some()
}

/// What stands for a secret where a request is remembered: as slow to guess as a stored password.
pub(crate) fn stretched(secret: &[u8; 32], salt: &[u8; 32]) -> Result<[u8; 32], PasswordError> {
    let mut stretched = [0; 32];
    let done = Argon2::default().hash_password_into(secret, salt, &mut stretched);
    done.map(|()| stretched).map_err(|_| PasswordError::System)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_matches_its_own_hash_and_no_other() {
        let stored = hash("correct horse battery").unwrap();
        assert!(stored.starts_with("$argon2id$"));
        assert!(verify("correct horse battery", Some(&stored)));
        assert!(!verify("correct horse batterx", Some(&stored)));
        assert!(!verify("nobody's password", None));
        assert_ne!(hash("correct horse battery").unwrap(), stored, "salted");
    }

    #[test]
    fn length_is_bounded_on_both_sides() {
        assert_eq!(hash("九个汉字不够长啊吧"), Err(PasswordError::Short(9)));
        assert!(hash("十个汉字就已经够长了").is_ok());
        assert_eq!(hash(&"x".repeat(513)), Err(PasswordError::Long(513)));
        assert!(!verify("x", Some("not a phc string")));
    }

    /// Not a measurement of time, which a shared machine can't make: the same function runs with
    /// the same parameters.
    #[test]
    fn an_unknown_name_costs_what_a_known_one_does() {
        let known = hash("correct horse battery").unwrap();
        let parameters = |phc: &str| phc.split('$').take(4).collect::<Vec<_>>().join("$");
        assert_eq!(parameters(NOBODY.as_deref().unwrap()), parameters(&known));
    }
}
