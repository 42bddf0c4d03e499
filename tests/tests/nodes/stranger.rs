//! Strangers at the door of a street that knows matters they would like to know of.

use engine::wire::{ChainBytes, Request};
use governance::certificate::Issuer;
use record::{FederationId, NodeId, NodeKey};

use crate::matter::escalated;
use crate::pair::Pair;
use crate::site::UNIT;
use crate::wire::{Impostor, ask, federation, hello, invitation, pull, refused, witness};

/// Guests may ask as often as they like, so that it is never the rate that refuses them.
const PATIENT: &str = "[network.enrolment]\nburst = 1000\nper_second = 1000";

/// All that a stranger could say, each in one way about what there is and in one about what there
/// is not: the answers must be the same.
fn attempts(stranger: &Impostor, street: NodeId, chains: &[ChainBytes]) -> Vec<(Request, Request)> {
    let real = stranger.question(street, "341021100");
    let nowhere = stranger.question(street, "659999");
    let mut pairs = vec![
        (pull(0), pull(1_000_000)),
        (pull(1), pull(u64::MAX)),
        (ask(real), ask(nowhere)),
        (ask(stranger.question(stranger.node(), "341021100")), ask(vec![0xf6; 40])),
        (witness(stranger.checkpoint(street)), witness(stranger.checkpoint(stranger.node()))),
        (witness(stranger.checkpoint(street)), witness(vec![0xf6; 40])),
        (Request::Poke, pull(0)),
    ];
    pairs.extend(chains.iter().map(|chain| (hello(chain.clone()), hello(Vec::new()))));
    pairs
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strangers_node_is_refused_and_learns_nothing() {
    let mut pair = Pair::meet(PATIENT).await;
    escalated(&pair.at_community(), "a matter").await;
    pair.until_even().await;
    let stolen = pair.community.chain();
    // From here on whatever changes at the street is the strangers' doing.
    pair.community.stop().await;
    let address = pair.street.address();
    let quiet = pair.street.journal();

    let elsewhere = FederationId::of_root(&NodeKey::generate(&mut rand::rng()).public());
    let mut stranger = Impostor::new(elsewhere);
    assert_eq!(stranger.raw.try_to_speak(&address).await, 0, "the door is shut");
    assert!(pair.street.journal() == quiet, "nothing is kept of it");

    // An invitation for somebody else opens the door by a gap: one may enrol, and nothing else.
    let token = invitation(&pair.street.invite(UNIT).await);
    let before = pair.street.journal();
    let known = pair.street.operator().get("/v1/peers").await["items"].clone();
    for name in [elsewhere, federation(&token.root)] {
        let mut stranger = Impostor::new(name);
        stranger.raw.connect(&address).await;
        let of_root: ChainBytes = vec![stranger.self_made(Issuer::Root).into()];
        let below: ChainBytes = [stranger.self_made(Issuer::Node(token.parent)).into()]
            .into_iter()
            .chain(stolen[1..].iter().cloned())
            .collect();
        let chains = [of_root, below, stolen.clone()];
        for (there, not_there) in attempts(&stranger, token.parent, &chains) {
            let (one, other) = (stranger.raw.ask(&there).await, stranger.raw.ask(&not_there).await);
            assert_eq!(one, refused(), "type {}", there.tag());
            assert_eq!(other, refused(), "type {}", not_there.tag());
        }
        let guess = stranger.raw.ask(&stranger.enrol_with(vec![7; 32])).await;
        let used = stranger.raw.ask(&stranger.enrol_with(pair.used_secret())).await;
        assert_eq!((guess, used), (refused(), refused()), "no secret and a used one are the same");
    }
    assert!(pair.street.journal() == before, "nothing is kept of them");
    let now = pair.street.operator().get("/v1/peers").await["items"].clone();
    assert_eq!(now, known, "nobody came to be known");
    let kept = pair.street.operator().get("/v1/quarantine").await;
    assert_eq!(kept["items"], serde_json::json!([]));
    // Whom the invitation was for, still gets in by it.
    let mut invited = Impostor::new(federation(&token.root));
    invited.raw.connect(&address).await;
    let chain = invited.enrol(&token).await;
    invited.greet(&chain).await;
    assert!(pair.street.journal() != before, "of somebody let in something is kept");
    pair.street.stop().await;
    pair.street.verify().await;
}
