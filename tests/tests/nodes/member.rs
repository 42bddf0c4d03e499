//! A member unit with good certificates that asks for more than it has a right to.

use std::collections::BTreeSet;

use engine::entry::{first_link, next_link};
use engine::wire::{ChainBytes, Page, Request, Response};
use governance::certificate::Issuer;
use governance::field::{self, Class};
use record::{Hash, NodeId};
use serde_json::json;

use crate::desk::text;
use crate::matter::{SECRETS, escalated, take};
use crate::pair::Pair;
use crate::site::UNIT;
use crate::until;
use crate::wire::{Impostor, ask, federation, hello, invitation, pull, read, refused, witness};

/// What policy gives a called unit of people's words (C5).
const FIELDS: [&str; 5] = ["title", "description", "address", "point", "request"];

/// A street, its community, and a unit in the hands of somebody curious.
struct Scene {
    pair: Pair,
    unit: Impostor,
    chain: ChainBytes,
    street: NodeId,
    community: NodeId,
}

impl Scene {
    async fn set() -> Self {
        let pair = Pair::meet("").await;
        let token = invitation(&pair.street.invite(UNIT).await);
        let mut unit = Impostor::new(federation(&token.root));
        unit.raw.connect(&pair.street.address()).await;
        let chain = unit.enrol(&token).await;
        unit.greet(&chain).await;
        let child = text(&pair.street.operator().peer("child").await, "id");
        let community = child.parse().expect("a node id");
        Self { pair, unit, chain, street: token.parent, community }
    }

    /// Two matters come up; the unit is called to the first. Gives both.
    async fn call(&self) -> [String; 2] {
        let community = self.pair.at_community();
        let called = escalated(&community, "called").await;
        let hidden = escalated(&community, "hidden").await;
        let street = self.pair.at_street();
        street.act_when_possible(&called, take()).await;
        street.act_when_possible(&hidden, take()).await;
        let whistle = json!({
            "act": "whistle",
            "lead": self.unit.node(),
            "assist": [],
            "request": "请派员到现场处置",
        });
        street.act(&called, whistle).await;
        [called, hidden]
    }

    /// Everything in the unit's stream, once there is something; with the bytes it came in.
    async fn stream(&self) -> (Vec<u8>, Page) {
        until("it is given something", async || !self.unit.page(0).await.1.parcels.is_empty())
            .await;
        self.unit.page(0).await
    }

    /// The answers to these are the same to the byte.
    async fn all_answer(&self, what: &str, wanted: &Option<Vec<u8>>, asked: &[Request]) {
        for (number, request) in asked.iter().enumerate() {
            let answer = self.unit.raw.ask(request).await;
            assert!(answer == *wanted, "{what}, number {number}: {answer:02x?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_asking_for_what_it_has_no_right_to_gets_what_a_missing_thing_gets() {
    let mut scene = Scene::set().await;
    // What a stream with nothing in it answers.
    let (nothing, page) = scene.unit.page(0).await;
    assert!(page.parcels.is_empty() && page.chains.is_empty() && !page.more);
    let nothing = Some(nothing);
    let cases = scene.call().await;
    let (bytes, page) = scene.stream().await;
    only_its_fields(&page);
    nothing_else(&bytes, &cases[1]);

    let last = page.parcels.len() as u64;
    let beyond = [last, last + 1, 1_000_000, u64::MAX].map(pull);
    scene.all_answer("numbers beyond the end", &nothing, &beyond).await;

    let Scene { unit, street, community, .. } = &scene;
    let start = first_link(&unit.federation, *street, unit.node());
    let link = next_link(&start, &Hash::of(&page.parcels[0].entry));
    let false_acknowledgements = [
        unit.acknowledged(*street, last + 9, Hash::ZERO),
        unit.acknowledged(*street, 1, Hash::ZERO),
        unit.acknowledged(*community, 1, link),
    ];
    scene.all_answer("false acknowledgements", &refused(), &false_acknowledgements).await;

    let questions = [
        ask(unit.question(unit.node(), "341021100")),
        ask(unit.question(unit.node(), "659999")),
        ask(unit.question(*street, "341021100")),
        ask(unit.question(*community, "341021100")),
        ask(vec![0xf6; 40]),
    ];
    scene.all_answer("questions", &refused(), &questions).await;

    let checkpoints = [
        witness(unit.checkpoint(*street)),
        witness(unit.checkpoint(*community)),
        witness(unit.checkpoint(NodeId::from_bytes([9; 32]))),
        witness(vec![0xf6; 40]),
    ];
    scene.all_answer("checkpoints of others' logs", &refused(), &checkpoints).await;

    let below = |mine: Vec<u8>| -> ChainBytes {
        [mine.into()].into_iter().chain(scene.chain[1..].iter().cloned()).collect()
    };
    let better = [
        hello(below(unit.self_made(Issuer::Node(*street)))),
        hello(vec![unit.self_made(Issuer::Root).into()]),
        hello(scene.pair.community.chain()),
        hello(Vec::new()),
    ];
    scene.all_answer("certificates of its own making or others'", &refused(), &better).await;

    // A secret that was never given out and one that was used are the same to whom it was
    // certified, and tell it what it knows.
    let own = unit.raw.ask(&unit.enrol_with(vec![7; 32])).await;
    let used = unit.raw.ask(&unit.enrol_with(scene.pair.used_secret())).await;
    assert!(own.is_some() && own == used);
    assert!(read(&own.expect("an answer")) == Response::Enrolled(scene.chain.clone()));

    // It is what it was, and what it has a right to, it gets.
    let peer = scene.pair.street.operator().peer("unit").await;
    assert_eq!((&peer["name"], &peer["relation"]), (&json!(UNIT.name), &json!("unit")));
    assert_eq!(peer["acknowledged"], json!(0), "nothing it said was believed");
    let own = unit.raw.ask(&witness(unit.checkpoint(unit.node()))).await;
    assert!(matches!(read(&own.expect("an answer")), Response::Witnessed(_)));
    assert!(unit.page(0).await.1.parcels.len() as u64 == last);
    scene.pair.stop_and_verify().await;
}

/// Of what people wrote, a called unit has what policy names; of who people are, nothing.
fn only_its_fields(page: &Page) {
    let mut words = BTreeSet::new();
    for parcel in &page.parcels {
        for disclosure in &parcel.disclosures {
            let known = field::by_id(disclosure.field).expect("a field of the registry");
            if known.class != Class::Structural {
                assert!(FIELDS.contains(&known.key), "it was given {}", known.key);
                words.insert(known.key);
            }
        }
    }
    assert_eq!(
        words.into_iter().collect::<Vec<_>>(),
        ["address", "description", "request", "title"]
    );
}

/// Nothing of the people in it, of what others said to each other, or of the other matter.
fn nothing_else(bytes: &[u8], hidden: &str) {
    let has = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    assert!(has("路灯不亮 called".as_bytes()), "what it is given is found in this way");
    for secret in SECRETS {
        assert!(!has(secret.as_bytes()), "{secret}");
    }
    for word in ["路灯不亮 hidden", "超出社区职权", "演示dispatcher", "0559-000"] {
        assert!(!has(word.as_bytes()), "{word}");
    }
    let id: record::Subject = hidden.parse().expect("a case's id");
    assert!(!has(id.as_bytes()), "that there is another matter");
}
