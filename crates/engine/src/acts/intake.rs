//! Reports that another system had first (C9): one number of one source is one case, for as long as
//! there is a journal. That is decided here, where no other command comes between the question and
//! the report; the row by which it is decided follows from the report's own record.

use governance::act::{Act, Origin, Report};
use governance::case::{Case, CaseId};
use governance::policy::Power;
use record::Subject;

use super::{Desk, Saying};
use crate::code;
use crate::command::{Agent, Once, Receipt, Refused};
use crate::project::{self, origin_key};
use crate::sign::whose;
use crate::staging::Lookup;
use crate::store::{StoreError, Table};

impl Desk<'_, '_> {
    /// Opens a case for a report of another system, unless it has one.
    pub(super) fn import(
        &mut self,
        by: &Agent,
        origin: &Origin,
        report: Box<Report>,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        self.power(by, Power::Intake, "intake")?;
        let actor = self.actor(by)?;
        origin.check().map_err(governance::authorize::Refusal::Field)?;
        if let Some(case) = self.imported(origin)? {
            return self.known(&case, &report);
        }
        let act = Act::Report(report);
        let (epoch, seq) = self.staging.log.next();
        let case = code::case_id(self.setup.me(), epoch, seq);
        let saying = Saying { origin: Some(origin), ..Saying::of(&act) };
        self.sign_act(None, case, saying, &actor, once, None)
    }

    fn imported(&self, origin: &Origin) -> Result<Option<std::sync::Arc<Case>>, Refused> {
        let key = origin_key(&origin.source, &origin.number);
        let Some(id) = self.staging.value(Table::Origin, &key)? else { return Ok(None) };
        let id: [u8; Subject::LEN] = id.try_into().map_err(|_| damaged())?;
        let case = self.staging.case(CaseId::from_bytes(id))?;
        Ok(Some(case.ok_or_else(damaged)?))
    }

    /// The receipt of a report that was taken in before. Another report is one of other words:
    /// category, channel and place follow from the mapping and the territory, which may have
    /// changed since.
    fn known(&self, case: &Case, report: &Report) -> Result<Receipt, Refused> {
        let step = case.steps.first().ok_or_else(damaged)?;
        let at = project::position_of(self.staging, step.author, step.epoch, step.seq)?;
        let at = at.ok_or_else(damaged)?;
        let frame = self.staging.frame_at(at)?;
        let before = project::read(whose(self.setup), at, &frame)?.fields;
        let said = report.words();
        let same =
            Report::WORDS.iter().all(|id| before.raw(*id) == said.get(id).map(Vec::as_slice));
        let number = case.number.clone();
        if !same {
            return Err(Refused::OtherReport { number });
        }
        Ok(Receipt { subject: Some(case.id), number: Some(number), ..Receipt::empty() })
    }
}

fn damaged() -> StoreError {
    StoreError::Index { what: "an imported report's row: rebuild it".into() }
}
