//! What the rules of the territory refuse, in both languages.

use governance::territory::{MAX_NAME, TerritoryError};

use crate::problem::{Fault, Problem, Spot};

/// The problem for a refusal.
pub(super) fn problem(error: &TerritoryError, spot: Spot) -> Problem {
    let fault = match error {
        TerritoryError::NotEmpty { .. } => Fault::NotEmpty,
        TerritoryError::EmptyPeriod { .. } => Fault::EndBeforeStart,
        TerritoryError::UnknownLevel(_) => Fault::UnknownLevel,
        TerritoryError::NoParent(_) | TerritoryError::UnknownParent { .. } => Fault::UnknownParent,
        TerritoryError::CodeTaken { .. } => Fault::Conflict,
        TerritoryError::Name
        | TerritoryError::ParentEnds { .. }
        | TerritoryError::LevelOrder { .. }
        | TerritoryError::CodeOutside { .. }
        | TerritoryError::CodeMissing(_)
        | TerritoryError::RewritesHistory { .. }
        | TerritoryError::LevelChanged(_)
        | TerritoryError::Unknown(_)
        | TerritoryError::Ended { .. } => Fault::RuleBroken,
    };
    Problem::error(fault, spot, in_chinese(error), error.to_string())
}

fn in_chinese(error: &TerritoryError) -> String {
    match error {
        TerritoryError::Name => format!("名称应为 1 到 {MAX_NAME} 个字，不含控制字符"),
        TerritoryError::UnknownLevel(level) => format!("规则里没有“{level}”这一层级"),
        TerritoryError::EmptyPeriod { from, until } => {
            format!("停用时间 {until} 应晚于启用时间 {from}")
        }
        TerritoryError::NoParent(level) => format!("“{level}”这一层级的地点必须有上级"),
        TerritoryError::UnknownParent { at, .. } => {
            format!("上级在 {at} 时还不存在，或者没有被接受")
        }
        TerritoryError::ParentEnds { ends, .. } => format!("上级在 {ends} 停用，早于本地点"),
        TerritoryError::LevelOrder { parent, child } => {
            format!("“{child}”层级的地点不能属于“{parent}”层级的地点")
        }
        TerritoryError::CodeOutside { code, within } => {
            format!("代码 {code} 不以上级的代码 {within} 开头")
        }
        TerritoryError::CodeMissing(level) => format!("“{level}”是行政层级，必须有区划代码"),
        TerritoryError::CodeTaken { code, .. } => format!("代码 {code} 已属于同层级的另一个地点"),
        TerritoryError::RewritesHistory { earliest, .. } => {
            format!("不能改写历史：变更最早从 {earliest} 起生效")
        }
        TerritoryError::LevelChanged(_) => "地点的层级不能改变；请停用它并新建一个".into(),
        TerritoryError::Unknown(_) => "没有这个地点".into(),
        TerritoryError::Ended { at, .. } => format!("地点已在 {at} 停用"),
        TerritoryError::NotEmpty { count, .. } => {
            format!("下面还有 {count} 个地点；请先迁走或停用它们")
        }
    }
}
