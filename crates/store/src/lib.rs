//! store
mod disk;
pub mod keyfile;
mod stamped;
mod vault;
mod frame;
mod journal;
#[cfg(test)]
mod sample;
