//! What an operator has to know of a node, in plain words: each thing that was looked at, how it
//! stands, and what to do. Pure; the API gathers what is asked for here, and the command line shows
//! the same.

pub mod privacy;
pub mod staff;

use governance::certificate::Status;
use record::Timestamp;
use serde::Serialize;

use crate::engine::Contact;
use crate::peer::{Relation, Unopened};
use crate::project::ForkedRow;
use crate::store::{Examined, StoreHealth};

/// Days before a certificate's end at which it is time to do something.
const SOON: i64 = 30;
/// How long the log may grow without the parent's countersignature, in minutes.
const UNWITNESSED: i64 = 60;
/// Free bytes of the disk below which somebody should make room. The store keeps 64 MiB for itself.
const LITTLE: u64 = 1024 * 1024 * 1024;

/// How a thing stands, worst first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It does not work, or can't be trusted.
    Wrong,
    /// Somebody should look.
    Watch,
    /// As it should be.
    Good,
}

/// One thing that was looked at.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Finding {
    /// How it stands.
    pub state: State,
    /// Which, for programs.
    pub what: &'static str,
    /// In Chinese: what is so, and what to do.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

impl Finding {
    /// A finding.
    pub fn new(
        state: State,
        what: &'static str,
        zh: impl Into<String>,
        en: impl Into<String>,
    ) -> Self {
        Self { state, what, zh: zh.into(), en: en.into() }
    }
}

/// Whether the node signs: not when its own log is in doubt, nor when nothing can be written.
#[must_use]
pub fn signing(frozen: Option<&str>, read_only: Option<&str>) -> Finding {
    match (frozen, read_only) {
        (Some(why), _) => Finding::new(
            State::Wrong,
            "signing",
            format!("节点停止签名：{why}"),
            format!("the node does not sign: {why}"),
        ),
        (None, Some(why)) => Finding::new(
            State::Wrong,
            "signing",
            format!("节点只读，不受理新事件：{why}。排除后请重新启动。"),
            format!("the node is read-only and takes nothing: {why}; mend it and start again"),
        ),
        (None, None) => {
            Finding::new(State::Good, "signing", "节点在工作并签名。", "the node works and signs")
        }
    }
}

/// How long this node's certificate holds.
#[must_use]
pub fn certificate(days: i64) -> Finding {
    let state = match days {
        ..0 => State::Wrong,
        0..SOON => State::Watch,
        SOON.. => State::Good,
    };
    let (zh, en) = match state {
        State::Wrong => (
            "证书已过期，别的节点不再理会本节点：请向上级换发。".to_owned(),
            "the certificate is over and peers refuse this node: have it renewed".to_owned(),
        ),
        State::Watch | State::Good => {
            (format!("证书还有 {days} 天。"), format!("the certificate holds for {days} days"))
        }
    };
    Finding::new(state, "certificate", zh, en)
}

/// What the revocation lists say of this node, and whose lists are overdue.
#[must_use]
pub fn lists(own: &Status, late: &[String]) -> Finding {
    match own {
        Status::Good => Finding::new(
            State::Good,
            "revocations",
            "吊销名单都在有效期内。",
            "revocation lists are up to date",
        ),
        Status::Revoked(_) => Finding::new(
            State::Wrong,
            "revocations",
            "本节点的证书已被吊销：请与签发者联系。",
            "this node's certificate is revoked: ask whoever issued it",
        ),
        Status::Stale { .. } => Finding::new(
            State::Wrong,
            "revocations",
            format!(
                "吊销名单过期或缺失（{}）：本地工作照常，暂停向外提供个人信息。",
                late.join("、")
            ),
            format!(
                "a revocation list is overdue or missing ({}): local work goes on, personal data \
                 is not released; get in touch with the node above, or install the root's next \
                 list",
                late.join(", ")
            ),
        ),
    }
}

/// When the parent last countersigned this node's log, and how many records it then had.
#[must_use]
pub fn witnessed(seen: Option<(Timestamp, u64)>, now: Timestamp) -> Finding {
    let Some((at, size)) = seen else {
        return Finding::new(
            State::Watch,
            "witness",
            "上级还没有副署过本节点的账本。",
            "the parent has not countersigned this node's log yet",
        );
    };
    let minutes = (now.millis() - at.millis()).max(0) / 60_000;
    // An idle log is not shown again: age alone is no fault.
    let state = if minutes > UNWITNESSED { State::Watch } else { State::Good };
    Finding::new(
        state,
        "witness",
        format!("上级 {minutes} 分钟前副署了账本的前 {size} 条记录。"),
        format!("{minutes} min ago the parent countersigned the first {size} records of the log"),
    )
}

