//! A person's growth file (成长档案, R4): trainings, contests, commendations, and the grade on the
//! policy's ladder (三岗十八级). It has no marks, no points and no place among others: what a
//! person learnt and was thanked for, and nothing that could be summed up into a ranking.

use chrono::NaiveDate;
use record::Timestamp;
use serde::{Deserialize, Serialize};

use crate::act::{FieldProblem, MAX_LINE, text};
use crate::field;
use crate::policy::Policy;

/// An entry of the file.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case", deny_unknown_fields)]
pub enum Growth {
    /// A training attended.
    Training {
        /// What it was about.
        title: String,
        /// The day, or its last.
        date: NaiveDate,
        /// Hours of teaching.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hours: Option<u16>,
    },
    /// A contest of skills or knowledge taken part in.
    Contest {
        /// Which.
        title: String,
        /// The day.
        date: NaiveDate,
    },
    /// A commendation, such as 最美网格员.
    Commendation {
        /// Its name.
        title: String,
        /// Who gave it.
        by: String,
        /// The day.
        date: NaiveDate,
    },
    /// A grade of the ladder from this day on.
    Grade {
        /// Key of the ladder's post.
        post: String,
        /// The grade within it.
        grade: u8,
        /// The day.
        date: NaiveDate,
    },
}

/// Why an entry is refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum GrowthError {
    /// A text is out of bounds.
    #[error(transparent)]
    Text(#[from] FieldProblem),
    /// It lies ahead.
    #[error("date: lies ahead; a file says what has been")]
    Ahead,
    /// The policy has no ladder, or no such post.
    #[error("post: is not on the policy's ladder")]
    Post,
    /// No such grade.
    #[error("grade: this post has the grades {min} to {max}")]
    Grade {
        /// The lowest.
        min: u32,
        /// The highest.
        max: u32,
    },
}

impl Growth {
    /// The day it is of.
    #[must_use]
    pub fn date(&self) -> NaiveDate {
        match self {
            Self::Training { date, .. }
            | Self::Contest { date, .. }
            | Self::Commendation { date, .. }
            | Self::Grade { date, .. } => *date,
        }
    }

    /// Whether it may be entered now.
    ///
    /// # Errors
    /// See [`GrowthError`].
    pub fn check(&self, policy: &Policy, now: Timestamp) -> Result<(), GrowthError> {
        if self.date() > policy.hours.date(now) {
            return Err(GrowthError::Ahead);
        }
        let line = |words: &str| text(field::GROWTH_ENTRY, words, MAX_LINE);
        match self {
            Self::Training { title, .. } | Self::Contest { title, .. } => Ok(line(title)?),
            Self::Commendation { title, by, .. } => Ok(line(title).and_then(|()| line(by))?),
            Self::Grade { post, grade, .. } => {
                let known = policy.ladder.iter().find(|known| known.key == *post);
                let span = known.ok_or(GrowthError::Post)?.grades;
                if (span.min..=span.max).contains(&u32::from(*grade)) {
                    Ok(())
                } else {
                    Err(GrowthError::Grade { min: span.min, max: span.max })
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEINAN: &str = include_str!("../../../config/policies/weinan.toml");
    const XIAPU: &str = include_str!("../../../config/policies/xiapu.toml");

    #[test]
    fn r4_the_ladder_of_three_posts_and_eighteen_grades_is_data() {
        let [weinan, xiapu] = [WEINAN, XIAPU].map(|text| Policy::from_toml(text).unwrap());
        assert_eq!(weinan.ladder.len(), 3);
        let now = "2026-03-02T00:00:00Z".parse().unwrap();
        let date = NaiveDate::from_ymd_opt(2026, 3, 1).unwrap();
        let grade = |grade| Growth::Grade { post: weinan.ladder[0].key.clone(), grade, date };
        assert_eq!(grade(18).check(&weinan, now), Ok(()));
        assert_eq!(grade(19).check(&weinan, now), Err(GrowthError::Grade { min: 1, max: 18 }));
        assert_eq!(grade(0).check(&weinan, now), Err(GrowthError::Grade { min: 1, max: 18 }));
        assert_eq!(grade(1).check(&xiapu, now), Err(GrowthError::Post), "no ladder is told of");
        let ahead = NaiveDate::from_ymd_opt(2026, 3, 3).unwrap();
        let contest = Growth::Contest { title: "技能比武".into(), date: ahead };
        assert_eq!(contest.check(&weinan, now), Err(GrowthError::Ahead));
    }

    #[test]
    fn r4_a_growth_file_has_no_marks_to_rank_people_by() {
        for word in ["points", "score", "rank", "积分"] {
            let json =
                format!(r#"{{"entry":"contest","title":"a","date":"2026-03-01","{word}":1}}"#);
            assert!(serde_json::from_str::<Growth>(&json).is_err(), "{word}");
        }
    }
}
