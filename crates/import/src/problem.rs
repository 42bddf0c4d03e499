//! What is wrong with a file, so that the person who has it can put it right: which sheet, row and
//! column, what stands there, and what would be right, in Chinese and in English.

use std::fmt;

use serde::Serialize;

/// Longest piece of a cell that a problem repeats, in characters.
const MAX_SHOWN: usize = 40;

/// Whether a row is left out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Taken as it stands; nothing to do.
    Note,
    /// Taken, but somebody should look.
    Warning,
    /// Not taken.
    Error,
}

macro_rules! faults {
    ($($name:ident $doc:literal;)*) => {
        /// The kinds of problem, by a stable name that programs can rely on.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Fault {
            $(#[doc = $doc] $name,)*
        }
    };
}

faults! {
    FileTooLarge "More bytes than a file may have.";
    Unpacked "A workbook that unpacks to more than it may.";
    Unreadable "Not the format it is said to be, or damaged.";
    OldFormat "A format that is not read, such as .xls.";
    Protected "A workbook with a password.";
    WrongEncoding "Bytes that are not text in the encoding.";
    LikelyEncoding "The declared encoding is probably not the real one.";
    NoSheet "No sheet of that name, or none with content.";
    TooManyRows "More rows than are taken at once.";
    TooManyCells "More columns or cells than are taken at once.";
    NoHeader "No row that names the columns.";
    ColumnMissing "A column that has to be there is not.";
    ColumnTwice "Two columns answer to one name.";
    ColumnUnused "A column that is not read.";
    RowLength "More cells than the header names.";
    Empty "A cell that has to be filled is empty.";
    TooLong "A text longer than is taken.";
    CellError "A cell whose formula failed.";
    DigitsLost "A long number that the spreadsheet has rounded.";
    NotANumber "Not a number.";
    OutOfRange "A number outside its range.";
    NotATime "Not a date or time.";
    NoZone "A time without a zone where none was declared.";
    Future "A time that has not come yet.";
    EndBeforeStart "Ends before it begins.";
    ControlCharacter "A control character.";
    BadCode "Not an area code.";
    UnknownLevel "A level that the policy does not list.";
    OutsideArea "Outside the area of this node.";
    SkippedLevel "A level that this node does not keep.";
    UnknownParent "A parent that is neither in the file nor known.";
    AmbiguousParent "A parent's name that fits several places.";
    Repeated "The same row twice.";
    Conflict "Two rows that contradict each other.";
    Likely "Probably one place under a new code.";
    NotEmpty "Still has places under it.";
    RuleBroken "Refused by the rules of the territory.";
    BadGeometry "Not a polygon that can be read.";
    NoSystem "No coordinate system was declared.";
    OtherSystem "The file names another coordinate system.";
    LikelySystem "The coordinates fit another system better.";
    OutsideParent "Lies outside its parent's boundary.";
    OutsideSelf "A point outside its own place's boundary.";
    ZeroPoint "Longitude and latitude zero.";
    HalfPoint "Longitude without latitude, or the other way round.";
    BadPhone "Not a telephone number.";
    AlreadyHeld "An appointment that is held already, with another end.";
    UnknownRole "A role that the policy does not list.";
    UnknownPlace "A place that the territory does not have.";
    AmbiguousPlace "A name that fits several places.";
    SamePerson "Rows or entries that are one person.";
    PhoneShared "One telephone number with several names.";
    NameShared "One name where it can't be told whether it is one person.";
    UnknownCategory "A category that the mapping does not list.";
    UnknownChannel "A channel that the mapping does not list.";
    Shortened "A title that was cut; the whole stands in the description.";
    Households "Households outside the rule.";
    Uneven "Households far apart.";
    Gap "Ground that no grid covers.";
    Overlap "Ground that two grids cover.";
    Beyond "Ground of a grid outside its community.";
    Scattered "A grid in several pieces.";
    Apart "Grids that do not touch the others.";
    NoBoundary "A place without a boundary.";
    TooComplex "Too many points to reckon with.";
}

