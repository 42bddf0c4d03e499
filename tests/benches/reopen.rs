//! Opening a node whose journal is long.
fn main() {}
