//! A strict reader over borrowed bytes: every form that RFC 8949 §4.2.1 doesn't allow is an error.

use crate::cbor::{CborError, Fault};

/// Reads one item after another. Containers are read as their length, then their items. Lengths
/// are checked against the bytes that are left, so a caller may allocate what it is told.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// The first bytes of an item: what it is, and its value or length (RFC 8949 §3).
pub(super) struct Head {
    pub(super) major: Major,
    /// Low five bits of the first byte.
    pub(super) info: u8,
    pub(super) argument: u64,
}

/// The eight major types of RFC 8949 §3.1.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Major {
    Unsigned,
    Negative,
    Bytes,
    Text,
    Array,
    Map,
    Tag,
    Simple,
}

impl Major {
    const fn of(first: u8) -> Self {
        match first >> 5 {
            0 => Self::Unsigned,
            1 => Self::Negative,
            2 => Self::Bytes,
            3 => Self::Text,
            4 => Self::Array,
            5 => Self::Map,
            6 => Self::Tag,
            _ => Self::Simple,
        }
    }
}

impl<'a> Reader<'a> {
    /// Reads from the start of `bytes`.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Offset of the next item in bytes.
    pub const fn offset(&self) -> usize {
        self.at
    }

    /// An unsigned integer.
    ///
    /// # Errors
    /// [`CborError::At`], as for all of these.
    pub fn uint(&mut self) -> Result<u64, CborError> {
        self.expect(Major::Unsigned, "an unsigned integer")
    }

    /// An unsigned integer that fits the type.
    ///
    /// # Errors
    /// As [`Self::uint`], and when it doesn't fit.
    pub fn uint_of<T: TryFrom<u64>>(&mut self, expected: &'static str) -> Result<T, CborError> {
        let start = self.at;
        T::try_from(self.uint()?).map_err(|_| Fault::Expected(expected).at(start))
    }

    /// An integer of either sign that fits 64 bits.
    ///
    /// # Errors
    /// As [`Self::uint`].
    pub fn int(&mut self) -> Result<i64, CborError> {
        let start = self.at;
        let wrong = Fault::Expected("an integer of 64 bits").at(start);
        let head = self.head()?;
        let Ok(magnitude) = i64::try_from(head.argument) else { return Err(wrong) };
        if head.major == Major::Unsigned {
            Ok(magnitude)
        } else if head.major == Major::Negative {
            Ok(-1 - magnitude)
        } else {
            Err(wrong)
        }
    }

