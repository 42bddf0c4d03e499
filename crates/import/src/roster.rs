//! People and their appointments from a file (R1, R4): what to put on the roster, what to appoint,
//! and who is one person. Nothing is applied here, and the same file once more changes nothing.

pub mod export;
mod row;

use std::collections::BTreeMap;

use chrono::FixedOffset;
use governance::policy::Policy;
use governance::roster::Appointment;
use governance::territory::Territory;
use record::{Subject, Timestamp};
use serde::Serialize;

use row::Entry;

use crate::columns::{Column, Mapping, Table};
use crate::problem::{Fault, Problem, Spot};
use crate::table::Book;

/// How a file of people is to be understood.
pub struct Options<'a> {
    /// The roles.
    pub policy: &'a Policy,
    /// The grids.
    pub territory: &'a Territory,
    /// The people on the roster, with the names and numbers that only their records have.
    pub known: &'a [Known],
    /// The zone of the file's dates.
    pub zone: FixedOffset,
    /// The time now, and the beginning of appointments where the file says none.
    pub now: Timestamp,
}

/// Somebody on the roster.
#[derive(Clone)]
pub struct Known {
    /// Who.
    pub person: Subject,
    /// Name.
    pub name: String,
    /// Telephone number.
    pub phone: Option<String>,
    /// Appointments, ended ones too.
    pub appointments: Vec<Appointment>,
}

/// What a file would do.
#[derive(Default)]
pub struct Plan {
    /// People, in the file's order.
    pub people: Vec<Person>,
    /// What is wrong, and what to look at.
    pub problems: Vec<Problem>,
    /// How many of each.
    pub counts: Counts,
}

/// Somebody in the file.
#[derive(Clone)]
pub struct Person {
    /// Their rows.
    pub spots: Vec<Spot>,
    /// Who they are on the roster; nobody yet where absent: then they are registered first, with
    /// name and number.
    pub known: Option<Subject>,
    /// Name.
    pub name: String,
    /// Telephone number, digits alone.
    pub phone: Option<String>,
    /// Appointments they do not hold yet.
    pub appointments: Vec<Appointment>,
}

/// How many of each.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Counts {
    /// Rows that say something.
    pub rows: usize,
    /// People who are not on the roster yet.
    pub new: usize,
    /// Appointments to make.
    pub appointments: usize,
    /// Rows that are so already.
    pub unchanged: usize,
    /// Rows with errors.
    pub refused: usize,
}

/// The columns of a table of people.
#[must_use]
pub fn columns() -> Vec<Column> {
    let column = |key, zh, en, names: &[&str]| Column::new(key, zh, en, names, key == "name");
    vec![
        column("name", "姓名", "name", &["人员姓名", "网格员姓名", "网格员"]),
        column(
            "phone",
            "联系电话",
            "phone",
            &["手机号", "手机号码", "手机", "电话", "电话号码", "联系方式", "telephone", "mobile"],
        ),
        column("role", "角色", "role", &["职务", "岗位", "人员类型", "身份"]),
        column(
            "place",
            "网格代码",
            "grid code",
            &[
                "网格编码",
                "网格",
                "网格名称",
                "所属网格",
                "责任网格",
                "负责区域",
                "所在网格",
                "grid",
            ],
        ),
        column(
            "from",
            "任职日期",
            "from",
            &["聘用日期", "聘期开始", "上任日期", "任职时间", "开始日期"],
        ),
        column("until", "任期截止", "until", &["聘期结束", "离任日期", "截止日期", "结束日期"]),
    ]
}

/// What the file would do to the roster. Rows with one name and one telephone number are one
/// person; two of one name with different numbers are two.
#[must_use]
pub fn plan(book: &Book, mapping: &Mapping, options: &Options<'_>) -> Plan {
    let mut plan = Plan { problems: book.problems.clone(), ..Plan::default() };
    let Some(table) = Table::bind(book, &columns(), mapping, &mut plan.problems) else {
        return plan;
    };
    let reader = row::Reader::new(options);
    let mut entries = Vec::new();
    for line in table.lines() {
        plan.counts.rows += 1;
        let mut found = Vec::new();
        let entry = reader.read(&line, &mut found);
        if found.iter().any(Problem::is_error) {
            plan.counts.refused += 1;
        } else {
            entries.extend(entry);
        }
        plan.problems.extend(found);
    }
    let people = together(entries);
    let known: BTreeMap<_, &Known> = options
        .known
        .iter()
        .rev()
        .map(|known| (row::key(&known.name, known.phone.as_deref()), known))
        .collect();
    plan.problems.extend(doubts(&people, options.known));
    for rows in people {
        person(&mut plan, rows, &known, options.now);
    }
    plan
}

