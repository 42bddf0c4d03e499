//! The `wangge` binary.
fn main() {}
