//! A row of a table of people.

use std::collections::BTreeMap;

use governance::policy::Role;
use governance::roster::Appointment;
use record::{Subject, Timestamp};

use super::Options;
use crate::columns::{Line, MAX_LINE};
use crate::lookup::Lookup;
use crate::problem::{Fault, Problem, Spot};
use crate::text::{fold, forms};

/// What a row says.
pub(super) struct Entry {
    pub(super) spot: Spot,
    pub(super) name: String,
    pub(super) phone: Option<String>,
    pub(super) appointment: Option<Appointment>,
}

impl Entry {
    /// What makes it one person: name and number.
    pub(super) fn key(&self) -> (String, Option<String>) {
        key(&self.name, self.phone.as_deref())
    }
}

/// Name and number as they are compared: `张 三` is 张三, and `+86 138-0013-8000` is 13800138000.
pub(super) fn key(name: &str, phone: Option<&str>) -> (String, Option<String>) {
    let name = fold(name).chars().filter(|c| !c.is_whitespace()).collect();
    (name, phone.and_then(digits))
}

/// The digits of a telephone number without the country's; `None` for what is no number.
fn digits(phone: &str) -> Option<String> {
    let plain: String = fold(phone)
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '(' | ')'))
        .collect();
    let local = plain.strip_prefix("+86").or_else(|| plain.strip_prefix("0086")).unwrap_or(&plain);
    let number = (5..=15).contains(&local.len()) && local.bytes().all(|b| b.is_ascii_digit());
    number.then(|| local.to_owned())
}

/// Reads rows, knowing roles and places by every name they have.
pub(super) struct Reader<'a> {
    options: &'a Options<'a>,
    roles: BTreeMap<String, &'a Role>,
    places: Lookup,
}

impl<'a> Reader<'a> {
    pub(super) fn new(options: &'a Options<'a>) -> Self {
        let mut roles = BTreeMap::new();
        // Whole names and keys go before what a bracket stands for.
        for role in &options.policy.roles {
            roles.extend(forms(&role.name).into_iter().map(|form| (form, role)));
        }
        for role in &options.policy.roles {
            for name in [&role.name_en, &role.name, &role.key] {
                roles.insert(fold(name), role);
            }
        }
        Self { options, roles, places: Lookup::new(options.territory, options.now) }
    }

    pub(super) fn read(&self, line: &Line<'_>, problems: &mut Vec<Problem>) -> Option<Entry> {
        problems.extend(line.overlong());
        let name = line.need("name", MAX_LINE, problems);
        let phone = phone(line, problems);
        let role = self.role(line, problems);
        let scope = self.place(line, problems);
        let (from, until) = self.period(line, problems);
        if let Some(role) = role.filter(|_| scope.is_none()) {
            problems.extend(self.without_place(line, role));
        }
        let appointment =
            role.map(|role| Appointment { role: role.key.clone(), scope, from, until });
        Some(Entry { spot: line.here(), name: name?, phone, appointment })
    }

    fn role(&self, line: &Line<'_>, problems: &mut Vec<Problem>) -> Option<&'a Role> {
        let word = line.word("role", MAX_LINE, problems)?;
        let role = self.roles.get(&fold(&word)).copied();
        if role.is_none() {
            let roles = &self.options.policy.roles;
            let list = |name: fn(&Role) -> &str| roles.iter().map(name).collect::<Vec<_>>();
            let (zh, en) =
                (list(|role| &role.name).join("、"), list(|role| &role.name_en).join(", "));
            problems.push(
                Problem::error(
                    Fault::UnknownRole,
                    line.spot("role"),
                    format!("规则里没有这个角色；可填：{zh}"),
                    format!("the policy has no such role; it has: {en}"),
                )
                .of(&word),
            );
        }
        role
    }

    fn place(&self, line: &Line<'_>, problems: &mut Vec<Problem>) -> Option<Subject> {
        let label = line.word("place", MAX_LINE, problems)?;
        let found = self.places.find(&label);
        found.map_err(|miss| problems.push(miss.problem(line.spot("place"), &label))).ok()
    }

    fn period(
        &self,
        line: &Line<'_>,
        problems: &mut Vec<Problem>,
    ) -> (Timestamp, Option<Timestamp>) {
        let zone = Some(self.options.zone);
        let from = line.moment("from", zone, problems).map(|moment| moment.start());
        // Until a day means until its end.
        let until = line.moment("until", zone, problems).map(|moment| moment.end());
        let from = from.unwrap_or(self.options.now);
        if until.is_some_and(|until| until <= from) {
            problems.push(
                Problem::error(
                    Fault::EndBeforeStart,
                    line.spot("until"),
                    "截止日期应晚于任职日期",
                    "should lie after the beginning",
                )
                .of(line.cell("until").to_text()),
            );
        }
        (from, until)
    }

    /// Without a place an appointment covers the whole jurisdiction, which for somebody who works
    /// in a grid is surely not meant.
    fn without_place(&self, line: &Line<'_>, role: &Role) -> Option<Problem> {
        let policy = self.options.policy;
        let below = |key: &String| {
            policy.levels.iter().any(|level| level.key == *key && !level.administrative)
        };
        let of_grid = !role.levels.is_empty() && role.levels.iter().all(below);
        if !of_grid || !line.cell("place").is_empty() {
            return None;
        }
        Some(Problem::error(
            Fault::Empty,
            line.spot("place"),
            format!("“{}”必须写明网格，否则会管到全部辖区", role.name),
            format!(
                "a {} needs a grid, or the appointment would cover the whole jurisdiction",
                role.name_en
            ),
        ))
    }
}

fn phone(line: &Line<'_>, problems: &mut Vec<Problem>) -> Option<String> {
    let label = line.label("phone", problems)?;
    let digits = digits(&label);
    if digits.is_none() {
        problems.push(
            Problem::error(
                Fault::BadPhone,
                line.spot("phone"),
                "应为一个电话号码，例如 13800138000 或 0559-6512345；没有就留空",
                "should be one telephone number such as 13800138000 or 0559-6512345, or nothing",
            )
            .of(&label),
        );
    }
    digits
}
