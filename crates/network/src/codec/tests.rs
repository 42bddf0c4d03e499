use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use engine::wire::{
    Ask, Challenge, Enrol, Fetch, Grown, Hello, Notice, Opened, PIECE_BYTES, Page, Parcel, Piece,
    Place, Pull, Reclaim, Renew, Witness,
};
use futures::io::Cursor;
use libp2p::request_response::Codec as _;
use proptest::prelude::*;
use record::{Disclosure, FieldId, Hash};
use serde_bytes::ByteBuf;

use super::*;
use crate::frame::HEADER;

fn wait<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(future)
}

fn codec() -> Codec {
    Codec::new(Duration::from_secs(10), Duration::from_secs(10))
}

fn bytes(max: usize) -> impl Strategy<Value = ByteBuf> {
    prop::collection::vec(any::<u8>(), 0..max).prop_map(ByteBuf::from)
}

fn hello() -> impl Strategy<Value = Hello> {
    let chain = prop::collection::vec(bytes(300), 0..4);
    let addresses = prop::collection::vec("[a-z0-9/]{0,40}", 0..8);
    let seen = prop::option::of(bytes(300));
    (any::<u16>(), "\\PC{0,20}", chain, addresses, prop::collection::vec(bytes(300), 0..3), seen)
        .prop_map(|(version, software, chain, addresses, revocations, seen)| Hello {
            version,
            software,
            chain,
            addresses,
            revocations,
            seen,
        })
}

/// A message in a property test, which wants to print what fails: its type and its bytes.
struct Sample<T>(T);

impl fmt::Debug for Sample<Request> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "request {} {:02x?}", self.0.tag(), self.0.encode())
    }
}

impl fmt::Debug for Sample<Response> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "response {} {:02x?}", self.0.tag(), self.0.encode())
    }
}

fn any_request() -> impl Strategy<Value = Sample<Request>> {
    let hashes = prop::collection::vec(any::<[u8; 32]>().prop_map(Hash::from_bytes), 0..64);
    let (secret, addresses) = (bytes(40), prop::collection::vec("[a-z0-9/]{0,40}", 0..8));
    let held = prop::option::of(any::<(u32, u64)>());
    let pull = (any::<u64>(), prop::option::of(bytes(600)), held.clone());
    let root = any::<[u8; 32]>().prop_map(Hash::from_bytes);
    let (checkpoint, from) = (bytes(600), any::<u64>());
    prop_oneof![
        hello().prop_map(|hello| Sample(Request::Hello(hello))),
        (secret, addresses, prop::option::of(prop::collection::vec(bytes(300), 0..4))).prop_map(
            |(secret, addresses, chain)| {
                Sample(Request::Enrol(Enrol { secret, addresses, chain }))
            }
        ),
        pull.prop_map(|(after, acknowledgement, held)| {
            Sample(Request::Pull(Pull { after, acknowledgement, held }))
        }),
        (any::<u64>(), root, any::<u64>()).prop_map(|(size, root, index)| {
            Sample(Request::Challenge(Challenge { size, root, index }))
        }),
        (held.clone(), any::<u32>())
            .prop_map(|(after, before)| Sample(Request::Reclaim(Reclaim { after, before }))),
        Just(()).prop_map(|()| Sample(Request::Poke)),
        (checkpoint, from, hashes).prop_map(|(checkpoint, from, proof)| {
            Sample(Request::Witness(Witness { checkpoint, from, proof }))
        }),
        bytes(40_000).prop_map(|question| Sample(Request::Ask(Ask { question }))),
        (any::<u64>(), any::<[u8; 32]>(), any::<u32>()).prop_map(|(number, photo, offset)| {
            let photo = Hash::from_bytes(photo);
            Sample(Request::Fetch(Fetch { number, photo, offset }))
        }),
        (bytes(600), prop::collection::vec(bytes(300), 0..4))
            .prop_map(|(list, chain)| Sample(Request::Notice(Notice { list, chain }))),
        prop::option::of(bytes(500))
            .prop_map(|endorsement| Sample(Request::Renew(Renew { endorsement }))),
    ]
}

type RawPlace = (Option<(u64, Vec<Hash>)>, Option<u16>);
type RawParcel = (ByteBuf, ByteBuf, Vec<(u16, [u8; 16])>, RawPlace);

