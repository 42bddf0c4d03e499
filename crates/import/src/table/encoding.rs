//! Text in the encodings that Chinese offices use.

use std::borrow::Cow;

use encoding_rs::{DecoderResult, GB18030, UTF_16BE, UTF_16LE};
use serde::{Deserialize, Serialize};

use crate::problem::{Fault, Problem, Spot};

/// A text's encoding.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    #[serde(rename = "utf-8", alias = "utf8", alias = "UTF-8")]
    Utf8,
    /// GB 18030 and what it contains: GBK, GB 2312.
    #[serde(rename = "gb18030", alias = "gbk", alias = "gb2312", alias = "GBK", alias = "GB18030")]
    Gb18030,
    /// UTF-16, little end first, which Excel calls Unicode text.
    #[serde(rename = "utf-16le", alias = "utf-16")]
    Utf16Le,
    /// UTF-16, big end first.
    #[serde(rename = "utf-16be")]
    Utf16Be,
}

/// A text, and how it was found to be encoded.
pub(crate) struct Decoded<'a> {
    pub(crate) text: Cow<'a, str>,
    pub(crate) encoding: Encoding,
    pub(crate) problems: Vec<Problem>,
}

/// Decodes without ever replacing what does not fit.
///
/// Without a declaration: a byte order mark decides; else what is UTF-8 is UTF-8, since text of
/// any other kind passes for it only by rare accident; else GB 18030.
pub(crate) fn decode(bytes: &[u8], declared: Option<Encoding>) -> Result<Decoded<'_>, Problem> {
    let marked = mark(bytes);
    let encoding = declared.or(marked.map(|(encoding, _)| encoding)).unwrap_or_else(|| {
        if std::str::from_utf8(bytes).is_ok() { Encoding::Utf8 } else { Encoding::Gb18030 }
    });
    let body = match marked {
        Some((found, length)) if found == encoding => &bytes[length..],
        _ => bytes,
    };
    let text = match encoding {
        Encoding::Utf8 => std::str::from_utf8(body)
            .map(Cow::Borrowed)
            .map_err(|error| malformed(body, error.valid_up_to(), encoding))?,
        Encoding::Gb18030 => Cow::Owned(convert(body, encoding)?),
        Encoding::Utf16Le | Encoding::Utf16Be => Cow::Owned(convert(body, encoding)?),
    };
    Ok(Decoded { text, encoding, problems: doubts(bytes, encoding).into_iter().collect() })
}

fn mark(bytes: &[u8]) -> Option<(Encoding, usize)> {
    [
        (Encoding::Utf8, b"\xef\xbb\xbf".as_slice()),
        (Encoding::Utf16Le, b"\xff\xfe"),
        (Encoding::Utf16Be, b"\xfe\xff"),
    ]
    .into_iter()
    .find(|(_, mark)| bytes.starts_with(mark))
    .map(|(encoding, mark)| (encoding, mark.len()))
}

fn convert(bytes: &[u8], encoding: Encoding) -> Result<String, Problem> {
    let codec = match encoding {
        Encoding::Gb18030 | Encoding::Utf8 => GB18030,
        Encoding::Utf16Le => UTF_16LE,
        Encoding::Utf16Be => UTF_16BE,
    };
    let mut decoder = codec.new_decoder_without_bom_handling();
    let most = decoder.max_utf8_buffer_length_without_replacement(bytes.len());
    let mut text = String::with_capacity(most.unwrap_or(bytes.len()));
    let (result, read) = decoder.decode_to_string_without_replacement(bytes, &mut text, true);
    match result {
        DecoderResult::InputEmpty => Ok(text),
        DecoderResult::Malformed(length, after) => {
            let at = read.saturating_sub(usize::from(length) + usize::from(after));
            Err(malformed(bytes, at, encoding))
        }
        DecoderResult::OutputFull => Err(malformed(bytes, read, encoding)),
    }
}

