use std::path::Path;

use governance::policy::Policy;
use governance::territory::{Place, Territory};
use proptest::prelude::*;
use record::Subject;

use super::*;
use crate::table;

const TAIDI: &str = include_str!("../../../../config/imports/taidi2020.toml");
const SF311: &str = include_str!("../../../../config/imports/sf311.toml");
const HOTLINE: &str = include_str!("../../../../config/imports/hotline-12345.toml");
const POLICIES: [&str; 2] = [
    include_str!("../../../../config/policies/she-county.toml"),
    include_str!("../../../../config/policies/weinan.toml"),
];

fn now() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

fn source(text: &str) -> Source {
    Source::from_toml(text).unwrap()
}

fn import(bytes: &[u8], source: &Source) -> Import {
    let book = table::read(bytes, &source.options()).unwrap();
    read(&book, source, &Options { territory: None, now: now() })
}

fn errors(import: &Import) -> Vec<(Fault, Option<u32>)> {
    let errors = import.problems.iter().filter(|problem| problem.is_error());
    errors.map(|problem| (problem.fault, problem.spot.row)).collect()
}

/// A file of the letters' form.
fn letters(rows: &[[&str; 5]]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["留言编号", "留言用户", "留言主题", "留言时间", "留言详情"]).unwrap();
    rows.iter().for_each(|row| writer.write_record(row).unwrap());
    writer.into_inner().unwrap()
}

/// The folder of real files, on machines that have it.
fn real(path: &str) -> Option<Vec<u8>> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared").join(path)).ok()
}

#[test]
fn the_mappings_that_are_shipped_name_channels_and_categories_that_policies_have() {
    for policy in POLICIES {
        let policy = Policy::from_toml(policy).unwrap();
        for mapping in [TAIDI, SF311, HOTLINE] {
            assert_eq!(source(mapping).unknown_to(&policy), Vec::<String>::new(), "{}", policy.key);
        }
    }
    let other = source(&TAIDI.replace("\"other\"", "\"none\""));
    let policy = Policy::from_toml(POLICIES[0]).unwrap();
    assert_eq!(other.unknown_to(&policy), ["category: the policy has no \"none\""]);
}

#[test]
fn a_mapping_that_does_not_hang_together_is_refused_with_every_reason() {
    let wrong = |text: &str| match Source::from_toml(text) {
        Err(SourceError::Unsound(problems)) => problems.len(),
        Err(SourceError::Syntax(_) | SourceError::TooLarge(_)) => 100,
        Ok(_) => 0,
    };
    assert_eq!(wrong("key = 1"), 100);
    assert_eq!(wrong(&format!("{TAIDI}\nunknown = 1")), 100);
    assert_eq!(wrong(&TAIDI.replace("+08:00", "Asia/Shanghai")), 1);
    assert_eq!(
        wrong(
            &TAIDI
                .replace("taidi2020\"", "泰迪\"")
                .replace("[\"留言主题\"]", "[]")
                .replace("[\"留言详情\"]", "[]")
        ),
        2
    );
    assert_eq!(wrong(&SF311.replace("longitude = \"longitude\"\n", "")), 2);
    assert_eq!(wrong(&HOTLINE.replace("intake = \"待受理\"\n", "")), 1);
}

