//! CSV and its relatives (RFC 4180, read leniently).

use csv::{ReaderBuilder, StringRecord};

use super::{Limits, Row, Sheet, text_cell, too_many_cells, too_many_rows};
use crate::problem::{Fault, Problem, Spot};

/// How far the separator is looked for.
const FIRST_LINE: usize = 64 * 1024;

/// The rows of a text. Blank lines are left out but counted, and a cell with line breaks is one
/// row: so a row has the number that a spreadsheet gives it.
pub(super) fn read(text: &str, delimiter: Option<u8>, limits: &Limits) -> Result<Sheet, Problem> {
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter.unwrap_or_else(|| likely_delimiter(text)))
        .from_reader(text.as_bytes());
    let mut record = StringRecord::new();
    let (mut rows, mut cells) = (Vec::new(), 0);
    let mut number = 0;
    while reader.read_record(&mut record).map_err(|error| unreadable(&error))? {
        let start = record.position().map_or(0, |position| position.byte() as usize);
        number += 1 + blank_lines(text.as_bytes(), start);
        cells += record.len();
        if record.len() > limits.columns || cells > limits.cells {
            return Err(too_many_cells(Spot::row(number), limits));
        }
        let row = Row { number, cells: record.iter().map(|t| text_cell(t, limits)).collect() };
        if !row.is_empty() {
            if rows.len() == limits.rows {
                return Err(too_many_rows(Spot::row(number), limits.rows));
            }
            rows.push(row);
        }
    }
    Ok(Sheet { name: None, rows })
}

/// Blank lines that the reader passes over before a record, from where the one before it ended.
fn blank_lines(text: &[u8], start: usize) -> u32 {
    let (before, mut rest) = text.split_at(start.min(text.len()));
    if before.ends_with(b"\r") {
        rest = rest.strip_prefix(b"\n").unwrap_or(rest);
    }
    let mut blank = 0;
    while let Some(after) =
        [b"\r\n".as_slice(), b"\n", b"\r"].iter().find_map(|end| rest.strip_prefix(*end))
    {
        rest = after;
        blank += 1;
    }
    blank
}

fn likely_delimiter(text: &str) -> u8 {
    let mut counts = [(b',', 0), (b'\t', 0), (b';', 0)];
    let mut quoted = false;
    for byte in text.bytes().take(FIRST_LINE) {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' | b'\r' if !quoted && counts.iter().any(|(_, n)| *n > 0) => break,
            _ if !quoted => {
                counts.iter_mut().filter(|(d, _)| *d == byte).for_each(|(_, n)| *n += 1);
            }
            _ => {}
        }
    }
    // The comma wins a tie.
    counts.iter().rev().max_by_key(|(_, n)| *n).map_or(b',', |(d, _)| *d)
}

fn unreadable(error: &csv::Error) -> Problem {
    let row = error.position().and_then(|p| u32::try_from(p.record() + 1).ok());
    Problem::error(
        Fault::Unreadable,
        Spot { row, ..Spot::default() },
        "不是可读的 CSV",
        "it can't be read as CSV",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<(u32, Vec<String>)> {
        let sheet = read(text, None, &Limits::default()).unwrap();
        let texts = |row: &Row| row.cells.iter().map(super::super::Cell::to_text).collect();
        sheet.rows.iter().map(|row| (row.number, texts(row))).collect()
    }

    #[test]
    fn rows_are_numbered_as_a_spreadsheet_numbers_them() {
        let found = rows("a,b\n\n\"1\n\n2\",x\r\n,\r\n3,\"y\"\"z\"\r\n");
        let numbers: Vec<_> = found.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, [1, 3, 5]);
        assert_eq!(found[1].1, ["1\n\n2", "x"]);
        assert_eq!(found[2].1, ["3", "y\"z"]);
    }

    #[test]
    fn the_separator_is_told_from_the_first_line() {
        assert_eq!(rows("代码\t名称,别名\t户数\n1\t2\t3")[1].1, ["1", "2", "3"]);
        assert_eq!(rows("代码;名称\n1;2")[1].1, ["1", "2"]);
        assert_eq!(rows("\"a\tb\tc\",d\n1,2")[1].1, ["1", "2"]);
        assert_eq!(rows("单列\n值")[1].1, ["值"]);
    }

    #[test]
    fn too_much_is_refused_before_it_is_kept() {
        let limits = Limits { rows: 2, columns: 3, ..Limits::default() };
        let fault = |text| read(text, None, &limits).err().unwrap().fault;
        assert_eq!(fault("a\nb\nc"), Fault::TooManyRows);
        assert_eq!(fault("a,b,c,d"), Fault::TooManyCells);
        let limits = Limits { cells: 3, ..Limits::default() };
        assert_eq!(read("a,b\nc,d", None, &limits).err().unwrap().fault, Fault::TooManyCells);
    }
}
