//! What can be counted, and what apart. Both lists only grow, and names never change: a node that
//! does not know one refuses the question, and whoever asked sees that it did.

use serde::{Deserialize, Serialize};

/// How a metric's counts are to be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Measure {
    /// A count.
    Count,
    /// A count, and how long each took.
    Times,
    /// A count, and for how many of them something holds.
    Share,
    /// A count, for how many of them something happened, and how often in all.
    Events,
    /// A count of scores of 1 to 5, and their sum.
    Points,
}

macro_rules! metrics {
    ($($name:ident = $key:literal $measure:ident $zh:literal $en:literal $doc:literal;)*) => {
        /// What is counted. Each metric says which moment has to lie in the range asked for.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Metric {
            $(#[doc = $doc] $name,)*
        }

        impl Metric {
            /// Every metric.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The name in questions and reports.
            #[must_use]
            pub fn key(self) -> &'static str {
                match self { $(Self::$name => $key,)* }
            }

            /// How its counts are to be read.
            #[must_use]
            pub fn measure(self) -> Measure {
                match self { $(Self::$name => Measure::$measure,)* }
            }

            /// Its name in Chinese and in English.
            #[must_use]
            pub fn names(self) -> (&'static str, &'static str) {
                match self { $(Self::$name => ($zh, $en),)* }
            }
        }
    };
}

metrics! {
    Received = "received" Count "受理件数" "cases reported"
        "Cases reported in the range.";
    Closed = "closed" Count "办结件数" "cases closed"
        "Cases closed in the range.";
    Open = "open" Count "在办件数" "cases open"
        "Cases reported in the range that are open when the answer is made.";
    Overdue = "overdue" Count "超期在办件数" "cases open and overdue"
        "Of these, the ones whose due time has passed.";
    Sleeping = "sleeping" Share "在办件，其中沉睡（十天没有动静）" "cases open, of which asleep: nothing done for ten days"
        "Cases reported in the range that are open and not put off when the answer is made; in how \
         many nothing was done for ten days.";
    TimeToAnswer = "time_to_answer" Times "首次答复用时" "time to the first answer"
        "For cases answered in the range: how long that took from the report.";
    TimeToClose = "time_to_close" Times "办结用时" "time to the closing"
        "For cases closed in the range: how long that took from the report.";
    OnTime = "on_time" Share "各级按期（件次，其中按期）" "turns at a level, of which in time"
        "Turns at a level that ended in time, or ran out, in the range; how many ended in time (C8). \
         Counted by the node that had the case.";
    Returned = "returned" Events "退回（受理件，其中退回件、次数）" "cases reported, of which given back, how often"
        "Cases reported in the range, how many were given back, and how often.";
    Misdispatched = "misdispatched" Events "派单错误（受理件，其中错派件、次数）" "cases reported, of which dispatched wrongly, how often"
        "Cases reported in the range, and objections to their dispatch that were upheld.";
    Reopened = "reopened" Events "重办（受理件，其中重办件、次数）" "cases reported, of which reopened, how often"
        "Cases reported in the range, and how often they were taken up again.";
    Extended = "extended" Events "延期（受理件，其中延期件、次数）" "cases reported, of which extended, how often"
        "Cases reported in the range, and extensions granted.";
    Suspended = "suspended" Events "挂账（受理件，其中挂账件、次数）" "cases reported, of which put off, how often"
        "Cases reported in the range, and how often they were put off.";
    Escalated = "escalated" Events "上报（受理件，其中上报件、级次）" "cases reported, of which taken by a level above, how often"
        "Cases reported in the range, and how often a level above took them.";
    ReportedIn = "reported_in" Share "吹哨报到（次，其中按时报到）" "units called, of which reported in in time"
        "Calls of units that were answered in time, or ran out, in the range; how many in time (C5). \
         Counted by the node that called.";
    ScoredUnits = "scored_units" Points "对协办单位的评分（次、总分）" "scores of units by who called them, points"
        "Scores given in the range by who called a unit, and their sum (C5).";
    ScoredCallers = "scored_callers" Points "协办单位给吹哨方的评分（次、总分）" "scores by units of who called them, points"
        "Scores given in the range by called units, and their sum (C5).";
    CalledBack = "called_back" Share "回访（件，其中有效）" "cases called back, of which the reporter was reached"
        "Cases last called back in the range; how many reporters were reached: only these count in the rates.";
    Response = "response" Share "响应率（有效回访，其中按时响应）" "reached by call-back, of which answered in time"
        "Valid call-backs in the range, and how many of the cases had been answered in time.";
    Solved = "solved" Share "解决率（有效回访，其中已解决）" "reached by call-back and asked, of which solved"
        "Valid call-backs in the range that say whether it is solved, and how many say so.";
    Satisfied = "satisfied" Share "满意率（有效回访，其中满意）" "reached by call-back and asked, of which satisfied"
        "Valid call-backs in the range that say whether the reporter is satisfied, and how many are.";
    ResponseKept = "response_kept" Share "响应率（剔除后）" "as response, without excluded cases"
        "As `response`, without the cases that are left out of it.";
    SolvedKept = "solved_kept" Share "解决率（剔除后）" "as solved, without excluded cases"
        "As `solved`, without the cases that are left out of it.";
    SatisfiedKept = "satisfied_kept" Share "满意率（剔除后）" "as satisfied, without excluded cases"
        "As `satisfied`, without the cases that are left out of it.";
    Excluded = "excluded" Share "剔除（次，其中在反馈“否”之后）" "exclusions, of which after the reporter had said no"
        "Exclusions made in the range; how many after the reporter's no to that very rate.";
    Trivial = "trivial" Share "办结件，其中疑似自报自结" "cases closed, of which reported, settled and closed by one hand at once"
        "Cases closed in the range; how many were reported, settled and closed by the same hand within \
         half an hour, without an outside reporter. For a human to look at.";
    Unverified = "unverified" Share "办结件，其中未核查即结案" "cases closed, of which before anybody could have verified"
        "Cases closed in the range, but for those closed by decision; how many without the reporter's \
         word on them before. For a human to look at.";
    MonthEnd = "month_end" Share "办结件，其中月末三天" "cases closed, of which in the last three days of a month"
        "Cases closed in the range; how many in the last three days of their month.";
}

