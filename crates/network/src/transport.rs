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
            tracing::warn!(%error, "no resolver is configured: addresses with names are not dialled");
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
        .map(move |(peer, muxer), _| (peer, Orderly::boxed(StreamMuxerBox::new(muxer), closing)))
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
        .map(move |(peer, muxer), _| (peer, Orderly::boxed(StreamMuxerBox::new(muxer), closing)))
        .or_transport(base)
        .map(|either, _| either.into_inner())
        .boxed()
}

/// A connection that ends in order.
///
/// What has arrived is read before its end is told: a response and the goodbye that follows it often
/// come in one piece, and libp2p would drop the one with the other. And closing takes no longer than
/// a limit: a connection whose peer has vanished in the middle of a large message would wait to flush
/// it until TCP gives up, a quarter of an hour later, and count as connected all the while.
struct Orderly {
    inner: StreamMuxerBox,
    limit: Duration,
    closing: Option<Pin<Box<Sleep>>>,
    ended: Option<End>,
}

/// The end of a connection, kept back until then.
struct End {
    error: Option<io::Error>,
    told: Pin<Box<Sleep>>,
}

/// Time for the streams of a connection that has ended to be read out; they are in memory.
const READING_OUT: Duration = Duration::from_millis(20);

impl Orderly {
    fn boxed(inner: StreamMuxerBox, limit: Duration) -> StreamMuxerBox {
        StreamMuxerBox::new(Self { inner, limit, closing: None, ended: None })
    }

    /// Keeps the first error back for a moment.
    fn hold_back<T>(
        &mut self,
        polled: Poll<io::Result<T>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        let Poll::Ready(Err(error)) = polled else {
            return polled;
        };
        let mut told = Box::pin(tokio::time::sleep(READING_OUT));
        // A fresh timer is pending; polling it makes it wake this connection.
        let _ = told.as_mut().poll(context);
        self.ended = Some(End { error: Some(error), told });
        Poll::Pending
    }

    /// The error that was kept back, when its time has come; `None` while the connection is good.
    fn end(&mut self, context: &mut Context<'_>) -> Option<Poll<io::Error>> {
        let ended = self.ended.as_mut()?;
        let told = ended.told.is_elapsed() || ended.told.as_mut().poll(context).is_ready();
        Some(if told {
            Poll::Ready(ended.error.take().unwrap_or(io::ErrorKind::NotConnected.into()))
        } else {
            Poll::Pending
        })
    }
}

impl StreamMuxer for Orderly {
    type Substream = SubstreamBox;
    type Error = io::Error;

    fn poll_inbound(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<SubstreamBox>> {
        if let Some(end) = self.end(context) {
            return end.map(Err);
        }
        let polled = Pin::new(&mut self.inner).poll_inbound(context);
        self.hold_back(polled, context)
    }

    fn poll_outbound(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<SubstreamBox>> {
        if let Some(end) = self.end(context) {
            return end.map(Err);
        }
        let polled = Pin::new(&mut self.inner).poll_outbound(context);
        self.hold_back(polled, context)
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
        if let Some(end) = self.end(context) {
            return end.map(Err);
        }
        let polled = Pin::new(&mut self.inner).poll(context);
        self.hold_back(polled, context)
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
        let closed = Orderly::boxed(vanished, Duration::from_millis(10)).close().await;
        assert!(closed.is_err());
    }
}
