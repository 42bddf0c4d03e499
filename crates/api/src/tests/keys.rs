//! Acts signed by their person (S18): the signature in the record holds for anybody who has it, is
//! refused for every other act, person and time, and outlives the words.

use std::time::Duration;

use governance::act::Act;
use governance::field;
use governance::hand::{Checked, PersonSignature};
use hyper::{Method, StatusCode};
use record::person::{PersonAct, PersonKey, values, values_digest};
use record::{ActorId, Header, Kind, NodeKey, RecordId, Subject, Timestamp, Unverified};
use serde_json::{Value, json};

use super::house::{Answer, BUILDING, House, PASSWORD, Who};

const SALT: [u8; 32] = [5; 32];

/// A key and its person; signs as a browser does.
struct Person<'h> {
    house: &'h House,
    login: &'static str,
    key: ed25519_dalek::SigningKey,
}

impl<'h> Person<'h> {
    fn new(house: &'h House, login: &'static str, seed: u8) -> Self {
        Self { house, login, key: ed25519_dalek::SigningKey::from_bytes(&[seed; 32]) }
    }

    fn public(&self) -> String {
        crate::hex::encode(&self.key.verifying_key().to_bytes())
    }

    fn sign(&self, message: &[u8]) -> String {
        use ed25519_dalek::Signer;
        crate::hex::encode(&self.key.sign(message).to_bytes())
    }

    async fn enrol_as(&self, person: Subject, password: &str) -> Answer {
        let (setup, time) = (self.house.handle.setup(), self.house.handle.now());
        let statement = PersonKey {
            federation: setup.federation,
            node: setup.me(),
            person: ActorId::from_bytes(*person.as_bytes()),
            key: self.public().parse().unwrap(),
            time,
        };
        let body = json!({ "key": self.public(), "label": "办公室电脑", "time": time.to_string(),
            "signature": self.sign(&statement.message()), "password": password });
        self.house.post(Who::Bearer(self.login), "/v1/me/keys", body).await
    }

    async fn enrol(&self) {
        let answer = self.enrol_as(self.house.person(self.login), PASSWORD).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    }

    /// The act with a signature on it, as it is when this is asked.
    async fn signed(&self, case: &str, act: &Value) -> Value {
        let path = format!("/v1/cases/{case}/signing");
        let asked = self.house.post(Who::Bearer(self.login), &path, act.clone()).await;
        assert_eq!(asked.status, StatusCode::OK, "{}", asked.text);
        let asked = asked.json();
        let said = crate::hex::decode(asked["values"].as_str().unwrap()).unwrap();
        let read: Act = serde_json::from_value(act.clone()).unwrap();
        assert_eq!(said, values(&read.fields()), "nothing else is signed");
        let text = |name: &str| asked[name].as_str().unwrap();
        let base: RecordId = text("base").parse().unwrap();
        let time = Timestamp::from_millis(asked["time"].as_i64().unwrap());
        let message = PersonAct {
            federation: text("federation").parse().unwrap(),
            node: text("node").parse().unwrap(),
            person: text("person").parse().unwrap(),
            case: text("case").parse().unwrap(),
            kind: Kind(u16::try_from(asked["kind"].as_u64().unwrap()).unwrap()),
            base,
            time,
            digest: values_digest(&SALT, &said),
        };
        let mut act = act.clone();
        act["signed"] = json!({ "key": self.public(), "salt": crate::hex::encode(&SALT),
            "base": base, "time": time.to_string(), "signature": self.sign(&message.message()) });
        act
    }

    async fn act(&self, case: &str, act: Value) -> Answer {
        let path = format!("/v1/cases/{case}/acts");
        self.house.post(Who::Bearer(self.login), &path, act).await
    }

    async fn timeline(&self, case: &str) -> Vec<Value> {
        let path = format!("/v1/cases/{case}/timeline");
        let answer = self.house.get(Who::Bearer(self.login), &path).await;
        answer.json()["items"].as_array().unwrap().clone()
    }
}

