//! Bytes that no node would send, to a street that is at work meanwhile.

use std::time::Duration;

use network::hostile::{Bytes, framed};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::matter::escalated;
use crate::pair::Pair;
use crate::site::UNIT;
use crate::until;
use crate::wire::{Impostor, federation, invitation};

/// Little patience with those who dawdle, so that the test need not have more.
const BRISK: &str = "[network.connections]\nhandshake = \"2s\"\n[network.requests]\nread = \"2s\"";
/// Most that the street's peak may grow by under attack.
const GROWTH: u64 = 32 * 1024 * 1024;
/// How libp2p's negotiation begins.
const GREETING: &[u8] = b"\x13/multistream/1.0.0\n";

/// Sends bytes to a port as they are, and waits until it is hung up on; what came back.
async fn hung_up_on(port: &str, bytes: Vec<u8>) -> usize {
    let mut heard = 0;
    if let Ok(mut stream) = TcpStream::connect(port).await {
        let _ = stream.write_all(&bytes).await;
        let mut back = [0; 4096];
        let listening = async {
            while let Ok(count @ 1..) = stream.read(&mut back).await {
                heard += count;
            }
        };
        let patience = Duration::from_secs(60);
        assert!(tokio::time::timeout(patience, listening).await.is_ok(), "it hangs up by itself");
    }
    heard
}

/// What is thrown at the port before anybody has said who they are.
fn unnegotiated() -> Vec<Vec<u8>> {
    let noise = |seed: u64, count: usize| {
        let next = |state: &mut u64| {
            *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            Some(state.to_be_bytes()[0])
        };
        let mut state = seed;
        std::iter::from_fn(move || next(&mut state)).take(count).collect::<Vec<u8>>()
    };
    let mut all: Vec<Vec<u8>> = (0..8).map(|seed| noise(seed, 1 << (2 * seed))).collect();
    all.push(b"GET / HTTP/1.1\r\nhost: street\r\n\r\n".to_vec());
    // Lengths that announce what never comes: of the negotiation, and of the handshake after it.
    all.push([&[0xff; 9][..], &[0x7f]].concat());
    all.push([GREETING, b"\x07/noise\n", &[0xff; 200_000]].concat());
    // And those who say nothing, or stop in the middle.
    all.extend([Vec::new(), GREETING[..7].to_vec(), GREETING.to_vec()]);
    all.push([GREETING, b"\x07/noise\n", &[0, 32, 1]].concat());
    all
}

/// What a neighbour sends that has proved who it is: unknown types, lengths over the cap, depth,
/// half messages, and streams that never go on.
fn negotiated(round: usize) -> Bytes {
    let oversize = [vec![3, 0, 0x10, 0, 0], vec![0; 1024 * 1024]].concat();
    let (bytes, hold) = match round % 6 {
        0 => (framed(200, &[0xf6]), false),
        1 => (vec![6, 0xff, 0xff, 0xff, 0xff], true),
        2 => (oversize, false),
        3 => (framed(3, &[vec![0x81; 3000], vec![0]].concat()), false),
        4 => (vec![6, 0, 0, 0, 9, 0x41], false),
        _ => (vec![6, 0, 1, 0, 0, 0x41], true),
    };
    Bytes { bytes, hold }
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_on_the_wire_is_cut_off_while_the_node_goes_on_serving() {
    let mut pair = Pair::meet(BRISK).await;
    let address = pair.street.address();
    let port = address.split('/').nth(4).map(|port| format!("127.0.0.1:{port}")).expect("a port");
    let token = invitation(&pair.street.invite(UNIT).await);
    let mut unit = Impostor::new(federation(&token.root));
    unit.raw.connect(&address).await;
    let chain = unit.enrol(&token).await;
    unit.greet(&chain).await;
    arrives(&pair, "before").await;
    let before = pair.street.peak();

    // From outside: everything at once, while the community works on.
    let knocking: Vec<_> = unnegotiated()
        .into_iter()
        .cycle()
        .take(60)
        .map(|bytes| {
            tokio::spawn({
                let port = port.clone();
                async move { hung_up_on(&port, bytes).await }
            })
        })
        .collect();
    arrives(&pair, "while strangers knock").await;
    for knock in knocking {
        let heard = knock.await.expect("it ends");
        assert!(heard < 1024, "{heard} bytes of answer to whom it does not know");
    }

    // From within: a unit that has gone bad is cut off, and stays out for a while.
    let held: Vec<_> = (0..60).map(|round| unit.raw.send(negotiated(round))).collect();
    arrives(&pair, "while a unit sends garbage").await;
    unit.raw.disconnected().await;
    drop(held);
    assert_eq!(unit.raw.try_to_speak(&address).await, 0, "it is turned away at the gate");
    let shown = pair.street.operator();
    until("it is shown as gone", async || shown.peer("unit").await["connected"] == false).await;

    arrives(&pair, "after").await;
    let grown = pair.street.peak().saturating_sub(before);
    assert!(grown < GROWTH, "{} KiB more than before", grown / 1024);
    let log = pair.street.log();
    assert!(log.contains("misbehav"), "the operator is told:\n{log}");
    assert!(!log.contains("panicked"), "{log}");
    pair.stop_and_verify().await;
}

/// An honest matter comes up as ever.
async fn arrives(pair: &Pair, key: &str) {
    let case = escalated(&pair.at_community(), key).await;
    let street = pair.at_street();
    until("it comes up", async || street.case(&case).await.is_some()).await;
}
