//! Ids short enough to read over the phone, with check characters that catch a slip.
//!
//! The first 80 bits of an id in Crockford's base 32 (no I, L, O or U), four groups of four
//! characters, each followed by a check character: `7ZZZG-…`. The check is Luhn mod 32, as in
//! Syncthing's device ids, started at the group's number, so that swapped groups are caught too.

use std::fmt;
use std::str::FromStr;

use crate::ids::{FederationId, NodeId};

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const GROUPS: usize = 4;
const GROUP_DATA: usize = 4;
const GROUP_CHARACTERS: usize = GROUP_DATA + 1;
const CHARACTERS: usize = GROUPS * GROUP_CHARACTERS;
const BITS_PER_CHARACTER: usize = 5;
const BYTES: usize = GROUPS * GROUP_DATA * BITS_PER_CHARACTER / 8;

/// The first 80 bits of an id, for people to compare. Enough to recognise a node that is already
/// listed; not a key, and never looked up as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShortId([u8; BYTES]);

/// Why a text is no short id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ShortIdError {
    /// Too few or too many characters, hyphens and spaces aside.
    #[error("a short id has 20 letters and digits in four groups of five, not {actual}")]
    Length {
        /// How many letters and digits there were; counting stops at 21.
        actual: usize,
    },
    /// A character that the alphabet doesn't have.
    #[error("group {group} has a character that short ids don't use; listen to it again")]
    Character {
        /// The group, from 1.
        group: usize,
    },
    /// A group's last character doesn't fit its first four.
    #[error("group {group} was misheard or mistyped; ask for it again")]
    Check {
        /// The group, from 1.
        group: usize,
    },
}

impl ShortId {
    pub(crate) fn of(id: &[u8; 32]) -> Self {
        let mut bytes = [0; BYTES];
        bytes.copy_from_slice(&id[..BYTES]);
        Self(bytes)
    }

    /// Whether this is how `node` would be read out.
    pub fn matches(&self, node: &NodeId) -> bool {
        *self == node.short()
    }

    /// Whether this is how `federation`'s fingerprint would be read out.
    pub fn matches_federation(&self, federation: &FederationId) -> bool {
        *self == federation.short()
    }

    /// The 5-bit values of the 16 characters that carry data.
    fn digits(&self) -> [u8; GROUPS * GROUP_DATA] {
        let mut bits = [0; 16];
        bits[16 - BYTES..].copy_from_slice(&self.0);
        let mut rest = u128::from_be_bytes(bits);
        let mut digits = [0; GROUPS * GROUP_DATA];
        for digit in digits.iter_mut().rev() {
            *digit = (rest & 31) as u8;
            rest >>= BITS_PER_CHARACTER;
        }
        digits
    }

    fn from_digits(digits: &[u8; GROUPS * GROUP_DATA]) -> Self {
        let bits = digits.iter().fold(0_u128, |bits, digit| bits << 5 | u128::from(*digit));
        let mut bytes = [0; BYTES];
        bytes.copy_from_slice(&bits.to_be_bytes()[16 - BYTES..]);
        Self(bytes)
    }
}

impl fmt::Display for ShortId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (group, digits) in self.digits().chunks_exact(GROUP_DATA).enumerate() {
            if group > 0 {
                f.write_str("-")?;
            }
            for digit in digits.iter().copied().chain([check_digit(group, digits)]) {
                write!(f, "{}", char::from(ALPHABET[usize::from(digit)]))?;
            }
        }
        Ok(())
    }
}

/// Reads what a person typed: either case, hyphens and spaces anywhere, `O` as `0`, `I` and `L`
/// as `1`.
impl FromStr for ShortId {
    type Err = ShortIdError;

    fn from_str(text: &str) -> Result<Self, ShortIdError> {
        let mut typed = [' '; CHARACTERS];
        let mut actual = 0;
        let meant = text.chars().filter(|c| *c != '-' && !c.is_whitespace());
        for (index, character) in meant.take(CHARACTERS + 1).enumerate() {
            actual = index + 1;
            if let Some(place) = typed.get_mut(index) {
                *place = character;
            }
        }
        if actual != CHARACTERS {
            return Err(ShortIdError::Length { actual });
        }
        let mut digits = [0; GROUPS * GROUP_DATA];
        let groups = typed.chunks_exact(GROUP_CHARACTERS).zip(digits.chunks_exact_mut(GROUP_DATA));
        for (group, (typed, digits)) in groups.enumerate() {
            read_group(group, typed, digits)?;
        }
        Ok(Self::from_digits(&digits))
    }
}

fn read_group(group: usize, typed: &[char], digits: &mut [u8]) -> Result<(), ShortIdError> {
    let read = |c: char| digit(c).ok_or(ShortIdError::Character { group: group + 1 });
    for (place, character) in digits.iter_mut().zip(typed) {
        *place = read(*character)?;
    }
    if read(typed[GROUP_DATA])? != check_digit(group, digits) {
        return Err(ShortIdError::Check { group: group + 1 });
    }
    Ok(())
}

fn digit(character: char) -> Option<u8> {
    let meant = match character.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    let found = ALPHABET.iter().position(|known| char::from(*known) == meant)?;
    u8::try_from(found).ok()
}

/// Luhn mod 32 over one group. Doubling with the carry folded back permutes 0..32, so every single
/// wrong character changes the check.
fn check_digit(group: usize, digits: &[u8]) -> u8 {
    let weighed = digits.iter().rev().enumerate().map(|(place, digit)| {
        let weighed = if place % 2 == 0 { usize::from(*digit) * 2 } else { usize::from(*digit) };
        weighed / 32 + weighed % 32
    });
    let sum = group + weighed.sum::<usize>();
    ((32 - sum % 32) % 32) as u8
}
