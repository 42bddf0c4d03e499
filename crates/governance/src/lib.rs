//! The rules of grid governance (网格化治理) as pure functions of state, action, actor, policy and
//! time. Nothing here reads a clock, a file or a network.
//!
//! The path of an act: [`act::Act`] → [`authorize::authorize`] (may it be done?) →
//! [`authorize::decide`] (what does it say?) → a signed record → [`change::Change`] (what does
//! the record change?) → [`case::apply`] → [`release::audience`] (who is told?).

pub mod act;
pub mod area;
pub mod authorize;
pub mod calendar;
pub mod case;
pub mod certificate;
pub mod change;
pub mod clock;
pub mod diary;
pub mod duty;
pub mod field;
pub mod grant;
pub mod growth;
pub mod hand;
pub mod history;
pub mod member;
pub mod numbers;
pub mod party;
pub mod policy;
pub mod query;
pub mod release;
pub mod roster;
pub mod station;
pub mod territory;
pub mod trust;
