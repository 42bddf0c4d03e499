//! Files from outside, as values and named problems: tables of places and people, boundaries,
//! reports and work orders. Bytes in, values out; nothing is read, written or applied here.
//!
//! [`table::read`] gives rows, [`columns::Table`] knows what their columns mean, and each kind of
//! file has its own module: [`places`] (divisions and grids), [`roster`] (people), [`reports`]
//! (cases in bulk, hotline orders). [`division`] judges a community's grids by their boundaries,
//! and [`suggest`] finds cases that may be about one matter.
//!
//! No other crate names the parsing libraries.

pub mod columns;
pub mod coordinates;
pub mod division;
mod ground;
mod lookup;
pub mod moment;
pub mod places;
pub mod problem;
pub mod reports;
pub mod roster;
pub mod shape;
pub mod status;
pub mod suggest;
pub mod table;
pub mod text;
