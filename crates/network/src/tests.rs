//! Real nodes and hostile peers on loopback, every one on a port of the system's choice.

use std::time::Duration;

use engine::wire::{Ask, Enrol, Hello, Pull, Request, Response, Witness};
use record::{NodeKey, PublicKey};
use serde_bytes::ByteBuf;
use tokio::sync::mpsc;

use crate::{Config, Event, Handle, PeerStatus, Reply, start};

mod enrolment;
mod exchange;
mod hostile;
mod lifecycle;
mod neighbours;
mod wiretap;

/// Longest wait for anything; a test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// A node with what it hears.
struct Node {
    key: PublicKey,
    handle: Handle,
    events: mpsc::Receiver<Event>,
}

fn key(seed: u8) -> NodeKey {
    NodeKey::from_seed(&[seed; 32])
}

/// A configuration for loopback that loses no time.
fn config() -> Config {
    let mut config =
        Config { listen: vec!["/ip4/127.0.0.1/tcp/0".to_owned()], ..Config::default() };
    config.backoff.first = Duration::from_millis(10);
    config.backoff.longest = Duration::from_millis(100);
    config
}

async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(PATIENCE, future).await.expect("it happens in time")
}

impl Node {
    fn start(seed: u8) -> Self {
        Self::with(seed, config())
    }

    fn with(seed: u8, config: Config) -> Self {
        let (handle, events) = start(config, &key(seed)).unwrap();
        Self { key: key(seed).public(), handle, events }
    }

    /// Waits for the first event in which `pick` finds something; the others are dropped, which
    /// refuses requests.
    async fn hear<T>(&mut self, mut pick: impl FnMut(Event) -> Option<T>) -> T {
        within(async {
            loop {
                let event = self.events.recv().await.expect("the network runs");
                if let Some(found) = pick(event) {
                    return found;
                }
            }
        })
        .await
    }

    async fn address(&mut self) -> String {
        self.hear(|event| match event {
            Event::Listening { address } => Some(address),
            _ => None,
        })
        .await
    }

    /// Waits until `peer` is connected; whether it is known.
    async fn connected(&mut self, peer: PublicKey) -> bool {
        self.hear(|event| match event {
            Event::Connected { peer: other, known } if other == peer => Some(known),
            _ => None,
        })
        .await
    }

    async fn disconnected(&mut self, peer: PublicKey) {
        self.hear(|event| match event {
            Event::Disconnected { peer: other } if other == peer => Some(()),
            _ => None,
        })
        .await;
    }

    async fn status_of(&self, peer: PublicKey) -> Option<PeerStatus> {
        self.handle.status().await.into_iter().find(|status| status.peer == peer)
    }

    /// Waits for the next request of `from` and takes the way to answer it.
    async fn asked_by(&mut self, from: PublicKey) -> Reply {
        self.hear(|event| match event {
            Event::Inbound { peer, reply, .. } if peer == from => Some(reply),
            _ => None,
        })
        .await
    }

    /// Waits until what is known of `peer` is as wanted.
    async fn until(&self, peer: PublicKey, wanted: impl Fn(&PeerStatus) -> bool) {
        within(async {
            while !self.status_of(peer).await.is_some_and(|status| wanted(&status)) {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    /// Answers everything by `answer` from now on.
    fn serve(mut self, answer: impl Fn(&Request) -> Response + Send + 'static) -> Handle {
        let handle = self.handle.clone();
        tokio::spawn(async move {
            while let Some(event) = self.events.recv().await {
                if let Event::Inbound { request, reply, .. } = event {
                    reply.send(answer(&request));
                }
            }
        });
        handle
    }
}

/// Two neighbours, of which the first has dialled the second.
async fn pair(mut first: Node, mut second: Node) -> (Node, Node) {
    let address = second.address().await;
    second.handle.allow(first.key, Vec::new(), false).await;
    first.handle.allow(second.key, vec![address], true).await;
    assert!(first.connected(second.key).await);
    assert!(second.connected(first.key).await);
    (first, second)
}

fn hello() -> Hello {
    Hello {
        version: engine::wire::PROTOCOL,
        software: "wangge 0.1.0".to_owned(),
        chain: vec![ByteBuf::from(vec![1; 300])],
        addresses: vec!["/ip4/192.0.2.1/tcp/7440".to_owned()],
        revocations: Vec::new(),
        seen: Some(ByteBuf::from(vec![2; 300])),
    }
}

fn enrol() -> Request {
    Request::Enrol(Enrol { secret: ByteBuf::from(vec![7; 32]), addresses: Vec::new(), chain: None })
}

fn pull() -> Request {
    Request::Pull(Pull { after: 0, acknowledgement: None, held: None })
}

fn ask(size: usize) -> Request {
    Request::Ask(Ask { question: ByteBuf::from(vec![5; size]) })
}

fn witness() -> Request {
    let proof = vec![record::Hash::from_bytes([9; 32]); 40];
    Request::Witness(Witness { checkpoint: ByteBuf::from(vec![3; 200]), from: 1, proof })
}
