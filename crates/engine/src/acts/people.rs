//! Appointments on paper, growth files and registrations: who may say so, and the records that do.

use governance::act::{Body, MAX_LINE, text};
use governance::field;
use governance::growth::Growth;
use governance::member::{Member, MemberError, Willingness};
use governance::policy::Power;
use governance::roster::Actor;
use record::{Kind, Subject};

use super::Desk;
use super::ground::invalid;
use super::offices::field_problem;
use crate::code;
use crate::command::{Agent, Once, People, Receipt, Refused};
use crate::kind;
use crate::project::Registered;
use crate::staging::row;
use crate::store::Table;

impl Desk<'_, '_> {
    pub(super) fn people(
        &mut self,
        by: &Agent,
        people: People,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        match people {
            People::AppointUnder { person, appointment, agreement } => {
                self.appoint(by, person, appointment, Some(&agreement), once)
            }
            People::EnterGrowth { person, entry } => self.enter_growth(by, person, &entry, once),
            People::RegisterMember { willingness, member, consent } => {
                self.register_member(by, &willingness, &member, consent, once)
            }
            People::TakePost { registration, name } => {
                self.take_post(by, registration, &name, once)
            }
            People::LeavePost { registration, post } => {
                self.leave_post(by, registration, post, once)
            }
            People::WithdrawMember { registration } => self.withdraw_member(by, registration, once),
            People::ErasePerson { person } => self.erase_person(by, person, once),
            People::EraseNote { note } => self.erase_note(by, note, once),
            People::Note(draft) => self.note(by, &draft, once),
            People::Raise { note, report } => self.raise(by, note, *report, once),
        }
    }

    fn enter_growth(
        &mut self,
        by: &Agent,
        id: Subject,
        entry: &Growth,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        let actor = self.power(by, Power::Roster, "roster")?;
        let person = self.world.roster.get(id).ok_or(Refused::NotFound("person"))?;
        let (policy, ground) = (self.world.policy(), &self.world.territory);
        if let Some(actor) = &actor
            && !person.answered_for_by(actor, policy, ground, self.now)
        {
            return Err(Refused::Power("roster"));
        }
        entry.check(policy, self.now).map_err(|error| invalid("entry", &error))?;
        let mut body = Body::default();
        body.put(field::GROWTH_ENTRY, entry);
        let mut receipt = Receipt { subject: Some(id), ..Receipt::empty() };
        self.sign_plain(id, kind::GROWTH, body, actor.as_ref(), once, &mut receipt)?;
        Ok(receipt)
    }

    fn register_member(
        &mut self,
        by: &Agent,
        willingness: &Willingness,
        member: &Member,
        consent: bool,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        let actor = match by {
            Agent::Resident { .. } => None,
            Agent::Staff(_) | Agent::Console => {
                self.power_over(by, Power::Roster, "roster", &[willingness.place])?
            }
        };
        let refused = |error: MemberError| invalid("registration", &error);
        if !consent {
            return Err(refused(MemberError::Consent));
        }
        member.check().map_err(refused)?;
        let (policy, ground) = (self.world.policy(), &self.world.territory);
        willingness.check(policy, ground, self.now).map_err(refused)?;
        let code = code::new(self.rng);
        let id = code::reporter(&code).expect("a new code is well formed");
        let mut body = Body::default();
        body.put(field::WILLINGNESS, willingness);
        body.put(field::MEMBER_NAME, &member.name);
        body.put(field::MEMBER_PHONE, &member.phone);
        body.put_some(field::MEMBER_UNIT, member.unit.as_ref());
        let receipt = Receipt { subject: Some(id), code: Some(code), ..Receipt::empty() };
        self.about_member(id, kind::MEMBER, body, actor.as_ref(), once, receipt)
    }

    fn take_post(
        &mut self,
        by: &Agent,
        registration: Option<Subject>,
        name: &str,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        let (id, known, actor) = self.registered(by, registration)?;
        text(field::POST_NAME, name, MAX_LINE).map_err(field_problem)?;
        let check = known.registration.check_post(self.now);
        check.map_err(|error| invalid("registration", &error))?;
        let post = Subject::random(self.rng);
        let mut body = Body::default();
        body.put(field::POST, &post);
        body.put(field::POST_NAME, &name);
        let receipt = Receipt { subject: Some(post), ..Receipt::empty() };
        self.about_member(id, kind::POST_TAKEN, body, actor.as_ref(), once, receipt)
    }

    fn leave_post(
        &mut self,
        by: &Agent,
        registration: Option<Subject>,
        post: Subject,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        let (id, known, actor) = self.registered(by, registration)?;
        let held = known.registration.posts.iter().find(|held| held.id == post);
        if held.is_none_or(|held| held.until.is_some()) {
            return Err(Refused::NotFound("post"));
        }
        let mut body = Body::default();
        body.put(field::POST, &post);
        let receipt = Receipt { subject: Some(post), ..Receipt::empty() };
        self.about_member(id, kind::POST_LEFT, body, actor.as_ref(), once, receipt)
    }

    /// State transition: registered → withdrawn, for good.
    fn withdraw_member(
        &mut self,
        by: &Agent,
        registration: Option<Subject>,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        let (id, known, actor) = self.registered(by, registration)?;
        if known.registration.withdrawn.is_some() {
            return Err(invalid("registration", &MemberError::Withdrawn));
        }
        let receipt = Receipt { subject: Some(id), ..Receipt::empty() };
        let body = Body::default();
        self.about_member(id, kind::MEMBER_WITHDRAWN, body, actor.as_ref(), once, receipt)
    }

    /// A registration that the agent may change: its own by its code, or one on the ground of
    /// their power over the roster.
    fn registered(
        &self,
        by: &Agent,
        id: Option<Subject>,
    ) -> Result<(Subject, Registered, Option<Actor>), Refused> {
        let unknown = || Refused::NotFound("registration");
        let id = match by {
            Agent::Resident { code } => {
                let own = code.as_deref().and_then(code::reporter).ok_or_else(unknown)?;
                if id.is_some_and(|id| id != own) {
                    return Err(unknown());
                }
                own
            }
            Agent::Staff(_) | Agent::Console => {
                self.power(by, Power::Roster, "roster")?;
                id.ok_or_else(unknown)?
            }
        };
        let known: Option<Registered> = row(self.staging, Table::Registration, id.as_bytes())?;
        let known = known.ok_or_else(unknown)?;
        let place = known.registration.willingness.place;
        let actor = match by {
            Agent::Resident { .. } => None,
            Agent::Staff(_) | Agent::Console => self
                .power_over(by, Power::Roster, "roster", &[place])
                // What is not on their ground is not there for them.
                .map_err(|_| unknown())?,
        };
        Ok((id, known, actor))
    }

    fn about_member(
        &mut self,
        id: Subject,
        kind: Kind,
        body: Body,
        actor: Option<&Actor>,
        once: Option<Once>,
        mut receipt: Receipt,
    ) -> Result<Receipt, Refused> {
        self.sign_plain(id, kind, body, actor, once, &mut receipt)?;
        Ok(receipt)
    }
}
