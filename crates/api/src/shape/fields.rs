//! Fields of records as JSON, by the name that the registry gives them.

use std::collections::{BTreeMap, BTreeSet};

use engine::view;
use governance::act::{ActKind, Closing, Grade, Part, Photo, Rate};
use governance::area::AreaCode;
use governance::case::{Case, Step};
use governance::change::Phase;
use governance::field as f;
use governance::territory::Point;
use record::{FieldId, Fields, NodeId, Record, RecordId, Subject, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::access;
use crate::desk::View;
use crate::mask;
use crate::problem::Problem;

/// Values that are not masked yet.
type Plain = BTreeMap<FieldId, Value>;

/// Values by field name.
pub(crate) type Values = BTreeMap<&'static str, Value>;

/// Reads a field of one type and writes it as JSON.
type Form = fn(FieldId, &Fields) -> Option<Value>;

impl View {
    /// The record of a step, and those of its fields that the actor may read. `None` where the
    /// journal has lost it.
    ///
    /// # Errors
    /// When index or journal can't be read.
    pub(crate) fn record(
        &self,
        case: &Case,
        step: &Step,
    ) -> Result<Option<(Record, Values)>, Problem> {
        let found = view::record_of(&self.reader, self.whose(), case.id, step)?;
        Ok(found.map(|(record, fields, uses)| {
            let may = |id| uses.may_read(id, self.now);
            let values = masked(self.readable(case, step.act, &fields, may));
            (record, values)
        }))
    }

    /// The latest words about a case that the actor may read; of the `wanted` fields only, or of
    /// all where none is named.
    ///
    /// # Errors
    /// When index or journal can't be read.
    pub(crate) fn latest(&self, case: &Case, wanted: &[FieldId]) -> Result<Values, Problem> {
        let asked_for = |id| wanted.is_empty() || wanted.contains(&id);
        self.latest_of(case, asked_for).map(masked)
    }

    /// As [`View::latest`], and nothing is masked: only for what is put on record as revealed.
    ///
    /// # Errors
    /// As [`View::latest`].
    pub(crate) fn in_clear(
        &self,
        case: &Case,
        wanted: &BTreeSet<FieldId>,
    ) -> Result<Values, Problem> {
        let found = self.latest_of(case, |id| wanted.contains(&id))?;
        Ok(found.into_iter().filter_map(|(id, value)| Some((f::by_id(id)?.key, value))).collect())
    }

    fn latest_of(
        &self,
        case: &Case,
        asked_for: impl Fn(FieldId) -> bool,
    ) -> Result<Plain, Problem> {
        let mut steps: BTreeMap<u32, Vec<FieldId>> = BTreeMap::new();
        for (id, index) in case.fields.iter().filter(|(id, _)| asked_for(**id)) {
            steps.entry(*index).or_default().push(*id);
        }
        let mut values = Plain::new();
        for (index, ids) in steps {
            let Some(step) = case.steps.get(index as usize) else { continue };
            // A step that can't be read gives no words, and its seal says so; the case, and every
            // list that it stands in, are still to be seen.
            let found = view::record_of(&self.reader, self.whose(), case.id, step).ok().flatten();
            if let Some((_, fields, uses)) = found {
                let may = |id| ids.contains(&id) && uses.may_read(id, self.now);
                values.extend(self.readable(case, step.act, &fields, may));
            }
        }
        Ok(values)
    }

    fn readable(
        &self,
        case: &Case,
        act: ActKind,
        fields: &Fields,
        wanted: impl Fn(FieldId) -> bool,
    ) -> Plain {
        let viewer = self.viewer();
        fields
            .iter()
            .map(|(id, _)| id)
            .filter(|id| wanted(*id) && access::reads(&viewer, case, act, *id))
            // What this version has no form for is left out; the record itself still proves it.
            .filter_map(|id| Some((id, form(id)?(id, fields)?)))
            .collect()
    }
}

/// Values by name, with the numbers of people in them masked.
fn masked(plain: Plain) -> Values {
    let shown = |(id, value)| Some((f::by_id(id)?.key, mask::masked(id, value)));
    plain.into_iter().filter_map(shown).collect()
}

fn form(id: FieldId) -> Option<Form> {
    Some(match id {
        f::POLICY
        | f::STAGE
        | f::LEVEL
        | f::NUMBER
        | f::CHANNEL
        | f::CATEGORY
        | f::SETTLED
        | f::TITLE
        | f::DESCRIPTION
        | f::ADDRESS
        | f::REASON
        | f::INSTEAD
        | f::OPINION
        | f::REQUEST
        | f::NOTE
        | f::LEDGER
        | f::AGREEMENT
        | f::SEVERITY
        | f::SOURCE
        | f::SOURCE_NUMBER
        | f::CONTACT_NAME
        | f::CONTACT_PHONE
        | f::INVOLVED => read::<String>,
        f::PHASE => read::<Phase>,
        f::DUE | f::REPORT_IN_BY | f::HAPPENED | f::ASKED_UNTIL | f::REVIEW | f::HELD => {
            read::<Timestamp>
        }
        f::GRADE => read::<Grade>,
        f::IMPORTANCE | f::URGENCY | f::SATISFACTION | f::POINTS => read::<u8>,
        f::GRID => read::<AreaCode>,
        f::PLACE | f::REPORTER | f::ASSIGNEE | f::INTO => read::<Subject>,
        f::MEDIATORS => read::<Vec<Subject>>,
        f::UNITS => read::<Vec<(NodeId, Part)>>,
        f::TO | f::SCORED => read::<NodeId>,
        f::OFFER => read::<RecordId>,
        f::CLOSING => read::<Closing>,
        f::SOLVED
        | f::DONE
        | f::FOUND
        | f::UPHELD
        | f::GRANTED
        | f::REACHED
        | f::SATISFIED
        | f::AGREED => read::<bool>,
        f::RATE => read::<Rate>,
        f::POINT => read::<Point>,
        f::PHOTOS | f::PAGES => read::<Vec<Photo>>,
        _ => return None,
    })
}

fn read<T: DeserializeOwned + Serialize>(id: FieldId, fields: &Fields) -> Option<Value> {
    let value = fields.get::<T>(id).ok()??;
    serde_json::to_value(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A field that acts can write and the API could not show would be lost on people.
    #[test]
    fn every_field_of_a_case_has_a_form() {
        let of_acts = [f::PHOTOS, f::PAGES];
        let of_cases =
            f::ALL.iter().filter(|field| field.id < f::PLACE_DATA || of_acts.contains(&field.id));
        for field in of_cases {
            assert!(form(field.id).is_some(), "{} has no form in JSON", field.key);
        }
        assert!(form(FieldId(9_999)).is_none());
    }
}
