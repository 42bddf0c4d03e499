//! The neighbours and how they are, as the running node sees them.

use std::process::ExitCode;

use serde_json::Value;

use super::failure::Failure;
use super::print;
use crate::config::Config;
use crate::folder::Folder;
use crate::local::Local;

/// Titles of the columns.
const TITLES: [&str; 8] = [
    "代码 code",
    "关系 role",
    "状态 state",
    "收 in",
    "发 out",
    "待确认 lag",
    "见证 witnessed",
    "证书 days",
];

pub(super) async fn peers(config: &Config, json: bool) -> Result<ExitCode, Failure> {
    let local = Local::find(&Folder::new(&config.data))?;
    let answer = local.get("/v1/peers").await?;
    if json {
        print::line(&answer.to_string());
    } else {
        print::line(&table(&answer));
    }
    Ok(ExitCode::SUCCESS)
}

/// A row a peer, its name last.
fn table(answer: &Value) -> String {
    let items = answer.get("items").and_then(Value::as_array).map(Vec::as_slice);
    let titles = TITLES.map(str::to_owned);
    let mut rows = vec![(titles, "名称 name".to_owned())];
    rows.extend(items.unwrap_or_default().iter().map(row));
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

fn row(peer: &Value) -> ([String; TITLES.len()], String) {
    let at = |pointer: &str| match peer.pointer(pointer) {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let connected = peer.get("connected").and_then(Value::as_bool).unwrap_or(false);
    let state = if connected { "在线 up" } else { "离线 down" };
    let cells = [
        at("/area"),
        at("/relation"),
        state.to_owned(),
        at("/received/number"),
        at("/sent/number"),
        at("/lag"),
        minute(&at("/countersigned/time")).to_owned(),
        at("/certificate/days_left"),
    ];
    let trouble = peer.get("trouble").and_then(Value::as_str);
    let name = trouble.map_or_else(|| at("/name"), |what| format!("{}  ⚠ {what}", at("/name")));
    (cells, name)
}

/// The moment without seconds.
fn minute(time: &str) -> &str {
    time.get(..16).unwrap_or(time)
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
            "countersigned": {"time": "2026-11-21T08:30:00.000Z"},
            "certificate": {"days_left": 399}
        });
        let gone = json!({"area": "341021", "name": "歙县", "connected": false, "trouble": "x"});
        let text = table(&json!({"items": [peer, gone]}));
        let lines: Vec<&str> = text.lines().collect();
        let words: Vec<&str> = lines[1].split_whitespace().collect();
        let wanted = [
            "341021100",
            "child",
            "在线",
            "up",
            "12",
            "3",
            "1",
            "2026-11-21T08:30",
            "399",
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
}
