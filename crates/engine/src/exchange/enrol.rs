//! Enrolling a newcomer who brings the secret of an invitation.

use std::collections::BTreeSet;
use std::time::Duration;

use governance::certificate::{Certificate, Issuer, Right, VERSION};
use record::{NodeId, PublicKey, Timestamp};

use crate::acts::Desk;
use crate::command::Refused;
use crate::note::{Invitation, Newcomer, Note};
use crate::sign;
use crate::staging::{Lookup, row};
use crate::store::{StoreError, Table};
use crate::wire::{ChainBytes, Enrol};

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
    /// node that comes with it; the same newcomer asking again gets the same chain.
    pub(crate) fn enrol(&mut self, from: PublicKey, enrol: &Enrol) -> Result<Admission, Refused> {
        let hash = blake3::hash(&enrol.secret);
        let invitation: Option<Invitation> = row(self.staging, Table::Invitation, hash.as_bytes())?;
        let known = self.world.directory.by_key(from).map(|(_, known)| known);
        let revoked =
            known.is_some_and(|known| self.world.lists.revoked(&known.standing).is_some());
        if let Some(known) = known.filter(|_| !revoked) {
            let mine = known.standing.parent() == Some(self.setup.me());
            let chain = known.standing.chain().map(|link| link.to_vec().into()).collect();
            return Ok(if mine { Admission::Chain(chain) } else { Admission::Refused });
        }
        let Some(invitation) = invitation.filter(|offer| self.now < offer.expires) else {
            return Ok(Admission::Refused);
        };
        if invitation.approval
            && let Some(not_yet) = self.announced(from, hash.as_bytes(), &invitation)?
        {
            return Ok(not_yet);
        }
        let Some(certificate) = self.certificate(from, &invitation) else {
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

    /// Notes who came with an invitation; what it is told unless an officer has approved it.
    fn announced(
        &mut self,
        from: PublicKey,
        hash: &[u8; 32],
        invitation: &Invitation,
    ) -> Result<Option<Admission>, Refused> {
        let newcomer = match &invitation.newcomer {
            Some(newcomer) if newcomer.key == from => newcomer,
            Some(newcomer) => {
                tracing::warn!(first = %NodeId::from_bytes(*newcomer.key.as_bytes()).short(),
                    second = %NodeId::from_bytes(*from.as_bytes()).short(),
                    "同一邀请码来了两个节点：核对之前不要批准，可撤回邀请 two nodes came with one \
                     invitation: approve neither before you know which is right, or withdraw it");
                return Ok(Some(Admission::Refused));
            }
            None => {
                let newcomer = Newcomer { key: from, asked: self.now, approved: None };
                let invitation = Invitation { newcomer: Some(newcomer), ..invitation.clone() };
                let hash = hash.to_vec().into();
                let note = Note::Invitation { hash, invitation: Some(invitation) };
                sign::note(self.setup, self.staging, &note)?;
                tracing::info!(newcomer = %NodeId::from_bytes(*from.as_bytes()).short(),
                    "有节点凭邀请码来到，等待批准 a node came with an invitation and waits for approval");
                return Ok(Some(Admission::Waits));
            }
        };
        Ok(newcomer.approved.is_none().then_some(Admission::Waits))
    }

    fn certificate(&self, from: PublicKey, offer: &Invitation) -> Option<Certificate> {
        let own = self.setup.standing.certificate();
        let rights: BTreeSet<Right> =
            if offer.member { [Right::Member].into() } else { own.rights.clone() };
        let until = self.now.plus(VALIDITY).min(own.not_after);
        Some(Certificate {
            version: VERSION,
            node: NodeId::from_bytes(*from.as_bytes()),
            key: from,
            endorsements: Vec::new(),
            name: offer.name.clone(),
            level: offer.level.clone(),
            area: offer.area.parse().ok()?,
            rights,
            delegate: !offer.member,
            serial: self.next_serial(NodeId::from_bytes(*from.as_bytes())),
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
