//! `testnet catch-up`: a street was away while its community went on escalating. How long until it
//! has everything, once it is back: two real nodes, over libp2p on this machine.

mod backlog;
mod told;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::alone::{self, AloneError, Home, Running, Usage};
use crate::client::{Ask, ClientError};
use crate::ground::Ground;
use crate::ids::{self, Nonce};
use crate::intake::{Forms, IntakeError};
use crate::people::Person;
use crate::plan::{self, Plan, PlanError, Seat};
use crate::processes::{Founding, ProcessError, Program};
use crate::voice::Voice;

/// Login of whoever escalates.
const DISPATCHER: &str = "dispatcher";
const LOOK: Duration = Duration::from_millis(50);
/// How long nothing may come before it is given up.
const STALLED: Duration = Duration::from_secs(60);

/// What is to be measured.
#[derive(Clone, Debug)]
pub struct Options {
    /// Records to wait for the street, at least.
    pub records: u64,
    /// In which folder to make the one that is measured on; the system's for temporary files where
    /// absent.
    pub within: Option<PathBuf>,
    /// The program that the nodes are run with; the one that runs where absent.
    pub program: Option<PathBuf>,
}

/// What was measured.
pub struct Figures {
    /// Records that waited.
    records: u64,
    /// From the start of the street's process until it was ready.
    starting: Duration,
    /// From then until both were connected, their certificates checked.
    connecting: Duration,
    /// From then until the community had the street's receipt for everything.
    catching: Duration,
    /// Processor time from the street's start on.
    worked: [Duration; 2],
    street: Usage,
    wrong: Vec<String>,
}

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
pub enum CatchUpError {
    /// A node.
    #[error(transparent)]
    Node(#[from] AloneError),
    /// This program can't be found again.
    #[error(transparent)]
    Program(#[from] ProcessError),
    /// The table of places is not as it should be.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// No randomness.
    #[error("the system has no randomness")]
    Random(#[source] std::io::Error),
    /// The backlog could not be made.
    #[error("the cases could not be escalated")]
    Backlog(#[from] IntakeError),
    /// The street does not get any further.
    #[error("the street has {have} of {due} records and gets no further")]
    Stalled {
        /// What it has.
        have: u64,
        /// What it should have.
        due: u64,
    },
    /// Somebody stopped it.
    #[error("interrupted")]
    Interrupted,
}

/// Measures, unless it is `interrupted`; leaves nothing behind.
///
/// # Errors
/// [`CatchUpError`], when there is nothing to tell. What is wrong is told in the figures.
pub async fn run(
    options: &Options,
    voice: &Voice,
    interrupted: impl Future<Output = ()>,
) -> Result<Figures, CatchUpError> {
    let folder = alone::folder(options.within.as_deref())?;
    tokio::select! {
        outcome = measure(options, folder.path(), voice) => outcome,
        () = interrupted => Err(CatchUpError::Interrupted),
    }
}

async fn measure(options: &Options, folder: &Path, voice: &Voice) -> Result<Figures, CatchUpError> {
    let program = Program::new(options.program.clone())?;
    let nonce = Nonce::new(&ids::random().map_err(CatchUpError::Random)?);
    let (street, community) = enrol(&program, folder).await?;
    let below = community.start().await?;
    voice.progress(
        "街道离线；社区照常上报…",
        "the street is away; its community goes on escalating",
    );
    let cases = options.records.div_ceil(backlog::RECORDS);
    fill(&community, &below, &nonce, cases).await?;
    let due = Link::of(&community, &below).await?.sent;

    voice.progress(&format!("{due} 条记录在等；街道上线"), "records wait; the street comes back");
    let before = below.usage().worked;
    let above = street.start().await?;
    let ready = Instant::now();
    while !Link::of(&street, &above).await?.connected {
        tokio::time::sleep(LOOK).await;
    }
    let connected = Instant::now();
    until_acknowledged(&community, &below, due).await?;
    let catching = connected.elapsed();

    let (used, worked) = (above.usage(), below.usage().worked - before);
    let link = Link::of(&street, &above).await?;
    let mut wrong = Vec::new();
    expect("街道收到的记录 records that the street has", link.received, due, &mut wrong);
    let held = held(&street, &above).await?;
    expect("未采纳的记录 records held back", held, 0, &mut wrong);
    let starting = above.starting;
    above.stop().await?;
    below.stop().await?;
    verify(&street, &community, due, &mut wrong).await?;
    Ok(Figures {
        records: due,
        starting,
        connecting: connected - ready,
        catching,
        worked: [used.worked, worked],
        street: used,
        wrong,
    })
}

/// A street that founds and a community that joins it; neither runs.
async fn enrol(program: &Program, folder: &Path) -> Result<(Home, Home), CatchUpError> {
    let plan = Plan::of(plan::FEWEST)?;
    let (above, below) = seats(&plan);
    let founding = Founding { name: &above.name, level: "township", area: &above.area };
    let street = Home::found(program, folder.join("street"), founding).await?;
    let running = street.start().await?;
    let body = json!({
        "name": below.name,
        "level": "community",
        "area": below.area,
        "hours": 1,
        "approval": false,
    });
    let ask = Ask::post("/v1/invitations", body).by(&street.token()?);
    let answer = running.client().json(ask).await.map_err(|source| street.asked(source))?;
    let invitation = answer.get("token").and_then(Value::as_str).unwrap_or_default();
    let community = Home::join(program, folder.join("community"), invitation).await?;
    running.stop().await?;
    Ok((street, community))
}

/// The street and the community.
fn seats(plan: &Plan) -> (&Seat, &Seat) {
    let number = plan.communities()[0];
    let below = &plan.seats()[number];
    (&plan.seats()[below.parent.unwrap_or(plan.county())], below)
}

/// Settles the community with somebody who may escalate, and has that done with so many cases.
async fn fill(
    home: &Home,
    running: &Running,
    nonce: &Nonce,
    cases: u64,
) -> Result<(), CatchUpError> {
    let plan = Plan::of(plan::FEWEST)?;
    let ground = Ground::of(&plan, plan.communities()[0], nonce, 1);
    let dispatcher = Person {
        login: Some(DISPATCHER.to_owned()),
        name: "演示分析处置岗".to_owned(),
        phone: None,
        role: "community_dispatcher".to_owned(),
        scopes: Vec::new(),
    };
    let office = home.office(running, nonce)?;
    let settled = async {
        office.establish(&ground, 0).await?;
        office.open_accounts(&office.appoint(&[dispatcher]).await?).await
    };
    let tokens = settled.await.map_err(|source| home.asked(source))?;
    let token = tokens.get(DISPATCHER).cloned().unwrap_or_default();
    let forms = Arc::new(Forms::new(nonce, &ground));
    Ok(backlog::make(running.client(), &forms, &token, cases).await?)
}

/// Waits until the street's receipt for everything is there.
async fn until_acknowledged(
    community: &Home,
    below: &Running,
    due: u64,
) -> Result<(), CatchUpError> {
    let (mut last, mut moved) = (0, Instant::now());
    loop {
        let have = Link::of(community, below).await?.acknowledged;
        if have >= due {
            return Ok(());
        }
        if have > last {
            (last, moved) = (have, Instant::now());
        } else if moved.elapsed() > STALLED {
            return Err(CatchUpError::Stalled { have, due });
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// The two nodes' link, as one of them sees it.
struct Link {
    connected: bool,
    sent: u64,
    acknowledged: u64,
    received: u64,
}

impl Link {
    /// Of the node's only neighbour.
    async fn of(home: &Home, running: &Running) -> Result<Self, CatchUpError> {
        let answer = ask(home, running, "/v1/peers").await?;
        let peer = answer.pointer("/items/0");
        let number = |at: &str| peer.and_then(|peer| peer.pointer(at)?.as_u64()).unwrap_or(0);
        Ok(Self {
            connected: peer.is_some_and(|peer| peer["connected"] == true),
            sent: number("/sent/number"),
            acknowledged: number("/acknowledged"),
            received: number("/received/number"),
        })
    }
}

/// Records that a node has received and not applied; at most a page of them.
async fn held(home: &Home, running: &Running) -> Result<u64, CatchUpError> {
    let answer = ask(home, running, "/v1/quarantine?limit=200").await?;
    Ok(answer["items"].as_array().map_or(0, |items| items.len() as u64))
}

async fn ask(home: &Home, running: &Running, path: &str) -> Result<Value, CatchUpError> {
    let ask = Ask::get(path).by(&home.token()?);
    let failed = |source: ClientError| home.asked(source).into();
    running.client().json(ask).await.map_err(failed)
}

async fn verify(
    street: &Home,
    community: &Home,
    due: u64,
    wrong: &mut Vec<String>,
) -> Result<(), CatchUpError> {
    for (home, name) in [(street, "街道 street"), (community, "社区 community")] {
        let verified = home.verify().await?;
        if verified.sound().is_none() {
            wrong.push(format!("{name}：账本核验未通过 the journal does not verify"));
        }
        let foreign = verified.journal.and_then(|journal| journal.kinds.get("foreign").copied());
        if name.starts_with("街道") {
            let what = "街道账本里的外来记录 others' records in the street's journal";
            expect(what, foreign.unwrap_or(0), due, wrong);
        }
    }
    Ok(())
}

fn expect(what: &str, found: u64, due: u64, wrong: &mut Vec<String>) {
    if found != due {
        wrong.push(format!("{what}：应为 {due}，实为 {found} (must be {due}, is {found})"));
    }
}

impl Figures {
    /// Whether the street has everything.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.wrong.is_empty()
    }

    /// The figures as they are printed.
    #[must_use]
    pub fn text(&self) -> String {
        told::text(self)
    }
}
