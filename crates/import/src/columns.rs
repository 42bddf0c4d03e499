//! Which column of a table means what: by the headers that offices use, Chinese and English, or by
//! a mapping that the person importing gives.

mod line;

use std::collections::{BTreeMap, BTreeSet};

pub use line::{Line, MAX_LINE};
pub(crate) use line::{control_character, empty, long};

use crate::problem::{Fault, Problem, Spot};
use crate::table::{Book, Row, Sheet};
use crate::text::fold;

/// How many rows from the top the header is looked for in: titles and notes often stand above it.
const HEADER_ROWS: usize = 20;
/// Most headers that a problem lists.
const MAX_LISTED: usize = 30;

/// A column that is looked for.
#[derive(Clone)]
pub struct Column {
    /// How the program refers to it.
    pub key: String,
    /// Its usual header in Chinese.
    pub zh: String,
    /// Its usual header in English.
    pub en: String,
    /// Further headers, the likelier first.
    pub names: Vec<String>,
    /// Whether nothing can be done without it.
    pub required: bool,
}

/// Columns that the person importing named: key → header in the file.
pub type Mapping = BTreeMap<String, String>;

/// A table whose columns are known.
pub struct Table<'b> {
    sheet: &'b Sheet,
    /// Index of the header among the sheet's rows.
    header: usize,
    /// Key → index of the column.
    at: BTreeMap<String, usize>,
}

impl Column {
    /// A column with its usual headers.
    #[must_use]
    pub fn new(key: &str, zh: &str, en: &str, names: &[&str], required: bool) -> Self {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        Self { key: key.into(), zh: zh.into(), en: en.into(), names, required }
    }

    /// Every header it answers to, folded, the likeliest first.
    fn headers(&self) -> Vec<String> {
        let first = [&self.zh, &self.en, &self.key];
        first.into_iter().chain(&self.names).map(|name| plain(name)).collect()
    }
}

impl<'b> Table<'b> {
    /// The sheet and the row that name the columns best. Says which column is missing where none
    /// does, and which columns are not read where one does.
    pub fn bind(
        book: &'b Book,
        columns: &[Column],
        mapping: &Mapping,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        let candidates = book.sheets.iter().flat_map(|sheet| {
            (0..sheet.rows.len().min(HEADER_ROWS)).map(move |header| (sheet, header))
        });
        let mut best: Option<Bound<'b>> = None;
        for (sheet, header) in candidates {
            let bound = Bound::new(sheet, header, columns, mapping);
            if best.as_ref().is_none_or(|best| bound.rank() > best.rank()) {
                best = Some(bound);
            }
        }
        let best = best.filter(|best| !best.at.is_empty());
        let Some(best) = best else {
            problems.push(no_header(columns));
            return None;
        };
        problems.extend(best.problems(columns, mapping));
        let complete = best.missing.is_empty() && best.twice.is_empty();
        complete.then_some(Self { sheet: best.sheet, header: best.header, at: best.at })
    }

    /// The rows below the header.
    pub fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        self.rows().iter().map(|row| Line::new(self, row))
    }

    fn rows(&self) -> &'b [Row] {
        &self.sheet.rows[self.header + 1..]
    }

    fn spot(&self, row: u32, key: &str) -> Spot {
        let header = self.at.get(key).and_then(|at| self.sheet.rows[self.header].cells.get(*at));
        let column = header.map(|cell| cell.to_text().trim().into());
        Spot { sheet: self.sheet.name.clone(), row: Some(row), column }
    }
}

/// A row tried as the header.
struct Bound<'b> {
    sheet: &'b Sheet,
    header: usize,
    at: BTreeMap<String, usize>,
    missing: Vec<usize>,
    /// Column and the header that stands twice.
    twice: Vec<(usize, String)>,
    unused: Vec<String>,
}