fn path() -> impl Strategy<Value = Vec<Hash>> {
    prop::collection::vec(any::<[u8; 32]>().prop_map(Hash::from_bytes), 0..6)
}

fn raw_parcel() -> impl Strategy<Value = RawParcel> {
    let disclosures = prop::collection::vec(any::<(u16, [u8; 16])>(), 0..4);
    let place = (prop::option::of((any::<u64>(), path())), prop::option::of(any::<u16>()));
    (bytes(400), bytes(400), disclosures, place)
}

fn parcel((entry, record, disclosures, (place, log)): RawParcel) -> Parcel {
    let disclosure = |(field, salt)| Disclosure { field: FieldId(field), salt, value: vec![0x01] };
    let disclosures = disclosures.into_iter().map(disclosure).collect();
    let place = place.map(|(index, path)| Place { index, path });
    Parcel { entry, record, disclosures, erased: false, place, log }
}

type RawLog = Option<(ByteBuf, Vec<Hash>)>;
type RawPage = (Vec<RawParcel>, Vec<Vec<ByteBuf>>, Option<(Hash, ByteBuf)>, RawLog, bool);

fn page((parcels, chains, proof, log, more): RawPage) -> Page {
    let log = log.map(|(checkpoint, proof)| Grown { checkpoint, proof });
    let logs = log.iter().map(|log| log.checkpoint.clone()).collect();
    Page { parcels: parcels.into_iter().map(parcel).collect(), chains, proof, log, logs, more }
}

fn any_response() -> impl Strategy<Value = Sample<Response>> {
    let chain = || prop::collection::vec(bytes(300), 0..4);
    let parcels = prop::collection::vec(raw_parcel(), 0..40);
    let chains = prop::collection::vec(chain(), 0..3);
    let link = any::<[u8; 32]>().prop_map(Hash::from_bytes);
    let proof = prop::option::of((link, bytes(300)));
    prop_oneof![
        hello().prop_map(|hello| Sample(Response::Hello(hello))),
        chain().prop_map(|chain| Sample(Response::Enrolled(chain))),
        (parcels, chains, proof, prop::option::of((bytes(300), path())), any::<bool>())
            .prop_map(|raw| Sample(Response::Page(page(raw)))),
        Just(()).prop_map(|()| Sample(Response::Done)),
        bytes(600).prop_map(|bytes| Sample(Response::Witnessed(bytes))),
        bytes(200_000).prop_map(|bytes| Sample(Response::Answer(bytes))),
        (any::<u32>(), bytes(PIECE_BYTES))
            .prop_map(|(total, bytes)| Sample(Response::Piece(Piece { total, bytes }))),
        (bytes(400), path())
            .prop_map(|(record, path)| Sample(Response::Opened(Opened { record, path }))),
        Just(()).prop_map(|()| Sample(Response::Refused)),
    ]
}

/// Bytes that look like messages more often than chance would have it.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let framed = (0u8..80, any::<u32>(), prop::collection::vec(any::<u8>(), 0..200))
        .prop_map(|(tag, length, body)| [&[tag], &length.to_be_bytes()[..], &body].concat());
    let fitting = (1u8..75, prop::collection::vec(any::<u8>(), 0..200))
        .prop_map(|(tag, body)| frame::frame(tag, &body).unwrap());
    prop_oneof![prop::collection::vec(any::<u8>(), 0..400), framed, fitting]
}

/// Gives out what it holds in small pieces, then blocks for ever; notes the largest buffer that it
/// was offered.
struct Stalling {
    inner: Cursor<Vec<u8>>,
    largest: usize,
}

impl Stalling {
    fn after(bytes: Vec<u8>) -> Self {
        Self { inner: Cursor::new(bytes), largest: 0 }
    }
}

impl AsyncRead for Stalling {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.largest = self.largest.max(buffer.len());
        let piece = buffer.len().min(7);
        let polled = Pin::new(&mut self.inner).poll_read(context, &mut buffer[..piece]);
        if matches!(polled, Poll::Ready(Ok(0))) { Poll::Pending } else { polled }
    }
}

