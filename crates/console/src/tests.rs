//! What holds for the console as a whole.

use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::assets;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn every_file_of_others_is_pinned_with_its_licence() {
    let folder = root().join("assets/vendor");
    let pinned = fs::read_to_string(folder.join("PINNED.toml")).unwrap();
    let pinned: toml::Table = pinned.parse().unwrap();
    let mut named = vec!["PINNED.toml".to_owned()];
    for (library, entry) in &pinned {
        let text = |key: &str| entry[key].as_str().unwrap_or_else(|| panic!("{library}: no {key}"));
        assert!(text("from").contains(text("version")), "{library}: from another version");
        for file in entry["files"].as_table().unwrap() {
            let (name, sum) = (file.0, file.1.as_str().unwrap());
            let bytes = fs::read(folder.join(name)).unwrap();
            let found: String = Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect();
            assert_eq!(found, sum, "{name} is not what was pinned");
            named.push(name.clone());
        }
        assert!(
            named.contains(&text("licence").to_owned()),
            "{library}: its licence is not pinned"
        );
    }
    for entry in fs::read_dir(&folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(named.contains(&name), "{name} is not pinned");
    }
}

/// Every template, by its path.
fn templates() -> Vec<(String, String)> {
    fn gather(folder: &Path, into: &mut Vec<(String, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                gather(&path, into);
            } else {
                into.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let mut found = Vec::new();
    gather(&root().join("templates"), &mut found);
    found
}

#[test]
fn no_template_holds_scripts_styles_or_addresses_of_elsewhere() {
    for (path, text) in templates() {
        for wrong in [
            "<style",
            " style=",
            "javascript:",
            " onclick",
            " onsubmit",
            "http://",
            "|safe",
            "hx-on",
            "autofocus",
        ] {
            assert!(!text.contains(wrong), "{path} holds {wrong}");
        }
        // What http:// is in is only ever the name space of SVG.
        assert!(!text.contains("https://"), "{path} names another origin");
        for script in text.split("<script").skip(1) {
            assert!(script.starts_with(" src=\"{{ p.asset("), "{path} has a script of its own");
        }
    }
}

#[test]
fn every_form_that_changes_something_repeats_the_token() {
    for (path, text) in templates() {
        for form in text.split("<form").skip(1) {
            let form = form.split("</form>").next().unwrap_or_default();
            if form.contains("method=\"post\"") {
                assert!(form.contains("name=\"token\" value=\"{{ p.token }}\""), "{path}");
            }
        }
    }
}

#[test]
fn every_static_file_that_a_template_names_is_there() {
    for (path, text) in templates() {
        for name in text.split("p.asset(\"").skip(1) {
            let name = name.split('"').next().unwrap_or_default();
            assert!(assets::weight(name).is_some(), "{path} names {name}");
        }
    }
}
