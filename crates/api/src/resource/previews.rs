//! What an act would give to others, before it is done.

use std::collections::BTreeMap;

use axum::Json;
use engine::access::Look;
use engine::preview::{Foreseen, Preview};
use governance::act::{Act, ActKind};
use governance::case::{Case, CaseId};
use governance::hand::NodeOnly;
use governance::release::Withhold;
use record::{NodeId, RecordId, Timestamp};
use serde::{Deserialize, Serialize};

use super::ledger::words;
use super::signing::Sent;
use crate::body::Body;
use crate::desk::{Desk, View};
use crate::looks::Shown;
use crate::params::Path;
use crate::problem::{Kind, Problem};
use crate::shape::names::NodeName;

/// For everybody whom an act gives something.
const EVERYBODY: &str = "*";

/// An act, and what others are not to be given by it: field names by node, or for everybody.
#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    withhold: BTreeMap<String, Vec<String>>,
    /// What the person signed of it.
    #[serde(default)]
    pub(super) signed: Option<Sent>,
    /// Why they did not.
    #[serde(default)]
    pub(super) unsigned: Option<NodeOnly>,
    #[serde(flatten)]
    pub(super) act: Act,
}

/// What an act would give.
#[derive(Serialize)]
pub(crate) struct Previewed {
    /// By which version of the rules.
    policy: String,
    recipients: Vec<Recipient>,
}

#[derive(Serialize)]
struct Recipient {
    to: NodeName,
    records: Vec<Leaving>,
}

/// A record that would leave, or a part of it.
#[derive(Serialize)]
struct Leaving {
    act: ActKind,
    /// The earlier record; none for the act's own, which is not signed yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<RecordId>,
    /// The words and personal data that would go; codes and times go with every record.
    fields: Vec<&'static str>,
    /// What would be kept back.
    withheld: Vec<&'static str>,
    purpose: String,
    basis: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
}

/// `POST /v1/cases/{id}/previews`
pub(crate) async fn make(
    desk: Desk,
    path: Path,
    body: Body<Asked>,
) -> Result<Json<Previewed>, Problem> {
    let id: CaseId = path.id("id")?;
    let withhold = body.value.withhold()?;
    let act = body.value.act;
    let previewed = desk.read(move |view| view.preview(&view.case(id)?, &act, &withhold)).await?;
    desk.looked(Shown::of(Look::Preview, id)).await?;
    Ok(Json(previewed))
}

impl Asked {
    /// What is withheld.
    ///
    /// # Errors
    /// For what is no node, and for a field that can't be withheld.
    pub(super) fn withhold(&self) -> Result<Withhold, Problem> {
        let wrong = |what: String| Problem::at(Kind::FIELD, "body.withhold", what);
        let mut withhold = Withhold::default();
        for (to, keys) in &self.withhold {
            let node: Option<NodeId> = match to.as_str() {
                EVERYBODY => None,
                id => Some(id.parse().map_err(|_| {
                    wrong("names nodes by their ids in hex, or everybody by *".into())
                })?),
            };
            for key in keys {
                withhold.add(node, key).map_err(|error| wrong(told(&error)))?;
            }
        }
        Ok(withhold)
    }
}

/// What is wrong, without repeating what was sent.
fn told(error: &governance::release::WithholdError) -> String {
    use governance::release::WithholdError as Error;
    match error {
        Error::Unknown(_) => "names a field that does not exist".into(),
        Error::Structural(_) | Error::TooMany | Error::NoRecipient(_) | Error::NotGiven { .. } => {
            error.to_string()
        }
    }
}

impl View {
    fn preview(&self, case: &Case, act: &Act, withhold: &Withhold) -> Result<Previewed, Problem> {
        let preview = Preview {
            setup: &self.setup,
            world: &self.world,
            actor: &self.actor,
            withhold,
            now: self.now,
        };
        let (policy, foreseen) = preview.of(&self.reader, case, act)?;
        let mut recipients: BTreeMap<NodeId, Vec<Leaving>> = BTreeMap::new();
        for Foreseen { step, release } in foreseen {
            let earlier = case.steps.get(step);
            recipients.entry(release.to()).or_default().push(Leaving {
                act: earlier.map_or(act.kind(), |step| step.act),
                record: earlier.map(|step| step.record),
                fields: words(release.fields().iter().copied()),
                withheld: words(release.withheld().iter().copied()),
                purpose: release.purpose().to_owned(),
                basis: release.basis().to_owned(),
                until: release.until(),
            });
        }
        let recipient = |(to, records)| Recipient { to: self.node(to), records };
        Ok(Previewed { policy, recipients: recipients.into_iter().map(recipient).collect() })
    }
}
