//! What a node's engine wants done is done.

use std::time::Duration;

use engine::engine::{About, Effect, Input};
use engine::outbox::{self, Bounds};
use engine::wire::Response;
use engine::{arrival, blob, view};
use rand::RngExt;
use record::NodeId;

use super::{Event, Simulator, TICK};

impl Simulator {
    pub(super) fn carry_out(&mut self, node: NodeId, effect: Effect, next: &mut Vec<Input>) {
        match effect {
            Effect::Reply { ticket, outcome } => {
                self.replies.insert(ticket, outcome);
            }
            Effect::Answered { ticket, outcome } => {
                let outcome = outcome.map(|(question, answer)| (*question, *answer));
                self.answers.insert(ticket, outcome.map_err(|refused| refused.to_string()));
            }
            Effect::Respond { ticket, response } => self.respond(node, ticket, response),
            Effect::Open { ticket, peer, asked } => {
                let place = &self.places[&node];
                let reader = place.engine.as_ref().expect("it just acted").reader();
                let opened = outbox::open(&place.member.setup, &reader, peer, &asked);
                let opened = opened.expect("a record can be read");
                let response = opened.map_or(Response::Refused, Response::Opened);
                self.respond(node, ticket, response);
            }
            Effect::Page { ticket, peer, after, bounds } => {
                let place = &self.places[&node];
                let reader = place.engine.as_ref().expect("it just acted").reader();
                // Small pages, so that a stream takes many.
                let entries = self.rng.random_range(1..=4);
                let bounds = Bounds { entries, ..bounds };
                let page = outbox::page(&place.member.setup, &reader, peer, after, bounds)
                    .expect("a page can be read");
                self.respond(node, ticket, Response::Page(page));
            }
            Effect::Verify { from, wanted, page } => {
                let place = &self.places[&node];
                let world = place.engine.as_ref().expect("it just acted").world();
                let setup = &place.member.setup;
                let now = self.clock_of(node);
                let page = arrival::verify_page(setup, &world.directory, from, page, now);
                // Checked on other threads: it takes its time, and pages overtake each other.
                let input = Box::new(Input::Arrived { from, wanted, page });
                let takes = Duration::from_millis(self.rng.random_range(0..50));
                self.at(takes, Event::Input { to: node, life: Some(place.life), input });
            }
            Effect::Piece { ticket, peer, fetch } => {
                let place = &self.places[&node];
                let reader = place.engine.as_ref().expect("it just acted").reader();
                // Small pieces, so that a photo takes many.
                let most = self.rng.random_range(20..=60);
                let (setup, blobs) = (&place.member.setup, place.store.photos());
                let piece =
                    outbox::piece(setup, &reader, blobs, peer, &fetch, most, self.clock_of(node))
                        .expect("a photo can be read");
                let piece = piece.map_or(Response::Refused, Response::Piece);
                self.respond(node, ticket, piece);
            }
            Effect::KeepPhoto { from, photo, bytes } => {
                let place = &self.places[&node];
                let kept = blob::keep(place.store.photos(), &photo, &bytes);
                let input = Box::new(Input::PhotoKept { from, photo, kept });
                let takes = Duration::from_millis(self.rng.random_range(0..50));
                self.at(takes, Event::Input { to: node, life: Some(place.life), input });
            }
            Effect::Count { ask, matter, seat } => {
                let reader = self.places[&node].engine.as_ref().expect("it just acted").reader();
                let counted = view::count(&reader, &matter, &seat, self.clock_of(node)).ok();
                next.push(Input::Counted { ask, counted });
            }
            Effect::Send { to, about, request, within, .. } => {
                if let About::Pull(wanted) = about {
                    self.wanted.insert((node, to), wanted);
                }
                self.send(node, to, about, &request, within);
            }
            Effect::Misbehaved { what, .. } => {
                self.accused.push(format!("an honest peer was accused: {what}"));
            }
            Effect::Standing(setup) => {
                let Some(place) = self.places.get_mut(&node) else { return };
                let before = std::mem::replace(&mut place.member.setup, setup);
                if before.standing.parent() != place.member.setup.standing.parent() {
                    self.connect(node);
                }
            }
            Effect::Succession(setup) => {
                let Some(place) = self.places.get_mut(&node) else { return };
                // Written down; in force from the next start on.
                place.heir = Some(setup);
                self.at(TICK * 2, Event::Crash(node));
                self.at(TICK * 2 + Duration::from_secs(1), Event::Restart(node));
            }
            Effect::Changed(_)
            | Effect::World(_)
            | Effect::Enrolment(_)
            | Effect::Greeted { .. } => {}
        }
    }
}
