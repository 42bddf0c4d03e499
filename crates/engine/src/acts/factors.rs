//! Signing in with a second factor; setting one up, and taking one away.

use governance::act::Body;
use governance::field;
use governance::policy::Power;
use record::Hash;
use serde_bytes::ByteBuf;

use super::Desk;
use super::entrance::invalid;
use crate::command::{Agent, Once, Receipt, Refused};
use crate::factor::{self, Shown};
use crate::kind;
use crate::note::{Factor, FactorRow, Note, Sweep, Token};
use crate::project;
use crate::sign;
use crate::staging::{Lookup, row};
use crate::store::{StoreError, Table};

/// What is set up.
#[derive(Clone)]
pub struct Enrolment {
    /// The account.
    pub account: String,
    /// The new secret, shared with an app.
    pub secret: [u8; factor::SECRET],
    /// The code that the app shows.
    pub code: String,
    /// A code of the one that there is already.
    pub current: Option<String>,
    /// Hashes of recovery codes: [`factor::recovery_hash`].
    pub recovery: Vec<[u8; 32]>,
    /// blake3 of the secret of the session that goes on.
    pub session: [u8; 32],
}

impl Desk<'_, '_> {
    /// Begins a session by password, which the API has found to be right, and by a code where the
    /// account has a second factor.
    pub(super) fn sign_in(
        &mut self,
        by: &Agent,
        hash: [u8; 32],
        token: Token,
        code: Option<&str>,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        let shown = self.shown(&token.account, code)?;
        let receipt = self.begin(by, hash, Token { strong: shown.is_some(), ..token }, once)?;
        self.use_up(shown)?;
        Ok(receipt)
    }

    /// Uses a code up that was found to be right. Last of all: what is refused has used none.
    fn use_up(&mut self, shown: Option<Note>) -> Result<(), Refused> {
        if let Some(note) = shown {
            sign::note(self.setup, self.staging, &note)?;
        }
        Ok(())
    }

    /// What is noted of a right code of an account's factor; `None` where there is no factor.
    fn shown(&self, account: &str, code: Option<&str>) -> Result<Option<Note>, Refused> {
        let Some(known) = self.factor(account)? else { return Ok(None) };
        let typed = code.filter(|code| !code.trim().is_empty()).ok_or(Refused::CodeNeeded)?;
        let (step, recovery) = match factor::read(account, typed).ok_or(Refused::CodeWrong)? {
            Shown::Code(code) => {
                let secret = self.secret_of(&known)?;
                let step = factor::matching(&secret, code, self.now, Some(known.step));
                (step.ok_or(Refused::CodeWrong)?, None)
            }
            Shown::Recovery(hash) => {
                let left = known.recovery.iter().find(|left| left.as_slice() == hash);
                (known.step, Some(left.cloned().ok_or(Refused::CodeWrong)?))
            }
        };
        Ok(Some(Note::FactorUsed { account: account.to_owned(), step, recovery }))
    }

    /// State transition: none, or another → set up, by a first code of the new one. Every other
    /// session of the account ends, and every token that was made without one.
    pub(super) fn enrol_factor(
        &mut self,
        by: &Agent,
        enrolment: &Enrolment,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        let Enrolment { account, secret, code, current, recovery, session } = enrolment;
        self.own_account(by, account)?;
        let shown = self.shown(account, current.as_deref())?;
        let Some(Shown::Code(code)) = factor::read(account, code) else {
            return Err(Refused::CodeWrong);
        };
        let step = factor::matching(secret, code, self.now, None).ok_or(Refused::CodeWrong)?;
        if recovery.len() > factor::RECOVERY {
            return Err(invalid("recovery", "are too many"));
        }
        let held: Option<Token> = row(self.staging, Table::Token, session)?;
        let held = held.filter(|held| held.account == *account && held.label.is_none());
        let held = held.ok_or(Refused::NotFound("session"))?;
        // Before the new one stands in its place.
        self.use_up(shown)?;
        let recovery = recovery.iter().map(|hash| ByteBuf::from(hash.to_vec())).collect();
        let secret = ByteBuf::from(secret.to_vec());
        let factor = Factor { secret, since: self.now, step, recovery };
        let note = Note::Factor { account: account.clone(), factor: Some(factor) };
        sign::note(self.setup, self.staging, &note)?;
        self.end_others(account, session)?;
        let hash = session.to_vec().into();
        let token = Some(Token { strong: true, ..held });
        sign::note(self.setup, self.staging, &Note::Token { hash, token })?;
        let receipt = Receipt { made: Some(Hash::from_bytes(*session)), ..Receipt::empty() };
        self.remember(once, &receipt)?;
        Ok(receipt)
    }

    /// Takes somebody else's second factor away, who has lost it: on record, with the officer's
    /// name. Every session and token of the account ends.
    pub(super) fn reset_factor(&mut self, by: &Agent, name: &str) -> Result<Receipt, Refused> {
        let actor = self.power(by, Power::Roster, "roster")?;
        let account = self.account(name)?.ok_or(Refused::NotFound("account"))?;
        self.factor(name)?.ok_or(Refused::NotFound("factor"))?;
        if actor.as_ref().is_some_and(|actor| actor.id == account.person) {
            return Err(invalid("name", "is your own: another officer resets it"));
        }
        let mut body = Body::default();
        body.put(field::ACCOUNT, &name);
        let mut receipt = Receipt { subject: Some(account.person), ..Receipt::empty() };
        let kind = kind::FACTOR_RESET;
        self.sign_plain(account.person, kind, body, actor.as_ref(), None, &mut receipt)?;
        let note = Note::Factor { account: name.to_owned(), factor: None };
        sign::note(self.setup, self.staging, &note)?;
        self.end_all(name)?;
        Ok(receipt)
    }

    fn end_all(&mut self, account: &str) -> Result<(), Refused> {
        let held = project::held(self.staging, account)?.into_iter().map(|held| held.hash);
        self.swept(Sweep::Tokens, held.collect())
    }

    /// Ends every session but one, and what programs have that was made without a second factor.
    fn end_others(&mut self, account: &str, but: &[u8; 32]) -> Result<(), Refused> {
        let mut ended = Vec::new();
        for held in project::held(self.staging, account)? {
            let token: Option<Token> = row(self.staging, Table::Token, &held.hash)?;
            let stays = token.is_some_and(|token| token.strong) && !held.session;
            if !stays && held.hash.as_slice() != but {
                ended.push(held.hash);
            }
        }
        self.swept(Sweep::Tokens, ended)
    }

    pub(super) fn factor(&self, account: &str) -> Result<Option<FactorRow>, StoreError> {
        row(self.staging, Table::Factor, account.as_bytes())
    }

    /// The secret, which lies in its frame alone.
    fn secret_of(&self, known: &FactorRow) -> Result<ByteBuf, StoreError> {
        let frame = self.staging.frame_at(known.frame)?;
        project::factor_secret(known.frame, &frame)
    }
}
