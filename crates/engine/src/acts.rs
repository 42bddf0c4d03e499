//! Carrying out a command: who is it, may they, what does it say, sign it, share it.

use std::sync::Arc;

use governance::act::{Act, Body};
use governance::authorize::{self, Scene};
use governance::case::{Case, CaseId};
use governance::field;
use governance::policy::Power;
use governance::roster::{Actor, Appointment, MAX_APPOINTMENTS, Standing};
use governance::territory::Place;
use rand::CryptoRng;
use record::{NodeId, Subject, Timestamp};

use crate::code;
use crate::command::{Agent, Command, MAX_PLACES, Once, Receipt, Refused, What};
use crate::engine::{Effect, Talk};
use crate::kind;
use crate::note::{Account, Done, DoneRow, Note};
use crate::share;
use crate::sign::{self, Draft};
use crate::staging::{Staging, row};
use crate::store::{StoreError, Table};
use crate::world::{Setup, World};

/// What a command may use while it is carried out.
pub(crate) struct Desk<'a, 's> {
    pub(crate) setup: &'a Setup,
    pub(crate) world: &'a mut Arc<World>,
    pub(crate) staging: &'a mut Staging<'s>,
    pub(crate) rng: &'a mut dyn CryptoRng,
    pub(crate) now: Timestamp,
    /// What it knows of its connections.
    pub(crate) talk: &'a mut Talk,
    /// What is to be done after the commit.
    pub(crate) out: &'a mut Vec<Effect>,
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Storage(Arc::new(error))
    }
}

impl Desk<'_, '_> {
    /// Carries out a command, or gives the receipt of the same command carried out before.
    pub(crate) fn carry_out(&mut self, command: Command) -> Result<Receipt, Refused> {
        if let Some(once) = &command.once
            && let Some(receipt) = self.done_before(once)?
        {
            return Ok(receipt);
        }
        let Command { by, once, what } = command;
        match what {
            What::Act { case: None, act } => self.open(&by, &act, once),
            What::Act { case: Some(case), act } => self.act(&by, case, &act, once),
            What::Establish(places) => self.establish(&by, places, once),
            What::EndPlace(place) => self.end_place(&by, place, once),
            What::Register { person, name, phone } => {
                self.register(&by, person, &name, phone.as_deref(), once)
            }
            What::Appoint { person, appointment } => self.appoint(&by, person, appointment, once),
            What::Dismiss { person, role } => self.dismiss(&by, person, &role, once),
            What::PutAccount(account) => self.put_account(&by, account, once),
            What::PutToken { hash, token } => {
                self.local(&Note::Token { hash: hash.to_vec().into(), token })
            }
            What::PutInvitation { hash, invitation } => {
                self.power(&by, Power::Federation, "federation")?;
                self.local(&Note::Invitation { hash: hash.to_vec().into(), invitation })
            }
            What::PutPeer { chain, addresses } => {
                self.power(&by, Power::Federation, "federation")?;
                let chain = chain.into_iter().map(Into::into).collect();
                self.put_peer(chain, addresses).map(|_| Receipt::empty())
            }
        }
    }

    fn done_before(&self, once: &Once) -> Result<Option<Receipt>, Refused> {
        let found: Option<DoneRow> = row(self.staging, Table::Idempotency, &once.key)?;
        match found {
            Some((digest, receipt)) if digest.as_slice() == once.digest => Ok(Some(receipt)),
            Some(_) => Err(Refused::KeyReused),
            None => Ok(None),
        }
    }

    /// Who somebody is to this node, now.
    fn actor(&self, by: &Agent) -> Result<Actor, Refused> {
        match by {
            Agent::Staff(person) => {
                self.world.roster.actor(*person, self.now).ok_or(Refused::NoStanding)
            }
            Agent::Resident { code } => {
                let id = code.as_deref().and_then(code::reporter);
                let id = id.ok_or(Refused::NotFound("case"))?;
                Ok(Actor { id, standing: Standing::Resident })
            }
            Agent::Console => Err(Refused::NoStanding),
        }
    }

