//! A writer whose every number and length takes its shortest form.

/// Writes one item after another. The caller writes as many items as it announced, and map keys in
/// ascending order of their encoded bytes.
#[derive(Debug, Clone, Default)]
pub struct Writer(Vec<u8>);

const UNSIGNED: u8 = 0 << 5;
const NEGATIVE: u8 = 1 << 5;
const BYTES: u8 = 2 << 5;
const TEXT: u8 = 3 << 5;
const ARRAY: u8 = 4 << 5;
const MAP: u8 = 5 << 5;
const TAG: u8 = 6 << 5;
const SIMPLE: u8 = 7 << 5;

impl Writer {
    /// A writer with room for `bytes` bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    /// What was written.
    pub fn finish(self) -> Vec<u8> {
        self.0
    }

    /// An unsigned integer.
    pub fn uint(&mut self, value: u64) {
        self.head(UNSIGNED, value);
    }

    /// An integer of either sign.
    pub fn int(&mut self, value: i64) {
        match u64::try_from(value) {
            Ok(positive) => self.head(UNSIGNED, positive),
            Err(_) => self.negative(value.unsigned_abs() - 1),
        }
    }

    /// A byte string.
    pub fn bytes(&mut self, value: &[u8]) {
        self.head(BYTES, value.len() as u64);
        self.0.extend_from_slice(value);
    }

    /// A text string.
    pub fn text(&mut self, value: &str) {
        self.head(TEXT, value.len() as u64);
        self.0.extend_from_slice(value.as_bytes());
    }

    /// The head of an array of `items` items.
    pub fn array(&mut self, items: usize) {
        self.head(ARRAY, items as u64);
    }

    /// The head of a map of `pairs` pairs.
    pub fn map(&mut self, pairs: usize) {
        self.head(MAP, pairs as u64);
    }

    /// The head of a tag, whose content follows.
    pub fn tag(&mut self, tag: u64) {
        self.head(TAG, tag);
    }

    pub(super) fn negative(&mut self, minus_one_minus_value: u64) {
        self.head(NEGATIVE, minus_one_minus_value);
    }

    pub(super) fn boolean(&mut self, value: bool) {
        self.head(SIMPLE, 20 + u64::from(value));
    }

    pub(super) fn null(&mut self) {
        self.head(SIMPLE, 22);
    }

    /// Items that are encoded already.
    pub(super) fn encoded(&mut self, items: &[u8]) {
        self.0.extend_from_slice(items);
    }

    fn head(&mut self, major: u8, argument: u64) {
        let bytes = argument.to_be_bytes();
        match argument {
            0..=23 => self.0.push(major | bytes[7]),
            24..=0xff => self.0.extend_from_slice(&[major | 24, bytes[7]]),
            0x100..=0xffff => self.0.extend_from_slice(&[major | 25, bytes[6], bytes[7]]),
            0x1_0000..=0xffff_ffff => {
                self.0.push(major | 26);
                self.0.extend_from_slice(&bytes[4..]);
            }
            _ => {
                self.0.push(major | 27);
                self.0.extend_from_slice(&bytes);
            }
        }
    }
}
