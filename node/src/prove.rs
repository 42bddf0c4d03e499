//! Proof for a third party that a node signed what it should not have: two histories, or a log that
//! was set back; and that a record stands in a log that was witnessed. Everything that is needed to
//! check it is in one file: nothing else is asked, and nobody has to be believed but the root.

use std::path::PathBuf;

use data_encoding::BASE64;
use engine::store::{Frame, FrameKind};
use governance::certificate::{ChainError, Standing, verify_chain};
use governance::hand::HandError;
use record::chain::{ForkError, ForkProof, UnverifiedForkProof};
use record::tree::{self, Frontier, leaf_hash};
use record::{
    Checkpoint, Countersignature, EnvelopeError, FederationId, Hash, Header, NodeId, PublicKey,
    RecordId, Signed, Timestamp, Unverified,
};
use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::node::StartError;
use crate::offline::Offline;
use crate::verify::{VerifyError, verify_each};
pub use hand::ByHand;
use hand::{OpenedField, by_hand, opened_hand, opened_words};

mod hand;

/// Version of the file's form.
const VERSION: u16 = 1;

/// A proof, in a file.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    version: u16,
    /// The federation's root key.
    root: PublicKey,
    /// The certificates of the node that it is about, base64, its own first.
    chain: Vec<String>,
    what: What,
}

/// What is proven.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum What {
    /// Two records with one place, or a record that names another before it than stands there.
    Fork {
        /// The two, as [`ForkProof::encode`] has them.
        proof: String,
    },
    /// Two checkpoints of which the later epoch has the shorter log.
    Rollback {
        /// The longer one.
        before: String,
        /// The shorter one.
        after: String,
    },
    /// A record that stands in a log which a witness countersigned.
    Inclusion {
        /// The record.
        record: String,
        /// Its leaf, from 0.
        index: u64,
        /// The siblings from the leaf up.
        path: Vec<Hash>,
        /// The witness's countersignature.
        seal: String,
        /// The witness's certificates.
        witness: Vec<String>,
        /// What the record says of the hand by which it was done: a field of it, opened.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hand: Option<OpenedField>,
        /// What the person signed, where whoever made the proof gives it: the salt, and the fields.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        words: Vec<OpenedField>,
    },
}

/// What a proof shows, checked.
#[derive(Clone, PartialEq, Eq)]
pub enum Shown {
    /// The node signed two records with one place.
    Fork {
        /// The node.
        node: NodeId,
        /// What it is called.
        name: String,
        /// The epoch.
        epoch: u32,
        /// The place.
        number: u64,
    },
    /// The node's log was longer once.
    Rollback {
        /// The node.
        node: NodeId,
        /// What it is called.
        name: String,
        /// Records in the log, and when it said so.
        before: (u64, Timestamp),
        /// The same, later.
        after: (u64, Timestamp),
    },
    /// The record stands in the witnessed log.
    Inclusion {
        /// The author.
        node: NodeId,
        /// What it is called.
        name: String,
        /// Epoch and place of the record.
        place: (u32, u64),
        /// The witness.
        witness: String,
        /// When it countersigned.
        at: Timestamp,
        /// By whose hand, where the proof says.
        hand: Option<ByHand>,
    },
}

