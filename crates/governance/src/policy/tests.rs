mod places;

use super::*;

const SHE: &str = include_str!("../../../../config/policies/she-county.toml");

fn problems(text: &str) -> Vec<String> {
    match Policy::from_toml(text) {
        Err(PolicyError::Unsound(found)) => found.iter().map(ToString::to_string).collect(),
        Err(other) => vec![other.to_string()],
        Ok(_) => Vec::new(),
    }
}

#[test]
fn the_shipped_policy_is_sound() {
    let policy = Policy::from_toml(SHE).unwrap();
    assert_eq!(policy.reference(), "she-county/5");
    assert_eq!(policy.levels.len(), 5);
    assert_eq!(policy.acts.len(), ActKind::ALL.len());
}

#[test]
fn nobody_outside_is_ever_given_who_reported_or_who_is_involved() {
    let policy = Policy::from_toml(SHE).unwrap();
    for rule in &policy.disclosures {
        for id in rule.field_ids() {
            let class = field::by_id(id).unwrap().class;
            assert_eq!(class, field::Class::Content, "{}", rule.purpose);
        }
    }
}

#[test]
fn an_unknown_key_is_refused() {
    let text = SHE.replace("[whistle]\n", "[whistle]\nloud = true\n");
    assert!(matches!(Policy::from_toml(&text), Err(PolicyError::Syntax(_))));
}

#[test]
fn each_kind_of_fault_is_named_with_its_key() {
    let cases = [
        ("to = \"dispatched\"", "to = \"nowhere\"", "stage nowhere is not defined"),
        ("roles = [\"reporter\"]", "roles = [\"nobody\"]", "role nobody is not defined"),
        (
            "fields = [\"opinion\", \"photos\"]",
            "fields = [\"shoe_size\"]",
            "field shoe_size is not known",
        ),
        ("levels = [\"township\"]\nallowance", "levels = [\"moon\"]\nallowance", "level moon"),
        ("begins = [\"grid\"]", "begins = [\"yard\"]", "level yard is not defined"),
        ("key = \"noise\"", "key = \"parking\"", "defined twice"),
        ("key = \"noise\"", "key = \"No Noise\"", "a key is 1 to 32"),
        (
            "from = [\"verified\"]\nto = \"closed\"",
            "from = [\"verified\"]",
            "closed: no act leads to it",
        ),
        (
            "from = [\"verified\"]\nto = \"closed\"",
            "from = [\"closed\"]\nto = \"closed\"",
            "no act leads out of it",
        ),
        ("\"whistle\", \"escalate\"", "\"whistle\"", "escalate must be shared too"),
        ("needs = [\"solved\"]", "needs = [\"colour\"]", "field colour is not known"),
        ("fields = [\"opinion\", \"photos\"]", "fields = [\"stage\"]", "goes along anyway"),
        ("grades = [\"A\"]\n", "", "hides"),
        ("grades = [\"A\"]", "colours = [\"red\"]", "colour red is not defined"),
        ("grades = [\"A\"]", "categories = [\"moon\"]", "category moon is not defined"),
        ("owner = \"grid_worker\"", "", "name the role that answers for it"),
        ("owner = \"grid_worker\"", "owner = \"county_head\"", "does not work at the level grid"),
        (
            "stages = [\"reported\"]\nlevels = [\"grid\"]",
            "stages = [\"verified\"]\nlevels = [\"grid\"]",
            "no clock runs in it at the level grid",
        ),
        (
            "key = \"county_head\"",
            "key = \"extra\", name = \"x\", name_en = \"x\" },\n  { key = \"county_head\"",
            "it may do nothing: no act names it",
        ),
        ("levels = [\"township\"], powers = [\"query\"", "powers = [\"query\"", "nobody"),
        ("begins = [\"grid\"]", "begins = [\"grid\", \"building\"]", "from the lowest up"),
        ("confirmed_by = \"roster\"", "confirmed_by = \"query\"", "and is granted by one person"),
        (
            "roles = [\"operator\"]",
            "roles = [\"reception\"]",
            "operator may confirm and is granted",
        ),
        ("roles = [\"operator\"]", "roles = [\"king\", \"operator\"]", "role king is not defined"),
        ("second_factor = [\n", "second_factor = [\n  \"king\",\n", "role king is not defined"),
        ("days = 7\n", "days = 31\n", "is 1 to 30"),
        ("\"territory\", \"roster\"", "\"territory\"", "nobody could confirm"),
    ];
    for (sound, broken, expected) in cases {
        assert!(SHE.contains(sound), "{sound}");
        let found = problems(&SHE.replacen(sound, broken, 1));
        assert!(found.iter().any(|problem| problem.contains(expected)), "{broken}: {found:?}");
    }
}

#[test]
fn s18_whoever_may_propose_an_office_is_made_by_two_as_well_as_whoever_confirms() {
    let apart = SHE.replace("confirmed_by = \"roster\"", "confirmed_by = \"federation\"");
    assert_eq!(problems(&apart), [""; 0], "the operator has both powers");
    let head = "name_en = \"community secretary\", levels = [\"grid\", \"community\"], powers = [";
    assert!(apart.contains(head));
    let alone = apart.replace(head, &format!("{head}\"roster\", "));
    assert_eq!(
        problems(&alone),
        ["grant.roles: community_head may propose and is granted by one person: name it too"]
    );
    let named =
        alone.replace("roles = [\"operator\"]", "roles = [\"community_head\", \"operator\"]");
    assert_eq!(problems(&named), [""; 0]);
}

#[test]
fn a_clock_that_never_runs_is_found() {
    let hidden = "[[clock]]\nkey = \"hidden\"\nstages = [\"handling\"]\nlevels = [\"grid\"]\n\
                  grades = [\"B\"]\nallowance = \"1h\"\nowner = \"grid_worker\"\n\n";
    let end = SHE.find("[[disclosure]]").unwrap();
    let text = format!("{}{hidden}{}", &SHE[..end], &SHE[end..]);
    assert_eq!(
        problems(&text),
        ["clock.hidden: it never runs: clocks above it fit every case that it fits"]
    );
}

#[test]
fn a_policy_over_the_size_limit_is_refused_unread() {
    let text = "#".repeat(MAX_TEXT + 1);
    assert!(matches!(Policy::from_toml(&text), Err(PolicyError::TooLarge(_))));
}

#[test]
fn every_shipped_policy_is_sound() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/policies");
    let mut found = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "toml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        if let Err(error) = Policy::from_toml(&text) {
            let mut why = error.to_string();
            if let PolicyError::Syntax(source) = &error {
                why = source.message().to_owned();
            }
            panic!("{}: {why}", path.display());
        }
        found += 1;
    }
    assert!(found >= 6, "{found} policies");
}