fn progress(note: &str) -> Value {
    json!({ "act": "progress", "note": note })
}

/// Brings a case so far that `grid1` may note how it goes.
async fn accepted(house: &House) -> String {
    let (case, _) = house.reported(BUILDING[0]).await;
    let accept = json!({ "act": "accept" });
    let path = format!("/v1/cases/{case}/acts");
    assert_eq!(house.post(Who::Bearer("grid1"), &path, accept).await.status, StatusCode::OK);
    case
}

/// The records of a kind with what this node has of their fields.
fn records(house: &House, kind: &str) -> Vec<(Header, record::Fields)> {
    let federation = house.handle.setup().federation;
    let frames = house.store.frames().into_iter().filter(|frame| !frame.envelope.is_empty());
    let read = frames.filter_map(|frame| {
        let parsed = Unverified::<Header>::parse(frame.envelope.clone()).ok()?;
        let record = parsed.trust_stored(&federation);
        let act = governance::act::ActKind::from_kind(record.kind)?;
        let all: Vec<_> = frame.open.iter().chain(&frame.sealed).cloned().collect();
        (act.key() == kind).then(|| ((*record).clone(), record::open(&record, &all).unwrap()))
    });
    read.collect()
}

fn signature_of(fields: &record::Fields) -> PersonSignature {
    fields.get(field::PERSON_SIGNED).unwrap().expect("it is in the record")
}

