//! What an act puts into a record's body, and the bounds of every value.

use record::{FieldId, NodeId, cbor};
use serde::Serialize;

use super::{
    Act, ActKind, CallBack, Closing, FieldValues, MAX_DESCRIPTION, MAX_LINE, MAX_MEDIATORS,
    MAX_SOURCE, MAX_TEXT, MAX_TITLE, MAX_UNITS, Origin, Part, Photo, Report, Triage, Whistle,
    photo,
};
use crate::field;

/// A field value over its bound or of the wrong form.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{field}: {what}")]
pub struct FieldProblem {
    /// The field's name in the registry.
    pub field: &'static str,
    /// What is wrong and what would be right.
    pub what: String,
}

impl Act {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> ActKind {
        match self {
            Self::Report(_) => ActKind::Report,
            Self::Accept {} => ActKind::Accept,
            Self::Refuse { .. } => ActKind::Refuse,
            Self::Triage(_) => ActKind::Triage,
            Self::SettleOnSpot { .. } => ActKind::SettleOnSpot,
            Self::HandUp { .. } => ActKind::HandUp,
            Self::Dispatch { .. } => ActKind::Dispatch,
            Self::Take {} => ActKind::Take,
            Self::Return { .. } => ActKind::Return,
            Self::Progress { .. } => ActKind::Progress,
            Self::Handle { .. } => ActKind::Handle,
            Self::Verify { .. } => ActKind::Verify,
            Self::Close { .. } => ActKind::Close,
            Self::Reopen { .. } => ActKind::Reopen,
            Self::Escalate { .. } => ActKind::Escalate,
            Self::SendHome { .. } => ActKind::SendHome,
            Self::HandDown { .. } => ActKind::HandDown,
            Self::AcceptCustody {} => ActKind::AcceptCustody,
            Self::RefuseCustody { .. } => ActKind::RefuseCustody,
            Self::Whistle(_) => ActKind::Whistle,
            Self::ReportIn {} => ActKind::ReportIn,
            Self::UnitResult { .. } => ActKind::UnitResult,
            Self::Check { .. } => ActKind::Check,
            Self::Transfer { .. } => ActKind::Transfer,
            Self::Redispatch { .. } => ActKind::Redispatch,
            Self::Object { .. } => ActKind::Object,
            Self::RuleObjection { .. } => ActKind::RuleObjection,
            Self::AskExtension { .. } => ActKind::AskExtension,
            Self::DecideExtension { .. } => ActKind::DecideExtension,
            Self::Suspend { .. } => ActKind::Suspend,
            Self::Resume { .. } => ActKind::Resume,
            Self::Remind { .. } => ActKind::Remind,
            Self::Supervise { .. } => ActKind::Supervise,
            Self::CallBack(_) => ActKind::CallBack,
            Self::WriteOff { .. } => ActKind::WriteOff,
            Self::Merge { .. } => ActKind::Merge,
            Self::Split { .. } => ActKind::Split,
            Self::Withdraw { .. } => ActKind::Withdraw,
            Self::Exclude { .. } => ActKind::Exclude,
            Self::Score { .. } => ActKind::Score,
            Self::Convene(_) => ActKind::Convene,
            Self::Mediate { .. } => ActKind::Mediate,
            Self::Session { .. } => ActKind::Session,
            Self::Agreement { .. } => ActKind::Agreement,
            Self::Erase { .. } => ActKind::Erase,
        }
    }