#[test]
fn every_row_is_a_report_or_a_named_error() {
    let long = "长".repeat(10_001);
    let title = "题".repeat(300);
    let bytes = letters(&[
        ["1", "A0001", "路灯不亮", "2019/2/28 11:25:05", "\n\t\u{3000}三天了\r\n没人管 \n"],
        ["1", "A0001", "路灯不亮", "2019/2/28 11:25:05", "三天了\n没人管"],
        ["1", "A0001", "路灯亮了", "2019/2/28 11:25:05", "三天了"],
        ["", "A0001", "路灯", "2019/2/28 11:25:05", "x"],
        ["3", "A0001", "路灯", "昨天", "x"],
        ["4", "A0001", "路灯", "2029/2/28 11:25:05", "x"],
        ["5", "A0001", " ", "2019/2/28 11:25:05", "\u{3000}"],
        ["6", "A0001", "响铃\u{7}", "2019/2/28 11:25:05", "x"],
        ["7", "A0001", "x", "2019/2/28 11:25:05", &long],
        ["8", "A0001", &title, "2019-06-08 17:31:20", "x"],
        ["9", "", "", "", "只有详情\n第二行"],
    ]);
    let import = import(&bytes, &source(TAIDI));
    assert_eq!(
        errors(&import),
        [
            (Fault::Conflict, Some(4)),
            (Fault::Empty, Some(5)),
            (Fault::NotATime, Some(6)),
            (Fault::Future, Some(7)),
            (Fault::Empty, Some(8)),
            (Fault::ControlCharacter, Some(9)),
            (Fault::TooLong, Some(10)),
        ]
    );
    assert_eq!(
        import.counts,
        Counts { reports: 3, repeated: 1, refused: 7, zero_points: 0, shortened: 1 }
    );
    let first = &import.reports[0];
    assert_eq!(
        (first.origin.number.as_str(), first.report.description.as_str()),
        ("1", "三天了\n没人管")
    );
    assert_eq!(first.report.happened.unwrap().to_string(), "2019-02-28T03:25:05.000Z");
    let second = &import.reports[1].report;
    assert_eq!(second.title.chars().count(), 200);
    assert!(second.description.starts_with(&title));
    assert_eq!(import.reports[2].report.title, "只有详情");
}

#[test]
fn a_source_without_numbers_is_known_by_its_words() {
    let mapping = TAIDI.replace("id = \"留言编号\"\n", "");
    let source = source(&mapping);
    let bytes = letters(&[
        ["1", "路灯", "不亮", "2019-06-08", "匿名"],
        ["2", "路灯", "不亮", "2019-06-08", "匿名"],
        ["3", "路灯", "不亮了", "2019-06-08", "匿名"],
    ]);
    let import = import(&bytes, &source);
    assert_eq!(errors(&import), []);
    assert_eq!((import.counts.reports, import.counts.repeated), (2, 1));
    let numbers: Vec<&str> = import.reports.iter().map(|r| r.origin.number.as_str()).collect();
    assert!(numbers[0] != numbers[1] && numbers.iter().all(|number| number.len() == 32));
    let one_way = HOTLINE.replace("id = \"工单编号\"\n", "");
    assert!(Source::from_toml(&one_way).is_err(), "what has no number can't be told back");
}

const REQUESTS: &str = "unique_key,created_date,closed_date,status,status_notes,agency_name,category,complaint_type,descriptor,incident_address,neighborhood,source,latitude,longitude";