#[tokio::test(flavor = "multi_thread")]
async fn s18_a_persons_signature_is_in_the_record_and_holds_for_whoever_has_it() {
    let house = House::build().await;
    let grid = Person::new(&house, "grid1", 1);
    grid.enrol().await;
    let case = accepted(&house).await;
    let act = grid.signed(&case, &progress("已联系物业")).await;
    let done = grid.act(&case, act).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    let federation = house.handle.setup().federation;
    let (header, fields) = records(&house, "progress").pop().unwrap();
    let signature = signature_of(&fields);
    assert_eq!(signature.check(federation, &header, &fields), Ok(Checked::Whole));
    // Independently, by dalek and the documented bytes alone.
    let note = fields.raw(field::NOTE).unwrap();
    let mut said = field::NOTE.0.to_be_bytes().to_vec();
    said.extend(u32::try_from(note.len()).unwrap().to_be_bytes());
    said.extend(note);
    let digest = values_digest(&SALT, &said);
    assert_eq!(signature.digest.as_slice(), digest);
    let mut message = b"wangge person act v1\0".to_vec();
    message.extend(federation.as_bytes());
    message.extend(header.author.as_bytes());
    message.extend(header.actor.as_ref().unwrap().id.as_bytes());
    message.extend(header.subject.as_bytes());
    message.extend(header.kind.0.to_be_bytes());
    message.extend(signature.base.as_bytes());
    message.extend(signature.time.millis().to_be_bytes());
    message.extend(digest);
    let bytes: [u8; 64] = signature.signature.as_slice().try_into().unwrap();
    let bytes = ed25519_dalek::Signature::from_bytes(&bytes);
    let key = grid.key.verifying_key();
    assert!(key.verify_strict(&message, &bytes).is_ok());
    message[40] ^= 1;
    assert!(key.verify_strict(&message, &bytes).is_err());
    let last = grid.timeline(&case).await.pop().unwrap();
    assert_eq!((&last["hand"]["by"], &last["hand"]["whole"]), (&json!("person"), &json!(true)));
    assert_eq!(last["hand"]["key"], json!(grid.public()));
    // Whose the key is, the node says by a signed record.
    let path = format!("/v1/keys/{}", grid.public());
    let certified = house.get(Who::Nobody, &path).await.json();
    assert_eq!(certified["person"], json!(house.person("grid1").to_string()));
    let envelope = crate::hex::decode(certified["envelope"].as_str().unwrap()).unwrap();
    let parsed = Unverified::<Header>::parse(envelope).unwrap();
    let record = parsed.verify(&federation, &house.handle.setup().key.public()).unwrap();
    assert_eq!(record.kind, engine::kind::KEY_ENROLLED);
    assert_eq!(record.subject, house.person("grid1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn s18_a_signature_counts_for_one_act_of_its_own_person() {
    let house = House::build().await;
    let (grid, other) = (Person::new(&house, "grid1", 1), Person::new(&house, "dispatcher", 2));
    let case = accepted(&house).await;
    let frames = || house.store.frames().len();
    let act = grid.signed(&case, &progress("已联系物业")).await;
    let refused = |answer: &Answer, code: &str| {
        assert_eq!(answer.code(), code, "{}", answer.text);
    };
    let before = frames();
    refused(&grid.act(&case, act.clone()).await, "person-signature");
    assert_eq!(frames(), before, "a key that is not enrolled signs nothing");
    grid.enrol().await;
    other.enrol().await;
    let elsewhere = accepted(&house).await;
    let before = frames();
    let mut forged = act.clone();
    forged["signed"]["key"] = json!(other.public());
    refused(&grid.act(&case, forged).await, "person-signature");
    refused(&other.act(&case, act.clone()).await, "person-signature");
    for (at, value) in [
        ("salt", json!("00".repeat(32))),
        ("time", json!(Timestamp::from_millis(house.handle.now().millis() + 1).to_string())),
        ("signature", json!("00".repeat(64))),
    ] {
        let mut changed = act.clone();
        changed["signed"][at] = value;
        refused(&grid.act(&case, changed).await, "person-signature");
    }
    let mut changed = act.clone();
    changed["note"] = json!("已联系物业。");
    refused(&grid.act(&case, changed).await, "person-signature");
    refused(&grid.act(&elsewhere, act.clone()).await, "changed");
    assert_eq!(frames(), before, "nothing of it was kept");
    assert_eq!(grid.act(&case, act.clone()).await.status, StatusCode::OK);
    refused(&grid.act(&case, act).await, "changed");
    let late = grid.signed(&case, &progress("再联系")).await;
    house.pass(Duration::from_secs(11 * 60));
    refused(&grid.act(&case, late).await, "person-signature");
}

#[tokio::test(flavor = "multi_thread")]
async fn s18_a_key_is_enrolled_by_its_person_with_the_password_and_revoked_for_good() {
    let house = House::build().await;
    let grid = Person::new(&house, "grid1", 1);
    let own = house.person("grid1");
    assert_eq!(grid.enrol_as(own, "wrong password").await.code(), "wrong-login");
    let other = grid.enrol_as(house.person("grid2"), PASSWORD).await;
    assert_eq!(other.code(), "person-signature", "a key says itself whose it is");
    grid.enrol().await;
    let stolen = Person { login: "grid2", ..Person::new(&house, "grid2", 1) };
    let again = stolen.enrol_as(house.person("grid2"), PASSWORD).await;
    assert_eq!(again.code(), "field", "nobody enrols another's key");
    let case = accepted(&house).await;
    let act = grid.signed(&case, &progress("已联系物业")).await;
    let path = format!("/v1/keys/{}", grid.public());
    let foreign = house.call(Method::DELETE, &path, Who::Bearer("grid2"), None, &[]).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
    let gone = house.call(Method::DELETE, &path, Who::Bearer("ops"), None, &[]).await;
    assert_eq!(gone.status, StatusCode::OK, "an officer may");
    assert_eq!(grid.act(&case, act).await.code(), "person-signature", "signed before, sent after");
    assert_eq!(grid.enrol_as(own, PASSWORD).await.code(), "field", "for good");
    let listed = house.get(Who::Bearer("grid1"), &format!("/v1/people/{own}/keys")).await.json();
    assert!(listed["items"][0]["revoked"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn s18_a_record_without_a_persons_signature_says_so_and_why() {
    let house = House::build().await;
    let grid = Person::new(&house, "grid1", 1);
    let case = accepted(&house).await;
    let program = grid.timeline(&case).await.pop().unwrap();
    assert_eq!(program["hand"], json!({ "by": "node", "why": "program" }));
    let session = house.secret("grid1", true).await;
    let cookie = format!("{}={}", house.state.cookie, session.text());
    let csrf = session.csrf();
    let headers = [("cookie", cookie.as_str()), ("x-wangge-csrf", csrf.as_str())];
    let path = format!("/v1/cases/{case}/acts");
    for (unsigned, why) in [(None, "no_key"), (Some("device"), "device")] {
        let mut act = progress("已联系物业");
        if let Some(unsigned) = unsigned {
            act["unsigned"] = json!(unsigned);
        }
        let done = house.call(Method::POST, &path, Who::Nobody, Some(act), &headers).await;
        assert_eq!(done.status, StatusCode::OK, "{}", done.text);
        let last = grid.timeline(&case).await.pop().unwrap();
        assert_eq!(last["hand"], json!({ "by": "node", "why": why }));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s18_where_policy_has_a_role_sign_in_person_nothing_else_will_do() {
    let house = House::build().await;
    let text = testkit::federation::later(1);
    let text = text.replacen(
        "second_factor = [",
        "person_signature = [\"grid_worker\"]\nsecond_factor = [",
        1,
    );
    let version = governance::policy::Policy::from_toml(&text).unwrap().reference();
    house.post(Who::Bearer("ops"), "/v1/policies", json!({ "text": text })).await;
    let grid = Person::new(&house, "grid1", 1);
    let case = accepted(&house).await;
    let adopt = format!("/v1/policies/{version}/adopt");
    let adopted = house.call(Method::POST, &adopt, Who::Bearer("ops"), None, &[]).await;
    assert_eq!(adopted.status, StatusCode::OK, "{}", adopted.text);
    let denied = grid.act(&case, progress("已联系物业")).await;
    assert_eq!((denied.status.as_u16(), denied.code().as_str()), (403, "person-signature-needed"));
    grid.enrol().await;
    let act = grid.signed(&case, &progress("已联系物业")).await;
    assert_eq!(grid.act(&case, act).await.status, StatusCode::OK);
    house.reported(BUILDING[0]).await;
}

/// After an erasure the signature still verifies, and tells nothing of what was said.
#[tokio::test(flavor = "multi_thread")]
async fn s25_a_persons_signature_outlives_the_words_and_tells_nothing_of_them() {
    let house = House::build().await;
    let grid = Person::new(&house, "grid1", 1);
    grid.enrol().await;
    let case = accepted(&house).await;
    let act = grid.signed(&case, &progress("已联系物业")).await;
    assert_eq!(grid.act(&case, act).await.status, StatusCode::OK);
    let federation = house.handle.setup().federation;
    let (header, fields) = records(&house, "progress").pop().unwrap();
    let signature = signature_of(&fields);
    assert!(field::by_id(field::PERSON_SALT).unwrap().class == field::Class::Personal);
    // What is left: the header, and the fields that are codes.
    let open: Vec<_> = house
        .store
        .frames()
        .into_iter()
        .filter(|frame| frame.open.iter().any(|open| open.field == field::PERSON_SIGNED))
        .flat_map(|frame| frame.open)
        .collect();
    assert!(open.iter().all(|open| open.field != field::PERSON_SALT));
    let left = record::open(&header, &open).unwrap();
    assert_eq!(signature.check(federation, &header, &left), Ok(Checked::Digest));
    let unsalted = values_digest(
        &[0; 32],
        &values(&serde_json::from_value::<Act>(progress("已联系物业")).unwrap().fields()),
    );
    assert_ne!(signature.digest.as_slice(), unsalted);
    let other = NodeKey::from_seed(&[9; 32]);
    let forged = PersonSignature { key: other.public(), ..signature };
    assert!(forged.check(federation, &header, &left).is_err());
}
