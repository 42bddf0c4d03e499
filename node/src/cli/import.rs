//! Files from outside, and what goes back: the words of the command line, and what it says.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use serde_json::{Map, Value, json};

use super::args::pair;
use super::failure::Failure;
use super::print;
use crate::config::Config;
use crate::import::Parcel;

/// Exit code of an import of which some rows were refused; the others are done.
const SOME_REFUSED: u8 = 3;

/// What is imported.
#[derive(Subcommand)]
pub(super) enum Import {
    /// 区划与网格：CSV、XLSX、GeoJSON / divisions and grids
    Places(Places),
    /// 人员与任职：CSV、XLSX / people and appointments
    People(People),
    /// 批量上报，按映射文件 / reports in bulk, by a mapping file
    Reports(Reports),
    /// 12345 等热线工单，按映射文件 / a hotline's work orders, by a mapping file
    Orders(Orders),
}

/// What every import is told.
#[derive(ClapArgs)]
struct Common {
    /// 文件 / the file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// 只预览，不改动 / only shows what would be done
    #[arg(long)]
    dry_run: bool,
    /// 输出 JSON / as JSON
    #[arg(long)]
    json: bool,
    /// 谁来导入：其程序令牌所在文件 [缺省：管理员令牌] / file with the token of who imports
    /// [default: the operator's]
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

/// How a table is to be understood.
#[derive(ClapArgs)]
struct Table {
    /// 列名对应（可重复），如 name=网格名 / header of a column, such as name=HEADER; repeatable
    #[arg(long = "column", value_name = "KEY=HEADER", value_parser = pair)]
    columns: Vec<(String, String)>,
    /// 工作表 / sheet of a workbook
    #[arg(long)]
    sheet: Option<String>,
    /// 日期的时区 / zone of its dates
    #[arg(long, value_name = "ZONE", default_value = "+08:00", allow_hyphen_values = true)]
    zone: String,
}

#[derive(ClapArgs)]
pub(super) struct Places {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    table: Table,
    /// 坐标系 / system of its coordinates
    #[arg(long, value_enum)]
    system: Option<System>,
    /// 层级叫法对应（可重复），如 小区=grid / what the file calls a level; repeatable
    #[arg(long = "level", value_name = "WORD=KEY", value_parser = pair)]
    levels: Vec<(String, String)>,
    /// 文件是全部：其中没有的地点停用 / places of its levels that it does not have end
    #[arg(long)]
    complete: bool,
    /// 何时起生效，如 2026-07-01T00:00:00+08:00 / when it begins, RFC 3339
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum System {
    /// WGS-84, CGCS2000
    Wgs84,
    /// 高德、腾讯 / AMap, Tencent
    Gcj02,
    /// 百度 / Baidu
    Bd09,
}

#[derive(ClapArgs)]
pub(super) struct People {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    table: Table,
}

/// By which mapping.
#[derive(ClapArgs)]
#[group(multiple = false)]
struct Mapping {
    /// 节点已有的来源 / a source that the node knows, such as hotline-12345
    #[arg(long, value_name = "KEY")]
    source: Option<String>,
    /// 自己的映射文件 / a mapping file of one's own
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
}

#[derive(ClapArgs)]
pub(super) struct Reports {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    by: Mapping,
}

#[derive(ClapArgs)]
pub(super) struct Orders {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    by: Mapping,
}

/// Work orders back to the hotline.
#[derive(ClapArgs)]
pub(super) struct ExportOrders {
    /// 新文件 / a file to be made
    #[arg(value_name = "FILE")]
    to: PathBuf,
    #[command(flatten)]
    by: Mapping,
    /// 格式 [缺省：映射所定] / form [default: what the mapping says]
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// 只要此后受理的 / only cases opened since, RFC 3339
    #[arg(long, value_name = "TIME")]
    opened_from: Option<String>,
    /// 只要此后有变动的 / only cases changed since, RFC 3339
    #[arg(long, value_name = "TIME")]
    changed_from: Option<String>,
    /// 程序令牌所在文件 / file with the token of who asks
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Csv,
    Xlsx,
    Json,
}

/// The source of work orders where none is named.
const HOTLINE: &str = "hotline-12345";

pub(super) async fn import(config: &Config, what: Import) -> Result<ExitCode, Failure> {
    let (common, resource, more, mapping) = match what {
        Import::Places(places) => {
            let mut more = places.table.said();
            let system = places.system.map(|system| match system {
                System::Wgs84 => "wgs84",
                System::Gcj02 => "gcj02",
                System::Bd09 => "bd09",
            });
            put(&mut more, "system", system);
            put(&mut more, "from", places.from);
            more.insert("levels".into(), words(places.levels));
            more.insert("complete".into(), places.complete.into());
            (places.common, "/v1/imports/places", more, None)
        }
        Import::People(people) => (people.common, "/v1/imports/people", people.table.said(), None),
        Import::Reports(Reports { common, by }) => {
            let (more, mapping) = by.said(None);
            (common, "/v1/imports/reports", more, mapping)
        }
        Import::Orders(Orders { common, by }) => {
            let (more, mapping) = by.said(Some(HOTLINE));
            (common, "/v1/imports/reports", more, mapping)
        }
    };
    let mut more = more;
    more.insert("dry_run".into(), common.dry_run.into());
    let parcel =
        Parcel { resource, file: Some(common.file), mapping, more, token: common.token_file };
    let told = parcel.send(config).await?;
    if common.json {
        print::line(&told.to_string());
    } else {
        tell(&told);
    }
    let refused = told.get("errors").and_then(Value::as_u64).unwrap_or(0) > 0;
    Ok(if refused { ExitCode::from(SOME_REFUSED) } else { ExitCode::SUCCESS })
}

pub(super) async fn export(config: &Config, args: ExportOrders) -> Result<ExitCode, Failure> {
    let (mut more, mapping) = args.by.said(Some(HOTLINE));
    let format = args.format.map(|format| match format {
        Format::Csv => "csv",
        Format::Xlsx => "xlsx",
        Format::Json => "json",
    });
    put(&mut more, "format", format);
    put(&mut more, "opened_from", args.opened_from);
    put(&mut more, "changed_from", args.changed_from);
    let resource = "/v1/exports/orders";
    let parcel = Parcel { resource, file: None, mapping, more, token: args.token_file };
    let bytes = parcel.fetch(config, &args.to).await?;
    let to = args.to.display();
    print::line(&format!("已写入 {to}（{bytes} 字节） written to {to} ({bytes} bytes)"));
    Ok(ExitCode::SUCCESS)
}

fn put(more: &mut Map<String, Value>, name: &str, value: Option<impl Into<String>>) {
    if let Some(value) = value {
        more.insert(name.into(), value.into().into());
    }
}

fn words(pairs: Vec<(String, String)>) -> Value {
    Value::Object(pairs.into_iter().map(|(key, value)| (key, value.into())).collect())
}

impl Table {
    fn said(self) -> Map<String, Value> {
        let mut more = Map::new();
        put(&mut more, "sheet", self.sheet);
        put(&mut more, "zone", Some(self.zone));
        more.insert("columns".into(), words(self.columns));
        more
    }
}

impl Mapping {
    /// What is said of it, and the mapping file to send.
    fn said(self, usual: Option<&str>) -> (Map<String, Value>, Option<PathBuf>) {
        let mut more = Map::new();
        let usual = usual.filter(|_| self.mapping.is_none()).map(str::to_owned);
        put(&mut more, "source", self.source.or(usual));
        (more, self.mapping)
    }
}

/// What came of a file, in both languages.
fn tell(told: &Value) {
    for line in lines(told) {
        print::line(&line);
    }
}

fn lines(told: &Value) -> Vec<String> {
    const NAMES: [(&str, &str); 10] = [
        ("rows", "行数"),
        ("opened", "新建事件"),
        ("repeated", "重复"),
        ("new", "新增"),
        ("appointments", "任命"),
        ("changed", "变更"),
        ("ended", "停用"),
        ("unchanged", "未变"),
        ("skipped", "略过"),
        ("refused", "拒绝"),
    ];
    let mut lines = Vec::new();
    let count = |name: &str| told.pointer(&format!("/counts/{name}")).and_then(Value::as_u64);
    let counts = NAMES.iter().filter_map(|(en, zh)| Some(format!("{zh} {en} {}", count(en)?)));
    lines.push(counts.collect::<Vec<_>>().join("，"));
    let problems = told["problems"].as_array().map(Vec::as_slice).unwrap_or_default();
    lines.extend(problems.iter().map(problem));
    let all: u64 = ["errors", "warnings", "notes"]
        .iter()
        .filter_map(|name| told.get(name).and_then(Value::as_u64))
        .sum();
    let left = all.saturating_sub(problems.len() as u64);
    if left > 0 {
        lines.push(format!("另有 {left} 个问题没有列出 {left} more problems are not listed"));
    }
    if told["dry_run"] == json!(true) {
        lines.push("预览：没有任何改动 dry run: nothing was changed".into());
    }
    lines
}

fn problem(problem: &Value) -> String {
    let text = |name: &str| problem.get(name).and_then(Value::as_str);
    let severity = match text("severity") {
        Some("error") => "错误 error",
        Some("warning") => "注意 warning",
        Some(_) | None => "提示 note",
    };
    let mut place = String::new();
    if let Some(sheet) = text("sheet") {
        place.push_str(&format!(" {sheet}"));
    }
    if let Some(row) = problem.get("row").and_then(Value::as_u64) {
        place.push_str(&format!(" 第 {row} 行 row {row}"));
    }
    if let Some(column) = text("column") {
        place.push_str(&format!(" [{column}]"));
    }
    let value = text("value").map(|value| format!(" “{value}”")).unwrap_or_default();
    let (zh, en) = (text("zh").unwrap_or_default(), text("en").unwrap_or_default());
    format!("{severity}{place}：{zh} {en}{value}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_of_a_file_is_told_in_both_languages_by_row_and_column() {
        let told = json!({ "dry_run": true, "errors": 2, "warnings": 0, "notes": 0,
            "counts": { "rows": 3, "opened": 1, "repeated": 0, "refused": 2 },
            "problems": [{ "severity": "error", "fault": "not_a_time", "row": 7,
                "column": "受理时间", "zh": "应为时间", "en": "should be a time", "value": "昨天" }] });
        let lines = lines(&told);
        assert_eq!(lines[0], "行数 rows 3，新建事件 opened 1，重复 repeated 0，拒绝 refused 2");
        assert_eq!(
            lines[1],
            "错误 error 第 7 行 row 7 [受理时间]：应为时间 should be a time “昨天”"
        );
        assert!(lines[2].contains("1 more") && lines[3].contains("dry run"));
    }
}
