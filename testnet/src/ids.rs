//! Ids that are the same on every run of one demo and differ between demos, so that a rerun names
//! the same places and repeats a request under the same idempotency key.

use rand::SeedableRng;
use rand::rngs::StdRng;

/// What makes one demo's ids its own: random, chosen once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Nonce(String);

impl Nonce {
    /// From its text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// Its text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// The id of something, by what it is called in the demo: 16 bytes in hex.
    #[must_use]
    pub fn id(&self, what: &str) -> String {
        blake3::Hash::from_bytes(self.bytes("wangge demo id", what)).to_hex()[..32].to_owned()
    }

    /// The idempotency key of a request, by what it is called in the demo: 32 hex digits.
    #[must_use]
    pub fn key(&self, what: &str) -> String {
        blake3::Hash::from_bytes(self.bytes("wangge demo key", what)).to_hex()[..32].to_owned()
    }

    fn bytes(&self, use_: &str, what: &str) -> [u8; 32] {
        blake3::derive_key(use_, format!("{}/{what}", self.0).as_bytes())
    }
}

/// A source of chance for one purpose under a seed.
#[must_use]
pub fn chance(seed: u64, purpose: &str) -> StdRng {
    StdRng::from_seed(blake3::derive_key(
        "wangge demo chance",
        format!("{seed}/{purpose}").as_bytes(),
    ))
}

/// Random text from the system, in hex: 32 digits.
///
/// # Errors
/// When the system has no randomness.
pub fn random() -> std::io::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_come_back_within_a_demo_and_differ_between_demos() {
        let (one, other) = (Nonce::new("a"), Nonce::new("b"));
        assert_eq!(one.id("grid 1"), Nonce::new("a").id("grid 1"));
        assert_eq!(one.id("grid 1").len(), 32);
        assert_ne!(one.id("grid 1"), one.id("grid 2"));
        assert_ne!(one.id("grid 1"), other.id("grid 1"));
        assert_ne!(one.id("x"), one.key("x"));
    }
}
