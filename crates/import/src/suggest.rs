//! Which open cases may be about the same matter as a new report: by category, distance, time and
//! words, each part of the score with its reason, so that a person can judge. Nothing is merged
//! here.

use std::collections::HashMap;

use governance::case::CaseId;
use governance::territory::Point;
use record::{Subject, Timestamp};
use serde::Serialize;

use crate::ground::metres;
use crate::text::Print;

/// What the parts weigh. Only what both matters tell counts, in proportion.
const TEXT: f64 = 50.0;
const NEAR: f64 = 25.0;
const CATEGORY: f64 = 15.0;
const TIME: f64 = 10.0;
/// So much in common is as good as the same: people tell one thing in many words.
const SAME_TEXT: f64 = 0.4;
/// With less than this in common, only the same spot and category make a suggestion.
const SOME_TEXT: f64 = 0.12;
/// Distances in metres: up to the first it is the same spot, from the second on it is far.
const SPOT: f64 = 50.0;
const FAR: f64 = 500.0;
/// The same in hours.
const DAY: f64 = 24.0;
const MONTH: f64 = 720.0;
/// Tokens in more than one candidate of so many are what everybody writes (请有关部门…), once
/// there are enough candidates to tell.
const COMMON: usize = 10;
const ENOUGH: usize = 50;
/// The least score that is shown.
const SHOWN: u8 = 50;
/// Most phrases that a reason names.
const PHRASES: usize = 3;

/// A report or case as it is compared.
#[derive(Clone)]
pub struct Matter {
    category: Option<String>,
    point: Option<Point>,
    place: Option<Subject>,
    at: Timestamp,
    text: String,
    print: Print,
}

/// A case that may be about the same.
#[derive(Clone, PartialEq, Serialize)]
pub struct Suggestion {
    /// The case.
    pub case: CaseId,
    /// 50 to 100; 100 is the same in every respect that can be compared.
    pub score: u8,
    /// Why, the weightiest first.
    pub reasons: Vec<Reason>,
}

/// What speaks for it, with the points that it gives.
#[derive(Clone, PartialEq, Serialize)]
pub struct Reason {
    /// Its share of the score.
    pub points: u8,
    /// What it is.
    #[serde(flatten)]
    pub what: Likeness,
}

/// What two matters have in common.
#[derive(Clone, PartialEq, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Likeness {
    /// Words.
    Text {
        /// How much, in percent.
        percent: u8,
        /// The longest stretches.
        phrases: Vec<String>,
    },
    /// They are near each other.
    Near {
        /// Metres.
        metres: u32,
    },
    /// They lie in the same grid or building.
    SamePlace,
    /// The category.
    Category,
    /// The time.
    Time {
        /// Hours between.
        hours: u32,
    },
}

impl Matter {
    /// A matter. `text` is the title and the description; `place` the grid or building.
    #[must_use]
    pub fn new(
        category: Option<String>,
        point: Option<Point>,
        place: Option<Subject>,
        at: Timestamp,
        text: String,
    ) -> Self {
        let print = Print::new(&text);
        Self { category, point, place, at, text, print }
    }

