//! Settling in: every node's ground, people and accounts, entered over its API by its operator.

use std::collections::BTreeMap;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use hyper::header::SET_COOKIE;
use serde_json::{Value, json};

use crate::client::{Ask, Client, ClientError};
use crate::enrol::{EnrolError, operator_token};
use crate::federation::{Federation, FederationError};
use crate::ground::Ground;
use crate::ids::Nonce;
use crate::people::{self, Person};
use crate::voice::Voice;

/// Requests at once to one node: those that come together share one sync of its journal.
const AT_ONCE: usize = 24;
/// Days for which the demo's programs may act for its people.
const TOKEN_DAYS: u32 = 366;

/// Why a node is not settled.
#[derive(Debug, thiserror::Error)]
pub enum SettleError {
    /// A request failed.
    #[error("{name} could not be settled")]
    Request {
        /// The node.
        name: String,
        /// Why.
        #[source]
        source: ClientError,
    },
    /// No operator's token.
    #[error(transparent)]
    Token(#[from] EnrolError),
    /// The state can't be written.
    #[error(transparent)]
    State(#[from] FederationError),
}

/// The ground of every seat, as the demo's nonce and seed make it.
#[must_use]
pub fn grounds(federation: &Federation) -> Vec<Ground> {
    let (ids, seed) = {
        let state = federation.state();
        (state.ids(), state.seed)
    };
    let seats = 0..federation.plan.seats().len();
    seats.map(|seat| Ground::of(&federation.plan, seat, &ids, seed)).collect()
}

/// Records that enrolment, the operator and settling have made a node sign: one for each invitation,
/// place, person and appointment.
#[must_use]
pub fn records(federation: &Federation, seat: usize, ground: &Ground) -> u64 {
    let staff = people::staff(&federation.plan, &federation.practice, seat, ground);
    let of_person = |person: &Person| 1 + person.scopes.len().max(1);
    let operator = 2;
    // The policy that the configuration names is kept, and put in force.
    let policy = 2;
    let invited = federation.state().nodes[seat].invited;
    invited
        + (operator + policy + ground.places.len() + staff.iter().map(of_person).sum::<usize>())
            as u64
}

/// Settles every node that is not settled yet, all at the same time; a street that has more
/// communities than it had is told of them.
///
/// # Errors
/// [`SettleError`].
pub async fn everybody(
    federation: &Federation,
    grounds: &[Ground],
    voice: &Voice,
) -> Result<(), SettleError> {
    let waiting = {
        let state = federation.state();
        let seats = 0..grounds.len();
        let is_whole = |seat: &usize| {
            let node = &state.nodes[*seat];
            node.settled && node.places == grounds[*seat].places.len()
        };
        seats.filter(|seat| !is_whole(seat)).collect::<Vec<_>>()
    };
    let settling =
        stream::iter(waiting).map(|seat| settle(federation, seat, &grounds[seat], voice));
    settling.buffer_unordered(8).try_collect::<()>().await
}

async fn settle(
    federation: &Federation,
    seat: usize,
    ground: &Ground,
    voice: &Voice,
) -> Result<(), SettleError> {
    let (ids, password, node) = {
        let state = federation.state();
        (state.ids(), state.password.clone(), state.nodes[seat].clone())
    };
    let office = Office {
        client: federation.client(seat),
        token: operator_token(federation, seat)?,
        key: federation.plan.seats()[seat].key.clone(),
        ids,
        password,
    };
    let failed = |source| SettleError::Request { name: federation.name(seat).to_owned(), source };
    office.establish(ground, node.places).await.map_err(failed)?;
    federation.change(|state| state.nodes[seat].places = ground.places.len())?;
    if node.settled {
        return Ok(());
    }
    let staff = people::staff(&federation.plan, &federation.practice, seat, ground);
    let people = office.appoint(&staff).await.map_err(failed)?;
    let tokens = office.open_accounts(&people).await.map_err(failed)?;
    federation.change(|state| {
        let node = &mut state.nodes[seat];
        (node.people, node.tokens, node.settled) = (people, tokens, true);
    })?;
    let (name, grids, people) = (federation.name(seat), ground.grids.len(), staff.len());
    if grids > 0 {
        voice.progress(
            &format!("{name}：{grids} 个网格，{people} 人在册"),
            &format!("{grids} grids, {people} people on the roster"),
        );
    }
    Ok(())
}

/// A node's operator at work.
pub struct Office<'a> {
    /// The node.
    pub client: &'a Client,
    /// The operator's bearer token.
    pub token: String,
    /// Which of the demo's nodes it is: goes into the keys of requests.
    pub key: String,
    /// Makes the keys of requests.
    pub ids: Nonce,
    /// The password of every account that is opened.
    pub password: String,
}

impl Office<'_> {
    fn key(&self, what: &str) -> String {
        self.ids.key(&format!("{} {what}", self.key))
    }

