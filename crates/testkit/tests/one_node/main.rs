//! Stories of one node that works by itself: its places, its people and their papers.

#![expect(clippy::unwrap_used, reason = "what fails here fails its test")]

mod ground;
mod invitations;
mod node;
mod people;
mod proposals;
