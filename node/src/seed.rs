//! Randomness from the system.

use rand::SeedableRng;
use rand::rngs::StdRng;
use zeroize::Zeroizing;

/// The system gave no randomness.
#[derive(Debug, thiserror::Error)]
#[error("the system gives no random numbers: nothing can be signed or kept safely")]
pub struct SeedError(#[source] getrandom::Error);

/// A generator seeded by the system.
///
/// # Errors
/// When the system has no randomness.
pub fn rng() -> Result<StdRng, SeedError> {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(seed.as_mut_slice()).map_err(SeedError)?;
    Ok(StdRng::from_seed(*seed))
}
