//! What one person proposes and another confirms: appointments to the roles that policy names, and
//! accounts of whoever holds one. Each step is a record with its person's name; what is proposed
//! gives nothing until it is confirmed.

use std::time::Duration;

use governance::act::Body;
use governance::field;
use governance::grant::{Confirming, GrantRule};
use governance::policy::Power;
use governance::roster::{Actor, Agreement, Appointment};
use record::{RecordId, Subject};

use super::Desk;
use super::offices::of_appointment;
use crate::command::{Agent, MAX_PROPOSALS, Once, Receipt, Refused};
use crate::kind;
use crate::note::{Account, Note, Proposed, Proposing, Sweep};
use crate::project;
use crate::sign::{self, whose};
use crate::staging::{Lookup, decode, row};
use crate::store::{StoreError, Table};
use crate::view;

impl Desk<'_, '_> {
    /// Proposes an appointment that was found in order.
    pub(super) fn propose_role(
        &mut self,
        by: &Actor,
        rule: &GrantRule,
        person: Subject,
        appointment: Appointment,
        agreement: Option<&Agreement>,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        let body = of_appointment(&appointment, agreement);
        self.propose(by, rule, person, body, Proposing::Role(appointment), once)
    }

    /// Proposes to open an account, to set its password or to enable it again.
    pub(super) fn propose_account(
        &mut self,
        by: &Actor,
        rule: &GrantRule,
        person: Subject,
        what: Proposing,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        let mut body = Body::default();
        if let Proposing::Account { name, .. } = &what {
            body.put(field::ACCOUNT, name);
        }
        self.propose(by, rule, person, body, what, once)
    }

    /// State transition: nothing → proposed. What waits already is not proposed once more.
    fn propose(
        &mut self,
        by: &Actor,
        rule: &GrantRule,
        person: Subject,
        mut body: Body,
        what: Proposing,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        let now = self.now;
        self.sweep_by_the_way(Sweep::Proposals, |row: &Proposed| row.expires <= now)?;
        let waiting = self.staging.scan(Table::Proposal, &[], None, MAX_PROPOSALS)?;
        for (_, bytes) in &waiting {
            let known: Proposed = decode(bytes)?;
            if now < known.expires && known.person == person && known.what.is_like(&what, now) {
                let record = Some(known.record);
                let subject = Some(person);
                let receipt = Receipt { record, subject, pending: true, ..Receipt::empty() };
                self.remember(once, &receipt)?;
                return Ok(receipt);
            }
        }
        if waiting.len() >= MAX_PROPOSALS {
            let what = format!("{MAX_PROPOSALS} proposals wait: confirm or refuse some first");
            return Err(Refused::Invalid { field: "role", what });
        }
        let expires = now.plus(Duration::from_secs(u64::from(rule.days) * 86_400));
        body.put(field::EXPIRES, &expires);
        let (epoch, seq) = self.staging.log.next();
        let mut receipt = Receipt { subject: Some(person), pending: true, ..Receipt::empty() };
        self.sign_plain(person, kind::PROPOSED, body, Some(by), once, &mut receipt)?;
        let record = receipt.record.ok_or(Refused::NotFound("proposal"))?;
        let by = by.id;
        let proposed = Proposed { record, epoch, seq, person, by, at: now, expires, what };
        sign::note(self.setup, self.staging, &Note::Proposed(proposed))?;
        Ok(receipt)
    }