/// Why there is no proof, or one that proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// The data folder can't be opened.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The journal can't be read.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// There is nothing of the kind.
    #[error("the journal has nothing that proves this")]
    Nothing,
    /// The author's certificates are not here.
    #[error("the certificates of {0} are not here")]
    NoCertificates(String),
    /// Written by another version.
    #[error("the proof has version {0}, this program reads {VERSION}")]
    Version(u16),
    /// Not base64.
    #[error("the proof's {0} is not base64")]
    Base64(&'static str),
    /// The certificates prove nothing.
    #[error("the certificates do not hold under the root")]
    Chain(#[source] Box<ChainError>),
    /// A statement is forged.
    #[error("the {what} does not hold")]
    Statement {
        /// Which.
        what: &'static str,
        /// Why.
        #[source]
        source: Box<EnvelopeError>,
    },
    /// The two statements contradict nothing.
    #[error("the two statements prove no fork")]
    Fork(#[from] ForkError),
    /// What was signed does not amount to what is said.
    #[error("{0}")]
    Empty(&'static str),
    /// What stands there as a person's signature does not hold for the record.
    #[error("the person's signature does not hold for this record")]
    Hand {
        /// Why.
        #[source]
        source: HandError,
    },
    /// A file can't be read.
    #[error("{path} can't be read as a proof")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// What is needed of a node to take proofs from its journal.
pub struct Source<'a> {
    /// The federation's root key.
    pub root: PublicKey,
    /// The certificates of a node that is known, itself included.
    pub chain_of: &'a dyn Fn(NodeId) -> Option<Standing>,
    /// Every frame of the journal.
    pub frames: &'a [Frame],
}

impl Source<'_> {
    fn federation(&self) -> FederationId {
        FederationId::of_root(&self.root)
    }

    fn evidence(&self, node: NodeId, what: What) -> Result<Evidence, ProofError> {
        Ok(Evidence { version: VERSION, root: self.root, chain: self.chain(node)?, what })
    }

    fn chain(&self, node: NodeId) -> Result<Vec<String>, ProofError> {
        let standing = (self.chain_of)(node);
        let standing = standing.ok_or_else(|| ProofError::NoCertificates(node.short().to_string()));
        Ok(standing?.chain().map(|link| BASE64.encode(link)).collect())
    }

    /// Every fork that the journal proves.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn forks(&self) -> Result<Vec<Evidence>, ProofError> {
        let mut seen: std::collections::BTreeMap<_, Signed<Header>> = Default::default();
        let mut found = Vec::new();
        // A record and the one that stands before it and is not the one that it names.
        let mut apart = Vec::new();
        for frame in self.frames {
            if !matches!(frame.kind, FrameKind::Own | FrameKind::Foreign) {
                continue;
            }
            let Ok(parsed) = Unverified::<Header>::parse(frame.envelope.clone()) else { continue };
            let record = parsed.trust_stored(&self.federation());
            let place = (record.author, record.epoch, record.seq);
            match seen.get(&place) {
                None => {
                    seen.insert(place, record.clone());
                }
                Some(first) if first.id() != record.id() => {
                    let proof = ForkProof::new(first.clone(), record.clone())?;
                    let proof = BASE64.encode(&proof.encode());
                    found.push(self.evidence(place.0, What::Fork { proof })?);
                }
                Some(_) => {}
            }
            apart.push(record);
        }
        for record in apart {
            let Some(seq) = record.seq.checked_sub(1) else { continue };
            let Some(before) = seen.get(&(record.author, record.epoch, seq)) else { continue };
            if before.id() != record.prev {
                let proof = ForkProof::new(before.clone(), record.clone())?;
                let proof = BASE64.encode(&proof.encode());
                found.push(self.evidence(record.author, What::Fork { proof })?);
            }
        }
        Ok(found)
    }

    /// Every log of another node that was longer once, as far as this node was its witness.
    ///
    /// # Errors
    /// When the journal can't be read.
    pub fn rollbacks(&self) -> Result<Vec<Evidence>, ProofError> {
        let mut longest: std::collections::BTreeMap<NodeId, Signed<Checkpoint>> =
            Default::default();
        let mut found = Vec::new();
        for frame in self.frames {
            if frame.kind != FrameKind::Checkpoint {
                continue;
            }
            let parsed = Unverified::<Checkpoint>::parse(frame.envelope.clone());
            let Ok(parsed) = parsed else { continue };
            let said = parsed.trust_stored(&self.federation());
            match longest.get(&said.author) {
                Some(before) if said.size < before.size && said.epoch > before.epoch => {
                    let what = What::Rollback {
                        before: BASE64.encode(before.bytes()),
                        after: BASE64.encode(said.bytes()),
                    };
                    found.push(self.evidence(said.author, what)?);
                    longest.insert(said.author, said);
                }
                Some(before) if said.size <= before.size => {}
                Some(_) | None => {
                    longest.insert(said.author, said);
                }
            }
        }
        Ok(found)
    }

    /// That an own record stands in this node's log as its witness countersigned it last; with
    /// what its person signed, where the words are to be shown.
    ///
    /// # Errors
    /// [`ProofError::Nothing`] where it does not: the record is newer, or there is none.
    pub fn inclusion(
        &self,
        me: NodeId,
        record: RecordId,
        with_words: bool,
    ) -> Result<Evidence, ProofError> {
        let own = self.frames.iter().filter(|frame| frame.kind == FrameKind::Own);
        let (mut frontier, mut nodes) = (Frontier::default(), Vec::new());
        let (mut place, mut found, mut hand, mut words) = (0_u64, None, None, Vec::new());
        for frame in own {
            let Ok(parsed) = Unverified::<Header>::parse(frame.envelope.clone()) else { continue };
            let signed = parsed.trust_stored(&self.federation());
            let grown = frontier.append(leaf_hash(signed.id().as_bytes()));
            nodes.extend(grown.into_iter().map(|(_, node)| node));
            if signed.id() == record {
                hand = opened_hand(frame);
                words = if with_words { opened_words(frame) } else { Vec::new() };
                found = Some((place, signed));
            }
            place += 1;
        }
        let (index, signed) = found.ok_or(ProofError::Nothing)?;
        let (seal, bytes) = self.last_seal().ok_or(ProofError::Nothing)?;
        if index >= seal.size {
            return Err(ProofError::Nothing);
        }
        let path = tree::inclusion_proof(&nodes[..], index, seal.size)
            .map_err(|_| ProofError::Empty("the journal lacks records of the witnessed log"))?;
        let what = What::Inclusion {
            record: BASE64.encode(signed.bytes()),
            index,
            path,
            seal: BASE64.encode(&bytes),
            witness: self.chain(seal.witness)?,
            hand,
            words,
        };
        self.evidence(me, what)
    }

    fn last_seal(&self) -> Option<(Signed<Countersignature>, Vec<u8>)> {
        let mut seals =
            self.frames.iter().rev().filter(|frame| frame.kind == FrameKind::Countersigned);
        seals.find_map(|frame| {
            let parsed = Unverified::<Countersignature>::parse(frame.envelope.clone()).ok()?;
            Some((parsed.trust_stored(&self.federation()), frame.envelope.to_vec()))
        })
    }
}

/// Which proofs are asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wanted {
    /// Every fork.
    Forks,
    /// Every log that was longer once.
    Rollbacks,
    /// That a record of the node stands in its witnessed log.
    Inclusion {
        /// The record.
        record: RecordId,
        /// With what its person signed: people's words.
        words: bool,
    },
}

