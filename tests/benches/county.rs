//! A county's question to 300 subordinates in one process: asked, counted, answered, every answer's
//! signature verified and the counts added up. Measured against what that number of signature
//! verifications alone takes in the same run.
//!
//! `cargo bench -p tests --bench county [-- SUBORDINATES CASES_EACH]`
fn main() {}
