//! Golden vectors: from the inputs in a committed file, everything that follows from them. Shared
//! by the test that recomputes them and the example that writes them.

pub(crate) mod inputs;
pub(crate) mod statements;
pub(crate) mod trees;

use std::path::PathBuf;

/// Where a committed vector file lies.
pub(crate) fn file(name: &str) -> PathBuf {
    let tests = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors");
    PathBuf::from(tests).join(name)
}

/// Lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of lower-case hex in a vector file.
pub(crate) fn unhex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks_exact(2).map(|pair| str::from_utf8(pair));
    let byte = |pair| u8::from_str_radix(pair, 16).expect("vector files are in hex");
    digits.map(|pair| byte(pair.expect("hex digits are ascii"))).collect()
}
