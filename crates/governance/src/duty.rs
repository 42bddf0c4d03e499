//! What a grid answers for, in writing (R3): the management list (管理清单) and the service list
//! (服务清单) of a place, beside the policy's catalogue of duties. 一册明责.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::act::{FieldProblem, MAX_LINE, text};
use crate::field;
use crate::policy::Policy;

/// Most items of one list.
pub const MAX_ITEMS: usize = 100;

/// The two lists of a place; a change is a further version of both.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DutyLists {
    /// 管理清单: what is to be carried out in the grid.
    #[serde(default)]
    pub management: Vec<Item>,
    /// 服务清单: what residents are offered there.
    #[serde(default)]
    pub service: Vec<Item>,
}

/// An item of a list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Its number, unique in both lists.
    pub number: String,
    /// What it is.
    pub what: String,
    /// Key of the role that answers for it: never a person, who comes and goes.
    pub role: String,
    /// When it is done or offered, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<String>,
    /// Number of the catalogue's duty that it carries out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duty: Option<String>,
}

/// Why lists are refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DutyError {
    /// A text is out of bounds.
    #[error(transparent)]
    Text(#[from] FieldProblem),
    /// Too many items.
    #[error("a list takes at most {MAX_ITEMS} items")]
    Many,
    /// A number stands there twice.
    #[error("item {0} of the two lists together has the number of an earlier one")]
    Twice(usize),
    /// No such role.
    #[error("item {0} of the two lists together names a role that the policy does not have")]
    Role(usize),
    /// No such duty.
    #[error("item {0} of the two lists together names a duty that is not in the catalogue")]
    Duty(usize),
}

impl DutyLists {
    /// The items of both, management first.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.management.iter().chain(&self.service)
    }

    /// Whether the lists hang together with the policy.
    ///
    /// # Errors
    /// See [`DutyError`]; items are counted from 1.
    pub fn check(&self, policy: &Policy) -> Result<(), DutyError> {
        if self.management.len() > MAX_ITEMS || self.service.len() > MAX_ITEMS {
            return Err(DutyError::Many);
        }
        let mut numbers = BTreeSet::new();
        for (at, item) in (1..).zip(self.items()) {
            for words in [Some(&item.number), Some(&item.what), item.hours.as_ref()] {
                words.map_or(Ok(()), |words| text(field::DUTY_LISTS, words, MAX_LINE))?;
            }
            if !numbers.insert(&item.number) {
                return Err(DutyError::Twice(at));
            }
            if policy.role(&item.role).is_none() {
                return Err(DutyError::Role(at));
            }
            let known = |number: &String| policy.duties.iter().any(|duty| duty.number == *number);
            if item.duty.as_ref().is_some_and(|number| !known(number)) {
                return Err(DutyError::Duty(at));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHE: &str = include_str!("../../../config/policies/she-county.toml");

    fn item(number: &str) -> Item {
        let role = "grid_worker".to_owned();
        Item { number: number.into(), what: "巡查".into(), role, hours: None, duty: None }
    }

    #[test]
    fn r3_a_duty_names_a_role_and_a_number_of_its_own() {
        let policy = Policy::from_toml(SHE).unwrap();
        let mut lists = DutyLists { management: vec![item("管1")], service: vec![item("服1")] };
        assert_eq!(lists.check(&policy), Ok(()));
        lists.service.push(item("管1"));
        assert_eq!(lists.check(&policy), Err(DutyError::Twice(3)));
        lists.service[1] = Item { role: "nobody".into(), ..item("服2") };
        assert_eq!(lists.check(&policy), Err(DutyError::Role(3)));
        lists.service[1] = Item { duty: Some("无此项".into()), ..item("服2") };
        assert_eq!(lists.check(&policy), Err(DutyError::Duty(3)));
        lists.service[1] = Item { what: String::new(), ..item("服2") };
        assert!(matches!(lists.check(&policy), Err(DutyError::Text(_))));
        lists.service = vec![item("服"); MAX_ITEMS + 1];
        assert_eq!(lists.check(&policy), Err(DutyError::Many));
    }
}
