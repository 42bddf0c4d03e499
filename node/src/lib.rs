//! One jurisdiction's node, as a library: configuration, identity, and the wiring of store,
//! engine, network and API. The binary `wangge` is [`cli::run`]; tests and the test network start
//! the same [`node::Node`].
//!
//! The life of a node: [`found::found`] or [`join::enrol`] make its data folder,
//! [`operator::Operator::install`] its first account, [`node::Node::start`] runs it,
//! [`node::Running::stop`] ends it.

pub mod audit;
pub mod backup;
pub mod calendar;
pub mod checks;
pub mod cli;
pub mod config;
pub mod export;
pub mod file;
pub mod folder;
pub mod found;
pub mod http;
pub mod identity;
pub mod import;
pub mod invite;
pub mod join;
pub mod local;
pub mod log;
pub mod neighbours;
pub mod node;
pub mod offline;
pub mod operator;
pub mod policy;
pub mod ports;
pub mod prove;
pub mod publish;
pub mod revoke;
pub mod root;
pub mod seed;
pub mod shutdown;
pub mod sources;
pub mod summary;
pub mod tiles;
pub mod verify;
