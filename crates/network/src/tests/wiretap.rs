//! What somebody on the line between two nodes gets to see.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;

/// Everything that went over a line, either way.
type Tape = Arc<Mutex<Vec<u8>>>;

/// Carries what comes to a port of its own on to `to`, and keeps a copy.
async fn tap(to: SocketAddr) -> (SocketAddr, Tape) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (here, tape) = (listener.local_addr().unwrap(), Tape::default());
    let copy = tape.clone();
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            let far = TcpStream::connect(to).await.unwrap();
            let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
            tokio::spawn(carry(near_in, far_out, copy.clone()));
            tokio::spawn(carry(far_in, near_out, copy.clone()));
        }
    });
    (here, tape)
}

async fn carry(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    tape: Tape,
) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        tape.lock().unwrap().extend_from_slice(&buffer[..read]);
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}

/// S10: nothing that two nodes tell each other can be read from the line between them, in either
/// direction; not even whether it was said before.
#[tokio::test(flavor = "multi_thread")]
async fn s10_nothing_that_nodes_say_can_be_read_on_the_line() {
    let (mut first, mut second) = (Node::start(1), Node::start(2));
    let address = second.address().await;
    let port = address.split('/').nth(4).and_then(|port| port.parse().ok()).unwrap();
    let (here, tape) = tap(SocketAddr::from(([127, 0, 0, 1], port))).await;
    second.handle.allow(first.key, Vec::new(), false).await;
    first.handle.allow(second.key, vec![format!("/ip4/127.0.0.1/tcp/{}", here.port())], true).await;
    assert!(first.connected(second.key).await);
    assert!(second.connected(first.key).await);
    let (asked, answered) = ("13800001234 居民王小明 asks", "13900005678 住建局李大勇 answers");
    let to = second.key;
    let said = answered.as_bytes().to_vec();
    let _second = second.serve(move |_| Response::Answer(ByteBuf::from(said.clone())));
    for _ in 0..3 {
        let question = ByteBuf::from(asked.as_bytes().to_vec());
        let got = first.handle.request(&to, Request::Ask(Ask { question }), PATIENCE).await;
        assert!(got.unwrap() == Response::Answer(ByteBuf::from(answered.as_bytes().to_vec())));
    }
    let tape = tape.lock().unwrap().clone();
    assert!(tape.len() > 500, "the line was tapped: {} bytes", tape.len());
    for text in [asked, answered] {
        // Any eight bytes of it in a row would be too many.
        for part in text.as_bytes().windows(8) {
            assert!(!tape.windows(8).any(|found| found == part), "{:?}", part);
        }
    }
}