fn encoded_request(request: &Request) -> Vec<u8> {
    frame::frame(request.tag(), &request.encode().unwrap()).unwrap()
}

async fn read_request(bytes: &[u8]) -> (io::Result<Carried>, usize) {
    let mut io = Cursor::new(bytes);
    let read = codec().read_request(&PROTOCOL, &mut io).await;
    (read, usize::try_from(io.position()).unwrap())
}

fn is(carried: &io::Result<Carried>, request: &Request) -> bool {
    matches!(carried, Ok(Carried::In(Ok(read))) if read == request)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_request_comes_through_and_not_a_byte_behind_it_is_read(
        Sample(request) in any_request(),
        behind in prop::collection::vec(any::<u8>(), 0..50),
    ) {
        let mut wire = Cursor::new(Vec::new());
        let out = Outgoing {
            frame: encoded_request(&request),
            deadline: Instant::now() + Duration::from_secs(10),
        };
        wait(codec().write_request(&PROTOCOL, &mut wire, Carried::Out(out))).unwrap();
        let mut bytes = wire.into_inner();
        let length = bytes.len();
        bytes.extend(behind);
        let (read, position) = wait(read_request(&bytes));
        prop_assert!(is(&read, &request));
        prop_assert_eq!(position, length);
    }

    #[test]
    fn a_response_comes_through_where_it_belongs_and_nowhere_else(
        Sample(request) in any_request(),
        Sample(response) in any_response(),
    ) {
        wait(async {
            let mut wire = Cursor::new(Vec::new());
            codec().write_response(&PROTOCOL, &mut wire, response.clone()).await.unwrap();
            let mut asker = codec();
            let out = Outgoing {
                frame: encoded_request(&request),
                deadline: Instant::now() + Duration::from_secs(10),
            };
            asker
                .write_request(&PROTOCOL, &mut Cursor::new(Vec::new()), Carried::Out(out))
                .await
                .unwrap();
            wire.set_position(0);
            let belongs = matches!(
                (&request, &response),
                (_, Response::Done | Response::Refused)
                    | (Request::Hello(_), Response::Hello(_))
                    | (Request::Enrol(_), Response::Enrolled(_))
                    | (Request::Pull(_), Response::Page(_))
                    | (Request::Witness(_), Response::Witnessed(_))
                    | (Request::Ask(_), Response::Answer(_))
                    | (Request::Fetch(_), Response::Piece(_))
                    | (Request::Renew(_), Response::Enrolled(_))
                    | (Request::Challenge(_), Response::Opened(_))
            );
            match asker.read_response(&PROTOCOL, &mut wire).await {
                Ok(read) => assert!(belongs && read == response),
                Err(error) => {
                    assert!(!belongs);
                    let offence = error.downcast::<Offence>().unwrap();
                    assert!(matches!(offence, Offence::Mismatched { .. }));
                    assert_eq!(wire.position(), HEADER as u64, "the body was not read");
                }
            }
        });
    }

    #[test]
    fn no_bytes_make_it_panic_or_read_past_the_message(bytes in hostile(), asked in 0u8..8) {
        let announced = bytes.get(1..HEADER).map_or(usize::MAX, |length| {
            HEADER + u32::from_be_bytes(length.try_into().unwrap()) as usize
        });
        let (read, position) = wait(read_request(&bytes));
        prop_assert!(position <= announced);
        if let Ok(Carried::In(Ok(request))) = read {
            prop_assert_eq!(encoded_request(&request), &bytes[..position], "one spelling only");
        }
        let mut io = Cursor::new(&bytes[..]);
        let _ = wait(response(asked, &mut io));
        prop_assert!(io.position() <= announced as u64);
    }

    #[test]
    fn a_request_cut_anywhere_is_told_from_one_that_never_began(
        Sample(request) in any_request(),
        cut in any::<prop::sample::Index>(),
    ) {
        let bytes = encoded_request(&request);
        let cut = cut.index(bytes.len());
        let (read, _) = wait(read_request(&bytes[..cut]));
        if cut == 0 {
            prop_assert!(read.is_err());
        } else {
            prop_assert!(matches!(read, Ok(Carried::In(Err(Offence::Truncated)))));
        }
    }
}

