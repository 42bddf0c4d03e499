use proptest::prelude::*;

use super::*;

#[test]
fn numbers_among_words_are_masked_and_other_figures_are_not() {
    for (said, shown) in [
        ("住户 13800138000 反映", "住户 138****8000 反映"),
        ("电话138 0013 8000", "电话138******8000"),
        ("电话１３８００１３８０００。", "电话１３８****８０００。"),
        ("+86-13800138000", "+86-*******8000"),
        ("身份证34102119900101123X，", "身份证341*************3X，"),
        ("身份证341021199001011234", "身份证341*************34"),
        ("卡号 6222 0200 1234 5678 901", "卡号 622******************01"),
        ("13800138000 13900139000", "138****8000 139****9000"),
    ] {
        assert_eq!(words(said), shown, "{said}");
    }
    for same in
        ["3栋2单元501室", "2026-06-02 10:30", "编号20260602000123", "热线12345", "", "341021100001"]
    {
        assert_eq!(words(same), same);
    }
}

proptest! {
    /// S23: whatever stands around a number, it is not in what is shown; nothing else is lost.
    #[test]
    fn s23_no_number_of_a_person_comes_through(
        before in "[^0-9０-９ \\-–　]{0,12}",
        after in "[^0-9０-９ \\-–　xXｘＸ]{0,12}",
        mobile in "1[3-9][0-9]{9}",
        document in "[1-9][0-9]{16}[0-9X]",
    ) {
        for secret in [mobile, document] {
            let text = format!("{before}{secret}{after}");
            let shown = words(&text);
            prop_assert!(!shown.contains(&secret), "{}", shown);
            prop_assert!(shown.starts_with(&before) && shown.ends_with(&after));
            prop_assert_eq!(shown.chars().count(), text.chars().count());
            prop_assert_eq!(words(&shown), shown);
        }
    }
}
