//! A community's node with a territory, people, accounts and a handle on its API.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use engine::command::{Agent, Command, Receipt, What};
use engine::engine::Engine;
use engine::memory::MemoryStore;
use engine::note::{Account, Token};
use engine::runtime::{Handle, Running, start};
use engine::world::Setup;
use governance::policy::Power;
use governance::roster::Appointment;
use governance::territory::{Boundary, Place, Point};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use hyper::{HeaderMap, Method, StatusCode};
use rand::SeedableRng;
use rand::rngs::StdRng;
use record::{Subject, Timestamp};
use serde_json::{Value, json};
use testkit::federation::{Federation, Part};
use tower::ServiceExt;

use super::schema;
use crate::route::{Guard, ROUTES, Route};
use crate::session::Secret;
use crate::state::{Config, Quota, Rate, State};

pub(super) const PASSWORD: &str = "correct horse battery";
/// Tuesday, 2 June 2026, ten in the morning in China.
const START: i64 = 1_780_365_600_000;

/// A node's API.
pub(super) struct House {
    pub(super) handle: Handle,
    pub(super) router: Router,
    pub(super) state: State,
    pub(super) store: MemoryStore,
    clock: Arc<Clock>,
    address: AtomicU32,
    phc: String,
    /// What programs of the staff sign in with, by login.
    bearers: Mutex<BTreeMap<String, Secret>>,
    running: Running,
}

/// The house's time. It can hold up the engine: the next batch that it takes in waits for leave.
#[derive(Default)]
struct Clock {
    millis: AtomicI64,
    held: Mutex<()>,
}

/// As long as it is there, the engine takes in nothing.
pub(super) struct Held<'a> {
    _guard: MutexGuard<'a, ()>,
}

impl Clock {
    fn now(&self) -> Timestamp {
        if std::thread::current().name() == Some("engine") {
            drop(self.held.lock());
        }
        Timestamp::from_millis(self.millis.load(Relaxed))
    }
}

/// Somebody at the door.
pub(super) enum Who<'a> {
    Nobody,
    /// By a program's token.
    Bearer(&'a str),
}

/// What was answered.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
    pub(super) bytes: Vec<u8>,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    pub(super) fn code(&self) -> String {
        let json = self.json();
        let kind = json["type"].as_str().unwrap_or_default();
        kind.rsplit(':').next().unwrap_or_default().to_owned()
    }
}

/// Ids of places.
pub(super) fn place(number: u8) -> Subject {
    Subject::from_bytes([number; 16])
}

pub(super) const COMMUNITY: u8 = 1;
pub(super) const GRID: [u8; 2] = [2, 3];
pub(super) const BUILDING: [u8; 2] = [4, 5];

/// Everybody: login name, role, scope. The last one has no role.
const STAFF: &[(&str, &str, Option<u8>)] = &[
    ("head", "building_head", Some(BUILDING[0])),
    ("grid1", "grid_worker", Some(GRID[0])),
    ("grid2", "grid_worker", Some(GRID[1])),
    ("dispatcher", "community_dispatcher", None),
    ("worker", "community_worker", None),
    ("ops", "operator", None),
    ("leaver", "", None),
];

impl House {
    pub(super) async fn build() -> Self {
        Self::with(Config { quota: generous(), second_factor: false, ..Config::default() }).await
    }

    pub(super) async fn with(config: Config) -> Self {
        let mut rng = StdRng::seed_from_u64(7);
        let founded = Timestamp::from_millis(START - 86_400_000);
        let federation = Federation::found(founded, &mut rng);
        let county = federation.county("341021", &mut rng);
        let town = federation.below(&county, Part::Township, "341021100", &mut rng);
        let member = federation.below(&town, Part::Community, "341021100001", &mut rng);
        let clock = Arc::new(Clock { millis: AtomicI64::new(START), ..Clock::default() });
        let house = Self::open(member.setup, MemoryStore::new(), clock, config);
        house.console(What::PutPeer { chain: town.chain(), addresses: Vec::new() }).await;
        house.furnish().await;
        house
    }