#[test]
fn a_length_over_the_cap_is_refused_before_a_byte_of_the_body_is_read() {
    for tag in 0..=u8::MAX {
        let over = Request::cap(tag).map_or(0, |cap| cap + 1);
        let mut bytes = vec![tag];
        bytes.extend(u32::try_from(over).unwrap().to_be_bytes());
        bytes.extend([0; 64]);
        let (read, position) = wait(read_request(&bytes));
        assert!(matches!(read, Ok(Carried::In(Err(Offence::Malformed(_))))), "{tag}");
        assert_eq!(position, HEADER);
    }
}

#[test]
fn an_announced_length_reserves_no_memory() {
    let mut io = Stalling::after(vec![70, 0xff, 0xff, 0xff, 0xff, 1, 2, 3]);
    let mut read = Box::pin(frame::read(&mut io, |_| Ok(usize::MAX)));
    let mut context = Context::from_waker(std::task::Waker::noop());
    assert!(read.as_mut().poll(&mut context).is_pending());
    drop(read);
    assert!(io.largest <= frame::STEP, "{}", io.largest);
}

#[test]
fn a_request_that_trickles_is_cut_off_at_the_deadline() {
    let mut slow = Codec::new(Duration::from_millis(20), Duration::from_secs(10));
    let mut io = Stalling::after(vec![6, 0, 0, 0, 9, 1]);
    let read = wait(slow.read_request(&PROTOCOL, &mut io));
    assert!(matches!(read, Ok(Carried::In(Err(Offence::Slow(_))))));
}

#[test]
fn deeply_nested_cbor_is_refused() {
    for depth in [17, 1000, 4000] {
        let mut body = vec![0x81; depth];
        body.push(0x00);
        let bytes = frame::frame(3, &body).unwrap();
        let (read, _) = wait(read_request(&bytes));
        assert!(matches!(read, Ok(Carried::In(Err(Offence::Malformed(_))))), "{depth}");
    }
}

#[test]
fn a_response_over_its_cap_goes_out_as_a_refusal() {
    let cap = Response::cap(70).unwrap();
    let mut wire = Cursor::new(Vec::new());
    let huge = Response::Answer(ByteBuf::from(vec![0; cap + 1]));
    wait(codec().write_response(&PROTOCOL, &mut wire, huge)).unwrap();
    let refused = Response::Refused;
    let expected = frame::frame(refused.tag(), &refused.encode().unwrap()).unwrap();
    assert_eq!(wire.into_inner(), expected);
}

#[test]
fn the_table_of_types_agrees_with_the_messages() {
    let hello = Hello {
        version: 1,
        software: String::new(),
        chain: Vec::new(),
        addresses: Vec::new(),
        revocations: Vec::new(),
        seen: None,
    };
    let page = Page::default();
    let pairs = [
        (Request::Hello(hello.clone()).tag(), Response::Hello(hello).tag()),
        (
            Request::Enrol(Enrol { secret: ByteBuf::new(), addresses: Vec::new(), chain: None })
                .tag(),
            Response::Enrolled(Vec::new()).tag(),
        ),
        (
            Request::Pull(Pull { after: 0, acknowledgement: None, held: None }).tag(),
            Response::Page(page).tag(),
        ),
        (
            Request::Witness(Witness { checkpoint: ByteBuf::new(), from: 0, proof: Vec::new() })
                .tag(),
            Response::Witnessed(ByteBuf::new()).tag(),
        ),
        (
            Request::Ask(Ask { question: ByteBuf::new() }).tag(),
            Response::Answer(ByteBuf::new()).tag(),
        ),
        (
            Request::Fetch(Fetch { number: 1, photo: Hash::ZERO, offset: 0 }).tag(),
            Response::Piece(Piece { total: 1, bytes: ByteBuf::new() }).tag(),
        ),
        (Request::Renew(Renew { endorsement: None }).tag(), Response::Enrolled(Vec::new()).tag()),
        (
            Request::Challenge(Challenge { size: 1, root: Hash::ZERO, index: 0 }).tag(),
            Response::Opened(Opened { record: ByteBuf::new(), path: Vec::new() }).tag(),
        ),
    ];
    assert_eq!(pairs, PAIRS);
    assert_eq!(EMPTY, [Response::Done.tag(), Response::Refused.tag()]);
}
