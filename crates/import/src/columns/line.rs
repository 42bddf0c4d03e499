//! A row whose cells are read by the meaning of their column. What does not fit is named, with
//! what would be right.

use chrono::FixedOffset;
use governance::act::is_unseen;
use governance::area::AreaCode;

use super::Table;
use crate::moment::Moment;
use crate::problem::{Fault, Problem, Spot};
use crate::table::{Bad, Cell, Row};
use crate::text::{fold, trim};

/// Longest text of one line, in characters: a name, an address, a telephone number.
pub const MAX_LINE: usize = 200;

/// A row below the header.
pub struct Line<'t> {
    table: &'t Table<'t>,
    row: &'t Row,
}

impl<'t> Line<'t> {
    pub(super) fn new(table: &'t Table<'t>, row: &'t Row) -> Self {
        Self { table, row }
    }

    /// What stands in the column; nothing where the table does not have it.
    #[must_use]
    pub fn cell(&self, key: &str) -> &'t Cell {
        const EMPTY: &Cell = &Cell::Empty;
        self.table.at.get(key).and_then(|at| self.row.cells.get(*at)).unwrap_or(EMPTY)
    }

    /// The row's number.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.row.number
    }

    /// Where the column's cell is in the file.
    #[must_use]
    pub fn spot(&self, key: &str) -> Spot {
        self.table.spot(self.row.number, key)
    }

    /// Where the row is in the file.
    #[must_use]
    pub fn here(&self) -> Spot {
        Spot { column: None, ..self.spot("") }
    }

    /// More cells than the header has: one is misplaced, most likely for want of quotes.
    pub fn overlong(&self) -> Option<Problem> {
        let most = self.table.sheet.rows[self.table.header].cells.len();
        let have = self.row.cells.iter().rposition(|cell| !cell.is_empty()).map_or(0, |at| at + 1);
        (have > most).then(|| {
            Problem::error(
                Fault::RowLength,
                self.here(),
                format!("这一行有 {have} 格，表头只有 {most} 列；是否缺少引号？"),
                format!("this row has {have} cells and the header {most}: is a quote missing?"),
            )
        })
    }

    /// A text as it stands, without the blanks around it and with plain line breaks.
    pub fn text(&self, key: &str, problems: &mut Vec<Problem>) -> Option<String> {
        let cell = self.cell(key);
        if let Cell::Bad(bad) = cell {
            problems.push(self.bad(key, *bad));
            return None;
        }
        let text = cell.to_text();
        let text = trim(&text);
        (!text.is_empty()).then(|| text.replace("\r\n", "\n").replace('\r', "\n"))
    }

    /// A text of one line: a name, an address. Line breaks and tabs in it become blanks.
    pub fn word(&self, key: &str, most: usize, problems: &mut Vec<Problem>) -> Option<String> {
        let text = self.text(key, problems)?.replace(['\n', '\t'], " ");
        let length = text.chars().count();
        let control = text.chars().position(is_unseen);
        if length > most {
            problems.push(long(self.spot(key), length, most).of(&text));
            return None;
        }
        if let Some(at) = control {
            problems.push(control_character(self.spot(key), &text, at));
            return None;
        }
        Some(text)
    }

    /// A word that has to be there.
    pub fn need(&self, key: &str, most: usize, problems: &mut Vec<Problem>) -> Option<String> {
        let before = problems.len();
        let word = self.word(key, most, problems);
        if word.is_none() && problems.len() == before {
            problems.push(empty(self.spot(key)));
        }
        word
    }

    /// A code, number or telephone number as people copy it: full-width digits made plain, without
    /// blanks, and without what spreadsheets need to keep it text (`="0123"`, a leading `'`).
    pub fn label(&self, key: &str, problems: &mut Vec<Problem>) -> Option<String> {
        let word = self.word(key, MAX_LINE, problems)?;
        let forced = word.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"'));
        let plain = fold(forced.unwrap_or(word.strip_prefix('\'').unwrap_or(&word)));
        let plain: String = plain.chars().filter(|c| !c.is_whitespace()).collect();
        (!plain.is_empty()).then_some(plain)
    }

    /// A number.
    pub fn number_in(&self, key: &str, problems: &mut Vec<Problem>) -> Option<f64> {
        if let Cell::Number(number) = self.cell(key) {
            return Some(*number);
        }
        let label = self.label(key, problems)?.replace(',', "");
        let number = label.parse().ok().filter(|number: &f64| number.is_finite());
        if number.is_none() {
            problems.push(
                Problem::error(
                    Fault::NotANumber,
                    self.spot(key),
                    "应为数字，例如 320 或 118.4254",
                    "should be a number such as 320 or 118.4254",
                )
                .of(&label),
            );
        }
        number
    }

    /// How many: a whole number from 0.
    pub fn count(&self, key: &str, problems: &mut Vec<Problem>) -> Option<u32> {
        let number = self.number_in(key, problems)?;
        let whole = number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number);
        if !whole {
            problems.push(
                Problem::error(
                    Fault::OutOfRange,
                    self.spot(key),
                    "应为不小于 0 的整数",
                    "should be a whole number from 0",
                )
                .of(number.to_string()),
            );
            return None;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked above"
        )]
        Some(number as u32)
    }

    /// An area code of 2, 4, 6, 9, 12 or 15 digits.
    pub fn code(&self, key: &str, problems: &mut Vec<Problem>) -> Option<AreaCode> {
        let label = self.label(key, problems)?;
        let code = label.parse();
        code.map_err(|error| {
            problems.push(
                Problem::error(
                    Fault::BadCode,
                    self.spot(key),
                    "区划代码应为 2、4、6、9、12 位数字，网格代码应为 15 位数字",
                    format!("{error}; a grid's has 15"),
                )
                .of(&label),
            );
        })
        .ok()
    }

    /// A date, or a date and time.
    pub fn moment(
        &self,
        key: &str,
        zone: Option<FixedOffset>,
        problems: &mut Vec<Problem>,
    ) -> Option<Moment> {
        let local = if let Cell::Time(time) = self.cell(key) {
            Moment::from_local(*time)
        } else {
            let word = self.word(key, MAX_LINE, problems)?;
            let Some(moment) = Moment::parse(&word) else {
                problems.push(
                    Problem::error(
                        Fault::NotATime,
                        self.spot(key),
                        "应为日期或时间，例如 2019-06-08 或 2019-06-08 17:31:20",
                        "should be a date or a time such as 2019-06-08 or 2019-06-08 17:31:20",
                    )
                    .of(&word),
                );
                return None;
            };
            moment
        };
        let placed = local.in_zone(zone);
        if placed.is_none() {
            problems.push(
                Problem::error(
                    Fault::NoZone,
                    self.spot(key),
                    "时间没有时区，导入设置里也没有声明；中国用 +08:00",
                    "the time has no zone and the import declares none; China is +08:00",
                )
                .of(self.cell(key).to_text()),
            );
        }
        placed
    }

    fn bad(&self, key: &str, bad: Bad) -> Problem {
        let spot = self.spot(key);
        match bad {
            Bad::Long(length) => Problem::error(
                Fault::TooLong,
                spot,
                format!("{length} 个字，超过一格的上限"),
                format!("{length} characters, more than a cell may have"),
            ),
            Bad::Formula => Problem::error(
                Fault::CellError,
                spot,
                "这一格是公式错误或无效日期；请改为填写结果",
                "this cell is a failed formula or an impossible date: put the value itself",
            ),
            Bad::Digits => Problem::error(
                Fault::DigitsLost,
                spot,
                "超过 15 位的数字在表格里会失真；请把这一列设为“文本”后重新填写",
                "spreadsheets round numbers of more than 15 digits: make the column text and enter it again",
            ),
        }
    }
}

pub(crate) fn empty(spot: Spot) -> Problem {
    Problem::error(Fault::Empty, spot, "不能为空", "must not be empty")
}

pub(crate) fn long(spot: Spot, length: usize, most: usize) -> Problem {
    Problem::error(
        Fault::TooLong,
        spot,
        format!("{length} 个字；最多 {most} 个"),
        format!("{length} characters; at most {most}"),
    )
}

pub(crate) fn control_character(spot: Spot, text: &str, at: usize) -> Problem {
    let code = text.chars().nth(at).map_or(0, u32::from);
    let place = at + 1;
    Problem::error(
        Fault::ControlCharacter,
        spot,
        format!("第 {place} 个字是控制字符 U+{code:04X}；请删去"),
        format!("character {place} is the control character U+{code:04X}: remove it"),
    )
    .of(text)
}
