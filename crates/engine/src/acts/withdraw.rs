//! Taking back what was given: a signed record asks whoever was given fields to use them no longer,
//! and goes the way that the fields went.

use std::collections::BTreeSet;

use governance::act::{ActKind, FieldValues};
use governance::case::{Case, CaseId};
use governance::field::{self, Class};
use governance::policy::{Policy, Power};
use governance::roster::{Actor, Appointment};
use record::{ActorId, FieldId, NodeId, Record};

use super::{Desk, rules_of};
use crate::command::{Agent, Once, Receipt, Refused};
use crate::entry::Entry;
use crate::kind;
use crate::project::{self, MAX_WITHDRAWALS, Sent};
use crate::share;
use crate::sign::{self, Draft};
use crate::staging::{Lookup, compact_row};
use crate::store::{StoreError, Table};

/// Most fields that one withdrawal names.
const MAX_FIELDS: usize = 64;

/// Acts that give a case to other nodes.
const GIVING: [ActKind; 5] =
    [ActKind::Escalate, ActKind::HandDown, ActKind::SendHome, ActKind::Whistle, ActKind::Convene];

/// What a withdrawal is about.
pub(super) struct Withdrawing<'a> {
    pub(super) case: CaseId,
    pub(super) fields: &'a BTreeSet<FieldId>,
    /// From whom; everybody where empty.
    pub(super) from: &'a BTreeSet<NodeId>,
}

impl Desk<'_, '_> {
    /// Withdraws fields of this node's own records of a case from those that were given them.
    pub(super) fn withdraw_fields(
        &mut self,
        by: &Agent,
        what: &Withdrawing<'_>,
        once: Option<Once>,
    ) -> Result<Receipt, Refused> {
        let actor = self.actor(by)?;
        let id = what.case;
        let case = self.staging.case(id)?.ok_or(Refused::NotFound("case"))?;
        let (role, policy) = {
            let world = &self.world;
            let policy = rules_of(world, Some(&case), self.setup.me())?;
            (self.answers_for(&actor, policy, &case)?, policy.reference())
        };
        check(what.fields)?;
        let key = project::withdrawn_key(id, self.setup.me());
        let known: Option<Vec<crate::note::Withdrawn>> =
            compact_row(self.staging, Table::Withdrawn, &key)?;
        if known.is_some_and(|known| known.len() >= MAX_WITHDRAWALS) {
            let what = format!("fields of a case are withdrawn at most {MAX_WITHDRAWALS} times");
            return Err(Refused::Invalid { field: "case", what });
        }
        let (me, next) = (self.setup.me(), self.staging.log.next());
        let mut given = self.given(id, me, what.fields, next)?;
        given.retain(|node| what.from.is_empty() || what.from.contains(node));
        if given.is_empty() || what.from.iter().any(|node| !given.contains(node)) {
            let what = "a node named here, or every node, was never given any of these fields of \
                        this node's own records: look at the case's ledger";
            return Err(Refused::Invalid { field: "from", what: what.into() });
        }
        let receipt = Receipt { subject: Some(id), ..Receipt::empty() };
        let draft = Draft {
            subject: id,
            kind: kind::FIELDS_WITHDRAWN,
            causes: case.steps.last().map(|step| step.record).into_iter().collect(),
            actor: Some(record::Actor { id: ActorId::from_bytes(*actor.id.as_bytes()), role }),
            fields: values(what),
            note: once.map(|once| self.done(once, &receipt)),
        };
        let (record, ..) = sign::append(self.setup, self.staging, draft, self.now, self.rng)?;
        self.ask_back(&record, &given, &policy)?;
        Ok(Receipt { record: Some(record.id()), ..receipt })
    }

