//! What a peer in the test's own process says and hears: the real protocol over a real connection,
//! and none of its manners.

use engine::entry::{Acknowledgement, VERSION};
use engine::invitation::Token;
use engine::wire::{
    Ask, ChainBytes, Enrol, Hello, PROTOCOL, Page, Pull, Request, Response, Witness,
};
use governance::certificate::{Certificate, Issuer, Right, VERSION as CERTIFICATE};
use governance::query::{Grouping, Matter, Metric, Question};
use network::hostile::{Raw, framed};
use record::{
    Checkpoint, FederationId, Hash, NodeId, NodeKey, RecordId, Signed, Statement, Subject,
};
use record::{PublicKey, Timestamp};

use crate::until;

/// Somebody with a key, in a federation or pretending to be.
pub(crate) struct Impostor {
    /// Its connection.
    pub(crate) raw: Raw,
    /// Its key.
    pub(crate) key: NodeKey,
    /// The federation by whose name it signs.
    pub(crate) federation: FederationId,
}

/// An invitation, read.
pub(crate) fn invitation(text: &str) -> Token {
    Token::decode(text).unwrap_or_else(|error| panic!("{error}"))
}

/// The bytes of a refusal, which say nothing.
pub(crate) fn refused() -> Option<Vec<u8>> {
    Some(framed(Response::Refused.tag(), &Response::Refused.encode().expect("it fits")))
}

/// What some bytes answer.
pub(crate) fn read(bytes: &[u8]) -> Response {
    Response::decode(bytes[0], &bytes[5..]).expect("a node answers what can be read")
}

/// Now, by this machine's clock.
pub(crate) fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let millis = since.expect("it is after 1970").as_millis();
    Timestamp::from_millis(i64::try_from(millis).expect("and long before the end of time"))
}

/// A greeting with these certificates.
pub(crate) fn hello(chain: ChainBytes) -> Request {
    Request::Hello(Hello {
        version: PROTOCOL,
        software: "impostor 1.0".to_owned(),
        chain,
        addresses: Vec::new(),
        revocations: Vec::new(),
        seen: None,
    })
}

/// A pull of what comes after a number.
pub(crate) fn pull(after: u64) -> Request {
    Request::Pull(Pull { after, acknowledgement: None, held: None })
}

/// A question in these bytes.
pub(crate) fn ask(question: Vec<u8>) -> Request {
    Request::Ask(Ask { question: question.into() })
}

/// A checkpoint in these bytes, as the first one shown.
pub(crate) fn witness(checkpoint: Vec<u8>) -> Request {
    Request::Witness(Witness { checkpoint: checkpoint.into(), from: 0, proof: Vec::new() })
}

impl Impostor {
    /// Somebody with a key of their own, not connected yet.
    pub(crate) fn new(federation: FederationId) -> Self {
        let key = NodeKey::generate(&mut rand::rng());
        Self { raw: Raw::new(&key), key, federation }
    }

    /// Its node id, as a node that was born with its key would have.
    pub(crate) fn node(&self) -> NodeId {
        NodeId::from_genesis(&self.key.public())
    }

    /// Gets certificates for the secret of an invitation, over an open connection.
    pub(crate) async fn enrol(&self, token: &Token) -> ChainBytes {
        let answer = self.raw.ask(&self.enrol_with(token.secret.to_vec())).await;
        let answer = read(&answer.expect("an answer"));
        let Response::Enrolled(chain) = answer else {
            panic!("not enrolled: answer of type {}", answer.tag());
        };
        chain
    }

    /// A request for certificates with a secret.
    pub(crate) fn enrol_with(&self, secret: Vec<u8>) -> Request {
        Request::Enrol(Enrol { secret: secret.into(), addresses: Vec::new(), chain: None })
    }

    /// Greets with good certificates until it is greeted back.
    pub(crate) async fn greet(&self, chain: &ChainBytes) {
        until("it is greeted", async || {
            let answer = self.raw.ask(&hello(chain.clone())).await;
            answer.is_some_and(|bytes| matches!(read(&bytes), Response::Hello(_)))
        })
        .await;
    }

    /// The page after a number.
    pub(crate) async fn page(&self, after: u64) -> (Vec<u8>, Page) {
        let bytes = self.raw.ask(&pull(after)).await.expect("an answer");
        let answer = read(&bytes);
        let Response::Page(page) = answer else {
            panic!("no page: answer of type {}", answer.tag());
        };
        (bytes, page)
    }

    /// Signs something in the federation's name.
    pub(crate) fn sign<T: Statement>(&self, value: T) -> Vec<u8> {
        Signed::sign(value, &self.key, &self.federation).bytes().to_vec()
    }

    /// A certificate for itself with every right, which it signs in another's name.
    pub(crate) fn self_made(&self, issuer: Issuer) -> Vec<u8> {
        let now = now();
        let day = std::time::Duration::from_secs(24 * 3600);
        self.sign(Certificate {
            version: CERTIFICATE,
            node: self.node(),
            key: self.key.public(),
            endorsements: Vec::new(),
            name: "冒名者".to_owned(),
            level: "community".to_owned(),
            area: "341021100".parse().expect("an area"),
            rights: [Right::Govern, Right::Enrol, Right::Member, Right::Aggregate].into(),
            delegate: true,
            serial: 9,
            not_before: now.minus(day),
            not_after: now.plus(day),
            issuer,
        })
    }

    /// Its word that it has everything of a stream up to a number.
    pub(crate) fn acknowledged(&self, sender: NodeId, number: u64, link: Hash) -> Request {
        let recipient = self.node();
        let said = Acknowledgement { version: VERSION, sender, recipient, number, link };
        Request::Pull(Pull {
            after: number,
            acknowledgement: Some(self.sign(said).into()),
            held: None,
        })
    }

    /// A question of how many cases there are in an area.
    pub(crate) fn question(&self, asker: NodeId, area: &str) -> Vec<u8> {
        let now = now();
        let matter = Matter {
            metric: Metric::Received,
            grouping: Grouping::None,
            from: Timestamp::EPOCH,
            until: now,
            area: Some(area.parse().expect("an area")),
        };
        let id = Subject::random(&mut rand::rng());
        let budget = std::time::Duration::from_secs(5);
        self.sign(Question::new(id, asker, matter, now, budget))
    }

    /// A checkpoint over a log of a node's, with one record in it.
    pub(crate) fn checkpoint(&self, author: NodeId) -> Vec<u8> {
        let head = RecordId::from_bytes([7; 32]);
        let root = Hash::from_bytes([8; 32]);
        self.sign(Checkpoint { author, epoch: 0, size: 1, root, head, time: now() })
    }
}

/// The federation under a root key.
pub(crate) fn federation(root: &PublicKey) -> FederationId {
    FederationId::of_root(root)
}
