//! Tables out: CSV, workbooks and JSON. Every cell is text, and none is taken for a formula.

mod workbook;

use std::fmt::Write as _;

use serde_json::Value;
use zip::result::ZipError;

use super::Format;

/// What begins a formula in some spreadsheet, in its full-width form too.
const STARTS: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];

/// A table.
#[derive(Clone, Default)]
pub struct Written {
    /// Its header.
    pub header: Vec<String>,
    /// Its rows.
    pub rows: Vec<Vec<String>>,
}

/// Why a table can't be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// More rows or columns, or a longer text, than a workbook can have.
    #[error("a workbook can't hold this table: write it as CSV")]
    TooLarge,
    /// The archive could not be made.
    #[error("the table could not be written as a workbook")]
    Workbook(#[source] ZipError),
    /// Memory ran out, or the like.
    #[error("the table could not be written as CSV")]
    Csv(#[source] csv::Error),
}

impl Written {
    /// The table as bytes of a file.
    ///
    /// # Errors
    /// [`WriteError`].
    pub fn to_bytes(&self, format: Format) -> Result<Vec<u8>, WriteError> {
        match format {
            Format::Csv => self.csv().map_err(WriteError::Csv),
            Format::Xlsx if !workbook::fits(self) => Err(WriteError::TooLarge),
            Format::Xlsx => workbook::write(self).map_err(WriteError::Workbook),
            Format::Json => Ok(self.json().into_bytes()),
        }
    }

    /// UTF-8 with a byte order mark, without which Excel takes it for GBK. A cell that would be a
    /// formula gets an apostrophe in front (OWASP, CSV injection).
    fn csv(&self) -> Result<Vec<u8>, csv::Error> {
        let mut writer = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_writer(b"\xef\xbb\xbf".to_vec());
        for row in [&self.header].into_iter().chain(&self.rows) {
            writer.write_record(row.iter().map(|cell| guarded(cell)))?;
        }
        writer.into_inner().map_err(|error| error.into_error().into())
    }

    /// An array of objects, empty cells left out.
    fn json(&self) -> String {
        let mut text = String::from("[");
        for (index, row) in self.rows.iter().enumerate() {
            let members = self.header.iter().zip(row).filter(|(_, cell)| !cell.is_empty());
            let members = members.map(|(key, cell)| {
                format!("{}:{}", Value::from(key.as_str()), Value::from(cell.as_str()))
            });
            let comma = if index == 0 { "" } else { "," };
            write!(text, "{comma}\n{{{}}}", members.collect::<Vec<_>>().join(","))
                .expect("a string takes everything");
        }
        text.push_str("\n]\n");
        text
    }
}

fn guarded(cell: &str) -> String {
    if cell.starts_with(STARTS) { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::table::{Cell, Options, read};

    fn table(cells: &[&str]) -> Written {
        let row = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect();
        Written { header: row(&["编号", "意见"]), rows: vec![row(cells)] }
    }

    fn reread(table: &Written, format: Format) -> Vec<String> {
        let bytes = table.to_bytes(format).unwrap();
        let book = read(&bytes, &Options::default()).unwrap();
        assert!(book.format == format);
        book.sheets[0].rows[1].cells.iter().map(Cell::to_text).collect()
    }

    #[test]
    fn nothing_that_is_written_is_a_formula() {
        for payload in
            ["=1+1", "+86", "-1", "@SUM(A1)", "\tx", "\rx", "＝cmd|' /C calc'!A0", "＋", "－", "＠"]
        {
            let table = table(&[payload, "x"]);
            assert_eq!(reread(&table, Format::Csv)[0], format!("'{payload}"), "{payload:?}");
            // A text cell of a workbook stays what it is: it comes back as text, not as a result.
            assert_eq!(reread(&table, Format::Xlsx)[0], payload, "{payload:?}");
        }
    }

    #[test]
    fn excel_knows_the_encoding_and_the_same_table_is_the_same_file() {
        let table = table(&["1", "已修好"]);
        assert!(table.to_bytes(Format::Csv).unwrap().starts_with(b"\xef\xbb\xbf"));
        assert_eq!(table.to_bytes(Format::Xlsx).unwrap(), table.to_bytes(Format::Xlsx).unwrap());
    }

    #[test]
    fn what_a_workbook_cannot_hold_is_refused() {
        let long = "长".repeat(32_768);
        assert!(matches!(table(&[&long]).to_bytes(Format::Xlsx), Err(WriteError::TooLarge)));
        assert!(table(&[&long[3..]]).to_bytes(Format::Xlsx).is_ok());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn what_is_written_reads_back(id in "[0-9A-Z]{1,20}", text in "[\u{4e00}-\u{9fff}a-z\"，,\n &<>_x004\u{20000}-\u{200ff}]{1,40}") {
            prop_assume!(!text.trim().is_empty());
            let table = table(&[&id, &text]);
            for format in [Format::Csv, Format::Xlsx] {
                prop_assert_eq!(reread(&table, format), [id.clone(), text.clone()]);
            }
            let json = table.to_bytes(Format::Json).unwrap();
            let json: Value = serde_json::from_slice(&json).unwrap();
            prop_assert_eq!(json[0]["意见"].as_str(), Some(text.as_str()));
        }
    }
}
