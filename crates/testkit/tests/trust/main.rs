//! Trust between nodes over their lives: certificates renewed and revoked, keys changed, logs lost.

mod clocks;
mod forgery;
mod forks;
mod logs;
mod moving;
mod officers;
mod oversize;
mod recovery;
mod renewal;
mod revocation;
mod town;
