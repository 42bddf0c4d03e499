//! Somebody at work at a node, over HTTP.

use std::sync::Arc;

use serde_json::{Value, json};
use testnet::client::{Ask, Client, ClientError};

/// Somebody with a token. Requests wait for a node that is away; changing ones have a key, so that
/// repeating them does nothing twice.
#[derive(Clone)]
pub(crate) struct Desk {
    /// The node.
    pub(crate) client: Arc<Client>,
    /// Who it is, as a bearer token.
    pub(crate) token: String,
}

impl Desk {
    /// Reads.
    pub(crate) async fn get(&self, path: &str) -> Value {
        self.try_get(path).await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Reads what may not be there.
    pub(crate) async fn try_get(&self, path: &str) -> Result<Value, ClientError> {
        self.client.json(Ask::get(path).by(&self.token)).await
    }

    /// Adds something, once for each key.
    pub(crate) async fn post(&self, path: &str, key: &str, body: Value) -> Value {
        self.try_post(path, key, body).await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Adds something that may be refused.
    pub(crate) async fn try_post(
        &self,
        path: &str,
        key: &str,
        body: Value,
    ) -> Result<Value, ClientError> {
        self.client.json(Ask::post(path, body).by(&self.token).once(key)).await
    }

    /// Acts on a case, once for each case and act.
    pub(crate) async fn act(&self, case: &str, act: Value) {
        self.try_act(case, act).await.unwrap_or_else(|error| panic!("{error}"));
    }

    /// Acts on a case that may not be ready for it.
    pub(crate) async fn try_act(&self, case: &str, act: Value) -> Result<(), ClientError> {
        self.try_act_under(case, &once(case, &act), act).await
    }

    async fn try_act_under(&self, case: &str, key: &str, act: Value) -> Result<(), ClientError> {
        self.try_post(&format!("/v1/cases/{case}/acts"), key, act).await.map(|_| ())
    }

    /// Acts on a case as soon as it is there and ready for it.
    pub(crate) async fn act_when_possible(&self, case: &str, act: Value) {
        self.act_under_when_possible(case, &once(case, &act), act).await;
    }

    /// Acts on a case as soon as it is there and ready for it, once for each key.
    pub(crate) async fn act_under_when_possible(&self, case: &str, key: &str, act: Value) {
        crate::until(&format!("{act} on {case}"), async || {
            match self.try_act_under(case, key, act.clone()).await {
                Ok(()) => true,
                Err(ClientError::Refused { status, why, .. }) => {
                    assert!([404, 409].contains(&status.as_u16()), "{act}: {status} {why}");
                    false
                }
                Err(error) => panic!("{error}"),
            }
        })
        .await;
    }

    /// A case, where it is here.
    pub(crate) async fn case(&self, case: &str) -> Option<Value> {
        match self.try_get(&format!("/v1/cases/{case}")).await {
            Ok(found) => Some(found),
            Err(ClientError::Refused { status, .. }) if status.as_u16() == 404 => None,
            Err(error) => panic!("{error}"),
        }
    }

    /// Every case that is here, as the list has them.
    pub(crate) async fn cases(&self) -> Vec<Value> {
        let (mut all, mut path) = (Vec::new(), "/v1/cases?limit=50".to_owned());
        loop {
            let page = self.get(&path).await;
            all.extend(page["items"].as_array().expect("a page has items").clone());
            let Some(next) = page["next"].as_str() else { return all };
            path = format!("/v1/cases?limit=50&after={next}");
        }
    }

    /// The neighbour of a relation.
    pub(crate) async fn peer(&self, relation: &str) -> Value {
        let peers = self.get("/v1/peers").await;
        let mut items = peers["items"].as_array().expect("a page has items").iter();
        let found = items.find(|peer| peer["relation"] == relation);
        found.unwrap_or_else(|| panic!("no {relation} in {peers}")).clone()
    }

    /// Puts somebody on the roster, opens an account and signs in with it: a desk of their own.
    pub(crate) async fn appoint(&self, login: &str, role: &str) -> Self {
        const PASSWORD: &str = "correct horse battery";
        let person = json!({ "name": format!("演示{login}"), "phone": "0559-000-0000" });
        let person = self.post("/v1/people", &format!("{login}-person"), person).await;
        let person = text(&person, "subject");
        let path = format!("/v1/people/{person}/appointments");
        self.post(&path, &format!("{login}-role"), json!({ "role": role, "scope": null })).await;
        let account = json!({ "person": person, "password": PASSWORD });
        let put = Ask::put(format!("/v1/accounts/{login}"), account).by(&self.token);
        self.client.json(put).await.unwrap_or_else(|error| panic!("{error}"));
        let begin = Ask::post("/v1/sessions", json!({ "account": login, "password": PASSWORD }));
        let session = self.client.send(&begin).await.unwrap_or_else(|error| panic!("{error}"));
        let csrf = text(&session.json("/v1/sessions").expect("json"), "csrf");
        let cookie = session.headers.get("set-cookie").and_then(|value| value.to_str().ok());
        let cookie = cookie.and_then(|cookie| cookie.split(';').next()).expect("a cookie");
        let mint = Ask::post("/v1/tokens", json!({ "label": "test", "days": 1 }));
        let minted = self.client.json(mint.in_session(cookie, &csrf)).await;
        let minted = minted.unwrap_or_else(|error| panic!("{error}"));
        Self { client: self.client.clone(), token: text(&minted, "token") }
    }
}

fn once(case: &str, act: &Value) -> String {
    format!("{case}-{}", act["act"].as_str().expect("an act has a name"))
}

/// A text of an answer.
pub(crate) fn text(answer: &Value, name: &str) -> String {
    answer[name].as_str().unwrap_or_else(|| panic!("no {name} in {answer}")).to_owned()
}
