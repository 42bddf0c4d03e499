//! A whole federation in one process, from one number: virtual time, a network that loses,
//! doubles, delays and reorders, partitions, crashes, and people who work. Everything else is the
//! real thing: the same engine, rules, records and signatures that a node runs.

pub mod federation;
pub mod fixture;
pub mod simulator;
pub mod story;