    fn open(setup: Arc<Setup>, store: MemoryStore, clock: Arc<Clock>, config: Config) -> Self {
        let rng = StdRng::seed_from_u64(store.frames().len() as u64);
        let engine = Engine::open(setup, Box::new(store.clone()), Box::new(rng)).unwrap();
        let now = clock.clone();
        let (handle, _, running) = start(engine, Arc::new(move || now.now())).unwrap();
        let addresses = Arc::new(|| vec!["/ip4/192.0.2.7/tcp/4001".to_owned()]);
        let state = State::new(handle.clone(), addresses, config);
        let router = crate::router(state.clone());
        let address = AtomicU32::new(u32::from_be_bytes([10, 0, 0, 1]));
        let phc = cheap_hash();
        let bearers = Mutex::default();
        Self { handle, router, state, store, clock, address, phc, bearers, running }
    }

    /// The same node after a restart: what was in memory alone is gone.
    pub(super) async fn restarted(self) -> Self {
        let (setup, config) = (self.handle.setup(), self.state.config.clone());
        self.running.stop().await;
        Self::open(setup, self.store, self.clock, config)
    }

    /// Holds up the engine with the next batch that it takes in, until the guard is dropped.
    pub(super) fn hold(&self) -> Held<'_> {
        Held { _guard: self.clock.held.lock().unwrap() }
    }

    async fn furnish(&self) {
        let from = Timestamp::from_millis(START - 1_000);
        let level = |number: u8| match number {
            COMMUNITY => "community",
            n if GRID.contains(&n) => "grid",
            _ => "building",
        };
        let make = |number: u8, parent: Option<u8>, code: Option<&str>| Place {
            id: place(number),
            level: level(number).into(),
            code: code.map(|code| code.parse().unwrap()),
            name: format!("地点{number}"),
            parent: parent.map(place),
            households: None,
            boundary: GRID.contains(&number).then(|| square(number)),
            valid_from: from,
            valid_until: None,
        };
        self.console(What::Establish(vec![
            make(COMMUNITY, None, Some("341021100001")),
            make(GRID[0], Some(COMMUNITY), Some("341021100001001")),
            make(GRID[1], Some(COMMUNITY), Some("341021100001002")),
            make(BUILDING[0], Some(GRID[0]), None),
            make(BUILDING[1], Some(GRID[1]), None),
        ]))
        .await;
        for (login, role, scope) in STAFF {
            let name = format!("员工{login}");
            let phone = Some(format!("0559-{login}"));
            let registered = self.console(What::Register { person: None, name, phone }).await;
            let person = registered.subject.unwrap();
            if !role.is_empty() {
                let scope = scope.map(place);
                let role = (*role).to_owned();
                let appointment = Appointment { role, scope, from, until: None };
                self.console(What::Appoint { person, appointment }).await;
            }
            let name = (*login).to_owned();
            let password = self.phc.clone();
            self.console(What::PutAccount(Account { name, person, password, enabled: true })).await;
        }
    }

    pub(super) async fn console(&self, what: What) -> Receipt {
        let command = Command { by: Agent::Console, once: None, what };
        self.handle.command(command).await.unwrap_or_else(|error| panic!("{error}"))
    }

    pub(super) fn account(&self, login: &str) -> Account {
        engine::view::account(self.handle.reader(), login).unwrap().unwrap()
    }

    pub(super) fn person(&self, login: &str) -> Subject {
        self.account(login).person
    }

    pub(super) fn pass(&self, time: Duration) {
        self.clock.millis.fetch_add(i64::try_from(time.as_millis()).unwrap(), Relaxed);
    }

    /// A new secret of an account: a browser's session, or a program's token.
    pub(super) async fn secret(&self, login: &str, browser: bool) -> Secret {
        let secret = Secret::new();
        let expires = self.handle.now().plus(Duration::from_secs(3_600));
        let label = (!browser).then(|| "test".to_owned());
        let token = Some(Token { account: login.into(), expires, label, strong: true });
        self.console(What::PutToken { hash: secret.hash(), token }).await;
        secret
    }

    /// What a program of an account sends as `Authorization`: its token, as long as that is good.
    pub(super) async fn bearer(&self, login: &str) -> String {
        let known = self.bearers.lock().unwrap().get(login).cloned();
        let good = known.filter(|secret| {
            let found = engine::view::token(self.handle.reader(), &secret.hash()).unwrap();
            found.is_some_and(|token| self.handle.now() < token.expires)
        });
        let secret = match good {
            Some(secret) => secret,
            None => self.secret(login, false).await,
        };
        self.bearers.lock().unwrap().insert(login.to_owned(), secret.clone());
        format!("Bearer {}", secret.text())
    }

    pub(super) async fn get(&self, who: Who<'_>, path: &str) -> Answer {
        self.call(Method::GET, path, who, None, &[]).await
    }

    pub(super) async fn post(&self, who: Who<'_>, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, who, Some(body), &[]).await
    }

    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        who: Who<'_>,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        match who {
            Who::Nobody => {}
            Who::Bearer(login) => {
                request = request.header(AUTHORIZATION, self.bearer(login).await);
            }
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match body {
            Some(body) => {
                request = request.header(CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        self.send(request.body(body).unwrap()).await
    }

    /// Sends a request from an address of its own, unless it has one.
    pub(super) async fn send(&self, mut request: Request) -> Answer {
        if request.extensions().get::<ConnectInfo<SocketAddr>>().is_none() {
            let address = self.address.fetch_add(1, Relaxed).to_be_bytes();
            request.extensions_mut().insert(ConnectInfo(SocketAddr::from((address, 4_000))));
        }
        request.headers_mut().entry(HOST).or_insert(HeaderValue::from_static("node.local"));
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 16 << 20).await.unwrap();
        let (text, bytes) = (String::from_utf8_lossy(&bytes).into_owned(), bytes.to_vec());
        let answer = Answer { status: parts.status, headers: parts.headers, text, bytes };
        schema::check(&method, &path, &answer);
        answer
    }

    /// A resident's report in a building; its id and code.
    pub(super) async fn reported(&self, building: u8) -> (String, String) {
        let answer = self.post(Who::Nobody, "/v1/reports", report(building)).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        let json = answer.json();
        let text = |key: &str| json[key].as_str().unwrap().to_owned();
        (text("id"), text("code"))
    }
}