/// Where in a file.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Spot {
    /// Sheet, of a workbook.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<Box<str>>,
    /// Row as a spreadsheet counts them, the first being 1; for GeoJSON the feature, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<u32>,
    /// Name of the column as the file writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<Box<str>>,
}

/// A problem. It has no full `Debug`, since what stands in the cell may be somebody's name; only
/// the person who has the file is shown that.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Whether the row is left out.
    pub severity: Severity,
    /// Which problem.
    pub fault: Fault,
    /// Where.
    #[serde(flatten)]
    pub spot: Spot,
    /// What stands there, cut to 40 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Box<str>>,
    /// What is wrong and what would be right, in Chinese.
    pub zh: Box<str>,
    /// The same in English.
    pub en: Box<str>,
}

impl Spot {
    /// A row of a sheet that has no name.
    #[must_use]
    pub fn row(row: u32) -> Self {
        Self { row: Some(row), ..Self::default() }
    }

    /// The same row, in a column.
    #[must_use]
    pub fn column(&self, column: &str) -> Self {
        Self { column: Some(column.into()), ..self.clone() }
    }
}

impl Problem {
    fn new(severity: Severity, fault: Fault, spot: Spot, zh: String, en: String) -> Self {
        Self { severity, fault, spot, value: None, zh: zh.into(), en: en.into() }
    }

    /// What keeps a row, or the whole file, from being taken.
    #[must_use]
    pub fn error(fault: Fault, spot: Spot, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::new(Severity::Error, fault, spot, zh.into(), en.into())
    }

    /// What somebody should look at.
    #[must_use]
    pub fn warning(fault: Fault, spot: Spot, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::new(Severity::Warning, fault, spot, zh.into(), en.into())
    }

    /// What is good to know.
    #[must_use]
    pub fn note(fault: Fault, spot: Spot, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::new(Severity::Note, fault, spot, zh.into(), en.into())
    }

    /// With what stands in the cell.
    #[must_use]
    pub fn of(mut self, value: impl AsRef<str>) -> Self {
        self.value = Some(cut(value.as_ref(), MAX_SHOWN).into());
        self
    }

    /// Whether the row is left out.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// At most `most` characters of a text, with `…` where something was cut. Line breaks and control
/// characters become blanks, so that it stays one line.
#[must_use]
pub fn cut(text: &str, most: usize) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    if text.chars().nth(most).is_none() {
        return text.chars().map(plain).collect();
    }
    text.chars().take(most.saturating_sub(1)).map(plain).chain(['…']).collect()
}

/// Where and which, without what stands there.
impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:?} at {:?}", self.severity, self.fault, self.spot)
    }
}

/// English, with the place and without what stands there.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(sheet) = &self.spot.sheet {
            write!(f, "sheet {sheet}, ")?;
        }
        if let Some(row) = self.spot.row {
            write!(f, "row {row}, ")?;
        }
        if let Some(column) = &self.spot.column {
            write!(f, "column {column}: ")?;
        }
        f.write_str(&self.en)
    }
}

impl std::error::Error for Problem {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_the_cell_is_neither_in_debug_nor_in_display() {
        let spot = Spot::row(7).column("联系电话");
        let problem = Problem::error(Fault::TooLong, spot, "太长", "too long").of("13800138000");
        assert!(!format!("{problem:?} {problem}").contains("138"));
        assert_eq!(problem.to_string(), "row 7, column 联系电话: too long");
        assert_eq!(problem.value.as_deref(), Some("13800138000"));
    }

    #[test]
    fn what_is_shown_is_one_short_line() {
        assert_eq!(cut("一二三四五", 5), "一二三四五");
        assert_eq!(cut("一二三四五六", 5), "一二三四…");
        assert_eq!(cut("a\nb\u{7}", 5), "a b ");
    }

    #[test]
    fn programs_get_a_stable_name_and_the_place() {
        let problem = Problem::note(Fault::ZeroPoint, Spot::row(2), "零", "zero");
        let json = serde_json::to_value(&problem).unwrap();
        assert_eq!(json["fault"], "zero_point");
        assert_eq!(json["row"], 2);
        assert!(json.get("sheet").is_none());
    }
}
