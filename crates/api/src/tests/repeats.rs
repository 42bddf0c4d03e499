//! The same request twice is done once, for as long as it is remembered and over restarts.

use std::time::Duration;

use engine::command::What;
use governance::certificate::{Certificate, Issuer, LIST_VALIDITY, RevocationList};
use hyper::header::LOCATION;
use hyper::{Method, StatusCode};
use record::{NodeId, NodeKey, Signed};
use serde_json::{Value, json};

use super::house::{Answer, BUILDING, House, PASSWORD, Who, place, report};
use crate::route::{Load, Photos, ROUTES, Route};
use crate::state::Config;

const KEY: &str = "0b8e6a52-5f0c-4f5e-9a3d-6a1f2b7c8d9e";

async fn with_key(house: &House, who: Who<'_>, path: &str, body: Value, key: &str) -> Answer {
    let headers = [("idempotency-key", key)];
    house.call(Method::POST, path, who, Some(body), &headers).await
}

/// A request to be put twice.
struct Row {
    id: &'static str,
    who: &'static str,
    path: String,
    body: Option<Value>,
    /// Another body, which makes another request.
    other: Option<Value>,
}

impl Row {
    async fn put(&self, house: &House, body: Option<&Value>) -> Answer {
        let route = ROUTES.iter().find(|route| route.id == self.id).expect(self.id);
        let key = format!("{KEY} {} {}", self.id, self.who);
        let headers = [("idempotency-key", key.as_str())];
        let who = if self.who.is_empty() { Who::Nobody } else { Who::Bearer(self.who) };
        house.call(route.method.clone(), &self.path, who, body.cloned(), &headers).await
    }

    /// Whether its answer shows a secret, which is shown only once.
    fn shows_a_secret(&self) -> bool {
        ["beginSession", "createToken", "invite"].contains(&self.id)
    }
}

