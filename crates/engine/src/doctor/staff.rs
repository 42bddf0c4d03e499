//! How the people of a node stand: second factors, keys of their own, and what waits for a second
//! person.

use chrono::{DateTime, Utc};
use record::Timestamp;

use super::{Finding, State};

/// Most names that are told.
const NAMED: usize = 10;

/// Officers by policy whose accounts have no second factor. `asked`: whether this node asks for one.
#[must_use]
pub fn factors(lacking: &[String], asked: bool) -> Finding {
    let what = "factors";
    if lacking.is_empty() {
        return Finding::new(
            State::Good,
            what,
            "规则要求两步验证的账号都已启用。",
            "every account that policy wants a second factor of has one",
        );
    }
    let (n, names) = (lacking.len(), names(lacking));
    let (zh, en) = if asked {
        (
            "他们登录后只能先启用它。",
            "until they set one up they can do nothing else: see to it that they do",
        )
    } else {
        (
            "本节点没有要求：经 HTTPS 提供服务，或把 http.second_factor 设为 always。",
            "this node does not ask for it: serve it over TLS, or set http.second_factor to always",
        )
    };
    Finding::new(
        State::Watch,
        what,
        format!("{n} 个账号按规则须有两步验证而没有启用（{names}）：{zh}"),
        format!("{n} accounts have no second factor that policy wants ({names}): {en}"),
    )
}

/// People with accounts and no key of their own: those whose role has to sign in person, and how many
/// others of so many.
#[must_use]
pub fn keys(bound: &[String], others: usize, of: usize) -> Finding {
    let what = "person-keys";
    if !bound.is_empty() {
        let (n, names) = (bound.len(), names(bound));
        return Finding::new(
            State::Watch,
            what,
            format!("{n} 人的岗位须本人签名而没有密钥（{names}）：请他们在“本人密钥”页登记。"),
            format!(
                "{n} people whose role signs in person have no key ({names}): have them enrol one \
                 on the page “My keys”"
            ),
        );
    }
    let with = of.saturating_sub(others);
    Finding::new(
        State::Good,
        what,
        format!("{of} 个有岗位的账号中，{with} 个有本人密钥。"),
        format!("of {of} accounts of people with a post, {with} have a key of their own"),
    )
}

/// Proposals that wait for a second person, and when the first of them lapses.
#[must_use]
pub fn proposals(waiting: usize, lapses: Option<Timestamp>) -> Finding {
    let what = "proposals";
    match lapses {
        None => Finding::new(
            State::Good,
            what,
            "没有等待第二人确认的提名。",
            "no proposal waits for a second person",
        ),
        Some(at) => Finding::new(
            State::Watch,
            what,
            format!(
                "{waiting} 项提名等待第二人确认，最早的于 {} 作废：见 /operator/proposals。",
                minute(at)
            ),
            match waiting {
                1 => format!(
                    "1 proposal waits for a second person, and lapses at {}: see \
                     /operator/proposals",
                    minute(at)
                ),
                _ => format!(
                    "{waiting} proposals wait for a second person, and the first lapses at {}: \
                     see /operator/proposals",
                    minute(at)
                ),
            },
        ),
    }
}

/// A moment to the minute, as people read it.
fn minute(at: Timestamp) -> String {
    format!("{} UTC", DateTime::<Utc>::from(at).format("%Y-%m-%d %H:%M"))
}

fn names(all: &[String]) -> String {
    let more = if all.len() > NAMED { "…" } else { "" };
    format!("{}{more}", all.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_lacks_a_factor_or_a_key_is_named_and_ten_at_most() {
        let many: Vec<String> = (0..12).map(|number| format!("u{number}")).collect();
        for found in [factors(&many, true), factors(&many, false), keys(&many, 0, 12)] {
            assert_eq!(found.state, State::Watch);
            for text in [&found.zh, &found.en] {
                assert!(text.contains("12") && text.contains("u9") && !text.contains("u10"));
            }
        }
        assert_eq!(factors(&[], false).state, State::Good);
        assert!(keys(&[], 2, 5).zh.contains("5 个有岗位的账号中，3 个"));
        let lapses = Some(Timestamp::EPOCH);
        assert_eq!(
            [proposals(0, None), proposals(2, lapses)].map(|found| found.state),
            [State::Good, State::Watch]
        );
    }
}
