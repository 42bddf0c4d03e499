//! What honest nodes do with each other.

use engine::wire::{Page, Parcel};

use super::*;
use crate::RequestError;

fn page() -> Response {
    let parcel = |number: u8| Parcel {
        entry: ByteBuf::from(vec![number; 700]),
        record: ByteBuf::from(vec![number; 900]),
        disclosures: Vec::new(),
        erased: false,
        place: None,
        log: None,
    };
    let parcels = (0..150).map(parcel).collect();
    Response::Page(Page {
        parcels,
        chains: vec![vec![ByteBuf::from(vec![1; 300])]],
        more: true,
        ..Page::default()
    })
}

/// Every type of request with the response that belongs to it.
fn every_type() -> Vec<(Request, Response)> {
    vec![
        (Request::Hello(hello()), Response::Hello(hello())),
        (enrol(), Response::Enrolled(vec![ByteBuf::from(vec![8; 300])])),
        (pull(), page()),
        (Request::Poke, Response::Done),
        (witness(), Response::Witnessed(ByteBuf::from(vec![4; 300]))),
        (ask(60_000), Response::Answer(ByteBuf::from(vec![6; 2_000_000]))),
        (Request::Poke, Response::Refused),
    ]
}

/// Asks at one end and answers at the other.
async fn exchange(asker: &Node, answerer: &mut Node, request: Request, response: Response) {
    let (from, to, expected) = (asker.key, answerer.key, request.clone());
    let answered = answerer.hear(|event| match event {
        Event::Inbound { peer, known, request, reply } => {
            assert!(peer == from && known && request == expected);
            reply.send(response.clone());
            Some(())
        }
        _ => None,
    });
    let asked = asker.handle.request(&to, request, PATIENCE);
    let (got, ()) = tokio::join!(within(asked), answered);
    assert!(got.unwrap() == response);
}

#[tokio::test]
async fn two_nodes_exchange_every_type_of_message_both_ways() {
    let (mut first, mut second) = pair(Node::start(1), Node::start(2)).await;
    for (request, response) in every_type() {
        exchange(&first, &mut second, request.clone(), response.clone()).await;
        exchange(&second, &mut first, request, response).await;
    }
}

#[cfg(feature = "quic")]
#[tokio::test]
async fn two_nodes_exchange_every_type_of_message_over_quic() {
    let mut over_quic = config();
    over_quic.listen = vec!["/ip4/127.0.0.1/udp/0/quic-v1".to_owned()];
    let (first, mut second) = pair(Node::start(1), Node::with(2, over_quic)).await;
    for (request, response) in every_type() {
        exchange(&first, &mut second, request, response).await;
    }
    let status = first.status_of(second.key).await.unwrap();
    assert!(status.connections[0].address.contains("quic-v1"));
}

#[tokio::test]
async fn many_requests_at_the_same_time_get_each_its_own_answer() {
    let (first, second) = pair(Node::start(1), Node::start(2)).await;
    let to = second.key;
    let _second = second.serve(|request| match request {
        Request::Ask(ask) => Response::Answer(ask.question.clone()),
        _ => Response::Refused,
    });
    let asked = (1..=8).map(|number| {
        let handle = first.handle.clone();
        async move {
            for round in 1..=20 {
                let size = number * 1000 + round;
                let got = handle.request(&to, ask(size), PATIENCE).await.unwrap();
                assert!(got == Response::Answer(ByteBuf::from(vec![5; size])));
            }
        }
    });
    within(futures::future::join_all(asked)).await;
}

#[tokio::test]
async fn a_dropped_reply_refuses() {
    let (first, mut second) = pair(Node::start(1), Node::start(2)).await;
    let to = second.key;
    let dropped = async { drop(second.asked_by(first.key).await) };
    let asked = first.handle.request(&to, pull(), PATIENCE);
    let (got, ()) = tokio::join!(within(asked), dropped);
    assert!(got.unwrap() == Response::Refused);
}

#[tokio::test]
async fn a_reply_that_is_too_late_refuses() {
    let mut slow = config();
    slow.requests.short = Duration::from_millis(20);
    let (first, mut second) = pair(Node::start(1), Node::with(2, slow)).await;
    let to = second.key;
    let held = second.asked_by(first.key);
    let asked = first.handle.request(&to, Request::Poke, PATIENCE);
    let (got, reply) = tokio::join!(within(asked), held);
    assert!(got.unwrap() == Response::Refused);
    assert!(reply.is_closed());
    reply.send(Response::Done);
}

