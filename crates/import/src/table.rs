//! Tables as people send them: CSV in UTF-8, GB18030 (GBK) or UTF-16, Excel workbooks, and JSON
//! arrays of objects. Everything is bounded before it is parsed.

mod delimited;
mod encoding;
mod json;
mod unpack;
mod workbook;
pub mod write;

use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};

pub use encoding::Encoding;
pub(crate) use json::objects;

use crate::problem::{Fault, Problem, Spot};

/// What a table may be at most.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Bytes of the file.
    pub file: usize,
    /// Bytes of a workbook once unpacked, all its parts together.
    pub unpacked: u64,
    /// Rows, the header among them, all sheets together.
    pub rows: usize,
    /// Columns of a sheet.
    pub columns: usize,
    /// Cells, all sheets together, empty ones before a filled one too.
    pub cells: usize,
    /// Characters of a cell; a longer one is named when it is read.
    pub text: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file: 32 << 20,
            unpacked: 256 << 20,
            rows: 200_000,
            columns: 256,
            cells: 4_000_000,
            text: 4_000,
        }
    }
}

/// How a table is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Text with a separator between cells.
    Csv,
    /// An Excel workbook.
    Xlsx,
    /// A JSON array of objects.
    Json,
}

/// What is known of a file before it is read.
#[derive(Clone, Default)]
pub struct Options {
    /// Its format; told from its first bytes where absent.
    pub format: Option<Format>,
    /// A text's encoding; told from its bytes where absent.
    pub encoding: Option<Encoding>,
    /// What separates the cells of a text; told from its first line where absent.
    pub delimiter: Option<u8>,
    /// Which sheet of a workbook; all visible ones where absent.
    pub sheet: Option<String>,
    /// Where in a JSON document the array stands, as a JSON pointer (RFC 6901).
    pub pointer: Option<String>,
    /// Bounds.
    pub limits: Limits,
}

/// A file's tables.
pub struct Book {
    /// The sheets that have rows.
    pub sheets: Vec<Sheet>,
    /// How it was written.
    pub format: Format,
    /// A text's encoding.
    pub encoding: Option<Encoding>,
    /// What there is to say about the file as a whole.
    pub problems: Vec<Problem>,
}

/// A sheet's rows as they stand, the header among them.
pub struct Sheet {
    /// Its name in the workbook; none for text and JSON.
    pub name: Option<Box<str>>,
    /// Its rows that have something in them, ascending.
    pub rows: Vec<Row>,
}

/// A row.
pub struct Row {
    /// Its number as a spreadsheet counts, the first being 1. For JSON the element's number, the
    /// header being 0.
    pub number: u32,
    /// Its cells from the first column on; those missing at the end are empty.
    pub cells: Vec<Cell>,
}

/// A cell.
#[derive(Clone, PartialEq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// Text.
    Text(Box<str>),
    /// A number.
    Number(f64),
    /// Yes or no.
    Flag(bool),
    /// A date, or a date and time, without a zone.
    Time(NaiveDateTime),
    /// What can't be used.
    Bad(Bad),
}

/// Why a cell can't be used. It matters only if the column is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bad {
    /// A text of so many characters.
    Long(usize),
    /// A formula that failed, such as `#N/A`.
    Formula,
    /// A whole number of more than 15 digits, which a spreadsheet does not keep.
    Digits,
}

