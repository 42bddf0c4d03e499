//! The shape of the house: who may depend on whom, who may name what, and what stands where.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests lies in the workspace").into()
}

fn manifest(dir: &Path) -> toml::Table {
    let path = dir.join("Cargo.toml");
    let text = fs::read_to_string(&path).expect("a manifest can be read");
    text.parse().expect("a manifest is TOML")
}

fn names(manifest: &toml::Table, table: &str) -> BTreeSet<String> {
    let found = manifest.get(table).and_then(toml::Value::as_table);
    found.map(|table| table.keys().cloned().collect()).unwrap_or_default()
}

/// Every package of the workspace: name → folder.
fn packages() -> BTreeMap<String, PathBuf> {
    let crates = fs::read_dir(root().join("crates")).expect("crates can be listed");
    let mut folders: Vec<PathBuf> =
        crates.map(|entry| entry.expect("an entry can be read").path()).collect();
    folders.extend(["node", "testnet", "tests"].map(|name| root().join(name)));
    folders
        .into_iter()
        .map(|folder| {
            let name = manifest(&folder)["package"]["name"].as_str().expect("a name").to_owned();
            (name, folder)
        })
        .collect()
}

/// `record ← governance ← engine ← { store, network, api, console } ← node ← testnet`, and
/// `governance ← import ← { api, console, node }`: files from outside. `photo ← engine`: pictures from
/// outside.
fn allowed(package: &str) -> &'static [&'static str] {
    match package {
        "record" | "photo" => &[],
        "governance" => &["record"],
        "import" => &["governance", "record"],
        "engine" => &["governance", "photo", "record"],
        "api" | "console" => &["engine", "governance", "import", "record"],
        "store" | "network" | "testkit" => &["engine", "governance", "record"],
        "node" => {
            &["api", "console", "engine", "governance", "import", "network", "record", "store"]
        }
        "testnet" => &["engine", "governance", "node", "photo", "record", "store"],
        "tests" => &[
            "api",
            "engine",
            "governance",
            "import",
            "node",
            "record",
            "store",
            "testkit",
            "testnet",
        ],
        other => panic!("{other} is not in the layout: decide where it stands and say so here"),
    }
}

#[test]
fn dependencies_point_in_one_direction() {
    let packages = packages();
    for (name, folder) in &packages {
        let ours: BTreeSet<String> = names(&manifest(folder), "dependencies")
            .into_iter()
            .filter(|dependency| packages.contains_key(dependency))
            .collect();
        let allowed: BTreeSet<String> = allowed(name).iter().map(|name| (*name).into()).collect();
        let wrong: Vec<_> = ours.difference(&allowed).collect();
        assert!(wrong.is_empty(), "{name} must not depend on {wrong:?}");
    }
}

#[test]
fn the_simulator_is_for_tests_alone() {
    for (name, folder) in packages() {
        let found = names(&manifest(&folder), "dependencies");
        assert!(!found.contains("testkit") || name == "tests", "{name} depends on testkit");
    }
}

#[test]
fn the_hostile_peer_is_for_tests_alone() {
    for (name, folder) in packages() {
        let manifest = manifest(&folder);
        let network = manifest.get("dependencies").and_then(|table| table.get("network"));
        let features = network.and_then(|network| network.get("features"));
        let features = features.and_then(toml::Value::as_array).cloned().unwrap_or_default();
        let hostile = features.iter().any(|feature| feature.as_str() == Some("hostile"));
        assert!(!hostile, "{name} builds network's hostile peer into the program");
    }
}

/// Every source file of the program itself, with its text less white space: no tests, no
/// benchmarks.
fn program() -> Vec<(String, String)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("a folder can be listed") {
            let path = entry.expect("an entry can be read").path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if path.is_dir() && name != "tests" {
                walk(&path, found);
            } else if name.ends_with(".rs") && name != "tests.rs" {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    for package in ["engine", "store", "network", "api", "console"] {
        walk(&root().join("crates").join(package).join("src"), &mut found);
    }
    walk(&root().join("node/src"), &mut found);
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("a source can be read");
        let program = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let name = path.strip_prefix(root()).expect("in the workspace").display().to_string();
        (name, program.split_whitespace().collect())
    };
    found.into_iter().map(read).collect()
}

/// S7: the release gate is one function, and the only path to the wire. What makes a stream's entry,
/// a parcel or a release is named in one file each; whoever adds another has to change this.
#[test]
fn s7_nothing_but_the_release_gate_puts_anything_on_the_wire() {
    let sources = program();
    for (what, homes) in [
        // A stream's entry is staged in one place, and its row is written in one.
        ("kind:FrameKind::Sent", &["crates/engine/src/share.rs"][..]),
        ("put_bytes(Table::Outbox", &["crates/engine/src/project/stream.rs"]),
        ("Entry::form(", &["crates/engine/src/share.rs"]),
        // Stored values are read for a peer in one place, which asks what its entry names.
        ("letparcel=Parcel{erased:", &["crates/engine/src/outbox.rs"]),
        ("page.parcels.push(", &["crates/engine/src/outbox.rs"]),
        // Both are called from the worker that answers a peer, and from nowhere else.
        ("outbox::page(", &["crates/engine/src/runtime/worker.rs"]),
        ("outbox::piece(", &["crates/engine/src/runtime/worker.rs"]),
        // Headers alone, to whoever witnesses the log.
        ("outbox::open(", &["crates/engine/src/runtime/worker.rs"]),
        // What waited goes behind what its reader has already, after a loss.
        ("frame.kind==FrameKind::Sent", &["crates/engine/src/exchange/epoch.rs"]),
    ] {
        let named = sources.iter().filter(|(_, text)| text.contains(what));
        let named: BTreeSet<&str> = named.map(|(name, _)| name.as_str()).collect();
        assert_eq!(named, homes.iter().copied().collect(), "{what}");
    }
    // What the gate decides on is made by the rules alone: no field of it is public.
    let rules = root().join("crates/governance/src/release.rs");
    let rules = fs::read_to_string(rules).expect("the gate can be read");
    let made = rules.split("pub struct Release {").nth(1).expect("there is a Release");
    let fields = made.split('}').next().unwrap_or_default();
    assert!(!fields.contains("pub "), "a release can be made by the gate alone");
    let staged = &sources.iter().find(|(name, _)| name.ends_with("engine/src/share.rs"));
    let (_, staged) = staged.expect("there is a staging side");
    for call in ["release::backlog(", "release::audience(", "release::published("] {
        assert_eq!(staged.matches(call).count(), 1, "{call}");
    }
}