    /// Checks every value against its bounds.
    ///
    /// # Errors
    /// The first field that is empty, too long, holds control characters or is out of range.
    pub fn check(&self) -> Result<(), FieldProblem> {
        match self {
            Self::Report(report) => report.check(),
            Self::Triage(triage) => triage.check(),
            Self::Whistle(whistle) | Self::Convene(whistle) => whistle.check(),
            Self::CallBack(call_back) => call_back.check(),
            Self::Mediate { mediators, .. } if mediators.len() > MAX_MEDIATORS => {
                Err(problem(field::MEDIATORS, format!("at most {MAX_MEDIATORS} mediators")))
            }
            Self::Mediate { severity, .. } => text(field::SEVERITY, severity, MAX_LINE),
            Self::Score { points, note, .. } => {
                range(field::POINTS, Some(*points), 1, 5)?;
                optional(field::NOTE, note.as_ref(), MAX_TEXT)
            }
            Self::WriteOff { ledger } => text(field::LEDGER, ledger, MAX_LINE),
            Self::Exclude { exclusion, reason, .. } => {
                text(field::EXCLUSION, exclusion, MAX_LINE)?;
                text(field::REASON, reason, MAX_TEXT)
            }
            Self::Agreement { text: words, photos, .. } => {
                text(field::AGREEMENT, words, MAX_DESCRIPTION)?;
                photo::check(photos)
            }
            Self::Refuse { reason, instead } => {
                text(field::REASON, reason, MAX_TEXT)?;
                optional(field::INSTEAD, instead.as_ref(), MAX_TEXT)
            }
            Self::HandUp { reason }
            | Self::Return { reason }
            | Self::Reopen { reason }
            | Self::Escalate { reason }
            | Self::RefuseCustody { reason }
            | Self::Transfer { reason, .. }
            | Self::Object { reason }
            | Self::RuleObjection { reason, .. }
            | Self::AskExtension { reason, .. }
            | Self::DecideExtension { reason, .. }
            | Self::Suspend { reason, .. }
            | Self::Resume { reason }
            | Self::Split { reason }
            | Self::Withdraw { reason } => text(field::REASON, reason, MAX_TEXT),
            Self::SendHome { opinion, .. } => text(field::OPINION, opinion, MAX_TEXT),
            Self::SettleOnSpot { opinion, photos }
            | Self::Handle { opinion, photos }
            | Self::UnitResult { opinion, photos } => {
                text(field::OPINION, opinion, MAX_TEXT)?;
                photo::check(photos)
            }
            Self::HandDown { request, .. } => text(field::REQUEST, request, MAX_TEXT),
            Self::Remind { note } | Self::Supervise { note } => text(field::NOTE, note, MAX_TEXT),
            Self::Progress { note, photos }
            | Self::Check { note, photos, .. }
            | Self::Session { note, photos, .. } => {
                text(field::NOTE, note, MAX_TEXT)?;
                photo::check(photos)
            }
            Self::Verify { satisfaction, photos, .. } => {
                range(field::SATISFACTION, *satisfaction, 1, 5)?;
                photo::check(photos)
            }
            Self::Accept {}
            | Self::Dispatch { .. }
            | Self::Take {}
            | Self::Close { .. }
            | Self::AcceptCustody {}
            | Self::ReportIn {}
            | Self::Redispatch { .. }
            | Self::Erase { .. }
            | Self::Merge { .. } => Ok(()),
        }
    }

    /// What the act itself puts into the record's body. The outcome (stage, level, clock …) is
    /// added by [`crate::authorize::decide`].
    #[must_use]
    pub fn fields(&self) -> FieldValues {
        let mut body = Body::default();
        match self {
            Self::Report(report) => report.write(&mut body),
            Self::Triage(triage) => triage.write(&mut body),
            Self::Whistle(whistle) | Self::Convene(whistle) => {
                body.put(field::UNITS, &whistle.parts());
                body.put(field::REQUEST, &whistle.request);
            }
            Self::Refuse { reason, instead } => {
                body.put(field::REASON, reason);
                body.put_some(field::INSTEAD, instead.as_ref());
            }
            Self::HandUp { reason }
            | Self::Return { reason }
            | Self::Reopen { reason }
            | Self::Escalate { reason }
            | Self::RefuseCustody { reason }
            | Self::Object { reason }
            | Self::Resume { reason }
            | Self::Split { reason }
            | Self::Withdraw { reason } => body.put(field::REASON, reason),
            Self::SettleOnSpot { opinion, photos }
            | Self::Handle { opinion, photos }
            | Self::UnitResult { opinion, photos } => {
                body.put(field::OPINION, opinion);
                body.put_all(field::PHOTOS, photos);
            }
            Self::SendHome { done, opinion } => {
                body.put(field::DONE, done);
                body.put(field::OPINION, opinion);
            }
            Self::Erase { ground } => body.put(field::ERASURE, ground),
            Self::HandDown { to, request } => {
                body.put(field::TO, to);
                body.put(field::REQUEST, request);
            }
            Self::Dispatch { assignee } | Self::Redispatch { assignee } => {
                body.put(field::ASSIGNEE, assignee);
            }
            Self::Transfer { assignee, reason } => {
                body.put(field::ASSIGNEE, assignee);
                body.put(field::REASON, reason);
            }
            Self::Remind { note } | Self::Supervise { note } => body.put(field::NOTE, note),
            Self::Progress { note, photos } => {
                body.put(field::NOTE, note);
                body.put_all(field::PHOTOS, photos);
            }
            Self::Check { found, note, photos } => {
                body.put(field::FOUND, found);
                body.put(field::NOTE, note);
                body.put_all(field::PHOTOS, photos);
            }
            Self::RuleObjection { upheld, reason } => {
                body.put(field::UPHELD, upheld);
                body.put(field::REASON, reason);
            }
            Self::AskExtension { until, reason } => {
                body.put(field::ASKED_UNTIL, until);
                body.put(field::REASON, reason);
            }
            Self::DecideExtension { granted, reason } => {
                body.put(field::GRANTED, granted);
                body.put(field::REASON, reason);
            }
            Self::Suspend { review, reason } => {
                body.put(field::REVIEW, review);
                body.put(field::REASON, reason);
            }
            Self::CallBack(call_back) => call_back.write(&mut body),
            Self::WriteOff { ledger } => body.put(field::LEDGER, ledger),
            Self::Merge { into } => body.put(field::INTO, into),
            Self::Exclude { rate, exclusion, reason } => {
                body.put(field::RATE, rate);
                body.put(field::EXCLUSION, exclusion);
                body.put(field::REASON, reason);
            }
            Self::Score { node, points, note } => {
                body.put(field::SCORED, node);
                body.put(field::POINTS, points);
                body.put_some(field::NOTE, note.as_ref());
            }
            Self::Mediate { severity, mediators } => {
                body.put(field::SEVERITY, severity);
                body.put(field::MEDIATORS, mediators);
            }
            Self::Session { held, note, photos } => {
                body.put(field::HELD, held);
                body.put(field::NOTE, note);
                body.put_all(field::PHOTOS, photos);
            }
            Self::Agreement { reached, text, photos } => {
                body.put(field::AGREED, reached);
                body.put(field::AGREEMENT, text);
                body.put_all(field::PAGES, photos);
            }
            Self::Verify { solved, satisfaction, photos } => {
                body.put(field::SOLVED, solved);
                body.put_some(field::SATISFACTION, satisfaction.as_ref());
                body.put_all(field::PHOTOS, photos);
            }
            // Whether it was in time follows from the clock; that it is special, somebody says.
            Self::Close { special: true } => body.put(field::CLOSING, &Closing::Special),
            Self::Accept {}
            | Self::Take {}
            | Self::Close { special: false }
            | Self::AcceptCustody {}
            | Self::ReportIn {} => {}
        }
        body.0
    }
}

