//! Administrative area codes (行政区划代码): province 2 digits, city 2, county 2, township 3,
//! village or community 3, and our grids 3 more (`domain.md`, Codes). Codes are revoked and
//! reissued, so a code is an attribute with validity dates and never a key.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Digits up to and including each rank.
const LENGTHS: [usize; 6] = [2, 4, 6, 9, 12, 15];
/// Digits of a full administrative code, as published lists write it.
const FULL: usize = 12;

/// An area code without the zeros that pad it: `341021000000` and `341021` are one area and both
/// read as `341021`. Always 2, 4, 6, 9, 12 or 15 digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AreaCode(String);

/// What an area code's length says about it. Cities without counties (东莞, 4419) skip a rank.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum AreaRank {
    /// 2 digits.
    Province,
    /// 4 digits.
    City,
    /// 6 digits.
    County,
    /// 9 digits: street, town, township.
    Township,
    /// 12 digits: community, village.
    Community,
    /// 15 digits: our own numbering under a community.
    Grid,
}

/// Why a text is not an area code.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AreaError {
    /// Wrong length.
    #[error("area code has {0} characters; it takes 2, 4, 6, 9, 12 or 15 digits")]
    Length(usize),
    /// Something other than 0–9.
    #[error("area code has a character that is not a digit at position {0}")]
    NotADigit(usize),
    /// Nothing but zeros in front, so it names no province.
    #[error("area code starts with 00; no province has that number")]
    NoProvince,
}

impl AreaCode {
    /// Whether this area is `prefix` or lies inside it.
    #[must_use]
    pub fn is_within(&self, prefix: &Self) -> bool {
        self.0.starts_with(&prefix.0)
    }

    /// This area's code after the one that it lies within has got another code of the same length;
    /// `None` where it does not lie in it, or the lengths differ: then people have to say.
    #[must_use]
    pub fn moved(&self, from: &Self, to: &Self) -> Option<Self> {
        let rest = self.0.strip_prefix(&from.0)?;
        (from.0.len() == to.0.len()).then(|| Self(format!("{}{rest}", to.0)))
    }

    /// Whether one of the two areas holds the other.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.is_within(other) || other.is_within(self)
    }

    /// The digits, without padding.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The digits as published lists write them: padded with zeros to 12 (a grid keeps its 15).
    #[must_use]
    pub fn padded(&self) -> String {
        format!("{:0<FULL$}", self.0)
    }

    /// What the code names.
    #[must_use]
    pub fn rank(&self) -> AreaRank {
        match self.0.len() {
            2 => AreaRank::Province,
            4 => AreaRank::City,
            6 => AreaRank::County,
            9 => AreaRank::Township,
            12 => AreaRank::Community,
            _ => AreaRank::Grid,
        }
    }
}

impl FromStr for AreaCode {
    type Err = AreaError;

    fn from_str(text: &str) -> Result<Self, AreaError> {
        if !LENGTHS.contains(&text.len()) {
            return Err(AreaError::Length(text.chars().count()));
        }
        if let Some(at) = text.bytes().position(|b| !b.is_ascii_digit()) {
            return Err(AreaError::NotADigit(at));
        }
        if text.starts_with("00") {
            return Err(AreaError::NoProvince);
        }
        Ok(Self(text[..significant(text)].to_owned()))
    }
}

/// Length of the code without its trailing all-zero ranks.
fn significant(text: &str) -> usize {
    LENGTHS
        .windows(2)
        .rev()
        .filter(|rank| rank[1] <= text.len())
        .find(|rank| text[rank[0]..rank[1]].bytes().any(|b| b != b'0'))
        .map_or(LENGTHS[0], |rank| rank[1])
}

impl TryFrom<String> for AreaCode {
    type Error = AreaError;

    fn try_from(text: String) -> Result<Self, AreaError> {
        text.parse()
    }
}

impl From<AreaCode> for String {
    fn from(code: AreaCode) -> Self {
        code.0
    }
}

impl fmt::Display for AreaCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn code(text: &str) -> AreaCode {
        text.parse().unwrap()
    }

    #[test]
    fn padding_zeros_do_not_make_another_area() {
        assert_eq!(code("341021000000"), code("341021"));
        assert_eq!(code("340000000000"), code("34"));
        assert_eq!(code("310100000000").as_str(), "3101");
        assert_eq!(code("441900").as_str(), "4419");
        assert_eq!(code("441900003000").as_str(), "441900003", "a city without counties");
        assert_eq!(code("341021").padded(), "341021000000");
        assert_eq!(code("341021100001002").padded(), "341021100001002");
    }

    #[test]
    fn a_township_is_within_its_county_and_not_the_other_way() {
        let (county, township, other) = (code("341021"), code("341021100"), code("341022"));
        assert!(township.is_within(&county));
        assert!(county.is_within(&county));
        assert!(!county.is_within(&township));
        assert!(!township.is_within(&other));
        assert!(county.overlaps(&township) && !other.overlaps(&township));
        assert_eq!(township.rank(), AreaRank::Township);
    }

    #[test]
    fn what_lies_within_an_area_moves_with_its_code() {
        let (from, to) = (code("341021100"), code("341022105"));
        assert_eq!(code("341021100007").moved(&from, &to), Some(code("341022105007")));
        assert_eq!(from.moved(&from, &to), Some(to.clone()));
        assert_eq!(code("341021101007").moved(&from, &to), None, "it lies elsewhere");
        assert_eq!(code("341021100007").moved(&from, &code("341022")), None, "another rank");
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!("34102".parse::<AreaCode>(), Err(AreaError::Length(5)));
        assert_eq!("3410x1".parse::<AreaCode>(), Err(AreaError::NotADigit(4)));
        assert_eq!("00".parse::<AreaCode>(), Err(AreaError::NoProvince));
        assert_eq!("歙县".parse::<AreaCode>(), Err(AreaError::NotADigit(0)));
        assert_eq!("".parse::<AreaCode>(), Err(AreaError::Length(0)));
    }

    proptest! {
        #[test]
        fn reading_is_idempotent_and_padding_reads_back(text in "[1-9][0-9]{1}([0-9]{2}([0-9]{2}([0-9]{3}([0-9]{3}([0-9]{3})?)?)?)?)?") {
            let once = code(&text);
            prop_assert_eq!(&code(once.as_str()), &once);
            prop_assert_eq!(&code(&once.padded()), &once);
            prop_assert!(code(&text).is_within(&code(&text[..2])));
        }

        #[test]
        fn any_text_reads_or_is_refused_without_a_panic(text in ".{0,20}") {
            let _ = text.parse::<AreaCode>();
        }
    }
}
