use super::*;

const SIX: [&str; 6] = [
    include_str!("../../../../../config/policies/she-county.toml"),
    include_str!("../../../../../config/policies/mingguang-road.toml"),
    include_str!("../../../../../config/policies/weinan.toml"),
    include_str!("../../../../../config/policies/xiapu.toml"),
    include_str!("../../../../../config/policies/shanyang.toml"),
    include_str!("../../../../../config/policies/beijing-jiesujiban.toml"),
];

#[test]
fn c12_every_place_has_a_window_and_says_where_to_go_instead() {
    for text in SIX {
        let policy = crate::policy::Policy::from_toml(text).unwrap();
        assert!(policy.has_channel("counter"), "{} has no reception window", policy.key);
        if let Some(rule) = policy.rule(ActKind::Refuse) {
            assert!(rule.needs.contains("instead"), "{} turns people away", policy.key);
        }
    }
}
