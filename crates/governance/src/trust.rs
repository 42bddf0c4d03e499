//! What somebody of a node does about who belongs to the federation. Each is a record in the node's
//! own log, with who did it, and stays there: it is no part of any case.

use record::{Hash, NodeId, PublicKey, Timestamp};
use serde::{Deserialize, Serialize};

use crate::area::AreaCode;
use crate::certificate::{LastGood, Reason};

/// An officer's act on another node, or on this node's own place in the federation.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum TrustAct {
    /// Makes an invitation.
    Invite {
        /// blake3 hash of its secret.
        invitation: Hash,
        /// Name of the node to be.
        name: String,
        /// Level key.
        level: String,
        /// Area code.
        area: AreaCode,
        /// A member unit, or a jurisdiction with its own grids.
        member: bool,
        /// Whether an officer has to approve whoever comes with it.
        approval: bool,
        /// Until when it may be used.
        expires: Timestamp,
    },
    /// Withdraws an invitation.
    EndInvitation {
        /// blake3 hash of its secret.
        invitation: Hash,
    },
    /// Lets in the node that came with an invitation.
    Approve {
        /// blake3 hash of the invitation's secret.
        invitation: Hash,
        /// The node.
        node: NodeId,
        /// The key with which it came.
        key: PublicKey,
    },
    /// Revokes the certificate of a node below.
    Revoke {
        /// The node.
        node: NodeId,
        /// Serial of its certificate.
        serial: u64,
        /// Why.
        reason: Reason,
        /// Of a compromise: the last record that is the node's own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last_good: Option<LastGood>,
    },
    /// Accepts that a node below goes on in a new epoch of its log, after a loss.
    AcceptEpoch {
        /// The node.
        node: NodeId,
        /// The epoch.
        epoch: u32,
    },
    /// Puts certificates of this node in force that were brought by hand: renewed by the root, or by
    /// another parent to whom it moves.
    TakeCertificates {
        /// Who certified it; none for the root.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent: Option<NodeId>,
        /// Serial of its certificate.
        serial: u64,
    },
}

impl TrustAct {
    /// What each act is called.
    pub const KEYS: [&'static str; 6] =
        ["invite", "end_invitation", "approve", "revoke", "accept_epoch", "take_certificates"];

    /// Which act, as the API and the console call it.
    #[must_use]
    pub fn key(&self) -> &'static str {
        match self {
            Self::Invite { .. } => "invite",
            Self::EndInvitation { .. } => "end_invitation",
            Self::Approve { .. } => "approve",
            Self::Revoke { .. } => "revoke",
            Self::AcceptEpoch { .. } => "accept_epoch",
            Self::TakeCertificates { .. } => "take_certificates",
        }
    }

    /// The other node that it is about, where there is one yet.
    #[must_use]
    pub fn node(&self) -> Option<NodeId> {
        match self {
            Self::Approve { node, .. }
            | Self::Revoke { node, .. }
            | Self::AcceptEpoch { node, .. } => Some(*node),
            Self::TakeCertificates { parent, .. } => *parent,
            Self::Invite { .. } | Self::EndInvitation { .. } => None,
        }
    }

    /// The invitation that it is about.
    #[must_use]
    pub fn invitation(&self) -> Option<Hash> {
        match self {
            Self::Invite { invitation, .. }
            | Self::EndInvitation { invitation }
            | Self::Approve { invitation, .. } => Some(*invitation),
            Self::Revoke { .. } | Self::AcceptEpoch { .. } | Self::TakeCertificates { .. } => None,
        }
    }

    /// Why a node is revoked.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        if let Self::Revoke { reason, .. } = self { Some(*reason) } else { None }
    }

    /// The epoch that is accepted.
    #[must_use]
    pub fn epoch(&self) -> Option<u32> {
        if let Self::AcceptEpoch { epoch, .. } = self { Some(*epoch) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_act_has_a_key_and_reads_back_under_it() {
        let (invitation, node) = (Hash::from_bytes([1; 32]), NodeId::from_bytes([2; 32]));
        let key = record::NodeKey::from_seed(&[3; 32]).public();
        let last_good = Some(LastGood { epoch: 1, seq: 2 });
        let acts = [
            TrustAct::Invite {
                invitation,
                name: "徽城镇".into(),
                level: "township".into(),
                area: "341021100".parse().unwrap(),
                member: false,
                approval: true,
                expires: Timestamp::from_millis(3),
            },
            TrustAct::EndInvitation { invitation },
            TrustAct::Approve { invitation, node, key },
            TrustAct::Revoke { node, serial: 4, reason: Reason::Compromised, last_good },
            TrustAct::AcceptEpoch { node, epoch: 5 },
            TrustAct::TakeCertificates { parent: None, serial: 6 },
        ];
        assert_eq!(acts.each_ref().map(TrustAct::key), TrustAct::KEYS);
        for act in acts {
            let bytes = record::cbor::encode(&act).unwrap();
            assert_eq!(bytes[1] as usize, 0x60 | act.key().len(), "named as it is called");
            let limits = record::cbor::Limits::of_bytes(1_000);
            assert_eq!(record::cbor::decode::<TrustAct>(&bytes, &limits).unwrap(), act);
        }
    }
}