impl Report {
    fn check(&self) -> Result<(), FieldProblem> {
        text(field::TITLE, &self.title, MAX_TITLE)?;
        text(field::DESCRIPTION, &self.description, MAX_DESCRIPTION)?;
        optional(field::ADDRESS, self.address.as_ref(), MAX_LINE)?;
        optional(field::CONTACT_NAME, self.contact_name.as_ref(), MAX_LINE)?;
        optional(field::CONTACT_PHONE, self.contact_phone.as_ref(), MAX_LINE)?;
        optional(field::INVOLVED, self.involved.as_ref(), MAX_TEXT)?;
        photo::check(&self.photos)
    }

    /// The fields of [`Report::words`].
    pub const WORDS: [FieldId; 8] = [
        field::TITLE,
        field::DESCRIPTION,
        field::ADDRESS,
        field::POINT,
        field::HAPPENED,
        field::CONTACT_NAME,
        field::CONTACT_PHONE,
        field::INVOLVED,
    ];

    /// What people said, without what sorts it: two reports of the same words are one where
    /// nothing else tells them apart.
    #[must_use]
    pub fn words(&self) -> FieldValues {
        let mut body = Body::default();
        self.write_words(&mut body);
        body.0
    }

    fn write(&self, body: &mut Body) {
        self.write_words(body);
        body.put(field::CHANNEL, &self.channel);
        body.put_some(field::CATEGORY, self.category.as_ref());
        body.put_some(field::PLACE, self.place.as_ref());
        body.put_all(field::PHOTOS, &self.photos);
    }

    fn write_words(&self, body: &mut Body) {
        body.put(field::TITLE, &self.title);
        body.put(field::DESCRIPTION, &self.description);
        body.put_some(field::ADDRESS, self.address.as_ref());
        body.put_some(field::POINT, self.point.as_ref());
        body.put_some(field::HAPPENED, self.happened.as_ref());
        body.put_some(field::CONTACT_NAME, self.contact_name.as_ref());
        body.put_some(field::CONTACT_PHONE, self.contact_phone.as_ref());
        body.put_some(field::INVOLVED, self.involved.as_ref());
    }
}

impl Origin {
    /// Whether a text may be the key of a source.
    #[must_use]
    pub fn is_source(key: &str) -> bool {
        let of_key = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        (1..=MAX_SOURCE).contains(&key.len()) && key.chars().all(of_key)
    }

    /// Checks both parts against their bounds.
    ///
    /// # Errors
    /// The first that is not as it should be.
    pub fn check(&self) -> Result<(), FieldProblem> {
        if !Self::is_source(&self.source) {
            return Err(problem(field::SOURCE, format!("1 to {MAX_SOURCE} of a-z, 0-9, -")));
        }
        text(field::SOURCE_NUMBER, &self.number, MAX_LINE)
    }

