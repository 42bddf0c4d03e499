//! Certificates in operation: renewed in good time, with a new key where the operator wants one,
//! and when those above changed. A node never stops for it, and its neighbours need not start anew.

use std::sync::Arc;
use std::time::Duration;

use governance::certificate::{Certificate, Endorsement, MAX_ROTATIONS, Pin, Standing};
use governance::policy::Power;
use governance::trust::TrustAct;
use record::{NodeId, NodeKey, PublicKey};
use serde_bytes::ByteBuf;

use super::enrol::VALIDITY;
use super::greet::{MAX_ADDRESS, MAX_ADDRESSES};
use crate::acts::Desk;
use crate::command::{Agent, Once, Receipt, Refused};
use crate::engine::{About, Talk};
use crate::note::{Note, Rotation};
use crate::peer::{Card, Relation};
use crate::project;
use crate::sign;
use crate::staging::{Lookup, row};
use crate::store::{FrameKind, Read, StoreError, Table};
use crate::wire::{ChainBytes, Renew, Request};
use crate::world::{self, Setup};

const WITHIN: Duration = Duration::from_secs(20);
/// How often a parent is asked for a certificate at most.
const EVERY: Duration = Duration::from_secs(600);
/// The same, while the node waits with everything for its new key.
const EVERY_FOR_KEY: Duration = Duration::from_secs(15);
/// A certificate that would hold only so much longer is not worth a new one.
const WORTH: Duration = Duration::from_secs(86_400);

/// Row of the node's own chain, if it was renewed since it joined.
pub(crate) const STANDING: &[u8] = b"standing";
/// Row of the change of its key that is under way.
pub(crate) const ROTATION: &[u8] = b"rotation";

/// Who a node is by what its journal has: the certificates it got last, and the key that they name.
///
/// # Errors
/// When the index can't be read.
pub(crate) fn current(setup: Arc<Setup>, reader: &Arc<dyn Read>) -> Result<Arc<Setup>, StoreError> {
    let chain: Option<ChainBytes> = row(reader, Table::Meta, STANDING)?;
    let found = chain.and_then(|chain| world::standing_at_its_time(&setup, &chain));
    let Some(standing) = found.filter(|found| setup.standing.is_older_than(found)) else {
        return Ok(setup);
    };
    Ok(renewed(&setup, standing, setup.next_key.clone()).unwrap_or(setup))
}

/// The setup under new certificates; `None` where they name a key that is not here.
pub(crate) fn renewed(
    setup: &Setup,
    standing: Standing,
    next_key: Option<Arc<NodeKey>>,
) -> Option<Arc<Setup>> {
    let keys = [Some(setup.key.clone()), next_key];
    let key = keys.into_iter().flatten().find(|key| key.public() == standing.key())?;
    Some(Arc::new(Setup { key, standing, next_key: None, ..setup.clone() }))
}

/// Whether the key is being changed, so that nothing may be signed into the log.
fn is_rotating(talk: &Talk, view: &impl Lookup) -> bool {
    talk.successor().is_some() || view.value(Table::Meta, ROTATION).is_ok_and(|row| row.is_some())
}

/// Why this node does not sign for now, where its key is being changed.
pub(crate) fn rotating(talk: &Talk, view: &impl Lookup) -> Option<String> {
    is_rotating(talk, view).then(|| {
        "the node's key is being changed: it signs again when the new one is certified".to_owned()
    })
}

impl Desk<'_, '_> {
    pub(crate) fn rotation(&self) -> Result<Option<Rotation>, StoreError> {
        row(self.staging, Table::Meta, ROTATION)
    }

    /// Whether the key is being changed, so that nothing may be signed into the log.
    pub(crate) fn is_rotating(&self) -> bool {
        is_rotating(self.talk, self.staging)
    }

