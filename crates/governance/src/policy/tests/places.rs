//! The shipped policies of six places: each hangs together at every level that can hold a case,
//! and where the accounts of the places differ, the data does.

use super::*;
use crate::act::{ActKind, Grade};

const MINGGUANG: &str = include_str!("../../../../../config/policies/mingguang-road.toml");
const WEINAN: &str = include_str!("../../../../../config/policies/weinan.toml");
const XIAPU: &str = include_str!("../../../../../config/policies/xiapu.toml");
const SHANYANG: &str = include_str!("../../../../../config/policies/shanyang.toml");
const BEIJING: &str = include_str!("../../../../../config/policies/beijing-jiesujiban.toml");

const OWN: &str = include_str!("../../../../../config/categories/own.csv");
const FIVE: &str = include_str!("../../../../../config/categories/five-class.csv");
const CITY_2013: &str = include_str!("../../../../../config/categories/gbt-30428.2-2013.csv");
const CITY_2026: &str = include_str!("../../../../../config/categories/gbt-47678.5-2026.csv");
const CROSSWALK: &str = include_str!("../../../../../config/categories/crosswalk.csv");

fn read(text: &str) -> Policy {
    Policy::from_toml(text).unwrap_or_else(|error| panic!("{error}: {:?}", problems(text)))
}

fn all() -> Vec<Policy> {
    [SHE, MINGGUANG, WEINAN, XIAPU, SHANYANG, BEIJING].map(read).into()
}

/// Levels that can hold a case: administrative ones, and those where a case begins.
fn holders(policy: &Policy) -> Vec<&str> {
    let governs = policy.levels.iter().filter(|level| level.administrative);
    let begins = policy.custody.begins.iter().map(String::as_str);
    governs.map(|level| level.key.as_str()).chain(begins).collect()
}

/// Whether somebody appointed at the level may do it.
fn staffed(policy: &Policy, rule: &ActRule, level: &str) -> bool {
    let works = |key: &String| policy.role(key).is_some_and(|role| role.levels.contains(level));
    rule.roles.iter().any(works)
}

fn allowance(policy: &Policy, stage: &str, level: &str) -> String {
    of_matter(policy, stage, level, &Traits::default())
}

fn of_matter(policy: &Policy, stage: &str, level: &str, traits: &Traits<'_>) -> String {
    policy.clock(stage, level, traits).expect("every open stage has a clock").allowance.to_string()
}

/// A category table's codes, each with the last column: the group in `own.csv`, elsewhere the key
/// of `own.csv` that comes nearest.
fn table(text: &'static str) -> BTreeMap<&'static str, &'static str> {
    let rows = text.lines().filter(|line| !line.starts_with('#')).skip(1);
    rows.map(|row| {
        let (code, _) = row.split_once(',').expect("a row has columns");
        let (_, last) = row.rsplit_once(',').expect("a row has columns");
        (code, last)
    })
    .collect()
}

/// The codes of a vintage by the name that crosswalks use.
fn vintage(name: &str) -> BTreeMap<&'static str, &'static str> {
    match name {
        "five-class" => table(FIVE),
        "GB/T 30428.2-2013" => table(CITY_2013),
        "GB/T 47678.5-2026" => table(CITY_2026),
        other => panic!("no table {other} is shipped"),
    }
}

#[test]
fn six_places_are_shipped() {
    let references: Vec<_> = all().iter().map(Policy::reference).collect();
    assert_eq!(
        references,
        [
            "she-county/5",
            "mingguang-road/4",
            "weinan/4",
            "xiapu/4",
            "shanyang/4",
            "beijing-jiesujiban/4"
        ]
    );
}

#[test]
fn no_place_gives_anybody_outside_who_reported_who_is_involved_or_what_was_agreed() {
    for policy in all() {
        for rule in &policy.disclosures {
            for id in rule.field_ids() {
                let class = field::by_id(id).expect("fields are known").class;
                assert_eq!(class, field::Class::Content, "{} {}", policy.key, rule.purpose);
            }
        }
        for act in [ActKind::Session, ActKind::Progress] {
            assert!(policy.disclosure(Party::Above, act).is_none(), "{}", policy.key);
        }
    }
}

