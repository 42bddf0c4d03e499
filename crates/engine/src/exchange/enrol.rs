//! Enrolling a newcomer who brings the secret of an invitation.

use std::collections::BTreeSet;
use std::time::Duration;

use governance::certificate::{Certificate, Issuer, Right, VERSION};
use record::{PublicKey, Timestamp};

use crate::acts::Desk;
use crate::command::Refused;
use crate::note::{Invitation, Note};
use crate::sign;
use crate::staging::{Lookup, row};
use crate::store::{StoreError, Table};
use crate::wire::{ChainBytes, Enrol};

/// How long a certificate is valid.
pub(super) const VALIDITY: Duration = Duration::from_secs(400 * 24 * 3600);

impl Desk<'_, '_> {
    /// Signs a certificate for whoever connects with `from` and brings a valid secret. `None`:
    /// refuse. The secret works once; the same newcomer asking again gets the same chain.
    pub(crate) fn enrol(
        &mut self,
        from: PublicKey,
        enrol: &Enrol,
    ) -> Result<Option<ChainBytes>, Refused> {
        let hash = blake3::hash(&enrol.secret);
        let invitation: Option<Invitation> = row(self.staging, Table::Invitation, hash.as_bytes())?;
        let known = self.world.directory.by_key(from).map(|(_, known)| known);
        let revoked =
            known.is_some_and(|known| self.world.lists.revoked(&known.standing).is_some());
        if let Some(known) = known.filter(|_| !revoked) {
            let mine = known.standing.parent() == Some(self.setup.me());
            let chain = known.standing.chain().map(|link| link.to_vec().into()).collect();
            return Ok(mine.then_some(chain));
        }
        let Some(invitation) = invitation.filter(|offer| self.now < offer.expires) else {
            return Ok(None);
        };
        let Some(certificate) = self.certificate(from, &invitation) else { return Ok(None) };
        let standing = match self.setup.standing.issue(&self.setup.key, certificate, self.now) {
            Ok(standing) => standing,
            Err(error) => {
                tracing::warn!(error = %error, "invitation can't be honoured");
                return Ok(None);
            }
        };
        let chain: ChainBytes = standing.chain().map(|link| link.to_vec().into()).collect();
        let hash = hash.as_bytes().to_vec().into();
        sign::note(self.setup, self.staging, &Note::Invitation { hash, invitation: None })?;
        self.put_peer(chain.clone(), enrol.addresses.clone())?;
        Ok(Some(chain))
    }

    fn certificate(&self, from: PublicKey, offer: &Invitation) -> Option<Certificate> {
        let own = self.setup.standing.certificate();
        let rights: BTreeSet<Right> =
            if offer.member { [Right::Member].into() } else { own.rights.clone() };
        let until = self.now.plus(VALIDITY).min(own.not_after);
        Some(Certificate {
            version: VERSION,
            node: record::NodeId::from_bytes(*from.as_bytes()),
            key: from,
            endorsements: Vec::new(),
            name: offer.name.clone(),
            level: offer.level.clone(),
            area: offer.area.parse().ok()?,
            rights,
            delegate: !offer.member,
            serial: self.next_serial(record::NodeId::from_bytes(*from.as_bytes())),
            not_before: self.now,
            not_after: until,
            issuer: Issuer::Node(self.setup.me()),
        })
    }
}

impl Desk<'_, '_> {
    /// The serial of a node's next certificate: higher than any that this node knows of it.
    pub(super) fn next_serial(&self, node: record::NodeId) -> u64 {
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
