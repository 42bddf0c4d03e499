//! Accounts, sessions, programs' tokens and invitations: who may make them and who may end them.
//! Whatever was proven to the API, the engine asks by itself: deny by default.

use governance::area::AreaCode;
use governance::grant::GrantRule;
use governance::policy::Power;
use governance::trust::TrustAct;
use record::{Hash, NodeId, Subject};
use serde_bytes::ByteBuf;

use super::Desk;
use crate::command::{
    Agent, MAX_INVITATION, MAX_LABEL, MAX_SESSION, MAX_TOKEN, MAX_TOKENS, MAX_VIEW_NAME,
    MAX_VIEW_QUERY, MAX_VIEWS, Once, Receipt, Refused,
};
use crate::note::{
    Account, Approval, Invitation, Newcomer, Note, Proposing, SavedView, Sweep, Token,
};
use crate::project;
use crate::sign;
use crate::staging::row;
use crate::store::{StoreError, Table};

/// Longest password hash, in bytes.
const MAX_PHC: usize = 512;

impl Desk<'_, '_> {
    /// Opens or changes an account, whosever it is: by power over the roster alone.
    pub(super) fn put_account(
        &mut self,
        by: &Agent,
        account: Account,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        let actor = self.power(by, Power::Roster, "roster")?;
        check_account(&account)?;
        if self.world.roster.get(account.person).is_none() {
            return Err(Refused::NotFound("person"));
        }
        let known = self.account(&account.name)?;
        if known.as_ref().is_some_and(|known| known.person != account.person) {
            return Err(invalid("name", "this login name belongs to somebody else"));
        }
        if let (Some(actor), Some(rule)) = (actor, self.opened_by_two(account.person))
            && known.as_ref() != Some(&account)
        {
            let Account { name, person, password, enabled } = account;
            let what = Proposing::Account { name, password: Some(password), enabled };
            return self.propose_account(&actor, &rule, person, what, once);
        }
        self.change_account(known.as_ref(), account, None, once)
    }

    /// Changes whether an account may be used.
    pub(super) fn enable_account(
        &mut self,
        by: &Agent,
        name: &str,
        person: Subject,
        enabled: bool,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        let actor = self.power(by, Power::Roster, "roster")?;
        let known = self.account(name)?.ok_or(Refused::NotFound("account"))?;
        if known.person != person {
            return Err(invalid("name", "this login name belongs to somebody else"));
        }
        // Taking away is for one, giving back for two.
        if let (Some(actor), Some(rule)) = (actor, self.opened_by_two(person))
            && enabled
            && !known.enabled
        {
            let what = Proposing::Account { name: known.name, password: None, enabled };
            return self.propose_account(&actor, &rule, person, what, once);
        }
        let account = Account { enabled, ..known.clone() };
        self.change_account(Some(&known), account, None, once)
    }

    /// Changes one's own password. That the old one was known is the API's to find out: it takes a
    /// core and 19 MiB.
    pub(super) fn change_password(
        &mut self,
        by: &Agent,
        name: &str,
        password: String,
        keep: Option<[u8; 32]>,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        let known = self.own_account(by, name)?;
        let account = Account { password, ..known.clone() };
        check_account(&account)?;
        self.change_account(Some(&known), account, keep, once)
    }

    /// Keeps the views of the list of cases of one's own account.
    pub(super) fn keep_views(
        &mut self,
        by: &Agent,
        account: String,
        views: Vec<SavedView>,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        self.own_account(by, &account)?;
        check_views(&views)?;
        sign::note(self.setup, self.staging, &Note::Views { account, views })?;
        self.remember(once, &Receipt::empty())?;
        Ok(Receipt::empty())
    }

    pub(super) fn change_account(
        &mut self,
        known: Option<&Account>,
        account: Account,
        keep: Option<[u8; 32]>,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        let receipt = Receipt { subject: Some(account.person), ..Receipt::empty() };
        if known != Some(&account) {
            let held = project::held(self.staging, &account.name)?.into_iter();
            let kept = keep.as_ref().map(<[u8; 32]>::as_slice);
            let ended = held.map(|held| held.hash).filter(|hash| Some(hash.as_slice()) != kept);
            let ended = ended.collect();
            sign::note(self.setup, self.staging, &Note::Account(account))?;
            self.swept(Sweep::Tokens, ended)?;
        }
        self.remember(once, &receipt)?;
        Ok(receipt)
    }

    /// Begins a program's token; at the machine itself, a session too.
    pub(super) fn begin_token(
        &mut self,
        by: &Agent,
        hash: [u8; 32],
        token: Token,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        let console = *by == Agent::Console;
        // A session begins by signing in, so that nobody goes round the second factor.
        if !console && token.label.is_none() {
            return Err(invalid("label", "is needed: a session begins by signing in"));
        }
        let strong = token.strong || console;
        self.begin(by, hash, Token { strong, ..token }, once)
    }

