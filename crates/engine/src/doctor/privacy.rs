//! How what was promised about people's data stands: erasures, and the record of who read what.

use super::{Finding, State};

/// How long a neighbour may take to say that it has erased, in days.
pub const ERASURE_DAYS: u64 = 3;

/// A neighbour that has not said that it has erased: its name, how many erasures, and since how many
/// days the oldest waits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unerased {
    /// What it is called.
    pub name: String,
    /// Erasures that it was told of.
    pub erasures: usize,
    /// Age of the oldest, in whole days.
    pub days: u64,
}

/// Erasures that neighbours have not acknowledged.
#[must_use]
pub fn erasures(late: &[Unerased]) -> Vec<Finding> {
    let what = "erasures";
    if late.is_empty() {
        return vec![Finding::new(
            State::Good,
            what,
            "清除都已得到回执。",
            "every erasure was acknowledged",
        )];
    }
    let told = late.iter().map(|Unerased { name, erasures, days }| {
        let state = if *days >= ERASURE_DAYS { State::Wrong } else { State::Watch };
        Finding::new(
            state,
            what,
            format!(
                "{name} 还有 {erasures} 次清除没有回执，最早的已 {days} 天：请与对方联系，确认它在运行。"
            ),
            format!(
                "{name} has not acknowledged {erasures} erasures, the oldest for {days} days: call \
                 its operator and see that it runs"
            ),
        )
    });
    told.collect()
}

/// Whether the access log is one unbroken chain. `checked`: how many of its entries were held
/// against their links; `broken`: the number of one that does not fit; `sealed`: up to which entry
/// a signed record binds it.
#[must_use]
pub fn access_log(checked: u64, broken: Option<u64>, sealed: u64) -> Finding {
    let what = "access-log";
    match broken {
        Some(number) => Finding::new(
            State::Wrong,
            what,
            format!(
                "查阅日志在第 {number} 条断了链：有条目被改动或抽掉。请停机，运行 `wangge verify` 查明。"
            ),
            format!(
                "the access log's chain is broken at entry {number}: entries were changed or taken \
                 out; stop the node and run `wangge verify`"
            ),
        ),
        None => Finding::new(
            State::Good,
            what,
            format!("查阅日志最近 {checked} 条首尾相接，前 {sealed} 条由签名记录绑定。"),
            format!(
                "the last {checked} entries of the access log are one chain, and a signed record \
                 binds the first {sealed}"
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s25_whoever_does_not_say_that_it_has_erased_is_named_and_after_days_it_is_wrong() {
        let of = |days| Unerased { name: "住建局".into(), erasures: 2, days };
        let found = erasures(&[of(0), of(ERASURE_DAYS)]);
        assert_eq!([found[0].state, found[1].state], [State::Watch, State::Wrong]);
        assert!(found.iter().all(|found| found.zh.contains("住建局")));
        assert_eq!(erasures(&[])[0].state, State::Good);
        assert_eq!(access_log(3, Some(2), 0).state, State::Wrong);
        assert_eq!(access_log(3, None, 3).state, State::Good);
    }
}