    /// Asks the parent for a certificate when two thirds of the last one are over, when those above
    /// are not the ones it shows now, and when the key is to be changed.
    pub(crate) fn seek_certificate(&mut self) {
        let Some(parent) = self.setup.standing.parent() else { return };
        let Ok(rotation) = self.rotation() else { return };
        let wanted = rotation.is_some() || self.wants_certificate(parent);
        if !wanted || self.talk.successor().is_some() {
            return;
        }
        let (now, every) = (self.now, if rotation.is_some() { EVERY_FOR_KEY } else { EVERY });
        let greeted = self.talk.sessions.get_mut(&parent).filter(|session| session.greeted);
        let Some(session) = greeted else { return };
        if session.renewed.is_some_and(|last| now < last.plus(every)) {
            return;
        }
        session.renewed = Some(now);
        let endorsement = rotation.map(|rotation| rotation.endorsement);
        if let Some(key) = self.world.directory.get(parent).map(|peer| peer.standing.key()) {
            let request = Request::Renew(Renew { endorsement });
            self.send(parent, key, About::Renew, request, WITHIN);
        }
    }

    fn wants_certificate(&self, parent: NodeId) -> bool {
        let own = self.setup.standing.certificate();
        let late = own.not_before.plus(own.not_after.since(own.not_before) * 2 / 3) <= self.now;
        let shown = self.world.directory.get(parent);
        let moved_on = shown.is_some_and(|parent| {
            let above = self.setup.standing.chain().skip(1);
            !parent.standing.chain().eq(above)
                && !parent.standing.is_older_than(&self.setup.standing)
        });
        late || moved_on
    }

    /// A child asks for a new certificate, perhaps for a new key that its old one endorses.
    /// `None`: refuse.
    pub(crate) fn renew(
        &mut self,
        peer: NodeId,
        asked: &Renew,
    ) -> Result<Option<ChainBytes>, Refused> {
        let below = |relation| matches!(relation, Relation::Child | Relation::Unit);
        let known = self.world.directory.get(peer).filter(|known| below(known.relation));
        let Some(known) = known else { return Ok(None) };
        let (standing, addresses) = (known.standing.clone(), known.addresses.clone());
        let was = standing.certificate().clone();
        let Some((key, endorsements)) = self.next_key(&was, asked)? else { return Ok(None) };
        let own = self.setup.standing.certificate();
        let not_after = self.now.plus(VALIDITY).min(own.not_after);
        let same_above = standing.chain().skip(1).eq(self.setup.standing.chain());
        let is_new = key != was.key;
        if !is_new && same_above && not_after <= was.not_after.plus(WORTH) {
            return Ok(Some(bytes_of(&standing)));
        }
        let rights = was.rights.intersection(&own.rights).copied().collect();
        // This node's own code may have become another: then those below get theirs under it.
        let under = standing.ancestors().next().map(|above| &above.area);
        let area = under.and_then(|under| was.area.moved(under, &own.area));
        let next = Certificate {
            key,
            endorsements,
            rights,
            area: area.unwrap_or_else(|| was.area.clone()),
            serial: self.next_serial(peer),
            not_before: self.now,
            not_after,
            ..was
        };
        let issued = match self.setup.standing.issue(&self.setup.key, next, self.now) {
            Ok(issued) => bytes_of(&issued),
            Err(error) => {
                tracing::warn!(peer = %peer, error = %error,
                    "换发不了下级的证书 a child's certificate can't be renewed");
                return Ok(None);
            }
        };
        tracing::info!(peer = %peer.short(), new_key = is_new,
            "已换发下级证书 a child's certificate was renewed");
        if is_new {
            // It goes on under the old one until it shows the new one itself.
            self.put_card(bytes_of(&standing), Some(issued.clone()), addresses)?;
        } else {
            self.put_card(issued.clone(), None, addresses)?;
        }
        Ok(Some(issued))
    }

    /// The key to be certified, with what leads to it. `None`: the endorsement does not hold.
    fn next_key(
        &self,
        was: &Certificate,
        asked: &Renew,
    ) -> Result<Option<(PublicKey, Vec<ByteBuf>)>, StoreError> {
        let mut endorsements = was.endorsements.clone();
        let Some(bytes) = &asked.endorsement else { return Ok(Some((was.key, endorsements))) };
        if endorsements.last() == Some(bytes) {
            return Ok(Some((was.key, endorsements)));
        }
        let Ok(said) = Endorsement::of(&self.setup.federation, was, bytes) else {
            return Ok(None);
        };
        let known = self.last_known(was.node)?;
        let pinned = said.last.map(|pin| (pin.epoch, pin.seq));
        if pinned < known {
            tracing::warn!(peer = %was.node,
                "换钥声明与已收到的记录不符 an endorsement of a new key leaves out records that came");
            return Ok(None);
        }
        endorsements.push(bytes.clone());
        Ok(Some((said.key, endorsements)))
    }