    /// Begins a session or a program's token: for one's own account, which is enabled.
    pub(super) fn begin(
        &mut self,
        by: &Agent,
        hash: [u8; 32],
        token: Token,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        self.own_account(by, &token.account)?;
        if *by != Agent::Console {
            self.check_token(by, &token)?;
        }
        if row::<Token>(self.staging, Table::Token, &hash)?.is_some() {
            return Err(invalid("secret", "is in use: make another"));
        }
        let held = project::held(self.staging, &token.account)?;
        let lives = held.iter().filter(|held| self.now < held.expires && !held.session).count();
        if token.label.is_some() && lives >= MAX_TOKENS {
            let what = format!("an account has {MAX_TOKENS} tokens at most: end some first");
            return Err(Refused::Invalid { field: "label", what });
        }
        let gone = held.into_iter().filter(|held| held.expires <= self.now);
        let gone: Vec<ByteBuf> = gone.map(|held| held.hash).collect();
        self.swept(Sweep::Tokens, gone)?;
        let note = Note::Token { hash: hash.to_vec().into(), token: Some(token) };
        sign::note(self.setup, self.staging, &note)?;
        let receipt = Receipt { made: Some(Hash::from_bytes(hash)), ..Receipt::empty() };
        self.remember(once, &receipt)?;
        self.sweep_tokens()?;
        Ok(receipt)
    }

    fn check_token(&self, by: &Agent, token: &Token) -> Result<(), Refused> {
        let longest = if token.label.is_some() { MAX_TOKEN } else { MAX_SESSION };
        if token.expires <= self.now || token.expires > self.now.plus(longest) {
            return Err(invalid("expires", "is past, or too far ahead"));
        }
        let Some(label) = &token.label else { return Ok(()) };
        if !(1..=MAX_LABEL).contains(&label.chars().count()) || label.chars().any(char::is_control)
        {
            let what = format!("takes 1 to {MAX_LABEL} printable characters");
            return Err(Refused::Invalid { field: "label", what });
        }
        // Whoever has nothing to do here any more can look at their account and leave no program
        // behind.
        if self.actor(by)?.appointments().is_empty() {
            return Err(Refused::NoStanding);
        }
        Ok(())
    }

    /// Ends a session or token: one's own, or anybody's by power over the roster.
    pub(super) fn end_token(
        &mut self,
        by: &Agent,
        hash: [u8; 32],
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        let unknown = || Refused::NotFound("token");
        let known: Token = row(self.staging, Table::Token, &hash)?.ok_or_else(unknown)?;
        let owner = self.account(&known.account)?.map(|account| account.person);
        let own = matches!(by, Agent::Staff(person) if Some(*person) == owner);
        if !own && self.power(by, Power::Roster, "roster").is_err() {
            return Err(unknown());
        }
        let note = Note::Token { hash: hash.to_vec().into(), token: None };
        sign::note(self.setup, self.staging, &note)?;
        self.remember(once, &Receipt::empty())?;
        Ok(Receipt::empty())
    }

    /// Makes an invitation.
    pub(super) fn invite(
        &mut self,
        by: &Agent,
        hash: [u8; 32],
        invitation: Invitation,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        let actor = self.power(by, Power::Federation, "federation")?;
        self.check_invitation(by, &invitation)?;
        if row::<Invitation>(self.staging, Table::Invitation, &hash)?.is_some() {
            return Err(invalid("secret", "is in use: make another"));
        }
        let area = invitation.area.parse().map_err(|_| invalid("area", "is no area code"))?;
        let act = TrustAct::Invite {
            invitation: Hash::from_bytes(hash),
            name: invitation.name.clone(),
            level: invitation.level.clone(),
            area,
            member: invitation.member,
            approval: invitation.approval,
            expires: invitation.expires,
        };
        let receipt = Receipt { made: Some(Hash::from_bytes(hash)), ..Receipt::empty() };
        let receipt = self.put_trust(actor.as_ref(), &act, once, receipt)?;
        let by = actor.map(|actor| actor.id);
        let invitation = Invitation { by, newcomer: None, ..invitation };
        let note = Note::Invitation { hash: hash.to_vec().into(), invitation: Some(invitation) };
        sign::note(self.setup, self.staging, &note)?;
        self.sweep_invitations()?;
        Ok(receipt)
    }

    fn check_invitation(&self, by: &Agent, invitation: &Invitation) -> Result<(), Refused> {
        let own = self.setup.standing.certificate();
        if !own.may_enrol() {
            return Err(invalid("level", "this node's certificate does not let it enrol others"));
        }
        let within =
            invitation.area.parse::<AreaCode>().is_ok_and(|area| area.is_within(&own.area));
        if !within {
            return Err(invalid("area", "must lie within this node's own"));
        }
        let long = *by != Agent::Console && invitation.expires > self.now.plus(MAX_INVITATION);
        if invitation.expires <= self.now || long {
            return Err(invalid("expires", "is past, or too far ahead"));
        }
        Ok(())
    }

