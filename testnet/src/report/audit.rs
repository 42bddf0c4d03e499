//! What was given to whom: everything that nodes away from a case's home hold of it is read by
//! somebody from whom the API hides nothing, and searched, together with the bytes on their disks,
//! for what never may leave home.

mod photos;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use governance::case::Party;
use memchr::memmem;
use serde_json::Value;

use super::{Desk, Report, ReportError, Table};
use crate::client::Ask;
use crate::day::{CANARY, INVOLVED, RESIDENT};
use crate::ledger::CaseState;
use crate::people::AUDITOR;
use crate::plan::Part;
use crate::practice::Practice;

/// Requests at once.
const AT_ONCE: usize = 16;
/// What never may leave home: residents' numbers and names, and the people involved.
const CANARIES: [&str; 3] = [CANARY, RESIDENT, INVOLVED];
/// Fields with words in them; the others are codes, ids and times.
const WORDS: [&str; 10] = [
    "title",
    "description",
    "address",
    "point",
    "reason",
    "instead",
    "opinion",
    "request",
    "note",
    "photos",
];
/// Fields that no node away from home may have.
const PERSONAL: [&str; 3] = ["contact_name", "contact_phone", "involved"];

/// What a node was found to hold of others' cases.
#[derive(Default)]
struct Holding {
    cases: BTreeSet<String>,
    records: u64,
    fields: BTreeMap<String, u64>,
    /// Photos that their reports show: case and hash.
    photos: BTreeSet<(String, String)>,
    /// Bytes of its API's answers that were searched.
    answered: u64,
    /// Canaries in them.
    hits: u64,
}

pub(super) async fn write(desk: &Desk<'_>, report: &mut Report) -> Result<(), ReportError> {
    let plan = &desk.federation.plan;
    let mut held = Vec::new();
    for (seat, place) in plan.seats().iter().enumerate() {
        if place.part != Part::Community {
            held.push((seat, holding(desk, seat).await?));
        }
    }
    given(desk, report, &held);
    expected(desk, report, &held);
    photos::write(desk, report, &held).await?;
    answers(desk, report, &held);
    at_home(desk, report).await?;
    on_disk(desk, report)
}