#[test]
fn every_category_is_in_our_own_table_and_every_crosswalk_in_its_vintage() {
    let own = table(OWN);
    let groups: BTreeSet<_> = own.iter().filter(|row| row.1.is_empty()).map(|row| *row.0).collect();
    assert_eq!(groups.len(), 10);
    for policy in all() {
        for category in &policy.categories {
            let parent = category.parent.as_deref().unwrap_or_default();
            assert_eq!(own.get(category.key.as_str()), Some(&parent), "{}", category.key);
            for pair in &category.crosswalk {
                let (name, code) = pair.rsplit_once(':').expect("table:code");
                assert!(vintage(name).contains_key(code), "{}: {pair}", policy.key);
            }
        }
        assert!(groups.iter().all(|group| policy.has_category(group)), "{}", policy.key);
    }
}

#[test]
fn the_vintages_name_our_own_keys_and_the_crosswalk_names_the_vintages() {
    let own = table(OWN);
    for (code, key) in [FIVE, CITY_2013, CITY_2026].into_iter().flat_map(table) {
        assert!(key.is_empty() || own.contains_key(key), "{code}: {key}");
    }
    assert!(own.values().all(|parent| parent.is_empty() || own.contains_key(parent)));
    let pairs: Vec<Vec<_>> = CROSSWALK
        .lines()
        .filter(|line| !line.starts_with('#'))
        .skip(1)
        .map(|row| row.split(',').collect())
        .collect();
    assert_eq!(pairs.len(), 6);
    for pair in pairs {
        assert!(vintage(pair[0]).contains_key(pair[1]), "{pair:?}");
        assert!(vintage(pair[2]).contains_key(pair[3]), "{pair:?}");
    }
}

#[test]
fn t1_levels_are_each_places_own() {
    let of = |text: &str| read(text).levels.into_iter().map(|level| level.key).collect::<Vec<_>>();
    assert_eq!(of(SHE), ["county", "township", "community", "grid", "building"]);
    assert_eq!(of(MINGGUANG), ["township", "community", "grid", "building"]);
    assert_eq!(of(WEINAN), ["county", "township", "community", "grid", "building", "doorway"]);
    assert_eq!(of(XIAPU), ["county", "township", "community", "grid", "building"]);
    assert_eq!(of(SHANYANG), ["township", "community", "grid", "group", "building"]);
    assert_eq!(read(XIAPU).levels[2].name, "社区总网格");
    assert_eq!(read(WEINAN).levels[5].name, "三级网格（单元）");
}

#[test]
fn t2_grids_are_drawn_by_each_places_rule() {
    let rule = |text: &str| read(text).grid.expect("every place says how grids are drawn");
    let span = |min, max| Some(Span { min, max });
    assert!(rule(SHE).one_compound && rule(SHE).contiguous && rule(SHE).complete);
    assert_eq!(rule(MINGGUANG).households, span(320, 480));
    assert!(rule(WEINAN).one_compound && rule(WEINAN).households.is_none());
    assert!(rule(XIAPU).complete && rule(XIAPU).households.is_none());
    assert_eq!(rule(SHANYANG).households, span(200, 400));
    assert_eq!(rule(SHANYANG).villager_groups, span(2, 3));
}

#[test]
fn r1_roles_are_each_places_own() {
    let name = |text: &str, key: &str| read(text).role(key).map(|role| role.name.clone());
    assert_eq!(name(SHE, "grid_worker").as_deref(), Some("专职网格员"));
    assert_eq!(name(MINGGUANG, "info_worker").as_deref(), Some("网格信息员"));
    assert_eq!(name(WEINAN, "building_head").as_deref(), Some("楼栋长（二级网格员）"));
    assert_eq!(name(XIAPU, "rider").as_deref(), Some("民情信息员（外卖骑手）"));
    assert_eq!(name(SHANYANG, "adviser").as_deref(), Some("网格指导员"));
    assert_eq!(name(SHANYANG, "building_head"), None);
}

