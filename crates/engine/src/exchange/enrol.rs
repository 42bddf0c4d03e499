//! Enrolling a newcomer who brings the secret of an invitation.

use std::collections::BTreeSet;
use std::time::Duration;

use governance::certificate::{Certificate, ChainError, Fault, Issuer, Right, Standing, VERSION};
use record::{NodeId, PublicKey, Timestamp};

use super::greet::addresses_fit;
use crate::acts::Desk;
use crate::command::Refused;
use crate::note::{Invitation, Newcomer, Note};
use crate::peer::Peer;
use crate::project;
use crate::sign;
use crate::staging::{Lookup, row};
use crate::store::{StoreError, Table};
use crate::wire::{ChainBytes, Enrol};
use crate::world;

/// How long a certificate is valid.
pub(super) const VALIDITY: Duration = Duration::from_secs(400 * 24 * 3600);

/// What a newcomer is told.
pub(crate) enum Admission {
    /// Its certificates, its own first.
    Chain(ChainBytes),
    /// An officer has to approve it first: it is to ask again.
    Waits,
    /// No. It is not told why.
    Refused,
}

impl Desk<'_, '_> {
    /// Signs a certificate for whoever connects with `from` and brings a valid secret, once an
    /// officer has approved it where the invitation says so. The secret works once, for the first
    /// node that comes with it; the same newcomer asking again gets the same chain. A node that
    /// shows certificates of this federation keeps its id and its keys: it moves here from another
    /// parent, or gets another code or name from the one it has.
    pub(crate) fn enrol(&mut self, from: PublicKey, enrol: &Enrol) -> Result<Admission, Refused> {
        if !addresses_fit(&enrol.addresses) {
            tracing::warn!(peer = %from, "来者的地址过多或过长，未准加入 a newcomer's addresses are too \
                many or too long: refused");
            return Ok(Admission::Refused);
        }
        let hash = blake3::hash(&enrol.secret);
        let invitation: Option<Invitation> = row(self.staging, Table::Invitation, hash.as_bytes())?;
        let Some(invitation) = invitation.filter(|offer| self.now < offer.expires) else {
            return Ok(self.let_in_before(from));
        };
        let before = match self.certified_before(from, enrol, invitation.approval)? {
            Ok(before) => before,
            Err(why) => {
                tracing::warn!(peer = %from, why,
                    "来者的证书或密钥不成立，未准加入 a newcomer's own certificates or key do not hold: \
                     refused");
                return Ok(Admission::Refused);
            }
        };
        // It would not put in force what has an older certificate above it than its own.
        if before.as_ref().is_some_and(|before| self.setup.standing.is_older_than(before)) {
            tracing::warn!(peer = %from,
                "来者的证书链比本节点的新，暂不能接纳：与上级连通、证书换发后请对方再试，邀请仍有效 a newcomer \
                 shows a newer certificate of a node above than this node has: not let in yet; it may \
                 try again with the same invitation when this node has been in touch with the one above");
            return Ok(Admission::Refused);
        }
        if invitation.approval
            && let Some(not_yet) =
                self.announced(from, before.as_ref(), hash.as_bytes(), &invitation)?
        {
            return Ok(not_yet);
        }
        let Some(certificate) = self.certificate(from, &invitation, before.as_ref()) else {
            return Ok(Admission::Refused);
        };
        let standing = match self.setup.standing.issue(&self.setup.key, certificate, self.now) {
            Ok(standing) => standing,
            Err(error) => {
                tracing::warn!(error = %error, "invitation can't be honoured");
                return Ok(Admission::Refused);
            }
        };
        let chain: ChainBytes = standing.chain().map(|link| link.to_vec().into()).collect();
        let hash = hash.as_bytes().to_vec().into();
        sign::note(self.setup, self.staging, &Note::Invitation { hash, invitation: None })?;
        self.put_peer(chain.clone(), enrol.addresses.clone())?;
        Ok(Admission::Chain(chain))
    }

    /// Whoever was let in with the secret before, and missed the answer, gets it again.
    fn let_in_before(&self, from: PublicKey) -> Admission {
        let known = self.world.directory.by_key(from).map(|(_, known)| &known.standing);
        let mine = known.filter(|known| {
            known.parent() == Some(self.setup.me()) && self.world.lists.revoked(known).is_none()
        });
        mine.map_or(Admission::Refused, |known| {
            Admission::Chain(known.chain().map(|link| link.to_vec().into()).collect())
        })
    }

    /// What whoever connects with `from` is certified as already: what it shows, or what this node
    /// knows of it, whichever is newer. `Ok(Err)`: it shows what does not hold, or has a key that is
    /// worth nothing any more.
    fn certified_before(
        &self,
        from: PublicKey,
        enrol: &Enrol,
        approval: bool,
    ) -> Result<Result<Option<Standing>, String>, StoreError> {
        let shown = match self.proven_by(enrol, approval) {
            Ok(shown) => shown,
            Err(error) => return Ok(Err(error.to_string())),
        };
        // Asked by the node and not by the key: of one that was given up there is no trace but in
        // the certificates of whoever has given it up.
        let known = match &shown {
            Some(shown) => self.world.directory.get(shown.node()),
            None => self.known_by(from),
        };
        if let (Some(shown), Some(known)) = (&shown, known)
            && shown.is_older_than(&known.standing)
        {
            return Ok(Err("they are older than those that are known here".into()));
        }
        let before = shown.or_else(|| known.map(|known| known.standing.clone()));
        if before.as_ref().is_some_and(|before| before.key() != from) {
            return Ok(Err("they are for another key".into()));
        }
        if let (Some(before), Some(known)) = (&before, known)
            && !known.will_lead_to(before)
        {
            return Ok(Err("the node has given this key up".into()));
        }
        let node = node_of(from, before.as_ref());
        let by = before.as_ref().map(|before| before.certificate().issuer);
        if project::is_compromised(self.staging, node, &from, by)? {
            return Ok(Err("whoever certified it says that others may have its key".into()));
        }
        Ok(Ok(before))
    }