/// Who of the staff may come to an address: the operator, but where the power over reports of other
/// systems is needed.
pub(super) fn who_may_come(path: &str) -> &'static str {
    let intake = |route: &&Route| route.guard == Guard::Power(Power::Intake);
    let path = path.split('?').next().unwrap_or_default();
    let found = ROUTES.iter().filter(intake).any(|route| route.path == path);
    if found { "dispatcher" } else { "ops" }
}

/// What a resident might report.
pub(super) fn report(building: u8) -> Value {
    json!({
        "title": "楼道堆物", "description": "三楼楼道堆满纸箱，无法通行。", "channel": "resident",
        "category": "safety", "place": place(building).to_string(), "address": "三楼",
        "point": [118.415, 29.861],
        "contact_name": "吴秀英", "contact_phone": CANARY, "involved": format!("住户 {CANARY}"),
    })
}

/// A telephone number that nobody without the power may ever see.
pub(super) const CANARY: &str = "13800138000";

pub(super) fn generous() -> Quota {
    let often = Rate { burst: 1_000_000, per_hour: 1_000_000 };
    Quota {
        reports: often,
        reports_of_all: often,
        codes: often,
        photos: often,
        photos_of_all: often,
    }
}

/// A square of a hundredth of a degree for each grid.
fn square(number: u8) -> Boundary {
    let west = 118.40 + f64::from(number) / 100.0;
    let corner = |lon: f64, lat: f64| Point::new(lon, lat).unwrap();
    let ring = vec![
        corner(west, 29.86),
        corner(west + 0.01, 29.86),
        corner(west + 0.01, 29.87),
        corner(west, 29.87),
        corner(west, 29.86),
    ];
    Boundary::new(vec![ring]).unwrap()
}

/// Argon2id with next to no cost: tests sign in often.
fn cheap_hash() -> String {
    use argon2::password_hash::PasswordHasher;
    use argon2::password_hash::phc::PasswordHash;
    let params = argon2::Params::new(8, 1, 1, None).unwrap();
    let hasher = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    let hash: PasswordHash = hasher.hash_password(PASSWORD.as_bytes()).unwrap();
    hash.to_string()
}
