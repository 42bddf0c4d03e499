//! For tests: a peer made of bare libp2p that sends whatever bytes it is told to. It speaks every
//! protocol a node speaks and keeps none of their rules. Built for tests and behind the feature
//! `hostile` alone; what it waits for in vain is a panic.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use engine::wire::Request;

use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, StreamExt};
use libp2p::identity::Keypair;
use libp2p::request_response::{self, Message, OutboundRequestId, ProtocolSupport};
use libp2p::swarm::{NetworkBehaviour, SwarmEvent};
use libp2p::{Multiaddr, StreamProtocol, Swarm, identify, ping, swarm};
use record::{NodeKey, PublicKey};
use tokio::sync::{mpsc, oneshot};

use crate::codec::PROTOCOL;
use crate::config::Config;
use crate::{frame, transport};

/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(60);
/// Streams it may have open each way, in place of a node's eight.
const STREAMS: usize = 200;

/// Bytes for a stream, and whether the stream is then kept open without another byte.
#[derive(Clone, Debug)]
pub struct Bytes {
    /// What is written.
    pub bytes: Vec<u8>,
    /// Whether the stream then stays open.
    pub hold: bool,
}

/// What comes back on a stream until it ends, or `None` where it was reset or its connection lost.
pub type Back = oneshot::Receiver<Option<Vec<u8>>>;

/// From the bytes of a request to those of its answer; `None` leaves it unanswered.
pub type Answers = Arc<dyn Fn(&[u8]) -> Option<Vec<u8>> + Send + Sync>;

/// The commanding end of the peer. When it is dropped, the peer hangs up.
pub struct Raw {
    /// By which others know it.
    pub key: PublicKey,
    commands: mpsc::UnboundedSender<Command>,
    news: mpsc::UnboundedReceiver<News>,
}

enum Command {
    Dial(Multiaddr),
    Send(Bytes, oneshot::Sender<Option<Vec<u8>>>),
}

#[derive(Debug, PartialEq)]
enum News {
    Up,
    Down,
    Spoke,
    /// No connection came about.
    Failed,
}

#[derive(NetworkBehaviour)]
struct Speaking {
    identify: identify::Behaviour,
    ping: ping::Behaviour,
    exchange: request_response::Behaviour<Codec>,
}

/// Writes bytes as they are; answers every request by the same bytes.
#[derive(Clone)]
struct Codec;

impl request_response::Codec for Codec {
    type Protocol = StreamProtocol;
    type Request = Bytes;
    type Response = Vec<u8>;

    async fn read_request<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Bytes>
    where
        T: AsyncRead + Unpin + Send,
    {
        let mut bytes = Vec::new();
        io.read_to_end(&mut bytes).await?;
        Ok(Bytes { bytes, hold: false })
    }

    async fn read_response<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Vec<u8>>
    where
        T: AsyncRead + Unpin + Send,
    {
        let mut bytes = Vec::new();
        io.read_to_end(&mut bytes).await?;
        Ok(bytes)
    }

    async fn write_request<T>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
        request: Bytes,
    ) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        io.write_all(&request.bytes).await?;
        io.flush().await?;
        if request.hold {
            std::future::pending::<()>().await;
        }
        Ok(())
    }

    async fn write_response<T>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
        bytes: Vec<u8>,
    ) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        io.write_all(&bytes).await
    }
}

impl Raw {
    /// A peer that answers nothing. Has to be made inside a tokio runtime.
    #[must_use]
    pub fn new(key: &NodeKey) -> Self {
        Self::answering(key, Arc::new(|_| None))
    }

    /// A peer that answers requests in this way.
    #[must_use]
    pub fn answering(key: &NodeKey, answers: Answers) -> Self {
        let pair = Keypair::ed25519_from_bytes(*key.seed()).expect("any 32 bytes are a seed");
        let (commands, received) = mpsc::unbounded_channel();
        let (sender, news) = mpsc::unbounded_channel();
        tokio::spawn(drive(speaking(&pair), answers, received, sender));
        Self { key: key.public(), commands, news }
    }

    /// Connects to a node.
    pub async fn connect(&mut self, address: &str) {
        self.dial(address);
        self.wait_for(News::Up).await;
    }

    /// Dials once more; whether a connection came about.
    pub async fn reaches(&mut self, address: &str) -> bool {
        while self.news.try_recv().is_ok() {}
        self.dial(address);
        within(async {
            loop {
                match self.news.recv().await.expect("the peer runs") {
                    News::Up => return true,
                    News::Failed => return false,
                    News::Down | News::Spoke => {}
                }
            }
        })
        .await
    }

    /// Dials where nobody shakes hands.
    pub async fn fail_to_connect(&mut self, address: &str) {
        self.dial(address);
        self.wait_for(News::Failed).await;
    }

    /// Waits until it was hung up on.
    pub async fn disconnected(&mut self) {
        self.wait_for(News::Down).await;
    }

    /// Connects, tries every protocol until it is hung up on; how many of them answered.
    pub async fn try_to_speak(&mut self, address: &str) -> usize {
        self.connect(address).await;
        let poke = Bytes { bytes: vec![4, 0, 0, 0, 1, 0xf6], hold: false };
        drop(self.send(poke));
        let mut spoke = 0;
        within(async {
            loop {
                match self.news.recv().await.expect("the peer runs") {
                    News::Spoke => spoke += 1,
                    News::Down => return spoke,
                    News::Up | News::Failed => panic!("it dials once, and somebody is there"),
                }
            }
        })
        .await
    }