/// Keys of the roles that a node of a level is offered whose places are of these levels.
fn offered<'p>(policy: &'p Policy, level: &str, ground: &[&str]) -> BTreeSet<&'p str> {
    let ground = ground.iter().map(|key| (*key).to_owned()).collect();
    policy.roles_at(level, &ground).map(|role| role.key.as_str()).collect()
}

#[test]
fn r1_a_node_is_offered_the_roles_that_act_on_its_own_cases() {
    for policy in all() {
        let governs: Vec<&Level> = policy.levels.iter().filter(|l| l.administrative).collect();
        let lowest = &governs.last().expect("every place governs").key;
        for level in &governs {
            let offered = offered(&policy, &level.key, &[]);
            for rule in policy.acts.iter().filter(|rule| staffed(&policy, rule, &level.key)) {
                let found = rule.roles.iter().any(|role| offered.contains(role.as_str()));
                assert!(found, "{}: nobody at {} may {:?}", policy.key, level.key, rule.act);
            }
            let anywhere = policy.roles.iter().filter(|role| role.levels.is_empty());
            assert!(anywhere.map(|role| &*role.key).all(|role| offered.contains(role)));
        }
        // Whoever works at levels of nodes is offered at those, and at no other.
        let at_nodes =
            |role: &&Role| role.levels.iter().any(|key| governs.iter().any(|l| l.key == *key));
        for role in policy.roles.iter().filter(at_nodes) {
            for level in &governs {
                let found = offered(&policy, &level.key, &[]).contains(&*role.key);
                assert_eq!(found, role.levels.contains(&level.key), "{}: {}", policy.key, role.key);
            }
        }
        // Whoever works on grids alone is offered right above them.
        for role in policy.roles.iter().filter(|r| !r.levels.is_empty() && !at_nodes(r)) {
            for level in &governs {
                let found = offered(&policy, &level.key, &[]).contains(&*role.key);
                assert_eq!(found, level.key == *lowest, "{}: {}", policy.key, role.key);
            }
        }
    }
}

#[test]
fn r1_a_town_is_offered_grid_roles_only_where_it_has_grids_of_its_own() {
    for policy in all() {
        let on_grids = policy.roles.iter().filter(|role| role.levels.contains("grid"));
        for role in on_grids.map(|role| &*role.key).collect::<BTreeSet<_>>() {
            assert!(offered(&policy, "township", &["grid"]).contains(role), "{role}");
        }
        assert!(!offered(&policy, "township", &["community"]).contains("grid_worker"));
        // Communities drawn on a street's map do not make it one.
        let street = offered(&policy, "township", &["community", "building"]);
        assert_eq!(street, offered(&policy, "township", &[]), "{}", policy.key);
    }
}

#[test]
fn r1_a_member_unit_is_offered_the_roles_that_need_no_level() {
    let policy = read(SHE);
    let offered: Vec<&str> = policy.roles_of_units().map(|role| role.key.as_str()).collect();
    assert_eq!(offered, ["building_head", "unit_officer", "operator"]);
}

#[test]
fn c3_only_xiapu_has_colours() {
    for policy in all() {
        assert_eq!(!policy.colours.is_empty(), policy.key == "xiapu", "{}", policy.key);
    }
}

#[test]
fn c4_weinan_keeps_each_severity_at_its_level() {
    let policy = read(WEINAN);
    let found: Vec<_> =
        policy.severities.iter().map(|s| (s.name.as_str(), s.level.as_str())).collect();
    let expected =
        [("微小", "grid"), ("一般", "community"), ("较大", "township"), ("重大", "county")];
    assert_eq!(found, expected);
}

#[test]
fn c6_a_task_force_is_called_by_the_county_and_by_no_street() {
    for policy in all() {
        let Some(rule) = policy.rule(ActKind::Convene) else { continue };
        for level in holders(&policy).into_iter().filter(|level| *level != "county") {
            assert!(!staffed(&policy, rule, level), "{} {level}", policy.key);
        }
    }
    assert!(read(WEINAN).rule(ActKind::Convene).is_some());
    assert!(read(MINGGUANG).rule(ActKind::Convene).is_none());
}

#[test]
fn c7_the_reporter_verifies_everywhere() {
    for policy in all() {
        let rule = policy.rule(ActKind::Verify).expect("every place verifies");
        assert!(rule.roles.contains(REPORTER), "{}", policy.key);
    }
}

