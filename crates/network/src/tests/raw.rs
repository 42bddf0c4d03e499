//! A peer made of bare libp2p that sends whatever bytes it is told to.

use std::collections::HashMap;
use std::io;
use std::time::Duration;

use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, StreamExt};
use libp2p::identity::Keypair;
use libp2p::request_response::{self, Message, OutboundRequestId, ProtocolSupport};
use libp2p::swarm::{NetworkBehaviour, SwarmEvent};
use libp2p::{Multiaddr, StreamProtocol, Swarm, identify, ping, swarm};
use record::PublicKey;
use tokio::sync::{mpsc, oneshot};

use super::within;
use crate::codec::PROTOCOL;
use crate::transport;

/// Bytes for a stream, and whether the stream is then kept open without another byte.
#[derive(Clone, Debug)]
pub(super) struct Bytes {
    pub(super) bytes: Vec<u8>,
    pub(super) hold: bool,
}

/// The commanding end of the peer.
pub(super) struct Raw {
    pub(super) key: PublicKey,
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
    /// A peer that answers nothing.
    pub(super) fn new(seed: u8) -> Self {
        Self::answering(seed, None)
    }

    /// A peer that answers every request by these bytes.
    pub(super) fn answering(seed: u8, answer: Option<Vec<u8>>) -> Self {
        let pair = Keypair::ed25519_from_bytes([seed; 32]).unwrap();
        let key = crate::address::public_key(&pair.public().to_peer_id()).unwrap();
        let (commands, received) = mpsc::unbounded_channel();
        let (sender, news) = mpsc::unbounded_channel();
        tokio::spawn(drive(speaking(&pair), answer, received, sender));
        Self { key, commands, news }
    }

    pub(super) async fn connect(&mut self, address: &str) {
        self.commands.send(Command::Dial(address.parse().unwrap())).unwrap();
        self.wait_for(News::Up).await;
    }

    /// Dials where nobody shakes hands.
    pub(super) async fn fail_to_connect(&mut self, address: &str) {
        self.commands.send(Command::Dial(address.parse().unwrap())).unwrap();
        self.wait_for(News::Failed).await;
    }

    pub(super) async fn disconnected(&mut self) {
        self.wait_for(News::Down).await;
    }

    /// Connects, tries every protocol until it is hung up on; how many of them answered.
    pub(super) async fn try_to_speak(&mut self, address: &str) -> usize {
        self.connect(address).await;
        let poke = Bytes { bytes: vec![4, 0, 0, 0, 1, 0xf6], hold: false };
        drop(self.send(poke));
        let mut spoke = 0;
        within(async {
            loop {
                match self.news.recv().await.unwrap() {
                    News::Spoke => spoke += 1,
                    News::Down => return spoke,
                    News::Up | News::Failed => panic!("it dials once, and somebody is there"),
                }
            }
        })
        .await
    }

    /// Opens a stream with these bytes. The receiver yields what came back until the stream ended,
    /// or `None` where it was reset or its connection was lost.
    pub(super) fn send(&self, bytes: Bytes) -> oneshot::Receiver<Option<Vec<u8>>> {
        let (answer, answered) = oneshot::channel();
        self.commands.send(Command::Send(bytes, answer)).unwrap();
        answered
    }

    async fn wait_for(&mut self, wanted: News) {
        within(async { while self.news.recv().await.unwrap() != wanted {} }).await;
    }
}

fn speaking(pair: &Keypair) -> Swarm<Speaking> {
    let config = super::config();
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
    let mut lavish = config;
    lavish.requests.inbound_per_peer = 200;
    lavish.requests.outbound_per_peer = 200;
    let transport = transport::transport(&lavish, pair).unwrap();
    let settings = swarm::Config::with_tokio_executor()
        .with_idle_connection_timeout(Duration::from_secs(3600));
    Swarm::new(transport, behaviour, pair.public().to_peer_id(), settings)
}

async fn drive(
    mut swarm: Swarm<Speaking>,
    answer: Option<Vec<u8>>,
    mut commands: mpsc::UnboundedReceiver<Command>,
    news: mpsc::UnboundedSender<News>,
) {
    let mut waiting: HashMap<OutboundRequestId, oneshot::Sender<Option<Vec<u8>>>> = HashMap::new();
    let mut connected = None;
    loop {
        tokio::select! {
            command = commands.recv() => match command {
                None => return,
                Some(Command::Dial(address)) => swarm.dial(address).unwrap(),
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
                        message: Message::Request { channel, .. }, ..
                    } => if let Some(bytes) = answer.clone() {
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
