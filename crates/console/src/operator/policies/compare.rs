//! What changes between two versions of a policy, item by item, ready to be told in plain words.

use std::collections::{BTreeMap, BTreeSet};

use governance::policy::Policy;
use serde_json::{Map, Value};

/// One item that is there in one version only, or differs.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Change {
    /// Which part of the policy, such as `stage`.
    pub(super) part: String,
    /// The item's key within it; empty where the part is one thing.
    pub(super) key: String,
    /// The item's names in Chinese and English, where it has some.
    pub(super) names: Option<(String, String)>,
    pub(super) kind: Kind,
}

/// What happened to an item.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Added,
    Removed,
    Changed(Vec<Detail>),
}

/// What differs of an item.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Detail {
    /// Such as `roles`.
    pub(super) aspect: String,
    /// What it no longer has, and what it has besides; a value that was replaced stands in both.
    pub(super) gone: Vec<Value>,
    pub(super) come: Vec<Value>,
    /// Whether it is a list of which the rest stays.
    pub(super) list: bool,
}

/// What changes from one version to another, in the order of the policy's parts.
pub(super) fn compare(old: &Policy, new: &Policy) -> Vec<Change> {
    let (old, new) = (parts(old), parts(new));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let mut changes = Vec::new();
    for part in names.into_iter().filter(|part| !["key", "version"].contains(&part.as_str())) {
        let of = |parts: &Map<String, Value>| items(part, parts.get(part).unwrap_or(&Value::Null));
        let (was, is) = (of(&old), of(&new));
        let keys: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
        for key in keys {
            let kind = match (was.get(key), is.get(key)) {
                (Some(_), None) => Kind::Removed,
                (None, Some(_)) => Kind::Added,
                (Some(was), Some(is)) if was != is => Kind::Changed(details(was, is)),
                (Some(_), Some(_)) | (None, None) => continue,
            };
            let item = is.get(key).or(was.get(key)).unwrap_or(&Value::Null);
            let name = |name: &str| item.get(name).and_then(Value::as_str).map(str::to_owned);
            let names = name("name").map(|zh| (zh.clone(), name("name_en").unwrap_or(zh)));
            changes.push(Change { part: part.clone(), key: key.clone(), names, kind });
        }
    }
    changes
}

fn parts(policy: &Policy) -> Map<String, Value> {
    match serde_json::to_value(policy) {
        Ok(Value::Object(parts)) => parts,
        Ok(_) | Err(_) => Map::new(),
    }
}

/// The items of a part by what they are known by; a part that is one thing under no key.
fn items(part: &str, value: &Value) -> BTreeMap<String, Value> {
    match value {
        Value::Array(values) => {
            let keyed = values.iter().enumerate().map(|(at, item)| (key(part, item, at), item));
            keyed.map(|(key, item)| (key, item.clone())).collect()
        }
        Value::Null => BTreeMap::new(),
        Value::Object(_) | Value::String(_) | Value::Number(_) | Value::Bool(_) => {
            BTreeMap::from([(String::new(), value.clone())])
        }
    }
}

fn key(part: &str, item: &Value, at: usize) -> String {
    let of = |name: &str| item.get(name).and_then(Value::as_str);
    let found = match part {
        "act" => of("act").map(str::to_owned),
        "duty" => of("number").map(str::to_owned),
        "disclosure" => of("to").zip(of("purpose")).map(|(to, what)| format!("{to} {what}")),
        _ => of("key").map(str::to_owned),
    };
    found.unwrap_or_else(|| at.to_string())
}

fn details(was: &Value, is: &Value) -> Vec<Detail> {
    let none = Map::new();
    let (Some(old), Some(new)) = (was.as_object(), is.as_object()) else {
        return vec![replaced(String::new(), was, is)];
    };
    let (old, new) = if old.is_empty() { (&none, new) } else { (old, new) };
    let aspects: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let differing = aspects.into_iter().filter(|aspect| old.get(*aspect) != new.get(*aspect));
    let detail = |aspect: &String| {
        let of = |item: &Map<String, Value>| item.get(aspect).cloned().unwrap_or(Value::Null);
        match (of(old), of(new)) {
            (Value::Array(old), Value::Array(new)) => Detail {
                aspect: aspect.clone(),
                gone: old.iter().filter(|value| !new.contains(value)).cloned().collect(),
                come: new.iter().filter(|value| !old.contains(value)).cloned().collect(),
                list: true,
            },
            (old, new) => replaced(aspect.clone(), &old, &new),
        }
    };
    differing.map(detail).collect()
}

fn replaced(aspect: String, was: &Value, is: &Value) -> Detail {
    Detail { aspect, gone: vec![was.clone()], come: vec![is.clone()], list: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = include_str!("../../../../../config/policies/she-county.toml");

    fn with(changes: &[(&str, &str)]) -> Policy {
        let mut text = POLICY.to_owned();
        for (from, to) in changes {
            assert!(text.contains(from), "{from}");
            text = text.replacen(from, to, 1);
        }
        Policy::from_toml(&text).unwrap()
    }

    #[test]
    fn the_same_policy_has_no_changes_whatever_its_number() {
        let changes = compare(&with(&[]), &with(&[("version = 5", "version = 9")]));
        assert_eq!(changes, []);
    }

    #[test]
    fn a_longer_clock_another_role_and_a_new_category_are_told_and_nothing_else() {
        let new = with(&[
            ("allowance = \"15m\"", "allowance = \"30m\""),
            (
                "{ key = \"other\", name = \"其他\", name_en = \"other\" },\n]",
                "{ key = \"other\", name = \"其他\", name_en = \"other\" },\n\
                 { key = \"flood\", name = \"防汛\", name_en = \"floods\" },\n]",
            ),
            (
                "from = [\"reported\"]\nto = \"accepted\"\nroles = [\n    \"grid_worker\", ",
                "from = [\"reported\"]\nto = \"accepted\"\nroles = [\n    ",
            ),
        ]);
        let changes = compare(&with(&[]), &new);
        let told: Vec<_> =
            changes.iter().map(|change| (change.part.as_str(), change.key.as_str())).collect();
        assert_eq!(told, [("act", "accept"), ("category", "flood"), ("clock", "answer_grid")]);
        let Kind::Changed(details) = &changes[0].kind else { panic!("changed") };
        assert_eq!((details[0].aspect.as_str(), details[0].list), ("roles", true));
        assert_eq!(details[0].gone, [Value::from("grid_worker")]);
        assert!(details[0].come.is_empty());
        assert_eq!(changes[1].kind, Kind::Added);
        assert_eq!(changes[1].names, Some(("防汛".into(), "floods".into())));
        let Kind::Changed(details) = &changes[2].kind else { panic!("changed") };
        assert_eq!((&details[0].gone[0], &details[0].come[0]), (&"15m".into(), &"30m".into()));
    }
}
