//! People of the roster.

use governance::act::ActKind;
use governance::policy::Policy;
use record::Subject;
use serde::Deserialize;

use super::me::Held;
use super::public::Listed;
use crate::page::Page;
use crate::staff::Staff;
use crate::trouble::Trouble;

/// Most people on a page of the roster, and most pages that are read for a form.
const MOST: usize = 200;
const PAGES: usize = 10;

/// A member of staff.
#[derive(Clone, Deserialize)]
pub(crate) struct Person {
    pub(crate) id: Subject,
    pub(crate) name: Option<String>,
    pub(crate) appointments: Vec<Held>,
}

impl Person {
    /// Whether a role of theirs does more with cases than report them.
    fn works_on_cases(&self, policy: &Policy) -> bool {
        let works = |role: &str| {
            let mut rules = policy.acts.iter().filter(|rule| rule.act != ActKind::Report);
            rules.any(|rule| rule.roles.contains(role))
        };
        self.appointments.iter().any(|held| works(&held.role.key))
    }
}

/// Whom something can be given to: people whose role does more with cases than report them, those
/// for the whole ground first. Whoever only runs the node, or heads a building, is not among them.
///
/// # Errors
/// What the API says.
pub(crate) async fn appointed(staff: &Staff) -> Result<Vec<Person>, Trouble> {
    let mut people = everybody(staff).await?;
    let world = staff.state.handle.world();
    people.retain(|person| person.works_on_cases(world.policy()));
    people.sort_by_key(|person| {
        let office = person.appointments.iter().any(|held| held.scope.is_none());
        (!office, person.name.clone())
    });
    Ok(people)
}

async fn everybody(staff: &Staff) -> Result<Vec<Person>, Trouble> {
    let mut path = format!("/v1/people?limit={MOST}");
    let mut people = Vec::new();
    for _ in 0..PAGES {
        let Listed { items, next } = staff.read(path).await?;
        people.extend(items);
        let Some(next) = next else { break };
        path = format!("/v1/people?limit={MOST}&after={next}");
    }
    Ok(people)
}

impl Contact {
    /// What they do, each role once however many places it is for.
    pub(crate) fn roles(&self, p: &Page) -> String {
        let mut roles: Vec<String> = Vec::new();
        for held in &self.appointments {
            let role = p.name(&held.role);
            if !roles.contains(&role) {
                roles.push(role);
            }
        }
        roles.join(" · ")
    }
}

/// A member of staff whom one may have to call.
#[derive(Clone, Deserialize)]
pub(crate) struct Contact {
    pub(crate) id: Subject,
    pub(crate) name: Option<String>,
    /// Masked, and there only for those who may read it.
    pub(crate) phone: Option<String>,
    pub(crate) appointments: Vec<Held>,
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use governance::policy::Power;
    use serde_json::json;

    use super::*;

    #[test]
    fn whoever_only_runs_the_node_is_not_offered_cases_by_any_policy() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/policies");
        let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let files = files.filter(|path| path.extension().is_some_and(|end| end == "toml"));
        let policies =
            files.map(|path| Policy::from_toml(&fs::read_to_string(path).unwrap()).unwrap());
        let policies: Vec<Policy> = policies.collect();
        assert!(policies.len() >= 6);
        for policy in &policies {
            let person = |roles: &[&str]| -> Person {
                let held = roles.iter().map(|role| json!({ "role": { "key": role } }));
                let held: Vec<_> = held.collect();
                let id = Subject::ZERO;
                serde_json::from_value(json!({ "id": id, "appointments": held })).unwrap()
            };
            let runs = |role: &&governance::policy::Role| role.powers.contains(&Power::Federation);
            let operator = policy.roles.iter().find(runs).unwrap().key.as_str();
            assert!(!person(&[operator]).works_on_cases(policy), "{}", policy.key);
            assert!(!person(&[]).works_on_cases(policy), "{}", policy.key);
            // Whoever handles cases is offered, whether they run the node besides or not.
            let dispatch = policy.acts.iter().find(|rule| rule.act == ActKind::Dispatch).unwrap();
            let desk = dispatch.roles.iter().find(|role| policy.role(role).is_some()).unwrap();
            assert!(person(&[desk]).works_on_cases(policy), "{}", policy.key);
            assert!(person(&[operator, desk]).works_on_cases(policy), "{}", policy.key);
        }
    }
}
