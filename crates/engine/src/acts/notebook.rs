//! The grid worker's notebook (C13): a note, and the case that it becomes.

use governance::act::{Act, Body, Report};
use governance::diary::Draft;
use governance::field;
use record::Subject;

use super::Desk;
use super::ground::invalid;
use crate::command::{Agent, Once, Receipt, Refused};
use crate::kind;
use crate::project::{Written, note_key};
use crate::staging::row;
use crate::store::Table;

impl Desk<'_, '_> {
    pub(super) fn note(
        &mut self,
        by: &Agent,
        draft: &Draft,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        let actor = self.actor(by)?;
        draft
            .check(&actor, self.world.policy(), &self.world.territory, self.now)
            .map_err(|error| invalid("note", &error))?;
        let id = Subject::random(self.rng);
        let mut body = Body::default();
        body.put(field::PLACE, &draft.place);
        body.put(field::DIARY_DATE, &draft.date);
        body.put(field::DIARY_TEXT, &draft.text);
        body.put(field::PERSON, &actor.id);
        let mut receipt = Receipt { subject: Some(id), ..Receipt::empty() };
        self.sign_plain(id, kind::NOTE, body, Some(&actor), once, &mut receipt)?;
        Ok(receipt)
    }

    /// State transition: note → note with its case, and the case begins; in one commit. Asked
    /// again, it leads to the same case.
    pub(super) fn raise(
        &mut self,
        by: &Agent,
        id: Subject,
        mut report: Report,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        let actor = self.actor(by)?;
        let known: Option<Written> = row(self.staging, Table::Notebook, &note_key(id))?;
        let own = known.map(|written| written.note).filter(|note| note.author == actor.id);
        let note = own.ok_or(Refused::NotFound("note"))?;
        if let Some(case) = note.case {
            let number = self.staging.case(case)?.map(|case| case.number.clone());
            let receipt = Receipt { subject: Some(case), number, ..Receipt::empty() };
            self.remember(once, &receipt)?;
            return Ok(receipt);
        }
        report.place.get_or_insert(note.place);
        let opened = self.open(by, &Act::Report(Box::new(report)), None)?;
        let case = opened.subject.ok_or(Refused::NotFound("case"))?;
        let mut body = Body::default();
        body.put(field::CASE, &case);
        let mut receipt = Receipt { record: None, ..opened };
        self.sign_plain(id, kind::NOTE_RAISED, body, Some(&actor), once, &mut receipt)?;
        Ok(receipt)
    }
}