    /// Enters the places after the first `known`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn establish(&self, ground: &Ground, known: usize) -> Result<(), ClientError> {
        let places = ground.places.get(known..).unwrap_or_default();
        if places.is_empty() {
            return Ok(());
        }
        let ask = Ask::post("/v1/places", json!({ "places": places })).by(&self.token);
        self.client.json(ask.once(&self.key(&format!("places {known}")))).await.map(|_| ())
    }

    /// Puts everybody on the roster; gives the ids of those with an account, by login.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn appoint(&self, staff: &[Person]) -> Result<BTreeMap<String, String>, ClientError> {
        let one = |(number, person): (usize, &Person)| {
            let person = person.clone();
            async move {
                let id = self.register(number, &person).await?;
                Ok::<_, ClientError>(person.login.map(|login| (login, id)))
            }
        };
        let all = stream::iter(staff.iter().enumerate().map(one)).buffer_unordered(AT_ONCE);
        all.try_filter_map(async |named| Ok(named)).try_collect().await
    }

    async fn register(&self, number: usize, person: &Person) -> Result<String, ClientError> {
        let body = json!({ "name": person.name, "phone": person.phone });
        let ask = Ask::post("/v1/people", body).by(&self.token);
        let receipt = self.client.json(ask.once(&self.key(&format!("person {number}")))).await?;
        let id = text(&receipt, "subject", "/v1/people")?;
        let everywhere = [None];
        let scopes: Vec<Option<&String>> = match person.scopes.as_slice() {
            [] => everywhere.to_vec(),
            scopes => scopes.iter().map(Some).collect(),
        };
        for (index, scope) in scopes.into_iter().enumerate() {
            let body = json!({ "role": person.role, "scope": scope });
            let ask = Ask::post(format!("/v1/people/{id}/appointments"), body).by(&self.token);
            let key = self.key(&format!("appointment {number} {index}"));
            self.client.json(ask.once(&key)).await?;
        }
        Ok(id)
    }

    /// Opens an account for each of these people and signs in; gives their bearer tokens by login.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn open_accounts(
        &self,
        people: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, String>, ClientError> {
        // Two at once, as many as a node hashes passwords.
        let opening = stream::iter(people.iter().map(async |(login, person)| {
            let body = json!({ "person": person, "password": self.password });
            let ask = Ask::put(format!("/v1/accounts/{login}"), body).by(&self.token);
            self.client.json(ask).await?;
            Ok((login.clone(), self.sign_in(login).await?))
        }));
        opening.buffer_unordered(2).try_collect().await
    }

    /// Signs in as a browser does, and asks for a program's token.
    async fn sign_in(&self, login: &str) -> Result<String, ClientError> {
        let path = "/v1/sessions";
        let body = json!({ "account": login, "password": self.password });
        let reply = self.client.send(&Ask::post(path, body)).await?;
        let csrf = text(&reply.json(path)?, "csrf", path)?;
        let cookie = reply.headers.get(SET_COOKIE).and_then(|value| value.to_str().ok());
        let cookie = cookie.and_then(|cookie| cookie.split(';').next()).unwrap_or_default();
        let body = json!({ "label": "演示 demo", "days": TOKEN_DAYS });
        let ask = Ask::post("/v1/tokens", body).in_session(cookie, &csrf);
        text(&self.client.json(ask).await?, "token", "/v1/tokens")
    }
}

fn text(answer: &Value, name: &str, path: &str) -> Result<String, ClientError> {
    let found = answer.get(name).and_then(Value::as_str).map(str::to_owned);
    found.ok_or_else(|| ClientError::Answer {
        path: path.to_owned(),
        what: format!("it has no {name}"),
    })
}