/// Takes proofs from a data folder whose node does not run.
///
/// # Errors
/// [`ProofError`].
pub fn prove(config: &Config, wanted: Wanted) -> Result<Vec<Evidence>, ProofError> {
    let (world, setup) = {
        let offline = Offline::open(config)?;
        (offline.opened.engine.world(), offline.opened.setup.clone())
    };
    let mut frames = Vec::new();
    verify_each(&config.data, &mut |_, frame| frames.push(frame.clone()))?;
    let chain_of = |node: NodeId| {
        let own = (node == setup.me()).then(|| setup.standing.clone());
        own.or_else(|| world.directory.get(node).map(|peer| peer.standing.clone()))
    };
    let source = Source { root: setup.root, chain_of: &chain_of, frames: &frames };
    match wanted {
        Wanted::Forks => source.forks(),
        Wanted::Rollbacks => source.rollbacks(),
        Wanted::Inclusion { record, words } => {
            Ok(vec![source.inclusion(setup.me(), record, words)?])
        }
    }
}

impl Evidence {
    /// The proof in a file's text.
    #[must_use]
    pub fn text(&self) -> String {
        serde_json::to_string_pretty(self).expect("it is plain data")
    }

    /// Reads a proof.
    ///
    /// # Errors
    /// [`ProofError::File`].
    pub fn read(path: &std::path::Path) -> Result<Self, ProofError> {
        let failed = |source| ProofError::File { path: path.into(), source };
        let bytes = std::fs::read(path).map_err(|error| failed(error.into()))?;
        serde_json::from_slice(&bytes).map_err(|error| failed(error.into()))
    }

    /// Checks the proof, offline: it is believed where the reader knows the root to be the
    /// federation's.
    ///
    /// # Errors
    /// [`ProofError`]: it proves nothing.
    pub fn check(&self) -> Result<Shown, ProofError> {
        if self.version != VERSION {
            return Err(ProofError::Version(self.version));
        }
        let standing = self.standing(&self.chain)?;
        match &self.what {
            What::Fork { proof } => self.fork(&standing, &decode("proof", proof)?),
            What::Rollback { before, after } => {
                let before = self.checkpoint(&standing, &decode("checkpoint", before)?)?;
                let after = self.checkpoint(&standing, &decode("checkpoint", after)?)?;
                rollback(&standing, &before, &after)
            }
            What::Inclusion { record, index, path, seal, witness, hand, words } => {
                let witness = self.standing(witness)?;
                let seal = decode("countersignature", seal)?;
                let record = decode("record", record)?;
                let hand = hand
                    .as_ref()
                    .map(|hand| by_hand(self.federation(), &record, hand, words))
                    .transpose()?;
                let shown = self.included(&standing, &record, *index, path, (&witness, &seal))?;
                Ok(shown.by(hand))
            }
        }
    }

    /// The federation that its root key names.
    #[must_use]
    pub fn federation(&self) -> FederationId {
        FederationId::of_root(&self.root)
    }

