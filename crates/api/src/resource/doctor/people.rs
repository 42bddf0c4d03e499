//! What the doctor says of the node's people and of their data.

use std::collections::BTreeSet;

use engine::doctor::privacy::{self, Unerased};
use engine::doctor::{Finding, staff};
use engine::note::Account;
use engine::{project, view};
use governance::act::ActKind;
use governance::roster::Actor;
use record::{NodeId, Timestamp};

use crate::desk::View;
use crate::problem::Problem;

/// Accounts read at a time.
const ACCOUNTS: usize = 200;
/// Entries for one neighbour that are read at a time.
const ENTRIES: usize = 2_000;
/// Entries of the access log that are held against their links, newest first.
const READS: usize = 10_000;
const DAY_MILLIS: u64 = 86_400_000;

impl View {
    /// Second factors, keys, and what waits for a second person. `asked`: whether this node asks
    /// for second factors.
    pub(super) fn people_found(&self, asked: bool) -> Result<Vec<Finding>, Problem> {
        let policy = self.policy();
        let (mut factors, mut bound, mut others, mut all) = (Vec::new(), Vec::new(), 0, 0);
        for (account, actor) in self.officers()? {
            all += 1;
            let lacks = view::factor(&self.reader, &account.name)?.is_none();
            if lacks && actor.needs_second_factor(policy) {
                factors.push(account.name.clone());
            }
            let keys = view::keys_of(&self.reader, actor.id)?;
            if keys.iter().any(|(_, row)| row.revoked.is_none()) {
                continue;
            }
            let signs: &BTreeSet<String> = &policy.person_signature;
            if actor.appointments().iter().any(|held| signs.contains(&held.role)) {
                bound.push(account.name);
            } else {
                others += 1;
            }
        }
        let waiting = view::proposals(&self.reader)?;
        let lapses: Vec<Timestamp> =
            waiting.iter().map(|one| one.expires).filter(|at| self.now < *at).collect();
        Ok(vec![
            staff::factors(&factors, asked),
            staff::keys(&bound, others, all),
            staff::proposals(lapses.len(), lapses.iter().min().copied()),
        ])
    }

    /// Enabled accounts of people who hold a post now.
    fn officers(&self) -> Result<Vec<(Account, Actor)>, Problem> {
        let (mut found, mut after) = (Vec::new(), None::<String>);
        loop {
            let page = view::accounts(&self.reader, after.as_deref(), ACCOUNTS)?;
            after = page.last().map(|last| last.name.clone());
            let last = page.len() < ACCOUNTS;
            found.extend(page.into_iter().filter(|account| account.enabled).filter_map(
                |account| {
                    let actor = self.world.roster.actor(account.person, self.now)?;
                    (!actor.appointments().is_empty()).then_some((account, actor))
                },
            ));
            if last {
                return Ok(found);
            }
        }
    }

    /// Erasures that neighbours have not acknowledged, and the access log's chain.
    /// When each erasure was given to a neighbour that has not acknowledged it.
    fn erasures_waiting(&self, peer: NodeId) -> Result<Vec<Timestamp>, Problem> {
        let (erasure, mut times, mut after) = (ActKind::Erase.kind(), Vec::new(), 0);
        loop {
            let waiting = view::waiting(&self.reader, self.whose(), peer, after, ENTRIES)?;
            let erasures = waiting.iter().filter(|one| one.kind == erasure);
            times.extend(erasures.map(|one| one.entry.time));
            match waiting.last().filter(|_| waiting.len() == ENTRIES) {
                Some(last) => after = last.entry.number,
                None => return Ok(times),
            }
        }
    }

    pub(super) fn privacy_found(&self) -> Result<Vec<Finding>, Problem> {
        let mut late = Vec::new();
        for (id, _) in self.world.directory.iter() {
            let times = self.erasures_waiting(*id)?;
            let Some(oldest) = times.iter().min() else { continue };
            let age = u64::try_from(self.now.millis() - oldest.millis()).unwrap_or(0);
            let named = self.node(*id);
            let name = named.name.unwrap_or(named.short);
            late.push(Unerased { name, erasures: times.len(), days: age / DAY_MILLIS });
        }
        let mut found = privacy::erasures(&late);
        let (checked, broken) = view::access_chain(&self.reader, self.whose(), READS)?;
        let sealed = project::access_sealed(&self.reader)?;
        found.push(privacy::access_log(checked, broken, sealed));
        Ok(found)
    }
}