impl<'b> Bound<'b> {
    fn new(sheet: &'b Sheet, header: usize, columns: &[Column], mapping: &Mapping) -> Self {
        let names: Vec<String> =
            sheet.rows[header].cells.iter().map(|cell| cell.to_text().trim().to_owned()).collect();
        let mut bound = Self {
            sheet,
            header,
            at: BTreeMap::new(),
            missing: vec![],
            twice: vec![],
            unused: vec![],
        };
        let forms = [plain as fn(&str) -> String, without_bracket]
            .map(|form| names.iter().map(|name| form(name)).collect::<Vec<_>>());
        let mut taken = BTreeSet::new();
        for (index, column) in columns.iter().enumerate() {
            let wanted = match mapping.get(&column.key) {
                Some(header) => vec![plain(header)],
                None => column.headers(),
            };
            match find(&forms, &wanted, &taken) {
                Found::One(at) => {
                    taken.insert(at);
                    bound.at.insert(column.key.clone(), at);
                }
                Found::Twice(at) => bound.twice.push((index, names[at].clone())),
                Found::None => {
                    if column.required || mapping.contains_key(&column.key) {
                        bound.missing.push(index);
                    }
                }
            }
        }
        let left = names
            .into_iter()
            .enumerate()
            .filter(|(at, name)| !taken.contains(at) && !name.is_empty());
        bound.unused = left.map(|(_, name)| name).collect();
        bound
    }

    /// Better: fewer required columns missing, then more columns found. The first of equals wins.
    fn rank(&self) -> (std::cmp::Reverse<usize>, usize) {
        (std::cmp::Reverse(self.missing.len()), self.at.len())
    }

    fn problems(&self, columns: &[Column], mapping: &Mapping) -> Vec<Problem> {
        let row = self.sheet.rows[self.header].number;
        let spot = Spot { sheet: self.sheet.name.clone(), row: Some(row), column: None };
        let unused = || self.unused.iter().take(MAX_LISTED).cloned().collect::<Vec<_>>().join("、");
        let mut problems = Vec::new();
        for index in &self.missing {
            problems.push(missing(&columns[*index], mapping, spot.clone(), &unused()));
        }
        for (index, name) in &self.twice {
            let (zh, en) = (&columns[*index].zh, &columns[*index].en);
            problems.push(Problem::error(
                Fault::ColumnTwice,
                spot.column(name),
                format!("有两列都叫“{name}”，不知道哪一列是“{zh}”；请改名或指定列"),
                format!(
                    "two columns are called {name}, so which is the {en}? rename one, or map it"
                ),
            ));
        }
        if self.missing.is_empty() && !self.unused.is_empty() {
            let names = unused();
            problems.push(Problem::note(
                Fault::ColumnUnused,
                spot,
                format!("以下列没有读取：{names}"),
                format!("these columns are not read: {names}"),
            ));
        }
        problems
    }
}

enum Found {
    One(usize),
    Twice(usize),
    None,
}

/// The first wanted header that stands in the row, whole or without its bracket: `户数（户）`.
fn find(forms: &[Vec<String>; 2], wanted: &[String], taken: &BTreeSet<usize>) -> Found {
    for names in forms {
        for wanted in wanted {
            let mut fits =
                (0..names.len()).filter(|at| !taken.contains(at) && names[*at] == *wanted);
            match (fits.next(), fits.next()) {
                (Some(at), None) => return Found::One(at),
                (Some(at), Some(_)) => return Found::Twice(at),
                (None, _) => {}
            }
        }
    }
    Found::None
}

/// A header as it is compared: folded, without blanks and the marks that forms add.
fn plain(header: &str) -> String {
    let marks = |c: &char| !c.is_whitespace() && !matches!(c, '*' | ':' | '_' | '-' | '.');
    fold(header).chars().filter(marks).collect()
}

fn without_bracket(header: &str) -> String {
    let folded = fold(header);
    let end = folded.find(['(', '[', '【']).filter(|at| *at > 0).unwrap_or(folded.len());
    plain(&folded[..end])
}

