//! What the reader may do with a case now, and whom and what that can name: from this a page makes
//! its forms. Governance says it; what is then done is judged anew.

use axum::Json;
use engine::open;
use governance::act::ActKind;
use governance::case::{Case, CaseId, Party};
use serde::Serialize;

use crate::desk::{Desk, View};
use crate::params::Path;
use crate::problem::Problem;
use crate::shape::names::{Named, NodeName, named};

/// What is open, and what can be named.
#[derive(Serialize)]
pub(crate) struct OpenActs {
    acts: Vec<OpenAct>,
    /// Member units, which a whistle can call.
    units: Vec<NodeName>,
    /// Nodes below, which a task force can call besides.
    below: Vec<NodeName>,
    /// The other sides of a whistle, which can be scored.
    sides: Vec<NodeName>,
    severities: Vec<Named>,
    /// Grounds on which a case may be left out of a rate.
    exclusions: Vec<Named>,
}

#[derive(Serialize)]
struct OpenAct {
    act: ActKind,
    /// Optional fields that this place insists on.
    needs: Vec<String>,
}

/// `GET /v1/cases/{id}/acts`
pub(crate) async fn get(desk: Desk, path: Path) -> Result<Json<OpenActs>, Problem> {
    let id: CaseId = path.id("id")?;
    let acts = desk.read(move |view| {
        let case = view.case(id)?;
        Ok(view.open(&case))
    });
    acts.await.map(Json)
}

impl View {
    fn open(&self, case: &Case) -> OpenActs {
        let (setup, world) = (&self.setup, &self.world);
        let acts = open::acts(setup, world, case, &self.actor, self.now);
        let acts = acts
            .into_iter()
            .map(|open| OpenAct { act: open.act, needs: open.needs.into_iter().collect() });
        let me = setup.me();
        let callers = case.parties.iter().filter(|(_, party)| **party == Party::Caller);
        let called = case.units.iter().map(|call| call.node).filter(|_| case.is_here());
        let sides = callers.map(|(node, _)| *node).chain(called).filter(|node| *node != me);
        let policy = self.policy();
        let exclusions = policy.rates.iter().flat_map(|rates| &rates.exclusions);
        let words = |key: &str, zh: &str, en: &str| named(key, Some((zh, en)));
        OpenActs {
            acts: acts.collect(),
            units: world.directory.units().iter().map(|node| self.node(*node)).collect(),
            below: world.directory.children().iter().map(|node| self.node(*node)).collect(),
            sides: sides.map(|node| self.node(node)).collect(),
            severities: policy
                .severities
                .iter()
                .map(|known| words(&known.key, &known.name, &known.name_en))
                .collect(),
            exclusions: exclusions
                .map(|known| words(&known.key, &known.name, &known.name_en))
                .collect(),
        }
    }
}
