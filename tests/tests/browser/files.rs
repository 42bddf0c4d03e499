//! Files in and out by the operator's page (proof 9).

use std::path::Path;

use import::table::Format;
use import::table::write::Written;
use serde_json::{Value, json};

use crate::driver::{Browser, DESK, Kind};
use crate::house::House;
use crate::until;

/// A workbook in which ids were spoilt as spreadsheets spoil them, and one row is sound.
fn workbook() -> Vec<u8> {
    let row = |cells: [&str; 5]| cells.map(str::to_owned).to_vec();
    let table = Written {
        header: row(["网格编码", "网格名称", "类型", "所属社区", "户数"]),
        rows: vec![
            row(["3.41021E+14", "三网格", "网格", "341021100001", "320"]),
            row(["34102110000100X", "四网格", "网格", "341021100001", "410"]),
            row(["341021100001005", "五网格", "网格", "341021100001", "很多"]),
            row(["341021100001006", "六网格", "网格", "341021100001", "400"]),
        ],
    };
    table.to_bytes(Format::Xlsx).expect("a workbook can be written")
}

/// Buildings within the first grid, their points in GCJ-02, the text in GBK.
const GBK: &[u8] = include_bytes!("../../vectors/buildings-gbk-gcj02.csv");

/// Chooses a file of places and asks for the preview; `system` as the form has it.
async fn preview(browser: &Browser, path: &Path, system: &str) {
    browser.open("/operator/files").await;
    let file = browser.find("#file-places").await;
    file.send_keys(&path.display().to_string()).await.expect("a file can be chosen");
    let choice = browser.find("#system").await;
    choice.select_by_value(system).await.expect("a system can be chosen");
    browser.click("form[action$=places][enctype] button").await;
    browser.find("#counts").await;
}

async fn count(browser: &Browser, name: &str) -> String {
    browser.words(&format!("#counts [data-count={name}] strong")).await
}

/// How many places the node has.
async fn places(house: &House) -> usize {
    let listed = house.community.operator().get("/v1/places?limit=1000").await;
    listed["items"].as_array().expect("places").len()
}