    /// The last place of a node's log of which this one has the record.
    fn last_known(&self, node: NodeId) -> Result<Option<(u32, u64)>, StoreError> {
        let last = self.staging.last(Table::Log, node.as_bytes())?;
        Ok(last.and_then(|(key, _)| {
            let place = key.get(NodeId::LEN..)?;
            let (epoch, seq) = place.split_first_chunk::<4>()?;
            let seq = u64::from_be_bytes(seq.try_into().ok()?);
            Some((u32::from_be_bytes(*epoch), seq))
        }))
    }

    /// The parent's answer: the new chain is kept, and in force once the batch is durable.
    pub(crate) fn renewed(&mut self, from: NodeId, chain: &ChainBytes) -> Result<(), Refused> {
        if self.setup.standing.parent() != Some(from) {
            return Ok(());
        }
        if let Err(why) = self.take_standing(chain, Vec::new())? {
            tracing::warn!(why, "上级换发的证书不可用 the certificates that came can't be used");
        }
        Ok(())
    }

    /// The parent gave none: it may not have greeted this node yet, after a change of its key.
    pub(crate) fn not_renewed(&mut self, from: NodeId) {
        let soon = self.now.minus(EVERY).plus(EVERY_FOR_KEY);
        if let Some(session) = self.talk.sessions.get_mut(&from) {
            session.renewed = session.renewed.map(|asked| asked.min(soon));
        }
    }

    /// Puts new certificates of this node in force. `Ok(Err)`: they are not usable, and why; the
    /// ones it has already are none either, without a word.
    fn take_standing(
        &mut self,
        chain: &ChainBytes,
        addresses: Vec<String>,
    ) -> Result<Result<(), String>, Refused> {
        let standing = match world::verify(self.setup, chain, self.now) {
            Ok(standing) => standing,
            Err(error) => return Ok(Err(error.to_string())),
        };
        if standing.node() != self.setup.me() {
            return Ok(Err("they are for another node".into()));
        }
        let own = &self.setup.standing;
        if own == &standing {
            return Ok(Ok(()));
        }
        if standing.is_older_than(own) || !own.is_older_than(&standing) {
            return Ok(Err("they are not newer than those that it has".into()));
        }
        let Some(next) = renewed(self.setup, standing.clone(), self.talk.next_key.clone()) else {
            return Ok(Err("they name a key that is not here".into()));
        };
        let note = Note::Standing { chain: chain.clone() };
        let frame = sign::local(FrameKind::Certificate, sign::encode(&note));
        let (at, frame) = self.staging.push(frame)?;
        project::project(sign::whose(self.setup), self.staging, at, &frame)?;
        tracing::info!(until = %standing.expires(), "证书已更新 certificates renewed");
        self.talk.announce = true;
        if self.setup.standing.parent() != standing.parent() {
            self.part_from_parent(chain, addresses)?;
        } else if chain.len() > 1 && !addresses.is_empty() {
            // By an invitation of the same parent, whose key may be another since this node was away.
            self.put_peer(chain[1..].to_vec(), addresses)?;
        }
        if next.key.public() == self.setup.key.public() {
            self.change_world(|world| {
                let lists = world.lists.clone();
                Arc::make_mut(&mut world.directory).judge(&standing, &lists);
            });
            self.talk.renewed = Some(next);
        } else {
            self.talk.chosen = Some(next);
        }
        Ok(Ok(()))
    }

    /// The new certificates are by another parent: it is a neighbour from now on, and the one
    /// before it stays one, for the sake of what both have (see [`crate::peer::Former`]).
    fn part_from_parent(
        &mut self,
        chain: &ChainBytes,
        addresses: Vec<String>,
    ) -> Result<(), Refused> {
        if let Some(before) = self.setup.standing.parent()
            && let Some(card) = row::<Card>(self.staging, Table::Peer, before.as_bytes())?
            && let Some(known) = self.world.directory.get(before)
        {
            // Its certificates may have run out meanwhile, and that be why this node moves.
            let (standing, next) = (known.standing.clone(), known.next);
            self.keep_card(standing, next, card)?;
        }
        if chain.len() > 1 {
            self.put_peer(chain[1..].to_vec(), addresses)?;
        }
        Ok(())
    }

