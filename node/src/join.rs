//! Joining a federation: dial the parent that the invitation names, show the secret, check the
//! certificates that come back against the invitation's root, and keep them.

use std::time::{Duration, Instant};

use engine::invitation::Token;
use engine::wire::{ChainBytes, Enrol, Request, Response};
use governance::certificate::{ChainError, Standing, verify_chain};
use network::{DialFailure, Event, RequestError};
use record::{FederationId, NodeId, NodeKey, PublicKey};
use tokio::sync::mpsc;

use crate::config::Config;
use crate::folder::Folder;
use crate::found::{FoundError, prepare};
use crate::identity::{Identity, IdentityError};
use crate::node::now;
use crate::publish::PublishError;
use crate::revoke;

/// How long the parent may take to be reached and to answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often a newcomer asks again that an officer has to approve.
const AGAIN: Duration = Duration::from_secs(3);
/// How long a newcomer goes on knocking where nobody opens: the parent may just be starting.
const KNOCKING: Duration = Duration::from_secs(3);
/// How long it waits between two knocks.
const KNOCK: Duration = Duration::from_secs(1);

/// Why joining failed. Nothing was kept then but the node's own key.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// The folder can't be made.
    #[error(transparent)]
    Folder(#[from] FoundError),
    /// The identity can't be read or written.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The invitation's time is over.
    #[error("the invitation expired at {0}: ask for a new one")]
    Expired(record::Timestamp),
    /// The folder belongs to a federation already.
    #[error(
        "{folder} belongs to another parent or federation already: choose another --data folder"
    )]
    Taken {
        /// The folder.
        folder: std::path::PathBuf,
    },
    /// The network does not start.
    #[error("the network does not start: correct the section [network]")]
    Network(#[from] network::StartError),
    /// The parent was not reached at any address.
    #[error(
        "the parent was not reached at {}: is it running, its port open, and the invitation unused? \
         (a node without an open invitation lets no stranger in)",
        .tried.join(", ")
    )]
    Unreachable {
        /// The addresses.
        tried: Vec<String>,
        /// Why the last one failed.
        #[source]
        source: Option<DialFailure>,
    },
    /// The parent did not answer.
    #[error(
        "the parent does not let this node in: the invitation was probably used or withdrawn, ask \
         for a new one; if it was not, try again"
    )]
    Silent(#[source] RequestError),
    /// The parent refused; it does not say why.
    #[error(
        "the parent refused: the invitation was used or withdrawn or has expired; ask for a new one"
    )]
    Refused,
    /// The certificates do not hold under the root that the invitation names.
    #[error(
        "the certificates that came back do not hold under the invitation's root ({root}): do not \
         join, and tell whoever invited you"
    )]
    Root {
        /// Short id of the federation that the invitation names.
        root: String,
        /// Why.
        #[source]
        source: Box<ChainError>,
    },
    /// The certificates are for another node or by another parent.
    #[error("the certificates that came back are not for this node by the parent who invited it")]
    Other,
    /// A node of another federation can't move into this one.
    #[error(
        "the invitation is of federation {theirs}, this node is of {own}: a node moves within its \
         federation; in another one it begins anew, with `wangge join` in another --data folder"
    )]
    Elsewhere {
        /// Short id of the invitation's federation.
        theirs: String,
        /// Short id of this node's.
        own: String,
    },
    /// The new certificates can't be put in force.
    #[error("the new certificates can't be put in force at this node")]
    Install(#[source] Box<PublishError>),
}

