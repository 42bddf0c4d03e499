//! Looks at bytes before anything else does.

use crate::cbor::read::{Major, Reader};
use crate::cbor::{ALLOWED_TAG, CborError, Fault, Limits, MAX_DEPTH};

/// Whether `bytes` are one data item in deterministic form: shortest numbers and lengths, definite
/// lengths, map keys ascending bytewise and unique (RFC 8949 §4.2.1), text in UTF-8; and in what
/// this system uses: no floats, no simple values but false, true and null, no tag but
/// [`ALLOWED_TAG`]. Nothing is allocated.
///
/// # Errors
/// [`CborError::TooLong`] before anything is read, else [`CborError::At`] with the offset of the
/// first offending item.
pub fn validate(bytes: &[u8], limits: &Limits) -> Result<(), CborError> {
    if bytes.len() > limits.bytes {
        return Err(CborError::TooLong { limit: limits.bytes, actual: bytes.len() });
    }
    let depth = limits.depth.min(MAX_DEPTH);
    let mut walk = Walk { reader: Reader::new(bytes), depth, items: 0, limit: limits.items };
    walk.item(0)?;
    walk.reader.end()
}

struct Walk<'a> {
    reader: Reader<'a>,
    depth: usize,
    items: usize,
    limit: usize,
}

impl Walk<'_> {
    /// One item inside `level` containers. Recursion is bounded by [`MAX_DEPTH`].
    fn item(&mut self, level: usize) -> Result<(), CborError> {
        let start = self.reader.offset();
        self.items += 1;
        if self.items > self.limit {
            return Err(Fault::TooManyItems { limit: self.limit }.at(start));
        }
        let head = self.reader.head()?;
        match head.major {
            Major::Unsigned | Major::Negative => Ok(()),
            Major::Bytes => self.reader.take(head.argument, start).map(drop),
            Major::Text => self.text(head.argument, start),
            Major::Array => self.array(head.argument, level, start),
            Major::Map => self.map(head.argument, level, start),
            Major::Tag => self.tagged(head.argument, level, start),
            Major::Simple => simple(head.info).map_err(|fault| fault.at(start)),
        }
    }

    fn text(&mut self, length: u64, start: usize) -> Result<(), CborError> {
        let text = self.reader.take(length, start)?;
        str::from_utf8(text).map(drop).map_err(|_| Fault::Text.at(start))
    }

    fn array(&mut self, items: u64, level: usize, start: usize) -> Result<(), CborError> {
        let inner = self.deeper(level, start)?;
        for _ in 0..self.reader.within(items, 1, start)? {
            self.item(inner)?;
        }
        Ok(())
    }

    fn map(&mut self, pairs: u64, level: usize, start: usize) -> Result<(), CborError> {
        let inner = self.deeper(level, start)?;
        let mut previous: Option<&[u8]> = None;
        for _ in 0..self.reader.within(pairs, 2, start)? {
            let at = self.reader.offset();
            self.item(inner)?;
            let key = self.reader.since(at);
            ascending(previous, key).map_err(|fault| fault.at(at))?;
            previous = Some(key);
            self.item(inner)?;
        }
        Ok(())
    }

    fn tagged(&mut self, tag: u64, level: usize, start: usize) -> Result<(), CborError> {
        if tag != ALLOWED_TAG {
            return Err(Fault::Tag(tag).at(start));
        }
        let inner = self.deeper(level, start)?;
        self.item(inner)
    }

    fn deeper(&self, level: usize, start: usize) -> Result<usize, CborError> {
        if level < self.depth {
            Ok(level + 1)
        } else {
            Err(Fault::TooDeep { limit: self.depth }.at(start))
        }
    }
}

fn ascending(previous: Option<&[u8]>, key: &[u8]) -> Result<(), Fault> {
    match previous {
        Some(previous) if previous == key => Err(Fault::DuplicateKey),
        Some(previous) if previous > key => Err(Fault::KeyOrder),
        Some(_) | None => Ok(()),
    }
}

/// Major type 7, by the low five bits of its head (RFC 8949 §3.3).
const fn simple(info: u8) -> Result<(), Fault> {
    match info {
        20..=22 => Ok(()),
        25..=27 => Err(Fault::Float),
        _ => Err(Fault::Simple),
    }
}
