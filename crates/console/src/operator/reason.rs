//! Why a node does not sign, what was wrong with a neighbour's page, why a record was not applied:
//! the engine says it in English, for logs. On a page it stands in the page's language; what is not
//! known here, such as what a disk says, is quoted. Numbers and ids are in the log.

use crate::page::Page;

/// Key of the words of a reason, and what is in its English: parts that stand in it in this order.
/// The first that fits is taken.
const KNOWN: [(&str, &[&str]); 36] = [
    ("older-copy", &["a peer holds this node's own checkpoint over "]),
    ("above", &["a certificate above this node's certificate was revoked at "]),
    ("ended", &["this node's certificate was revoked at ", "its work is over"]),
    ("compromised", &["this node's certificate was revoked at ", "in others' hands"]),
    ("rotating", &["the node's key is being changed"]),
    ("disk-full", &["the disk is full"]),
    ("shut", &["it was shut down"]),
    ("log-other", &["the log that it shows does not continue what it showed before"]),
    ("gap", &["the stream has a gap or a second branch"]),
    ("too-many", &["a page with ", " entries; at most "]),
    ("stranger", &["the sender is unknown"]),
    ("author-chain", &["an author's certificates do not verify"]),
    ("author-unknown", &["the author ", " of a record has no certificate here"]),
    ("page-head", &["the page's head does not verify"]),
    ("page-links", &["the page's entries are not the ones that its head was signed over"]),
    ("entry-place", &["entry ", " stands where ", " is next"]),
    ("entry-form", &["an entry of the page is malformed"]),
    ("not-in-log", &["the record is not in the log that is shown of its author"]),
    ("author-log", &["entry ", ": the checkpoint of its author's log does not verify"]),
    ("may-not-govern", &["its author has no right to govern cases"]),
    ("other-record", &["entry ", " names another record"]),
    ("fields", &["entry ", ": the fields are not what was signed"]),
    ("sender-log", &["the checkpoint of the sender's log does not verify"]),
    ("signature", &["entry ", " does not verify"]),
    ("fork", &["signed two different records"]),
    ("no-case", &["the case is unknown here: its report was not shared"]),
    ("opened", &["the case was opened already"]),
    ("not-holder", &[" does not hold the case: ", " does"]),
    ("on-offer", &["custody is on offer to "]),
    ("no-offer", &["no open offer "]),
    ("not-called", &["was not called to this case"]),
    ("not-of-line", &["is not of the case's line"]),
    ("no-outcome", &["the record does not say where the case stands after it"]),
    ("too-long", &["the case has ", " records: close it and report anew"]),
    ("known", &["the record is known already"]),
    ("not-checked", &["the page was not checked: the node is too busy"]),
];

/// A reason on a page.
pub(super) struct Reason {
    pub(super) words: String,
    /// What was said, where these words can't tell it.
    pub(super) quoted: Option<String>,
}

impl Reason {
    pub(super) fn of(p: &Page, said: &str) -> Self {
        match key(said) {
            Some(key) => Self { words: p.of("cause", key), quoted: None },
            None => Self { words: p.say("cause-quoted"), quoted: Some(said.to_owned()) },
        }
    }
}

/// Key of the words of a reason, where it is known.
fn key(said: &str) -> Option<&'static str> {
    KNOWN.iter().find(|(_, parts)| holds(said, parts)).map(|(key, _)| *key)
}

/// Whether parts stand in a text in their order.
fn holds(said: &str, parts: &[&str]) -> bool {
    let rest =
        parts.iter().try_fold(said, |rest, part| rest.split_once(part).map(|(_, rest)| rest));
    rest.is_some()
}

#[cfg(test)]
mod tests {
    use engine::arrival::PageError;
    use governance::case::Rejected;
    use record::{NodeId, RecordId};

    use super::*;
    use crate::words::{Language, Words};

    fn words_of(said: &str) -> &'static str {
        key(said).unwrap_or_else(|| panic!("no words for: {said}"))
    }

    #[test]
    fn what_can_be_wrong_with_a_page_has_words_of_its_own() {
        let node = NodeId::from_bytes([7; 32]);
        let errors = [
            PageError::NotChecked,
            PageError::TooMany(900),
            PageError::Stranger,
            PageError::UnknownAuthor(node),
            PageError::Head(None),
            PageError::Links,
            PageError::Number { number: 9, expected: 3 },
            PageError::Log(None),
            PageError::OtherLog { number: 3, source: None },
            PageError::NotInLog { number: 3, source: None },
            PageError::MayNotGovern { number: 3 },
            PageError::OtherRecord { number: 3 },
            PageError::Fields { number: 3, source: None },
        ];
        let mut keys: Vec<_> = errors.iter().map(|error| words_of(&error.to_string())).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), errors.len(), "{keys:?}");
    }

    #[test]
    fn why_a_record_was_not_applied_has_words_of_its_own() {
        let node = NodeId::from_bytes([7; 32]);
        let rejected = [
            Rejected::Known,
            Rejected::NoCase,
            Rejected::Opened,
            Rejected::NotHolder { author: node, holder: node },
            Rejected::OnOffer { to: node },
            Rejected::NoOffer { offer: RecordId::from_bytes([1; 32]), author: node },
            Rejected::NotCalled(node),
            Rejected::NotOfLine(node),
            Rejected::NoOutcome,
            Rejected::TooLong,
        ];
        let mut keys: Vec<_> = rejected.iter().map(|why| words_of(&why.to_string())).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), rejected.len(), "{keys:?}");
    }

    #[test]
    fn every_reason_has_words_and_what_a_disk_says_has_none() {
        for (key, _) in KNOWN {
            assert!(Words(Language::Zh).known("cause", key).is_some(), "{key}");
        }
        assert_eq!(key("Input/output error (os error 5)"), None);
    }
}
