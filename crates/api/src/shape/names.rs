//! Names for codes and ids, as far as this node knows them.

use std::collections::HashMap;

use engine::view;
use governance::policy::Policy;
use record::{NodeId, Subject};
use serde::Serialize;

use crate::desk::View;
use crate::problem::Problem;

/// A code with its names in both languages.
#[derive(Clone, Serialize)]
pub(crate) struct Named {
    pub(crate) key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name_en: Option<String>,
}

/// A node with its name.
#[derive(Clone, Serialize)]
pub(crate) struct NodeName {
    pub(crate) id: NodeId,
    pub(crate) short: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
}

/// A person of this node's staff, as colleagues see them.
#[derive(Clone, Serialize)]
pub(crate) struct PersonName {
    pub(crate) id: Subject,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
}

pub(crate) fn named(key: &str, names: Option<(&str, &str)>) -> Named {
    let (name, name_en) = names.unzip();
    Named {
        key: key.to_owned(),
        name: name.map(str::to_owned),
        name_en: name_en.map(str::to_owned),
    }
}

impl View {
    /// What a key means by the policy in force, or else by a version that older cases run under.
    pub(crate) fn meant<'v, T>(&'v self, find: impl Fn(&'v Policy) -> Option<T>) -> Option<T> {
        let earlier = || self.world.policies.iter().find_map(|version| find(&version.policy));
        find(self.policy()).or_else(earlier)
    }

    /// A stage, by this node's policy; another holder's may be unknown here.
    pub(crate) fn stage(&self, key: &str) -> Named {
        let stage = self.meant(|policy| policy.stage(key));
        named(key, stage.map(|stage| (stage.name.as_str(), stage.name_en.as_str())))
    }

    /// A level.
    pub(crate) fn level(&self, key: &str) -> Named {
        let level = self.meant(|policy| policy.levels.iter().find(|level| level.key == key));
        named(key, level.map(|level| (level.name.as_str(), level.name_en.as_str())))
    }

    /// A role.
    pub(crate) fn role(&self, key: &str) -> Named {
        let role = self.meant(|policy| policy.role(key));
        named(key, role.map(|role| (role.name.as_str(), role.name_en.as_str())))
    }

    /// A category.
    pub(crate) fn category(&self, key: &str) -> Named {
        let known = self.meant(|policy| policy.categories.iter().find(|known| known.key == key));
        named(key, known.map(|known| (known.name.as_str(), known.name_en.as_str())))
    }

    /// A channel.
    pub(crate) fn channel(&self, key: &str) -> Named {
        let known = self.meant(|policy| policy.channels.iter().find(|known| known.key == key));
        named(key, known.map(|known| (known.name.as_str(), known.name_en.as_str())))
    }

    /// A node, by its verified certificate.
    pub(crate) fn node(&self, id: NodeId) -> NodeName {
        let own = (id == self.setup.me()).then_some(&self.setup.standing);
        let known = self.world.directory.get(id).map(|peer| &peer.standing);
        let name = own.or(known).map(|standing| standing.certificate().name.clone());
        NodeName { id, short: id.short().to_string(), name }
    }
}

/// Names of people, each read once.
pub(crate) struct People<'a> {
    view: &'a View,
    known: HashMap<Subject, Option<String>>,
}

impl<'a> People<'a> {
    pub(crate) fn new(view: &'a View) -> Self {
        Self { view, known: HashMap::new() }
    }

    /// A person's name, for staff; other nodes' people and residents have none here.
    ///
    /// # Errors
    /// When the journal can't be read.
    pub(crate) fn name(&mut self, id: Subject) -> Result<PersonName, Problem> {
        if let Some(name) = self.known.get(&id) {
            return Ok(PersonName { id, name: name.clone() });
        }
        let found = match self.view.world.roster.get(id) {
            Some(_) => view::staff(&self.view.reader, self.view.whose(), id)?,
            None => None,
        };
        let name = found.map(|staff| staff.name);
        self.known.insert(id, name.clone());
        Ok(PersonName { id, name })
    }
}
