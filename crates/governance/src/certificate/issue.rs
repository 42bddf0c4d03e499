//! Issuing certificates: nothing is issued that verification would refuse, because what was
//! signed is verified before it is handed out.

use record::{EnvelopeError, FederationId, NodeKey, Signed, Timestamp};

use super::{Certificate, ChainError, Issuer, Standing, verify_chain};

/// Why a certificate is not issued.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum IssueError {
    /// The certificate breaks a rule of its own form.
    #[error("certificate is not well formed")]
    Form(#[from] EnvelopeError),
    /// Verification refuses it.
    #[error("certificate would be refused by everybody")]
    Refused(#[from] ChainError),
    /// The key at hand is not the issuing node's.
    #[error("the signing key is not the one in the issuing node's certificate")]
    OtherKey,
}

/// Signs a certificate with the federation's root key; its `issuer` becomes [`Issuer::Root`].
///
/// # Errors
/// When verification at `now` would refuse it: see [`IssueError`].
pub fn issue_root(
    root: &NodeKey,
    certificate: Certificate,
    now: Timestamp,
) -> Result<Standing, IssueError> {
    let federation = FederationId::of_root(&root.public());
    let certificate = Certificate { issuer: Issuer::Root, ..certificate };
    let signed = Signed::try_sign(certificate, root, &federation)?;
    Ok(verify_chain(&root.public(), &federation, &[signed.bytes()], now)?)
}

impl Standing {
    /// Signs a child's certificate with this node's key; its `issuer` becomes this node.
    ///
    /// # Errors
    /// When verification at `now` would refuse it: see [`IssueError`].
    pub fn issue(
        &self,
        key: &NodeKey,
        certificate: Certificate,
        now: Timestamp,
    ) -> Result<Self, IssueError> {
        if key.public() != self.key() {
            return Err(IssueError::OtherKey);
        }
        let certificate = Certificate { issuer: Issuer::Node(self.node()), ..certificate };
        let signed = Signed::try_sign(certificate, key, self.federation())?;
        Ok(self.admit(signed.bytes(), now)?)
    }
}