/// A row for every route that promises to heed a key.
async fn rows(house: &House) -> Vec<Row> {
    let row = |id, who, path: &str, body, other| Row { id, who, path: path.into(), body, other };
    let (one, code) = house.reported(BUILDING[0]).await;
    let settle = json!({ "act": "settle_on_spot", "opinion": "已清理" });
    house.post(Who::Bearer("grid1"), &format!("/v1/cases/{one}/acts"), settle).await;
    let (two, _) = house.reported(BUILDING[0]).await;
    let (three, _) = house.reported(BUILDING[0]).await;
    for (who, act) in [("grid1", "hand_up"), ("dispatcher", "escalate")] {
        let act = json!({ "act": act, "reason": "办不了" });
        house.post(Who::Bearer(who), &format!("/v1/cases/{three}/acts"), act).await;
    }
    let session = crate::hex::encode(&house.secret("grid2", true).await.hash());
    let made = async |path: &str, body: Value| {
        let made = house.post(Who::Bearer("ops"), path, body).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        made.headers[LOCATION].to_str().unwrap().to_owned()
    };
    let token = made("/v1/tokens", json!({ "label": "x", "days": 1 })).await;
    let invitation = made("/v1/invitations", invite("某单位")).await;
    let person = made("/v1/people", json!({ "name": "新人" })).await;
    let id = person.rsplit('/').next().unwrap().to_owned();
    let appointments = format!("{person}/appointments");
    made(&appointments, json!({ "role": "grid_leader" })).await;
    made("/v1/places", building(0xbb, "旧楼")).await;
    let name = |name: &str| Some(json!({ "name": name }));
    let triage = |urgency: u8| Some(json!({ "act": "triage", "urgency": urgency }));
    let verify = |solved: bool| Some(json!({ "act": "verify", "solved": solved }));
    let password = |new: &str| Some(json!({ "current": PASSWORD, "new": new }));
    let account = |password: &str| Some(json!({ "person": id, "password": password }));
    let kept_view = |name: &str| Some(json!({ "views": [{ "name": name, "query": "view=all" }] }));
    let token_of = |label: &str| Some(json!({ "label": label, "days": 3 }));
    let login = Some(json!({ "account": "grid2", "password": PASSWORD }));
    let ended = format!("/v1/places/{}/end", place(0xbb));
    let local = local_rows(house, &id).await;
    let (child, lists) = certified(house).await;
    let revoke = |reason: &str| Some(json!({ "node": child, "reason": reason }));
    let list = |number: u64| Some(lists(number));
    let mut rows = vec![
        row("beginSession", "", "/v1/sessions", login, None),
        row(
            "changePassword",
            "worker",
            "/v1/me/password",
            password("another long one"),
            password("yet another one"),
        ),
        row("keepViews", "grid1", "/v1/me/views", kept_view("a"), kept_view("b")),
        row("createToken", "ops", "/v1/tokens", token_of("a"), token_of("b")),
        row("endToken", "ops", &token, None, None),
        row(
            "putAccount",
            "ops",
            "/v1/accounts/new.one",
            account("a long password"),
            account("a longer password"),
        ),
        row("report", "", "/v1/reports", Some(report(BUILDING[0])), Some(report(BUILDING[1]))),
        row("actByCode", "", &format!("/v1/reports/{code}/acts"), verify(true), verify(false)),
        row("openCase", "grid1", "/v1/cases", Some(report(BUILDING[0])), Some(report(5))),
        row("act", "grid1", &format!("/v1/cases/{two}/acts"), triage(1), triage(2)),
        row(
            "withdrawFields",
            "grid1",
            &format!("/v1/cases/{three}/withdrawals"),
            Some(json!({ "fields": ["title"] })),
            Some(json!({ "fields": ["description"] })),
        ),
        row("revokeSession", "ops", &format!("/v1/sessions/{session}"), None, None),
        row(
            "establish",
            "ops",
            "/v1/places",
            Some(building(0xaa, "新楼")),
            Some(building(0xaa, "别楼")),
        ),
        row("endPlace", "ops", &ended, None, None),
        row("register", "ops", "/v1/people", name("新人"), name("别人")),
        row("changePerson", "ops", &person, name("改名"), name("又改")),
        row(
            "appoint",
            "ops",
            &appointments,
            Some(json!({ "role": "grid_worker" })),
            Some(json!({ "role": "grid_leader" })),
        ),
        row("dismiss", "ops", &format!("{appointments}/grid_leader"), None, None),
        row("invite", "ops", "/v1/invitations", Some(invite("甲")), Some(invite("乙"))),
        row("endInvitation", "ops", &invitation, None, None),
        row("putPolicy", "ops", "/v1/policies", Some(policy(1)), Some(policy(2))),
        row("adoptPolicy", "ops", &format!("/v1/policies/{}/adopt", reference()), None, None),
        row("revoke", "ops", "/v1/revocations", revoke("ended"), revoke("moved")),
        row("installRevocationList", "ops", "/v1/revocation-lists", list(1), list(2)),
    ];
    rows.extend(local);
    rows
}

/// A node that the house's node has certified, and the revocation lists of that node by number.
async fn certified(house: &House) -> (NodeId, impl Fn(u64) -> Value) {
    let setup = house.handle.setup();
    let key = NodeKey::from_seed(&[9; 32]);
    let (node, now) = (NodeId::from_genesis(&key.public()), house.handle.now());
    let own = setup.standing.certificate().clone();
    let certificate = Certificate { node, key: key.public(), name: "桃源村".into(), ..own };
    let standing = setup.standing.issue(&setup.key, certificate, now).unwrap();
    let chain: Vec<Vec<u8>> = standing.chain().map(|link| link.to_vec()).collect();
    house.console(What::PutPeer { chain: chain.clone(), addresses: Vec::new() }).await;
    let first = RevocationList::first(Issuer::Node(node), now, LIST_VALIDITY);
    let list = move |number| {
        let list = RevocationList { number, ..first.clone() };
        let list = Signed::sign(list, &key, &setup.federation);
        let hex = |bytes: &[u8]| crate::hex::encode(bytes);
        let chain: Vec<String> = chain.iter().map(|link| hex(link)).collect();
        json!({ "list": hex(list.bytes()), "chain": chain })
    };
    (node, list)
}

