//! Erasing what is said of staff and by them (PIPL art. 47): their names and numbers, their growth
//! files and their notes. What residents said is erased with its case.

use governance::act::Body;
use governance::policy::Power;
use record::Subject;

use super::Desk;
use crate::command::{Agent, Once, Receipt, Refused};
use crate::kind;
use crate::note::Proposed;
use crate::project::{Written, note_key};
use crate::staging::{decode, row};
use crate::store::Table;

impl Desk<'_, '_> {
    /// State transition: somebody on the roster without a post → an id without a name, for good.
    pub(super) fn erase_person(
        &mut self,
        by: &Agent,
        id: Subject,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        let actor = self.power(by, Power::Roster, "roster")?;
        let person = self.world.roster.get(id).ok_or(Refused::NotFound("person"))?;
        // Whoever answers for one ground alone can't speak for a person who is on none any more.
        if let Some(actor) = &actor
            && !person.answered_for_by(actor, self.world.policy(), &self.world.territory, self.now)
        {
            return Err(Refused::Power("roster"));
        }
        let ends_later = |until: Option<_>| until.is_none_or(|until| until > self.now);
        if person.appointments.iter().any(|held| ends_later(held.until)) {
            let what = "still holds a post: end every appointment first".to_owned();
            return Err(Refused::Invalid { field: "person", what });
        }
        if self.is_proposed(id)? {
            let what = "has a proposal that waits: have it confirmed or ended first".to_owned();
            return Err(Refused::Invalid { field: "person", what });
        }
        let mut receipt = Receipt { subject: Some(id), ..Receipt::empty() };
        let body = Body::default();
        self.sign_plain(id, kind::PERSON_ERASED, body, actor.as_ref(), once, &mut receipt)?;
        Ok(receipt)
    }

    fn is_proposed(&self, person: Subject) -> Result<bool, Refused> {
        for (_, row) in self.staging.all(Table::Proposal, &[])? {
            let waiting: Proposed = decode(&row)?;
            if waiting.person == person && self.now < waiting.expires {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// State transition: a note → that there was one. The case that it became keeps its own words.
    pub(super) fn erase_note(
        &mut self,
        by: &Agent,
        id: Subject,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        let unknown = || Refused::NotFound("note");
        let known: Option<Written> = row(self.staging, Table::Notebook, &note_key(id))?;
        let note = known.ok_or_else(unknown)?.note;
        let own = self.actor(by).ok().filter(|actor| actor.id == note.author);
        let actor = match own {
            Some(author) => Some(author),
            // What is not on their ground is not there for them.
            None => {
                let over = self.power_over(by, Power::Roster, "roster", &[note.place]);
                over.map_err(|_| unknown())?
            }
        };
        let mut receipt = Receipt { subject: Some(id), ..Receipt::empty() };
        let body = Body::default();
        self.sign_plain(id, kind::NOTE_ERASED, body, actor.as_ref(), once, &mut receipt)?;
        Ok(receipt)
    }
}
