//! Every way to exhaust a node at once, for as long as it is asked for (S13): strangers who hold
//! connections and dribble bytes, and neighbours gone bad who announce huge frames, nest deep, open
//! streams without end and do not read. The street that they are at works on meanwhile.

use std::time::{Duration, Instant};

use engine::wire::{ChainBytes, Request};
use network::hostile::{Bytes, framed};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::matter::escalated;
use crate::pair::Pair;
use crate::site::{Seat, UNIT};
use crate::until;
use crate::wire::{Impostor, federation, hello, invitation, pull};

/// Says for how many seconds the attacks last; 60 where everything is run.
const SECONDS: &str = "ATTACK_SECONDS";
/// Where it does not say.
const SHORT: u64 = 8;
/// Whoever was shut out comes back at once, so that the attacks never rest.
const FORGIVING: &str = "[network.connections]\nhandshake = \"2s\"\n\
    [network.requests]\nread = \"2s\"\nwrite = \"2s\"\n\
    [network.conduct]\npenalty = \"1s\"\nlongest = \"1s\"\n\
    [network.enrolment]\nburst = 100\nper_second = 100";
/// Most that the street's peak of resident memory may grow by, whatever is done to it.
const GROWTH: u64 = 96 * 1024 * 1024;
/// Connections that a stranger holds at a time.
const CONNECTIONS: usize = 300;
/// Connections on which one dribbles.
const DRIBBLING: usize = 60;
/// How libp2p's negotiation begins.
const GREETING: &[u8] = b"\x13/multistream/1.0.0\n";
/// How long a neighbour gone bad waits to be cut off before it goes on.
const WAVE: Duration = Duration::from_secs(3);
/// A breath between bytes, and before dialling again.
const BREATH: Duration = Duration::from_millis(50);
/// On a busy machine a first wave takes longer than all of them were to take.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a neighbour does to exhaust the street.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Attack {
    /// Announces frames of 4 GiB, and sends one of a mebibyte over the cap.
    Huge,
    /// Nests CBOR thousands deep.
    Deep,
    /// Opens a thousand streams and leaves them open.
    Streams,
    /// Asks, and never reads an answer.
    Unread,
}

const ATTACKS: [Attack; 4] = [Attack::Huge, Attack::Deep, Attack::Streams, Attack::Unread];

impl Attack {
    /// The streams of one wave.
    fn wave(self) -> Vec<Bytes> {
        let held = |bytes| Bytes { bytes, hold: true };
        let over = |bytes| Bytes { bytes, hold: false };
        match self {
            Self::Huge => {
                let oversize = [vec![3, 0, 0x10, 0, 0], vec![0; 1024 * 1024]].concat();
                let announced = || held(vec![6, 0xff, 0xff, 0xff, 0xff]);
                (0..4).flat_map(|_| [announced(), over(oversize.clone())]).collect()
            }
            Self::Deep => {
                let deep = |depth| framed(3, &[vec![0x81; depth], vec![0]].concat());
                [3_000, 20_000, 60_000].map(|depth| over(deep(depth))).into()
            }
            Self::Streams => (0..1_000).map(|_| held(vec![6, 0, 1, 0, 0])).collect(),
            Self::Unread => {
                let asked: Request = pull(0);
                let bytes = framed(asked.tag(), &asked.encode().expect("it fits"));
                (0..100).map(|_| held(bytes.clone())).collect()
            }
        }
    }
}

/// Wave after wave until the time is over, and until there was one; how many there were.
async fn keeps_on(
    mut unit: Impostor,
    chain: ChainBytes,
    address: String,
    attack: Attack,
    end: Instant,
) -> u64 {
    let mut waves = 0;
    let last = end + PATIENCE;
    while Instant::now() < end || (waves == 0 && Instant::now() < last) {
        if !unit.raw.reaches(&address).await {
            tokio::time::sleep(BREATH).await;
            continue;
        }
        // As an honest neighbour first; where it is still shut out, nothing is answered.
        let greeted = unit.raw.ask(&hello(chain.clone())).await.is_some();
        let sent: Vec<_> = attack.wave().into_iter().map(|bytes| unit.raw.send(bytes)).collect();
        let _ = tokio::time::timeout(WAVE, unit.raw.disconnected()).await;
        drop(sent);
        waves += u64::from(greeted);
        tokio::time::sleep(BREATH).await;
    }
    waves
}