macro_rules! groupings {
    ($($name:ident = $key:literal $zh:literal $en:literal $doc:literal;)*) => {
        /// What is counted apart. There is none by person, and there will be none.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Grouping {
            $(#[doc = $doc] $name,)*
        }

        impl Grouping {
            /// Every grouping.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The name in questions and reports.
            #[must_use]
            pub fn key(self) -> &'static str {
                match self { $(Self::$name => $key,)* }
            }

            /// Its name in Chinese and in English.
            #[must_use]
            pub fn names(self) -> (&'static str, &'static str) {
                match self { $(Self::$name => ($zh, $en),)* }
            }
        }
    };
}

groupings! {
    None = "none" "合计" "all together" "Nothing: one number.";
    Stage = "stage" "按阶段" "by stage" "Stage, a key of each node's policy.";
    Phase = "phase" "按环节" "by phase" "Phase, the same everywhere.";
    Category = "category" "按类别" "by category" "Category code.";
    LevelSettled = "level_settled" "按办结层级" "by the level that settled it"
        "Level at which it was settled (C10).";
    Channel = "channel" "按渠道" "by channel" "Way in (C1).";
    Grid = "grid" "按网格" "by grid" "Grid code.";
    Child = "child" "按下级" "by child" "Direct child of the node asked first, with everything below it.";
    Level = "level" "按责任层级" "by responsible level"
        "Level that had the turn, or is responsible for the case (C8).";
    Closing = "closing" "按结案方式" "by closing" "How it was closed: normal, overtime or special.";
    Month = "month" "按月" "by month" "Month of the counted moment in local time, such as `2026-03`.";
    Unit = "unit" "按单位" "by unit" "The member unit that was called or scored, or scored, by its node id (C5).";
    Ground = "ground" "按剔除事由" "by ground of exclusion" "Ground of exclusion, a key of each node's policy.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_the_names_on_the_wire_and_none_is_by_person() {
        let wire = |value: serde_json::Value| value.as_str().unwrap().to_owned();
        for metric in Metric::ALL {
            assert_eq!(wire(serde_json::to_value(metric).unwrap()), metric.key());
        }
        for grouping in Grouping::ALL {
            assert_eq!(wire(serde_json::to_value(grouping).unwrap()), grouping.key());
            assert!(!["person", "actor", "assignee", "role"].contains(&grouping.key()));
        }
    }
}
