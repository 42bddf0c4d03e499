//! Reading an answer: every signature inside it is verified, from the top down, and what does not
//! hold is named and not counted. A partial is never shown as a total: [`Total::complete`] gives
//! a number only when nothing is missing.

use std::collections::BTreeSet;

use record::{NodeId, Signed, Subject, Timestamp};
use serde::Serialize;

use super::{Answer, AnswerError, ChildAnswer, ChildState, Group, Grouping, Question, Tally};
use crate::certificate::Standing;

/// What was counted, and what is missing from it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Total {
    tally: Tally,
    completeness: Completeness,
}

/// Which nodes a total rests on and which it lacks, each list in the order of the answer.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Completeness {
    /// Counted, with an answer to this very question.
    pub answered: Vec<Line>,
    /// Counted, with an older answer about the same matter.
    pub stale: Vec<Line>,
    /// Counted in steps only, since its place has small counts suppressed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub coarse: Vec<Line>,
    /// How many cases these have left out of what was counted, all together and at most.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub short: u64,
    /// Not counted: no answer yet.
    pub pending: Vec<Line>,
    /// Not counted: refused.
    pub refused: Vec<Line>,
    /// Not counted: answered, but the node above had no room to pass it on.
    pub omitted: Vec<Line>,
    /// Not counted: the answer did not hold.
    pub invalid: Vec<Line>,
}

/// One node in a list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Line {
    /// The node.
    pub node: NodeId,
    /// The name in its verified certificate; none where the certificate did not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The node whose answer names it; none for the node asked first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub under: Option<NodeId>,
    /// How old its answer is, by the reader's clock; only in `stale`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_ms: Option<u64>,
    /// What is wrong; only in `invalid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<&'static str>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Adds up an answer at `now`. `standing` is that of the node asked first; `known` tells whether
/// the reader knows a code of the grouping: what it does not know is counted under
/// [`Group::Other`] and its text dropped.
///
/// # Errors
/// When the outermost answer itself does not hold; what is wrong further in is named in the
/// completeness.
pub fn total(
    question: &Question,
    answer: &Signed<Answer>,
    standing: &Standing,
    now: Timestamp,
    known: impl Fn(Grouping, &str) -> bool,
) -> Result<Total, AnswerError> {
    Reader::new(question, &known, now, None).read(answer, standing)
}

/// As [`total`], of one node of the answer and those below it: what that node's own answer says,
/// which is inside the one from above. Children are counted under the direct children of that node.
/// Where the answer does not have the node, nothing is counted and everybody who is missing is
/// named, since the node may be below them.
///
/// # Errors
/// As [`total`].
pub fn total_under(
    question: &Question,
    answer: &Signed<Answer>,
    standing: &Standing,
    node: NodeId,
    now: Timestamp,
    known: impl Fn(Grouping, &str) -> bool,
) -> Result<Total, AnswerError> {
    Reader::new(question, &known, now, Some(node)).read(answer, standing)
}

impl Total {
    /// The numbers, if every node below answered this very question; otherwise nothing.
    #[must_use]
    pub fn complete(&self) -> Option<&Tally> {
        (!self.is_partial()).then_some(&self.tally)
    }

    /// What was counted so far: only to be shown together with what is missing.
    #[must_use]
    pub fn so_far(&self) -> &Tally {
        &self.tally
    }

    /// Who was counted and who was not.
    #[must_use]
    pub fn completeness(&self) -> &Completeness {
        &self.completeness
    }

    /// Whether anything is missing or old.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        let Completeness {
            answered: _,
            coarse: _,
            short: _,
            stale,
            pending,
            refused,
            omitted,
            invalid,
        } = &self.completeness;
        [stale, pending, refused, omitted, invalid].iter().any(|lines| !lines.is_empty())
    }
}

/// Which question an answer has to be to.
#[derive(Clone, Copy)]
struct Expected {
    /// The id; any for an old answer, whose own children then answer to the same.
    id: Option<Subject>,
    stale: bool,
}

/// Where in the tree of answers the reader is.
#[derive(Clone, Copy)]
struct Branch {
    expected: Expected,
    under: Option<NodeId>,
    /// The direct child of the node whose numbers are read.
    top: Option<NodeId>,
    /// Whether it is that node or below it.
    within: bool,
}

struct Reader<'a, F> {
    question: &'a Question,
    known: &'a F,
    now: Timestamp,
    /// Whose numbers are read, where not those of the node asked first.
    focus: Option<NodeId>,
    seen: BTreeSet<NodeId>,
    total: Total,
    /// Who is missing outside the focus.
    outside: Completeness,
}

impl<'a, F: Fn(Grouping, &str) -> bool> Reader<'a, F> {
    fn new(question: &'a Question, known: &'a F, now: Timestamp, focus: Option<NodeId>) -> Self {
        let total = Total { tally: Tally::default(), completeness: Completeness::default() };
        let (seen, outside) = (BTreeSet::new(), Completeness::default());
        Self { question, known, now, focus, seen, total, outside }
    }