/// After a loss: how many neighbours have yet to give back what they have of this node's own
/// records. Nothing for a node that never lost any.
#[must_use]
pub fn lost(outstanding: Option<usize>) -> Option<Finding> {
    let finding = match outstanding? {
        0 => Finding::new(
            State::Good,
            "lost",
            "丢失过数据；邻居已把持有的本节点记录都还了回来。",
            "data were lost once; neighbours have given back what they had of this node's records",
        ),
        n => Finding::new(
            State::Watch,
            "lost",
            format!("丢失过数据；还有 {n} 个邻居没有还完本节点的记录：请让它们上线，会自动归还。"),
            format!(
                "data were lost; {n} neighbours have not yet given back this node's records: they \
                 do so by themselves once they are connected"
            ),
        ),
    };
    Some(finding)
}

/// A neighbour: nothing where nothing is to be told of it. `forked`: where it signed two histories,
/// as long as nobody here has accepted the epoch with which it goes on. `unopened`: the record of its
/// log that it could not open.
#[must_use]
pub fn neighbour(
    (name, short): (&str, &str),
    relation: Relation,
    status: &Status,
    contact: Option<&Contact>,
    forked: Option<ForkedRow>,
    unopened: Option<Unopened>,
) -> Vec<Finding> {
    let mut found = Vec::new();
    match status {
        Status::Revoked(_) if relation != Relation::Other => found.push(Finding::new(
            State::Watch,
            "peer",
            format!(
                "{name}（{short}）已改隶，尚未出示新证书：未了事项照旧往来，暂不给它个人信息。"
            ),
            format!(
                "{name} ({short}) belongs to another parent and has not shown its new certificates \
                 yet: what is in common goes on, no personal data for it"
            ),
        )),
        Status::Revoked(_) => found.push(Finding::new(
            State::Watch,
            "peer",
            format!("{name}（{short}）的证书已被吊销，不再往来。"),
            format!("{name} ({short}) is revoked and not spoken to"),
        )),
        Status::Stale { .. } if relation != Relation::Other => found.push(Finding::new(
            State::Watch,
            "peer",
            format!("{name}（{short}）的吊销名单过期：暂不给它个人信息。"),
            format!("{name} ({short}) has no fresh revocation list: no personal data for it"),
        )),
        Status::Stale { .. } | Status::Good => {}
    }
    if let Some(epoch) = contact.and_then(|contact| contact.reopened) {
        found.push(Finding::new(
            State::Wrong,
            "epoch",
            format!(
                "{name}（{short}）丢失了本节点副署过的记录，开启了纪元 {epoch}：核实后运行 `wangge epoch \
                 accept {short} --epoch {epoch}`。"
            ),
            format!(
                "{name} ({short}) lost records that this node countersigned and opened epoch \
                 {epoch}: when its operator has explained, `wangge epoch accept {short} --epoch \
                 {epoch}`"
            ),
        ));
    }
    found.extend(forked.map(|place| fork((name, short), place)));
    found.extend(unopened.map(|Unopened { index, .. }| {
        Finding::new(
            State::Wrong,
            "record",
            format!(
                "{name}（{short}）打不开自己账本的第 {index} 条记录，而这本账由本节点副署过：可能丢失或被撤换，请                 联系其管理员。"
            ),
            format!(
                "{name} ({short}) can't open record {index} of its log, which this node \
                 countersigned: it may be lost or replaced; call its operator"
            ),
        )
    }));
    if let Some(what) = contact.and_then(|contact| contact.trouble.as_deref()) {
        let zh = format!("与 {name}（{short}）的交换出错：{what}");
        found.push(Finding::new(State::Wrong, "peer", zh, format!("{name} ({short}): {what}")));
    }
    found
}

fn fork((name, short): (&str, &str), ForkedRow { epoch, seq, .. }: ForkedRow) -> Finding {
    Finding::new(
        State::Wrong,
        "fork",
        format!(
            "{name}（{short}）签了两份互相矛盾的记录（{epoch}/{seq}）：它此后的记录一律不采用。请用 `wangge prove \
             fork` 取证；查明后由它开启新纪元，再运行 `wangge epoch accept {short} --epoch N`。"
        ),
        format!(
            "{name} ({short}) signed two records that contradict each other ({epoch}/{seq}), and \
             nothing from it counts since: take the proof with `wangge prove fork`; when that is \
             explained it opens an epoch, and `wangge epoch accept {short} --epoch N` lets it \
             count again"
        ),
    )
}

/// Whether a reason for which a record was not applied is that it contradicts another.
#[must_use]
pub fn is_fork(why: &str) -> bool {
    why.contains("two different records")
}

/// What was received and not applied: how many.
#[must_use]
pub fn quarantine(held: usize) -> Finding {
    match held {
        0 => {
            Finding::new(State::Good, "quarantine", "没有待查的记录。", "nothing is in quarantine")
        }
        1.. => Finding::new(
            State::Watch,
            "quarantine",
            format!("有 {held} 条收到而未采用的记录：见 /v1/quarantine。"),
            format!("{held} records were received and not applied: see /v1/quarantine"),
        ),
    }
}

