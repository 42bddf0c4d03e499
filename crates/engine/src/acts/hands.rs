//! Keys of persons, and by whose hand an act is done: a key is enrolled by its person and signs for
//! nobody else; a signature counts for one act.

use governance::act::{Act, Body, FieldValues, MAX_LINE, text};
use governance::case::{Case, CaseId};
use governance::field;
use governance::hand::{Hand, HandError, LATEST, Signed};
use governance::policy::Power;
use governance::roster::{Actor, Standing};
use record::person::{PersonAct, PersonKey};
use record::{ActorId, PublicKey, RecordId, Subject, Timestamp};

use super::Desk;
use super::entrance::invalid;
use crate::command::{Agent, MAX_KEYS, Once, Receipt, Refused, Version};
use crate::kind;
use crate::note::{KeyRow, Note};
use crate::project;
use crate::sign;
use crate::staging::row;
use crate::store::Table;

/// A key to be enrolled.
#[derive(Clone)]
pub struct NewKey {
    /// The key.
    pub key: PublicKey,
    /// What its person calls the device.
    pub label: String,
    /// When they signed.
    pub time: Timestamp,
    /// The key's own signature: [`PersonKey`].
    pub signature: [u8; 64],
}

impl Desk<'_, '_> {
    /// State transition: unknown → enrolled, for good its person's alone.
    pub(super) fn enrol_key(
        &mut self,
        by: &Agent,
        new: &NewKey,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        let actor = self.actor(by)?;
        if !matches!(by, Agent::Staff(_)) || actor.appointments().is_empty() {
            return Err(Refused::NoStanding);
        }
        text(field::NOTE, &new.label, MAX_LINE)
            .map_err(|problem| invalid("label", &problem.what))?;
        let NewKey { key, time, .. } = *new;
        if self.now.millis().abs_diff(time.millis()) > LATEST.unsigned_abs() {
            return Err(HandError::Time.into());
        }
        let (federation, node) = (self.setup.federation, self.setup.me());
        let statement = PersonKey { federation, node, person: hand_of(actor.id), key, time };
        statement.verify(&new.signature).map_err(HandError::from)?;
        if self.key(&key)?.is_some() {
            return Err(invalid("key", "is enrolled already, or was: make another"));
        }
        let live = project::keys_of(self.staging, actor.id)?;
        if live.iter().filter(|(_, row)| row.revoked.is_none()).count() >= MAX_KEYS {
            let what = format!("a person has {MAX_KEYS} keys at most: revoke some first");
            return Err(Refused::Invalid { field: "key", what });
        }
        let mut body = Body::default();
        body.put(field::PERSON_KEY, &key);
        body.put(field::KEY_LABEL, &new.label);
        let (epoch, seq) = self.staging.log.next();
        let mut receipt = Receipt { subject: Some(actor.id), ..Receipt::empty() };
        let by = Some(&actor);
        self.sign_plain(actor.id, kind::KEY_ENROLLED, body, by, once, &mut receipt)?;
        let (person, label, since) = (actor.id, String::new(), self.now);
        let row = KeyRow { person, label, since, epoch, seq, revoked: None };
        sign::note(self.setup, self.staging, &Note::Key { key, row })?;
        Ok(receipt)
    }

    /// State transition: enrolled → revoked, for good: by its person, or by power over the roster.
    pub(super) fn revoke_key(
        &mut self,
        by: &Agent,
        key: PublicKey,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        let known = self.key(&key)?.filter(|known| known.revoked.is_none());
        let unknown = || Refused::NotFound("key");
        let known = known.ok_or_else(unknown)?;
        let own = *by == Agent::Staff(known.person);
        let actor = if own {
            Some(self.actor(by)?)
        } else {
            self.power(by, Power::Roster, "roster").map_err(|_| unknown())?
        };
        let mut body = Body::default();
        body.put(field::PERSON_KEY, &key);
        let mut receipt = Receipt { subject: Some(known.person), ..Receipt::empty() };
        let kind = kind::KEY_REVOKED;
        self.sign_plain(known.person, kind, body, actor.as_ref(), once, &mut receipt)?;
        let row = KeyRow { revoked: Some(self.now), ..known };
        sign::note(self.setup, self.staging, &Note::Key { key, row })?;
        Ok(receipt)
    }

    /// The fields that say by whose hand an act is done, if it may be done so.
    pub(super) fn by_hand(
        &self,
        hand: Option<&Hand>,
        before: Option<&Case>,
        id: CaseId,
        act: &Act,
        actor: &Actor,
        role: Option<&str>,
    ) -> Result<FieldValues, Refused> {
        let said = act.fields();
        match (hand, before) {
            (Some(Hand::Person(signed)), Some(case)) => {
                self.check_signed(signed, case, id, act, actor, &said)?;
            }
            // Before a case begins there is nothing by which a signature would count once.
            (Some(Hand::Person(_)), None) => return Err(HandError::Form.into()),
            (Some(Hand::Node(_)) | None, Some(_)) => {
                let in_person = &self.world.policy().person_signature;
                let staff = matches!(actor.standing, Standing::Staff(_));
                if staff && role.is_some_and(|role| in_person.contains(role)) {
                    return Err(Refused::MustSign);
                }
            }
            (Some(Hand::Node(_)) | None, None) => {}
        }
        Ok(hand.map(|hand| hand.fields(&said)).unwrap_or_default())
    }

    fn check_signed(
        &self,
        signed: &Signed,
        case: &Case,
        id: CaseId,
        act: &Act,
        actor: &Actor,
        said: &FieldValues,
    ) -> Result<(), Refused> {
        let known = self.key(&signed.key)?;
        let own = known.filter(|known| known.person == actor.id && known.revoked.is_none());
        own.ok_or(HandError::NotEnrolled)?;
        let is = Version::of(case);
        if signed.base != is.last {
            return Err(Refused::Stale { is });
        }
        let about = PersonAct {
            federation: self.setup.federation,
            node: self.setup.me(),
            person: hand_of(actor.id),
            case: id,
            kind: act.kind().kind(),
            base: RecordId::ZERO,
            time: signed.time,
            digest: [0; 32],
        };
        Ok(signed.check(about, said, self.now)?)
    }

    fn key(&self, key: &PublicKey) -> Result<Option<KeyRow>, Refused> {
        Ok(row(self.staging, Table::PersonKey, &project::key_key(key))?)
    }
}

/// A person as record headers name them.
fn hand_of(person: Subject) -> ActorId {
    ActorId::from_bytes(*person.as_bytes())
}
