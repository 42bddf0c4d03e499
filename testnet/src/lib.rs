//! A whole federation on one machine: real nodes as real processes, each with its own folder, key,
//! ports and log, spoken to over HTTP like any client would.
//!
//! [`demo`] plays it: `plan` says which nodes there are, `enrol` founds the federation and joins it,
//! `settle` enters [`ground`] and [`people`] by the [`practice`], `day` walks the [`errands`] with what goes wrong, and
//! `report` holds every figure against the [`ledger`] of what the demo itself did.
//!
//! [`load`] and [`catch_up`] measure: nodes [`alone`] under the [`intake`] of many connections, and
//! a street that was away.

pub mod alone;
pub mod bring;
pub mod catch_up;
pub mod cli;
pub mod client;
pub mod clocks;
pub mod day;
pub mod demo;
pub mod divisions;
pub mod enrol;
pub mod errands;
pub mod federation;
pub mod folder;
pub mod forward;
pub mod ground;
pub mod ids;
pub mod intake;
pub mod ledger;
pub mod load;
pub mod matters;
pub mod metrics;
pub mod people;
pub mod plan;
pub mod practice;
pub mod processes;
pub mod report;
pub mod settle;
pub mod voice;