/// Reads a file.
///
/// # Errors
/// When the file as a whole can't be taken; what is wrong with single cells is found when they
/// are read.
pub fn read(bytes: &[u8], options: &Options) -> Result<Book, Problem> {
    let limits = &options.limits;
    if bytes.len() > limits.file {
        return Err(too_large(bytes.len(), limits.file));
    }
    let format = options.format.unwrap_or_else(|| sniff(bytes));
    let (sheets, encoding, problems) = match format {
        Format::Xlsx => (workbook::read(bytes, options.sheet.as_deref(), limits)?, None, vec![]),
        Format::Csv => {
            let decoded = encoding::decode(bytes, options.encoding)?;
            let sheet = delimited::read(&decoded.text, options.delimiter, limits)?;
            (vec![sheet], Some(decoded.encoding), decoded.problems)
        }
        Format::Json => {
            let decoded = encoding::decode(bytes, options.encoding)?;
            let sheet = json::read(&decoded.text, options.pointer.as_deref(), limits)?;
            (vec![sheet], Some(decoded.encoding), decoded.problems)
        }
    };
    let sheets: Vec<Sheet> = sheets.into_iter().filter(|sheet| !sheet.rows.is_empty()).collect();
    if sheets.is_empty() {
        return Err(Problem::error(
            Fault::NoSheet,
            Spot::default(),
            "文件里没有任何内容",
            "the file has nothing in it",
        ));
    }
    Ok(Book { sheets, format, encoding, problems })
}

/// The start of every zip archive, and of every compound file (.xls, or .xlsx with a password).
const ZIP: &[u8] = b"PK\x03\x04";
const COMPOUND: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

fn sniff(bytes: &[u8]) -> Format {
    if bytes.starts_with(ZIP) || bytes.starts_with(COMPOUND) {
        return Format::Xlsx;
    }
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    // A CSV may begin with `[` too; only a JSON array of objects has `{` next.
    let array =
        text.strip_prefix(b"[").is_some_and(|rest| rest.trim_ascii_start().starts_with(b"{"));
    if array || text.starts_with(b"{") { Format::Json } else { Format::Csv }
}

/// A cell from a text.
fn text_cell(text: &str, limits: &Limits) -> Cell {
    if text.is_empty() {
        return Cell::Empty;
    }
    if text.len() > limits.text {
        let length = text.chars().count();
        if length > limits.text {
            return Cell::Bad(Bad::Long(length));
        }
    }
    Cell::Text(text.into())
}

/// A cell from a number: one that was longer than a spreadsheet keeps is not the one meant.
fn number_cell(number: f64) -> Cell {
    if number.abs() >= 1e15 && number.is_finite() {
        return Cell::Bad(Bad::Digits);
    }
    if number.is_finite() { Cell::Number(number) } else { Cell::Bad(Bad::Formula) }
}

fn too_large(bytes: usize, most: usize) -> Problem {
    let (have, most) = (bytes.div_ceil(1 << 20), most >> 20);
    Problem::error(
        Fault::FileTooLarge,
        Spot::default(),
        format!("文件约 {have} MiB，最多 {most} MiB；请分成几个文件"),
        format!("the file has about {have} MiB; at most {most} MiB: split it"),
    )
}

fn too_many_rows(spot: Spot, most: usize) -> Problem {
    Problem::error(
        Fault::TooManyRows,
        spot,
        format!("超过 {most} 行；请分成几个文件"),
        format!("more than {most} rows: split the file"),
    )
}

fn too_many_cells(spot: Spot, limits: &Limits) -> Problem {
    let (columns, cells) = (limits.columns, limits.cells);
    Problem::error(
        Fault::TooManyCells,
        spot,
        format!("一行最多 {columns} 列，全部最多 {cells} 个单元格；是否有一格误填在很远的列？"),
        format!("at most {columns} columns and {cells} cells; is there a stray cell far out?"),
    )
}

impl Cell {
    /// Whether nothing stands there; blanks alone are nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Text(text) => text.trim().is_empty(),
            Self::Number(_) | Self::Flag(_) | Self::Time(_) | Self::Bad(_) => false,
        }
    }

    /// What stands there as text: whole numbers without a point, times as `2019-06-08 17:31:20`.
    #[must_use]
    pub fn to_text(&self) -> String {
        match self {
            Self::Empty | Self::Bad(_) => String::new(),
            Self::Text(text) => text.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Flag(flag) => if *flag { "TRUE" } else { "FALSE" }.into(),
            Self::Time(time) => time.format("%Y-%m-%d %H:%M:%S").to_string(),
        }
    }
}

impl Row {
    fn is_empty(&self) -> bool {
        self.cells.iter().all(Cell::is_empty)
    }
}

#[cfg(test)]
mod tests;
