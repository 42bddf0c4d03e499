//! Intake under load: residents' reports put over HTTP, on many connections at a time.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use hyper::StatusCode;
use serde::Serialize;
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::client::{Ask, Client, ClientError};
use crate::day::{CANARY, RESIDENT};
use crate::ground::Ground;
use crate::ids::Nonce;
use crate::matters::{self, Matter};

/// The way residents report: no account, so nobody's token.
const REPORTS: &str = "/v1/reports";
/// Different texts that are reported.
const TEXTS: usize = 1_000;
/// Of every so many reports one receipt is kept, to look its case up afterwards.
const SAMPLE: u64 = 100;

/// What a resident fills in.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Form {
    /// A line that names it.
    pub title: String,
    /// The matter.
    pub description: String,
    /// Key of the channel.
    pub channel: &'static str,
    /// Key of the category.
    pub category: &'static str,
    /// Id of the building.
    pub place: String,
    /// Where, in words.
    pub address: String,
    /// Who reports.
    pub contact_name: String,
    /// Their telephone number.
    pub contact_phone: String,
}

/// The forms that come in at a community.
pub struct Forms {
    nonce: Nonce,
    matters: Vec<Matter>,
    /// Ids of buildings with their addresses.
    buildings: Vec<(String, String)>,
}

/// What came of many reports.
#[derive(Default)]
pub struct Taken {
    /// From the first request to the last answer.
    pub took: Duration,
    /// Of each request, until its answer was there.
    latencies: Vec<Duration>,
    /// The cases' ids.
    ids: HashSet<String>,
    /// Receipts of some of them: the codes under which residents follow their cases.
    pub receipts: Vec<String>,
}

/// Why reports were not taken.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// One was not accepted.
    #[error("a report was not accepted")]
    Refused(#[from] ClientError),
    /// One was answered with something else than a new case.
    #[error("a report was answered with {0}, not with a new case")]
    Odd(StatusCode),
    /// A program's own fault.
    #[error("a connection's task failed")]
    Task(#[from] tokio::task::JoinError),
}

impl Forms {
    /// Forms for the buildings of a ground.
    #[must_use]
    pub fn new(nonce: &Nonce, ground: &Ground) -> Self {
        let buildings = ground.grids.iter().flat_map(|grid| {
            grid.buildings.iter().map(|(id, name)| (id.clone(), format!("{}{name}", grid.name)))
        });
        let (nonce, matters) = (nonce.clone(), matters::invented(TEXTS, 1));
        Self { nonce, matters, buildings: buildings.collect() }
    }

    /// The form with a number.
    ///
    /// # Panics
    /// When the ground has no buildings, which a community's always has.
    #[must_use]
    pub fn form(&self, number: u64) -> Form {
        let (text, at) = (index(number, self.matters.len()), index(number, self.buildings.len()));
        let (matter, (place, address)) = (&self.matters[text], &self.buildings[at]);
        Form {
            title: matter.title.clone(),
            description: matter.description.clone(),
            channel: "resident",
            category: matters::category(matter),
            place: place.clone(),
            address: address.clone(),
            contact_name: format!("{RESIDENT}{number:04}"),
            contact_phone: format!("{CANARY}{number:04}"),
        }
    }

    /// The form of middling length.
    #[must_use]
    pub fn typical(&self) -> Form {
        let mut forms: Vec<Form> = (0..TEXTS as u64).map(|number| self.form(number)).collect();
        forms.sort_by_key(|form| (form.title.len() + form.description.len(), form.place.clone()));
        forms.swap_remove(TEXTS / 2)
    }

    /// The request that puts a form, under a key of its own as pages send one.
    #[must_use]
    pub fn ask(&self, number: u64) -> Ask {
        let form = serde_json::to_value(self.form(number)).unwrap_or_default();
        Ask::post(REPORTS, form).once(&self.nonce.key(&format!("report {number}")))
    }
}

fn index(number: u64, count: usize) -> usize {
    usize::try_from(number % count.max(1) as u64).unwrap_or(0)
}

/// Puts the forms with these numbers on so many connections, each with one request on its way at a
/// time. Every one must be answered with 201 and a case; nothing is tried again.
///
/// # Errors
/// [`IntakeError`] of the first that was not.
pub async fn take(
    client: &Arc<Client>,
    forms: &Arc<Forms>,
    numbers: Range<u64>,
    connections: usize,
) -> Result<Taken, IntakeError> {
    let next = Arc::new(AtomicU64::new(numbers.start));
    let mut open = JoinSet::new();
    let began = Instant::now();
    for _ in 0..connections {
        let (client, forms, next) = (client.clone(), forms.clone(), next.clone());
        open.spawn(connection(client, forms, next, numbers.end));
    }
    let mut all = Taken::default();
    while let Some(part) = open.join_next().await {
        all.add(part??);
    }
    all.took = began.elapsed();
    Ok(all)
}

/// What one connection is told.
async fn connection(
    client: Arc<Client>,
    forms: Arc<Forms>,
    next: Arc<AtomicU64>,
    end: u64,
) -> Result<Taken, IntakeError> {
    let mut told = Taken::default();
    loop {
        let number = next.fetch_add(1, Relaxed);
        if number >= end {
            return Ok(told);
        }
        let ask = forms.ask(number);
        let began = Instant::now();
        let reply = client.send_once(&ask).await?;
        told.latencies.push(began.elapsed());
        let answer = reply.json(REPORTS)?;
        let text = |name: &str| answer.get(name).and_then(Value::as_str).map(str::to_owned);
        let (StatusCode::CREATED, Some(id), Some(code)) = (reply.status, text("id"), text("code"))
        else {
            return Err(IntakeError::Odd(reply.status));
        };
        told.ids.insert(id);
        if number.is_multiple_of(SAMPLE) {
            told.receipts.push(code);
        }
    }
}

impl Taken {
    /// Adds what came of further reports, which were not put at the same time.
    pub fn add(&mut self, more: Self) {
        self.took += more.took;
        self.latencies.extend(more.latencies);
        self.ids.extend(more.ids);
        self.receipts.extend(more.receipts);
    }

    /// Cases with an id of their own.
    #[must_use]
    pub fn distinct(&self) -> u64 {
        self.ids.len() as u64
    }

    /// Reports taken in a second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        per_second(self.latencies.len() as u64, self.took)
    }

    /// The latencies that these shares of the requests, from 0 to 1, did not exceed (nearest rank).
    #[must_use]
    pub fn latencies<const N: usize>(&self, shares: [f64; N]) -> [Duration; N] {
        let mut ascending = self.latencies.clone();
        ascending.sort_unstable();
        shares.map(|share| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a share of a length is a length"
            )]
            let rank = (ascending.len() as f64 * share).ceil() as usize;
            ascending.get(rank.max(1) - 1).copied().unwrap_or_default()
        })
    }
}

