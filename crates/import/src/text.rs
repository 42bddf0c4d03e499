//! Chinese text as it is compared and searched: full-width and half-width, traditional and
//! simplified, with or without punctuation, all the same.

mod sound;

use std::collections::HashMap;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;

pub use sound::sounds_like;

/// Traditional and variant characters → the simplified ones they fall together with.
static SIMPLIFIED: LazyLock<HashMap<char, char>> = LazyLock::new(|| pairs().collect());

fn pairs() -> impl Iterator<Item = (char, char)> {
    let lines = include_str!("text/traditional.txt").lines().filter(|line| !line.starts_with('#'));
    lines.flat_map(str::split_whitespace).flat_map(|entry| {
        let mut characters = entry.chars();
        let simplified = characters.next().expect("an entry has characters");
        characters.map(move |other| (other, simplified))
    })
}

/// A text without the blanks around it: ideographic and non-breaking spaces, byte order marks and
/// zero-width spaces too.
#[must_use]
pub fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}'))
}

/// A text as it is compared: compatibility forms made plain (NFKC), lower case, simplified.
#[must_use]
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let simplified = |c: char| SIMPLIFIED.get(&c).copied().unwrap_or(c);
    text.nfkc().flat_map(char::to_lowercase).map(simplified).collect()
}

/// A name as it is compared, with what a bracket in it stands for: `楼栋（街巷）长` is also 楼栋长
/// and 街巷长.
#[must_use]
pub fn forms(name: &str) -> Vec<String> {
    let whole = fold(name);
    let bracket = whole.split_once('(').and_then(|(before, rest)| {
        let (within, after) = rest.split_once(')')?;
        Some([format!("{before}{after}"), format!("{within}{after}")])
    });
    std::iter::once(whole.clone()).chain(bracket.into_iter().flatten()).collect()
}

/// Whether the words of a query stand in a text, each as a piece of it; blanks in the query part
/// words, and punctuation and blanks in the text don't matter.
#[must_use]
pub fn contains(text: &str, query: &str) -> bool {
    let text = bare(&fold(text));
    let query = fold(query);
    let mut words = query.split_whitespace().map(bare).filter(|word| !word.is_empty()).peekable();
    words.peek().is_some() && words.all(|word| text.contains(&word))
}

fn bare(folded: &str) -> String {
    folded.chars().filter(|c| c.is_alphanumeric()).collect()
}

#[cfg(test)]
/// The tokens by which a text is found: overlapping pairs of Chinese characters (a character that
/// stands alone is one by itself), and whole words of other scripts.
#[must_use]
pub(crate) fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    each_token(&fold(text), |token| tokens.push(token.to_owned()));
    tokens
}

/// Calls for every token of a folded text, in order.
fn each_token(folded: &str, mut take: impl FnMut(&str)) {
    let mut rest = folded;
    while let Some(first) = rest.chars().next() {
        let han = is_han(first);
        let same = |c: char| c.is_alphanumeric() && is_han(c) == han;
        if !same(first) {
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let (run, after) = rest.split_at(rest.find(|c| !same(c)).unwrap_or(rest.len()));
        rest = after;
        if !han || run.chars().nth(1).is_none() {
            take(run);
            continue;
        }
        let starts = run.char_indices().map(|(at, _)| at);
        let ends = run.char_indices().skip(2).map(|(at, _)| at).chain([run.len()]);
        starts.zip(ends).for_each(|(start, end)| take(&run[start..end]));
    }
}

/// Whether a character is Chinese: CJK ideographs of all planes, and the zero and repetition marks
/// that stand among them.
#[must_use]
pub(crate) fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}' | '々' | '〇')
}

/// A text's tokens as numbers, ascending and each once: quick to compare.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Print(Vec<u64>);

impl Print {
    /// The print of a text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut tokens = Vec::new();
        each_token(&fold(text), |token| tokens.push(number(token)));
        tokens.sort_unstable();
        tokens.dedup();
        Self(tokens)
    }

    /// The tokens' numbers.
    #[must_use]
    pub fn tokens(&self) -> &[u64] {
        &self.0
    }

    /// Without the tokens for which `common` holds.
    #[must_use]
    pub fn without(&self, common: impl Fn(u64) -> bool) -> Self {
        Self(self.0.iter().copied().filter(|token| !common(*token)).collect())
    }

    /// How much two texts have in common, 0 to 1: what they share, to the mean of their sizes
    /// (Ochiai's coefficient, the geometric mean), so that neither a short nor a long text is
    /// favoured.
    #[must_use]
    pub fn overlap(&self, other: &Self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "counts of tokens")]
        let (shared, size) = (self.shared(other) as f64, (self.0.len() * other.0.len()) as f64);
        if size == 0.0 { 0.0 } else { shared / size.sqrt() }
    }

    fn shared(&self, other: &Self) -> usize {
        let (mut a, mut b) = (self.0.as_slice(), other.0.as_slice());
        let mut shared = 0;
        while let ([x, after_a @ ..], [y, after_b @ ..]) = (a, b) {
            shared += usize::from(x == y);
            if x <= y {
                a = after_a;
            }
            if y <= x {
                b = after_b;
            }
        }
        shared
    }

    /// The longest stretches of `text` whose tokens all are in this print, longest first.
    #[must_use]
    pub fn phrases(&self, text: &str, most: usize) -> Vec<String> {
        let mut phrases: Vec<String> = Vec::new();
        let mut open: Option<String> = None;
        each_token(&fold(text), |token| {
            if self.0.binary_search(&number(token)).is_err() {
                phrases.extend(open.take());
                return;
            }
            // A pair goes on where it begins with the character that the last one ended with.
            let goes_on = open.as_ref().is_some_and(|phrase| {
                token.chars().count() == 2 && phrase.chars().last() == token.chars().next()
            });
            if goes_on {
                let next = token.chars().next_back();
                open.iter_mut().for_each(|phrase| phrase.extend(next));
            } else {
                phrases.extend(open.replace(token.to_owned()));
            }
        });
        phrases.extend(open);
        phrases.sort_by_key(|phrase| std::cmp::Reverse(phrase.chars().count()));
        let mut seen = std::collections::BTreeSet::new();
        phrases.retain(|phrase| seen.insert(phrase.clone()));
        phrases.truncate(most);
        phrases
    }
}