#[test]
fn points_and_times_that_cannot_be_are_named_and_zero_is_what_the_mapping_says() {
    let rows = "\
1,2016-07-13 15:11:07+00:00,2016-07-14 12:13:22+00:00,Closed,Done,PUC,Sewer Issues,Odor,Catch basin,1 Main St,Mission,Phone,37.75,-122.41
2,2016-07-13 15:11:07+00:00,2016-07-12 12:13:22+00:00,Closed,Done,PUC,Sewer Issues,Odor,Catch basin,1 Main St,,Web,0.0,0.0
3,2016-07-13 15:11:07,,Open,Done,PUC,Sewer Issues,Odor,Catch basin,1 Main St,,Web,0.0,0.0
4,2016-07-13 15:11:07+00:00,,Open,Done,PUC,Noise Report,Odor,Catch basin,1 Main St,,Fax,0.0,0.0
5,2016-07-13 15:11:07+00:00,,Open,Done,PUC,Noise Report,Odor,Catch basin,1 Main St,,Web,-122.41,37.75
6,2016-07-13 15:11:07+00:00,,Open,Done,PUC,Noise Report,Odor,Catch basin,1 Main St,,Web,37.75,
7,2016-07-13 15:11:07+00:00,2016-07-13,Closed,Done,PUC,Noise Report,Odor,Catch basin,1 Main St,,Web,,
";
    let text = format!("{REQUESTS}\n{rows}");
    let zoned = SF311.replace("name_en", "zone = \"-08:00\"\nname_en");
    let found = import(text.as_bytes(), &source(SF311));
    assert_eq!(
        errors(&found),
        [
            (Fault::EndBeforeStart, Some(3)),
            (Fault::NoZone, Some(4)),
            (Fault::BadGeometry, Some(6)),
            (Fault::HalfPoint, Some(7)),
            (Fault::NoZone, Some(8)),
        ]
    );
    let first = &found.reports[0].report;
    assert_eq!((first.channel.as_str(), first.category.as_deref()), ("hotline", Some("facility")));
    assert_eq!(first.title, "Sewer Issues · Catch basin");
    assert_eq!(first.description, "Odor\nCatch basin\nDone\nagency：PUC\nneighborhood：Mission");
    assert!(first.point.is_some());
    assert_eq!(found.reports[1].report.channel, "counter", "another channel than those listed");
    assert_eq!(found.counts.zero_points, 1);
    // A day lasts until its end: closed on the day it was opened is not before.
    assert_eq!(import(text.as_bytes(), &source(&zoned)).counts.refused, 3);
    let strict = SF311
        .replace("zero = \"absent\"", "zero = \"error\"")
        .replace("\notherwise = \"counter\"", "");
    let faults: Vec<Fault> = errors(&import(text.as_bytes(), &source(&strict)))
        .into_iter()
        .map(|(fault, _)| fault)
        .collect();
    assert!(faults.contains(&Fault::ZeroPoint) && faults.contains(&Fault::UnknownChannel));
}

#[test]
fn c9_work_orders_come_in_as_workbook_or_json_with_their_grid() {
    let place = |number: u8, level: &str, code: &str, name: &str, parent| Place {
        id: Subject::from_bytes([number; 16]),
        level: level.into(),
        code: Some(code.parse().unwrap()),
        name: name.into(),
        parent,
        households: None,
        boundary: None,
        valid_from: Timestamp::EPOCH,
        valid_until: None,
    };
    let community = place(1, "community", "341021100003", "城东社区", None);
    let grid = place(2, "grid", "341021100003001", "一网格", Some(community.id));
    let territory = Territory::from_places([community, grid]).unwrap();
    let source = source(HOTLINE);
    let header = ["工单编号", "诉求内容", "受理时间", "联系电话", "所属网格", "诉求类型"];
    let rows = [
        [
            "20240601-0007",
            "小区门口路灯坏了",
            "2024-06-01 08:00:00",
            "13800138000",
            "341021100003001",
            "公共设施",
        ],
        ["20240601-0008", "楼上漏水", "2024-06-01 09:00:00", "", "九网格", "没听过的"],
    ];
    let text = |cell: &&str| (*cell).to_owned();
    let table = table::write::Written {
        header: header.iter().map(text).collect(),
        rows: rows.iter().map(|row| row.iter().map(text).collect()).collect(),
    };
    for format in [table::Format::Xlsx, table::Format::Json, table::Format::Csv] {
        let bytes = table.to_bytes(format).unwrap();
        let book = table::read(&bytes, &source.options()).unwrap();
        let import = read(&book, &source, &Options { territory: Some(&territory), now: now() });
        assert_eq!(errors(&import), []);
        let reports: Vec<&Report> =
            import.reports.iter().map(|imported| &imported.report).collect();
        assert_eq!(reports[0].place, Some(Subject::from_bytes([2; 16])));
        assert_eq!(
            (reports[0].channel.as_str(), reports[0].category.as_deref()),
            ("hotline", Some("facility"))
        );
        assert_eq!(reports[0].contact_phone.as_deref(), Some("13800138000"));
        assert_eq!((reports[1].place, reports[1].category.as_deref()), (None, Some("other")));
        assert!(import.problems.iter().any(|problem| problem.fault == Fault::UnknownPlace));
        assert_eq!(import.reports[0].origin.source, "hotline-12345");
        assert_eq!(import.reports[0].origin.number, "20240601-0007");
    }
}

