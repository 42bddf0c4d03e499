//! Asking subordinates: a question goes down, every node counts its own cases, and signed answers
//! come up inside their parent's. A deadline ends the waiting; who is missing is named.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use governance::query::{Answer, ChildAnswer, ChildState, Matter, Question, Seat, Tally};
use record::{NodeId, Signed, Subject, Timestamp};
use serde_bytes::ByteBuf;

use crate::acts::Desk;
use crate::command::Refused;
use crate::engine::{About, Effect, Ticket};
use crate::peer::Relation;
use crate::view::State;
use crate::wire::{Ask, Request, Response};

/// Questions that may be open at once; one more is refused.
const MOST_OPEN: usize = 64;
/// Kept back at each hop for the way up, and for counting and signing.
const MARGIN: Duration = Duration::from_millis(150);

/// Every open question, by local number.
#[derive(Default)]
pub(crate) struct Asking {
    next: u64,
    open: BTreeMap<u64, Open>,
}

struct Open {
    by: By,
    question: Question,
    deadline: Timestamp,
    own: Option<Option<(Tally, State)>>,
    children: BTreeMap<NodeId, Child>,
}

/// Who asked.
enum By {
    Staff(Ticket),
    Parent(Ticket),
}

struct Child {
    certificate: Arc<[u8]>,
    state: Option<ChildState>,
}

impl Asking {
    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }
}

impl Desk<'_, '_> {
    /// This node's own staff asks.
    pub(crate) fn ask(&mut self, ticket: Ticket, matter: Matter, budget: Duration) {
        let id = Subject::random(self.rng);
        let question = Question::new(id, self.setup.me(), matter, self.now, budget);
        if self.talk.asking.open.len() >= MOST_OPEN {
            let outcome = Err(Refused::Busy(Duration::from_secs(1)));
            self.out.push(Effect::Answered { ticket, outcome });
            return;
        }
        self.put_question(By::Staff(ticket), question);
    }

    /// The parent asks. `None`: the answer comes later.
    pub(crate) fn asked(&mut self, ticket: Ticket, peer: NodeId, bytes: &[u8]) -> Option<Response> {
        if self.talk.asking.open.len() >= MOST_OPEN {
            return Some(Response::Refused);
        }
        let asker = &self.world.directory.get(peer)?.standing;
        match Question::accept(bytes, asker, &self.setup.standing, self.now) {
            Ok(question) => {
                self.put_question(By::Parent(ticket), question.into_value());
                None
            }
            Err(error) => {
                tracing::warn!(peer = %peer, error = %error, "提问被拒 question refused");
                Some(Response::Refused)
            }
        }
    }

    fn put_question(&mut self, by: By, question: Question) {
        let number = self.talk.asking.next;
        self.talk.asking.next += 1;
        let certificate = self.setup.standing.certificate();
        let seat = Seat { node: self.setup.me(), area: certificate.area.clone() };
        let deadline = self.now.plus(question.budget().saturating_sub(MARGIN));
        let children = self.put_to_children(number, &question);
        let matter = question.matter.clone();
        let open = Open { by, question, deadline, own: None, children };
        self.talk.asking.open.insert(number, open);
        self.out.push(Effect::Count { ask: number, matter, seat });
    }

    fn put_to_children(&mut self, number: u64, question: &Question) -> BTreeMap<NodeId, Child> {
        let me = self.setup.me();
        let below = question.for_child(me, self.now, self.now, MARGIN);
        let concerned: Vec<_> = self
            .world
            .directory
            .of(Relation::Child)
            .filter(|(_, peer)| question.matter.concerns(&peer.standing.certificate().area))
            .map(|(node, peer)| (*node, peer.standing.clone()))
            .collect();
        let mut children = BTreeMap::new();
        for (node, standing) in concerned {
            let greeted = self.talk.sessions.get(&node).is_some_and(|session| session.greeted);
            // Whoever is not connected is missing from the start and need not be waited for.
            let mut state = Some(ChildState::Pending);
            if let Some(below) = below.as_ref().filter(|_| greeted) {
                let signed = Signed::sign(below.clone(), &self.setup.key, &self.setup.federation);
                let question = ByteBuf::from(signed.bytes().to_vec());
                let request = Request::Ask(Ask { question });
                let within = below.budget();
                self.send(node, standing.key(), About::Ask(number), request, within);
                state = None;
            }
            let certificate = standing.chain().next().cloned().unwrap_or_else(|| Arc::from([]));
            children.insert(node, Child { certificate, state });
        }
        children
    }

