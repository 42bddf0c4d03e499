//! A node's signed answer, checked by itself: its signature and those inside it, whether it is to
//! the question, and what is witnessed of the log from which it was counted.

use std::path::Path;
use std::time::Duration;

use data_encoding::HEXLOWER;
use engine::project::Whose;
use engine::recount::Recount;
use engine::store::FrameKind;
use governance::certificate::{Standing, verify_chain};
use governance::query::{
    Answer, Group, Grouping, LogState, Matter, Question, Seat, Tally, Total, total,
};
use record::{Checkpoint, FederationId, PublicKey, Signed, Subject, Unverified};
use serde::Deserialize;

use super::{AuditError, identity, read_json, recounted};
use crate::verify::verify_each;

/// An answer as `POST /v1/queries` gives it with `"signed": true`; the rest is passed over.
#[derive(Deserialize)]
pub struct AnswerFile {
    /// The question's id.
    pub question: Subject,
    /// What was asked.
    pub matter: Matter,
    /// What it says it adds up to.
    pub rows: Vec<Row>,
    /// The answer itself.
    pub signed: Evidence,
}

/// One line of what an answer says it adds up to.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Row {
    /// The group.
    pub group: Group,
    /// How many.
    pub count: u64,
}

/// A signed answer and by whom it is.
#[derive(Deserialize)]
pub struct Evidence {
    answer: String,
    certificates: Vec<String>,
    root: PublicKey,
}

/// What is known of the log from which an answer was counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Witness {
    /// Nothing to check it by.
    None,
    /// The folder is the node's own, and its log was this one at that size; whether the count of
    /// its records is the answer's.
    Own {
        /// Whether its own tally is what the records give.
        counted: bool,
    },
    /// The folder is of a node that has the answering node's checkpoint of this size and root.
    Checkpoint,
    /// The folder has no checkpoint of exactly this size.
    NoCheckpoint,
    /// The log was another one at that size.
    Contradicted,
}

/// What checking an answer came to.
pub struct AnswerAudit {
    /// Whether the root that was checked against came from elsewhere than the answer's own file.
    pub trusted_root: bool,
    /// The root.
    pub root: PublicKey,
    /// The answering node.
    pub standing: Standing,
    /// The answer.
    pub answer: Signed<Answer>,
    /// What it adds up to, and what it lacks.
    pub total: Total,
    /// Rows of the file that are not what the signed answer says: what the file says, and what
    /// the answer does.
    pub differences: Vec<(Group, Option<u64>, Option<u64>)>,
    /// What is known of its log.
    pub witness: Witness,
}

impl AnswerAudit {
    /// Whether nothing contradicts it.
    #[must_use]
    pub fn holds(&self) -> bool {
        let contradicted =
            matches!(self.witness, Witness::Contradicted | Witness::Own { counted: false });
        self.differences.is_empty() && !contradicted
    }
}

/// Checks an answer in a file, against the root and the records of a folder where one is given.
///
/// # Errors
/// [`AuditError`] when the answer's signature, certificates or question do not hold.
pub fn audit_answer(file: &Path, folder: Option<&Path>) -> Result<AnswerAudit, AuditError> {
    let told: AnswerFile = read_json(file, "an answer with \"signed\": true")?;
    let known = folder.map(identity).transpose()?.map(|identity| identity.root);
    let root = known.unwrap_or(told.signed.root);
    let federation = FederationId::of_root(&root);
    let bytes = hex(&told.signed.answer)?;
    let parsed = Unverified::<Answer>::parse(bytes).map_err(wrong)?;
    // Certificates have to hold when it was answered; that they have run out since says nothing.
    let at = parsed.peek().answered_at;
    let chain: Vec<Vec<u8>> =
        told.signed.certificates.iter().map(|link| hex(link)).collect::<Result<_, _>>()?;
    let standing = verify_chain(&root, &federation, &chain, at).map_err(wrong)?;
    let answer = parsed.verify(&federation, &standing.key()).map_err(wrong)?;
    let question = Question::new(
        told.question,
        standing.node(),
        told.matter.clone(),
        at,
        Duration::from_secs(1),
    );
    let total = total(&question, &answer, &standing, at, |_, _| true).map_err(wrong)?;
    let differences = differences(&told.rows, total.so_far(), told.matter.grouping);
    let witness = match folder {
        Some(folder) => witness(folder, &answer, &standing)?,
        None => Witness::None,
    };
    let trusted_root = known.is_some();
    Ok(AnswerAudit { trusted_root, root, standing, answer, total, differences, witness })
}

fn hex(text: &str) -> Result<Vec<u8>, AuditError> {
    HEXLOWER.decode(text.as_bytes()).map_err(wrong)
}

fn wrong(error: impl std::error::Error + Send + Sync + 'static) -> AuditError {
    AuditError::Answer(Box::new(error))
}

/// Rows that differ. A reader counts codes that it does not know under `?`, so these are compared
/// together.
fn differences(
    rows: &[Row],
    tally: &Tally,
    grouping: Grouping,
) -> Vec<(Group, Option<u64>, Option<u64>)> {
    let others = rows.iter().any(|row| row.group == Group::Other);
    let named = |group: &Group| rows.iter().any(|row| row.group == *group);
    let mut found = Vec::new();
    let mut rest = 0;
    for (group, cell) in tally.iter() {
        if others && (*group == Group::Other || (grouping != Grouping::None && !named(group))) {
            rest += cell.count;
            continue;
        }
        let told = rows.iter().find(|row| row.group == *group).map(|row| row.count);
        if told != Some(cell.count) {
            found.push((group.clone(), told, Some(cell.count)));
        }
    }
    for row in rows {
        let known = tally.get(&row.group).is_some();
        if row.group == Group::Other && row.count != rest {
            found.push((Group::Other, Some(row.count), Some(rest)));
        } else if row.group != Group::Other && !known {
            found.push((row.group.clone(), Some(row.count), None));
        }
    }
    found
}

fn witness(folder: &Path, answer: &Answer, by: &Standing) -> Result<Witness, AuditError> {
    let identity = identity(folder)?;
    if identity.standing.node() != answer.node {
        return checkpoint(folder, answer);
    }
    let mut recount = Recount::new(Whose { me: answer.node, federation: identity.federation() });
    let mut own = 0;
    recounted(folder, &mut recount, |_, frame| {
        own += u64::from(frame.kind == FrameKind::Own);
        own <= answer.log.size
    })?;
    if recount.log() != answer.log {
        return Ok(Witness::Contradicted);
    }
    let seat = Seat { node: answer.node, area: by.certificate().area.clone() };
    let counted = recount.tally(&answer.matter, &seat, answer.answered_at);
    let counted = counted.in_steps(&answer.matter, answer.step.unwrap_or(0)) == answer.tally;
    Ok(Witness::Own { counted })
}

/// What the folder of another node has of the answering one's log.
fn checkpoint(folder: &Path, answer: &Answer) -> Result<Witness, AuditError> {
    let LogState { epoch: _, size, root } = answer.log;
    let mut found = Witness::NoCheckpoint;
    verify_each(folder, &mut |_, frame| {
        if frame.kind != FrameKind::Checkpoint {
            return;
        }
        let Ok(held) = Unverified::<Checkpoint>::parse(frame.envelope.clone()) else { return };
        let held = held.peek();
        if held.author == answer.node && held.size == size && found != Witness::Contradicted {
            found = if held.root == root { Witness::Checkpoint } else { Witness::Contradicted };
        }
    })?;
    Ok(found)
}