    /// Opens a stream with these bytes.
    pub fn send(&self, bytes: Bytes) -> Back {
        let (answer, answered) = oneshot::channel();
        self.command(Command::Send(bytes, answer));
        answered
    }

    /// Puts a request as an honest node would, and gives the bytes that came back.
    pub async fn ask(&self, request: &Request) -> Option<Vec<u8>> {
        let body = request.encode().expect("the request fits its cap");
        let bytes = framed(request.tag(), &body);
        within(self.send(Bytes { bytes, hold: false })).await.ok().flatten()
    }

    fn dial(&self, address: &str) {
        self.command(Command::Dial(address.parse().expect("an address to dial")));
    }

    fn command(&self, command: Command) {
        self.commands.send(command).expect("the peer runs");
    }

    async fn wait_for(&mut self, wanted: News) {
        let heard = async { while self.news.recv().await.expect("the peer runs") != wanted {} };
        within(heard).await;
    }
}

/// A message as it lies on the wire: type tag, length, body.
#[must_use]
pub fn framed(tag: u8, body: &[u8]) -> Vec<u8> {
    frame::frame(tag, body).expect("a test's message is below 4 GiB")
}

async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(PATIENCE, future).await.expect("it happens in time")
}

fn speaking(pair: &Keypair) -> Swarm<Speaking> {
    let identify = identify::Config::new(PROTOCOL.to_string(), pair.public());
    let settings = request_response::Config::default()
        .with_request_timeout(Duration::from_secs(60))
        .with_max_concurrent_streams(10_000);
    let exchange = request_response::Behaviour::with_codec(
        Codec,
        [(PROTOCOL, ProtocolSupport::Full)],
        settings,
    );
    let behaviour = Speaking {
        identify: identify::Behaviour::new(identify),
        ping: ping::Behaviour::default(),
        exchange,
    };
    // A hostile peer opens as many streams as it likes.
    let mut lavish = Config::default();
    lavish.requests.inbound_per_peer = STREAMS;
    lavish.requests.outbound_per_peer = STREAMS;
    let transport = transport::transport(&lavish, pair).expect("noise takes an ed25519 key");
    let settings = swarm::Config::with_tokio_executor()
        .with_idle_connection_timeout(Duration::from_secs(3600));
    Swarm::new(transport, behaviour, pair.public().to_peer_id(), settings)
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "libp2p's enums are non-exhaustive; the other events ask nothing of this peer"
)]
async fn drive(
    mut swarm: Swarm<Speaking>,
    answers: Answers,
    mut commands: mpsc::UnboundedReceiver<Command>,
    news: mpsc::UnboundedSender<News>,
) {
    let mut waiting: HashMap<OutboundRequestId, oneshot::Sender<Option<Vec<u8>>>> = HashMap::new();
    let mut connected = None;
    loop {
        tokio::select! {
            command = commands.recv() => match command {
                None => return,
                // Refused where it is connected already.
                Some(Command::Dial(address)) => if swarm.dial(address).is_err() {
                    let _ = news.send(if connected.is_some() { News::Up } else { News::Failed });
                },
                Some(Command::Send(bytes, answer)) => {
                    if let Some(peer) = connected {
                        let id = swarm.behaviour_mut().exchange.send_request(&peer, bytes);
                        waiting.insert(id, answer);
                    }
                }
            },
            event = swarm.select_next_some() => match event {
                SwarmEvent::ConnectionEstablished { peer_id, .. } => {
                    connected = Some(peer_id);
                    let _ = news.send(News::Up);
                }
                SwarmEvent::OutgoingConnectionError { .. } => {
                    let _ = news.send(News::Failed);
                }
                SwarmEvent::ConnectionClosed { num_established: 0, .. } => {
                    connected = None;
                    let _ = news.send(News::Down);
                }
                SwarmEvent::Behaviour(SpeakingEvent::Exchange(event)) => match event {
                    request_response::Event::Message {
                        message: Message::Response { request_id, response }, ..
                    } => {
                        let _ = news.send(News::Spoke);
                        if let Some(answer) = waiting.remove(&request_id) {
                            let _ = answer.send(Some(response));
                        }
                    }
                    request_response::Event::Message {
                        message: Message::Request { request, channel, .. }, ..
                    } => if let Some(bytes) = answers(&request.bytes) {
                        let _ = swarm.behaviour_mut().exchange.send_response(channel, bytes);
                    },
                    request_response::Event::OutboundFailure { request_id, .. } => {
                        if let Some(answer) = waiting.remove(&request_id) {
                            let _ = answer.send(None);
                        }
                    }
                    _ => {}
                },
                SwarmEvent::Behaviour(SpeakingEvent::Identify(identify::Event::Received { .. })) => {
                    let _ = news.send(News::Spoke);
                }
                SwarmEvent::Behaviour(SpeakingEvent::Ping(ping::Event { result: Ok(_), .. })) => {
                    let _ = news.send(News::Spoke);
                }
                _ => {}
            },
        }
    }
}