    /// Shows the neighbours the certificates that are new, on the connections that are up.
    pub(crate) fn announce(&mut self) {
        if !std::mem::take(&mut self.talk.announce) {
            return;
        }
        let greeted = self.talk.sessions.iter().filter(|(_, session)| session.greeted);
        let greeted: Vec<NodeId> = greeted.map(|(node, _)| *node).collect();
        for node in greeted {
            let key = self.world.directory.get(node).map(|peer| peer.standing.key());
            if let Some(key) = key {
                self.say_hello(node, key);
            }
        }
    }

    /// A neighbour shows, over its old connection, the certificates with which it will come next.
    pub(super) fn expect(&mut self, node: NodeId, chain: &ChainBytes) -> Result<(), Refused> {
        let known: Option<Card> = row(self.staging, Table::Peer, node.as_bytes())?;
        match known {
            Some(known) if known.next.as_ref() != Some(chain) => {
                self.put_card(known.chain, Some(chain.clone()), known.addresses).map(|_| ())
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Begins to change this node's key: the old one endorses the new one and pins the last record,
    /// and nothing more is signed until the new one is certified.
    pub(crate) fn rotate(
        &mut self,
        by: &Agent,
        key: Arc<NodeKey>,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        self.power(by, Power::Federation, "federation")?;
        let invalid = |what: &str| Refused::Invalid { field: "key", what: what.to_owned() };
        if self.setup.standing.certificate().endorsements.len() >= MAX_ROTATIONS {
            return Err(invalid("was changed as often as it can be: make a new node"));
        }
        if key.public() == self.setup.key.public() {
            return Err(invalid("is the one in use"));
        }
        // Whatever this batch still signs would lie behind the pin.
        let head = self.staging.log.head;
        let last = head.map(|head| Pin { epoch: head.epoch, seq: head.seq, id: head.id });
        let (node, time, public) = (self.setup.me(), self.now, key.public());
        let said = Endorsement { version: 1, node, key: public, last, time };
        let endorsement = said.sign(&self.setup.key, &self.setup.federation);
        let endorsement = endorsement.map_err(|error| invalid(&error.to_string()))?;
        let rotation = Rotation { key: public, endorsement };
        sign::note(self.setup, self.staging, &Note::Rotation(rotation))?;
        self.talk.next_key = Some(key);
        self.remember(once, &Receipt::empty())?;
        Ok(Receipt::empty())
    }

    /// Takes in certificates from an operator's hands: this node's own, which the root renewed, or
    /// which another parent signed to whom the node moves; that one is at `addresses`.
    pub(crate) fn install_certificates(
        &mut self,
        by: &Agent,
        chain: Vec<Vec<u8>>,
        addresses: Vec<String>,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        let actor = self.power(by, Power::Federation, "federation")?;
        let chain: ChainBytes = chain.into_iter().map(Into::into).collect();
        let invalid = |what| Refused::Invalid { field: "chain", what };
        let few = addresses.len() <= MAX_ADDRESSES
            && addresses.iter().all(|address| address.len() <= MAX_ADDRESS);
        if !few {
            let what = format!("are at most {MAX_ADDRESSES} of {MAX_ADDRESS} bytes");
            return Err(Refused::Invalid { field: "addresses", what });
        }
        self.take_standing(&chain, addresses)?.map_err(invalid)?;
        // Where another key comes with them, this one signs nothing any more.
        if let Some(next) = self.talk.renewed.clone() {
            let (parent, serial) = (next.standing.parent(), next.standing.certificate().serial);
            let act = TrustAct::TakeCertificates { parent, serial };
            return self.put_trust(actor.as_ref(), &act, once, Receipt::empty());
        }
        self.remember(once, &Receipt::empty())?;
        Ok(Receipt::empty())
    }
}

fn bytes_of(standing: &Standing) -> ChainBytes {
    standing.chain().map(|link| ByteBuf::from(link.to_vec())).collect()
}
