//! Who is signed in.

use governance::policy::Power;
use record::{Subject, Timestamp};
use serde::Deserialize;

use super::name::Named;

/// Who is signed in, and what they hold.
#[derive(Clone, Deserialize)]
pub(crate) struct Me {
    pub(crate) account: String,
    pub(crate) person: Subject,
    pub(crate) name: Option<String>,
    pub(crate) appointments: Vec<Held>,
    pub(crate) powers: Vec<Power>,
    pub(crate) csrf: Option<String>,
    pub(crate) factor: Factor,
}

/// The account's second factor.
#[derive(Clone, Deserialize)]
pub(crate) struct Factor {
    /// Whether it has to be set up before anything else.
    pub(crate) needed: bool,
    pub(crate) enrolled: bool,
    pub(crate) since: Option<Timestamp>,
    /// Recovery codes that are left.
    pub(crate) recovery: usize,
}

/// An appointment.
#[derive(Clone, Deserialize)]
pub(crate) struct Held {
    pub(crate) role: Named,
    pub(crate) scope: Option<Scope>,
}

/// The place that an appointment covers.
#[derive(Clone, Deserialize)]
pub(crate) struct Scope {
    pub(crate) id: Subject,
    pub(crate) name: Option<String>,
}

impl Me {
    /// Whether they work outdoors: every appointment of theirs is for one place.
    pub(crate) fn is_outdoors(&self) -> bool {
        !self.appointments.is_empty() && self.appointments.iter().all(|held| held.scope.is_some())
    }

    /// The places that their appointments cover.
    pub(crate) fn scopes(&self) -> impl Iterator<Item = Subject> {
        self.appointments.iter().filter_map(|held| Some(held.scope.as_ref()?.id))
    }

    /// Whether they may read numbers.
    pub(crate) fn may_query(&self) -> bool {
        self.powers.contains(&Power::Query)
    }

    /// Whether they look at numbers rather than at cases: they read them, and take nothing in.
    pub(crate) fn leads(&self) -> bool {
        self.may_query() && !self.powers.contains(&Power::Intake)
    }

    /// Whether they run the node.
    pub(crate) fn is_operator(&self) -> bool {
        self.powers.contains(&Power::Federation)
    }

    /// Their name, or that of their account.
    pub(crate) fn shown(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.account)
    }
}
