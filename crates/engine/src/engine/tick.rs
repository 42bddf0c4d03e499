//! What is done because time passes.

use std::sync::Arc;
use std::time::Duration;

use record::{NodeId, PublicKey};

use super::dispatch::storage;
use super::{About, Effect};
use crate::acts::Desk;
use crate::store::StoreError;
use crate::wire::Request;

impl Desk<'_, '_> {
    /// Time passes. An error is storage's alone.
    pub(super) fn tick(&mut self) -> Result<(), Arc<StoreError>> {
        self.tend_neighbours();
        let _ = storage(self.keep_own_list())?;
        self.watch_lists();
        self.announce();
        self.seek_certificate();
        let _ = storage(self.reclaim_lost())?;
        let _ = storage(self.sweep_receipts())?;
        let _ = storage(self.sweep_uploads())?;
        let _ = storage(self.sweep_cases())?;
        if self.barred().is_none() {
            let _ = storage(self.seal_access())?;
        }
        self.fetch_all().map_err(Arc::new)
    }

    /// Retries, witnesses, questions that run out.
    fn tend_neighbours(&mut self) {
        let due: Vec<(NodeId, bool)> = self
            .talk
            .sessions
            .iter()
            .filter(|(_, session)| session.retry.is_some_and(|at| at <= self.now))
            .map(|(node, session)| (*node, session.greeted))
            .collect();
        for (node, greeted) in due {
            if let Some(session) = self.talk.sessions.get_mut(&node) {
                session.retry = None;
            }
            let key = self.world.directory.get(node).map(|peer| peer.standing.key());
            match key {
                Some(_) if greeted => self.pull(node),
                Some(key) => self.connected(key),
                None => {}
            }
        }
        self.poke_again();
        if self.barred().is_none() {
            self.seek_witness();
        }
        if let Err(error) = self.check_on_those_below() {
            tracing::error!(error = %error, "无法抽查下级的账本 nodes below can't be asked to open records");
        }
        self.questions_run_out();
    }

    /// Pokes neighbours that did not hear of what there is for them, or may have now what was
    /// withheld: nothing else would tell them.
    fn poke_again(&mut self) {
        let sessions = self.talk.sessions.iter();
        let unheard = sessions.filter(|(_, session)| session.poke || session.withheld);
        let unheard: Vec<NodeId> = unheard.map(|(node, _)| *node).collect();
        for node in unheard {
            let may = self.may_have_personal(node).unwrap_or(false);
            let Some(session) = self.talk.sessions.get_mut(&node) else { continue };
            let free = may && std::mem::take(&mut session.withheld);
            if std::mem::take(&mut session.poke) || free {
                self.poke(node);
            }
        }
    }

    pub(crate) fn poke(&mut self, node: NodeId) {
        let greeted = self.talk.sessions.get(&node).is_some_and(|session| session.greeted);
        let key = self.world.directory.get(node).map(|peer| peer.standing.key());
        let waiting = self.out.iter().any(
            |effect| matches!(effect, Effect::Send { to, about: About::Poke, .. } if *to == node),
        );
        if let Some(key) = key.filter(|_| greeted && !waiting) {
            self.send(node, key, About::Poke, Request::Poke, Duration::from_secs(10));
        }
    }

    pub(crate) fn send(
        &mut self,
        to: NodeId,
        key: PublicKey,
        about: About,
        request: Request,
        within: Duration,
    ) {
        self.out.push(Effect::Send { to, key, about, request, within });
    }
}