    /// State transition: proposed → in force, by another person than the one who proposed it.
    pub(super) fn confirm(
        &mut self,
        by: &Agent,
        proposal: RecordId,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        let power = self.world.policy().confirming();
        let actor = self.power(by, power, power.key())?.ok_or(Refused::NotFound("proposal"))?;
        let known = self.waiting(proposal)?;
        let proposer = self.world.roster.actor(known.by, self.now);
        let twins = self.are_twins(known.by, actor.id)?;
        Confirming { proposer: proposer.as_ref(), person: known.person, twins }
            .check(self.world.policy(), &actor)?;
        let receipt = match known.what.clone() {
            Proposing::Role(appointment) => {
                let agreement = self.agreement_of(&known)?;
                self.check_appointment(known.person, &appointment, agreement.as_ref())?;
                let (agreement, by) = (agreement.as_ref(), Some(&actor));
                let proposal = Some(proposal);
                self.sign_appointment(known.person, appointment, agreement, by, proposal, once)?
            }
            Proposing::Account { name, password, enabled } => {
                let before = self.account(&name)?;
                let known_hash = before.as_ref().map(|account| account.password.clone());
                let password = password.or(known_hash).ok_or(Refused::NotFound("account"))?;
                if before.as_ref().is_some_and(|before| before.person != known.person) {
                    return Err(Refused::NotFound("account"));
                }
                let account = Account { name, person: known.person, password, enabled };
                self.confirm_account(&actor, proposal, before.as_ref(), account, once)?
            }
        };
        sign::note(self.setup, self.staging, &Note::Settled { proposal })?;
        Ok(receipt)
    }

    fn confirm_account(
        &mut self,
        by: &Actor,
        proposal: RecordId,
        before: Option<&Account>,
        account: Account,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        let person = account.person;
        let mut body = Body::default();
        body.put(field::PROPOSAL, &proposal);
        let mut receipt = Receipt { subject: Some(person), ..Receipt::empty() };
        self.sign_plain(person, kind::ACCOUNT_CONFIRMED, body, Some(by), once, &mut receipt)?;
        self.change_account(before, account, None, None)?;
        Ok(receipt)
    }

    /// State transition: proposed → refused; or taken back by whoever proposed it.
    pub(super) fn end_proposal(
        &mut self,
        by: &Agent,
        proposal: RecordId,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        let power = self.world.policy().confirming();
        let actor = match self.power(by, Power::Roster, Power::Roster.key()) {
            Err(Refused::Power(_)) => self.power(by, power, power.key())?,
            done => done?,
        };
        let known = self.waiting(proposal)?;
        let mut body = Body::default();
        body.put(field::PROPOSAL, &proposal);
        let mut receipt = Receipt { subject: Some(known.person), ..Receipt::empty() };
        let kind = kind::PROPOSAL_ENDED;
        self.sign_plain(known.person, kind, body, actor.as_ref(), once, &mut receipt)?;
        sign::note(self.setup, self.staging, &Note::Settled { proposal })?;
        Ok(receipt)
    }

    /// A proposal that has not lapsed.
    fn waiting(&self, proposal: RecordId) -> Result<Proposed, Refused> {
        let known: Option<Proposed> = row(self.staging, Table::Proposal, proposal.as_bytes())?;
        let known = known.filter(|known| self.now < known.expires);
        known.ok_or(Refused::NotFound("proposal"))
    }

    /// Whether the roster has two people under one name and telephone number: one person, entered
    /// twice.
    fn are_twins(&self, one: Subject, other: Subject) -> Result<bool, StoreError> {
        let of = |person| view::staff(self.staging, whose(self.setup), person);
        let (Some(one), Some(other)) = (of(one)?, of(other)?) else { return Ok(false) };
        Ok(one == other && one.phone.is_some())
    }

    /// The agreement that a proposed appointment is under.
    fn agreement_of(&self, known: &Proposed) -> Result<Option<Agreement>, Refused> {
        let at = project::position_of(self.staging, self.setup.me(), known.epoch, known.seq)?;
        let at = at.ok_or(Refused::NotFound("proposal"))?;
        let readable = project::read(whose(self.setup), at, &*self.staging.frame_at(at)?)?;
        let damaged = |_| StoreError::Index { what: "a proposal's record can't be read".into() };
        let number = readable.fields.get(field::AGREEMENT_NUMBER).map_err(damaged)?;
        let text = readable.fields.get(field::AGREEMENT_TEXT).map_err(damaged)?;
        Ok(number.map(|number| Agreement { number, text }))
    }
}
