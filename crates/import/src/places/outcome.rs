//! What becomes of a row, and why it can't be taken.

use governance::area::AreaCode;
use governance::territory::Place;
use record::Subject;

use super::{Change, Draft, Kind, Part};
use crate::problem::{Fault, Problem, Spot};

pub(super) fn change(spot: Spot, place: &Place, kind: Kind, parts: Vec<Part>) -> Change {
    Change {
        spot,
        id: place.id,
        level: place.level.clone(),
        code: place.code.clone(),
        name: place.name.clone(),
        kind,
        parts,
    }
}

pub(super) fn differences(old: &Place, new: &Place) -> Vec<Part> {
    let mut parts = Vec::new();
    if old.name != new.name {
        parts.push(Part::Name(old.name.clone()));
    }
    if old.code != new.code {
        parts.push(Part::Code(old.code.clone()));
    }
    if old.parent != new.parent {
        parts.push(Part::Parent(old.parent));
    }
    if old.households != new.households {
        parts.push(Part::Households(old.households));
    }
    if old.boundary != new.boundary {
        parts.push(Part::Boundary);
    }
    if old.valid_until != new.valid_until {
        parts.push(Part::Until(old.valid_until));
    }
    parts
}

pub(super) fn twice(first: &Draft, second: &Draft) -> Problem {
    let row = first.spot.row.unwrap_or_default();
    let content = |draft: &Draft| {
        let words =
            (draft.code.clone(), draft.name.clone(), draft.parent.clone(), draft.address.clone());
        (words, draft.households, draft.point, draft.boundary.clone(), draft.from, draft.until)
    };
    if content(first) == content(second) {
        let (zh, en) =
            (format!("与第 {row} 行相同，略过"), format!("the same as row {row}: left out"));
        return Problem::note(Fault::Repeated, second.spot.clone(), zh, en);
    }
    Problem::error(
        Fault::Conflict,
        second.spot.clone(),
        format!("与第 {row} 行是同一个地点，内容却不同；请只留一行"),
        format!("row {row} is the same place and says otherwise: keep one of them"),
    )
    .of(&second.name)
}

pub(super) fn no_parent(draft: &Draft, label: &str) -> Problem {
    Problem::error(
        Fault::UnknownParent,
        draft.spot.clone(),
        "文件和现有区划里都没有这个上级，或者它没有被接受；请填上级的代码或名称",
        "neither the file nor the territory has this parent, or it was refused: give its code or name",
    )
    .of(label)
}

pub(super) fn unknown_id(draft: &Draft, id: Subject) -> Problem {
    Problem::error(
        Fault::UnknownPlace,
        draft.spot.clone(),
        "没有这个标识的地点；新地点请把标识留空",
        "there is no place of this id; leave it empty for a new one",
    )
    .of(id.to_string())
}

/// A place that seems to have got a new code.
pub(super) fn recoded(draft: &Draft, code: &AreaCode) -> Problem {
    Problem::warning(
        Fault::Likely,
        draft.spot.clone(),
        format!("同名地点原代码为 {code}，按换码处理；如果不是同一地点，请先停用原地点"),
        format!(
            "the place of this name had the code {code}: taken for a new code of the same place; \
             if it is another, end the old one first"
        ),
    )
}
