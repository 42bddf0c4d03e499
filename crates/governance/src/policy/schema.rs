//! The written description of a policy: every section and key with its type, meaning, default and
//! the row of the domain that it comes from. A test holds it against the types that are read.

mod tables;

use std::fmt::Write as _;

pub(super) use tables::SECTIONS;

/// A section of the file.
pub(super) struct Section {
    /// Its name: `""` for the keys at the top; a dotted one lies within another.
    pub(super) name: &'static str,
    /// How it is written.
    pub(super) form: Form,
    /// What it is, in Chinese and in English.
    pub(super) is: [&'static str; 2],
    /// Row of the domain's table.
    pub(super) row: &'static str,
    /// Its keys.
    pub(super) keys: &'static [Key],
}

/// How a section is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Keys before any section.
    Top,
    /// Once: `[name]` or `name = { … }`.
    Once,
    /// Any number of times: `[[name]]` or `name = [ { … }, … ]`.
    Many,
}

/// A key.
pub(super) struct Key {
    /// Its name.
    pub(super) name: &'static str,
    /// Type of its value.
    pub(super) kind: &'static str,
    /// What holds where it is left out; `None` where it must be written.
    pub(super) default: Option<&'static str>,
    /// What it means, in Chinese and in English.
    pub(super) means: [&'static str; 2],
}

const HEAD: &str = "\
# 规则文件 · Policies

本文由 `wangge policy schema` 生成，与程序一致；请勿手改。规则怎样工作，见各文件中的注释（行号如 C2 指向机制表）。
This is printed by `wangge policy schema` and in step with the program: don't edit it by hand.

- 一个文件就是一地的全部做法：层级、岗位、阶段、谁可做什么、时限、可共享什么。换一地只换文件，不改程序。
  One file is all of a place's way of working. Another place is another file and no other program.
- 检查 check: `wangge policy check FILE` 指出每一处：走不出的阶段、到不了的阶段、没有时限或负责人的阶段、
  永远轮不到的时限、共享了不存在的字段、没有人能担任的岗位。
  It names dead ends, unreachable stages, clocks without owner and clocks that never run, sharing of unknown
  fields, roles nobody can hold.
- 版本 versions: 内容一改，`version` 就要加一；在办事件按它开始时的版本办完。`wangge policy publish FILE`
  发布给下级，下级 `wangge policy adopt KEY/VERSION` 启用（或在配置中写 `policy.follow = \"automatic\"`）。
  Raise `version` with every change; a case keeps the version it began with, at every node that holds it.
- 时长 durations: `15m` `24h` `10d`（钟表 wall clock）、`90wm` `8wh`（工作时间 working time）、`3wd`（工作日
  working days）、`today`（当天 by the end of the day）。
- 阶段 `phase`: `intake` `accepted` `assigned` `handling` `verifying` `closing` `closed` `refused` `suspended`
  `merged` `withdrawn`。
- 操作 `act`: {acts}。
- 另有三种身份可写进 `roles`: `reporter`（上报人）、`assignee`（承办人）、`anyone`（任何人，仅限上报）。
  Besides roles, `roles` may name whoever reported, whoever it was given to, and, for reports, anyone.
";

/// The description as Markdown, in Chinese and English.
#[must_use]
pub fn schema() -> String {
    let acts: Vec<String> =
        crate::act::ActKind::ALL.iter().map(|act| format!("`{}`", act.key())).collect();
    let mut text = HEAD.replace("{acts}", &acts.join(" "));
    for section in SECTIONS {
        section.write(&mut text);
    }
    text
}

impl Section {
    fn write(&self, text: &mut String) {
        let [zh, en] = self.is;
        let title = match self.form {
            Form::Top => "文件开头 · At the top".to_owned(),
            Form::Once => format!("`[{}]`", self.name),
            Form::Many => format!("`[[{}]]`", self.name),
        };
        let row = if self.row.is_empty() { String::new() } else { format!(" ({})", self.row) };
        // Writing to a string does not fail.
        let _ = writeln!(text, "\n## {title}\n\n{zh}。 {en}.{row}\n");
        text.push_str("| 键 key | 类型 type | 缺省 default | 含义 meaning |\n|---|---|---|---|\n");
        for key in self.keys {
            let default = key.default.unwrap_or("必填 needed");
            let [zh, en] = key.means;
            let _ = writeln!(text, "| `{}` | {} | {default} | {zh} · {en} |", key.name, key.kind);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::policy::Policy;

    const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/policies/README.md");

    /// The keys that a section's type reads, by what it says to one that it does not know.
    fn read_keys(section: &Section) -> BTreeSet<String> {
        let probe = "no_such_key";
        let text = match (section.form, section.name.split_once('.')) {
            (Form::Top, _) => format!("{probe} = 1"),
            (Form::Once, None) => format!("{} = {{ {probe} = 1 }}", section.name),
            (Form::Many, None) => format!("{} = [{{ {probe} = 1 }}]", section.name),
            (Form::Once, Some((outer, inner))) => {
                let many = SECTIONS.iter().any(|s| s.name == outer && s.form == Form::Many);
                let inner = format!("{{ {inner} = {{ {probe} = 1 }} }}");
                if many { format!("{outer} = [{inner}]") } else { format!("{outer} = {inner}") }
            }
            (Form::Many, Some((outer, inner))) => {
                format!("{outer} = {{ {inner} = [{{ {probe} = 1 }}] }}")
            }
        };
        let error = toml::from_str::<Policy>(&text).unwrap_err();
        let said = error.message().to_owned();
        assert!(said.contains(probe), "{}: {said}", section.name);
        said.split('`').skip(3).step_by(2).map(str::to_owned).collect()
    }

    #[test]
    fn every_key_that_is_read_is_described_and_no_other() {
        for section in SECTIONS {
            let described: BTreeSet<String> =
                section.keys.iter().map(|key| key.name.to_owned()).collect();
            assert_eq!(described, read_keys(section), "section {:?}", section.name);
        }
    }

    #[test]
    fn every_section_is_described() {
        let top = SECTIONS.iter().find(|section| section.form == Form::Top).unwrap();
        let tables = top.keys.iter().filter(|key| key.kind.contains("section"));
        for key in tables {
            assert!(SECTIONS.iter().any(|section| section.name == key.name), "{}", key.name);
        }
    }

    #[test]
    fn the_committed_description_is_in_step() {
        if std::env::var_os("WANGGE_BLESS").is_some() {
            std::fs::write(COMMITTED, schema()).unwrap();
        }
        let committed = std::fs::read_to_string(COMMITTED).unwrap_or_default();
        assert!(
            committed == schema(),
            "config/policies/README.md is out of date: run WANGGE_BLESS=1 cargo test -p governance"
        );
    }
}