/// A token's number: FNV-1a, 64 bits. Two tokens in a million million fall together.
fn number(token: &str) -> u64 {
    token.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_table_maps_each_character_once_and_never_in_chains() {
        let all: Vec<(char, char)> = pairs().collect();
        assert_eq!(all.len(), SIMPLIFIED.len(), "no character stands twice");
        let targets: BTreeSet<char> = all.iter().map(|(_, to)| *to).collect();
        assert!(all.iter().all(|(from, to)| from != to && !targets.contains(from)));
        assert!(all.len() > 2_400);
    }

    #[test]
    fn traditional_text_is_found_by_simplified_and_the_other_way_round() {
        assert_eq!(fold("歙縣徽城鎮網格員，發現樓棟髒亂"), fold("歙县徽城镇网格员,发现楼栋脏乱"));
        assert!(contains("請儘快處理臺階積水", "台阶积水"));
        assert!(contains("请尽快处理台阶积水", "臺階"));
        assert!(contains("Ａ３區　一米陽光", "a3区一米"));
        assert!(contains("徽城镇 城东 社区", "社区 徽城"));
        assert!(!contains("徽城镇", "深渡镇") && !contains("徽城镇", "，"));
    }

    #[test]
    fn a_bracket_in_a_name_stands_for_another_name() {
        assert_eq!(forms("楼栋（街巷）长"), ["楼栋(街巷)长", "楼栋长", "街巷长"]);
        assert_eq!(forms("网格"), ["网格"]);
        assert_eq!(forms("社区（村"), ["社区(村"]);
    }

    #[test]
    fn characters_that_are_standard_in_their_own_right_stay() {
        for word in ["著名", "覆盖", "藉此", "朱镕", "哪吒"] {
            assert_eq!(fold(word), word);
        }
    }

    #[test]
    fn tokens_are_pairs_of_characters_and_whole_words() {
        assert_eq!(tokens("Ａ3区米兰春天G2栋"), ["a3", "区米", "米兰", "兰春", "春天", "g2", "栋"]);
        assert_eq!(tokens("Sewer-odor 12345"), ["sewer", "odor", "12345"]);
        assert_eq!(tokens("𠮷田"), ["𠮷田"]);
        assert_eq!(tokens("，。 \n"), Vec::<String>::new());
    }

    #[test]
    fn what_two_texts_share_can_be_shown() {
        let print = Print::new("丽发新城小区附近搅拌站噪音扰民");
        let phrases = print.phrases("投诉A市丽发新城旁的搅拌站，灰尘和噪音", 3);
        assert_eq!(phrases, ["丽发新城", "搅拌站", "噪音"]);
    }

    #[test]
    fn only_outer_blanks_go() {
        assert_eq!(trim("\u{feff}\t\u{3000}\u{a0}一 二\n\u{200b}"), "一 二");
    }

    proptest! {
        #[test]
        fn folding_twice_is_folding_once(text in "[\u{20}-\u{24f}\u{2e80}-\u{9fff}\u{ff00}-\u{ffef}\u{20000}-\u{200ff}]{0,30}") {
            let once = fold(&text);
            // Decomposition may bring forth a character that has a lower case or a simple form.
            prop_assert_eq!(fold(&fold(&once)), fold(&once));
        }

        #[test]
        fn any_text_can_be_taken_apart(text in ".{0,60}", other in ".{0,60}") {
            let (a, b) = (Print::new(&text), Print::new(&other));
            prop_assert!((0.0..=1.000_1).contains(&a.overlap(&b)));
            prop_assert!((a.overlap(&b) - b.overlap(&a)).abs() < 1e-12);
            prop_assert_eq!(tokens(&text).is_empty(), a.tokens().is_empty());
            let _ = a.phrases(&other, 5);
            let _ = contains(&text, &other);
        }
    }
}