    fn read(mut self, answer: &Signed<Answer>, standing: &Standing) -> Result<Total, AnswerError> {
        if answer.signer() != standing.key() {
            return Err(AnswerError::OtherNode);
        }
        standing.check(self.now)?;
        answer.check_for(&self.question.matter, Some(self.question.id), standing)?;
        let expected = Expected { id: Some(self.question.id), stale: false };
        let within = self.focus.is_none();
        self.count(answer, standing, Branch { expected, under: None, top: None, within });
        if self.focus.is_some_and(|focus| !self.seen.contains(&focus)) && !self.total.is_partial() {
            self.total.completeness = self.outside;
        }
        Ok(self.total)
    }

    /// Where what concerns a node is noted.
    fn lists(&mut self, node: NodeId, at: Branch) -> &mut Completeness {
        if at.within || self.focus == Some(node) {
            &mut self.total.completeness
        } else {
            &mut self.outside
        }
    }

    fn count(&mut self, answer: &Answer, standing: &Standing, mut branch: Branch) {
        self.seen.insert(answer.node);
        if self.focus == Some(answer.node) {
            branch = Branch { top: None, within: true, ..branch };
        }
        if branch.within {
            self.add(answer, standing, branch);
        }
        for child in &answer.children {
            self.child(child, answer, standing, branch);
        }
    }

    fn add(&mut self, answer: &Answer, standing: &Standing, branch: Branch) {
        let line = Line::new(answer.node, branch.under).named(standing);
        let lists = &mut self.total.completeness;
        if let Some(step) = answer.step {
            lists.coarse.push(line.clone());
            lists.short += u64::from(step.saturating_sub(1));
        }
        if branch.expected.stale {
            let age_ms = u64::try_from(self.now.since(answer.answered_at).as_millis()).ok();
            lists.stale.push(Line { age_ms, ..line });
        } else {
            lists.answered.push(line);
        }
        let top = branch.top.unwrap_or(answer.node);
        if answer.step.is_some() && self.question.matter.grouping == Grouping::Child {
            // Whoever has few is there all the same, and can be asked by itself.
            self.total.tally.cell(Group::Node(top));
        }
        let tally = self.regroup(&answer.tally, top);
        self.total.tally.merge(&tally);
    }

    fn child(&mut self, child: &ChildAnswer, above: &Answer, parent: &Standing, at: Branch) {
        let line = Line::new(child.node, Some(above.node));
        let standing = match self.certified(child, parent) {
            Ok(standing) => standing,
            Err(error) => return self.invalid(line, at, &error),
        };
        let line = line.named(&standing);
        let lists = self.lists(child.node, at);
        let (bytes, expected) = match &child.state {
            ChildState::Pending => return lists.pending.push(line),
            ChildState::Refused => return lists.refused.push(line),
            ChildState::Omitted => return lists.omitted.push(line),
            ChildState::Answered { answer } => {
                (answer, Expected { id: Some(above.question), ..at.expected })
            }
            ChildState::Stale { answer } => (answer, Expected { id: None, stale: true }),
        };
        let top = Some(at.top.unwrap_or(child.node));
        let branch = Branch { expected, under: Some(above.node), top, within: at.within };
        match self.verified(bytes, &standing, expected) {
            Ok(answer) => self.count(&answer, &standing, branch),
            Err(error) => self.invalid(line, at, &error),
        }
    }

    fn certified(&self, child: &ChildAnswer, parent: &Standing) -> Result<Standing, AnswerError> {
        let standing = parent.admit(&child.certificate, self.now)?;
        if standing.node() == child.node { Ok(standing) } else { Err(AnswerError::OtherNode) }
    }

    fn verified(
        &self,
        bytes: &[u8],
        standing: &Standing,
        expected: Expected,
    ) -> Result<Signed<Answer>, AnswerError> {
        let answer = Answer::verify(bytes, &self.question.matter, expected.id, standing)?;
        let twice = self.seen.contains(&answer.node);
        if twice { Err(AnswerError::CountedTwice) } else { Ok(answer) }
    }

    fn invalid(&mut self, line: Line, at: Branch, error: &AnswerError) {
        let fault = Some(error.words());
        self.lists(line.node, at).invalid.push(Line { fault, ..line });
    }

    /// The groups as the reader shows them.
    fn regroup(&self, tally: &Tally, branch: NodeId) -> Tally {
        let grouping = self.question.matter.grouping;
        tally.regrouped(|group| match group {
            Group::All if grouping == Grouping::Child => Group::Node(branch),
            // Grids were checked against the node's area: digits, and no list of them to know.
            // Months were checked by their form.
            Group::Code(code)
                if !matches!(grouping, Grouping::Grid | Grouping::Month)
                    && !(self.known)(grouping, code) =>
            {
                Group::Other
            }
            Group::All | Group::Code(_) | Group::Node(_) | Group::Unset | Group::Other => {
                group.clone()
            }
        })
    }
}

impl Line {
    fn new(node: NodeId, under: Option<NodeId>) -> Self {
        Self { node, under, name: None, age_ms: None, fault: None }
    }

    fn named(self, standing: &Standing) -> Self {
        Self { name: Some(standing.certificate().name.clone()), ..self }
    }
}

#[cfg(test)]
mod tests;
