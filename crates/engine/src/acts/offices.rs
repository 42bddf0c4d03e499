//! Territory and roster: who may change them, and the records that say so.

use std::sync::Arc;

use governance::act::{Body, FieldProblem};
use governance::field;
use governance::policy::{Power, Version};
use governance::roster::{Actor, Agreement, Appointment, MAX_APPOINTMENTS, Person};
use governance::territory::{Place, TerritoryError};
use record::{RecordId, Subject};

use super::Desk;
use crate::command::{Agent, MAX_PLACES, Once, Receipt, Refused};
use crate::kind;
use crate::sign::{self, Draft};

impl Desk<'_, '_> {
    pub(super) fn establish(
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
                .check(place, &self.world.policy().levels, self.now)
                .and_then(|()| Arc::make_mut(&mut next.territory).insert(place.clone()))
                .map_err(|error| Refused::Invalid {
                    field: "places",
                    what: format!("{}: {}", place.id, words(&error)),
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

    pub(super) fn end_place(
        &mut self,
        by: &Agent,
        place: Subject,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        let actor = self.power(by, Power::Territory, "territory")?;
        if self.world.territory.latest(place).is_none() {
            return Err(Refused::NotFound("place"));
        }
        let invalid =
            |error: TerritoryError| Refused::Invalid { field: "place", what: words(&error) };
        let mut next = self.world.as_ref().clone();
        Arc::make_mut(&mut next.territory).end(place, self.now).map_err(invalid)?;
        let mut body = Body::default();
        body.put(field::UNTIL, &self.now);
        let mut receipt = Receipt { subject: Some(place), ..Receipt::empty() };
        self.sign_plain(place, kind::PLACE_ENDED, body, actor.as_ref(), once, &mut receipt)?;
        *self.world = Arc::new(next);
        Ok(receipt)
    }

    pub(super) fn register(
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
        let (id, known) = match person {
            Some(id) => {
                (id, self.world.roster.get(id).cloned().ok_or(Refused::NotFound("person"))?)
            }
            None => (Subject::random(self.rng), Person::default()),
        };
        let mut receipt = Receipt { subject: Some(id), ..Receipt::empty() };
        self.sign_plain(id, kind::PERSON, body, actor.as_ref(), once, &mut receipt)?;
        self.change_world(|world| Arc::make_mut(&mut world.roster).insert(id, known));
        Ok(receipt)
    }

    pub(super) fn appoint(
        &mut self,
        by: &Agent,
        id: Subject,
        appointment: Appointment,
        agreement: Option<&Agreement>,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        let actor = self.power(by, Power::Roster, "roster")?;
        self.check_appointment(id, &appointment, agreement)?;
        let rule = self.world.policy().granted_by_two(&appointment.role).cloned();
        match (actor, rule) {
            (Some(actor), Some(rule)) => {
                self.propose_role(&actor, &rule, id, appointment, agreement, once)
            }
            // Whoever is at the machine itself has the node's key.
            (actor, _) => {
                self.sign_appointment(id, appointment, agreement, actor.as_ref(), None, once)
            }
        }
    }

    /// Whether an appointment can be made.
    pub(super) fn check_appointment(
        &self,
        id: Subject,
        appointment: &Appointment,
        agreement: Option<&Agreement>,
    ) -> Result<(), Refused> {
        agreement.map_or(Ok(()), Agreement::check).map_err(field_problem)?;
        let person = self.world.roster.get(id).ok_or(Refused::NotFound("person"))?;
        // Cases that began under an earlier version are finished by its roles.
        let role = |version: &Arc<Version>| version.policy.role(&appointment.role).is_some();
        if !self.world.policies.iter().any(role) {
            let what = "is not a role of the policy, nor of an earlier version".into();
            return Err(Refused::Invalid { field: "role", what });
        }
        if appointment.until.is_some_and(|until| until <= appointment.from) {
            let what = "must be later than from".into();
            return Err(Refused::Invalid { field: "until", what });
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
        Ok(())
    }

    /// Appoints; where a second person confirmed it, by their record.
    pub(super) fn sign_appointment(
        &mut self,
        id: Subject,
        appointment: Appointment,
        agreement: Option<&Agreement>,
        actor: Option<&Actor>,
        proposal: Option<RecordId>,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        let mut person = self.world.roster.get(id).cloned().ok_or(Refused::NotFound("person"))?;
        let mut body = of_appointment(&appointment, agreement);
        body.put_some(field::PROPOSAL, proposal.as_ref());
        let mut receipt = Receipt { subject: Some(id), ..Receipt::empty() };
        self.sign_plain(id, kind::APPOINTED, body, actor, once, &mut receipt)?;
        person.appointments.push(appointment);
        self.change_world(|world| Arc::make_mut(&mut world.roster).insert(id, person));
        Ok(receipt)
    }

    pub(super) fn dismiss(
        &mut self,
        by: &Agent,
        id: Subject,
        role: &str,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        let actor = self.power(by, Power::Roster, "roster")?;
        let mut person = self.world.roster.get(id).cloned().ok_or(Refused::NotFound("person"))?;
        let lasts = |held: &Appointment| held.until.is_none_or(|until| self.now < until);
        if !person.appointments.iter().any(|held| held.role == role && lasts(held)) {
            return Err(Refused::NotFound("appointment"));
        }
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

    pub(super) fn sign_plain(
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
            note: once.map(|once| self.done(once, receipt)),
        };
        let (record, _, _) = sign::append(self.setup, self.staging, draft, self.now, self.rng)?;
        receipt.record = Some(record.id());
        Ok(())
    }
}

/// What an appointment, or the proposal of one, says.
pub(super) fn of_appointment(appointment: &Appointment, agreement: Option<&Agreement>) -> Body {
    let mut body = Body::default();
    body.put(field::ROLE, &appointment.role);
    body.put_some(field::SCOPE, appointment.scope.as_ref());
    body.put(field::FROM, &appointment.from);
    body.put_some(field::UNTIL, appointment.until.as_ref());
    if let Some(agreement) = agreement {
        body.put(field::AGREEMENT_NUMBER, &agreement.number);
        body.put_some(field::AGREEMENT_TEXT, agreement.text.as_ref());
    }
    body
}

/// The first role in force signs for administrative acts.
pub(crate) fn operator(actor: &Actor) -> record::Actor {
    let role = actor.appointments().first().map_or("operator", |held| held.role.as_str());
    record::Actor { id: record::ActorId::from_bytes(*actor.id.as_bytes()), role: role.to_owned() }
}

fn check_line(id: record::FieldId, name: &'static str, value: &str) -> Result<(), Refused> {
    governance::act::text(id, value, governance::act::MAX_LINE)
        .map_err(|problem| Refused::Invalid { field: name, what: problem.what })
}

/// A value out of bounds, without the value.
pub(super) fn field_problem(problem: FieldProblem) -> Refused {
    Refused::Invalid { field: problem.field, what: problem.what }
}

/// What the territory says, without what was sent.
pub(super) fn words(error: &TerritoryError) -> String {
    match error {
        TerritoryError::UnknownLevel(_) => "has a level that the policy does not list".into(),
        TerritoryError::Name
        | TerritoryError::EmptyPeriod { .. }
        | TerritoryError::NoParent(_)
        | TerritoryError::UnknownParent { .. }
        | TerritoryError::ParentEnds { .. }
        | TerritoryError::LevelOrder { .. }
        | TerritoryError::CodeOutside { .. }
        | TerritoryError::CodeMissing(_)
        | TerritoryError::CodeTaken { .. }
        | TerritoryError::RewritesHistory { .. }
        | TerritoryError::LevelChanged(_)
        | TerritoryError::Unknown(_)
        | TerritoryError::Ended { .. }
        | TerritoryError::NotEmpty { .. } => error.to_string(),
    }
}
