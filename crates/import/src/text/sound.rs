//! Chinese by its sound, as people type it into a search box: `hcz`, `huicheng` or `huicz` for
//! 徽城镇. Every reading of a character counts.

use pinyin::ToPinyinMulti;

use super::fold;

/// Longest query, in letters: positions in it are kept in 128 bits.
const MAX_QUERY: usize = 100;

/// Whether some stretch of the text sounds like the query: each character by its initial or its
/// whole syllable, the last one also by the beginning of it.
#[must_use]
pub fn sounds_like(text: &str, query: &str) -> bool {
    let query: String = fold(query).chars().filter(char::is_ascii_alphanumeric).collect();
    if query.is_empty() || query.len() > MAX_QUERY {
        return false;
    }
    // Bit n: the first n letters of the query are matched. Every character may begin a match.
    let mut reached: u128 = 0;
    for c in fold(text).chars() {
        let mut next = 0;
        for syllable in syllables(c) {
            for at in (0..query.len()).filter(|at| *at == 0 || reached & (1 << at) != 0) {
                match step(&query[at..], &syllable) {
                    Step::Done => return true,
                    Step::To(lengths) => {
                        lengths.into_iter().flatten().for_each(|n| next |= 1 << (at + n))
                    }
                }
            }
        }
        reached = next;
    }
    false
}

enum Step {
    /// The query ends within or with this syllable.
    Done,
    /// So many letters of the query are used up.
    To([Option<usize>; 2]),
}

fn step(query: &str, syllable: &str) -> Step {
    if syllable.starts_with(query) {
        return Step::Done;
    }
    let initial = query.as_bytes().first() == syllable.as_bytes().first();
    let whole = query.starts_with(syllable).then_some(syllable.len());
    Step::To([initial.then_some(1), whole])
}

/// A character's readings without tones, `ü` as `v`; a letter or digit is its own.
fn syllables(c: char) -> Vec<String> {
    if c.is_ascii_alphanumeric() {
        return vec![c.to_string()];
    }
    let readings = c.to_pinyin_multi().into_iter().flatten();
    let mut syllables: Vec<String> =
        readings.map(|reading| reading.plain().replace('ü', "v")).collect();
    syllables.sort_unstable();
    syllables.dedup();
    syllables.retain(|syllable| syllable.is_ascii() && !syllable.is_empty());
    syllables
}

#[cfg(test)]
mod tests {
    use pinyin::ToPinyin;
    use proptest::prelude::*;

    use super::*;

    /// The first letters of each character's usual reading, and other letters and digits as they are.
    fn initials(text: &str) -> String {
        let initial = |c: char| match c.to_pinyin() {
            Some(pinyin) => pinyin.first_letter().chars().next(),
            None => Some(c).filter(|c| c.is_alphanumeric()),
        };
        fold(text).chars().filter_map(initial).collect()
    }

    #[test]
    fn names_are_found_by_initials_syllables_and_both_mixed() {
        for query in
            ["hcz", "huichengzhen", "huicz", "hchengz", "HuiCheng Zhen", "cz", "cheng", "chen"]
        {
            assert!(sounds_like("徽城镇", query), "{query}");
        }
        for query in ["hcx", "zc", "huizhen", "", "，", "镇"] {
            assert!(!sounds_like("徽城镇", query), "{query}");
        }
        assert_eq!(initials("徽城镇3网格A区"), "hcz3wgaq");
    }

    #[test]
    fn every_reading_of_a_character_counts() {
        assert!(sounds_like("重庆路", "cql") && sounds_like("重庆路", "zql"));
        assert!(sounds_like("長樂社區", "clsq") && sounds_like("長樂社區", "changle"));
        assert!(sounds_like("绿化", "lvhua") && sounds_like("女儿巷", "nver"));
        assert!(sounds_like("A3区", "a3q"));
    }

    proptest! {
        #[test]
        fn a_text_sounds_like_its_own_initials(text in "[\u{4e00}-\u{9fa5}a-z0-9]{1,30}") {
            let initials = initials(&text);
            prop_assume!(initials.is_ascii());
            prop_assert!(sounds_like(&text, &initials));
        }

        #[test]
        fn any_text_and_query_get_an_answer(text in ".{0,60}", query in ".{0,120}") {
            let _ = sounds_like(&text, &query);
        }
    }
}
