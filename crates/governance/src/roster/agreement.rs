//! What comes with an appointment on paper (R4): the agreement (聘任协议), the certificate's number,
//! and a telephone number as it may be posted in the compound.

use record::Timestamp;
use serde::{Deserialize, Serialize};

use crate::act::{FieldProblem, MAX_LINE, MAX_TEXT, text};
use crate::area::AreaCode;
use crate::clock::WorkingHours;
use crate::field;

/// The agreement that goes with an appointment.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agreement {
    /// Its number in the book of whoever signs it.
    pub number: String,
    /// What was agreed; the paper itself where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl Agreement {
    /// Whether its texts are within bounds.
    ///
    /// # Errors
    /// The first that is not.
    pub fn check(&self) -> Result<(), FieldProblem> {
        text(field::AGREEMENT_NUMBER, &self.number, MAX_LINE)?;
        self.text.as_ref().map_or(Ok(()), |words| text(field::AGREEMENT_TEXT, words, MAX_TEXT))
    }
}

/// The number on a certificate: area, year of signing, and the appointment's place in the issuing
/// node's log. So it is one of a kind, and needs no book of its own.
#[must_use]
pub fn certificate_number(
    area: &AreaCode,
    signed: Timestamp,
    epoch: u32,
    seq: u64,
    hours: &WorkingHours,
) -> String {
    let year = chrono::Datelike::year(&hours.date(signed));
    let epoch = if epoch == 0 { String::new() } else { format!("{epoch}-") };
    format!("聘{area}-{year}-{epoch}{seq:06}")
}

/// A telephone number with its middle covered: of eleven digits and more the first three and last
/// four are left, of fewer the last two, of very few none.
#[must_use]
pub fn masked(phone: &str) -> String {
    let digits = phone.chars().filter(char::is_ascii_digit).count();
    let (first, last) = match digits {
        11.. => (3, 4),
        5.. => (0, 2),
        _ => (0, 0),
    };
    let mut seen = 0;
    let cover = |c: char| {
        if c.is_ascii_digit() {
            seen += 1;
        }
        let shown = c.is_ascii_digit() && (seen <= first || seen > digits - last);
        if shown { c } else { '*' }
    };
    phone.chars().map(cover).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn r4_a_posted_number_shows_whose_it_is_to_those_who_know_it() {
        assert_eq!(masked("13800138000"), "138****8000");
        assert_eq!(masked("6512345"), "*****45");
        assert_eq!(masked("110"), "***");
        assert_eq!(masked("张三的手机"), "*****");
    }

    proptest! {
        /// Never more than seven digits, and never a word.
        #[test]
        fn r4_the_middle_of_a_number_is_never_posted(phone in ".{0,40}") {
            let shown = masked(&phone);
            let digits = |text: &str| text.chars().filter(char::is_ascii_digit).count();
            prop_assert_eq!(shown.chars().count(), phone.chars().count());
            prop_assert!(digits(&shown) <= 7);
            prop_assert!(digits(&phone) < 3 || digits(&shown) < digits(&phone));
            prop_assert!(shown.chars().all(|c| c == '*' || c.is_ascii_digit()));
        }
    }
}