/// Holds a connection on which the handshake never goes on, again and again.
async fn holds(port: String, begins: &'static [u8], end: Instant) -> u64 {
    let mut held = 0;
    while Instant::now() < end {
        if let Ok(mut stream) = TcpStream::connect(&port).await {
            let _ = stream.write_all(begins).await;
            let mut back = [0; 1024];
            let left = end.saturating_duration_since(Instant::now());
            let listening = async { while let Ok(1..) = stream.read(&mut back).await {} };
            let _ = tokio::time::timeout(left, listening).await;
            held += 1;
        }
        tokio::time::sleep(BREATH).await;
    }
    held
}

/// Sends the beginning of a handshake byte by byte, with a breath between them, again and again.
async fn dribbles(port: String, end: Instant) -> u64 {
    let begins = [GREETING, b"\x07/noise\n", &[0xff; 4_096]].concat();
    let mut bytes = 0;
    while Instant::now() < end {
        let Ok(mut stream) = TcpStream::connect(&port).await else { continue };
        for byte in begins.chunks(1) {
            if Instant::now() >= end || stream.write_all(byte).await.is_err() {
                break;
            }
            bytes += 1;
            tokio::time::sleep(BREATH).await;
        }
    }
    bytes
}

/// How long the attacks last.
fn lasting() -> Duration {
    let said = std::env::var(SECONDS).ok().and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(said.unwrap_or(SHORT))
}

#[tokio::test(flavor = "multi_thread")]
async fn s13_every_attack_at_once_leaves_memory_bounded_and_honest_work_unharmed() {
    let mut pair = Pair::meet(FORGIVING).await;
    let address = pair.street.address();
    let port = address.split('/').nth(4).map(|port| format!("127.0.0.1:{port}")).expect("a port");
    let mut bad = Vec::new();
    for (name, attack) in
        ["甲所（演示）", "乙所（演示）", "丙所（演示）", "丁所（演示）"].into_iter().zip(ATTACKS)
    {
        let token = invitation(&pair.street.invite(Seat { name, ..UNIT }).await);
        let mut unit = Impostor::new(federation(&token.root));
        unit.raw.connect(&address).await;
        let chain = unit.enrol(&token).await;
        unit.greet(&chain).await;
        bad.push((unit, chain, attack));
    }
    arrives(&pair, "before").await;
    let before = pair.street.peak();

    let end = Instant::now() + lasting();
    let mut from_within = Vec::new();
    for (unit, chain, attack) in bad {
        let waves = tokio::spawn(keeps_on(unit, chain, address.clone(), attack, end));
        from_within.push((attack, waves));
    }
    let beginnings: [&'static [u8]; 3] = [b"", &GREETING[..7], GREETING];
    let held = (0..CONNECTIONS)
        .map(|number| tokio::spawn(holds(port.clone(), beginnings[number % 3], end)));
    let dribbled = (0..DRIBBLING).map(|_| tokio::spawn(dribbles(port.clone(), end)));
    let from_outside: Vec<_> = held.chain(dribbled).collect();

    // The street's people and its community's work on as ever.
    let (mut done, mut longest) = (0, Duration::ZERO);
    while Instant::now() < end || done < 3 {
        let began = Instant::now();
        arrives(&pair, &format!("meanwhile {done}")).await;
        longest = longest.max(began.elapsed());
        done += 1;
        let resident = pair.street.resident().saturating_sub(before);
        assert!(resident < GROWTH, "{} KiB more than before", resident / 1024);
    }
    for (attack, waves) in from_within {
        let waves = waves.await.expect("it ends");
        assert!(waves > 0, "{attack:?} was never tried");
    }
    for attack in from_outside {
        attack.await.expect("it ends");
    }
    arrives(&pair, "after").await;
    let grown = pair.street.peak().saturating_sub(before);
    assert!(grown < GROWTH, "{} KiB more than before, with {done} cases", grown / 1024);
    assert!(longest < Duration::from_secs(30), "an honest case took {longest:?}");
    let log = pair.street.log();
    assert!(log.contains("misbehav"), "the operator is told");
    assert!(!log.contains("panicked"), "nothing panicked");
    pair.until_met().await;
    pair.stop_and_verify().await;
}

/// An honest matter comes up as ever.
async fn arrives(pair: &Pair, key: &str) {
    let case = escalated(&pair.at_community(), key).await;
    let street = pair.at_street();
    until("it comes up", async || street.case(&case).await.is_some()).await;
}