    /// Its words.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// The candidates that may be about the same as `new`, the likeliest first, at most `most`.
/// Candidates are open cases, and recent ones: each takes some fifteen microseconds.
#[must_use]
pub fn suggest(new: &Matter, candidates: &[(CaseId, Matter)], most: usize) -> Vec<Suggestion> {
    let common = common(candidates);
    let is_common = |token: u64| common.contains_key(&token);
    let telling = new.print.without(is_common);
    let mut found: Vec<Suggestion> = candidates
        .iter()
        .filter_map(|(case, other)| {
            compare(new, &telling, other, &other.print.without(is_common))
                .map(|(score, reasons)| Suggestion { case: *case, score, reasons })
        })
        .collect();
    found.sort_by(|a, b| b.score.cmp(&a.score).then(a.case.cmp(&b.case)));
    found.truncate(most);
    found
}

/// Tokens that are in many candidates.
fn common(candidates: &[(CaseId, Matter)]) -> HashMap<u64, usize> {
    if candidates.len() < ENOUGH {
        return HashMap::new();
    }
    let mut counts: HashMap<u64, usize> = HashMap::new();
    for token in candidates.iter().flat_map(|(_, matter)| matter.print.tokens()) {
        *counts.entry(*token).or_default() += 1;
    }
    counts.retain(|_, count| *count * COMMON > candidates.len());
    counts
}

fn compare(
    new: &Matter,
    telling: &Print,
    other: &Matter,
    theirs: &Print,
) -> Option<(u8, Vec<Reason>)> {
    let overlap = telling.overlap(theirs);
    let mut parts: Vec<(f64, f64, Likeness)> = Vec::new();
    let phrases = vec![];
    parts.push((
        TEXT,
        (overlap / SAME_TEXT).min(1.0),
        Likeness::Text { percent: percent(overlap), phrases },
    ));
    let near = nearness(new, other);
    let same_spot = near.as_ref().is_some_and(|(share, _)| *share >= 1.0);
    parts.extend(near.map(|(share, what)| (NEAR, share, what)));
    let categories = new.category.as_ref().zip(other.category.as_ref());
    let same_category = categories.is_some_and(|(a, b)| a == b);
    parts.extend(categories.map(|(a, b)| (CATEGORY, f64::from(a == b), Likeness::Category)));
    let hours = f64::from(hours(new.at, other.at));
    parts.push((TIME, falling(hours, DAY, MONTH), Likeness::Time { hours: whole(hours) }));
    if overlap < SOME_TEXT && !(same_spot && same_category) {
        return None;
    }
    let weight: f64 = parts.iter().map(|(weight, _, _)| weight).sum();
    let score =
        percent(parts.iter().map(|(weight, share, _)| weight * share).sum::<f64>() / weight);
    if score < SHOWN {
        return None;
    }
    let mut reasons: Vec<Reason> = parts
        .into_iter()
        .map(|(part, share, what)| Reason { points: percent(part * share / weight), what })
        .filter(|reason| reason.points > 0)
        .collect();
    for reason in &mut reasons {
        if let Likeness::Text { phrases, .. } = &mut reason.what {
            *phrases = theirs.phrases(&new.text, PHRASES);
        }
    }
    reasons.sort_by_key(|reason| std::cmp::Reverse(reason.points));
    Some((score, reasons))
}

fn nearness(new: &Matter, other: &Matter) -> Option<(f64, Likeness)> {
    if let Some((a, b)) = new.point.zip(other.point) {
        let metres = metres(a, b);
        return Some((falling(metres, SPOT, FAR), Likeness::Near { metres: whole(metres) }));
    }
    let (a, b) = new.place.zip(other.place)?;
    Some((f64::from(a == b), Likeness::SamePlace))
}

/// 1 up to `near`, 0 from `far` on, straight between.
fn falling(value: f64, near: f64, far: f64) -> f64 {
    ((far - value) / (far - near)).clamp(0.0, 1.0)
}

fn hours(a: Timestamp, b: Timestamp) -> u32 {
    let millis = a.millis().abs_diff(b.millis());
    u32::try_from(millis / 3_600_000).unwrap_or(u32::MAX)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 100")]
fn percent(share: f64) -> u8 {
    (share * 100.0).round().clamp(0.0, 100.0) as u8
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "casts of floats saturate"
)]
fn whole(number: f64) -> u32 {
    number.round() as u32
}

impl Likeness {
    /// In Chinese.
    #[must_use]
    pub fn zh(&self) -> String {
        match self {
            Self::Text { percent, phrases } => {
                format!("文字相近 {percent}%：{}", phrases.join("、"))
            }
            Self::Near { metres } => format!("相距 {metres} 米"),
            Self::SamePlace => "同一网格或楼栋".into(),
            Self::Category => "同一类别".into(),
            Self::Time { hours } => format!("相隔 {hours} 小时"),
        }
    }