/// Enrols this node with the parent that an invitation names, and writes its identity. A folder
/// that has been enrolled by this very parent is left as it is, so that an interrupted joining can
/// be repeated. Where an officer there has to approve the node first, `waits` is told this node's
/// id, once, and the parent is asked again until the invitation runs out.
///
/// # Errors
/// [`JoinError`].
pub async fn enrol(
    config: &Config,
    invitation: &Token,
    mut waits: impl FnMut(NodeId),
) -> Result<Identity, JoinError> {
    let folder = Folder::new(&config.data);
    let key = prepare(&folder)?;
    if folder.identity().exists() {
        let identity = Identity::load(&folder, &key.public())?;
        let same = identity.root == invitation.root
            && identity.standing.parent() == Some(invitation.parent);
        let taken = || JoinError::Taken { folder: folder.path().into() };
        return if same { Ok(identity) } else { Err(taken()) };
    }
    if invitation.expires <= now() {
        return Err(JoinError::Expired(invitation.expires));
    }
    // A newcomer has the key it was born with.
    let me = NodeId::from_bytes(*key.public().as_bytes());
    let asking = Asking { invitation, shown: None, knocking: KNOCKING };
    let chain = bring(config, &key, &asking, || waits(me)).await?;
    let standing = check(&key, invitation, &chain)?;
    let parent = invitation.addresses.clone();
    let identity = Identity { root: invitation.root, standing, lists: Vec::new(), parent };
    identity.save(&folder)?;
    Ok(identity)
}

/// Moves this node to the parent that an invitation names, which may also be the one it has, who
/// gives it another code or name. The node may be running, and goes on meanwhile; its id, its keys
/// and its log stay. `waits` as for [`enrol`].
///
/// # Errors
/// [`JoinError`]; nothing has changed then.
pub async fn relocate(
    config: &Config,
    invitation: &Token,
    mut waits: impl FnMut(NodeId),
) -> Result<Standing, JoinError> {
    let folder = Folder::new(&config.data);
    let key = prepare(&folder)?;
    let identity = Identity::load(&folder, &key.public())?;
    if identity.root != invitation.root {
        let short = |root: &PublicKey| FederationId::of_root(root).short().to_string();
        let (theirs, own) = (short(&invitation.root), short(&identity.root));
        return Err(JoinError::Elsewhere { theirs, own });
    }
    if invitation.expires <= now() {
        return Err(JoinError::Expired(invitation.expires));
    }
    let me = identity.standing.node();
    let shown = identity.standing.chain().map(|link| link.to_vec().into()).collect();
    let asking = Asking { invitation, shown: Some(shown), knocking: KNOCKING };
    let chain = bring(config, &key, &asking, || waits(me)).await?;
    let standing = check(&key, invitation, &chain)?;
    if standing.node() != me {
        return Err(JoinError::Other);
    }
    revoke::install_certificates(config, chain, invitation.addresses.clone())
        .await
        .map_err(|error| JoinError::Install(Box::new(error)))?;
    Ok(standing)
}

/// What a newcomer asks the parent with.
pub(crate) struct Asking<'a> {
    pub(crate) invitation: &'a Token,
    /// The certificates that it has already.
    pub(crate) shown: Option<ChainBytes>,
    /// How long it goes on knocking where nobody opens.
    pub(crate) knocking: Duration,
}

/// The chain that the parent answers with, over a network of its own.
pub(crate) async fn bring(
    config: &Config,
    key: &NodeKey,
    asking: &Asking<'_>,
    waits: impl FnMut(),
) -> Result<Vec<Vec<u8>>, JoinError> {
    let settings = network::Config { listen: Vec::new(), ..config.network.clone() };
    let (network, events) = network::start(settings, key)?;
    let outcome = ask_until_approved(&network, events, asking, waits).await;
    network.shutdown(Duration::from_secs(1)).await;
    outcome
}

