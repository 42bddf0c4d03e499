//! What is told of a file: how much of it would do what, and what is wrong in which cell.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use serde::Deserialize;

use super::What;
use super::long::Given;
use crate::page::Page;

/// What begins a formula in some spreadsheet, in its full-width form too (S22).
const STARTS: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];

/// The page of a file: what it would do, or has done.
#[derive(Template)]
#[template(path = "operator/file.html")]
pub(super) struct Shown {
    pub(super) p: Page,
    pub(super) what: What,
    pub(super) told: Arc<Told>,
    /// The file itself, where it is a preview.
    pub(super) given: Arc<Given>,
}

/// What came of a file, or would.
#[derive(Deserialize)]
pub(super) struct Told {
    pub(super) dry_run: bool,
    pub(super) counts: BTreeMap<String, u64>,
    pub(super) problems: Vec<Problem>,
    pub(super) errors: u64,
    pub(super) warnings: u64,
    pub(super) notes: u64,
    #[serde(default)]
    pub(super) changes: Vec<Change>,
}

/// One thing that is wrong, and in which cell.
#[derive(Deserialize)]
pub(super) struct Problem {
    /// `error`, `warning`, `note`.
    pub(super) severity: String,
    pub(super) fault: String,
    pub(super) sheet: Option<String>,
    pub(super) row: Option<u32>,
    pub(super) column: Option<String>,
    pub(super) value: Option<String>,
    zh: String,
    en: String,
}

/// A place that is new, changed or ended.
#[derive(Deserialize)]
pub(super) struct Change {
    pub(super) name: String,
    pub(super) code: Option<String>,
    pub(super) kind: String,
}

/// The counts in the order in which people want them.
const ORDER: [&str; 10] = [
    "rows",
    "new",
    "opened",
    "appointments",
    "changed",
    "ended",
    "unchanged",
    "repeated",
    "skipped",
    "refused",
];

impl Told {
    pub(super) fn counts(&self) -> Vec<(&'static str, u64)> {
        let counts = ORDER.iter().filter_map(|name| Some((*name, *self.counts.get(*name)?)));
        counts.collect()
    }

    /// How many things would be done.
    pub(super) fn does(&self) -> u64 {
        let doing = ["new", "opened", "appointments", "changed", "ended"];
        doing.iter().filter_map(|name| self.counts.get(*name)).sum()
    }

    /// How many problems are not listed.
    pub(super) fn unlisted(&self) -> u64 {
        let all = self.errors + self.warnings + self.notes;
        all.saturating_sub(self.problems.len() as u64)
    }
}

impl Problem {
    pub(super) fn told(&self, page: &Page) -> &str {
        if page.is_english() { &self.en } else { &self.zh }
    }

    /// Its severity as a style.
    pub(super) fn style(&self) -> &'static str {
        match self.severity.as_str() {
            "error" => "failed",
            "warning" => "soon",
            _ => "none",
        }
    }

    pub(super) fn row(&self) -> String {
        self.row.map(|row| row.to_string()).unwrap_or_default()
    }
}

/// The problems as a sheet (CSV, RFC 4180, with a byte order mark for Excel).
pub(super) fn sheet(page: &Page, told: &Told) -> Vec<u8> {
    let header = [
        page.say("files-severity"),
        page.say("files-sheet"),
        page.say("files-row"),
        page.say("files-column"),
        page.say("files-value"),
        page.say("files-problem"),
    ];
    let mut text = String::from("\u{feff}");
    line(&mut text, header);
    for problem in &told.problems {
        let own = |text: &Option<String>| text.clone().unwrap_or_default();
        line(
            &mut text,
            [
                page.of("severity", &problem.severity),
                own(&problem.sheet),
                problem.row(),
                own(&problem.column),
                own(&problem.value),
                problem.told(page).to_owned(),
            ],
        );
    }
    text.into_bytes()
}

fn line(text: &mut String, cells: [String; 6]) {
    let quoted = cells.map(|cell| {
        let guard = if cell.starts_with(STARTS) { "'" } else { "" };
        format!("\"{guard}{}\"", cell.replace('"', "\"\""))
    });
    text.push_str(&quoted.join(","));
    text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s22_no_cell_of_the_sheet_of_problems_is_a_formula() {
        let mut text = String::new();
        let cells = ["=1+1", "＝2", "a\"b", "+8", "x", ""].map(str::to_owned);
        line(&mut text, cells);
        assert_eq!(text, "\"'=1+1\",\"'＝2\",\"a\"\"b\",\"'+8\",\"x\",\"\"\r\n");
    }
}