fn malformed(bytes: &[u8], at: usize, encoding: Encoding) -> Problem {
    let name = encoding.name();
    let line = 1 + bytes[..at].iter().filter(|b| **b == b'\n').count();
    Problem::error(
        Fault::WrongEncoding,
        Spot::default(),
        format!(
            "第 {line} 行（第 {at} 字节）不是 {name} 编码；请另存为 UTF-8，或说明真实编码（UTF-8、GB18030）"
        ),
        format!(
            "line {line} (byte {at}) is not {name}: save it as UTF-8, or declare the encoding it really has (UTF-8, GB18030)"
        ),
    )
}

/// Text that is declared to be GB 18030 but reads as UTF-8 is nearly always UTF-8.
fn doubts(bytes: &[u8], encoding: Encoding) -> Option<Problem> {
    let foreign = || bytes.iter().filter(|b| !b.is_ascii()).count();
    if encoding != Encoding::Gb18030 || std::str::from_utf8(bytes).is_err() || foreign() < 6 {
        return None;
    }
    Some(Problem::warning(
        Fault::LikelyEncoding,
        Spot::default(),
        "声明为 GB18030，但内容更像 UTF-8；请先看预览里的文字是否正常",
        "declared as GB18030, but it reads as UTF-8: look whether the preview makes sense",
    ))
}

impl Encoding {
    /// What it is called.
    #[must_use]
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Gb18030 => "GB18030",
            Self::Utf16Le => "UTF-16LE",
            Self::Utf16Be => "UTF-16BE",
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(bytes: &[u8], declared: Option<Encoding>) -> (String, Encoding) {
        let decoded = decode(bytes, declared).unwrap();
        (decoded.text.into_owned(), decoded.encoding)
    }

    #[test]
    fn a_mark_is_taken_off_and_decides() {
        assert_eq!(text("\u{feff}村".as_bytes(), None), ("村".into(), Encoding::Utf8));
        assert_eq!(text(b"\xff\xfe\x51\x67", None), ("村".into(), Encoding::Utf16Le));
        assert_eq!(text(b"\xfe\xff\x67\x51", None), ("村".into(), Encoding::Utf16Be));
    }

    #[test]
    fn rare_characters_of_names_survive_gb18030() {
        let names = "䶮㛃𠮷𬭳𫖮\u{20000}歙县";
        let (bytes, _, lost) = GB18030.encode(names);
        assert!(!lost);
        assert_eq!(text(&bytes, None), (names.into(), Encoding::Gb18030));
        assert_eq!(text(&bytes, Some(Encoding::Gb18030)).0, names);
    }

    #[test]
    fn what_is_in_no_known_encoding_is_refused_with_its_line() {
        let problem = decode(b"a,b\n\xff\xff\xff", None).err().unwrap();
        assert_eq!(problem.fault, Fault::WrongEncoding);
        assert!(problem.en.starts_with("line 2 (byte 4)"), "{}", problem.en);
        let gbk = GB18030.encode("歙县").0;
        assert!(decode(&gbk, Some(Encoding::Utf8)).is_err());
    }

    #[test]
    fn a_declaration_that_is_probably_wrong_is_doubted() {
        let decoded = decode("徽城镇社区".as_bytes(), Some(Encoding::Gb18030));
        // Either it does not decode at all, or the reader is warned.
        assert!(decoded.map_or(true, |d| d.problems[0].fault == Fault::LikelyEncoding));
    }

    proptest! {
        #[test]
        fn any_bytes_decode_or_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            for declared in [None, Some(Encoding::Gb18030), Some(Encoding::Utf16Le), Some(Encoding::Utf8)] {
                let _ = decode(&bytes, declared);
            }
        }

        #[test]
        fn utf8_and_gb18030_give_the_text_back(words in "[a-z\u{4e00}-\u{9fff}\u{20000}-\u{2a6df}]{0,40}") {
            prop_assert_eq!(text(words.as_bytes(), None).0, words.clone());
            prop_assert_eq!(text(&GB18030.encode(&words).0, Some(Encoding::Gb18030)).0, words);
        }
    }
}
