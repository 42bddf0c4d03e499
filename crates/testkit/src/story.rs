//! The articles' own stories as scripts: who does what where, in the words of the API, and what
//! must be true in the end. One script is told twice: over the simulator, and over real processes.

mod told;

use serde_json::{Value, json};

pub use told::ALL;

/// A name that must reach no node but the one where it was told.
pub const CONTACT: &str = "演示居民丙";
/// A telephone number that must reach no node but the one where it was told.
pub const PHONE: &str = "139-0000-7788";
/// People involved, whom no node but the one where it was told may know.
pub const INVOLVED: &str = "演示业主丁";

/// A node of the scene: a county, its street with two member units, and a community below it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Seat {
    /// 县.
    County,
    /// 街道, 镇.
    Street,
    /// 社区, 村, where every story begins and ends.
    Community,
    /// The unit that leads.
    Lead,
    /// The unit that assists.
    Assist,
}

/// Who does a step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Who {
    /// Somebody in a role of the policy.
    Role(&'static str),
    /// Whoever reported: a member of staff, or a resident with the code of their receipt.
    Reporter,
}

/// One step of a story.
#[derive(Clone, Debug)]
pub struct Step {
    /// Where.
    pub at: Seat,
    /// Who.
    pub by: Who,
    /// The act as the API takes it, with places left open: see [`Step::said`].
    act: Value,
}

/// What fills the places that a script leaves open.
pub trait Cast {
    /// The node in a seat, as the API writes its id.
    fn node(&mut self, seat: Seat) -> String;
    /// A person in a role at a node, as the API writes the id.
    fn person(&mut self, seat: Seat, role: &str) -> String;
    /// So many days from now, as the API writes a time.
    fn in_days(&mut self, days: i64) -> Value;
}

/// What must be true in the end.
#[derive(Clone, Copy, Debug)]
pub struct End {
    /// Key of the phase.
    pub phase: &'static str,
    /// Where it was settled (C10).
    pub settled: Option<&'static str>,
    /// Nodes that were told of the case, besides the community.
    pub told: &'static [Seat],
}

/// A story.
pub struct Story {
    /// What it is called, for people who read a failure.
    pub name: &'static str,
    /// Key of the policy it goes by.
    pub policy: &'static str,
    /// What the accounts say of it.
    pub account: &'static str,
    /// The role that reports it; a resident without an account where absent.
    pub reporter: Option<&'static str>,
    /// The report as the API takes it, without a place.
    pub report: Value,
    /// What happens then.
    pub steps: Vec<Step>,
    /// What must be true in the end.
    pub end: End,
}

impl Step {
    fn new(at: Seat, by: Who, act: Value) -> Self {
        Self { at, by, act }
    }

    /// The act's name.
    ///
    /// # Panics
    /// When a script names none.
    #[must_use]
    pub fn name(&self) -> &str {
        self.act["act"].as_str().expect("a script names its acts")
    }

    /// The roles at the step's node of which the act names somebody.
    #[must_use]
    pub fn people(&self) -> Vec<String> {
        let mut found = Vec::new();
        roles_in(&self.act, &mut found);
        found
    }

    /// The act with every open place filled: `@lead` and `@assist` are nodes, `@role:key` is the
    /// id of somebody in that role at the step's node, `@days:n` a time.
    #[must_use]
    pub fn said(&self, cast: &mut impl Cast) -> Value {
        fill(&self.act, self.at, cast)
    }
}

fn roles_in(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.extend(text.strip_prefix("@role:").map(str::to_owned)),
        Value::Array(items) => items.iter().for_each(|item| roles_in(item, found)),
        Value::Object(fields) => fields.values().for_each(|item| roles_in(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn fill(value: &Value, at: Seat, cast: &mut impl Cast) -> Value {
    match value {
        Value::String(text) => match text.strip_prefix('@') {
            Some("lead") => json!(cast.node(Seat::Lead)),
            Some("assist") => json!(cast.node(Seat::Assist)),
            Some(open) => fill_named(open, at, cast),
            None => value.clone(),
        },
        Value::Array(items) => items.iter().map(|item| fill(item, at, cast)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(key, item)| (key.clone(), fill(item, at, cast))).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

fn fill_named(open: &str, at: Seat, cast: &mut impl Cast) -> Value {
    match open.split_once(':') {
        Some(("role", role)) => json!(cast.person(at, role)),
        Some(("days", days)) => cast.in_days(days.parse().expect("a script's days are a number")),
        _ => panic!("a script leaves open what nobody can fill: @{open}"),
    }
}

impl Story {
    /// What the timeline at home must be: every act in order, as far as home is told of it.
    #[must_use]
    pub fn acts(&self) -> Vec<&str> {
        std::iter::once("report").chain(self.steps.iter().map(Step::name)).collect()
    }
}
