//! Files into a running node and out of it again, by the program's own commands.

use serde_json::{Value, json};

use crate::desk::Desk;
use crate::site::{COMMUNITY, Site};

const PLACES: &str = "代码,名称,层级,上级代码,户数\n\
    341021100001,新安社区（演示）,community,,700\n\
    341021100001001,第一网格,grid,341021100001,350\n\
    341021100001002,第二网格,grid,341021100001,350\n";

fn orders() -> Value {
    let order = |number: &str, at: &str, address: &str| {
        json!({
            "工单编号": number, "工单标题": "路灯不亮", "诉求内容": "晚上看不清路",
            "诉求地址": address, "受理时间": at, "诉求人": "演示居民", "联系电话": "0559-000-0001",
            "诉求类型": "公共设施"
        })
    };
    json!([
        order("12345-1", "2026-03-02 09:00:00", "第二网格东门"),
        order("12345-2", "2026-03-02 10:00:00", "别处"),
        order("12345-3", "昨天", "第一网格"),
    ])
}

/// What a command said as JSON, and its exit code.
async fn told(site: &Site, words: &[&str]) -> (Option<i32>, Value) {
    let output = site.command(words).await;
    let said = String::from_utf8_lossy(&output.stdout);
    let why = String::from_utf8_lossy(&output.stderr);
    let told = serde_json::from_str(&said).unwrap_or_else(|_| panic!("json: {said}{why}"));
    (output.status.code(), told)
}

#[tokio::test(flavor = "multi_thread")]
async fn c9_orders_come_in_and_go_back_out_by_the_programs_own_commands_and_twice_gives_no_doubles()
{
    let root = tempfile::tempdir().expect("a temporary folder");
    let mut site = Site::new(root.path(), "community", "");
    site.found(COMMUNITY).await;
    site.start().await;
    let at = |name: &str| root.path().join(name).to_string_lossy().into_owned();
    std::fs::write(at("places.csv"), PLACES).expect("written");
    std::fs::write(at("orders.json"), orders().to_string()).expect("written");
    let (code, places) = told(&site, &["import", "places", &at("places.csv"), "--json"]).await;
    assert_eq!((code, &places["errors"]), (Some(0), &json!(0)), "{places}");

    let desk: Desk = site.operator().appoint("dispatcher", "community_dispatcher").await;
    std::fs::write(at("token"), &desk.token).expect("written");
    let (file, token) = (at("orders.json"), at("token"));
    let import = ["import", "orders", &file, "--token-file", &token, "--json"];
    let preview: Vec<&str> = import.into_iter().chain(["--dry-run"]).collect();
    let (code, dry) = told(&site, &preview).await;
    assert_eq!((code, desk.cases().await.len()), (Some(3), 0), "a preview changes nothing: {dry}");

    let (code, first) = told(&site, &import).await;
    assert_eq!((code, &first["counts"]["opened"]), (Some(3), &json!(2)), "{first}");
    let wrong = &first["problems"].as_array().expect("problems")[0];
    assert_eq!((&wrong["row"], &wrong["column"]), (&json!(3), &json!("受理时间")), "{wrong}");
    let (_, again) = told(&site, &import).await;
    assert_eq!(again["counts"]["opened"], json!(0), "{again}");
    assert_eq!(again["counts"]["repeated"], json!(2), "{again}");
    let cases = desk.cases().await;
    assert_eq!(cases.len(), 2);
    let grids = cases.iter().filter(|case| case["grid"] == json!("341021100001002"));
    assert_eq!(grids.count(), 1, "the address that names a grid leads to it: {cases:?}");

    let back = at("back.json");
    let export = ["export-orders", &back, "--token-file", &token, "--format", "json"];
    let output = site.command(&export).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let rows = std::fs::read_to_string(&back).expect("the file is there");
    let rows: Value = serde_json::from_str(&rows).expect("json");
    let mut numbers: Vec<&str> =
        rows.as_array().expect("rows").iter().filter_map(|row| row["工单编号"].as_str()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, ["12345-1", "12345-2"], "{rows}");
    site.stop().await;
    site.verify().await;
}