/// How many in a second.
#[must_use]
pub fn per_second(count: u64, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64().max(f64::MIN_POSITIVE)
}

/// How many of these receipts their cases are found under.
///
/// # Errors
/// [`ClientError`], other than that there is no such case.
pub async fn found(client: &Client, receipts: &[String]) -> Result<u64, ClientError> {
    let looking = receipts.iter().map(async |code| {
        match client.send(&Ask::get(format!("{REPORTS}/{code}"))).await {
            Ok(_) => Ok(1),
            Err(ClientError::Refused { status: StatusCode::NOT_FOUND, .. }) => Ok(0),
            Err(error) => Err(error),
        }
    });
    stream::iter(looking).buffer_unordered(8).try_fold(0, async |sum, one| Ok(sum + one)).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Plan;

    #[test]
    fn forms_are_each_somebodys_own_and_the_typical_one_is_of_middling_length() {
        let plan = Plan::of(crate::plan::FEWEST).unwrap();
        let nonce = Nonce::new("test");
        let forms = Forms::new(&nonce, &Ground::of(&plan, plan.communities()[0], &nonce, 1));
        assert_eq!(forms.form(7), forms.form(7));
        assert_ne!(forms.form(7).contact_phone, forms.form(1_007).contact_phone);
        let length = forms.typical().description.len();
        let shorter = (0..1_000).filter(|n| forms.form(*n).description.len() < length).count();
        assert!((300..700).contains(&shorter), "{shorter}");
    }

    #[test]
    fn a_latency_is_that_of_the_nearest_rank() {
        let of = |count: u64| Taken {
            took: Duration::from_secs(2),
            latencies: (1..=count).rev().map(Duration::from_millis).collect(),
            ..Taken::default()
        };
        let of_100 = of(100).latencies([0.5, 0.99, 1.0]);
        assert_eq!(of_100.map(|latency| latency.as_millis()), [50, 99, 100]);
        assert_eq!(of(1).latencies([0.5]), [Duration::from_millis(1)]);
        assert_eq!(of(0).latencies([0.5]), [Duration::ZERO]);
        assert!((of(100).rate() - 50.0).abs() < 1e-9);
    }
}
