//! Questions, facts and answering nodes for tests.

use std::time::Duration;

use record::{Hash, NodeId, Signed, Subject, Timestamp};

use super::{Answer, ChildAnswer, ChildState, Fact, Grouping, LogState, Matter, Metric, Question};
use super::{Seat, Tally};
use crate::case::Counts;
use crate::certificate::sample::{NOW, Node, federation};
use crate::change::Phase;

pub(crate) const HOUR: Duration = Duration::from_secs(3_600);

/// What is asked, over all time.
pub(crate) fn matter(metric: Metric, grouping: Grouping) -> Matter {
    let (from, until) = (Timestamp::EPOCH, Timestamp::MAX);
    Matter { metric, grouping, from, until, area: None }
}

pub(crate) fn question(asker: &Node, matter: Matter) -> Question {
    let id = Subject::from_bytes([0x51; 16]);
    Question::new(id, asker.id(), matter, NOW, Duration::from_secs(10))
}

/// A case that was opened an hour ago.
pub(crate) fn fact(home: NodeId) -> Fact {
    Fact {
        home,
        stage: "handling".into(),
        phase: Phase::Handling,
        channel: "hotline".into(),
        category: Some("06010".into()),
        level_settled: None,
        grid: None,
        opened: NOW.minus(HOUR),
        answered: None,
        closed: None,
        due: None,
        level: "community".into(),
        closing: None,
        answered_in_time: true,
        counts: Counts::default(),
        turns: Vec::new(),
        calls: Vec::new(),
        scores: Vec::new(),
        callback: None,
        exclusions: Vec::new(),
        trivial: false,
        unverified: false,
        moved: NOW.minus(HOUR),
    }
}

impl Node {
    pub(crate) fn seat(&self) -> Seat {
        Seat { node: self.id(), area: self.standing.certificate().area.clone() }
    }

    /// The node's answer to the question from its facts and its children's entries.
    pub(crate) fn answer(
        &self,
        question: &Question,
        facts: &[Fact],
        children: Vec<ChildAnswer>,
    ) -> Signed<Answer> {
        let tally = Tally::from_facts(&question.matter, &self.seat(), facts, NOW);
        let log = LogState { epoch: 0, size: 7, root: Hash::ZERO };
        let answer = Answer::new(question, self.id(), log, NOW, tally, children);
        answer.sign(&self.key, &federation()).unwrap()
    }

    /// How the node stands in its parent's answer.
    pub(crate) fn entry(&self, state: ChildState) -> ChildAnswer {
        ChildAnswer { node: self.id(), certificate: self.own(), state }
    }

    pub(crate) fn answered(&self, answer: &Signed<Answer>) -> ChildAnswer {
        self.entry(ChildState::Answered { answer: answer.bytes().clone() })
    }
}
