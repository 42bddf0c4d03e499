//! What stands in a policy, in plain words: names for keys, and times as people say them.

use governance::policy::Policy;
use serde_json::Value;

use super::compare::{Change, Detail};
use crate::page::Page;

/// Words for what two versions hold.
pub(super) struct Plain<'a> {
    pub(super) p: &'a Page,
    /// The earlier and the later one: what one of them does not know, the other may.
    pub(super) policies: [&'a Policy; 2],
}

impl Plain<'_> {
    /// What an item is called.
    pub(super) fn title(&self, change: &Change) -> String {
        if let Some((zh, en)) = &change.names {
            return if self.p.is_english() { en.clone() } else { zh.clone() };
        }
        match change.part.as_str() {
            "act" => self.p.of("act", &change.key),
            "clock" => self.clock(&change.key),
            "disclosure" => {
                let to = change.key.split(' ').next().unwrap_or_default();
                self.p.of("party", to)
            }
            _ => change.key.clone(),
        }
    }

    /// What a detail had, or has besides.
    pub(super) fn values(&self, part: &str, detail: &Detail, values: &[Value]) -> String {
        let aspect = if detail.aspect.is_empty() { part } else { &detail.aspect };
        let words: Vec<String> = values.iter().map(|value| self.value(aspect, value)).collect();
        list(self.p, &words)
    }

    fn value(&self, aspect: &str, value: &Value) -> String {
        match value {
            Value::Null => self.p.say("policy-nothing"),
            Value::Bool(true) => self.p.say("yes"),
            Value::Bool(false) => self.p.say("no"),
            Value::String(text) => self.word(aspect, text),
            Value::Number(number) => number.to_string(),
            Value::Array(values) => {
                let words: Vec<String> =
                    values.iter().map(|value| self.value(aspect, value)).collect();
                list(self.p, &words)
            }
            Value::Object(of) => {
                let words = of.iter().map(|(key, value)| {
                    format!("{} {}", self.p.of("aspect", key), self.value(key, value))
                });
                list(self.p, &words.collect::<Vec<_>>())
            }
        }
    }

    fn word(&self, aspect: &str, text: &str) -> String {
        match aspect {
            "from" | "to" | "otherwise" | "stages" | "arrived" | "returned" | "undone" => {
                self.stage(text)
            }
            "roles" | "owner" => self.role(text),
            "levels" | "level" | "begins" => self.level(text),
            "categories" | "category" => self.category(text),
            "act" | "acts" => self.p.of("act", text),
            "fields" | "needs" => self.p.of("datum", text),
            "powers" => self.p.of("power", text),
            "allowance" | "report_in" | "within" | "longest" => allowance(self.p, text),
            "breach" => self.p.of("act", text),
            _ => text.to_owned(),
        }
    }

    fn named(&self, key: &str, find: impl Fn(&Policy) -> Option<(String, String)>) -> String {
        let [old, new] = self.policies;
        let found = find(new).or_else(|| find(old));
        let named = found.map(|(zh, en)| if self.p.is_english() { en } else { zh });
        named.unwrap_or_else(|| key.to_owned())
    }

    fn stage(&self, key: &str) -> String {
        self.named(key, |policy| {
            policy.stage(key).map(|stage| (stage.name.clone(), stage.name_en.clone()))
        })
    }

    pub(super) fn role(&self, key: &str) -> String {
        if ["reporter", "assignee", "anyone", "department"].contains(&key) {
            return self.p.of("whoever", key);
        }
        self.named(key, |policy| {
            policy.role(key).map(|role| (role.name.clone(), role.name_en.clone()))
        })
    }

    fn level(&self, key: &str) -> String {
        self.named(key, |policy| {
            let level = policy.levels.iter().find(|level| level.key == key);
            level.map(|level| (level.name.clone(), level.name_en.clone()))
        })
    }

    fn category(&self, key: &str) -> String {
        self.named(key, |policy| {
            let category = policy.categories.iter().find(|category| category.key == key);
            category.map(|category| (category.name.clone(), category.name_en.clone()))
        })
    }

    /// A clock by the stages and levels that it runs in.
    fn clock(&self, key: &str) -> String {
        let [old, new] = self.policies;
        let find = |policy: &Policy| policy.clocks.iter().find(|clock| clock.key == key).cloned();
        let Some(clock) = find(new).or_else(|| find(old)) else { return key.to_owned() };
        let stages: Vec<String> = clock.stages.iter().map(|stage| self.stage(stage)).collect();
        let levels: Vec<String> = clock.levels.iter().map(|level| self.level(level)).collect();
        let stages = list(self.p, &stages);
        if levels.is_empty() { stages } else { format!("{stages} · {}", list(self.p, &levels)) }
    }
}

/// A list in a sentence.
pub(super) fn list(p: &Page, words: &[String]) -> String {
    words.join(if p.is_english() { ", " } else { "、" })
}

/// How long something may take, such as `3wd`.
fn allowance(p: &Page, text: &str) -> String {
    if text == "today" {
        return p.say("allowance-today");
    }
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    match unit {
        "m" => p.told("allowance-m", "n", number),
        "h" => p.told("allowance-h", "n", number),
        "d" => p.told("allowance-d", "n", number),
        "wm" => p.told("allowance-wm", "n", number),
        "wh" => p.told("allowance-wh", "n", number),
        "wd" => p.told("allowance-wd", "n", number),
        _ => text.to_owned(),
    }
}