/// What is wrong with the journal: every place, and how to come by what was there.
#[must_use]
pub fn journal(examined: &Examined) -> Vec<Finding> {
    let Examined { frames, bytes, damage } = examined;
    if damage.is_empty() {
        return vec![Finding::new(
            State::Good,
            "journal",
            format!("账本逐帧核对无误：{frames} 帧，{bytes} 字节。"),
            format!("every frame of the journal was read and is whole: {frames} in {bytes} bytes"),
        )];
    }
    let told = damage.iter().map(|damage| {
        let (file, offset, length, what) =
            (&damage.file, damage.offset, damage.bytes, &damage.what);
        Finding::new(
            State::Wrong,
            "journal",
            format!(
                "账本被改动或损坏：{file} 第 {offset} 字节起的 {length} 字节不是完整的记录。请停\
                 机，运行 `wangge verify` 查明，再从备份放回这个文件。"
            ),
            format!(
                "the journal was altered or is damaged: {file}, {length} bytes from byte {offset} \
                 on ({what}); stop the node, run `wangge verify`, and put the file back from a \
                 backup"
            ),
        )
    });
    told.collect()
}

/// Whether there is room on the disk.
#[must_use]
pub fn disk(health: &StoreHealth) -> Option<Finding> {
    let free = health.free_bytes?;
    let left = amount(free);
    Some(if free < LITTLE {
        Finding::new(
            State::Watch,
            "disk",
            format!("磁盘只剩 {left}：请清理或扩容；写满后节点只读。"),
            format!("{left} of disk are left: make room, or the node becomes read-only"),
        )
    } else {
        Finding::new(
            State::Good,
            "disk",
            format!("磁盘还有 {left}。"),
            format!("{left} of disk are left"),
        )
    })
}

/// Bytes in whole MiB, or GiB from ten of them on.
fn amount(bytes: u64) -> String {
    const MIB: u64 = 1024 * 1024;
    if bytes < 10 * 1024 * MIB {
        format!("{} MiB", bytes / MIB)
    } else {
        format!("{} GiB", bytes / (1024 * MIB))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Harm;

    fn stale() -> Status {
        Status::Stale { issuer: governance::certificate::Issuer::Root, since: None }
    }

    #[test]
    fn what_is_wrong_is_told_as_wrong() {
        let state = |finding: Finding| finding.state;
        assert_eq!(
            [-1, 5, 200].map(|days| state(certificate(days))),
            [State::Wrong, State::Watch, State::Good]
        );
        let stale = stale();
        assert_eq!(
            [&Status::Good, &stale].map(|own| state(lists(own, &[]))),
            [State::Good, State::Wrong]
        );
        assert_eq!([1, 0].map(|held| state(quarantine(held))), [State::Watch, State::Good]);
        assert_eq!(
            [signing(Some("rolled back"), None), signing(None, Some("full")), signing(None, None)]
                .map(state),
            [State::Wrong, State::Wrong, State::Good]
        );
    }

    #[test]
    fn a_changed_byte_is_named_by_file_and_place_and_is_wrong() {
        let harm = Harm { file: "0.wgj".into(), offset: 812, bytes: 40, what: "checksum".into() };
        let found = journal(&Examined { frames: 3, bytes: 900, damage: vec![harm] });
        assert_eq!(found[0].state, State::Wrong);
        assert!(found[0].zh.contains("0.wgj") && found[0].zh.contains("812"), "{:?}", found[0]);
        assert_eq!(journal(&Examined::default())[0].state, State::Good);
    }

    #[test]
    fn what_was_lost_is_told_of_until_every_neighbour_has_given_it_back() {
        assert_eq!(lost(None), None, "most nodes never lost anything");
        assert_eq!(lost(Some(0)).map(|found| found.state), Some(State::Good));
        let waiting = lost(Some(2)).expect("it is told");
        assert_eq!(waiting.state, State::Watch);
        assert!(waiting.zh.contains('2') && waiting.en.contains('2'));
    }

    #[test]
    fn a_stale_neighbour_is_named() {
        let stale = stale();
        let (unit, other) = (Relation::Unit, Relation::Other);
        let named = ("住建局", "7ZZZG");
        let found = neighbour(named, unit, &stale, None, None, None);
        assert_eq!(found.len(), 1);
        assert!(found[0].zh.contains("住建局"));
        assert!(neighbour(named, other, &stale, None, None, None).is_empty());
        let forked = ForkedRow { epoch: 0, seq: 4, counts_from: None };
        let contact = Contact { reopened: Some(1), ..Contact::default() };
        let unopened = Unopened { index: 7, since: Timestamp::from_millis(0) };
        let (contact, good) = (Some(&contact), Status::Good);
        let found = neighbour(named, other, &good, contact, Some(forked), Some(unopened));
        assert_eq!(
            found.iter().map(|f| (f.state, f.what)).collect::<Vec<_>>(),
            [(State::Wrong, "epoch"), (State::Wrong, "fork"), (State::Wrong, "record")]
        );
    }
}
