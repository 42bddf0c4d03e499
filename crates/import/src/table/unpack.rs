//! Looks into a workbook's zip archive before the reader does: what a file of a few hundred
//! kilobytes says it holds may be gigabytes.
//!
//! calamine 0.38 reads the parts that are named here whole, and reserves memory for as many shared
//! strings as the file claims; a false claim would abort the process.

use std::io::{Cursor, Read};

use zip::ZipArchive;
use zip::read::ZipFile;
use zip::result::ZipError;

use super::{COMPOUND, Limits, ZIP};
use crate::problem::{Fault, Problem, Spot};

/// Most parts of a workbook; real ones have some dozens.
const MAX_PARTS: usize = 2_000;
/// Starts each entry of an archive's directory.
const DIRECTORY_ENTRY: &[u8] = b"PK\x01\x02";
/// Parts that are read whole, by the end of their names.
const WHOLE: [&[u8]; 4] = [b"sharedstrings.xml", b"styles.xml", b"workbook.xml", b".rels"];

/// Unpacks everything once, counting and keeping nothing.
///
/// # Errors
/// When it is no archive, too large once unpacked, or claims what it does not have.
pub(super) fn check(bytes: &[u8], limits: &Limits) -> Result<(), Problem> {
    if bytes.starts_with(COMPOUND) {
        return Err(old_or_protected());
    }
    if !bytes.starts_with(ZIP) {
        return Err(unreadable("它不是 .xlsx 工作簿", "it is not an .xlsx workbook"));
    }
    let entries = bytes.windows(4).filter(|window| *window == DIRECTORY_ENTRY).count();
    if entries > MAX_PARTS {
        return Err(bomb());
    }
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| damaged(&error))?;
    let mut left = limits.unpacked;
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(|error| damaged(&error))?;
        left -= unpack(part, left, limits)?;
    }
    Ok(())
}

/// The part's size once unpacked, at most `left`.
fn unpack<R: Read>(part: ZipFile<'_, R>, left: u64, limits: &Limits) -> Result<u64, Problem> {
    let name = part.name_raw().to_ascii_lowercase();
    let torn = |_| unreadable("压缩包已损坏", "the archive is damaged");
    if WHOLE.iter().any(|end| name.ends_with(end)) {
        let most = left.min(limits.unpacked / 4);
        let mut content = Vec::new();
        let read = part.take(most + 1).read_to_end(&mut content).map_err(torn)?;
        let claims_too_much = claimed_strings(&content) > limits.cells as u64;
        let tags = content.iter().filter(|byte| **byte == b'<').count();
        if read as u64 > most || claims_too_much || tags > limits.cells.saturating_mul(4) {
            return Err(bomb());
        }
        return Ok(read as u64);
    }
    let read = std::io::copy(&mut part.take(left + 1), &mut std::io::sink()).map_err(torn)?;
    if read > left { Err(bomb()) } else { Ok(read) }
}

/// The most strings that any `uniqueCount` in the part claims.
fn claimed_strings(content: &[u8]) -> u64 {
    const ATTRIBUTE: &[u8] = b"uniqueCount";
    let mut most = 0;
    let mut rest = content;
    while let Some(at) = rest.windows(ATTRIBUTE.len()).position(|window| window == ATTRIBUTE) {
        rest = &rest[at + ATTRIBUTE.len()..];
        let sign = |b: &u8| b.is_ascii_whitespace() || b"='\"+".contains(b);
        let digits = rest.iter().skip_while(|b| sign(b)).take_while(|b| b.is_ascii_digit());
        let number = digits.fold(0_u64, |sum, digit| {
            sum.saturating_mul(10).saturating_add(u64::from(digit - b'0'))
        });
        most = most.max(number);
    }
    most
}

fn bomb() -> Problem {
    Problem::error(
        Fault::Unpacked,
        Spot::default(),
        "工作簿解压后过大；请删去多余的工作表和格式，或另存为 CSV",
        "the workbook unpacks to too much: remove sheets and formats, or save it as CSV",
    )
}

fn damaged(error: &ZipError) -> Problem {
    if matches!(error, ZipError::UnsupportedArchive(text) if *text == ZipError::PASSWORD_REQUIRED) {
        return old_or_protected();
    }
    unreadable("压缩包已损坏或不受支持", "the archive is damaged or of an unsupported kind")
}

pub(super) fn unreadable(zh: &str, en: &str) -> Problem {
    Problem::error(
        Fault::Unreadable,
        Spot::default(),
        format!("{zh}；请用 Excel 或 WPS 打开后另存为 .xlsx 或 CSV"),
        format!("{en}: open it in Excel or WPS and save it as .xlsx or CSV"),
    )
}

fn old_or_protected() -> Problem {
    Problem::error(
        Fault::OldFormat,
        Spot::default(),
        "这是旧版 .xls 或带密码的工作簿；请去掉密码并另存为 .xlsx",
        "this is an old .xls or a workbook with a password: remove it and save as .xlsx",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_found_however_they_are_written() {
        assert_eq!(claimed_strings(b"<sst uniqueCount=\"12\">"), 12);
        assert_eq!(claimed_strings(b"<sst uniqueCount = '00099' a=\"uniqueCount\">"), 99);
        assert_eq!(claimed_strings(b"<sst uniqueCount=\"99999999999999999999999\">"), u64::MAX);
        assert_eq!(claimed_strings(b"<sst>"), 0);
    }
}