/// The bytes that a form's answer has, sent from the page itself.
async fn fetched(browser: &Browser, form: &str, more: Value) -> Vec<u8> {
    let script = "const form = document.querySelector(arguments[0]); \
        const data = new FormData(form); \
        for (const [name, value] of Object.entries(arguments[1])) data.set(name, value); \
        return fetch(form.action, { method: 'POST', body: data }) \
          .then((answer) => answer.arrayBuffer()).then((bytes) => [...new Uint8Array(bytes)])";
    let bytes = browser.script(script, vec![form.into(), more]).await;
    let byte = |value: &Value| value.as_u64().and_then(|byte| u8::try_from(byte).ok());
    bytes.as_array().expect("bytes").iter().map(|value| byte(value).expect("a byte")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_file_is_told_by_its_cell_before_anything_is_stored_and_comes_back_the_same()
 {
    let house = House::build().await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let kept = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("written");
        path
    };
    let browser = house.signed_in(DESK, "admin").await;
    let before = places(&house).await;

    // Ids that a spreadsheet has spoilt: each named by row and column, in words.
    preview(&browser, &kept("grids.xlsx", &workbook()), "").await;
    for (row, column, value) in
        [(2, "网格编码", "3.41021e+14"), (3, "网格编码", "34102110000100x"), (4, "户数", "很多")]
    {
        let told = browser.words(&format!("#problems tr[data-row='{row}']")).await;
        let told = told.to_lowercase();
        assert!(told.contains(column) && told.contains(value) && told.contains("错误"), "{told}");
        assert!(told.contains(&format!("第 {row} 行")), "{told}");
    }
    assert_eq!(places(&house).await, before, "a preview stores nothing");
    assert_eq!(count(&browser, "rows").await, "4");
    assert_eq!(crate::reach::faults(&browser, "file").await, Vec::<String>::new());
    crate::look::keep(&browser, "operator-file-1440-light").await;
    let sheet = fetched(&browser, "form.actions", json!({ "step": "errors" })).await;
    let sheet = String::from_utf8(sheet).expect("text");
    assert_eq!(sheet.lines().count(), 4, "{sheet}");
    assert!(sheet.to_lowercase().contains("34102110000100x"), "{sheet}");
    browser.click("button[value=apply]").await;
    until("the sound row is taken", async || places(&house).await == before + 1).await;

    // Coordinates without a system are no coordinates; of the wrong one, they are doubted.
    let buildings = kept("buildings.csv", GBK);
    preview(&browser, &buildings, "").await;
    let told = browser.words("#problems tr[data-fault=no_system]").await;
    assert!(told.contains("经度") && told.contains("坐标系"), "{told}");
    assert!(!browser.has("button[value=apply]").await, "there is nothing to be taken");
    preview(&browser, &buildings, "wgs84").await;
    let told = browser.words("#problems tr[data-fault=likely_system]").await;
    assert!(told.contains("GCJ-02"), "{told}");
    assert_eq!(places(&house).await, before + 1, "a warning stores nothing");
    preview(&browser, &buildings, "gcj02").await;
    assert!(!browser.has("#problems tr[data-fault=likely_system]").await);
    let words = browser.words("#places").await;
    assert!(words.contains("一号楼"), "GBK is read: {words}");
    assert_eq!(count(&browser, "new").await, "4");
    browser.click("button[value=apply]").await;
    until("the buildings are there", async || places(&house).await == before + 5).await;

    // Out and in again: nothing changes, and what goes out next is the same, byte for byte.
    browser.open("/operator/files").await;
    let form = "form[action$='export/places']";
    let first = fetched(&browser, form, json!({ "format": "csv" })).await;
    assert!(first.starts_with(b"\xef\xbb\xbf") && first.len() > 500);
    preview(&browser, &kept("back.csv", &first), "wgs84").await;
    assert_eq!(count(&browser, "unchanged").await, (before + 5).to_string());
    assert!(!browser.has("button[value=apply]").await, "there is nothing to change");
    browser.open("/operator/files").await;
    assert!(fetched(&browser, form, json!({ "format": "csv" })).await == first);
    let complaints = browser.complaints().await;
    assert!(complaints.is_empty(), "{complaints:?}");
    browser.close().await;
}

/// People enough that bringing them in takes a while.
const MANY: usize = 4_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_long_import_says_how_far_it_is_and_its_outcome_without_scripts_too() {
    let house = House::build().await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (number, kind) in [(1, DESK), (2, Kind { scripts: false, ..DESK })] {
        let rows =
            (0..MANY).map(|at| format!("演示{number}号{at},139{number}{at:07},社区工作者\n"));
        let path = folder.path().join(format!("{number}.csv"));
        std::fs::write(&path, format!("姓名,电话,角色\n{}", rows.collect::<String>()))
            .expect("written");
        let browser = house.signed_in(kind, "admin").await;
        browser.open("/operator/files").await;
        let file = browser.find("#file-people").await;
        file.send_keys(&path.display().to_string()).await.expect("a file can be chosen");
        browser.click("form[action$=people][enctype] button").await;
        browser.click("button[value=apply]").await;
        until("it is under way", async || browser.path().await.contains("/under-way/")).await;
        let page = browser.path().await;
        until("it is said how far it is", async || {
            browser.text().await.contains(&format!("/ {MANY}")) || browser.has("#counts").await
        })
        .await;
        assert_eq!(browser.path().await, page, "one page from beginning to end");
        crate::look::keep(&browser, &format!("operator-under-way-{number}")).await;
        browser.find("#counts").await;
        assert_eq!(count(&browser, "new").await, MANY.to_string());
        assert!(browser.complaints().await.is_empty());
        // It is nobody else's to look at.
        let stranger = house.signed_in(DESK, "dispatcher").await;
        stranger.open(&page).await;
        assert!(!stranger.has("#counts").await && !stranger.has("progress").await);
        stranger.close().await;
        browser.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_roster_and_the_areas_go_out_as_files() {
    let house = House::build().await;
    let browser = house.signed_in(DESK, "admin").await;
    browser.open("/operator/files").await;
    let people = "form[action$='export/people']";
    let unsaid = fetched(&browser, people, json!({ "format": "csv" })).await;
    let unsaid = String::from_utf8(unsaid).expect("text");
    assert!(!unsaid.contains("演示grid1"), "nobody goes out before it is said what for");
    let csv = fetched(&browser, people, json!({ "format": "csv", "purpose": "contact" })).await;
    let csv = String::from_utf8(csv).expect("text");
    assert!(csv.contains("姓名,联系电话,角色,网格代码") && csv.contains("演示grid1"), "{csv}");
    let xlsx = fetched(&browser, people, json!({ "format": "xlsx", "purpose": "contact" })).await;
    assert!(xlsx.starts_with(b"PK"));
    let places = "form[action$='export/places']";
    let areas = fetched(&browser, places, json!({ "format": "geojson" })).await;
    let areas: Value = serde_json::from_slice(&areas).expect("json");
    let features = areas["features"].as_array().expect("features");
    assert!(features.iter().any(|one| one["geometry"]["type"] == "Polygon"), "{areas}");
    browser.open("/operator/access").await;
    let log = browser.words("main").await;
    assert!(log.contains("导出") && log.contains("人员电话"), "{log}");
    browser.close().await;
}