fn no_header(columns: &[Column]) -> Problem {
    let list = |name: fn(&Column) -> &str| {
        columns.iter().filter(|c| c.required).map(name).collect::<Vec<_>>()
    };
    let (zh, en) = (list(|c| &c.zh).join("、"), list(|c| &c.en).join(", "));
    Problem::error(
        Fault::NoHeader,
        Spot::default(),
        format!("前 {HEADER_ROWS} 行里没有表头；至少要有：{zh}"),
        format!("none of the first {HEADER_ROWS} rows names the columns; at least needed: {en}"),
    )
}

fn missing(column: &Column, mapping: &Mapping, spot: Spot, unused: &str) -> Problem {
    let names = match mapping.get(&column.key) {
        Some(header) => header.clone(),
        None => [&column.zh, &column.en]
            .into_iter()
            .chain(&column.names)
            .cloned()
            .collect::<Vec<_>>()
            .join("、"),
    };
    let (zh, en) = (&column.zh, &column.en);
    Problem::error(
        Fault::ColumnMissing,
        spot,
        format!("缺少“{zh}”列；可用的列名：{names}。文件里没有用上的列：{unused}"),
        format!(
            "there is no {en} column; it may be called: {names}. Columns of the file not used: {unused}"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{Options, read};

    fn columns() -> Vec<Column> {
        vec![
            Column::new("code", "代码", "code", &["区划代码", "编码"], true),
            Column::new("name", "名称", "name", &[], true),
            Column::new("households", "户数", "households", &[], false),
        ]
    }

    fn bind(text: &str, mapping: &[(&str, &str)]) -> (Option<Vec<String>>, Vec<Fault>) {
        let book = read(text.as_bytes(), &Options::default()).unwrap();
        let mapping = mapping.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        let mut problems = Vec::new();
        let table = Table::bind(&book, &columns(), &mapping, &mut problems);
        let found = table.map(|table| {
            let mut line = table.lines();
            let line = line.next().unwrap();
            ["code", "name", "households"].map(|key| line.cell(key).to_text()).into()
        });
        (found, problems.into_iter().map(|problem| problem.fault).collect())
    }

    fn row(cells: [&str; 3]) -> Option<Vec<String>> {
        Some(cells.map(str::to_owned).into())
    }

    #[test]
    fn headers_are_found_by_any_of_their_names_under_a_title() {
        let text =
            "徽城镇网格信息表\n单位：徽城镇\n ＊区划 代码,名称*,户数（户）,备注\n1,一网格,300,x\n";
        assert_eq!(bind(text, &[]), (row(["1", "一网格", "300"]), vec![Fault::ColumnUnused]));
        assert_eq!(bind("CODE,Name\n1,a", &[]), (row(["1", "a", ""]), vec![]));
    }

    #[test]
    fn a_mapping_goes_before_the_usual_names() {
        let text = "代码,旧代码,名称\n1,2,a\n";
        assert_eq!(bind(text, &[("code", "旧代码")]).0, row(["2", "a", ""]));
        assert_eq!(bind(text, &[("code", "没有")]).1, [Fault::ColumnMissing]);
        assert_eq!(bind(text, &[("households", "没有")]).1, [Fault::ColumnMissing]);
    }

    #[test]
    fn what_is_missing_or_twice_is_named() {
        assert_eq!(bind("代码,户数\n1,2", &[]), (None, vec![Fault::ColumnMissing]));
        assert_eq!(bind("代码,代码,名称\n1,2,3", &[]).1[0], Fault::ColumnTwice);
        assert_eq!(bind("a,b\n1,2", &[]), (None, vec![Fault::NoHeader]));
        assert_eq!(bind("编码,代码,名称\n1,2,3", &[]).0, row(["2", "3", ""]), "the likelier name");
    }
}