    /// What a newcomer's certificates prove. Those that ran out, as when there was nobody any more to
    /// renew them, still tell who it is, where an officer asks whoever runs it.
    fn proven_by(&self, enrol: &Enrol, approval: bool) -> Result<Option<Standing>, ChainError> {
        let Some(chain) = &enrol.chain else { return Ok(None) };
        match world::verify(self.setup, chain, self.now) {
            Err(error @ ChainError::Certificate { fault: Fault::Expired(_), .. }) if approval => {
                world::standing_at_its_time(self.setup, chain).ok_or(error).map(Some)
            }
            verified => verified.map(Some),
        }
    }

    /// The node that has this key, will have it, or was born with it.
    fn known_by(&self, key: PublicKey) -> Option<&Peer> {
        let directory = &self.world.directory;
        let born = || directory.get(NodeId::from_genesis(&key));
        directory.by_key(key).map(|(_, known)| known).or_else(born)
    }

    /// Notes who came with an invitation; what it is told unless an officer has approved it.
    fn announced(
        &mut self,
        from: PublicKey,
        before: Option<&Standing>,
        hash: &[u8; 32],
        invitation: &Invitation,
    ) -> Result<Option<Admission>, Refused> {
        let node = node_of(from, before);
        let newcomer = match &invitation.newcomer {
            Some(newcomer) if newcomer.key == from && newcomer.node() == node => newcomer,
            Some(newcomer) => {
                tracing::warn!(first = %newcomer.node().short(), second = %node.short(),
                    "同一邀请码来了两个节点：核对之前不要批准，可撤回邀请 two nodes came with one \
                     invitation: approve neither before you know which is right, or withdraw it");
                return Ok(Some(Admission::Refused));
            }
            None => {
                let born = NodeId::from_genesis(&from);
                let certified = Some(node).filter(|node| *node != born);
                let newcomer =
                    Newcomer { key: from, node: certified, asked: self.now, approved: None };
                let invitation = Invitation { newcomer: Some(newcomer), ..invitation.clone() };
                let hash = hash.to_vec().into();
                let note = Note::Invitation { hash, invitation: Some(invitation) };
                sign::note(self.setup, self.staging, &note)?;
                tracing::info!(newcomer = %node.short(),
                    "有节点凭邀请码来到，等待批准 a node came with an invitation and waits for approval");
                return Ok(Some(Admission::Waits));
            }
        };
        Ok(newcomer.approved.is_none().then_some(Admission::Waits))
    }

    fn certificate(
        &self,
        from: PublicKey,
        offer: &Invitation,
        before: Option<&Standing>,
    ) -> Option<Certificate> {
        let own = self.setup.standing.certificate();
        let rights: BTreeSet<Right> =
            if offer.member { [Right::Member].into() } else { own.rights.clone() };
        let until = self.now.plus(VALIDITY).min(own.not_after);
        let node = node_of(from, before);
        let before = before.map(Standing::certificate);
        let last = before.map_or(0, |known| known.serial.saturating_add(1));
        Some(Certificate {
            version: VERSION,
            node,
            key: from,
            endorsements: before.map(|known| known.endorsements.clone()).unwrap_or_default(),
            name: offer.name.clone(),
            level: offer.level.clone(),
            area: offer.area.parse().ok()?,
            rights,
            delegate: !offer.member,
            serial: self.next_serial(node).max(last),
            not_before: self.now,
            not_after: until,
            issuer: Issuer::Node(self.setup.me()),
        })
    }
}

impl Desk<'_, '_> {
    /// The serial of a node's next certificate: higher than any that this node knows of it.
    pub(super) fn next_serial(&self, node: NodeId) -> u64 {
        let known = self.world.directory.get(node).map(|peer| peer.standing.certificate().serial);
        let own = Issuer::Node(self.setup.me());
        let listed = self.world.lists.of(own).into_iter().flat_map(|list| &list.revoked);
        let revoked = listed.filter(|entry| entry.node == node).map(|entry| entry.serial).max();
        let last = known.max(revoked).unwrap_or(0);
        last.max(self.staging.log.frontier.size()).saturating_add(1)
    }
}

/// The node that connects with a key: what it is certified as, or the one born with the key.
fn node_of(from: PublicKey, before: Option<&Standing>) -> NodeId {
    before.map_or_else(|| NodeId::from_genesis(&from), Standing::node)
}

/// Whether an invitation is waiting to be used, so that strangers may knock.
pub(crate) fn invitations_open(
    view: &(impl Lookup + ?Sized),
    now: Timestamp,
) -> Result<bool, StoreError> {
    let found = view.scan(Table::Invitation, &[], None, 1_000)?;
    for (_, value) in found {
        let invitation: Invitation = crate::staging::decode(&value)?;
        if now < invitation.expires {
            return Ok(true);
        }
    }
    Ok(false)
}
