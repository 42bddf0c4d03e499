//! What a test does with a node from outside: it asks, looks, listens and plays foul.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use engine::command::{Command, Receipt, Refused};
use engine::engine::{About, Contact, Effect, Engine, Input, Wanted};
use engine::memory::MemoryStore;
use engine::outbox;
use engine::peer::Directory;
use engine::view;
use engine::wire::{PIECE_BYTES, Page, Request, Response};
use engine::world::{Setup, World};
use governance::query::{Answer, Matter, Question};
use record::{Hash, NodeId, PublicKey, Signed, Timestamp};

use super::{Captured, Place, Simulator, Staff, open};

impl Simulator {
    /// Puts a command to a node and gives its outcome; the node must be up.
    ///
    /// # Errors
    /// The node's refusal.
    ///
    /// # Panics
    /// When the node is down.
    pub fn command(&mut self, node: NodeId, command: Command) -> Result<Receipt, Refused> {
        let ticket = self.ticket();
        self.step(node, vec![Input::Command { ticket, command }]);
        let outcome = self.replies.remove(&ticket).expect("a node that is up replies at once");
        if let Ok(Receipt { record: Some(record), .. }) = &outcome
            && let Some(place) = self.places.get_mut(&node)
        {
            place.promised.insert(*record);
        }
        outcome
    }

    /// Asks a node and its subordinates; runs until the answer is there.
    ///
    /// # Errors
    /// The node's refusal in words.
    ///
    /// # Panics
    /// When no answer comes within the budget.
    pub fn ask(
        &mut self,
        node: NodeId,
        matter: Matter,
        budget: Duration,
    ) -> Result<(Question, Signed<Answer>), String> {
        let ticket = self.ticket();
        self.step(node, vec![Input::Ask { ticket, matter, budget }]);
        for _ in 0..4_000 {
            if let Some(answer) = self.answers.remove(&ticket) {
                return answer;
            }
            let asking = |place: &Place| place.engine.as_ref().is_some_and(Engine::is_asking);
            let busy: Vec<NodeId> =
                self.places.iter().filter(|(_, p)| asking(p)).map(|(node, _)| *node).collect();
            for other in busy {
                self.step(other, vec![Input::Tick]);
            }
            self.advance(self.now.plus(Duration::from_millis(50)));
        }
        panic!("no answer within the budget (seed {})", self.seed)
    }

    /// Sets a node's clock wrong by so many milliseconds.
    pub fn set_clock(&mut self, node: NodeId, skew: i64) {
        self.skews.insert(node, skew);
    }

    /// What a node's clock says.
    #[must_use]
    pub fn clock_of(&self, node: NodeId) -> Timestamp {
        let skew = self.skews.get(&node).copied().unwrap_or_default();
        Timestamp::from_millis(self.now.millis() + skew)
    }

    /// Captures every message from now on.
    pub fn capture(&mut self) {
        self.tape = Some(Vec::new());
    }

    /// What was captured.
    pub fn captured(&mut self) -> Vec<Captured> {
        self.tape.take().unwrap_or_default()
    }

