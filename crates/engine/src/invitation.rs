//! The token that an invitation hands to the operator of a node to be: whom to call, whom to
//! trust, and the secret to bring. Text in base 32, so that it fits a QR code's alphanumeric mode
//! and survives being typed: case does not matter, spaces and dashes neither.

use record::cbor::{self, Limits};
use record::{NodeId, PublicKey, Timestamp};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

/// What every token begins with: the format and its version.
const PREFIX: &str = "WANGGE1";
/// Crockford's alphabet: no I, L, O, U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Bytes of checksum, so that a slip of the pen is told from a used or false token.
const CHECK: usize = 4;
const LIMITS: Limits = Limits { bytes: 4_096, depth: 2, items: 64 };
/// Most addresses in a token.
pub const MAX_ADDRESSES: usize = 8;
/// Most bytes of an address.
pub const MAX_ADDRESS: usize = 256;

/// What a token says. Holds a secret: not printable.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// The federation's root key.
    pub root: PublicKey,
    /// The node that invites and will sign.
    pub parent: NodeId,
    /// Where it can be dialled, multiaddr text; at most [`MAX_ADDRESSES`].
    pub addresses: Vec<String>,
    /// The one-time secret, 32 bytes.
    pub secret: ByteBuf,
    /// Until when it may be used.
    pub expires: Timestamp,
}

/// Why a text is no token.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TokenError {
    /// Something else was pasted.
    #[error("an invitation begins with {PREFIX}")]
    Prefix,
    /// Not one of the characters.
    #[error("invitation has a character at position {0} that no invitation has")]
    Character(usize),
    /// Cut off, or a slip of the pen.
    #[error("invitation is incomplete or mistyped: copy all of it")]
    Check,
    /// The right characters with the wrong contents.
    #[error("invitation was made by another version of the program")]
    Contents,
}

impl Token {
    /// The text.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut bytes = cbor::encode(self).expect("a token is plain data without floats");
        bytes.extend_from_slice(&check(&bytes));
        format!("{PREFIX}{}", base32(&bytes))
    }

    /// Reads the text, as it was typed or pasted.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn decode(text: &str) -> Result<Self, TokenError> {
        if text.len() > 4 * LIMITS.bytes {
            return Err(TokenError::Contents);
        }
        let plain: String = text
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .map(|c| c.to_ascii_uppercase())
            .collect();
        let body = plain.strip_prefix(PREFIX).ok_or(TokenError::Prefix)?;
        let bytes = from_base32(body)?;
        let at = bytes.len().checked_sub(CHECK).ok_or(TokenError::Check)?;
        let (bytes, sum) = bytes.split_at(at);
        if sum != check(bytes) {
            return Err(TokenError::Check);
        }
        let token: Self = cbor::decode(bytes, &LIMITS).map_err(|_| TokenError::Contents)?;
        let addresses = token.addresses.len() <= MAX_ADDRESSES
            && token.addresses.iter().all(|address| address.len() <= MAX_ADDRESS);
        if addresses && token.secret.len() == 32 { Ok(token) } else { Err(TokenError::Contents) }
    }
}

fn check(bytes: &[u8]) -> [u8; CHECK] {
    let hash = blake3::derive_key("wangge invitation check v1", bytes);
    let mut sum = [0; CHECK];
    sum.copy_from_slice(&hash[..CHECK]);
    sum
}

fn base32(bytes: &[u8]) -> String {
    let digits = (bytes.len() * 8).div_ceil(5);
    let bit = |at: usize| bytes.get(at / 8).map_or(0, |byte| byte >> (7 - at % 8) & 1);
    (0..digits)
        .map(|digit| (0..5).fold(0_u8, |value, at| value << 1 | bit(digit * 5 + at)))
        .map(|value| char::from(ALPHABET[usize::from(value)]))
        .collect()
}

fn from_base32(text: &str) -> Result<Vec<u8>, TokenError> {
    let mut bytes = Vec::with_capacity(text.len() * 5 / 8);
    let (mut held, mut bits) = (0_u32, 0_u32);
    for (at, character) in text.chars().enumerate() {
        let character = match character {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        };
        let digit = ALPHABET.iter().position(|known| char::from(*known) == character);
        let digit = digit.ok_or(TokenError::Character(PREFIX.len() + at))?;
        held = held << 5 | u32::try_from(digit).unwrap_or(0);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).unwrap_or(0));
            held &= (1 << bits) - 1;
        }
    }
    // What is left over is padding: less than a digit, and zero.
    if bits < 5 && held == 0 { Ok(bytes) } else { Err(TokenError::Check) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> Token {
        Token {
            root: PublicKey::from_bytes([1; 32]),
            parent: NodeId::from_bytes([2; 32]),
            addresses: vec!["/ip4/192.0.2.1/tcp/4001".into()],
            secret: ByteBuf::from(vec![3; 32]),
            expires: Timestamp::from_millis(1_750_000_000_000),
        }
    }

    #[test]
    fn a_token_reads_back_however_it_is_typed() {
        let text = token().encode();
        assert!(text.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase()));
        assert!(Token::decode(&text).is_ok_and(|read| read == token()));
        let chars: Vec<char> = text.to_lowercase().chars().collect();
        let groups: Vec<String> = chars.chunks(5).map(|group| group.iter().collect()).collect();
        assert!(Token::decode(&groups.join("-")).is_ok_and(|read| read == token()));
        assert!(Token::decode(&groups.join(" \n")).is_ok_and(|read| read == token()));
    }

    #[test]
    fn every_slip_of_the_pen_is_noticed() {
        let text = token().encode();
        for at in PREFIX.len()..text.len() {
            let mut typed: Vec<u8> = text.bytes().collect();
            typed[at] = if typed[at] == b'7' { b'8' } else { b'7' };
            let typed = String::from_utf8(typed).unwrap();
            assert!(Token::decode(&typed).is_err(), "{at}");
        }
        assert_eq!(Token::decode(&text[..text.len() - 8]).err(), Some(TokenError::Check));
        assert_eq!(Token::decode("hello").err(), Some(TokenError::Prefix));
        assert_eq!(Token::decode("WANGGE1").err(), Some(TokenError::Check));
        assert_eq!(Token::decode("WANGGE1网").err(), Some(TokenError::Character(7)));
        assert_eq!(Token::decode(&"x".repeat(100_000)).err(), Some(TokenError::Contents));
    }
}
