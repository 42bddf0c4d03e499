//! Which level of the policy a row means.

use std::collections::BTreeMap;

use governance::area::{AreaCode, AreaRank};
use governance::territory::Level;

use crate::text::{fold, forms};

/// The words for each rank of the official divisions and for our own levels below, the canonical
/// one first.
const WORDS: [&[&str]; 7] = [
    &["province", "省", "直辖市", "自治区", "省级"],
    &["city", "市", "地级市", "地区", "自治州", "prefecture", "市级"],
    &["county", "县", "区", "县区", "市辖区", "县级市", "区县", "district", "县级"],
    &[
        "township",
        "乡镇",
        "镇",
        "乡",
        "街道",
        "街镇",
        "镇街",
        "乡级",
        "town",
        "street",
        "subdistrict",
    ],
    &[
        "community",
        "社区",
        "村",
        "居委会",
        "村委会",
        "行政村",
        "居民区",
        "村级",
        "村社区",
        "village",
    ],
    &["grid", "网格", "小区", "单元网格", "村民小组"],
    &["building", "楼栋", "楼", "幢", "街巷", "栋"],
];

/// What a row's level comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Found {
    /// This one of the policy's levels, by its index.
    Level(usize),
    /// One that this policy does not keep.
    Skip,
    /// Nothing that is known.
    Unknown,
}

/// The words for levels.
pub(super) struct Kinds<'a> {
    levels: &'a [Level],
    words: BTreeMap<String, Found>,
}

impl<'a> Kinds<'a> {
    /// The policy's own words, those of `given` before all.
    pub(super) fn new(levels: &'a [Level], given: &BTreeMap<String, String>) -> Self {
        let mut words = BTreeMap::new();
        for group in WORDS {
            let level = group.iter().find_map(|word| index_of(levels, word));
            let found = level.map_or(Found::Skip, Found::Level);
            words.extend(group.iter().map(|word| (fold(word), found)));
        }
        for (index, level) in levels.iter().enumerate() {
            words.extend(names(level).into_iter().map(|name| (name, Found::Level(index))));
        }
        for (word, key) in given {
            let found = if key.is_empty() {
                Found::Skip
            } else {
                index_of(levels, key).map_or(Found::Unknown, Found::Level)
            };
            words.insert(fold(word), found);
        }
        Self { levels, words }
    }

    /// The level that a row names, or else the one that its code's length tells.
    pub(super) fn find(&self, word: Option<&str>, code: Option<&AreaCode>) -> Found {
        let word = match (word, code) {
            (Some(word), _) => fold(word),
            (None, Some(code)) => WORDS[rank(code)][0].to_owned(),
            (None, None) => return Found::Unknown,
        };
        self.words.get(&word).copied().unwrap_or(Found::Unknown)
    }

    /// What the policy calls its levels, for a message.
    pub(super) fn list(&self) -> String {
        self.levels
            .iter()
            .map(|level| format!("{} {}", level.name, level.key))
            .collect::<Vec<_>>()
            .join("、")
    }
}

fn rank(code: &AreaCode) -> usize {
    match code.rank() {
        AreaRank::Province => 0,
        AreaRank::City => 1,
        AreaRank::County => 2,
        AreaRank::Township => 3,
        AreaRank::Community => 4,
        AreaRank::Grid => 5,
    }
}

fn index_of(levels: &[Level], word: &str) -> Option<usize> {
    let word = fold(word);
    levels.iter().position(|level| names(level).contains(&word))
}

/// Key and names; `小区（网格）` answers to 小区 and 网格 too.
fn names(level: &Level) -> Vec<String> {
    [&level.key, &level.name, &level.name_en].into_iter().flat_map(|name| forms(name)).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::places) fn levels() -> Vec<Level> {
        [
            ("county", "县", true),
            ("township", "乡镇（街道）", true),
            ("community", "社区（村）", true),
            ("grid", "小区（网格）", false),
            ("building", "楼栋（街巷）", false),
        ]
        .map(|(key, name, administrative)| Level {
            key: key.into(),
            name: name.into(),
            name_en: key.into(),
            administrative,
            households: None,
        })
        .into()
    }

    #[test]
    fn levels_are_known_by_the_policys_words_and_the_usual_ones() {
        let levels = levels();
        let given = [("一级网格", "grid"), ("片区", ""), ("坊", "none")];
        let given = given.map(|(word, key)| (word.to_owned(), key.to_owned())).into();
        let kinds = Kinds::new(&levels, &given);
        let find = |word| kinds.find(Some(word), None);
        for (word, index) in [
            ("township", 1),
            ("街道", 1),
            ("village", 2),
            ("居委会", 2),
            ("社区(村)", 2),
            ("小区", 3),
            ("一级网格", 3),
            ("街巷", 4),
            ("Grid", 3),
        ] {
            assert_eq!(find(word), Found::Level(index), "{word}");
        }
        assert_eq!(find("province"), Found::Skip);
        assert_eq!(find("片区"), Found::Skip);
        assert_eq!(find("坊"), Found::Unknown);
        assert_eq!(find("星系"), Found::Unknown);
    }

    #[test]
    fn without_a_word_the_code_tells() {
        let levels = levels();
        let kinds = Kinds::new(&levels, &BTreeMap::new());
        let find = |code: &str| kinds.find(None, Some(&code.parse().unwrap()));
        assert_eq!(find("341021100000"), Found::Level(1));
        assert_eq!(find("341021100003001"), Found::Level(3));
        assert_eq!(find("341000000000"), Found::Skip);
        assert_eq!(kinds.find(None, None), Found::Unknown);
    }
}