    /// In English.
    #[must_use]
    pub fn en(&self) -> String {
        match self {
            Self::Text { percent, phrases } => {
                format!("{percent} % of the words: {}", phrases.join(", "))
            }
            Self::Near { metres } => format!("{metres} m apart"),
            Self::SamePlace => "the same grid or building".into(),
            Self::Category => "the same category".into(),
            Self::Time { hours } => format!("{hours} hours apart"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOUR: i64 = 3_600_000;

    fn case(number: u8) -> CaseId {
        CaseId::from_bytes([number; 16])
    }

    fn matter(text: &str, at: Option<(f64, f64)>, hour: i64) -> Matter {
        let point = at.map(|(lon, lat)| Point::new(lon, lat).unwrap());
        Matter::new(
            Some("noise".into()),
            point,
            None,
            Timestamp::from_millis(hour * HOUR),
            text.into(),
        )
    }

    #[test]
    fn one_matter_told_by_two_neighbours_is_found_with_its_reasons() {
        let new =
            matter("丽发新城小区旁边的搅拌站半夜施工，噪音和灰尘严重", Some((113.0, 28.0)), 10);
        let candidates = [
            (case(1), matter("麗發新城附近攪拌站噪音擾民，灰塵很大", Some((113.000_3, 28.0)), 0)),
            (case(2), matter("地铁三号线施工占道，早高峰拥堵", Some((113.1, 28.0)), 0)),
            (case(3), matter("路灯不亮", None, 9)),
        ];
        let found = suggest(&new, &candidates, 5);
        assert_eq!(found.iter().map(|s| s.case).collect::<Vec<_>>(), [case(1)]);
        assert!(found[0].score >= 80, "{}", found[0].score);
        let reasons: Vec<String> = found[0].reasons.iter().map(|reason| reason.what.zh()).collect();
        assert!(reasons[0].contains("丽发新城") && reasons[0].contains("搅拌站"), "{reasons:?}");
        assert!(reasons.contains(&"相距 30 米".into()), "{reasons:?}");
        let points: u32 = found[0].reasons.iter().map(|reason| u32::from(reason.points)).sum();
        assert!(points.abs_diff(found[0].score.into()) <= 2, "the parts make up the score");
    }

    #[test]
    fn the_same_spot_and_category_are_enough_without_words() {
        let new = matter("太吵了", Some((113.0, 28.0)), 10);
        let there = (case(1), matter("夜里施工无法入睡", Some((113.000_1, 28.0)), 9));
        let found = suggest(&new, std::slice::from_ref(&there), 5);
        assert_eq!(found.len(), 1);
        assert!(
            found[0].reasons.iter().all(|reason| !matches!(reason.what, Likeness::Text { .. }))
        );
        let elsewhere = (case(1), matter("夜里施工无法入睡", Some((113.1, 28.0)), 9));
        assert!(suggest(&new, &[elsewhere], 5).is_empty());
    }

    #[test]
    fn what_everybody_writes_is_no_likeness() {
        let polite = "恳请有关部门尽快调查处理，给广大业主一个满意的答复，谢谢";
        let candidates: Vec<_> = (0..60)
            .map(|n| {
                (case(n), matter(&format!("{polite}{}", "楼".repeat(usize::from(n))), None, 0))
            })
            .collect();
        let new = matter(&format!("{polite}：电梯停运"), None, 0);
        assert!(suggest(&new, &candidates, 5).is_empty());
    }

    proptest! {
        #[test]
        fn a_matter_is_most_like_itself_and_likeness_is_mutual(text in "[\u{4e00}-\u{4eff}]{2,40}", other in "[\u{4e00}-\u{4eff}]{2,40}", hour in 0..2_000_i64) {
            let (a, b) = (matter(&text, Some((118.0, 30.0)), 0), matter(&other, Some((118.0, 30.001)), hour));
            let itself = suggest(&a, &[(case(1), a.clone())], 1);
            prop_assert_eq!(itself[0].score, 100);
            let score = |new: &Matter, old: &Matter| suggest(new, &[(case(1), old.clone())], 1).first().map(|s| s.score);
            prop_assert_eq!(score(&a, &b), score(&b, &a));
        }
    }
}
