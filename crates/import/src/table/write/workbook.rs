//! The smallest workbook there is (ECMA-376 part 1): one sheet of text cells, the header bold and
//! frozen. A library for it takes longer to build than all that reads workbooks.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use zip::ZipWriter;
use zip::result::ZipError;
use zip::write::SimpleFileOptions;

use super::Written;

/// What a workbook can hold: rows, columns, and characters (UTF-16 units) of a cell.
const MAX_ROWS: usize = 1_048_576;
const MAX_COLUMNS: usize = 16_384;
const MAX_TEXT: usize = 32_767;

const START: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
const TYPE: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml";

/// Whether a workbook can hold the table.
pub(super) fn fits(table: &Written) -> bool {
    let rows = || [&table.header].into_iter().chain(&table.rows);
    let short = |cell: &String| cell.len() <= MAX_TEXT || cell.encode_utf16().count() <= MAX_TEXT;
    table.rows.len() < MAX_ROWS
        && rows().all(|row| row.len() <= MAX_COLUMNS && row.iter().all(short))
}

/// The workbook. It says no time of its making, so that the same table is the same file.
pub(super) fn write(table: &Written) -> Result<Vec<u8>, ZipError> {
    let relation = |id: &str, kind: &str, target: &str| {
        format!("<Relationship Id=\"{id}\" Type=\"{OFFICE}/{kind}\" Target=\"{target}\"/>")
    };
    let relations = |inner: String| {
        format!("<Relationships xmlns=\"{PACKAGE}/relationships\">{inner}</Relationships>")
    };
    let part = |name: &str, kind: &str| {
        format!("<Override PartName=\"/xl/{name}.xml\" ContentType=\"{TYPE}.{kind}+xml\"/>")
    };
    let sheet = relation("r1", "worksheet", "worksheets/sheet1.xml");
    let styles = relation("r2", "styles", "styles.xml");
    let types = format!(
        "<Types xmlns=\"{PACKAGE}/content-types\"><Default Extension=\"rels\" \
         ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>{}{}{}</Types>",
        part("workbook", "sheet.main"),
        part("worksheets/sheet1", "worksheet"),
        part("styles", "styles"),
    );
    let workbook = format!(
        "<workbook xmlns=\"{MAIN}\" xmlns:r=\"{OFFICE}\"><sheets>\
         <sheet name=\"Sheet1\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>"
    );
    let parts = [
        ("[Content_Types].xml", types),
        ("_rels/.rels", relations(relation("r1", "officeDocument", "xl/workbook.xml"))),
        ("xl/workbook.xml", workbook),
        ("xl/_rels/workbook.xml.rels", relations(sheet + &styles)),
        ("xl/styles.xml", style_sheet()),
        ("xl/worksheets/sheet1.xml", sheet_of(table)),
    ];
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        archive.start_file(name, SimpleFileOptions::default())?;
        archive.write_all(START.as_bytes())?;
        archive.write_all(content.as_bytes())?;
    }
    Ok(archive.finish()?.into_inner())
}

/// Two styles: plain, and bold for the header.
fn style_sheet() -> String {
    let font = |bold: &str| format!("<font>{bold}<sz val=\"11\"/><name val=\"Calibri\"/></font>");
    let style = |font: u8, more: &str| {
        format!("<xf numFmtId=\"0\" fontId=\"{font}\" fillId=\"0\" borderId=\"0\"{more}/>")
    };
    format!(
        "<styleSheet xmlns=\"{MAIN}\"><fonts count=\"2\">{}{}</fonts>\
         <fills count=\"2\"><fill><patternFill patternType=\"none\"/></fill>\
         <fill><patternFill patternType=\"gray125\"/></fill></fills>\
         <borders count=\"1\"><border/></borders>\
         <cellStyleXfs count=\"1\">{}</cellStyleXfs><cellXfs count=\"2\">{}{}</cellXfs>\
         <cellStyles count=\"1\"><cellStyle name=\"Normal\" xfId=\"0\" builtinId=\"0\"/></cellStyles>\
         </styleSheet>",
        font(""),
        font("<b/>"),
        style(0, ""),
        style(0, " xfId=\"0\""),
        style(1, " xfId=\"0\" applyFont=\"1\""),
    )
}

fn sheet_of(table: &Written) -> String {
    let mut xml = format!(
        "<worksheet xmlns=\"{MAIN}\"><sheetViews><sheetView workbookViewId=\"0\">\
         <pane ySplit=\"1\" topLeftCell=\"A2\" activePane=\"bottomLeft\" state=\"frozen\"/>\
         </sheetView></sheetViews><sheetData>"
    );
    for (number, row) in (1..).zip([&table.header].into_iter().chain(&table.rows)) {
        let style = if number == 1 { " s=\"1\"" } else { "" };
        write!(xml, "<row r=\"{number}\">").expect("a string takes everything");
        for (column, cell) in row.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
            let letters = letters(column);
            write!(
                xml,
                "<c r=\"{letters}{number}\" t=\"inlineStr\"{style}><is><t xml:space=\"preserve\">"
            )
            .expect("a string takes everything");
            escape(cell, &mut xml);
            xml.push_str("</t></is></c>");
        }
        xml.push_str("</row>");
    }
    xml.push_str("</sheetData></worksheet>");
    xml
}

/// A column as spreadsheets name it: A to Z, AA and so on.
fn letters(column: usize) -> String {
    let mut rest = column + 1;
    let mut letters = Vec::new();
    while rest > 0 {
        let digit = u8::try_from((rest - 1) % 26).expect("a remainder of 26");
        letters.insert(0, char::from(b'A' + digit));
        rest = (rest - 1) / 26;
    }
    letters.into_iter().collect()
}

/// Text within XML. What XML can't hold is written as `_x0007_` (§22.9.2.19, ST_Xstring), and what
/// looks like that gets its underscore written so.
fn escape(text: &str, xml: &mut String) {
    for (at, c) in text.char_indices() {
        match c {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '_' if looks_escaped(&text[at..]) => xml.push_str("_x005F_"),
            '\n' | '\t' => xml.push(c),
            '\u{fffe}' | '\u{ffff}' => xml.push('\u{fffd}'),
            c if c.is_control() => {
                write!(xml, "_x{:04X}_", u32::from(c)).expect("a string takes everything");
            }
            c => xml.push(c),
        }
    }
}

fn looks_escaped(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 7
        && bytes[1] == b'x'
        && bytes[2..6].iter().all(u8::is_ascii_hexdigit)
        && bytes[6] == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_named_as_in_a_spreadsheet() {
        let named = [0, 25, 26, 51, 52, 701, 702, 16_383].map(letters);
        assert_eq!(named, ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA", "XFD"]);
    }

    #[test]
    fn what_xml_cannot_hold_is_escaped() {
        let mut xml = String::new();
        escape("<a&b>\u{7}_x0041_ _x\r\n", &mut xml);
        assert_eq!(xml, "&lt;a&amp;b&gt;_x0007__x005F_x0041_ _x_x000D_\n");
    }
}