#[test]
fn c8_xiapu_answers_in_15_minutes_below_and_24_hours_above() {
    let policy = read(XIAPU);
    for stage in ["reported", "checked"] {
        for level in ["grid", "community"] {
            assert_eq!(allowance(&policy, stage, level), "15m");
        }
        for level in ["township", "county"] {
            assert_eq!(allowance(&policy, stage, level), "24h");
        }
    }
}

#[test]
fn c2_she_county_clears_class_a_at_once_and_the_rest_within_the_day() {
    let policy = read(SHE);
    for level in ["grid", "community"] {
        let due = |grade| {
            let traits = Traits { grade, ..Traits::default() };
            of_matter(&policy, "handling", level, &traits)
        };
        assert_eq!(due(Some(Grade::A)), "2h");
        assert_eq!([due(Some(Grade::B)), due(Some(Grade::C)), due(None)], ["today"; 3]);
    }
}

#[test]
fn c3_xiapus_red_matters_go_before_the_others() {
    let policy = read(XIAPU);
    let due = |colour| {
        let traits = Traits { colour, ..Traits::default() };
        of_matter(&policy, "handling", "community", &traits)
    };
    assert_eq!(due(Some("red")), "24h");
    assert_eq!(due(Some("blue")), due(None));
}

#[test]
fn beijing_has_two_hours_a_day_a_week_and_fifteen_days_by_the_matter() {
    let policy = read(BEIJING);
    let due = |category, grade| {
        let traits = Traits { category, grade, ..Traits::default() };
        of_matter(&policy, "handling", "township", &traits)
    };
    assert_eq!(due(Some("emergency"), Some(Grade::C)), "2h");
    assert_eq!(due(Some("utility_outage"), None), "24h");
    assert_eq!(due(Some("noise"), Some(Grade::C)), "360h");
    assert_eq!(due(Some("facility"), None), "168h");
}

#[test]
fn c5_c6_weinans_graver_disputes_ask_for_a_whistle_and_a_task_force() {
    let policy = read(WEINAN);
    let needs = |key| policy.severity(key).and_then(|severity| severity.requires);
    assert_eq!(needs("major"), Some(Requirement::Whistle));
    assert_eq!(needs("grave"), Some(Requirement::Convene));
    assert_eq!((needs("minor"), needs("general")), (None, None));
}

#[test]
fn c2_she_county_clears_daily_what_the_grid_and_the_community_have() {
    let policy = read(SHE);
    for stage in ["accepted", "dispatched", "handling"] {
        for level in ["grid", "community"] {
            assert_eq!(allowance(&policy, stage, level), "today");
        }
    }
}

#[test]
fn c10_shanyangs_villages_call_departments_themselves() {
    let policy = read(SHANYANG);
    let rule = policy.rule(ActKind::Whistle).expect("departments are called");
    assert!(staffed(&policy, rule, "community") && staffed(&policy, rule, "township"));
    let policy = read(XIAPU);
    let rule = policy.rule(ActKind::Whistle).expect("the street whistles");
    assert!(!staffed(&policy, rule, "community"));
}

#[test]
fn c11_mediation_is_where_the_accounts_tell_of_it() {
    let mediates: Vec<_> = all()
        .into_iter()
        .filter(|policy| policy.rule(ActKind::Mediate).is_some())
        .map(|policy| policy.key)
        .collect();
    assert_eq!(mediates, ["she-county", "mingguang-road", "weinan", "xiapu"]);
}

#[test]
fn beijing_weighs_three_rates_and_nobody_who_dealt_with_a_case_leaves_it_out() {
    let policy = read(BEIJING);
    let rates = policy.rates.as_ref().expect("Beijing has three rates");
    assert_eq!(rates.response + rates.solved + rates.satisfied, 100);
    assert!(!rates.exclusions.is_empty());
    let roles = |act| &policy.rule(act).expect("in the policy").roles;
    assert!(roles(ActKind::Exclude).is_disjoint(roles(ActKind::Handle)));
    assert!(roles(ActKind::CallBack).is_disjoint(roles(ActKind::Handle)));
}
