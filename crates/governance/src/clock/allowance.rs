//! How long something may take, and how a policy writes it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

const HOUR: u32 = 60;
const DAY: u32 = 24 * HOUR;
/// Ten years in minutes: no administrative deadline is longer.
const MAX_MINUTES: u32 = 3_660 * DAY;
/// Ten years in working days, generously.
const MAX_DAYS: u32 = 3_660;

/// How long something may take. In text: `15m`, `24h`, `10d` (by the clock on the wall), `90wm`,
/// `8wh` (working minutes, working hours), `3wd` (working days), `today` (by the end of the day).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Allowance {
    /// Minutes on the wall clock.
    Minutes(u32),
    /// Minutes within working hours.
    WorkingMinutes(u32),
    /// Working days after the day of the start.
    WorkingDays(u32),
    /// Until the end of the local day (天天清零, C2).
    SameDay,
}

/// Why a text is not an allowance.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AllowanceError {
    /// Not of the form.
    #[error("allowance is not of the form 15m, 24h, 10d, 90wm, 8wh, 3wd or today")]
    Form,
    /// Zero or more than ten years.
    #[error("allowance must be more than nothing and at most ten years")]
    Range,
}

impl FromStr for Allowance {
    type Err = AllowanceError;

    fn from_str(text: &str) -> Result<Self, AllowanceError> {
        if text == "today" {
            return Ok(Self::SameDay);
        }
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let (build, factor, max): (fn(u32) -> Self, u32, u32) = match unit {
            "m" => (Self::Minutes, 1, MAX_MINUTES),
            "h" => (Self::Minutes, HOUR, MAX_MINUTES),
            "d" => (Self::Minutes, DAY, MAX_MINUTES),
            "wm" => (Self::WorkingMinutes, 1, MAX_MINUTES),
            "wh" => (Self::WorkingMinutes, HOUR, MAX_MINUTES),
            "wd" => (Self::WorkingDays, 1, MAX_DAYS),
            _ => return Err(AllowanceError::Form),
        };
        if number.is_empty() {
            return Err(AllowanceError::Form);
        }
        let count = number.parse::<u32>().ok().and_then(|n| n.checked_mul(factor));
        count.filter(|n| (1..=max).contains(n)).map(build).ok_or(AllowanceError::Range)
    }
}

impl fmt::Display for Allowance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Minutes(n) if n % HOUR == 0 => write!(f, "{}h", n / HOUR),
            Self::Minutes(n) => write!(f, "{n}m"),
            Self::WorkingMinutes(n) if n % HOUR == 0 => write!(f, "{}wh", n / HOUR),
            Self::WorkingMinutes(n) => write!(f, "{n}wm"),
            Self::WorkingDays(n) => write!(f, "{n}wd"),
            Self::SameDay => f.write_str("today"),
        }
    }
}

impl TryFrom<String> for Allowance {
    type Error = AllowanceError;

    fn try_from(text: String) -> Result<Self, AllowanceError> {
        text.parse()
    }
}

impl From<Allowance> for String {
    fn from(allowance: Allowance) -> Self {
        allowance.to_string()
    }
}