    /// Withdraws an invitation that nobody has used.
    pub(super) fn uninvite(
        &mut self,
        by: &Agent,
        hash: [u8; 32],
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        let actor = self.power(by, Power::Federation, "federation")?;
        let known: Option<Invitation> = row(self.staging, Table::Invitation, &hash)?;
        known.ok_or(Refused::NotFound("invitation"))?;
        let act = TrustAct::EndInvitation { invitation: Hash::from_bytes(hash) };
        let receipt = self.put_trust(actor.as_ref(), &act, once, Receipt::empty())?;
        let note = Note::Invitation { hash: hash.to_vec().into(), invitation: None };
        sign::note(self.setup, self.staging, &note)?;
        Ok(receipt)
    }

    /// Lets in the node that came with an invitation.
    pub(super) fn approve(
        &mut self,
        by: &Agent,
        hash: [u8; 32],
        node: NodeId,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        let actor = self.power(by, Power::Federation, "federation")?;
        let known: Option<Invitation> = row(self.staging, Table::Invitation, &hash)?;
        let known = known.filter(|offer| self.now < offer.expires);
        let invitation = known.ok_or(Refused::NotFound("invitation"))?;
        let newcomer = invitation.newcomer.clone().ok_or(Refused::NotFound("newcomer"))?;
        if newcomer.node() != node {
            return Err(invalid("node", "is not the node that came: compare its short id"));
        }
        tracing::warn!(by = ?by, peer = %node.short(), "批准了新节点 a newcomer was approved");
        let (invited, key) = (Hash::from_bytes(hash), newcomer.key);
        let act = TrustAct::Approve { invitation: invited, node, key };
        let receipt = self.put_trust(actor.as_ref(), &act, once, Receipt::empty())?;
        let approved = Some(Approval { by: actor.map(|actor| actor.id), at: self.now });
        let newcomer = Some(Newcomer { approved, ..newcomer });
        let invitation = Some(Invitation { newcomer, ..invitation });
        let note = Note::Invitation { hash: hash.to_vec().into(), invitation };
        sign::note(self.setup, self.staging, &note)?;
        Ok(receipt)
    }

    pub(super) fn account(&self, name: &str) -> Result<Option<Account>, StoreError> {
        row(self.staging, Table::Account, name.as_bytes())
    }

    /// The rule by which two people open accounts of somebody, if they have to.
    fn opened_by_two(&self, person: Subject) -> Option<GrantRule> {
        let person = self.world.roster.get(person)?;
        self.world.policy().opened_by_two(person, self.now).cloned()
    }

    /// An enabled account, if it is the agent's own. The console has everybody's.
    pub(super) fn own_account(&self, by: &Agent, name: &str) -> Result<Account, Refused> {
        let known = self.account(name)?.filter(|known| match by {
            Agent::Staff(person) => known.enabled && known.person == *person,
            Agent::Console => true,
            Agent::Resident { .. } => false,
        });
        known.ok_or(Refused::NotFound("account"))
    }
}

fn check_account(account: &Account) -> Result<(), Refused> {
    let allowed = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-');
    if !(1..=64).contains(&account.name.len()) || !account.name.bytes().all(allowed) {
        return Err(invalid("name", "takes 1 to 64 of a-z 0-9 . _ -"));
    }
    // Never a password itself, whoever calls.
    if !account.password.starts_with("$argon2id$") || account.password.len() > MAX_PHC {
        return Err(invalid("password", "is not hashed with argon2id"));
    }
    Ok(())
}

fn check_views(views: &[SavedView]) -> Result<(), Refused> {
    if views.len() > MAX_VIEWS {
        let what = format!("an account keeps {MAX_VIEWS} at most: drop one first");
        return Err(Refused::Invalid { field: "views", what });
    }
    for SavedView { name, query } in views {
        let printable = !name.chars().any(char::is_control) && !name.trim().is_empty();
        if name.chars().count() > MAX_VIEW_NAME || !printable {
            let what = format!("takes 1 to {MAX_VIEW_NAME} printable characters");
            return Err(Refused::Invalid { field: "name", what });
        }
        if query.len() > MAX_VIEW_QUERY || !query.bytes().all(|byte| byte.is_ascii_graphic()) {
            let what = format!("takes at most {MAX_VIEW_QUERY} bytes, percent-encoded");
            return Err(Refused::Invalid { field: "query", what });
        }
    }
    Ok(())
}

pub(super) fn invalid(field: &'static str, what: &str) -> Refused {
    Refused::Invalid { field, what: what.to_owned() }
}