    /// Its fields, beside those of the report.
    #[must_use]
    pub fn fields(&self) -> FieldValues {
        let mut body = Body::default();
        body.put(field::SOURCE, &self.source);
        body.put(field::SOURCE_NUMBER, &self.number);
        body.0
    }
}

impl CallBack {
    fn check(&self) -> Result<(), FieldProblem> {
        if !self.reached && (self.solved.is_some() || self.satisfied.is_some()) {
            let what = "who was not reached has said nothing: leave the scores out".into();
            return Err(problem(field::REACHED, what));
        }
        optional(field::NOTE, self.note.as_ref(), MAX_TEXT)
    }

    fn write(&self, body: &mut Body) {
        body.put(field::REACHED, &self.reached);
        body.put_some(field::SOLVED, self.solved.as_ref());
        body.put_some(field::SATISFIED, self.satisfied.as_ref());
        body.put_some(field::NOTE, self.note.as_ref());
    }
}

impl Triage {
    fn check(&self) -> Result<(), FieldProblem> {
        range(field::IMPORTANCE, self.importance, 1, 3)?;
        range(field::URGENCY, self.urgency, 1, 3)
    }

    fn write(&self, body: &mut Body) {
        body.put_some(field::CATEGORY, self.category.as_ref());
        body.put_some(field::GRADE, self.grade.as_ref());
        body.put_some(field::IMPORTANCE, self.importance.as_ref());
        body.put_some(field::URGENCY, self.urgency.as_ref());
        body.put_some(field::PLACE, self.place.as_ref());
    }
}

impl Whistle {
    fn check(&self) -> Result<(), FieldProblem> {
        if self.assist.len() >= MAX_UNITS {
            return Err(problem(field::UNITS, format!("at most {MAX_UNITS} units")));
        }
        let mut units = self.parts();
        units.sort_by_key(|(node, _)| *node);
        if units.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return Err(problem(field::UNITS, "a unit is named twice".into()));
        }
        text(field::REQUEST, &self.request, MAX_TEXT)
    }

    /// Every unit with its part, the lead first.
    #[must_use]
    pub fn parts(&self) -> Vec<(NodeId, Part)> {
        let assist = self.assist.iter().map(|unit| (*unit, Part::Assist));
        std::iter::once((self.lead, Part::Lead)).chain(assist).collect()
    }
}

/// A body in the making.
#[derive(Default)]
pub struct Body(pub FieldValues);

impl Body {
    /// Puts a value.
    pub fn put<T: Serialize>(&mut self, id: FieldId, value: &T) {
        let bytes = cbor::encode(value).expect("field values are plain data without floats");
        self.0.insert(id, bytes);
    }

    /// Puts a value if there is one: an absent field leaves no trace.
    pub fn put_some<T: Serialize>(&mut self, id: FieldId, value: Option<&T>) {
        if let Some(value) = value {
            self.put(id, value);
        }
    }

    /// Puts photos if there are any.
    fn put_all(&mut self, id: FieldId, photos: &[Photo]) {
        if !photos.is_empty() {
            self.put(id, &photos);
        }
    }
}

pub(super) fn problem(id: FieldId, what: String) -> FieldProblem {
    FieldProblem { field: field::by_id(id).map_or("field", |entry| entry.key), what }
}

/// Whether a character is not seen and changes how others are: control characters but line feed
/// and tab, and those that turn the direction of writing (Unicode UAX #9: embeddings, overrides and
/// isolates). Marks of direction are none of them.
#[must_use]
pub fn is_unseen(c: char) -> bool {
    let turns = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns || (c.is_control() && !matches!(c, '\n' | '\t'))
}

/// Checks a text: not blank, at most `most` characters, none of them unseen ([`is_unseen`]) but
/// line breaks and tabs.
///
/// # Errors
/// What is wrong with it.
pub fn text(id: FieldId, value: &str, most: usize) -> Result<(), FieldProblem> {
    if value.trim().is_empty() {
        return Err(problem(id, "must not be empty".into()));
    }
    let length = value.chars().count();
    if length > most {
        return Err(problem(id, format!("{length} characters; at most {most}")));
    }
    match value.chars().position(|c| is_unseen(c) && c != '\r') {
        Some(at) => Err(problem(id, format!("control character at position {at}"))),
        None => Ok(()),
    }
}

pub(super) fn optional(
    id: FieldId,
    value: Option<&String>,
    most: usize,
) -> Result<(), FieldProblem> {
    value.map_or(Ok(()), |value| text(id, value, most))
}

fn range(id: FieldId, value: Option<u8>, least: u8, most: u8) -> Result<(), FieldProblem> {
    match value {
        Some(value) if !(least..=most).contains(&value) => {
            Err(problem(id, format!("{value}; must be {least} to {most}")))
        }
        _ => Ok(()),
    }
}
