use std::io::{Cursor, Write};

use proptest::prelude::*;
use rust_xlsxwriter::{ExcelDateTime, Format as Style, Workbook};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;

fn workbook(fill: impl FnOnce(&mut Workbook)) -> Vec<u8> {
    let mut book = Workbook::new();
    fill(&mut book);
    book.save_to_buffer().unwrap()
}

fn texts(sheet: &Sheet) -> Vec<Vec<String>> {
    sheet.rows.iter().map(|row| row.cells.iter().map(Cell::to_text).collect()).collect()
}

fn fault(bytes: &[u8], limits: Limits) -> Fault {
    read(bytes, &Options { limits, ..Options::default() }).err().unwrap().fault
}

/// A workbook of one sheet with the given parts in place of the usual ones.
fn raw(sheet: &str, strings: &str) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let relation = |kind: &str, id: &str, target: &str| {
        format!(
            r#"<Relationship Id="{id}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}" Target="{target}"/>"#
        )
    };
    let list = |inner: String| format!("<Relationships>{inner}</Relationships>");
    let parts = [
        ("_rels/.rels", list(relation("officeDocument", "r1", "xl/workbook.xml"))),
        ("xl/_rels/workbook.xml.rels", list(relation("worksheet", "r1", "worksheets/sheet1.xml"))),
        (
            "xl/workbook.xml",
            r#"<workbook><sheets><sheet name="表" sheetId="1" r:id="r1"/></sheets></workbook>"#
                .into(),
        ),
        ("xl/sharedStrings.xml", strings.into()),
        (
            "xl/worksheets/sheet1.xml",
            format!("<worksheet><sheetData>{sheet}</sheetData></worksheet>"),
        ),
    ];
    for (name, content) in parts {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn a_workbook_gives_text_numbers_times_and_flags_of_its_visible_sheets() {
    let bytes = workbook(|book| {
        let sheet = book.add_worksheet().set_name("网格").unwrap();
        sheet.write_string(1, 0, "代码").unwrap();
        sheet.write_string(1, 2, "𠮷名").unwrap();
        sheet.write_number(3, 0, 341_021_100_003_001_f64).unwrap();
        sheet.write_number(3, 1, 29.861_5).unwrap();
        sheet.write_boolean(3, 2, true).unwrap();
        let time = ExcelDateTime::from_ymd(2019, 6, 8).unwrap().and_hms(17, 31, 20).unwrap();
        let style = Style::new().set_num_format("yyyy-mm-dd hh:mm:ss");
        sheet.write_datetime_with_format(3, 3, &time, &style).unwrap();
        sheet.write_number(4, 0, 123_456_789_012_345_678_f64).unwrap();
        for (column, serial) in [(1, 0.5), (2, 1e300), (3, -7.0)] {
            sheet.write_number_with_format(4, column, serial, &style).unwrap();
        }
        let hidden = book.add_worksheet().set_name("字典").unwrap();
        hidden.set_hidden(true);
        hidden.write_string(0, 0, "x").unwrap();
    });
    let found = read(&bytes, &Options::default()).unwrap();
    assert_eq!((found.format, found.sheets.len()), (Format::Xlsx, 1));
    let sheet = &found.sheets[0];
    assert_eq!(sheet.name.as_deref(), Some("网格"));
    let numbers: Vec<_> = sheet.rows.iter().map(|row| row.number).collect();
    assert_eq!(numbers, [2, 4, 5]);
    let cells = texts(sheet);
    assert_eq!(cells[0], ["代码", "", "𠮷名"]);
    assert_eq!(cells[1], ["341021100003001", "29.8615", "TRUE", "2019-06-08 17:31:20"]);
    assert!(sheet.rows[2].cells[0] == Cell::Bad(Bad::Digits), "18 digits are not what was meant");
    assert!(
        sheet.rows[2].cells[1..].iter().all(|cell| *cell == Cell::Bad(Bad::Formula)),
        "no such day"
    );

    let named = Options { sheet: Some("字典".into()), ..Options::default() };
    assert_eq!(texts(&read(&bytes, &named).unwrap().sheets[0]), [["x"]]);
    let missing = Options { sheet: Some("没有".into()), ..Options::default() };
    assert_eq!(read(&bytes, &missing).err().unwrap().fault, Fault::NoSheet);
}

#[test]
fn a_stray_cell_far_out_is_refused_and_takes_no_memory() {
    let far = raw(
        r#"<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>"#,
        "<sst></sst>",
    );
    assert_eq!(fault(&far, Limits::default()), Fault::TooManyCells);
    let wide = raw(r#"<row r="9"><c r="CZ9"><v>1</v></c></row>"#, "<sst></sst>");
    assert_eq!(fault(&wide, Limits { cells: 50, ..Limits::default() }), Fault::TooManyCells);
    let down = raw(r#"<row r="1048576"><c r="A1048576"><v>1</v></c></row>"#, "<sst></sst>");
    let sheets = read(&down, &Options::default()).unwrap().sheets;
    assert_eq!((sheets[0].rows.len(), sheets[0].rows[0].number), (1, 1_048_576));
}

#[test]
fn what_a_workbook_claims_or_unpacks_to_is_bounded_before_it_is_read() {
    let sheet = r#"<row r="1"><c r="A1" t="s"><v>0</v></c></row>"#;
    let honest = raw(sheet, r#"<sst uniqueCount="1"><si><t>好</t></si></sst>"#);
    assert_eq!(texts(&read(&honest, &Options::default()).unwrap().sheets[0]), [["好"]]);
    let claim = raw(sheet, r#"<sst uniqueCount="99999999999"><si><t>好</t></si></sst>"#);
    assert_eq!(fault(&claim, Limits::default()), Fault::Unpacked);
    // 40 MB of blanks in some 40 kB.
    let bomb = raw(&" ".repeat(40 << 20), "<sst></sst>");
    assert!(bomb.len() < 200 << 10);
    assert_eq!(fault(&bomb, Limits { unpacked: 32 << 20, ..Limits::default() }), Fault::Unpacked);
    let strings = raw(sheet, &format!("<sst>{}</sst>", "<si/>".repeat(1_000)));
    assert_eq!(fault(&strings, Limits { cells: 100, ..Limits::default() }), Fault::Unpacked);
}

#[test]
fn what_is_no_workbook_says_what_to_do() {
    assert_eq!(fault(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1old", Limits::default()), Fault::OldFormat);
    assert_eq!(fault(b"PK\x03\x04torn", Limits::default()), Fault::Unreadable);
    assert_eq!(fault(&[0; 100], Limits { file: 99, ..Limits::default() }), Fault::FileTooLarge);
    assert_eq!(fault(b"", Limits::default()), Fault::NoSheet);
    assert_eq!(fault(b"\n ,\n", Limits::default()), Fault::NoSheet);
    let broken = raw(r#"<row r="1"><c r="A1" t="s"><v>7</v></c></row>"#, "<sst></sst>");
    assert_eq!(fault(&broken, Limits::default()), Fault::Unreadable);
}

#[test]
fn cells_over_the_bound_are_marked_and_not_kept() {
    let limits = Limits { text: 3, ..Limits::default() };
    let book = read("a\n一二三\n一二三四".as_bytes(), &Options { limits, ..Options::default() });
    let rows = &book.unwrap().sheets[0].rows;
    assert_eq!(rows[1].cells[0].to_text(), "一二三");
    assert!(rows[2].cells[0] == Cell::Bad(Bad::Long(4)));
}

#[test]
fn the_format_is_told_from_the_first_bytes() {
    assert_eq!(sniff(b"[{\"a\":1}]"), Format::Json);
    assert_eq!(sniff(b"\xef\xbb\xbf {\"rows\":[]}"), Format::Json);
    assert_eq!(sniff(b"[id],name"), Format::Csv);
    assert_eq!(sniff(b"PK\x03\x04"), Format::Xlsx);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(&bytes, &Options::default());
        let _ = read(&bytes, &Options { format: Some(Format::Xlsx), ..Options::default() });
        let _ = read(&bytes, &Options { format: Some(Format::Json), ..Options::default() });
    }

    #[test]
    fn a_damaged_workbook_is_read_or_refused(at in 0..3_000_usize, bit in 0..8_u8, cut in 0..3_000_usize) {
        let mut bytes = raw(r#"<row r="1"><c r="A1" t="s"><v>0</v></c></row>"#, r#"<sst uniqueCount="1"><si><t>好</t></si></sst>"#);
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= 1 << bit;
        }
        let _ = read(&bytes, &Options::default());
        bytes.truncate(cut);
        let _ = read(&bytes, &Options::default());
    }
}
