//! A source of reports as data: a mapping file in TOML says which column means what, so that
//! another hotline needs another file and no code (C9).

use std::collections::BTreeMap;

use chrono::FixedOffset;
use governance::act::{MAX_DESCRIPTION, MAX_LINE, Origin};
use governance::change::Phase;
use governance::policy::Policy;
use serde::Deserialize;

use crate::coordinates::System;
use crate::moment;
use crate::table::{self, Encoding, Format, Limits};
use crate::text::fold;

/// Largest mapping file, in bytes.
const MAX_BYTES: usize = 64 * 1024;
/// Characters of a cell: a description, and the blanks around it that real files have.
const MAX_CELL: usize = MAX_DESCRIPTION + 2_000;

/// A source of reports.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// With its number of a report it is what makes a repeat known, so it is never to be changed:
    /// `[a-z0-9-]{1,32}`.
    pub key: String,
    /// Name in Chinese.
    pub name: String,
    /// Name in English.
    pub name_en: String,
    /// The zone of times that have none, such as `+08:00`. Without it such times are refused.
    #[serde(default)]
    pub zone: Option<String>,
    /// How the file is written, where that can't be told from itself.
    #[serde(default)]
    pub file: FileRule,
    /// Which columns mean what.
    pub columns: Columns,
    /// Further columns, appended to the description as lines of `label：value`.
    #[serde(default)]
    pub append: Vec<Append>,
    /// The channel by which reports came in: a key of the policy.
    pub channel: Words,
    /// The category: a key of the policy.
    #[serde(default)]
    pub category: Words,
    /// Longitude and latitude.
    #[serde(default)]
    pub coordinates: Option<Coordinates>,
    /// How the state of the cases goes back.
    #[serde(default)]
    pub out: Option<Out>,
}

/// How a file is written.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileRule {
    /// Its format.
    #[serde(default)]
    pub format: Option<Format>,
    /// A text's encoding.
    #[serde(default)]
    pub encoding: Option<Encoding>,
    /// The sheet of a workbook.
    #[serde(default)]
    pub sheet: Option<String>,
    /// Where the array stands in a JSON document (RFC 6901).
    #[serde(default)]
    pub pointer: Option<String>,
}

/// Headers of columns.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Columns {
    /// The number that the source gives each report: what makes a repeat known. Where it gives
    /// none, reports of the same words are one.
    #[serde(default)]
    pub id: Option<String>,
    /// Joined by ` · `.
    #[serde(default)]
    pub title: Vec<String>,
    /// Joined by line breaks.
    #[serde(default)]
    pub description: Vec<String>,
    /// Joined by blanks.
    #[serde(default)]
    pub address: Vec<String>,
    /// When it was reported.
    #[serde(default)]
    pub received: Option<String>,
    /// When it was closed; only checked: it can't be before it was reported.
    #[serde(default)]
    pub closed: Option<String>,
    /// The reporter's name.
    #[serde(default)]
    pub contact_name: Option<String>,
    /// The reporter's telephone number.
    #[serde(default)]
    pub contact_phone: Option<String>,
    /// People involved.
    #[serde(default)]
    pub involved: Option<String>,
    /// Code or name of the grid.
    #[serde(default)]
    pub place: Option<String>,
    /// Longitude.
    #[serde(default)]
    pub longitude: Option<String>,
    /// Latitude.
    #[serde(default)]
    pub latitude: Option<String>,
    /// The source's category.
    #[serde(default)]
    pub category: Option<String>,
    /// The source's channel.
    #[serde(default)]
    pub channel: Option<String>,
    /// Those of the above, by header, that a file may be without.
    #[serde(default)]
    pub optional: Vec<String>,
}

/// A column that goes into the description.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Append {
    /// Its header.
    pub column: String,
    /// What it is called in the description.
    pub label: String,
}

/// The source's words for the policy's keys.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// Word → key.
    #[serde(default)]
    pub words: BTreeMap<String, String>,
    /// The key for every other word, and for none. Without it those rows are refused.
    #[serde(default)]
    pub otherwise: Option<String>,
}

/// What longitude and latitude are.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coordinates {
    /// Their system.
    pub system: System,
    /// What zero for both means.
    #[serde(default)]
    pub zero: Zero,
}

/// What longitude and latitude zero mean.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Zero {
    /// A mistake: the row is refused.
    #[default]
    Error,
    /// That there is no point.
    Absent,
}

/// How the state of the cases goes back to the source.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Out {
    /// How the file is written.
    pub format: Format,
    /// Its columns, in order.
    #[serde(rename = "column")]
    pub columns: Vec<OutColumn>,
    /// Phase → what the source calls it.
    pub status: BTreeMap<String, String>,
    /// What yes is called.
    pub yes: String,
    /// What no is called.
    pub no: String,
}

/// A column of what goes back.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutColumn {
    /// Its header.
    pub header: String,
    /// What stands in it.
    pub value: OutValue,
}

