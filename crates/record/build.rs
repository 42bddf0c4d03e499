//! Looks for the outside test vectors, which are not part of this repository. Where they are
//! absent the tests that need them are compiled as ignored, with the reason, so that nobody takes
//! a skipped test for a passed one.

use std::env;
use std::path::{Path, PathBuf};

const FILES: [&str; 2] = ["cbor_appendix_a.json", "ed25519_speccheck.json"];

fn main() {
    directive("rerun-if-changed=build.rs");
    directive("rustc-check-cfg=cfg(outside_vectors)");
    let Some(folder) = outside_vectors() else {
        // Whoever runs the ignored tests is told what is missing.
        return directive("rustc-env=OUTSIDE_VECTORS=shared/vectors, which is absent");
    };
    directive("rustc-cfg=outside_vectors");
    directive(&format!("rustc-env=OUTSIDE_VECTORS={}", folder.display()));
    for file in FILES {
        directive(&format!("rerun-if-changed={}", folder.join(file).display()));
    }
}

/// `shared/vectors` beside this crate or beside any folder above it.
fn outside_vectors() -> Option<PathBuf> {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR")?);
    let folders = here.ancestors().map(|folder| folder.join("shared/vectors"));
    folders.into_iter().find(|folder| holds_all(folder))
}

fn holds_all(folder: &Path) -> bool {
    FILES.iter().all(|file| folder.join(file).is_file())
}

fn directive(text: &str) {
    println!("cargo::{text}");
}