    fn scene<'w>(
        &'w self,
        world: &'w World,
        units: &'w std::collections::BTreeSet<NodeId>,
    ) -> Scene<'w> {
        let certificate = self.setup.standing.certificate();
        Scene {
            policy: &self.setup.policy,
            territory: &world.territory,
            roster: &world.roster,
            calendar: &self.setup.calendar,
            me: self.setup.me(),
            level: &certificate.level,
            area: &certificate.area,
            parent: self.setup.standing.parent(),
            units,
            now: self.now,
        }
    }

    fn open(&mut self, by: &Agent, act: &Act, once: Option<Once>) -> Result<Receipt, Refused> {
        let code = matches!(by, Agent::Resident { .. }).then(|| code::new(self.rng));
        let actor = match &code {
            Some(code) => {
                let id = code::reporter(code).expect("a new code is well formed");
                Actor { id, standing: Standing::Resident }
            }
            None => self.actor(by)?,
        };
        let (epoch, seq) = self.staging.log.next();
        let case = code::case_id(self.setup.me(), epoch, seq);
        self.sign_act(None, case, act, &actor, once, code)
    }

    fn act(
        &mut self,
        by: &Agent,
        id: CaseId,
        act: &Act,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        let actor = self.actor(by)?;
        let case = self.case(id)?.ok_or(Refused::NotFound("case"))?;
        // A resident sees no case but the one they reported, not even that it exists.
        if actor.standing == Standing::Resident && case.reporter != Some(actor.id) {
            return Err(Refused::NotFound("case"));
        }
        self.sign_act(Some(case), id, act, &actor, once, None)
    }

    pub(crate) fn case(&self, id: CaseId) -> Result<Option<Case>, StoreError> {
        row(self.staging, Table::Case, id.as_bytes())
    }

    /// An act of the node itself, where policy allows one.
    pub(crate) fn act_alone(&mut self, case: Case, act: &Act) -> Result<Receipt, Refused> {
        let actor = Actor { id: Subject::ZERO, standing: Standing::Node };
        let id = case.id;
        self.sign_act(Some(case), id, act, &actor, None, None)
    }

    fn sign_act(
        &mut self,
        before: Option<Case>,
        id: CaseId,
        act: &Act,
        actor: &Actor,
        once: Option<Once>,
        code: Option<String>,
    ) -> Result<Receipt, Refused> {
        let world = self.world.clone();
        let units = world.directory.units();
        let (permit, fields) = {
            let scene = self.scene(&world, &units);
            let permit = authorize::authorize(&scene, before.as_ref(), act, actor)?;
            let ordinal = self.staging.log.mark().count + 1;
            let fields = authorize::decide(&scene, before.as_ref(), act, actor, ordinal);
            (permit, fields)
        };
        let number = number(&fields);
        let receipt = Receipt { record: None, subject: Some(id), number, code };
        let draft = Draft {
            subject: id,
            kind: act.kind().kind(),
            causes: before.iter().filter_map(|case| case.steps.last()).map(|s| s.record).collect(),
            actor: permit.signer(actor),
            fields,
            note: once.map(|once| done(once, &receipt)),
        };
        let (record, _, done) = sign::append(self.setup, self.staging, draft, self.now, self.rng)?;
        let case = done.case.ok_or(Refused::NotFound("case"))?;
        self.after(before.as_ref(), &case, self.setup.me())?;
        Ok(Receipt { record: Some(record.id()), ..receipt })
    }

    /// What follows from a case's change, own or foreign: others are told.
    pub(crate) fn after(
        &mut self,
        before: Option<&Case>,
        case: &Case,
        sender: NodeId,
    ) -> Result<(), Refused> {
        let told = share::share(self.setup, self.staging, before, case, sender, self.now)?;
        for node in told {
            self.poke(node);
        }
        self.out.push(Effect::Changed(case.id));
        Ok(())
    }

    fn power(
        &self,
        by: &Agent,
        power: Power,
        name: &'static str,
    ) -> Result<Option<Actor>, Refused> {
        if *by == Agent::Console {
            return Ok(None);
        }
        let actor = self.actor(by)?;
        if actor.has_power(&self.setup.policy, power) {
            Ok(Some(actor))
        } else {
            Err(Refused::Power(name))
        }
    }

    fn establish(
        &mut self,
        by: &Agent,
        places: Vec<Place>,
        mut once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        let actor = self.power(by, Power::Territory, "territory")?;
        if places.is_empty() || places.len() > MAX_PLACES {
            let what = format!("send 1 to {MAX_PLACES} places at a time");
            return Err(Refused::Invalid { field: "places", what });
        }
        // Everything is checked before anything is signed.
        let mut next = self.world.as_ref().clone();
        for place in &places {
            next.territory
                .check(place, &self.setup.policy.levels, self.now)
                .and_then(|()| Arc::make_mut(&mut next.territory).insert(place.clone()))
                .map_err(|error| Refused::Invalid {
                    field: "places",
                    what: format!("{} ({}): {error}", place.name, place.id),
                })?;
        }
        let mut receipt = Receipt::empty();
        let last = places.len() - 1;
        for (index, place) in places.into_iter().enumerate() {
            let mut body = Body::default();
            body.put(field::PLACE_DATA, &place);
            receipt.subject = Some(place.id);
            let once = if index == last { once.take() } else { None };
            self.sign_plain(place.id, kind::PLACE, body, actor.as_ref(), once, &mut receipt)?;
        }
        *self.world = Arc::new(next);
        Ok(receipt)
    }

    fn end_place(
        &mut self,
        by: &Agent,
        place: Subject,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        let actor = self.power(by, Power::Territory, "territory")?;
        let invalid = |error: governance::territory::TerritoryError| Refused::Invalid {
            field: "place",
            what: error.to_string(),
        };
        let mut next = self.world.as_ref().clone();
        Arc::make_mut(&mut next.territory).end(place, self.now).map_err(invalid)?;
        let mut body = Body::default();
        body.put(field::UNTIL, &self.now);
        let mut receipt = Receipt { subject: Some(place), ..Receipt::empty() };
        self.sign_plain(place, kind::PLACE_ENDED, body, actor.as_ref(), once, &mut receipt)?;
        *self.world = Arc::new(next);
        Ok(receipt)
    }

    fn register(
        &mut self,
        by: &Agent,
        person: Option<Subject>,
        name: &str,
        phone: Option<&str>,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        let actor = self.power(by, Power::Roster, "roster")?;
        check_line(field::PERSON_NAME, "name", name)?;
        let mut body = Body::default();
        body.put(field::PERSON_NAME, &name);
        if let Some(phone) = phone {
            check_line(field::PERSON_PHONE, "phone", phone)?;
            body.put(field::PERSON_PHONE, &phone);
        }
        let id = person.unwrap_or_else(|| Subject::random(self.rng));
        let known = self.world.roster.get(id).cloned().unwrap_or_default();
        let mut receipt = Receipt { subject: Some(id), ..Receipt::empty() };
        self.sign_plain(id, kind::PERSON, body, actor.as_ref(), once, &mut receipt)?;
        self.change_world(|world| Arc::make_mut(&mut world.roster).insert(id, known));
        Ok(receipt)
    }

    fn appoint(
        &mut self,
        by: &Agent,
        id: Subject,
        appointment: Appointment,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        let actor = self.power(by, Power::Roster, "roster")?;
        let mut person = self.world.roster.get(id).cloned().ok_or(Refused::NotFound("person"))?;
        if self.setup.policy.role(&appointment.role).is_none() {
            let what = format!("{} is not a role of the policy", appointment.role);
            return Err(Refused::Invalid { field: "role", what });
        }
        if let Some(scope) = appointment.scope
            && self.world.territory.get(scope, self.now).is_none()
        {
            let what = "no such place is valid now: see the territory".into();
            return Err(Refused::Invalid { field: "scope", what });
        }
        if person.appointments.len() >= MAX_APPOINTMENTS {
            let what = format!("a person holds at most {MAX_APPOINTMENTS}");
            return Err(Refused::Invalid { field: "appointments", what });
        }
        let mut body = Body::default();
        body.put(field::ROLE, &appointment.role);
        body.put_some(field::SCOPE, appointment.scope.as_ref());
        body.put(field::FROM, &appointment.from);
        body.put_some(field::UNTIL, appointment.until.as_ref());
        let mut receipt = Receipt { subject: Some(id), ..Receipt::empty() };
        self.sign_plain(id, kind::APPOINTED, body, actor.as_ref(), once, &mut receipt)?;
        person.appointments.push(appointment);
        self.change_world(|world| Arc::make_mut(&mut world.roster).insert(id, person));
        Ok(receipt)
    }

    fn dismiss(
        &mut self,
        by: &Agent,
        id: Subject,
        role: &str,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        let actor = self.power(by, Power::Roster, "roster")?;
        let mut person = self.world.roster.get(id).cloned().ok_or(Refused::NotFound("person"))?;
        let mut body = Body::default();
        body.put(field::ROLE, &role);
        body.put(field::UNTIL, &self.now);
        let mut receipt = Receipt { subject: Some(id), ..Receipt::empty() };
        self.sign_plain(id, kind::DISMISSED, body, actor.as_ref(), once, &mut receipt)?;
        for held in person.appointments.iter_mut().filter(|held| held.role == role) {
            held.until = Some(held.until.map_or(self.now, |end| end.min(self.now)));
        }
        self.change_world(|world| Arc::make_mut(&mut world.roster).insert(id, person));
        Ok(receipt)
    }

    fn put_account(
        &mut self,
        by: &Agent,
        account: Account,
        _once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        let own = matches!(by, Agent::Staff(person) if *person == account.person);
        if !own {
            self.power(by, Power::Roster, "roster")?;
        }
        if self.world.roster.get(account.person).is_none() {
            return Err(Refused::NotFound("person"));
        }
        let known: Option<Account> = row(self.staging, Table::Account, account.name.as_bytes())?;
        if known.is_some_and(|known| known.person != account.person) {
            let what = "this login name belongs to somebody else".into();
            return Err(Refused::Invalid { field: "name", what });
        }
        let subject = Some(account.person);
        self.local(&Note::Account(account))?;
        Ok(Receipt { subject, ..Receipt::empty() })
    }

    /// Changes what the node keeps in memory of the index.
    pub(crate) fn change_world(&mut self, change: impl FnOnce(&mut World)) {
        change(Arc::make_mut(self.world));
    }

    fn local(&mut self, note: &Note) -> Result<Receipt, Refused> {
        sign::note(self.setup, self.staging, note)?;
        Ok(Receipt::empty())
    }

    fn sign_plain(
        &mut self,
        subject: Subject,
        kind: record::Kind,
        body: Body,
        actor: Option<&Actor>,
        once: Option<Once>,
        receipt: &mut Receipt,
    ) -> Result<(), Refused> {
        let draft = Draft {
            subject,
            kind,
            causes: Vec::new(),
            actor: actor.map(operator),
            fields: body.0,
            note: once.map(|once| done(once, receipt)),
        };
        let (record, _, _) = sign::append(self.setup, self.staging, draft, self.now, self.rng)?;
        receipt.record = Some(record.id());
        Ok(())
    }
}

impl Receipt {
    /// Nothing to tell.
    #[must_use]
    pub fn empty() -> Self {
        Self { record: None, subject: None, number: None, code: None }
    }
}

/// The first role in force signs for administrative acts.
fn operator(actor: &Actor) -> record::Actor {
    let role = actor.appointments().first().map_or("operator", |held| held.role.as_str());
    record::Actor { id: record::ActorId::from_bytes(*actor.id.as_bytes()), role: role.to_owned() }
}

fn done(once: Once, receipt: &Receipt) -> Note {
    Note::Done(Done {
        key: once.key.to_vec().into(),
        digest: once.digest.to_vec().into(),
        receipt: receipt.clone(),
    })
}

fn number(fields: &governance::act::FieldValues) -> Option<String> {
    let bytes = fields.get(&field::NUMBER)?;
    record::cbor::decode(bytes, &record::fields::VALUE_LIMITS).ok()
}

fn check_line(id: record::FieldId, name: &'static str, value: &str) -> Result<(), Refused> {
    governance::act::text(id, value, governance::act::MAX_LINE)
        .map_err(|problem| Refused::Invalid { field: name, what: problem.what })
}