#[test]
fn the_real_letters_all_become_reports_and_twice_gives_no_doubles() {
    let Some(bytes) = real("data/complaints/taidi2020_messages_votes.csv") else { return };
    let source = source(TAIDI);
    let first = import(&bytes, &source);
    assert_eq!(errors(&first), []);
    assert_eq!(first.counts, Counts { reports: 4_326, ..Counts::default() });
    let again = import(&bytes, &source);
    assert!(first.reports == again.reports, "the same keys and the same reports");
    let longest = first.reports.iter().map(|r| r.report.description.chars().count()).max().unwrap();
    assert!(longest > 6_900, "{longest}");
    // The file after itself, as one who appends would send it.
    let body = bytes.iter().position(|byte| *byte == b'\n').unwrap();
    let twice = import(&[&bytes, &bytes[body + 1..]].concat(), &source);
    assert_eq!((twice.counts.reports, twice.counts.repeated), (4_326, 4_326));
}

#[test]
fn the_real_service_requests_become_reports_or_named_errors() {
    let Some(bytes) = real("data/311/sf311_10k.csv") else { return };
    let found = import(&bytes, &source(SF311));
    assert_eq!(found.counts.reports + found.counts.refused, 10_000);
    assert!(errors(&found).iter().all(|(fault, _)| *fault == Fault::EndBeforeStart));
    assert_eq!(errors(&found).len(), 17);
    assert_eq!(found.counts.zero_points, 4_264 - zero_and_wrong(&bytes));
}

/// Rows both with zero coordinates and closed before they were opened.
fn zero_and_wrong(bytes: &[u8]) -> usize {
    let mut reader = csv::Reader::from_reader(bytes);
    let header = reader.headers().unwrap().clone();
    let at = |name| header.iter().position(|h| h == name).unwrap();
    let (opened, closed, lat) = (at("created_date"), at("closed_date"), at("latitude"));
    let rows = reader.records().map(Result::unwrap);
    rows.filter(|row| row[lat] == *"0.0" && !row[closed].is_empty() && row[closed] < row[opened])
        .count()
}

#[test]
fn naughty_strings_are_kept_as_they_are_or_refused_by_name() {
    let bytes = include_bytes!("../../../../tests/vectors/naughty_strings.json");
    let strings: Vec<String> = serde_json::from_slice(bytes).unwrap();
    let numbers: Vec<String> = (0..strings.len()).map(|number| number.to_string()).collect();
    let rows: Vec<[&str; 5]> = numbers
        .iter()
        .zip(&strings)
        .map(|(number, text)| [number.as_str(), "", "题", "", text.as_str()])
        .collect();
    let import = import(&letters(&rows), &source(TAIDI));
    assert_eq!(import.counts.reports + import.counts.refused, strings.len());
    assert!(errors(&import).iter().all(|(fault, _)| *fault == Fault::ControlCharacter));
    for imported in &import.reports {
        let sent = crate::text::trim(&strings[imported.origin.number.parse::<usize>().unwrap()])
            .replace("\r\n", "\n")
            .replace('\r', "\n");
        let expected = if sent.is_empty() { "题" } else { &sent };
        assert!(imported.report.description == expected, "{:?}", imported.report.description);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_row_is_counted_once_and_what_is_taken_passes_the_rules(
        rows in prop::collection::vec(("[0-3]{0,1}", ".{0,10}", ".{0,10}", "(2019-06-08 1[0-9]:31:20|2019/6/8|x|)", ".{0,30}"), 1..20),
    ) {
        let cells: Vec<[&str; 5]> = rows.iter().map(|(a, b, c, d, e)| [a.as_str(), b.as_str(), c.as_str(), d.as_str(), e.as_str()]).collect();
        let filled = cells.iter().filter(|row| row.iter().any(|cell| !cell.trim().is_empty())).count();
        let import = import(&letters(&cells), &source(TAIDI));
        let counts = import.counts;
        prop_assert_eq!(counts.reports + counts.repeated + counts.refused, filled);
        prop_assert_eq!(counts.reports, import.reports.len());
        for imported in import.reports {
            prop_assert!(governance::act::Act::Report(Box::new(imported.report)).check().is_ok());
        }
    }
}
