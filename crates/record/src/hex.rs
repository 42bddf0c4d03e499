//! Lower-case hexadecimal, the one text form of every id.

use std::fmt;

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Writes `bytes` as lower-case hex digits, two per byte.
pub(crate) fn write(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    use fmt::Write;
    for byte in bytes {
        f.write_char(char::from(DIGITS[usize::from(byte >> 4)]))?;
        f.write_char(char::from(DIGITS[usize::from(byte & 15)]))?;
    }
    Ok(())
}

/// The lower-case hex text of `bytes`.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

/// Reads lower-case hex into `into`.
///
/// # Errors
/// The index of the first character that is not one of `0-9a-f`. The caller has checked that
/// `text` is exactly twice as long as `into`.
pub(crate) fn decode_into(text: &str, into: &mut [u8]) -> Result<(), usize> {
    debug_assert_eq!(text.len(), into.len() * 2, "the caller checks the length");
    for (index, (pair, byte)) in text.as_bytes().chunks_exact(2).zip(into).enumerate() {
        let high = digit(pair[0]).ok_or(index * 2)?;
        let low = digit(pair[1]).ok_or(index * 2 + 1)?;
        *byte = high << 4 | low;
    }
    Ok(())
}

/// Reads lower-case hex of any even length.
///
/// # Errors
/// The index of the first character that is no hex digit; the text's length when it is odd.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, usize> {
    if !text.len().is_multiple_of(2) {
        return Err(text.len());
    }
    let mut bytes = vec![0; text.len() / 2];
    decode_into(text, &mut bytes)?;
    Ok(bytes)
}

fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        _ => None,
    }
}
