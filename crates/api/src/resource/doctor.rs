//! What is wrong with this node and what to do about it, and how its storage is doing.

mod people;

use std::collections::BTreeMap;

use axum::Json;
use engine::doctor::{self, Finding};
use engine::engine::Contact;
use engine::project::{self, ForkedRow};
use engine::store::Position;
use engine::view;
use governance::certificate::{Issuer, Lists};
use record::{Hash, NodeId};
use serde::Serialize;

use crate::desk::{Desk, View};
use crate::problem::Problem;
use crate::state::Checks;

/// Most records in quarantine that are looked at.
const MAX_HELD: usize = 200;
const DAY_MILLIS: i64 = 86_400_000;

/// What was found, worst first.
#[derive(Serialize)]
pub(crate) struct Told {
    findings: Vec<Finding>,
}

/// How the storage is doing.
#[derive(Serialize)]
pub(crate) struct Storage {
    /// Bytes of journal on the disk.
    journal_bytes: u64,
    /// Bytes of journal that the index on the disk has not taken in yet.
    index_lag: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    free_bytes: Option<u64>,
    /// Why nothing can be written, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    read_only: Option<String>,
    /// Why the node does not sign, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    frozen: Option<String>,
    /// This node's own log.
    #[serde(skip_serializing_if = "Option::is_none")]
    log: Option<Log>,
}

#[derive(Serialize)]
struct Log {
    epoch: u32,
    /// Records in it.
    size: u64,
    root: Hash,
}

/// `GET /v1/doctor`: reads the journal again, one request at a time.
pub(crate) async fn examine(desk: Desk) -> Result<Json<Told>, Problem> {
    let state = desk.state.clone();
    let _turn = state.examining.lock().await;
    let status = state.handle.status();
    let (checks, asked) = (state.config.checks.clone(), state.config.second_factor);
    let findings = desk.read(move |view| {
        let health = view.reader.health();
        let mut found =
            vec![doctor::signing(status.frozen.as_deref(), health.read_only.as_deref())];
        found.extend(doctor::journal(&view.reader.examine()?));
        found.extend(doctor::disk(&health));
        found.extend(view.trust());
        found.extend(view.given_back()?);
        found.extend(view.neighbours(&status.contacts)?);
        found.push(view.in_quarantine()?);
        found.extend(view.people_found(asked)?);
        found.extend(view.privacy_found()?);
        let Checks(more) = checks;
        found.extend(more());
        found.sort_by_key(|finding| finding.state);
        Ok(found)
    });
    Ok(Json(Told { findings: findings.await? }))
}

/// `GET /v1/storage`
pub(crate) async fn storage(desk: Desk) -> Result<Json<Storage>, Problem> {
    let status = desk.state.handle.status();
    let health = desk.read(|view| Ok(view.reader.health())).await?;
    Ok(Json(Storage {
        journal_bytes: health.journal_bytes,
        index_lag: health.index_lag,
        free_bytes: health.free_bytes,
        read_only: health.read_only,
        frozen: status.frozen,
        log: status.log.map(|log| {
            let mark = log.mark();
            Log { epoch: mark.epoch, size: mark.count, root: mark.root }
        }),
    }))
}

impl View {
    /// This node's own certificate, the lists, and its witness.
    fn trust(&self) -> Vec<Finding> {
        let (standing, lists): (_, &Lists) = (&self.setup.standing, &self.world.lists);
        let left = standing.expires().millis() - self.now.millis();
        let own = lists.status(standing, self.setup.me(), self.now);
        let late = lists.iter().map(record::Signed::value);
        let late = late.filter(|list| list.next_update <= self.now).map(|list| match list.issuer {
            Issuer::Root => "root".to_owned(),
            Issuer::Node(node) => self.called(node),
        });
        let mut found = vec![
            doctor::certificate(left.div_euclid(DAY_MILLIS)),
            doctor::lists(&own, &late.collect::<Vec<_>>()),
        ];
        if let Some(parent) = standing.parent() {
            let row = view::peer(&self.reader, parent).ok().flatten();
            let seen = row.and_then(|row| row.witness.countersigned);
            found.push(doctor::witnessed(seen.map(|seen| (seen.time, seen.size)), self.now));
        }
        found
    }

    fn neighbours(&self, contacts: &BTreeMap<NodeId, Contact>) -> Result<Vec<Finding>, Problem> {
        let (lists, me): (&Lists, _) = (&self.world.lists, self.setup.me());
        let mut found = Vec::new();
        for (id, peer) in self.world.directory.iter() {
            let (name, short) = (&peer.standing.certificate().name, id.short().to_string());
            let status = lists.status(&peer.standing, me, self.now);
            let forked = project::forked(&self.reader, *id)?.filter(ForkedRow::is_open);
            let witness = view::peer(&self.reader, *id)?.map(|row| row.witness);
            let unopened = witness.and_then(|witness| witness.unopened);
            let (named, contact) = ((name.as_str(), short.as_str()), contacts.get(id));
            found.extend(doctor::neighbour(
                named,
                peer.relation,
                &status,
                contact,
                forked,
                unopened,
            ));
        }
        Ok(found)
    }

    /// What neighbours have yet to give back of what this node lost.
    fn given_back(&self) -> Result<Option<Finding>, Problem> {
        let neighbours = self.world.directory.neighbours().map(|(node, _)| *node);
        let lost = project::lost(&self.reader)?;
        Ok(doctor::lost(lost.map(|lost| lost.outstanding(neighbours))))
    }

    fn in_quarantine(&self) -> Result<Finding, Problem> {
        let held = view::quarantined(&self.reader, None::<Position>, MAX_HELD)?;
        Ok(doctor::quarantine(held.len()))
    }

    fn called(&self, node: NodeId) -> String {
        let named = self.node(node);
        named.name.unwrap_or(named.short)
    }
}
