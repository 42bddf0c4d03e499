//! The neighbours and how they are, as the running node sees them.

use std::process::ExitCode;

use record::Timestamp;
use serde_json::Value;

use super::failure::Failure;
use super::print;
use crate::config::Config;
use crate::folder::Folder;
use crate::local::Local;
use crate::node::now;

/// Titles of the columns.
const TITLES: [&str; 11] = [
    "代码 code",
    "关系 role",
    "状态 state",
    "同步 synced",
    "收 in",
    "发 out",
    "待确认 lag",
    "我证它 seen",
    "它证我 seen by",
    "证书 days",
    "版本 version",
];
/// What the columns are that their titles cannot say.
const LEGEND: &str = "同步：多久前成功交换过。我证它／它证我：最近副署的检查点有多少条记录、多久以前。\n\
    synced: time since the last exchange that succeeded; seen / seen by: records in the last \
    checkpoint that we countersigned of its log / it of ours, and how long ago";

pub(super) async fn peers(config: &Config, json: bool) -> Result<ExitCode, Failure> {
    let local = Local::find(&Folder::new(&config.data))?;
    let answer = local.get("/v1/peers").await?;
    if json {
        print::line(&answer.to_string());
    } else {
        print::line(&table(&answer, now()));
        print::line(LEGEND);
    }
    Ok(ExitCode::SUCCESS)
}

/// A row a peer, its name last.
fn table(answer: &Value, now: Timestamp) -> String {
    let items = answer.get("items").and_then(Value::as_array).map(Vec::as_slice);
    let titles = TITLES.map(str::to_owned);
    let mut rows = vec![(titles, "名称 name".to_owned())];
    rows.extend(items.unwrap_or_default().iter().map(|peer| row(peer, now)));
    let width =
        |column: usize| rows.iter().map(|(cells, _)| columns(&cells[column])).max().unwrap_or(0);
    let widths: [usize; TITLES.len()] = std::array::from_fn(width);
    let lines: Vec<String> = rows.iter().map(|(cells, name)| line(cells, &widths, name)).collect();
    lines.join("\n")
}

fn line(cells: &[String; TITLES.len()], widths: &[usize; TITLES.len()], name: &str) -> String {
    let mut line = String::new();
    for (cell, width) in cells.iter().zip(widths) {
        line.push_str(cell);
        line.extend(std::iter::repeat_n(' ', width - columns(cell) + 2));
    }
    line.push_str(name);
    line
}

fn row(peer: &Value, now: Timestamp) -> ([String; TITLES.len()], String) {
    let at = |pointer: &str| match peer.pointer(pointer) {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let since = |pointer: &str| peer.pointer(pointer).and_then(|time| age(time.as_str()?, now));
    let seen = |log: &str| {
        let age = since(&format!("/{log}/time"));
        age.map_or_else(|| "-".to_owned(), |age| format!("{} {age}", at(&format!("/{log}/size"))))
    };
    let connected = peer.get("connected").and_then(Value::as_bool).unwrap_or(false);
    let relation = at("/relation");
    // Others are known from records alone, and not spoken to.
    let state = match (connected, relation.as_str()) {
        (true, _) => "在线 up",
        (false, "other") => "-",
        (false, _) => "离线 down",
    };
    let cells = [
        at("/area"),
        bilingual(&relation).to_owned(),
        state.to_owned(),
        since("/last_sync").unwrap_or_else(|| "-".to_owned()),
        at("/received/number"),
        at("/sent/number"),
        at("/lag"),
        seen("witnessed"),
        seen("countersigned"),
        at("/certificate/days_left"),
        at("/software"),
    ];
    let trouble = peer.get("trouble").and_then(Value::as_str);
    let name = trouble.map_or_else(|| at("/name"), |what| format!("{}  ⚠ {what}", at("/name")));
    (cells, name)
}

/// A relation as the API has it, for people.
fn bilingual(relation: &str) -> &str {
    match relation {
        "parent" => "上级 parent",
        "child" => "下级 child",
        "unit" => "成员单位 unit",
        "former_parent" => "原上级 former parent",
        "former_child" => "原下级 former child",
        "other" => "其他 other",
        unknown => unknown,
    }
}

/// How long ago a time (RFC 3339) was, in the largest unit of which at least one has passed.
fn age(time: &str, now: Timestamp) -> Option<String> {
    let time: Timestamp = time.parse().ok()?;
    let seconds = (now.millis() - time.millis()).max(0) / 1_000;
    let units = [(86_400, "d"), (3_600, "h"), (60, "min")];
    let fits = units.into_iter().find(|(unit, _)| seconds >= *unit);
    let (unit, name) = fits.unwrap_or((1, "s"));
    Some(format!("{}{name}", seconds / unit))
}

/// Columns that a text takes in a terminal: East Asian characters take two.
fn columns(text: &str) -> usize {
    text.chars().map(|c| if c >= '\u{1100}' { 2 } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_table_names_who_how_far_and_for_how_long() {
        let peer = json!({
            "area": "341021100", "name": "徽城镇", "relation": "child", "connected": true,
            "received": {"number": 12}, "sent": {"number": 3}, "lag": 1,
            "witnessed": {"size": 1880, "time": "2026-11-21T08:27:30.000Z"},
            "last_sync": "2026-11-21T08:29:48.500Z", "software": "wangge 0.1.0",
            "certificate": {"days_left": 399}
        });
        let gone = json!({"area": "341021", "name": "歙县", "connected": false, "trouble": "x"});
        let now: Timestamp = "2026-11-21T08:30:00.000Z".parse().unwrap();
        let text = table(&json!({"items": [peer, gone]}), now);
        let lines: Vec<&str> = text.lines().collect();
        let words: Vec<&str> = lines[1].split_whitespace().collect();
        let wanted = [
            "341021100",
            "下级",
            "child",
            "在线",
            "up",
            "11s",
            "12",
            "3",
            "1",
            "1880",
            "2min",
            "-",
            "399",
            "wangge",
            "0.1.0",
            "徽城镇",
        ];
        assert_eq!(words, wanted);
        assert!(lines[2].contains("离线 down") && lines[2].ends_with("歙县  ⚠ x"));
        let starts: Vec<usize> = lines
            .iter()
            .zip(["名称", "徽城镇", "歙县"])
            .map(|(line, name)| columns(line.split(name).next().unwrap_or_default()))
            .collect();
        assert!(starts.iter().all(|at| *at == starts[0]), "{text}");
    }

    #[test]
    fn an_age_is_told_in_its_largest_unit_and_a_clock_that_runs_ahead_is_no_harm() {
        let now: Timestamp = "2026-11-21T08:30:00.000Z".parse().unwrap();
        for (time, told) in [
            ("2026-11-21T08:30:05.000Z", "0s"),
            ("2026-11-21T08:29:01.000Z", "59s"),
            ("2026-11-21T07:30:01.000Z", "59min"),
            ("2026-11-20T08:31:00.000Z", "23h"),
            ("2026-11-11T08:30:00.000Z", "10d"),
        ] {
            assert_eq!(age(time, now).as_deref(), Some(told));
        }
        assert_eq!(age("soon", now), None);
    }
}
