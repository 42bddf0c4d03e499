//! Writes the golden vectors to `tests/vectors/*.json`: `cargo run -p record --example vectors`.
//! They are committed; run this only to add a case, and look at the difference.

#[path = "../tests/golden/mod.rs"]
mod golden;

use std::fs;
use std::io;

use serde::Serialize;

fn main() -> io::Result<()> {
    write("records.json", &golden::inputs::records())?;
    write("checkpoints.json", &golden::inputs::checkpoints())?;
    write("tree.json", &golden::inputs::tree())
}

fn write<T: Serialize>(name: &str, vectors: &T) -> io::Result<()> {
    let text = serde_json::to_string_pretty(vectors)?;
    fs::write(golden::file(name), text + "\n")
}
