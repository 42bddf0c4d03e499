//! Revocation lists: kept, shown at every greeting, passed on when they are new. A list goes down
//! to whoever stands under its issuer, since they have to show it, and to those from whom the node
//! parted, whom it shows it; one that revokes something goes to everybody.

use std::sync::Arc;
use std::time::Duration;

use governance::certificate::{
    Issuer, LIST_VALIDITY, LastGood, ListError, Reason, RevocationList, Revoked, Standing, Status,
};
use governance::policy::Power;
use governance::trust::TrustAct;
use record::{NodeId, Signed, Unverified};
use serde_bytes::ByteBuf;

use super::rotating;
use crate::acts::Desk;
use crate::command::{Agent, Once, Receipt, Refused};
use crate::engine::{About, Effect};
use crate::note::Note;
use crate::peer::Relation;
use crate::project::{self, Done, Listed, issuer_key};
use crate::sign;
use crate::staging::row;
use crate::store::{FrameKind, Table};
use crate::wire::{ChainBytes, Notice, Request};
use crate::world::{self, Setup, World};

const WITHIN: Duration = Duration::from_secs(20);
/// After so long without fresh lists the operator is told.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why this node must not sign any more, where its own certificate is revoked for good.
pub(crate) fn revoked(setup: &Setup, world: &World) -> Option<String> {
    let entry = world.lists.revoked(&setup.standing)?;
    let why = match entry.reason {
        // Work goes on until the certificates of the new parent are here.
        Reason::Moved => return None,
        Reason::Ended => "its work is over",
        Reason::Compromised => "its key may be in others' hands",
    };
    let whose =
        if entry.node == setup.me() { "this node's" } else { "a certificate above this node's" };
    Some(format!(
        "{whose} certificate was revoked at {}: {why}; ask whoever issued it",
        entry.since
    ))
}

impl Desk<'_, '_> {
    /// Why the node does not sign, if it does not.
    pub(crate) fn barred(&self) -> Option<String> {
        let rotating = || rotating(self.talk, self.staging);
        self.talk.frozen.clone().or_else(|| revoked(self.setup, self.world)).or_else(rotating)
    }

    /// The lists that belong to a greeting: those along this node's chain, and its own.
    pub(super) fn staple(&self) -> Vec<ByteBuf> {
        let mut lists = self.world.lists.along(&self.setup.standing);
        lists.extend(self.world.lists.of(Issuer::Node(self.setup.me())));
        lists.into_iter().map(|list| ByteBuf::from(list.bytes().to_vec())).collect()
    }

    /// Takes the lists of a greeting, by the chain that was shown with them. One that does not
    /// hold is left aside: without it the peer may count as stale, and that is all.
    pub(super) fn take_stapled(
        &mut self,
        shown: &Standing,
        lists: &[ByteBuf],
    ) -> Result<(), Refused> {
        for list in lists {
            let Ok(parsed) = Unverified::<RevocationList>::parse(list.to_vec()) else { continue };
            let chain = match parsed.peek().issuer {
                Issuer::Root => ChainBytes::new(),
                Issuer::Node(node) => {
                    let links = shown.certificates().zip(shown.chain());
                    let from = links.skip_while(|(link, _)| link.node != node);
                    from.map(|(_, bytes)| ByteBuf::from(bytes.to_vec())).collect()
                }
            };
            // Whether it was new, or what is wrong with it, was told of already.
            let _ = self.take_list(list, chain, Some(shown.node()))?;
        }
        Ok(())
    }

    /// A neighbour tells of a list.
    pub(crate) fn noticed(&mut self, from: NodeId, notice: Notice) -> Result<(), Refused> {
        let Notice { list, chain } = notice;
        self.take_list(&list, chain, Some(from)).map(|_| ())
    }

    /// Verifies a list, keeps it and passes it on, if it is newer than the one that is known.
    /// Whether it was; or what is wrong with it.
    fn take_list(
        &mut self,
        list: &[u8],
        chain: ChainBytes,
        from: Option<NodeId>,
    ) -> Result<Result<bool, String>, Refused> {
        if self.is_own(list) {
            return self.recall_list(list, chain, from);
        }
        match self.check_list(list, &chain) {
            Ok(Some(signed)) => self.keep_list(signed, chain, from).map(|()| Ok(true)),
            Ok(None) => Ok(Ok(false)),
            Err(why) => {
                tracing::warn!(
                    peer = from.map(|peer| peer.to_string()),
                    why,
                    "吊销名单不成立，未采用 a revocation list does not hold and was not taken"
                );
                Ok(Err(why))
            }
        }
    }

