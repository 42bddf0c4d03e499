//! What residents are told.

use governance::act::ActKind;
use governance::change::Phase;
use record::{Subject, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::name::{Named, NodeName};

/// A page of a list.
#[derive(Deserialize)]
pub(crate) struct Listed<T> {
    pub(crate) items: Vec<T>,
    pub(crate) next: Option<String>,
}

/// What is handed over for a report.
#[derive(Deserialize)]
pub(crate) struct Taken {
    pub(crate) code: Option<String>,
}

/// A case that staff have filed.
#[derive(Deserialize)]
pub(crate) struct Filed {
    pub(crate) id: String,
}

/// Where a clock stands.
#[derive(Clone, Deserialize)]
pub(crate) struct Clock {
    /// `none`, `running`, `overdue`, `met`, `breached`.
    pub(crate) state: String,
    pub(crate) due: Option<Timestamp>,
}

impl Clock {
    /// Its state as a style: what is due within a day is told from what has time.
    pub(crate) fn style(&self, now: &Timestamp) -> &str {
        const SOON: i64 = 86_400_000;
        let soon = self.due.is_some_and(|due| due.millis() - now.millis() < SOON);
        if self.state == "running" && soon { "soon" } else { &self.state }
    }
}

/// What a reporter is told of their case.
#[derive(Deserialize)]
pub(crate) struct Followed {
    pub(crate) number: String,
    pub(crate) title: Option<String>,
    pub(crate) stage: Named,
    pub(crate) clock: Clock,
    pub(crate) holder: NodeName,
    pub(crate) opened: Timestamp,
    pub(crate) closed: Option<Timestamp>,
    pub(crate) steps: Vec<Told>,
    pub(crate) may: Vec<ActKind>,
}

/// A step, as the reporter is told it.
#[derive(Deserialize)]
pub(crate) struct Told {
    pub(crate) time: Timestamp,
    pub(crate) act: ActKind,
    pub(crate) fields: Map<String, Value>,
}

/// A matter, as anybody may know it.
#[derive(Deserialize)]
pub(crate) struct Matter {
    pub(crate) id: Subject,
    pub(crate) category: Named,
    pub(crate) grid: Option<Line>,
    pub(crate) stage: Named,
    pub(crate) phase: Phase,
    pub(crate) clock: Clock,
    pub(crate) opened: Timestamp,
    pub(crate) closed: Option<Timestamp>,
    pub(crate) settled: Option<Named>,
}

/// A place by id and name.
#[derive(Clone, Deserialize)]
pub(crate) struct Line {
    pub(crate) id: Subject,
    pub(crate) name: Option<String>,
}

impl Told {
    /// A text among its fields.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.fields.get(name).and_then(Value::as_str)
    }

    /// The photos that it shows, by hash.
    pub(crate) fn photos(&self) -> Vec<&str> {
        photos(&self.fields)
    }
}

/// The hashes of the photos among fields.
pub(crate) fn photos(fields: &Map<String, Value>) -> Vec<&str> {
    let shown = fields.get("photos").and_then(Value::as_array);
    shown.into_iter().flatten().filter_map(|photo| photo["hash"].as_str()).collect()
}