    /// This node's own count.
    pub(crate) fn counted(&mut self, number: u64, counted: Option<(Tally, State)>) {
        if let Some(open) = self.talk.asking.open.get_mut(&number) {
            open.own = Some(counted);
        }
        self.answer_if_whole(number);
    }

    /// A child answered; `None`: it refused.
    pub(crate) fn child_answered(&mut self, number: u64, node: NodeId, answer: Option<Vec<u8>>) {
        let state = match answer {
            Some(bytes) => ChildState::Answered { answer: bytes.into() },
            None => ChildState::Refused,
        };
        self.child_is(number, node, state);
    }

    /// A child did not answer in time.
    pub(crate) fn child_silent(&mut self, number: u64, node: NodeId) {
        self.child_is(number, node, ChildState::Pending);
    }

    fn child_is(&mut self, number: u64, node: NodeId, state: ChildState) {
        let open = self.talk.asking.open.get_mut(&number);
        if let Some(child) = open.and_then(|open| open.children.get_mut(&node)) {
            child.state = Some(state);
        }
        self.answer_if_whole(number);
    }

    fn answer_if_whole(&mut self, number: u64) {
        let whole = self.talk.asking.open.get(&number).is_some_and(|open| {
            open.own.is_some() && open.children.values().all(|child| child.state.is_some())
        });
        if whole {
            self.close_question(number);
        }
    }

    /// Questions whose time is over are answered with what there is.
    pub(crate) fn questions_run_out(&mut self) {
        let over: Vec<u64> = self
            .talk
            .asking
            .open
            .iter()
            .filter(|(_, open)| open.deadline <= self.now)
            .map(|(number, _)| *number)
            .collect();
        for number in over {
            self.close_question(number);
        }
    }

    fn close_question(&mut self, number: u64) {
        let Some(open) = self.talk.asking.open.remove(&number) else { return };
        let Some((tally, state)) = open.own.flatten() else {
            // Without its own count a node has nothing to say; whoever asked sees it missing.
            self.reply_question(open.by, open.question, None);
            return;
        };
        let children = open
            .children
            .into_iter()
            .map(|(node, child)| ChildAnswer {
                node,
                certificate: child.certificate,
                state: child.state.unwrap_or(ChildState::Pending),
            })
            .collect();
        let me = self.setup.me();
        // What is a node's own stays exact for its own staff, who can look at every case of it.
        let step = match open.by {
            By::Staff(_) => None,
            By::Parent(_) => self.world.policy().suppression.map(|rule| rule.least),
        };
        let answer = Answer::new(&open.question, me, state.log, state.at, tally, children);
        let answer = answer.in_steps(step);
        let signed = answer.sign(&self.setup.key, &self.setup.federation);
        if let Err(error) = &signed {
            tracing::error!(error = %error, "an answer could not be signed");
        }
        self.reply_question(open.by, open.question, signed.ok());
    }

    fn reply_question(&mut self, by: By, question: Question, answer: Option<Signed<Answer>>) {
        match by {
            By::Staff(ticket) => {
                let outcome = answer
                    .map(|answer| (Box::new(question), Box::new(answer)))
                    .ok_or(Refused::Busy(Duration::from_secs(1)));
                self.out.push(Effect::Answered { ticket, outcome });
            }
            By::Parent(ticket) => {
                let response = answer.map_or(Response::Refused, |answer| {
                    Response::Answer(ByteBuf::from(answer.bytes().to_vec()))
                });
                self.out.push(Effect::Respond { ticket, response });
            }
        }
    }
}
