//! The demo federation.
fn main() {}