#[test]
fn sled_libp2p_axum_and_the_parsers_of_files_are_named_in_one_crate_each() {
    let homes = [
        ("sled", vec!["store"]),
        ("libp2p", vec!["network"]),
        ("axum", vec!["api", "console"]),
        ("calamine", vec!["import"]),
        // The demo reads its messages from a CSV file of its own.
        ("csv", vec!["import", "testnet"]),
        ("encoding_rs", vec!["import"]),
        ("image-webp", vec!["photo"]),
        ("jpeg-encoder", vec!["photo"]),
        ("pinyin", vec!["import"]),
        ("png", vec!["photo"]),
        ("zune-jpeg", vec!["photo"]),
        ("rust_xlsxwriter", vec!["import"]),
        ("unicode-normalization", vec!["import"]),
        ("zip", vec!["import"]),
    ];
    for (library, homes) in homes {
        for (name, folder) in packages() {
            if homes.contains(&name.as_str()) {
                continue;
            }
            for table in ["dependencies", "dev-dependencies", "build-dependencies"] {
                let found = names(&manifest(&folder), table);
                let names_it = found.iter().any(|dependency| dependency.starts_with(library));
                assert!(!names_it, "{name} names {library} in its {table}");
            }
        }
    }
}

#[test]
fn only_the_agreed_things_stand_at_the_top() {
    let allowed = [
        "Cargo.toml",
        "Cargo.lock",
        "LICENSE",
        "README.md",
        "config",
        "crates",
        "node",
        "testnet",
        "tests",
    ];
    for entry in fs::read_dir(root()).expect("the checkout can be listed") {
        let name = entry.expect("an entry can be read").file_name();
        let name = name.to_string_lossy().into_owned();
        let built = name == "target";
        assert!(name.starts_with('.') || built || allowed.contains(&name.as_str()), "{name}");
    }
}

#[test]
fn every_package_takes_the_workspaces_lints() {
    for (name, folder) in packages() {
        let inherits = manifest(&folder)
            .get("lints")
            .and_then(|lints| lints.get("workspace"))
            .and_then(toml::Value::as_bool);
        assert_eq!(inherits, Some(true), "{name} has no `lints.workspace = true`");
    }
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder can be listed") {
        let path = entry.expect("an entry can be read").path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "target") {
                sources(&path, found);
            }
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn rules_and_engine_take_time_and_chance_as_arguments() {
    let forbidden = ["SystemTime::now", "Instant::now", "Utc::now", "Local::now", "rand::rng()"];
    for name in ["record", "governance", "engine", "import"] {
        let mut files = Vec::new();
        sources(&root().join("crates").join(name).join("src"), &mut files);
        // The engine's thread is its edge: it is where time comes from.
        let edge = root().join("crates/engine/src/runtime.rs");
        for file in files.into_iter().filter(|file| *file != edge) {
            let text = fs::read_to_string(&file).expect("a source can be read");
            for word in forbidden {
                assert!(!text.contains(word), "{} says {word}", file.display());
            }
        }
    }
}

#[test]
fn no_file_is_called_by_a_name_that_says_nothing() {
    let mut files = Vec::new();
    for folder in ["crates", "node", "testnet"] {
        sources(&root().join(folder), &mut files);
    }
    for file in files {
        let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let empty = ["utils", "util", "common", "helper", "helpers", "misc", "manager"];
        assert!(!empty.contains(&stem), "{}", file.display());
    }
}

/// Every control has a removal that is known to make a test fail (`tests/mutations/run`): each still
/// fits the code, and names a test that is there.
#[test]
fn what_takes_a_control_out_still_fits_the_code() {
    let path = root().join("tests/mutations/controls.toml");
    let text = fs::read_to_string(path).expect("the controls can be read");
    let all: toml::Table = text.parse().expect("they are TOML");
    let mut files = Vec::new();
    for folder in ["crates", "node", "tests"] {
        sources(&root().join(folder), &mut files);
    }
    let read = |file: &PathBuf| fs::read_to_string(file).expect("a source can be read");
    let tests: String = files.iter().map(read).collect();
    for control in all["control"].as_array().expect("a list") {
        let of = |key: &str| control[key].as_str().expect("text");
        let code = fs::read_to_string(root().join(of("file"))).expect("the code can be read");
        assert_eq!(code.matches(of("find")).count(), 1, "{}: {}", of("row"), of("removed"));
        assert_ne!(of("find"), of("replace"));
        assert!(
            tests.contains(&format!("fn {}", of("test"))),
            "{}: no test is called {}",
            of("row"),
            of("test")
        );
    }
}
