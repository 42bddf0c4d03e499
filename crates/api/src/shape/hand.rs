//! By whose hand a step was done, checked again for whoever looks.

use engine::view;
use governance::case::{Case, Step};
use governance::field;
use governance::hand::{Checked, NodeOnly, PersonSignature};
use record::{PublicKey, Timestamp};
use serde::Serialize;

use crate::desk::View;
use crate::problem::Problem;

/// By whose hand.
#[derive(Serialize)]
pub(crate) struct Hand {
    by: By,
    /// Why the node signed alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<NodeOnly>,
    /// The person's key.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<PublicKey>,
    /// When they signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<Timestamp>,
    /// Whether the values were held against the signature, too; they are not all here where some
    /// were not given, or were erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    whole: Option<bool>,
}

/// Who signed.
#[derive(Serialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum By {
    /// The person, as well as the node.
    Person,
    /// What stands there as a person's signature is none.
    Forged,
    /// The node alone.
    Node,
}

impl View {
    /// By whose hand a step was done; `None` where its record does not say, or can't be read.
    ///
    /// # Errors
    /// When the index can't be read.
    pub(crate) fn hand(&self, case: &Case, step: &Step) -> Result<Option<Hand>, Problem> {
        let whose = self.whose();
        let Ok(Some((record, fields, _))) = view::record_of(&self.reader, whose, case.id, step)
        else {
            return Ok(None);
        };
        let signature: Option<PersonSignature> = fields.get(field::PERSON_SIGNED).ok().flatten();
        if let Some(signature) = signature {
            let checked = signature.check(whose.federation, &record, &fields);
            let checked = checked.ok().filter(|_| !self.used_before(case, step, &signature));
            let by = if checked.is_some() { By::Person } else { By::Forged };
            let whole = checked.map(|checked| checked == Checked::Whole);
            let (key, time) = (Some(signature.key), Some(signature.time));
            return Ok(Some(Hand { by, why: None, key, time, whole }));
        }
        let why: Option<NodeOnly> = fields.get(field::NODE_ONLY).ok().flatten();
        let of_node =
            |why| Hand { by: By::Node, why: Some(why), key: None, time: None, whole: None };
        Ok(why.map(of_node))
    }

    /// Whether the author put the same signature into an earlier record of the case. An honest one
    /// signs next after what the person saw, so that there is nothing to look at.
    fn used_before(&self, case: &Case, step: &Step, signature: &PersonSignature) -> bool {
        let position = |record| case.steps.iter().position(|known| known.record == record);
        let after = position(signature.base).map_or(0, |at| at + 1);
        let until = position(step.record).unwrap_or(after);
        let between = case.steps.get(after..until).unwrap_or_default();
        let alike = between.iter().filter(|earlier| {
            (earlier.author, earlier.act, earlier.actor) == (step.author, step.act, step.actor)
        });
        let mut signatures = alike.filter_map(|earlier| {
            let read = view::record_of(&self.reader, self.whose(), case.id, earlier).ok()??;
            read.1.get::<PersonSignature>(field::PERSON_SIGNED).ok()?
        });
        signatures.any(|earlier| earlier.signature == signature.signature)
    }
}
