//! The heart of a node, without IO: commands and peer messages in, records and effects out.
//!
//! The path of a command: [`command::Command`] → [`engine::Engine::step`] → rules of `governance`
//! → one signed record, staged → one commit → [`engine::Effect`]s. What arrives from a peer goes
//! the same way: [`arrival::verify_page`] → `step` → commit → acknowledged by the next pull.

pub mod access;
mod acts;
pub mod arrival;
mod asking;
pub mod blob;
pub mod code;
pub mod command;
pub mod doctor;
pub mod engine;
pub mod entry;
mod exchange;
pub mod factor;
pub mod invitation;
pub mod kind;
pub mod memory;
pub mod note;
pub mod open;
pub mod outbox;
pub mod peer;
mod policies;
pub mod preview;
pub mod project;
pub mod recount;
pub mod runtime;
mod share;
mod sign;
pub mod staging;
pub mod store;
pub mod usable;
pub mod view;
pub mod wire;
pub mod world;
