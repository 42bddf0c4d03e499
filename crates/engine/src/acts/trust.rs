//! What somebody does about who belongs to the federation, on record with their name.

use governance::act::Body;
use governance::field;
use governance::roster::Actor;
use governance::trust::TrustAct;
use record::Subject;

use super::Desk;
use crate::command::{Once, Receipt, Refused};
use crate::kind;

impl Desk<'_, '_> {
    /// Signs a record of the act, by nobody in particular where it was at the node's own console;
    /// gives the receipt with the record.
    pub(crate) fn put_trust(
        &mut self,
        actor: Option<&Actor>,
        act: &TrustAct,
        once: Option<Once>,
        mut receipt: Receipt,
    ) -> Result<Receipt, Refused> {
        let mut body = Body::default();
        body.put(field::TRUST_ACT, act);
        let subject = Subject::random(self.rng);
        self.sign_plain(subject, kind::TRUST, body, actor, once, &mut receipt)?;
        Ok(receipt)
    }
}