/// Rows of what stands on the ground, of papers, registrations and notes.
async fn local_rows(house: &House, person: &str) -> Vec<Row> {
    let row = |id, who, path: &str, body, other| Row { id, who, path: path.into(), body, other };
    let made = async |who: &'static str, path: &str, body: Value| {
        let who = if who.is_empty() { Who::Nobody } else { Who::Bearer(who) };
        let made = house.post(who, path, body).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        made.json()
    };
    let subject = |json: &Value| json["subject"].as_str().unwrap().to_owned();
    let (early, late) = ("2026-06-02T01:59:59.500Z", "2026-06-03T00:00:00Z");
    let branch = |name: &str, from: &str| json!({ "kind": "branch", "name": name, "places": [place(2).to_string()], "from": from });
    let station = |name: &str, from: &str| {
        json!({ "kind": "post", "name": name, "place": place(2).to_string(), "from": from,
            "hours": { "week": [[], [], [], [], [], [], []] } })
    };
    let (organisations, stations) = ("/v1/party-organisations", "/v1/stations");
    let mut ids = Vec::new();
    for _ in 0..2 {
        ids.push(subject(&made("ops", organisations, branch("旧支部", early)).await));
        ids.push(subject(&made("ops", stations, station("旧驿站", early)).await));
    }
    let grid = |number: u8, code: &str| {
        json!({ "id": place(number).to_string(), "level": "grid", "name": "网格", "code": code,
            "parent": place(1).to_string(), "valid_from": early })
    };
    let old = json!({ "places": [grid(0xc0, "341021100001021")] });
    made("ops", "/v1/places", old).await;
    let reshape = |number: u8| {
        json!({ "at": "2026-06-02T02:00:00Z", "end": [place(0xc0).to_string()],
            "found": [grid(number, "341021100001022")] })
    };
    let lists =
        |what: &str| json!({ "service": [{ "number": "1", "what": what, "role": "grid_worker" }] });
    let entry = |title: &str| json!({ "entry": "contest", "title": title, "date": "2026-06-01" });
    let card = |name: &str| {
        json!({ "place": place(2).to_string(), "services": ["mediation"], "name": name,
            "phone": "13900000000", "consent": true })
    };
    let post = |name: &str| json!({ "name": name });
    // With one that is withdrawn goes what is known of it: that is another's.
    let mut own = Vec::new();
    let mut members = Vec::new();
    for _ in 0..4 {
        let registered = made("", "/v1/registrations", card("某人")).await;
        own.push(format!("/v1/registrations/{}", registered["code"].as_str().unwrap()));
        members.push(format!("/v1/members/{}", subject(&registered)));
    }
    let taken = house.post(Who::Nobody, &format!("{}/posts", own[0]), post("值班")).await.json();
    let own_post = format!("{}/posts/{}", own[0], subject(&taken));
    let taken = house.post(Who::Nobody, &format!("{}/posts", own[1]), post("值班")).await.json();
    let post_of = format!("{}/posts/{}", members[1], subject(&taken));
    let note = |text: &str| json!({ "place": place(BUILDING[0]).to_string(), "date": "2026-06-01", "text": text });
    let written = subject(&made("grid1", "/v1/notes", note("老人病了")).await);
    let ended = |of: &str, id: &str| format!("{of}/{id}/end");
    let some = |body: Value| Some(body);
    let book = format!("/v1/places/{}/duty-book", place(2));
    let growth = format!("/v1/people/{person}/growth");
    vec![
        row(
            "foundOrganisation",
            "ops",
            organisations,
            some(branch("新", early)),
            some(branch("别", early)),
        ),
        row(
            "changeOrganisation",
            "ops",
            &format!("{organisations}/{}", ids[0]),
            some(branch("改", late)),
            some(branch("别", late)),
        ),
        row("endOrganisation", "ops", &ended(organisations, &ids[2]), None, None),
        row(
            "foundStation",
            "ops",
            stations,
            some(station("新", early)),
            some(station("别", early)),
        ),
        row(
            "changeStation",
            "ops",
            &format!("{stations}/{}", ids[1]),
            some(station("改", late)),
            some(station("别", late)),
        ),
        row("endStation", "ops", &ended(stations, &ids[3]), None, None),
        row("putDutyLists", "ops", &book, some(lists("量血压")), some(lists("量血糖"))),
        row("reshape", "ops", "/v1/reshapings", some(reshape(0xc1)), some(reshape(0xc2))),
        row("enterGrowth", "ops", &growth, some(entry("比武")), some(entry("竞赛"))),
        row("registerMember", "", "/v1/registrations", some(card("甲")), some(card("乙"))),
        row("takePost", "", &format!("{}/posts", own[0]), some(post("甲岗")), some(post("乙岗"))),
        row("leavePost", "", &own_post, None, None),
        row("withdrawRegistration", "", &own[2], None, None),
        row("takeDownMember", "ops", "/v1/members", some(card("甲")), some(card("乙"))),
        row(
            "takePostFor",
            "ops",
            &format!("{}/posts", members[1]),
            some(post("甲岗")),
            some(post("乙岗")),
        ),
        row("leavePostFor", "ops", &post_of, None, None),
        row("withdrawMember", "ops", &members[3], None, None),
        row("writeNote", "grid1", "/v1/notes", some(note("甲")), some(note("乙"))),
        row(
            "raiseNote",
            "grid1",
            &format!("/v1/notes/{written}/case"),
            some(report(BUILDING[0])),
            some(report(5)),
        ),
    ]
}