    /// A byte string.
    ///
    /// # Errors
    /// As [`Self::uint`].
    pub fn bytes(&mut self) -> Result<&'a [u8], CborError> {
        let start = self.at;
        let length = self.expect(Major::Bytes, "a byte string")?;
        self.take(length, start)
    }

    /// A byte string of `N` bytes.
    ///
    /// # Errors
    /// As [`Self::uint`].
    pub fn bytes_of<const N: usize>(
        &mut self,
        expected: &'static str,
    ) -> Result<[u8; N], CborError> {
        let start = self.at;
        self.bytes()?.try_into().map_err(|_| Fault::Expected(expected).at(start))
    }

    /// A text string.
    ///
    /// # Errors
    /// As [`Self::uint`]; [`Fault::Text`].
    pub fn text(&mut self) -> Result<&'a str, CborError> {
        let start = self.at;
        let length = self.expect(Major::Text, "a text string")?;
        str::from_utf8(self.take(length, start)?).map_err(|_| Fault::Text.at(start))
    }

    /// The head of an array: its number of items.
    ///
    /// # Errors
    /// As [`Self::uint`]; [`Fault::Truncated`] when there are fewer bytes left than items.
    pub fn array(&mut self) -> Result<usize, CborError> {
        let start = self.at;
        let items = self.expect(Major::Array, "an array")?;
        self.within(items, 1, start)
    }

    /// The head of an array of exactly `items` items.
    ///
    /// # Errors
    /// As [`Self::array`].
    pub fn array_of(&mut self, items: usize, expected: &'static str) -> Result<(), CborError> {
        let start = self.at;
        if self.array()? == items { Ok(()) } else { Err(Fault::Expected(expected).at(start)) }
    }

    /// The head of a map: its number of pairs.
    ///
    /// # Errors
    /// As [`Self::uint`]; [`Fault::Truncated`] when there are fewer bytes left than items.
    pub fn map(&mut self) -> Result<usize, CborError> {
        let start = self.at;
        let pairs = self.expect(Major::Map, "a map")?;
        self.within(pairs, 2, start)
    }

    /// The head of a tag, whose content follows.
    ///
    /// # Errors
    /// As [`Self::uint`].
    pub fn tag(&mut self) -> Result<u64, CborError> {
        self.expect(Major::Tag, "a tag")
    }

    /// The unsigned integer `key`, which the format has here.
    ///
    /// # Errors
    /// As [`Self::uint`], and when it is another one.
    pub fn key(&mut self, key: u64, expected: &'static str) -> Result<(), CborError> {
        let start = self.at;
        if self.uint()? == key { Ok(()) } else { Err(Fault::Expected(expected).at(start)) }
    }

    /// Nothing more.
    ///
    /// # Errors
    /// [`Fault::Trailing`].
    pub fn end(&self) -> Result<(), CborError> {
        if self.at == self.bytes.len() { Ok(()) } else { Err(Fault::Trailing.at(self.at)) }
    }

    pub(super) fn since(&self, start: usize) -> &'a [u8] {
        &self.bytes[start..self.at]
    }

    pub(super) fn take(&mut self, length: u64, start: usize) -> Result<&'a [u8], CborError> {
        let length = self.within(length, 1, start)?;
        let taken = &self.bytes[self.at..self.at + length];
        self.at += length;
        Ok(taken)
    }

    /// `count` as a length, if that many items of `least` bytes can still follow.
    pub(super) fn within(&self, count: u64, least: u64, start: usize) -> Result<usize, CborError> {
        let left = (self.bytes.len() - self.at) as u64;
        if count > left / least {
            return Err(Fault::Truncated.at(start));
        }
        usize::try_from(count).map_err(|_| Fault::Truncated.at(start))
    }

    pub(super) fn head(&mut self) -> Result<Head, CborError> {
        let start = self.at;
        let first = self.byte(start)?;
        let (major, info) = (Major::of(first), first & 31);
        let argument = match info {
            0..=23 => u64::from(info),
            24 => u64::from(self.byte(start)?),
            25 => u64::from(u16::from_be_bytes(self.array_bytes(start)?)),
            26 => u64::from(u32::from_be_bytes(self.array_bytes(start)?)),
            27 => u64::from_be_bytes(self.array_bytes(start)?),
            31 => return Err(Fault::Indefinite.at(start)),
            _ => return Err(Fault::Reserved.at(start)),
        };
        if major != Major::Simple && !is_shortest(info, argument) {
            return Err(Fault::NotShortest.at(start));
        }
        Ok(Head { major, info, argument })
    }

    fn expect(&mut self, major: Major, expected: &'static str) -> Result<u64, CborError> {
        let start = self.at;
        let head = self.head()?;
        if head.major == major {
            Ok(head.argument)
        } else {
            Err(Fault::Expected(expected).at(start))
        }
    }

    fn byte(&mut self, start: usize) -> Result<u8, CborError> {
        let byte = *self.bytes.get(self.at).ok_or(Fault::Truncated.at(start))?;
        self.at += 1;
        Ok(byte)
    }

    fn array_bytes<const N: usize>(&mut self, start: usize) -> Result<[u8; N], CborError> {
        let bytes = self.bytes[self.at..].first_chunk().ok_or(Fault::Truncated.at(start))?;
        self.at += N;
        Ok(*bytes)
    }
}

const fn is_shortest(info: u8, argument: u64) -> bool {
    match info {
        24 => argument > 23,
        25 => argument > 0xff,
        26 => argument > 0xffff,
        27 => argument > 0xffff_ffff,
        _ => true,
    }
}
