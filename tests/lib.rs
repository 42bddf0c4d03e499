//! Tests that cross crates live in `tests/tests`, vectors in `tests/vectors`.