fn policy(further: u32) -> Value {
    json!({ "text": testkit::federation::later(further), "publish": true })
}

fn reference() -> String {
    governance::policy::Policy::from_toml(testkit::federation::POLICY).unwrap().reference()
}

fn building(number: u8, name: &str) -> Value {
    json!({ "places": [{
        "id": place(number).to_string(), "level": "building", "name": name,
        "parent": place(2).to_string(), "valid_from": "2026-06-02T01:59:59.500Z",
    }] })
}

fn invite(name: &str) -> Value {
    json!({ "name": name, "level": "community", "area": "341021100001", "member": true })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_changing_route_knows_a_repeat_also_after_a_restart() {
    let house = House::build().await;
    let rows = rows(&house).await;
    let mut answers = Vec::new();
    for row in &rows {
        let first = row.put(&house, row.body.as_ref()).await;
        assert!(first.status.is_success(), "{}: {}", row.id, first.text);
        answers.push(first);
    }
    let house = house.restarted().await;
    for login in ["ops", "worker", "grid1"] {
        house.bearer(login).await;
    }
    let kept = |house: &House| (house.store.frames().len(), house.store.rows());
    let before = kept(&house);
    for (row, first) in rows.iter().zip(&answers) {
        let again = row.put(&house, row.body.as_ref()).await;
        if row.shows_a_secret() {
            assert_eq!((again.status.as_u16(), again.code().as_str()), (409, "already-made"));
            assert_eq!(again.headers.get(LOCATION), first.headers.get(LOCATION), "{}", row.id);
        } else {
            assert_eq!((again.status, &again.text), (first.status, &first.text), "{}", row.id);
        }
        if row.other.is_some() {
            let other = row.put(&house, row.other.as_ref()).await;
            assert_eq!(other.code(), "key-reused", "{}: {}", row.id, other.text);
        }
    }
    assert!(kept(&house) == before, "no repeat has left a trace");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_changing_route_promises_less() {
    let rows = rows(&House::build().await).await;
    // Whoever ends their own session can't be known again; a question changes nothing; and of a
    // file every row is known again by itself, as is a photo by its content.
    let file = |route: &&Route| route.load == Load::File || route.photos == Photos::Body;
    let files = ROUTES.iter().filter(file).map(|route| route.id);
    let but = [
        "endSession",
        "ask",
        "offerFactor",
        "signing",
        "similarToReport",
        "exportPlaces",
        "exportOrders",
        "previewAct",
    ]
    .into_iter();
    // What is revealed is on record each time.
    let reveals = ["reveal", "revealPerson", "revealMember", "exportPeople"];
    // Certificates, epochs and newcomers that are accepted already say so by themselves, and a
    // record that is asked for again is opened again.
    let settled = [
        "acceptEpoch",
        "approveNewcomer",
        "installCertificates",
        "enrolFactor",
        "enrolKey",
        "revokeKey",
        "resetFactor",
        "challengePeer",
        "erasePerson",
        "eraseNote",
        "confirmProposal",
        "endProposal",
    ];
    let but: Vec<&str> = but.chain(reveals).chain(settled).chain(files).collect();
    for route in ROUTES.iter().filter(|route| route.changes()) {
        let promised = rows.iter().any(|row| row.id == route.id);
        assert_eq!((route.once, promised), (!but.contains(&route.id), route.once), "{}", route.id);
    }
}

/// Neither a token's secret, nor an invitation's, nor a code is found in what is kept in clear; a
/// code is in its frame's note, which a real store encrypts.
#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_kept_for_the_sake_of_repeats() {
    let house = House::build().await;
    let ops = Who::Bearer("ops");
    let token = with_key(&house, ops, "/v1/tokens", json!({ "label": "a", "days": 3 }), KEY).await;
    let token = token.json()["token"].as_str().unwrap().to_owned();
    let key = "another-key-altogether";
    let invited = with_key(&house, Who::Bearer("ops"), "/v1/invitations", invite("甲"), key).await;
    let invited = invited.json()["token"].as_str().unwrap().to_owned();
    let invited = engine::invitation::Token::decode(&invited).ok().unwrap().secret.into_vec();
    let taken = with_key(&house, Who::Nobody, "/v1/reports", report(BUILDING[0]), key).await;
    let code = taken.json()["code"].as_str().unwrap().to_owned();
    let holds =
        |bytes: &[u8], secret: &[u8]| bytes.windows(secret.len()).any(|window| window == secret);
    let raw = crate::hex::decode(&token).unwrap();
    for secret in [token.as_bytes(), &raw, &invited] {
        for frame in house.store.frames() {
            assert!(!holds(&frame.note, secret));
        }
    }
    for (_, key, value) in house.store.rows() {
        for secret in [token.as_bytes(), &raw, &invited, code.as_bytes(), KEY.as_bytes()] {
            assert!(!holds(&key, secret) && !holds(&value, secret));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_report_gives_the_same_receipt_and_opens_one_case() {
    let house = House::build().await;
    let send = || with_key(&house, Who::Nobody, "/v1/reports", report(BUILDING[0]), KEY);
    let (first, second) = tokio::join!(send(), send());
    assert_eq!(first.status, StatusCode::CREATED);
    assert_eq!(first.text, second.text, "at the same time, too");
    let cases = house.get(Who::Bearer("worker"), "/v1/cases").await.json();
    assert_eq!(cases["items"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_for_one_request_of_one_person() {
    let house = House::build().await;
    let send = |who, number| with_key(&house, who, "/v1/cases", report(number), KEY);
    let first = send(Who::Bearer("grid1"), BUILDING[0]).await;
    assert_eq!(first.status, StatusCode::CREATED);
    let other_body = send(Who::Bearer("worker"), BUILDING[1]).await;
    assert_eq!(other_body.status, StatusCode::CREATED, "another's key is another key");
    let reused = send(Who::Bearer("worker"), BUILDING[0]).await;
    assert_eq!((reused.status.as_u16(), reused.code().as_str()), (422, "key-reused"));
    let id = first.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/cases/{id}/acts");
    let take = json!({ "act": "accept" });
    let other_path = with_key(&house, Who::Bearer("grid1"), &path, take.clone(), KEY).await;
    assert_eq!(other_path.code(), "key-reused");
    // The same body on two cases is not the same request.
    let (second, _) = house.reported(BUILDING[0]).await;
    let key = "another-key";
    let on_first = with_key(&house, Who::Bearer("grid1"), &path, take.clone(), key).await;
    assert_eq!(on_first.status, StatusCode::OK, "{}", on_first.text);
    let path = format!("/v1/cases/{second}/acts");
    let on_second = with_key(&house, Who::Bearer("grid1"), &path, take, key).await;
    assert_eq!(on_second.code(), "key-reused");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_act_gives_its_receipt_though_the_case_has_moved_on() {
    let house = House::build().await;
    let (id, _) = house.reported(BUILDING[0]).await;
    let case = house.get(Who::Bearer("grid1"), &format!("/v1/cases/{id}")).await;
    let tag = case.headers["etag"].to_str().unwrap().to_owned();
    let path = format!("/v1/cases/{id}/acts");
    let send = || {
        let headers = [("idempotency-key", KEY), ("if-match", tag.as_str())];
        let body = Some(json!({ "act": "accept" }));
        let (house, path) = (&house, &path);
        async move { house.call(Method::POST, path, Who::Bearer("grid1"), body, &headers).await }
    };
    let first = send().await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.text);
    let moved = house.post(Who::Bearer("grid1"), &path, json!({ "act": "triage" })).await;
    assert_eq!(moved.status, StatusCode::OK);
    let second = send().await;
    assert_eq!(second.status, StatusCode::OK, "{}", second.text);
    assert_eq!(first.text, second.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_request_may_be_put_again_under_its_key() {
    let house = House::build().await;
    let new = |number| json!({ "label": format!("{number}"), "days": 1 });
    house.bearer("grid1").await;
    for number in 1..100 {
        let made = house.post(Who::Bearer("grid1"), "/v1/tokens", new(number)).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    }
    let send = || with_key(&house, Who::Bearer("grid1"), "/v1/tokens", new(0), KEY);
    assert_eq!(send().await.code(), "field", "one has so many tokens at most");
    // Those ran out, and with them the one that the test signed in with.
    house.pass(Duration::from_secs(2 * 86_400));
    assert_eq!(send().await.status, StatusCode::CREATED);
}

/// Whoever gets no answer in time asks again under the same key, and finds out.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_too_late_is_found_under_its_key() {
    let within = Duration::from_millis(200);
    let house = House::with(Config { within, ..Config::default() }).await;
    let send = || with_key(&house, Who::Nobody, "/v1/reports", report(BUILDING[0]), KEY);
    let held = house.hold();
    let late = send().await;
    assert_eq!((late.status.as_u16(), late.code().as_str()), (503, "late"));
    drop(held);
    let found = send().await;
    assert_eq!(found.status, StatusCode::CREATED, "{}", found.text);
    let cases = house.get(Who::Bearer("worker"), "/v1/cases").await.json();
    assert_eq!(cases["items"].as_array().unwrap().len(), 1, "it was carried out once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_has_to_be_one() {
    let house = House::build().await;
    let long = "x".repeat(129);
    for key in ["", &long, "短"] {
        let answer =
            with_key(&house, Who::Bearer("grid1"), "/v1/cases", report(BUILDING[0]), key).await;
        assert_eq!(answer.code(), "parameter", "{key:?}");
    }
    let guessable = with_key(&house, Who::Nobody, "/v1/reports", report(BUILDING[0]), "1").await;
    assert_eq!(guessable.code(), "parameter", "others may choose it, too");
    let two = [("idempotency-key", "one"), ("idempotency-key", "two")];
    let body = Some(report(BUILDING[0]));
    let answer = house.call(Method::POST, "/v1/cases", Who::Bearer("grid1"), body, &two).await;
    assert_eq!(answer.code(), "parameter");
}