    fn standing(&self, chain: &[String]) -> Result<Standing, ProofError> {
        let chain: Vec<Vec<u8>> =
            chain.iter().map(|link| decode("certificate", link)).collect::<Result<_, _>>()?;
        let begins = chain.iter().filter_map(|link| {
            let parsed = Unverified::<governance::certificate::Certificate>::parse(link.clone());
            Some(parsed.ok()?.peek().not_before)
        });
        let at = begins.max().unwrap_or(Timestamp::EPOCH);
        verify_chain(&self.root, &self.federation(), &chain, at)
            .map_err(|error| ProofError::Chain(Box::new(error)))
    }

    fn fork(&self, standing: &Standing, bytes: &[u8]) -> Result<Shown, ProofError> {
        let proof = UnverifiedForkProof::<Header>::parse(bytes)?;
        // One of the two may be by a key that was given up: the claimed ones are this node's own.
        let [first, second] = [proof.first(), proof.second()].map(Unverified::claimed_signer);
        if ![first, second].iter().all(|key| standing.keys().all().any(|own| own == *key)) {
            return Err(ProofError::Empty("the records are not signed by keys of this node"));
        }
        let proof = proof.verify(&self.federation(), &first, &second)?;
        let slot = proof.slot();
        if slot.author != standing.node() {
            return Err(ProofError::Empty("the records are another node's"));
        }
        let name = standing.certificate().name.clone();
        Ok(Shown::Fork { node: slot.author, name, epoch: slot.epoch, number: slot.number })
    }

    fn checkpoint(
        &self,
        standing: &Standing,
        bytes: &[u8],
    ) -> Result<Signed<Checkpoint>, ProofError> {
        let said = verified::<Checkpoint>(&self.federation(), standing, bytes, "checkpoint")?;
        if said.author == standing.node() {
            return Ok(said);
        }
        Err(ProofError::Empty("a checkpoint is another node's"))
    }

    fn included(
        &self,
        standing: &Standing,
        record: &[u8],
        index: u64,
        path: &[Hash],
        (witness, seal): (&Standing, &[u8]),
    ) -> Result<Shown, ProofError> {
        let record = verified::<Header>(&self.federation(), standing, record, "record")?;
        let seal =
            verified::<Countersignature>(&self.federation(), witness, seal, "countersignature")?;
        let named = (record.author, seal.author, seal.witness);
        if named != (standing.node(), standing.node(), witness.node()) {
            return Err(ProofError::Empty("the record and the countersignature are of two nodes"));
        }
        let leaf = leaf_hash(record.id().as_bytes());
        tree::verify_inclusion(&leaf, index, seal.size, path, &seal.root)
            .map_err(|_| ProofError::Empty("the record does not stand in the witnessed log"))?;
        Ok(Shown::Inclusion {
            node: record.author,
            name: standing.certificate().name.clone(),
            place: (record.epoch, record.seq),
            witness: witness.certificate().name.clone(),
            at: seal.time,
            hand: None,
        })
    }
}

impl Shown {
    fn by(self, of: Option<ByHand>) -> Self {
        match self {
            Self::Inclusion { node, name, place, witness, at, hand: _ } => {
                Self::Inclusion { node, name, place, witness, at, hand: of }
            }
            other @ (Self::Fork { .. } | Self::Rollback { .. }) => other,
        }
    }
}

fn rollback(
    standing: &Standing,
    before: &Checkpoint,
    after: &Checkpoint,
) -> Result<Shown, ProofError> {
    if !(before.epoch < after.epoch && after.size < before.size) {
        return Err(ProofError::Empty("the later checkpoint is not the shorter one"));
    }
    Ok(Shown::Rollback {
        node: standing.node(),
        name: standing.certificate().name.clone(),
        before: (before.size, before.time),
        after: (after.size, after.time),
    })
}

/// A statement by any key that the node has or had.
fn verified<T: record::Statement>(
    federation: &FederationId,
    standing: &Standing,
    bytes: &[u8],
    what: &'static str,
) -> Result<Signed<T>, ProofError> {
    let failed = |source| ProofError::Statement { what, source: Box::new(source) };
    let parsed = Unverified::<T>::parse(bytes.to_vec()).map_err(failed)?;
    let claimed = parsed.claimed_signer();
    let key = standing.keys().all().find(|key| *key == claimed).unwrap_or(standing.key());
    parsed.verify(federation, &key).map_err(failed)
}

fn decode(what: &'static str, text: &str) -> Result<Vec<u8>, ProofError> {
    BASE64.decode(text.as_bytes()).map_err(|_| ProofError::Base64(what))
}

#[cfg(test)]
mod tests;
