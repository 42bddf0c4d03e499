//! Greeting: certificates are shown and checked before anything else is said.

use std::sync::Arc;
use std::time::Duration;

use governance::certificate::Standing;
use record::{Checkpoint, NodeId, PublicKey, Unverified};
use serde_bytes::ByteBuf;

use crate::acts::Desk;
use crate::command::Refused;
use crate::engine::{About, Effect};
use crate::note::Note;
use crate::peer::{Card, Known, Relation, Witness};
use crate::project;
use crate::sign;
use crate::staging::row;
use crate::store::{FrameKind, StoreError, Table};
use crate::wire::{ChainBytes, Hello, PROTOCOL, Request, Response};
use crate::world::{self, Setup};

pub(super) const MAX_ADDRESSES: usize = 8;
pub(super) const MAX_ADDRESS: usize = 256;
/// A chain has at most six issuers, and its node may be one, too.
const MAX_LISTS: usize = 8;
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
        self.say_hello(node, key);
    }

    pub(super) fn say_hello(&mut self, node: NodeId, key: PublicKey) {
        let hello = self.hello(node);
        self.send(node, key, About::Hello, Request::Hello(hello), WITHIN);
    }

    /// A connection is down: whatever was agreed on it is void.
    pub(crate) fn disconnected(&mut self, key: PublicKey) {
        let Some((node, _)) = self.world.directory.by_key(key) else { return };
        let Some(session) = self.talk.sessions.remove(&node) else { return };
        if session.greeted {
            tracing::info!(name = self.name(node), peer = %node.short(), "相邻节点断开 neighbour gone");
        }
        if session.trouble.is_some() {
            self.talk.known.entry(node).or_default().trouble = session.trouble;
        }
    }

    /// A neighbour has read on in this node's stream, or this node in the neighbour's.
    pub(crate) fn synced(&mut self, node: NodeId) {
        self.talk.known.entry(node).or_default().synced = Some(self.now);
    }

    /// All that a neighbour has for this node was read, so that nothing is wrong with it any more.
    pub(crate) fn caught_up(&mut self, node: NodeId) {
        self.synced(node);
        self.talk.known.entry(node).or_default().trouble = None;
    }

    fn hello(&self, to: NodeId) -> Hello {
        Hello {
            version: PROTOCOL,
            software: self.setup.software.clone(),
            chain: chain_bytes(self.talk.successor().map_or(self.setup, Arc::as_ref)),
            addresses: self.talk.addresses.clone(),
            revocations: self.staple(),
            seen: self.seen(to),
        }
    }

    /// A peer's hello arrived, as a request or a response. `None`: refuse.
    pub(crate) fn greeted(
        &mut self,
        from: PublicKey,
        hello: &Hello,
    ) -> Result<Option<NodeId>, Refused> {
        let Some(standing) = self.check(from, hello)? else { return Ok(None) };
        let node = standing.node();
        if standing.key() == from {
            self.keep_peer(node, hello.chain.clone(), &hello.addresses)?;
        } else {
            self.expect(node, &hello.chain)?;
        }
        self.talk.known.entry(node).or_default().software = Some(printable(&hello.software));
        Ok(Some(node))
    }

    /// What a hello's chain proves. Its key is that of the connection, or one that this key has
    /// endorsed: then the neighbour will come with it next.
    fn check(&mut self, from: PublicKey, hello: &Hello) -> Result<Option<Standing>, Refused> {
        let words = hello.software.len() <= 64
            && addresses_fit(&hello.addresses)
            && hello.revocations.len() <= MAX_LISTS;
        if hello.version != PROTOCOL || !words {
            tracing::warn!(peer = %from, version = hello.version,
                "对方的协议版本不同，招呼被拒：请升级较旧的一方 hello refused, it speaks another \
                 version of the protocol: upgrade the older of the two");
            return Ok(None);
        }
        let standing = match world::verify(self.setup, &hello.chain, self.now) {
            Ok(standing) => standing,
            Err(error) => {
                tracing::warn!(peer = %from, error = %error,
                    "对方的证书不成立，招呼被拒：请双方核对证书与时钟 hello refused, its certificates \
                     do not hold: compare certificates and clocks with its operator");
                return Ok(None);
            }
        };
        let mine = self.setup.standing.parent() == Some(standing.node());
        let theirs = standing.parent() == Some(self.setup.me());
        // Whoever moved to another parent, or stayed when this node moved, has cases in common.
        let known = self.world.directory.get(standing.node());
        let known = known.is_some_and(|known| known.relation != Relation::Other);
        let endorsed = standing.keys().all().any(|key| key == from)
            && self.world.directory.get(standing.node()).map(|known| known.standing.key())
                == Some(from);
        if !(standing.key() == from || endorsed) || !(mine || theirs || known) {
            tracing::warn!(peer = %from,
                "对方出示的证书不属于本节点的相邻节点，招呼被拒 hello refused, the certificates are not \
                 those of a neighbour");
            return Ok(None);
        }
        self.take_stapled(&standing, &hello.revocations)?;
        if let Some(entry) = self.world.lists.barred(&standing) {
            tracing::warn!(peer = %from, reason = ?entry.reason, since = %entry.since,
                "对方的证书已被吊销，招呼被拒 hello refused, its certificates are revoked");
            return Ok(None);
        }
        if self.is_older(&standing) {
            tracing::warn!(peer = %from,
                "对方出示的是旧证书，招呼被拒：它可能在用旧备份 hello refused, it shows older certificates \
                 than before: its data folder may be an older copy");
            return Ok(None);
        }
        self.compare(hello.seen.as_ref())?;
        Ok(Some(standing))
    }

    /// A peer holds a checkpoint that this node signed over more records than there are: the data
    /// folder was restored from an older copy, or another node runs with the same key (S4).
    fn compare(&mut self, seen: Option<&ByteBuf>) -> Result<(), Refused> {
        let Some(seen) = seen else { return Ok(()) };
        let verified = |key| {
            let parsed = Unverified::<Checkpoint>::parse(seen.to_vec());
            parsed.and_then(|checkpoint| checkpoint.verify(&self.setup.federation, &key)).ok()
        };
        let Some(signed) = self.setup.standing.keys().all().find_map(verified) else {
            return Ok(());
        };
        let (epoch, size) = (self.staging.log.mark().epoch, self.staging.log.frontier.size());
        if signed.author == self.setup.me() && (signed.epoch, signed.size) > (epoch, size) {
            // Written down: the epoch that follows is opened at the stopped node.
            if signed.epoch > epoch.max(project::highest_epoch(self.staging)?) {
                sign::note(self.setup, self.staging, &Note::Ahead { epoch: signed.epoch })?;
            }
            let why = format!(
                "a peer holds this node's own checkpoint over {} records (epoch {}), but here are \
                 {size} (epoch {epoch}): this data folder is an older copy; restore the newest \
                 one, and make sure that no second node runs with this key; if the newest is \
                 lost, `wangge epoch open` goes on from here",
                signed.size, signed.epoch
            );
            tracing::error!(reason = %why,
                "数据目录是旧副本，本节点停止签名：请恢复最新的数据目录 the node no longer signs");
            self.talk.frozen = Some(why);
        }
        Ok(())
    }

    /// Greeting is done: pull what is there.
    pub(crate) fn settled_in(&mut self, node: NodeId) {
        let session = self.talk.sessions.entry(node).or_default();
        session.greeting = false;
        if !std::mem::replace(&mut session.greeted, true) {
            let software = self.talk.known.get(&node).and_then(|known| known.software.as_deref());
            tracing::info!(name = self.name(node), peer = %node.short(), software,
                "相邻节点已连接，证书有效 neighbour connected, its certificates hold");
        }
        self.out.push(Effect::Greeted { node });
        self.tell_of_lists(node);
        self.pull(node);
    }

    /// Whether a chain has an older certificate of some node than the one known of the same node
    /// (S12), or names a key that the node has given up since, whoever certified that anew.
    fn is_older(&self, shown: &Standing) -> bool {
        let Some(known) = self.world.directory.get(shown.node()) else { return false };
        !known.leads_to(shown) || shown.is_older_than(&known.standing)
    }

    /// What people call a node; empty where it is not known.
    fn name(&self, node: NodeId) -> &str {
        let known = self.world.directory.get(node);
        known.map_or("", |peer| peer.standing.certificate().name.as_str())
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
            .is_some_and(|known| known.chain == chain && (!told || known.addresses == addresses))
            && known.as_ref().is_some_and(|known| known.next.is_none());
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
        self.put_card(chain, None, addresses)
    }

    /// The same, with the chain under which it will come next.
    pub(super) fn put_card(
        &mut self,
        chain: ChainBytes,
        next: Option<ChainBytes>,
        addresses: Vec<String>,
    ) -> Result<NodeId, Refused> {
        let standing = world::verify(self.setup, &chain, self.now)
            .map_err(|error| Refused::Invalid { field: "chain", what: error.to_string() })?;
        let next_key =
            next.as_ref().and_then(|next| world::verify(self.setup, next, self.now).ok());
        let next_key = next_key.map(|next| next.key());
        self.keep_card(standing, next_key, Card { chain, addresses, next, former: None })
    }

    /// The same, of what was verified before.
    pub(super) fn keep_card(
        &mut self,
        standing: Standing,
        next_key: Option<PublicKey>,
        card: Card,
    ) -> Result<NodeId, Refused> {
        let Card { chain, addresses, next, .. } = card;
        let node = standing.node();
        let known = self.world.directory.get(node);
        let was = known.map(|known| known.relation);
        // Of whoever is revoked in between it is kept for when it is certified anew.
        let former = was.and_then(Relation::former).or(known.and_then(|known| known.former));
        let note = Note::Peer { chain, addresses: addresses.clone(), next, former };
        let mut frame = sign::local(FrameKind::Certificate, sign::encode(&note));
        frame.peer = Some(node);
        let (at, frame) = self.staging.push(frame)?;
        let done = project::project(sign::whose(self.setup), self.staging, at, &frame)?;
        self.judged(done)?;
        let me = &self.setup.standing;
        let known = Known { standing, next: next_key, addresses, former };
        self.change_world(|world| {
            let lists = world.lists.clone();
            Arc::make_mut(&mut world.directory).insert(me, &lists, known);
        });
        let is = self.world.directory.get(node).map(|known| known.relation);
        if was.is_none() || (is != was && is == Some(Relation::Child)) {
            self.give_policy(node)?;
        }
        if is != was && is == Some(Relation::FormerChild) {
            tracing::info!(name = self.name(node), peer = %node.short(),
                "下级已改隶别的上级，未了事项照旧往来 a node below moved to another parent; what it has \
                 in common with this one goes on");
        }
        Ok(node)
    }
}

/// A peer's words, for an operator's terminal.
fn printable(text: &str) -> Arc<str> {
    let text: String = text.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').collect();
    text.into()
}

/// This node's own chain, its own certificate first.
pub(crate) fn chain_bytes(setup: &Setup) -> ChainBytes {
    setup.standing.chain().map(|link| ByteBuf::from(link.to_vec())).collect()
}

/// Whether a peer tells of no more addresses, and no longer ones, than a node has.
pub(super) fn addresses_fit(addresses: &[String]) -> bool {
    addresses.len() <= MAX_ADDRESSES && addresses.iter().all(|address| address.len() <= MAX_ADDRESS)
}
