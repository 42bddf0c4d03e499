//! The simulated network: everything is carried as bytes, and may be lost, doubled, delayed and so
//! overtaken. A connection is up while both ends are up and neither is cut off.

use std::time::Duration;

use engine::engine::{About, Input, Ticket};
use engine::wire::{Request, Response};
use rand::RngExt;
use record::{NodeId, PublicKey};

use super::{Captured, Event, Owed, Simulator};

impl Simulator {
    /// Both ends learn that they are connected, a moment apart.
    pub(super) fn connect(&mut self, node: NodeId) {
        for other in self.neighbours(node) {
            if self.is_joined(node, other) {
                self.tell(node, Input::Connected(self.key(other)));
                self.tell(other, Input::Connected(self.key(node)));
            }
        }
    }

    /// Both ends learn that they are not.
    pub(super) fn hang_up(&mut self, node: NodeId) {
        for other in self.neighbours(node) {
            self.step(other, vec![Input::Disconnected(self.key(node))]);
            self.step(node, vec![Input::Disconnected(self.key(other))]);
        }
    }

    fn tell(&mut self, node: NodeId, input: Input) {
        let life = self.places.get(&node).map(|place| place.life);
        let delay = self.delay();
        self.at(delay, Event::Input { to: node, life, input: Box::new(input) });
    }

    fn key(&self, node: NodeId) -> PublicKey {
        self.places[&node].member.setup.standing.key()
    }

    fn neighbours(&self, node: NodeId) -> Vec<NodeId> {
        let parent = |of: &NodeId| self.places[of].member.setup.standing.parent();
        let knows = |one: NodeId, other: NodeId| {
            let engine = self.places[&one].engine.as_ref();
            engine.is_some_and(|engine| {
                engine.world().directory.neighbours().any(|(known, _)| *known == other)
            })
        };
        let is = |other: &NodeId| {
            parent(other) == Some(node)
                || parent(&node) == Some(*other)
                || knows(node, *other)
                || knows(*other, node)
        };
        self.places.keys().copied().filter(|other| is(other)).collect()
    }

    fn is_joined(&self, one: NodeId, other: NodeId) -> bool {
        let whole = |node: NodeId| self.is_up(node) && !self.cut_off.contains(&node);
        whole(one) && whole(other)
    }

    fn delay(&mut self) -> Duration {
        let most = self.weather.delay.as_millis() as u64;
        Duration::from_millis(self.rng.random_range(1..=most))
    }

    fn chance(&mut self, of_thousand: u32) -> bool {
        self.rng.random_range(0..1_000) < of_thousand
    }

    fn tape(&mut self, from: NodeId, asks: bool, tag: u8, body: &[u8]) {
        if let Some(tape) = &mut self.tape {
            tape.push(Captured { from, asks, tag, body: body.to_vec() });
        }
    }

    /// A request leaves; whatever becomes of it, the sender hears of it within its time.
    pub(super) fn send(
        &mut self,
        from: NodeId,
        to: NodeId,
        about: About,
        request: &Request,
        within: Duration,
    ) {
        let body = request.encode().expect("what an engine sends is within its cap");
        self.watch(from, &body);
        self.tape(from, true, request.tag(), &body);
        let life = self.places[&from].life;
        let lost = !self.is_joined(from, to) || self.chance(self.weather.loss);
        if lost {
            let bytes = None;
            self.at(within, Event::Response { from: to, to: from, about, bytes, life });
            return;
        }
        let bytes = (request.tag(), body);
        if self.chance(self.weather.doubling) {
            let delay = self.delay();
            self.at(delay, Event::Request { from, to, about, bytes: bytes.clone(), life });
        }
        let delay = self.delay();
        self.at(delay, Event::Request { from, to, about, bytes, life });
    }

    pub(super) fn request_arrives(
        &mut self,
        from: NodeId,
        to: NodeId,
        about: About,
        bytes: &(u8, Vec<u8>),
        life: u64,
    ) {
        if !self.is_joined(from, to) {
            let gone = Event::Response { from: to, to: from, about, bytes: None, life };
            self.at(Duration::from_secs(1), gone);
            return;
        }
        self.digest.update(&bytes.1);
        let request = Request::decode(bytes.0, &bytes.1).expect("honest bytes decode");
        let ticket = self.ticket();
        self.owed.insert(ticket, Owed { to: from, about, life });
        let from = self.key(from);
        self.step(to, vec![Input::Request { ticket, from, request }]);
    }

    pub(super) fn respond(&mut self, node: NodeId, ticket: Ticket, response: Response) {
        let Some(Owed { to, about, life }) = self.owed.remove(&ticket) else { return };
        let body = response.encode().expect("what an engine answers is within its cap");
        self.watch(node, &body);
        self.tape(node, false, response.tag(), &body);
        let lost = !self.is_joined(node, to) || self.chance(self.weather.loss);
        let bytes = (!lost).then_some((response.tag(), body));
        let delay = if lost { Duration::from_secs(30) } else { self.delay() };
        self.at(delay, Event::Response { from: node, to, about, bytes, life });
    }

    pub(super) fn response_arrives(
        &mut self,
        from: NodeId,
        to: NodeId,
        about: About,
        bytes: Option<&(u8, Vec<u8>)>,
        life: u64,
    ) {
        // Whoever crashed meanwhile no longer waits for it.
        if self.places.get(&to).is_none_or(|place| place.life != life) {
            return;
        }
        let response = bytes.map(|(tag, body)| {
            self.digest.update(body);
            Response::decode(*tag, body).expect("honest bytes decode")
        });
        self.step(to, vec![Input::Response { from, about, response }]);
    }
}