/// Everything that a node shows of its cases.
async fn holding(desk: &Desk<'_>, seat: usize) -> Result<Holding, ReportError> {
    let mut holding = Holding::default();
    let mut after = String::new();
    loop {
        let path = format!("/v1/cases?limit=200{after}");
        let bytes = desk.bytes(seat, AUDITOR, Ask::get(path)).await?;
        holding.search(&bytes);
        let page: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let items = page["items"].as_array().cloned().unwrap_or_default();
        holding
            .cases
            .extend(items.iter().filter_map(|case| case["id"].as_str()).map(str::to_owned));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    let cases: Vec<String> = holding.cases.iter().cloned().collect();
    let reading = stream::iter(cases.iter().map(async |id| {
        let detail = desk.bytes(seat, AUDITOR, Ask::get(format!("/v1/cases/{id}"))).await?;
        let ask = Ask::get(format!("/v1/cases/{id}/timeline"));
        Ok::<_, ReportError>((id, detail, desk.bytes(seat, AUDITOR, ask).await?))
    }));
    let read: Vec<_> = reading.buffer_unordered(AT_ONCE).try_collect().await?;
    for (id, detail, timeline) in read {
        holding.search(&detail);
        holding.search(&timeline);
        let steps: Value = serde_json::from_slice(&timeline).unwrap_or_default();
        for step in steps["items"].as_array().into_iter().flatten() {
            holding.step(id, step, &desk.ids[seat]);
        }
    }
    Ok(holding)
}

impl Holding {
    /// Counts a record that another node signed, with the fields that came with it.
    fn step(&mut self, case: &str, step: &Value, own: &str) {
        if step["author"]["id"].as_str() == Some(own) {
            return;
        }
        self.records += 1;
        for photo in step["fields"]["photos"].as_array().into_iter().flatten() {
            let hash = photo["hash"].as_str().unwrap_or_default();
            self.photos.insert((case.to_owned(), hash.to_owned()));
        }
        for (name, _) in step["fields"].as_object().into_iter().flatten() {
            *self.fields.entry(name.clone()).or_default() += 1;
        }
    }

    fn search(&mut self, bytes: &[u8]) {
        self.answered += bytes.len() as u64;
        self.hits += hits(bytes);
    }

    fn count(&self, names: &[&str]) -> u64 {
        names.iter().filter_map(|name| self.fields.get(*name)).sum()
    }
}

fn hits(bytes: &[u8]) -> u64 {
    CANARIES.iter().map(|canary| memmem::find_iter(bytes, canary).count() as u64).sum()
}

fn given(desk: &Desk<'_>, report: &mut Report, held: &[(usize, Holding)]) {
    report.title("给了谁什么", "what others were given: cases, records, and fields by name");
    for (seat, holding) in held {
        let words = WORDS.iter().filter_map(|name| Some((name, holding.fields.get(*name)?)));
        let words: Vec<String> = words.map(|(name, count)| format!("{name} {count}")).collect();
        let all: u64 = holding.fields.values().sum();
        let structural = all - holding.count(&WORDS) - holding.count(&PERSONAL);
        let words = if words.is_empty() { "—".to_owned() } else { words.join("，") };
        report.line(&format!(
            "  {}：{} 件 cases，{} 条记录 records；文字 words: {words}；结构性字段 codes and times: \
             {structural}",
            desk.name(*seat),
            holding.cases.len(),
            holding.records
        ));
    }
}

/// Who was given which cases, and that no field went beyond what the policy names.
fn expected(desk: &Desk<'_>, report: &mut Report, held: &[(usize, Holding)]) {
    for (seat, holding) in held {
        let name = desk.name(*seat);
        let cases = desk.book.cases.values().filter(|case| case.is_known_to(*seat));
        let due: BTreeSet<String> = cases.map(|case| case.id.clone()).collect();
        report.check(&format!("{name} 知道的事件 the cases it knows"), &holding.cases, &due);
        let personal = holding.count(&PERSONAL);
        report.check(&format!("{name} 拿到的个人信息字段 personal fields"), &personal, &0);
        if desk.federation.plan.seats()[*seat].part != Part::Unit {
            continue;
        }
        let allowed = to_units(&desk.federation.practice);
        let beyond: Vec<&str> = WORDS.into_iter().filter(|name| !allowed.contains(*name)).collect();
        let what = format!("{name} 拿到的规则外文字 words beyond the policy");
        report.check(&what, &holding.count(&beyond), &0);
        let due = (due.len() as u64, due.len() as u64);
        let found = (holding.count(&["title"]), holding.count(&["request"]));
        let mark = report.check(&format!("{name} 的标题与请求 titles and requests"), &found, &due);
        report.line(&format!(
            "  {mark} {name}：每件一个标题、一份吹哨请求，除规则所列外没有其他文字 · a title and a \
             request a case, and no words but those the policy names"
        ));
    }
}

/// The fields with words that the street's policy lets units have.
fn to_units(practice: &Practice) -> BTreeSet<&str> {
    let rules = practice.policy_of(Part::Street).disclosures.iter();
    let to_units = rules.filter(|rule| rule.to == Party::Unit);
    to_units.flat_map(|rule| &rule.fields).map(String::as_str).collect()
}

fn answers(desk: &Desk<'_>, report: &mut Report, held: &[(usize, Holding)]) {
    report.title("居民的电话在哪里", "where residents' numbers are");
    let mut table = Table::of(&["节点 node", "检索的接口应答 bytes of answers", "命中 hits", ""]);
    for (seat, holding) in held {
        let name = desk.name(*seat).to_owned();
        let what =
            format!("{name} 接口应答中的居民电话、姓名、涉事人 residents' data in its answers");
        let mark = report.check(&what, &holding.hits, &0);
        table.row([name, holding.answered.to_string(), holding.hits.to_string(), mark.to_owned()]);
    }
    report.table(&table);
}

/// The control: the same search finds the numbers where they belong.
async fn at_home(desk: &Desk<'_>, report: &mut Report) -> Result<(), ReportError> {
    let climbed = desk.book.cases.values().filter(|case| case.offers.up > 0);
    let mut found = 0;
    for case in climbed {
        let ask = Ask::get(format!("/v1/cases/{}/timeline", case.id));
        let bytes = desk.bytes(case.home, "dispatcher", ask).await?;
        found += u64::from(hits(&bytes) > 0);
    }
    let mark = report.check("受理地查得到居民信息 home finds them", &(found > 0), &true);
    report.line(&format!(
        "  {mark} 对照：同一检索在受理地找到 {found} 件的居民信息 · control: the same search finds \
         them at home, for {found} of the escalated cases"
    ));
    Ok(())
}

/// Data folders and logs: residents' data lie in clear on no disk at all.
fn on_disk(desk: &Desk<'_>, report: &mut Report) -> Result<(), ReportError> {
    let (mut bytes, mut control) = (0, 0);
    for seat in desk.seats() {
        let name = desk.name(seat);
        // A number of a case lies in clear: it shows that the search sees what is there.
        let own = |case: &&CaseState| case.records.iter().any(|(author, _)| *author == seat);
        let number = desk.book.cases.values().find(own).map(|case| case.number.clone());
        let (mut found, mut seen) = (0, 0);
        for path in files(&desk.federation.node_folder(seat))? {
            let content = read(&path)?;
            bytes += content.len() as u64;
            found += hits(&content);
            let number = number.as_deref().unwrap_or("\0");
            seen += memmem::find_iter(&content, number).count();
        }
        report.check(&format!("{name} 磁盘上的居民信息 residents' data on its disk"), &found, &0);
        control += usize::from(seen > 0 || number.is_none());
    }
    let mark = report.check("磁盘检索的对照 control of the search", &control, &desk.seats().len());
    report.line(&format!(
        "  {mark} 全部节点的数据目录与日志（{bytes} 字节）中没有明文的居民信息 · in no data folder and no \
         log are residents' data in clear"
    ));
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>, ReportError> {
    match std::fs::read(path) {
        // The index merges its files while it runs.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        other => other.map_err(|source| ReportError::File { path: path.into(), source }),
    }
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, ReportError> {
    let failed = |source| ReportError::File { path: folder.into(), source };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_canary_is_found() {
        assert_eq!(hits(b"nothing"), 0);
        assert_eq!(hits("x139-0000-0001y演示居民0001，演示涉事人1".as_bytes()), 3);
    }

    #[test]
    fn only_what_others_signed_was_given() {
        let mut holding = Holding::default();
        let step = |author: &str| {
            serde_json::json!({
                "author": { "id": author }, "fields": { "title": "a", "stage": "b" }
            })
        };
        holding.step("case", &step("me"), "me");
        holding.step("case", &step("street"), "me");
        assert_eq!((holding.records, holding.count(&["title"])), (1, 1));
    }
}