/// Rows of one person, in the order of their first rows.
fn together(entries: Vec<Entry>) -> Vec<Vec<Entry>> {
    let mut people: Vec<Vec<Entry>> = Vec::new();
    let mut index: BTreeMap<(String, Option<String>), usize> = BTreeMap::new();
    for entry in entries {
        let at = *index.entry(entry.key()).or_insert(people.len());
        if at == people.len() {
            people.push(Vec::new());
        }
        people[at].push(entry);
    }
    people
}

fn person(
    plan: &mut Plan,
    rows: Vec<Entry>,
    known: &BTreeMap<(String, Option<String>), &Known>,
    now: Timestamp,
) {
    let Some(first) = rows.first() else { return };
    let known = known.get(&first.key()).copied();
    if let Some(problem) = several_rows(&rows) {
        plan.problems.push(problem);
    }
    let mut person = Person {
        spots: rows.iter().map(|entry| entry.spot.clone()).collect(),
        known: known.map(|known| known.person),
        name: first.name.clone(),
        phone: first.phone.clone(),
        appointments: Vec::new(),
    };
    plan.counts.new += usize::from(known.is_none());
    for entry in &rows {
        let Some(appointment) = &entry.appointment else {
            plan.counts.unchanged += usize::from(known.is_some());
            continue;
        };
        let held = known.map_or(&[][..], |known| &known.appointments);
        match held.iter().chain(&person.appointments).find(|held| same(held, appointment, now)) {
            None => {
                plan.counts.appointments += 1;
                person.appointments.push(appointment.clone());
            }
            Some(held) => {
                plan.counts.unchanged += 1;
                if held.until != appointment.until {
                    plan.problems.push(other_end(entry.spot.clone()));
                }
            }
        }
    }
    if person.known.is_none() || !person.appointments.is_empty() {
        plan.people.push(person);
    }
}

/// Whether an appointment that has not ended is to the same role over the same ground.
fn same(held: &Appointment, new: &Appointment, now: Timestamp) -> bool {
    let lasts = held.until.is_none_or(|until| until > now.max(new.from));
    held.role == new.role && held.scope == new.scope && lasts
}

fn several_rows(rows: &[Entry]) -> Option<Problem> {
    let [first, .., last] = rows else { return None };
    let numbers: Vec<String> =
        rows.iter().filter_map(|row| row.spot.row).map(|n| n.to_string()).collect();
    let numbers = numbers.join("、");
    // Without a number nobody knows whether it is one person: then somebody should look.
    let problem = if first.phone.is_some() {
        Problem::note(
            Fault::SamePerson,
            last.spot.clone(),
            format!("第 {numbers} 行姓名、电话相同，按一人多职处理"),
            format!(
                "rows {numbers} have one name and number: taken for one person with several appointments"
            ),
        )
    } else {
        Problem::warning(
            Fault::NameShared,
            last.spot.clone(),
            format!("第 {numbers} 行同名且都没有电话，按一人处理；如果不是一人，请补上电话"),
            format!(
                "rows {numbers} have one name and no number: taken for one person; if they are several, give their numbers"
            ),
        )
    };
    Some(problem.of(&first.name))
}

/// One number with several names, and names that may or may not be one person.
fn doubts(people: &[Vec<Entry>], known: &[Known]) -> Vec<Problem> {
    let mut by_phone: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut by_name: BTreeMap<String, Vec<Option<String>>> = BTreeMap::new();
    let listed = known.iter().map(|known| row::key(&known.name, known.phone.as_deref()));
    for (name, phone) in listed.chain(people.iter().filter_map(|rows| rows.first()).map(Entry::key))
    {
        if let Some(phone) = &phone {
            let names = by_phone.entry(phone.clone()).or_default();
            if !names.contains(&name) {
                names.push(name.clone());
            }
        }
        let phones = by_name.entry(name).or_default();
        if !phones.contains(&phone) {
            phones.push(phone);
        }
    }
    let mut found = Vec::new();
    for first in people.iter().filter_map(|rows| rows.first()) {
        let (name, phone) = first.key();
        if phone.as_ref().is_some_and(|phone| by_phone[phone].len() > 1) {
            found.push(
                Problem::warning(
                    Fault::PhoneShared,
                    first.spot.clone(),
                    "这个电话对应不止一个姓名；请核对",
                    "this number belongs to more than one name: check it",
                )
                .of(&first.name),
            );
        }
        let phones = &by_name[&name];
        if phones.len() > 1 && phones.contains(&None) {
            found.push(Problem::warning(
                Fault::NameShared,
                first.spot.clone(),
                "同名的人有的有电话、有的没有，按不同的人处理；如果是一人，请补上电话",
                "of several people of this name some have no number: taken for different people; if they are one, give the number",
            ).of(&first.name));
        }
    }
    found
}

fn other_end(spot: Spot) -> Problem {
    Problem::warning(
        Fault::AlreadyHeld,
        spot,
        "已担任此职，但截止日期不同；请先免去再重新任命",
        "this appointment is held already with another end: dismiss first, then appoint anew",
    )
}

#[cfg(test)]
mod tests;
