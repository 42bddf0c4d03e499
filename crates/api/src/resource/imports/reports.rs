//! Reports in bulk and a hotline's work orders (C9), by a mapping that is named or sent.

use std::sync::Arc;

use axum::Json;
use engine::command::What;
use engine::view;
use import::reports::{self, Import, Imported, Options, Source};
use import::table;
use serde::{Deserialize, Serialize};

use super::apply::{self, Row};
use super::told::Told;
use super::upload::Upload;
use crate::body::Body;
use crate::desk::{Desk, View};
use crate::problem::{Kind, Problem};
use crate::progress::Brings;

/// A file of reports.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    file: Upload,
    /// A source that this node knows.
    #[serde(default)]
    source: Option<String>,
    /// Another one: its mapping file's text.
    #[serde(default)]
    mapping: Option<String>,
    /// Whether it is only shown what would be done.
    #[serde(default)]
    dry_run: bool,
}

/// How many rows came to what; all of them together are the file's rows.
#[derive(Serialize, Default)]
pub(crate) struct Counts {
    rows: usize,
    /// New cases.
    opened: usize,
    /// Rows that were taken in before, or stand in the file twice.
    repeated: usize,
    /// Rows with an error.
    refused: usize,
}

/// `POST /v1/imports/reports`
pub(crate) async fn take(desk: Desk, body: Body<File>) -> Result<Json<Told<Counts>>, Problem> {
    let File { file, source, mapping, dry_run } = body.value;
    let source = desk.source(source.as_deref(), mapping.as_deref())?;
    let (read, known) = desk
        .read(move |view| {
            let read = view.reports(&file.0, &source);
            let known = if dry_run { view.known(&read.reports)? } else { 0 };
            Ok((read, known))
        })
        .await?;
    let Import { reports, mut problems, counts } = read;
    let mut told =
        Counts { repeated: counts.repeated, refused: counts.refused, ..Counts::default() };
    if dry_run {
        told.repeated += known;
        told.opened = reports.len() - known;
    } else {
        let row = |Imported { spot, origin, report }| Row {
            spot,
            what: What::Import { origin, report: Box::new(report) },
        };
        let progress = desk.import(Brings::Reports, reports.len())?;
        let rows = reports.into_iter().map(row);
        for done in apply::rows(&desk.state.handle, &desk.staff()?, rows, &progress).await? {
            match done {
                Ok(receipt) if receipt.record.is_some() => told.opened += 1,
                Ok(_) => told.repeated += 1,
                Err(named) => {
                    told.refused += 1;
                    problems.push(named);
                }
            }
        }
    }
    told.rows = told.opened + told.repeated + told.refused;
    Ok(Json(Told::new(dry_run, told, problems)))
}

impl Desk {
    /// The source that is named, or whose mapping file was sent.
    ///
    /// # Errors
    /// When there is none, it is unsound, or it uses what the policy does not have.
    pub(in crate::resource) fn source(
        &self,
        key: Option<&str>,
        mapping: Option<&str>,
    ) -> Result<Arc<Source>, Problem> {
        let sources = &self.state.config.sources;
        let wrong = |at: &str, what: String| Problem::at(Kind::FIELD, format!("body.{at}"), what);
        let source = match (key, mapping) {
            (Some(key), None) => sources.get(key).ok_or_else(|| {
                let keys: Vec<&str> = sources.iter().map(|source| source.key.as_str()).collect();
                wrong("source", format!("is none that this node knows: {}", keys.join(", ")))
            })?,
            (None, Some(text)) => {
                let source = Source::from_toml(text);
                Arc::new(source.map_err(|error| wrong("mapping", error.told()))?)
            }
            (Some(_), Some(_)) | (None, None) => {
                return Err(wrong("source", "give `source` or `mapping`, and one of them".into()));
            }
        };
        let unknown = source.unknown_to(self.state.handle.world().policy());
        if unknown.is_empty() { Ok(source) } else { Err(wrong("mapping", unknown.join("; "))) }
    }
}

impl View {
    fn reports(&self, file: &[u8], source: &Source) -> Import {
        let options = Options { territory: Some(&self.world.territory), now: self.now };
        match table::read(file, &source.options()) {
            Ok(book) => reports::read(&book, source, &options),
            Err(problem) => Import { problems: vec![problem], ..Import::default() },
        }
    }

    /// How many were taken in before.
    fn known(&self, reports: &[Imported]) -> Result<usize, Problem> {
        let mut known = 0;
        for Imported { origin, .. } in reports {
            known += usize::from(view::imported(&self.reader, origin)?.is_some());
        }
        Ok(known)
    }
}