/// Shows the parent the secret until it answers with a chain.
async fn ask_until_approved(
    network: &network::Handle,
    mut events: mpsc::Receiver<Event>,
    asking: &Asking<'_>,
    mut waits: impl FnMut(),
) -> Result<Vec<Vec<u8>>, JoinError> {
    let Asking { invitation, shown, knocking } = asking;
    let (began, mut told) = (Instant::now(), false);
    loop {
        match ask(network, &mut events, invitation, shown.clone()).await {
            Ok(Some(chain)) => return Ok(chain),
            // A parent that is down for a moment has not forgotten.
            Err(JoinError::Unreachable { .. } | JoinError::Silent(_))
                if told || began.elapsed() < *knocking => {}
            Err(error) => return Err(error),
            Ok(None) if !std::mem::replace(&mut told, true) => waits(),
            Ok(None) => {}
        }
        if invitation.expires <= now() {
            return Err(JoinError::Expired(invitation.expires));
        }
        tokio::time::sleep(if told { AGAIN } else { KNOCK }).await;
    }
}

/// Dials the parent and shows it the secret; gives the chain it answers with, or nothing where an
/// officer has yet to approve this node.
async fn ask(
    network: &network::Handle,
    events: &mut mpsc::Receiver<Event>,
    invitation: &Token,
    chain: Option<ChainBytes>,
) -> Result<Option<Vec<Vec<u8>>>, JoinError> {
    let parent = key_of_parent(invitation);
    network.dial_once(parent, invitation.addresses.clone()).await;
    let reached = reached(events, &parent, invitation.addresses.len());
    let tried = || invitation.addresses.clone();
    match tokio::time::timeout(PATIENCE, reached).await {
        Ok(Ok(())) => {}
        Ok(Err(source)) => return Err(JoinError::Unreachable { tried: tried(), source }),
        Err(_) => return Err(JoinError::Unreachable { tried: tried(), source: None }),
    }
    let secret = invitation.secret.to_vec().into();
    let request = Request::Enrol(Enrol { secret, addresses: Vec::new(), chain });
    let response = network.request(&parent, request, PATIENCE).await.map_err(JoinError::Silent)?;
    match response {
        Response::Enrolled(chain) => {
            Ok(Some(chain.into_iter().map(|link| link.into_vec()).collect()))
        }
        Response::Done => Ok(None),
        Response::Refused
        | Response::Hello(_)
        | Response::Page(_)
        | Response::Witnessed(_)
        | Response::Answer(_)
        | Response::Piece(_)
        | Response::Opened(_) => Err(JoinError::Refused),
    }
}

/// The key that the parent has now: its addresses name it, unless it is the one it was born with.
/// Whose key it is, the certificates tell that it answers with.
fn key_of_parent(invitation: &Token) -> PublicKey {
    let mut named = invitation.addresses.iter().filter_map(|at| network::peer_of_address(at).ok());
    named.next().unwrap_or_else(|| invitation.parent.genesis_key())
}

/// Waits until the parent is connected or every address has failed.
async fn reached(
    events: &mut mpsc::Receiver<Event>,
    parent: &PublicKey,
    addresses: usize,
) -> Result<(), Option<DialFailure>> {
    let (mut failed, mut last) = (0, None);
    while failed < addresses.max(1) {
        match events.recv().await {
            Some(Event::Connected { peer, .. }) if peer == *parent => return Ok(()),
            Some(Event::DialFailed { reason, .. }) => {
                failed += 1;
                last = Some(reason);
            }
            Some(
                Event::Connected { .. }
                | Event::Disconnected { .. }
                | Event::Listening { .. }
                | Event::StoppedListening { .. }
                | Event::Inbound { .. }
                | Event::Misbehaved { .. },
            ) => {}
            None => break,
        }
    }
    Err(last)
}

fn check(key: &NodeKey, invitation: &Token, chain: &[Vec<u8>]) -> Result<Standing, JoinError> {
    let federation = FederationId::of_root(&invitation.root);
    let standing = verify_chain(&invitation.root, &federation, chain, now()).map_err(|source| {
        JoinError::Root { root: federation.short().to_string(), source: Box::new(source) }
    })?;
    let ours = standing.key() == key.public() && standing.parent() == Some(invitation.parent);
    if ours { Ok(standing) } else { Err(JoinError::Other) }
}