    /// Puts a request to a node as if it came over a connection with this key, and gives its
    /// response where there is one at once.
    pub fn knock(&mut self, node: NodeId, from: PublicKey, request: Request) -> Option<Response> {
        let ticket = self.ticket();
        let now = self.clock_of(node);
        let place = self.places.get_mut(&node)?;
        let effects =
            place.engine.as_mut()?.step(vec![Input::Request { ticket, from, request }], now);
        for effect in effects {
            if let Effect::Send { to, about: About::Pull(wanted), .. } = &effect {
                self.wanted.insert((node, *to), *wanted);
            }
            if let Effect::Page { ticket: of, peer, after, bounds } = &effect
                && *of == ticket
            {
                let place = &self.places[&node];
                let reader = place.engine.as_ref()?.reader();
                let page =
                    outbox::page(&place.member.setup, &reader, *peer, *after, *bounds).ok()?;
                return Some(Response::Page(page));
            }
            if let Effect::Open { ticket: of, peer, asked } = &effect
                && *of == ticket
            {
                let place = &self.places[&node];
                let reader = place.engine.as_ref()?.reader();
                let opened = outbox::open(&place.member.setup, &reader, *peer, asked).ok()?;
                return Some(opened.map_or(Response::Refused, Response::Opened));
            }
            if let Effect::Piece { ticket: of, peer, fetch } = &effect
                && *of == ticket
            {
                let place = &self.places[&node];
                let (reader, blobs) = (place.engine.as_ref()?.reader(), place.store.photos());
                let setup = &place.member.setup;
                let piece =
                    outbox::piece(setup, &reader, blobs, *peer, fetch, PIECE_BYTES, now).ok()?;
                return Some(piece.map_or(Response::Refused, Response::Piece));
            }
            if let Effect::Respond { ticket: of, response } = effect
                && of == ticket
            {
                return Some(response);
            }
        }
        None
    }

    /// The peers a node knows.
    ///
    /// # Panics
    /// When the node is down.
    #[must_use]
    pub fn directory(&self, node: NodeId) -> Directory {
        let engine = self.places[&node].engine.as_ref().expect("the node is up");
        engine.world().directory.as_ref().clone()
    }

    /// Who a node is now.
    ///
    /// # Panics
    /// When the node is down.
    #[must_use]
    pub fn setup(&self, node: NodeId) -> Arc<Setup> {
        self.places[&node].engine.as_ref().expect("the node is up").setup()
    }

    /// How a node's neighbours are, as its operator sees them.
    ///
    /// # Panics
    /// When the node is down.
    #[must_use]
    pub fn contacts(&self, node: NodeId) -> BTreeMap<NodeId, Contact> {
        self.places[&node].engine.as_ref().expect("the node is up").contacts()
    }

    /// How often a node has stopped.
    #[must_use]
    pub fn lives(&self, node: NodeId) -> u64 {
        self.places[&node].life
    }

    /// What a node keeps in memory.
    ///
    /// # Panics
    /// When the node is down.
    #[must_use]
    pub fn world(&self, node: NodeId) -> Arc<World> {
        self.places[&node].engine.as_ref().expect("the node is up").world()
    }

    /// Size and root of `peer`'s log as `node` countersigned it last.
    #[must_use]
    pub fn witnessed(&self, node: NodeId, peer: NodeId) -> Option<(u64, Hash)> {
        let reader = engine::store::Store::reader(&self.places[&node].store);
        let row = view::peer(&reader, peer).ok().flatten()?;
        row.witness.witnessed.map(|seen| (seen.size, seen.root))
    }

    /// Gives a node a new history under its old key, longer than the old one, as a dishonest
    /// operator would.
    pub fn rewrite(&mut self, node: NodeId) {
        self.crash(node);
        let Some(place) = self.places.get_mut(&node) else { return };
        place.promised.clear();
        place.store = MemoryStore::new();
        place.staff = Staff::default();
        place.engine = Some(open(&place.member, &place.store, self.seed ^ 0xbad));
        self.introduce();
        self.hire(node);
        self.register_extras(node, 60);
        self.connect(node);
    }

    /// The page that a node asked of a neighbour last.
    #[must_use]
    pub fn wanted(&self, node: NodeId, from: NodeId) -> Option<Wanted> {
        self.wanted.get(&(node, from)).copied()
    }

    /// Answers what a node asked a neighbour for last with another page.
    ///
    /// # Panics
    /// When it never asked.
    pub fn answer_pull(&mut self, node: NodeId, from: NodeId, page: Page) {
        let wanted = self.wanted(node, from).expect("it was poked");
        self.answer_unasked(node, from, About::Pull(wanted), Response::Page(page));
    }

    /// Puts a response to a node as if it had asked for it.
    pub fn answer_unasked(&mut self, node: NodeId, from: NodeId, about: About, said: Response) {
        self.step(node, vec![Input::Response { from, about, response: Some(said) }]);
    }
}
