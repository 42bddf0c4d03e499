//! The photos that an act shows. What is signed is a photo's hash with a few words; its bytes lie
//! beside the journal and go only to who was given this field.

use record::{FieldId, Hash, cbor};
use serde::{Deserialize, Serialize};

use super::body::{FieldProblem, optional, problem};
use super::{Act, ActKind, MAX_LINE};
use crate::field;

/// Most photos of one act.
pub const MAX_PHOTOS: usize = 9;
/// Largest photo as it is kept, in bytes.
pub const MAX_PHOTO_BYTES: u32 = 1024 * 1024;

/// The fields that hold photos. An agreement's pages say who agreed on what, and are as personal as
/// its words.
pub const PHOTO_FIELDS: [FieldId; 2] = [field::PHOTOS, field::PAGES];

/// A photo that an act shows.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Photo {
    /// blake3 of its bytes as they are kept.
    pub hash: Hash,
    /// Their number, 1 to [`MAX_PHOTO_BYTES`].
    pub size: u32,
    /// What they are.
    pub media: Media,
    /// At which moment of the matter it was taken.
    pub moment: Moment,
    /// What it shows, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
}

/// The forms in which photos are kept: whatever came in is written anew as this.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Media {
    /// JPEG.
    #[serde(rename = "image/jpeg")]
    Jpeg,
}

/// When a photo was taken: 处置前、处置中、处置后.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// As the matter was found.
    Before,
    /// While it was dealt with.
    During,
    /// When it had been dealt with.
    After,
}

impl Media {
    /// The media type (RFC 2046).
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
        }
    }
}

impl Act {
    /// The photos that it shows.
    #[must_use]
    pub fn photos(&self) -> &[Photo] {
        match self {
            Self::Report(report) => &report.photos,
            Self::SettleOnSpot { photos, .. }
            | Self::Progress { photos, .. }
            | Self::Handle { photos, .. }
            | Self::Verify { photos, .. }
            | Self::UnitResult { photos, .. }
            | Self::Check { photos, .. }
            | Self::Session { photos, .. }
            | Self::Agreement { photos, .. } => photos,
            Self::Accept {}
            | Self::Refuse { .. }
            | Self::Triage(_)
            | Self::HandUp { .. }
            | Self::Dispatch { .. }
            | Self::Take {}
            | Self::Return { .. }
            | Self::Close { .. }
            | Self::Reopen { .. }
            | Self::Escalate { .. }
            | Self::HandDown { .. }
            | Self::SendHome { .. }
            | Self::AcceptCustody {}
            | Self::RefuseCustody { .. }
            | Self::Whistle(_)
            | Self::ReportIn {}
            | Self::Transfer { .. }
            | Self::Redispatch { .. }
            | Self::Object { .. }
            | Self::RuleObjection { .. }
            | Self::AskExtension { .. }
            | Self::DecideExtension { .. }
            | Self::Suspend { .. }
            | Self::Resume { .. }
            | Self::Remind { .. }
            | Self::Supervise { .. }
            | Self::CallBack(_)
            | Self::WriteOff { .. }
            | Self::Merge { .. }
            | Self::Split { .. }
            | Self::Withdraw { .. }
            | Self::Exclude { .. }
            | Self::Score { .. }
            | Self::Convene(_)
            | Self::Mediate { .. }
            | Self::Erase { .. } => &[],
        }
    }
}

impl ActKind {
    /// Whether it can show photos.
    #[must_use]
    pub fn shows_photos(self) -> bool {
        matches!(
            self,
            Self::Report
                | Self::SettleOnSpot
                | Self::Progress
                | Self::Handle
                | Self::Verify
                | Self::UnitResult
                | Self::Check
                | Self::Session
                | Self::Agreement
        )
    }
}

/// The photos in a value of one of [`PHOTO_FIELDS`], whoever wrote it; `None` where they are not
/// lawful.
#[must_use]
pub fn read_photos(value: &[u8]) -> Option<Vec<Photo>> {
    let photos: Vec<Photo> = cbor::decode(value, &record::fields::VALUE_LIMITS).ok()?;
    check(&photos).is_ok().then_some(photos)
}

/// Checks photos against their bounds.
pub(super) fn check(photos: &[Photo]) -> Result<(), FieldProblem> {
    let wrong = |what: String| Err(problem(field::PHOTOS, what));
    if photos.len() > MAX_PHOTOS {
        return wrong(format!("at most {MAX_PHOTOS} photos"));
    }
    for (index, photo) in photos.iter().enumerate() {
        if !(1..=MAX_PHOTO_BYTES).contains(&photo.size) {
            return wrong(format!("a photo has 1 to {MAX_PHOTO_BYTES} bytes"));
        }
        if photos[..index].iter().any(|other| other.hash == photo.hash) {
            return wrong("a photo stands there twice".into());
        }
        optional(field::PHOTOS, photo.caption.as_ref(), MAX_LINE)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn photo(number: u8) -> Photo {
        let hash = Hash::from_bytes([number; 32]);
        Photo { hash, size: 9, media: Media::Jpeg, moment: Moment::After, caption: None }
    }

    fn handle(photos: Vec<Photo>) -> Act {
        Act::Handle { opinion: "已更换".into(), photos }
    }

    #[test]
    fn an_act_shows_nine_photos_at_most_and_none_twice() {
        let nine: Vec<Photo> = (0..9).map(photo).collect();
        assert!(handle(nine.clone()).check().is_ok());
        let ten = handle([nine.clone(), vec![photo(9)]].concat());
        let twice = handle(vec![photo(1), photo(1)]);
        let empty = handle(vec![Photo { size: 0, ..photo(1) }]);
        let large = handle(vec![Photo { size: MAX_PHOTO_BYTES + 1, ..photo(1) }]);
        let worded = handle(vec![Photo { caption: Some("图".repeat(MAX_LINE + 1)), ..photo(1) }]);
        for act in [ten, twice, empty, large, worded] {
            assert_eq!(act.check().err().map(|problem| problem.field), Some("photos"));
        }
    }

    #[test]
    fn photos_are_signed_with_their_act_and_leave_no_trace_where_there_are_none() {
        assert!(!handle(Vec::new()).fields().contains_key(&field::PHOTOS));
        let photos = vec![photo(1), Photo { caption: Some("灯亮了".into()), ..photo(2) }];
        let fields = handle(photos.clone()).fields();
        assert!(read_photos(&fields[&field::PHOTOS]).is_some_and(|read| read == photos));
        let ten: Vec<Photo> = (0..10).map(photo).collect();
        assert!(read_photos(&handle(ten).fields()[&field::PHOTOS]).is_none());
        assert!(read_photos(b"\xff").is_none());
    }

    #[test]
    fn a_report_of_earlier_versions_reads_as_one_without_photos() {
        let act: Act = serde_json::from_str(r#"{"act":"handle","opinion":"已办"}"#).unwrap();
        assert!(act.photos().is_empty());
        let shown = r#"{"act":"verify","solved":true,"photos":[{"hash":"HASH","size":3,
            "media":"image/jpeg","moment":"after"}]}"#;
        let act: Act = serde_json::from_str(&shown.replace("HASH", &"ab".repeat(32))).unwrap();
        assert_eq!(act.photos().len(), 1);
        assert!(act.kind().shows_photos());
    }
}
