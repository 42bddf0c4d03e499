//! Small files that people may look into: a title with a version, named lines, and a check over
//! all of it, so that a damaged one is never taken for a whole one.

use std::fmt::Write;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use zeroize::Zeroizing;

/// No such file is longer, in bytes.
pub(crate) const MAX_BYTES: u64 = 4096;

/// Bytes of blake3 in the last line.
const CHECK_BYTES: usize = 8;

/// Why a file is not what this node wrote.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StampError {
    /// Over 4 KiB or not UTF-8.
    #[error("it is not a text of at most {MAX_BYTES} bytes")]
    NotText,
    /// Another kind of file, or another version.
    #[error("it begins with {found:?} where {expected:?} is expected; was the node updated?")]
    Title {
        /// The title this node reads.
        expected: &'static str,
        /// The first line, cut short.
        found: String,
    },
    /// A line is missing, out of place or malformed.
    #[error("its line {name:?} is missing or malformed")]
    Line {
        /// The line's name.
        name: &'static str,
    },
    /// The check does not fit.
    #[error("its contents do not fit its check line: it was altered or cut")]
    Check,
}

/// The bytes of a file, as many as are worth looking at.
pub(crate) fn load(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let most = MAX_BYTES + 1;
    let mut bytes = Zeroizing::new(Vec::with_capacity(most as usize));
    File::open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The text of a file. Wiped when dropped, for it may hold a key.
pub(crate) fn write(title: &str, lines: &[(&str, Zeroizing<String>)]) -> Zeroizing<String> {
    let length: usize = lines.iter().map(|(name, value)| name.len() + value.len() + 2).sum();
    // In full from the start: growing would leave copies behind.
    let mut text = Zeroizing::new(String::with_capacity(title.len() + length + 64));
    text.push_str(title);
    for (name, value) in lines {
        text.push('\n');
        text.push_str(name);
        text.push(' ');
        text.push_str(value);
    }
    text.push('\n');
    let check = check(text.as_bytes());
    text.push_str("check ");
    text.push_str(&hex(&check));
    text.push('\n');
    text
}

/// The values of the lines `names`, if the text is exactly of that form.
///
/// # Errors
/// [`StampError`].
pub(crate) fn read<'a, const N: usize>(
    bytes: &'a [u8],
    title: &'static str,
    names: [&'static str; N],
) -> Result<[&'a str; N], StampError> {
    if bytes.len() as u64 > MAX_BYTES {
        return Err(StampError::NotText);
    }
    let text = str::from_utf8(bytes).map_err(|_| StampError::NotText)?;
    let first = text.lines().next().unwrap_or_default();
    if first != title {
        let found = first.chars().take(40).collect();
        return Err(StampError::Title { expected: title, found });
    }
    let body = checked(text)?;
    let mut lines = body.lines().skip(1);
    let mut values = [""; N];
    for (value, name) in values.iter_mut().zip(names) {
        let line = lines.next().and_then(|line| line.strip_prefix(name)?.strip_prefix(' '));
        *value = line.ok_or(StampError::Line { name })?;
    }
    if lines.next().is_some() { Err(StampError::Check) } else { Ok(values) }
}

/// Lower-case hex, wiped when dropped.
pub(crate) fn hex(bytes: &[u8]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(bytes.len() * 2));
    for byte in bytes {
        write!(text, "{byte:02x}").expect("writing to a string does not fail");
    }
    text
}

/// Reads lower-case hex of exactly `N` bytes.
pub(crate) fn unhex<const N: usize>(text: &str) -> Option<Zeroizing<[u8; N]>> {
    let digit = |c: u8| matches!(c, b'0'..=b'9' | b'a'..=b'f');
    if text.len() != N * 2 || !text.bytes().all(digit) {
        return None;
    }
    let mut bytes = Zeroizing::new([0; N]);
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[index * 2..index * 2 + 2], 16).ok()?;
    }
    Some(bytes)
}

/// The text without its check line, if that fits.
fn checked(text: &str) -> Result<&str, StampError> {
    let at = text.rfind("\ncheck ").ok_or(StampError::Check)? + 1;
    let (body, last) = text.split_at(at);
    let expected = format!("check {}\n", *hex(&check(body.as_bytes())));
    if last == expected { Ok(body) } else { Err(StampError::Check) }
}

fn check(bytes: &[u8]) -> [u8; CHECK_BYTES] {
    let hash = blake3::hash(bytes);
    hash.as_bytes()[..CHECK_BYTES].try_into().expect("a hash is longer than its check")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TITLE: &str = "wangge example 1";

    fn sample() -> Zeroizing<String> {
        let line = |text: &str| Zeroizing::new(text.to_owned());
        write(TITLE, &[("end", line("42")), ("head", line("00ff"))])
    }

    #[test]
    fn what_is_written_is_read() {
        let text = sample();
        assert_eq!(read(text.as_bytes(), TITLE, ["end", "head"]), Ok(["42", "00ff"]));
    }

    #[test]
    fn another_title_or_line_is_named() {
        let text = sample();
        let other = read(text.as_bytes(), "wangge example 2", ["end", "head"]);
        assert!(matches!(other, Err(StampError::Title { .. })));
        let line = read(text.as_bytes(), TITLE, ["end", "tail"]);
        assert_eq!(line, Err(StampError::Line { name: "tail" }));
        assert_eq!(read(text.as_bytes(), TITLE, ["end"]), Err(StampError::Check));
    }

    proptest! {
        #[test]
        fn no_changed_byte_and_no_cut_passes(at in 0..80_usize, bit in 0..8_u32) {
            let text = sample();
            let mut bytes = text.as_bytes().to_vec();
            let at = at % bytes.len();
            prop_assert!(read(&bytes[..at], TITLE, ["end", "head"]).is_err());
            bytes[at] ^= 1 << bit;
            prop_assert!(read(&bytes, TITLE, ["end", "head"]).is_err());
        }

        #[test]
        fn no_text_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes, TITLE, ["end", "head"]);
        }

        #[test]
        fn hex_comes_back(bytes in any::<[u8; 9]>()) {
            prop_assert_eq!(*unhex::<9>(&hex(&bytes)).unwrap(), bytes);
            prop_assert!(unhex::<8>(&hex(&bytes)).is_none());
        }
    }
}