    /// The list, if it is new.
    fn check_list(
        &self,
        list: &[u8],
        chain: &ChainBytes,
    ) -> Result<Option<Signed<RevocationList>>, String> {
        let parsed = Unverified::<RevocationList>::parse(list.to_vec());
        let parsed = parsed.map_err(|error| error.to_string())?;
        let issuer = parsed.peek().issuer;
        let known = self.world.lists.of(issuer);
        // Every greeting brings the same ones again.
        if known.is_some_and(|known| known.bytes().as_ref() == list) {
            return Ok(None);
        }
        if known.is_some_and(|known| parsed.peek().number < known.number) {
            return Ok(None);
        }
        let signed = world::verify_list(self.setup, list, chain)?;
        if let Issuer::Node(node) = issuer
            && self.is_compromised(node, chain)
        {
            return Err("its issuer's key may be in others' hands".into());
        }
        let mut lists = self.world.lists.as_ref().clone();
        match lists.put(signed.clone(), self.now) {
            Ok(true) => Ok(Some(signed)),
            Ok(false) | Err(ListError::Old { .. }) => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }

    fn is_own(&self, list: &[u8]) -> bool {
        let parsed = Unverified::<RevocationList>::parse(list.to_vec());
        parsed.is_ok_and(|parsed| parsed.peek().issuer == Issuer::Node(self.setup.me()))
    }

    /// A list of this node's own, from somebody else: where this node went back to an older copy of
    /// its data, that is how it learns what it had revoked.
    fn recall_list(
        &mut self,
        list: &[u8],
        chain: ChainBytes,
        from: Option<NodeId>,
    ) -> Result<Result<bool, String>, Refused> {
        let own = Issuer::Node(self.setup.me());
        let none =
            || RevocationList { number: 0, ..RevocationList::first(own, self.now, LIST_VALIDITY) };
        let known = self.world.lists.of(own).map_or_else(none, |known| known.value().clone());
        let now = self.now;
        let news = |list: &RevocationList| known.recall(list, now, LIST_VALIDITY);
        let parsed = Unverified::<RevocationList>::parse(list.to_vec());
        if parsed.is_ok_and(|parsed| news(parsed.peek()).is_none()) {
            return Ok(Ok(false));
        }
        let signed = match world::verify_list(self.setup, list, &chain) {
            Ok(signed) if signed.signer() == self.setup.key.public() => signed,
            Ok(_) => return Ok(Err("it is by a key that this node has given up".into())),
            Err(why) => return Ok(Err(why)),
        };
        let Some(next) = news(&signed) else { return Ok(Ok(false)) };
        tracing::warn!(
            number = signed.number,
            "从邻居取回了本节点自己丢失的吊销名单 a revocation list of this node's own, which it had lost, is \
             back from a neighbour"
        );
        if self.barred().is_none() {
            return self.issue_list(next).map(|()| Ok(true));
        }
        // Whoever may not sign yet goes by what it said then.
        let fits = self.world.lists.as_ref().clone().put(signed.clone(), now);
        match fits {
            Ok(true) => self.keep_list(signed, chain, from).map(|()| Ok(true)),
            _ => Ok(Ok(false)),
        }
    }

    fn is_compromised(&self, node: NodeId, chain: &ChainBytes) -> bool {
        let standing = world::standing_at_its_time(self.setup, chain);
        let entry = standing.as_ref().and_then(|standing| self.world.lists.revoked(standing));
        entry.is_some_and(|entry| entry.reason == Reason::Compromised && entry.node == node)
    }

    fn keep_list(
        &mut self,
        list: Signed<RevocationList>,
        chain: ChainBytes,
        from: Option<NodeId>,
    ) -> Result<(), Refused> {
        let bytes = ByteBuf::from(list.bytes().to_vec());
        let note = Note::Revocations { list: bytes, chain: chain.clone() };
        let mut frame = sign::local(FrameKind::Certificate, sign::encode(&note));
        frame.peer = from;
        let (at, frame) = self.staging.push(frame)?;
        let done = project::project(sign::whose(self.setup), self.staging, at, &frame)?;
        tracing::info!(
            number = list.number,
            entries = list.revoked.len(),
            "采用了新的吊销名单 a newer revocation list was taken"
        );
        let now = self.now;
        let taken = list.clone();
        let me = &self.setup.standing;
        self.change_world(|world| {
            // Checked before: it is newer, and not of the future.
            let _ = Arc::make_mut(&mut world.lists).put(taken, now);
            let lists = world.lists.clone();
            Arc::make_mut(&mut world.directory).judge(me, &lists);
        });
        self.part_with_the_revoked();
        self.judged(done)?;
        self.spread(&list, &chain, from);
        Ok(())
    }

    /// Nobody speaks any more to whoever is revoked.
    fn part_with_the_revoked(&mut self) {
        let gone: Vec<NodeId> = self
            .world
            .directory
            .iter()
            .filter(|(_, peer)| peer.relation == Relation::Other)
            .map(|(node, _)| *node)
            .collect();
        for node in gone {
            if self.talk.sessions.remove(&node).is_some() {
                tracing::warn!(peer = %node.short(),
                    "相邻节点已被吊销，不再往来 a neighbour is revoked and no longer spoken to");
            }
        }
    }

    /// Cases that are others by what a list says.
    pub(super) fn judged(&mut self, done: Done) -> Result<(), Refused> {
        self.note_gone(done.gone)?;
        let cases = done.judged;
        if !cases.is_empty() {
            tracing::warn!(
                cases = cases.len(),
                "吊销使一些事件改变：签发于最后可信记录之后的内容已另存 a revocation changed cases: what was \
                 signed after the last good record is held back"
            );
        }
        self.out.extend(cases.into_iter().map(Effect::Changed));
        Ok(())
    }

    /// Tells neighbours of a list that is new; not the one it came from.
    fn spread(&mut self, list: &Signed<RevocationList>, chain: &ChainBytes, from: Option<NodeId>) {
        let greeted = self.talk.sessions.iter().filter(|(_, session)| session.greeted);
        let greeted: Vec<NodeId> = greeted.map(|(node, _)| *node).collect();
        // What this node shows with its certificates, whoever it parted from has from nobody else.
        let own = Issuer::Node(self.setup.me());
        let shown = self.setup.standing.issuers().chain([own]).any(|issuer| issuer == list.issuer);
        for node in greeted.into_iter().filter(|node| Some(*node) != from) {
            let needs = self.world.directory.get(node).is_some_and(|peer| {
                let former =
                    matches!(peer.relation, Relation::FormerParent | Relation::FormerChild);
                let below = peer.standing.issuers().any(|issuer| issuer == list.issuer);
                below || (former && shown)
            });
            if needs || !list.revoked.is_empty() {
                self.tell_of(node, list.bytes(), chain);
            }
            // What waited for a fresh list may go now.
            self.poke(node);
        }
    }

    /// After a greeting: what was revoked elsewhere, of which the neighbour may not have heard.
    pub(super) fn tell_of_lists(&mut self, node: NodeId) {
        let mine: Vec<Issuer> = self.setup.standing.issuers().collect();
        let own = Issuer::Node(self.setup.me());
        let lists = self.world.lists.clone();
        let elsewhere =
            lists.iter().filter(|list| list.issuer != own && !mine.contains(&list.issuer));
        for list in elsewhere.filter(|list| !list.revoked.is_empty()) {
            let key = issuer_key(list.issuer);
            let kept: Result<Option<Listed>, _> =
                row(self.staging, Table::Revocation, key.as_bytes());
            if let Ok(Some(kept)) = kept {
                self.tell_of(node, list.bytes(), &kept.chain);
            }
        }
    }

    fn tell_of(&mut self, node: NodeId, list: &[u8], chain: &ChainBytes) {
        let key = self.world.directory.get(node).map(|peer| peer.standing.key());
        if let Some(key) = key {
            let list = ByteBuf::from(list.to_vec());
            let notice = Request::Notice(Notice { list, chain: chain.clone() });
            self.send(node, key, About::Notice, notice, WITHIN);
        }
    }

    /// Issues this node's next list when the last one is half over, or its first.
    pub(crate) fn keep_own_list(&mut self) -> Result<(), Refused> {
        let own = Issuer::Node(self.setup.me());
        let may = self.setup.standing.certificate().may_enrol();
        if !may || self.barred().is_some() || !self.setup.standing.is_valid(self.now) {
            return Ok(());
        }
        let next = match self.world.lists.of(own) {
            None => RevocationList::first(own, self.now, LIST_VALIDITY),
            Some(last) => {
                let half = last.next_update.since(last.issued) / 2;
                // Issued in the future, by a clock that was set back since: nobody takes that one.
                let due = self.now >= last.issued.plus(half)
                    || self.now < last.issued
                    // Under another key, whoever comes new could not check it.
                    || last.signer() != self.setup.key.public();
                if !due {
                    return Ok(());
                }
                last.next(None, self.now, LIST_VALIDITY)
            }
        };
        self.issue_list(next)
    }

    fn issue_list(&mut self, list: RevocationList) -> Result<(), Refused> {
        let signed = Signed::try_sign(list, &self.setup.key, &self.setup.federation);
        let signed = signed.map_err(|error| Refused::Invalid {
            field: "revoked",
            what: format!("the list would not be accepted: {error}"),
        })?;
        self.keep_list(signed, super::greet::chain_bytes(self.setup), None)
    }

    /// Tells the operator, once, when a list along this node's chain is overdue, and when it is
    /// not any more. Whoever has just started may not have greeted its neighbours yet.
    pub(crate) fn watch_lists(&mut self) {
        let status = self.world.lists.status(&self.setup.standing, self.setup.me(), self.now);
        let Status::Stale { issuer, .. } = status else {
            if self.talk.stale.take().is_some_and(|(_, _, told)| told) {
                tracing::info!("吊销名单已更新 revocation lists are up to date again");
            }
            return;
        };
        let (_, since, told) = *self.talk.stale.get_or_insert((issuer, self.now, false));
        if !told && self.now >= since.plus(PATIENCE) {
            tracing::error!(
                ?issuer,
                "吊销名单过期或缺失：本地工作照常，暂停向外提供个人信息，请恢复与上级的连接 a revocation list is \
                 overdue or missing: local work goes on, personal data is not released; get in touch \
                 with the node above"
            );
            self.talk.stale = Some((issuer, since, true));
        }
    }

    /// Revokes a certificate that this node issued.
    pub(crate) fn revoke(
        &mut self,
        by: &Agent,
        node: NodeId,
        reason: Reason,
        last_good: Option<LastGood>,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        let actor = self.power(by, Power::Federation, "federation")?;
        let own = Issuer::Node(self.setup.me());
        let known = self.world.directory.get(node).map(|peer| peer.standing.certificate());
        let known = known.filter(|certificate| certificate.issuer == own);
        let certificate = known.ok_or(Refused::NotFound("node"))?;
        if last_good.is_some() && reason != Reason::Compromised {
            let what = "belongs to a compromise: leave it out".to_owned();
            return Err(Refused::Invalid { field: "last_good", what });
        }
        let entry = Revoked {
            node,
            key: certificate.key,
            serial: certificate.serial,
            since: self.now,
            reason,
            last_good,
            until: certificate.not_after,
        };
        let last = match self.world.lists.of(own) {
            Some(last) => last.value().clone(),
            None => {
                RevocationList { number: 0, ..RevocationList::first(own, self.now, LIST_VALIDITY) }
            }
        };
        let act = TrustAct::Revoke { node, serial: entry.serial, reason, last_good };
        // A list without room is refused: then nothing was done that could be on record.
        self.issue_list(last.next(Some(entry), self.now, LIST_VALIDITY))?;
        let receipt = self.put_trust(actor.as_ref(), &act, once, Receipt::empty())?;
        tracing::warn!(by = ?by, peer = %node.short(), ?reason, "吊销了下级 a node below was revoked");
        Ok(receipt)
    }

    /// Takes in a list from an operator's hands.
    pub(crate) fn install_list(
        &mut self,
        by: &Agent,
        list: &[u8],
        chain: Vec<Vec<u8>>,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        self.power(by, Power::Federation, "federation")?;
        let chain = chain.into_iter().map(Into::into).collect();
        let invalid = |what| Refused::Invalid { field: "list", what };
        if !self.take_list(list, chain, None)?.map_err(invalid)? {
            return Err(invalid("is not newer than the one that is known".to_owned()));
        }
        self.remember(once, &Receipt::empty())?;
        Ok(Receipt::empty())
    }
}
