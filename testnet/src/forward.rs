//! A TCP forwarder, through which one community reaches its street, and which can be cut: then it
//! drops what goes through and takes nothing new, as a broken line does.

use std::net::SocketAddr;

use tokio::io;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A running forwarder. It ends when it is dropped.
pub struct Forwarder {
    at: SocketAddr,
    whole: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Forwarder {
    /// Forwards connections from a listener to an address.
    ///
    /// # Errors
    /// The system's, when the listener has no address.
    pub fn start(listener: TcpListener, to: SocketAddr) -> io::Result<Self> {
        let at = listener.local_addr()?;
        let (whole, seen) = watch::channel(true);
        let task = tokio::spawn(accept(listener, to, seen));
        Ok(Self { at, whole, task })
    }

    /// Where it listens.
    #[must_use]
    pub fn at(&self) -> SocketAddr {
        self.at
    }

    /// Cuts the line: open connections are dropped, new ones are closed at once.
    pub fn cut(&self) {
        self.whole.send_replace(false);
    }

    /// Mends the line.
    pub fn heal(&self) {
        self.whole.send_replace(true);
    }
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        self.task.abort();
        // Whatever still goes through ends with the sender.
        self.whole.send_replace(false);
    }
}

async fn accept(listener: TcpListener, to: SocketAddr, whole: watch::Receiver<bool>) {
    loop {
        let Ok((inbound, _)) = listener.accept().await else {
            // Out of file descriptors, most likely: somebody gives one back.
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            continue;
        };
        if *whole.borrow() {
            tokio::spawn(carry(inbound, to, whole.clone()));
        }
    }
}

async fn carry(mut inbound: TcpStream, to: SocketAddr, mut whole: watch::Receiver<bool>) {
    let through = async {
        let mut outbound = TcpStream::connect(to).await?;
        inbound.set_nodelay(true)?;
        outbound.set_nodelay(true)?;
        io::copy_bidirectional(&mut inbound, &mut outbound).await
    };
    tokio::select! {
        // Both ends are told by their connections; there is nobody else to tell.
        _ = through => {}
        _ = whole.wait_for(|whole| !whole) => {}
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    async fn echo() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut from, mut to) = stream.split();
                    io::copy(&mut from, &mut to).await
                });
            }
        });
        at
    }

    async fn speaks(at: SocketAddr) -> io::Result<TcpStream> {
        let mut stream = TcpStream::connect(at).await?;
        stream.write_all(b"hello").await?;
        let mut back = [0; 5];
        stream.read_exact(&mut back).await?;
        assert_eq!(&back, b"hello");
        Ok(stream)
    }

    #[tokio::test]
    async fn what_is_cut_is_dropped_and_refused_until_it_is_healed() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let forwarder = Forwarder::start(listener, echo().await).unwrap();
        let mut open = speaks(forwarder.at()).await.unwrap();
        forwarder.cut();
        let mut rest = Vec::new();
        // Closed or reset: either way it is over.
        let over = open.read_to_end(&mut rest).await;
        assert!(over.is_err() || rest.is_empty());
        assert!(speaks(forwarder.at()).await.is_err());
        forwarder.heal();
        speaks(forwarder.at()).await.unwrap();
    }
}