#[tokio::test]
async fn a_request_gives_up_when_its_time_is_over() {
    let (first, second) = pair(Node::start(1), Node::start(2)).await;
    let got = first.handle.request(&second.key, Request::Poke, Duration::from_millis(20)).await;
    assert!(matches!(got, Err(RequestError::TimedOut)));
    first.until(second.key, |peer| peer.outbound == 0).await;
}

#[tokio::test]
async fn a_request_that_cannot_be_sent_says_why() {
    let (first, second) = pair(Node::start(1), Node::start(2)).await;
    let stranger = key(9).public();
    let got = first.handle.request(&stranger, Request::Poke, PATIENCE).await;
    assert!(matches!(got, Err(RequestError::NotConnected)));
    let got = first.handle.request(&second.key, ask(70_000), PATIENCE).await;
    assert!(matches!(got, Err(RequestError::Unsendable(_))));
}

#[tokio::test]
async fn requests_under_way_are_limited_at_both_ends() {
    let mut asking = config();
    asking.requests.outbound_per_peer = 3;
    let mut answering = config();
    answering.requests.inbound_per_peer = 2;
    let (first, mut second) = pair(Node::with(1, asking), Node::with(2, answering)).await;
    let to = second.key;
    let mut held = Vec::new();
    let mut asked = Vec::new();
    for _ in 0..2 {
        let handle = first.handle.clone();
        asked.push(tokio::spawn(async move { handle.request(&to, pull(), PATIENCE).await }));
        held.push(second.asked_by(first.key).await);
    }
    let third = within(first.handle.request(&to, pull(), PATIENCE)).await;
    assert!(third.unwrap() == Response::Refused, "the answering end holds two");
    let (one, two) = tokio::join!(
        first.handle.request(&to, pull(), PATIENCE),
        first.handle.request(&to, pull(), PATIENCE)
    );
    assert!(one.unwrap() == Response::Refused);
    assert!(matches!(two, Err(RequestError::Busy)), "the asking end has three under way");
    held.into_iter().for_each(|reply| reply.send(Response::Done));
    for answer in asked {
        assert!(answer.await.unwrap().unwrap() == Response::Done);
    }
    first.until(to, |peer| peer.outbound == 0).await;
    second.until(first.key, |peer| peer.inbound == 0).await;
}

#[tokio::test]
async fn requests_under_way_are_limited_over_all_peers() {
    let mut answering = config();
    answering.requests.inbound_total = 1;
    let (first, mut county) = pair(Node::start(1), Node::with(2, answering)).await;
    let second = Node::start(3);
    let to = county.key;
    county.handle.allow(second.key, Vec::new(), false).await;
    second.handle.allow(to, county.handle.addresses().await, true).await;
    county.connected(second.key).await;
    second.until(to, |peer| !peer.connections.is_empty()).await;
    let handle = first.handle.clone();
    let asked = tokio::spawn(async move { handle.request(&to, pull(), PATIENCE).await });
    let held = county.asked_by(first.key).await;
    let other = within(second.handle.request(&to, pull(), PATIENCE)).await;
    assert!(other.unwrap() == Response::Refused);
    held.send(Response::Done);
    assert!(asked.await.unwrap().unwrap() == Response::Done);
}

#[tokio::test]
async fn requests_over_the_rate_are_refused_and_a_flood_is_a_penalty() {
    let mut answering = config();
    answering.requests.per_second = 1;
    answering.requests.burst = 5;
    let (first, second) = pair(Node::start(1), Node::with(2, answering)).await;
    let to = second.key;
    let second = second.serve(|_| Response::Done);
    let mut answers = Vec::new();
    while answers.len() < 2000 {
        match within(first.handle.request(&to, Request::Poke, PATIENCE)).await {
            Ok(answer) => answers.push(answer == Response::Done),
            Err(RequestError::Closed | RequestError::NotConnected) => break,
            Err(error) => panic!("{error}"),
        }
    }
    assert!(answers[..5].iter().all(|done| *done));
    let refused = answers.iter().filter(|done| !**done).count();
    assert!(refused >= 200, "{refused}: a short burst is no flood yet");
    let status = second.status().await;
    assert!(status[0].refused_for.is_some());
}

#[tokio::test]
async fn a_node_that_does_not_listen_to_its_events_refuses_and_loses_no_state() {
    let mut deaf = config();
    deaf.events = 1;
    let (first, mut second) = pair(Node::start(1), Node::with(2, deaf)).await;
    let to = second.key;
    for _ in 0..20 {
        // The first fills the queue; it is refused at its deadline, or when it is dropped below.
        let got = first.handle.request(&to, Request::Poke, Duration::from_millis(5)).await;
        assert!(matches!(got, Ok(Response::Refused) | Err(RequestError::TimedOut)));
    }
    first.handle.forbid(to).await;
    second.disconnected(first.key).await;
}
