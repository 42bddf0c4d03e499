//! TCP (and QUIC where it is built in), Noise, Yamux and names. Everything is boxed early: the types
//! of a libp2p transport otherwise grow with every layer, and compile times with them.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use libp2p::core::muxing::{StreamMuxer, StreamMuxerBox, StreamMuxerEvent, SubstreamBox};
use libp2p::core::transport::Boxed;
use libp2p::core::upgrade::Version;
use libp2p::identity::Keypair;
use libp2p::{PeerId, Transport as _, dns, noise, tcp, yamux};
use tokio::time::Sleep;

use crate::config::Config;

/// What connections are made with.
pub(crate) type Transport = Boxed<(PeerId, StreamMuxerBox)>;

/// The transport of a node with this key. Names are resolved by the system's resolver; a machine
/// without one still runs, and dials only addresses without names.
///
/// # Errors
/// When Noise cannot use the key.
pub(crate) fn transport(config: &Config, key: &Keypair) -> Result<Transport, noise::Error> {
    match dns::tokio::Transport::system(connections(config, key)?) {
        Ok(named) => Ok(named.boxed()),
        Err(error) => {
            tracing::warn!(%error,
                "本机没有域名解析，含域名的地址不会拨 no resolver is configured: addresses with names are \
                 not dialled");
            connections(config, key)
        }
    }
}

fn connections(config: &Config, key: &Keypair) -> Result<Transport, noise::Error> {
    let mut yamux = yamux::Config::default();
    yamux.set_max_num_streams(config.streams());
    let closing = config.connections.closing;
    let base = tcp::tokio::Transport::new(tcp::Config::default().nodelay(true))
        .upgrade(Version::V1Lazy)
        .authenticate(noise::Config::new(key)?)
        .multiplex(yamux)
        .timeout(config.connections.handshake)
        .map(move |(peer, muxer), _| (peer, Prompt::boxed(StreamMuxerBox::new(muxer), closing)))
        .boxed();
    #[cfg(feature = "quic")]
    let base = with_quic(base, config, key);
    Ok(base)
}

#[cfg(feature = "quic")]
fn with_quic(base: Transport, config: &Config, key: &Keypair) -> Transport {
    use libp2p::quic;

    let mut quic = quic::Config::new(key);
    quic.handshake_timeout = config.connections.handshake;
    quic.max_concurrent_stream_limit =
        u32::try_from(config.streams()).expect("the configuration was checked: at most 1024");
    // Twice the largest message a stream carries, and two such streams to a connection.
    quic.max_stream_data = 4 * 1024 * 1024;
    quic.max_connection_data = 8 * 1024 * 1024;
    let closing = config.connections.closing;
    quic::tokio::Transport::new(quic)
        .map(move |(peer, muxer), _| (peer, Prompt::boxed(StreamMuxerBox::new(muxer), closing)))
        .or_transport(base)
        .map(|either, _| either.into_inner())
        .boxed()
}

/// A connection that closes within a time limit. Left to itself, a connection whose peer has
/// vanished in the middle of a large message waits to flush it until TCP gives up, a quarter of an
/// hour later, and would count as connected all the while.
struct Prompt {
    inner: StreamMuxerBox,
    limit: Duration,
    closing: Option<Pin<Box<Sleep>>>,
}

impl Prompt {
    fn boxed(inner: StreamMuxerBox, limit: Duration) -> StreamMuxerBox {
        StreamMuxerBox::new(Self { inner, limit, closing: None })
    }
}

impl StreamMuxer for Prompt {
    type Substream = SubstreamBox;
    type Error = io::Error;

    fn poll_inbound(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<SubstreamBox>> {
        Pin::new(&mut self.inner).poll_inbound(context)
    }

    fn poll_outbound(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<SubstreamBox>> {
        Pin::new(&mut self.inner).poll_outbound(context)
    }

    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Poll::Ready(closed) = Pin::new(&mut self.inner).poll_close(context) {
            return Poll::Ready(closed);
        }
        let limit = self.limit;
        let closing = self.closing.get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
        closing.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }

    fn poll(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<StreamMuxerEvent>> {
        Pin::new(&mut self.inner).poll(context)
    }
}

#[cfg(test)]
mod tests {
    use libp2p::core::muxing::StreamMuxerExt as _;

    use super::*;

    /// A connection whose peer has vanished: nothing it is asked ever ends.
    struct Vanished;

    impl StreamMuxer for Vanished {
        type Substream = SubstreamBox;
        type Error = io::Error;

        fn poll_inbound(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<io::Result<SubstreamBox>> {
            Poll::Pending
        }

        fn poll_outbound(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<io::Result<SubstreamBox>> {
            Poll::Pending
        }

        fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Pending
        }

        fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<StreamMuxerEvent>> {
            Poll::Pending
        }
    }

    #[tokio::test]
    async fn a_connection_to_a_peer_that_has_vanished_closes_all_the_same() {
        let vanished = StreamMuxerBox::new(Vanished);
        let closed = Prompt::boxed(vanished, Duration::from_millis(10)).close().await;
        assert!(closed.is_err());
    }
}
