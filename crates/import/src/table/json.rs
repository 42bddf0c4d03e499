//! JSON arrays of objects, as hotlines hand over their work orders.

use serde_json::Value;

use super::{Cell, Limits, Row, Sheet, number_cell, text_cell, too_many_cells, too_many_rows};
use crate::problem::{Fault, Problem, Spot};

/// Largest JSON document, in bytes: parsed it takes some fifteen times as much.
const MAX_BYTES: usize = 8 << 20;

/// The objects of the document's array as rows; an object within an object gives keys such as
/// `caller.phone`.
pub(super) fn read(text: &str, pointer: Option<&str>, limits: &Limits) -> Result<Sheet, Problem> {
    if text.len() > MAX_BYTES {
        return Err(super::too_large(text.len(), MAX_BYTES));
    }
    let document: Value = serde_json::from_str(text).map_err(|error| unreadable(&error))?;
    let array = match pointer {
        Some(pointer) => document.pointer(pointer),
        None => find_array(&document),
    };
    objects(array.and_then(Value::as_array).ok_or_else(|| no_array(pointer))?, limits)
}

/// Objects as rows under a header of their keys.
pub(crate) fn objects(elements: &[Value], limits: &Limits) -> Result<Sheet, Problem> {
    if elements.len() >= limits.rows {
        return Err(too_many_rows(Spot::default(), limits.rows));
    }
    let mut keys = Vec::new();
    let mut rows = Vec::with_capacity(elements.len() + 1);
    let mut cells = 0;
    for (number, element) in (1..).zip(elements) {
        let row = Row { number, cells: flatten(element, &mut keys, limits) };
        cells += row.cells.len();
        if keys.len() > limits.columns || cells > limits.cells {
            return Err(too_many_cells(Spot::row(number), limits));
        }
        rows.push(row);
    }
    let header = keys.iter().map(|key| text_cell(key, limits)).collect();
    rows.insert(0, Row { number: 0, cells: header });
    Ok(Sheet { name: None, rows })
}

/// The document itself, or the first array among its members, as in `{"code": 0, "data": […]}`.
fn find_array(document: &Value) -> Option<&Value> {
    match document {
        Value::Array(_) => Some(document),
        Value::Object(members) => members.values().find_map(find_array),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

fn flatten(element: &Value, keys: &mut Vec<String>, limits: &Limits) -> Vec<Cell> {
    let mut cells = Vec::new();
    if element.is_object() {
        put(element, String::new(), keys, &mut cells, limits);
    }
    cells
}

fn put(
    value: &Value,
    path: String,
    keys: &mut Vec<String>,
    cells: &mut Vec<Cell>,
    limits: &Limits,
) {
    if let Value::Object(members) = value {
        for (key, member) in members {
            let inner = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            put(member, inner, keys, cells, limits);
        }
        return;
    }
    let at = keys.iter().position(|key| *key == path).unwrap_or_else(|| {
        keys.push(path);
        keys.len() - 1
    });
    // The caller refuses the row; until then nothing grows without bound.
    if at >= limits.columns {
        return;
    }
    if cells.len() <= at {
        cells.resize(at + 1, Cell::Empty);
    }
    cells[at] = cell(value, limits);
}

fn cell(value: &Value, limits: &Limits) -> Cell {
    match value {
        Value::Null => Cell::Empty,
        Value::Bool(flag) => Cell::Flag(*flag),
        // A whole number is kept digit by digit; only what needs it becomes a float.
        Value::Number(number) if number.is_i64() || number.is_u64() => {
            text_cell(&number.to_string(), limits)
        }
        Value::Number(number) => number.as_f64().map_or(Cell::Empty, number_cell),
        Value::String(text) => text_cell(text, limits),
        Value::Array(items) => {
            let words = items
                .iter()
                .map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned));
            text_cell(&words.collect::<Vec<_>>().join("；"), limits)
        }
        Value::Object(_) => Cell::Empty,
    }
}

fn unreadable(error: &serde_json::Error) -> Problem {
    let (line, column) = (error.line(), error.column());
    Problem::error(
        Fault::Unreadable,
        Spot::default(),
        format!("不是有效的 JSON（第 {line} 行第 {column} 个字符处）"),
        format!("it is not valid JSON (line {line}, column {column})"),
    )
}

fn no_array(pointer: Option<&str>) -> Problem {
    let place = pointer.unwrap_or("/");
    Problem::error(
        Fault::NoSheet,
        Spot::default(),
        format!("在 {place} 处没有找到由对象组成的数组"),
        format!("there is no array of objects at {place}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_become_rows_under_their_keys() {
        let text = r#"{"code":0,"data":{"rows":[{"id":12345678901234567890,"caller":{"phone":"1"}},{"note":["a","b"],"open":true}]}}"#;
        let sheet = read(text, None, &Limits::default()).unwrap();
        let texts: Vec<Vec<String>> =
            sheet.rows.iter().map(|row| row.cells.iter().map(Cell::to_text).collect()).collect();
        assert_eq!(texts[0], ["caller.phone", "id", "note", "open"]);
        assert_eq!(texts[1], ["1", "12345678901234567890"]);
        assert_eq!(texts[2], ["", "", "a；b", "TRUE"]);
        assert_eq!(sheet.rows[2].number, 2);
    }

    #[test]
    fn what_is_no_array_of_objects_is_refused() {
        let fault = |text, at| read(text, at, &Limits::default()).err().unwrap().fault;
        assert_eq!(fault("{", None), Fault::Unreadable);
        assert_eq!(fault("{\"a\":1}", None), Fault::NoSheet);
        assert_eq!(fault("{\"a\":[]}", Some("/b")), Fault::NoSheet);
        assert_eq!(fault(&"[".repeat(10_000), None), Fault::Unreadable);
    }
}
