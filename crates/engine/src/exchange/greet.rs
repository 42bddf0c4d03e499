//! Greeting: certificates are shown and checked before anything else is said.

use std::sync::Arc;
use std::time::Duration;

use record::{Checkpoint, NodeId, PublicKey, Unverified};
use serde_bytes::ByteBuf;

use crate::acts::Desk;
use crate::command::Refused;
use crate::engine::{About, Effect};
use crate::note::Note;
use crate::peer::{Card, Relation, Witness};
use crate::sign;
use crate::staging::row;
use crate::store::{FrameKind, StoreError, Table};
use crate::wire::{ChainBytes, Hello, PROTOCOL, Request, Response};
use crate::world::{self, Setup};

const MAX_ADDRESSES: usize = 8;
const MAX_ADDRESS: usize = 256;
const WITHIN: Duration = Duration::from_secs(10);

impl Desk<'_, '_> {
    /// A connection is up: say who we are.
    pub(crate) fn connected(&mut self, key: PublicKey) {
        let Some((node, peer)) = self.world.directory.by_key(key) else { return };
        if peer.relation == Relation::Other || peer.standing.check(self.now).is_err() {
            return;
        }
        let session = self.talk.sessions.entry(node).or_default();
        if session.greeting || session.greeted {
            return;
        }
        session.greeting = true;
        let hello = self.hello(node);
        self.send(node, key, About::Hello, Request::Hello(hello), WITHIN);
    }

    /// A connection is down: whatever was agreed on it is void.
    pub(crate) fn disconnected(&mut self, key: PublicKey) {
        if let Some((node, _)) = self.world.directory.by_key(key) {
            self.talk.sessions.remove(&node);
        }
    }

    fn hello(&self, to: NodeId) -> Hello {
        Hello {
            version: PROTOCOL,
            software: self.setup.software.clone(),
            chain: chain_bytes(self.setup),
            addresses: self.talk.addresses.clone(),
            revocations: None,
            seen: self.seen(to),
        }
    }

    /// A peer's hello arrived, as a request or a response. `None`: refuse.
    pub(crate) fn greeted(
        &mut self,
        from: PublicKey,
        hello: &Hello,
    ) -> Result<Option<NodeId>, Refused> {
        let Some(node) = self.check(from, hello) else { return Ok(None) };
        self.keep_peer(node, hello.chain.clone(), &hello.addresses)?;
        Ok(Some(node))
    }

    fn check(&mut self, from: PublicKey, hello: &Hello) -> Option<NodeId> {
        let words = hello.software.len() <= 64
            && hello.addresses.len() <= MAX_ADDRESSES
            && hello.addresses.iter().all(|address| address.len() <= MAX_ADDRESS);
        if hello.version != PROTOCOL || !words {
            tracing::warn!(peer = %from, version = hello.version, "hello refused: other protocol");
            return None;
        }
        let standing = match world::verify(self.setup, &hello.chain, self.now) {
            Ok(standing) => standing,
            Err(error) => {
                tracing::warn!(peer = %from, error = %error, "hello refused: certificates");
                return None;
            }
        };
        let mine = self.setup.standing.parent() == Some(standing.node());
        let theirs = standing.parent() == Some(self.setup.me());
        if standing.key() != from || !(mine || theirs) {
            tracing::warn!(peer = %from, "hello refused: not a neighbour");
            return None;
        }
        self.compare(hello.seen.as_ref());
        Some(standing.node())
    }

    /// A peer holds a checkpoint that this node signed over more records than there are: the data
    /// folder was restored from an older copy, or another node runs with the same key (S4).
    fn compare(&mut self, seen: Option<&ByteBuf>) {
        let Some(seen) = seen else { return };
        let key = self.setup.standing.key();
        let signed = Unverified::<Checkpoint>::parse(seen.to_vec())
            .and_then(|checkpoint| checkpoint.verify(&self.setup.federation, &key));
        let Ok(signed) = signed else { return };
        let (epoch, size) = (self.staging.log.mark().epoch, self.staging.log.frontier.size());
        if signed.author == self.setup.me() && (signed.epoch, signed.size) > (epoch, size) {
            let why = format!(
                "a peer holds this node's own checkpoint over {} records (epoch {}), but here are \
                 {size} (epoch {epoch}): this data folder is an older copy; restore the newest \
                 one, and make sure that no second node runs with this key",
                signed.size, signed.epoch
            );
            tracing::error!(reason = %why, "the node no longer signs");
            self.talk.frozen = Some(why);
        }
    }

    /// Greeting is done: pull what is there.
    pub(crate) fn settled_in(&mut self, node: NodeId) {
        let session = self.talk.sessions.entry(node).or_default();
        session.greeting = false;
        session.greeted = true;
        self.out.push(Effect::Greeted { node });
        self.pull(node);
    }

    /// The hello to answer a hello with.
    pub(crate) fn hello_back(&self, to: NodeId) -> Response {
        Response::Hello(self.hello(to))
    }

    fn seen(&self, node: NodeId) -> Option<ByteBuf> {
        let known: Result<Option<Witness>, StoreError> =
            row(self.staging, Table::Witness, node.as_bytes());
        known.ok().flatten()?.witnessed?.checkpoint
    }

    /// Keeps a peer's chain and addresses where they are new.
    pub(crate) fn keep_peer(
        &mut self,
        node: NodeId,
        chain: ChainBytes,
        addresses: &[String],
    ) -> Result<(), Refused> {
        let known: Option<Card> = row(self.staging, Table::Peer, node.as_bytes())?;
        // An empty list says nothing: the peer can't be dialled, or does not know its addresses.
        let told = !addresses.is_empty();
        let same = known
            .as_ref()
            .is_some_and(|known| known.chain == chain && (!told || known.addresses == addresses));
        if same {
            return Ok(());
        }
        let addresses = match known {
            Some(known) if !told => known.addresses,
            _ => addresses.to_vec(),
        };
        self.put_peer(chain, addresses).map(|_| ())
    }

    /// Keeps a peer's chain and addresses.
    pub(crate) fn put_peer(
        &mut self,
        chain: ChainBytes,
        addresses: Vec<String>,
    ) -> Result<NodeId, Refused> {
        let standing = world::verify(self.setup, &chain, self.now)
            .map_err(|error| Refused::Invalid { field: "chain", what: error.to_string() })?;
        let node = standing.node();
        let note = Note::Peer { chain, addresses: addresses.clone() };
        let mut frame = sign::local(FrameKind::Certificate, sign::encode(&note));
        frame.peer = Some(node);
        let at = self.staging.push(frame.clone())?;
        crate::project::project(sign::whose(self.setup), self.staging, at, &frame)?;
        let me = &self.setup.standing;
        self.change_world(|world| {
            Arc::make_mut(&mut world.directory).insert(me, standing, addresses);
        });
        Ok(node)
    }
}

/// This node's own chain, its own certificate first.
pub(crate) fn chain_bytes(setup: &Setup) -> ChainBytes {
    setup.standing.chain().map(|link| ByteBuf::from(link.to_vec())).collect()
}
