//! What a report finds, in words.

use std::collections::BTreeMap;

use record::Subject;

use super::{Ground, Question, Report, Size, households};
use crate::problem::{Fault, Problem, Spot};

/// The largest grid of a community may have so many times the households of the smallest before
/// they are not even in households any more (T2 gives no figure; this one is ours).
const UNEVEN: u32 = 3;
/// Most pieces of ground of a kind that are told one by one.
const MAX_TOLD: usize = 10;

/// Everything that breaks a rule, and what could not be judged.
pub(super) fn findings(question: &Question<'_>, report: &Report) -> Vec<Problem> {
    let names: BTreeMap<Subject, &str> =
        report.grids.iter().map(|grid| (grid.id, grid.name.as_str())).collect();
    let contiguous = question.rule.is_none_or(|rule| rule.contiguous);
    let complete = question.rule.is_none_or(|rule| rule.complete);
    let mut found = sizes(question, report);
    if complete {
        found.extend(told(
            &report.gaps,
            &names,
            Fault::Gap,
            "没有网格覆盖",
            "is covered by no grid",
        ));
    }
    found.extend(told(
        &report.overlaps,
        &names,
        Fault::Overlap,
        "被多个网格重复覆盖",
        "is covered by several grids",
    ));
    found.extend(told(
        &report.beyond,
        &names,
        Fault::Beyond,
        "在上级边界之外",
        "lies outside the parent's boundary",
    ));
    if contiguous {
        found.extend(pieces(report));
    }
    found.extend(unsurveyed(question, report));
    found
}

fn warning(fault: Fault, zh: String, en: String) -> Problem {
    Problem::warning(fault, Spot::default(), zh, en)
}

fn sizes(question: &Question<'_>, report: &Report) -> Vec<Problem> {
    let mut found = Vec::new();
    if let Some(rule) = households(question) {
        let (min, max) = (rule.min, rule.max);
        let off = report.grids.iter().filter(|grid| matches!(grid.size, Size::Below | Size::Above));
        found.extend(off.map(|grid| {
            let (name, have) = (&grid.name, grid.households.unwrap_or_default());
            warning(
                Fault::Households,
                format!("{name}：{have} 户，规定 {min} 到 {max} 户"),
                format!("{name}: {have} households; the rule says {min} to {max}"),
            )
        }));
    }
    let counted = || report.grids.iter().filter_map(|grid| grid.households);
    if let (Some(least), Some(most)) = (counted().min(), counted().max())
        && most > least.saturating_mul(UNEVEN)
    {
        found.push(warning(
            Fault::Uneven,
            format!("户数相差悬殊：最少 {least} 户，最多 {most} 户"),
            format!("households are uneven: from {least} to {most}"),
        ));
    }
    found
}

fn told(
    grounds: &[Ground],
    names: &BTreeMap<Subject, &str>,
    fault: Fault,
    zh: &str,
    en: &str,
) -> Vec<Problem> {
    let tell = |ground: &Ground| {
        let of: Vec<&str> = ground.grids.iter().filter_map(|id| names.get(id).copied()).collect();
        let (area, lon, lat) = (ground.area, ground.at.lon(), ground.at.lat());
        let of = if of.is_empty() { String::new() } else { format!("{}: ", of.join("、")) };
        warning(
            fault,
            format!("{of}约 {area:.0} 平方米{zh}（{lon:.6}, {lat:.6} 附近）"),
            format!("{of}about {area:.0} m² {en} (near {lon:.6}, {lat:.6})"),
        )
    };
    grounds.iter().take(MAX_TOLD).map(tell).collect()
}

fn pieces(report: &Report) -> Vec<Problem> {
    let names: BTreeMap<Subject, &str> =
        report.grids.iter().map(|grid| (grid.id, grid.name.as_str())).collect();
    let scattered = report.grids.iter().filter(|grid| grid.pieces > 1).map(|grid| {
        let (name, pieces) = (&grid.name, grid.pieces);
        warning(
            Fault::Scattered,
            format!("{name} 分成 {pieces} 块，不连片"),
            format!("{name} lies in {pieces} separate pieces"),
        )
    });
    let apart = report.groups.iter().skip(1).map(|group| {
        let group: Vec<&str> = group.iter().filter_map(|id| names.get(id).copied()).collect();
        let group = group.join("、");
        warning(
            Fault::Apart,
            format!("{group} 与其他网格不相邻"),
            format!("{group}: not next to the other grids"),
        )
    });
    scattered.chain(apart).collect()
}

/// What could not be judged for want of a boundary or a count.
fn unsurveyed(question: &Question<'_>, report: &Report) -> Vec<Problem> {
    let of = report.grids.len();
    let undrawn = report.grids.iter().filter(|grid| grid.area.is_none()).count();
    let uncounted = report.grids.iter().filter(|grid| grid.households.is_none()).count();
    let note = |zh: String, en: String| Problem::note(Fault::NoBoundary, Spot::default(), zh, en);
    let mut found = Vec::new();
    if report.area.is_none() {
        found.push(note(
            "上级没有边界，无法检查空白和越界".into(),
            "the parent has no boundary: gaps and ground beyond can't be told".into(),
        ));
    }
    if undrawn > 0 {
        found.push(note(
            format!("{of} 个网格里有 {undrawn} 个没有边界，未参与几何检查；空白可能因此偏大"),
            format!("{undrawn} of {of} grids have no boundary and are left out: gaps may look larger than they are"),
        ));
    }
    if uncounted > 0 && households(question).is_some() {
        found.push(note(
            format!("{of} 个网格里有 {uncounted} 个没有户数"),
            format!("{uncounted} of {of} grids have no count of households"),
        ));
    }
    found
}
