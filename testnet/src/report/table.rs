//! Tables whose columns line up, with Chinese characters two columns wide as terminals have them.

/// A table in the making.
#[derive(Clone, Debug, Default)]
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these headings.
    #[must_use]
    pub fn of(headings: &[&str]) -> Self {
        Self { rows: vec![headings.iter().map(|text| (*text).to_owned()).collect()] }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// The table as text, each line with its end. Columns of numbers are set to the right.
    #[must_use]
    pub fn text(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let column = |at: usize| self.rows.iter().filter_map(move |row| row.get(at));
        let widths: Vec<usize> =
            (0..columns).map(|at| column(at).map(|cell| width(cell)).max().unwrap_or(0)).collect();
        let right: Vec<bool> =
            (0..columns).map(|at| column(at).skip(1).all(|cell| is_number(cell))).collect();
        let mut text = String::new();
        for row in &self.rows {
            let mut line = String::from(" ");
            for (at, cell) in row.iter().enumerate() {
                let pad = " ".repeat(widths[at] - width(cell));
                line.push(' ');
                line.push_str(&if right[at] { pad + cell } else { format!("{cell}{pad}") });
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

/// Columns that a text takes on a terminal.
fn width(text: &str) -> usize {
    text.chars().map(|c| if is_wide(c) { 2 } else { 1 }).sum()
}

/// CJK and full-width forms (Unicode, East Asian Width W and F, as far as they occur here).
fn is_wide(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}')
}

fn is_number(text: &str) -> bool {
    let digits =
        |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '%' | '-' | '/' | ' ' | '✓' | '✗');
    text.chars().all(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_with_chinese_in_them() {
        let mut table = Table::of(&["节点", "records"]);
        table.row(["歙县".to_owned(), "7".to_owned()]);
        table.row(["unit".to_owned(), "1,234".to_owned()]);
        assert_eq!(table.text(), "  节点 records\n  歙县       7\n  unit   1,234\n");
    }
}
