//! A county's folder, its report and its answer, and what becomes of an audit when one of them is
//! changed.

use std::fs;
use std::path::PathBuf;

use data_encoding::HEXLOWER;
use engine::command::{Agent, Command, What};
use engine::engine::{Effect, Input, Ticket};
use engine::view;
use governance::act::{Act, Report as Told};
use governance::query::{Group, Grouping, Matter, Metric};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::config::Config;
use crate::found::{Founding, found};
use crate::node::now;
use crate::offline::Offline;

/// A county that was told of some matters, and what it says of them.
struct County {
    folder: TempDir,
    config: Config,
}

fn told() -> Act {
    Act::Report(Box::new(Told {
        title: "路灯不亮".into(),
        description: "晚上看不清".into(),
        channel: "resident".into(),
        category: None,
        place: None,
        address: None,
        point: None,
        happened: None,
        contact_name: None,
        contact_phone: None,
        involved: None,
        photos: Vec::new(),
    }))
}

impl County {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = Config { data: folder.path().join("data"), ..Config::default() };
        let founding = Founding {
            name: "歙县".into(),
            level: "county".into(),
            area: "341021".parse().unwrap(),
            days: 30,
        };
        found(&Folder::new(&config.data), &founding, now()).unwrap();
        Self { folder, config }
    }

    /// So many matters; one of them is taken back.
    fn is_told(&self, matters: usize) {
        let mut offline = Offline::open(&self.config).unwrap();
        let mut last = None;
        for _ in 0..matters {
            let by = Agent::Resident { code: None };
            let what = What::Act { case: None, act: told() };
            last = Some(step(&mut offline, by, what));
        }
        let receipt = last.unwrap();
        let by = Agent::Resident { code: receipt.code };
        let act = Act::Withdraw { reason: "已好".into() };
        step(&mut offline, by, What::Act { case: receipt.subject, act });
    }

    fn data(&self) -> PathBuf {
        self.config.data.clone()
    }

    fn file(&self, name: &str, value: &Value) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, value.to_string()).unwrap();
        path
    }

    /// What the API would say.
    fn report(&self) -> Report {
        let offline = Offline::open(&self.config).unwrap();
        let setup = &offline.opened.setup;
        let area = setup.standing.certificate().area.clone();
        let seat = Seat { node: setup.me(), area };
        let scope = Scope { from: Timestamp::EPOCH, until: Timestamp::MAX, area: None };
        let counted = view::sheet(&offline.opened.engine.reader(), &scope, &seat, now()).unwrap();
        let state = counted.state;
        Report::new(&counted.sheet, state.journal(), state.still, state.log)
    }

    fn audit(&self, against: Report) -> Audit {
        audit(&self.data(), &Wanted { against: Some(against), ..Wanted::default() }).unwrap()
    }

    /// An answer to itself, as the API exports it.
    fn answer(&self) -> Value {
        let mut offline = Offline::open(&self.config).unwrap();
        let matter = Matter {
            metric: Metric::Received,
            grouping: Grouping::Channel,
            from: Timestamp::EPOCH,
            until: Timestamp::MAX,
            area: None,
        };
        let budget = std::time::Duration::from_secs(1);
        let ask = Input::Ask { ticket: Ticket(9), matter, budget };
        let engine = &mut offline.opened.engine;
        let mut counted = None;
        for effect in engine.step(vec![ask], now()) {
            if let Effect::Count { ask, matter, seat } = effect {
                let count = view::count(&engine.reader(), &matter, &seat, now()).ok();
                counted = Some(Input::Counted { ask, counted: count });
            }
        }
        let effects = engine.step(counted.into_iter().collect(), now());
        let found = effects.into_iter().find_map(|effect| {
            if let Effect::Answered { outcome, .. } = effect { outcome.ok() } else { None }
        });
        let (question, answer) = found.unwrap();
        let rows: Vec<Value> = answer
            .tally
            .iter()
            .map(|(group, cell)| json!({ "group": group, "count": cell.count }))
            .collect();
        let setup = &offline.opened.setup;
        let certificates: Vec<String> =
            setup.standing.chain().map(|link| HEXLOWER.encode(link)).collect();
        json!({
            "question": question.id,
            "matter": question.matter,
            "rows": rows,
            "signed": {
                "answer": HEXLOWER.encode(answer.bytes()),
                "certificates": certificates,
                "root": setup.root,
            },
        })
    }
}

fn step(offline: &mut Offline, by: Agent, what: What) -> engine::command::Receipt {
    let input = Input::Command { ticket: Ticket(1), command: Command { by, once: None, what } };
    let effects = offline.opened.engine.step(vec![input], now());
    let done = effects.into_iter().find_map(|effect| {
        if let Effect::Reply { outcome, .. } = effect { outcome.ok() } else { None }
    });
    done.unwrap()
}