/// What can go back.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutValue {
    /// The source's own number.
    Id,
    /// Our number.
    Number,
    /// The state, in the source's words.
    Status,
    /// Who deals with it.
    Unit,
    /// What was done.
    Opinion,
    /// Why it was not accepted, and where to go instead.
    Reason,
    /// When the state last changed.
    Updated,
    /// When it is due.
    Due,
    /// When it was closed.
    Closed,
    /// Whether it is solved.
    Solved,
    /// How satisfied the reporter is, 1 to 5.
    Satisfaction,
}

/// Why a mapping file was refused.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// Too large.
    #[error("the mapping has {0} bytes; at most {MAX_BYTES}")]
    TooLarge(usize),
    /// Not TOML, an unknown key, or a value of the wrong type.
    #[error("the mapping does not parse")]
    Syntax(#[source] Box<toml::de::Error>),
    /// It parses but does not hang together.
    #[error("{}", .0.join("; "))]
    Unsound(Vec<String>),
}

impl SourceError {
    /// What is wrong, on one line.
    #[must_use]
    pub fn told(&self) -> String {
        match self {
            Self::Syntax(error) => {
                let words = error.message().lines().collect::<Vec<_>>().join(", ");
                format!("{self}: {words}")
            }
            Self::TooLarge(_) | Self::Unsound(_) => self.to_string(),
        }
    }
}

impl Source {
    /// Reads and checks a mapping.
    ///
    /// # Errors
    /// [`SourceError`] with every problem found, each with its key.
    pub fn from_toml(text: &str) -> Result<Self, SourceError> {
        if text.len() > MAX_BYTES {
            return Err(SourceError::TooLarge(text.len()));
        }
        let source: Self =
            toml::from_str(text).map_err(|error| SourceError::Syntax(Box::new(error)))?;
        let problems = source.problems();
        if problems.is_empty() { Ok(source) } else { Err(SourceError::Unsound(problems)) }
    }

    /// Channels and categories that a policy does not have.
    #[must_use]
    pub fn unknown_to(&self, policy: &Policy) -> Vec<String> {
        let channels = self.channel.keys().filter(|key| !policy.has_channel(key));
        let categories = self.category.keys().filter(|key| !policy.has_category(key));
        let told =
            |what: &'static str| move |key: &String| format!("{what}: the policy has no {key:?}");
        channels.map(told("channel")).chain(categories.map(told("category"))).collect()
    }

    /// How to read its files.
    #[must_use]
    pub fn options(&self) -> table::Options {
        table::Options {
            format: self.file.format,
            encoding: self.file.encoding,
            delimiter: None,
            sheet: self.file.sheet.clone(),
            pointer: self.file.pointer.clone(),
            limits: Limits { text: MAX_CELL, ..Limits::default() },
        }
    }

    /// The zone of times without one.
    #[must_use]
    pub fn offset(&self) -> Option<FixedOffset> {
        self.zone.as_deref().and_then(moment::zone)
    }

    fn problems(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut check = |fits: bool, what: &str| {
            if !fits {
                found.push(what.to_owned());
            }
        };
        check(Origin::is_source(&self.key), "key: 1 to 32 of a-z, 0-9, -");
        check(self.zone.is_none() || self.offset().is_some(), "zone: write it as +08:00");
        let words = !self.columns.title.is_empty() || !self.columns.description.is_empty();
        check(words, "columns: name the column of the title, of the description, or both");
        let half = self.columns.longitude.is_some() != self.columns.latitude.is_some();
        check(!half, "columns: longitude and latitude go together");
        let placed = self.columns.longitude.is_some() == self.coordinates.is_some();
        check(placed, "coordinates: say the system exactly where there are longitudes");
        check(self.channel.keys().next().is_some(), "channel: give `otherwise` or `words`");
        if let Some(out) = &self.out {
            let id = out.columns.iter().any(|column| column.value == OutValue::Id);
            check(id, "out.column: one has to be the source's own number (value = \"id\")");
            let numbered = self.columns.id.is_some();
            check(
                numbered,
                "out: nothing can go back to a source that gives no numbers (columns.id)",
            );
            let known = out.status.keys().all(|key| phases().contains(&key.as_str()));
            check(known, &format!("out.status: the phases are {}", phases().join(", ")));
            let all = phases().iter().all(|phase| out.status.contains_key(*phase));
            check(all, &format!("out.status: needs a word for each of {}", phases().join(", ")));
        }
        found
    }
}

impl Words {
    /// The key for a word.
    #[must_use]
    pub fn find(&self, word: Option<&str>) -> Option<&str> {
        let folded = word.map(fold);
        let known = folded.and_then(|word| self.words.iter().find(|(from, _)| fold(from) == word));
        known.map(|(_, key)| key).or(self.otherwise.as_ref()).map(String::as_str)
    }

    fn keys(&self) -> impl Iterator<Item = &String> {
        self.words.values().chain(&self.otherwise)
    }
}

/// Every phase by its key.
fn phases() -> [&'static str; 11] {
    [
        Phase::Intake,
        Phase::Accepted,
        Phase::Assigned,
        Phase::Handling,
        Phase::Verifying,
        Phase::Closing,
        Phase::Closed,
        Phase::Refused,
        Phase::Suspended,
        Phase::Merged,
        Phase::Withdrawn,
    ]
    .map(Phase::key)
}

/// Longest number of a source's own, in characters.
pub(super) const MAX_ID: usize = MAX_LINE;