    /// The role by which somebody may take back: one that answers for personal data on the case's
    /// ground, or one that may give the case to others. Who may give may take back.
    fn answers_for(&self, actor: &Actor, policy: &Policy, case: &Case) -> Result<String, Refused> {
        let gives = |role: &str| {
            let rules = GIVING.iter().filter_map(|act| policy.rule(*act));
            rules.into_iter().any(|rule| rule.roles.contains(role))
        };
        let personal = |role: &str| {
            policy.role(role).is_some_and(|role| role.powers.contains(&Power::Personal))
        };
        let (territory, place, grid) = (&self.world.territory, case.place, case.grid.as_ref());
        let may = |held: &&Appointment| {
            let role = held.role.as_str();
            held.covers(territory, place, grid, self.now) && (personal(role) || gives(role))
        };
        let role = actor.appointments().iter().find(may).map(|held| held.role.clone());
        role.ok_or(Refused::Power("personal"))
    }

    /// Another's withdrawal came: those to whom this node passed the fields on are asked, too.
    pub(crate) fn pass_withdrawal_on(
        &mut self,
        from: NodeId,
        record: &Record,
        fields: &BTreeSet<FieldId>,
    ) -> Result<(), Refused> {
        let before = (record.epoch, record.seq);
        let mut given = self.given(record.subject, record.author, fields, before)?;
        given.retain(|node| *node != from && *node != record.author);
        let Some(case) = self.staging.case(record.subject)? else { return Ok(()) };
        // Asking back does not wait for a policy's text.
        let policy = self.world.policies.of(&case, self.setup.me());
        let policy = policy.map_or_else(str::to_owned, |policy| policy.reference());
        self.ask_back(record, &given, &policy)
    }

    fn ask_back(
        &mut self,
        record: &Record,
        from: &BTreeSet<NodeId>,
        policy: &str,
    ) -> Result<(), Refused> {
        for node in from {
            share::share_withdrawal(self.setup, self.staging, record, *node, policy, self.now)?;
            self.poke(*node);
        }
        self.out.push(crate::engine::Effect::Changed(record.subject));
        Ok(())
    }

    /// Who was given any of these fields of an author's records of a case that came before a place
    /// in its log. Read from the entries that were sent.
    fn given(
        &self,
        case: CaseId,
        author: NodeId,
        fields: &BTreeSet<FieldId>,
        before: (u32, u64),
    ) -> Result<BTreeSet<NodeId>, StoreError> {
        let mut found = BTreeSet::new();
        for (node, _) in self.world.directory.iter() {
            for number in project::given_to(self.staging, case, *node)? {
                let Some(entry) = sent(self.staging, *node, number)? else { continue };
                let theirs = entry.author == author && (entry.epoch, entry.seq) < before;
                if theirs && entry.fields.iter().any(|id| fields.contains(id)) {
                    found.insert(*node);
                    break;
                }
            }
        }
        Ok(found)
    }
}

/// An entry that was sent.
fn sent(view: &impl Lookup, to: NodeId, number: u64) -> Result<Option<Entry>, StoreError> {
    let row = view.value(Table::Outbox, &project::stream_key(to, number))?;
    let Some(Sent { at, .. }) = row.as_deref().and_then(Sent::from_bytes) else { return Ok(None) };
    Ok(Entry::decode(&view.frame_at(at)?.envelope).ok())
}

fn check(fields: &BTreeSet<FieldId>) -> Result<(), Refused> {
    let known = |id: &FieldId| field::by_id(*id).is_some_and(|f| f.class != Class::Structural);
    if (1..=MAX_FIELDS).contains(&fields.len()) && fields.iter().all(known) {
        return Ok(());
    }
    let what = "1 to 64 fields of words or personal data; codes and times can't be withdrawn";
    Err(Refused::Invalid { field: "fields", what: what.into() })
}

fn values(what: &Withdrawing<'_>) -> FieldValues {
    let encode = "numbers and ids have a deterministic encoding";
    let fields: Vec<u16> = what.fields.iter().map(|id| id.0).collect();
    let from: Vec<NodeId> = what.from.iter().copied().collect();
    let mut values = FieldValues::new();
    values.insert(field::WITHDRAWN_FIELDS, record::cbor::encode(&fields).expect(encode));
    if !from.is_empty() {
        values.insert(field::WITHDRAWN_FROM, record::cbor::encode(&from).expect(encode));
    }
    values
}