fn count(report: &Report, metric: Metric) -> u64 {
    let wanted = (metric, Grouping::None);
    let figure = report.figures.iter().find(|one| (one.metric, one.grouping) == wanted);
    figure.and_then(|figure| figure.rows.first()).map_or(0, |row| row.count)
}

#[test]
fn a_report_is_what_its_records_give_also_later_and_in_an_export() {
    let county = County::new();
    county.is_told(5);
    let report = county.report();
    assert_eq!((count(&report, Metric::Received), count(&report, Metric::Open)), (5, 4));
    assert!(county.audit(report.clone()).holds());
    // What came after is not in it, and does not count against it.
    county.is_told(3);
    let audit = county.audit(report.clone());
    assert!(audit.holds() && audit.inexact.is_empty(), "{:?}", audit.differences);
    assert_eq!(audit.cases, 5);
    let export = county.folder.path().join("export");
    crate::export::export(&county.config, &export).unwrap();
    let wanted = Wanted { against: Some(report), ..Wanted::default() };
    assert!(super::audit(&export, &wanted).unwrap().holds(), "no key is needed");
    let now = super::audit(&export, &Wanted::default()).unwrap();
    assert_eq!(count(&now.recounted, Metric::Received), 8);
}

#[test]
fn each_figure_that_was_made_nicer_is_named() {
    let county = County::new();
    county.is_told(4);
    let mut report = county.report();
    let wanted = (Metric::Received, Grouping::Channel);
    let figure = report.figures.iter_mut().find(|one| (one.metric, one.grouping) == wanted);
    figure.unwrap().rows[0].count = 9;
    let audit = county.audit(report);
    assert!(!audit.holds());
    assert_eq!(audit.differences.len(), 1);
    let found = &audit.differences[0];
    assert_eq!((found.metric, found.grouping), wanted);
    assert_eq!(found.recounted.as_ref().map(|row| row.count), Some(4));
}

#[test]
fn a_report_of_another_history_is_told_from_one_of_this() {
    let county = County::new();
    county.is_told(2);
    let good = county.report();
    let mut ahead = good.clone();
    ahead.journal += 1;
    assert_eq!(county.audit(ahead).inexact, [Inexact::Behind]);
    let mut other = good.clone();
    other.log.root = record::Hash::ZERO;
    let audit = county.audit(other);
    assert!(matches!(audit.inexact[..], [Inexact::OtherLog { .. }]) && !audit.holds());
    let mut moving = good.clone();
    moving.still = false;
    let audit = county.audit(moving);
    assert_eq!((audit.inexact.as_slice(), audit.holds()), ([Inexact::Moving].as_slice(), true));
    let mut stranger = good;
    stranger.node = NodeId::from_bytes([7; 32]);
    let wanted = Wanted { against: Some(stranger), ..Wanted::default() };
    assert!(matches!(super::audit(&county.data(), &wanted), Err(AuditError::OtherNode { .. })));
}

#[test]
fn a_damaged_journal_is_no_sound_ground_for_any_number() {
    let county = County::new();
    county.is_told(3);
    let report = county.report();
    let journal = county.data().join("journal");
    let segment = fs::read_dir(&journal).unwrap().next().unwrap().unwrap().path();
    let mut bytes = fs::read(&segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&segment, bytes).unwrap();
    let audit = county.audit(report);
    assert!(!audit.verified.is_sound() && !audit.holds());
}

#[test]
fn a_signed_answer_is_checked_against_its_question_its_signer_and_its_log() {
    let county = County::new();
    county.is_told(3);
    let good = county.answer();
    let file = county.file("answer.json", &good);
    let alone = audit_answer(&file, None).unwrap();
    assert!(alone.holds() && !alone.trusted_root && alone.witness == Witness::None);
    let own = audit_answer(&file, Some(&county.data())).unwrap();
    assert!(own.holds() && own.trusted_root);
    assert_eq!(own.witness, Witness::Own { counted: true });
    // Afterwards the log goes on; the answer stays what it was.
    county.is_told(2);
    let later = audit_answer(&file, Some(&county.data())).unwrap();
    assert_eq!(later.witness, Witness::Own { counted: true });
    let mut nicer = good.clone();
    nicer["rows"][0]["count"] = json!(30);
    let audit = audit_answer(&county.file("nicer.json", &nicer), None).unwrap();
    let channel = Group::of(Some("resident"));
    assert_eq!(audit.differences, [(channel, Some(30), Some(3))]);
    assert!(!audit.holds());
    for (at, value) in [
        ("/matter/metric", json!("open")),
        ("/question", json!("00".repeat(16))),
        ("/signed/root", json!("11".repeat(32))),
        ("/signed/certificates", json!([])),
        ("/signed/answer", json!("00")),
    ] {
        let mut wrong = good.clone();
        *wrong.pointer_mut(at).unwrap() = value;
        let file = county.file("wrong.json", &wrong);
        assert!(audit_answer(&file, None).is_err(), "{at}");
    }
    let other = County::new();
    assert!(audit_answer(&file, Some(&other.data())).is_err(), "another federation's root");
}
