use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use governance::act::ActKind;
use governance::trust::TrustAct;

use super::*;

fn keys(book: &Book) -> BTreeSet<&str> {
    book.keys().collect()
}

#[test]
fn both_languages_say_the_same_things_with_the_same_values() {
    let [zh, en] = &*BOOKS;
    assert_eq!(keys(zh), keys(en));
    for key in zh.keys() {
        assert_eq!(zh.names(key), en.names(key), "{key}");
    }
    for (name, zh, en) in FILES {
        let order = |text: &str| -> Vec<String> {
            let lines =
                text.lines().filter(|line| line.contains(" =") && !line.starts_with([' ', '#']));
            lines.filter_map(|line| Some(line.split_once(" =")?.0.to_owned())).collect()
        };
        assert_eq!(order(zh), order(en), "{name}: the same keys in the same order");
    }
}

/// Every text of templates and sources, to look for keys in.
fn sources() -> String {
    fn gather(folder: &Path, into: &mut String) {
        for entry in fs::read_dir(folder).expect("a folder of the crate can be listed") {
            let path = entry.expect("an entry can be read").path();
            if path.is_dir() {
                gather(&path, into);
            } else if path.extension().is_some_and(|end| end == "html" || end == "rs")
                && path.file_stem().is_some_and(|name| name != "tests")
            {
                into.push_str(&fs::read_to_string(&path).expect("a source can be read"));
            }
        }
    }
    let mut text = String::new();
    for folder in ["src", "templates"] {
        gather(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut text);
    }
    text
}

/// The literals that a call is given first.
fn named<'t>(text: &'t str, call: &str) -> BTreeSet<&'t str> {
    let calls = text.match_indices(call).filter_map(|(at, _)| {
        let rest = text[at + call.len()..].trim_start().strip_prefix('"')?;
        rest.split_once('"').map(|(key, _)| key)
    });
    calls.collect()
}

#[test]
fn every_key_that_is_used_is_there_and_every_one_that_is_there_is_used() {
    let text = sources();
    let used: BTreeSet<&str> =
        ["say(", "told(", "told2("].iter().flat_map(|call| named(&text, call)).collect();
    let mut families = named(&text, ".of(");
    families.extend(named(&text, "member("));
    families.extend(named(&text, "known("));
    // Of a trouble: what it is and what to do.
    families.extend(["trouble", "next"]);
    let known = keys(&BOOKS[0]);
    let missing: Vec<_> = used.difference(&known).collect();
    assert!(missing.is_empty(), "used and not there: {missing:?}");
    let of_family = |key: &str| {
        families
            .iter()
            .any(|family| key.strip_prefix(family).is_some_and(|rest| rest.starts_with('-')))
    };
    let idle: Vec<_> =
        known.iter().filter(|key| !used.contains(**key) && !of_family(key)).collect();
    assert!(idle.is_empty(), "there and not used: {idle:?}");
}

#[test]
fn every_act_has_words() {
    let words = Words(Language::Zh);
    for kind in ActKind::ALL {
        assert!(words.knows(&format!("act-{}", kind.key().replace('_', "-"))), "{}", kind.key());
    }
    for key in TrustAct::KEYS {
        assert!(words.knows(&format!("trust-{}", key.replace('_', "-"))), "{key}");
    }
}

#[test]
fn values_and_choices_are_filled_in() {
    let text = "a = { $n ->\n    [one] one { $what }\n   *[other] { $n } { $what }s\n }\n";
    let book = Book::read(&[text]).unwrap();
    let say = |n: &str| book.say("a", &[("n", n.into()), ("what", "case".into())]).unwrap();
    assert_eq!(say("1"), "one case");
    assert_eq!(say("3"), "3 cases");
    assert!(Book::read(&["a = b\na = c\n"]).is_err());
    assert!(Book::read(&["-a = b\n"]).is_err());
}

#[test]
fn chinese_is_spoken_unless_english_is_preferred() {
    let asked = |text: &'static str| Language::asked(Some(&HeaderValue::from_static(text)));
    assert_eq!(asked("en-GB,en;q=0.9"), Language::En);
    assert_eq!(asked("zh-CN,zh;q=0.9,en;q=0.8"), Language::Zh);
    assert_eq!(asked("fr"), Language::Zh);
    assert_eq!(Language::asked(None), Language::Zh);
}

/// Chinese characters, and the punctuation and wide forms that go with them.
fn is_chinese(c: char) -> bool {
    matches!(c, '\u{3000}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ff00}'..='\u{ffef}')
}

#[test]
fn english_has_no_chinese_in_it_and_templates_have_no_words_of_their_own() {
    for (name, _, en) in FILES {
        let strange = en.lines().find(|line| line.chars().any(is_chinese));
        assert!(strange.is_none(), "{name}: {strange:?}");
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder of the crate can be listed") {
            let path = entry.expect("an entry can be read").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).expect("a template can be read");
            // The way to the other language is in that language.
            let text = text.replace(">中文</a>", "");
            assert!(!text.chars().any(is_chinese), "{}", path.display());
        }
    }
}
