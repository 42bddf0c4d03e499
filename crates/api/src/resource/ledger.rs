//! Who was given what of a case (给了谁), and how often it was read here: for staff, and for whoever
//! reported it. And taking back what was given.

use std::collections::BTreeSet;

use axum::Json;
use engine::access::Look;
use engine::command::{Receipt, What};
use engine::view;
use governance::act::ActKind;
use governance::case::{Case, CaseId};
use governance::field::{self, Class};
use record::{FieldId, NodeId, RecordId, Timestamp};
use serde::{Deserialize, Serialize};

use super::reports::reporter;
use crate::body::Body;
use crate::desk::{Desk, View};
use crate::looks::Shown;
use crate::params::Path;
use crate::problem::{Kind, Problem};
use crate::shape::names::{Named, NodeName};

/// Who was given what.
#[derive(Serialize)]
pub(crate) struct Ledger {
    given: Vec<GivenShown>,
    withdrawn: Vec<WithdrawnShown>,
    /// How often it was read here, by the role of who read.
    reads: Vec<Reads>,
    /// Nodes that take part and were given nothing by this node: whoever brought them in can say
    /// what they were given.
    others: Vec<NodeName>,
}

/// One thing that went to one node.
#[derive(Serialize)]
struct GivenShown {
    to: NodeName,
    at: Timestamp,
    record: RecordId,
    /// What the record is of; none for a withdrawal.
    #[serde(skip_serializing_if = "Option::is_none")]
    act: Option<ActKind>,
    /// The words and personal data that went; codes and times go with every record.
    fields: Vec<&'static str>,
    /// What staff kept back of what the rules would have let go.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    withheld: Vec<&'static str>,
    purpose: String,
    basis: String,
    policy: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
    /// Whether that node has signed that it has it.
    acknowledged: bool,
}

#[derive(Serialize)]
struct WithdrawnShown {
    fields: Vec<&'static str>,
    /// From whom; everybody where empty.
    from: Vec<NodeName>,
}

#[derive(Serialize)]
struct Reads {
    role: Named,
    count: u64,
}

/// What is to be taken back.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Withdrawal {
    fields: Vec<String>,
    /// From whom; everybody who was given them where absent.
    #[serde(default)]
    from: BTreeSet<NodeId>,
}

/// `GET /v1/cases/{id}/ledger`
pub(crate) async fn of_case(desk: Desk, path: Path) -> Result<Json<Ledger>, Problem> {
    let id: CaseId = path.id("id")?;
    let ledger = desk.read(move |view| view.ledger(&view.case(id)?)).await?;
    desk.looked(Shown::of(Look::Ledger, id)).await?;
    Ok(Json(ledger))
}

/// `GET /v1/reports/{code}/ledger`
pub(crate) async fn of_report(desk: Desk, path: Path) -> Result<Json<Ledger>, Problem> {
    let reporter = reporter(&desk, &path)?;
    let ledger =
        desk.read_as(Desk::resident(reporter), move |view| view.ledger(&view.reported(reporter)?));
    ledger.await.map(Json)
}

/// `POST /v1/cases/{id}/withdrawals`
pub(crate) async fn withdraw(
    desk: Desk,
    path: Path,
    body: Body<Withdrawal>,
) -> Result<Json<Receipt>, Problem> {
    let case: CaseId = path.id("id")?;
    let Withdrawal { fields, from } = body.value;
    let known = |key: &String| field::by_key(key).map(|field| field.id);
    let fields: Option<BTreeSet<FieldId>> = fields.iter().map(known).collect();
    let fields =
        fields.ok_or_else(|| Problem::at(Kind::FIELD, "body.fields", "takes names of fields"))?;
    let once = desk.once(body.digest)?;
    if !desk.repeated(once.as_ref()).await? {
        desk.read(move |view| view.case(case).map(|_| ())).await?;
    }
    let what = What::WithdrawFields { case, fields, from };
    desk.command_by(desk.staff()?, what, once).await.map(Json)
}

/// Names of the fields that are words or personal data.
pub(super) fn words(ids: impl IntoIterator<Item = FieldId>) -> Vec<&'static str> {
    let known = ids.into_iter().filter_map(field::by_id);
    known.filter(|field| field.class != Class::Structural).map(|field| field.key).collect()
}

impl View {
    fn ledger(&self, case: &Case) -> Result<Ledger, Problem> {
        let given = view::given(&self.reader, case.id)?;
        let told: BTreeSet<NodeId> = given.iter().map(|given| given.to).collect();
        let me = self.setup.me();
        let part: BTreeSet<NodeId> = case
            .parties
            .keys()
            .chain(&case.trail)
            .chain(case.units.iter().map(|call| &call.node))
            .copied()
            .filter(|node| *node != me && !told.contains(node))
            .collect();
        let withdrawn = view::withdrawn(&self.reader, case.id, me)?;
        let reads = view::reads(&self.reader, case.id)?;
        let mut given: Vec<GivenShown> =
            given.into_iter().map(|given| self.given(case, given)).collect();
        given.sort_by_key(|given| given.at);
        Ok(Ledger {
            given,
            withdrawn: withdrawn
                .into_iter()
                .map(|row| WithdrawnShown {
                    fields: words(row.fields.into_iter().map(FieldId)),
                    from: row.from.into_iter().map(|node| self.node(node)).collect(),
                })
                .collect(),
            reads: reads
                .into_iter()
                .map(|(role, count)| Reads { role: self.role(&role), count })
                .collect(),
            others: part.into_iter().map(|node| self.node(node)).collect(),
        })
    }

    fn given(&self, case: &Case, given: view::Given) -> GivenShown {
        let view::Given { to, entry, acknowledged } = given;
        let step = case.steps.iter().find(|step| step.record == entry.record);
        GivenShown {
            to: self.node(to),
            at: entry.time,
            record: entry.record,
            act: step.map(|step| step.act),
            fields: words(entry.fields),
            withheld: words(entry.withheld),
            purpose: entry.purpose,
            basis: entry.basis,
            policy: entry.policy,
            until: entry.until,
            acknowledged,
        }
    }
}
