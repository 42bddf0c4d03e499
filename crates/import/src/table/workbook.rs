//! Excel workbooks, through calamine, cell by cell: its own tables would be as large as the
//! farthest cell.

use std::io::Cursor;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{DataRef, ExcelDateTime, Reader, SheetType, SheetVisible, Xlsx, XlsxError};
use chrono::{NaiveDate, NaiveDateTime};

use super::unpack::{self, unreadable};
use super::{Bad, Cell, Limits, Row, Sheet, number_cell, text_cell, too_many_cells, too_many_rows};
use crate::problem::{Fault, Problem, Spot};

/// Serial numbers of the days from 1900 to 9999.
const DAYS: Range<f64> = 1.0..2_958_466.0;
/// Most sheets that are looked at.
const MAX_SHEETS: usize = 64;

/// The rows of the named sheet, or of all visible ones.
pub(super) fn read(
    bytes: &[u8],
    wanted: Option<&str>,
    limits: &Limits,
) -> Result<Vec<Sheet>, Problem> {
    unpack::check(bytes, limits)?;
    // The archive is bounded by now; what is left is that a malformed part could panic the reader.
    catch_unwind(AssertUnwindSafe(|| sheets(bytes, wanted, limits)))
        .unwrap_or_else(|_| Err(unreadable("工作簿内容不合规范", "the workbook is malformed")))
}

fn sheets(bytes: &[u8], wanted: Option<&str>, limits: &Limits) -> Result<Vec<Sheet>, Problem> {
    let mut book = Xlsx::new(Cursor::new(bytes)).map_err(|error| refused(&error))?;
    let names: Vec<String> = book
        .sheets_metadata()
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet)
        .filter(|sheet| match wanted {
            Some(wanted) => sheet.name == wanted,
            None => sheet.visible == SheetVisible::Visible,
        })
        .map(|sheet| sheet.name.clone())
        .take(MAX_SHEETS)
        .collect();
    if names.is_empty() {
        return Err(no_sheet(&book, wanted));
    }
    let mut budget = Budget { limits, rows: 0, cells: 0 };
    names.iter().map(|name| sheet(&mut book, name, &mut budget)).collect()
}

/// What has been used of the limits so far, over all sheets.
struct Budget<'l> {
    limits: &'l Limits,
    rows: usize,
    cells: usize,
}

fn sheet(
    book: &mut Xlsx<Cursor<&[u8]>>,
    name: &str,
    budget: &mut Budget<'_>,
) -> Result<Sheet, Problem> {
    let mut reader = book.worksheet_cells_reader(name).map_err(|error| refused(&error))?;
    let mut rows: Vec<Row> = Vec::new();
    let spot = |row| Spot { sheet: Some(name.into()), row: Some(row), column: None };
    while let Some(found) = reader.next_cell().map_err(|error| refused(&error))? {
        let value = cell(found.get_value(), budget.limits);
        if value.is_empty() {
            continue;
        }
        let (row, column) = found.get_position();
        let (number, column) = (row.saturating_add(1), column as usize);
        if column >= budget.limits.columns {
            return Err(too_many_cells(spot(number), budget.limits));
        }
        match rows.last().map_or(0, |last| last.number) {
            last if last > number => {
                return Err(unreadable("行的次序错乱", "its rows are out of order"));
            }
            last if last < number => {
                budget.rows += 1;
                if budget.rows > budget.limits.rows {
                    return Err(too_many_rows(spot(number), budget.limits.rows));
                }
                rows.push(Row { number, cells: Vec::new() });
            }
            _ => {}
        }
        let cells = &mut rows.last_mut().expect("a row was pushed for the first cell").cells;
        budget.cells += (column + 1).saturating_sub(cells.len());
        if budget.cells > budget.limits.cells {
            return Err(too_many_cells(spot(number), budget.limits));
        }
        if cells.len() <= column {
            cells.resize(column + 1, Cell::Empty);
        }
        cells[column] = value;
    }
    Ok(Sheet { name: Some(name.into()), rows })
}

fn cell(value: &DataRef<'_>, limits: &Limits) -> Cell {
    match value {
        DataRef::Empty => Cell::Empty,
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            text_cell(text, limits)
        }
        DataRef::SharedString(text) => text_cell(text, limits),
        #[expect(clippy::cast_precision_loss, reason = "what is too long for a float is refused")]
        DataRef::Int(number) => number_cell(*number as f64),
        DataRef::Float(number) => number_cell(*number),
        DataRef::Bool(flag) => Cell::Flag(*flag),
        DataRef::DateTime(time) => moment(time).map_or(Cell::Bad(Bad::Formula), Cell::Time),
        DataRef::Error(_) => Cell::Bad(Bad::Formula),
    }
}

/// `None` for a duration, a time without a day, a day that no calendar has (Excel's 29 February
/// 1900) and what lies after 9999.
fn moment(time: &ExcelDateTime) -> Option<NaiveDateTime> {
    if time.is_duration() || !DAYS.contains(&time.as_f64()) {
        return None;
    }
    let (year, month, day, hour, minute, second, milli) = time.to_ymd_hms_milli();
    NaiveDate::from_ymd_opt(year.into(), month.into(), day.into())?.and_hms_milli_opt(
        hour.into(),
        minute.into(),
        second.into(),
        milli.into(),
    )
}

fn no_sheet(book: &Xlsx<Cursor<&[u8]>>, wanted: Option<&str>) -> Problem {
    let names: Vec<&str> =
        book.sheets_metadata().iter().map(|s| s.name.as_str()).take(20).collect();
    let names = names.join("、");
    let wanted = wanted.unwrap_or("*");
    Problem::error(
        Fault::NoSheet,
        Spot::default(),
        format!("没有名为“{wanted}”的可见工作表；文件里有：{names}"),
        format!("there is no visible sheet named {wanted:?}; the file has: {names}"),
    )
    .of(wanted)
}

fn refused(error: &XlsxError) -> Problem {
    // The error may repeat what stands in a cell, so only that it failed is told.
    if matches!(error, XlsxError::Password) {
        return Problem::error(
            Fault::Protected,
            Spot::default(),
            "工作簿带有密码；请去掉密码后再导入",
            "the workbook has a password: remove it first",
        );
    }
    unreadable("工作簿内容不合规范", "the workbook is malformed")
}
